"""Rules that attribute a passage by what stands around its sentence, in the order of trust.

In: the attributor, a sentence and the position of a passage. Out: an attribution or none.
"""

import re

from quotes.extraction.attribution import Attribution, Attributor, Rules
from quotes.extraction.languages import Tag
from quotes.extraction.phrases import PERSON, PRONOUN, Phrase, phrase_after
from quotes.extraction.scare import looks_like_title
from quotes.extraction.sentence_rules import reads_only
from quotes.extraction.subjects import PASSIVE
from quotes.extraction.words import WORD, Sentence

WORDS = re.compile(r"[\w']+")
REPORTED_SENTENCES = 4  # back to the verb of saying, while the subjunctive goes on
LEAD_PARAGRAPHS = 2  # a headline and its standfirst
MAX_SENTENCES_BACK = 30  # passages of one paragraph that nothing attributes; few have as many
MAX_SIGNATURE_TOKENS = 14  # of "― Ann Lee, teacher"
DASHES = frozenset(["-", "–", "—", "―", "--"])


def reopened(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """A paragraph that opens the quote of the one before again."""
    passage = sentence.tokens[at].passage
    if not passage.reopened:
        return None
    source = it.made.get(it.before.get(passage.start))
    if source is None or not source.passage.unclosed:
        return None
    return it.taken_over(sentence, at, source)


def after_colon(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """Ann Lee said in a statement: (and the words in the next paragraph)"""
    if at != 0 or not it.is_speech(sentence.tokens[at].passage):
        return None
    before = it.sentences[sentence.index - 1] if sentence.index else None
    if before is None or not before.tokens or before.tokens[-1].text != ":":
        return None
    return _from_sentence(it, sentence, at, before, any_cue=True)


def _from_sentence(
    it: Attributor, sentence: Sentence, at: int, before: Sentence, any_cue: bool = False
) -> Attribution | None:
    """Take the speaker from the cues of another sentence, the last main one first."""
    cues = [
        c for c in it.cues(before) if c.subject is not None and not c.relative and c.form != PASSIVE
    ]
    for cue in reversed(cues):
        if cue.strong or any_cue or (cue.tags & Tag.FRAGMENT and not cue.tags & Tag.WEAK):
            if reads_only(before.tokens, cue):
                continue
            return it.by_cue(sentence, at, cue, before)
    if any_cue:
        phrase = it.subjects.main_subject(before.tokens, 0, len(before.tokens))
        if phrase is not None and phrase.kind in (PERSON, PRONOUN):
            return it.by_phrase(sentence, at, before, phrase)
    return None


def same_paragraph(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """ "…," said Ann Lee. "…" """
    if not it.stands_alone(sentence) or not _is_sentence(it, sentence, at):
        return None
    for k in range(sentence.index - 1, max(-1, sentence.index - 1 - MAX_SENTENCES_BACK), -1):
        if it.sentences[k].paragraph != sentence.paragraph:
            return None
        if made := it.by_sentence.get(k):
            return it.taken_over(sentence, at, made[-1])
        if not it.stands_alone(it.sentences[k]):
            return None
    return None


def _is_sentence(it: Attributor, sentence: Sentence, at: int) -> bool:
    words = it.words(sentence.tokens[at].passage)
    if at in sentence.quotes[1:]:
        return True
    return (
        words.count(" ") >= (1 if words[-1] in ".?!" else 2)
        and (words[0].isupper() or not words[0].isalpha())
        and not looks_like_title(words, it.lexicon)
    )


def sentence_before(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """Ann Lee said the plan had failed. "…" """
    if not it.stands_alone(sentence) or not _is_sentence(it, sentence, at) or sentence.index == 0:
        return None
    before = it.sentences[sentence.index - 1]
    if before.paragraph == sentence.paragraph:
        return _from_sentence(it, sentence, at, before)
    return None


def subjunctive(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """Die Pläne seien "ein Fehler": reported speech that goes on, told by its verb"""
    tokens = sentence.tokens
    if sentence.first or not it.lexicon.has_subjunctive:
        return None
    if not any(t.tags & Tag.SUBJUNCTIVE for t in tokens):
        return None
    if it.is_name(sentence, at):
        return None
    for k in range(sentence.index - 1, max(-1, sentence.index - 1 - REPORTED_SENTENCES), -1):
        before = it.sentences[k]
        if before.paragraph != sentence.paragraph:
            return None
        made = it.by_sentence.get(k)
        found = (
            it.taken_over(sentence, at, made[-1])
            if made
            else _from_sentence(it, sentence, at, before)
        )
        if found is not None or not any(t.tags & Tag.SUBJUNCTIVE for t in before.tokens):
            return found
    return None


def paragraph_before(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """A paragraph that is only a quote, after one with the same speaker."""
    if (
        not (sentence.first and it.stands_alone(sentence))
        or not _is_sentence(it, sentence, at)
        or sentence.index == 0
    ):
        return None
    before = it.sentences[sentence.index - 1]
    made = it.by_sentence.get(before.index)
    if _subject_after(it, sentence) is not None:
        return None
    if made:
        return it.taken_over(sentence, at, made[-1])
    return _from_sentence(it, sentence, at, before)


def _subject_after(it: Attributor, sentence: Sentence) -> Phrase | None:
    """The person whom the next sentence of the paragraph, without a quote, is about."""
    if sentence.last:
        return None
    after = it.sentences[sentence.index + 1]
    if after.quotes:
        return None
    phrase = it.subjects.main_subject(after.tokens, 0, len(after.tokens))
    return phrase if phrase is not None and phrase.kind == PERSON else None


def subject_after(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """ "…" Ann Lee shook her head."""
    if not it.stands_alone(sentence) or not _is_sentence(it, sentence, at):
        return None
    phrase = _subject_after(it, sentence)
    if phrase is None:
        return None
    return it.by_phrase(sentence, at, it.sentences[sentence.index + 1], phrase)


def subject_before(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """Ann Lee issued a statement on the plan. "…" """
    if not it.stands_alone(sentence) or not _is_sentence(it, sentence, at) or sentence.index == 0:
        return None
    before = it.sentences[sentence.index - 1]
    if before.quotes and before.paragraph != sentence.paragraph:
        return None
    phrase = it.subjects.main_subject(before.tokens, 0, len(before.tokens))
    if phrase is None or phrase.kind not in (PERSON, PRONOUN):
        return None
    if phrase.kind == PRONOUN and not before.tokens[phrase.start].tags & (Tag.HE | Tag.SHE):
        return None
    return it.by_phrase(sentence, at, before, phrase)


def name_after_dash(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """ "…" - Ann Lee"""
    of, start = sentence, at + 1
    if start == len(of.tokens) and sentence.index + 1 < len(it.sentences):
        of, start = it.sentences[sentence.index + 1], 0
    rest = of.tokens[start : start + MAX_SIGNATURE_TOKENS]
    if len(rest) < 2 or rest[0].text not in DASHES or not rest[1].cap:
        return None
    phrase = phrase_after(of.tokens, start + 1, it.known)
    if phrase is None or phrase.kind != PERSON or not it.is_speech(sentence.tokens[at].passage):
        return None
    ends = phrase.end >= len(of.tokens) or of.tokens[phrase.end].kind != WORD
    return it.by_phrase(sentence, at, of, phrase) if ends else None


def said_again(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """A headline's words that somebody says further down."""
    if sentence.paragraph > LEAD_PARAGRAPHS:
        return None
    words = _plain(it.words(sentence.tokens[at].passage))
    if words.count(" ") < 1:
        return None
    for start in sorted(it.made):
        said = it.made[start]
        if said.source is None and f" {words} " in f" {_plain(it.words(said.passage))} ":
            return it.taken_over(sentence, at, said)
    return None


def _plain(words: str) -> str:
    return " ".join(WORDS.findall(words.casefold().replace("’", "'")))


def sentence_after(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """ "…" "…," he said"""
    if not it.stands_alone(sentence) or not _is_sentence(it, sentence, at):
        return None
    passage = sentence.tokens[at].passage
    following = it.sentences[sentence.index + 1] if sentence.index + 1 < len(it.sentences) else None
    if following is None or not following.quotes:
        return None
    same = following.paragraph == sentence.paragraph
    if not same and not passage.unclosed:
        return None
    if following.quotes[0] != 0:
        return None
    made = it.made.get(following.tokens[following.quotes[0]].passage.start)
    return it.taken_over(sentence, at, made) if made is not None else None


AROUND: Rules = (
    ("name after a dash", name_after_dash),
    ("reopened", reopened),
    ("colon paragraph", after_colon),
    ("same paragraph", same_paragraph),
    ("sentence before", sentence_before),
    ("subjunctive", subjunctive),
    ("previous paragraph", paragraph_before),
)
BACKWARD: Rules = (
    ("sentence after", sentence_after),
    ("said again", said_again),
    ("subject only", subject_before),
    ("subject after", subject_after),
)

"""Who said a passage: an ordered list of small rules, of which the first that fits wins.

In: sentences with their cues. Out: an `Attribution` for each passage that is somebody's words. A
passage that no rule claims (a title, a nickname, a slogan) is left out. Rules within a sentence
come before those that look at its neighbours.
"""

from collections.abc import Callable
from dataclasses import dataclass

from quotes.extraction.cues import ACCORDING, PASSIVE, Cue, CueFinder
from quotes.extraction.languages import Lexicon, Tag
from quotes.extraction.marks import Passage
from quotes.extraction.phrases import NOUN, PERSON, PRONOUN, Phrase, is_adverb
from quotes.extraction.scare import is_name_or_term, looks_like_title
from quotes.extraction.words import MARK, QUOTE, WORD, Sentence, Token

MAX_HEARER_TOKENS = 8  # between "told" and a passage: "told a crowd of supporters in Leeds that"
FRAGMENT_REACH = 12  # tokens from "described" to its passage
WEAK_REACH = 3  # tokens from "found" or "felt" to its passage
STRONG_REACH = 60
NAME_AFTER_CUE = 26  # tokens from a passage to the verb after its speaker
PAUSE = frozenset([",", "-", "–", "—", ")", "]"])
DASHES = frozenset(["-", "–", "—"])


@dataclass(slots=True, eq=False)
class Attribution:
    passage: Passage
    sentence: Sentence
    at: int  # position of the passage among the sentence's tokens
    rule: str
    tokens: list[Token] | None = None  # of the sentence that names the speaker
    phrase: Phrase | None = None
    cue: Cue | None = None
    source: "Attribution | None" = None  # whose speaker is taken over
    cue_sentence: Sentence | None = None


class Attributor:
    """Attribute the passages of one article."""

    def __init__(self, text: str, sentences: list[Sentence], lexicon: Lexicon, finder: CueFinder):
        self.text, self.sentences, self.lexicon, self.finder = text, sentences, lexicon, finder
        self._cues: dict[int, list[Cue]] = {}
        self.made: dict[int, Attribution] = {}  # by the passage's start
        self.by_sentence: dict[int, list[Attribution]] = {}

    def cues(self, sentence: Sentence) -> list[Cue]:
        if sentence.index not in self._cues:
            self._cues[sentence.index] = self.finder.cues(sentence.tokens)
        return self._cues[sentence.index]

    def attribute(self) -> list[Attribution]:
        quoting = [sentence for sentence in self.sentences if sentence.quotes]
        for sentence in quoting:
            for at in sentence.quotes:
                self._keep(self._first(WITHIN, sentence, at))
        for sentence in quoting:
            for at in sentence.quotes:
                if sentence.tokens[at].passage.start not in self.made:
                    self._keep(self._first(AROUND, sentence, at))
        for sentence in reversed(quoting):
            for at in reversed(sentence.quotes):
                if sentence.tokens[at].passage.start not in self.made:
                    self._keep(self._first(BACKWARD, sentence, at))
        return [self.made[start] for start in sorted(self.made)]

    def _first(
        self, rules: "tuple[tuple[str, Rule], ...]", sentence: Sentence, at: int
    ) -> Attribution | None:
        for name, rule in rules:
            found = rule(self, sentence, at)
            if found is not None:
                found.rule = name
                return found
        return None

    def _keep(self, found: Attribution | None) -> None:
        if found is not None:
            self.made[found.passage.start] = found
            self.by_sentence.setdefault(found.sentence.index, []).append(found)

    def by_cue(self, sentence: Sentence, at: int, cue: Cue) -> Attribution:
        return Attribution(
            sentence.tokens[at].passage,
            sentence,
            at,
            "",
            sentence.tokens,
            cue.subject,
            cue,
            None,
            sentence,
        )

    def taken_over(self, sentence: Sentence, at: int, source: Attribution) -> Attribution:
        return Attribution(sentence.tokens[at].passage, sentence, at, "", source=source)

    def words(self, passage: Passage) -> str:
        return self.text[passage.start : passage.end]

    def stands_alone(self, sentence: Sentence) -> bool:
        """Whether a sentence is only passages: no words beside them but in brackets."""
        depth = 0
        for token in sentence.tokens:
            if token.text == "(":
                depth += 1
            elif token.text == ")":
                depth -= 1
            elif token.kind == WORD and depth <= 0:
                return False
        return True

    def is_speech(self, passage: Passage) -> bool:
        """Whether a passage reads as speech: a sentence, not a word or a title."""
        words = self.words(passage)
        return words.count(" ") >= 2 and not looks_like_title(words)


Rule = Callable[[Attributor, Sentence, int], Attribution | None]


# Within the sentence


def quote_cue_name(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """ "…," said Ann Lee"""
    tokens = sentence.tokens
    k = _past_pause(tokens, at + 1)
    for cue in it.cues(sentence):
        if cue.start < k:
            continue
        if cue.start > k + 1 or (cue.start > k and not is_adverb(tokens[k])):
            return None
        if cue.form == ACCORDING:
            return None
        subject = it.finder._inverted(tokens, cue)
        if subject is None or not cue.tags & (Tag.STRONG | Tag.FRAGMENT):
            return None
        if _is_hearer(tokens, cue, subject):
            return None
        cue.subject, cue.after, cue.bridge = subject, True, "next"
        return it.by_cue(sentence, at, cue)
    return None


def _is_hearer(tokens: list[Token], cue: Cue, subject: Phrase) -> bool:
    """Whether the noun after a cue is told, and the speaker stands elsewhere."""
    after = tokens[subject.end] if subject.end < len(tokens) else None
    return after is not None and (bool(after.tags & Tag.AUX) or after.text == ":") and cue.start > 1


def quote_name_cue(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """ "…," Ann Lee, the mayor of Leeds, said"""
    tokens = sentence.tokens
    passage = tokens[at].passage
    k = _past_pause(tokens, at + 1)
    closed = k > at + 1 or it.text[passage.end - 1] in ",?!.…" or passage.close - passage.end > 1
    if not closed and not (at == 0 and it.is_speech(passage)):
        return None
    limit = next((q for q in sentence.quotes if q > at and not _short(tokens[q])), len(tokens))
    for cue in it.cues(sentence):
        if cue.start <= at:
            continue
        if cue.start >= limit or cue.start > at + NAME_AFTER_CUE:
            return None
        if (
            cue.subject is None
            or cue.after
            or cue.relative
            or (not cue.strong and not _comma_before(it, tokens, at))
        ):
            continue
        if cue.subject.start < k or not _opens(tokens, k, cue.subject.start):
            continue
        if cue.form == PASSIVE:
            continue
        return it.by_cue(sentence, at, cue)
    return None


def _short(token: Token) -> bool:
    return token.passage.end - token.passage.start < 30


def _comma_before(it: Attributor, tokens: list[Token], at: int) -> bool:
    passage = tokens[at].passage
    return it.text[passage.end - 1] in ",?!" or (
        at + 1 < len(tokens) and tokens[at + 1].text == ","
    )


def _opens(tokens: list[Token], k: int, start: int) -> bool:
    """Whether nothing but a role or adverb stands between a passage and its speaker."""
    between = tokens[k:start]
    return len(between) <= 24 and not any(
        (t.tags & (Tag.AUX | Tag.CUE | Tag.RELATIVE) and not t.tags & (Tag.NOUN_TOO | Tag.ROLE))
        or t.kind == QUOTE
        or (t.tags & Tag.CONJUNCTION and not t.tags & Tag.ADVERB and i == 0)
        for i, t in enumerate(between)
    )


def quote_according(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """ "…", according to the police; According to the police, … "…" """
    tokens = sentence.tokens
    best = None
    for cue in it.cues(sentence):
        if cue.form != ACCORDING or cue.subject is None:
            continue
        if cue.start > at and not any(
            at < q < cue.start for q in sentence.quotes if not _short(tokens[q])
        ):
            return it.by_cue(sentence, at, cue)
        if cue.start < at:
            best = cue
    nearer = best and any(
        best.start < c.start < at and c.subject is not None and c.strong and not c.relative
        for c in it.cues(sentence)
    )
    if best is None or nearer or is_name_or_term(it.text, tokens, at):
        return None
    return it.by_cue(sentence, at, best)


def name_cue_quote(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """Ann Lee said: "…" """
    tokens = sentence.tokens
    cue = _nearest(it, sentence, at)
    if cue is None:
        return None
    between = [t for t in tokens[cue.end : at] if not is_adverb(t)]
    set_off = bool(between) and between[-1].text in (",", ":")
    if len(between) > (
        MAX_HEARER_TOKENS + 10 if set_off and between[-1].text == ":" else MAX_HEARER_TOKENS
    ):
        return None
    if between and not set_off and any(t.text in (",", ";") for t in between):
        return None
    if not between and not cue.strong and looks_like_title(it.words(tokens[at].passage)):
        return None
    if not set_off and not (cue.strong and len(between) <= 1):
        return None
    if set_off and between[-1].text == "," and is_name_or_term(it.text, tokens, at):
        return None
    if cue.form == PASSIVE and cue.subject is None:
        return None
    return it.by_cue(sentence, at, cue)


def _nearest(it: Attributor, sentence: Sentence, at: int) -> Cue | None:
    """The last cue before a passage that has a subject and whose clause reaches it."""
    tokens = sentence.tokens
    candidates = [
        c
        for c in it.cues(sentence)
        if c.end <= at and c.form != ACCORDING and c.subject is not None
    ]
    for cue in reversed(candidates):
        if cue.subject.end > at or _reads_only(tokens, cue):
            continue
        if (
            cue.relative
            and any(t.text == "," for t in tokens[cue.end : at])
            and len(candidates) > 1
        ):
            continue
        if not _reaches(tokens, cue, at):
            continue
        return cue
    return None


def _reads_only(tokens: list[Token], cue: Cue) -> bool:
    """Whether a verb cites only if a document is its subject: "the sign reads"."""
    if not cue.tags & Tag.DOCUMENT_ONLY or cue.subject is None or cue.tags & Tag.FRAGMENT:
        return False
    head = tokens[cue.subject.head]
    return not head.tags & (Tag.DOCUMENT | Tag.STATEMENT)


def _reaches(tokens: list[Token], cue: Cue, at: int) -> bool:
    distance = at - cue.end
    if cue.tags & Tag.WEAK:
        return distance <= WEAK_REACH or (tokens[at - 1].text == ":" and distance < 12)
    if not cue.tags & Tag.STRONG:
        commas = sum(t.text == "," for t in tokens[cue.end : at])
        return distance <= FRAGMENT_REACH and commas <= 1
    return distance <= STRONG_REACH


def in_clause(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """Ann Lee said the plan was "a mess" and called it "unfair" """
    tokens = sentence.tokens
    cue = _nearest(it, sentence, at)
    if cue is None or is_name_or_term(it.text, tokens, at):
        return None
    if cue.negated and cue.tags & Tag.FRAGMENT:
        return None
    if not cue.strong and _is_modifier(tokens, at) and at - cue.end > 3:
        return None
    return it.by_cue(sentence, at, cue)


def _is_modifier(tokens: list[Token], at: int) -> bool:
    """Whether a passage stands as an adjective: a "clean sheet" rule."""
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    before = tokens[at - 1] if at else None
    return (
        before is not None
        and bool(before.tags & (Tag.DETERMINER | Tag.POSSESSIVE))
        and after is not None
        and after.kind == WORD
        and not after.tags
    )


def trailing_cue(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """The plan is "a mess", full of holes, Ann Lee said."""
    tokens = sentence.tokens
    for cue in reversed(it.cues(sentence)):
        if cue.start <= at:
            return None
        if not cue.strong or cue.subject is None or cue.relative or cue.form == PASSIVE:
            continue
        first = cue.start if cue.after else cue.subject.start
        if first <= at or first == 0:
            continue
        if not _comma_near(tokens, first) or any(
            q > cue.end for q in sentence.quotes if cue.end < q
        ):
            continue
        if len(tokens) - cue.end > 20 or any(
            t.low == "that" for t in tokens[cue.end : cue.end + 2]
        ):
            continue
        if is_name_or_term(it.text, tokens, at):
            return None
        return it.by_cue(sentence, at, cue)
    return None


def _comma_near(tokens: list[Token], first: int) -> bool:
    """Whether a comma or passage stands before a speaker, with at most a role between."""
    for k in range(first - 1, max(-1, first - 14), -1):
        if tokens[k].text == "," or tokens[k].kind == QUOTE:
            return True
        if tokens[k].tags & (Tag.AUX | Tag.CONJUNCTION):
            return False
    return False


def beside_another(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """ "…" and "…": the second passage of a list, or the first half of a split one."""
    others = [a for a in it.by_sentence.get(sentence.index, ()) if a.at < at]
    if not others:
        return None
    other = others[-1]
    between = sentence.tokens[other.at + 1 : at]
    if is_name_or_term(it.text, sentence.tokens, at):
        return None
    if len(between) <= 4 and all(t.kind == MARK or t.tags for t in between):
        return it.taken_over(sentence, at, other)
    return None


# Around the sentence


def reopened(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """A paragraph that opens the quote of the one before again."""
    passage = sentence.tokens[at].passage
    if not passage.reopened:
        return None
    before = [s for s in it.made if s < passage.start]
    if not before:
        return None
    source = it.made[max(before)]
    return it.taken_over(sentence, at, source) if source.passage.unclosed else None


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
            if _reads_only(before.tokens, cue):
                continue
            found = Attribution(
                sentence.tokens[at].passage,
                sentence,
                at,
                "",
                before.tokens,
                cue.subject,
                cue,
                None,
                before,
            )
            return found
    if any_cue:
        phrase = it.finder.main_subject(before.tokens, 0, len(before.tokens))
        if phrase is not None and phrase.kind in (PERSON, PRONOUN):
            return Attribution(
                sentence.tokens[at].passage,
                sentence,
                at,
                "",
                before.tokens,
                phrase,
                None,
                None,
                before,
            )
    return None


def same_paragraph(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """ "…," said Ann Lee. "…" """
    if not it.stands_alone(sentence) or not _is_sentence(it, sentence, at):
        return None
    k = sentence.index - 1
    while k >= 0 and it.sentences[k].paragraph == sentence.paragraph:
        made = it.by_sentence.get(k)
        if made:
            between = it.sentences[k + 1 : sentence.index]
            if all(it.stands_alone(s) for s in between):
                return it.taken_over(sentence, at, made[-1])
            return None
        if not it.stands_alone(it.sentences[k]):
            return None
        k -= 1
    return None


def _is_sentence(it: Attributor, sentence: Sentence, at: int) -> bool:
    words = it.words(sentence.tokens[at].passage)
    if at in sentence.quotes[1:]:
        return True
    return (
        words.count(" ") >= 2
        and (words[0].isupper() or not words[0].isalpha())
        and not looks_like_title(words)
    )


def sentence_before(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """Ann Lee said the plan had failed. "…" """
    if not it.stands_alone(sentence) or not _is_sentence(it, sentence, at) or sentence.index == 0:
        return None
    before = it.sentences[sentence.index - 1]
    if before.paragraph == sentence.paragraph:
        return _from_sentence(it, sentence, at, before)
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
    if made:
        return it.taken_over(sentence, at, made[-1])
    return _from_sentence(it, sentence, at, before)


def subject_before(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """Ann Lee issued a statement on the plan. "…" """
    if not it.stands_alone(sentence) or not _is_sentence(it, sentence, at) or sentence.index == 0:
        return None
    before = it.sentences[sentence.index - 1]
    if before.quotes and before.paragraph != sentence.paragraph:
        return None
    phrase = it.finder.main_subject(before.tokens, 0, len(before.tokens))
    if phrase is None or phrase.kind not in (PERSON, PRONOUN):
        return None
    if phrase.kind == PRONOUN and not before.tokens[phrase.start].tags & (Tag.HE | Tag.SHE):
        return None
    return Attribution(
        sentence.tokens[at].passage, sentence, at, "", before.tokens, phrase, None, None, before
    )


def name_after_dash(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """ "…" - Ann Lee"""
    tokens = sentence.tokens
    index = sentence.index
    rest = tokens[at + 1 :]
    if not rest and not sentence.last and index + 1 < len(it.sentences):
        tokens = it.sentences[index + 1].tokens
        rest = tokens
    if len(rest) < 2 or len(rest) > 14 or rest[0].text not in DASHES or not rest[1].cap:
        return None
    from quotes.extraction.phrases import phrase_after

    start = tokens.index(rest[1])
    phrase = phrase_after(tokens, start, it.finder.known)
    if (
        phrase is None
        or phrase.kind not in (PERSON, NOUN)
        or not it.is_speech(sentence.tokens[at].passage)
    ):
        return None
    if phrase.kind == NOUN:
        return None
    return Attribution(
        sentence.tokens[at].passage, sentence, at, "", tokens, phrase, None, None, sentence
    )


# From what follows


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


def _past_pause(tokens: list[Token], k: int) -> int:
    while k < len(tokens) and tokens[k].text in PAUSE:
        k += 1
    if k + 1 < len(tokens) and tokens[k].text == "(":
        for i in range(k, min(len(tokens), k + 8)):
            if tokens[i].text == ")":
                return _past_pause(tokens, i + 1)
    return k


WITHIN: tuple[tuple[str, Rule], ...] = (
    ("quote, cue, name", quote_cue_name),
    ("quote, name, cue", quote_name_cue),
    ("name, cue, quote", name_cue_quote),
    ("according to", quote_according),
    ("cue inside a clause", in_clause),
    ("trailing cue", trailing_cue),
    ("beside another", beside_another),
)
AROUND: tuple[tuple[str, Rule], ...] = (
    ("name after a dash", name_after_dash),
    ("reopened", reopened),
    ("colon paragraph", after_colon),
    ("same paragraph", same_paragraph),
    ("sentence before", sentence_before),
    ("previous paragraph", paragraph_before),
)
BACKWARD: tuple[tuple[str, Rule], ...] = (
    ("sentence after", sentence_after),
    ("subject only", subject_before),
)

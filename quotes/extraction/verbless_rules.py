"""Rules that attribute a passage in its sentence without a verb: headlines, claims, colons, turns.

In: the attributor, a sentence and the position of a passage. Out: an attribution or none.
"""

from quotes.extraction.attribution import Attribution, Attributor, Rules
from quotes.extraction.languages import Tag
from quotes.extraction.phrases import BODY, PERSON, PRONOUN, Phrase, analyse, phrase_before
from quotes.extraction.words import MARK, QUOTE, WORD, Sentence

HEADLINE_NAME_TOKENS = 8  # before the colon of "Mayor of Leeds: …"
NOUN_REACH = 16  # tokens from "claim that" to a passage


def transcript(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """LEE: We will go. (a turn of a transcript)"""
    passage = sentence.tokens[at].passage
    if not passage.turn:
        return None
    names = [k for k in range(at) if sentence.tokens[k].kind == WORD]
    if not names or sentence.tokens[at - 1].text != ":":
        return None
    span = (names[0], names[-1] + 1)
    phrase = Phrase(*span, PERSON, name=span, printed=span, head=names[-1], full=len(names) > 1)
    return it.by_phrase(sentence, at, sentence, phrase)


def headline_name(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """Mayor: Ferry "Will Close" (a headline)"""
    if not (sentence.first and sentence.last and sentence.paragraph == 0):
        return None
    colon = next((k for k, token in enumerate(sentence.tokens[:at]) if token.text == ":"), None)
    if colon is None or colon > HEADLINE_NAME_TOKENS:
        return None
    phrase = phrase_before(sentence.tokens, colon, 0, it.known)
    if phrase is None or phrase.start > 0 or phrase.kind not in (PERSON, BODY):
        return None
    return it.by_phrase(sentence, at, sentence, phrase)


def noun_cue(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """Ann Lee’s claim that the plan is "a mess" """
    tokens = sentence.tokens
    for k in range(at - 1, max(0, at - NOUN_REACH), -1):
        token = tokens[k]
        if token.kind == QUOTE or token.text in (";", ":"):
            return None
        if not token.tags & Tag.CLAIM or k + 1 >= len(tokens):
            continue
        if tokens[k + 1].low not in ("that", "of", "about", "as") and k + 1 != at:
            continue
        start = k
        while start > 0 and tokens[start - 1].kind == WORD and not tokens[start - 1].tags:
            start -= 1
        if start and tokens[start - 1].low == "'s":
            phrase = phrase_before(tokens, start - 1, 0, it.known)
        elif start and tokens[start - 1].low in ("his", "her", "their"):
            phrase = analyse(tokens, start - 1, start, it.known)
            phrase.kind = PRONOUN
        else:
            continue
        if phrase is None or it.is_name(sentence, at):
            return None
        return it.by_phrase(sentence, at, sentence, phrase)
    return None


def colon_subject(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """Ann Lee had one message for the council: "…" """
    tokens = sentence.tokens
    if at < 2 or tokens[at - 1].text != ":" or not it.is_speech(tokens[at].passage):
        return None
    phrase = it.subjects.main_subject(tokens, 0, at - 1)
    if phrase is None:
        return None
    role = bool(tokens[phrase.head].tags & (Tag.ROLE | Tag.TITLE_ROLE))
    if phrase.kind not in (PERSON, PRONOUN) and not role:
        return None
    return it.by_phrase(sentence, at, sentence, phrase)


def beside_another(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """ "…" and "…": the second passage of a list, or the first half of a split one."""
    others = [a for a in it.by_sentence.get(sentence.index, ()) if a.at < at]
    if not others:
        return None
    other = others[-1]
    between = sentence.tokens[other.at + 1 : at]
    if it.is_name(sentence, at):
        return None
    if len(between) <= 4 and all(t.kind == MARK or t.tags for t in between):
        return it.taken_over(sentence, at, other)
    return None


TURNS: Rules = (("transcript", transcript),)
WITHOUT_VERB: Rules = (
    ("headline", headline_name),
    ("noun cue", noun_cue),
    ("colon, subject", colon_subject),
    ("beside another", beside_another),
)

"""Indirect speech, only when asked for: that-clauses, ", Ann Lee said", "according to".

In: the sentences of an article and its attributor. Out: attributions whose passage is a clause
without quote marks, or with words in marks inside (kind `mixed`).
"""

from quotes.extraction.attribution import Attribution, Attributor
from quotes.extraction.cues import Cue
from quotes.extraction.languages import Tag
from quotes.extraction.marks import Passage
from quotes.extraction.subjects import ACCORDING, FINITE
from quotes.extraction.words import QUOTE, WORD, Sentence, Token

INDIRECT, MIXED = "indirect", "mixed"
RULE = "indirect"
MIN_TOKENS = 4  # a clause of fewer words reports nothing worth a record
MAX_HEARER = 8  # tokens from "told" to "that"


def indirect_speech(it: Attributor) -> list[tuple[Attribution, str]]:
    """The reported clauses of the article, each with its kind."""
    found = []
    for sentence in it.sentences:
        for cue in it.cues(sentence):
            clause = _clause(it, sentence, cue)
            if clause is None:
                continue
            start, end = clause
            passage = Passage(start, end, start, end)
            quoted = [t for t in sentence.tokens if t.kind == QUOTE and start <= t.start < end]
            if any(t.start <= start and end <= t.end for t in quoted):
                continue  # the clause is a direct quote
            attribution = it.by_cue(sentence, 0, cue, of=sentence, passage=passage)
            attribution.rule = RULE
            found.append((attribution, MIXED if quoted else INDIRECT))
            break
    return found


def _clause(it: Attributor, sentence: Sentence, cue: Cue) -> tuple[int, int] | None:
    """Where the words that a cue reports begin and end."""
    if cue.subject is None or not cue.strong or cue.relative or cue.negated:
        return None
    tokens = sentence.tokens
    if cue.form == ACCORDING:
        if cue.start > MIN_TOKENS and tokens[cue.start - 1].text == ",":
            return _span(it, tokens, 0, cue.start - 1)
        comma = next(
            (k for k in range(cue.subject.end, len(tokens)) if tokens[k].text == ","), None
        )
        return _span(it, tokens, comma + 1, len(tokens)) if comma and cue.start < 2 else None
    if cue.form != FINITE:
        return None
    if _closes(tokens, cue):
        first = cue.start if cue.after else cue.subject.start
        return _span(it, tokens, 0, first - 1) if first > MIN_TOKENS else None
    return _span(it, tokens, *_after(tokens, cue))


def _closes(tokens: list[Token], cue: Cue) -> bool:
    """Whether the cue ends its sentence, after a comma: "The plan is dead, Ann Lee said."."""
    last = max(cue.end, cue.subject.end if cue.after else 0)
    first = cue.start if cue.after else cue.subject.start
    ends = len(tokens) - last <= 2 and not any(t.kind == WORD for t in tokens[last:])
    return ends and first > 0 and tokens[first - 1].text == ","


def _after(tokens: list[Token], cue: Cue) -> tuple[int, int]:
    """The clause after a cue, past its hearer and "that"."""
    start = max(cue.end, cue.subject.end if cue.after else 0)
    for k in range(start, min(len(tokens), start + MAX_HEARER)):
        if tokens[k].low in ("that", "dass", "que", "che", "dat", "att", "at"):
            return k + 1, len(tokens)
        if tokens[k].kind == QUOTE:
            break
    if start < len(tokens) and tokens[start].text == ",":
        start += 1
    opens = Tag.DETERMINER | Tag.POSSESSIVE | Tag.PRONOUN
    follows = start < len(tokens) and (tokens[start].cap or tokens[start].tags & opens)
    return (start, len(tokens)) if follows else (start, start)


def _span(it: Attributor, tokens: list[Token], start: int, end: int) -> tuple[int, int] | None:
    while end > start and tokens[end - 1].kind != WORD and tokens[end - 1].kind != QUOTE:
        if tokens[end - 1].text not in ".,;:!?…":
            break
        end -= 1
    while start < end and tokens[start].text in (",", ":", "–", "—"):
        start += 1
    if end - start < MIN_TOKENS or not any(
        (t.kind == WORD and t.tags & Tag.AUX) or t.low.endswith(("ed", "s"))
        for t in tokens[start:end]
    ):
        return None
    return tokens[start].start, tokens[end - 1].end

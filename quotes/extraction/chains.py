"""The reporting chain of a quote: told to an outlet, cited by one, in a statement, a post.

In: the sentence with the cue. Out: steps of `kind` and `name`, as filing takes them.
"""

from quotes.extraction.attribution import Attribution
from quotes.extraction.bodies import body_at
from quotes.extraction.languages import Tag
from quotes.extraction.names import is_acronym, person_in
from quotes.extraction.phrases import PERSON
from quotes.extraction.words import QUOTE, Token

REACH = 10  # tokens after a cue, or before its subject, that may tell the way of the words
TOLD = frozenset(["told", "tells", "telling"])
SPEAKING = frozenset(["speaking", "talking", "interviewed"])


def chain(text: str, attribution: Attribution) -> list[dict[str, str]]:
    """The steps that the sentence of a cue tells."""
    cue, tokens = attribution.cue, attribution.tokens
    if cue is None or tokens is None:
        return []
    steps: list[dict[str, str]] = []
    if tokens[cue.start].low in TOLD:
        name = _outlet(text, tokens, cue.end)
        if name:
            steps.append({"kind": "told", "name": name})
    for k in range(max(0, cue.start - 30), cue.start):
        if tokens[k].low in SPEAKING and k + 1 < cue.start:
            at = k + 2 if tokens[k + 1].low in ("to", "with", "by") else k + 1
            name = _outlet(text, tokens, at)
            if name and not steps:
                steps.append({"kind": "told", "name": name})
    steps += _documents(text, tokens, cue.start, cue.end)
    return steps


def _outlet(text: str, tokens: list[Token], k: int) -> str | None:
    """The name after "told", unless it is a person's."""
    start = k
    if k < len(tokens) and tokens[k].tags & Tag.DETERMINER:
        k += 1
    if k >= len(tokens) or not tokens[k].cap or tokens[k].tags & Tag.NEVER:
        return None
    stop = body_at(tokens, k, len(tokens))
    if stop is None:
        return None
    person = person_in(tokens, k, stop, k)
    if (
        person is not None
        and tokens[person[0]].tags & Tag.FIRST_NAME
        and start == k
        and not is_acronym(tokens[k])
    ):
        return None
    if all(t.tags & Tag.PLACE for t in tokens[k:stop]):
        return None
    return text[tokens[k].start : tokens[stop - 1].end]


def _documents(text: str, tokens: list[Token], start: int, end: int) -> list[dict[str, str]]:
    """ "in a statement", "on Twitter" beside a cue."""
    for k in [*range(end, min(len(tokens), end + REACH)), *range(max(0, start - 2 * REACH), start)]:
        token = tokens[k]
        if token.kind == QUOTE:
            if k >= end:
                break
            continue
        before = tokens[k - 1].tags if k else 0
        if token.tags & Tag.POST_PLACE and k and before & Tag.PREPOSITION:
            return [{"kind": "post", "name": token.text}]
        if token.tags & Tag.STATEMENT and k > 1 and _in_phrase(tokens, k):
            return [{"kind": "statement", "name": token.text}]
    if tokens[start].tags & Tag.POST and tokens[start].low.startswith("tweet"):
        return [{"kind": "post", "name": "Twitter"}]
    return []


def _in_phrase(tokens: list[Token], k: int) -> bool:
    """Whether "in" opens the phrase that a noun ends: "in a written statement"."""
    return any(
        (tokens[i].low in ("in", "en", "dans", "em", "i") and not tokens[i].cap)
        or tokens[i].low == "in"
        for i in range(max(0, k - 4), k)
    )


__all__ = ["PERSON", "chain"]

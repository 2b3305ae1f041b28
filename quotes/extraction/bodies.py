"""Names of bodies: "Council on Foreign Relations", "Centre for Control of Disorders".

In: tokens and where a name begins. Out: where it ends, before a role or a person.
"""

from quotes.extraction.languages import Tag
from quotes.extraction.names import runs
from quotes.extraction.words import WORD, Token

ROLE = Tag.ROLE | Tag.TITLE_ROLE


def body_at(tokens: list[Token], start: int, end: int) -> int | None:
    """Where the name of a body that begins here ends."""
    chains = runs(tokens, start, end)
    if not chains or chains[0][0] != start:
        return None
    stop = _before_role(tokens, *chains[0])
    if stop == start:
        return None
    joined = False
    while stop + 1 < end:
        k = stop
        low, tags = tokens[k].low, tokens[k].tags
        joins = tags & (Tag.BODY_JOINT | Tag.AND) or low == "&"
        if (joins and tokens[k].kind == WORD) or low == "&":
            bodily = _bodily(tokens[stop - 1])
            the = tokens[start].tags & Tag.DEFINITE or (start and _capital_the(tokens[start - 1]))
            if tags & Tag.BODY_JOINT and not (bodily or joined):
                break
            if not tags & Tag.BODY_JOINT and not (joined or the or bodily):
                break
            k += 1
            if k < end and tokens[k].tags & Tag.DEFINITE:
                k += 1
            more = runs(tokens, k, end)
            if not more or more[0][0] != k:
                break
            if any(
                tokens[i].tags & ROLE and not tokens[i].tags & Tag.BODY for i in range(*more[0])
            ):
                break
            stop, joined = more[0][1], True
        elif _is_small_joint(tokens, k) and _is_bodily(tokens, start, stop):
            more = runs(tokens, k + 1, end)
            if not more or more[0][0] != k + 1:
                break
            stop, joined = _before_role(tokens, *more[0]), True
        elif low == "'s" and tokens[k + 1].cap and _bodily(tokens[min(k + 2, end - 1)]):
            stop = k + 2
        else:
            break
    return stop


def _capital_the(token: Token) -> bool:
    """Whether an article is part of a name: "The Globe and Mail"."""
    return token.cap and bool(token.tags & Tag.DEFINITE)


def _before_role(tokens: list[Token], start: int, stop: int) -> int:
    """Where the name of a body ends before a role word and a person: "CPP Spokesman Sok"."""
    for k in range(start, stop):
        role = tokens[k].tags & (ROLE | Tag.TITLE) and not tokens[k].tags & Tag.BODY
        if role and not is_part_of_body(tokens, k, stop):
            return k if k > start else start
    for k in range(start + 1, stop - 1):
        named = tokens[k].tags & Tag.FIRST_NAME and tokens[k - 1].tags & Tag.BODY
        if named and not any(t.tags & Tag.BODY for t in tokens[k + 1 : stop]):
            return k
    return stop


def is_part_of_body(tokens: list[Token], k: int, end: int) -> bool:
    """Whether a role word is inside a name: "Economist Intelligence Unit"."""
    return k + 1 < end and tokens[k + 1].cap and bool(tokens[min(k + 2, end - 1)].tags & Tag.BODY)


def _is_small_joint(tokens: list[Token], k: int) -> bool:
    """Whether a small word joins two parts of a foreign name: "et", "für", "de"."""
    token = tokens[k]
    known = Tag.PREPOSITION | Tag.CONJUNCTION | Tag.AUX | Tag.PRONOUN | Tag.ADVERB
    return token.kind == WORD and not token.cap and len(token.text) <= 3 and not token.tags & known


def _is_bodily(tokens: list[Token], start: int, stop: int) -> bool:
    return any(_bodily(token) for token in tokens[start:stop])


def _bodily(token: Token) -> bool:
    return bool(token.tags & (Tag.BODY | Tag.BODY_NOUN)) or token.low in (
        "center",
        "centre",
        "fund",
    )

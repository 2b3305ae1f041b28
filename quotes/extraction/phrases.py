"""Noun phrases beside a cue, and what they name: a person, a body, a pronoun or a noun.

In: a sentence's tokens and a position. Out: a `Phrase` of token positions. Every walk is bounded.
"""

from dataclasses import dataclass

from quotes.extraction.languages import Tag
from quotes.extraction.names import holds_role, is_acronym, person_in, runs
from quotes.extraction.words import MARK, NUMBER, QUOTE, WORD, Token

MAX_PHRASE_TOKENS = (
    40  # "the acting chief constable for … who is …" fits; appositions do not add up
)

PERSON, BODY, PRONOUN, NOUN = "person", "body", "pronoun", "noun"
PERSONAL = Tag.HE | Tag.SHE | Tag.THEY | Tag.IT | Tag.FIRST_PERSON
OPENING = Tag.DETERMINER | Tag.POSSESSIVE
BEFORE_OPENING = Tag.PREPOSITION | Tag.AND | Tag.DETERMINER | Tag.QUANTIFIER


@dataclass(slots=True)
class Phrase:
    start: int
    end: int
    kind: str
    name: tuple[int, int] | None = None  # of a person, without titles; of a body, all of it
    printed: tuple[int, int] | None = None  # with the honorific and what follows the name
    role: tuple[int, int] | None = None  # what stands before the name
    head: int = -1  # the noun of an unnamed speaker
    full: bool = False  # first name and surname


def closing_before(tokens: list[Token], k: int, low: int) -> int:
    """The position of the bracket that the one at `k` closes."""
    for i in range(k, max(low, k - MAX_PHRASE_TOKENS) - 1, -1):
        if tokens[i].text == "(":
            return i
    return k


def phrase_before(tokens: list[Token], end: int, low: int, known: set[str]) -> Phrase | None:
    """Return the noun phrase that ends before position `end` and begins at `low` or later."""
    k = end
    floor = max(low, end - MAX_PHRASE_TOKENS)
    while k > floor:
        token = tokens[k - 1]
        if token.kind == QUOTE:
            break
        if token.text == ")":
            opened = closing_before(tokens, k - 1, floor)
            if opened == k - 1:
                break
            k = opened
            continue
        if not _continues_left(tokens, k - 1, end, floor):
            break
        k -= 1
        alone = token.tags & PERSONAL and not token.tags & Tag.POSSESSIVE
        of_them = k > floor and tokens[k - 1].tags & Tag.BODY_JOINT
        if alone and not of_them and not is_acronym(token):
            break
    while end > k and tokens[end - 1].tags & Tag.TIME and not tokens[end - 1].cap:
        end -= 1  # "Ann Lee last week"
    while k < end and _drops_at_left(tokens[k]):
        k += 1
    if k >= end:
        return None
    return analyse(tokens, k, end, known)


def _continues_left(tokens: list[Token], k: int, end: int, floor: int) -> bool:
    token = tokens[k]
    tags = token.tags
    if (
        k + 1 < end
        and tokens[k + 1].tags & OPENING
        and not tags & BEFORE_OPENING
        and not tokens[k + 1].cap
        and not tokens[k + 1].tags & Tag.INNER_PREPOSITION
    ):
        return False
    if token.kind == NUMBER:
        return True
    if token.kind == MARK:
        if token.low == "'s":
            return True
        return (
            token.text in "-–&/"
            and k > floor
            and tokens[k - 1].cap
            and k + 1 < end
            and tokens[k + 1].cap
        )
    if tags & PERSONAL and not is_acronym(token) and not (tags & Tag.POSSESSIVE and k < end - 1):
        return k == end - 1 or (tokens[k - 1].tags & Tag.BODY_JOINT and k > floor)
    if token.cap and not tags & (Tag.NEVER | Tag.CUE):
        return True
    if tags & Tag.OTHER_PRONOUN:
        return k == end - 1 and not tags & Tag.RELATIVE
    if tags & (Tag.RELATIVE | Tag.AUX):
        return False
    if tags & Tag.VERB and not tags & (Tag.ROLE | Tag.NOUN_TOO) and k < end - 1:
        return False
    if tags & Tag.AND:
        return _coordinates(tokens, k, end)
    if tags & Tag.PREPOSITION:
        inner = bool(tags & Tag.INNER_PREPOSITION) and floor < k < end - 1
        return (
            inner
            and _noun_like(tokens[k - 1])
            and (token.tags & Tag.BODY_JOINT or _takes_phrase(tokens[k - 1]))
        )
    if tags & Tag.CONJUNCTION:
        return False
    if tags & Tag.CUE and not tags & Tag.NOUN_TOO and not tags & Tag.ROLE:
        return False
    if tags & Tag.NOUN_TOO and k == end - 1:
        return False
    if tags & Tag.DETERMINER or tags & Tag.POSSESSIVE:
        return True
    if (
        not tags
        and token.low.endswith("ed")
        and k > floor
        and (tokens[k - 1].cap or tokens[k - 1].tags & PERSONAL)
    ):
        return False  # a verb: "Trump opened"
    return not is_adverb(token)


def _takes_phrase(token: Token) -> bool:
    """Whether "for", "at" or "in" after a noun belongs to it."""
    nouns = Tag.ROLE | Tag.TITLE_ROLE | Tag.UNNAMED | Tag.BODY | Tag.BODY_NOUN | Tag.COLLECTIVE
    nouns |= Tag.MODIFIER | Tag.DOCUMENT | Tag.QUANTIFIER
    return token.cap or bool(token.tags & nouns) or token.text == ")"


def is_adverb(token: Token) -> bool:
    if token.tags & Tag.ADVERB:
        return True
    return (
        token.low.endswith("ly")
        and len(token.low) > 4
        and not token.cap
        and not token.tags & Tag.NOT_ADVERB
    )


def _noun_like(token: Token) -> bool:
    blocked = (
        Tag.CONJUNCTION | Tag.PREPOSITION | Tag.AUX | Tag.RELATIVE | Tag.DETERMINER | Tag.PRONOUN
    )
    if token.kind != WORD:
        return token.text == ")" or token.kind == NUMBER
    if token.tags & Tag.CUE and not token.tags & (Tag.NOUN_TOO | Tag.ROLE):
        return False
    return (
        bool(token.cap and not token.tags & Tag.NEVER)
        or (not token.tags & blocked and not is_adverb(token))
        or token.tags & Tag.QUANTIFIER
    )


def _coordinates(tokens: list[Token], k: int, end: int) -> bool:
    """Whether "and" joins two parts of one phrase: names of a body, roles, or people."""
    if k == 0 or k + 1 >= end:
        return False
    left, right = tokens[k - 1], tokens[k + 1]
    if left.cap and right.cap and not left.tags & Tag.NEVER:
        return True
    roles = Tag.ROLE | Tag.TITLE_ROLE | Tag.MODIFIER
    if left.tags & roles and left.kind == WORD:
        return True
    return bool(left.tags & Tag.COLLECTIVE)


def _drops_at_left(token: Token) -> bool:
    """Words that a phrase cannot begin with."""
    if token.kind in (MARK,):
        return True
    if token.tags & (Tag.TIME | Tag.ADVERB) and not token.tags & Tag.FIRST_NAME:
        return True
    return bool(token.tags & (Tag.PREPOSITION | Tag.AND)) and not token.cap


def analyse(tokens: list[Token], start: int, end: int, known: set[str]) -> Phrase:
    """Tell what a noun phrase names."""
    first = tokens[start]
    if end - start > 3 and tokens[end - 1].text == ")":
        opened = closing_before(tokens, end - 1, start)
        end = opened if opened > start else end
    if end - start == 1 and first.tags & Tag.PRONOUN and not (first.cap and is_acronym(first)):
        return Phrase(start, end, PRONOUN, head=start, printed=(start, end))
    body = start
    while (
        body < end - 1
        and tokens[body].tags & (Tag.DETERMINER | Tag.POSSESSIVE)
        and not _named(tokens[body])
    ):
        body += 1
    determined = body > start
    chains = runs(tokens, body, end)
    if chains:
        person = _person_phrase(tokens, start, body, end, chains, known, determined)
        if person:
            return person
        if _names_body(tokens, chains, body, end, determined):
            return Phrase(
                start, end, BODY, name=(body, end), printed=(start, end), head=chains[0][1] - 1
            )
    return Phrase(start, end, NOUN, printed=(start, end), head=_head(tokens, body, end))


def _named(token: Token) -> bool:
    return token.cap and not token.tags & Tag.NEVER


def _person_phrase(
    tokens: list[Token],
    start: int,
    body: int,
    end: int,
    chains: list[tuple[int, int]],
    known: set[str],
    determined: bool,
) -> Phrase | None:
    person = None
    for a, b in chains[:-1] if chains[-1][1] == end else chains:
        if b >= end or not tokens[b].tags & Tag.INNER_PREPOSITION:
            continue
        if any(t.tags & Tag.PREPOSITION for t in tokens[body:a]):
            break
        person = person_in(tokens, a, b, start, known)  # "Ann Lee of the CCC"
        named_the = determined and a == body and person and person[0] == a
        if person and (named_the or holds_role(tokens, person[0], b)):
            person = None
        if person:
            break
    if person is None:
        a, b = chains[-1]
        if b < end and not all(t.tags & Tag.SUFFIX or t.text in "()" for t in tokens[b:end]):
            return None
        person = person_in(tokens, a, b, start, known)
        named_the = determined and a == body
        if person and named_the and not tokens[person[0]].tags & Tag.FIRST_NAME:
            return None  # "the Straits Times"
    if person is None:
        return None
    name, stop, full = person
    if name > body and tokens[name - 1].low == "'s" and not full:
        return None
    printed = (_with_title(tokens, name, body, full), b)
    role = (body, name) if name > body else None
    return Phrase(start, end, PERSON, (name, stop), printed, role, stop - 1, full)


def _with_title(tokens: list[Token], name: int, low: int, full: bool) -> int:
    """Where the printed name begins: honorifics stay, and "Sheriff" before a bare surname."""
    start = name
    while start > low and tokens[start - 1].cap:
        tags = tokens[start - 1].tags
        if tags & Tag.TITLE or (not full and tags & Tag.TITLE_ROLE):
            start -= 1
        else:
            break
    return start


def _names_body(
    tokens: list[Token], chains: list[tuple[int, int]], body: int, end: int, determined: bool
) -> bool:
    """Whether a phrase is the name of a body, not a noun with a name inside."""
    a, b = chains[0]
    if a != body:
        return False
    if tokens[b - 1].tags & Tag.ROLE and not tokens[b - 1].tags & Tag.BODY:
        return False
    if b == end:
        return True
    head = tokens[_head(tokens, body, end)]
    if head.tags & (Tag.ROLE | Tag.UNNAMED | Tag.COLLECTIVE) and not head.tags & Tag.BODY:
        return False
    rest = tokens[b:end]
    if rest[0].low == "'s":
        return False
    return bool(head.cap or head.tags & Tag.BODY)


def _head(tokens: list[Token], start: int, end: int) -> int:
    """The last noun before the first preposition."""
    for k in range(start, end):
        if tokens[k].tags & (Tag.PREPOSITION | Tag.RELATIVE) and k > start and not tokens[k].cap:
            return k - 1
        if tokens[k].text == "(" and k > start:
            return k - 1
    return end - 1


def phrase_after(tokens: list[Token], start: int, known: set[str]) -> Phrase | None:
    """Return the noun phrase that begins at a position ("said the mayor of Leeds, Ann Lee")."""
    limit = min(len(tokens), start + MAX_PHRASE_TOKENS)
    k = start
    while k < limit and _continues_right(tokens, k, start):
        k += 1
        if k - 1 == start and _stands_for_all(tokens, start):
            break
    while (
        k > start
        and tokens[k - 1].tags & (Tag.PREPOSITION | Tag.AND | Tag.DETERMINER)
        and not tokens[k - 1].cap
    ):
        k -= 1
    if k == start:
        return None
    return analyse(tokens, start, k, known)


def _stands_for_all(tokens: list[Token], k: int) -> bool:
    """Whether a pronoun is a phrase of its own: "she", but not "her" in "her son"."""
    token = tokens[k]
    if not token.tags & PERSONAL or is_acronym(token):
        return False
    after = tokens[k + 1] if k + 1 < len(tokens) else None
    other = Tag.AUX | Tag.CUE | Tag.VERB | Tag.PREPOSITION | Tag.CONJUNCTION
    owns = token.tags & Tag.POSSESSIVE and after is not None and after.kind == WORD
    return not (owns and not after.tags & other)


def _continues_right(tokens: list[Token], k: int, start: int) -> bool:
    token = tokens[k]
    tags = token.tags
    if token.kind == QUOTE:
        return False
    if token.kind == NUMBER:
        return True
    if token.kind == MARK:
        return k > start and (
            token.low == "'s"
            or (
                token.text in "-–&/"
                and tokens[k - 1].cap
                and k + 1 < len(tokens)
                and tokens[k + 1].cap
            )
        )
    if tags & PERSONAL and not is_acronym(token):
        return k == start or (k > start and tokens[k - 1].tags & Tag.BODY_JOINT)
    if token.cap and not tags & Tag.NEVER:
        return not (k > start and _is_time(tokens, k))
    if tags & (Tag.RELATIVE | Tag.AUX) or (tags & Tag.OTHER_PRONOUN and k > start):
        return False
    if tags & Tag.AND:
        return k > start and k + 1 < len(tokens) and _coordinates(tokens, k, len(tokens))
    if tags & Tag.PREPOSITION and not (k == start and tags & Tag.DETERMINER):
        return k > start and _attaches(tokens, k)
    if tags & (Tag.CONJUNCTION | Tag.TIME):
        return False
    if tags & Tag.VERB and k > start and not tags & Tag.ROLE:
        return False
    if tags & Tag.CUE and not tags & (Tag.NOUN_TOO | Tag.ROLE):
        return False
    if tags & (Tag.DETERMINER | Tag.POSSESSIVE):
        return k == start or bool(tokens[k - 1].tags & (Tag.PREPOSITION | Tag.DETERMINER | Tag.AND))
    if (
        k > start
        and not tags
        and (token.low.endswith(("ing", "ed")) or _follows_name(tokens, start, k))
    ):
        return False
    return not is_adverb(token)


def _follows_name(tokens: list[Token], start: int, k: int) -> bool:
    """Whether an unknown lower-case word comes after a bare name, so that it may be a verb."""
    return all(token.cap and not token.tags & Tag.NEVER for token in tokens[start:k])


def _is_time(tokens: list[Token], k: int) -> bool:
    return bool(tokens[k].tags & Tag.TIME) and not tokens[k].tags & Tag.FIRST_NAME


def _attaches(tokens: list[Token], k: int) -> bool:
    """Whether a preposition after a noun belongs to it: "of the CCC", "for the police"."""
    if not tokens[k].tags & Tag.INNER_PREPOSITION or k + 1 >= len(tokens):
        return False
    before, after = tokens[k - 1], tokens[k + 1]
    if after.tags & Tag.TIME or after.kind == NUMBER:
        return False
    if tokens[k].tags & Tag.BODY_JOINT:
        return True
    role = any(
        tokens[i].tags & (Tag.ROLE | Tag.TITLE_ROLE | Tag.UNNAMED) for i in range(max(0, k - 4), k)
    )
    if role and tokens[k].low in ("for", "at", "from", "to", "with", "on", "in"):
        named = before.cap and not before.tags & (Tag.ROLE | Tag.TITLE_ROLE)
        return not named or tokens[k].low in ("for", "at", "from")
    return (
        tokens[k].low in ("for", "at", "from")
        and (after.cap or bool(after.tags & Tag.DETERMINER))
        and before.cap
    )

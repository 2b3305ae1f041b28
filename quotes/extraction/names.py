"""Names of people: chains of capitals, and the person that one of them ends with.

In: tokens. Out: where names begin and end. Roles, bodies and countries in capitals before a name
("DTO Lead Jo Hill", "Secretary of State Ann Lee") are kept out of it.
"""

from collections.abc import Set

from quotes.extraction.languages import Tag
from quotes.extraction.words import WORD, Token

MAX_NAME_TOKENS = 5
NOT_IN_NAME = Tag.NEVER | Tag.TIME
BEFORE_NAME = Tag.PARTY | Tag.TITLE | Tag.TITLE_ROLE | Tag.ROLE | Tag.BODY
NAME_JOINTS = frozenset("-–&/‑")


def is_acronym(token: Token) -> bool:
    text = token.text.replace(".", "").replace("-", "")
    return token.kind == WORD and len(text) > 1 and text.isupper() and not token.tags & Tag.SUFFIX


def is_name_word(token: Token) -> bool:
    return token.cap and not (token.tags & NOT_IN_NAME and not token.tags & Tag.FIRST_NAME)


def runs(tokens: list[Token], start: int, end: int) -> list[tuple[int, int]]:
    """Chains of capitalised words, with particles and joints between them."""
    found, k = [], start
    while k < end:
        if not is_name_word(tokens[k]):
            k += 1
            continue
        a = k
        k += 1
        while k < end:
            token = tokens[k]
            if is_name_word(token) or _is_surname_too(tokens, k):
                k += 1
            elif k + 1 < end and is_name_word(tokens[k + 1]) and _joins(tokens, k):
                k += 2
            elif (
                k + 2 < end
                and token.tags & Tag.PARTICLE
                and tokens[k + 1].tags & Tag.PARTICLE
                and tokens[k + 2].cap
            ):
                k += 3
            else:
                break
        found.append((a, k))
    return found


def _is_surname_too(tokens: list[Token], k: int) -> bool:
    """Whether "May" or "March" follows a first name."""
    after_first = tokens[k - 1].tags & Tag.FIRST_NAME and tokens[k - 1].end + 1 == tokens[k].start
    return bool(tokens[k].cap and after_first and tokens[k].tags & Tag.TIME)


def _joins(tokens: list[Token], k: int) -> bool:
    token = tokens[k]
    if token.tags & Tag.PARTICLE and not token.cap:
        return (
            not token.tags & (Tag.CONJUNCTION | Tag.PREPOSITION | Tag.DETERMINER)
            or len(token.text) > 1
        )
    return token.text in NAME_JOINTS and not (token.text == "/" and tokens[k - 1].end < token.start)


def person_in(
    tokens: list[Token],
    a: int,
    b: int,
    before: int,
    known: Set[str] = frozenset(),
) -> tuple[int, int, bool] | None:
    """Return where the name that a run of capitals ends with begins and ends, and if it is full.

    `before` is where the phrase begins; `known` are surnames of the article.
    """
    while b - a > 1 and tokens[b - 1].tags & Tag.SUFFIX:
        b -= 1
    cut = a
    for k in range(a, b):
        if _comes_before_name(tokens, k, a, b):
            cut = k + 1
    while cut < b and not tokens[cut].cap:
        cut += 1
    size = sum(token.cap for token in tokens[cut:b])
    opens = a == 0 or tokens[a - 1].kind != WORD
    if (
        size > 2
        and cut == a
        and opens
        and not tokens[a].tags
        and tokens[a + 1].tags & Tag.FIRST_NAME
    ):
        cut, size = a + 1, size - 1  # "Läkaren Gunilla Ström"
    if size == 0 or any(t.text == "/" for t in tokens[cut:b]):
        return None
    if any(t.tags & Tag.BODY and not t.tags & Tag.FIRST_NAME for t in tokens[cut:b]) and not (
        tokens[cut].tags & Tag.FIRST_NAME and size == 2
    ):
        return None
    titled = cut > a or (a > before and _is_role(tokens[a - 1]))
    if tokens[b - 1].tags & Tag.NOT_PERSON and not titled and not tokens[cut].tags & Tag.FIRST_NAME:
        return None
    after_of = a > before and bool(tokens[a - 1].tags & (Tag.PREPOSITION | Tag.AND))
    if size > 2 and (after_of or cut > a) and not tokens[cut].tags & Tag.FIRST_NAME:
        cut = _first_name_from(tokens, cut, b, after_of and not holds_role(tokens, a, cut))
        size = sum(token.cap for token in tokens[cut:b])
    if size > MAX_NAME_TOKENS:
        return None
    if size > 1 and is_acronym(tokens[b - 1]) and not all(is_acronym(t) for t in tokens[cut:b]):
        return None  # "Indiana GOP"
    if size == 1:
        surname = tokens[b - 1]
        if is_acronym(surname) and not titled:
            return None
        if not titled and surname.low not in known:
            return None
        if surname.tags & (Tag.PLACE | Tag.ROLE) and surname.low not in known:
            return None
        return cut, b, False
    if after_of and cut == a and not tokens[cut].tags & Tag.FIRST_NAME and not titled:
        return None
    return cut, b, True


def _comes_before_name(tokens: list[Token], k: int, a: int, b: int) -> bool:
    """Whether this word of a run belongs to the role, body or country before the name."""
    token = tokens[k]
    last = k == b - 1
    if k == a and b - a == 2 and token.tags & Tag.FIRST_NAME and not tokens[b - 1].tags & Tag.BODY:
        return False  # "Dean Baker"
    if token.tags & Tag.TITLE:
        return not last or b - a == 1
    if last:
        named = (
            k > a and tokens[k - 1].tags & Tag.FIRST_NAME and not tokens[k - 1].tags & BEFORE_NAME
        )
        named = named or (k > a and tokens[a].tags & Tag.TITLE)
        plain = k == a + 1 and not tokens[a].tags and not is_acronym(tokens[a])
        named = named or (plain and token.tags & Tag.SURNAME_ROLE)  # "Teal Baker"
        return bool(token.tags & (BEFORE_NAME | Tag.COLLECTIVE)) and not named
    if token.tags & BEFORE_NAME:
        return not (
            k > a and tokens[k - 1].tags & Tag.FIRST_NAME and token.tags & Tag.TITLE_ROLE == 0
        )
    if token.tags & (Tag.PLACE | Tag.MODIFIER):
        return not token.tags & Tag.FIRST_NAME or (
            k == a and bool(tokens[k + 1].tags & BEFORE_NAME)
        )
    if "." in token.text and len(token.text) < 5:
        return False  # "A.E. Howard"
    if is_acronym(token) and k + 1 < b and not token.tags & Tag.FIRST_NAME:
        return not (len(token.text) == 2 and tokens[k + 1].text.istitle() and b - k == 2 and k == a)
    return False


def _first_name_from(tokens: list[Token], cut: int, b: int, guess: bool) -> int:
    """Where the name begins in "State Mike Pompeo": at a first name, else the last two words."""
    for k in range(cut, b - 1):
        if tokens[k].tags & Tag.FIRST_NAME:
            return k
    if not guess:
        return cut
    capitals = [k for k in range(cut, b) if tokens[k].cap]
    return capitals[-2]


def holds_role(tokens: list[Token], a: int, b: int) -> bool:
    return any(tokens[k].tags & (Tag.ROLE | Tag.TITLE_ROLE) for k in range(a, b))


def _is_role(token: Token) -> bool:
    return bool(token.tags & (Tag.ROLE | Tag.TITLE_ROLE | Tag.TITLE))

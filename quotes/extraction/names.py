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
    cut = _past_role(tokens, a, b)
    words = [token for token in tokens[cut:b] if token.cap]
    titled = cut > a or (a > before and _is_role(tokens[a - 1]))
    if not words or _is_other_name(tokens[cut:b], words, titled):
        return None
    after_of = a > before and bool(tokens[a - 1].tags & (Tag.PREPOSITION | Tag.AND))
    if len(words) > 2 and (after_of or cut > a) and not words[0].tags & Tag.FIRST_NAME:
        cut = _first_name_from(tokens, cut, b, after_of and not holds_role(tokens, a, cut))
        words = [token for token in tokens[cut:b] if token.cap]
    if len(words) == 1:
        titled = cut > before and _is_role(tokens[cut - 1])
        return (cut, b, False) if _is_surname(words[0], titled, known) else None
    place = after_of and cut == a and not titled and not words[0].tags & Tag.FIRST_NAME
    return None if place or len(words) > MAX_NAME_TOKENS else (cut, b, True)


def _past_role(tokens: list[Token], a: int, b: int) -> int:
    """Where a name may begin in a run, past the role, body or country before it."""
    cut = a
    for k in range(a, b):
        if _comes_before_name(tokens, k, a, b):
            cut = k + 1
    while cut < b and not tokens[cut].cap:
        cut += 1
    opens = a == 0 or tokens[a - 1].kind != WORD
    many = sum(token.cap for token in tokens[cut:b]) > 2
    if many and cut == a and opens and not tokens[a].tags and tokens[a + 1].tags & Tag.FIRST_NAME:
        return a + 1  # "Läkaren Gunilla Ström"
    return cut


def _is_other_name(run: list[Token], words: list[Token], titled: bool) -> bool:
    """Whether capitals name a body, a place or an event: "Leeds Council", "Fan Expo"."""
    named = bool(words[0].tags & Tag.FIRST_NAME)
    bodily = any(t.tags & Tag.BODY and not t.tags & Tag.FIRST_NAME for t in run)
    if bodily and not (named and len(words) == 2):
        return True
    if run[-1].tags & Tag.NOT_PERSON and not (titled or named):
        return True
    acronym = len(words) > 1 and is_acronym(run[-1]) and not all(is_acronym(t) for t in run)
    return acronym or any(token.text in "/&" for token in run)  # "Indiana GOP", "Lee & Sons"


def _is_surname(token: Token, titled: bool, known: Set[str]) -> bool:
    """Whether one capital is a person's: known from the article, or after a title."""
    if token.low in known:
        return titled or not is_acronym(token)
    return titled and not token.tags & (Tag.PLACE | Tag.ROLE)


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

"""The role and body printed with a name: "NCA spokesman", "chair of the board", "is the mayor of".

In: tokens around a name. Out: an `Office` with the words of the role, and of the body if the role
is printed as one of that body. A country or town is no body.
"""

from dataclasses import dataclass

from quotes.extraction.bodies import body_at, is_part_of_body
from quotes.extraction.languages import Tag
from quotes.extraction.names import is_acronym
from quotes.extraction.phrases import closing_before
from quotes.extraction.words import MARK, QUOTE, WORD, Token

ROLE = Tag.ROLE | Tag.TITLE_ROLE
ROLES = ROLE | Tag.UNNAMED
DETERMINERS = Tag.DETERMINER | Tag.POSSESSIVE

JOB_TITLE_TOKENS = 6  # from a role word to the "of" before its body
PLAIN_BODY_TOKENS = 4  # of "the local fire service"

TITLE, BEFORE, AFTER = 0, 2, 3  # how well each place tells a role


@dataclass(slots=True)
class Office:
    start: int  # code points of the text
    end: int
    body: tuple[int, int] | None
    weight: float
    modifier: Token | None = None  # "an agency spokesperson": a body by its noun


def office_in(tokens: list[Token], start: int, end: int, weight: float) -> Office | None:
    """Read the words between two positions as a role."""
    while start < end and _is_opening(tokens[start]):
        start += 1
    if end - start > 3 and tokens[end - 1].text == ")":
        end = max(closing_before(tokens, end - 1, start), start + 1)
    heads = _role_heads(tokens, start, end)
    if not heads:
        return None
    start, possessor = _without_possessor(tokens, start, heads[0])
    body, modifier, begin = possessor, None, start
    for head in heads:
        begin = max((k + 1 for k in range(begin, head) if tokens[k].tags & Tag.AND), default=begin)
        while begin < head and _is_opening(tokens[begin]):
            begin += 1
        body = body or _body_after(tokens, head, end) or _body_before(tokens, begin, head)
        before = tokens[head - 1]
        if modifier is None and head > start and before.tags & Tag.GENERIC_BODY and not before.cap:
            modifier = before
        begin = head + 1
    words = end - start
    honorific = tokens[start].tags & (Tag.HONORIFIC_HE | Tag.HONORIFIC_SHE)
    if words == 1 and honorific and not tokens[start].tags & Tag.ROLE:
        return None  # "Lord", "Sir"
    bare = (
        words == 1 and bool(tokens[start].tags & (Tag.TITLE_ROLE | Tag.TITLE)) and tokens[start].cap
    )
    score = TITLE + 0.5 if bare else weight + (0.6 if body else 0) + (0.3 if words > 1 else 0)
    return Office(tokens[start].start, tokens[end - 1].end, body, score, modifier)


def _is_opening(token: Token) -> bool:
    return bool(token.tags & DETERMINERS or token.kind == MARK) and not is_named(token)


def is_named(token: Token) -> bool:
    return token.cap and not token.tags & Tag.NEVER


def _role_heads(tokens: list[Token], start: int, end: int) -> list[int]:
    """The role words that end each job of a list: "co-author of the report and a researcher"."""
    heads: list[int] = []
    open_head = None
    for k in range(start, end):
        token = tokens[k]
        if token.tags & ROLES and not (token.cap and is_part_of_body(tokens, k, end)):
            open_head = k
        elif open_head is not None and (
            token.tags & (Tag.PREPOSITION | Tag.AND) or token.text == ","
        ):
            heads.append(open_head)
            open_head = None
    if open_head is not None:
        heads.append(open_head)
    return heads


def _without_possessor(
    tokens: list[Token], start: int, head: int
) -> tuple[int, tuple[int, int] | None]:
    """Drop "the agency’s" from the role; a possessor that is a body is the speaker's body."""
    for k in range(head - 1, start, -1):
        if tokens[k].low == "'s":
            owner = tokens[k - 1]
            if not owner.cap:
                return k + 1, None
            words = tokens[start:k]
            place = all(t.tags & (Tag.PLACE | Tag.PLACE_LEAD) for t in words)
            bodily = len(words) > 1 or is_acronym(owner) or owner.tags & Tag.BODY
            named = bodily and not place and not words[0].tags & Tag.FIRST_NAME
            return k + 1, (tokens[start].start, owner.end) if named else None
    return start, None


def _body_after(tokens: list[Token], head: int, end: int) -> tuple[int, int] | None:
    """The body after a role: "head of the CCC", "chief of one of the chapters of the Council"."""
    place_role = bool(tokens[head].tags & Tag.PLACE_ROLE)
    first = next((k for k in range(head + 1, end) if tokens[k].tags & Tag.INNER_PREPOSITION), end)
    if first > head + JOB_TITLE_TOKENS:
        return None
    for k in range(first, end - 1):
        if not tokens[k].tags & Tag.INNER_PREPOSITION or tokens[k].tags & Tag.TOPIC:
            continue
        after = k + 1
        while after < end and tokens[after].tags & DETERMINERS:
            after += 1
        body = _body_from(tokens, after, end, place_role) if after < end else None
        if body is not None:
            return tokens[after].start, tokens[body - 1].end
    return None


def _body_from(tokens: list[Token], start: int, end: int, place_role: bool) -> int | None:
    """Where the body that begins at a position ends, in capitals or as a plain noun."""
    if tokens[start].cap:
        body = body_at(tokens, start, end)
        if not body or (body < end and _names_no_body(tokens[body])):
            return None
        body = _with_body_noun(tokens, body, end)
        return None if _is_place(tokens, start, body, place_role) else body
    for k in range(start, min(end, start + PLAIN_BODY_TOKENS)):
        if tokens[k].kind != WORD or tokens[k].tags & Tag.PREPOSITION:
            return None
        if tokens[k].tags & Tag.BODY_NOUN and tokens[k].low != "team":
            return k + 1
    return None


def _with_body_noun(tokens: list[Token], body: int, end: int) -> int:
    """Where a name ends that goes on in lower case: "Staffordshire police"."""
    for k in range(body, min(end, body + 3)):
        if tokens[k].tags & Tag.BODY_NOUN and not tokens[k].cap:
            return k + 1
        if tokens[k].tags or tokens[k].kind != WORD:
            break
    return body


def _names_no_body(token: Token) -> bool:
    """Whether a noun after capitals shows that they are no body: "the Iodine study"."""
    return (
        token.kind == WORD and not token.cap and bool(token.tags & (Tag.DOCUMENT | Tag.NOT_PERSON))
    )


def _is_place(tokens: list[Token], start: int, end: int, place_role: bool) -> bool:
    """Whether what follows a role is a place: "mayor of Leeds", "president of France"."""
    capitals = [token for token in tokens[start:end] if token.cap]
    if all(token.tags & (Tag.PORTFOLIO | Tag.PARTY) for token in capitals):
        return True  # "Secretary of State", "Director of Digital Services"
    if any(tokens[k].tags & Tag.BODY for k in range(start, end)):
        return False
    if all(
        tokens[k].tags & (Tag.PLACE | Tag.PLACE_LEAD) or not tokens[k].cap
        for k in range(start, end)
    ):
        return True
    return place_role and not is_acronym(tokens[start]) and end - start < 3


def _body_before(tokens: list[Token], start: int, head: int) -> tuple[int, int] | None:
    """The body that a role word follows: "CPP spokesman", "fire service spokesman"."""
    k = start
    while (
        k < head
        and tokens[k].kind == WORD
        and (tokens[k].tags & Tag.MODIFIER and not tokens[k].cap)
    ):
        k += 1
    if k >= head:
        return None
    if tokens[k].cap and not _only_opens_sentence(tokens, k):
        stop = body_at(tokens, k, head)
        if stop is None:
            return None
        while (
            stop > k
            and tokens[stop - 1].tags & (ROLE | Tag.MODIFIER)
            and not tokens[stop - 1].tags & Tag.BODY
        ):
            stop -= 1
        if stop - k == 1 and tokens[k].tags & Tag.GENERIC_BODY:
            return None
        longer = _with_body_noun(tokens, stop, head)
        if longer > stop:
            return tokens[k].start, tokens[longer - 1].end  # "Clinton campaign"
        bodily = [i for i in range(k, stop) if tokens[i].tags & Tag.BODY]
        if bodily:
            stop = stop if stop - bodily[-1] < 3 else bodily[-1] + 1
            while stop - 1 > bodily[-1] and tokens[stop - 1].tags & (Tag.MODIFIER | Tag.PORTFOLIO):
                stop -= 1  # "Senate Minority Leader"
            return tokens[k].start, tokens[stop - 1].end
        while (
            k < stop
            and tokens[k].tags & (Tag.PLACE | Tag.PLACE_LEAD)
            and not (stop - k > 1 and tokens[k].tags & Tag.PLACE_LEAD)
        ):
            k += 1
        if k < stop and is_acronym(tokens[k]):
            return tokens[k].start, tokens[k].end
        if (
            k < stop
            and not tokens[head].tags & Tag.PLACE_ROLE
            and not any(t.tags & (Tag.PARTY) for t in tokens[k:stop])
        ):
            return tokens[k].start, tokens[stop - 1].end
        return None
    for i in range(head - 1, k - 1, -1):
        if tokens[i].tags & Tag.BODY_NOUN and not tokens[i].tags & Tag.GENERIC_BODY and i > k:
            return tokens[k].start, tokens[i].end
    return None


def _only_opens_sentence(tokens: list[Token], k: int) -> bool:
    """Whether a word may owe its capital to its place: "Fashion designer Ann Lee"."""
    token = tokens[k]
    opens = k == 0 or tokens[k - 1].kind == MARK or tokens[k - 1].kind == QUOTE
    following = k + 1 < len(tokens) and tokens[k + 1].cap
    return opens and not following and not is_acronym(token) and not token.tags & Tag.BODY

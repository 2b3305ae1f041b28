"""Where the roles of a named person stand: before the name, after it, or after "is".

In: the tokens of a sentence and where a name stands. Out: stretches of tokens that name a job. The
next person of a list ("Ann Lee, Mayor Bo Day and …") is no apposition.
"""

from quotes.extraction.languages import Tag
from quotes.extraction.names import person_in, runs
from quotes.extraction.offices import DETERMINERS, ROLE, is_named
from quotes.extraction.phrases import closing_before, is_adverb
from quotes.extraction.words import MARK, NUMBER, QUOTE, WORD, Token

MAX_OFFICE_TOKENS = 22  # an apposition runs on, a job title does not
DANGLING = Tag.PREPOSITION | Tag.AND | Tag.DETERMINER  # no role ends with these


def role_before(tokens: list[Token], name: int, low: int) -> tuple[int, int] | None:
    """Where the role before a name stands: "singer, actor and campaigner Doris Day"."""
    k = name
    floor = max(low, name - MAX_OFFICE_TOKENS)
    while k - 1 > floor and _is_mere_title(tokens, k - 1):
        k -= 1
    if (
        k - 2 > floor
        and k < name
        and tokens[k - 1].tags & Tag.DEFINITE
        and tokens[k - 2].text == ","
    ):
        k -= 1  # "the Minister, the Hon Ann Lee"
    after_comma = k - 2 > floor and tokens[k - 2].text == "," and tokens[k - 3].tags & ROLE
    if after_comma and tokens[k - 1].tags & Tag.TITLE_ROLE:
        k -= 1  # "her counterpart, Cllr Joe Attwood"
    comma = k > floor and tokens[k - 1].text == ","
    if comma:
        k -= 1
    stop = k
    while k > floor:
        if tokens[k - 1].text == ")":
            opened = closing_before(tokens, k - 1, floor)
            if opened == k - 1:
                break
            k = opened
        elif _in_role(tokens, k - 1):
            k -= 1
        else:
            break
    while k < stop and tokens[k].tags & (Tag.PREPOSITION | Tag.AND) and not tokens[k].cap:
        k += 1
    if k >= stop or not any(t.tags & ROLE for t in tokens[k:stop]):
        return None
    return _with_listed_roles(tokens, k, floor), stop


def _is_mere_title(tokens: list[Token], k: int) -> bool:
    """Whether a title says no job, or stands after one: "Dr", "Centre Director Professor"."""
    if not tokens[k].tags & Tag.TITLE:
        return False
    return not tokens[k].tags & Tag.TITLE_ROLE or bool(tokens[k - 1].tags & ROLE)


def _with_listed_roles(tokens: list[Token], k: int, floor: int) -> int:
    """Take in "singer, actor, and" before the last role of a list."""
    while (k - 2 >= floor and tokens[k - 1].text == ",") or (
        k - 2 >= floor and tokens[k - 1].tags & Tag.AND
    ):
        i = k - 1
        while i > floor and (tokens[i - 1].text == "," or tokens[i - 1].tags & Tag.AND):
            i -= 1
        if i <= floor or not tokens[i - 1].tags & ROLE or tokens[i - 1].kind != WORD:
            break
        i -= 1
        while (
            i > floor
            and tokens[i - 1].kind == WORD
            and (tokens[i - 1].tags & (ROLE | Tag.MODIFIER) or is_named(tokens[i - 1]))
        ):
            i -= 1
        if i >= k:
            break
        k = i
    return k


def _in_role(tokens: list[Token], k: int) -> bool:
    token = tokens[k]
    if token.kind == QUOTE:
        return False
    if token.kind == MARK:
        return token.low == "'s" or (token.text in "-–&/" and k > 0 and tokens[k - 1].cap)
    if token.kind == NUMBER:
        return False
    tags = token.tags
    if tags & ROLE or is_named(token):
        return True
    if tags & Tag.POSSESSIVE:
        return False  # "his daughter"
    if tags & DETERMINERS:
        genitive = bool(tags & Tag.INNER_PREPOSITION)  # "Leiter des Museums"
        return k > 0 and (genitive or bool(tokens[k - 1].tags & Tag.PREPOSITION))
    if (
        token.cap
        or tags & (Tag.AUX | Tag.RELATIVE | Tag.PRONOUN | Tag.TIME)
        or (tags & Tag.CONJUNCTION and not tags & Tag.AND)
    ):
        return False
    if tags & Tag.CUE:
        return False
    if tags & Tag.AND:
        in_body = tokens[k - 1].cap and any(t.tags & Tag.BODY for t in tokens[max(0, k - 4) : k])
        return k > 0 and (in_body or bool(tokens[k - 1].tags & (ROLE | Tag.MODIFIER)))
    if tags & Tag.VERB:
        return False
    if k + 1 < len(tokens) and tokens[k + 1].cap and not tags & Tag.PREPOSITION:
        return bool(tags & Tag.MODIFIER) or token.low.endswith(("ist", "ian", "al", "based"))
    if tags & Tag.PREPOSITION:
        return (
            bool(tags & Tag.INNER_PREPOSITION)
            and k > 0
            and (tokens[k - 1].tags & (ROLE | Tag.BODY | Tag.MODIFIER) or tokens[k - 1].cap)
            and tokens[k - 1].kind == WORD
        )
    return not is_adverb(token)


def role_after(tokens: list[Token], name: int, high: int) -> list[tuple[int, int]]:
    """Where the roles after a name stand: ", 45, the chair of the board and editor of X,"."""
    k = name
    found: list[tuple[int, int]] = []
    limit = min(high, name + 60)
    while k < limit:
        opening = tokens[k]
        if opening.tags & Tag.SUFFIX or opening.kind == NUMBER:
            k += 1
            continue
        if opening.text == "(":
            closing = next((i for i in range(k, min(limit, k + 8)) if tokens[i].text == ")"), k)
            if closing > k and not any(t.tags & ROLE for t in tokens[k:closing]):
                k = closing + 1  # "(Con, Marlow)"
                continue
        if opening.text not in (",", "(", "–", "—", "-") or k + 1 >= limit:
            break
        k += 1
        if k < limit and (
            tokens[k].kind == NUMBER or tokens[k].tags & Tag.SUFFIX or _is_age(tokens[k])
        ):
            k += 1
            continue
        if k < limit and tokens[k].tags & Tag.RELATIVE:
            if tokens[k].tags & Tag.POSSESSIVE:
                break  # "whose son"
            k += 1
            while k < limit and (tokens[k].tags & Tag.AUX or is_adverb(tokens[k])):
                k += 1
            if k + 1 < limit and tokens[k].low == "served" and tokens[k + 1].low == "as":
                k += 2
        listed = k < limit and bool(tokens[k].tags & Tag.AND)
        while k < limit and tokens[k].tags & Tag.AND:
            k += 1
        if listed and k < limit and tokens[k].tags & Tag.POSSESSIVE:
            break  # "and his wife"
        stop = _office_end(tokens, k, limit)
        while stop > k and tokens[stop - 1].tags & DANGLING and not tokens[stop - 1].cap:
            stop -= 1
        if stop > k and _opens_role(tokens, k, stop) and not _names_another(tokens, k, stop):
            found.append((k, stop))
        elif found or stop == k:
            break
        k = stop
        if len(found) > 2:
            break
    return found


def _names_another(tokens: list[Token], start: int, stop: int) -> bool:
    """Whether a stretch is the next of a list: "Ann Lee, mayor Bo Day and …"."""
    role = False
    for a, b in runs(tokens, start, stop):
        k = a
        while k > start and tokens[k - 1].tags & DETERMINERS:
            k -= 1
        before = tokens[k - 1] if k > start else None
        role = role or any(t.tags & ROLE for t in tokens[start:a])
        person = person_in(tokens, a, b, start)
        after_role = role or any(t.tags & ROLE for t in tokens[a:b])
        joined = before is not None and before.tags & Tag.PREPOSITION
        named = person is not None and person[2]
        if named and joined and not tokens[person[0]].tags & Tag.FIRST_NAME:
            named = False  # "of the National Iodine Nutrition study"
        if named and after_role and not (joined and person[0] == a):
            return True
    return False


def _is_age(token: Token) -> bool:
    return token.kind == WORD and token.low in ("aged",)


def _office_end(tokens: list[Token], k: int, limit: int) -> int:
    stop = k
    while stop < limit and stop < k + MAX_OFFICE_TOKENS:
        token = tokens[stop]
        if token.kind == QUOTE or (
            token.kind == MARK and token.low != "'s" and token.text not in "-&/("
        ):
            break
        if token.text == "(":
            closing = next(
                (i for i in range(stop, min(limit, stop + 6)) if tokens[i].text == ")"), None
            )
            if closing is None:
                break
            stop = closing + 1
            continue
        if token.tags & (Tag.AUX | Tag.RELATIVE) and not token.tags & Tag.ROLE:
            break
        if token.tags & Tag.CUE and not token.tags & (Tag.NOUN_TOO | Tag.ROLE):
            break
        stop += 1
    return stop


def _opens_role(tokens: list[Token], start: int, stop: int) -> bool:
    """Whether an apposition names a job: a role word stands before its first preposition."""
    for k in range(start, min(stop, start + 9)):
        tags = tokens[k].tags
        if tags & ROLE and not (tags & Tag.CUE and k == start):
            return True
        opens = tags & (Tag.PREPOSITION | Tag.ADVERB | Tag.VERB)
        if k == start and (opens or (not tags and tokens[k].low.endswith(("ing", "ed")))):
            return False
        if tags & Tag.PREPOSITION and not any(t.cap for t in tokens[start:k]):
            return False
    return False


def role_is(tokens: list[Token], name: int, high: int) -> tuple[int, int] | None:
    """Where the role stands in "Ann Lee is the director of X"."""
    k = name
    if k < high and tokens[k].tags & Tag.BE and tokens[k].low in ("is", "was"):
        k += 1
        while k < high and is_adverb(tokens[k]):
            k += 1
        if k < high and tokens[k].tags & (Tag.DETERMINER | ROLE | Tag.MODIFIER):
            stop = _office_end(tokens, k, high)
            if _opens_role(tokens, k, stop):
                return k, stop
    return None

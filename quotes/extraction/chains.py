"""The reporting chain of a quote: told to an outlet, cited by one, in a statement, a post, a book.

In: the sentence with the cue. Out: steps of `kind` and `name`, as filing takes them.
"""

from quotes.extraction.attribution import Attribution
from quotes.extraction.bodies import body_at
from quotes.extraction.languages import Tag
from quotes.extraction.names import is_acronym, person_in
from quotes.extraction.words import QUOTE, WORD, Token

BEFORE, AFTER = 30, 10  # tokens around a cue that may tell the way of the words
PHRASE = 4  # tokens of "in a short written statement"

TOLD, CITED, DOCUMENT, STATEMENT, POST = "told", "cited", "document", "statement", "post"


def chain(text: str, attribution: Attribution, known: set[str]) -> list[dict[str, str]]:
    """The steps that the sentence of a cue tells; `known` are surnames of the article."""
    cue, tokens = attribution.cue, attribution.tokens
    if cue is None or tokens is None:
        return []
    near = [*_after(tokens, cue.end), *_before(tokens, cue.start)]
    told = _hearer(text, tokens, cue.start, cue.end) or _interviewer(text, tokens, near)
    if told is not None and told.split()[-1].lower() in known:
        told = None  # "told Denham"
    steps = [{"kind": TOLD, "name": told}] if told else []
    own = _own_words(text, tokens, cue.start, near)
    cited = _citing(text, tokens, cue.start, cue.end)
    return steps + own + ([{"kind": CITED, "name": cited}] if cited else [])


def _after(tokens: list[Token], end: int) -> list[int]:
    """Positions after a cue, up to the next passage."""
    found = []
    for k in range(end, min(len(tokens), end + AFTER)):
        if tokens[k].kind == QUOTE:
            break
        found.append(k)
    return found


def _before(tokens: list[Token], start: int) -> list[int]:
    """Positions before a cue, back to the last passage."""
    found = []
    for k in range(start - 1, max(-1, start - 1 - BEFORE), -1):
        if tokens[k].kind == QUOTE:
            break
        found.append(k)
    return found


def _hearer(text: str, tokens: list[Token], start: int, end: int) -> str | None:
    """The outlet in "told the BBC" or "described it to the BBC"."""
    if tokens[start].tags & Tag.TELLS:
        return _outlet(text, tokens, end, any_name=True)
    for k in _after(tokens, end):
        if tokens[k].tags & Tag.HEARER_MARK and not tokens[k].cap:
            return _outlet(text, tokens, k + 1, any_name=False)
    return None


def _interviewer(text: str, tokens: list[Token], near: list[int]) -> str | None:
    """The outlet in "speaking to the BBC" or "in an interview with the Echo"."""
    for k in near:
        if not tokens[k].tags & Tag.INTERVIEW:
            continue
        for i in range(k + 1, min(len(tokens), k + 3)):
            if tokens[i].tags & (Tag.HEARER_MARK | Tag.AGENT):
                return _outlet(text, tokens, i + 1, any_name=True)
    return None


def _outlet(text: str, tokens: list[Token], k: int, any_name: bool) -> str | None:
    """The name at a position, unless it is a person's or a place's."""
    start = k
    described = Tag.DETERMINER | Tag.DOCUMENT | Tag.BODY_NOUN | Tag.NAMING
    while k < len(tokens) and tokens[k].tags & described and not _is_named(tokens[k]):
        k += 1
    if k >= len(tokens) or k > start + 3 or not tokens[k].cap or tokens[k].tags & Tag.NEVER:
        return None
    stop = body_at(tokens, k, len(tokens))
    if stop is None or all(token.tags & Tag.PLACE for token in tokens[k:stop]):
        return None
    person = person_in(tokens, k, stop, k)
    named = person is not None and tokens[person[0]].tags & (Tag.FIRST_NAME | Tag.TITLE)
    if named and start == k and not is_acronym(tokens[k]):
        return None
    bodily = is_acronym(tokens[k]) or any(token.tags & Tag.BODY for token in tokens[k:stop])
    return text[tokens[k].start : tokens[stop - 1].end] if any_name or bodily else None


def _is_named(token: Token) -> bool:
    return token.cap and not token.tags & Tag.DETERMINER


def _own_words(text: str, tokens: list[Token], cue: int, near: list[int]) -> list[dict[str, str]]:
    """ "in a statement", "on Twitter", "in her memoir" beside a cue."""
    for k in near:
        token = tokens[k]
        before = tokens[k - 1].tags if k else 0
        if token.tags & Tag.POST_PLACE and before & Tag.PREPOSITION and not _goes_on(tokens, k):
            return [{"kind": POST, "name": token.text}]
        if token.tags & (Tag.STATEMENT | Tag.DOCUMENT) and not _goes_on(tokens, k):
            opening = _opening(tokens, k)
            if opening is not None:
                kind = STATEMENT if token.tags & Tag.STATEMENT else DOCUMENT
                return [{"kind": kind, "name": text[tokens[opening].start : token.end]}]
    return []


def _goes_on(tokens: list[Token], k: int) -> bool:
    """Whether a noun follows, so that the word only describes it: "Facebook users"."""
    after = tokens[k + 1] if k + 1 < len(tokens) else None
    return after is not None and after.kind == WORD and not after.cap and not after.tags


def _opening(tokens: list[Token], k: int) -> int | None:
    """Where the words of "in a written statement" begin, past "in" and the article."""
    for i in range(k - 1, max(-1, k - 1 - PHRASE), -1):
        if tokens[i].tags & Tag.WITHIN:
            begin = i + 1
            while begin < k and tokens[begin].tags & (Tag.DETERMINER | Tag.POSSESSIVE):
                begin += 1
            return begin
        if tokens[i].kind != WORD and not tokens[i].text.isdigit():
            return None
    return None


def _citing(text: str, tokens: list[Token], start: int, end: int) -> str | None:
    """The outlet in "was quoted as saying by the Echo"."""
    if not any(tokens[k].tags & Tag.QUOTED for k in range(max(0, start - 3), start)):
        return None
    for k in _after(tokens, end):
        if tokens[k].tags & (Tag.AGENT | Tag.WITHIN):
            return _outlet(text, tokens, k + 1, any_name=True)
    return None

"""Words and sentences of a text, each outer passage in quote marks one opaque word.

In: a text, its passages and a lexicon. Out: sentences of tokens with offsets and classes. Linear.
"""

import re
from dataclasses import dataclass, field

from quotes.extraction.languages import Lexicon, Tag
from quotes.extraction.marks import Passage

TOKEN = re.compile(
    r"(?:[^\W\d_]\.){2,}"  # U.S.
    r"|[^\W\d_]['’](?=[^\W\d_]{2})(?=[A-Za-zÀ-ÿ])(?<=[dlnjmtscDLNJMTSC]['’])"  # l'homme, d’un
    r"|[^\W\d_]\.(?=\s)"  # J.
    r"|[^\W_]+(?:(?:['’](?![sS]\b)|[-‑.](?=[^\W_]))[^\W_]+)*"
    r"|['’][sS]\b|['’](?=\s)|\S"
)
ELIDED = re.compile(r"[^\W\d_]['’]$")
WORD, NUMBER, MARK, QUOTE = "w", "n", "p", "q"
ENDS = frozenset(".?!…。")
PARAGRAPH = re.compile(r"[^\n]+")
MAX_SENTENCE_TOKENS = 400  # a longer one is cut: no attribution reaches that far


class Token:
    __slots__ = ("cap", "end", "kind", "low", "passage", "start", "tags", "text")

    def __init__(self, text: str, low: str, start: int, end: int, kind: str, tags: int):
        self.text, self.low, self.start, self.end = text, low, start, end
        self.kind, self.tags = kind, tags
        self.cap = kind == WORD and text[0].isupper()
        self.passage: Passage | None = None

    def __repr__(self) -> str:
        return f"<{self.text}>"


@dataclass(slots=True, eq=False)
class Sentence:
    tokens: list[Token]
    paragraph: int
    first: bool  # of its paragraph
    index: int = 0
    last: bool = False
    quotes: list[int] = field(default_factory=list)  # positions of the passages among the tokens


def tokens_of(text: str, start: int, end: int, lexicon: Lexicon) -> list[Token]:
    tags, endings, made = lexicon.tags, lexicon.role_endings, []
    for match in TOKEN.finditer(text, start, end):
        word = match[0]
        first = word[0]
        if first.isalpha():
            low = word.lower().replace("’", "'")
            classes = tags.get(low, 0)
            if not classes and low[-1] == ".":
                classes = tags.get(low[:-1], 0) or tags.get(low.replace(".", ""), 0)
            if not classes and low.endswith(endings) and len(low) > 5 and first.islower():
                classes = Tag.ROLE  # "ferryman", "volcanologist"
            made.append(Token(word, low, match.start(), match.end(), WORD, classes))
        elif (first in "'’" and len(word) == 2) or first in "'’":
            made.append(Token(word, "'s", match.start(), match.end(), MARK, 0))
        elif first.isdigit():
            made.append(Token(word, word.lower(), match.start(), match.end(), NUMBER, 0))
        else:
            made.append(Token(word, word, match.start(), match.end(), MARK, 0))
    return made


def sentences(text: str, found: list[Passage], lexicon: Lexicon) -> list[Sentence]:
    """Split a text into sentences; `found` are the outer passages in order."""
    result: list[Sentence] = []
    at = 0
    for number, paragraph in enumerate(PARAGRAPH.finditer(text)):
        start, end = paragraph.span()
        tokens: list[Token] = []
        here = start
        while at < len(found) and found[at].open < end:
            passage = found[at]
            at += 1
            if passage.open < here:
                continue
            tokens += tokens_of(text, here, passage.open, lexicon)
            token = Token("", "", passage.open, passage.close, QUOTE, 0)
            token.passage = passage
            tokens.append(token)
            here = passage.close
        tokens += tokens_of(text, here, end, lexicon)
        _split(text, tokens, number, lexicon, result)
    for index, sentence in enumerate(result):
        sentence.index = index
    return result


def _split(
    text: str, tokens: list[Token], paragraph: int, lexicon: Lexicon, result: list[Sentence]
) -> None:
    begin, first = 0, True
    for k in range(len(tokens)):
        long = k + 1 - begin >= MAX_SENTENCE_TOKENS
        if k + 1 == len(tokens) or long or _ends(text, tokens, k, lexicon):
            piece = tokens[begin : k + 1]
            quotes = [i for i, token in enumerate(piece) if token.kind == QUOTE]
            result.append(Sentence(piece, paragraph, first, quotes=quotes))
            begin, first = k + 1, False
    if tokens:
        result[-1].last = True


def _ends(text: str, tokens: list[Token], k: int, lexicon: Lexicon) -> bool:
    token, after = tokens[k], tokens[k + 1]
    if token.kind == QUOTE:
        return _quote_ends(text, tokens, k)
    if token.text not in ENDS:
        return token.text.endswith(".") and _initials_end(tokens, k)
    if after.start == token.end and after.kind != QUOTE:
        return False
    if after.kind == QUOTE:
        return True
    if not (after.cap or after.kind == NUMBER or after.text in "([–—-•*"):
        return False
    before = tokens[k - 1] if k else None
    return not (
        token.text == "."
        and before is not None
        and before.end == token.start
        and (
            before.low in lexicon.abbreviations or (before.kind == NUMBER and lexicon.capital_nouns)
        )
    )


def _initials_end(tokens: list[Token], k: int) -> bool:
    """Whether "U.S." also ends its sentence: only before a word that opens one."""
    after = tokens[k + 1]
    opens = Tag.DETERMINER | Tag.PRONOUN | Tag.CONJUNCTION | Tag.POSSESSIVE
    return len(tokens[k].text) > 2 and after.cap and bool(after.tags & opens)


def _quote_ends(text: str, tokens: list[Token], k: int) -> bool:
    """Whether a passage ends its sentence: it has its own full stop and a new one begins."""
    passage, after = tokens[k].passage, tokens[k + 1]
    if passage.unclosed and passage.close < after.start:
        return True
    last = text[passage.end - 1]
    if last not in ENDS or passage.end - passage.start < 2:
        return False
    if after.kind == QUOTE:
        return True
    return after.cap or after.kind == NUMBER

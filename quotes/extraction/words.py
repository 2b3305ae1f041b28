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
WORD, NUMBER, MARK, QUOTE = "w", "n", "p", "q"
PRONOUNS = Tag.HE | Tag.SHE | Tag.THEY | Tag.IT | Tag.FIRST_PERSON | Tag.OTHER_PRONOUN
ENDS = frozenset(".?!…。")
PARAGRAPH = re.compile(r"[^\n]+")
MAX_SPEAKER_TOKENS = 8  # of a name with its title between a passage and its verb
TITLE_CASE = 0.75  # of the words of a headline are capitals or short
MAX_SENTENCE_TOKENS = 400  # a longer one is cut: no attribution reaches that far


class Token:
    __slots__ = ("cap", "end", "kind", "low", "passage", "start", "tags", "text")

    def __init__(self, text: str, low: str, start: int, end: int, kind: str, tags: int):
        self.text, self.low, self.start, self.end = text, low, start, end
        self.kind, self.tags = kind, tags
        self.cap = kind == WORD and (text[0].isupper() or _is_prefixed_name(text))
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
    headline: bool = False  # in title case, without a full stop
    quotes: list[int] = field(default_factory=list)  # positions of the passages among the tokens


def _contracted(word: str, start: int, tags: dict[str, int]) -> list[Token]:
    """Part a pronoun from its verb: "I'm", "they've"."""
    joint = max(word.find("'"), word.find("’"))
    pronoun, verb = word[:joint], word[joint:]
    middle, low = start + joint, pronoun.lower()
    return [
        Token(pronoun, low, start, middle, WORD, tags.get(low, 0)),
        Token(verb, verb.lower(), middle, start + len(word), WORD, Tag.AUX | Tag.BE),
    ]


def _without_clitics(tokens: list[Token], lexicon: Lexicon) -> list[Token]:
    """Part a verb from the pronoun tied to it: "dit-il", "a-t-elle"."""
    result: list[Token] = []
    for token in tokens:
        verb, joint, pronoun = token.low.rpartition("-")
        if not (joint and pronoun in lexicon.clitics and token.kind == WORD):
            result.append(token)
            continue
        verb = verb.removesuffix("-t")
        middle = token.start + len(verb)
        tags = lexicon.tags
        result.append(Token(verb, verb, token.start, middle, WORD, tags.get(verb, 0)))
        begin = token.end - len(pronoun)
        result.append(Token(pronoun, pronoun, begin, token.end, WORD, tags.get(pronoun, 0)))
    return result


def _is_prefixed_name(text: str) -> bool:
    """Whether a word is a name with a lower-case article: al-Amr, el-Sisi, d'Arc."""
    joint = max(text.find("-"), text.find("’"), text.find("'"))
    return 0 < joint <= 3 and text[joint + 1 : joint + 2].isupper()


def _is_abbreviated(made: list[Token], at: int, lexicon: Lexicon) -> bool:
    """Whether a full stop belongs to the word before: "Mr.", "Gov."."""
    return (
        bool(made) and made[-1].end == at and made[-1].cap and made[-1].low in lexicon.abbreviations
    )


def _read_neighbours(tokens: list[Token], lexicon: Lexicon) -> None:
    """Class words by those after: "Morning" in "Morning Herald", "cosplayer" before a name."""
    for k in range(len(tokens) - 1):
        token, after = tokens[k], tokens[k + 1]
        if after.text == "," and k + 2 < len(tokens):
            after = tokens[k + 2]  # "a waitress, Chloe Danvers"
        if not after.cap:
            continue
        if token.cap and token.tags & Tag.TIME and after.tags & Tag.BODY:
            token.tags = Tag.BODY
        unknown = token.kind == WORD and not token.tags
        unknown = unknown and (not token.cap or lexicon.capital_nouns)
        if unknown and after.tags & Tag.FIRST_NAME and token.low.endswith(lexicon.agent_endings):
            token.tags = Tag.ROLE


def tokens_of(text: str, start: int, end: int, lexicon: Lexicon) -> list[Token]:
    tags, endings, made = lexicon.tags, lexicon.role_endings, []
    for match in TOKEN.finditer(text, start, end):
        word = match[0]
        first = word[0]
        if first.isalpha():
            low = word.lower().replace("’", "'")
            classes = tags.get(low, 0)
            if len(low) == 2 and low[1] == ".":
                classes = 0  # an initial
            elif "'" in low and tags.get(low.partition("'")[0], 0) & PRONOUNS:
                made += _contracted(word, match.start(), tags)
                continue
            elif not classes and low[-1] == ".":
                classes = tags.get(low[:-1], 0) or tags.get(low.replace(".", ""), 0)
            plain = first.islower() or lexicon.capital_nouns
            if not classes and "-" in low:
                classes = tags.get(low.rpartition("-")[2], 0) & (Tag.ROLE | Tag.TITLE_ROLE)
            if not classes and plain and len(low) > 5 and low.endswith(endings):
                classes = Tag.ROLE  # "ferryman", "volcanologist"
            made.append(Token(word, low, match.start(), match.end(), WORD, classes))
        elif first in "'’":
            verb = bool(made) and made[-1].tags & PRONOUNS and made[-1].end == match.start()
            verb = verb and len(word) == 2
            kind, classes = (WORD, Tag.AUX | Tag.BE) if verb else (MARK, 0)  # "he's", "Ann's"
            made.append(Token(word, "'s", match.start(), match.end(), kind, classes))
        elif first.isdigit() and word[-1].isalpha() and "-" in word:  # "54-year-old"
            made.append(Token(word, word.lower(), match.start(), match.end(), WORD, Tag.ANIMATE))
        elif first.isdigit():
            made.append(Token(word, word.lower(), match.start(), match.end(), NUMBER, 0))
        elif word == "." and _is_abbreviated(made, match.start(), lexicon):
            made[-1].text, made[-1].end = made[-1].text + ".", match.end()
        else:
            made.append(Token(word, word, match.start(), match.end(), MARK, 0))
    if lexicon.clitics:
        made = _without_clitics(made, lexicon)
    _read_neighbours(made, lexicon)
    return made


def sentences(text: str, found: list[Passage], lexicon: Lexicon) -> list[Sentence]:
    """Split a text into sentences; `found` are the outer passages in order."""
    result: list[Sentence] = []
    at = 0
    for number, paragraph in enumerate(PARAGRAPH.finditer(text)):
        start, end = paragraph.span()
        begin = at
        while at < len(found) and found[at].open < end:
            at += 1
        tokens = _with_passages(text, start, end, found[begin:at], lexicon)
        _split(text, tokens, number, lexicon, result)
    for index, sentence in enumerate(result):
        sentence.index = index
        if sentence.headline:
            _lower_verbs(sentence.tokens)
    if lexicon.capital_nouns:
        _lower_nouns(result)
    return result


def _lower_verbs(tokens: list[Token]) -> None:
    """Take no verb or preposition of a headline in capitals for a part of a name."""
    other = Tag.CUE | Tag.VERB | Tag.AUX | Tag.PREPOSITION | Tag.ADVERB
    for token in tokens:
        if token.tags & other and not token.tags & (Tag.FIRST_NAME | Tag.ROLE):
            token.cap = False


def _lower_nouns(result: list[Sentence]) -> None:
    """Keep as capitals only what may be a name, where every noun has one (German).

    A name begins with a first name, or follows a title, role or another word of the name.
    """
    surnames: set[str] = set()
    for sentence in result:
        before = None
        for token in sentence.tokens:
            if token.cap and not _may_be_name(token, before):
                token.cap = False
            elif token.cap and before is not None and before.cap and not token.tags:
                surnames.add(token.low)
            before = token
    for sentence in result:
        for token in sentence.tokens:
            token.cap = token.cap or (token.low in surnames and token.text[:1].isupper())


def _may_be_name(token: Token, before: Token | None) -> bool:
    nouns = Tag.ROLE | Tag.TITLE_ROLE | Tag.COLLECTIVE | Tag.DOCUMENT | Tag.NEVER | Tag.ANIMATE
    if token.tags & (Tag.FIRST_NAME | Tag.PLACE) or token.text.isupper() or "." in token.text:
        return not token.tags & Tag.NEVER
    if token.tags & nouns or before is None:
        return False
    leads = Tag.ROLE | Tag.TITLE_ROLE | Tag.TITLE | Tag.FIRST_NAME | Tag.PARTICLE
    if before.cap and before.tags & Tag.PLACE and not before.tags & Tag.FIRST_NAME:
        return False
    if before.tags & Tag.DETERMINER:
        return False
    return bool(before.tags & leads) or (before.cap and not before.tags & ~Tag.FIRST_NAME)


def sentences_inside(
    text: str, passage: Passage, found: list[Passage], around: Sentence, lexicon: Lexicon
) -> list[Sentence]:
    """Split the words of a passage into sentences, the passages in it opaque words."""
    tokens = _with_passages(text, passage.start, passage.end, found, lexicon)
    result: list[Sentence] = []
    _split(text, tokens, around.paragraph, lexicon, result)
    for sentence in result:
        sentence.index, sentence.first, sentence.headline = around.index, False, False
    return result


def _with_passages(
    text: str, start: int, end: int, found: list[Passage], lexicon: Lexicon
) -> list[Token]:
    tokens: list[Token] = []
    for passage in found:
        if passage.open < start:
            continue
        tokens += tokens_of(text, start, passage.open, lexicon)
        token = Token("", "", passage.open, passage.close, QUOTE, 0)
        token.passage = passage
        tokens.append(token)
        start = passage.close
    return tokens + tokens_of(text, start, end, lexicon)


def _split(
    text: str, tokens: list[Token], paragraph: int, lexicon: Lexicon, result: list[Sentence]
) -> None:
    begin, first = 0, True
    for k in range(len(tokens)):
        long = k + 1 - begin >= MAX_SENTENCE_TOKENS
        if k + 1 == len(tokens) or long or _ends(text, tokens, k, lexicon):
            piece = tokens[begin : k + 1]
            quotes = [i for i, token in enumerate(piece) if token.kind == QUOTE]
            made = Sentence(piece, paragraph, first, quotes=quotes)
            made.headline = first and k + 1 == len(tokens) and _is_headline(piece)
            result.append(made)
            begin, first = k + 1, False
    if tokens:
        result[-1].last = True


def _is_headline(tokens: list[Token]) -> bool:
    words = [token for token in tokens if token.kind == WORD]
    capitals = sum(token.cap or len(token.text) < 4 for token in words)
    return len(words) > 2 and capitals > TITLE_CASE * len(words) and tokens[-1].text not in ENDS


def _ends(text: str, tokens: list[Token], k: int, lexicon: Lexicon) -> bool:
    token, after = tokens[k], tokens[k + 1]
    if token.kind == QUOTE:
        return _quote_ends(text, tokens, k)
    if token.text not in ENDS:
        return token.text[-1:] == "." and _initials_end(tokens, k)
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
    if _names_speaker(tokens, k + 1, only=last == "."):
        return False
    return after.cap or after.kind == NUMBER


def _names_speaker(tokens: list[Token], k: int, only: bool) -> bool:
    """Whether a passage is followed by no more than its speaker: “Why?” Ann Lee asked."""
    start = k
    while k < len(tokens) and k < start + MAX_SPEAKER_TOKENS:
        token = tokens[k]
        if token.tags & Tag.CUE and k > start and not (token.cap or token.tags & Tag.NOUN_TOO):
            rest = [t.text for t in tokens[k + 1 : k + 12]]
            end = next((i for i, text in enumerate(rest) if text in ENDS), len(rest))
            if any(t.kind == QUOTE for t in tokens[k + 1 : k + 1 + end]):
                return False
            return end <= (3 if only else 10) and "that" not in rest[:2]
        known = Tag.TITLE | Tag.TITLE_ROLE | Tag.ROLE | Tag.DETERMINER | Tag.PARTICLE | Tag.PRONOUN
        if not (token.cap or token.tags & known):
            return False
        k += 1
    return False

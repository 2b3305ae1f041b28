"""Quote marks, paired: the passages of a text that stand in marks.

In: a text and the language's usual pairs. Out: passages in the order of the text, each with its
words (`start`, `end`) and its marks (`open`, `close`). Marks on the wrong side of a space, missing
ones, `''` for `"`, apostrophes and paragraphs opened again are expected. Linear in the text.
"""

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from quotes.extraction.languages import Lexicon, Tag

MARK = re.compile(r"''|’’|‘‘|``|[\"“”„‟«»‹›‘’‚'`]")
PARAGRAPH = re.compile(r"[^\n]+")
DOUBLE, ANGLE, SINGLE = "double", "angle", "single"
FAMILY = {
    **dict.fromkeys(("''", "’’", "‘‘", "``", '"', "“", "”", "„", "‟"), DOUBLE),
    **dict.fromkeys("«»‹›", ANGLE),
    **dict.fromkeys("‘’‚'`", SINGLE),
}
BEFORE_OPENER = frozenset(" \t\n\r\u00a0\u202f\u2009([{-–—/:|*•“„«‘\"'")
AFTER_CLOSER = frozenset(" \t\n\r\u00a0\u202f\u2009.,;:?!)]}-–—/…|*”»’\"'")
SPACE = " \t\r\n\u00a0\u202f\u2009\u200a\u200b"
MAX_SPEAKER_CHARS = 60  # of ", Ann Lee said." after a passage that was never closed
TURN = re.compile(
    r"^[ \t\"“]*(?P<name>[A-Z][A-Z.'’-]+(?: [A-Z][A-Z.'’-]+){0,3}):[ \t]+(?=\S)", re.MULTILINE
)
MAX_TURNS = 200  # that are counted to tell a transcript
MAX_INSERT = 200  # code points of a caption or advertisement between two paragraphs of a quote
DASH = re.compile(r"\s*[–—-]\s*(?=\S)")


@dataclass(slots=True)
class Passage:
    start: int
    end: int
    open: int
    close: int
    unclosed: bool = False
    reopened: bool = False  # it continues the unclosed one before it
    level: int = 0
    dash: bool = False  # dialogue after a dash, without marks
    turn: bool = False  # of a transcript: the name before its colon speaks


@dataclass(slots=True)
class _Mark:
    start: int
    end: int
    role: str  # O opens, C closes, A either
    family: str


def passages(text: str, lexicon: Lexicon) -> list[Passage]:
    """Return the passages in quote marks, outer ones before those inside them."""
    openers, closers = _usual(lexicon)
    found: list[Passage] = []
    unclosed = False
    transcript = _is_transcript(text)
    for paragraph in PARAGRAPH.finditer(text):
        if not paragraph[0].strip():
            continue
        turn = TURN.match(text, *paragraph.span()) if transcript else None
        if turn:
            found += _turn(text, turn, paragraph.end())
            unclosed = False
            continue
        marks = _marks(text, paragraph.start(), paragraph.end(), openers, closers)
        here = _paired(text, marks, paragraph.start(), paragraph.end(), unclosed)
        if not here and lexicon.dash_dialogue:
            here = _dialogue(text, paragraph.start(), paragraph.end(), lexicon)
        if here and here[-1].unclosed:
            _close_before_speaker(text, here[-1], lexicon)
        if here or len(paragraph[0]) > MAX_INSERT:
            unclosed = any(p.unclosed and p.level == 0 and not p.dash for p in here)
        found += here
    return found


def _is_transcript(text: str) -> bool:
    """Whether lines open with names in capitals, at least two of them twice: "WALLACE: …"."""
    names = Counter(turn["name"] for turn in islice(TURN.finditer(text), MAX_TURNS))
    return sum(count > 1 for count in names.values()) > 1


def _turn(text: str, turn: re.Match, end: int) -> list[Passage]:
    """What one speaker says in a transcript, as one passage without marks."""
    stop = end
    while stop > turn.end() and text[stop - 1] in SPACE + '"“”':
        stop -= 1
    if stop == turn.end():
        return []
    return [Passage(turn.end(), stop, turn.end(), stop, turn=True)]


def _close_before_speaker(text: str, passage: Passage, lexicon: Lexicon) -> None:
    """End a passage whose closing mark is missing before ", Ann Lee said."."""
    comma = text.rfind(",", passage.start, passage.end)
    if comma < 0 or passage.end - comma > MAX_SPEAKER_CHARS:
        return
    words = text[comma + 1 : passage.end].split()
    if len(words) < 2:
        return
    named = words[0][0].isupper() or lexicon.tags.get(words[0], 0) & Tag.PRONOUN
    says = any(lexicon.tags.get(w.lower().strip(".,"), 0) & Tag.STRONG for w in words[1:])
    if named and says:
        passage.end, passage.close, passage.unclosed = comma + 1, comma + 1, False


def _usual(lexicon: Lexicon) -> tuple[set[str], set[str]]:
    """The marks that usually open and those that usually close in a language."""
    openers, closers = {"“", "‘", "„", "‚", "``", "‘‘"}, {"”", "’", "’’"}
    for pair in [*lexicon.marks, *lexicon.inner_marks]:
        if pair[0] != pair[1]:
            openers = (openers - {pair[1]}) | {pair[0]}
            closers = (closers - {pair[0]}) | {pair[1]}
    return openers, closers


def _marks(
    text: str, start: int, end: int, openers: set[str], closers: set[str]
) -> dict[str, list[_Mark]]:
    marks: dict[str, list[_Mark]] = {DOUBLE: [], ANGLE: [], SINGLE: []}
    for match in MARK.finditer(text, start, end):
        i, j, glyph = match.start(), match.end(), match[0]
        before = text[i - 1] if i > start else " "
        after = text[j] if j < end else " "
        family = FAMILY[glyph]
        if family is SINGLE and before.isalnum() and after.isalnum():
            continue  # an apostrophe
        if glyph == '"' and before.isdigit() and not any(marks.values()) and after in " .,":
            continue  # inches
        role = _role(glyph, before, after, openers, closers)
        marks[family].append(_Mark(i, j, role, family))
    return marks


def _role(glyph: str, before: str, after: str, openers: set[str], closers: set[str]) -> str:
    may_open, may_close = before in BEFORE_OPENER, after in AFTER_CLOSER
    if may_open != may_close:
        role = "O" if may_open else "C"
        if (
            FAMILY[glyph] is ANGLE
            and (after in SPACE or before in SPACE)
            and glyph in openers | closers
        ):
            return "O" if glyph in openers else "C"  # « set off by spaces »
        return role
    return "O" if glyph in openers else "C" if glyph in closers else "A"


def _paired(
    text: str, marks: dict[str, list[_Mark]], start: int, end: int, unclosed: bool
) -> list[Passage]:
    """Pair the marks of a paragraph, each kind by itself, and drop pairs that cross."""
    pairs = _pairs(text, marks[DOUBLE], start, end, unclosed)
    pairs += _pairs(text, marks[ANGLE], start, end, unclosed)
    pairs += _single_pairs(text, marks[SINGLE], start, end, unclosed)
    pairs.sort(key=lambda p: (p.open, -p.close))
    kept: list[Passage] = []
    around: list[Passage] = []
    for pair in pairs:
        while around and around[-1].close <= pair.open:
            around.pop()
        if around and pair.close > around[-1].close:
            continue  # crosses another
        pair.level = len(around)
        _trim(text, pair)
        if pair.start < pair.end:
            kept.append(pair)
            around.append(pair)
    if unclosed and kept and kept[0].level == 0 and not text[start : kept[0].open].strip():
        kept[0].reopened = True
    return kept


def _trim(text: str, passage: Passage) -> None:
    while passage.start < passage.end and text[passage.start] in SPACE:
        passage.start += 1
    while passage.end > passage.start and text[passage.end - 1] in SPACE:
        passage.end -= 1


def _between(opener: _Mark, closer: _Mark) -> Passage:
    return Passage(opener.end, closer.start, opener.start, closer.end)


def _pairs(text: str, marks: list[_Mark], start: int, end: int, unclosed: bool) -> list[Passage]:
    pairs: list[Passage] = []
    opener: _Mark | None = None
    inner: _Mark | None = None
    for k, mark in enumerate(marks):
        following = marks[k + 1].role if k + 1 < len(marks) else None
        if opener is None:
            if mark.role != "C" or following == "C":
                opener = mark
            elif unclosed and k == 0:  # the rest of a quote not opened again
                pairs.append(Passage(start, mark.start, start, mark.end, reopened=True))
        elif inner is not None:
            pairs.append(_between(inner, mark))
            inner = None
        elif mark.role != "O" or following in (None, "O"):
            pairs.append(_between(opener, mark))
            opener = None
        elif following == "C" and k + 2 < len(marks) and marks[k + 2].role == "C":
            inner = mark
        else:
            pairs.append(Passage(opener.end, mark.start, opener.start, mark.start, unclosed=True))
            opener = mark
    if opener is not None and opener.role != "C":
        pairs.append(Passage(opener.end, end, opener.start, end, unclosed=True))
    return pairs


def _single_pairs(
    text: str, marks: list[_Mark], start: int, end: int, unclosed: bool
) -> list[Passage]:
    """Pair single marks, which look like apostrophes."""
    pairs: list[Passage] = []
    k = 0
    while k < len(marks):
        opener = marks[k]
        k += 1
        if opener.role != "O" or text[opener.start] == "’":
            continue
        closers = []
        for number in range(k, len(marks)):
            mark = marks[number]
            if mark.role == "O" and text[mark.start] != "’":
                break
            if mark.role != "O":
                closers.append(mark)
                if not _plural_possessive(text, mark, end):
                    break
        if closers:
            closer = closers[-1] if not _plural_possessive(text, closers[-1], end) else closers[0]
            pairs.append(_between(opener, closer))
            while k < len(marks) and marks[k].start <= closer.start:
                k += 1
        elif opener.start == start and text[opener.start] == "‘":
            pairs.append(Passage(opener.end, end, opener.start, end, unclosed=True))
    return pairs


def _plural_possessive(text: str, mark: _Mark, end: int) -> bool:
    """Whether a single mark may belong to "the students’ work"."""
    after = text[mark.end : mark.end + 2]
    return (
        mark.start > 0
        and text[mark.start - 1] == "s"
        and mark.end < end
        and len(after) == 2
        and after[0] == " "
        and after[1].islower()
    )


def _dialogue(text: str, start: int, end: int, lexicon: Lexicon) -> list[Passage]:
    """Return the speech in a paragraph that opens with a dash, around "- says X -"."""
    opening = DASH.match(text, start, end)
    if not opening or text[opening.end()].islower():
        return []
    cue = _cue_after_pause(lexicon)
    found: list[Passage] = []
    at = opening.end()
    aside = cue.search(text, at, end)
    stop = aside.start() if aside else end
    found.append(Passage(at, stop, start, stop, dash=True))
    if aside:
        again = re.compile(r"\s[–—-]\s|[.:]\s+[–—-]\s").search(text, aside.end(), end)
        if again:
            found.append(Passage(again.end(), end, again.start(), end, dash=True))
    for passage in found:
        _trim(text, passage)
    return [passage for passage in found if passage.start < passage.end]


_PAUSES: dict[str, re.Pattern] = {}


def _cue_after_pause(lexicon: Lexicon) -> re.Pattern:
    """A comma, dash or full stop and then a cue verb: where dialogue after a dash pauses."""
    if lexicon.language not in _PAUSES:
        cues = sorted(word for word, tags in lexicon.tags.items() if tags & Tag.STRONG)
        _PAUSES[lexicon.language] = re.compile(
            r"(?:,|(?<=[.?!…])\s|\s[–—-]\s?)\s*(?:(?:se|a|ha|har|så)\s)?(?:"
            + "|".join(map(re.escape, cues))
            + r")\b"
        )
    return _PAUSES[lexicon.language]


def outer(found: list[Passage]) -> list[Passage]:
    return [passage for passage in found if passage.level == 0]


def inner(found: list[Passage]) -> dict[int, list[Passage]]:
    """The passages directly inside each outer one, by its start."""
    held: dict[int, list[Passage]] = {}
    holder = None
    for passage in found:
        if passage.level == 0:
            holder = passage
        elif passage.level == 1 and holder is not None:
            held.setdefault(holder.start, []).append(passage)
    return held

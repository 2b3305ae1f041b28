"""Decide what lies between two spans of a quote: the seam that joins them.

`interruption`: none of the speaker's words: an attribution of the same speaker, a time code, a note
in brackets. `paragraph`: a line's end and quote marks. `omission`: anything else, so what cannot be
told is shown as left out. A gap that holds another speaker's words is refused.

Pure Python. PostgreSQL checks that a quote's text is its pieces joined by its seams.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import regex

from quotes.anchoring.attributions import ANYBODY, OTHER, OWN, PRONOUN, Speaker, is_cue
from quotes.anchoring.normalization import DASHES, INVISIBLE, MARKS, NOT_AN_END, WHITE, punctuated
from quotes.anchoring.results import AnchoringError, shortened
from quotes.anchoring.split_quotes import FAMILIES, closes, opens
from quotes.anchoring.words import changes_meaning, folded, tokens, words

INTERRUPTION, PARAGRAPH, OMISSION = KINDS = ("interruption", "paragraph", "omission")

JOINTS = {INTERRUPTION: " ", PARAGRAPH: "\n", OMISSION: " […] "}
"""What joins two pieces in the text of a quote."""

MAX_INTERRUPTION = 300
"""Code points of an interruption, as PostgreSQL checks."""

ERASED = "█"
"""Each character that was erased by law is replaced by this one."""

MAX_READ = 2_000
"""Code points of a gap, half at each end, and before it, that are looked through."""

MAX_ATTRIBUTION = 12
"""Words of an attribution inside the marks, where it may as well be the speaker's own words."""


MAX_CLAUSE = 4
"""Words of an attribution outside the marks whose verb is not listed."""


class OtherWords(AnchoringError):
    """A gap holds another speaker's words, or a question lies before the answer."""

    def __init__(self, gap: str, start: int, end: int, why: str):
        between = shortened(" ".join(gap.split()))
        advice = (
            "File each speaker's words as a quote of its own, and name the speaker as printed in "
            "attribution.speaker. If it is one speaker after all, a curator can send "
            '"gaps_checked": true.'
        )
        super().__init__(
            f"{why} Between two parts of the quote the text reads {between!r}. {advice}",
            {"gap": [start, end]},
            discreet=(f"{why} {advice}", {"gap": [start, end]}),
        )


ANOTHER = "These are the words of more than one speaker."
QUESTION = "These are a question and its answer, by different speakers."


class Seams(NamedTuple):
    """One kind for each gap; whether an omission in the marks leaves out a negation or a number."""

    kinds: tuple[str, ...] = ()
    leaves_out: bool = False


def seams_of(
    text: str,
    spans: Sequence[tuple[int, int]],
    names: Iterable[str | None] = (),
    titles: Iterable[str | None] = (),
    *,
    language: str | None = None,
    checked: bool = False,
) -> Seams:
    """Decide the seam of each gap between these spans of a text.

    `names` are what the speaker is called, as printed and as filed; `titles` are roles and
    organisations. Raises OtherWords, unless a curator has `checked` the gaps. A quote of one span
    has none.
    """
    if len(spans) < 2:
        return Seams()
    speaker, kinds, leaves_out = Speaker(names, titles), [], False
    for gap, start, end in _gaps(text, spans):
        if not checked and (why := gap.fault(speaker)):
            raise OtherWords(gap.text, start, end, why)
        kinds.append(gap.kind(speaker))
        if kinds[-1] == OMISSION:
            leaves_out |= any(changes_meaning(part, language) for part in gap.inside)
    return Seams(tuple(kinds), leaves_out)


def decided_again(
    text: str, spans: Sequence[tuple[int, int]], kinds: Sequence[str]
) -> tuple[bool, list[str]]:
    """Whether stored seams hold for a speaker of any name, and what they would be for one.

    A seam that shows more than is needed holds. A gap with erased parts is not judged.
    """
    if len(kinds) != max(len(spans) - 1, 0):
        return False, []
    gaps = [gap for gap, *_ in _gaps(text, spans)]
    found = [
        kind if ERASED in gap.text else gap.kind(ANYBODY)
        for gap, kind in zip(gaps, kinds, strict=True)
    ]
    holds = all(
        kind == now or (kind, gap.is_blank) == (OMISSION, False)
        for kind, now, gap in zip(kinds, found, gaps, strict=True)
    )
    return holds, found


def join(pieces: Sequence[str], kinds: Sequence[str]) -> str:
    """The text of a quote: its pieces, joined by its seams."""
    text = pieces[0]
    for kind, piece in zip(kinds, pieces[1:], strict=True):
        text += JOINTS[kind] + piece
    return text


def pieces_of(text: str, spans: Sequence[tuple[int, int]], kinds: Sequence[str]) -> list[str]:
    """The pieces that `join` put together as the text of a quote."""
    pieces, at = [], 0
    for (start, end), kind in zip(spans, [*kinds, None], strict=True):
        pieces.append(text[at : at + end - start])
        at += end - start + len(JOINTS.get(kind, ""))
    return pieces


# A gap

_ONLY_MARKS = regex.compile(rf"[{regex.escape(WHITE + INVISIBLE + MARKS)}]*+")
_PUNCTUATION = regex.compile(rf"[,.;:…{regex.escape(WHITE + INVISIBLE + MARKS + DASHES)}]*+")
# The dash that opens a paragraph of dialogue is a mark, too.
_NEW_DASH = regex.compile(
    rf"[{regex.escape(WHITE + INVISIBLE + MARKS)}]*+(?<=[\n\r\u2029]\s*)"
    rf"[{regex.escape(DASHES)}]\s*+"
)
_TIME = r"\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,3})?"
_TIMES = rf"{_TIME}(?:\s*(?:-|–|-->)\s*{_TIME})?"
_NOTE = regex.compile(
    rf"[\s.,;]*+(?:(?:\[\s*{_TIMES}\s*\]|\(\s*{_TIMES}\s*\)|(?<=[\n\r] *){_TIMES} *[\n\r]"
    r"|[\[(](?P<note>[^()\[\]\n]{1,100})[\])])\s*)+"
)
_QUESTION = regex.compile(r"[?？؟;][\s\"'”’»›“‘«‹)\]]*$")
_SENTENCE_END = regex.compile(NOT_AN_END + r"[.!?。！？](?=\s+\S*\w)")
_LABEL = regex.compile(
    r"(?m)^[ \t]*(?P<name>\p{Lu}[\p{L}\p{M}.'’-]*(?: \p{Lu}[\p{L}\p{M}.'’-]*){0,4}):"
)
_LETTER = regex.compile(r"[\p{L}\p{N}]")
_NOT_CLAUSE = regex.compile(r"[^\p{L}\p{M}'’ \n-]")
_NOT_WITHIN = regex.compile(r"[.!?;:\n\"“”«»„]")
_LINE_END = regex.compile(r"[\n\r\u2029]")
_BLANK_LINE = regex.compile(r"\n[ \t\r]*\n|\u2029")


def _gaps(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple["_Gap", int, int]]:
    for (begin, start), (end, _) in pairwise(spans):
        yield _Gap(text, begin, start, end), start, end


class _Gap:
    """A passage between two pieces of a quote, read once."""

    def __init__(self, text: str, begin: int, start: int, end: int):
        self.text = text[start:end]
        self.before, self.after = text[max(begin, start - MAX_READ) : start], text[end : end + 3]
        half = MAX_READ // 2
        self.read = (
            self.text
            if end - start <= MAX_READ
            else f"{text[start : start + half]} {text[end - half : end]}"
        )
        self.is_blank = bool(_ONLY_MARKS.fullmatch(self.read) or _NEW_DASH.fullmatch(self.read))
        self.parts: list[tuple[bool, str]] = []
        self.is_marked = False
        if not self.is_blank:
            lead = text[max(0, start - MAX_READ) : start]
            self._read_marks(lead)

    def _read_marks(self, lead: str) -> None:
        """Cut the gap into what is inside quote marks and what is outside."""
        lead = _BLANK_LINE.split(lead)[-1]
        around = punctuated(lead + self.read + self.after)
        floor, ceiling = len(lead), len(lead) + len(self.read)
        within = _open_at(around, floor)
        first = next(_marks(around, floor, ceiling), None)
        if not within and first and closes(around, first[1]):
            within = [first[0]] if not regex.search(r"\w", around[floor : first[1]]) else within
        self.is_marked = bool(within)
        at, inside = floor, bool(within)
        for family, mark in _marks(around, floor, ceiling):
            was = bool(within)
            _pass(around, family, mark, within)
            if bool(within) != was:
                self.parts.append((inside, self.read[at - floor : mark - floor]))
                at, inside = mark + 1, bool(within)
        self.parts.append((inside, self.read[at - floor :]))

    @property
    def inside(self) -> list[str]:
        """What is left out of the speaker's words, if the gap is an omission."""
        return [part for inside, part in self.parts if inside or not self.is_marked]

    @property
    def outside(self) -> list[str]:
        """What is no part of any quotation, but for what the article itself says."""
        return [part for inside, part in self.parts if not inside and self.is_marked]

    def fault(self, speaker: "Speaker") -> str | None:
        """Why the two pieces cannot be one speaker's, if that is plain."""
        asks = bool(_QUESTION.search(self.before))
        if self.is_blank:
            is_closed = self.read[:1] in (*MARKS,)
            turns = is_closed or _NEW_DASH.fullmatch(self.read)
            return QUESTION if asks and turns else None
        for label in _LABEL.finditer(self.read):
            if not speaker.is_called(label["name"]):
                return ANOTHER
        attributions = [each for part in self.outside for each in speaker.attributions(part)]
        if OTHER in attributions:
            return ANOTHER
        if asks and self.outside:
            is_asked = any(_is_question(part) for part in self.outside)
            if not attributions and not any(map(_has_words, self.outside)):
                return QUESTION
            if is_asked and not {OWN, PRONOUN} & {*attributions}:
                return QUESTION
        return None

    def kind(self, speaker: "Speaker") -> str:
        if self.is_blank:
            return PARAGRAPH if _LINE_END.search(self.text) else INTERRUPTION
        if len(self.text) > MAX_INTERRUPTION:
            return OMISSION
        is_interruption = (
            self._is_punctuation()
            or self._is_note()
            or self._is_attribution(speaker)
            or self._is_within(speaker)
        )
        return INTERRUPTION if is_interruption else OMISSION

    def _is_punctuation(self) -> bool:
        """Whether nothing is left out but a stop, a comma or a dash, outside of a number."""
        within_number = self.before[-1:].isdigit() and self.after[:1].isdigit()
        return bool(_PUNCTUATION.fullmatch(self.text)) and not within_number

    def _is_note(self) -> bool:
        """Whether it is a time code, or what is noted of a meeting in brackets."""
        found = _NOTE.fullmatch(self.text)
        return bool(found) and all(
            not changes_meaning(note)
            and not words("noted").isdisjoint(folded(token[0]) for token in tokens(note))
            for note in found.captures("note")
        )

    def _is_attribution(self, speaker: "Speaker") -> bool:
        """Whether it is one attribution between a closing mark and the next opening one."""
        if len(self.parts) < 3:
            return False
        lead, *said, rest = self.parts
        is_between = self.is_marked and lead[0] and rest[0]
        if not is_between or _has_words(lead[1]) or _has_words(rest[1]):
            return False
        if not all(self._is_nickname(n) for n in range(2, len(self.parts) - 1, 2)):
            return False
        between = "".join(part for _, part in said)
        if _SENTENCE_END.search(between) or _BLANK_LINE.search(between.strip()):
            return False
        found = speaker.attributions(between)
        if found:
            return len(found) == 1
        return speaker.is_in(between) or _is_clause(between)

    def _is_nickname(self, number: int) -> bool:
        """Whether this part in quote marks is a name: a docker known as “Shorty”."""
        words_before, name = tokens(self.parts[number - 1][1]), self.parts[number][1]
        follows = bool(words_before) and not is_cue(words_before[-1][0])
        follows &= (
            self.parts[number - 1][1][-1:] == " " and self.parts[number - 1][1][-2:-1].isalpha()
        )
        return follows and name[:1].isupper() and len(tokens(name)) <= 3

    def _is_within(self, speaker: "Speaker") -> bool:
        """Whether it is an attribution between commas or dashes, or the speaker's own label."""
        text = punctuated(self.text)
        if (label := _LABEL.fullmatch(text.strip())) and "\n" in text:
            return speaker.is_called(label["name"])
        core = text.strip(" ,-.\n")
        begins = text.lstrip()[:1] in (",", "-") or self.before[-1:] in ",.!?…"
        ends = text.rstrip()[-1:] in (",", "-", ".")
        if not begins or not ends or _NOT_WITHIN.search(core):
            return False
        if changes_meaning(core) or len(tokens(core)) > MAX_ATTRIBUTION:
            return False
        return speaker.is_attributed(core)


def _is_clause(between: str) -> bool:
    """Whether a passage outside the marks is a pronoun and a verb, whatever the verb.

    “We act,” she thundered, “today.” Nobody else is in so few words, nor a denial.
    """
    core = between.strip(" \n")
    if core[-1:] not in (",", *DASHES) or _NOT_CLAUSE.search(core := core.strip(f" \n,{DASHES}")):
        return False
    found = [token[0] for token in tokens(core)]
    is_short = 2 <= len(found) <= MAX_CLAUSE and all(word[0].islower() for word in found)
    subjects = [word for word in found if folded(word) in words("pronouns")]
    begins_or_ends = len(subjects) == 1 and subjects[0] in (found[0], found[-1])
    return is_short and begins_or_ends and not changes_meaning(core) and not _has_joiner(found)


def _has_joiner(found: Sequence[str]) -> bool:
    return not words("joiners").isdisjoint(map(folded, found))


def _has_words(text: str) -> bool:
    return bool(_LETTER.search(text))


def _is_question(text: str) -> bool:
    return not words("cues", "asking").isdisjoint(folded(token[0]) for token in tokens(text))


# Marks


def _marks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The quote marks of a text: family, offset."""
    found = [
        (match.start(), family)
        for family, pattern in enumerate(FAMILIES)
        for match in pattern.finditer(text, start, end)
    ]
    return ((family, at) for at, family in sorted(found))


def _pass(text: str, family: int, at: int, within: list[int]) -> None:
    """Open or close a quotation at a mark; `within` are the families of the open ones."""
    if opens(text, at) and not (family in within and closes(text, at)):
        reopens = family in within and text[at - 1 : at] in ("\n", "\u2029")
        if not reopens:
            within.append(family)
    elif closes(text, at) and family in within:
        del within[len(within) - 1 - within[::-1].index(family) :]


def is_quoted(text: str, at: int) -> bool:
    """Whether the words that begin at an offset stand in quote marks."""
    lead = _BLANK_LINE.split(text[max(0, at - MAX_READ) : at])[-1]
    rest = text[at : at + MAX_READ]
    return bool(_open_at(punctuated(lead + rest[:3]), len(lead))) and any(m in rest for m in MARKS)


def _open_at(text: str, end: int) -> list[int]:
    """Families of the quotations that are open at an offset of a paragraph."""
    within: list[int] = []
    for family, at in _marks(text, 0, end):
        _pass(text, family, at, within)
    return within

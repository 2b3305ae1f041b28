"""Decide whether two wordings report the same words: equal, contained, or nearly so.

Wordings are compared by the words of `words.py`. An ellipsis joins two pieces of one statement. So
may brackets, whose words an editor added. Each piece must occur in the other wording, in order, and
what lies between must have neither a negation nor a number. Nothing is compared across an omission.

Precision comes first. Wordings that nearly agree may differ in spelling, or by a word or two that
carries little. A negation, a number, "only" and "if" must be the same in both, and so must every
significant word: "we will close it" is not "we will not close it", 12 jobs are not 120.
"""

# ruff: noqa: SIM905 - words are read more easily than lists of strings

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import regex
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, Levenshtein

from quotes.utterances.words import fits_mask, normalised_words, read
from sources.models.words import DIVIDED, SEAM

MIN_STATEMENT_WORDS = 5
"""Words of a statement. Fewer are a fragment: it matches if equal to or contained in another."""

WORDS_PER_CHANGE = 8
"""Words that allow one word to differ, between wordings that nearly agree."""

MIN_SIMILARITY = 75
"""Percent of agreement with a passage of the longer wording that earns a closer comparison."""

MAX_COMPARED_WORDS = 2_000
"""Longer wordings match only if equal or contained: near comparison takes quadratic time."""

# Kinds of word: no grammar, just enough to know what may differ and what may not.

_FILLERS = frozenset(
    "the a an this that these those and but so well um uh er erm oh you know just really very quite"
    " actually of to it is s was are were be been being has have had do did who which as also then"
    " now there here le la les un une des du de que et el los las y der die das den dem ein eine"
    " und il lo gli i e".split()
)
"""Words that may be added, left out or exchanged for each other."""

_NEGATIONS = frozenset(
    "not no never none nobody nothing nowhere neither nor without hardly barely scarcely seldom"
    " rarely few fewer less least more most only except unless if"
    " against nt nicht nichts kein keine keinen keinem keiner keines nie niemals"
    " niemand ohne ne pas jamais rien aucun aucune sans plus nunca jamas nada nadie ni sin non mai"
    " niente nessuno nessuna senza nao nem sem niet geen nooit zonder inte aldrig ingen utan ikke"
    " aldri aldrig uden nie nic bez не нет ни никогда никто ничего без nu fara δεν δε μη μην οχι"
    " ουτε χωρις ποτε".split()
)
"""Words that change the meaning: both wordings must have the same ones."""

_MODALS = frozenset("may might would could should must can will shall".split())
"""Both wordings must have the same ones, too, but where words are left out."""

_NUMBERS = frozenset(
    "hundred thousand million billion trillion dozen half quarter double twice hundreds thousands"
    " millions billions trillions dozens percent dollars pounds euros yen".split()
)
"""Beside digits, which stand for most."""

_NEGATIONS_LISTED = regex.compile(r"[\p{Latin}\p{Greek}\p{Cyrillic}]")
"""Scripts of whose languages negations are listed: words of others always have to agree."""

_OPPOSING = ("un", "in", "im", "il", "ir", "dis", "non", "anti", "mis", "de", "re", "pre", "post")


def _is_fixed(word: str) -> bool:
    """Whether a word must be the same in both wordings."""
    return word in _MODALS or _changes_meaning(word)


def _changes_meaning(word: str) -> bool:
    """Whether it is a negation, a number or an omission."""
    if word in _NEGATIONS or word in _NUMBERS or word == SEAM:
        return True
    return not word.isalpha() and any(sign.isnumeric() for sign in word)


_QUANTITIES = frozenset("few fewer less least more most only except plus against".split())


def is_negation(word: str) -> bool:
    """Whether a printed word negates what follows or puts a condition: “didn't”, “nobody”, “if”."""
    return not (_NEGATIONS - _QUANTITIES).isdisjoint(normalised_words(word))


def is_number(word: str) -> bool:
    """Whether a printed word is a number or a part of one: “12”, “5bn”, “million”."""
    return any(each in _NUMBERS or any(map(str.isnumeric, each)) for each in normalised_words(word))


def _may_be_left_out(word: str) -> bool:
    return not _is_fixed(word) and bool(_NEGATIONS_LISTED.match(word))


def _is_same_spelling(one: str, other: str) -> bool:
    """Whether one word may be a misspelling, a variant or the plural of the other."""
    short, long = sorted((one, other), key=lambda word: (len(word), word))
    if len(short) < 4 or short[0] != long[0] or _is_fixed(one) or _is_fixed(other):
        return False
    if any(long == prefix + short for prefix in _OPPOSING):
        return False
    return OSA.distance(short, long, score_cutoff=2) <= (1 if len(long) < 9 else 2)


# Wordings

_LETTER = re.compile(r"\[(\w)\](?=\w)")  # “[W]e”: only the case was changed
_SIC = re.compile(r"\[\s*sic\s*\.?\]", re.IGNORECASE)
_BRACKETED = re.compile(r"\[([^\[\]]*)\]")
_BREAK = re.compile(rf"(\{SEAM}|\[[^\[\]]*\])")


def without_editing(text: str) -> str:
    """The words without the marks of an editor that add nothing: “[sic]”, “[W]e”."""
    return _LETTER.sub(r"\1", _SIC.sub(" ", text)) if "[" in text else text


class Gap(NamedTuple):
    """What stands between two pieces: an omission, or words of an editor."""

    is_omission: bool
    fixed: frozenset[str]  # the editor's negations and numbers

    def allows(self, between: list[str]) -> bool:
        """Whether these words of another wording may be what was there.

        Where words are left out some have to be, or else it leaves them out as well.
        """
        if self.is_omission and between == [SEAM]:
            return True
        is_empty = self.is_omission and not between
        return not is_empty and self.fixed == {*filter(_changes_meaning, between)}

    def with_(self, other: "Gap") -> "Gap":
        return Gap(self.is_omission or other.is_omission, self.fixed | other.fixed)


NO_GAP = Gap(False, frozenset())

Pieces = tuple[list[list[str]], list[Gap]]
"""Words in a row, and the gaps between them."""


@dataclass(frozen=True)
class Wording:
    """The words of one quote."""

    text: str

    @cached_property
    def read(self) -> str:
        return without_editing(read(self.text))

    @cached_property
    def pieces(self) -> Pieces:
        return _pieces(self.read.split(SEAM), [SEAM] * self.read.count(SEAM))

    @property
    def parts(self) -> list[list[str]]:
        """The words, split at omissions."""
        return self.pieces[0]

    @cached_property
    def pieces_without_brackets(self) -> Pieces:
        """Without words in brackets, which the speaker may not have used."""
        pieces = _BREAK.split(self.read)
        return _pieces(pieces[::2], pieces[1::2])

    @property
    def is_edited(self) -> bool:
        return "[" in self.read

    @cached_property
    def words(self) -> list[str]:
        return [word for part in self.parts for word in part]

    @cached_property
    def line(self) -> list[str]:
        """All words, with `SEAM` for each omission."""
        return [word for part in self.parts for word in (SEAM, *part)][1:]

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        return frozenset(self.words)

    @cached_property
    def is_fragment(self) -> bool:
        return len(self.words) < MIN_STATEMENT_WORDS

    @cached_property
    def is_distinctive(self) -> bool:
        """Whether a fragment has a word that other statements rarely share."""
        return any(
            len(word) > 3 and word not in _FILLERS and not _is_fixed(word) for word in self.words
        )

    @cached_property
    def is_uncertain(self) -> bool:
        """Whether it has masked words, or words that a line's end divides."""
        return "*" in self.text or bool(DIVIDED.search(self.text))

    def as_printed_by(self, other: "Wording") -> "Wording":
        """The same with uncertain words as the other wording has them."""
        text = DIVIDED.sub(lambda m: _hyphen_in(m, other.vocabulary), self.text)
        for masked in {word for word in Wording(text).words if "*" in word}:
            fitting = {word for word in other.vocabulary if fits_mask(word, masked)}
            if len(fitting) == 1 and not _is_fixed(*fitting):
                text = re.sub(rf"(?i)(?<!\w){re.escape(masked)}(?!\w)", *fitting, text)
        return Wording(text)


def _hyphen_in(divided: re.Match, vocabulary: frozenset[str]) -> str:
    """A hyphen if the other wording has the two parts as words, else nothing."""
    before, after = divided.string[: divided.start()], divided.string[divided.end() :]
    ends = normalised_words(before)[-1:], normalised_words(after)[:1]
    return "-" if {*ends[0], *ends[1]} <= vocabulary else ""


def _pieces(texts: list[str], breaks: list[str]) -> Pieces:
    parts, gaps, gap = [], [], NO_GAP
    for text, before in zip(texts, ["", *breaks], strict=True):
        fixed = frozenset(filter(_changes_meaning, normalised_words(before)))
        gap = gap.with_(Gap(before == SEAM, fixed))
        if words := normalised_words(text):
            gaps += [gap] * bool(parts)
            parts.append(words)
            gap = NO_GAP
    return parts, gaps


def similarity(one: Wording, other: Wording, *, whole: bool = False, nearly: bool = True) -> float:
    """How alike two wordings are, above 0 and up to 1; 0: they do not report the same words.

    With `whole`, and between fragments, all of one must (nearly) equal all of the other. Without
    `nearly`, the words must be equal or contained.
    """
    if one.is_uncertain or other.is_uncertain:
        one, other = one.as_printed_by(other), other.as_printed_by(one)
    if not one.words or not other.words:
        return 0.0
    if one.parts == other.parts:
        return 1.0
    if whole and (one.is_fragment or other.is_fragment):
        return 0.0
    short, long = sorted((one, other), key=lambda each: (len(each.words), each.line))
    if short.is_fragment and (long.is_fragment or not short.is_distinctive):
        return 0.0
    has_most = _has_most(long, short)
    if not has_most and not (short.is_edited or long.is_edited):
        return 0.0
    share = len(short.words) / len(long.words)
    if not whole and (_contains(long, short) or _contains(short, long)):
        return 0.5 + share / 2
    if short.is_fragment or not nearly or not has_most:
        return 0.0
    return 0.45 + share / 2 if _is_nearly_in(short, long, whole=whole) else 0.0


def are_at_odds(one: Wording, other: Wording) -> bool:
    """Whether two wordings are variants that contradict each other, not parts of one statement.

    "We will close it" and "we will not close it" are; two halves of a statement are not.
    """
    short, long = sorted((one, other), key=lambda each: (len(each.words), each.line))
    shared = len(short.vocabulary & long.vocabulary)
    if shared < MIN_STATEMENT_WORDS or len(long.words) > MAX_COMPARED_WORDS:
        return False
    return any(
        _collide(part, others)
        for part in short.pieces_without_brackets[0]
        for others in long.pieces_without_brackets[0]
        if min(len(part), len(others)) >= MIN_STATEMENT_WORDS
    )


def _collide(part: list[str], others: list[str]) -> bool:
    """Whether two overlapping lists of words differ inside the overlap by a significant word."""
    part = _respell(part, frozenset(others))
    others = _respell(others, frozenset(part))
    steps = list(Levenshtein.opcodes(part, others))
    equal = [number for number, step in enumerate(steps) if step.tag == "equal"]
    if not equal:
        return False
    overlap = steps[equal[0] : equal[-1] + 1]
    same = sum(step.src_end - step.src_start for step in overlap if step.tag == "equal")
    changed = [
        word
        for step in overlap
        if step.tag != "equal"
        for word in part[step.src_start : step.src_end] + others[step.dest_start : step.dest_end]
    ]
    significant = any(word not in _FILLERS for word in changed)
    return significant and same >= MIN_STATEMENT_WORDS and len(changed) <= same // 2


def _contains(long: Wording, short: Wording) -> bool:
    """Whether each piece of `short`, a statement in all, occurs in `long`, in order."""
    line = f" {' '.join(long.line)} "
    for pieces in (short.pieces, short.pieces_without_brackets)[: 1 + short.is_edited]:
        parts, gaps = _without_single_words(pieces) if pieces is not short.pieces else pieces
        words = sum(map(len, parts))
        if words < min(MIN_STATEMENT_WORDS, len(short.words)) or words > len(long.words):
            continue
        if len(parts) > 1 and any(len(part) < 2 for part in parts):
            continue  # a single word occurs anywhere
        end = 0
        for part, gap in zip(parts, [None, *gaps], strict=True):
            at = line.find(f" {' '.join(part)} ", end)
            if at < 0 or (gap and not gap.allows(line[end:at].split())):
                break
            end = at + sum(len(word) + 1 for word in part)
        else:
            return True
    return False


def _without_single_words(pieces: Pieces) -> Pieces:
    """Without single words between brackets, which occur anywhere, unless they must agree."""
    parts, gaps, gap = [], [], NO_GAP
    for part, before in zip(pieces[0], [NO_GAP, *pieces[1]], strict=False):
        gap = gap.with_(before)
        if len(part) > 1 or _is_fixed(part[0]):
            gaps += [gap] * bool(parts)
            parts.append(part)
            gap = NO_GAP
    return parts, gaps


def _is_nearly_in(short: Wording, long: Wording, *, whole: bool) -> bool:
    if len(long.words) > MAX_COMPARED_WORDS or _fixed(short) - _fixed(long):
        return False
    ours, passage = _respell(short.line, long.vocabulary), long.line
    if not whole and len(long.words) > len(ours):
        best = fuzz.partial_ratio_alignment(ours, passage, score_cutoff=MIN_SIMILARITY)
        if best is None:
            return False
        margin = 1 + len(ours) // WORDS_PER_CHANGE
        passage = passage[max(0, best.dest_start - margin) : best.dest_end + margin]
    return _differ_little(ours, _respell(passage, frozenset(ours)), whole=whole)


def _has_most(long: Wording, short: Wording) -> bool:
    """Whether `long` has most words of `short`: a cheap test that every match passes."""
    return len(short.vocabulary - long.vocabulary) <= max(1, len(short.vocabulary) // 4)


def _respell(words: list[str], known: frozenset[str]) -> list[str]:
    """Words, with each unknown one replaced by a known one that it may be a misspelling of."""
    strange = {word for word in words if len(word) > 3 and word not in known}
    if not strange:
        return words
    by_letter = defaultdict(list)
    for word in sorted(known):
        by_letter[word[0]].append(word)
    spelt = {
        word: alike[0]
        for word in strange
        if (alike := [one for one in by_letter.get(word[0], ()) if _is_same_spelling(word, one)])
    }
    return [spelt.get(word, word) for word in words] if spelt else words


def _fixed(wording: Wording) -> set[str]:
    return {word for word in wording.line if _is_fixed(word)}


def _differ_little(short: list[str], passage: list[str], *, whole: bool) -> bool:
    """Whether two lists of words nearly agree; unless `whole`, `passage` may go on at its ends."""
    steps = list(Levenshtein.opcodes(short, passage))
    if not whole:
        while steps and steps[0].tag == "insert":
            steps.pop(0)
        while steps and steps[-1].tag == "insert":
            steps.pop()
    most = max(1, len(short) // WORDS_PER_CHANGE)
    changed = left_out = 0
    for step in steps:
        if step.tag == "equal":
            continue
        ours = short[step.src_start : step.src_end]
        theirs = passage[step.dest_start : step.dest_end]
        if not all(map(_may_be_left_out, (*ours, *theirs))):
            return False
        changed += max(len(ours), len(theirs))
        significant = sum(word not in _FILLERS for word in (*ours, *theirs))
        if step.tag == "replace" and significant:
            return False
        left_out += significant
    # One significant word may be left out per 16 words.
    return changed <= most + 1 and left_out <= len(short) // (2 * WORDS_PER_CHANGE)

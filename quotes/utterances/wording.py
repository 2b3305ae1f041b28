"""Whether two wordings report the same words: equal, contained, or nearly so.

Compared are bare words: without case, accents, marks and white space, contractions written out. An
ellipsis joins two parts of one statement, and so may brackets, whose words an editor put in: each
part has to stand in the other wording, in order.

Precision comes first. Nearly the same are words that differ in spelling, or by a word or two that
carries little; a word that turns the sense, a negation, a number, "only", "if", must be the same in
both, and so must every word that says something. So "we will close it" is not "we will not close
it", and 12 jobs are not 120.
"""

# ruff: noqa: SIM905 - words are read more easily than lists of strings

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, Levenshtein

FRAGMENT = 5
"""Fewer words are a fragment, which is only found in others, or equal."""

MOST_CHANGED = 8
"""One word in so many may differ: in a wording of nearly the same words."""

LEAST_ALIKE = 75
"""How alike the words of the shorter have to be to a stretch of the longer, of 100, to be looked at
more closely."""

LONGEST = 2_000
"""Words of a wording that are compared for likeness: a longer one is found equal or contained."""

# Words

_GAP = re.compile(r"[\[(]?\s?(?:…|\.\s?\.\s?\.[\s.]*)\s?[\])]?")
_LETTER = re.compile(r"\[(\w)\](?=\w)")  # “[W]e”: only the case was changed
_SIC = re.compile(r"\[\s*sic\s*\.?\]", re.IGNORECASE)
_BRACKETED = re.compile(r"\[[^\[\]]*\]")
_THOUSANDS = re.compile(r"(?<=\d)[,\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_APOSTROPHES = str.maketrans("’‘ʼ`´", "'" * 5)
_SOFT_HYPHEN = str.maketrans("", "", "\u00ad")
# Scripts without spaces: each sign of theirs counts as a word.
_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_PLAIN_WORD = re.compile(r"[a-z0-9]+")
_CONTRACTIONS = [
    (re.compile(r"\b(?:can't|cannot)\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"'(re|ll|ve|m)\b"), lambda m: _WRITTEN_OUT[m[1]]),
]
_WRITTEN_OUT = {"re": " are", "ll": " will", "ve": " have", "m": " am"}


def bare_words(text: str) -> list[str]:
    """The words of a text without case, accents and marks."""
    plain = text.isascii()
    if not plain:
        text = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES)).translate(_SOFT_HYPHEN)
        text = "".join(sign for sign in text if not unicodedata.combining(sign))
        text = unicodedata.normalize("NFKC", text)
        text = _THOUSANDS.sub("", text)
    elif "," in text:
        text = _THOUSANDS.sub("", text)
    text = text.casefold()
    if "'" in text or "cannot" in text:
        for pattern, words in _CONTRACTIONS:
            text = pattern.sub(words, text)
    return (_PLAIN_WORD if plain else _WORD).findall(text)


# What a word does. Not a grammar: enough to tell what may differ from what may not.

_LITTLE = frozenset(
    "the a an this that these those and but so well um uh er erm oh you know just really very quite"
    " actually of to it is s was are were be been being has have had do did who which as also then"
    " now there here le la les un une des du de que et el los las y der die das den dem ein eine"
    " und il lo gli i e".split()
)
"""Words that may come, go and stand for each other."""

_TURNING = frozenset(
    "not no never none nobody nothing nowhere neither nor without hardly barely scarcely seldom"
    " rarely few fewer less least more most only except unless if may might would could should must"
    " can will shall against nt nicht nichts kein keine keinen keinem keiner keines nie niemals"
    " niemand ohne ne pas jamais rien aucun aucune sans plus nunca jamas nada nadie ni sin non mai"
    " niente nessuno nessuna senza nao nem sem niet geen nooit zonder inte aldrig ingen utan ikke"
    " aldri aldrig uden nie nic bez не нет ни никогда без nu fara".split()
)
"""Words that turn what is said: neither may lack one that the other has."""

_NUMBERS = frozenset(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety"
    " hundred thousand million billion trillion dozen half third quarter double twice first second"
    " hundreds thousands millions billions trillions dozens".split()
)

_OPPOSING = ("un", "in", "im", "il", "ir", "dis", "non", "anti", "mis", "de", "re", "pre", "post")


def _is_fixed(word: str) -> bool:
    """Whether a word may not differ, come or go."""
    return word in _TURNING or word in _NUMBERS or any(sign.isdigit() for sign in word)


def _are_spelt_alike(one: str, other: str) -> bool:
    """Whether one word may be the other, misspelt, in another spelling or number."""
    short, long = sorted((one, other), key=lambda word: (len(word), word))
    if len(short) < 4 or short[0] != long[0] or _is_fixed(one) or _is_fixed(other):
        return False
    if any(long == prefix + short for prefix in _OPPOSING):
        return False
    return OSA.distance(short, long, score_cutoff=2) <= (1 if len(long) < 9 else 2)


# Wordings


@dataclass(frozen=True)
class Wording:
    """The words of one report."""

    text: str

    @cached_property
    def parts(self) -> list[list[str]]:
        """The words, in the parts that ellipses join."""
        text = _SIC.sub(" ", self.text) if "[" in self.text else self.text
        text = _LETTER.sub(r"\1", text) if "[" in text else text
        return _parts(text)

    @cached_property
    def uttered(self) -> list[list[str]]:
        """The words without those in brackets, which the speaker may not have used."""
        if "[" not in self.text:
            return self.parts
        text = _LETTER.sub(r"\1", _SIC.sub(" ", self.text))
        return _parts(_BRACKETED.sub(" … ", text))

    @property
    def is_edited(self) -> bool:
        return "[" in self.text

    @cached_property
    def words(self) -> list[str]:
        return [word for part in self.parts for word in part]

    @cached_property
    def held(self) -> frozenset[str]:
        return frozenset(self.words)

    @cached_property
    def line(self) -> str:
        """All words between spaces, with a sign between two parts that is in no word."""
        return _line(self.parts)

    @cached_property
    def is_fragment(self) -> bool:
        return len(self.words) < FRAGMENT

    @cached_property
    def is_telling(self) -> bool:
        """Whether a fragment says enough to be known again elsewhere."""
        return any(
            len(word) > 3 and word not in _LITTLE and not _is_fixed(word) for word in self.words
        )


def _parts(text: str) -> list[list[str]]:
    pieces = _GAP.split(text) if "…" in text or ".." in text or ". ." in text else [text]
    return [words for piece in pieces if (words := bare_words(piece))]


def _line(parts: list[list[str]]) -> str:
    return f" {' | '.join(' '.join(part) for part in parts)} "


def likeness(one: Wording, other: Wording, *, whole: bool = False, nearly: bool = True) -> float:
    """How alike two wordings of the same words are, above 0 and up to 1; 0 when they are not.

    With `whole`, and of two fragments, all of one has to be (nearly) all of the other. Without
    `nearly` the words have to be the very same.
    """
    if not one.words or not other.words:
        return 0.0
    if one.words == other.words:
        return 1.0
    if whole and (one.is_fragment or other.is_fragment):
        return 0.0
    short, long = sorted((one, other), key=lambda each: (len(each.words), each.words))
    if short.is_fragment and (long.is_fragment or not short.is_telling):
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
    """Whether two wordings that are not the same are too alike to be parts of one statement.

    "We will close it" and "we will not close it" are; the first and the last half of one are not.
    """
    short, long = sorted((one, other), key=lambda each: (len(each.words), each.words))
    if len(short.held & long.held) < FRAGMENT or len(long.words) > LONGEST:
        return False
    return any(
        _collide(part, others)
        for part in short.uttered
        for others in long.uttered
        if min(len(part), len(others)) >= FRAGMENT
    )


def _collide(part: list[str], others: list[str]) -> bool:
    """Whether two rows of words that overlap differ where they do, by words that say something."""
    part = _spelt_as(part, frozenset(others))
    others = _spelt_as(others, frozenset(part))
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
        for word in (
            *part[step.src_start : step.src_end],
            *others[step.dest_start : step.dest_end],
        )
    ]
    telling = any(word not in _LITTLE for word in changed)
    return telling and same >= FRAGMENT and len(changed) <= same // 2


def _contains(long: Wording, short: Wording) -> bool:
    """Whether each part of the one stands in the other, in order, at the least a statement."""
    line = long.line
    for parts in (short.parts, short.uttered):
        words = sum(map(len, parts))
        if words < min(FRAGMENT, len(short.words)) or words > len(long.words):
            continue
        if len(parts) > 1 and any(len(part) < 2 for part in parts):
            # Single words stand in anything: between brackets they are left, else they are doubt.
            if not short.is_edited or parts is short.parts:
                continue
            parts = [part for part in parts if len(part) > 1]
            if sum(map(len, parts)) < FRAGMENT:
                continue
        at = 0
        for part in parts:
            at = line.find(f" {' '.join(part)} ", at)
            if at < 0:
                break
            at += 1 + sum(len(word) + 1 for word in part) - 1
        else:
            return True
        if short.parts is short.uttered:
            break
    return False


def _is_nearly_in(short: Wording, long: Wording, *, whole: bool) -> bool:
    if len(long.words) > LONGEST or _fixed(short) - _fixed(long):
        return False
    ours, stretch = _spelt_as(short.words, long.held), long.words
    if not whole and len(long.words) > len(ours):
        best = fuzz.partial_ratio_alignment(ours, stretch, score_cutoff=LEAST_ALIKE)
        if best is None:
            return False
        margin = 1 + len(ours) // MOST_CHANGED
        stretch = stretch[max(0, best.dest_start - margin) : best.dest_end + margin]
    return _differ_little(ours, _spelt_as(stretch, frozenset(ours)), whole=whole)


def _has_most(long: Wording, short: Wording) -> bool:
    """Whether the one has most words of the other: all that are the same do."""
    return len(short.held - long.held) <= max(1, len(short.held) // 4)


def _spelt_as(words: list[str], known: frozenset[str]) -> list[str]:
    """Words, those that are not among the known spelt as one of these."""
    strange = {word for word in words if len(word) > 3 and word not in known}
    if not strange:
        return words
    by_letter = defaultdict(list)
    for word in sorted(known):
        by_letter[word[0]].append(word)
    spelt = {
        word: alike[0]
        for word in strange
        if (alike := [one for one in by_letter.get(word[0], ()) if _are_spelt_alike(word, one)])
    }
    return [spelt.get(word, word) for word in words] if spelt else words


def _fixed(wording: Wording) -> set[str]:
    return {word for word in wording.held if _is_fixed(word)}


def _differ_little(short: list[str], stretch: list[str], *, whole: bool) -> bool:
    """Whether two rows of words differ by what carries little; what surrounds the one is free."""
    steps = list(Levenshtein.opcodes(short, stretch))
    if not whole:
        while steps and steps[0].tag == "insert":
            steps.pop(0)
        while steps and steps[-1].tag == "insert":
            steps.pop()
    most = max(1, len(short) // MOST_CHANGED)
    changed = said = 0
    for step in steps:
        if step.tag == "equal":
            continue
        ours = short[step.src_start : step.src_end]
        theirs = stretch[step.dest_start : step.dest_end]
        if any(map(_is_fixed, (*ours, *theirs))):
            return False
        changed += max(len(ours), len(theirs))
        telling = sum(word not in _LITTLE for word in (*ours, *theirs))
        if step.tag == "replace" and telling:
            return False
        said += telling
    # A word that says something may be lost once in a long wording.
    return changed <= most + 1 and said <= len(short) // (2 * MOST_CHANGED)

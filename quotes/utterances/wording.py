"""Decide whether two wordings report the same words: equal, contained, or nearly so.

Wordings are compared without case, accents, punctuation and white space, contractions written out.
An ellipsis joins two parts of one statement. So may brackets, whose words an editor added. Each
part must occur in the other wording, in order.

Precision comes first. Wordings that nearly agree may differ in spelling, or by a word or two that
carries little. A negation, a number, "only" and "if" must be the same in both, and so must every
significant word: "we will close it" is not "we will not close it", 12 jobs are not 120.
"""

# ruff: noqa: SIM905 - words are read more easily than lists of strings

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, Levenshtein

MIN_STATEMENT_WORDS = 5
"""Words of a statement. Fewer are a fragment: it matches if equal to or contained in another."""

WORDS_PER_CHANGE = 8
"""Words that allow one word to differ, between wordings that nearly agree."""

MIN_SIMILARITY = 75
"""Percent of agreement with a passage of the longer wording that earns a closer comparison."""

MAX_COMPARED_WORDS = 2_000
"""Longer wordings match only if equal or contained: near comparison takes quadratic time."""

# Words

_GAP = re.compile(r"[\[(]?\s?(?:…|\.\s?\.\s?\.[\s.]*)\s?[\])]?")
_LETTER = re.compile(r"\[(\w)\](?=\w)")  # “[W]e”: only the case was changed
_SIC = re.compile(r"\[\s*sic\s*\.?\]", re.IGNORECASE)
_BRACKETED = re.compile(r"\[[^\[\]]*\]")
_THOUSANDS = re.compile(r"(?<=\d)[,\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_APOSTROPHES = str.maketrans("’‘ʼ`´", "'" * 5)
_SOFT_HYPHEN = str.maketrans("", "", "\u00ad")
# Scripts without spaces: each character counts as a word.
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


def normalised_words(text: str) -> list[str]:
    """Split a text into words without case, accents and punctuation."""
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
    " rarely few fewer less least more most only except unless if may might would could should must"
    " can will shall against nt nicht nichts kein keine keinen keinem keiner keines nie niemals"
    " niemand ohne ne pas jamais rien aucun aucune sans plus nunca jamas nada nadie ni sin non mai"
    " niente nessuno nessuna senza nao nem sem niet geen nooit zonder inte aldrig ingen utan ikke"
    " aldri aldrig uden nie nic bez не нет ни никогда без nu fara".split()
)
"""Words that change the meaning: both wordings must have the same ones."""

_NUMBERS = frozenset(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety"
    " hundred thousand million billion trillion dozen half third quarter double twice first second"
    " hundreds thousands millions billions trillions dozens".split()
)

_OPPOSING = ("un", "in", "im", "il", "ir", "dis", "non", "anti", "mis", "de", "re", "pre", "post")


def _is_fixed(word: str) -> bool:
    """Whether a word must be the same in both wordings."""
    return word in _NEGATIONS or word in _NUMBERS or any(sign.isdigit() for sign in word)


def _is_same_spelling(one: str, other: str) -> bool:
    """Whether one word may be a misspelling, a variant or the plural of the other."""
    short, long = sorted((one, other), key=lambda word: (len(word), word))
    if len(short) < 4 or short[0] != long[0] or _is_fixed(one) or _is_fixed(other):
        return False
    if any(long == prefix + short for prefix in _OPPOSING):
        return False
    return OSA.distance(short, long, score_cutoff=2) <= (1 if len(long) < 9 else 2)


# Wordings


@dataclass(frozen=True)
class Wording:
    """The words of one quote."""

    text: str

    @cached_property
    def parts(self) -> list[list[str]]:
        """The words, split at ellipses."""
        text = _SIC.sub(" ", self.text) if "[" in self.text else self.text
        text = _LETTER.sub(r"\1", text) if "[" in text else text
        return _parts(text)

    @cached_property
    def without_brackets(self) -> list[list[str]]:
        """The parts without words in brackets, which the speaker may not have used."""
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
    def vocabulary(self) -> frozenset[str]:
        return frozenset(self.words)

    @cached_property
    def line(self) -> str:
        """All words between spaces, with ` | ` between two parts."""
        return f" {' | '.join(' '.join(part) for part in self.parts)} "

    @cached_property
    def is_fragment(self) -> bool:
        return len(self.words) < MIN_STATEMENT_WORDS

    @cached_property
    def is_distinctive(self) -> bool:
        """Whether a fragment has a word that other statements rarely share."""
        return any(
            len(word) > 3 and word not in _FILLERS and not _is_fixed(word) for word in self.words
        )


def _parts(text: str) -> list[list[str]]:
    pieces = _GAP.split(text) if "…" in text or ".." in text or ". ." in text else [text]
    return [words for piece in pieces if (words := normalised_words(piece))]


def similarity(one: Wording, other: Wording, *, whole: bool = False, nearly: bool = True) -> float:
    """How alike two wordings are, above 0 and up to 1; 0: they do not report the same words.

    With `whole`, and between fragments, all of one must (nearly) equal all of the other. Without
    `nearly`, the words must be equal or contained.
    """
    if not one.words or not other.words:
        return 0.0
    if one.words == other.words:
        return 1.0
    if whole and (one.is_fragment or other.is_fragment):
        return 0.0
    short, long = sorted((one, other), key=lambda each: (len(each.words), each.words))
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
    short, long = sorted((one, other), key=lambda each: (len(each.words), each.words))
    shared = len(short.vocabulary & long.vocabulary)
    if shared < MIN_STATEMENT_WORDS or len(long.words) > MAX_COMPARED_WORDS:
        return False
    return any(
        _collide(part, others)
        for part in short.without_brackets
        for others in long.without_brackets
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
    """Whether each part of `short`, a statement in all, occurs in `long`, in order."""
    line = long.line
    for parts in (short.parts, short.without_brackets) if short.is_edited else (short.parts,):
        words = sum(map(len, parts))
        if words < min(MIN_STATEMENT_WORDS, len(short.words)) or words > len(long.words):
            continue
        if len(parts) > 1 and any(len(part) < 2 for part in parts):
            # A single word occurs anywhere: skip it between brackets, else do not match.
            if not short.is_edited or parts is short.parts:
                continue
            parts = [part for part in parts if len(part) > 1]
            if sum(map(len, parts)) < MIN_STATEMENT_WORDS:
                continue
        at = 0
        for part in parts:
            at = line.find(f" {' '.join(part)} ", at)
            if at < 0:
                break
            at += sum(len(word) + 1 for word in part)
        else:
            return True
    return False


def _is_nearly_in(short: Wording, long: Wording, *, whole: bool) -> bool:
    if len(long.words) > MAX_COMPARED_WORDS or _fixed(short) - _fixed(long):
        return False
    ours, passage = _respell(short.words, long.vocabulary), long.words
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
    return {word for word in wording.vocabulary if _is_fixed(word)}


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
        if any(map(_is_fixed, (*ours, *theirs))):
            return False
        changed += max(len(ours), len(theirs))
        significant = sum(word not in _FILLERS for word in (*ours, *theirs))
        if step.tag == "replace" and significant:
            return False
        left_out += significant
    # One significant word may be left out per 16 words.
    return changed <= most + 1 and left_out <= len(short) // (2 * WORDS_PER_CHANGE)

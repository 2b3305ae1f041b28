"""Find the passage most similar to some words, and list the differences."""

import heapq
from itertools import accumulate, islice
from operator import sub

import regex
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from quotes.anchoring.normalization import normalise


def difference_of(expected: str, found: str) -> list[dict]:
    """List where two texts differ, word by word, ignoring typography."""
    expected_words, found_words = expected.split(), found.split()
    codes = Levenshtein.opcodes(
        [normalise(word) for word in expected_words],
        [normalise(word) for word in found_words],
    )
    changes = []
    for code in codes:
        if code.tag == "equal":
            continue
        here = (code.src_start, code.src_end, code.dest_start, code.dest_end)
        if changes and changes[-1][1] == here[0] and changes[-1][3] == here[2]:
            here = (changes[-1][0], here[1], changes.pop()[2], here[3])
        changes.append(here)
    return [
        {
            "op": "replace" if a < b and c < d else "delete" if a < b else "insert",
            "expected": " ".join(expected_words[a:b]),
            "found": " ".join(found_words[c:d]),
        }
        for a, b, c, d in changes
    ]


MAX_SAMPLES = 1_000_000
"""Places of a text that are compared; a longer text is compared at every few characters."""


def likely_windows(needle: str, normalised: str) -> list[int]:
    """Up to 4 offsets of windows, as long as the needle, that share most character n-grams with it.

    For longer needles only every few offsets of the text are sampled; as all n-grams of the needle
    are known, the same share of hits is seen everywhere.
    """
    width = len(needle)
    size = 3 if width < 300 else 5 if width < 3_000 else 8
    step = max(1, min(4, width // 32), len(normalised) // MAX_SAMPLES)
    runs = {needle[i : i + size] for i in range(width - size + 1)}
    if not runs or len(normalised) <= width:
        return [0]
    shared = [normalised[i : i + size] in runs for i in range(0, len(normalised), step)]
    counts = [0, *accumulate(shared)]
    hits = list(map(sub, counts[width // step :], counts))
    best: list[int] = []
    stride = max(1, width // step // 8, len(hits) // 500_000)
    for number in _most(hits[::stride], 32):
        at = number * stride * step
        if all(abs(at - other) > width // 2 for other in best):
            best.append(at)
    return best[:4]


def _most(counts: list[int], limit: int) -> list[int]:
    """Indexes of the highest counts, highest first; of equal counts, the last."""
    least = heapq.nlargest(limit, counts)[-1]
    higher = ((count, index) for index, count in enumerate(counts) if count > least)
    equal = (index for index in range(len(counts) - 1, -1, -1) if counts[index] == least)
    found = [index for _, index in sorted(higher, reverse=True)]
    return [*found, *islice(equal, limit - len(found))]


def cost_of_fit(width: int) -> int:
    """Steps of a `Budget` that the best fits of a needle take, at worst, in all likely windows.

    Aligning takes 5 ms for 900 characters that repeat themselves, comparing 2 ms for 20,000.
    """
    return (40 * min(width, MAX_ALIGNED) ** 2 + width**2 // 14) // 1_000 + width // 2


def best_fit(needle: str, normalised: str, at: int) -> tuple[float, int, int]:
    """Return (score, start, end) of the best fit around an index, cut between words."""
    margin = len(needle) // 2 + 32
    floor = max(0, at - margin)
    region = normalised[floor : at + len(needle) + margin]
    reach = 2 * margin + _EDGE
    start, _ = _fit(needle[:_EDGE], region[:reach])
    _, end = _fit(needle[-_EDGE:], region[-reach:])
    starts, ends = {start}, {end + max(0, len(region) - reach)}
    if len(needle) <= MAX_ALIGNED:
        start, end = _fit(needle, region)
        starts.add(start)
        ends.add(end)

    def score(start: int, end: int) -> float:
        return fuzz.ratio(needle, region[start:end]) / 100 if start < end else 0.0

    if len(needle) <= MAX_ALIGNED:
        _, start, end = max((score(a, b), a, b) for a in starts for b in ends)
        _, start = max((score(a, end), a) for a in (start, *_edges(_WORD_START, region, start)))
        _, end = max((score(start, b), b) for b in (end, *_edges(_WORD_END, region, end)))
        # The best fit may still cut a word in two: move to the best edges between words.
        starts = _edges(_WORD_START, region, start) or [start]
        ends = _edges(_WORD_END, region, end) or [end]
    else:
        starts = (_edges(_WORD_START, region, min(starts)) or list(starts))[:1]
        ends = (_edges(_WORD_END, region, max(ends)) or list(ends))[:1]
    best, start, end = max((score(a, b), a, b) for a in starts for b in ends)
    return best, floor + start, floor + end


_EDGE = 64  # characters of a long needle that are aligned at each of its ends
MAX_ALIGNED = 1_000  # characters of a needle that is aligned as a whole: quadratic time
# Scripts written without blanks are cut between any two characters.
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_WORD_START = regex.compile(rf"(?<!\S)(?=\S)|(?<!\w)(?=\w)|(?<=['\"])(?=[^\s'\"])|(?={_UNSPACED})")
_WORD_END = regex.compile(rf"(?<=\S)(?!\S)|(?<=\w)(?!\w)|(?<=[^\s'\"])(?=['\"])|(?<={_UNSPACED})")


def _fit(needle: str, region: str) -> tuple[int, int]:
    if len(needle) > len(region):
        return 0, len(region)
    found = fuzz.partial_ratio_alignment(needle, region)
    return found.dest_start, found.dest_end


def _edges(pattern: regex.Pattern, text: str, at: int, reach: int = 32) -> list[int]:
    """Edges of words near an index, nearest first."""
    near = pattern.finditer(text, max(0, at - reach), min(len(text), at + reach + 1))
    edges = [edge.start() for edge in near if edge.start() <= at + reach]
    return sorted(edges, key=lambda edge: abs(edge - at))[:8]

"""What is asked of a page and answered by it: spans, places, and what can go wrong."""

from collections.abc import Sequence
from typing import NamedTuple

SHOWN = 10
"""How many places an error lists."""


class Span(NamedTuple):
    """Code points ``start`` up to, not including, ``end``."""

    start: int
    end: int


class Place(NamedTuple):
    """Where words could stand, with the text around them to tell one place from another."""

    spans: tuple[Span, ...]
    prefix: str
    suffix: str

    def as_json(self) -> dict:
        return {
            "spans": [list(span) for span in self.spans],
            "prefix": self.prefix,
            "suffix": self.suffix,
        }


class Nearest(NamedTuple):
    """The passage most like some words.

    ``text`` is the page's own wording at ``start``–``end``; ``score`` runs from 0 to 1 (two
    skeletons' common subsequence over their mean length); ``difference`` lists what is not equal,
    word by word: ``{"op": "replace" | "delete" | "insert", "expected": str, "found": str}``.
    """

    start: int
    end: int
    text: str
    score: float
    difference: list[dict]

    def as_json(self) -> dict:
        return {**self._asdict(), "score": round(self.score, 3)}


class Following(NamedTuple):
    """What became of a quote when its text changed.

    ``state`` is ``exact`` or ``moved`` (then ``spans`` are given), ``altered`` (then ``nearest`` is
    given, and a person must decide) or ``missing``.
    """

    state: str
    spans: tuple[Span, ...] | None
    nearest: Nearest | None


# What can go wrong


class AnchoringError(ValueError):
    """Words that cannot be anchored. ``message`` says why and what to do; ``details`` is JSON."""

    def __init__(self, message: str, details: dict | None = None):
        super().__init__(message)
        self.message = message
        self.details = details or {}


class NoWords(AnchoringError):
    """Nothing is left of the words once white space and invisible characters are set aside."""

    def __init__(self):
        super().__init__(
            "These words are empty once white space and invisible characters are set aside; "
            "send the words as printed."
        )


class NotInText(AnchoringError):
    """The words do not stand in the text. ``nearest`` is the most similar passage, or None."""

    def __init__(self, nearest: Nearest | None, *, is_sought: bool = True):
        self.nearest = nearest
        if nearest:
            message = (
                "These words are not in the text; the nearest passage is "
                f"{_shortened(nearest.text)!r} ({nearest.score:.0%} alike). Send the words as "
                'printed, or their "spans".'
            )
        elif is_sought:
            message = (
                "These words are not in the text, nor is anything like them. Send the words as "
                "printed, and the text that prints them."
            )
        else:
            message = (
                "These words are not in the text. Too many are not for the nearest passage to be "
                "looked for; mend the others first."
            )
        super().__init__(message, {"nearest": nearest.as_json() if nearest else None})


class SeveralPlaces(AnchoringError):
    """The words fit several places equally well. ``places`` holds the first ten."""

    def __init__(self, places: Sequence[Place], total: int, *, complete: bool = True):
        self.places = tuple(places[:SHOWN])
        self.total = total
        count = f"{total:,}" if complete else f"at least {total:,}"
        super().__init__(
            f'These words fit {count} places in the text equally well; send "spans" to say which '
            "is meant.",
            {"places": [place.as_json() for place in self.places], "total": total},
        )


class BadSpans(AnchoringError):
    """Spans that are no places in this text. ``details["span"]`` is the offending one's index."""

    def __init__(self, index: int | None, fault: str):
        where = "The spans" if index is None else f"Span {index}"
        super().__init__(
            f"{where} {fault}; send [start, end) pairs of code point offsets in reading order.",
            {"span": index, "fault": fault},
        )


class WordsDiffer(AnchoringError):
    """Words and spans were both given, and other words stand there."""

    def __init__(self, found: str, difference: list[dict]):
        super().__init__(
            f"The words at these spans are {_shortened(found)!r}, which are not the words sent; "
            'correct one of the two, or send only the words or only the "spans".',
            {"found": found, "difference": difference},
        )


def _shortened(text: str, width: int = 120) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"

"""Results of anchoring (spans, positions, the nearest passage) and its errors."""

from collections.abc import Sequence
from typing import NamedTuple

MAX_LISTED = 10
"""Positions that an error lists."""


class Span(NamedTuple):
    """Code points ``start`` up to, not including, ``end``."""

    start: int
    end: int


class Position(NamedTuple):
    """Spans that hold the words, with the text around them (W3C TextQuoteSelector)."""

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
    """The passage most similar to some words.

    ``text`` is the wording at ``start``–``end``. ``score``, 0 to 1, is the common subsequence of
    both normalised texts over their mean length. ``difference`` lists what is not equal, word by
    word: ``{"op": "replace" | "delete" | "insert", "expected": str, "found": str}``.
    """

    start: int
    end: int
    text: str
    score: float
    difference: list[dict]

    def as_json(self) -> dict:
        return {**self._asdict(), "score": round(self.score, 3)}


class Reanchoring(NamedTuple):
    """The anchor of a quote in a changed text.

    ``state`` is ``exact`` or ``moved`` (with ``spans``), ``altered`` (with ``nearest``, for a
    person to decide) or ``missing``.
    """

    state: str
    spans: tuple[Span, ...] | None
    nearest: Nearest | None


class AnchoringError(ValueError):
    """Words that cannot be anchored. ``message`` says why and what to do; ``details`` is JSON.

    ``discreet`` is a message and details that show nothing of the text.
    """

    def __init__(
        self,
        message: str,
        details: dict | None = None,
        *,
        discreet: tuple[str, dict] | None = None,
    ):
        super().__init__(message)
        self.message = message
        self.details = details or {}
        self.discreet = discreet or (message, self.details)

    def fault(self, *, shows_text: bool) -> dict:
        """Message and details, for somebody who may read the text or who may not."""
        message, details = (self.message, self.details) if shows_text else self.discreet
        return {"message": message, **details}


class NoWords(AnchoringError):
    """The words are only white space and invisible characters."""

    def __init__(self):
        super().__init__(
            "These words contain only white space or invisible characters. Send the words as "
            "printed."
        )


class NotInText(AnchoringError):
    """The words are not in the text. ``nearest`` is the most similar passage, or None."""

    def __init__(self, nearest: Nearest | None, page: str = "text", *, is_searched: bool = True):
        self.nearest = nearest
        if nearest:
            message = (
                f"These words are not in the {page}; the nearest passage is "
                f"{shortened(nearest.text)!r} ({nearest.score:.0%} alike). Send the words as "
                'printed, or their "spans".'
            )
        elif is_searched:
            message = (
                f"These words are not in the {page}, and no passage is similar. Send the words as "
                f"printed, and the {page} that prints them."
            )
        else:
            message = (
                f"These words are not in the {page}. Too many quotes were not found, so the "
                "nearest passage was not searched for. Correct the others first."
            )
        super().__init__(
            message,
            {"nearest": nearest.as_json() if nearest else None},
            discreet=(f"These words are not in the {page}. Send the words as printed.", {}),
        )


class AmbiguousPosition(AnchoringError):
    """The words match several positions equally well. ``positions`` holds the first ten."""

    def __init__(
        self,
        positions: Sequence[Position],
        total: int,
        page: str = "text",
        *,
        complete: bool = True,
    ):
        self.positions = tuple(positions[:MAX_LISTED])
        self.total = total
        count = f"{total:,}" if complete else f"at least {total:,}"
        message = (
            f'These words occur {count} times in the {page}. Send "prefix" and "suffix", or '
            '"spans", to say which occurrence is meant.'
        )
        places = [position.as_json() for position in self.positions]
        bare = [{"spans": place["spans"]} for place in places]
        super().__init__(
            message,
            {"places": places, "total": total},
            discreet=(message, {"places": bare, "total": total}),
        )


class BadSpans(AnchoringError):
    """Invalid spans. ``details["span"]`` is the index of the invalid one."""

    def __init__(self, index: int | None, fault: str):
        where = "The spans" if index is None else f"Span {index}"
        super().__init__(
            f"{where} {fault}. Send [start, end) pairs of code point offsets in reading order.",
            {"span": index, "fault": fault},
        )


class WordsDiffer(AnchoringError):
    """The spans hold other words than those given."""

    def __init__(self, found: str, difference: list[dict], page: str = "text"):
        super().__init__(
            f"The {page} at these spans is {shortened(found)!r}, not the words sent. Correct one "
            'of the two, or send only the words or only the "spans".',
            {"found": found, "difference": difference},
            discreet=(
                f"The {page} at these spans is not the words sent. Correct one of the two, or send "
                "only the words.",
                {},
            ),
        )


def shortened(text: str, width: int = 120) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"

"""What happened to a quote since it was filed, as far as every reader may know it.

Actors are no part of it: who reads a quote may not see who worked on it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from quotes.models import Quote


class Happened(Protocol):
    """One recorded change: a row of the ledger will do."""

    version: int
    verb: str
    time: datetime


@dataclass(frozen=True)
class Life:
    """`corrections` are `{"when", "note", "changed"}`; `reason` is that of the present status."""

    history: Sequence[Happened]
    reason: str | None = None
    replaced_by: UUID | None = None
    corrections: Sequence[dict] = field(default_factory=tuple)

    def verdict(self, status: str) -> str | None:
        """That it is disputed or retracted, and why."""
        if status not in (Quote.Status.DISPUTED, Quote.Status.RETRACTED):
            return None
        return f"{status.capitalize()}: {self.reason}" if self.reason else status.capitalize()

    def remarks(self, status: str) -> list[str]:
        """All that a reader must be told: the verdict, and the corrections."""
        told = [self.verdict(status), *(correction["note"] for correction in self.corrections)]
        return [remark for remark in told if remark]


def life_of(quote: Quote, history: Iterable[Happened]) -> Life:
    """The life of a quote, with as much of its history as its reader may know."""
    return Life(
        history=sorted(history, key=lambda event: event.version),
        reason=quote.reason,
        replaced_by=quote.replaced_by_id,
        corrections=quote.corrections,
    )

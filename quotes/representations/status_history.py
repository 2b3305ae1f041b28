"""Changes of a quote's status since it was filed, as its reader may see them.

Actors are left out: readers may not see who worked on a quote.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from quotes.models import Quote


class Change(Protocol):
    """One recorded change, such as a `Revision`."""

    version: int
    verb: str
    time: datetime


@dataclass(frozen=True)
class StatusHistory:
    """`corrections` are `{"when", "note", "changed"}`; `reason` belongs to the present status."""

    changes: Sequence[Change]
    reason: str | None = None
    replaced_by: UUID | None = None
    corrections: Sequence[dict] = field(default_factory=tuple)

    def verdict(self, status: str) -> str | None:
        """“Disputed: …” or “Retracted: …” with the reason; None for other statuses."""
        if status not in (Quote.Status.DISPUTED, Quote.Status.RETRACTED):
            return None
        return f"{status.capitalize()}: {self.reason}" if self.reason else status.capitalize()

    def remarks(self, status: str) -> list[str]:
        """What every reader must see: the verdict and the notes of corrections."""
        notes = [correction["note"] for correction in self.corrections]
        return [remark for remark in (self.verdict(status), *notes) if remark]


def status_history_of(quote: Quote, changes: Iterable[Change]) -> StatusHistory:
    """The history of a quote from the changes that its reader may see."""
    return StatusHistory(
        changes=sorted(changes, key=lambda event: event.version),
        reason=quote.reason,
        replaced_by=quote.replaced_by_id,
        corrections=quote.corrections,
    )

"""The life of a quote: which step may follow which.

`proposed` → `published` or `rejected`; `published` ⇄ `disputed`; either → `retracted`. A correction
changes a public quote and leaves it where it is. What takes something back needs a reason,
and each step its permission.
"""

from dataclasses import dataclass

from django.db import models


class Status(models.TextChoices):
    PROPOSED = "proposed"
    PUBLISHED = "published"
    REJECTED = "rejected"
    DISPUTED = "disputed"
    RETRACTED = "retracted"


PUBLIC = (Status.PUBLISHED, Status.DISPUTED, Status.RETRACTED)
"""What readers may see: retracted quotes when they ask for them."""


PUBLISH = "quotes.publish_quote"


@dataclass(frozen=True)
class Step:
    leaves: tuple[Status, ...]
    enters: Status | None  # None: it stays where it is
    takes_back: bool = False
    permission: str = "quotes.change_quote"


STEPS = {
    "publish": Step((Status.PROPOSED,), Status.PUBLISHED, permission=PUBLISH),
    "reject": Step((Status.PROPOSED,), Status.REJECTED, takes_back=True, permission=PUBLISH),
    "dispute": Step((Status.PUBLISHED,), Status.DISPUTED, takes_back=True),
    "settle": Step((Status.DISPUTED,), Status.PUBLISHED),
    "correct": Step((Status.PUBLISHED, Status.DISPUTED), None),
    "retract": Step((Status.PUBLISHED, Status.DISPUTED), Status.RETRACTED, takes_back=True),
}


def open_steps(status: str) -> list[str]:
    """The steps that a quote of this status can take."""
    return [name for name, step in STEPS.items() if status in step.leaves]


class NotOpen(Exception):
    """A step that the present status does not allow; `members` tells a client which it does."""

    def __init__(self, step: str, status: str):
        steps = open_steps(status)
        self.members = {"open_steps": steps}
        then = f"Open steps: {', '.join(steps)}." if steps else "No step is open."
        super().__init__(f"“{step}” is not open to a {status} quote. {then}")

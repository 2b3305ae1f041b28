"""The life of a quote: its statuses, and the steps that lead from one to the next.

`proposed` → `published`, `rejected` or `withdrawn`; the last two → `proposed`; `published` ⇄
`disputed`; either → `retracted`. A correction changes a public quote and keeps its status. Each
step carries its permission and the words that curators read, for every page that offers it.
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import models


class Status(models.TextChoices):
    PROPOSED = "proposed"
    PUBLISHED = "published"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"  # by its filer
    DISPUTED = "disputed"
    RETRACTED = "retracted"


PUBLIC = (Status.PUBLISHED, Status.DISPUTED, Status.RETRACTED)
"""Statuses that readers may see; retracted quotes only on request."""

PUBLIC_STATUSES = f"({', '.join(f"'{status}'" for status in PUBLIC)})"
"""The same as a list of SQL."""

HIDDEN = (Status.PROPOSED, Status.REJECTED, Status.WITHDRAWN)
"""Statuses that only curators and the filer may see."""

OPEN = (Status.PROPOSED, Status.PUBLISHED, Status.DISPUTED)
"""Nobody has to look at the flags of other quotes."""

ADD, CHANGE, PUBLISH = "quotes.add_quote", "quotes.change_quote", "quotes.publish_quote"


def number_of_quotes(number: int) -> str:
    """`1 quote`, `1,200 quotes`."""
    return f"{number:,} quote{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class Step:
    """What a curator can do with a quote.

    `label` is its button and `done` its past participle, for messages. `enters` is None where the
    status stays. `many` is the label before a number of quotes, where that reads differently.
    `keeps_reason`: the quote shows the reason as long as it has the status.
    """

    name: str
    label: str
    done: str
    help: str
    leaves: tuple[Status, ...]
    enters: Status | None = None
    needs_reason: bool = False
    keeps_reason: bool = False
    permission: str = CHANGE
    many: str = ""

    def of(self, quotes: str) -> str:
        """Name the step for several quotes: “Publish 3 quotes”."""
        return f"{self.many or self.label} {quotes}"


STEPS = {
    step.name: step
    for step in [
        Step(
            *("publish", "Publish", "Published", "Make this quote visible to readers."),
            leaves=(Status.PROPOSED,),
            enters=Status.PUBLISHED,
            permission=PUBLISH,
        ),
        Step(
            *("reject", "Reject", "Rejected", "This quote will not be published."),
            leaves=(Status.PROPOSED,),
            enters=Status.REJECTED,
            needs_reason=True,
            keeps_reason=True,
            permission=PUBLISH,
        ),
        Step(
            *("withdraw", "Withdraw", "Withdrawn", "Take back what you proposed."),
            leaves=(Status.PROPOSED,),
            enters=Status.WITHDRAWN,
            keeps_reason=True,
            permission=ADD,
        ),
        Step(
            *("reopen", "Reopen", "Reopened", "Review this quote again."),
            leaves=(Status.REJECTED, Status.WITHDRAWN),
            enters=Status.PROPOSED,
            permission=PUBLISH,
        ),
        Step(
            *("dispute", "Dispute", "Disputed", "Mark this quote as contested."),
            leaves=(Status.PUBLISHED,),
            enters=Status.DISPUTED,
            needs_reason=True,
            keeps_reason=True,
        ),
        Step(
            *("settle", "Resolve dispute", "Dispute resolved", "Keep this quote as it is."),
            leaves=(Status.DISPUTED,),
            enters=Status.PUBLISHED,
            many="Resolve disputes on",
        ),
        Step(
            *("correct", "Correct", "Corrected", "Change the details, field by field."),
            leaves=(Status.PUBLISHED, Status.DISPUTED),
        ),
        Step(
            *("retract", "Retract", "Retracted", "Withdraw this quote permanently."),
            leaves=(Status.PUBLISHED, Status.DISPUTED),
            enters=Status.RETRACTED,
            needs_reason=True,
            keeps_reason=True,
        ),
        Step(
            *("keep", "Keep the record", "Kept", "Settle these flags: the record is right."),
            leaves=OPEN,
        ),
    ]
}
"""Steps of a quote's life, each an operation of the API."""

EDITS = {
    step.name: step
    for step in [
        Step("assign", "Reassign", "Reassigned", "Choose who said this.", OPEN),
        Step(
            *("adjust", "Change the selection", "Selection changed", "Select the words again."),
            leaves=OPEN,
        ),
        Step(
            *("role", "Record this role", "Role recorded"),
            help="Put the printed role on record, as of the day of the quote.",
            leaves=OPEN,
        ),
        Step(
            *("alias", "Make it an alias", "Alias added"),
            help="The speaker can be found by the printed name, too.",
            leaves=OPEN,
        ),
        Step(
            *("namesake", "Another person of this name", "Told apart"),
            help="Somebody else of the same name said this.",
            leaves=OPEN,
        ),
        Step(
            *("original", "Link the original", "Original linked"),
            help="Say which quote this one translates.",
            leaves=OPEN,
        ),
        Step(
            *("revise", "Edit", "Edited", "Set the fields you tick."),
            leaves=(*OPEN, Status.REJECTED),
        ),
        Step("join", "Group", "Grouped", "Report one utterance.", tuple(Status)),
        Step("part", "Ungroup", "Ungrouped", "Report separate utterances.", tuple(Status)),
    ]
}
"""What else curators do in the admin, to one quote or to many."""


def open_steps(status: str) -> list[str]:
    """Names of the steps that a quote of this status can take."""
    return [name for name, step in STEPS.items() if status in step.leaves]


class NotOpen(Exception):
    """A step that the present status does not allow; `members` lists for clients what it allows."""

    def __init__(self, step: str, status: str):
        steps = open_steps(status)
        self.members = {"open_steps": steps}
        then = f"Possible steps: {', '.join(steps)}." if steps else "No further step is possible."
        super().__init__(f"“{step}” is not possible for a {status} quote. {then}")


class NoteNeeded(ValidationError):
    """A change of what readers see of a public quote, without a note for them."""

    detail = (
        "Readers see this quote. Send a note for them with the change, or use correct/, which "
        "takes one."
    )

    def __init__(self, name: str = "note"):
        super().__init__({name: "Readers see this quote: say in a public note why it changes."})

"""How often a second look agrees with who published, from the looks taken so far.

Each share has its interval (Wilson, 95 %). The share that is wrong, of all publishers together, is
the newsroom's error rate in what it publishes in bulk.
"""

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Count

from quotes.curation.extraction_report import interval
from quotes.models import SecondLook

NEWSROOM = "Everybody"


@dataclass
class Agreement:
    """Second looks at what one user published, or all; `faults` counts what was wrong."""

    publisher: str
    looks: int = 0
    faults: Counter = field(default_factory=Counter)

    @property
    def agreed(self) -> int:
        return self.looks - self.faults.total()

    @property
    def share(self) -> float:
        return self.agreed / self.looks

    @property
    def interval(self) -> tuple[float, float]:
        return interval(self.agreed, self.looks)

    @property
    def error_rate(self) -> float:
        return self.faults.total() / self.looks

    @property
    def error_interval(self) -> tuple[float, float]:
        return interval(self.faults.total(), self.looks)


def agreements() -> list[Agreement]:
    """The newsroom first, then each publisher, those looked at most first; one query."""
    looks = SecondLook.objects.exclude(finding=None).order_by()
    counted = looks.values_list("publisher__username", "finding").annotate(n=Count("*"))
    found = {None: Agreement(NEWSROOM)}
    for name, finding, number in counted:
        publisher = name or "a former user"
        for key in (None, publisher):
            row = found.setdefault(key, Agreement(publisher))
            row.looks += number
            if finding != SecondLook.Finding.AGREE:
                row.faults[finding] += number
    newsroom, *publishers = found.values()
    if not newsroom.looks:
        return []
    return [newsroom, *sorted(publishers, key=lambda row: (-row.looks, row.publisher))]

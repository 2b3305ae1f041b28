"""How often extraction was right, by what reviewers made of its proposals.

In: proposals whose quotes were published or rejected since. Out: precision by band, rule, language
and outlet, each with its interval (Wilson, 95 %). A proposal was right if its quote was published,
and its speaker was right if that quote still has a speaker of the name that was proposed.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from quotes.models import Proposal, Quote
from quotes.models.reanchoring import names_of
from sources.identity.names import plain

DECIDED = (*Quote.PUBLIC, Quote.Status.REJECTED)

PROMISED = {Proposal.Band.SURE: 0.98, Proposal.Band.LIKELY: 0.85}
"""The share of right speakers that a band promises."""

MIN_DECIDED = 50
"""Decided proposals below which a band is not judged."""

GROUPS = ("band", "rule", "language", "outlet")
Z = 1.96  # 95 %


@dataclass
class Precision:
    """Decided proposals of one group: how many were quotes, and of the right speaker."""

    group: str
    name: str
    decided: int = 0
    quotes: int = 0
    speakers: int = 0

    @property
    def quote_interval(self) -> tuple[float, float]:
        return interval(self.quotes, self.decided)

    @property
    def speaker_interval(self) -> tuple[float, float]:
        return interval(self.speakers, self.decided)

    @property
    def keeps_its_word(self) -> bool | None:
        """Whether a band is as good as it promises; None if too few are decided to say."""
        promised = PROMISED.get(self.name) if self.group == "band" else None
        if promised is None or self.decided < MIN_DECIDED:
            return None
        return self.speaker_interval[1] >= promised


@dataclass
class Report:
    rows: dict[tuple[str, str], Precision] = field(default_factory=dict)

    def add(self, quote: Quote) -> None:
        proposal = quote.proposal
        outlet = quote.outlet.name if quote.outlet else "no outlet"
        names = (proposal.band, proposal.rule, quote.language or "unknown", outlet)
        is_quote = quote.status in Quote.PUBLIC
        for group, name in (("all", "all"), *zip(GROUPS, names, strict=True)):
            row = self.rows.setdefault((group, name), Precision(group, name))
            row.decided += 1
            row.quotes += is_quote
            row.speakers += is_quote and has_proposed_speaker(quote)

    def by_group(self) -> Iterator[Precision]:
        """The rows, those of each group together and the largest first."""
        order = {group: number for number, group in enumerate(("all", *GROUPS))}
        return iter(sorted(self.rows.values(), key=lambda r: (order[r.group], -r.decided, r.name)))


def decided():
    """Quotes that extraction proposed and a reviewer decided, with what the report reads."""
    found = Quote.objects.filter(proposal__isnull=False, status__in=DECIDED)
    return found.select_related("proposal", "speaker", "outlet").order_by("-pk")


def report_on(quotes: Iterable[Quote]) -> Report:
    report = Report()
    for quote in quotes:
        report.add(quote)
    return report


def has_proposed_speaker(quote: Quote) -> bool:
    """Whether a quote is still of the speaker whose name was proposed."""
    said = quote.proposal.said.get("speaker")
    if quote.speaker is None or not said:
        return quote.speaker is None and not said
    return plain(said) in {plain(name) for name in names_of(quote.speaker)}


def interval(right: int, decided: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    if not decided:
        return 0.0, 1.0
    share, weight = right / decided, Z * Z / decided
    middle = (share + weight / 2) / (1 + weight)
    half = Z / (1 + weight) * math.sqrt(share * (1 - share) / decided + weight / (4 * decided))
    return max(0.0, middle - half), min(1.0, middle + half)

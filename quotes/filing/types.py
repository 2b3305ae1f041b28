"""Types of filing: a filing, the outcome for each quote, and its refusal."""

from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import UUID

from quotes.anchoring import Page
from quotes.models import Quote
from sources.models import Article, Named, Organisation, Outlet, Speaker

MAX_QUOTES = 1000  # per filing: they are stored in one transaction

# Fields of a filed quote that are stored as they are; those of its `attribution` follow
PLAIN_FIELDS = ("kind", "language", "role", "said")
PRINTED_FIELDS = ("text", "speaker", "role", "organisation", "cue")


class Refused(ValueError):
    """A filing was refused as a whole: `faults` is a list of `{"pointer", "message", …}`."""

    def __init__(self, faults: list[dict], status: int = HTTPStatus.BAD_REQUEST):
        self.faults, self.status = faults, status
        self.summary = "The filing was refused as a whole; nothing was changed."
        super().__init__("; ".join(f"{f['pointer']}: {f['message']}" for f in faults))


@dataclass
class FiledQuote:
    """The outcome for one quote of a filing."""

    quote: Quote
    outcome: str  # made, updated, unchanged, differs
    speaker: str | None = None  # matched, made, ambiguous, kept, unresolved; None: nobody
    organisation: str | None = None
    differs: list[str] = field(default_factory=list)


@dataclass
class Filing:
    """One filing: the data sent, and what the steps of filing have made of it so far."""

    data: dict
    page: Page | None = None
    outlet: Outlet | None = None
    article: Article | None = None
    matched_by_details: UUID | None = None  # the article that only its details identify
    outcome: str = "unchanged"  # made, updated, unchanged
    text_changed: bool = False
    on_record: list[Quote] = field(default_factory=list)  # quotes that the article had before
    reanchored: list[Quote] = field(default_factory=list)
    spans: list[tuple] = field(default_factory=list)  # one per quote filed, in order
    quotes: list[FiledQuote] = field(default_factory=list)
    speakers: list[Speaker] = field(default_factory=list)  # known or created in this article
    organisations: list[Organisation] = field(default_factory=list)
    homonyms: list[Named] = field(default_factory=list)  # created although others have the name

    @property
    def proposals(self) -> list[dict]:
        return self.data.get("quotes", [])


@dataclass
class QuoteChange:
    """A quote that the filing creates, or a quote on record that it says something else of."""

    filing: Filing
    filed: FiledQuote
    proposal: dict

    @property
    def is_new(self) -> bool:
        return self.filed.outcome == "made"

    @property
    def quote(self) -> Quote:
        return self.filed.quote

    @property
    def chain(self) -> list[dict]:
        """The reporting chain as filed: `[{"kind", "name"}]`."""
        return self.proposal.get("via", [])


def add_flag(quote: Quote, flag: str) -> None:
    if flag not in quote.flags:
        quote.flags = [*quote.flags, flag]


def drop_flags(quote: Quote, *flags: str) -> None:
    quote.flags = [flag for flag in quote.flags if flag not in flags]

"""What travels the road of a filing, and how a filing is refused."""

from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import UUID

from quotes.anchoring import Page
from quotes.models import Quote
from sources.models import Article, Named, Organisation, Outlet, Speaker

MOST_QUOTES = 1000

# What a filing may say of a quote that is stored as it stands.
PLAIN_FIELDS = ("kind", "language", "role", "said")
PRINTED_FIELDS = ("text", "speaker", "role", "organisation", "cue")


class Refused(ValueError):
    """A filing that was refused as a whole: `faults` is a list of `{"pointer", "message", …}`."""

    def __init__(self, faults: list[dict], status: int = HTTPStatus.BAD_REQUEST):
        self.faults, self.status = faults, status
        self.summary = "The filing was refused as a whole; nothing was changed."
        super().__init__("; ".join(f"{f['pointer']}: {f['message']}" for f in faults))


@dataclass
class FiledQuote:
    """What became of one quote of a filing."""

    quote: Quote
    outcome: str  # made, updated, unchanged, differs
    speaker: str | None = None  # matched, made, ambiguous, kept, unresolved; None: nobody
    organisation: str | None = None
    differs: list[str] = field(default_factory=list)


@dataclass
class Filing:
    """One filing on its road: what was sent, and what has been found out about it so far."""

    data: dict
    page: Page | None = None
    outlet: Outlet | None = None
    article: Article | None = None
    known_by_details: UUID | None = None  # an article of which nothing else is held
    outcome: str = "unchanged"  # made, updated, unchanged
    text_changed: bool = False
    standing: list[Quote] = field(default_factory=list)  # quotes of the article from before
    reanchored: list[Quote] = field(default_factory=list)
    spans: list[tuple] = field(default_factory=list)  # one a quote, in their order
    quotes: list[FiledQuote] = field(default_factory=list)
    cast: list[Speaker] = field(default_factory=list)  # who speaks in the article, as far as known
    bodies: list[Organisation] = field(default_factory=list)  # for whom
    doubtful: list[Named] = field(default_factory=list)  # made although others have the name

    @property
    def proposals(self) -> list[dict]:
        return self.data.get("quotes", [])


@dataclass
class Draft:
    """One quote of a filing that is to be stored: new, or a proposal that is filed anew."""

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
        """The reporting chain that was filed: a kind and a name each."""
        return self.proposal.get("via", [])


def add_flag(quote: Quote, flag: str) -> None:
    if flag not in quote.flags:
        quote.flags = [*quote.flags, flag]


def drop_flags(quote: Quote, *flags: str) -> None:
    quote.flags = [flag for flag in quote.flags if flag not in flags]

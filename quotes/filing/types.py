"""Types of filing: a filing, who files it, the outcome for each quote, and its refusal."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from typing import NamedTuple, Self
from uuid import UUID

from quotes.anchoring import Budget, Pages, Place, Seams
from quotes.extraction import Proposal as Found
from quotes.models import LastFiling, Quote, outlets_of
from quotes.models.workflow import CHANGE, PUBLISH
from sources.dates import PartialDate
from sources.models import Article, Named, Organisation, Outlet, PublicRecord, Snapshot, Speaker
from sources.models.articles import READ_FULL_TEXT

MAX_QUOTES = 1000  # per filing: they are stored in one transaction

# Attributes of the fields that are stored as they are filed; those of `attribution` follow
PLAIN_FIELDS = {
    **{name: name for name in ("kind", "language", "role", "said", "media", "translated_from")},
    "translates": "translates_id",
}
PRINTED_FIELDS = ("text", "speaker", "role", "organisation", "cue")


class Refused(ValueError):
    """A filing was refused as a whole: `faults` is a list of `{"pointer", "message", …}`."""

    def __init__(self, faults: list[dict], status: int = HTTPStatus.BAD_REQUEST):
        self.faults, self.status = faults, status
        self.members = {}  # further ones of the problem
        self.summary = "The filing was refused as a whole; nothing was changed."
        super().__init__("; ".join(f"{f['pointer']}: {f['message']}" for f in faults))


@dataclass(frozen=True)
class Filer:
    """Who files, and what they may do beyond filing proposals."""

    user: object | None = None  # None: the operator, by a command
    may_publish: bool = False
    may_change: bool = False  # articles that others filed
    may_correct: bool = False  # public quotes, with a note
    may_read: bool = False  # the full text of articles
    outlets: frozenset[UUID] = frozenset()  # it files for these only; empty: for all
    withholds: bool = False  # what it makes is not for readers yet

    @classmethod
    def of(cls, user) -> Self:
        may_change = user.has_perm("sources.change_article")
        return cls(
            user,
            user.has_perm(PUBLISH),
            may_change,
            user.has_perm(CHANGE),
            user.has_perm(READ_FULL_TEXT),
            frozenset() if may_change else outlets_of(user),
        )

    def sees(self, record: PublicRecord) -> bool:
        """Whether the answer to a filing may name this record; no query if readers see it."""
        if record._state.adding or record.is_public or self.user is None:
            return True
        return type(record).objects.visible_to(self.user).filter(pk=record.pk).exists()


OPERATOR = Filer(may_publish=True, may_change=True, may_correct=True, may_read=True)


class Erasure(NamedTuple):
    """Why words that are sent had to be erased from the record, and when."""

    reason: str | None
    when: datetime


class Candidate(NamedTuple):
    """A speaker on record whom a filed name may mean, and why, as a sentence."""

    speaker: Speaker
    why: str


@dataclass
class FiledQuote:
    """The outcome for one quote of a filing.

    `said` is what the filing says of the quote, by field. `fields` says what became of each:
    `updated`, `unchanged`, `kept` (said before, and the record says otherwise) or `differs` (the
    record says otherwise, and stays). `before` is the record before the filing.
    """

    quote: Quote
    is_new: bool
    said: dict = field(default_factory=dict)
    before: dict | None = None
    public_before: dict | None = None  # what readers saw of it, if the filing corrects it
    chain: list[dict] = field(default_factory=list)  # on record, or as filed, without outlets
    speaker: str | None = None  # matched, made, ambiguous, kept, unresolved; None: nobody
    organisation: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    candidates: list[Candidate] = field(default_factory=list)
    not_printed: list[str] = field(default_factory=list)  # fields that the article does not print
    found: Found | None = None  # by extraction; None: the filer marked it

    @property
    def outcome(self) -> str:
        """`made`, `differs`, `updated`, `kept` or `unchanged`."""
        return "made" if self.is_new else summary(self.fields.values())

    @property
    def became(self) -> dict[str, str]:
        """`fields`, and how the names were matched."""
        matched = {"speaker": self.speaker, "organisation": self.organisation}
        left = {name for name, became in self.fields.items() if became in ("kept", "differs")}
        return self.fields | {n: how for n, how in matched.items() if how and n not in left}

    @property
    def differs(self) -> list[str]:
        """Fields that the filing changed, or that it says otherwise than the record."""
        return [name for name, became in self.fields.items() if became in ("updated", "differs")]


def summary(fields: Iterable[str]) -> str:
    """The outcome for a record, by the outcomes for its fields."""
    fields = set(fields)
    return next((each for each in ("differs", "updated", "kept") if each in fields), "unchanged")


NO_SEAMS = Seams()


@dataclass
class Filing:
    """One filing: the data sent, and what the steps of filing have made of it so far."""

    data: dict
    filer: Filer
    budget: Budget = field(default_factory=Budget)  # for all work on its texts
    pages: Pages | None = None  # the text and headline where its quotes stand
    outlet: Outlet | None = None
    article: Article | None = None
    snapshot: Snapshot | None = None  # of the text and headline that the spans are in
    filed_before: list[LastFiling] = field(default_factory=list)  # by each user
    last: LastFiling | None = None  # the filer's own; None: the filer's first of this article
    twins: dict[str, str] = field(default_factory=dict)  # quotes of a merge, and what stands there
    is_whole: bool = True  # of the article, not of one quote or one text
    is_late: bool = False  # an earlier version of the article, which changes nothing
    said: dict = field(default_factory=dict)  # of the article; all three as of `FiledQuote`
    fields: dict[str, str] = field(default_factory=dict)
    before: dict | None = None
    url_key: str | None = None  # the URL filed, as it is compared
    has_url_of_merged: bool = False  # it is that of an article that was merged into this one
    matched_by_details: UUID | None = None  # the article that only its details identify
    is_new: bool = False  # it creates the article
    text_changed: bool = False
    on_record: list[Quote] = field(default_factory=list)  # quotes that the article had before
    reanchored: list[Quote] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)  # one per quote filed, in order
    seams: dict[Place, Seams] = field(default_factory=dict)  # of quotes of several spans
    not_printed: dict[int, list[str]] = field(default_factory=dict)  # by quote filed
    found: dict[int, Found] = field(default_factory=dict)  # by extraction, of the quotes filed
    proposer_failed: bool = False  # so that nothing is known of what it would find
    not_proposed: int = 0  # quotes found beyond `MAX_QUOTES`
    found_again: set[str] = field(default_factory=set)  # ids of quotes on record that it finds
    quotes: list[FiledQuote] = field(default_factory=list)
    erased: dict[int, Erasure] = field(default_factory=dict)  # quotes left out, by index as sent
    blotted: list[tuple[int, int]] = field(default_factory=list)  # ranges of the text
    sent_sha256: str | None = None  # of the text as sent, if some of it was blotted out
    withdrawn: list[UUID] = field(default_factory=list)  # proposals that it no longer names
    speakers: list[Speaker] = field(default_factory=list)  # known or created in this article
    organisations: list[Organisation] = field(default_factory=list)
    homonyms: list[Named] = field(default_factory=list)  # created although others have the name

    @property
    def proposals(self) -> list[dict]:
        return [] if self.is_late else self.data.get("quotes", [])

    @property
    def shows_text(self) -> bool:
        """Whether the filer sent the text, or may read it: else no answer shows more of it."""
        return self.filer.may_read or self.data.get("text") is not None

    def seams_of(self, place: Place) -> Seams:
        return self.seams.get(place, NO_SEAMS)

    def text_at(self, place: Place) -> str:
        """The words of a filed quote, joined by their seams."""
        return self.pages[place.page].text_at(place.spans, self.seams_of(place).kinds)

    @property
    def outcome(self) -> str:
        """`made`, `differs`, `updated`, `kept` or `unchanged`."""
        return "made" if self.is_new else summary(self.fields.values())

    @cached_property
    def entries(self) -> dict[str, dict]:
        """What the filer said last of each quote, by the id of the quote that stands for it."""
        said = self.last.entries() if self.last else {}
        return {self.twins.get(key, key): entry for key, entry in said.items()}


@dataclass
class QuoteChange:
    """A quote that the filing creates, or one on record and what the filing changes of it.

    `proposal` holds only what is to be stored, in the shape it was filed in.
    """

    filing: Filing
    filed: FiledQuote
    proposal: dict

    @property
    def is_new(self) -> bool:
        return self.filed.is_new

    @property
    def taken(self) -> set[str]:
        """Fields whose filed value is stored."""
        return {name for name, became in self.filed.fields.items() if became == "updated"}

    @property
    def quote(self) -> Quote:
        return self.filed.quote

    @property
    def note(self) -> str | None:
        """The note for readers, if the filing corrects a public quote."""
        return self.proposal.get("note") if self.filed.public_before else None

    @property
    def when(self) -> PartialDate | None:
        """The date of speaking, else of publication, if known."""
        return self.quote.said or self.filing.article.published


def names_in(value: str | list[str] | None) -> list[str]:
    """The ids and names of a filed speaker or organisation: several, for a joint statement."""
    return value if isinstance(value, list) else [value] if value else []


def is_in(record: Named, records: Iterable[Named]) -> bool:
    # Records that are not stored yet have no key to compare.
    return any(
        one is record or (one == record and not one._state.adding and not record._state.adding)
        for one in records
    )


def add_flag(quote: Quote, flag: str) -> None:
    if flag not in quote.flags:
        quote.flags = [*quote.flags, flag]


def drop_flags(quote: Quote, *flags: str) -> None:
    quote.flags = [flag for flag in quote.flags if flag not in flags]

"""A document as sent, the article that it converts to, and its refusal."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

RULES = "1"
"""Version of the rules of conversion. Count it up when another text would come out."""


class NotConverted(ValueError):
    """A document has no article to file; the message says what is wrong, and what to do."""


class Unknown(NotConverted):
    """A document of a kind that is not known here."""


@dataclass(frozen=True)
class Document:
    """A document as it was sent: its bytes, its media type and the character set declared."""

    body: bytes = field(repr=False)
    media_type: str
    charset: str | None = None

    def __str__(self) -> str:
        return f"{self.media_type} {self.charset or ''} {self.sha256}"

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


PARTICULARS = (
    *("outlet", "external_id", "url", "headline", "byline"),
    *("published", "modified", "language"),
    *("canonical_url", "rights", "license", "embargo_until"),
)
"""Particulars that a filing takes, under these names."""

KEPT = ("status", "edition")
"""Particulars that are kept with the document."""


@dataclass
class Conversion:
    """An article as a filing takes it, and what else the document says of it.

    Dates and times are ISO 8601, with their offset from UTC: a time without one is only a date.
    None is unknown. `status` is that of IPTC: `usable`, `withheld` or `canceled`. `edition` is the
    document's own version number. `warnings` are sentences about what could not be used.
    """

    format: str
    text: str
    headline: str | None = None
    byline: list[str] = field(default_factory=list)
    published: str | None = None
    modified: str | None = None
    language: str | None = None
    url: str | None = None
    canonical_url: str | None = None
    outlet: str | None = None
    external_id: str | None = None
    edition: str | None = None
    rights: str | None = None
    license: str | None = None
    embargo_until: str | None = None
    status: str | None = None
    converter: str = f"On Record {RULES}"
    warnings: list[str] = field(default_factory=list)
    document: Document | None = None

    @property
    def filing(self) -> dict:
        """The article as a JSON filing, without what is unknown."""
        known = {name: value for name in PARTICULARS if (value := getattr(self, name))}
        # Signs that look like markup are words here: the document's own markup is gone.
        return known | {"text": self.text, "plain": True}

    @property
    def kept(self) -> dict[str, str]:
        """What the document says that a filing does not take, without what is unknown."""
        return {name: value for name in KEPT if (value := getattr(self, name))}

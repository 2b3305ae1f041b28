"""The records that quotes rest on: outlets, articles, speakers, organisations, affiliations.

An `Outlet` prints an `Article`; each captured text of it is a `Snapshot`. A `Speaker` may hold an
`Affiliation` with an `Organisation`, and a `Fact` says what is known of it. NULL always means
unknown, never a guess. Names are compared folded (`functions`). The models of `jobs` and `ledger`
are imported so that Django finds them.
Nothing here knows of a request.
"""

from sources.jobs.models import Job, Part
from sources.ledger.revisions import Era, Revision
from sources.models.articles import Article, Snapshot
from sources.models.base import Mergeable, Named, PossiblePair, PublicRecord, Record, StoredCount
from sources.models.checkpoint import Checkpoint, Leaf
from sources.models.documents import SourceDocument
from sources.models.erased_words import ErasedWords
from sources.models.facts import Fact
from sources.models.idempotency import IdempotentResponse
from sources.models.organisations import Organisation, OrganisationKey
from sources.models.outlets import Outlet
from sources.models.roles import Role
from sources.models.speakers import Affiliation, Speaker, SpeakerKey
from sources.models.use_counts import UseCount
from sources.models.wikidata import WikidataItem

__all__ = [
    "Affiliation",
    "Article",
    "Checkpoint",
    "Era",
    "ErasedWords",
    "Fact",
    "IdempotentResponse",
    "Job",
    "Leaf",
    "Mergeable",
    "Named",
    "Organisation",
    "OrganisationKey",
    "Outlet",
    "Part",
    "PossiblePair",
    "PublicRecord",
    "Record",
    "Revision",
    "Role",
    "Snapshot",
    "SourceDocument",
    "Speaker",
    "SpeakerKey",
    "StoredCount",
    "UseCount",
    "WikidataItem",
]

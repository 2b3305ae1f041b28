"""Examples of requests and answers, by the name of their schema in the OpenAPI document.

They tell one story: Mara Quill, harbour master, speaks to The Harbour Post. Tests hold each
example to its schema.
"""

AN_ID = "01977a2e-6c1f-7a30-b1d4-0c5a3e9f8b21"
OUTLET_ID = "01977a2e-5b02-7c11-8e5d-3f1f6c2a9d10"
ARTICLE_ID = "01977a2e-6a90-7f04-9a3b-7d20c4e1b815"
SPEAKER_ID = "01977a2e-5f4d-7b62-a0c8-91e6d4b7f332"
OTHER_ID = "01977a31-0d2c-7e90-bb17-5a80f3c6e941"
ORGANISATION_ID = "01977a2e-5d8a-7046-93f1-c4b25e07a6d8"
SHA256 = "28173ab5c6d50f6c80e5c83c650da20b8b1f35c21a7775421efdbfc891575759"
TEXT = (
    "The quay will close in May. “We had no choice,” Mara Quill, the harbour master, told Torrigan "
    "Wire."
)
SITE = "https://onrecord.example"
RECORD = {
    "version": 1,
    "created": "2026-03-14T10:02:11.547621Z",
    "updated": "2026-03-14T10:02:11.547621Z",
}

OUTLET_REFERENCE = {"id": OUTLET_ID, "name": "The Harbour Post", "slug": "harbour-post"}
ORGANISATION_REFERENCE = {"id": ORGANISATION_ID, "name": "Port Authority"}
SPEAKER_REFERENCE = {"id": SPEAKER_ID, "name": "Mara Quill", "kind": "person"}

OUTLET_REQUEST = {"name": "The Harbour Post", "url": "https://harbourpost.example/"}
OUTLET = {
    "id": OUTLET_ID,
    "html_url": f"{SITE}/outlets/harbour-post/",
    "slug": "harbour-post",
    "aliases": [],
    "rights": "© Harbour Post Ltd",
    "license": None,
    "refuses_embeds": False,
    "refuses_robots": False,
    "distinct_from": [],
    **OUTLET_REQUEST,
    **RECORD,
}
ORGANISATION_REQUEST = {
    "name": "Port Authority",
    "aliases": ["Torrigan Port Authority"],
    "identifiers": {"wikidata": "Q7186"},
}
ORGANISATION = {
    "id": ORGANISATION_ID,
    "html_url": f"{SITE}/organisations/{ORGANISATION_ID}/",
    "parent": None,
    "distinct_from": [],
    **ORGANISATION_REQUEST,
    **RECORD,
}
SPEAKER_REQUEST = {
    "name": "Mara Quill",
    "kind": "person",
    "aliases": ["M. Quill"],
    "identifies": [],
    "identifiers": {"wikidata": "Q7187"},
}
SPEAKER = {
    "id": SPEAKER_ID,
    "html_url": f"{SITE}/speakers/{SPEAKER_ID}/",
    "organisation": None,
    "members": [],
    "article": None,
    "distinct_from": [],
    **SPEAKER_REQUEST,
    **RECORD,
}
ARTICLE = {
    "id": ARTICLE_ID,
    "html_url": f"{SITE}/articles/{ARTICLE_ID}/",
    "outlet": OUTLET_REFERENCE,
    "external_id": "hp-2026-0314",
    "url": "https://harbourpost.example/2026/quay",
    "headline": "Quay to close",
    "byline": ["Ada Lund"],
    "published": "2026-03-14",
    "published_at": None,
    "language": "en",
    "canonical_url": None,
    "rights": "© 2026 Harbour Post Ltd",
    "license": None,
    "embargo_until": None,
    "snapshot": SHA256,
    "withdrawn": None,
    **RECORD,
}
SNAPSHOT = {"sha256": SHA256, "captured": "2026-03-14T10:02:11.419757Z", "characters": len(TEXT)}


def merge_examples(name: str, record: dict) -> dict[str, object]:
    """Return the answers to a merge and to its undo."""
    merged = {"record": record, "moved": {"affiliations": 2}, "aliases": []}
    return {
        f"{name}Merge": {**merged, "closed": {}, "preview": False},
        f"{name}Unmerge": merged,
    }


DOCUMENT = {
    "sha256": "5c1f8c2f34f06a0bd6bb79d7e08c4d12ce4b0d2c4d4b6fba0e5f2f2d6c8d3f10",
    "media_type": "text/html",
    "format": "html",
    "converter": "On Record 1, trafilatura 2.3.1",
    "particulars": {"status": "usable", "edition": "2"},
}

ROOT_URL = "https://onrecord.example/"

EXAMPLES: dict[str, object] = {
    "Root": {
        "name": "On Record",
        "version": "1.0.0",
        "schema": f"{ROOT_URL}api/v1/schema/",
        "docs": f"{ROOT_URL}api/v1/docs/",
        "guides": f"{ROOT_URL}guides/",
        "resources": [
            {
                "name": "outlets",
                "url": f"{ROOT_URL}api/v1/outlets/",
                "methods": ["GET", "POST"],
                "about": "List outlets. Add an outlet.",
            }
        ],
    },
    "Outlet": OUTLET,
    "OutletRequest": OUTLET_REQUEST,
    "PatchedOutletRequest": {"aliases": ["Harbour Post"]},
    "Organisation": ORGANISATION,
    "OrganisationRequest": ORGANISATION_REQUEST,
    "PatchedOrganisationRequest": {"parent": "Department of Transport"},
    "Speaker": SPEAKER,
    "SpeakerRequest": SPEAKER_REQUEST,
    "PatchedSpeakerRequest": {"aliases": ["M. Quill", "Captain Quill"]},
    "Affiliation": {
        "id": AN_ID,
        "speaker": SPEAKER_REFERENCE,
        "organisation": ORGANISATION_REFERENCE,
        "role": "harbour master",
        "from": "2019",
        "to": None,
        **RECORD,
    },
    "AffiliationRequest": {
        "speaker": SPEAKER_ID,
        "organisation": "Port Authority",
        "role": "harbour master",
        "from": "2019",
    },
    "PatchedAffiliationRequest": {"to": "2026-05"},
    "Fact": {
        "id": AN_ID,
        "speaker": SPEAKER_REFERENCE,
        "key": "party",
        "value": "Harbour Party",
        "source": "https://parliament.example/members/quill",
        "from": "2019",
        "to": None,
        **RECORD,
    },
    "FactRequest": {
        "speaker": SPEAKER_ID,
        "key": "party",
        "value": "Harbour Party",
        "source": "https://parliament.example/members/quill",
        "from": "2019",
    },
    "PatchedFactRequest": {"to": "2026-05"},
    "Article": ARTICLE,
    "PatchedArticleRequest": {"headline": "Quay to close in May"},
    "SnapshotSummary": {**SNAPSHOT, "headline": "Quay to close", "document": DOCUMENT},
    "Snapshot": {**SNAPSHOT, "articles": [ARTICLE_ID], "text": TEXT, "erased": None},
    "Revision": {
        "version": 2,
        "verb": "updated",
        "time": "2026-03-15T08:30:00.125000Z",
        "actor": "ada",
        "channel": "api",
        "request": "e3df4dbe-16c2-4900-b7b6-515fe69b5f5b",
        "reason": None,
        "changes": [{"field": "language", "before": None, "after": "en"}],
    },
    # Merging
    "MergedRecord": {"id": OTHER_ID, "merged_into": SPEAKER_ID, "version": 2},
    "MergeRequest": {"into": SPEAKER_ID, "reason": "The same person, misspelt.", "preview": False},
    "ReasonRequest": {"reason": "Two persons of the same name."},
    "DistinguishRequest": {"from": OTHER_ID, "reason": "Father and daughter."},
    **merge_examples("Outlet", OUTLET),
    **merge_examples("Organisation", ORGANISATION),
    **merge_examples("Speaker", SPEAKER),
    "ArticleMerge": {
        "record": ARTICLE,
        "moved": {"speakers": 1},
        "closed": {},
        "preview": False,
    },
    "ArticleUnmerge": {"record": ARTICLE, "moved": {"speakers": 1}},
}

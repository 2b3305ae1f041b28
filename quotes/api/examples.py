"""Examples of requests and answers, by the name of their schema: see `sources.api.examples`."""

from sources.api.examples import (
    AN_ID,
    ARTICLE,
    ARTICLE_ID,
    ORGANISATION_REFERENCE,
    OTHER_ID,
    OUTLET_REFERENCE,
    RECORD,
    SHA256,
    SITE,
    SPEAKER,
    SPEAKER_REFERENCE,
    TEXT,
)

URL = f"https://onrecord.example/api/v1/quotes/{AN_ID}/"
LEDGER_CURSOR = "WzEsODA0MSw5XQ:zVt0c0Vb2E"
ATTRIBUTION = {
    "text": "Mara Quill, the harbour master, told Torrigan Wire",
    "speaker": "Mara Quill",
    "role": "harbour master",
    "organisation": None,
    "cue": "told",
}

QUOTE = {
    "id": AN_ID,
    "url": URL,
    "html_url": f"{SITE}/quotes/{AN_ID}/",
    "text": "We had no choice,",
    "kind": "direct",
    "language": "en",
    "translated_from": None,
    "translates": None,
    "status": "published",
    "speaker": SPEAKER_REFERENCE,
    "role": "harbour master",
    "organisation": ORGANISATION_REFERENCE,
    "outlet": OUTLET_REFERENCE,
    "said": "2026-03-13",
    "published": "2026-03-14",
    "attribution": ATTRIBUTION,
    "article": {
        name: ARTICLE[name]
        for name in ("id", "headline", "url", "byline", "rights", "license", "withdrawn")
    },
    "via": [{"kind": "told", "name": "Torrigan Wire", "outlet": None, "media": None}],
    "media": None,
    "anchor": {
        "state": "exact",
        "snapshot": SHA256,
        "in": "text",
        "spans": [
            {
                "start": 29,
                "end": 46,
                "prefix": "The quay will close in May. “",
                "suffix": "” Mara Quill, the harbour master",
            }
        ],
        "seams": [],
    },
    "utterance": {"id": OTHER_ID, "quotes": 2},
    "flags": [],
    "origin": "filed",
    "reason": None,
    "replaced_by": None,
    "corrections": [
        {
            "when": "2026-03-15T08:30:00.125000Z",
            "note": "The words were said a day earlier than the article says.",
            "changed": [{"field": "said", "before": "2026-03-14", "after": "2026-03-13"}],
        }
    ],
    **RECORD,
}
NEW_QUOTE = {**QUOTE, "status": "proposed", "said": None, "utterance": None, "corrections": []}
FILED_QUOTE = {
    **NEW_QUOTE,
    "filing": {
        "outcome": "made",
        "speaker": "matched",
        "organisation": "matched",
        "differs": [],
        "fields": {"speaker": "matched", "organisation": "matched"},
        "candidates": [],
        "not_printed": [],
    },
}
PROPOSAL = {
    "text": "We had no choice,",
    "kind": "direct",
    "speaker": "Mara Quill",
    "speaker_kind": "person",
    "role": "harbour master",
    "organisation": "Port Authority",
    "attribution": {name: text for name, text in ATTRIBUTION.items() if text},
    "via": [{"kind": "told", "name": "Torrigan Wire"}],
}
FOUND_QUOTE = {
    "spans": [[22, 39]],
    "text": "We had no choice,",
    "kind": "direct",
    "speaker": "Mara Quill",
    "speaker_kind": "person",
    "role": "harbour master",
    "organisation": None,
    "attribution": {
        "text": "said Mara Quill",
        "speaker": "Mara Quill",
        "role": "harbour master",
        "organisation": None,
        "cue": "said",
    },
    "via": [],
    "confidence": {"quote": 0.99, "speaker": 0.97, "role": 0.9},
    "band": "sure",
    "rule": "quote, cue, name",
    "because": [{"start": 41, "end": 45, "what": "cue"}],
}
DIFFERENCE = [{"op": "replace", "expected": "every", "found": "no"}]
FILED_FIELDS = ("external_id", "url", "headline", "byline", "published", "language")

WEBHOOK = {
    "id": AN_ID,
    "url": "https://cms.example/on-record",
    "types": ["quote"],
    "filters": {"outlet": "harbour-post"},
    "active": True,
    "paused": None,
    "previous_secret_until": None,
    "secret": "whsec_3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "version": 1,
    "created": "2026-03-14T10:02:11.419757Z",
    "updated": "2026-03-14T10:02:11.419757Z",
}

EXAMPLES: dict[str, object] = {
    # Filing
    "FilingRequest": {
        "outlet": "The Harbour Post",
        **{name: ARTICLE[name] for name in FILED_FIELDS},
        "text": TEXT,
        "quotes": [PROPOSAL],
    },
    "FiledArticle": {
        **ARTICLE,
        "outcome": "made",
        "filing": {},
        "quotes": [FILED_QUOTE],
        "reanchored": [],
        "withdrawn_quotes": [],
        "warnings": [],
    },
    "DraftRequest": {"text": TEXT, "language": "en"},
    "ProposedQuotes": {"language": "en", "text": TEXT, "quotes": [FOUND_QUOTE]},
    "CheckedDraft": {
        "results": [
            {
                "start": 22,
                "end": 42,
                "text": "We had every choice,",
                "speaker": "Mara Quill",
                "verdict": "altered",
                "score": 0.857,
                "difference": DIFFERENCE,
                "quotes": [QUOTE],
                "closest": [],
            }
        ]
    },
    "CaptureRequest": {"text": TEXT.replace("in May", "in June")},
    "QuoteProposalRequest": {"article": ARTICLE_ID, **PROPOSAL},
    "FiledQuote": FILED_QUOTE,
    "FiledOrUnseenQuote": FILED_QUOTE,
    # Quotes
    "Quote": QUOTE,
    "ListedQuote": {**QUOTE, "matches": [[10, 16]]},
    "ChangedQuote": {**QUOTE, "not_printed": ["attribution.role"]},
    "PatchedQuoteRequest": {
        "said": "2026-03-13",
        "note": "The words were said a day earlier than the article says.",
    },
    "OptionalReasonRequest": {"reason": "Checked against the recording."},
    "KeepRequest": {"flags": ["filing_differs"], "reason": "The article prints it so."},
    "RequiredReasonRequest": {"reason": "The speaker's office says that she was misquoted."},
    "CorrectQuoteRequest": {
        "note": "The words were said a day earlier than the article says.",
        "said": "2026-03-13",
    },
    "RetractionRequest": {"reason": "The outlet withdrew the article.", "replaced_by": OTHER_ID},
    "StepsRequest": {
        "steps": [
            {"quote": AN_ID, "step": "publish", "version": 1},
            {"quote": OTHER_ID, "step": "retract", "version": 4, "reason": "Never said."},
        ]
    },
    "StepOutcomes": {
        "results": [
            {"quote": AN_ID, "step": "publish", "status": 200, "version": 2},
            {
                "quote": OTHER_ID,
                "step": "retract",
                "status": 412,
                "problem": {
                    "type": "urn:on-record:problem:precondition-failed",
                    "title": "Precondition Failed",
                    "status": 412,
                    "detail": "The record is now at version 5. Get it again, then repeat your "
                    "change.",
                },
            },
        ]
    },
    "ReattributionRequest": {
        "to": OTHER_ID,
        "quotes": [AN_ID],
        "reason": "Said by her deputy, as the outlet corrected.",
    },
    "Reattribution": {"record": SPEAKER, "moved": {"quotes": 1}},
    "Verification": {
        "ok": True,
        "checks": [
            {
                "subject": {"type": "quote", "id": AN_ID},
                "version": 1,
                "check": "version_chain",
                "ok": True,
                "expected": "1, created",
                "found": "1, created",
                "differs": None,
            }
        ],
    },
    "Utterance": {
        "id": OTHER_ID,
        "url": f"https://onrecord.example/api/v1/utterances/{OTHER_ID}/",
        "speaker": SPEAKER_REFERENCE,
        "quotes": 1,
        "first": "2026-03-14",
        "last": "2026-03-14",
        "wordings": [
            {
                "text": "We had no choice,",
                "quotes": [
                    {
                        "id": AN_ID,
                        "url": URL,
                        "outlet": OUTLET_REFERENCE,
                        "article": {name: ARTICLE[name] for name in ("id", "headline", "url")},
                        "published": "2026-03-14",
                        "said": "2026-03-13",
                        "kind": "direct",
                        "status": "published",
                    }
                ],
            }
        ],
        **RECORD,
    },
    "Changes": {
        "next": None,
        "previous": None,
        "after": LEDGER_CURSOR,
        "results": [
            {
                "type": "quote",
                "id": AN_ID,
                "url": URL,
                "verb": "published",
                "version": 2,
                "time": "2026-03-14T11:00:00.250000Z",
                "gone": False,
                "record": QUOTE,
            }
        ],
    },
    # Webhooks
    "Webhook": WEBHOOK,
    "WebhookRequest": {name: WEBHOOK[name] for name in ("url", "types", "filters")},
    "PatchedWebhookRequest": {"active": True},
    "RotationRequest": {"at_once": False},
    "TestRequest": {},
    "ReplayRequest": {"since": "2026-03-14T11:00:00Z"},
    "Delivery": {
        "id": OTHER_ID,
        "type": "quote.retracted",
        "record": AN_ID,
        "version": 3,
        "time": "2026-03-16T08:12:44.301522Z",
        "state": "pending",
        "attempts": 1,
        "created": "2026-03-16T08:12:47.120001Z",
        "due": "2026-03-16T08:12:58.020113Z",
        "first_tried": "2026-03-16T08:12:48.020113Z",
        "ended": None,
        "status": 503,
        "problem": "The receiver answered 503.",
        "answer": "Down for maintenance",
        "milliseconds": 84,
    },
    # Counts and exports
    "Facets": {
        "total": 41,
        "facets": {
            "speaker": {
                "values": [{"value": SPEAKER_REFERENCE, "count": 27}],
                "other": 12,
                "unknown": 2,
            },
            "year": {"values": [{"value": "2026", "count": 41}], "other": 0, "unknown": 0},
        },
    },
    "Timeline": {
        "total": 41,
        "interval": "month",
        "buckets": [{"bucket": "2026-02", "count": 14}, {"bucket": "2026-03", "count": 25}],
        "imprecise": {"count": 2},
        "unknown": {"count": 0},
    },
    "Manifest": {
        "citation": "On Record at onrecord.example: 41 quotes (format=csv, ordering=-published, "
        "status=published), of the public records as of 2026-03-16T09:00:00.000000Z, exported "
        "2026-03-16T09:00:00.000000Z from https://onrecord.example/api/v1/quotes/export/"
        f"?format=csv&status=published, SHA-256 {SHA256}.",
        "query": {"format": "csv", "ordering": "-published", "status": "published"},
        "as_of": None,
        "access": {"user": "ada", "groups": ["Readers"], "sees_all": False},
        "url": "https://onrecord.example/api/v1/quotes/export/?format=csv&status=published",
        "generated": "2026-03-16T09:00:00.000000Z",
        "format": "csv",
        "rows": 41,
        "bytes": 30412,
        "sha256": SHA256,
        "schema_version": "1.1",
        "ledger": {"after": LEDGER_CURSOR, "unsettled": 0},
        "escaped": None,
        "resumed_after": None,
        "complete": True,
    },
}

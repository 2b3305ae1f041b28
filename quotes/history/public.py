"""A quote's history: what readers may see of it, and the quote as of a given time.

The ledger keeps a quote's own columns and its reporting chain. Contexts are read from the snapshot,
which never changes. Two fields are not historical: the number of quotes of the utterance is
today's, and the nearest passage of an altered quote is omitted.
"""

import json
from datetime import datetime

from django.db import connection

from quotes.models import Quote, Via
from sources.history.as_of import records_as_of
from sources.models import Outlet, Revision

EMBEDDED = ("article", "outlet", "speaker", "organisation", "affiliation", "snapshot")

PUBLIC_NAMES = {
    "anchor": "anchor.state",
    "snapshot": "anchor.snapshot",
    "anchored_in": "anchor.in",
    **{
        f"attribution_{part}": f"attribution.{part}"
        for part in ("text", "speaker", "role", "organisation", "cue")
    },
}

_VERB = Revision.Verb

PUBLIC_REASONS = (_VERB.DISPUTED, _VERB.CORRECTED, _VERB.RETRACTED)
PUBLIC_VERBS = (
    *(_VERB.CREATED, _VERB.PUBLISHED, _VERB.SETTLED, _VERB.MERGED, _VERB.UNMERGED, _VERB.ERASED),
    *PUBLIC_REASONS,
)


def restore_parts(quote: Quote, at: datetime) -> None:
    """Add reporting chain, contexts and utterance count to a past quote; three queries."""
    steps = json.loads(quote.state_then).get("via", [])
    known = records_as_of(Outlet, {s["outlet_id"] for s in steps if s["outlet_id"]}, at)
    outlets = {str(key): outlet for key, outlet in known.items() if outlet.state_then}
    # `quote.via.all()` reads this cache.
    quote._prefetched_objects_cache = {
        "via": [
            Via(
                kind=step["kind"],
                name=step["name"],
                outlet=outlets.get(step["outlet_id"]),
                media=step["media"],
            )
            for step in steps
        ]
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT contexts FROM quotes_words_at(%s, %s, %s, %s, %s)",
            [quote.snapshot_id, quote.article_id, quote.anchored_in, quote.spans, quote.seams],
        )
        (contexts,) = cursor.fetchone()
    quote.contexts = contexts or [["", ""]] * len(quote.spans)  # empty if the text was erased
    quote.utterance_quotes = (
        Quote.objects.filter(utterance=quote.utterance_id, status__in=Quote.PUBLIC).count()
        if quote.utterance_id
        else 0
    )

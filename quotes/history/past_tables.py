"""What the ledger leaves out of a quote, for its table as of a time: `sources.history.past_tables`.

The reporting chain is a part of the quote's state. Words to search for and the nearest passage are
not computed again.
"""

from sources.history.past_tables import AT, CHANGED, THEN

DERIVED = {
    "contexts": """coalesce(
        (SELECT contexts FROM public.quotes_words_at(
            was.snapshot_id, was.article_id, was.anchored_in, was.spans, was.seams
        )),
        array_fill(''::text, ARRAY[coalesce(array_length(was.spans, 1), 0), 2])
    )""",
    "role_key": "public.quotes_role_key(coalesce("
    "nullif(was.attribution_role, ''), nullif(was.role, '')))",
    "filed_by_id": "p.filed_by_id",
}
"""Columns that triggers derive, of a changed quote; contexts are empty if the text was erased."""

VIA = f"""
    SELECT v.quote_id, v.position, v.kind, v.name, v.media, v.outlet_id
    FROM public.quotes_via v JOIN public.quotes_quote p ON p.id = v.quote_id
    WHERE p.updated <= {AT}
    UNION ALL
    SELECT p.id, step.position, step.kind, step.name, step.media, step.outlet_id
    FROM public.quotes_quote p {THEN}
    CROSS JOIN LATERAL ROWS FROM (
        jsonb_to_recordset(r.state -> 'via') AS (kind text, name text, media text, outlet_id uuid)
    ) WITH ORDINALITY AS step (kind, name, media, outlet_id, position)
    WHERE {CHANGED}
"""  # noqa: S608 (ours)

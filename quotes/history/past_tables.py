"""Quotes and their reporting chains as of a time, for `sources.history.past_tables`.

`PastVersion` has the columns of a changed quote that lists read, with indexes. The others are read
from the ledger, for each quote that is shown. Words to search for, and the nearest passage of an
altered quote, are not computed again.
"""

from quotes.models.past_version import COMPUTED, HELD
from sources.history.past_tables import AT, THAT_STOOD, columns_of, past_columns, row_then

WAS = row_then("quotes_quote", "f.quote_id", at="f.since")

CONTEXTS = f"""(
    SELECT coalesce(
        (SELECT contexts FROM public.quotes_words_at(
            was.snapshot_id, was.article_id, was.anchored_in, was.spans, was.seams
        )),
        array_fill(''::text, ARRAY[coalesce(array_length(was.spans, 1), 0), 2])
    ) FROM {WAS} was
)"""  # noqa: S608 (ours)
"""Empty if the text was erased."""


HELD_COLUMNS = {name: f'f."{name}"' for name in (*HELD, "version", *COMPUTED)} | {
    "id": "f.quote_id",
    "updated": "f.since",
    "filed_by_id": "(SELECT p.filed_by_id FROM public.quotes_quote p WHERE p.id = f.quote_id)",
    "contexts": CONTEXTS,
    **dict.fromkeys(("nearest", "search_words", "bare"), "NULL"),
}
"""Columns of a changed quote that do not come from the ledger."""


def past_quotes(cursor, table: str) -> str:
    """The query of the view of quotes."""
    columns = columns_of(cursor, table)
    every = ", ".join(f'"{name}"' for name, *_ in columns)
    # Neither part has a WHERE of its own, so that both are scanned by any of their indexes.
    return f"""
        SELECT {every} FROM (
            SELECT {every}, updated AS since, 'infinity'::timestamptz AS until FROM public.{table}
            UNION ALL
            SELECT {past_columns(columns, WAS, HELD_COLUMNS)}, f.since, f.until
            FROM public.quotes_pastversion f
        ) either WHERE {THAT_STOOD}
    """  # noqa: S608 (ours)


def signed_quotes(cursor, view: str) -> str:
    """The query of a view to count by: its signs add up to what stood then.

    It has all quotes of today; once more, with the sign -1, those that have changed since; and what
    those were. So today's quotes are read from small indexes without a time.
    """
    columns = columns_of(cursor, "quotes_quote")
    every = ", ".join(f'"{name}"' for name, *_ in columns)
    was = past_columns(columns, WAS, HELD_COLUMNS)
    return f"""
        SELECT {every}, 1 AS sign FROM public.quotes_quote
        UNION ALL
        SELECT {every}, -1 FROM public.quotes_quote WHERE updated > {AT}
        UNION ALL
        SELECT {was}, 1 FROM public.quotes_pastversion f WHERE f.since <= {AT} AND f.until > {AT}
    """  # noqa: S608 (ours)


def past_chains(cursor, table: str) -> str:
    """The query of the view of reporting chains, which are part of a quote's state."""
    return f"""
        SELECT v.quote_id, v.position, v.kind, v.name, v.media, v.outlet_id
        FROM public.{table} v JOIN public.quotes_quote p ON p.id = v.quote_id
        WHERE p.updated <= {AT}
        UNION ALL
        SELECT f.quote_id, step.position, step.kind, step.name, step.media, step.outlet_id
        FROM public.quotes_pastversion f
        CROSS JOIN LATERAL ROWS FROM (
            jsonb_to_recordset(public.sources_state_at(f.quote_id, f.since) -> 'via')
                AS (kind text, name text, media text, outlet_id uuid)
        ) WITH ORDINALITY AS step (kind, name, media, outlet_id, position)
        WHERE f.since <= {AT} AND f.until > {AT}
    """  # noqa: S608 (ours)

"""Compare the cost of deep and first pages: `uv run python tests/bench/page_depth.py [--rows N]`

Creates a database in the embedded server and fills it with quotes. Prints for several lists how
many buffers (8 KiB) PostgreSQL touches for page 1 and for page 1,001, by EXPLAIN of the paginator's
own statement. Drops the database at the end.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from urllib.parse import quote, unquote, urlencode

QUOTES = "/api/v1/quotes/"
DEPTH = 1_000

LISTS = {
    "newest publication first": {},
    "newest first": {"ordering": "-created"},
    "newest statement first": {"ordering": "-said"},  # a third is unknown, and last
    "of one speaker": {"speaker": "Bo Ek"},
}

FILL = """
INSERT INTO sources_article (headline, published, byline)
SELECT 'Article ' || n, daterange(DATE '2026-03-01' + n %% 40, DATE '2026-03-02' + n %% 40), '{}'
FROM generate_series(1, %(rows)s / 5) n;

INSERT INTO sources_snapshot (article_id, text, sha256)
SELECT id, headline || words, encode(sha256(convert_to(headline || words, 'UTF8')), 'hex')
FROM sources_article, repeat(' more words', 20) words;

INSERT INTO sources_speaker (name, aliases, kind, identifiers)
SELECT 'Speaker ' || n, '{}', 'person', '{}' FROM generate_series(1, 200) n;

INSERT INTO quotes_quote (
    article_id, snapshot_id, text, spans, contexts, anchor, kind, status, flags, speaker_id, said
)
SELECT article_id, held.id, substr(text, 1, length), ARRAY[ARRAY[0, length]], '{}',
       'exact', 'direct', 'published', '{}', CASE WHEN turn %% 20 > 0 THEN %(speaker)s END,
       CASE WHEN turn %% 3 > 0
            THEN daterange(DATE '2001-01-01' + turn %% 7000, DATE '2001-01-02' + turn %% 7000) END
FROM (SELECT *, row_number() OVER (ORDER BY id)::int AS turn FROM sources_snapshot) held,
     generate_series(8, 12) length;

ANALYZE;
"""


def fill(rows: int):
    """That many anchored quotes, 5 an article, 19 of 20 by one speaker, who is returned."""
    from django.db import connection

    from tests.records import make_speaker

    speaker = make_speaker("Bo Ek")
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"rows": rows, "speaker": speaker.pk})
    return speaker


def first_and_deep(client, query: dict, speaker, limit: int, depth: int = DEPTH) -> tuple[str, str]:
    """URLs of the first page and of the page `depth` pages deeper.

    The second is the first's `next`, with its cursor set to the row that the walk would reach.
    """
    from config.api.pagination import SIGNER
    from quotes.api.views import Quotes
    from quotes.models import Quote

    rows = Quote.objects.all()
    if "speaker" in query:
        rows, query = rows.filter(speaker=speaker), {"speaker": speaker.pk}
    first = f"{QUOTES}?{urlencode({**query, 'limit': limit, 'fields': 'id'})}"
    ordering = query.get("ordering", Quotes.default_ordering)
    sign, column = ordering[: -len(ordering.lstrip("-"))], Quotes.orderings[ordering.lstrip("-")]
    reached = rows.order_by(f"{sign}{column}", f"{sign}pk").values_list(column, "pk")
    before, _, cursor = client.get(first).json()["next"].partition("cursor=")
    place = SIGNER.unsign_object(unquote(cursor))
    place["at"] = [str(key) for key in reached[depth * limit - 1]]
    return first, f"{before}cursor={quote(SIGNER.sign_object(place))}"


def buffers(client, url: str) -> int:
    """How many buffers the statement touches that reads the rows of this page."""
    from django.db import connection

    statements = []

    def noting(execute, sql, values, many, context):
        statements.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(noting):
        page = client.get(url)
    assert page.status_code == 200
    rows = len(page.json()["results"])
    ((sql, values),) = [each for each in statements if f"LIMIT {rows + 1}" in each[0]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", values)
        (plan,) = cursor.fetchone()[0]
    return plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=60_000, help="quotes (default: %(default)s)")
    rows = parser.parse_args().rows
    limit = 50
    if rows < (least := (DEPTH + 2) * limit * 20 // 19):
        parser.error(f"page {DEPTH:,} of {limit} rows needs {least:,} quotes")

    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["ONRECORD_THROTTLE_TOKEN"] = "1000000/min"
    import django

    django.setup()
    from tests.bench.archives import own_database

    with own_database("bench_page_depth"):
        report(rows, limit)


def report(rows: int, limit: int) -> None:
    from django.test.utils import setup_test_environment

    from tests.conftest import make_client

    setup_test_environment()
    write = sys.stdout.write
    began = time.perf_counter()
    speaker = fill(rows)
    write(f"{rows:,} quotes made in {time.perf_counter() - began:.1f} s; pages of {limit} rows\n\n")
    write(f"{'list':28}{'page 1':>16}{f'page {DEPTH + 1:,}':>16}\n")
    client = make_client("Readers")
    for label, query in LISTS.items():
        write(f"{label:28}")
        for url in first_and_deep(client, query, speaker, limit):
            write(f"{buffers(client, url):>8} buffers")
        write("\n")


if __name__ == "__main__":
    main()

"""Time and weigh the pages for people: `uv run python tests/bench/pages.py [--quotes N] [--keep]`

Creates a database in the embedded server and generates an archive that ends today. Opens, as
anyone may, the search page with usual searches, a page of each kind of record, feeds and the
sitemap. Prints the median and 95th percentile of the rounds (the first is left out), the size of
each page, and every page over its limits. `--keep` keeps the database for the next run with
`--keep`.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.admin_lists import busiest
from tests.bench.archives import an_archive, command_line, set_up

LIMIT = 100
"""Milliseconds that a page may take. Counts that come after the page, feeds and files may not."""

BYTES = 50_000
"""Size of a page without its styles, before compression."""


def pages() -> Iterator[tuple[str, str]]:
    """Every page to open: name and URL. Names of what has no limit of time begin with a bracket."""
    from quotes.models import Quote
    from quotes.pages.sitemap import MODELS, firsts
    from sources.api.addresses import page_path
    from sources.models import Article, Organisation, Outlet, Speaker

    speaker, outlet, body = busiest(Speaker), busiest(Outlet), busiest(Organisation)
    searches = [
        {},
        {"q": "council"},
        {"q": "harbour bridge"},
        {"q": "perquaril"},
        {"q": "zzqzzq"},
        {"phrase": "the council"},
        {"speaker": speaker.pk},
        {"outlet": outlet.slug},
        {"organisation": body.pk},
        {"speaker_name": speaker.name},
        {"published_after": "2020", "published_before": "2020"},
        {"speaker": speaker.pk, "outlet": outlet.slug, "kind": "direct"},
        {"one_per_utterance": "true"},
        {"status": "retracted"},
    ]
    for asked in searches:
        yield f"search, {urlencode(asked) or 'nothing'}", f"/?{urlencode(asked)}"
    for asked in searches[:3]:
        query = urlencode(asked | {"counts": "shown"})
        yield f"(with counts, {query})", f"/?{query}"
    quotes = Quote.objects.public().order_by("pk")
    some = [quotes.first(), quotes.last(), quotes.filter(speaker=speaker).last()]
    for record in (*some, speaker, body, outlet, *(quote.article for quote in some)):
        yield f"one {record._meta.verbose_name}", page_path(record)
    yield "the article with most quotes", page_path(busiest(Article))
    for asked in searches:
        yield f"feed, {urlencode(asked) or 'all'}", f"/feeds/quotes.atom?{urlencode(asked)}"
    yield "(sitemap)", "/sitemap.xml"
    for kind, model in MODELS.items():
        yield f"(sitemap of {kind}s)", f"/sitemap/{kind}s/{next(firsts(model))}.xml"


def took(client, path: str, rounds: int) -> tuple[list[float], int]:
    """Milliseconds of each round, with the caches of the service emptied; and the bytes."""
    from django.core.cache import cache

    spent = []
    for _ in range(rounds + 1):
        cache.clear()
        began = time.perf_counter()
        answer = client.get(path, follow=True)
        size = sum(map(len, answer))
        spent.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, (answer.status_code, path)
    return sorted(spent[1:]), size


def report(rounds: int, say) -> list[str]:
    """Print a line for each page; return the pages over a limit."""
    from django.conf import settings
    from django.test import Client

    settings.ONRECORD_PUBLIC_READ = settings.ONRECORD_ROBOTS = True
    say(f"{'page':70}{'median':>8}{'p95':>8}   milliseconds{'bytes':>10}\n")
    over = []
    for label, path in pages():
        spent, size = took(Client(), path, rounds)
        worst = spent[min(len(spent) - 1, round(0.95 * (len(spent) - 1)))]
        has_limits = not label.startswith("(")
        is_over = has_limits and (worst > LIMIT or (size > BYTES and "feed" not in label))
        if is_over:
            over.append(label)
        line = f"{label[:69]:70}{median(spent):8.0f}{worst:8.0f}{size:25,}"
        say(f"{line}{'   over' if is_over else ''}\n")
    return over


def main() -> None:
    parser = command_line(__doc__, rounds=10)
    given = parser.parse_args()

    set_up()
    say = sys.stdout.write
    with an_archive(given.quotes, keep=given.keep):
        over = report(given.rounds, say)
        say(f"\nOver {LIMIT} ms or {BYTES:,} bytes: {', '.join(over) or 'none'}.\n")
    sys.exit(bool(over))


if __name__ == "__main__":
    main()

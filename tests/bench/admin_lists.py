"""Time the admin in a large archive: `uv run python tests/bench/admin_lists.py [--quotes N]`

Creates a database in the embedded server and generates an archive that ends today. Then it opens,
as a curator, every list, filter, search and autocomplete of the admin, the dashboard and some
records. Prints the median and 95th percentile of the rounds (the first is left out) and every page
over its limit. `--keep` keeps the database for the next run with `--keep`.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.archives import an_archive, command_line, set_up

LIMIT = 300
"""Milliseconds that a page may take."""

# Met in most quotes, in one of a hundred or so, in few, and in none; and a word half typed.
WORDS = ["the", "council", "the council", "harbour bridge", "perquaril", "zzqzzq", "cou", "we wil"]
NAMES = ["mara", "mara quill", "a", "ela", "zzqzzq", "council", "%"]


def pages() -> Iterator[tuple[str, str]]:
    """Every page to open: name and URL."""
    from django.contrib import admin
    from django.urls import reverse

    from quotes.models import Quote
    from sources.models import (
        Affiliation,
        Article,
        IdempotentResponse,
        Organisation,
        Outlet,
        Speaker,
    )

    yield "first page", reverse("admin:index")
    for model, desk in admin.site._registry.items():
        if model._meta.app_label not in ("sources", "quotes") or model is IdempotentResponse:
            continue  # which no curator sees
        records = model._meta.verbose_name_plural
        place = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        yield records, place
        yield f"{records}, page 20", f"{place}?p=20"
        for column in range(1, len(desk.list_display) + 1):
            yield f"{records}, sorted by column {column}", f"{place}?o={column}"
    quotes = reverse("admin:quotes_quote_changelist")
    speaker, outlet = busiest(Speaker), busiest(Outlet)
    asked = [
        *({"status__exact": status} for status in Quote.Status.values),
        *({"flag": flag} for flag in Quote.Flag.values),
        *({"anchor": anchor} for anchor in Quote.Anchor.values),
        {"flag": "role_conflict", "status__exact": "proposed"},
        {"anchor": "exact", "flag": "ambiguous_organisation"},
        {"anchor": "altered", "status__exact": "retracted"},
        *({"kind": kind} for kind in Quote.Kind.values),
        {"language": "en"},
        {"language": "nb", "kind": "partial"},
        {"published_since": "2020-01-01", "published_until": "2020-12-31"},
        {"said_by": speaker.pk, "outlet__id__exact": outlet.pk, "kind": "partial"},
        {"outlet__id__exact": outlet.pk},
        {"speaker__id__exact": speaker.pk},
    ]
    for query in asked:
        yield f"quotes, {urlencode(query)}", f"{quotes}?{urlencode(query)}"
    for link in links_of_charts():
        yield f"quotes, {link.partition('?')[2]}", link
    named = {Speaker: "speaker", Organisation: "organisation", Outlet: "outlet"}
    for model in (*named, Affiliation):
        place = reverse(f"admin:sources_{model._meta.model_name}_changelist")
        for name in NAMES:
            yield f"{model._meta.verbose_name_plural} “{name}”", f"{place}?{urlencode({'q': name})}"
    yield "speakers merged", f"{reverse('admin:sources_speaker_changelist')}?merged=yes"
    for field in named.values():
        for name in NAMES:
            asked = {"app_label": "quotes", "model_name": "quote", "field_name": field}
            if field == "outlet":
                asked["model_name"] = "via"
            yield (
                f"completing {field} “{name}”",
                f"{reverse('admin:autocomplete')}?{urlencode({**asked, 'term': name})}",
            )
    for place, records in (
        (quotes, "quotes"),
        (reverse("admin:quotes_utterance_changelist"), "utterances"),
        (reverse("admin:sources_article_changelist"), "articles"),
    ):
        for words in [*WORDS, *NAMES[:3]] if records == "quotes" else WORDS:
            yield f"{records} “{words}”", f"{place}?{urlencode({'q': words})}"
    yield (
        "quotes “council”, proposed",
        f"{quotes}?{urlencode({'q': 'council', 'status__exact': 'proposed'})}",
    )
    yield "quotes “the”, page 20", f"{quotes}?{urlencode({'q': 'the', 'p': 20})}"
    for model in (Quote, Speaker, Organisation, Outlet, Article):
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for record in model.objects.order_by("pk")[:2]:
            kind = model._meta.verbose_name
            yield f"one {kind}", reverse(f"{name}_change", args=[record.pk])
            yield f"history of one {kind}", reverse(f"{name}_history", args=[record.pk])
    yield "possible duplicates", reverse("admin:sources_speaker_duplicates")
    yield "speakers that are only a surname", reverse("admin:sources_speaker_surnames")
    yield "duplicate organisations", reverse("admin:sources_organisation_duplicates")
    for term in [*WORDS, *NAMES, str(speaker.pk), "Q1", "https://post.example/1", "x" * 200]:
        query = urlencode({"q": term, "part": "results"})
        yield f"everything “{term}”", f"{reverse('search')}?{query}"
    yield from desks(speaker, outlet)
    yield from shown_whole(speaker, outlet)


def busiest(model):
    """The record of this kind with the most quotes."""
    from django.db.models import Count

    from quotes.models import Quote

    name = model._meta.model_name
    counted = Quote.objects.exclude(**{name: None})
    key = counted.values_list(name).annotate(n=Count("pk")).order_by("-n", name)[0][0]
    return model.objects.get(pk=key)


def desks(speaker, outlet) -> Iterator[tuple[str, str]]:
    """The review page: its queue in each order and filter, and articles awaiting review."""
    from django.urls import reverse

    from quotes.curation.queue import ORDERS, QUEUES
    from quotes.models import Quote

    place = reverse("admin:quotes_review_changelist")
    for name in QUEUES:
        asked = ({}, {"order": "most"}, {"tab": "mine"}, {"tab": "later"}, {"q": "council"})
        for part in asked:
            query = urlencode({"queue": name, **part})
            yield f"queue, {query}", f"{place}?{query}"
    for page in ("decided", "settings", "second_looks"):
        yield f"reviewer's page, {page}", reverse(f"admin:quotes_review_{page}")
    parts = ({}, {"speaker": speaker.pk}, {"outlet": outlet.pk}, {"flag": "role_conflict"})
    for order in ORDERS:
        for part in (*parts, {"p": 100}):
            query = urlencode({"order": order, **part})
            yield f"review desk, {query}", f"{place}?{query}"
    waiting = Quote.objects.proposed().order_by("created", "pk")
    for quote in filter(
        None, (waiting.first(), waiting.last(), waiting.filter(speaker=speaker).last())
    ):
        desk = reverse("admin:quotes_review_article", args=[quote.article_id])
        yield "an article on the desk", f"{desk}?quote={quote.pk}"


def shown_whole(speaker, outlet) -> Iterator[tuple[str, str]]:
    """Profiles of the busiest speaker and outlet, and a comparison of two."""
    from django.urls import reverse

    from quotes.models import Quote
    from sources.models import Speaker

    other = Speaker.objects.active().exclude(pk=speaker.pk).filter(kind=speaker.kind).first()
    role = Quote.objects.filter(speaker=speaker).exclude(attribution_role=None).first()
    quotes = reverse("admin:quotes_quote_changelist")
    yield "busiest speaker", reverse("admin:sources_speaker_profile", args=[speaker.pk])
    yield "busiest outlet", reverse("admin:sources_outlet_profile", args=[outlet.pk])
    place = reverse("admin:sources_speaker_merge", args=[other.pk])
    yield "comparison of two speakers", f"{place}?into={speaker.pk}"
    yield "quotes to move", reverse("admin:sources_speaker_quotes", args=[speaker.pk])
    if role:
        query = urlencode({"printed_role": role.attribution_role})
        yield "quotes of a printed role", f"{quotes}?{query}"
        yield "and of a speaker", f"{quotes}?{query}&speaker__id__exact={speaker.pk}"
    yield "history", reverse("admin:sources_speaker_history", args=[speaker.pk])


def links_of_charts() -> list[str]:
    """Links of some chart bars: a few weeks, and the busiest."""
    from datetime import timedelta

    from django.utils import timezone

    from quotes.admin.dashboard_charts import _weeks, quotes_where
    from sources.models import Outlet, Speaker

    today = timezone.now().date()
    weeks = _weeks(today)[::12]
    since = (today - timedelta(days=90)).isoformat()
    proposed = {"status__exact": "proposed"}
    return [
        *(quotes_where(filed=week.isoformat()) for week in weeks),
        *(quotes_where(**proposed, filed=week.isoformat()) for week in weeks),
        quotes_where(**proposed, filed=f"-{weeks[0].isoformat()}"),
        *(
            quotes_where(**{f"{name}__id__exact": busiest(model).pk}, published_since=since)
            for name, model in (("speaker", Speaker), ("outlet", Outlet))
        ),
    ]  # fmt: skip


def took(client, path: str, rounds: int) -> list[float]:
    """Milliseconds of each round but the first, if there are several; no cache of ours helps."""
    from django.core.cache import cache

    spent = []
    for _ in range(rounds + 1 if rounds > 1 else 1):
        cache.clear()
        began = time.perf_counter()
        answer = client.get(path, follow=True)
        spent.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, (answer.status_code, path)
    return sorted(spent[1:] or spent)


def report(rounds: int, say) -> list[str]:
    """Print a line for each page; return the pages over their limit."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group
    from django.test import Client

    from quotes.curation import empty_articles
    from sources.identity.duplicates import renew_keys, store_pairs

    renew_keys()  # as the worker does
    store_pairs()
    empty_articles.store_count(timestamp=0)
    user, _ = get_user_model().objects.get_or_create(username="bench", is_staff=True)
    user.groups.add(Group.objects.get(name="Curators"))
    client = Client()
    client.force_login(user)
    say(f"{'page':76}{'median':>8}{'p95':>8}   milliseconds\n")
    slow = []
    for label, path in pages():
        spent = took(client, path, rounds)
        worst = spent[min(len(spent) - 1, round(0.95 * (len(spent) - 1)))]
        is_slow = median(spent) > LIMIT
        if is_slow:
            slow.append(label)
        say(f"{label[:75]:76}{median(spent):8.0f}{worst:8.0f}{'   over' if is_slow else ''}\n")
    return slow


def main() -> None:
    parser = command_line(__doc__, rounds=5)
    given = parser.parse_args()

    set_up()
    say = sys.stdout.write
    with an_archive(given.quotes, keep=given.keep):
        slow = report(given.rounds, say)
        say(f"\nOver {LIMIT} ms: {', '.join(slow) or 'none'}.\n")
    sys.exit(bool(slow))


if __name__ == "__main__":
    main()

"""The admin's dashboard: queues and charts, and the lists that they link to."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from quotes.admin import dashboard, dashboard_charts
from quotes.admin.filters import WEEK
from quotes.admin.status import status_badge
from quotes.curation import empty_articles
from quotes.models import MistakeReport, Note, Quote, SecondLook
from sources.identity import merging, tasks
from sources.ledger.actor import audit_context
from tests.conftest import staff
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_quotes,
    make_speaker,
)

pytestmark = pytest.mark.django_db

DASHBOARD = reverse("admin:index")


def waiting(client) -> dict[str, tuple[str, str]]:
    """Number and URL of each queue on the dashboard, by its label."""
    page = client.get(DASHBOARD)
    assert page.status_code == 200
    user = page.context["request"].user
    found = {queue.label: (queue.shown, queue.url) for queue in dashboard.queues(user)}
    for label, (shown, url) in found.items():
        assert label in unescape(page.text)
        assert f'href="{url}"' in unescape(page.text)
        assert f'<td class="figure">{shown}</td>' in page.text
    return found


def listed(client, url: str) -> list[str]:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return [str(record) for record in answer.context["cl"].result_list]


def numbers_of(page: str) -> dict[str, int]:
    """The number beside each bar of the bar charts, by its label."""
    return {
        unescape(label): int(number.replace(",", ""))
        for label, number in re.findall(
            r'<bdi>([^<]*)</bdi></a></th><td><svg.*?<span class="bar-figure">([\d,]+)<', page
        )
    }


def filed(quote: Quote, when: datetime) -> Quote:
    Quote.objects.filter(pk=quote.pk).update(created=when)
    return quote


def make_one_of_each() -> None:
    make_quote("Proposed", status="proposed")
    make_article("Nobody has read this yet.", headline="Unread")
    for flag in Quote.Flag.values:
        if flag != "role_conflict":
            make_quote(f"Flagged {flag}", flags=[flag])
    held = make_affiliation(role="harbour master")
    make_quote(
        "Flagged role_conflict",
        speaker=held.speaker,
        attribution_role="minister",
        published="2026-03",
    )
    for anchor in ("moved", "altered", "missing"):
        Quote.objects.filter(pk=make_quote(f"Anchor {anchor}").pk).update(anchor=anchor)
    SecondLook.objects.create(quote=make_quote("Read it again"))
    MistakeReport.objects.create(quote=make_quote("Reported"), text="That was his brother.")
    everybody = list(get_user_model().objects.values_list("pk", flat=True))
    Note.objects.create(quote=make_quote("Asked"), text="Yours?", waiting_for=everybody)
    make_speaker("R. Jones")
    make_speaker("Rob Jones")
    make_organisation("Quay Works Ltd")
    make_organisation("Quay Works")


def test_every_queue_shows_its_number_and_links_to_its_items(curator_at_desk):
    make_one_of_each()
    found = waiting(curator_at_desk)
    assert {shown for shown, _ in found.values()} == {"1"}
    assert len(found) == 19
    quotes = {}
    for label, (_, url) in found.items():
        if "/quotes/review/" in url:
            queue = curator_at_desk.get(url).context
            (row,) = queue["rows"]
            page = reverse("admin:quotes_review_article", args=[row.article.pk])
            desk = curator_at_desk.get(page + queue["query"])
            quotes[label] = str(desk.context["chosen"])
    assert quotes["Several people share this name"] == "Flagged ambiguous_speaker"
    assert quotes["Roles we can't confirm"] == "Flagged role_conflict"
    assert quotes["No longer in the article"] == "Anchor missing"
    assert listed(curator_at_desk, found["No quotes yet"][1]) == ["Unread"]
    pairs = curator_at_desk.get(found["Possible duplicate speakers"][1])
    assert "by its initial" in pairs.text
    pairs = curator_at_desk.get(found["Possible duplicate organisations"][1])
    assert "but for articles, order or legal form" in pairs.text


def test_rejected_and_retracted_quotes_are_in_no_queue(curator_at_desk):
    for status in ("rejected", "retracted"):
        make_quote(status, status=status, flags=["unresolved_speaker"])
    shown, url = waiting(curator_at_desk)["Speaker not identified"]
    assert shown == "0"
    assert curator_at_desk.get(url).context["rows"] == []
    url = dashboard_charts.quotes_where(flag="unresolved_speaker")
    assert listed(curator_at_desk, url) == []
    assert listed(curator_at_desk, f"{url}&status__exact=retracted") == ["retracted"]


def test_a_long_queue_is_not_counted_to_its_end(curator_at_desk, monkeypatch):
    monkeypatch.setattr(dashboard, "MAX_QUEUE_COUNT", 3)
    quotes = make_quotes(4, make_quote().article, status="proposed", flags=["filing_differs"])
    assert len(quotes) == 4
    found = waiting(curator_at_desk)
    assert found["Waiting for review"][0] == "3+"
    assert found["Re-filed with different details"][0] == "3+"


def test_the_age_of_a_queue_is_that_of_its_oldest_item(curator_at_desk):
    now = timezone.now()
    for days in (2, 20, 5):
        filed(make_quote(f"{days}", status="proposed"), now - timedelta(days=days))
    (queue, *_) = dashboard.queues(get_user_model().objects.get())
    assert queue.oldest == now - timedelta(days=20)
    assert "2 weeks, 6 days" in curator_at_desk.get(DASHBOARD).text.replace("\xa0", " ")


def test_readers_see_charts_of_public_quotes_and_no_queues(reader_at_desk, curator_at_desk):
    outlet = make_outlet("The Harbour Post")
    today = timezone.now().date().isoformat()
    make_quote("Public", outlet=outlet, published=today)
    make_quote("Secret", outlet=outlet, published=today, status="proposed")
    page = reader_at_desk.get(DASHBOARD)
    assert "Needs your attention" not in page.text
    assert "Waiting quotes, by week filed" not in page.text
    assert "proposed" not in page.text
    assert numbers_of(page.text)["The Harbour Post"] == 1
    assert "Waiting quotes, by week filed" in curator_at_desk.get(DASHBOARD).text


def as_of(page: str) -> str:
    """The time on the charts."""
    return page.split('id="charts-heading"')[1].split('datetime="')[1].split('"')[0]


def test_charts_are_kept_and_say_so_until_a_queue_has_another_number(curator_at_desk):
    quote = make_quote("One", status="proposed")
    first = curator_at_desk.get(DASHBOARD).text
    assert "1 quote is waiting" in first
    assert "total 1, largest 1" in first
    assert as_of(curator_at_desk.get(DASHBOARD).text) == as_of(first)
    make_quote("Two", status="proposed")
    filed(quote, timezone.now() - 60 * WEEK)
    page = curator_at_desk.get(DASHBOARD).text
    assert as_of(page) > as_of(first)
    waiting = page.split('id="chart-waiting-quotes-by-week-filed"')[1].split("</figure>")[0]
    assert "total 2, largest 1" in waiting
    assert ">older</bdi></a></th><td>1</td>" in waiting


def test_a_status_has_its_colour_whatever_other_statuses_are_there(curator_at_desk):
    for statuses in (["published"], ["proposed", "rejected", "published", "retracted"]):
        for status in statuses:
            make_quote(status, status=status)
        cache.clear()
        page = curator_at_desk.get(DASHBOARD).text
        filed_chart = page.split('id="chart-quotes-filed-per-week-by-status"')[1]
        filed_chart = filed_chart.split("</figure>")[0]
        for status in statuses:
            assert f'<rect class="status-{status}"' in filed_chart


def test_the_dashboard_opens_with_what_waits_and_a_way_to_go_on(curator_at_desk):
    assert "Nothing is waiting for review." in curator_at_desk.get(DASHBOARD).text
    filed(make_quote("Waits", status="proposed"), timezone.now() - timedelta(days=1))
    page = curator_at_desk.get(DASHBOARD).text
    assert "1 quote is waiting</strong>, the oldest since yesterday." in page
    assert ">Continue reviewing</a>" in page


def test_my_last_decisions_are_listed_with_what_i_did_to_which_quote(curator_at_desk):
    quote, other = (make_quote(words, status="proposed") for words in ("My words", "Your words"))
    with audit_context(channel="admin", actor="curators-at-desk"):
        quote.publish()
    with audit_context(channel="admin", actor="somebody else"):
        other.publish()
    page = curator_at_desk.get(DASHBOARD).text
    mine = page.split('id="decisions-heading"')[1].split("</ol>")[0]
    assert f'?quote={quote.pk}"><bdi>My words</bdi></a>' in mine
    assert status_badge("published") in mine
    assert "Your words" not in mine


def test_a_day_in_the_past_is_said_in_words():
    now = datetime(2026, 11, 25, 9, tzinfo=UTC)  # a Wednesday
    said = {
        days: dashboard.since_in_words(now - timedelta(days=days), now)
        for days in (0, 1, 2, 6, 7, 400)
    }
    assert said == {
        0: "today",
        1: "yesterday",
        2: "Monday",
        6: "Thursday",
        7: "2026-11-18",
        400: "2025-10-21",
    }


def test_technical_pages_come_last_under_system(admin_client):
    page = admin_client.get(DASHBOARD)
    records, system = dashboard.records_and_system(page.context["app_list"])
    names = {each["object_name"] for app in records for each in app["models"]}
    kept = {each["object_name"] for app in system for each in app["models"]}
    assert {"Quote", "Article", "Speaker", "Organisation", "Outlet", "Affiliation"} <= names
    assert {"AuthToken", "IdempotentResponse", "Snapshot", "Job", "User", "Group"} <= kept
    assert not names & kept
    assert page.text.index(">System</h2>") > page.text.index("model-article")


def test_a_user_without_access_to_quotes_sees_neither():
    client = staff("Readers")
    Group.objects.get(name="Readers").permissions.clear()
    page = client.get(DASHBOARD)
    assert page.status_code == 200
    assert "<figure" not in page.text
    assert "Needs your attention" not in page.text


def test_each_bar_links_to_as_many_quotes_as_it_shows(curator_at_desk):
    now = timezone.now()
    outlet, speaker = make_outlet(), make_speaker()
    values = {"outlet": outlet, "speaker": speaker, "published": now.date().isoformat()}
    for weeks, status in ((0, "proposed"), (0, "published"), (3, "proposed"), (40, "proposed")):
        filed(make_quote(f"{weeks} {status}", status=status, **values), now - weeks * WEEK)
    page = curator_at_desk.get(DASHBOARD).text
    checked = 0
    for row in page.split('<tr><th scope="row"><a href="/admin/quotes/quote/?')[1:]:
        query, rest = row.split('"', 1)
        cells = rest.split("</tr>")[0].replace('<span class="bar-figure">', "<td>")
        figures = [int(cell.split("<")[0] or 0) for cell in cells.split("<td>")[1:]]
        found = listed(curator_at_desk, f"/admin/quotes/quote/?{unescape(query)}")
        assert len(found) == sum(figures), query
        checked += sum(figures)
    assert checked == 3 + 3 + 4 + 4


def test_charts_of_many_quotes_cover_a_shorter_time(curator_at_desk, monkeypatch):
    monkeypatch.setattr(dashboard_charts, "MAX_CHART_QUOTES", 3)
    now, speaker = timezone.now(), make_speaker()
    for weeks in (0, 0, 1, 2, 5):
        day = now - weeks * WEEK
        filed(make_quote(f"{weeks}", speaker=speaker, published=day.date().isoformat()), day)
    page = curator_at_desk.get(DASHBOARD).text
    assert "2 columns, total 3" in page
    assert "Only the latest 3 quotes are counted." in page
    assert "Most quoted in the last 13 days" in page


@pytest.mark.parametrize("value", ["nonsense", "-", "2026-02-31", "9999-12-31", "0001-01-01", "\0"])
def test_an_invalid_date_in_a_filter_is_not_a_server_error(curator_at_desk, value):
    for name in ("filed", "published_since", "flag", "anchor"):
        answer = curator_at_desk.get("/admin/quotes/quote/", {name: value})
        assert answer.status_code in (200, 400)


def test_the_dashboard_costs_the_same_however_long_the_queues_are(
    curator_at_desk, django_assert_num_queries
):
    today = timezone.now().date().isoformat()
    for number in (1, 20):
        article = make_quote(f"{number}", outlet=make_outlet(), published=today).article
        make_quotes(number, article, status="proposed", speaker=make_speaker(f"Bo Ek {number}"))
        make_one_of_each()
        cache.clear()
        tasks.find_pairs(timestamp=0)
        empty_articles.store_count(timestamp=0)
        # The session, the user, two of permissions; queues; what to go on with; charts.
        with django_assert_num_queries(37):
            curator_at_desk.get(DASHBOARD)
        with django_assert_num_queries(24):
            curator_at_desk.get(DASHBOARD)


# Possible duplicates

DUPLICATES = reverse("admin:sources_speaker_duplicates")


def test_possible_duplicates_show_their_quotes_and_a_link_to_compare(
    curator_at_desk, reader_at_desk, django_assert_num_queries
):
    short, full = make_speaker("R. Jones"), make_speaker("Rob Jones")
    make_quote(speaker=short)
    # The session, the user, two of permissions; new names; pairs, speakers; their cards.
    with django_assert_num_queries(13):
        page = curator_at_desk.get(DUPLICATES)
    assert f'<a href="/admin/quotes/quote/?speaker__id__exact={short.pk}">1 quote</a>' in page.text
    assert f'href="/admin/sources/speaker/{full.pk}/merge/?into={short.pk}"' in page.text
    assert reader_at_desk.get(DUPLICATES).status_code == 403
    merging.mark_distinct(short, full)
    assert "No possible duplicates." in curator_at_desk.get(DUPLICATES).text


def test_possible_duplicates_continue_on_the_next_page(curator_at_desk):
    for number in range(9):
        make_speaker(f"Rob{'e' * number} Jones")
    first = curator_at_desk.get(DUPLICATES)
    assert first.text.count(">Compare<") == 25
    second = curator_at_desk.get(f"{DUPLICATES}?{first.context['next']}")
    assert second.text.count(">Compare<") == 36 - 25
    assert second.context["next"] is None
    assert curator_at_desk.get(DUPLICATES, {"one": "x", "short": "\0"}).status_code == 200


def test_a_week_starts_on_monday_in_utc():
    monday, *_, last = dashboard_charts._weeks(datetime(2026, 11, 22, tzinfo=UTC).date())
    assert str(last) == "2026-11-16"
    assert str(monday) == "2026-05-25"


def test_charts_that_users_share_hold_no_proposals_of_one_of_them(reader_at_desk):
    filer = staff("Contributors")
    user = get_user_model().objects.get(username="contributors-at-desk")
    today = {"published": str(timezone.now().date()), "speaker": make_speaker("Tove Lind")}
    make_quote(status="proposed", filed_by=user, **today)
    for client in (filer, reader_at_desk):
        assert "Tove Lind" not in client.get("/admin/").text
    make_quote("Public words", **today)
    cache.clear()
    assert "Tove Lind" in reader_at_desk.get("/admin/").text

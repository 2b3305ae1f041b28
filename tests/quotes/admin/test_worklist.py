"""One worklist: every queue opens the review page, and goes on to the next quote that is in it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quotes.admin import dashboard
from quotes.curation.queue import QUEUES
from quotes.models import Assignment, MistakeReport, Note, Quote, SecondLook
from tests.conftest import fresh
from tests.quotes.admin.test_review import QUEUE, make_waiting, review_of, take
from tests.records import (
    make_affiliation,
    make_article,
    make_colleague,
    make_outlet,
    make_quote,
    make_speaker,
)

pytestmark = pytest.mark.django_db

WORDS = "We had no choice"


def make_in(name: str, user, article, words: str = WORDS) -> Quote:
    """A quote that is in the queue of this name, for this user."""
    status = "proposed" if name == "proposed" else "published"
    values = {}
    if name == "role_conflict":
        held = make_affiliation(role="harbour master")
        values = {"speaker": held.speaker, "attribution_role": "minister"}
    elif name in Quote.Flag.values:
        values = {"flags": [name]}
    quote = make_quote(words, article=article, status=status, **values)
    if name in Quote.Anchor.values:
        Quote.objects.filter(pk=quote.pk).update(anchor=name)
    elif name == "second_look":
        SecondLook.objects.create(quote=quote)
    elif name == "mistakes":
        MistakeReport.objects.create(quote=quote, text="She never said so.")
    elif name == "mine":
        Note.objects.create(quote=quote, text="Yours?", waiting_for=[user.pk])
    return quote


def in_queue(client: Client, name: str, **query):
    response = client.get(QUEUE, {"queue": name, **query})
    assert response.status_code == 200
    return response.context


def walked(client: Client, name: str) -> list:
    """The quotes that “next” leads through, article by article."""
    context, found = in_queue(client, name), []
    url = context["first"] and review_of(context["first"].article.quotes.first())
    while url:
        page = client.get(url.partition("?")[0], {"queue": name})
        review = page.context["review"]
        quote = review.chosen
        for _ in review.queued:
            found.append(quote.pk)
            quote = review.next_queued(quote)
        skip = reverse("admin:quotes_review_next", args=[review.article.pk])
        answer = client.get(f"{skip}?queue={name}")
        url = answer.headers["Location"] if "/review/?" not in answer.headers["Location"] else None
    return found


@pytest.mark.parametrize("name", QUEUES)
def test_a_queue_has_as_many_quotes_on_every_page(curator_at_desk, name):
    user = curator_at_desk.user
    for said in (["no choice"], ["no choice", "We had"]):
        article = make_article(f"“{WORDS},” she said.", published="2026-03")
        for words in said:
            made = make_in(name, user, article, words)
        make_quote(WORDS, article=article)
    assert len(walked(curator_at_desk, name)) == len(set(walked(curator_at_desk, name))) == 3
    assert in_queue(curator_at_desk, name)["number"] == 3
    (line,) = [one for one in dashboard.queues(user) if one.label == QUEUES[name].label]
    assert line.number == 3
    assert curator_at_desk.get(line.url).context["number"] == 3
    page = curator_at_desk.get(review_of(made), {"queue": name})
    assert page.context["review"].queued[0].is_queued
    assert len(page.context["decided"]) == 1


def test_the_step_that_settles_the_reason_leads_to_the_next_in_the_queue(curator_at_desk):
    first, second = make_waiting(status="published", flags=["unresolved_speaker"])
    assigning = reverse("admin:quotes_review_step", args=[first.article_id, first.pk, "assign"])
    sent = {"assign-version": 1, "assign-speaker": make_speaker().pk, "assign-note": "As it says."}
    answer = curator_at_desk.post(f"{assigning}?queue=unresolved_speaker", sent)
    page = review_of(first)
    assert answer.headers["Location"] == f"{page}?queue=unresolved_speaker&quote={second.pk}"
    assert fresh(first).flags == []


def test_a_step_that_settles_nothing_stays_with_the_quote(curator_at_desk):
    first, _ = make_waiting(status="published", flags=["filing_differs"])
    assigning = reverse("admin:quotes_review_step", args=[first.article_id, first.pk, "assign"])
    sent = {"assign-version": 1, "assign-speaker": make_speaker().pk, "assign-note": "As it says."}
    answer = curator_at_desk.post(f"{assigning}?queue=filing_differs", sent)
    assert answer.headers["Location"].endswith(f"quote={first.pk}")


def test_a_step_with_a_quote_outside_the_queue_stays_with_it(curator_at_desk):
    public, _ = make_waiting(status="published")
    make_waiting()
    answer = take(curator_at_desk, public, "dispute", reason="She denies it.")
    assert answer.headers["Location"] == f"{review_of(public)}?quote={public.pk}"


def test_what_is_snoozed_is_in_no_queue_until_its_time_is_over(curator_at_desk):
    first, second = make_waiting()
    now = timezone.now()
    Assignment.objects.keep(first, snoozed_until=now + timedelta(hours=1))
    Assignment.objects.keep(second, snoozed_until=now - timedelta(hours=1))
    assert in_queue(curator_at_desk, "proposed")["number"] == 1
    (row,) = in_queue(curator_at_desk, "proposed", tab="later")["rows"]
    assert row.quotes == 1
    assert dashboard.queues(curator_at_desk.user)[0].number == 1
    page = curator_at_desk.get(review_of(first))
    assert page.context["chosen"] == second


def test_tabs_tell_apart_whose_the_quotes_are(curator_at_desk):
    user, ada = curator_at_desk.user, make_colleague("ada")
    mine, hers = make_waiting()
    (nobodys,) = make_waiting("It was late,")
    (asked,) = make_waiting("It was late,")
    Assignment.objects.keep(mine, assignee=user)
    Assignment.objects.keep(hers, assignee=ada)
    Note.objects.add(asked, ada, f"Is this she, @{user.username}?")
    Note.objects.add(make_quote("A public one"), ada, f"And this, @{user.username}?")
    context = in_queue(curator_at_desk, "proposed")
    numbers = {tab["label"]: tab["number"] for tab in context["tabs"]}
    assert numbers == {"All": 4, "Mine": 2, "Unassigned": 2, "Later": 0}
    assert context["rows"][0].assignees == ["ada", "curators-at-desk"]
    for tab, articles in (
        ("mine", [mine.article_id, asked.article_id]),
        ("unassigned", [nobodys.article_id, asked.article_id]),
    ):
        rows = in_queue(curator_at_desk, "proposed", tab=tab)["rows"]
        assert [row.article.pk for row in rows] == articles
    assert in_queue(curator_at_desk, "mine")["number"] == 3
    assert [tab["label"] for tab in in_queue(curator_at_desk, "mine")["tabs"]] == ["All", "Later"]


def test_what_is_assigned_is_mine_as_long_as_it_is_in_some_queue(curator_at_desk):
    quote, _ = make_waiting(flags=["filing_differs"])
    Assignment.objects.keep(quote, assignee=curator_at_desk.user)
    take(curator_at_desk, quote, "publish")
    assert in_queue(curator_at_desk, "mine")["number"] == 1
    take(curator_at_desk, quote, "keep")
    assert in_queue(curator_at_desk, "mine")["number"] == 0
    curator_at_desk.post(reverse("admin:quotes_review_undo", args=[quote.article_id]))
    Quote.objects.filter(pk=quote.pk).update(flags=["filing_differs"])
    assert in_queue(curator_at_desk, "mine")["number"] == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "choi"}, ["first"]),
        ({"q": "storm"}, ["second"]),
        ({"q": "okri"}, ["second"]),
        ({"q": "Mr Jones"}, ["first"]),
        ({"q": "nothing of it"}, []),
        ({"language": "de"}, ["second"]),
        ({"since": "2026-03-02"}, ["second"]),
        ({"until": "2026-03-02"}, ["first"]),
        ({"since": "2026-03-01", "until": "2026-03-03", "q": "said"}, []),
    ],
)
def test_a_queue_is_searched_and_filtered(curator_at_desk, query, found):
    made = {}
    article = make_article(f"“{WORDS},” he said.", headline="The quay", published="2026-03-01")
    made["first"] = make_quote(
        WORDS, article=article, status="proposed", language="en-GB", attribution_speaker="Mr Jones"
    )
    article = make_article("„Es war spät“, sagte er.", headline="A storm", published="2026-03-03")
    made["second"] = make_quote(
        "Es war spät",
        article=article,
        status="proposed",
        language="de",
        speaker=make_speaker("Ben Okri"),
    )
    rows = in_queue(curator_at_desk, "proposed", **query)["rows"]
    assert [row.article.pk for row in rows] == [made[name].article_id for name in found]


def test_a_filter_by_a_merged_outlet_is_one_by_its_survivor(curator_at_desk):
    outlet, former = make_outlet(), make_outlet("The Old Post")
    quote = make_waiting("It was late,", outlet=outlet)[0]
    type(former).objects.filter(pk=former.pk).update(merged_into=outlet)
    (row,) = in_queue(curator_at_desk, "proposed", outlet=former.pk)["rows"]
    assert row.article.pk == quote.article_id


def test_an_anchor_that_was_checked_comes_back_as_another(curator_at_desk):
    quote = make_quote(WORDS)
    Quote.objects.filter(pk=quote.pk).update(anchor="moved")
    Assignment.objects.keep(quote, checked_anchor="moved")
    assert in_queue(curator_at_desk, "moved")["number"] == 0
    Quote.objects.filter(pk=quote.pk).update(anchor="missing")
    assert in_queue(curator_at_desk, "missing")["number"] == 1


def test_a_queue_with_a_wrong_filter_is_not_called_done(curator_at_desk):
    page = curator_at_desk.get(QUEUE, {"order": "sideways"})
    assert "Correct the filters below." in page.text
    assert "All done" not in page.text

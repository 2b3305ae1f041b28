"""“Publish the 6 left” of an article."""

import pytest
from django.test import Client
from django.urls import reverse

from quotes.filing import OPERATOR, capture
from quotes.models import Quote
from tests.conftest import fresh, staff
from tests.quotes.admin.test_review import TEXT, add, make_waiting, review_of, take, undo
from tests.quotes.admin.test_undo_stack import messages_of

pytestmark = pytest.mark.django_db


def page_of(quote: Quote) -> str:
    return reverse("admin:quotes_review_publish_rest", args=[quote.article_id])


def publish_listed(client: Client, quote: Quote):
    """Publish what the page lists."""
    ready = client.get(page_of(quote)).context["ready"]
    return send(client, quote, ready)


def send(client: Client, quote: Quote, ready: list[Quote]):
    sent = {f"version-{one.pk}": one.version for one in ready}
    return client.post(page_of(quote), sent, follow=True)


def test_what_is_left_of_an_article_is_published_in_one_step(curator_at_desk):
    first, second = make_waiting()
    (following,) = make_waiting("It was late,")
    page = curator_at_desk.get(review_of(first)).text
    assert f'href="{page_of(first)}" data-key="P"' in page
    answer = publish_listed(curator_at_desk, first)
    assert answer.context["chosen"] == following
    assert "Published: 2 quotes of <bdi>“Of (" in messages_of(answer)
    assert {fresh(first).status, fresh(second).status} == {"published"}
    assert fresh(following).status == "proposed"


def test_one_undo_takes_all_of_it_back(curator_at_desk):
    quotes = make_waiting()
    publish_listed(curator_at_desk, quotes[0])
    assert curator_at_desk.get(review_of(quotes[0])).context["last"]["quote"] == "2 quotes"
    page = undo(curator_at_desk, quotes[0])
    assert page.context["chosen"] in quotes
    assert Quote.objects.proposed().count() == 2


def test_quotes_that_need_a_decision_are_held_out_with_the_reason():
    client = staff("Curators")
    flagged, clean, missing = make_waiting("We had no choice,", "It was late,", "none at all.")
    Quote.objects.filter(pk=flagged.pk).update(flags=["unresolved_speaker"])
    capture(flagged.article, TEXT.replace("none at all.", "never"), OPERATOR)
    article = fresh(flagged.article)
    add(client, flagged, [[1, 3]], snapshot=article.snapshot_id)
    own = Quote.objects.get(text="We")
    page = client.get(page_of(flagged))
    assert page.context["ready"] == [clean]
    assert {quote.pk: why for quote, why in page.context["held"]} == {
        flagged.pk: "Speaker not identified",
        missing.pk: "No longer in the article",
        own.pk: "You added this quote, so another curator must approve it",
    }
    answer = publish_listed(client, flagged)
    assert answer.context["chosen"] in (flagged, missing, own)  # what is left to decide
    assert list(Quote.objects.filter(status="published")) == [clean]


def test_a_quote_that_changed_since_the_list_is_refused_by_name():
    client, other = staff("Curators"), staff("Curators", "ada")
    first, second = make_waiting()
    ready = client.get(page_of(first)).context["ready"]
    take(other, second, "reject", reason="No.")
    answer = send(client, first, ready)
    assert "Not published: <bdi>“It was late,”</bdi>. “publish” is not possible" in messages_of(
        answer
    )
    assert (fresh(first).status, fresh(second).status) == ("published", "rejected")


def test_a_flagged_quote_is_not_published_whatever_is_sent(curator_at_desk):
    flagged, _ = make_waiting(flags=["unresolved_speaker"])
    send(curator_at_desk, flagged, [flagged])
    assert fresh(flagged).status == "proposed"


@pytest.mark.parametrize("version", ["9" * 5000, "9" * 9, "-1", "٣", "", "1 OR 1"])
def test_a_version_that_is_none_publishes_nothing(curator_at_desk, version):
    quote, _ = make_waiting()
    url = reverse("admin:quotes_review_publish_rest", args=[quote.article_id])
    assert curator_at_desk.post(url, {f"version-{quote.pk}": version}).status_code == 302
    assert fresh(quote).status == "proposed"


def test_only_who_may_publish_reaches_it():
    quote, _ = make_waiting()
    assert staff("Contributors").get(page_of(quote)).status_code == 403

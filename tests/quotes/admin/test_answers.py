"""Where a step leads: for the page's script, after a login in between, on public quotes."""

import re

import pytest
from django.urls import reverse
from lxml import html

from quotes.models import Quote
from tests.conftest import fresh
from tests.quotes.admin.test_review import QUEUE, make_waiting, review_of, take, undo
from tests.records import make_speaker

pytestmark = pytest.mark.django_db

MINIMAL = {"Prefer": "return=minimal"}
"""Header of the page's script."""

WHOLE = {"Prefer": "return=representation"}
"""Its header when it reads what it left out at first."""


def step_of(quote: Quote, step: str) -> str:
    return reverse("admin:quotes_review_step", args=[quote.article_id, quote.pk, step])


def test_the_script_is_told_where_a_step_leads_with_its_message_and_undo(curator_at_desk):
    first, second = make_waiting()
    place = f"{step_of(first, 'publish')}?order=latest"
    answer = curator_at_desk.post(place, {"publish-version": 1}, headers=MINIMAL)
    assert answer.status_code == 200
    assert f'data-to="{review_of(first)}?order=latest&amp;quote={second.pk}"' in answer.text
    assert (
        '<p class="undoable success">Published: <bdi>“We had no choice,”</bdi></p>' in answer.text
    )
    assert f'name="entry" value="{answer.context["last"]["id"]}"' in answer.text
    assert "Published:" not in curator_at_desk.get(review_of(first)).text  # told once


def test_the_script_is_told_that_the_queue_is_empty(curator_at_desk):
    (quote,) = make_waiting("It was late,")
    answer = curator_at_desk.post(
        step_of(quote, "publish"), {"publish-version": 1}, headers=MINIMAL
    )
    assert f'data-to="{QUEUE}"' in answer.text
    assert "Published: " in answer.text
    assert "You&#x27;re up to date." in answer.text


def test_a_refused_step_answers_the_script_with_the_page_as_it_was_sent(curator_at_desk):
    quote, _ = make_waiting()
    answer = curator_at_desk.post(
        step_of(quote, "reject"), {"reject-version": 1, "reject-reason": ""}, headers=MINIMAL
    )
    assert 'id="answer"' not in answer.text
    assert 'id="step-reject" open' in answer.text


def test_the_script_reads_the_parts_that_take_long_after_the_rest_of_the_page(curator_at_desk):
    quote, _ = make_waiting()
    make_speaker("Ada Quill")
    Quote.objects.filter(pk=quote.pk).update(attribution_speaker="Ada Quill")
    quote.refresh_from_db()
    place = f"{review_of(quote)}?quote={quote.pk}"
    everybody = curator_at_desk.get(place).text
    brief = curator_at_desk.get(place, headers=MINIMAL).text
    whole = curator_at_desk.get(place, headers=WHOLE).text
    later = set(re.findall(r'id="([^"]*)"[^>]* data-later', brief))
    assert later == {"speakers", "elsewhere", "step-correct", "add"}
    assert "data-later" not in everybody + whole
    for one in later:
        assert f'id="{one}"' in whole
    for parts in ("Possible speakers", 'id="id_fields-kind"', 'id="id_add-speaker"'):
        assert parts in everybody
        assert parts in whole
        assert parts not in brief
    version = f'<div id="review" data-version="{quote.version}"'
    assert version in brief
    assert version in whole
    assert "site-header" not in brief + whole
    title = re.search("<title>(.*?)</title>", everybody)[1]
    assert f"<title>{title}</title>" in brief
    assert f"<title>{title}</title>" in whole
    assert without(later, brief) == without(later, whole)


def without(parts: set[str], page: str) -> bytes:
    """The page without the parts of these ids, white space, and tokens that are always new."""
    tree = html.fromstring(re.sub(r'(csrfmiddlewaretoken" value=")\w+', r"\1", page))
    for part in parts:
        tree.get_element_by_id(part).drop_tree()
    return re.sub(rb"\s+", b"", html.tostring(tree))


@pytest.mark.parametrize("name", ["add_quote", "claim", "undo"])
def test_a_get_where_forms_are_posted_leads_to_the_page_of_the_article(curator_at_desk, name):
    quote, _ = make_waiting()
    place = reverse(f"admin:quotes_review_{name}", args=[quote.article_id])
    answer = curator_at_desk.get(place, {"order": "latest"})
    assert answer.headers["Location"] == f"{review_of(quote)}?order=latest"


def test_a_login_before_a_step_was_taken_leads_back_to_its_quote(client, curator_at_desk):
    _, quote = make_waiting()
    place = f"{step_of(quote, 'reject')}?order=latest"
    sent = client.post(place, {"reject-version": 1, "reject-reason": "No."})
    assert "/admin/login/" in sent.headers["Location"]
    answer = curator_at_desk.get(place)  # where the login leads
    assert answer.headers["Location"] == f"{review_of(quote)}?order=latest&quote={quote.pk}"
    assert curator_at_desk.get(answer.headers["Location"]).context["chosen"] == quote
    assert fresh(quote).status == "proposed"


@pytest.mark.parametrize(
    ("step", "status", "said"),
    [
        ("dispute", "published", {"reason": "She denies it."}),
        ("retract", "published", {"reason": "She denies it."}),
        ("settle", "disputed", {}),
    ],
)
def test_a_step_on_a_public_quote_stays_there(curator_at_desk, step, status, said):
    make_waiting()
    public = make_waiting(status=status)[0]
    answer = take(curator_at_desk, public, step, **said)
    assert answer.headers["Location"] == f"{review_of(public)}?quote={public.pk}"


@pytest.mark.parametrize("status", ["rejected", "withdrawn"])
def test_a_rejected_or_withdrawn_quote_is_reopened(curator_at_desk, status):
    quote, _ = make_waiting(status=status)
    page = curator_at_desk.get(review_of(quote), {"quote": quote.pk}).text
    assert 'data-key="o"' in page
    answer = take(curator_at_desk, quote, "reopen")
    assert answer.headers["Location"] == f"{review_of(quote)}?quote={quote.pk}"
    assert fresh(quote).status == "proposed"


def test_a_step_that_is_sent_again_is_taken_once(curator_at_desk):
    """The answer to the first was lost on its way."""
    first, second = make_waiting()
    place, sent = step_of(first, "publish"), {"publish-version": 1}
    headers = MINIMAL | {"X-Request-ID": "step-1"}
    answers = [curator_at_desk.post(place, sent, headers=headers) for _ in range(2)]
    for answer in answers:
        assert f"quote={second.pk}" in answer.text
        assert "Published:" in answer.text
    assert fresh(first).version == 2
    undo(curator_at_desk, first)
    assert fresh(first).status == "proposed"
    assert "There is nothing to undo." in undo(curator_at_desk, first).text
    other = curator_at_desk.post(place, sent, headers=MINIMAL | {"X-Request-ID": "step-2"})
    assert "Not saved: somebody else made changes" in other.text

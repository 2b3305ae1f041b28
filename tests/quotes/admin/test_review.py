"""The review queue and the review page: steps, undo, and two curators at one article."""

import json
import threading
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from quotes.admin.review.page import MAX_SHOWN_QUOTES
from quotes.admin.review.text_marks import mark_quotes, visible_characters
from quotes.curation.queue import ORDERS, PAGE_ARTICLES, articles_of, next_article
from quotes.curation.undo import UNDO_WITHIN
from quotes.filing import OPERATOR, capture
from quotes.models import Claim, Quote
from quotes.models.claim import CLAIM_TIME
from sources.models import Article, Revision, Speaker
from tests.conftest import fresh, staff
from tests.records import (
    hide,
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_quotes,
    make_speaker,
)
from tests.sources.admin.test_admin import page_of

pytestmark = pytest.mark.django_db

TEXT = "“We had no choice,” Mara Quill said, “none at all.” “It was late,” Mr Jones added."
QUEUE = "/admin/quotes/review/"


def make_waiting(*words: str, text: str = TEXT, **values) -> list[Quote]:
    """File an article, with these words of its text proposed."""
    outlet, published = values.pop("outlet", None), values.pop("published", None)
    article = make_article(text, outlet=outlet, published=published, headline=f"Of {words}")
    words = words or ("We had no choice,", "It was late,")
    values = {"status": "proposed", **values}
    return [make_quote(said, article=article, **values) for said in words]


def review_of(quote: Quote) -> str:
    return reverse("admin:quotes_review_article", args=[quote.article_id])


def take(client: Client, quote: Quote, step: str, version: int | None = None, **said):
    """Send the form of a step with the current version, unless another was read."""
    version = version or Quote.objects.values_list("version", flat=True).get(pk=quote.pk)
    sent = {f"{step}-version": version} | {f"{step}-{name}": value for name, value in said.items()}
    return client.post(
        reverse("admin:quotes_review_step", args=[quote.article_id, quote.pk, step]), sent
    )


def errors_of(response) -> str:
    """The errors on the review page."""
    assert response.status_code == 200
    return " ".join(response.context["errors"])


def listed(client: Client, **query) -> list:
    response = client.get(QUEUE, query)
    assert response.status_code == 200
    return [row.article.pk for row in response.context["rows"]]


# The queue


def test_the_queue_lists_articles_with_proposed_quotes_longest_waiting_first(curator_at_desk):
    (first, _), (second,) = make_waiting(), make_waiting("It was late,")
    make_quote("It was published", status="published")
    assert listed(curator_at_desk) == [first.article_id, second.article_id]
    page = curator_at_desk.get(QUEUE).text
    assert "3 quotes are waiting for review" in page
    assert f'{review_of(first)}">Start reviewing' in page


def test_the_queue_can_be_ordered_by_publication_or_number_of_quotes(curator_at_desk):
    (unknown,) = make_waiting("It was late,")
    (old,) = make_waiting("It was late,", published="2025-12")
    new, _ = make_waiting(published="2026-03-14")
    assert listed(curator_at_desk, order="latest") == [
        new.article_id,
        old.article_id,
        unknown.article_id,
    ]
    assert listed(curator_at_desk, order="most")[0] == new.article_id


@pytest.mark.parametrize("filtered", ["outlet", "speaker", "flag"])
def test_the_queue_is_filtered_by_outlet_speaker_or_flag(curator_at_desk, filtered):
    outlet, speaker = make_outlet(), make_speaker()
    make_waiting()
    sought, _ = make_waiting(outlet=outlet, speaker=speaker, flags=[Quote.Flag.UNRESOLVED_SPEAKER])
    value = {"outlet": outlet.pk, "speaker": speaker.pk, "flag": "unresolved_speaker"}[filtered]
    assert listed(curator_at_desk, **{filtered: value}) == [sought.article_id]


@pytest.mark.parametrize("order", ORDERS)
def test_pages_of_the_queue_hold_each_article_once(order):
    quotes = [make_waiting("It was late,")[0] for _ in range(PAGE_ARTICLES + 3)]
    wanted = Quote.objects.proposed().order_by()
    first, more = articles_of(wanted, order)
    second, no_more = articles_of(wanted, order, 2)
    assert (len(first), more, len(second), no_more) == (PAGE_ARTICLES, True, 3, False)
    assert {row.article.pk for row in (*first, *second)} == {one.article_id for one in quotes}


@pytest.mark.parametrize("order", ORDERS)
def test_the_place_of_an_article_depends_on_its_matching_quotes(order):
    """The first quote of an article may not match the filters."""
    speaker = make_speaker()
    early = make_waiting("We had no choice,")[0]
    late, _ = make_waiting()
    make_quote("none at all.", article=early.article, status="proposed", speaker=speaker)
    Quote.objects.filter(pk=late.pk).update(speaker=speaker)
    wanted = Quote.objects.proposed().filter(speaker=speaker).order_by()
    rows, _ = articles_of(wanted, order)
    assert {(row.article.pk, row.quotes) for row in rows} == {
        (early.article_id, 1),
        (late.article_id, 1),
    }
    if order == "oldest":
        assert [row.article.pk for row in rows] == [late.article_id, early.article_id]
    assert next_article(wanted, order, [late.article_id]) == early.article_id


@pytest.mark.parametrize("query", [{"flag": "nonsense"}, {"p": "0"}, {"outlet": "x"}])
def test_an_invalid_filter_finds_nothing_and_says_so(curator_at_desk, query):
    make_waiting()
    response = curator_at_desk.get(QUEUE, query)
    assert response.context["rows"] == []
    assert "errorlist" in response.text


@pytest.mark.parametrize("group", ["Readers", "Contributors"])
def test_only_reviewers_reach_the_review_pages(group):
    quote, _ = make_waiting()
    client = staff(group)
    for path in (QUEUE, review_of(quote)):
        assert client.get(path).status_code == 403
    for step in ("publish", "assign", "adjust"):
        assert take(client, quote, step).status_code == 403
    for name in ("add_quote", "claim", "undo"):
        path = reverse(f"admin:quotes_review_{name}", args=[quote.article_id])
        assert client.post(path).status_code == 403
    assert "quotes/review" not in client.get("/admin/").text
    assert not Claim.objects.exists()
    assert fresh(quote).version == 1


def test_the_queue_costs_the_same_for_one_article_and_for_fifty(
    curator_at_desk, django_assert_num_queries
):
    # The session, the user, two of permissions; heads, counted, flags, articles, claims, assignees,
    # languages, saved views, and the number of each tab.
    make_waiting(outlet=make_outlet())
    with django_assert_num_queries(17):
        curator_at_desk.get(QUEUE)
    for number in range(PAGE_ARTICLES - 1):
        make_waiting("It was late,", outlet=make_outlet(f"Outlet {number}"))
    with django_assert_num_queries(17):
        assert len(listed(curator_at_desk)) == PAGE_ARTICLES


# The text


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=4).map(
    lambda spans: [(start, start + length) for start, length in spans]
)


@given(st.lists(SPANS, max_size=5))
def test_joined_pieces_are_the_text_and_each_knows_its_quotes(quotes):
    text = "".join(chr(0x4E00 + number) for number in range(60))
    pieces = list(mark_quotes(text, quotes))
    assert "".join(piece.text for piece in pieces) == text
    for piece in pieces:
        assert text[piece.start : piece.start + len(piece.text)] == piece.text
        standing = {
            index
            for index, spans in enumerate(quotes)
            if any(start <= piece.start < end for start, end in spans)
        }
        assert set(piece.quotes) == standing
    first = {index: spans[0][0] for index, spans in enumerate(quotes) if spans}
    assert {index: p.start for p in pieces for index in p.begins} == first


class TextReader(HTMLParser):
    """The characters between tags with references resolved, as in the DOM."""

    def __init__(self, page: str):
        super().__init__()
        self.text = ""
        self.feed(page)

    def handle_data(self, data):
        self.text += data


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_text_is_shown_character_for_character(text):
    page = visible_characters(text)
    assert TextReader(page).text == text
    assert "\r" not in page


def test_every_quote_is_marked_in_the_text(curator_at_desk):
    first, _ = make_waiting("We had no choice,", "no choice,")
    page = curator_at_desk.get(review_of(first)).text
    assert '<span data-at="0">“</span><mark data-at="1"' in page
    assert ' data-begins="2" class="chosen proposed shared">no choice,</mark>' in page


@pytest.fixture
def altered(curator):
    """A proposed quote whose words have changed in the article's new text."""
    quote, _ = make_waiting()
    path = f"/api/v1/articles/{quote.article_id}/snapshots/"
    assert curator.post(path, {"text": "“We had a choice,” she said."}).status_code == 200
    assert fresh(quote).anchor == "altered"
    return quote


def test_an_altered_quote_is_marked_at_the_closest_passage_of_the_current_text(
    curator_at_desk, altered
):
    page = curator_at_desk.get(review_of(altered), {"quote": altered.pk})
    assert "The closest passage" in page.text
    assert 'class="chosen proposed">We had a choice,</mark>' in page.text
    earlier = curator_at_desk.get(review_of(altered), {"quote": altered.pk, "text": "earlier"})
    assert "Earlier version, captured" in earlier.text
    assert 'class="chosen proposed">We had no choice,</mark>' in earlier.text
    assert (page.context["may_add"], earlier.context["may_add"]) == (True, False)


def test_an_altered_quote_can_be_adjusted_to_the_closest_passage(curator_at_desk, altered):
    page = curator_at_desk.get(review_of(altered), {"quote": altered.pk})
    (adjusting,) = [one for one in page.context["steps"] if one.step.name == "adjust"]
    offered = adjusting.form.initial
    adjust(curator_at_desk, altered, offered["spans"], snapshot=offered["snapshot"])
    altered.refresh_from_db()
    assert (altered.text, altered.anchor, altered.nearest) == ("We had a choice,", "exact", None)


def test_a_user_without_access_to_texts_sees_the_quote_in_its_context():
    quote, _ = make_waiting()
    client = staff("Curators")
    group = client.user.groups.get()
    group.permissions.remove(group.permissions.get(codename="read_full_text"))
    page = client.get(review_of(quote))
    assert "<mark>We had no choice,</mark>" in page.text
    assert 'id="text"' not in page.text
    assert "Change the selection" not in page.text.partition('id="keys"')[0]


# Steps


def test_publishing_redirects_to_the_next_proposed_quote_and_is_recorded(curator_at_desk):
    first, second = make_waiting()
    answer = take(curator_at_desk, first, "publish")
    assert answer.headers["Location"] == f"{review_of(first)}?quote={second.pk}"
    assert fresh(first).status == "published"
    last = Revision.objects.of(first).last()
    assert (last.verb, last.actor, last.channel) == ("published", "curators-at-desk", "admin")


def test_after_the_last_quote_comes_the_next_article_that_matches_the_filters(curator_at_desk):
    outlet = make_outlet()
    (first,) = make_waiting("It was late,", outlet=outlet)
    make_waiting("It was late,")
    (third,) = make_waiting("It was late,", outlet=outlet)
    path = reverse("admin:quotes_review_step", args=[first.article_id, first.pk, "publish"])
    query = f"outlet={outlet.pk}&order=oldest"
    answer = curator_at_desk.post(f"{path}?{query}", {"publish-version": 1})
    assert answer.headers["Location"] == f"{review_of(third)}?{query}"
    take(curator_at_desk, third, "publish")
    path = reverse("admin:quotes_review_step", args=[third.article_id, third.pk, "publish"])
    hide(Quote.objects.filter(pk=third.pk))
    answer = curator_at_desk.post(f"{path}?{query}", {"publish-version": 3})
    assert answer.headers["Location"] == f"{QUEUE}?{query}"


def test_rejecting_needs_a_reason(curator_at_desk):
    quote, _ = make_waiting()
    refused = take(curator_at_desk, quote, "reject", reason="  ")
    assert "This field is required" in refused.text
    take(curator_at_desk, quote, "reject", reason="Not hers.")
    assert (fresh(quote).status, quote.reason) == ("rejected", "Not hers.")


def test_a_step_that_is_not_possible_says_which_are(curator_at_desk):
    quote = make_waiting(status="published")[0]
    assert "Possible steps: dispute, correct, retract" in errors_of(
        take(curator_at_desk, quote, "publish")
    )


def test_a_speaker_is_assigned_with_an_affiliation(curator_at_desk):
    quote, _ = make_waiting(flags=["unresolved_speaker"])
    held = make_affiliation()
    take(curator_at_desk, quote, "assign", speaker=held.speaker_id, affiliation=held.pk)
    assert (fresh(quote).speaker, quote.affiliation, quote.flags) == (held.speaker, held, [])


def test_a_new_speaker_is_added_by_name(curator_at_desk):
    quote, _ = make_waiting()
    answer = take(curator_at_desk, quote, "assign", name="Rob Jones")
    assert answer.headers["Location"].endswith(f"quote={quote.pk}")
    assert fresh(quote).speaker.name == "Rob Jones"


def test_neither_or_both_speakers_are_refused_and_none_is_added(curator_at_desk):
    quote, _ = make_waiting()
    known = make_speaker()
    for said in ({}, {"speaker": known.pk, "name": "Rob Jones"}):
        answer = take(curator_at_desk, quote, "assign", **said)
        assert "Choose a speaker or add a new one." in answer.text
    assert Speaker.objects.get() == known


def test_the_attribution_is_corrected_field_by_field(curator_at_desk):
    quote, _ = make_waiting(attribution_speaker="Ms Quill", attribution_cue="said")
    path = reverse("admin:quotes_review_step", args=[quote.article_id, quote.pk, "correct"])
    sent = {"correct-version": 1, "fields-kind": "partial", "fields-said": "2026-02"}
    curator_at_desk.post(path, sent | {"fields-attribution_speaker": "Mara Quill"})
    assert (fresh(quote).attribution_speaker, quote.attribution_cue) == ("Mara Quill", None)
    assert (quote.kind, str(quote.said), quote.version) == ("partial", "2026-02", 2)


def test_a_public_quote_is_corrected_with_a_note_for_its_readers(curator_at_desk):
    quote = make_waiting(status="published")[0]
    speaker = make_speaker()
    assert "Public note" in take(curator_at_desk, quote, "assign", speaker=speaker.pk).text
    take(curator_at_desk, quote, "assign", speaker=speaker.pk, note="Misnamed.")
    assert (fresh(quote).speaker, quote.corrections[0]["note"]) == (speaker, "Misnamed.")


def adjust(client: Client, quote: Quote, spans, **said):
    said = {"snapshot": quote.snapshot_id, "spans": json.dumps(spans), **said}
    return take(client, quote, "adjust", **said)


def test_the_selection_is_changed_to_other_words(curator_at_desk):
    quote, _ = make_waiting()
    adjust(curator_at_desk, quote, [[1, 17]])
    assert (fresh(quote).text, quote.spans) == ("We had no choice", [[1, 17]])


def test_the_selection_is_changed_to_several_spans(curator_at_desk):
    quote, _ = make_waiting()
    start = TEXT.index("none at all")
    adjust(curator_at_desk, quote, [[1, 18], [start, start + 12]])
    assert fresh(quote).text == "We had no choice, none at all."


@pytest.mark.parametrize(
    "spans", [[], [[3, 3]], [[5, 2]], [[0, 9999]], "nonsense", [[1, 2, 3]], [["a", "b"]]]
)
def test_invalid_spans_are_refused(curator_at_desk, spans):
    quote, _ = make_waiting()
    answer = adjust(curator_at_desk, quote, spans)
    assert answer.status_code == 200
    assert "Not saved" in answer.text or "errorlist" in answer.text
    assert (fresh(quote).version, quote.text) == (1, "We had no choice,")


def test_words_of_another_article_are_refused(curator_at_desk):
    quote, other = make_waiting()[0], make_waiting("It was late,", text=f"Also: {TEXT}")[0]
    answer = adjust(curator_at_desk, quote, [[1, 9]], snapshot=other.snapshot_id)
    assert "That text belongs to another article" in errors_of(answer)


def test_the_position_of_another_quote_is_refused_with_the_constraints_message(curator_at_desk):
    quote, other = make_waiting()
    answer = adjust(curator_at_desk, quote, other.spans)
    assert "Another quote already has these spans." in errors_of(answer)


def add(client: Client, quote: Quote, spans, **said):
    path = reverse("admin:quotes_review_add_quote", args=[quote.article_id])
    said = {"kind": "direct", "snapshot": quote.snapshot_id, "spans": json.dumps(spans), **said}
    return client.post(path, {f"add-{name}": value for name, value in said.items()})


def test_a_quote_is_added_by_its_words_in_the_text(curator_at_desk):
    quote, _ = make_waiting()
    start = TEXT.index("none at all")
    answer = add(curator_at_desk, quote, [[start, start + 12]], speaker="Mara Quill", cue="said")
    added = Quote.objects.get(text="none at all.")
    assert answer.headers["Location"] == f"{review_of(quote)}?quote={added.pk}"
    assert (added.status, added.speaker.name) == ("proposed", "Mara Quill")
    assert (added.attribution_speaker, added.attribution_cue) == ("Mara Quill", "said")


# The headline


@pytest.fixture
def in_headline() -> Quote:
    """A proposed quote in the headline, of an article with the same words in its text."""
    article = make_article("“No choice,” said Mara Quill.", headline="“No choice”: Quill <b>")
    quote = make_quote("No choice", article=article, status="proposed")
    quote.revise(text="No choice", anchored_in="headline")
    return quote


def test_the_headline_is_shown_above_the_text_with_its_quotes_marked(curator_at_desk, in_headline):
    page = curator_at_desk.get(review_of(in_headline)).text
    headline, text = page.index('id="headline"'), page.index('id="text"')
    marked = f'class="chosen proposed">{in_headline.text}</mark>'
    assert headline < page.index(marked) < text
    assert page.count("<mark ") == 1
    assert "”: Quill &lt;b&gt;</span>" in page
    assert 'name="adjust-anchored_in" value="headline"' in page


def test_the_captured_headline_is_shown_and_not_a_later_one(curator_at_desk, in_headline):
    Article.objects.update(headline="Quay to close")
    page = curator_at_desk.get(review_of(in_headline)).text
    assert page.index("Quay to close") < page.index('id="headline"') < page.index("”: Quill &lt;b")


def test_the_headline_is_only_for_who_may_read_the_text(in_headline):
    client = staff(permissions=["review_quote", "view_quote", "view_article"])
    answer = client.get(review_of(in_headline))
    assert answer.status_code == 200
    assert 'id="headline"' not in answer.text


def test_the_closest_passage_of_an_altered_quote_is_marked_in_the_headline(
    curator_at_desk, in_headline
):
    article = in_headline.article
    article.headline = "“No chance”: Quill"
    article.save()
    capture(article, "New. “No choice,” said Mara Quill.", OPERATOR)
    assert fresh(in_headline).anchor == "altered"
    page = curator_at_desk.get(review_of(in_headline)).text
    nearest = in_headline.nearest["text"]
    assert page.index('id="headline"') < page.index(f">{nearest}</mark>") < page.index('id="text"')
    spans = [[in_headline.nearest["start"], in_headline.nearest["end"]]]
    adjust(
        curator_at_desk,
        in_headline,
        spans,
        snapshot=fresh(article).snapshot_id,
        anchored_in="headline",
    )
    assert (fresh(in_headline).text, in_headline.anchor) == (nearest, "exact")


def test_words_are_selected_in_the_headline_or_in_the_text(curator_at_desk, in_headline):
    adjust(curator_at_desk, in_headline, [[1, 10]], anchored_in="text")
    assert (fresh(in_headline).anchored_in, in_headline.text) == ("text", "No choice")
    add(curator_at_desk, in_headline, [[13, 18]], anchored_in="headline")
    added = Quote.objects.exclude(pk=in_headline.pk).get()
    assert (added.anchored_in, added.text) == ("headline", "Quill")


def test_what_lies_between_parts_of_a_headline_is_shown(curator_at_desk):
    article = make_article("The quay will close.", headline="“No,” Quill says, “never”")
    quote = make_quote("The quay", article=article, status="proposed")
    quote.revise(text="No, never", anchored_in="headline", gaps_checked=True)
    assert ",” Quill says, “" in curator_at_desk.get(review_of(quote)).text


def test_a_refused_addition_says_why_and_keeps_what_was_typed(curator_at_desk):
    quote, _ = make_waiting()
    refused = add(curator_at_desk, quote, [[0, 9999]], speaker="Mara Quill")
    assert "outside the text" in errors_of(refused)
    assert 'value="Mara Quill"' in refused.text
    assert Quote.objects.count() == 2


# Approval


def test_nobody_approves_what_they_filed(settings):
    client = staff("Curators")
    quote, _ = make_waiting()
    start = TEXT.index("none at all")
    add(client, quote, [[start, start + 12]])
    own = Quote.objects.get(text="none at all.")
    page = client.get(review_of(quote), {"quote": own.pk}).text
    assert "You added this quote, so another curator must approve it." in page
    assert "You added this quote, so another curator must approve it." in errors_of(
        take(client, own, "publish")
    )
    take(staff("Curators", "ada"), own, "publish")
    assert fresh(own).status == "published"
    settings.ONRECORD_SELF_APPROVAL = True
    hide(Quote.objects.filter(pk=own.pk))
    take(client, own, "publish")
    assert fresh(own).status == "published"


# Two curators


def test_a_step_on_an_outdated_version_is_refused_and_shows_what_changed():
    client, other = staff("Curators"), staff("Curators", "ada")
    quote, _ = make_waiting(attribution_speaker="Ms Quill")
    speaker = make_speaker("Mara Quill")
    take(other, quote, "assign", speaker=speaker.pk)
    answer = take(client, quote, "reject", version=1, reason="Nobody is named.")
    assert "Not saved: somebody else made changes" in answer.text
    assert "Version 2: reassigned by <bdi>ada</bdi>" in answer.text
    named = f'<a href="{page_of(speaker)}"><bdi>Mara Quill</bdi></a>'
    assert f"<td>–</td><td>{named}</td>" in answer.text
    assert "Nobody is named." in answer.text  # what was typed is kept
    assert 'name="reject-version" value="2"' in answer.text
    assert fresh(quote).status == "proposed"
    take(client, quote, "reject", version=2, reason="Nobody is named.")
    assert fresh(quote).status == "rejected"


def test_a_refused_step_that_is_no_longer_possible_is_not_offered_again():
    client, other = staff("Curators"), staff("Curators", "ada")
    quote, _ = make_waiting()
    take(other, quote, "publish")
    answer = take(client, quote, "reject", version=1, reason="No.")
    assert "Version 2: published by <bdi>ada</bdi>" in answer.text
    assert 'id="step-reject"' not in answer.text


def test_an_article_under_review_is_shown_as_such_to_others_until_released():
    client, other = staff("Curators"), staff("Curators", "ada")
    (quote,), (following,) = make_waiting("It was late,"), make_waiting("It was late,")
    client.get(review_of(quote))
    page = other.get(review_of(quote)).text
    assert "<bdi>curators-at-desk</bdi> has been reviewing this article since" in page
    assert "<bdi>curators-at-desk</bdi>, since" in other.get(QUEUE).text
    assert f'{review_of(following)}">Start reviewing' in other.get(QUEUE).text
    claim = reverse("admin:quotes_review_claim", args=[quote.article_id])
    other.post(claim, {"take_over": "yes"})
    assert Claim.objects.get(article=quote.article_id).user.username == "ada"
    other.post(claim, {"let_go": "yes"})
    assert "has been reviewing this article" not in client.get(review_of(quote)).text


def test_the_next_article_is_one_that_nobody_is_reviewing():
    client, other = staff("Curators"), staff("Curators", "ada")
    (first,), (second,), (third,) = (make_waiting("It was late,") for _ in range(3))
    other.get(review_of(second))
    answer = take(client, first, "publish")
    assert answer.headers["Location"] == review_of(third)
    nxt = reverse("admin:quotes_review_next", args=[third.article_id])
    assert client.get(nxt).headers["Location"] == QUEUE


def test_skipped_articles_are_left_out_until_nothing_else_waits(curator_at_desk):
    articles = [make_waiting("It was late,")[0].article_id for _ in range(3)]

    def leave(article) -> str:
        place = reverse("admin:quotes_review_next", args=[article])
        return curator_at_desk.get(place).headers["Location"]

    for here, there in pairwise(articles):
        assert leave(here) == reverse("admin:quotes_review_article", args=[there])
    assert leave(articles[-1]) == QUEUE
    assert leave(articles[1]) == reverse("admin:quotes_review_article", args=[articles[0]])


def test_a_claim_ends_by_itself():
    first, second = (staff("Curators", name).user for name in ("mara", "ada"))
    (quote,) = make_waiting("It was late,")
    now = timezone.now()
    assert Claim.objects.hold(quote.article, first, now).user == first
    soon, later = now + CLAIM_TIME / 2, now + CLAIM_TIME + timedelta(seconds=1)
    assert Claim.objects.hold(quote.article, second, soon).user == first
    claim = Claim.objects.hold(quote.article, second, later)
    assert (claim.user, claim.since) == (second, later)


@pytest.mark.django_db(transaction=True)
def test_one_of_two_simultaneous_claims_wins():
    users = [get_user_model().objects.create_user(name) for name in ("mara", "ada")]
    article, now = make_article("Words."), timezone.now()
    start, had = threading.Barrier(2), []

    def come(user):
        try:
            start.wait()
            had.append(Claim.objects.hold(article, user, now).user_id)
        finally:
            connection.close()

    threads = [threading.Thread(target=come, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(had) == 2
    assert len(set(had)) == 1


# Undo


def undo(client: Client, quote: Quote, **sent):
    path = reverse("admin:quotes_review_undo", args=[quote.article_id])
    return client.post(path, sent, follow=True)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("publish", {}),
        ("reject", {"reason": "No."}),
        ("assign", {"name": "Rob Jones"}),
        ("adjust", {"spans": "[[1, 8]]"}),
    ],
)
def test_the_last_step_is_undone(curator_at_desk, step, said):
    speaker, board = make_speaker(), make_organisation()
    quote, _ = make_waiting(
        speaker=speaker, organisation=board, flags=["unresolved_speaker"], said="2026-02"
    )
    before = Quote.objects.values().get(pk=quote.pk)
    if step == "adjust":
        said = said | {"snapshot": quote.snapshot_id}
    assert take(curator_at_desk, quote, step, **said).status_code == 302
    page = undo(curator_at_desk, quote)
    assert "Undone:" in page.text
    assert page.context["chosen"] == quote
    after = Quote.objects.values().get(pk=quote.pk)
    kept = set(before) - {"version", "updated", "nearest", "corrections"}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert after["version"] == 3
    assert Revision.objects.of(quote).last().reason == "Undone."
    assert "There is nothing to undo." in undo(curator_at_desk, quote).text


def test_undoing_an_addition_rejects_the_quote(curator_at_desk):
    quote, _ = make_waiting()
    add(curator_at_desk, quote, [[52, 55]])
    undo(curator_at_desk, quote)
    assert Quote.objects.get(spans=[[52, 55]]).status == "rejected"


def test_a_quote_that_somebody_else_has_changed_since_cannot_be_undone():
    client, other = staff("Curators"), staff("Curators", "ada")
    quote, _ = make_waiting()
    take(client, quote, "publish")
    take(other, quote, "dispute", reason="She denies it.")
    assert "This has changed since you read version 2" in undo(client, quote).text
    assert fresh(quote).status == "disputed"


def test_a_change_of_a_public_quote_cannot_be_undone(curator_at_desk):
    quote = make_waiting(status="published")[0]
    take(curator_at_desk, quote, "dispute", reason="She denies it.")
    assert "You can correct or retract it, but not undo." in undo(curator_at_desk, quote).text


def test_a_step_cannot_be_undone_after_ten_minutes(curator_at_desk, time_machine_of):
    quote, _ = make_waiting()
    take(curator_at_desk, quote, "publish")
    time_machine_of(UNDO_WITHIN + timedelta(seconds=1))
    assert "within ten minutes" in undo(curator_at_desk, quote).text


@pytest.fixture
def time_machine_of(monkeypatch):
    """Moves Django's clock."""
    present = timezone.now

    def later(by: timedelta) -> None:
        monkeypatch.setattr(timezone, "now", lambda: present() + by)

    return later


# Help to judge a quote


def suggested(client: Client, quote: Quote) -> list:
    return client.get(review_of(quote), {"quote": quote.pk}).context["suggestions"]


def test_a_surname_suggests_the_holder_of_the_role_with_reasons(curator_at_desk):
    board = make_organisation()
    jones = make_affiliation(speaker=make_speaker("Rob Jones"), organisation=board, start="2020")
    make_affiliation(
        speaker=make_speaker("Ann Jones"), organisation=board, start="1990", end="1999"
    )
    make_speaker("Jones Quill")
    _, quote = make_waiting(
        published="2026-03-14",
        attribution_speaker="Mr Jones",
        attribution_role="Harbour Master",
        organisation=board,
    )
    first, second = suggested(curator_at_desk, quote)
    assert (first.speaker, first.affiliation) == (jones.speaker, jones)
    assert first.reasons == ["Same surname.", "Harbour master of Harbour Board at the time."]
    assert (second.speaker.name, second.affiliation) == ("Ann Jones", None)


def test_a_speaker_quoted_in_the_article_is_suggested_before_namesakes(curator_at_desk):
    quill = make_speaker("Mara Quill")
    make_speaker("Otto Quill")
    first, second = make_waiting(attribution_speaker="Ms Quill")
    Quote.objects.filter(pk=first.pk).update(speaker=quill)
    suggestions = suggested(curator_at_desk, second)
    assert [one.speaker.name for one in suggestions] == ["Mara Quill", "Otto Quill"]
    assert "Quoted elsewhere in this article." in suggestions[0].reasons


def test_a_first_name_that_contradicts_is_not_suggested(curator_at_desk):
    make_speaker("Rob Jones")
    make_speaker("R. Jones")
    make_speaker("Ann Jones")
    quote, _ = make_waiting(attribution_speaker="Rob Jones")
    assert [one.speaker.name for one in suggested(curator_at_desk, quote)] == [
        "Rob Jones",
        "R. Jones",
    ]


NANDAKUMAR = (
    "Priya Nandakumar opened the meeting. “The wall is safe,” Ms Nandakumar said. "
    "“Not for long,” said Tessa Holm. “It will hold,” Ms Nandakumar added. "
    "“Nobody will be moved,” she said."
)


def make_nandakumar(**values) -> tuple[Quote, Speaker]:
    """Three quotes, the last of which “she” said; her full name is on record."""
    priya = make_affiliation(speaker=make_speaker("Priya Nandakumar")).speaker
    first, second, third = make_waiting(
        "The wall is safe,", "It will hold,", "Nobody will be moved,", text=NANDAKUMAR
    )
    own = make_speaker("Ms Nandakumar", article=third.article)
    said = {"attribution_speaker": "she", "speaker": own} | values
    Quote.objects.filter(pk__in=[first.pk, second.pk]).update(speaker=priya)
    Quote.objects.filter(pk=third.pk).update(**said)
    return third, priya


@pytest.mark.parametrize("printed", ["she", "the minister", None])
def test_a_pronoun_or_office_falls_back_to_the_filed_name(curator_at_desk, printed):
    quote, priya = make_nandakumar(attribution_speaker=printed)
    make_speaker("Ravi Nandakumar")
    first = suggested(curator_at_desk, quote)[0]
    assert (first.speaker, first.key) == (priya, 1)
    assert first.reasons == ["Has the surname of “Ms Nandakumar”.", "Quoted just before."]


def test_without_a_filed_name_who_was_quoted_or_named_just_before_is_suggested(curator_at_desk):
    tessa, ravi = make_speaker("Tessa Holm"), make_speaker("Ravi Orr")
    quote, priya = make_nandakumar(speaker=None)
    found = {one.speaker: one.reasons for one in suggested(curator_at_desk, quote)}
    assert list(found) == [priya, tessa]
    assert found[priya] == ["Quoted just before."]
    assert found[tessa] == ["Named in this article."]
    assert ravi not in found


@pytest.mark.parametrize(
    ("printed", "language", "other"),
    [("he", "en", "Tom Holm"), ("elle", "fr", "Marie Holm"), ("er", "de", "Hans Holm")],
)
def test_a_pronoun_means_nobody_of_the_other_sex(curator_at_desk, printed, language, other):
    text = f"Anna Berg und {other}, Tom Berg et Marie Orr. “Genug,” {printed}."
    known = [make_speaker(name) for name in ("Anna Berg", "Tom Berg", "Marie Orr", other)]
    (quote,) = make_waiting("Genug,", text=text, attribution_speaker=printed)
    Article.objects.filter(pk=quote.article_id).update(language=language)
    found = {one.speaker for one in suggested(curator_at_desk, quote)}
    assert known[3] in found
    assert known[0 if printed != "elle" else 1] not in found


def test_a_surname_of_one_article_is_not_suggested(curator_at_desk):
    make_speaker("Mr Jones", article=make_article())
    rob = make_speaker("Rob Jones")
    _, quote = make_waiting(attribution_speaker="Mr Jones")
    make_speaker("Mr Jones", article=quote.article)
    assert [one.speaker for one in suggested(curator_at_desk, quote)] == [rob]


def test_namesakes_are_suggested_as_cards_and_the_one_whose_post_fits_comes_first(curator_at_desk):
    club, police = make_organisation("Harrow Town"), make_organisation("Harrow Sound Constabulary")
    winger, inspector = make_speaker("Mara Quill"), make_speaker("Mara Quill")
    make_quote("Two goals", speaker=winger, organisation=club, role="winger", published="2026-02")
    make_quote("No arrest", speaker=inspector, organisation=police, role="chief inspector")
    quote, _ = make_waiting(
        attribution_speaker="Mara Quill",
        attribution_role="winger",
        organisation=club,
        speaker=inspector,
        flags=["ambiguous_speaker"],
    )
    page = curator_at_desk.get(review_of(quote), {"quote": quote.pk})
    first, second = page.context["suggestions"]
    assert (first.speaker, first.key) == (winger, 1)
    assert "Elsewhere winger, Harrow Town." in first.reasons
    assert (second.speaker, second.key) == (inspector, 2)
    assert "<bdi>winger, Harrow Town</bdi> · <bdi>1 quote, last 2026-02</bdi>" in page.text
    assert "Harrow Sound Constabulary" in page.text


def test_a_doubt_about_the_speaker_is_settled_by_confirming_who_it_is(curator_at_desk):
    quote, _ = make_waiting(attribution_speaker="Mr Jones")
    jones = make_speaker("Mr Jones", article=quote.article)
    quote.revise(speaker=jones, flags=["unresolved_speaker"])
    page = curator_at_desk.get(review_of(quote), {"quote": quote.pk})
    assert [(one.speaker, one.key) for one in page.context["suggestions"]] == [(jones, 1)]
    response = take(curator_at_desk, quote, "assign", speaker=jones.pk)
    assert "Speaker confirmed" in curator_at_desk.get(response.headers["Location"]).text
    assert (fresh(quote).speaker, quote.flags) == (jones, [])
    page = curator_at_desk.get(review_of(quote), {"quote": quote.pk})
    assert [one.key for one in page.context["suggestions"]] == [None]


def test_a_doubt_about_the_organisation_is_not_settled_by_confirming_the_speaker(curator_at_desk):
    mara = make_speaker("Mara Quill")
    quote, _ = make_waiting(
        attribution_speaker="Mara Quill", speaker=mara, flags=["ambiguous_organisation"]
    )
    page = curator_at_desk.get(review_of(quote), {"quote": quote.pk})
    assert [(one.speaker, one.key) for one in page.context["suggestions"]] == [(mara, None)]


def test_who_said_the_words_in_another_outlet_is_suggested(curator_at_desk):
    words = "We had no choice but to close the quay at once, and so we did."
    ada = make_speaker("Ada Lund")
    make_quote(words, speaker=ada, outlet=make_outlet("Torrigan Wire"))
    text = f"{words} An official said so."
    (quote,) = make_waiting(words, text=text, attribution_speaker="an official")
    (one,) = suggested(curator_at_desk, quote)
    assert (one.speaker, one.reasons) == (ada, ["Said these words in Torrigan Wire."])


@pytest.mark.parametrize(
    ("printed", "filed", "sought"),
    [
        ("Mr Jones", "Harold Jones", "Jones"),
        ("she", "Ms Nandakumar", "Nandakumar"),
        ("Mara Quill, MBE", None, "Quill"),
        ("Harbour Agency", None, "Harbour Agency"),
        ("the minister", None, ""),
        (None, None, ""),
    ],
)
def test_the_field_of_the_speaker_searches_for_the_surname(curator_at_desk, printed, filed, sought):
    speaker = filed and make_speaker(filed)
    quote, _ = make_waiting(attribution_speaker=printed, speaker=speaker)
    page = curator_at_desk.get(review_of(quote), {"quote": quote.pk}).text
    assert f'data-search="{sought}"' in page


def test_the_answer_to_a_step_tells_a_namesake_apart(curator_at_desk):
    winger = make_affiliation(speaker=make_speaker("Mara Quill"), role="winger").speaker
    quote, _ = make_waiting()
    answer = take(curator_at_desk, quote, "assign", speaker=winger.pk)
    assert "said by <bdi>Mara Quill</bdi>" in curator_at_desk.get(answer.headers["Location"]).text
    make_speaker("Mara Quill")
    answer = take(curator_at_desk, quote, "assign", speaker=winger.pk)
    said = "said by <bdi>Mara Quill (winger, Harbour Board)</bdi>"
    assert said in curator_at_desk.get(answer.headers["Location"]).text


def test_those_whom_a_name_with_and_means_are_suggested_together(curator_at_desk):
    mara, rob = make_speaker("Mara Quill"), make_speaker("Rob Jones")
    make_speaker("Rob Jones and Partners Ltd", kind="organisation")
    quote, _ = make_waiting(attribution_speaker="Mara Quill and Rob Jones")
    page = curator_at_desk.get(review_of(quote), {"quote": quote.pk})
    first = page.context["suggestions"][0]
    assert (first.speaker, [one.speaker for one in first.others]) == (mara, [rob])
    assert first.reasons == ["“Mara Quill and Rob Jones” names both of them."]
    assert fresh(quote).speaker is None
    take(curator_at_desk, quote, "assign", speaker=mara.pk, others=[rob.pk])
    assert fresh(quote).speaker.name == "Mara Quill and Rob Jones"
    assert {member.pk for member in quote.speaker.present_members} == {mara.pk, rob.pk}


def test_a_name_with_and_is_not_taken_apart_where_a_part_may_mean_two(curator_at_desk):
    make_speaker("Mara Quill")
    make_speaker("Rob Jones")
    make_speaker("Ann Jones")
    quote, _ = make_waiting(attribution_speaker="Quill and Jones")
    assert all(not one.others for one in suggested(curator_at_desk, quote))


def test_other_quotes_of_the_speaker_are_listed(curator_at_desk):
    speaker = make_speaker()
    for number in range(7):
        make_quote(f"Quay {number}", speaker=speaker, published=f"202{number}")
    quote, _ = make_waiting(speaker=speaker)
    others = curator_at_desk.get(review_of(quote)).context["others"]
    assert len(others) == 5
    assert "Quay 6" in others[0]["link"]


def test_the_same_words_elsewhere_are_listed_whoever_said_them(curator_at_desk):
    make_quote("The quay is safe for now.")
    long = "We had no choice but to close the quay at once, and so we did."
    first = make_waiting(long, text=long, speaker=make_speaker())[0]
    second = make_quote(long.replace("at once", "at last"), speaker=make_speaker("Ada Lund"))
    page = curator_at_desk.get(review_of(first))
    (near,) = page.context["near"]
    assert str(second.pk) in near["link"]
    assert "Ada Lund" in near["about"]


def test_proposed_quotes_are_shown_first_when_there_are_very_many(curator_at_desk):
    article = make_article()
    make_quotes(MAX_SHOWN_QUOTES, article)
    last = make_quotes(1, article, status="proposed")[0]
    page = curator_at_desk.get(review_of(last))
    assert page.context["chosen"] == last
    assert len(page.context["quotes"]) == MAX_SHOWN_QUOTES
    assert f"Only {MAX_SHOWN_QUOTES} quotes are shown." in page.text


def test_the_review_page_costs_the_same_for_one_quote_and_for_fifty(
    curator_at_desk, django_assert_num_queries
):
    one = make_quotes(1, make_article(), status="proposed", attribution_speaker="Mr Jones")[0]
    many = make_quotes(50, make_article(), status="proposed", attribution_speaker="Mr Jones")[0]
    for quote in (one, many):
        quote.article.snapshot = quote.snapshot
        quote.article.save()
        curator_at_desk.get(review_of(quote))  # claims it
    with django_assert_num_queries(28) as queries:
        curator_at_desk.get(review_of(one))
    with django_assert_num_queries(len(queries)):
        assert len(curator_at_desk.get(review_of(many)).context["quotes"]) == 50


def test_keeping_the_record_settles_the_flags_that_no_name_settles(curator_at_desk):
    quote = make_waiting(flags=["filing_differs", "ambiguous_speaker"])[0]
    page = f"{review_of(quote)}?quote={quote.pk}"
    button = reverse("admin:quotes_review_step", args=[quote.article_id, quote.pk, "keep"])
    assert button in curator_at_desk.get(page).text
    take(curator_at_desk, quote, "keep")
    assert (fresh(quote).status, quote.flags) == ("proposed", ["ambiguous_speaker"])
    assert button not in curator_at_desk.get(page).text


def test_the_queue_offers_no_flag_that_only_public_quotes_have(curator_at_desk):
    page = curator_at_desk.get(QUEUE)
    offered = dict(page.context["form"].fields["flag"].choices)
    assert "unresolved_speaker" in offered
    assert "text_replaced" not in offered

"""The admin's pages about extraction: check a draft, how good proposals are, why one was made."""

import pytest

from quotes.models import Quote
from tests.conftest import API, make_filing, ok, staff
from tests.quotes.filing.test_proposing import FOUND, TEXT
from tests.records import make_quote, make_speaker

pytestmark = pytest.mark.django_db

CHECK, EXTRACTION = "/admin/quotes/quote/check/", "/admin/quotes/quote/extraction/"
WORDS = "We will not close the quay before the harvest ends in October,"


def test_a_draft_is_shown_with_each_verdict_and_the_way_to_the_record(reader_at_desk):
    quote = make_quote(WORDS, speaker=make_speaker("Mara Quill"), status="published")
    draft = f"The town waits.\n\n“{WORDS.replace('October', 'August')}” said Mara Quill."
    page = reader_at_desk.post(CHECK, {"text": draft}).content.decode()
    assert '<mark class="altered" data-begins="1">' in page
    assert "<del><bdi>August</bdi></del> is <ins><bdi>October</bdi></ins> on record" in page
    assert f"/admin/quotes/quote/{quote.pk}/change/" in page


def test_markup_in_a_draft_is_shown_as_text(reader_at_desk):
    draft = "“<script>alert(1)</script> is what we will run,” said Mara <b>Quill</b>."
    page = reader_at_desk.post(CHECK, {"text": draft}).content.decode()
    assert "<script>alert" not in page


@pytest.mark.parametrize("text", ["", "x" * 200_001])
def test_an_empty_or_endless_draft_is_refused(reader_at_desk, text):
    page = reader_at_desk.post(CHECK, {"text": text}).content.decode()
    assert 'class="errorlist"' in page
    assert 'class="draft"' not in page


def test_a_draft_of_too_many_quotations_is_refused(reader_at_desk):
    draft = "“We shall close the quay,” said Mara Quill.\n\n" * 301
    page = reader_at_desk.post(CHECK, {"text": draft}).content.decode()
    assert "Send the draft in parts." in page


def test_only_reviewers_see_how_good_proposals_are(reader_at_desk, curator_at_desk):
    assert reader_at_desk.get(EXTRACTION).status_code == 403
    assert "No proposal has been decided" in curator_at_desk.get(EXTRACTION).content.decode()
    assert staff().get(CHECK).status_code == 403


@pytest.fixture
def proposed(contributor) -> Quote:
    filing = make_filing(text=TEXT, quotes=[], propose=True)
    ok(contributor.post(f"{API}articles/", filing), 201)
    return Quote.objects.get(text=FOUND)


def test_the_report_counts_a_rejected_proposal(curator_at_desk, proposed):
    proposed.reject("Nobody said so.")
    page = curator_at_desk.get(EXTRACTION).content.decode()
    assert "<td>all</td>" in page
    assert "0.0% (0.0%–79.3%)" in page


def test_the_review_page_shows_why_a_quote_was_proposed(curator_at_desk, proposed):
    path = f"/admin/quotes/review/{proposed.article_id}/?quote={proposed.pk}"
    page = curator_at_desk.get(path).content.decode()
    assert "Found in the text:" in page
    assert '<u class="because">said</u>' in page
    assert "as proposed" not in page
    proposed.revise(speaker=make_speaker("Iris Vane"))
    page = curator_at_desk.get(path).content.decode()
    assert 'speaker as proposed:</strong> <span dir="auto"><bdi>Ben Oaks</bdi>' in page

"""A filing that leaves most public quotes of an article without their words."""

import pytest
from django.urls import reverse

from quotes.admin.review.texts import side_by_side
from quotes.models import Quote
from sources.models import Article
from tests.conftest import API, fresh, make_filing, ok, publish, staff

pytestmark = pytest.mark.django_db

WORDS = ["We had no choice", "It was late", "The tide decides"]
TEXT = "\n".join(f"“{words},” said Mara Quill." for words in WORDS)
OTHER = "The page you look for has moved."


def file(client, text: str, status=200) -> dict:
    quotes = [{"text": words, "speaker": "Mara Quill"} for words in WORDS if words in text]
    filing = make_filing(external_id="cms-1", text=text, quotes=quotes)
    return ok(client.post(f"{API}articles/", publish(filing)), status)


def flagged() -> set[str]:
    return {quote.text for quote in Quote.objects.filter(flags__contains=["text_replaced"])}


@pytest.fixture
def article(curator) -> Article:
    return Article.objects.get(pk=file(curator, TEXT, 201)["id"])


def test_a_text_without_most_public_quotes_is_taken_in_and_flags_them(curator, article):
    file(curator, f"“{WORDS[0]},” said Mara Quill.\n{OTHER}")
    assert fresh(article).snapshot.text.endswith(OTHER)
    assert flagged() == {*WORDS[1:]}
    assert set(Quote.objects.values_list("status", flat=True)) == {"published"}


def test_a_text_without_a_few_of_them_flags_none(curator, article):
    file(curator, TEXT.replace(f"“{WORDS[0]},” said", "So said"))
    assert Quote.objects.filter(anchor="missing").count() == 1
    assert flagged() == set()


def test_another_headline_replaces_no_text(curator):
    filing = make_filing(
        external_id="cms-2", url=None, text=TEXT, headline="“We act now”: Quill",
        quotes=[{"text": "We act now", "status": "published"}],
    )  # fmt: skip
    ok(curator.post(f"{API}articles/", filing), 201)
    later = {**filing, "headline": "Quay to close", "text": f"{TEXT} More.", "quotes": []}
    ok(curator.post(f"{API}articles/", later))
    assert Quote.objects.get().anchor == "missing"
    assert flagged() == set()


def test_proposals_do_not_count(curator, article):
    Quote.objects.create(
        article=article, text="It rained", anchor="unanchored", kind="direct", status="proposed"
    )
    file(curator, "\n".join(TEXT.splitlines()[:2]) + f"\n{OTHER}")
    assert flagged() == set()


def test_the_flag_is_dropped_once_the_words_are_back(curator, article):
    file(curator, OTHER)
    assert flagged() == {*WORDS}
    file(curator, f"{TEXT}\n{OTHER}")
    assert flagged() == set()


def test_what_was_kept_is_not_flagged_again_by_the_next_text(curator, article):
    file(curator, OTHER)
    for quote in Quote.objects.all():
        quote.keep(["text_replaced"])
    file(curator, f"{OTHER} Try the archive.")
    assert flagged() == set()


# Both texts side by side


def texts_page(article: Article) -> str:
    return reverse("admin:quotes_review_texts", args=[article.pk])


def test_paragraphs_that_are_equal_stand_beside_each_other():
    assert side_by_side("a\n\nb\nc", "b\nx\nc") == [
        ("a", "", False),
        ("b", "b", True),
        ("", "x", False),
        ("c", "c", True),
    ]
    assert side_by_side("a\n" * 3_000, "b") == [("a", "b", False), *[("a", "", False)] * 2_999]


def test_a_curator_sees_both_texts_and_keeps_the_quotes_in_one_step(
    curator, article, curator_at_desk
):
    file(curator, OTHER)
    page = curator_at_desk.get(texts_page(article)).content.decode()
    assert OTHER in page
    assert all(f"“{words},” said Mara Quill." in page for words in WORDS)
    assert "Keep 3 quotes on record" in page
    review = reverse("admin:quotes_review_article", args=[article.pk])
    assert texts_page(article) in curator_at_desk.get(review).content.decode()
    kept = curator_at_desk.post(texts_page(article), {"snapshot": fresh(article).snapshot_id})
    assert kept.status_code == 302
    assert flagged() == set()
    assert "Keep" not in curator_at_desk.get(texts_page(article)).content.decode()


def test_quotes_are_not_kept_beside_a_text_that_was_replaced_again(
    curator, article, curator_at_desk
):
    file(curator, OTHER)
    seen = fresh(article).snapshot_id
    file(curator, f"{OTHER} Try the archive.")
    page = curator_at_desk.post(texts_page(article), {"snapshot": seen}).content.decode()
    assert "Compare once more" in page
    assert flagged() == {*WORDS}


def test_only_reviewers_who_may_read_texts_see_them(curator, article, reader_at_desk):
    assert reader_at_desk.get(texts_page(article)).status_code == 403
    reviewer = staff(permissions=["review_quote", "view_quote"])
    assert reviewer.get(texts_page(article)).status_code == 403
    reviewer = staff(name="other", permissions=["review_quote", "view_quote", "read_full_text"])
    assert reviewer.get(texts_page(article)).status_code == 200
    assert reviewer.post(texts_page(article), {}).status_code == 403


def test_an_article_with_one_text_has_nothing_to_compare(article, curator_at_desk):
    page = curator_at_desk.get(texts_page(article)).content.decode()
    assert "no earlier text" in page

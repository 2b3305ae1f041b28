"""Printed means printed: an attribution is looked for in the article, by whatever way it is set."""

import pytest

from quotes.models import Quote
from tests.conftest import API, fresh, make_filing, ok, problem, publish
from tests.records import make_article, make_quote
from tests.sources.admin.test_admin import form_of, page_of
from tests.sources.history.test_reverting import go_back

pytestmark = pytest.mark.django_db

TEXT = "The quay will close. “We had no choice,” said Mara Quill, the harbour master. It rained."
NOTE = "The article was read wrongly."


@pytest.fixture
def quote() -> Quote:
    article = make_article(TEXT, headline="Pilots: Ms Quill stays")
    return make_quote(article=article, attribution_speaker="Mara Quill")


def patch(client, quote, **parts):
    body = {"attribution": parts, "note": NOTE}
    return client.patch(f"{API}quotes/{quote.pk}/", body, HTTP_IF_MATCH="*")


def correct(client, quote, **parts):
    body = {"attribution": parts, "note": NOTE}
    return client.post(f"{API}quotes/{quote.pk}/correct/", body, HTTP_IF_MATCH="*")


@pytest.mark.parametrize("way", [patch, correct])
@pytest.mark.parametrize(
    ("part", "words", "nearest"),
    [
        ("speaker", "Mara Quell", "Mara Quill"),
        ("text", "sayd Mara Quill, the harbour master", "said Mara Quill, the harbour master"),
    ],
)
def test_words_that_the_article_does_not_print_are_refused(
    curator, quote, way, part, words, nearest
):
    body = problem(way(curator, quote, **{part: words}), 400)
    (fault,) = body["errors"]
    assert fault["pointer"] == f"/attribution/{part}"
    assert nearest in fault["message"]
    assert fault["nearest"]["text"] == nearest
    assert fresh(quote).version == 1


@pytest.mark.parametrize("way", [patch, correct])
@pytest.mark.parametrize(
    "words",
    ["Ms Quill", "said … harbour master", "MARA QUILL", "said Mara Quill, the harbour  master"],
)
def test_words_of_one_sentence_or_of_the_headline_are_printed(curator, quote, way, words):
    answer = ok(way(curator, quote, text=words))
    assert answer["attribution"]["text"] == words
    assert "not_printed" not in answer


@pytest.mark.parametrize("way", [patch, correct])
def test_words_of_two_sentences_are_not_printed(curator, quote, way):
    problem(way(curator, quote, text="said Mara Quill … It rained"), 400)


@pytest.mark.parametrize("way", [patch, correct])
def test_other_parts_are_kept_as_sent_and_named(curator, quote, way):
    answer = ok(way(curator, quote, role="port captain", organisation="Port", cue="said"))
    assert answer["not_printed"] == ["attribution.role", "attribution.organisation"]
    assert answer["attribution"]["role"] == "port captain"
    assert "not_printed" not in ok(curator.get(f"{API}quotes/{quote.pk}/"))


@pytest.mark.parametrize("way", [patch, correct])
def test_what_is_on_record_already_may_be_sent_back(curator, way):
    quote = make_quote(article=make_article(TEXT), attribution_speaker="Captain Quill")
    answer = ok(way(curator, quote, speaker="Captain Quill", cue="said"))
    assert answer["not_printed"] == ["attribution.speaker"]


def test_a_proposal_is_held_to_its_text_too(curator, quote):
    proposal = make_quote("It rained", article=quote.article, status="proposed")
    body = {"attribution": {"speaker": "Mara Quell"}}
    path = f"{API}quotes/{proposal.pk}/"
    problem(curator.patch(path, body, HTTP_IF_MATCH="*"), 400)


@pytest.mark.parametrize("way", [patch, correct])
def test_without_a_text_nothing_can_be_checked(curator, way):
    quote = make_quote(anchor="unanchored")
    answer = ok(way(curator, quote, speaker="Captain Quill", role="captain"))
    assert answer["attribution"]["speaker"] == "Captain Quill"
    assert "not_printed" not in answer


def test_new_words_are_corrected_together_with_an_attribution_of_their_text(curator):
    filed = ok(curator.post(f"{API}articles/", publish(make_filing(text=TEXT))), 201)
    (quote,) = filed["quotes"]
    said = {"text": "It rained", "attribution": {"speaker": "Mara Quell"}, "note": NOTE}
    path = f"{API}quotes/{quote['id']}/correct/"
    problem(curator.post(path, said, HTTP_IF_MATCH="*"), 400)
    assert Quote.objects.get().text == "We had no choice,"


def test_the_form_of_a_quote_shows_what_is_not_printed(curator_at_desk, quote):
    path = page_of(quote)
    sent = form_of(curator_at_desk, path) | {"note": NOTE, "attribution_speaker": "Mara Quell"}
    page = curator_at_desk.post(path, sent)
    assert page.context["adminform"].form.errors.keys() == {"attribution_speaker"}
    assert "The nearest passage is “Mara Quill”." in page.text
    sent |= {"attribution_speaker": "Ms Quill", "attribution_role": "captain"}
    page = curator_at_desk.post(path, sent, follow=True)
    assert "The article does not print this role." in page.text
    assert fresh(quote).attribution_speaker == "Ms Quill"


def test_an_attribution_is_not_reverted_to_what_the_article_does_not_print(
    curator, curator_at_desk
):
    quote = make_quote(article=make_article(TEXT), attribution_speaker="Captain Quill")
    ok(patch(curator, quote, speaker="Mara Quill"))
    page = go_back(curator_at_desk, quote, 1, reason=NOTE)
    assert "The article does not print this." in page.text
    assert fresh(quote).attribution_speaker == "Mara Quill"

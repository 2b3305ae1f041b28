"""Add an article in the admin: a preview of text, particulars and quotes, then one click."""

import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from quotes.models import Quote
from sources.models import Article, Snapshot, SourceDocument
from tests.conftest import staff
from tests.sources.intake import pages
from tests.sources.intake.stories import STORIES
from tests.sources.intake.test_nitf import nitf

pytestmark = pytest.mark.django_db

PATH = "/admin/sources/article/add-document/"
HARBOUR = STORIES[0]


def shown(client, **sent) -> str:
    response = client.post(PATH, sent)
    assert response.status_code == 200
    return response.content.decode()


def fields_of(page: str) -> dict[str, str]:
    """The values of the form of particulars."""
    inputs = re.findall(r"<input[^>]+>", page)
    found = {}
    for each in inputs:
        name, value = (re.search(rf'{key}="([^"]*)"', each) for key in ("name", "value"))
        if name and name[1] not in ("csrfmiddlewaretoken", "propose"):
            found[name[1]] = html.unescape(value[1]) if value else ""
    return found


@pytest.mark.parametrize("how", ["pasted", "dropped"])
def test_a_page_is_shown_and_then_filed_with_its_quotes(curator_at_desk, how):
    source = pages.arc_like(HARBOUR)
    dropped = SimpleUploadedFile("page.html", source.encode(), "text/html")
    page = shown(curator_at_desk, **({"source": source} if how == "pasted" else {"file": dropped}))
    assert not Article.objects.exists()
    assert '<mark data-begins="1">We had no choice,</mark>' in page
    assert "Mara Quill" in page
    fields = fields_of(page)
    assert fields["headline"] == HARBOUR.headline
    assert fields["byline"] == "Noor Aldaine"
    assert fields["published"] == HARBOUR.published
    response = curator_at_desk.post(PATH, fields | {"propose": "on", "language": "en"})
    article = Article.objects.get()
    assert response.url == f"/admin/quotes/review/{article.pk}/"
    assert (article.headline, article.language) == (HARBOUR.headline, "en")
    assert article.outlet.name == HARBOUR.outlet
    assert Snapshot.objects.get().text == HARBOUR.text
    assert SourceDocument.objects.get().format == "html"
    quotes = Quote.objects.all()
    assert {quote.status for quote in quotes} == {"proposed"}
    assert "We had no choice," in " ".join(quote.text for quote in quotes)


def test_a_document_and_a_plain_text_are_told_by_how_they_begin(curator_at_desk):
    fields = fields_of(shown(curator_at_desk, source=nitf(STORIES[1])))
    assert fields["headline"] == STORIES[1].headline
    text = "The quay will close.\r\n\r\n“We had no choice,” said Mara Quill, harbour master."
    fields = fields_of(shown(curator_at_desk, source=text))
    response = curator_at_desk.post(PATH, fields | {"outlet": "Radio", "headline": "Quay"})
    article = Article.objects.get()
    assert response.url == f"/admin/sources/article/{article.pk}/change/"
    assert article.snapshot.text == text.replace("\r\n", "\n")
    assert not SourceDocument.objects.exists()
    assert not Quote.objects.exists()


def test_what_cannot_be_read_or_filed_says_why_and_keeps_the_page(curator_at_desk):
    assert "Paste something, or choose a file." in shown(curator_at_desk, source=" ")
    assert "No article was found" in shown(curator_at_desk, source="<html><p>Not found.</p>")
    fields = fields_of(shown(curator_at_desk, source=pages.arc_like(HARBOUR)))
    page = shown(curator_at_desk, **fields | {"published": "yesterday", "propose": "on"})
    assert "is not a date" in page
    assert 'class="draft"' in page
    assert not Article.objects.exists()


def test_markup_in_a_text_is_shown_as_text(curator_at_desk):
    page = shown(curator_at_desk, source="Look: <script>alert(1)</script> “It works,” said Ada.")
    assert "<script>alert" not in page


def test_only_who_may_file_adds_articles_and_sees_the_link(curator_at_desk, reader_at_desk):
    assert "Add article" in curator_at_desk.get("/admin/sources/article/").content.decode()
    assert "Add article" not in reader_at_desk.get("/admin/sources/article/").content.decode()
    assert reader_at_desk.get(PATH).status_code == 403
    contributor = staff("Contributors")
    fields = fields_of(shown(contributor, source="“It works,” said Ada Lund, a reader."))
    contributor.post(PATH, fields | {"outlet": "Radio", "propose": "on"})
    assert not Article.objects.get().is_public


SAID = "“We had no choice at all,” said Mara Quill, harbour master of Torrigan."


@pytest.mark.parametrize(
    ("kept", "media_type"),
    [("", ""), (f"{SAID}\0", ""), ("word " * 450_000, ""), ("<html></html>", "text/html")],
    ids=["nothing", "a null character", "too long", "no article"],
)
def test_what_cannot_be_filed_any_more_is_said(curator_at_desk, kept, media_type):
    page = shown(curator_at_desk, kept=kept, media_type=media_type, propose="on")
    assert "errorlist" in page
    assert not Article.objects.exists()


def test_a_large_file_is_refused(curator_at_desk):
    large = SimpleUploadedFile("page.html", b"<p>" + b"word " * 1_100_000)
    assert "larger than 5 MiB" in shown(curator_at_desk, file=large)
    long = SimpleUploadedFile("page.txt", b"word " * 500_000)
    assert "more than 2,000,000 characters" in shown(curator_at_desk, file=long)


def test_what_is_filed_is_what_was_shown(curator_at_desk):
    source = f"Seen today {pages.arc_like(HARBOUR)}"
    page = shown(curator_at_desk, file=SimpleUploadedFile("page.html", source.encode()))
    curator_at_desk.post(PATH, fields_of(page))
    assert "<p>" not in Snapshot.objects.get().text


def test_markup_is_pasted_as_a_page(curator_at_desk):
    page = shown(curator_at_desk, source=f"By Noor Aldaine<p>{SAID}</p><p>{SAID}</p>")
    assert "&lt;p&gt;" not in page.partition("particulars-heading")[0]

"""The document that a text was converted from, shown as it was filed and without effect."""

import pytest
from django.urls import reverse

from sources.admin.documents import MAX_SHOWN_CHARACTERS, still
from sources.models import Snapshot, SourceDocument
from sources.models.ids import digest
from tests.conftest import make_client, ok, staff
from tests.quotes.filing.test_documents import DOCUMENTS, HARBOUR, send
from tests.records import make_article

pytestmark = pytest.mark.django_db

HOSTILE = """<!doctype html><html><head><title>Quay</title>
<meta http-equiv="refresh" content="0;url=https://evil.example/m"><base href="https://evil.example/">
<link rel="preconnect" href="https://evil.example/l"><style>p { color: red }</style>
<script>document.title = "evil"</script></head>
<body onload="evil()"><p onclick="evil()" style="color: blue">The quay will close.</p>
<a href="javascript:evil()">a link</a><a xlink:href="https://evil.example/x">another</a>
<img src="https://evil.example/i.png" srcset="https://evil.example/s.png 2x" alt="a picture">
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="a dot">
<iframe src="https://evil.example/f"></iframe><form action="https://evil.example/"><b>kept</b></form>
<svg><script>evil()</script></svg><template><img src="https://evil.example/t"></template></body>"""


def document_of(snapshot: Snapshot, page: str = "document") -> str:
    return reverse(f"admin:sources_snapshot_{page}", args=[snapshot.pk])


def file_page(kind: str = "text/html") -> Snapshot:
    ok(send(make_client("Contributors"), DOCUMENTS[kind](HARBOUR), kind), 201)
    return Snapshot.objects.get()


@pytest.mark.parametrize("kind", ["text/html", "application/ninjs+json", "application/nitf+xml"])
def test_a_document_is_shown_with_its_format_digest_and_converter(curator_at_desk, kind):
    snapshot = file_page(kind)
    page = curator_at_desk.get(document_of(snapshot))
    for told in (snapshot.document.sha256, snapshot.document.format, snapshot.document.converter):
        assert told in page.text
    assert ("<iframe" in page.text) == (kind == "text/html")


def test_what_is_no_page_is_shown_as_its_source_escaped(curator_at_desk):
    page = curator_at_desk.get(document_of(file_page("application/nitf+xml")))
    assert "&lt;nitf" in page.text
    assert "<nitf" not in page.text
    page = curator_at_desk.get(document_of(Snapshot.objects.get()), {"show": "page"})
    assert "<iframe" not in page.text


def test_the_source_of_a_page_is_shown_on_request(curator_at_desk):
    page = curator_at_desk.get(document_of(file_page()), {"show": "source"})
    assert "&lt;html" in page.text
    assert "<iframe" not in page.text


def test_json_is_indented_for_reading(curator_at_desk):
    page = curator_at_desk.get(document_of(file_page("application/ninjs+json")))
    assert page.context["source"].startswith('{\n  "')


def test_a_very_long_source_is_cut(curator_at_desk):
    snapshot = make_article("The quay will close.").snapshot
    body = b"<nitf>" + b"a" * MAX_SHOWN_CHARACTERS
    keep(snapshot, body, "application/nitf+xml")
    page = curator_at_desk.get(document_of(snapshot))
    assert len(page.context["source"]) == MAX_SHOWN_CHARACTERS
    assert "Only the beginning is shown." in page.text


def keep(snapshot: Snapshot, body: bytes, kind: str = "text/html") -> None:
    SourceDocument.objects.create(
        snapshot=snapshot,
        body=body,
        sha256=digest(body.decode()),
        media_type=kind,
        format=kind.partition("/")[2],
        converter="On Record 1",
    )


def test_a_page_is_framed_without_script_or_network(curator_at_desk):
    snapshot = make_article("The quay will close.").snapshot
    keep(snapshot, HOSTILE.encode())
    answer = curator_at_desk.get(document_of(snapshot, "framed_document"))
    assert answer.headers["Content-Security-Policy"] == (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        "frame-ancestors 'self'"
    )
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "The quay will close." in answer.text
    around = curator_at_desk.get(document_of(snapshot))
    assert "frame-src 'self'" in around.headers["Content-Security-Policy"]
    assert "sandbox" in around.text


def test_nothing_of_a_page_remains_that_would_run_load_or_lead_away():
    page = still(HOSTILE)
    assert "evil" not in page
    for kept in ("The quay will close.", "color: blue", "p { color: red }", "<b>kept</b>", "data:"):
        assert kept in page


def test_a_text_without_a_document_says_so(curator_at_desk):
    snapshot = make_article("The quay will close.").snapshot
    page = curator_at_desk.get(document_of(snapshot))
    assert "was filed as plain text" in page.text
    assert curator_at_desk.get(document_of(snapshot, "framed_document")).status_code == 404


def test_a_document_is_only_for_who_may_read_full_texts():
    snapshot = file_page()
    client = staff("Readers")
    for page in ("document", "framed_document"):
        assert client.get(document_of(snapshot, page)).status_code == 403


def test_the_review_page_leads_to_the_document_of_its_text(curator_at_desk):
    snapshot = file_page()
    place = reverse("admin:quotes_review_article", args=[snapshot.article_id])
    assert f'href="{document_of(snapshot)}">As filed (html' in curator_at_desk.get(place).text

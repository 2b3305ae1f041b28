"""Fetching from Wikidata, against a server of our own that answers as it does."""

import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import CommandError, call_command

from quotes.history.disclosure import disclosed
from sources.admin.html import address
from sources.identity import wikidata
from sources.models import WikidataItem
from tests.conftest import staff
from tests.quotes.history.test_erasure import erased
from tests.records import make_organisation, make_speaker

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


class Wikimedia(ThreadingHTTPServer):
    """A server with some items and pictures, which keeps what it was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.items = {}
        self.pictures = {"ada.png": PNG}
        self.asked, self.agents = [], set()
        self.may_answer = threading.Event()
        self.may_answer.set()

    def add(self, item: str, label: str, picture: str | None = None, **more) -> None:
        claim = {"mainsnak": {"datavalue": {"value": picture}}}
        self.items[item] = {
            "id": item,
            "labels": {"en": {"value": label}},
            "descriptions": {"en": {"value": "harbour engineer"}},
            "claims": {"P18": [claim]} if picture else {},
            **more,
        }


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, place = self.server, urlsplit(self.path)
        server.may_answer.wait(30)
        asked = {name: value[0] for name, value in parse_qs(place.query).items()}
        server.agents.add(self.headers["User-Agent"])
        if asked.get("action") == "wbgetentities":
            server.asked.append(asked["ids"])
            found = server.items.get(asked["ids"], {"missing": ""})
            if isinstance(found, int):
                self.send_error(found)
                return
            if isinstance(found, str):
                self.send_response(302)
                self.send_header("Location", found)
                self.end_headers()
                return
            body = found if isinstance(found, bytes) else None
            self.answer(body or json.dumps({"entities": {asked["ids"]: found}}).encode())
        elif asked.get("action") == "query":
            name = asked["titles"].removeprefix("File:")
            said = {"Artist": {"value": "<a href='//x'>Bo &amp; Ek</a>"}}
            said["LicenseShortName"] = {"value": "CC BY 4.0"}
            about = {
                "thumburl": f"{server.url}/pictures/{name}",
                "descriptionurl": f"{server.url}/wiki/File:{name}",
                "extmetadata": said,
            }
            if name == "abroad.png":
                about["thumburl"] = "http://elsewhere.example/x.png"
            self.answer(json.dumps({"query": {"pages": {"1": {"imageinfo": [about]}}}}).encode())
        else:
            self.answer(server.pictures[place.path.rpartition("/")[2]])

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        with suppress(ConnectionError):  # who asked did not wait
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = Wikimedia()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.may_answer.set()
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(server, *options: str) -> str:
    said = StringIO()
    places = ("--endpoint", server.url, "--commons", server.url)
    call_command(
        "fetch_wikidata",
        *("--contact", "desk@quotes.example", *places, *options, "--verbosity", "0"),
        stdout=said,
        stderr=said,
    )
    return said.getvalue()


def test_labels_and_pictures_are_fetched_once_and_shown_from_our_own_address(
    server, curator_at_desk
):
    speaker = make_speaker("A. Lund", identifiers={"wikidata": "Q1"})
    body = make_organisation("Quay Works", identifiers={"wikidata": "Q2"})
    server.add("Q1", "Ada Lund", "ada.png")
    server.add("Q2", "Quay Works plc")
    assert fetch(server) == "2 fetched, 0 failed.\n"
    assert server.agents == {"OnRecord (desk@quotes.example)"}

    page = curator_at_desk.get(address(speaker, "profile")).text
    assert "<strong><bdi>Ada Lund</bdi></strong><br><bdi>harbour engineer</bdi>" in page
    assert f'<a href="{server.url}/wiki/File:ada.png" rel="noopener noreferrer">' in page
    assert "<bdi>Bo &amp; Ek, CC BY 4.0</bdi>" in page
    assert '<img src="/admin/wikidata/Q1/picture/"' in page
    picture = curator_at_desk.get("/admin/wikidata/Q1/picture/")
    assert (picture.content, picture["Content-Type"]) == (PNG, "image/png")
    assert picture["X-Content-Type-Options"] == "nosniff"
    page = curator_at_desk.get(address(body, "profile")).text
    assert "Quay Works plc" in page
    assert "<img" not in page
    assert curator_at_desk.get("/admin/wikidata/Q2/picture/").status_code == 404
    assert staff(permissions=["view_outlet"]).get("/admin/wikidata/Q1/picture/").status_code == 403

    assert fetch(server) == "0 fetched, 0 failed.\n"
    assert fetch(server, "--older-than", "1") == "0 fetched, 0 failed.\n"
    assert fetch(server, "--older-than", "0") == "2 fetched, 0 failed.\n"


def test_a_failure_leaves_the_item_for_the_next_run(server):
    for number in (1, 2, 3):
        make_speaker(f"Speaker {number}", identifiers={"wikidata": f"Q{number}"})
        server.add(f"Q{number}", f"Speaker {number}")
    server.items |= {"Q2": 503, "Q3": b"<html>"}
    said = fetch(server)
    assert "Q2: HTTP status 503." in said
    assert "Q3: The answer is not JSON." in said
    assert "1 fetched, 2 failed." in said
    server.add("Q2", "Speaker 2")
    server.asked.clear()
    assert "1 fetched, 1 failed." in fetch(server)
    assert server.asked == ["Q2", "Q3"]


def test_an_item_that_is_not_there_is_not_asked_for_again_nor_shown(server, curator_at_desk):
    speaker = make_speaker("Ada Lund", identifiers={"wikidata": "Q404"})
    assert fetch(server) == "1 fetched, 0 failed.\n"
    assert WikidataItem.objects.get().label is None
    assert 'class="wikidata"' not in curator_at_desk.get(address(speaker, "profile")).text
    assert fetch(server) == "0 fetched, 0 failed.\n"


@pytest.mark.parametrize(
    ("name", "picture"),
    [
        ("large.png", PNG + b"\0" * wikidata.MAX_PICTURE_BYTES),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
        ("abroad.png", PNG),
    ],
)
def test_a_picture_that_is_too_large_active_or_from_elsewhere_is_left_out(server, name, picture):
    make_speaker("Ada Lund", identifiers={"wikidata": "Q1"})
    server.pictures[name] = picture
    server.add("Q1", "Ada Lund", name)
    assert fetch(server) == "1 fetched, 0 failed.\n"
    item = WikidataItem.objects.get()
    assert (item.label, item.picture, item.credit) == ("Ada Lund", None, None)


def test_an_answer_that_is_too_large_or_late_is_a_failure(server, monkeypatch):
    make_speaker("Ada Lund", identifiers={"wikidata": "Q1"})
    server.add("Q1", "Ada Lund")
    monkeypatch.setattr(wikidata, "MAX_ANSWER_BYTES", 10)
    assert "Q1: The answer is larger than 10 bytes." in fetch(server)
    monkeypatch.setattr(wikidata, "MAX_ANSWER_BYTES", 10_000)
    monkeypatch.setattr(wikidata, "TIMEOUT", 0.05)
    server.may_answer.clear()
    assert "Q1: No answer" in fetch(server)
    server.may_answer.set()
    assert not WikidataItem.objects.exists()


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"labels": {"en": "Ada"}}, "no readable labels"),
        ({"labels": [["en"]], "descriptions": 3}, "no readable labels"),
        (b"[" * 200_000, "not JSON"),
        ("http://169.254.0.1/latest/", "redirects elsewhere"),
        ("ftp://127.0.0.1/x", "redirects elsewhere"),
        (b"HTTP/1.0 nonsense", "not JSON"),
    ],
)
def test_an_answer_that_is_hostile_is_a_failure_of_that_item_alone(server, item, said):
    make_speaker(identifiers={"wikidata": "Q1"})
    make_speaker("Bo Ek", identifiers={"wikidata": "Q2"})
    server.items["Q1"] = item
    server.add("Q2", "Bo\0 <b>Ek</b>")
    told = fetch(server)
    assert said in told
    assert "1 fetched, 1 failed." in told
    assert [one.label for one in WikidataItem.objects.all()] == ["Bo Ek"]


def test_after_some_failures_in_a_row_it_stops(server):
    for number in range(1, 8):
        make_speaker(f"Speaker {number}", identifiers={"wikidata": f"Q{number}"})
        server.items[f"Q{number}"] = 500
    with pytest.raises(CommandError, match="Run it again to go on"):
        fetch(server)
    assert len(server.asked) == 5
    with pytest.raises(CommandError, match="is not a web address"):
        call_command("fetch_wikidata", contact="x", endpoint="file:///etc")


def test_what_was_fetched_of_a_speaker_is_disclosed_and_erased_with_the_speaker(server):
    speaker = make_speaker("Ada Lund", identifiers={"wikidata": "Q1"})
    server.add("Q1", "Ada Lund", "ada.png")
    fetch(server)
    (item,) = disclosed(speaker.pk)["wikidata"]
    assert (item["id"], item["label"], item["credit"]) == ("Q1", "Ada Lund", "Bo & Ek, CC BY 4.0")
    erased("speaker", speaker.pk)
    assert not WikidataItem.objects.exists()

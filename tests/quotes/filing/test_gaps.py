"""What lies between the parts of a filed quote is kept, shown in every form, or refused."""

import csv
import io
import json

import pyarrow.parquet
import pytest
from django.urls import reverse

from quotes.models import Quote, Utterance
from tests.conftest import API, make_filing, ok, problem

pytestmark = pytest.mark.django_db

NOT_CLOSED = "“We will not, whatever they say, close the quay,” said Mara Quill."
SHOWN = "We will […] close the quay"


def spans_of(text: str, *pieces: str) -> list[list[int]]:
    at, spans = 0, []
    for piece in pieces:
        at = text.index(piece, at)
        spans.append([at, at + len(piece)])
        at += len(piece)
    return spans


def filing(text: str, *pieces: str, **quote) -> dict:
    quote = {"spans": spans_of(text, *pieces), "speaker": "Mara Quill", **quote}
    return make_filing(text=text, quotes=[quote])


def file(client, text: str, *pieces: str, **quote) -> dict:
    body = filing(text, *pieces, **quote)
    return ok(client.post(f"{API}articles/", body), 201)["quotes"][0]


PUBLISHED = {"status": "published"}


@pytest.fixture
def published(curator) -> dict:
    return file(curator, NOT_CLOSED, "We will", "close the quay", **PUBLISHED)


def test_words_left_out_are_shown_flagged_and_told(published):
    assert published["text"] == SHOWN
    assert published["anchor"]["seams"] == ["omission"]
    assert published["flags"] == ["words_left_out"]


@pytest.mark.parametrize(
    ("text", "pieces", "seam", "shown"),
    [
        ("“We act,” she said, “today.”", ("We act,", "today."), "interruption", "We act, today."),
        ("“We act.\n\n“Today,” she said.", ("We act.", "Today,"), "paragraph", "We act.\nToday,"),
        ("“We, as ever, act.”", ("We", "act."), "omission", "We […] act."),
        ("“We act.”", ("We act.",), None, "We act."),
    ],
)
def test_each_seam_joins_the_parts_in_its_own_way(curator, text, pieces, seam, shown):
    quote = file(curator, text, *pieces)
    assert quote["text"] == shown
    assert quote["anchor"]["seams"] == ([seam] if seam else [])
    assert quote["flags"] == []


# Every form


def test_every_representation_shows_that_words_are_left_out(curator, published):
    url = f"{API}quotes/{published['id']}/"
    cited = curator.get(f"{url}?format=csl").json()[0]["note"]
    assert f"“{SHOWN}”" in cited
    assert SHOWN in curator.get(f"{url}?format=bibtex").content.decode()
    assert json.loads(curator.get(f"{url}?format=jsonld").content)["text"] == SHOWN
    targets = json.loads(curator.get(f"{url}?format=annotation").content)["target"]
    assert [each["selector"][0]["exact"] for each in targets] == ["We will", "close the quay"]


def test_exports_have_the_seams(curator, published):
    def export(name: str) -> bytes:
        answer = curator.get(f"{API}quotes/export/?format={name}")
        return b"".join(answer.streaming_content)

    (row,) = csv.DictReader(io.StringIO(export("csv").decode()))
    assert (row["text"], json.loads(row["anchor_seams"])) == (SHOWN, ["omission"])
    assert json.loads(export("ndjson"))["anchor"]["seams"] == ["omission"]
    (row,) = pyarrow.parquet.read_table(io.BytesIO(export("parquet"))).to_pylist()
    assert row["anchor"]["seams"] == ["omission"]


def test_the_past_has_its_seams(curator, published):
    url = f"{API}quotes/{published['id']}/"
    spans = spans_of(NOT_CLOSED, "We will not, whatever they say, close the quay")
    etag = curator.get(url)["ETag"]
    body = {"note": "In full.", "spans": spans}
    now = ok(curator.post(f"{url}correct/", body, headers={"If-Match": etag}))
    assert (now["anchor"]["seams"], now["flags"]) == ([], [])
    then = ok(curator.get(f"{url}?as_of={published['updated']}"))
    assert (then["text"], then["anchor"]["seams"]) == (SHOWN, ["omission"])


def test_verification_decides_the_seams_again(curator, published):
    checks = ok(curator.get(f"{API}quotes/{published['id']}/verify/"))["checks"]
    (seams,) = (check for check in checks if check["check"] == "seams")
    assert (seams["ok"], seams["expected"]) == (True, "omission")


# Other speakers

ASKED = "“Will you resign?” asked Ben Orr. “Never,” said Mara Quill."


@pytest.mark.parametrize(
    "sent",
    [{"text": "Will you resign? Never"}, {"spans": spans_of(ASKED, "Will you resign?", "Never")}],
)
def test_a_question_and_its_answer_are_refused_with_advice(curator, sent):
    quote = {**sent, "speaker": "Mara Quill"}
    (fault,) = problem(
        curator.post(f"{API}articles/", make_filing(text=ASKED, quotes=[quote])), 400
    )["errors"]
    assert fault["pointer"] == f"/quotes/0/{next(iter(sent))}"
    assert "gaps_checked" in fault["message"]
    assert ASKED[slice(*fault["gap"])] == "” asked Ben Orr. “"


def test_a_curator_may_confirm_that_one_speaker_said_all_of_it(curator):
    quote = file(curator, ASKED, "Will you resign?", "Never", gaps_checked=True)
    assert quote["text"] == "Will you resign? Never"


def test_nobody_else_may_confirm(contributor):
    body = filing(ASKED, "Will you resign?", "Never", gaps_checked=True)
    (fault,) = problem(contributor.post(f"{API}articles/", body), 403)["errors"]
    assert fault["pointer"] == "/quotes/0/gaps_checked"


def test_a_confirmed_quote_filed_again_changes_nothing(curator):
    body = filing(ASKED, "Will you resign?", "Never", gaps_checked=True)
    ok(curator.post(f"{API}articles/", body), 201)
    again = ok(curator.post(f"{API}articles/", body))["quotes"][0]
    assert (again["version"], again["filing"]["outcome"]) == (1, "unchanged")


def test_the_name_as_printed_tells_who_the_speaker_is(curator):
    text = "“We act,” said Rob Jones, “today.”"
    body = filing(text, "We act,", "today.", speaker="National Crime Agency")
    problem(curator.post(f"{API}articles/", body), 400)
    body["quotes"][0]["attribution"] = {"speaker": "Rob Jones"}
    assert ok(curator.post(f"{API}articles/", body), 201)


def test_a_speaker_named_by_id_has_the_names_on_record(curator):
    made = ok(curator.post(f"{API}speakers/", {"name": "Ada Lund", "aliases": ["Ada Holm"]}), 201)
    text = "“We act,” said Holm, “today.”"
    assert file(curator, text, "We act,", "today.", speaker=made["id"])["flags"] == []


def test_a_correction_is_refused_as_a_filing_is(curator):
    quote = file(curator, ASKED, "Never", **PUBLISHED)
    url = f"{API}quotes/{quote['id']}/"
    body = {"note": "All of it.", "spans": spans_of(ASKED, "Will you resign?", "Never")}

    def correct(**more):
        etag = curator.get(url)["ETag"]
        return curator.post(f"{url}correct/", {**body, **more}, headers={"If-Match": etag})

    assert "gaps_checked" in problem(correct(), 400)["errors"][0]["message"]
    assert ok(correct(gaps_checked=True))["text"] == "Will you resign? Never"


# The flag


def test_a_curator_settles_the_flag_and_filing_again_does_not_raise_it(curator, published):
    url = f"{API}quotes/{published['id']}/"
    body = {"flags": ["words_left_out"], "reason": "Fair."}
    etag = curator.get(url)["ETag"]
    assert ok(curator.post(f"{url}keep/", body, headers={"If-Match": etag}))["flags"] == []
    again = filing(NOT_CLOSED, "We will", "close the quay", **PUBLISHED)
    assert ok(curator.post(f"{API}articles/", again))["quotes"][0]["flags"] == []


def test_the_review_page_shows_what_lies_between(curator_at_desk, published):
    quote = Quote.objects.get(pk=published["id"])
    page = reverse("admin:quotes_review_article", args=[quote.article_id])
    shown = curator_at_desk.get(f"{page}?quote={quote.pk}").text
    assert "Between the parts" in shown
    assert "<strong>Words left out:</strong>" in shown
    assert "not, whatever they say," in shown.partition("Between the parts")[2]


# Utterances


def test_a_flagged_quote_joins_no_utterance_by_itself(curator):
    text = "“We will not close the quay for the whole of the coming winter,” said Mara Quill."
    pieces = ("We will", "close the quay for the whole of the coming winter")
    said = "“We will close the quay for the whole of the coming winter,” said Mara Quill."
    first = file(curator, text, *pieces, organisation="Port", **PUBLISHED)
    assert first["flags"] == ["words_left_out"]
    body = filing(said, said[1 : said.index(",”")], organisation="Port", **PUBLISHED)
    body |= {"url": "https://b.example/2", "outlet": "Harrow Post"}
    second = ok(curator.post(f"{API}articles/", body), 201)["quotes"][0]
    assert second["speaker"]["id"] == first["speaker"]["id"]
    assert (first["utterance"], second["utterance"]) == (None, None)


def test_a_quote_leaves_its_utterance_when_its_article_now_has_a_negation_between(curator):
    text = "“We will, as ever, close the quay for the whole of the coming winter,” said Mara Quill."
    pieces = ("We will", "close the quay for the whole of the coming winter")
    whole = pieces[1]
    body = filing(text, *pieces, organisation="Port", **PUBLISHED)
    first = ok(curator.post(f"{API}articles/", body), 201)["quotes"][0]
    other = filing(f"“{whole},” said Mara Quill.", whole, organisation="Port", **PUBLISHED)
    other |= {"url": "https://b.example/2", "outlet": "Harrow Post"}
    second = ok(curator.post(f"{API}articles/", other), 201)["quotes"][0]
    assert second["utterance"]["quotes"] == 2
    edited = {**body, "text": text.replace("as ever", "not now"), "quotes": []}
    ok(curator.post(f"{API}articles/", edited))
    now = ok(curator.get(f"{API}quotes/{first['id']}/"))
    assert (now["text"], now["flags"]) == (first["text"], ["words_left_out"])
    assert now["utterance"] is None
    assert ok(curator.get(f"{API}quotes/{second['id']}/"))["utterance"]["quotes"] == 1
    # A curator who has read what lies between puts it back.
    ids = [first["id"], second["id"]]
    Utterance.join(Quote.objects.filter(pk__in=ids))
    ok(curator.post(f"{API}articles/", {**edited, "text": f"New. {edited['text']}"}))
    assert ok(curator.get(f"{API}quotes/{first['id']}/"))["utterance"]["quotes"] == 2


def test_a_settled_flag_comes_back_only_for_other_words_between(curator, published):
    quote = Quote.objects.get(pk=published["id"])
    path, latest = f"{API}quotes/{quote.pk}/keep/", {"If-Match": "*"}
    body = filing(NOT_CLOSED, "We will", "close the quay", **PUBLISHED)
    ok(curator.post(path, {"flags": ["words_left_out"]}, headers=latest))
    for gap, flags in (
        ("not, whatever they say,", []),
        ("not, whatever you say,", ["words_left_out"]),
    ):
        text = f"New {gap} {NOT_CLOSED.replace('not, whatever they say,', gap)}"
        ok(curator.post(f"{API}articles/", {**body, "text": text, "quotes": []}))
        assert ok(curator.get(f"{API}quotes/{quote.pk}/"))["flags"] == flags

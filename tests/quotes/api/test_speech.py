"""Recordings of what was said, and translations of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotes.models import Quote
from quotes.models.media import time_range
from tests.conftest import make_filing, ok, problem, publish

pytestmark = pytest.mark.django_db

HEARD = "https://harbourpost.example/interview.mp3#t=61,75.5"


def file(client, **said) -> dict:
    """File an article whose one quote says this, too; return the quote."""
    filing = publish(make_filing())
    filing["quotes"][0] |= said
    return ok(client.post("/api/v1/articles/", filing, "json"), 201)["quotes"][0]


def other(client, **said) -> dict:
    """The same words in another article."""
    filing = publish(make_filing(url="https://wire.example/quay", outlet="Torrigan Wire"))
    filing["quotes"][0] |= said
    return ok(client.post("/api/v1/articles/", filing, "json"), 201)["quotes"][0]


@pytest.mark.parametrize(
    ("fragment", "seconds"),
    [
        ("", None),
        ("#chapter-2", None),
        ("#t=61,75.5", (61, 75.5)),
        ("#t=61", (61, None)),
        ("#t=,75", (0, 75)),
        ("#t=npt:1:01,1:15.5", (61, 75.5)),
        ("#t=1:00:01,1:00:02", (3601, 3602)),
        ("#track=audio&t=5,6", (5, 6)),
        ("#t=%36%31", (61, None)),
    ],
)
def test_a_range_of_time_is_read_as_the_standard_says(fragment, seconds):
    assert time_range(f"https://harbourpost.example/a.mp3{fragment}") == seconds


@given(st.floats(0, 90_000), st.floats(0.5, 9_000))
def test_seconds_are_read_as_they_are_written(start, length):
    start, end = round(start, 3), round(start + length, 3)
    written = f"https://harbourpost.example/a.mp3#t={start:.3f},{end:.3f}"
    assert time_range(written) == pytest.approx((start, end))


@pytest.mark.parametrize(
    "wrong", ["t=", "t=,", "t=9,5", "t=5,5", "t=one", "t=1:75", "t=5s", "t=-1"]
)
def test_a_range_that_cannot_be_is_refused_by_name(curator, wrong):
    filing = make_filing()
    filing["quotes"][0]["media"] = f"https://harbourpost.example/a.mp3#{wrong}"
    body = problem(curator.post("/api/v1/articles/", filing, "json"), 400)
    assert [error["pointer"] for error in body["errors"]] == ["/quotes/0/media"]
    assert "#t=61,75.5" in body["errors"][0]["message"]


def test_a_recording_is_filed_shown_cited_and_exported(curator, reader):
    step = {"kind": "told", "name": "Torrigan Wire", "media": "https://wire.example/call.ogg"}
    quote = file(curator, media=HEARD, via=[step])
    path = f"/api/v1/quotes/{quote['id']}/"
    for shown in (quote, ok(reader.get(path)), ok(reader.get("/api/v1/quotes/"))["results"][0]):
        assert shown["media"] == HEARD
        assert shown["via"] == [{**step, "outlet": None}]
    described = ok(reader.get(path, {"format": "jsonld"}))
    assert described["associatedMedia"] == {"@type": "MediaObject", "contentUrl": HEARD}
    assert described["citation"][1]["associatedMedia"]["contentUrl"] == step["media"]
    (cited,) = ok(reader.get(path, {"format": "csl"}))
    assert f"by way of Torrigan Wire ({step['media']}); recording {HEARD}" in cited["note"]
    rows = reader.get("/api/v1/quotes/export/", {"format": "csv"}).getvalue().decode()
    assert HEARD in rows
    assert step["media"] in rows


def test_a_recording_filed_again_changes_nothing_and_another_is_asked_about(curator):
    step = {"kind": "told", "name": "Torrigan Wire", "media": "https://wire.example/call.ogg"}
    filing = publish(make_filing())
    filing["quotes"][0] |= {"media": HEARD, "via": [step]}
    ok(curator.post("/api/v1/articles/", filing, "json"), 201)
    (again,) = ok(curator.post("/api/v1/articles/", filing, "json"))["quotes"]
    assert again["filing"]["outcome"] == "unchanged"
    filing["quotes"][0]["media"] = "https://harbourpost.example/other.mp3"
    (again,) = ok(curator.post("/api/v1/articles/", filing, "json"))["quotes"]
    assert (again["filing"]["outcome"], again["media"]) == ("differs", HEARD)


def test_a_recording_of_a_public_quote_changes_with_a_note_only(curator):
    quote = file(curator)
    path, tag = f"/api/v1/quotes/{quote['id']}/", f'"{quote["version"]}"'
    problem(curator.patch(path, {"media": HEARD}, "json", headers={"If-Match": tag}), 409)
    changed = {"media": HEARD, "note": "The recording has been published."}
    shown = ok(curator.patch(path, changed, "json", headers={"If-Match": tag}))
    assert shown["corrections"][0]["changed"] == [
        {"field": "media", "before": None, "after": HEARD}
    ]


def test_a_translation_is_shown_with_what_it_translates_found_and_cited(curator, reader):
    original = file(curator, language="sv")
    quote = other(curator, translated_from="SV-se", translates=original["id"])
    path = f"/api/v1/quotes/{quote['id']}/"
    link = {"id": original["id"], "url": original["url"]}
    for shown in (quote, ok(reader.get(path))):
        assert (shown["translated_from"], shown["translates"]) == ("sv-SE", link)
    for asked in ({"translated_from": "sv"}, {"translates": original["id"]}):
        found = ok(reader.get("/api/v1/quotes/", asked))["results"]
        assert [one["id"] for one in found] == [quote["id"]]
        assert found[0]["translates"] == link
    assert ok(reader.get("/api/v1/quotes/", {"translated_from": "de"}))["results"] == []
    described = ok(reader.get(path, {"format": "jsonld"}))
    assert described["translationOfWork"] == {
        "@type": "Quotation",
        "@id": original["url"],
        "inLanguage": "sv-SE",
    }
    (cited,) = ok(reader.get(path, {"format": "csl"}))
    assert f"translated from sv-SE {original['url']}" in cited["note"]


def test_readers_are_not_told_of_an_original_that_they_do_not_see(curator, reader):
    filing = make_filing()
    proposed = ok(curator.post("/api/v1/articles/", filing, "json"), 201)["quotes"][0]
    quote = other(curator, translates=proposed["id"])
    assert quote["translates"] is None
    path = f"/api/v1/quotes/{quote['id']}/"
    assert ok(reader.get(path))["translates"] is None
    assert ok(reader.get(path, {"fields": "translates"})) == {"translates": None}
    assert proposed["id"] not in reader.get(path, {"format": "jsonld"}).content.decode()


def test_an_original_has_to_be_one_that_the_filer_sees(curator, contributor):
    proposed = ok(curator.post("/api/v1/articles/", make_filing(), "json"), 201)["quotes"][0]
    filing = make_filing(url="https://wire.example/quay")
    filing["quotes"][0]["translates"] = proposed["id"]
    body = problem(contributor.post("/api/v1/articles/", filing, "json"), 400)
    assert body["errors"][0]["pointer"] == "/quotes/0/translates"


def test_a_quote_does_not_translate_itself(curator):
    quote = file(curator)
    changed = {"translates": quote["id"], "note": "It is one."}
    headers = {"If-Match": f'"{quote["version"]}"'}
    answer = curator.patch(f"/api/v1/quotes/{quote['id']}/", changed, "json", headers=headers)
    assert "does not translate itself" in problem(answer, 400)["errors"][0]["message"]
    assert Quote.objects.get().translates is None

"""What `POST /api/v1/articles/` refuses, what it says then, and that nothing was changed."""

import json

import pytest
from django.apps import apps
from django.db import connection

from sources.models import Snapshot
from tests.conftest import API, make_filing, ok, problem

pytestmark = pytest.mark.django_db

TEXT = (
    "The quay will close. “We had no choice,” said Mara Quill, harbour master. "
    "“Yes,” said Quill. “Yes,” said Ivo Berg, a fisherman. Café 👩‍👩‍👧 it was."
)
ABSENT = "The moon is made of zinc and copper wire"


def rows() -> dict[str, int]:
    """How many rows each table of ours has."""
    models = [
        *apps.get_app_config("sources").get_models(),
        *apps.get_app_config("quotes").get_models(),
    ]
    return {model.__name__: model.objects.count() for model in models}


def refuse(client, filing, status=400) -> dict[str, list[dict]]:
    """The faults of a filing that must be refused and change nothing, by pointer.

    A filing is sent as JSON in ASCII, escapes and all; a string or bytes are sent as they are.
    """
    before = rows()
    body = json.dumps(filing) if isinstance(filing, dict) else filing
    response = client.post(f"{API}articles/", body, content_type="application/json")
    body = problem(response, status)
    assert rows() == before
    faults = {}
    for fault in body.get("errors", []):
        assert fault["message"]
        faults.setdefault(fault["pointer"], []).append(fault)
    return faults


def refuse_quote(client, quote, **article):
    """The single fault, of a filing of one quote, that stands in `TEXT`."""
    filing = make_filing(**{"text": TEXT, **article, "quotes": [quote]})
    ((_, (fault,)),) = refuse(client, filing).items()
    return fault


# Words


def test_a_quote_that_is_not_in_the_article_is_refused_with_the_nearest_passage(curator):
    fault = refuse_quote(curator, {"text": "We have no choice,"})
    assert fault["pointer"] == "/quotes/0/text"
    nearest = fault["nearest"]
    assert nearest["text"] == "We had no choice,"
    assert TEXT[nearest["start"] : nearest["end"]] == nearest["text"]
    assert 0.75 < nearest["score"] < 1
    assert nearest["difference"] == [{"op": "replace", "expected": "have", "found": "had"}]
    assert "We had no choice," in fault["message"]


def test_a_quote_that_resembles_no_passage_is_refused_without_a_guess(curator):
    fault = refuse_quote(curator, {"text": "zzyzx qqq 12345"})
    assert fault["pointer"] == "/quotes/0/text"
    assert fault["nearest"] is None


def test_words_that_occur_several_times_are_refused_with_each_position_and_context(curator):
    fault = refuse_quote(curator, {"text": "Yes,"})
    assert fault["pointer"] == "/quotes/0/text"
    assert fault["total"] == 2
    for place in fault["places"]:
        ((start, end),) = place["spans"]
        assert TEXT[start:end] == "Yes,"
        assert TEXT[:start].endswith(place["prefix"])
        assert TEXT[end:].startswith(place["suffix"])
    assert "spans" in fault["message"]


def test_words_are_matched_with_their_case(curator):
    assert refuse_quote(curator, {"text": "we had no choice,"})["pointer"] == "/quotes/0/text"


def test_words_that_end_inside_a_grapheme_cluster_are_not_found(curator):
    text = "It was a cafe\u0301 then."
    assert refuse_quote(curator, {"text": "cafe"}, text=text)["pointer"] == "/quotes/0/text"


@pytest.mark.parametrize("words", ["", "   ", "\n\t", "\u200b\u2060", "\u00ad", "\ufeff"])
def test_a_quote_without_visible_words_is_refused(curator, words):
    assert refuse_quote(curator, {"text": words})["pointer"] == "/quotes/0/text"


@pytest.mark.parametrize("words", ["", "   ", "\u200b\u2060", "\u00ad", "\ufeff"])
def test_an_unanchored_quote_without_visible_words_is_refused(curator, words):
    assert refuse_quote(curator, {"text": words}, text=None)["pointer"] == "/quotes/0/text"


def test_a_quote_with_neither_words_nor_spans_is_refused(curator):
    assert refuse_quote(curator, {"speaker": "Mara Quill"})["pointer"] == "/quotes/0/text"


def test_a_quote_of_more_than_100_000_characters_is_refused(curator):
    fault = refuse_quote(curator, {"text": "a" * 100_001}, text="a" * 100_010)
    assert fault["pointer"] == "/quotes/0/text"


def test_two_quotes_with_one_external_id_are_refused(curator):
    words = ["We had no choice,", "The quay will close."]
    quotes = [{"text": text, "external_id": "q-1"} for text in words]
    errors = refuse(curator, make_filing(quotes=quotes))
    assert "quote 0" in errors["/quotes/1/external_id"][0]["message"]


def test_a_filing_of_more_than_1000_quotes_is_refused(curator):
    filing = make_filing(quotes=[{"text": "We had no choice,"}] * 1001)
    assert list(refuse(curator, filing)) == ["/quotes"]


# Spans


@pytest.mark.parametrize(
    "spans",
    [
        [[0, 10_000]],
        [[10_000, 10_001]],
        [[10, 5]],
        [[5, 5]],
        [[0, 5], [3, 9]],
        [[0, 5], [5, 9]],
        [[10, 15], [0, 5]],
        [[20, 21]],
        [[2**31, 2**31 + 5]],
        [[10**30, 10**31]],
    ],
    ids=[
        "past the end",
        "beyond the text",
        "reversed",
        "empty",
        "overlapping",
        "touching",
        "out of order",
        "white space only",
        "more than 31 bits",
        "astronomical",
    ],
)
def test_invalid_spans_are_refused(curator, spans):
    assert refuse_quote(curator, {"spans": spans})["pointer"] == "/quotes/0/spans"


def test_the_message_says_which_span_is_wrong_and_why(curator):
    fault = refuse_quote(curator, {"spans": [[0, 3], [9, 5]]})
    assert fault["span"] == 1
    assert "reversed" in fault["message"]


@pytest.mark.parametrize(
    "within", ["👩\u200d👩\u200d👧", "e\u0301", "🇳🇴", "\r\n", "\u1100\u1161\u11a8"]
)
def test_a_span_that_splits_a_grapheme_cluster_is_refused(curator, within):
    text = f"It was {within} then."
    fault = refuse_quote(curator, {"spans": [[0, 8]]}, text=text)
    assert fault["pointer"] == "/quotes/0/spans"
    assert "splits" in fault["message"]


@pytest.mark.parametrize(
    ("spans", "pointer"),
    [
        ([[-1, 5]], "/quotes/0/spans/0/0"),
        ([[0, 5, 9]], "/quotes/0/spans/0"),
        ([[0]], "/quotes/0/spans/0"),
        ([0, 5], "/quotes/0/spans/0"),
        ([], "/quotes/0/spans"),
        ("0-5", "/quotes/0/spans"),
        ({"start": 0, "end": 5}, "/quotes/0/spans"),
        ([["a", "b"]], "/quotes/0/spans/0/0"),
        ([[1.5, 2.5]], "/quotes/0/spans/0/0"),
        ([[True, 5]], "/quotes/0/spans/0/0"),
        ([[None, 5]], "/quotes/0/spans/0/0"),
        ([[i * 2, i * 2 + 1] for i in range(101)], "/quotes/0/spans"),
    ],
)
def test_malformed_spans_are_refused_by_their_pointer(curator, spans, pointer):
    assert pointer in refuse(curator, make_filing(quotes=[{"spans": spans}]))


def test_words_that_differ_from_those_at_the_spans_are_refused_with_the_text_there(curator):
    fault = refuse_quote(curator, {"text": "We had a choice,", "spans": [[22, 39]]})
    assert fault["pointer"] == "/quotes/0/spans"
    assert fault["found"] == "We had no choice,"
    assert fault["difference"]


def test_spans_without_a_text_on_record_are_refused(curator):
    fault = refuse_quote(curator, {"text": "Yes,", "spans": [[0, 4]]}, text=None)
    assert fault["pointer"] == "/quotes/0/spans"


def test_two_quotes_with_the_same_spans_are_refused(curator):
    twins = [{"text": "We had no choice,"}, {"spans": [[22, 39]]}]
    faults = refuse(curator, make_filing(text=TEXT, quotes=twins))
    assert list(faults) == ["/quotes/1"]
    assert "quote 0" in faults["/quotes/1"][0]["message"]


# All faults at once, and all or nothing


def test_every_fault_of_a_filing_is_named_by_its_index(curator):
    quotes = [
        {"text": "We had no choice,", "speaker": "Mara Quill"},
        {"text": ABSENT},
        {"text": "Yes,"},
        {"spans": [[9, 4]]},
        {"text": "The quay will close.", "speaker": "019a0000-0000-7000-8000-000000000000"},
    ]
    faults = refuse(curator, make_filing(text=TEXT, quotes=quotes))
    assert set(faults) == {
        "/quotes/1/text",
        "/quotes/2/text",
        "/quotes/3/spans",
        "/quotes/4/speaker",
    }


def test_every_malformed_field_is_named_at_once_at_every_level(curator):
    faults = refuse(
        curator,
        make_filing(
            published="2026-13",
            url="not a url",
            language="English!",
            byline="Ada Lund",
            quotes=[
                {"text": "We had no choice,", "kind": "shouted"},
                {"text": "We had no choice,", "attribution": {"cue": ["said"]}},
                {"text": "We had no choice,", "via": [{"kind": "told"}]},
                {"text": "We had no choice,", "said": "2026-02-30"},
            ],
        ),
    )
    assert set(faults) == {
        "/published",
        "/url",
        "/language",
        "/byline",
        "/quotes/0/kind",
        "/quotes/1/attribution/cue",
        "/quotes/2/via/0/name",
        "/quotes/3/said",
    }


def test_a_refused_change_of_a_filed_article_leaves_it_as_it_was(curator):
    filed = ok(curator.post(f"{API}articles/", make_filing()), 201)
    refuse(
        curator,
        make_filing(text=TEXT, headline="New", quotes=[{"text": "Yes, no"}, {"text": ABSENT}]),
    )
    again = ok(curator.get(f"{API}articles/{filed['id']}/"))
    assert (again["headline"], again["version"]) == ("Quay to close", filed["version"])
    assert again["snapshot"] == filed["snapshot"]


def test_a_refused_filing_leaves_no_outlet_speaker_or_organisation_behind(curator):
    ok(curator.post(f"{API}articles/", make_filing()), 201)
    filing = make_filing(
        outlet="Another Paper",
        quotes=[{"text": "We had no choice,", "speaker": "New Name", "organisation": "New Body"}],
    )
    faults = refuse(curator, filing, status=409)
    assert list(faults) == ["/outlet"]


# Dates


@pytest.mark.parametrize(
    "value",
    [
        "2026-02-30", "2026-13", "2026-00", "2026-02-00", "2025-02-29", "1900-02-29", "yesterday",
        "0", 0, 2026, "2026-2", "26", "2026-02-3", "2026/02/03", "03.02.2026", " 2026", "2026-",
        "２０２６", "0000", "0999", "3000", "-2026", "", [], {}, True, 1.5, "2026-02-03T25:00:00Z",
        "2026-02-03T10:00:00", "2026-02-03T10:00", "T", "TODAY", "2026\u0000", "\ud800",
    ],
)  # fmt: skip
def test_an_impossible_date_of_publication_is_refused(curator, value):
    assert list(refuse(curator, make_filing(published=value))) == ["/published"]


@pytest.mark.parametrize("value", ["2026-02-30", "yesterday", 0, "\ud800", "2026-02-03T10:00:00Z"])
def test_an_impossible_date_of_the_words_is_refused(curator, value):
    quote = {"text": "We had no choice,", "said": value}
    assert list(refuse(curator, make_filing(quotes=[quote]))) == ["/quotes/0/said"]


def test_a_date_in_words_is_refused_with_the_formats(curator):
    (fault,) = refuse(curator, make_filing(published="yesterday"))["/published"]
    assert "YYYY-MM-DD" in fault["message"]


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00Z", "0999-12-31T23:59:59Z", "3500-01-01T00:00:00Z"]
)
@pytest.mark.parametrize("name", ["published", "published_at"])
def test_an_exact_time_outside_all_years_on_record_is_refused(curator, name, time):
    filing = {**make_filing(), name: time}
    if name == "published_at":
        del filing["published"]
    assert list(refuse(curator, filing)) == [f"/{name}"]


def test_an_exact_time_on_another_day_than_the_publication_is_refused(curator):
    filing = make_filing(published="2026-03-14", published_at="2026-05-01T10:00:00Z")
    assert list(refuse(curator, filing)) == ["/published_at"]


def test_an_exact_time_of_an_unknown_date_is_refused(curator):
    filing = make_filing(published=None, published_at="2026-05-01T10:00:00Z")
    assert list(refuse(curator, filing)) == ["/published_at"]


# Characters


@pytest.mark.parametrize("bad", ["\u0000", "\ude00\ud83d"])
@pytest.mark.parametrize(
    ("pointer", "spot"),
    [
        ("/text", lambda filing, bad: filing.update(text=f"{filing['text']}{bad}")),
        ("/headline", lambda filing, bad: filing.update(headline=f"a{bad}")),
        ("/outlet", lambda filing, bad: filing.update(outlet=f"a{bad}")),
        ("/external_id", lambda filing, bad: filing.update(external_id=f"a{bad}")),
        ("/language", lambda filing, bad: filing.update(language=f"en{bad}")),
        ("/url", lambda filing, bad: filing.update(url=f"https://a.example/{bad}")),
        ("/byline/0", lambda filing, bad: filing.update(byline=[f"a{bad}"])),
        ("/published", lambda filing, bad: filing.update(published=f"2026{bad}")),
        ("/quotes/0/text", lambda filing, bad: filing["quotes"][0].update(text=f"We{bad}")),
        ("/quotes/0/speaker", lambda filing, bad: filing["quotes"][0].update(speaker=f"a{bad}")),
        ("/quotes/0/role", lambda filing, bad: filing["quotes"][0].update(role=f"a{bad}")),
        ("/quotes/0/organisation",
         lambda filing, bad: filing["quotes"][0].update(organisation=f"a{bad}")),
        ("/quotes/0/kind", lambda filing, bad: filing["quotes"][0].update(kind=f"direct{bad}")),
        ("/quotes/0/attribution/cue",
         lambda filing, bad: filing["quotes"][0].update(attribution={"cue": f"a{bad}"})),
        ("/quotes/0/via/0/name",
         lambda filing, bad: filing["quotes"][0].update(via=[{"kind": "told", "name": bad}])),
    ],
)  # fmt: skip
def test_nul_and_lone_surrogates_are_refused_in_every_field(curator, pointer, spot, bad):
    filing = make_filing()
    spot(filing, bad)
    assert list(refuse(curator, filing)) == [pointer]


@pytest.mark.parametrize("name", ["\u0000", "\ud800", "a/b~c"])
def test_an_unknown_field_of_any_name_is_refused(curator, name):
    (pointer,) = refuse(curator, {**make_filing(), name: 1})
    assert pointer.startswith("/")


def test_a_text_of_more_than_two_million_characters_is_refused(curator):
    text = "a" * (Snapshot.MAX_CHARACTERS + 1)
    assert list(refuse(curator, make_filing(text=text, quotes=[]))) == ["/text"]


def test_a_body_of_more_than_five_mebibytes_is_refused(curator):
    body = json.dumps(make_filing(headline="ä" * 3_000_000), ensure_ascii=False)
    assert refuse(curator, body, status=413) == {}


# Unknown fields


@pytest.mark.parametrize(
    ("pointer", "suggestion", "spot"),
    [
        ("/headlin", "headline", lambda filing: filing.update(headlin="x")),
        ("/Text", "text", lambda filing: filing.update(Text="x")),
        ("/quotes/0/speeker", "speaker", lambda filing: filing["quotes"][0].update(speeker="x")),
        ("/quotes/0/attribution/rôle", "role",
         lambda filing: filing["quotes"][0].update(attribution={"rôle": "x"})),
        ("/quotes/0/via/0/nam", "name",
         lambda filing: filing["quotes"][0].update(
             via=[{"kind": "told", "name": "x", "nam": "x"}])),
    ],
)  # fmt: skip
def test_an_unknown_field_is_refused_with_the_nearest_one(curator, pointer, suggestion, spot):
    filing = make_filing()
    spot(filing)
    (fault,) = refuse(curator, filing)[pointer]
    assert f"“{suggestion}”" in fault["message"]


def test_an_unknown_field_and_a_bad_value_are_named_together(curator):
    faults = refuse(curator, make_filing(headlin="x", published="2026-13"))
    assert set(faults) == {"/headlin", "/published"}


# Types


@pytest.mark.parametrize("body", ["[]", "null", "5", '"text"', "true", "[{}]", ""])
def test_a_body_that_is_not_an_object_is_refused(curator, body):
    refuse(curator, body)


@pytest.mark.parametrize(
    "body", ["{", "{'text': 1}", '{"a": NaN}', "\ufeff{}", "[" * 100_000, "not json"]
)
def test_a_body_that_is_not_json_is_refused(curator, body):
    refuse(curator, body)


def test_a_body_that_is_not_utf8_is_refused(curator):
    refuse(
        curator,
        json.dumps(make_filing(headline="Ä", text="a", quotes=[]), ensure_ascii=False).encode(
            "latin-1"
        ),
    )


def test_a_body_of_another_media_type_is_refused(curator):
    response = curator.post(f"{API}articles/", "text=a", content_type="text/plain")
    problem(response, 415)


def test_a_filing_without_text_is_refused_and_points_to_null(curator):
    filing = make_filing()
    del filing["text"]
    assert list(refuse(curator, filing)) == ["/text"]


ARTICLE = ["outlet", "external_id", "url", "headline", "published", "language", "text"]
QUOTE = ["text", "kind", "speaker", "role", "organisation", "said", "language", "status"]


@pytest.mark.parametrize("value", [True, 5, ["a"], {"a": "b"}], ids=repr)
@pytest.mark.parametrize("name", ARTICLE)
def test_a_field_of_an_article_that_should_be_a_string_is_refused(curator, name, value):
    assert list(refuse(curator, make_filing(**{name: value}))) == [f"/{name}"]


@pytest.mark.parametrize("value", [True, 5, ["a"], {"a": "b"}], ids=repr)
@pytest.mark.parametrize("name", QUOTE)
def test_a_field_of_a_quote_that_should_be_a_string_is_refused(curator, name, value):
    quote = {"text": "We had no choice,", name: value}
    assert list(refuse(curator, make_filing(quotes=[quote]))) == [f"/quotes/0/{name}"]


@pytest.mark.parametrize("value", [None, "x", 5, True, {}, {"0": {}}], ids=repr)
def test_quotes_that_are_not_a_list_are_refused(curator, value):
    faults = refuse(curator, make_filing(quotes=value))
    assert {pointer.split("/")[1] for pointer in faults} == {"quotes"}


@pytest.mark.parametrize("value", [None, "x", 5, True, []], ids=repr)
def test_a_quote_that_is_not_an_object_is_refused(curator, value):
    assert list(refuse(curator, make_filing(quotes=[value]))) == ["/quotes/0"]


@pytest.mark.parametrize("value", ["x", 5, True, []], ids=repr)
def test_an_attribution_that_is_not_an_object_is_refused(curator, value):
    quote = {"text": "We had no choice,", "attribution": value}
    assert list(refuse(curator, make_filing(quotes=[quote]))) == ["/quotes/0/attribution"]


@pytest.mark.parametrize("value", [None, "x", 5, True, {}], ids=repr)
def test_a_chain_that_is_not_a_list_is_refused(curator, value):
    quote = {"text": "We had no choice,", "via": value}
    assert list(refuse(curator, make_filing(quotes=[quote]))) == ["/quotes/0/via"]


@pytest.mark.parametrize(
    "value", [None, "x", 5, True, {}, [None], [[]], [""], [5], ["x" * 501]], ids=repr
)
def test_a_byline_that_is_not_a_list_of_names_is_refused(curator, value):
    (pointer,) = refuse(curator, make_filing(byline=value))
    assert pointer in ("/byline", "/byline/0")


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example/x", "javascript:alert(1)", "//a.example", "/x", "a.example", "https://"],
)
def test_a_url_that_is_not_absolute_http_is_refused(curator, url):
    assert list(refuse(curator, make_filing(url=url))) == ["/url"]


def test_a_url_longer_than_an_index_can_hold_is_refused(curator):
    letters = "".join(chr(0x4E00 + (i * 7919) % 20000) for i in range(1900))
    assert list(refuse(curator, make_filing(url=f"https://a.example/{letters}"))) == ["/url"]


# Names


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "\u00ad\u2060", "x" * 501])
@pytest.mark.parametrize("pointer", ["/outlet", "/quotes/0/speaker", "/quotes/0/organisation"])
def test_an_invisible_or_endless_name_is_refused(curator, pointer, name):
    filing = make_filing()
    (filing["quotes"][0] if "quotes" in pointer else filing)[pointer.rsplit("/")[-1]] = name
    assert list(refuse(curator, filing)) == [pointer]


@pytest.mark.parametrize("pointer", ["/outlet", "/quotes/0/speaker", "/quotes/0/organisation"])
def test_an_unknown_id_is_refused(curator, pointer):
    filing = make_filing()
    key = "019a0000-0000-7000-8000-000000000000"
    (filing["quotes"][0] if "quotes" in pointer else filing)[pointer.rsplit("/")[-1]] = key
    (fault,) = refuse(curator, filing)[pointer]
    assert "no" in fault["message"]
    assert "id" in fault["message"]


def test_an_outlet_name_that_two_outlets_have_is_refused(curator):
    for slug in ("herald", "herald-west"):
        ok(curator.post(f"{API}outlets/", {"name": "The Herald", "slug": slug}), 201)
    (fault,) = refuse(curator, make_filing(outlet="the herald"))["/outlet"]
    assert "2 outlets" in fault["message"]
    assert ok(curator.post(f"{API}articles/", make_filing(outlet="herald-west")), 201)


def test_an_id_in_a_printed_name_is_an_ordinary_name(curator):
    key = "019a0000-0000-7000-8000-000000000000"
    quote = {
        "text": "We had no choice,",
        "attribution": {"speaker": key, "organisation": key},
        "via": [{"kind": "told", "name": key}],
    }
    filing = make_filing(quotes=[quote], text=f"“We had no choice,” said {key}.")
    filed = ok(curator.post(f"{API}articles/", filing), 201)
    assert filed["quotes"][0]["attribution"]["speaker"] == key
    assert filed["quotes"][0]["speaker"] is None
    assert filed["quotes"][0]["via"] == [
        {"kind": "told", "name": key, "outlet": None, "media": None}
    ]


# Who may


def test_a_contributor_may_not_file_a_quote_as_published(contributor):
    filing = make_filing(quotes=[{"text": "We had no choice,", "status": "published"}])
    assert list(refuse(contributor, filing, status=403)) == ["/quotes/0/status"]


def test_a_quote_cannot_be_filed_as_anything_but_proposed_or_published(curator):
    for status in ("rejected", "disputed", "retracted", "PUBLISHED", ""):
        filing = make_filing(quotes=[{"text": "We had no choice,", "status": status}])
        assert list(refuse(curator, filing)) == ["/quotes/0/status"]


def test_a_reader_may_not_file(reader):
    refuse(reader, make_filing(), status=403)


def test_nobody_may_not_file(nobody):
    refuse(nobody, make_filing(), status=401)


def test_a_refusal_never_repeats_the_whole_text(curator):
    text = TEXT + " Confidential: the vault is under the pier. " * 2000
    body = problem(
        curator.post(f"{API}articles/", make_filing(text=text, quotes=[{"text": ABSENT}])), 400
    )
    assert len(json.dumps(body)) < 2000


# Articles that nothing tells apart, or that contradict each other


def test_an_external_id_and_a_url_of_two_different_articles_are_refused(curator):
    ok(curator.post(f"{API}articles/", make_filing(external_id="1", url=None)), 201)
    ok(curator.post(f"{API}articles/", make_filing(external_id="2")), 201)
    (fault,) = refuse(curator, make_filing(external_id="1"), status=409)["/url"]
    assert "on record" in fault["message"]


def test_the_same_url_in_another_outlet_is_refused_and_names_the_article(curator):
    filed = ok(curator.post(f"{API}articles/", make_filing()), 201)
    (fault,) = refuse(curator, make_filing(outlet="Another"), status=409)["/outlet"]
    assert filed["id"] in fault["message"]
    assert "The Harbour Post" in fault["message"]


def test_malformed_bodies_cause_no_query(curator):
    curator.post(f"{API}articles/", make_filing(published="x"))  # users and tokens are looked up
    with connection.execute_wrapper(_only_access):
        refuse_response = curator.post(f"{API}articles/", make_filing(published="x"))
    problem(refuse_response, 400)


def _only_access(execute, sql, params, many, context):
    assert "knox" in sql or "auth_" in sql or "SAVEPOINT" in sql, sql
    return execute(sql, params, many, context)

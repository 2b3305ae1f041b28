"""`as_of`: lists, counts and exports answer what they answered then."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from quotes.models import PastVersion, Quote
from sources.history.past_tables import tables_as_of
from sources.models import Speaker
from tests.conftest import API, ok, problem, sql
from tests.past import contradictions, moment
from tests.records import make_article, make_outlet, make_quote, make_speaker

pytestmark = pytest.mark.django_db

QUOTES = f"{API}quotes/"


def listed(client, **asked) -> list[dict]:
    return ok(client.get(QUOTES, asked))["results"]


# Lists equal what was answered then


@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**32))
def test_a_question_about_the_past_gets_the_answer_of_then(reader, curator, seed):
    assert contradictions((reader, curator), seed, acts=8, questions=1) == []


def test_a_list_shows_the_quotes_as_they_were(reader):
    quote = make_quote(speaker=make_speaker(), language="en")
    before, at = listed(reader), moment()
    quote.correct("It was in French.", now=timezone.now(), language="fr")
    make_quote("Filed later")
    assert len(listed(reader)) == 2
    assert listed(reader)[1] != before[0]
    assert listed(reader, as_of=at) == before


def test_filters_are_those_of_then(reader):
    quote = make_quote(speaker=make_speaker("Ann Ek"))
    at = moment()
    quote.correct("It was Bo.", now=timezone.now(), speaker=make_speaker("Bo Ek"))
    Speaker.objects.filter(name="Ann Ek").update(name="Ann Berg", aliases=[])
    assert len(listed(reader, speaker_name="Ann Ek", as_of=at)) == 1
    assert listed(reader, speaker_name="Ann Ek") == []
    assert listed(reader, speaker_name="Bo Ek", as_of=at) == []


def test_the_pages_of_the_past_lead_on(reader):
    for number in range(5):
        make_quote(f"Word {number}")
    at = moment()
    for quote in Quote.objects.all()[:3]:
        quote.retract("Misheard.")
    path, found = f"{QUOTES}?limit=2&as_of={at.replace('+', '%2B')}", []
    while path:
        page = ok(reader.get(path))
        path = page["next"]
        found += [one["text"] for one in page["results"]]
    assert found == [f"Word {number}" for number in (4, 3, 2, 1, 0)]


# Who may see what


def test_a_reader_sees_what_readers_saw(reader, curator):
    quote = make_quote(status="proposed")
    at = moment()
    quote.publish()
    assert listed(reader, as_of=at) == []
    assert [one["status"] for one in listed(curator, as_of=at, status="proposed")] == ["proposed"]


def test_a_filer_sees_what_was_waiting_then(contributor):
    quote = make_quote(status="proposed", filed_by=contributor.user)
    at = moment()
    quote.reject("Not their words.")
    assert [one["status"] for one in listed(contributor, as_of=at)] == ["proposed"]


def test_what_was_erased_since_has_no_past(reader, curator):
    quote, other = make_quote("Words to erase", language="en"), make_quote("Others")
    quote.revise(note="It was German.", now=timezone.now(), language="de")
    at = moment()
    quote.retract("Misheard.")
    assert len(listed(reader, as_of=at)) == 2
    assert PastVersion.objects.filter(quote_id=quote.pk).count() == 2
    call_command(
        "erase", "quote", str(quote.pk), "--reason", "A court order.", "--yes", stdout=StringIO()
    )
    for client in (reader, curator):
        assert [one["id"] for one in listed(client, as_of=at)] == [str(other.pk)]
    assert not PastVersion.objects.exists()


def test_names_that_were_blotted_out_of_an_article_stay_so_in_its_past(reader):
    article = make_article("“Words,” said Ann Lee.", headline="Ann Lee speaks", byline=["Ann Lee"])
    make_quote("Words", article=article, speaker=(speaker := make_speaker("Ann Lee")))
    other = make_quote("said", article=article)
    at = moment()
    call_command(
        "erase",
        "speaker",
        str(speaker.pk),
        "--reason",
        "A court order.",
        "--yes",
        stdout=StringIO(),
    )
    (then,) = listed(reader, as_of=at)
    assert then["id"] == str(other.pk)
    assert then["article"] == listed(reader)[0]["article"]
    assert "Ann" not in str(then)


# Bad input


@pytest.mark.parametrize("path", ["", "facets/?by=speaker&", "timeline/", "export/?format=csv&"])
def test_a_time_that_cannot_be_told_of_is_refused(reader, path):
    path = f"{QUOTES}{path if '?' in path else f'{path}?'}"
    for asked, message in (
        ("as_of=2999-01-01", "In the future. Give a time that has passed."),
        ("as_of=soon", "“soon” is not a time."),
        ("as_of=2026-01-01&q=quay", "Cannot be combined with q: words are searched as they are"),
        ("as_of=2026-01-01&phrase=quay", "Cannot be combined with phrase"),
        ("as_of=2026-01-01&like=the+quay+closes", "Cannot be combined with like"),
    ):
        (error,) = problem(reader.get(f"{path}{asked}"), 400)["errors"]
        assert error["parameter"] == "as_of"
        assert error["message"].startswith(message)


def test_before_the_first_filing_nothing_was_on_record(reader):
    make_quote(speaker=make_speaker(), outlet=make_outlet(), published="2019")
    asked = {"as_of": "2020-01-01"}
    assert listed(reader, **asked) == []
    assert ok(reader.get(f"{QUOTES}facets/", {"by": "speaker", **asked}))["total"] == 0
    assert ok(reader.get(f"{QUOTES}timeline/", asked))["buckets"] == []
    export = reader.get(f"{QUOTES}export/", {"format": "ndjson", **asked})
    assert b"".join(export) == b""


# The tables


def test_the_tables_are_those_of_now_again_afterwards(reader):
    quote = make_quote()
    at = sql("SELECT clock_timestamp()")[0][0]
    quote.retract("Misheard.")
    usual = sql("SHOW search_path")
    with tables_as_of(at):
        assert Quote.objects.get().status == "published"
    assert Quote.objects.get().status == "retracted"
    assert sql("SHOW search_path") == usual


def test_nothing_is_written_to_the_past():
    make_quote()
    at = sql("SELECT clock_timestamp()")[0][0]
    with pytest.raises(DatabaseError), tables_as_of(at):
        Quote.objects.update(language="en")
    assert Quote.objects.get().language is None

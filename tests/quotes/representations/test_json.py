"""The JSON that PostgreSQL writes is the form that the serializer documents."""

import json
from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotes.anchoring import Page, seams_of
from quotes.api.serializers import QuoteSerializer
from quotes.models import Quote, Via
from quotes.representations.json import FIELDS, fetch_quotes, quotes_url
from sources.models.ids import new_ids
from tests.conftest import API, ok
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
    make_utterance,
)

pytestmark = pytest.mark.django_db

REQUEST = RequestFactory().get("/")
REQUEST.user = get_user_model()(is_superuser=True)  # who sees every reason

# Anything that PostgreSQL can hold
WORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40
)
WORDED = WORDS.filter(str.strip)
DATES = st.none() | st.sampled_from(["1066", "2026", "2026-02", "2024-02-29", "2999-12-31"])
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
WHOLE_SECONDS = MOMENTS.map(lambda moment: moment.replace(microsecond=0))
PUBLIC = st.sampled_from(["published", "disputed", "retracted"])


def some(strategy):
    return st.none() | strategy


@st.composite
def quotes(draw) -> Quote:
    """A stored quote that has, or lacks, each of its parts."""
    outlet = draw(some(WORDED.map(make_outlet)))
    words = [draw(WORDED) for _ in range(draw(st.integers(1, 3)))]
    text, spans = draw(WORDS), []
    for word in words:
        spans.append([len(text), len(text) + len(word)])
        text += word + draw(st.sampled_from([" – ", "\n"])) + draw(WORDS)
    article = make_article(
        text,
        outlet=outlet,
        published=draw(DATES),
        headline=draw(some(WORDS)),
        url=draw(some(st.just("https://post.example/a?b=ö&c"))),
        byline=draw(st.lists(WORDED, max_size=2)),
    )
    organisation = draw(some(WORDED.map(make_organisation)))
    speaker = draw(some(WORDED.map(make_speaker)))
    affiliation = None
    if speaker and organisation and draw(st.booleans()):
        affiliation = make_affiliation(
            speaker=speaker, organisation=organisation, role=draw(WORDED)
        )
    parts = {
        f"attribution_{name}": draw(some(st.just("") | WORDS))
        for name in ("text", "speaker", "role", "organisation", "cue")
    }
    quote = Quote(
        id=new_ids(1)[0],
        article=article,
        snapshot=article.snapshot,
        spans=spans,
        anchor=draw(st.sampled_from(["exact", "moved", "altered", "missing"])),
        nearest=draw(some(st.just({"start": 1, "end": 2, "text": "x", "score": 0.5}))),
        kind=draw(st.sampled_from(Quote.Kind.values)),
        status=draw(PUBLIC),
        language=draw(some(st.sampled_from(["en", "pt-BR"]))),
        flags=draw(st.lists(st.sampled_from(Quote.Flag.values), unique=True)),
        reason=draw(some(WORDS)),
        speaker=speaker,
        organisation=organisation,
        affiliation=affiliation,
        role=draw(some(WORDS)),
        said=draw(DATES),
        utterance=draw(some(st.builds(make_utterance))),
        replaced_by=draw(some(st.builds(make_quote))),
        created=draw(MOMENTS | WHOLE_SECONDS),
        **parts,
    )
    quote.seams = [*seams_of(text, spans, checked=True).kinds]
    quote.text = Page(text).text_at(spans, quote.seams)
    if note := draw(some(WORDED)):
        change = {"field": "said", "before": None, "after": draw(WORDS)}
        when = "2026-01-02T03:04:05Z"
        quote.corrections = [{"when": when, "note": note, "changed": [change]}]
    else:
        quote.corrections = []
    for position, name in enumerate(draw(st.lists(WORDED, max_size=2))):
        # Before the quote: the chain of a public quote is corrected, with a note.
        Via.objects.create(
            quote_id=quote.pk,
            position=position,
            kind="told",
            name=name,
            outlet=draw(some(st.just(outlet))),
        )
    quote.save(force_insert=True)
    return quote


def documented(quote: Quote) -> dict:
    whole = Quote.objects.with_parts().get(pk=quote.pk)
    return json.loads(json.dumps(QuoteSerializer(whole, context={"request": REQUEST}).data))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_what_postgresql_writes_of_any_quote_is_what_the_serializer_shows(db, data):
    with transaction.atomic():
        quote = data.draw(quotes())
        page, shown = Quote.objects.filter(pk=quote.pk).order_by("pk"), documented(quote)
        (row,) = fetch_quotes(page, quotes_url(REQUEST))
        assert json.loads(row.json) == shown
        assert list(json.loads(row.json)) == list(shown)
        some_of_them = data.draw(st.sets(st.sampled_from(FIELDS)))
        (row,) = fetch_quotes(page, quotes_url(REQUEST), some_of_them)
        assert json.loads(row.json) == {name: shown[name] for name in shown if name in some_of_them}
        transaction.set_rollback(True)


def test_the_fields_are_those_of_the_serializer_in_its_order():
    shown = [name for name, field in QuoteSerializer().fields.items() if not field.write_only]
    assert list(FIELDS) == shown


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_alone_is_what_it_is_among_all(reader, name):
    quote = make_quote(said="2026", status="retracted", replaced_by=make_quote())
    shown = ok(reader.get(f"{API}quotes/{quote.pk}/"))
    assert ok(reader.get(f"{API}quotes/{quote.pk}/", {"fields": name})) == {name: shown[name]}


def test_a_page_of_quotes_is_one_statement_however_many(reader, django_assert_num_queries):
    for _ in range(3):
        make_quote(speaker=make_speaker())
    for limit in (1, 3):
        page = Quote.objects.order_by("-published_day", "-pk")[:limit]
        with django_assert_num_queries(1):
            assert len(fetch_quotes(page, quotes_url(REQUEST))) == limit

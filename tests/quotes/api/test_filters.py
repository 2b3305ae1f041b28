"""The filters of `quotes/`: each alone, together, and against a naive model of them all."""

import json
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote as percent
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotes.api.filters import QuoteFilters
from quotes.models import Quote, Via
from sources.dates import PartialDate
from sources.models import Speaker
from sources.models.ids import new_ids
from tests.conftest import API, ok, problem
from tests.records import (
    make_affiliation,
    make_article,
    make_fact,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
    make_utterance,
)

pytestmark = pytest.mark.django_db

QUOTES = f"{API}quotes/"


def found(client, **parameters) -> set[str]:
    """Return the ids of the quotes that match, which fit on one page."""
    body = ok(client.get(QUOTES, {"limit": 200, **parameters}))
    assert body["next"] is None
    return {row["id"] for row in body["results"]}


def ids(*quotes) -> set[str]:
    return {str(quote.pk) for quote in quotes}


def refused(client, **parameters) -> dict[str, str]:
    """Return the messages of a refused query, by parameter."""
    errors = problem(client.get(QUOTES, parameters), 400)["errors"]
    return {error["parameter"]: error["message"] for error in errors}


# Who


def test_speaker_finds_the_quotes_of_any_given_speaker(reader):
    ada, bo, cy = (make_speaker(name) for name in ("Ada", "Bo", "Cy"))
    of_ada, of_bo, _ = (make_quote(speaker=speaker) for speaker in (ada, bo, cy))
    make_quote()
    assert found(reader, speaker=ada.pk) == ids(of_ada)
    assert found(reader, speaker=f"{ada.pk}, {bo.pk}") == ids(of_ada, of_bo)


def test_an_unknown_speaker_has_no_quotes(reader):
    make_quote(speaker=make_speaker())
    assert found(reader, speaker=uuid4()) == set()


@pytest.mark.parametrize(
    "name",
    ["Siân O’Rourke", "SIAN O'ROURKE", "  sian   o'rourke ", "The Minister", "sián o’rourke"],
)
def test_speaker_name_finds_the_name_or_an_alias_without_case_accents_or_typography(reader, name):
    sian = make_speaker("Siân O’Rourke", aliases=["The Minister"])
    quote = make_quote(speaker=sian)
    make_quote(speaker=make_speaker("Siân"))
    assert found(reader, speaker_name=name) == ids(quote)


def test_speaker_name_finds_the_printed_name_too(reader):
    resolved = make_quote(speaker=make_speaker("Rob Jones"))
    printed = make_quote(attribution_speaker="Mr  JÓNES", speaker=make_speaker("Robert Jones"))
    nobody_s = make_quote(attribution_speaker="Rob Jones")
    assert found(reader, speaker_name="rob jones") == ids(resolved, nobody_s)
    assert found(reader, speaker_name="mr jones") == ids(printed)


def test_a_surname_alone_finds_nobody(reader):
    make_quote(speaker=make_speaker("Rob Jones"), attribution_speaker="Rob Jones")
    assert found(reader, speaker_name="Jones") == set()


def test_commas_are_part_of_a_name(reader):
    quote = make_quote(speaker=make_speaker("Sammy Davis, Jr."))
    make_quote(speaker=make_speaker("Sammy Davis"))
    assert found(reader, speaker_name="Sammy Davis, Jr.") == ids(quote)


def test_speaker_kind_finds_speakers_of_these_kinds_and_no_quote_without_a_speaker(reader):
    by_kind = {
        kind: make_quote(speaker=make_speaker(f"A {kind}", kind=kind))
        for kind in Speaker.Kind.values
    }
    make_quote()
    for kind, quote in by_kind.items():
        assert found(reader, speaker_kind=kind) == ids(quote)
    both = ids(by_kind["unnamed"], by_kind["collective"])
    assert found(reader, speaker_kind="unnamed,collective") == both


def test_organisation_finds_the_resolved_organisation_of_the_quote(reader):
    board, mill = make_organisation("Harbour Board"), make_organisation("Paper Mill")
    quote = make_quote(organisation=board)
    make_quote(organisation=mill)
    make_quote(attribution_organisation="Harbour Board")
    assert found(reader, organisation=board.pk) == ids(quote)


def test_organisation_name_finds_name_alias_and_printed_name(reader):
    board = make_organisation("Harbour Board", aliases=["HB"])
    resolved = make_quote(organisation=board)
    printed = make_quote(attribution_organisation="Hárbour BOARD")
    make_quote(attribution_organisation="Board")
    assert found(reader, organisation_name="harbour board") == ids(resolved, printed)
    assert found(reader, organisation_name="hb") == ids(resolved)


@pytest.mark.parametrize(
    "words", ["harbour master", "MASTER harbour", "Deputy MÁSTER", "of master"]
)
def test_role_finds_words_in_any_order_without_case_or_accents_in_the_printed_role(reader, words):
    quote = make_quote(attribution_role="Deputy harbour máster of Port Quay")
    make_quote(attribution_role="harbour")
    assert found(reader, role=words) == ids(quote)


def test_role_finds_the_resolved_role_and_the_filed_one_too(reader):
    held = make_affiliation(role="Minister of Fish")
    resolved = make_quote(speaker=held.speaker, organisation=held.organisation, affiliation=held)
    filed = make_quote(role="fish minister")
    make_quote(attribution_role="minister of state")
    assert found(reader, role="fish minister") == ids(resolved, filed)


def test_role_is_all_in_the_role_shown_or_all_in_the_printed_one(reader):
    """Never across two roles, and never in a filed role that nothing shows."""
    held = make_affiliation(role="finance director")
    here = {"speaker": held.speaker, "organisation": held.organisation, "affiliation": held}
    make_quote(role="chief minister", **here)
    make_quote(role="chief aide", attribution_role="deputy minister")
    assert found(reader, role="chief minister") == set()
    both = make_quote(role="chief aide", attribution_role="party treasurer", **here)
    assert found(reader, role="party treasurer") == ids(both)
    assert found(reader, role="finance treasurer") == set()


def test_part_of_a_word_does_not_match_a_role(reader):
    make_quote(attribution_role="harbourmaster")
    assert found(reader, role="harbour") == set()


def test_words_of_a_role_are_not_stemmed_and_small_words_count(reader):
    quote = make_quote(attribution_role="director of operations")
    make_quote(attribution_role="operations director")
    assert found(reader, role="director of") == ids(quote)
    assert found(reader, role="operation") == set()


def test_a_role_without_a_word_is_refused(reader):
    assert refused(reader, role="—!") == {
        "role": "Contains no word. Write at least one letter or digit."
    }


# Where


def test_outlet_takes_ids_and_slugs_together(reader):
    post, gazette = make_outlet("Harbour Post"), make_outlet("The Gazette")
    in_post, in_gazette = make_quote(outlet=post), make_quote(outlet=gazette)
    make_quote()
    assert found(reader, outlet=post.pk) == ids(in_post)
    assert found(reader, outlet="harbour-post") == ids(in_post)
    assert found(reader, outlet=f"harbour-post,{gazette.pk}") == ids(in_post, in_gazette)


def test_an_unknown_outlet_has_no_quotes(reader):
    make_quote(outlet=make_outlet())
    make_quote()
    assert found(reader, outlet="no-such-outlet") == set()
    assert found(reader, outlet=uuid4()) == set()


def test_outlet_name_finds_name_and_alias(reader):
    post = make_outlet("The Harbour Post", aliases=["Post"])
    quote = make_quote(outlet=post)
    make_quote(outlet=make_outlet("The Harbour Post-Gazette"))
    assert found(reader, outlet_name="the HARBOUR póst") == ids(quote)
    assert found(reader, outlet_name="post") == ids(quote)


def test_article_finds_its_quotes(reader):
    article = make_article("One. Two. Three.")
    one, two = (make_quote(words, article=article) for words in ("One", "Two"))
    make_quote()
    assert found(reader, article=article.pk) == ids(one, two)


@pytest.mark.parametrize(
    "url",
    [
        "https://harbourpost.example/quay?p=1",
        "HTTPS://HarbourPost.EXAMPLE/quay?p=1",
        "https://harbourpost.example:443/quay?p=1",
        "https://harbourpost.example/quay?p=1#third-paragraph",
        "http://www.harbourpost.example/%71uay/?utm_source=rss&p=1",
    ],
)
def test_a_url_is_normalised_before_it_is_compared(reader, url):
    quote = make_quote(url="https://harbourpost.example/quay?p=1")
    make_quote(url="https://harbourpost.example/Quay?p=1")
    make_quote()
    assert found(reader, url=url) == ids(quote)
    (article,) = ok(reader.get(f"{API}articles/", {"url": url}))["results"]
    assert article["id"] == str(quote.article_id)


def test_an_invalid_url_is_refused(reader):
    message = refused(reader, url="harbourpost.example/quay")["url"]
    assert "https://" in message


def test_via_finds_any_step_of_the_reporting_chain_once(reader):
    agency, radio = make_outlet("Agency"), make_outlet("Radio")
    both = make_quote(via=[agency, "the audit", radio])
    one = make_quote(via=[agency])
    make_quote(via=["Agency"], outlet=agency)
    assert found(reader, via="agency") == ids(both, one)
    assert found(reader, via=f"{radio.pk}") == ids(both)
    body = ok(reader.get(QUOTES, {"via": "agency,radio", "count": "true"}))
    assert body["count"] == {"value": 2, "exact": True}
    assert len(body["results"]) == 2


# What


def test_origin_finds_quotes_that_were_filed_or_found_in_the_text(reader):
    by_origin = {origin: make_quote(origin=origin) for origin in Quote.Origin.values}
    for origin, quote in by_origin.items():
        assert found(reader, origin=origin) == ids(quote)
    assert found(reader, origin="filed,proposed") == ids(*by_origin.values())


def test_kind_finds_quotes_of_these_kinds(reader):
    by_kind = {kind: make_quote(kind=kind) for kind in Quote.Kind.values}
    for kind, quote in by_kind.items():
        assert found(reader, kind=kind) == ids(quote)
    assert found(reader, kind="direct,mixed") == ids(by_kind["direct"], by_kind["mixed"])


def test_anchor_finds_quotes_in_these_states(reader):
    by_state = {state: make_quote(anchor=state) for state in Quote.Anchor.values}
    for state, quote in by_state.items():
        assert found(reader, anchor=state) == ids(quote)


def test_utterance_finds_its_quotes(reader):
    utterance = make_utterance()
    one, two = (make_quote(utterance=utterance) for _ in range(2))
    make_quote(utterance=make_utterance())
    assert found(reader, utterance=utterance.pk) == ids(one, two)


def test_language_is_filtered_as_rfc_4647_says(reader):
    by_tag = {tag: make_quote(language=tag) for tag in ("en", "en-GB", "EN-us", "eno", "de", None)}
    english = ids(by_tag["en"], by_tag["en-GB"], by_tag["EN-us"])
    assert found(reader, language="en") == found(reader, language="EN") == english
    assert found(reader, language="en-gb") == ids(by_tag["en-GB"])
    assert found(reader, language="de,en-GB") == ids(by_tag["de"], by_tag["en-GB"])
    assert "language tag" in refused(reader, language="e%")["language"]


def test_retracted_quotes_are_listed_only_when_asked_for(reader):
    published, disputed = make_quote(), make_quote(status="disputed")
    retracted = make_quote(status="retracted")
    assert found(reader) == ids(published, disputed)
    assert found(reader, status="retracted") == ids(retracted)
    assert found(reader, status="published,retracted") == ids(published, retracted)
    assert ok(reader.get(f"{QUOTES}{retracted.pk}/"))["status"] == "retracted"


def test_a_reader_who_asks_for_proposed_quotes_gets_none(reader, curator):
    proposed, rejected = make_quote(status="proposed"), make_quote(status="rejected")
    published = make_quote()
    assert found(reader, status="proposed,rejected") == set()
    assert found(reader, status="proposed,published") == ids(published)
    assert found(curator, status="proposed,rejected") == ids(proposed, rejected)
    assert found(curator) == ids(proposed, rejected, published)


# When


DATES = ["1999", "2005", "2006", "2006-02", "2006-02-22", "2006-02-23", "2006-03", "2006-12-31"]


@pytest.mark.parametrize("filters", ["said", "published"])
@pytest.mark.parametrize(
    ("edge", "asked", "expected"),
    [
        ("after", "2006-02-23", {"2006", "2006-02", "2006-02-23", "2006-03", "2006-12-31"}),
        ("after", "2006-03", {"2006", "2006-03", "2006-12-31"}),
        ("after", "2006", set(DATES) - {"1999", "2005"}),
        ("before", "2006-02-22", {"1999", "2005", "2006", "2006-02", "2006-02-22"}),
        ("before", "2006-02", set(DATES) - {"2006-03", "2006-12-31"}),
        ("before", "2005", {"1999", "2005"}),
    ],
)
def test_a_date_matches_if_it_can_be_in_the_range_and_an_unknown_one_never(
    reader, filters, edge, asked, expected
):
    by_date = {str(make_quote(**{filters: when}).pk): when for when in (*DATES, None)}
    matched = {by_date[key] for key in found(reader, **{f"{filters}_{edge}": asked})}
    assert matched == expected


def test_a_range_of_one_day_holds_that_day(reader):
    quote = make_quote(said="2006-02-23")
    make_quote(said="2006-02-24")
    day = "2006-02-23"
    assert found(reader, said_after=day, said_before=day) == ids(quote)


@pytest.mark.parametrize("name", ["said", "published"])
def test_a_range_that_ends_before_it_begins_is_refused(reader, name):
    message = refused(reader, **{f"{name}_after": "2007", f"{name}_before": "2006-12-31"})
    assert "the range is empty. Swap the two dates" in message[f"{name}_before"]


@pytest.mark.parametrize(
    "value",
    ["2006-13", "2006-02-30", "06-02-23", "2006-2", "yesterday", "0999", "2006-02-23T10:00"],
)
def test_an_impossible_date_is_refused(reader, value):
    assert set(refused(reader, said_after=value)) == {"said_after"}


@pytest.mark.parametrize("name", ["created", "updated"])
def test_created_after_and_updated_after_are_inclusive_times(reader, name):
    noon = datetime(2026, 2, 11, 12, tzinfo=UTC)
    moments = [noon - timedelta(microseconds=1), noon, noon + timedelta(days=1)]
    _, at_noon, next_day = (make_quote(**{name: moment}) for moment in moments)
    parameter = f"{name}_after"
    assert found(reader, **{parameter: "2026-02-11T12:00:00Z"}) == ids(at_noon, next_day)
    assert found(reader, **{parameter: "2026-02-11T13:00:00+01:00"}) == ids(at_noon, next_day)
    assert found(reader, **{parameter: "2026-02-12"}) == ids(next_day)


@pytest.mark.parametrize("name", ["created", "updated"])
def test_created_before_and_updated_before_are_inclusive_and_count_a_day_whole(reader, name):
    noon = datetime(2026, 2, 11, 12, tzinfo=UTC)
    evening = datetime(2026, 2, 11, 23, 59, 59, 999_999, tzinfo=UTC)
    moments = [noon, noon + timedelta(microseconds=1), evening, evening.replace(day=12)]
    at_noon, later, at_the_end, next_day = (make_quote(**{name: moment}) for moment in moments)
    parameter = f"{name}_before"
    assert found(reader, **{parameter: "2026-02-11T12:00:00Z"}) == ids(at_noon)
    assert found(reader, **{parameter: "2026-02-11"}) == ids(at_noon, later, at_the_end)
    day = {f"{name}_after": "2026-02-12", parameter: "2026-02-12"}
    assert found(reader, **day) == ids(next_day)
    empty = {f"{name}_after": "2026-02-13T00:00:00Z", parameter: "2026-02-12"}
    assert "the range is empty" in refused(reader, **empty)[parameter]


def test_id_finds_these_quotes_even_if_retracted_but_never_hidden_ones(reader, curator):
    statuses = ("published", "retracted", "proposed")
    shown, retracted, hidden = (make_quote(status=status) for status in statuses)
    make_quote()
    asked = ",".join(str(quote.pk) for quote in (shown, retracted, hidden))
    assert found(reader, id=asked) == ids(shown, retracted)
    assert found(curator, id=asked) == ids(shown, retracted, hidden)
    assert found(reader, id=asked, status="published") == ids(shown)
    assert found(reader, id=asked, q="nothing like it") == set()
    export = reader.get(f"{QUOTES}export/", {"format": "ndjson", "id": asked})
    assert len(b"".join(export).splitlines()) == 2
    manifest = reader.get(f"{QUOTES}export/", {"format": "csv", "id": asked, "manifest": "true"})
    assert "retracted" in json.loads(b"".join(manifest))["query"]["status"]


def test_a_moment_whose_plus_sign_was_not_escaped_is_refused_with_the_remedy(reader):
    response = reader.get(f"{QUOTES}?created_after=2026-02-11T13:00:00+01:00")
    assert "%2B" in problem(response, 400)["errors"][0]["message"]


def test_a_change_moves_a_quote_past_updated_after(reader, curator):
    quote = make_quote(updated=datetime(2020, 1, 1, tzinfo=UTC))
    assert found(reader, updated_after="2021-01-01") == set()
    ok(
        curator.patch(
            f"{QUOTES}{quote.pk}/",
            {"language": "en", "note": "In English."},
            headers={"If-Match": "*"},
        )
    )
    assert found(reader, updated_after="2021-01-01") == ids(quote)


# Together


def test_a_quote_has_to_match_every_filter(reader):
    ada, post = make_speaker("Ada"), make_outlet("Post")
    wanted = make_quote(speaker=ada, outlet=post, published="2006", kind="partial")
    make_quote(speaker=ada, outlet=post, published="2006", kind="direct")
    make_quote(speaker=ada, published="2006", kind="partial")
    make_quote(outlet=post, published="2006", kind="partial")
    make_quote(speaker=ada, outlet=post, kind="partial")
    parameters = {
        "speaker_name": "ada",
        "outlet": "post",
        "published_after": "2006-06",
        "kind": "partial",
    }
    assert found(reader, **parameters) == ids(wanted)


# Bad values

LISTS = ["id", "speaker", "organisation", "article", "utterance", "outlet", "via", "language"]
CHOICES = {"speaker_kind": "person", "kind": "direct", "status": "published", "anchor": "exact"}
IDS = ["id", "speaker", "organisation", "article", "utterance"]


@pytest.mark.parametrize("name", [*LISTS, *CHOICES])
def test_20_values_are_accepted_and_21_refused(reader, name):
    value = CHOICES.get(name) or ("en" if name == "language" else str(uuid4()))
    ok(reader.get(QUOTES, {name: ",".join([value] * 20)}))
    assert refused(reader, **{name: ",".join([value] * 21)}) == {
        name: "21 values: give at most 20."
    }


@pytest.mark.parametrize("name", [*LISTS, *CHOICES])
def test_an_empty_value_among_others_is_refused(reader, name):
    value = CHOICES.get(name) or ("en" if name == "language" else str(uuid4()))
    for shape in ("{0},", ",{0}", "{0},,{0}", "{0}, ,{0}"):
        assert set(refused(reader, **{name: shape.format(value)})) == {name}


@pytest.mark.parametrize("value", ["7", "Mara Quill", "{}", "0" * 36, "../1", "١" * 36])
def test_an_invalid_id_is_refused(reader, value):
    for name in IDS:
        assert "is not an id" in refused(reader, **{name: value})[name]


@pytest.mark.parametrize(
    ("name", "value", "nearest"),
    [
        ("kind", "driect", "direct"),
        ("status", "publishd", "published"),
        ("anchor", "exakt", "exact"),
        ("speaker_kind", "persons", "person"),
    ],
)
def test_an_unknown_choice_is_refused_with_the_nearest_one(reader, name, value, nearest):
    assert f"Did you mean “{nearest}”?" in refused(reader, **{name: value})[name]


def test_all_errors_of_a_query_are_reported_at_once(reader):
    named = refused(reader, kind="x", speaker="y", said_after="z", created_after="w", spaeker="v")
    assert "spaeker" in named  # unknown names are reported first, by themselves
    named = refused(reader, kind="x", speaker="y", said_after="z", created_after="w")
    assert set(named) == {"kind", "speaker", "said_after", "created_after"}


# A naive model


def fold(name: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())


def words(*roles: str | None) -> set[str]:
    return {word for role in roles if role for word in fold(role).split()}


NAMES = ["Mara Quill", "MÁRA QUILL", "Mara", "The Board", "Bo Ek"]
BODIES = ["Harbour Board", "hárbour board", "HB", "Mill"]
ROLES = ["harbour master", "Master of the Mill", "MÁSTER", None]
ASKED_ROLES = ["master", "MASTER harbour", "mill of", "of the máster"]
WHEN = [None, "2005", "2006", "2006-01", "2006-02", "2006-02-11", "2006-02-12", "2007-01-01"]
MOMENTS = [datetime(2026, 2, day, tzinfo=UTC) for day in (10, 11, 12)]
TAGS = [None, "en", "en-GB", "fr"]
SAID = ["Closing the quay is wrong.", "We close nothing; the QUAY", "Nóbody is closed in here"]
IN_ENGLISH = {"closing": "close*", "closed": "close*", "close": "close*"}  # as they are stemmed
SOUGHT = {  # by q: which stems make a quote be found
    "closing": lambda stems: bool({"closing", "close*"} & stems),
    "quay -wrong": lambda stems: "quay" in stems and "wrong" not in stems,
    "wrong or nòbody": lambda stems: bool({"wrong", "nobody"} & stems),
}
LIKE = {"wrogn closing quay": SAID[0], "nothing the quay close": SAID[1], "nobody closd": SAID[2]}
URLS = ["https://a.example/", "https://a.example/x?y", None]


class World:
    """Records that random quotes refer to; few of each, so that quotes share them."""

    def __init__(self):
        self.outlets = [make_outlet("Post", aliases=["The Pöst"]), make_outlet("Radio")]
        self.bodies = [
            make_organisation("Harbour Board", aliases=["HB"]),
            make_organisation("Mill"),
        ]
        self.speakers = [
            make_speaker("Mara Quill", aliases=["Mara"]),
            make_speaker("Bo Ek"),
            make_speaker("The Board", kind="organisation", organisation=self.bodies[0]),
            make_speaker("a miller", kind="unnamed"),
        ]
        for speaker in self.speakers:
            for value, start, end in PARTIES.get(speaker.name, ()):
                make_fact(speaker=speaker, value=value, start=start, end=end)
        self.held = [
            make_affiliation(
                speaker=self.speakers[0], organisation=self.bodies[0], role="Harbour Master"
            ),
            make_affiliation(speaker=self.speakers[1], organisation=self.bodies[1], role="of the"),
        ]
        self.utterances = [make_utterance(), make_utterance()]
        self.articles = [
            make_article("Word.", outlet=outlet, published=published, url=url)
            for outlet, published, url in [
                (self.outlets[0], "2006-02", URLS[0]),
                (self.outlets[0], "2006-02-11", None),
                (self.outlets[1], None, URLS[1]),
                (None, "2005", None),
                (None, "2006", None),
            ]
        ]

    def quotes(self):
        """A strategy for quotes: dictionaries, with what `Quote` takes and a list `via`."""

        def maybe(values):
            return st.sampled_from([None, *values])

        free = {
            "article": st.sampled_from(self.articles),
            "text": st.sampled_from(SAID),
            "kind": st.sampled_from(Quote.Kind.values),
            "status": st.sampled_from(["published"] * 3 + Quote.Status.values),
            "language": st.sampled_from(TAGS),
            "translated_from": st.sampled_from(TAGS),
            "attribution_speaker": maybe(NAMES),
            "attribution_organisation": maybe(BODIES),
            "attribution_role": st.sampled_from(ROLES),
            "role": st.sampled_from(ROLES),
            "said": st.sampled_from(WHEN),
            "utterance": maybe(self.utterances),
            "created": st.sampled_from(MOMENTS),
            "updated": st.sampled_from(MOMENTS),
            "anchor": st.just("unanchored"),
            "origin": st.sampled_from(Quote.Origin.values),
            "via": st.lists(st.sampled_from([*self.outlets, "the audit"]), max_size=3),
        }
        resolved = st.one_of(
            st.fixed_dictionaries(
                {"speaker": maybe(self.speakers), "organisation": maybe(self.bodies)}
            ),
            st.sampled_from(self.held).map(
                lambda held: {
                    "speaker": held.speaker,
                    "organisation": held.organisation,
                    "affiliation": held,
                }
            ),
        )
        return st.builds(lambda one, other: {**one, **other}, st.fixed_dictionaries(free), resolved)

    def queries(self):
        """A strategy for a few query parameters, each a value or a list of values."""

        def some(values):
            return st.lists(st.sampled_from(list(values)), min_size=1, max_size=3)

        def keys(records):
            return some([str(record.pk) for record in records])

        outlets = some([str(self.outlets[0].pk), "post", "radio", "nowhere"])
        one = st.sampled_from
        filters = {
            "speaker": keys(self.speakers),
            "speaker_name": one([*NAMES, "nobody at all"]),
            "speaker_kind": some(Speaker.Kind.values),
            "speaker_fact": some(
                [f"party:{value}" for value in ("Red", "Blue", "Green", "unknown")]
            ),
            "organisation": keys(self.bodies),
            "organisation_name": one(BODIES),
            "role": one(ASKED_ROLES),
            "outlet": outlets,
            "outlet_name": one(["post", "The Post", "RADIO"]),
            "article": keys(self.articles),
            "url": one(["HTTPS://A.example:443/#top", "https://a.example/x?y"]),
            "via": outlets,
            "kind": some(Quote.Kind.values),
            "status": some(Quote.Status.values),
            "language": some(["en", "EN-gb", "fr", "e"]),
            "translated_from": some(["en", "EN-gb", "fr", "e"]),
            "translates": some([str(uuid4())]),
            "anchor": some(["unanchored", "exact"]),
            "origin": some(Quote.Origin.values),
            "utterance": keys(self.utterances),
            "one_per_utterance": one(["true", "false"]),
            "q": one(list(SOUGHT)),
            "phrase": one(["the quay", "the", "quay the", "close nothing the", "NOBODY is"]),
            "like": one(list(LIKE)),
            "said_after": one(WHEN[1:]),
            "said_before": one(WHEN[1:]),
            "published_after": one(WHEN[1:]),
            "published_before": one(WHEN[1:]),
            "created_after": one(MOMENTS),
            "created_before": one(MOMENTS),
            "updated_after": one(MOMENTS),
            "updated_before": one(MOMENTS),
            "id": some([str(uuid4())]),
        }
        # tests/quotes/history/test_past_tables.py, tests/quotes/api/test_samples.py
        elsewhere = {"as_of", "sample", "seed", "include_parts"}
        assert set(filters) | elsewhere == set(QuoteFilters.base_filters)
        names = st.lists(one(sorted(filters)), min_size=1, max_size=3, unique=True)
        return names.flatmap(
            lambda names: st.fixed_dictionaries({name: filters[name] for name in names})
        )


def store(drafts: list[dict]) -> list[Quote]:
    spoke = {}  # an utterance has one speaker: drop it for any other
    for draft in drafts:
        if draft["utterance"] and draft["speaker"] != spoke.setdefault(
            draft["utterance"], draft["speaker"]
        ):
            draft["utterance"] = None
    quotes = [
        Quote(id=key, **{k: v for k, v in draft.items() if k != "via"})
        for key, draft in zip(new_ids(len(drafts)), drafts, strict=True)
    ]
    # Before the quotes: adding a chain later would change `updated`.
    Via.objects.bulk_create(
        Via(
            quote_id=quote.pk,
            position=position,
            kind="told",
            name=str(step),
            outlet=None if isinstance(step, str) else step,
        )
        for quote, draft in zip(quotes, drafts, strict=True)
        for position, step in enumerate(draft["via"])
    )
    return Quote.objects.bulk_create(quotes)


def matches(quote: dict, query: dict, *, curator: bool) -> bool:
    """The naive model: whether one quote matches each filter."""
    status = quote["status"]
    if not curator and status in ("proposed", "rejected", "withdrawn"):
        return False
    if status not in query.get("status", set(Quote.Status.values) - {"retracted"}):
        return False

    def key(name):
        return str(quote[name].pk) if quote[name] else None

    def in_outlet(outlet, values):
        return outlet is not None and bool({str(outlet.pk), outlet.slug} & set(values))

    def called(record, printed, name):
        names = [record.name, *record.aliases] if record else []
        return fold(name) in {fold(known) for known in [*names, printed or ""]}

    def overlaps(when, edge, asked):
        if when is None:
            return False
        when, asked = PartialDate.parse(str(when)), PartialDate.parse(asked)
        return when.last >= asked.first if edge == "after" else when.first <= asked.last

    said = re.findall(r"\w+", fold(quote["text"]))
    is_english = (quote["language"] or "").startswith("en")
    stems = {IN_ENGLISH.get(word, word) if is_english else word for word in said}
    article = quote["article"]
    held = quote.get("affiliation")
    shown_role = held.role if held else quote["attribution_role"] or quote["role"]
    speaker, outlet = quote["speaker"], article.outlet
    checks = {
        "speaker": lambda v: key("speaker") in v,
        "speaker_name": lambda v: called(speaker, quote["attribution_speaker"], v),
        "speaker_kind": lambda v: speaker is not None and speaker.kind in v,
        "speaker_fact": lambda v: has_fact(speaker, quote["said"] or article.published, v),
        "organisation": lambda v: key("organisation") in v,
        "organisation_name": lambda v: called(
            quote["organisation"], quote["attribution_organisation"], v
        ),
        "role": lambda v: (
            words(v) <= words(quote["attribution_role"]) or words(v) <= words(shown_role)
        ),
        "outlet": lambda v: in_outlet(outlet, v),
        "outlet_name": lambda v: outlet is not None and called(outlet, None, v),
        "article": lambda v: key("article") in v,
        "url": lambda v: (
            article.url == {"HTTPS://A.example:443/#top": "https://a.example/"}.get(v, v)
        ),
        "via": lambda v: any(
            not isinstance(step, str) and in_outlet(step, v) for step in quote["via"]
        ),
        "kind": lambda v: quote["kind"] in v,
        "status": lambda v: True,
        "language": lambda v: is_in_language(quote["language"], v),
        "translated_from": lambda v: is_in_language(quote["translated_from"], v),
        "translates": lambda v: False,  # none of these is a translation of another
        "anchor": lambda v: quote["anchor"] in v,
        "origin": lambda v: quote["origin"] in v,
        "utterance": lambda v: key("utterance") in v,
        "one_per_utterance": lambda v: True,  # see `once_each`
        "q": lambda v: SOUGHT[v](stems),
        "phrase": lambda v: f" {fold(v)} " in f" {' '.join(said)} ",
        "like": lambda v: quote["text"] == LIKE[v],
        "said_after": lambda v: overlaps(quote["said"], "after", v),
        "said_before": lambda v: overlaps(quote["said"], "before", v),
        "published_after": lambda v: overlaps(article.published, "after", v),
        "published_before": lambda v: overlaps(article.published, "before", v),
        "created_after": lambda v: quote["created"] >= v,
        "created_before": lambda v: quote["created"] <= v,
        "updated_after": lambda v: quote["updated"] >= v,
        "updated_before": lambda v: quote["updated"] <= v,
        "id": lambda v: False,  # the database makes them up later
    }
    return all(checks[name](value) for name, value in query.items())


PARTIES = {
    "Mara Quill": [("Red", None, "2005"), ("Blue", "2005", "2006-01"), ("Red", "2006-02", None)],
    "Bo Ek": [("Green", None, None)],
}
"""Facts about the speakers: the value, from and to."""


def has_fact(speaker: Speaker | None, when: str | None, asked: list[str]) -> bool:
    day = PartialDate.parse(str(when)) if when else None
    held = set()
    for value, start, end in PARTIES.get(speaker and speaker.name, ()):
        begins = start is None or (day and PartialDate.parse(start).first <= day.last)
        ends = end is None or (day and PartialDate.parse(end).last >= day.first)
        held |= {value} if begins and ends else set()
    return bool({f"party:{value}" for value in held or {"unknown"}} & {*asked})


def is_in_language(spoken: str | None, tags: list[str]) -> bool:
    """Basic filtering of RFC 4647."""
    spoken = (spoken or "").lower()
    return any(f"{spoken}-".startswith(f"{tag.lower()}-") for tag in tags)


def holds_no_day(query: dict, name: str) -> bool:
    after, before = query.get(f"{name}_after"), query.get(f"{name}_before")
    if not (after and before):
        return False
    if isinstance(after, datetime):
        return before < after
    return PartialDate.parse(before).last < PartialDate.parse(after).first


def written(query: dict) -> str:
    def value(given):
        if isinstance(given, list):
            return ",".join(given)
        return given.isoformat() if isinstance(given, datetime) else given

    return urlencode({name: value(given) for name, given in query.items()}, quote_via=percent)


def test_random_queries_of_random_quotes_find_what_a_naive_model_finds(reader, curator):
    world = World()
    asked = st.lists(st.tuples(world.queries(), st.booleans()), min_size=4, max_size=8)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(drafts=st.lists(world.quotes(), min_size=1, max_size=12), asked=asked)
    def check(drafts, asked):
        with transaction.atomic():
            quotes = store(drafts)
            for query, by_curator in asked:
                client = curator if by_curator else reader
                response = client.get(f"{QUOTES}?limit=200&{written(query)}".rstrip("&"))
                ranges = ("said", "published", "created", "updated")
                if any(holds_no_day(query, name) for name in ranges):
                    problem(response, 400)
                    continue
                expected = [
                    (first_day(draft["article"].published), str(quote.pk))
                    for quote, draft in zip(quotes, drafts, strict=True)
                    if matches(draft, query, curator=by_curator)
                ]
                if query.get("one_per_utterance") == "true":
                    expected = once_each(expected, zip(quotes, drafts, strict=True))
                rows = [row["id"] for row in ok(response)["results"]]
                assert rows == [key for _, key in sorted(expected, reverse=True)]
            transaction.set_rollback(True)

    check()


def once_each(found: list[tuple[date, str]], quotes) -> list[tuple[date, str]]:
    """Keep the first printed quote of each utterance, and every quote without one."""
    of = {str(quote.pk): draft["utterance"] for quote, draft in quotes}
    kept = {}
    for day, key in sorted(found, key=lambda each: (each[0] == date.min, *each)):
        kept.setdefault(of[key] or key, (day, key))
    return list(kept.values())


def first_day(published) -> date:
    return date.min if published is None else PartialDate.parse(str(published)).first

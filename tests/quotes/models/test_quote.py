"""The verbs of a quote, and the version that counts its changes."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from quotes.models import Quote
from quotes.models.indexes import FLAGS
from sources.models import Affiliation, Organisation, Speaker
from tests.conftest import API, make_filing, ok, sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def quote(curator) -> Quote:
    ok(curator.post(f"{API}articles/", make_filing()), 201)
    return Quote.objects.with_parts().get()


def speaker(name="Ivo Berg", **values) -> Speaker:
    return Speaker.objects.create(name=name, **values)


def affiliation(person: Speaker, role="pilot", organisation="Port") -> Affiliation:
    body, _ = Organisation.objects.get_or_create(name=organisation)
    return Affiliation.objects.create(speaker=person, organisation=body, role=role)


def stored(quote: Quote) -> Quote:
    return Quote.objects.with_parts().get(pk=quote.pk)


# Revising


def test_an_affiliation_sets_organisation_and_role(quote):
    held = affiliation(quote.speaker)
    quote.revise(affiliation=held)
    assert stored(quote).organisation == held.organisation
    assert stored(quote).shown_role == "pilot"


def test_another_speakers_affiliation_is_refused(quote):
    with pytest.raises(ValidationError, match="another speaker's"):
        quote.revise(affiliation=affiliation(speaker()))
    assert stored(quote).affiliation is None


def test_a_speaker_and_an_affiliation_may_be_changed_together(quote):
    berg = speaker()
    held = affiliation(berg)
    quote.revise(speaker=berg, affiliation=held)
    assert (stored(quote).speaker, stored(quote).affiliation) == (berg, held)


def test_a_new_speaker_clears_an_affiliation_that_does_not_fit(quote):
    quote.revise(affiliation=affiliation(quote.speaker))
    quote.revise(speaker=speaker())
    assert stored(quote).affiliation is None


def test_a_new_organisation_clears_an_affiliation_that_does_not_fit(quote):
    quote.revise(affiliation=affiliation(quote.speaker))
    quote.revise(organisation=Organisation.objects.create(name="Museum"))
    assert stored(quote).affiliation is None
    assert stored(quote).organisation.name == "Museum"


def test_naming_the_speaker_clears_the_flags_about_it(quote):
    flags = [Quote.Flag.AMBIGUOUS_SPEAKER, Quote.Flag.UNRESOLVED_SPEAKER, Quote.Flag.FILING_DIFFERS]
    Quote.objects.update(flags=flags)
    quote = stored(quote)
    quote.revise(speaker=speaker())
    assert stored(quote).flags == [Quote.Flag.FILING_DIFFERS]


def test_naming_the_organisation_clears_the_flag_about_it(quote):
    Quote.objects.update(flags=[Quote.Flag.AMBIGUOUS_ORGANISATION, Quote.Flag.FILING_DIFFERS])
    quote = stored(quote)
    quote.revise(organisation=None)
    assert stored(quote).flags == [Quote.Flag.FILING_DIFFERS]


def test_revising_leaves_the_printed_attribution_alone(quote):
    before = stored(quote)
    quote.revise(speaker=speaker())
    after = stored(quote)
    assert (after.text, after.spans, after.attribution_speaker) == (
        before.text,
        before.spans,
        "Mara Quill",
    )


# Roles


@pytest.mark.parametrize(
    ("held", "printed", "filed", "shown"),
    [
        ("pilot", "the port's pilot", "chief pilot", "pilot"),
        (None, "the port's pilot", "chief pilot", "the port's pilot"),
        (None, None, "chief pilot", "chief pilot"),
        (None, None, None, None),
    ],
)
def test_the_role_shown_is_the_affiliations_else_the_printed_else_the_filed_one(
    quote, held, printed, filed, shown
):
    quote.revise(
        affiliation=affiliation(quote.speaker, held) if held else None,
        attribution_role=printed,
        role=filed,
    )
    assert stored(quote).shown_role == shown


# Versions


def test_the_version_counts_changes(quote):
    assert quote.version == 1
    quote.revise(speaker=speaker())
    assert stored(quote).version == 2
    quote.revise(language="nb")
    assert stored(quote).version == 3


def test_a_change_to_the_same_value_is_no_change(quote):
    before = stored(quote)
    quote.revise(speaker=quote.speaker, language=quote.language)
    assert (stored(quote).version, stored(quote).updated) == (before.version, before.updated)


def test_changes_by_raw_sql_count_too(quote):
    sql("UPDATE quotes_quote SET language = 'nb'")
    assert stored(quote).version == 2
    sql("UPDATE quotes_quote SET language = 'nb'")
    assert stored(quote).version == 2


def test_clients_cannot_set_the_version_or_the_time_of_change(quote):
    sql("UPDATE quotes_quote SET version = 99, updated = '2001-01-01'")
    assert (stored(quote).version, stored(quote).updated) == (1, quote.updated)
    sql("UPDATE quotes_quote SET version = 99, language = 'nb'")
    assert stored(quote).version == 2


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("sources_outlet", "name = name || '!'"),
        ("sources_article", "headline = 'New'"),
        ("sources_article", "published = NULL"),
        ("sources_speaker", "aliases = '{A}'"),
        ("sources_organisation", "name = 'B'"),
        ("sources_affiliation", "role = 'B'"),
        ("quotes_quote", "flags = '{filing_differs}'"),
    ],
)
def test_every_record_counts_its_changes(quote, table, change):
    affiliation(quote.speaker)
    with connection.cursor() as cursor:
        versions = []
        for statement in (change, change, "version = 0"):
            cursor.execute(f"SELECT version FROM {table}")
            versions.append(cursor.fetchone()[0])
            cursor.execute(f"UPDATE {table} SET {statement}")
        cursor.execute(f"SELECT version FROM {table}")
        final = cursor.fetchone()[0]
    again = 1 if "||" in change else 0
    first = versions[0]
    assert versions == [first, first + 1, first + 1 + again]
    assert final == first + 1 + again


def test_every_flag_has_an_index():
    indexes = {index.name for index in Quote._meta.indexes}
    assert {f"quote_{flag}" for flag in Quote.Flag} <= indexes
    assert set(FLAGS) == set(Quote.Flag)

"""PROV-JSON, as the PROV library reads it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from prov.model import (
    ProvActivity,
    ProvAgent,
    ProvAssociation,
    ProvAttribution,
    ProvDelegation,
    ProvDerivation,
    ProvDocument,
    ProvEntity,
    ProvGeneration,
    ProvInvalidation,
    ProvSpecialization,
)

from quotes.models import Quote, Via
from quotes.representations import StatusHistory, status_history_of
from quotes.representations.prov import provenance
from sources.models import Revision
from tests.conftest import API
from tests.records import (
    make_article,
    make_broken_quote,
    make_outlet,
    make_quote,
    make_speaker,
    make_utterance,
)

pytestmark = pytest.mark.django_db

ROOT = "http://testserver"
BASE = f"{ROOT}{API}"
NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)


def read(client, quote: Quote) -> ProvDocument:
    response = client.get(f"{API}quotes/{quote.pk}/", {"format": "prov"})
    assert response.status_code == 200
    return ProvDocument.deserialize(content=response.content.decode(), format="json")


def read_with(quote: Quote, life: StatusHistory) -> ProvDocument:
    quote = Quote.objects.with_parts().get(pk=quote.pk)
    document = provenance(quote, life, lambda name, key: f"{BASE}{name}s/{key}/")
    return ProvDocument.deserialize(content=json.dumps(document), format="json")


def lived(*verbs: str, **more) -> StatusHistory:
    """One version a verb, a day apart."""
    history = [
        Revision(version=number, verb=verb, time=NOON + timedelta(days=number))
        for number, verb in enumerate(verbs, start=1)
    ]
    return StatusHistory(history, **more)


def url(identifier) -> str:
    return identifier.uri.removeprefix(BASE)


def pairs(document: ProvDocument, kind) -> list[tuple]:
    """The first two arguments of each relation of a kind, as URLs below the API."""
    relations = document.get_records(kind)
    return [tuple(url(one) for one in relation.args[:2] if one) for relation in relations]


def derivations(document: ProvDocument, kind: str) -> list[tuple]:
    found = [
        one
        for one in document.get_records(ProvDerivation)
        if kind in {str(asserted) for asserted in one.get_asserted_types()}
    ]
    return [(url(one.args[0]), url(one.args[1])) for one in found]


def one(document: ProvDocument, kind, path: str):
    (found,) = [each for each in document.get_records(kind) if url(each.identifier) == path]
    return found


def attribute(record, name: str) -> list[str]:
    return [
        str(getattr(value, "value", value)) for key, value in record.attributes if str(key) == name
    ]


# Where it comes from


def test_a_quote_was_quoted_from_its_snapshot_which_is_the_article_at_a_moment(reader):
    quote = make_broken_quote()
    document = read(reader, quote)
    this, text = f"quotes/{quote.pk}/", f"snapshots/{quote.snapshot.sha256}/"
    article = f"articles/{quote.article.pk}/"
    assert derivations(document, "prov:Quotation") == [(this, text)]
    assert (text, article) in pairs(document, ProvSpecialization)
    (captured,) = [g for g in document.get_records(ProvGeneration) if url(g.args[0]) == text]
    assert captured.args[2] == quote.snapshot.captured
    assert attribute(one(document, ProvEntity, article), "schema:author") == ["Ada Lund", "Bo Ek"]


def test_an_unanchored_quote_was_quoted_from_the_article(reader):
    quote = make_quote(anchor="unanchored")
    document = read(reader, quote)
    expected = (f"quotes/{quote.pk}/", f"articles/{quote.article.pk}/")
    assert derivations(document, "prov:Quotation") == [expected]
    assert pairs(document, ProvAttribution) == []
    assert list(document.get_records(ProvAgent)) == []


def test_the_words_are_the_value_of_the_quote_in_their_language(reader):
    quote = make_quote("Ça flotte", language="fr")
    (value,) = one(read(reader, quote), ProvEntity, f"quotes/{quote.pk}/").value
    assert (value.value, value.langtag) == ("Ça flotte", "fr")
    plain = make_quote("Ça")
    (value,) = one(read(reader, plain), ProvEntity, f"quotes/{plain.pk}/").value
    assert value == "Ça"


@pytest.mark.parametrize(
    ("date", "datatype"),
    [("2026", "xsd:gYear"), ("2026-02", "xsd:gYearMonth"), ("2026-02-03", "xsd:date")],
)
def test_a_partial_date_has_the_type_of_its_precision(reader, date, datatype):
    quote = make_quote(said=date, published=date)
    document = read(reader, quote)
    entity = one(document, ProvEntity, f"quotes/{quote.pk}/")
    (said,) = [v for k, v in entity.attributes if str(k) == "schema:dateCreated"]
    assert (said.value, str(said.datatype)) == (date, datatype)


def test_the_outlet_stands_behind_the_article_and_the_speaker_behind_the_quote(reader):
    quote = make_broken_quote()
    document = read(reader, quote)
    assert sorted(pairs(document, ProvAttribution)) == [
        (f"articles/{quote.article.pk}/", f"outlets/{quote.article.outlet.pk}/"),
        (f"quotes/{quote.pk}/", f"speakers/{quote.speaker.pk}/"),
    ]
    speaker = one(document, ProvAgent, f"speakers/{quote.speaker.pk}/")
    assert speaker.label == "Mara Quill"
    assert {str(kind) for kind in speaker.get_asserted_types()} == {"prov:Person"}
    (spoke,) = document.get_records(ProvAssociation)
    assert attribute(spoke, "prov:role") == ["harbour master"]
    (delegation,) = pairs(document, ProvDelegation)
    assert delegation == (
        f"speakers/{quote.speaker.pk}/",
        f"organisations/{quote.organisation.pk}/",
    )


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        ("person", {"prov:Person"}),
        ("unnamed", {"prov:Person"}),
        ("organisation", {"prov:Organization"}),
        ("collective", set()),
    ],
)
def test_each_kind_of_speaker_is_an_agent_of_no_more_than_its_kind(reader, kind, types):
    speaker = make_speaker(kind=kind)
    agent = one(read(reader, make_quote(speaker=speaker)), ProvAgent, f"speakers/{speaker.pk}/")
    assert {str(one) for one in agent.get_asserted_types()} == types


def test_a_name_that_is_only_printed_is_an_agent_of_this_quote_alone(reader):
    quote = make_quote(attribution_speaker="Mr Jones")
    agent = one(read(reader, quote), ProvAgent, f"quotes/{quote.pk}/#speaker")
    assert agent.label == "Mr Jones"
    assert agent.get_asserted_types() == set()


def test_the_reporting_chain_is_followed_from_source_to_source(reader):
    agency = make_outlet("Agency")
    quote = make_quote(via=[agency, "the audit"])
    document = read(reader, quote)
    this = f"quotes/{quote.pk}/"
    assert derivations(document, "prov:PrimarySource") == [
        (this, f"{this}#via-1"),
        (f"{this}#via-1", f"{this}#via-2"),
    ]
    assert (f"{this}#via-1", f"outlets/{agency.pk}/") in pairs(document, ProvAttribution)
    assert one(document, ProvEntity, f"{this}#via-2").label == "cited the audit"


def test_an_exact_time_of_publication_is_a_time(reader):
    article = make_article(
        "“Words”", published="2026-03-14", published_at="2026-03-14T22:30:00+00:00"
    )
    document = read(reader, make_quote("Words", article=article))
    entity = one(document, ProvEntity, f"articles/{article.pk}/")
    assert attribute(entity, "schema:datePublished") == ["2026-03-14 22:30:00+00:00"]


# What happened to it


def test_each_version_was_a_revision_of_the_one_before():
    quote = make_quote()
    document = read_with(quote, lived("created", "published", "corrected"))
    this = f"quotes/{quote.pk}/"
    assert derivations(document, "prov:Revision") == [
        (f"{this}#version-2", f"{this}#version-1"),
        (f"{this}#version-3", f"{this}#version-2"),
    ]
    labels = [
        one(document, ProvActivity, f"{this}#revision-{number}").label for number in (1, 2, 3)
    ]
    assert labels == ["created", "published", "corrected"]
    assert one(document, ProvActivity, f"{this}#revision-2").get_startTime() == NOON + timedelta(2)
    assert (f"{this}#version-3", this) in pairs(document, ProvSpecialization)
    assert pairs(document, ProvInvalidation) == []


def test_the_history_may_come_in_any_order():
    quote = make_quote()
    history = lived("created", "published").changes
    assert status_history_of(quote, reversed(history)).changes == history


def test_a_retracted_quote_was_invalidated_by_its_retraction():
    quote = make_quote(status="retracted")
    life = lived("created", "published", "retracted", "updated", reason="It was satire.")
    (ended,) = read_with(quote, life).get_records(ProvInvalidation)
    entity, activity, time = ended.args
    assert (url(entity), url(activity)) == (
        f"quotes/{quote.pk}/",
        f"quotes/{quote.pk}/#revision-3",
    )
    assert time == NOON + timedelta(days=3)
    assert attribute(ended, "schema:description") == ["It was satire."]


def test_a_retraction_of_which_no_revision_is_known_has_no_time(reader):
    (ended,) = read(reader, make_quote(status="retracted")).get_records(ProvInvalidation)
    assert ended.args[1:] == (None, None)


@pytest.mark.parametrize("status", ["published", "disputed"])
def test_what_is_not_retracted_is_not_invalidated(reader, status):
    assert pairs(read(reader, make_quote(status=status)), ProvInvalidation) == []


def test_each_version_that_its_reader_may_know_of_comes_of_the_one_before(reader, curator):
    quote = make_quote()
    path = f"{API}quotes/{quote.pk}/"
    this = path.removeprefix(API)
    document = read(reader, quote)
    assert derivations(document, "prov:Revision") == []
    made = one(document, ProvActivity, f"{this}#revision-1")
    assert made.get_startTime() == quote.created
    quote.revise(utterance=make_utterance())
    changed = read(curator, quote)
    assert derivations(changed, "prov:Revision") == [(f"{this}#version-2", f"{this}#version-1")]
    known = read(reader, quote)  # that a curator grouped it was no public step
    assert derivations(known, "prov:Revision") == []


def test_the_quote_that_stands_in_its_place_is_named():
    quote, other = make_quote(status="retracted"), make_quote("Other words")
    document = read_with(quote, lived("created", replaced_by=other.pk))
    assert one(document, ProvEntity, f"quotes/{other.pk}/")


def test_every_name_used_is_declared(reader):
    """No relation leads to an entity, activity or agent that the document does not describe."""
    quote = make_broken_quote()
    quote.revise(note="As told.", via=[Via.of(0, "told", "Agency")])
    document = read(reader, quote)
    described = {record.identifier for record in document.get_records() if record.is_element()}
    for relation in document.get_records():
        if relation.is_relation():
            used = [arg for arg in relation.args if hasattr(arg, "uri")]
            assert used
            assert set(used) <= described

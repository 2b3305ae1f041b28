"""The guides say all that there is: the reference of the API, operations of the environment."""

import re

import pytest
from rest_framework.exceptions import APIException

from config.guides.views import text_of
from quotes.api.filters import QuoteFilters
from quotes.api.serializers import CorrectionSerializer, QuoteSerializer, ViaSerializer
from quotes.models import Quote, Via
from quotes.models.workflow import PUBLIC, open_steps
from sources.api.serializers import (
    AffiliationSerializer,
    ArticleSerializer,
    OrganisationSerializer,
    OutletSerializer,
    SpeakerSerializer,
)
from sources.models import Speaker
from tests.config.guides.documents import BASE, DOCUMENTS, tokens_of


def column(heading: str, number: int = 0) -> list[str]:
    """The cells of one column of the first table after a heading of the reference."""
    tokens = tokens_of("reference")
    start = next(
        index
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and text_of(tokens[index + 1]) == heading
    )
    table = next(i for i in range(start, len(tokens)) if tokens[i].type == "tbody_open")
    end = next(i for i in range(table, len(tokens)) if tokens[i].type == "tbody_close")
    rows, cells = [], []
    for token in tokens[table:end]:
        if token.type == "inline":
            cells.append(text_of(token))
        elif token.type == "tr_close":
            rows.append(cells)
            cells = []
    return [row[number] for row in rows]


def fields_of(serializer) -> list[str]:
    return [name for name, field in serializer.fields.items() if not field.write_only]


def test_the_reference_names_every_field_of_a_quote():
    serializer = QuoteSerializer()
    names = {*fields_of(serializer)}
    for name in ("speaker", "organisation", "outlet", "article"):
        names |= {f"{name}.{part}" for part in serializer.fields[name].shows}
    names |= {f"attribution.{name}" for name in serializer.fields["attribution"].fields}
    names |= {f"via.{name}" for name in ViaSerializer().fields}
    names |= {f"corrections.{name}" for name in CorrectionSerializer().fields}
    described = QuoteSerializer().fields["anchor"]._spectacular_annotation["field"]["properties"]
    names |= {f"anchor.{name}" for name in described}
    span = described["spans"]["items"]["properties"]
    names |= {f"anchor.spans.{name}" for name in span}
    names |= {"utterance.id", "utterance.quotes", "replaced_by.id", "replaced_by.url"}
    assert {*column("A quote")} == names


def test_the_reference_names_every_field_of_other_records():
    each = {
        "article": ArticleSerializer,
        "speaker": SpeakerSerializer,
        "organisation": OrganisationSerializer,
        "outlet": OutletSerializer,
        "affiliation": AffiliationSerializer,
    }
    written = zip(column("Other records"), column("Other records", 1), strict=True)
    assert {record: fields.split() for record, fields in written} == {
        record: fields_of(serializer()) for record, serializer in each.items()
    }


@pytest.mark.parametrize(
    ("heading", "choices"),
    {
        "Flags": Quote.Flag,
        "Statuses": Quote.Status,
        "Kinds of quote": Quote.Kind,
        "Kinds of speaker": Speaker.Kind,
        "Anchor states": Quote.Anchor,
        "Steps of a reporting chain": Via.Kind,
    }.items(),
)
def test_the_reference_names_every_choice(heading, choices):
    assert sorted(column(heading)) == sorted(choices.values)


def test_the_reference_says_who_sees_each_status_and_what_comes_next():
    for status, seen, steps in zip(*(column("Statuses", n) for n in range(3)), strict=True):
        assert seen.startswith("Readers") == (status in PUBLIC)
        assert steps == (", ".join(open_steps(status)) or "none")


def test_the_reference_names_every_filter_of_quotes():
    assert sorted(column("Filters of quotes/")) == sorted(QuoteFilters.base_filters)


def test_the_reference_names_every_type_of_problem():
    def below(kind):
        for each in kind.__subclasses__():
            yield each
            yield from below(each)

    raised = {each.default_code for each in below(APIException) if each.__module__[:5] != "tests"}
    raised |= {"refused", "step-not-open", "bad-request", "forbidden", "not-found"}
    raised |= {"internal-server-error", "service-unavailable"}
    assert {*column("Errors")} == {name.replace("_", "-") for name in raised}


def test_operations_name_every_variable_of_the_environment():
    read = (BASE / "config" / "settings.py").read_text()
    names = re.findall(r'(?:env\.\w+|= a_\w+)\(\s*"([A-Z_]+)"', read)
    assert len(names) > 10
    written = DOCUMENTS["operations"].read_text()
    assert [name for name in names if f"| `{name}` |" not in written] == []

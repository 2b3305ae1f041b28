"""The guides say all that there is: the reference of the API, operations of the environment."""

import re
from collections.abc import Iterator
from inspect import getmembers, isfunction

import pytest
from django.urls import resolve
from rest_framework.exceptions import APIException

from config import environment
from config.guides.views import text_of
from config.urls import router
from quotes.api.filters import QuoteFilters
from quotes.api.serializers import QuoteSerializer
from quotes.models import Quote, Via
from quotes.models.workflow import PUBLIC, open_steps
from quotes.pages.urls import urlpatterns
from sources.api.article_serializers import ArticleSerializer
from sources.api.serializers import (
    AffiliationSerializer,
    FactSerializer,
    OrganisationSerializer,
    OutletSerializer,
    SpeakerSerializer,
)
from sources.history.as_of import History
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


def paths_of(serializer, before: str = "") -> Iterator[str]:
    """Every field that is read, with those of the objects and lists in it: `speaker.name`."""
    for name in fields_of(serializer):
        yield f"{before}{name}"
        field = serializer.fields[name]
        field = getattr(field, "child", field)
        if hasattr(field, "fields"):
            yield from paths_of(field, f"{before}{name}.")
        for part in getattr(field, "shows", ()):
            yield f"{before}{name}.{part}"


def test_the_reference_names_every_field_of_a_quote():
    written = {"utterance.id", "utterance.quotes"}
    written |= {
        f"{link}.{part}" for link in ("translates", "replaced_by") for part in ("id", "url")
    }
    inside_outlet = {f"via.outlet.{part}" for part in ("id", "name", "slug")}
    names = {*paths_of(QuoteSerializer())} | written
    assert {*column("A quote")} == names - inside_outlet  # as in `outlet` itself


def test_the_reference_names_every_field_of_other_records():
    each = {
        "article": ArticleSerializer,
        "speaker": SpeakerSerializer,
        "organisation": OrganisationSerializer,
        "outlet": OutletSerializer,
        "affiliation": AffiliationSerializer,
        "fact": FactSerializer,
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


def test_the_reference_calls_each_flag_what_the_admin_calls_it():
    assert dict(zip(column("Flags"), column("Flags", 1), strict=True)) == dict(Quote.Flag.choices)


def test_the_reference_says_who_sees_each_status_and_what_comes_next():
    for status, seen, steps in zip(*(column("Statuses", n) for n in range(3)), strict=True):
        assert seen.startswith("Readers") == (status in PUBLIC)
        assert steps == (", ".join(open_steps(status)) or "none")


def test_the_reference_names_every_filter_of_quotes():
    assert sorted(column("Filters of quotes/")) == sorted(QuoteFilters.base_filters)


def test_the_reference_names_every_resource():
    named = " ".join(column("Resources")).split()
    for prefix, *_ in router.registry:
        path = f"{re.sub('<.*?>', '{id}', prefix)}/"
        assert any(name in named for name in (path, f"{path}{{id}}/", f"{path}{{sha256}}/")), path


def test_the_reference_names_every_page():
    named, text = " ".join(column("Pages for people")).split(), DOCUMENTS["reference"].read_text()
    assert {"/robots.txt", "/sitemap.xml"} <= {*re.findall("`(.*?)`", text)}
    unnamed = {"quotes", "names", "robots", "sitemap", "sitemap-file", "login", "logout"}
    for each in urlpatterns:
        path = "/" + re.sub("<(.*?):(.*?)>", r"{\2}", str(each.pattern)).replace("{pk}", "{id}")
        assert (path in named) == (each.name not in unnamed), path


def test_the_reference_names_every_ordering():
    views = {f"{re.sub('<.*?>', '{id}', prefix)}/": view for prefix, view, _ in router.registry}
    views["…/{id}/revisions/"] = History
    for paths, orderings, default in zip(*(column("Orderings", n) for n in range(3)), strict=True):
        for view in map(views.pop, paths.split()):
            known = {*re.findall(r"\w+", orderings)} - {"with", "q", "or", "like", "also"}
            assert known == {*view.orderings, *view.best_first}, paths
            assert default == view.default_ordering
    exports = [path for path in views if path.endswith("/export/")]
    assert len(exports) == 4  # have those of their lists
    assert [path for path in {*views} - {*exports} if views[path].orderings] == []


def test_the_reference_names_every_type_of_problem():
    def below(kind):
        for each in kind.__subclasses__():
            yield each
            yield from below(each)

    resolve("/health/")  # loads every view, and with them what they raise
    raised = {each.default_code for each in below(APIException) if each.__module__[:5] != "tests"}
    raised |= {"refused", "note-needed", "step-not-open", "bad-request", "forbidden", "not-found"}
    raised |= {"internal-server-error", "service-unavailable"}
    assert {*column("Errors")} == {name.replace("_", "-") for name in raised}


def test_operations_name_every_variable_of_the_environment():
    read = (BASE / "config" / "settings.py").read_text()
    readers = "|".join(name for name, _ in getmembers(environment, isfunction))
    names = re.findall(rf' (?:env\.\w+|{readers})\(\s*"([A-Z_]+)"', read)
    assert {"DATABASE_URL", "EMAIL_URL", "ONRECORD_PROXIES", "ONRECORD_THROTTLE_TOKEN"} <= {*names}
    written = DOCUMENTS["operations"].read_text()
    assert [name for name in names if f"| `{name}` |" not in written] == []

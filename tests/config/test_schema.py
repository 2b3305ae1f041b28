"""The OpenAPI document says what the API does, and its explorer works with no other host."""

import inspect
import json
import re

import jsonschema
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from quotes.api import changes
from quotes.api.serializers import (
    CorrectQuoteSerializer,
    KeepSerializer,
    OptionalReasonSerializer,
    RequiredReasonSerializer,
    RetractionSerializer,
)
from quotes.models.workflow import STEPS
from quotes.statistics.sql import DIMENSIONS, INTERVALS, SINGLE
from sources.api import filters
from sources.api.endpoints import Endpoint, Resource
from sources.api.fields import RecordSerializer, StrictSerializer
from tests.config.story import RECORD
from tests.config.test_auth import patterns
from tests.conftest import API, make_filing, ok, problem, publish, settle
from tests.records import (
    LIST_PATHS,
    hide,
    make_affiliation,
    make_article,
    make_fact,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
    make_utterance,
)

pytestmark = pytest.mark.xdist_group("schema")  # one worker makes the document


@pytest.fixture(scope="module")
def document() -> dict:
    response = Client().get(f"{API}schema/", headers={"accept": "application/json"})
    assert response.status_code == 200
    return response.json()


LISTS = ("list", "revisions")


def views() -> dict[str, type[Endpoint]]:
    """Path, as the document writes it → the view's class."""
    found = {}
    for route, view in patterns(get_resolver()):
        if route.startswith("api/") and hasattr(view, "actions"):
            found["/" + re.sub(r"<\w+:(\w+)>", r"{\1}", route).replace("{pk}", "{id}")] = view
    return found


# The document


def test_the_document_is_valid_and_complete(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema"))


def test_the_document_is_openapi_3_1_for_everybody(client):
    for accept in ("application/json", "application/vnd.oai.openapi", "*/*"):
        response = client.get(f"{API}schema/", headers={"accept": accept})
        assert response.status_code == 200
        assert b"3.1.0" in response.content[:50]


def test_no_schema_lists_a_type_twice(document):
    def types(part):
        if isinstance(part, dict):
            if isinstance(part.get("type"), list):
                yield part["type"]
            for inner in part.values():
                yield from types(inner)
        elif isinstance(part, list):
            for inner in part:
                yield from types(inner)

    assert all(len(set(named)) == len(named) for named in types(document))


def test_every_route_and_method_is_in_the_document_and_no_other(document):
    routes = {
        path: set(view.actions) & {"get", "post", "patch", "put", "delete"}
        for path, view in views().items()
    }
    assert {path: set(methods) for path, methods in document["paths"].items()} == routes


def operations(document) -> list[tuple[str, str, dict]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_operation_has_a_name_a_summary_a_description_and_a_described_tag(document):
    tags = {tag["name"] for tag in document["tags"] if tag["description"]}
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names) == len(operations(document))
    for _, _, operation in operations(document):
        name, summary, text = (operation[key] for key in ("operationId", "summary", "description"))
        assert re.fullmatch("[a-z]+([A-Z][a-z]+)+", name), name
        assert 1 < len(summary.split()) <= 8, name
        assert len(text.split()) > 4, name
        assert not {"{", "}"} & set(summary + text), name
        assert operation["tags"], name
        assert set(operation["tags"]) <= tags, name
    assert {tag for _, _, operation in operations(document) for tag in operation["tags"]} == tags


def test_names_of_operations_read_well_in_a_generated_client(document):
    names = {operation["operationId"] for _, _, operation in operations(document)}
    assert names >= {
        *("fileArticle", "publishQuote", "listQuotes", "getQuote", "getFacets", "getTimeline"),
        *(
            "exportQuotes",
            "listChanges",
            "mergeSpeaker",
            "unmergeArticle",
            "updateOutlet",
            "listQuoteRevisions",
        ),
    }


def test_every_parameter_has_a_description_and_an_example_that_fits(document):
    for path, method, operation in operations(document):
        for parameter in operation["parameters"]:
            assert len(parameter["description"].split()) > 1, (path, method, parameter["name"])
            schema = {**parameter["schema"], "components": document["components"]}
            assert "example" in parameter, (path, method, parameter["name"])
            jsonschema.Draft202012Validator(schema).validate(parameter["example"])


def test_every_request_and_answer_has_an_example_that_fits_its_schema(document):
    components, checked = closed(document["components"]), 0
    for path, method, operation in operations(document):
        assert ("requestBody" in operation) == (method in ("post", "patch")), (path, method)
        for status, body in {"sent": {}, **operation["responses"]}.items():
            if status == "sent":
                body = operation.get("requestBody", {})
            media_type = body.get("content", {}).get("application/json")
            if media_type is None:
                continue  # none, or many records, each of which is described by itself
            assert "examples" in media_type, (
                f"{operation['operationId']} has no example ({status}). Call it in "
                f"tests/config/story.py, then record its answer: {RECORD}"
            )
            (example,) = media_type["examples"].values()
            schema = {**closed(media_type["schema"]), "components": components}
            jsonschema.Draft202012Validator(schema).validate(example["value"])
            checked += 1
    assert checked > 130


def test_examples_of_errors_fit_their_schema(document):
    content = document["components"]["responses"]["Problem"]["content"]
    schema = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    for example in content["application/problem+json"]["examples"].values():
        jsonschema.Draft202012Validator(schema).validate(example["value"])


def test_no_docstring_for_developers_is_in_the_document(document):
    published = json.dumps(document, ensure_ascii=False)
    bases = [StrictSerializer, RecordSerializer, Endpoint, *vars(filters).values()]
    texts = {
        base.__doc__.split("\n")[0] for base in bases if inspect.isclass(base) and base.__doc__
    }
    texts.discard("")
    assert len(texts) > 20
    assert [text for text in texts if text in published] == []


def test_errors_are_one_schema_that_every_operation_refers_to(document):
    for _, _, operation in operations(document):
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
    content = document["components"]["responses"]["Problem"]["content"]
    problem_schema = content["application/problem+json"]["schema"]
    assert problem_schema == {"$ref": "#/components/schemas/Problem"}


def test_fields_that_every_answer_has_are_required(document):
    schemas = document["components"]["schemas"]
    sometimes = {"ListedQuote": {"matches"}, "ChangedQuote": {"not_printed"}}
    for name in ("Quote", "ListedQuote", "FiledQuote", "Article", "Speaker", "Outlet"):
        schema = schemas[name]
        absent = schema["properties"].keys() - set(schema["required"])
        assert absent == sometimes.get(name, set()), name
    kind = schemas["SpeakerReference"]["properties"]["kind"]
    assert kind == {"$ref": "#/components/schemas/SpeakerKind"}


def test_the_type_of_a_change_decides_the_type_of_its_record(document):
    change = document["components"]["schemas"]["Change"]
    assert change["discriminator"]["propertyName"] == "type"
    mapping = change["discriminator"]["mapping"]
    assert mapping.keys() == changes.VIEWS.keys()
    for kind, reference in mapping.items():
        schema = document["components"]["schemas"][reference.rpartition("/")[2]]
        assert schema["properties"]["type"]["const"] == kind
        record = schema["properties"]["record"]["oneOf"][0]["$ref"].rpartition("/")[2]
        assert record == {"utterance": "UtteranceRecord"}.get(kind, kind.title())


@pytest.mark.parametrize("schema", ["Outlet", "OutletRequest", "PatchedOutletRequest"])
def test_a_slug_may_have_letters_of_any_script(document, schema):
    pattern = document["components"]["schemas"][schema]["properties"]["slug"]["pattern"]
    for slug in ("the-herald", "zürcher-bote_2", "ведомости", "朝日新聞"):
        assert re.search(pattern, slug, re.ASCII)  # as JSON Schema reads it
    for other in ("", "a b", "a/b", "a.b", "a,b", "a?", "a[", "a^", "a`", "a~", "é é"):
        assert not re.search(pattern, other, re.ASCII)


@pytest.mark.parametrize("schema", ["Article", "ArticleFields", "Outlet", "OutletRequest"])
def test_a_url_may_have_letters_of_any_script(document, schema):
    url = document["components"]["schemas"][schema]["properties"]["url"]
    expected = {"type": ["string", "null"], "format": "iri", "maxLength": 2000}
    assert {name: url[name] for name in expected} == expected


def test_an_answer_without_a_record_has_no_tag(document):
    answer = document["paths"][f"{API}webhooks/{{id}}/"]["delete"]["responses"]["204"]
    assert "ETag" not in answer["headers"]


def test_the_document_is_served_under_a_plain_file_name(client):
    response = client.get(f"{API}schema/")
    assert response.headers["Content-Disposition"] == 'inline; filename="on-record.yaml"'


def test_each_process_makes_the_document_once(client, monkeypatch):
    for accept in ("application/json", "application/yaml"):
        headers = {"accept": accept}
        first = client.get(f"{API}schema/", headers=headers)
        with monkeypatch.context() as patch:
            patch.setattr(SchemaGenerator, "get_schema", None)  # a call would fail
            again = client.get(f"{API}schema/", {"version": "2"}, headers=headers)
        assert again.content == first.content
        assert again.headers["Content-Type"].partition(";")[0] == accept


def test_every_list_documents_the_parameters_it_takes_and_no_other(document):
    lists = {path: view for path, view in views().items() if view.actions.get("get") in LISTS}
    others = {"snapshots", "changes", "quotes/facets", "quotes/timeline", "quotes/export"}
    others |= {"webhooks", "deliveries"}
    others |= {f"{name}/export" for name in ("speakers", "articles", "affiliations", "utterances")}
    assert len(lists) == 2 * len(LIST_PATHS) + len(others)
    for path, view in lists.items():
        filters = {"filterset_class": view.cls.filterset_class, **view.initkwargs}[
            "filterset_class"
        ]
        taken = {*view.cls.list_parameters, *(filters.base_filters if filters else ())}
        taken |= {"format"} if path == f"{API}quotes/" else set()
        of_now = not issubclass(view.cls, Resource) or view.actions["get"] != "list"
        taken |= set() if of_now else {"as_of"}
        assert parameters(document, path, "get") == taken, path


def parameters(document, path: str, method: str, where: str = "query") -> set[str]:
    listed = document["paths"][path][method].get("parameters", [])
    names = [parameter["name"] for parameter in listed if parameter["in"] == where]
    assert len(set(names)) == len(names)
    return set(names)


@pytest.mark.django_db
def test_a_documented_parameter_is_known_and_any_other_is_not(document, reader):
    every = set()
    for path in LIST_PATHS:
        every |= parameters(document, f"{API}{path}", "get")
    for path in LIST_PATHS:
        known = parameters(document, f"{API}{path}", "get")
        for name in every:
            response = reader.get(f"{API}{path}", {name: "!"})
            messages = [e["message"] for e in response.json().get("errors", [])]
            unknown = any("Unknown parameter" in message for message in messages)
            assert unknown == (name not in known), (path, name)


def test_details_document_fields_and_changes_document_their_headers(document):
    for path, operations in document["paths"].items():
        for method in operations:
            headers = parameters(document, path, method, "header")
            if method == "patch":
                assert headers == {"If-Match"}
            if method == "post":
                verb = {"If-Match"} if "{id}" in path else set()
                assert headers == {"Idempotency-Key", *verb}
            if method == "get" and views()[path].actions["get"] == "retrieve":
                forms = {"format"} if issubclass(views()[path].cls, Resource) else set()
                assert parameters(document, path, method) - {"as_of"} == {"fields"} | forms
            if method != "get":
                files = method == "post" and path in (f"{API}articles/", f"{API}quotes/")
                taken = {"dry_run"} if files else set()
                if path == f"{API}articles/batch/" and method == "post":
                    taken = {"outlet", "language", "propose"}
                if path in (f"{API}articles/", f"{API}articles/propose/") and method == "post":
                    taken |= {"outlet", "external_id", "language", "format", "propose"}
                assert parameters(document, path, method) == taken


@pytest.mark.django_db
def test_documented_choices_defaults_and_limits_are_those_of_the_api(document, reader):
    for path in LIST_PATHS:
        for parameter in document["paths"][f"{API}{path}"]["get"]["parameters"]:
            name, schema = parameter["name"], parameter["schema"]
            if name == "limit":
                ok(reader.get(f"{API}{path}", {name: schema["maximum"]}))
                problem(reader.get(f"{API}{path}", {name: schema["maximum"] + 1}), 400)
            values = choices(document, schema)
            assert values or name not in ("ordering", "status", "kind")
            for value in values:
                search = {"q": "quay"} if value == "relevance" else {}
                ok(reader.get(f"{API}{path}", {name: value, **search}))
            if "default" in schema and name != "count":
                assert ok(reader.get(f"{API}{path}", {name: schema["default"]}))


def choices(document, schema: dict) -> list[str]:
    """What a parameter, or each of its values, may be; empty if it is not a choice."""
    listed = schema.get("items", schema)
    if name := listed.get("$ref", "").rpartition("/")[2]:
        listed = document["components"]["schemas"][name]
    return listed.get("enum", [])


def test_parameters_that_are_true_or_false_are_booleans(document):
    for path, _, operation in operations(document):
        for parameter in operation["parameters"]:
            values = choices(document, parameter["schema"])
            assert {*values} != {"true", "false"}, (path, parameter["name"])


def test_dimensions_of_facets_have_the_name_of_those_of_timelines(document):
    (by,) = (
        parameter["schema"]["items"]["anyOf"]
        for parameter in document["paths"][f"{API}quotes/facets/"]["get"]["parameters"]
        if parameter["name"] == "by"
    )
    assert by[0] == {"$ref": "#/components/schemas/Dimension"}
    assert {*document["components"]["schemas"]["Dimension"]["enum"]} == {*SINGLE}
    for name in {*DIMENSIONS} - {*SINGLE} | {"speaker_fact:party"}:
        assert re.search(by[1]["pattern"], name)


def test_choices_and_shared_objects_have_one_name_each(document):
    schemas = document["components"]["schemas"]
    named = {
        frozenset(schema["enum"]): name for name, schema in schemas.items() if "enum" in schema
    }
    assert len(named) == sum("enum" in schema for schema in schemas.values())
    for path, _, operation in operations(document):
        for parameter in operation["parameters"]:
            schema = parameter["schema"]
            values = schema.get("items", schema).get("enum", [])
            assert frozenset(values) not in named, (path, parameter["name"])
    for name, schema in schemas.items():
        if name.endswith("Ordering"):
            assert all(re.fullmatch("[A-Z]+(_[A-Z]+)*", each) for each in schema["x-enum-varnames"])
            assert len({*schema["x-enum-varnames"]}) == len(schema["enum"])
    link, null = {"$ref": "#/components/schemas/QuoteLink"}, {"type": "null"}
    for record in ("Quote", "ListedQuote", "ChangedQuote", "FiledQuote"):
        for field in ("translates", "replaced_by"):
            assert schemas[record]["properties"][field]["oneOf"] == [link, null]


@pytest.mark.django_db
def test_an_answer_with_some_fields_fits_the_document_and_one_without_has_them_all(
    document, reader
):
    quote = make_quote(speaker=make_speaker(), outlet=make_outlet())
    components = document["components"]
    for path, of in (("quotes/", "quotes/"), ("speakers/", "speakers/"),
                     (f"quotes/{quote.pk}/", "quotes/{id}/")):  # fmt: skip
        operation = document["paths"][f"{API}{of}"]["get"]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        validator = jsonschema.Draft202012Validator({**schema, "components": components})
        validator.validate(ok(reader.get(f"{API}{path}", {"fields": "id"})))
        whole, part = (schema if "anyOf" in schema else rows_of(schema, components))["anyOf"]
        assert part["$ref"] == f"{whole['$ref']}Fields"
        assert "required" not in components["schemas"][part["$ref"].rpartition("/")[2]]


@pytest.mark.django_db
def test_the_answer_to_a_quote_on_record_fits_its_schema(document, curator):
    operation = document["paths"][f"{API}quotes/"]["post"]
    article = make_article(text="The quay will close in June, she said.")
    sent = {"article": str(article.pk), "text": "The quay will close in June", "kind": "indirect"}
    for status in (201, 200):
        schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
        validator = jsonschema.Draft202012Validator(
            {**schema, "components": document["components"]}
        )
        validator.validate(ok(curator.post(f"{API}quotes/", sent), status))


def rows_of(schema: dict, components: dict) -> dict:
    page = components["schemas"][schema["$ref"].rpartition("/")[2]]
    return page["properties"]["results"]["items"]


# Requests

STEP_BODIES = {
    "publish": OptionalReasonSerializer,
    "reject": RequiredReasonSerializer,
    "dispute": RequiredReasonSerializer,
    "settle": OptionalReasonSerializer,
    "correct": CorrectQuoteSerializer,
    "retract": RetractionSerializer,
    "withdraw": OptionalReasonSerializer,
    "reopen": OptionalReasonSerializer,
    "keep": KeepSerializer,
}


def request_schema(document, path: str, method: str = "post") -> dict:
    """The schema of the JSON body that an operation takes, with the components it refers to."""
    body = document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    name = body["$ref"].removeprefix("#/components/schemas/")
    return {**document["components"]["schemas"][name], "components": document["components"]}


@pytest.mark.django_db
@pytest.mark.parametrize("step", STEPS)
def test_the_documented_body_of_a_step_has_the_fields_of_its_serializer(document, curator, step):
    schema = request_schema(document, f"{API}quotes/{{id}}/{step}/")
    fields = STEP_BODIES[step]().fields
    assert schema["properties"].keys() == fields.keys()
    assert set(schema.get("required", [])) == {n for n, field in fields.items() if field.required}
    quote = make_quote(
        status=STEPS[step].leaves[0], flags=["filing_differs"], filed_by=curator.user
    )
    sent = {"reason": "Heard again.", "note": "Heard again.", "kind": "partial"}
    sent["flags"] = ["filing_differs"]
    sent = {name: value for name, value in sent.items() if name in schema["properties"]}
    jsonschema.Draft202012Validator(closed(schema)).validate(sent)
    path = f"{API}quotes/{quote.pk}/{step}/"
    ok(curator.post(path, sent, headers={"If-Match": "*"}))


# Answers


def check(document, path: str, method: str, response) -> None:
    """The answer fits its schema, and has the members and headers that it names, and no others."""
    check_headers(document, path, method, response)
    answers = document["paths"][path][method]["responses"]
    answer = answers.get(str(response.status_code))
    if answer is None:
        answer = document["components"]["responses"]["Problem"]
    media = response.headers["Content-Type"]
    schema = {**answer["content"][media]["schema"], "components": closed(document["components"])}
    jsonschema.Draft202012Validator(schema).validate(response.json())


def check_headers(document, path: str, method: str, response) -> None:
    answers, components = document["paths"][path][method]["responses"], document["components"]
    answer = answers.get(str(response.status_code), components["responses"]["Problem"])
    headers = {
        name: components["headers"][name] if "$ref" in header else header
        for name, header in answer["headers"].items()
    }
    unremarkable = {"Allow", "Cache-Control", "Content-Type", "Vary", "Content-Length"}
    unremarkable |= {"Content-Security-Policy", "Referrer-Policy", "X-Frame-Options"}
    unremarkable |= {"X-Content-Type-Options", "Cross-Origin-Opener-Policy"}
    sent = response.headers.keys() - unremarkable
    assert sent <= headers.keys(), (path, method)
    assert {name for name, header in headers.items() if header.get("required")} <= sent, path
    assert all(header["description"] for header in headers.values())


def closed(part):
    """The same schemas, allowing no property that is not named, where some are.

    Of a record that may be sent in part, all is asked for.
    """
    if isinstance(part, dict):
        whole, *partial = part.get("anyOf", [None])
        if [each.get("$ref") for each in partial] == [f"{(whole or {}).get('$ref')}Fields"]:
            return whole
        part = {name: closed(inner) for name, inner in part.items()}
        if isinstance(part.get("properties"), dict) and "additionalProperties" not in part:
            part["additionalProperties"] = False
        return part
    return [closed(inner) for inner in part] if isinstance(part, list) else part


@pytest.mark.django_db
def test_answers_fit_their_schemas(document, curator):
    ministry = make_organisation("Ministry", parent=make_organisation("Government"))
    make_speaker("a spokesperson", kind="unnamed", organisation=ministry)
    held = make_affiliation(organisation=ministry, start="2020", end="2021-02")
    full = make_quote(
        speaker=held.speaker,
        organisation=ministry,
        affiliation=held,
        utterance=make_utterance(),
        outlet=make_outlet("Radio", url="https://radio.example"),
        published="2026-02",
        url="https://radio.example/1",
        said="2026",
        via=[make_outlet("Agency"), "the audit"],
        flags=["role_conflict"],
    )
    make_fact(speaker=held.speaker, start="2019", end="2021-02")
    make_quote(anchor="unanchored")
    make_quote(anchor="altered", nearest={"text": "like it", "score": 0.9})
    seen = 0
    for path in (f"{API}{name}" for name in LIST_PATHS):
        response = curator.get(path, {"count": "true"})
        check(document, path, "get", response)
        check(document, path, "get", curator.get(path, {"limit": 1}))
        check(document, path, "get", curator.get(path, {"nonsense": 1}))
        for row in ok(response)["results"]:
            detail = f"{path}{{id}}/"
            check(document, detail, "get", curator.get(f"{path}{row['id']}/"))
            changed = curator.patch(f"{path}{row['id']}/", {}, headers={"If-Match": "*"})
            check(document, detail, "patch", changed)
            check(
                document, f"{detail}revisions/", "get", curator.get(f"{path}{row['id']}/revisions/")
            )
            seen += 1
    assert seen > 12
    check(document, f"{API}quotes/", "get", curator.get(f"{API}quotes/", {"phrase": "had no"}))
    digest = full.snapshot.sha256
    check(document, f"{API}snapshots/{{sha256}}/", "get", curator.get(f"{API}snapshots/{digest}/"))
    path = f"{API}articles/{{article}}/snapshots/"
    check(document, path, "get", curator.get(path.format(article=full.article_id)))


@pytest.mark.django_db(transaction=True)
def test_changes_fit_their_schema(document, curator, reader):
    ok(curator.post(f"{API}articles/", publish(make_filing())), 201)
    gone = make_quote(speaker=make_affiliation().speaker, utterance=make_utterance())
    hide(type(gone).objects.filter(pk=gone.pk))
    type(gone.speaker).objects.update(merged_into=make_speaker("Bo Ek"))
    settle()
    path = f"{API}changes/"
    for client in (curator, reader):
        results = ok(client.get(path))["results"]
        assert {one["type"] for one in results} >= {"quote", "speaker", "affiliation", "utterance"}
        assert {one["gone"] for one in results} == {True, False}
        check(document, path, "get", client.get(path))
        check(document, path, "get", client.get(path, {"limit": 1}))


@pytest.mark.django_db
def test_statistics_fit_their_schemas(document, reader):
    for published in ("2026-02-11", "2026", None):
        held = make_affiliation()
        make_quote(
            speaker=held.speaker,
            organisation=held.organisation,
            affiliation=held,
            outlet=make_outlet(),
            published=published,
            language="en",
        )
    for path, asked in (
        ("quotes/facets/", {"by": ",".join(DIMENSIONS)}),
        ("quotes/facets/", {"by": "outlet,year", "table": "true"}),
        ("quotes/facets/", {"by": "kind", "language": "de"}),
        *(("quotes/timeline/", {"interval": interval}) for interval in INTERVALS),
        *(("quotes/timeline/", {"by": dimension, "limit": 2}) for dimension in SINGLE),
    ):
        answer = reader.get(f"{API}{path}", asked)
        ok(answer)
        check(document, f"{API}{path}", "get", answer)
    check(document, f"{API}quotes/facets/", "get", reader.get(f"{API}quotes/facets/"))


@pytest.mark.django_db
def test_each_representation_of_a_quote_is_documented_under_its_media_type(document, reader):
    operation = document["paths"][f"{API}quotes/{{id}}/"]["get"]
    contents = dict(operation["responses"]["200"]["content"])
    (names,) = [p["schema"]["enum"] for p in operation["parameters"] if p["name"] == "format"]
    assert len(names) == len(contents) == 6
    path = f"{API}quotes/{make_quote().pk}/"
    for name in names:
        response = reader.get(path, {"format": name})
        assert response.status_code == 200
        media = response.headers["Content-Type"].removesuffix("; charset=utf-8")
        schema = contents.pop(media)["schema"]
        if name not in ("json", "bibtex"):
            jsonschema.Draft202012Validator(schema).validate(response.json())
    assert contents == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("speakers", make_speaker),
        ("organisations", make_organisation),
        ("outlets", make_outlet),
        ("articles", lambda name: make_article(headline=name)),
    ],
)
def test_answers_to_merging_fit_their_schemas(document, curator, name, make):
    one, other = make("A"), make("B")
    verbs = {
        "distinguish": {"from": str(other.pk)},
        "undistinguish": {"from": str(other.pk), "reason": "They are one"},
        "merge": {"into": str(other.pk)},
        "unmerge": {},
    }
    for verb, body in list(verbs.items())[2 if name == "articles" else 0 :]:
        path = f"{API}{name}/{{id}}/{verb}/"
        for sent in [{**body, "preview": True}, body] if verb == "merge" else [body]:
            answer = curator.post(path.format(id=one.pk), sent, headers={"If-Match": "*"})
            ok(answer)
            check(document, path, "post", answer)
        if verb == "merge":
            path = f"{API}{name}/{{id}}/"
            check(document, path, "get", curator.get(path.format(id=one.pk)))
    if name == "speakers":
        path = f"{API}speakers/{{id}}/reattribute/"
        moving = [str(make_quote(speaker=one).pk)]
        sent = {"to": str(other.pk), "quotes": moving, "reason": "The other said it."}
        answer = curator.post(path.format(id=one.pk), sent, headers={"If-Match": "*"})
        ok(answer)
        check(document, path, "post", answer)


@pytest.mark.django_db
def test_answers_to_filings_fit_their_schemas(document, curator):
    path = f"{API}articles/"
    filed = curator.post(path, publish(make_filing()))
    check(document, path, "post", filed)
    check(document, path, "post", curator.post(path, publish(make_filing())))
    check(document, path, "post", curator.post(path, make_filing(text="Other words.")))
    key = ok(filed, 201)["id"]
    text = make_filing()["text"]
    captured = curator.post(f"{path}{key}/snapshots/", {"text": f"Now: {text}"})
    check(document, f"{path}{{article}}/snapshots/", "post", captured)
    quote = {"article": key, "text": "The quay will close."}
    for _ in range(2):
        check(document, f"{API}quotes/", "post", curator.post(f"{API}quotes/", quote))
    for name in ("speakers", "organisations", "outlets"):
        made = curator.post(f"{API}{name}/", {"name": f"New {name}"})
        check(document, f"{API}{name}/", "post", made)


@pytest.mark.django_db
def test_headers_of_special_answers_are_those_documented(document, curator):
    quote = make_quote()
    path = f"{API}quotes/{{id}}/"
    check(document, path, "get", curator.get(path.format(id=quote.pk), {"as_of": "2999"}))
    now = timezone.now().isoformat()
    past = curator.get(path.format(id=quote.pk), {"as_of": now})
    assert past.headers["Memento-Datetime"]
    check_headers(document, path, "get", past)
    for _ in range(2):
        sent = {"Idempotency-Key": "one"}
        made = curator.post(f"{API}outlets/", {"name": "Radio"}, headers=sent)
        check(document, f"{API}outlets/", "post", made)
    assert made.headers["Idempotency-Replayed"] == "true"
    path = f"{API}quotes/check/"
    drafted = curator.post(path, {"text": "“No choice,” said Mara Quill."})
    check_headers(document, path, "post", drafted)
    path = f"{API}quotes/steps/"
    step = {"quote": str(quote.pk), "step": "dispute", "version": quote.version, "reason": "No."}
    check_headers(document, path, "post", curator.post(path, {"steps": [step]}))
    path = f"{API}quotes/export/"
    for asked in ({}, {"manifest": "true"}, {"manifest": "bundle"}):
        export = curator.get(path, {"format": "csv", **asked})
        check_headers(document, path, "get", export)
        assert b"".join(export.streaming_content)
    path = f"{API}quotes/{{id}}/verify/"
    check(document, path, "get", curator.get(path.format(id=quote.pk)))


@pytest.mark.django_db
def test_a_manifest_fits_its_schema(document, curator):
    make_quote()
    answer = curator.get(f"{API}quotes/export/", {"format": "csv", "manifest": "true"})
    content = document["paths"][f"{API}quotes/export/"]["get"]["responses"]["200"]["content"]
    schema = {**content["application/json"]["schema"], "components": document["components"]}
    jsonschema.validate(json.loads(b"".join(answer.streaming_content)), schema)


# The explorer


HOST = re.compile(r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//""", re.IGNORECASE)


def test_the_explorer_loads_nothing_from_other_hosts_and_has_no_inline_code(client):
    for path in (f"{API}docs/", f"{API}docs/?script="):
        response = client.get(path)
        assert response.status_code == 200
        assert not HOST.search(response.content.decode())
    page = client.get(f"{API}docs/").content.decode()
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\son[a-z]+=", page)


@pytest.mark.django_db
def test_every_page_carries_a_strict_content_security_policy(client):
    for path in (f"{API}docs/", f"{API}schema/", "/admin/login/", "/nowhere", f"{API}nowhere/"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "*" not in policy
        assert "frame-ancestors 'none'" in policy

"""What is not public is seen by nobody but curators and its filer, by any route."""

import json
from uuid import UUID

import pytest

from quotes.models import OutletBinding, Quote
from sources.models import Affiliation, Article, Organisation, Outlet, Snapshot, Speaker
from sources.models.visibility import as_proposed
from tests.config.test_auth import OPERATIONS
from tests.conftest import API, make_client, make_filing, ok, problem, publish, settle
from tests.records import make_affiliation
from tests.walking import admin_pages

pytestmark = pytest.mark.django_db

KINDS = {
    "article": Article,
    "outlet": Outlet,
    "organisation": Organisation,
    "speaker": Speaker,
    "affiliation": Affiliation,
}

SECRETS = ["Umbra", "Quillon", "Xanthe", "Zamora", "Obelisk", "umbra.example", "Warden", "hush-1"]
"""A word of each name that only hidden records have."""

TEXT = "“Nobody knew of it,” said Quillon Umbra, Warden. “We do,” he and Xanthe Zamora said."

HIDDEN = {
    "outlet": "Umbra Gazette",
    "external_id": "hush-1",
    "url": "https://umbra.example/1",
    "headline": "Obelisk to open",
    "text": TEXT,
    "quotes": [
        {
            "text": "Nobody knew of it,",
            "speaker": "Quillon Umbra",
            "role": "Warden",
            "organisation": "Obelisk Trust",
        },
        {"text": "We do,", "speaker": ["Quillon Umbra", "Xanthe Zamora"]},
    ],
}


class Archive:
    """Hidden records of every kind beside public ones; `records` has one of each."""

    def __init__(self):
        self.filer = make_client("Contributors", "filer")
        curator = make_client("Curators")
        ok(curator.post(f"{API}articles/", publish(make_filing())), 201)
        self.filed = ok(self.filer.post(f"{API}articles/", make_filing(**HIDDEN)), 201)
        empty = make_filing(outlet="Umbra Radio", url="https://umbra.example/2", quotes=[])
        ok(self.filer.post(f"{API}articles/", empty), 201)
        speaker = Speaker.objects.get(name="Quillon Umbra")
        with as_proposed():
            body = Organisation.objects.get(name="Obelisk Trust")
            make_affiliation(speaker=speaker, organisation=body, role="Warden")
        self.records = {
            name: kind.objects.filter(is_public=False).earliest("created")
            for name, kind in KINDS.items()
        }
        self.records["speaker"] = speaker
        self.records["snapshot"] = Snapshot.objects.get(article=self.records["article"])
        self.records["quote"] = Quote.objects.get(speaker=speaker)

    @property
    def ids(self) -> set[UUID]:
        hidden = [kind.objects.filter(is_public=False) for kind in KINDS.values()]
        hidden.append(Quote.objects.exclude(status__in=Quote.PUBLIC))
        return {record.pk for records in hidden for record in records}

    def found_in(self, content: str, *, asked: str = "") -> set[str]:
        """The hidden names and ids that an answer holds, but for the id that was asked for."""
        ids = {str(pk) for pk in self.ids if str(pk) not in asked}
        return {each for each in (*SECRETS, *ids) if each in content}


@pytest.fixture
def archive() -> Archive:
    return Archive()


@pytest.fixture(params=["reader", "other contributor", "nobody"])
def stranger(request, settings):
    """Somebody who neither filed the hidden records nor may change them."""
    settings.ONRECORD_PUBLIC_READ = True
    groups = {"reader": "Readers", "other contributor": "Contributors", "nobody": None}
    return make_client(groups[request.param], request.param)


def content_of(response) -> str:
    parts = response if response.streaming else [response.content]
    return b"".join(parts).decode()


def paths_of(archive: Archive) -> list[str]:
    """Every route that is read, of each hidden record; webhooks are each user's own."""
    found = []
    for method, route in OPERATIONS:
        if method != "GET" or route in ("schema/", "docs/") or route.startswith("webhooks/"):
            continue
        name = route.partition("/")[0].removesuffix("s")
        if "<uuid:article>" in route:
            name, route = "article", route.replace("<uuid:article>", "<uuid:pk>")
        if "<uuid:pk>" in route:
            if name in archive.records:
                found.append(route.replace("<uuid:pk>", str(archive.records[name].pk)))
        elif "sha256" in route:
            found.append(f"snapshots/{archive.records['snapshot'].sha256}/")
        else:
            found.append(route)
    return found


QUERIES = {
    "quotes/facets/": "?by=speaker,outlet,organisation,role",
    **{
        f"{name}/export/": "?format=ndjson"
        for name in ("quotes", "speakers", "articles", "affiliations", "utterances")
    },
    "speakers/": "?kind=person,unnamed,collective,unknown,organisation",
}


def test_no_route_shows_a_hidden_record_to_a_stranger(archive, stranger):
    paths = paths_of(archive)
    assert len(paths) > 20
    for path in paths:
        response = stranger.get(f"{API}{path}{QUERIES.get(path, '')}")
        content = content_of(response)
        assert not archive.found_in(content, asked=path), (path, content)
        hidden_one = any(str(record.pk) in path for record in archive.records.values())
        if hidden_one:
            assert response.status_code == 404, path
            assert stranger.head(f"{API}{path}").status_code == 404
        elif "sha256" not in path and not path.startswith("snapshots/"):
            assert response.status_code == 200, (path, content)


def test_the_filer_sees_what_was_filed(archive):
    for path in paths_of(archive):
        if path.startswith(("snapshots/", "affiliations/0")):  # not filed by anybody
            continue
        response = archive.filer.get(f"{API}{path}{QUERIES.get(path, '')}")
        content = content_of(response)
        assert response.status_code == 200, (path, content)
    for name in KINDS:
        found = ok(archive.filer.get(f"{API}{name}s/?count=true"))["results"]
        own = {each["id"] for each in found}
        hidden = KINDS[name].objects.filter(is_public=False)
        if name != "affiliation":
            assert {str(pk) for pk in hidden.values_list("pk", flat=True)} <= own, name


def test_a_user_who_is_bound_to_the_outlet_sees_what_was_filed_for_it(archive):
    bound = make_client("Contributors", "bound")
    outlet = archive.records["outlet"]
    OutletBinding.objects.create(user=bound.user, outlet=outlet.pk)
    for name in ("article", "outlet", "organisation", "speaker"):
        ok(bound.get(f"{API}{name}s/{archive.records[name].pk}/"))
    other = Article.objects.get(url="https://umbra.example/2")
    problem(bound.get(f"{API}articles/{other.pk}/"), 404)


def test_a_curator_sees_everything(archive, curator):
    for path in paths_of(archive):
        response = curator.get(f"{API}{path}{QUERIES.get(path, '')}")
        content = content_of(response)
        assert response.status_code == 200, (path, content)


UNKNOWN = "0192d0a0-0000-7000-8000-000000000000"


def filters(archive: Archive) -> list[tuple[str, str, str, str]]:
    """List, parameter, a value that means a hidden record, and one that means nothing."""
    ids = {name: str(record.pk) for name, record in archive.records.items()}
    slug = archive.records["outlet"].slug
    words = {
        "speaker_name": "Quillon Umbra",
        "organisation_name": "Obelisk Trust",
        "outlet_name": "Umbra Gazette",
        "role": "Warden",
        "url": "https://umbra.example/1",
        "q": "nobody knew",
        "phrase": "nobody knew of it",
        "like": "nobody knew of it",
    }
    found = []
    for path in ("quotes/", "quotes/facets/", "quotes/timeline/", "quotes/export/"):
        extra = {"quotes/facets/": "by=speaker&", "quotes/export/": "format=ndjson&"}.get(path, "")
        for name in ("speaker", "organisation", "outlet", "article"):
            found.append((path, f"{extra}{name}", ids[name], UNKNOWN))
        found.append((path, f"{extra}via", ids["outlet"], UNKNOWN))
        found.append((path, f"{extra}outlet", slug, "unheard-of"))
        for name, value in words.items():
            unknown = "https://unheard.example/of" if name == "url" else "unheardof"
            found.append((path, f"{extra}{name}", value, unknown))
    return [
        *found,
        ("articles/export/", "format=ndjson&outlet", ids["outlet"], UNKNOWN),
        ("speakers/export/", "format=ndjson&name", "Quillon Umbra", "Unheard"),
        ("utterances/export/", "format=ndjson&speaker", ids["speaker"], UNKNOWN),
        ("articles/", "outlet", ids["outlet"], UNKNOWN),
        ("articles/", "outlet", slug, "unheard-of"),
        ("articles/", "outlet_name", "Umbra Gazette", "Unheard"),
        ("articles/", "external_id", "hush-1", "unheard"),
        ("articles/", "url", "https://umbra.example/1", "https://unheard.example"),
        ("speakers/", "name", "Quillon Umbra", "Unheard"),
        ("speakers/", "organisation", ids["organisation"], UNKNOWN),
        ("speakers/", "article", ids["article"], UNKNOWN),
        ("organisations/", "name", "Obelisk Trust", "Unheard"),
        ("organisations/", "parent", ids["organisation"], UNKNOWN),
        ("outlets/", "name", "Umbra Gazette", "Unheard"),
        ("outlets/", "slug", slug, "unheard"),
        ("affiliations/", "speaker", ids["speaker"], UNKNOWN),
        ("affiliations/", "organisation", ids["organisation"], UNKNOWN),
        ("affiliations/", "role", "Warden", "Unheard"),
    ]


def test_a_filter_by_a_hidden_record_answers_as_for_an_unknown_one(archive, stranger):
    for path, name, hidden, unknown in filters(archive):
        answers = [
            content_of(stranger.get(f"{API}{path}?{name}={value}")) for value in (hidden, unknown)
        ]
        assert answers[0] == answers[1], (path, name)


def test_filing_says_nothing_of_records_that_are_hidden_from_the_filer(archive):
    other = make_client("Contributors", "other")
    again = problem(other.post(f"{API}articles/", make_filing(**HIDDEN)), 403)
    assert not archive.found_in(json.dumps(again))
    moved = make_filing(**HIDDEN | {"outlet": "Elsewhere", "external_id": None})
    refused = problem(other.post(f"{API}articles/", moved), 409)
    assert not archive.found_in(json.dumps(refused))
    for name in ("speaker", "organisation", "outlet"):
        key = str(archive.records[name].pk)
        quote = {"text": "We had no choice,", name: key} if name != "outlet" else {}
        filing = make_filing(url="https://other.example/1", outlet="Elsewhere", quotes=[])
        filing |= {"quotes": [quote]} if quote else {"outlet": key}
        by_id = problem(other.post(f"{API}articles/", filing), 400)
        assert f"There is no {name} with this id." in json.dumps(by_id)
    article = str(archive.records["article"].pk)
    problem(other.post(f"{API}quotes/", {"article": article, "text": "We do,"}), 400)
    problem(other.post(f"{API}articles/{article}/snapshots/", {"text": TEXT}), 404)


def test_candidates_that_are_hidden_from_the_filer_are_not_named(archive):
    namesake = {"text": "We had no choice,", "speaker": "Quillon Umbra", "role": "cook"}
    namesake |= {"organisation": "Harbour Canteen"}
    filing = make_filing(url="https://other.example/2", quotes=[namesake])
    (quote,) = ok(make_client("Contributors", "other").post(f"{API}articles/", filing), 201)[
        "quotes"
    ]
    assert quote["speaker"]["id"] != str(archive.records["speaker"].pk)
    assert (quote["filing"]["speaker"], quote["filing"]["candidates"]) == ("ambiguous", [])
    namesake |= {"role": "diver", "organisation": "Salvage Ltd"}
    filing = make_filing(url="https://other.example/3", quotes=[namesake])
    (quote,) = ok(archive.filer.post(f"{API}articles/", filing), 201)["quotes"]
    named = [each["id"] for each in quote["filing"]["candidates"]]
    assert str(archive.records["speaker"].pk) in named


def test_the_admin_shows_no_hidden_record_to_a_reader(archive, reader_at_desk):
    asked = ""  # after a redirect, a message says that there is no such record
    for path in [*admin_pages({}), *admin_pages(archive.records)]:
        response = reader_at_desk.get(path)
        asked += path
        content = content_of(response)
        assert not archive.found_in(content, asked=asked), (path, response.status_code)
        if any(str(record.pk) in path for record in archive.records.values()):
            assert response.status_code != 200, path
    for name in ("speaker", "outlet", "organisation"):
        found = reader_at_desk.get(
            "/admin/autocomplete/?term=Umbra&app_label=quotes&model_name=quote&field_name=" + name
        )
        assert "Umbra" not in content_of(found)


def test_the_admin_says_who_sees_a_record(archive, curator_at_desk):
    for name in KINDS:
        record = archive.records[name]
        path = f"/admin/sources/{name}/"
        page = content_of(curator_at_desk.get(f"{path}{record.pk}/change/"))
        assert "Curators, and who filed it." in page
        listed = content_of(curator_at_desk.get(f"{path}?hidden=yes"))
        assert str(record.pk) in listed
        public = KINDS[name].objects.filter(is_public=True).first()
        assert public is None or str(public.pk) not in listed


# Changes


def changes(client, **asked) -> list[dict]:
    found, after = [], None
    while True:
        query = asked | ({"after": after} if after else {})
        page = ok(client.get(f"{API}changes/", query))
        found += page["results"]
        after = page["after"]
        if not page["next"]:
            return found


@pytest.mark.django_db(transaction=True)
def test_the_feed_tells_of_a_record_when_it_becomes_public():
    archive, reader = Archive(), make_client("Readers")
    other, curator = make_client("Contributors", "other"), make_client("Curators")
    settle()
    for stranger in (reader, other):
        told = changes(stranger)
        assert told
        assert not archive.found_in(json.dumps(told, default=str))
    own = {each["id"] for each in changes(archive.filer) if not each["gone"]}
    assert {str(record.pk) for name, record in archive.records.items() if name in KINDS} - {
        str(archive.records["affiliation"].pk)
    } <= own
    quote = archive.records["quote"]
    match = {"headers": {"If-Match": "*"}}
    ok(curator.post(f"{API}quotes/{quote.pk}/publish/", {}, **match))
    settle()
    told = {each["id"]: each for each in changes(reader)}
    for name in ("article", "outlet", "speaker", "organisation", "quote"):
        change = told[str(archive.records[name].pk)]
        assert (change["gone"], change["record"]["id"]) == (False, change["id"])
    assert not archive.found_in(json.dumps([*told.values()], default=str)) - {*SECRETS}


def test_a_reader_of_the_history_sees_nothing_from_before_it_was_public(archive, reader, curator):
    speaker, match = archive.records["speaker"], {"headers": {"If-Match": "*"}}
    early = ok(curator.get(f"{API}speakers/{speaker.pk}/"))["updated"]
    ok(curator.patch(f"{API}speakers/{speaker.pk}/", {"name": "Quill Umber"}, **match))
    (first,) = ok(reader.get(f"{API}speakers/{speaker.pk}/revisions/"))["results"]
    assert (first["version"], first["changes"]) == (2, [])
    problem(reader.get(f"{API}speakers/{speaker.pk}/?as_of={early}"), 404)

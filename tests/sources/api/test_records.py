"""Speakers, organisations, outlets and affiliations: create, read, find, change."""

import pytest
from django.db import IntegrityError, transaction

from sources.identity import merging
from sources.models import Affiliation, Organisation, Outlet, Speaker
from tests.conftest import API, fresh, ok, problem
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
)
from tests.sources.admin.test_admin import page_of, save

pytestmark = pytest.mark.django_db

ANY = {"If-Match": "*"}


def make(client, path: str, **body) -> dict:
    return ok(client.post(f"{API}{path}", body), 201)


def change(client, path: str, key, status: int = 200, **body) -> dict:
    response = client.patch(f"{API}{path}{key}/", body, headers=ANY)
    return ok(response, status)


def faults(response) -> dict[str, str]:
    """Pointer → message."""
    return {e["pointer"]: e["message"] for e in problem(response, 400)["errors"]}


def found(client, path: str, **query) -> set[str]:
    body = ok(client.get(f"{API}{path}", query))
    assert body["next"] is None
    return {row["id"] for row in body["results"]}


def ids(*records) -> set[str]:
    return {str(record.pk) for record in records}


# Shape


def test_a_new_speaker_has_every_field_that_was_sent(curator):
    made = make(
        curator,
        "speakers/",
        name="Maria Skłodowska",
        aliases=["Marie Curie", "Mme Curie"],
        identifiers={"wikidata": "Q7186", "viaf": "76353174"},
    )
    assert ok(curator.get(f"{API}speakers/{made['id']}/")) == made
    times = {name: made.pop(name) for name in ("created", "updated")}
    assert all(time.endswith("Z") for time in times.values())
    assert made == {
        "id": made["id"],
        "html_url": f"http://testserver/speakers/{made['id']}/",
        "name": "Maria Skłodowska",
        "kind": "person",
        "aliases": ["Marie Curie", "Mme Curie"],
        "organisation": None,
        "members": [],
        "identifies": [],
        "article": None,
        "identifiers": {"wikidata": "Q7186", "viaf": "76353174"},
        "distinct_from": [],
        "version": 1,
    }


@pytest.mark.parametrize("kind", Speaker.Kind.values)
def test_a_speaker_has_one_of_five_kinds(curator, kind):
    assert make(curator, "speakers/", name="x", kind=kind)["kind"] == kind


def test_an_unnamed_speaker_is_tied_to_an_organisation_by_name_or_by_id(curator):
    ministry = make_organisation("Ministry of Fish", aliases=["MoF"])
    shown = {"id": str(ministry.pk), "name": "Ministry of Fish"}
    for written in ("ministry of fish", "MOF", str(ministry.pk)):
        made = make(
            curator, "speakers/", name="a spokesperson", kind="unnamed", organisation=written
        )
        assert made["organisation"] == shown


def test_an_organisation_has_a_parent_aliases_and_identifiers(curator):
    parent = make(curator, "organisations/", name="Government")
    made = make(
        curator,
        "organisations/",
        name="Ministry of Fish",
        parent="Government",
        aliases=["MoF"],
        identifiers={"wikidata": "Q1"},
    )
    assert made["parent"] == {"id": parent["id"], "name": "Government"}
    assert made["aliases"] == ["MoF"]
    assert parent["parent"] is None


def test_an_outlet_gets_a_unique_slug(curator):
    slugs = [make(curator, "outlets/", name="The Harbour Post")["slug"] for _ in range(3)]
    assert slugs == ["the-harbour-post", "the-harbour-post-2", "the-harbour-post-3"]
    assert make(curator, "outlets/", name="新聞")["slug"] == "新聞"
    assert make(curator, "outlets/", name="!!!")["slug"] == "outlet"
    assert make(curator, "outlets/", name="Post", slug="own")["slug"] == "own"


def test_an_outlet_says_whose_its_articles_are_and_what_it_refuses(curator):
    made = make(curator, "outlets/", name="The Post")
    assert (made["rights"], made["license"]) == (None, None)
    assert (made["refuses_embeds"], made["refuses_robots"]) == (False, False)
    said = {"rights": "© Post", "license": "CC BY 4.0"}
    said |= {"refuses_embeds": True, "refuses_robots": True}
    path = f"{API}outlets/{made['id']}/"
    changed = ok(curator.patch(path, said, headers={"If-Match": "*"}))
    assert {name: changed[name] for name in said} == said
    change = ok(curator.get(f"{path}revisions/"))["results"][0]["changes"]
    assert {each["field"] for each in change} == said.keys()


def test_the_dates_of_an_affiliation_may_be_partial_or_unknown(curator):
    speaker, board = make_speaker(), make_organisation()
    made = make(
        curator,
        "affiliations/",
        speaker=str(speaker.pk),
        organisation="harbour board",
        role="harbour master",
        **{"from": "2019-04", "to": "2024"},
    )
    assert made["speaker"] == {"id": str(speaker.pk), "name": "Mara Quill", "kind": "person"}
    assert made["organisation"] == {"id": str(board.pk), "name": "Harbour Board"}
    assert (made["from"], made["to"]) == ("2019-04", "2024")
    assert "start" not in made
    open_ended = make(
        curator, "affiliations/", speaker="Mara Quill", organisation=str(board.pk), role="clerk"
    )
    assert (open_ended["from"], open_ended["to"]) == (None, None)


@pytest.mark.parametrize("dates", [{}, {"from": "2020"}, {"from": "2020-02", "to": "2021"}])
def test_the_same_affiliation_a_second_time_is_refused_and_named(curator, dates):
    speaker, board = make_speaker("Mara Quill"), make_organisation()
    body = {"speaker": str(speaker.pk), "organisation": str(board.pk), "role": "clerk", **dates}
    held = make(curator, "affiliations/", **body)
    refused = faults(curator.post(f"{API}affiliations/", body))
    assert held["id"] in " ".join(refused.values())
    refused = faults(curator.post(f"{API}affiliations/", {**body, "role": " CLÉRK"}))
    assert held["id"] in " ".join(refused.values())
    other = make(curator, "affiliations/", **{**body, "role": "pilot"})
    answer = curator.patch(f"{API}affiliations/{other['id']}/", {"role": "Clerk"}, headers=ANY)
    assert held["id"] in " ".join(faults(answer).values())
    change(curator, "affiliations/", held["id"], role="clerk")  # stays as it is
    change(curator, "affiliations/", held["id"], role="Clerk")  # is no second one


def test_affiliations_that_a_merge_made_equal_can_be_changed(curator):
    board = make_organisation()
    one, two = make_speaker("Mara Quill"), make_speaker("M. Quill")
    held = [make_affiliation(speaker=speaker, organisation=board) for speaker in (one, two)]
    ok(curator.post(f"{API}speakers/{two.pk}/merge/", {"into": str(one.pk)}, headers=ANY))
    change(curator, "affiliations/", held[1].pk, role="harbour master")
    assert change(curator, "affiliations/", held[1].pk, **{"from": "2020"})["from"] == "2020"


def test_several_affiliations_may_overlap(curator):
    held = make_affiliation(start="2020")
    again = {"speaker": str(held.speaker.pk), "organisation": str(held.organisation.pk)}
    make(curator, "affiliations/", **again, role="pilot", **{"from": "2020"})
    assert Affiliation.objects.count() == 2


# Invalid values


@pytest.mark.parametrize("name", ["", "   ", "\u00a0", None, [], {}, True, "x" * 501])
def test_a_name_without_visible_characters_is_refused(curator, name):
    for path in ("speakers/", "organisations/", "outlets/"):
        assert "/name" in faults(curator.post(f"{API}{path}", {"name": name}))


@pytest.mark.parametrize("path", ["speakers/", "organisations/", "outlets/"])
def test_a_name_is_required(curator, path):
    assert faults(curator.post(f"{API}{path}", {})) == {"/name": "This field is required."}


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("speakers/", {"name": "x", "kind": "robot"}, "/kind"),
        ("speakers/", {"name": "x", "aliases": "y"}, "/aliases"),
        ("speakers/", {"name": "x", "aliases": ["y", ""]}, "/aliases/1"),
        ("speakers/", {"name": "x", "aliases": ["y"] * 101}, "/aliases"),
        ("speakers/", {"name": "x", "identifiers": []}, "/identifiers"),
        ("speakers/", {"name": "x", "identifiers": {"wikidata": "7186"}}, "/identifiers/wikidata"),
        ("speakers/", {"name": "x", "identifiers": {"viaf": ["1"]}}, "/identifiers/viaf"),
        ("speakers/", {"name": "x", "kind": "unnamed", "organisation": 7}, "/organisation"),
        ("organisations/", {"name": "x", "parent": "nobody"}, "/parent"),
        ("organisations/", {"name": "x", "parent": {"id": "x"}}, "/parent"),
        ("outlets/", {"name": "x", "url": "ftp://x.example"}, "/url"),
        ("outlets/", {"name": "x", "url": "x.example"}, "/url"),
        ("outlets/", {"name": "x", "url": "javascript:alert(1)"}, "/url"),
        ("outlets/", {"name": "x", "slug": "a b"}, "/slug"),
        ("outlets/", {"name": "x", "slug": ""}, "/slug"),
    ],
)
def test_an_invalid_value_is_reported_with_its_pointer(curator, path, body, pointer):
    assert pointer in faults(curator.post(f"{API}{path}", body))


@pytest.mark.parametrize(
    ("path", "misspelt", "nearest"),
    [
        ("speakers/", "nam", "name"),
        ("organisations/", "parents", "parent"),
        ("outlets/", "homepage", "Known here"),
        ("affiliations/", "organization", "organisation"),
        ("affiliations/", "until", "Known here"),
    ],
)
def test_an_unknown_field_is_refused_with_the_nearest_known_one(curator, path, misspelt, nearest):
    message = faults(curator.post(f"{API}{path}", {misspelt: "x"}))[f"/{misspelt}"]
    assert "Unknown field" in message
    assert nearest in message


@pytest.mark.parametrize("field", ["id", "version", "created", "updated"])
def test_read_only_fields_cannot_be_written(curator, field):
    speaker = make_speaker()
    response = curator.post(f"{API}speakers/", {"name": "x", field: "1"})
    assert faults(response) == {f"/{field}": "This field is read-only."}
    response = curator.patch(f"{API}speakers/{speaker.pk}/", {field: "1"}, headers=ANY)
    assert faults(response) == {f"/{field}": "This field is read-only."}


def test_all_errors_are_reported_at_once(curator):
    body = {"nam": "x", "kind": "robot", "version": 3}
    assert set(faults(curator.post(f"{API}speakers/", body))) == {
        "/nam",
        "/name",
        "/kind",
        "/version",
    }


def test_a_person_is_not_tied_to_an_organisation(curator):
    make_organisation("Mill")
    response = curator.post(f"{API}speakers/", {"name": "x", "organisation": "Mill"})
    assert "by an affiliation" in " ".join(faults(response).values())


@pytest.mark.parametrize("path", ["speakers/", "organisations/"])
def test_two_records_cannot_share_a_wikidata_id(curator, path):
    body = {"name": "x", "identifiers": {"wikidata": "Q7186"}}
    first = make(curator, path, **body)
    message = " ".join(faults(curator.post(f"{API}{path}", {**body, "name": "y"})).values())
    assert "has this Wikidata id" in message
    change(curator, path, first["id"], identifiers={"wikidata": "Q7186", "viaf": "1"})


def test_two_outlets_cannot_share_a_slug(curator):
    make_outlet("Post", slug="post")
    assert "/slug" in faults(curator.post(f"{API}outlets/", {"name": "x", "slug": "post"}))


def test_an_organisation_is_not_its_own_parent(curator):
    mill = make_organisation("Mill")
    response = curator.patch(
        f"{API}organisations/{mill.pk}/", {"parent": str(mill.pk)}, headers=ANY
    )
    assert "its own parent" in " ".join(faults(response).values())


def test_an_ambiguous_name_is_refused_as_a_reference(curator):
    one, two = make_speaker("Rob Jones"), make_speaker("Bob", aliases=["rob jones"])
    board = make_organisation("Board")
    body = {"organisation": str(board.pk), "role": "clerk"}
    response = curator.post(f"{API}affiliations/", {**body, "speaker": "Rob Jones"})
    assert "Several records" in faults(response)["/speaker"]
    for speaker in (one, two):
        make(curator, "affiliations/", **body, speaker=str(speaker.pk))


def test_an_unknown_id_is_refused_as_a_reference(curator):
    missing = "01890000-0000-7000-8000-000000000000"
    response = curator.post(f"{API}organisations/", {"name": "x", "parent": missing})
    assert "no organisation with this id" in faults(response)["/parent"]


@pytest.mark.parametrize("role", ["", "  ", None, "x" * 501])
def test_an_affiliation_needs_a_role(curator, role):
    held = make_affiliation()
    body = {"speaker": str(held.speaker.pk), "organisation": str(held.organisation.pk)}
    assert "/role" in faults(curator.post(f"{API}affiliations/", {**body, "role": role}))


@pytest.mark.parametrize(
    ("begin", "end"), [("2020", "2019"), ("2020-02-02", "2020-02-01"), ("2020-03", "2020-02-29")]
)
def test_an_affiliation_does_not_end_before_it_begins(curator, begin, end):
    held = make_affiliation()
    response = curator.patch(
        f"{API}affiliations/{held.pk}/", {"from": begin, "to": end}, headers=ANY
    )
    assert "before it begins" in " ".join(faults(response).values())
    assert fresh(held).start is None


@pytest.mark.parametrize(("begin", "end"), [("2020", "2020"), ("2020-06", "2020"), (None, "1999")])
def test_an_affiliation_may_begin_and_end_in_the_same_month_or_year(curator, begin, end):
    held = make_affiliation()
    changed = change(curator, "affiliations/", held.pk, **{"from": begin, "to": end})
    assert (changed["from"], changed["to"]) == (begin, end)


@pytest.mark.parametrize("when", ["2020-13", "2020-02-30", "20", 2020, "2020-1-1", "0999", "3000"])
def test_an_impossible_date_is_refused(curator, when):
    held = make_affiliation()
    response = curator.patch(f"{API}affiliations/{held.pk}/", {"from": when}, headers=ANY)
    assert set(faults(response)) == {"/from"}


# Updates


def test_a_patch_changes_only_its_fields_and_increments_the_version(curator):
    speaker = make_speaker(aliases=["M. Quill"])
    changed = change(curator, "speakers/", speaker.pk, name="Mara Quill-Ek")
    assert changed["name"] == "Mara Quill-Ek"
    assert changed["aliases"] == ["M. Quill", "Mara Quill"]  # the former name with them
    assert changed["version"] == 2


def test_an_empty_patch_changes_nothing(curator):
    for path, record in [
        ("speakers/", make_speaker()),
        ("organisations/", make_organisation()),
        ("outlets/", make_outlet()),
        ("affiliations/", make_affiliation()),
    ]:
        changed = change(curator, path, record.pk)
        assert changed["version"] == 1
        assert changed["updated"] == changed["created"]


def test_a_refused_change_changes_nothing(curator):
    speaker = make_speaker()
    change(curator, "speakers/", speaker.pk, 400, name="Other", kind="robot")
    assert (fresh(speaker).name, speaker.version) == ("Mara Quill", 1)


def test_null_makes_a_field_unknown_again(curator):
    held = make_affiliation(start="2020", end="2021")
    changed = change(curator, "affiliations/", held.pk, **{"from": None, "to": None})
    assert (changed["from"], changed["to"]) == (None, None)
    outlet = make_outlet(url="https://post.example/")
    assert change(curator, "outlets/", outlet.pk, url=None)["url"] is None


def test_a_new_alias_is_found_at_once_and_a_removed_one_is_not(curator):
    speaker = make_speaker(aliases=["M. Quill"])
    change(curator, "speakers/", speaker.pk, aliases=["Mrs Ek"])
    assert found(curator, "speakers/", name="mrs ek") == ids(speaker)
    assert found(curator, "speakers/", name="M. Quill") == set()


def test_records_cannot_be_deleted_over_the_api(curator):
    speaker = make_speaker()
    problem(curator.delete(f"{API}speakers/{speaker.pk}/"), 405)
    assert Speaker.objects.filter(pk=speaker.pk).exists()


# Filters


def test_names_and_aliases_are_found_without_case_accents_or_typography(reader):
    makers = {
        "speakers/": make_speaker,
        "organisations/": make_organisation,
        "outlets/": make_outlet,
    }
    for path, maker in makers.items():
        record = maker("Siân O’Rourke", aliases=["The  Boss"])
        maker("Siân")
        for name in ("sian o'rourke", "SIÂN O’ROURKE", "the boss"):
            assert found(reader, path, name=name) == ids(record)
        assert found(reader, path, name="Rourke") == set()


def test_speakers_are_found_by_kind(reader):
    person, police = make_speaker("x"), make_speaker("police", kind="collective")
    make_speaker("y", kind="unnamed")
    assert found(reader, "speakers/", kind="person,collective") == ids(person, police)


def test_speakers_are_found_by_their_organisation_or_one_where_they_held_a_role(reader):
    board, mill = make_organisation("Board"), make_organisation("Mill")
    tied = make_speaker("a spokesperson", kind="unnamed", organisation=board)
    held = make_affiliation(organisation=board, speaker=make_speaker("x"))
    make_affiliation(organisation=board, speaker=held.speaker, role="clerk")
    make_affiliation(organisation=mill, speaker=make_speaker("y"))
    assert found(reader, "speakers/", organisation=board.pk) == ids(tied, held.speaker)


def test_organisations_are_found_by_parent(reader):
    government = make_organisation("Government")
    ministry = make_organisation("Ministry", parent=government)
    make_organisation("Mill")
    assert found(reader, "organisations/", parent=government.pk) == ids(ministry)


def test_outlets_are_found_by_slug(reader):
    post, radio = make_outlet("Post"), make_outlet("Radio")
    make_outlet("Other")
    assert found(reader, "outlets/", slug="post,radio") == ids(post, radio)


def test_affiliations_are_found_by_speaker_by_organisation_and_by_role(reader):
    held = make_affiliation(role="Minister of Fish")
    other = make_affiliation(role="Minister of State", organisation=make_organisation("Mill"))
    assert found(reader, "affiliations/", speaker=held.speaker.pk) == ids(held)
    assert found(reader, "affiliations/", organisation=other.organisation.pk) == ids(other)
    assert found(reader, "affiliations/", role="fish MÍNISTER") == ids(held)
    assert found(reader, "affiliations/", role="minister of") == ids(held, other)


@pytest.mark.parametrize(
    ("on", "held"),
    [
        ("2018", {"before", "unknown"}),
        ("2019-03", {"before", "unknown"}),
        ("2019-04-30", {"before", "held", "unknown"}),
        ("2019", {"before", "held", "unknown"}),
        ("2021-06-30", {"held", "unknown"}),
        ("2021-07", {"unknown"}),
    ],
)
def test_affiliations_are_found_by_a_date_on_which_they_may_have_been_held(reader, on, held):
    spans = {"before": (None, "2020"), "held": ("2019-04", "2021-06"), "unknown": (None, None)}
    records = {name: make_affiliation(start=start, end=end) for name, (start, end) in spans.items()}
    expected = ids(*(records[name] for name in held))
    assert found(reader, "affiliations/", on=on) == expected


def test_records_are_found_by_time_of_creation_and_change(reader):
    for path, record in [
        ("speakers/", make_speaker()),
        ("organisations/", make_organisation()),
        ("outlets/", make_outlet()),
    ]:
        for name in ("created_after", "updated_after"):
            assert found(reader, path, **{name: "2020-01-01"}) == ids(record)
            assert found(reader, path, **{name: "2999-01-01"}) == set()
        for name in ("created_before", "updated_before"):
            assert found(reader, path, **{name: "2999-01-01"}) == ids(record)
            assert found(reader, path, **{name: "2020-01-01"}) == set()


def test_records_are_found_by_id_and_merged_ones_by_their_survivor(reader):
    one, other, merged, third = (make_speaker(name) for name in ("Ada", "Bo", "A. Ada", "Cy"))
    merging.merge(merged, one)
    asked = f"{merged.pk},{other.pk}"
    assert found(reader, "speakers/", id=asked) == ids(one, other)
    assert found(reader, "speakers/", id=one.pk) == ids(one)
    of_one_article = make_speaker("a neighbour", kind="unnamed", article=make_article())
    assert found(reader, "speakers/", id=f"{third.pk},{of_one_article.pk}") == ids(
        third, of_one_article
    )
    held = make_affiliation()
    make_affiliation()
    assert found(reader, "affiliations/", id=held.pk) == ids(held)


# Retries


@pytest.mark.parametrize(
    ("path", "model"),
    [("speakers/", Speaker), ("organisations/", Organisation), ("outlets/", Outlet)],
)
def test_a_retry_with_the_same_key_makes_no_second_record(curator, path, model):
    answers = [
        curator.post(f"{API}{path}", {"name": "Same"}, headers={"Idempotency-Key": "once"})
        for _ in range(3)
    ]
    assert len({answer.content for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.headers["ETag"] for answer in answers}) == 1
    assert model.objects.count() == 1


# Circles, languages, invisible names


def test_organisations_are_never_parts_of_each_other_in_a_circle(curator):
    one, two, three = (make_organisation(name) for name in ("One", "Two", "Three"))
    change(curator, "organisations/", one.pk, parent=str(two.pk))
    change(curator, "organisations/", two.pk, parent=str(three.pk))
    for closing in (one, two):
        body = change(curator, "organisations/", three.pk, 400, parent=str(closing.pk))
        assert "part of its own parts" in body["errors"][0]["message"]
    with pytest.raises(IntegrityError, match="part of its own parts"), transaction.atomic():
        Organisation.objects.update(parent=one)
    three.refresh_from_db()
    assert three.parent is None


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("EN", "en"),
        ("eng", "en"),
        ("ger", "de"),
        ("en-gb", "en-GB"),
        ("ZH-hans-cn", "zh-Hans-CN"),
        ("cmn", "cmn"),
        (None, None),
    ],
)
def test_a_language_has_one_tag_by_every_road(curator, curator_at_desk, sent, kept):
    filed = make(
        curator,
        "articles/",
        url="https://a.example/1",
        text="“One,” she said.",
        language=sent,
        quotes=[{"text": "One", "language": sent}],
    )
    assert filed["language"] == filed["quotes"][0]["language"] == kept
    article = make_article(url="https://a.example/2")
    assert change(curator, "articles/", article.pk, language=sent)["language"] == kept
    save(curator_at_desk, page_of(article), language=sent or "")
    article.refresh_from_db()
    assert article.language == kept
    if sent:
        assert filed["id"] in found(curator, "articles/", language=sent)
        query = {"language": sent, "status": "proposed"}
        assert filed["quotes"][0]["id"] in found(curator, "quotes/", **query)


@pytest.mark.parametrize(
    "tag", ["e", "english!", "en-", "en_GB", "en-x", f"sh-{'x' * 8}-x-" + "a" * 8]
)
def test_what_is_no_language_tag_is_refused(curator, tag):
    body = {"url": "https://a.example/1", "text": "x", "language": tag}
    answer = curator.post(f"{API}articles/", body)
    assert answer.status_code in (201, 400)
    if answer.status_code == 400:
        assert list(faults(answer)) == ["/language"]


@pytest.mark.parametrize("name", ["\u115f", "\u2800", "\u3164 \uffa0", "\u200b", "\u0301"])
def test_a_name_an_alias_or_a_slug_without_ink_is_refused(curator, name):
    for path in ("speakers/", "organisations/", "outlets/"):
        assert "/name" in faults(curator.post(f"{API}{path}", {"name": name}))
        aliased = {"name": "Ann", "aliases": ["Anna", name]}
        assert "/aliases/1" in faults(curator.post(f"{API}{path}", aliased))
    assert "/slug" in faults(curator.post(f"{API}outlets/", {"name": "Post", "slug": name}))


def test_an_external_id_with_a_comma_is_found_and_so_are_several(curator):
    both = make_article(external_id="a, b")
    one = make_article(external_id="a")
    two = make_article(external_id="c")
    assert found(curator, "articles/", external_id="a, b") == ids(both, one)
    assert found(curator, "articles/", external_id="a,c") == ids(one, two)


def test_a_quote_as_of_now_has_the_entity_tag_of_the_quote(reader):
    quote = make_quote(speaker=make_speaker(), published="2026-03-01", via=["Wire"])
    path = f"{API}quotes/{quote.pk}/"
    now = reader.get(path)
    then = reader.get(path, {"as_of": now.json()["updated"]})
    assert then.json() == now.json()
    assert then["ETag"] == now["ETag"]

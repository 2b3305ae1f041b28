"""Merging outlets, organisations and speakers, telling them apart, and taking either back."""

from itertools import pairwise

import pytest

from sources.ledger.revisions import Revision
from sources.models import Affiliation, Article, Organisation, Outlet, Speaker
from tests.conftest import API, ok, problem, sql
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_speaker,
)

pytestmark = pytest.mark.django_db

ANY = {"If-Match": "*"}

MAKE = {"speakers": make_speaker, "organisations": make_organisation, "outlets": make_outlet}


def each_kind(test):
    return pytest.mark.parametrize("kind", MAKE)(test)


def path_of(record, verb: str = "") -> str:
    return f"{API}{record._meta.model_name}s/{record.pk}/{verb and f'{verb}/'}"


def post(client, record, verb: str, *, headers=ANY, **body):
    return client.post(path_of(record, verb), body, headers=headers)


def merge(client, record, into, **body) -> dict:
    return ok(post(client, record, "merge", into=str(into.pk), **body))


def unmerge(client, record, **body) -> dict:
    return ok(post(client, record, "unmerge", **body))


def mark_distinct(client, one, other, **body) -> dict:
    return ok(post(client, one, "distinguish", **{"from": str(other.pk)}, **body))


def conflict(response) -> str:
    return problem(response, 409)["detail"]


def refusal(client, record, into, **body) -> str:
    return conflict(post(client, record, "merge", into=str(into.pk), **body))


def names(client, kind: str, **query) -> list[str]:
    return [row["name"] for row in ok(client.get(f"{API}{kind}/", query))["results"]]


# Names and identifiers


@each_kind
def test_merged_names_become_aliases_without_duplicates(curator, kind):
    mine = MAKE[kind]("Łódź Post", aliases=["Post of Łódź", "LP", "The LP"])
    other = MAKE[kind]("Lodz POST", aliases=["lp"])
    told = merge(curator, mine, other)
    assert told["aliases"] == ["Post of Łódź", "The LP"]
    assert told["record"]["aliases"] == ["lp", "Post of Łódź", "The LP"]
    assert names(curator, kind, name="post of lodz") == ["Lodz POST"]


@pytest.mark.parametrize("kind", ["speakers", "organisations"])
def test_the_surviving_record_gains_identifiers_and_the_merged_one_loses_them(curator, kind):
    mine = MAKE[kind]("A", identifiers={"wikidata": "Q1", "viaf": "7", "isni": "9"})
    other = MAKE[kind]("B", identifiers={"viaf": "7"})
    told = merge(curator, mine, other)
    assert told["record"]["identifiers"] == {"wikidata": "Q1", "viaf": "7", "isni": "9"}
    mine.refresh_from_db()
    assert mine.identifiers == {"viaf": "7"}
    unmerge(curator, mine)
    other.refresh_from_db()
    mine.refresh_from_db()
    assert mine.identifiers == {"wikidata": "Q1", "viaf": "7", "isni": "9"}
    assert other.identifiers == {"viaf": "7"}


@pytest.mark.parametrize("kind", ["speakers", "organisations"])
def test_records_with_different_ids_of_one_scheme_cannot_be_merged(curator, kind):
    mine, other = (MAKE[kind](name, identifiers={"wikidata": f"Q{q}"}) for name, q in ("A1", "B2"))
    detail = refusal(curator, mine, other)
    assert "Q1" in detail
    assert "Q2" in detail
    mine.refresh_from_db()
    assert mine.merged_into is None


# What moves


@pytest.fixture
def board(db):
    """An organisation to which everything points that can."""
    board = make_organisation("Harbour Board")
    make_organisation("Pilots", parent=board)
    make_speaker("a spokesperson", kind="unnamed", organisation=board)
    make_affiliation(organisation=board)
    return board


def test_all_references_to_a_merged_record_move(curator, board):
    other = make_organisation("Port Authority")
    told = merge(curator, board, other)
    moved = {"organisations": 1, "speakers": 1, "affiliations": 1, "quotes": 0}
    assert told["moved"] == moved
    assert told["preview"] is False
    assert Organisation.objects.get(name="Pilots").parent == other
    assert Speaker.objects.get(name="a spokesperson").organisation == other
    assert Affiliation.objects.get().organisation == other


def test_a_preview_counts_what_would_move_and_changes_nothing(curator, board):
    other = make_organisation("Port Authority")
    before = Revision.objects.count()
    previewed = merge(curator, board, other, preview=True)
    assert previewed["preview"] is True
    assert Revision.objects.count() == before
    merged = merge(curator, board, other)
    for told in (previewed, merged):
        del told["preview"]
        del told["record"]["version"], told["record"]["updated"]
    assert previewed == merged


def test_a_preview_refuses_what_a_merge_would(curator):
    one, other = make_speaker("A"), make_speaker("B", kind="collective")
    assert refusal(curator, one, other, preview=True) == refusal(curator, one, other)


def test_a_merge_is_recorded_with_its_reason(curator, board):
    merge(curator, board, make_organisation("Port Authority"), reason="One body, renamed")
    revision = Revision.objects.of(board).last()
    assert (revision.verb, revision.reason, revision.channel) == (
        "merged",
        "One body, renamed",
        "api",
    )
    assert revision.actor == curator.user.username
    held = Revision.objects.of(Affiliation.objects.get()).last()
    assert (held.fields, held.reason) == (["organisation_id"], "One body, renamed")
    unmerge(curator, board, reason="Two after all")
    revision = Revision.objects.of(board).last()
    assert (revision.verb, revision.reason) == ("unmerged", "Two after all")


def test_equal_affiliations_are_both_kept(curator):
    one, other, board = make_speaker("A"), make_speaker("B"), make_organisation()
    for speaker in (one, other):
        make_affiliation(speaker=speaker, organisation=board)
    merge(curator, one, other)
    assert (
        list(Affiliation.objects.values_list("speaker", "role"))
        == [(other.pk, "harbour master")] * 2
    )


def test_articles_move_with_their_outlet(curator):
    one, other = make_outlet("The Post"), make_outlet("The Harbour Post")
    article = make_article(outlet=one, external_id="1")
    make_article(outlet=other, external_id="2")
    assert merge(curator, one, other)["moved"]["articles"] == 1
    article.refresh_from_db()
    assert article.outlet == other
    assert ok(curator.get(f"{API}articles/", {"outlet": "the-post", "count": "true"}))["count"] == {
        "value": 2,
        "exact": True,
    }


# What cannot be one


def test_a_record_is_not_merged_into_itself(curator):
    speaker = make_speaker()
    assert "the same record" in refusal(curator, speaker, speaker)


@pytest.mark.parametrize("kind", ["organisation", "unnamed", "collective"])
def test_speakers_of_different_kinds_cannot_be_merged(curator, kind):
    detail = refusal(curator, make_speaker("A"), make_speaker("B", kind=kind))
    assert f"kind {kind}" in detail
    assert "kind person" in detail


def test_spokespersons_of_different_organisations_cannot_be_merged(curator):
    one, other = (
        make_speaker("a spokesperson", kind="unnamed", organisation=make_organisation(name))
        for name in ("Ministry", "Police")
    )
    detail = refusal(curator, one, other)
    assert "Ministry" in detail
    assert "Police" in detail
    merge(curator, one.organisation, other.organisation)
    merge(curator, one, other)


def test_an_organisation_merges_into_its_parent_but_not_into_its_child(curator):
    whole = make_organisation("Whole")
    part = make_organisation("Part", parent=make_organisation("Middle", parent=whole))
    assert "is part of" in refusal(curator, whole, part)
    merge(curator, part, whole)
    assert names(curator, "organisations") == ["Middle", "Whole"]


def test_a_cycle_of_parents_causes_no_endless_loop(curator):
    one = make_organisation("One")
    other = make_organisation("Other", parent=one)
    sql("SET LOCAL session_replication_role = replica")  # no trigger refuses it
    Organisation.objects.filter(pk=one.pk).update(parent=other)
    sql("SET LOCAL session_replication_role = origin")
    merge(curator, make_organisation("Third"), one)


def test_outlets_with_articles_of_the_same_external_id_cannot_be_merged(curator):
    one, other = make_outlet("A"), make_outlet("B")
    article, twin = (make_article(outlet=outlet, external_id="cms-1") for outlet in (one, other))
    make_article(outlet=one, external_id="cms-2")
    body = problem(post(curator, one, "merge", into=str(other.pk)), 409)
    (fault,) = body["errors"]
    assert str(article.pk) in fault["message"]
    assert str(twin.pk) in fault["message"]
    assert fault["pointer"] == "/into"
    Article.objects.filter(pk=twin.pk).update(external_id="cms-3")
    merge(curator, one, other)


@each_kind
def test_a_merged_record_cannot_be_changed_and_says_where_it_is_now(curator, kind):
    one, other, third = (MAKE[kind](name) for name in "ABC")
    merge(curator, one, other)
    answers = [
        curator.patch(path_of(one), {"name": "x"}, headers=ANY),
        curator.patch(path_of(one), {"name": "x"}, headers={"If-Match": '"1-stale"'}),
        post(curator, one, "merge", into=str(third.pk)),
        post(curator, one, "distinguish", **{"from": str(third.pk)}),
        post(curator, one, "undistinguish", **{"from": str(third.pk)}),
    ]
    for answer in answers:
        assert str(other.pk) in conflict(answer)


@each_kind
def test_a_record_is_not_merged_into_one_merged_into_it(curator, kind):
    one, other = MAKE[kind]("A"), MAKE[kind]("B")
    merge(curator, one, other)
    assert "the same record" in refusal(curator, other, one)


@each_kind
def test_verbs_need_the_version_that_was_read(curator, kind):
    one, other = MAKE[kind]("A"), MAKE[kind]("B")
    bodies = {
        "merge": {"into": str(other.pk)},
        "unmerge": {},
        "distinguish": {"from": str(other.pk)},
        "undistinguish": {"from": str(other.pk)},
    }
    for verb, body in bodies.items():
        problem(post(curator, one, verb, headers={}, **body), 428)
        problem(post(curator, one, verb, headers={"If-Match": '"7-x"'}, **body), 412)
    read = curator.get(path_of(one)).headers["ETag"]
    ok(post(curator, one, "merge", headers={"If-Match": read}, into=str(other.pk)))
    # Who is sent elsewhere is told the version that the undo needs.
    read = curator.get(path_of(one)).headers["ETag"]
    ok(post(curator, one, "unmerge", headers={"If-Match": read}))


def test_a_retried_merge_gets_the_first_response(curator):
    one, other = make_speaker("A"), make_speaker("B")
    key = {"If-Match": "*", "Idempotency-Key": "k"}
    first, again = (post(curator, one, "merge", headers=key, into=str(other.pk)) for _ in range(2))
    assert ok(first) == ok(again)
    assert again.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/into"),
        ({"into": "no such name"}, "/into"),
        ({"into": None}, "/into"),
        ({"into": "Same"}, "/into"),
        ({"inot": "B"}, "/inot"),
        ({"into": "B", "reason": 1}, "/reason"),
        ({"into": "B", "preview": "perhaps"}, "/preview"),
    ],
)
def test_an_invalid_body_is_refused_with_pointers(curator, body, pointer):
    make_speaker("B")
    make_speaker("Same")
    make_speaker("Same")
    faults = problem(post(curator, make_speaker("A"), "merge", **body), 400)["errors"]
    assert pointer in [fault["pointer"] for fault in faults]


# Where old ids lead


@each_kind
def test_the_id_of_a_merged_record_redirects_through_any_chain(curator, kind):
    chain = [MAKE[kind](name) for name in "ABCD"]
    for one, other in pairwise(chain):
        merge(curator, one, other)
    for record in chain[:3]:
        answer = curator.get(path_of(record))
        record.refresh_from_db()
        assert ok(answer, 301) == {
            "id": str(record.pk),
            "merged_into": str(chain[3].pk),
            "version": record.version,
        }
        assert answer.headers["Location"] == f"http://testserver{path_of(chain[3])}"
        assert answer.headers["Cache-Control"] == "private, no-cache"
        asked = curator.get(path_of(record), {"fields": "id"})
        assert ok(curator.get(asked.headers["Location"])) == {"id": str(chain[3].pk)}
        assert curator.head(path_of(record)).status_code == 301
    assert names(curator, kind) == ["D"]
    assert names(curator, kind, name="a") == ["D"]


def test_a_reference_to_a_merged_record_is_set_to_the_surviving_one(curator):
    one, other = make_organisation("Ministry"), make_organisation("Department")
    merge(curator, one, other)
    shown = {"id": str(other.pk), "name": "Department"}
    for written in (str(one.pk), "ministry"):
        body = {"name": "Agency", "parent": written}
        made = ok(curator.post(f"{API}organisations/", body), 201)
        assert made["parent"] == shown
    body = {"speaker": "Mara", "organisation": str(one.pk), "role": "clerk"}
    mara, quill = make_speaker("Mara"), make_speaker("Mara Quill")
    merge(curator, mara, quill)
    made = ok(curator.post(f"{API}affiliations/", {**body, "speaker": str(mara.pk)}), 201)
    assert made["organisation"] == shown
    assert made["speaker"]["id"] == str(quill.pk)


def test_a_filter_by_a_merged_record_finds_the_surviving_one(curator):
    one, other = make_organisation("Ministry"), make_organisation("Department")
    make_organisation("Agency", parent=one)
    make_speaker("a spokesperson", kind="unnamed", organisation=other)
    held = make_affiliation(organisation=one)
    merge(curator, one, other)
    key = str(one.pk)
    assert names(curator, "organisations", parent=key) == ["Agency"]
    assert names(curator, "speakers", organisation=key) == ["Mara Quill", "a spokesperson"]
    rows = ok(curator.get(f"{API}affiliations/", {"organisation": key}))["results"]
    assert [row["id"] for row in rows] == [str(held.pk)]
    mara = make_speaker("Mara")
    merge(curator, held.speaker, mara)
    rows = ok(curator.get(f"{API}affiliations/", {"speaker": str(held.speaker_id)}))["results"]
    assert [row["id"] for row in rows] == [str(held.pk)]


def test_the_slug_of_a_merged_outlet_redirects_and_is_never_reused(curator):
    old, new = make_outlet("The Post"), make_outlet("Harbour Post")
    merge(curator, old, new)
    assert names(curator, "outlets", slug="the-post") == ["Harbour Post"]
    assert names(curator, "outlets", slug="the-post,harbour-post") == ["Harbour Post"]
    assert Outlet.free_slug("The Post") == "the-post-2"


# Undoing


def test_rows_moved_again_since_the_merge_stay_there(curator):
    one, other, third = (make_organisation(name) for name in "ABC")
    parts = [make_organisation(f"Part {number}", parent=one) for number in range(3)]
    merge(curator, one, other)
    ok(curator.patch(path_of(parts[0]), {"parent": str(third.pk)}, headers=ANY))
    for parent in (third, other):  # away, and back by hand
        ok(curator.patch(path_of(parts[1]), {"parent": str(parent.pk)}, headers=ANY))
    told = unmerge(curator, one)
    assert told["moved"]["organisations"] == 1
    assert told["record"]["name"] == "A"
    parents = Organisation.objects.filter(pk__in=[p.pk for p in parts]).order_by("name")
    assert [part.parent for part in parents] == [third, other, one]


def test_rows_added_to_the_surviving_record_since_stay_there(curator):
    one, other = make_organisation("A"), make_organisation("B")
    merge(curator, one, other)
    by_id = ok(curator.post(f"{API}organisations/", {"name": "New", "parent": str(one.pk)}), 201)
    unmerge(curator, one)
    assert Organisation.objects.get(pk=by_id["id"]).parent == other


def test_an_undo_removes_aliases_that_nobody_has_changed_since(curator):
    one, other = make_speaker("A", aliases=["A1", "A2"]), make_speaker("B", aliases=["B1"])
    merge(curator, one, other)
    ok(curator.patch(path_of(other), {"aliases": ["B1", "A", "A2", "B2"]}, headers=ANY))
    told = unmerge(curator, one)
    assert told["aliases"] == ["A", "A2"]
    other.refresh_from_db()
    assert other.aliases == ["B1", "B2"]
    assert ok(curator.get(path_of(one)))["aliases"] == ["A1", "A2"]
    assert names(curator, "speakers") == ["A", "B"]


def test_an_undone_merge_can_be_repeated_and_undone_again(curator):
    one, other = make_organisation("A"), make_organisation("B")
    part = make_organisation("Part", parent=one)
    for _ in range(3):
        merge(curator, one, other)
        unmerge(curator, one)
        part.refresh_from_db()
        assert part.parent == one


@each_kind
def test_a_record_that_is_not_merged_has_nothing_to_undo(curator, kind):
    assert "nothing to undo" in conflict(post(curator, MAKE[kind](), "unmerge"))


commits = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("commits")]


class TestOverSeveralTransactions:
    """A merge is told by its transaction: each must have its own."""

    pytestmark = commits

    def test_a_chain_is_undone_from_its_end(self, curator):
        one, other, third = (make_organisation(name) for name in "ABC")
        part = make_organisation("Part", parent=one)
        merge(curator, one, other)
        merge(curator, other, third)
        assert "Undo that merge first" in conflict(post(curator, one, "unmerge"))
        for parted, parent in ((other, other), (one, one)):
            unmerge(curator, parted)
            part.refresh_from_db()
            assert part.parent == parent
        for record in (one, other, third):
            record.refresh_from_db()
            assert (record.aliases, record.merged_into) == ([], None)

    def test_an_identifier_goes_back_through_a_chain(self, curator):
        one, other, third = (make_speaker(name) for name in "ABC")
        Speaker.objects.filter(pk=one.pk).update(identifiers={"wikidata": "Q1"})
        merge(curator, one, other)
        merge(curator, other, third)
        for parted in (other, one):
            unmerge(curator, parted)
        held = Speaker.objects.order_by("pk").values_list("identifiers", flat=True)
        assert list(held) == [{"wikidata": "Q1"}, {}, {}]

    def test_two_merges_into_one_are_undone_in_either_order(self, curator):
        for first, last in ((0, 1), (1, 0)):
            mine, other = make_speaker("B", identifiers={"x": "1"}), make_speaker("C")
            parts = [
                make_speaker("Same", aliases=["SAME!", "Only A"], identifiers={"viaf": "1"}),
                make_speaker("same", aliases=["Only B"], identifiers={"viaf": "1"}),
            ]
            for part in parts:
                merge(curator, part, mine)
            told = unmerge(curator, parts[first])["aliases"]
            mine.refresh_from_db()
            # The other one still goes by that name, and has that id.
            assert "Same" not in told
            assert "Same" in mine.aliases
            assert mine.identifiers == {"x": "1", "viaf": "1"}
            unmerge(curator, parts[last])
            mine.refresh_from_db()
            assert (mine.aliases, mine.identifiers) == ([], {"x": "1"})
            other.refresh_from_db()
            assert other.version == 1

    def test_an_alias_given_by_hand_since_is_kept(self, curator):
        one, other = make_speaker("A"), make_speaker("B")
        merge(curator, one, other)
        for aliases in ([], ["A"]):
            ok(curator.patch(path_of(other), {"aliases": aliases}, headers=ANY))
        assert unmerge(curator, one)["aliases"] == []
        other.refresh_from_db()
        assert other.aliases == ["A"]

    def test_an_identifier_that_somebody_else_has_by_now_is_named(self, curator):
        one, other = make_speaker("A", identifiers={"wikidata": "Q1"}), make_speaker("B")
        merge(curator, one, other)
        ok(curator.patch(path_of(other), {"identifiers": {}}, headers=ANY))
        make_speaker("C", identifiers={"wikidata": "Q1"})
        assert "Wikidata" in conflict(post(curator, one, "unmerge"))
        one.refresh_from_db()
        assert one.merged_into == other

    def test_what_a_later_merge_of_the_survivor_moved_goes_back_all_the_way(self, curator):
        one, other, third = (make_outlet(name) for name in "ABC")
        articles = [make_article(outlet=outlet) for outlet in (one, other)]
        merge(curator, one, other)
        merge(curator, other, third)
        ok(curator.patch(path_of(articles[0]), {"headline": "Changed meanwhile"}, headers=ANY))
        unmerge(curator, other)
        unmerge(curator, one)
        outlets = Article.objects.order_by("pk").values_list("outlet", flat=True)
        assert list(outlets) == [one.pk, other.pk]


# Telling apart


@each_kind
def test_distinct_records_cannot_be_merged_until_that_is_undone(curator, kind):
    one, other = MAKE[kind]("A"), MAKE[kind]("A")
    assert mark_distinct(curator, one, other, reason="Father and son")["distinct_from"] == [
        str(other.pk)
    ]
    assert ok(curator.get(path_of(other)))["distinct_from"] == [str(one.pk)]
    assert Revision.objects.of(other).last().reason == "Father and son"
    for mine, into in ((one, other), (other, one)):
        assert "marked as distinct" in refusal(curator, mine, into)
    shown = ok(post(curator, other, "undistinguish", **{"from": str(one.pk)}))
    assert shown["distinct_from"] == []
    merge(curator, one, other)


@each_kind
def test_distinct_records_stay_so_through_merges_and_their_undo(curator, kind):
    one, other, third, fourth = (MAKE[kind](name) for name in "ABCD")
    mark_distinct(curator, one, other)
    merge(curator, one, third)
    merge(curator, other, fourth)
    for mine, into in ((third, fourth), (fourth, third)):
        assert "marked as distinct" in refusal(curator, mine, into)
    assert ok(curator.get(path_of(third)))["distinct_from"] == [str(other.pk)]
    unmerge(curator, one)
    assert ok(curator.get(path_of(third)))["distinct_from"] == []
    assert ok(curator.get(path_of(one)))["distinct_from"] == [str(other.pk)]
    merge(curator, third, fourth)
    assert "marked as distinct" in refusal(curator, one, third)


def test_undoing_a_distinction_includes_records_merged_since(curator):
    one, other, third = (make_speaker(name) for name in "ABC")
    mark_distinct(curator, one, other)
    merge(curator, one, third)
    ok(post(curator, third, "undistinguish", **{"from": str(other.pk)}))
    merge(curator, other, third)


def test_marking_twice_changes_nothing_and_undoing_an_unmarked_pair_is_refused(curator):
    one, other = make_speaker("A"), make_speaker("B")
    assert "not marked as distinct" in conflict(
        post(curator, one, "undistinguish", **{"from": str(other.pk)})
    )
    first = mark_distinct(curator, one, other)
    assert mark_distinct(curator, one, other) == first
    assert mark_distinct(curator, other, one)["version"] == 2
    assert "the same record" in conflict(post(curator, one, "distinguish", **{"from": str(one.pk)}))


def test_a_list_of_records_loads_what_they_are_distinct_from_in_one_query(
    curator, django_assert_num_queries
):
    curator.get(f"{API}outlets/")  # who asks is known from now on
    with django_assert_num_queries(1):
        curator.get(f"{API}outlets/")
    records = [make_outlet(f"{number:02}") for number in range(12)]
    for one, other in pairwise(records):
        mark_distinct(curator, one, other)
    merge(curator, records[0], records[11])
    with django_assert_num_queries(1):
        rows = ok(curator.get(f"{API}outlets/"))["results"]
    assert [len(row["distinct_from"]) for row in rows] == [2] * 11


# Who may


def test_merging_an_outlet_needs_the_right_to_change_outlets(contributor, reader, nobody):
    one, other = make_outlet("A"), make_outlet("B")
    for client, status in ((contributor, 403), (reader, 403), (nobody, 401)):
        problem(post(client, one, "merge", into=str(other.pk), preview=True), status)

"""What merging, telling apart and their undoing do to quotes; quotes moved to another speaker."""

from functools import partial

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from config.auth import recent_tokens
from quotes.models import CitedAffiliation, PrintedArticle, Quote, Via
from sources.exceptions import Conflict
from sources.identity import merging, references
from sources.ledger.recording import recording_of
from sources.ledger.revisions import Revision
from sources.models import Affiliation, Article, Organisation, Outlet, Speaker
from sources.models.ids import new_ids
from tests.conftest import API, fresh, make_client, make_filing, ok, problem
from tests.quotes.filing.test_races import at_once, statuses
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_quotes,
    make_speaker,
    make_utterance,
)
from tests.sources.identity.test_merging import (
    ANY,
    conflict,
    mark_distinct,
    merge,
    path_of,
    post,
    unmerge,
)

pytestmark = pytest.mark.django_db

commits = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("commits")]


def held_by(quote: Quote) -> tuple:
    quote.refresh_from_db()
    return quote.speaker, quote.organisation, quote.affiliation


def revise(client, quote: Quote, **changes) -> dict:
    return ok(client.patch(path_of(quote), {"note": "So.", **changes}, headers=ANY))


def found(client, **query) -> list[str]:
    return [row["id"] for row in ok(client.get(f"{API}quotes/", query))["results"]]


# Merging


def test_quotes_and_affiliations_move_with_a_merge_and_back_with_its_undo(curator):
    held, other = make_affiliation(), make_speaker("Mara Jane Quill")
    speaker, board = held.speaker, held.organisation
    resting = make_quote(speaker=speaker, organisation=board, affiliation=held)
    plain = make_quote("Yes", speaker=speaker)
    theirs = make_quote("No", speaker=other)
    told = merge(curator, speaker, other)
    assert told["moved"] == {"affiliations": 1, "facts": 0, "quotes": 2}
    assert held_by(resting) == (other, board, held)
    assert held_by(plain) == (other, None, None)
    assert unmerge(curator, speaker)["moved"] == {"affiliations": 1, "facts": 0, "quotes": 2}
    assert held_by(resting) == (speaker, board, held)
    assert held_by(plain) == (speaker, None, None)
    assert held_by(theirs) == (other, None, None)


def test_quotes_follow_their_affiliation_to_another_organisation_and_back(curator):
    held, other = make_affiliation(), make_organisation("Port Authority")
    quote = make_quote(speaker=held.speaker, organisation=held.organisation, affiliation=held)
    bare = make_quote("Yes", organisation=held.organisation)
    merge(curator, held.organisation, other)
    assert held_by(quote) == (held.speaker, other, held)
    assert held_by(bare) == (None, other, None)
    unmerge(curator, held.organisation)
    assert held_by(quote) == (held.speaker, held.organisation, held)
    assert held_by(bare) == (None, held.organisation, None)


def test_quotes_and_reporting_chains_move_with_their_outlet_and_back(curator):
    one, other = make_outlet("The Post"), make_outlet("Harbour Post")
    quote = make_quote(outlet=one, via=["the audit", one, other, one])
    told = merge(curator, one, other)
    assert told["moved"] == {"articles": 1, "quotes": 1, "via": 2}
    assert list(quote.via.values_list("outlet", flat=True)) == [None, *[other.pk] * 3]
    assert fresh(quote).outlet == other
    assert Revision.objects.of(quote).last().version == quote.version
    assert unmerge(curator, one)["moved"] == told["moved"]
    assert list(quote.via.values_list("outlet", flat=True)) == [None, one.pk, other.pk, one.pk]
    assert fresh(quote).outlet == one


def test_a_step_changed_since_the_merge_stays(curator):
    one, other = make_outlet("The Post"), make_outlet("Harbour Post")
    quote = make_quote(via=[one, one], status="proposed")
    merge(curator, one, other)
    quote.via.filter(position=0).update(outlet=make_outlet("Third"))
    quote.via.filter(position=0).update(outlet=other)
    assert unmerge(curator, one)["moved"]["via"] == 1
    assert list(quote.via.values_list("outlet", flat=True)) == [other.pk, one.pk]


@pytest.mark.parametrize("status", ["proposed", "rejected", "retracted", "disputed"])
def test_a_quote_moves_whatever_its_status(curator, status):
    one, other = make_speaker("A"), make_speaker("B")
    quote = make_quote(speaker=one, status=status)
    merge(curator, one, other)
    assert (fresh(quote).speaker, quote.status) == (other, status)


def test_old_ids_and_slugs_find_quotes_of_the_surviving_record(curator):
    held, outlet, agency = make_affiliation(), make_outlet("The Post"), make_outlet("Agency")
    speaker, board = held.speaker, held.organisation
    quote = make_quote(
        speaker=speaker, organisation=board, affiliation=held, outlet=outlet, via=[agency]
    )
    make_quote("Other words", speaker=make_speaker("Bo"), outlet=make_outlet("Radio"))
    for record in (speaker, board, outlet, agency):
        into = type(record).objects.create(
            name=f"New {record}",
            **({"slug": f"n-{record.slug}"} if hasattr(record, "slug") else {}),
        )
        merge(curator, record, into)
    queries = {
        "speaker": speaker.pk,
        "speaker_name": "mara quill",
        "organisation": board.pk,
        "organisation_name": "harbour board",
        "outlet": outlet.pk,
        "outlet_name": "the post",
        "via": agency.pk,
    }
    for name, value in [*queries.items(), ("outlet", "the-post"), ("via", "agency")]:
        assert found(curator, **{name: value}) == [str(quote.pk)], name
    assert found(curator, **queries) == [str(quote.pk)]


def test_every_table_that_points_at_a_named_record_is_recorded_or_part_of_one_that_is():
    for model in (Speaker, Organisation, Outlet):
        for field in references.foreign_keys_to(model):
            references.path_in_ledger(field)
    with pytest.raises(LookupError):
        recording_of(Via)
    assert PrintedArticle not in [field.model for field in references.foreign_keys_to(Outlet)]
    assert CitedAffiliation not in [field.model for field in references.foreign_keys_to(Speaker)]


def test_a_merge_takes_as_many_queries_for_one_quote_as_for_fifty(django_assert_num_queries):
    def queries_for(number: int) -> int:
        one, other = make_speaker(f"A {number}"), make_speaker(f"B {number}")
        make_quotes(number, make_article(), speaker=one)
        with django_assert_num_queries(24):
            merging.merge(one, other)
        one.refresh_from_db()
        with django_assert_num_queries(35):
            merging.unmerge(one)

    queries_for(1)
    queries_for(50)


# Undoing


@pytest.fixture
def merged(curator):
    """An affiliation with a quote resting on it, whose speaker was merged into another."""
    held = make_affiliation()
    held.into = make_speaker("Mara Jane Quill")
    held.quote = make_quote(speaker=held.speaker, organisation=held.organisation, affiliation=held)
    held.merged = held.speaker
    merge(curator, held.speaker, held.into)
    held.refresh_from_db()
    return held


def test_a_quote_filed_since_stays_and_loses_what_moves_back(curator, merged):
    filed = {"text": "We had no choice,", "speaker": "Mara Quill", "role": "harbour master"}
    answer = ok(curator.post(f"{API}articles/", make_filing(quotes=[filed])), 201)
    since = Quote.objects.get(pk=answer["quotes"][0]["id"])
    assert held_by(since) == (merged.into, merged.organisation, merged)
    unmerge(curator, merged.merged)
    assert held_by(since) == (merged.into, merged.organisation, None)
    assert held_by(merged.quote) == (merged.merged, merged.organisation, merged)


def test_a_quote_that_moves_back_loses_an_affiliation_that_stays(curator, merged):
    theirs = make_affiliation(speaker=merged.into, organisation=merged.organisation, role="pilot")
    revise(curator, merged.quote, affiliation=str(theirs.pk))
    unmerge(curator, merged.merged)
    assert held_by(merged.quote) == (merged.merged, merged.organisation, None)
    assert fresh(theirs).speaker == merged.into


def test_a_quote_reassigned_since_the_merge_stays_there(curator, merged):
    third = make_speaker("Bo Ek")
    revise(curator, merged.quote, speaker=str(third.pk))
    assert unmerge(curator, merged.merged)["moved"] == {"affiliations": 1, "facts": 0, "quotes": 0}
    assert held_by(merged.quote) == (third, merged.organisation, None)


def test_a_quote_edited_since_the_merge_moves_back_with_its_edits(curator, merged):
    revise(curator, merged.quote, language="en", said="2026")
    unmerge(curator, merged.merged)
    assert held_by(merged.quote) == (merged.merged, merged.organisation, merged)
    assert merged.quote.language == "en"


def test_role_conflicts_are_rechecked_after_a_merge_and_its_undo(curator):
    pilot = make_affiliation(role="pilot", start="2020", end="2021")
    other = make_speaker("B")
    master = make_affiliation(speaker=other, role="harbour master", start="2020", end="2021")
    quote = make_quote(
        speaker=pilot.speaker, attribution_role="harbour master", published="2020-05"
    )
    flags = []
    for undo in (False, True):
        flags.append(flags_of(quote))
        unmerge(curator, pilot.speaker) if undo else merge(curator, pilot.speaker, other)
    assert [*flags, flags_of(quote)] == [["role_conflict"], [], ["role_conflict"]]
    assert fresh(master).speaker == other


# Telling apart, and whom a name may mean

AMBIGUOUS = ["ambiguous_speaker"]


def flags_of(quote: Quote) -> list[str]:
    quote.refresh_from_db()
    return quote.flags


@pytest.fixture
def namesakes():
    """Three people of one name; any of them may have said the last one's quote."""
    people = [make_speaker("Mara Quill") for _ in range(3)]
    people[2].quote = make_quote(speaker=people[2], flags=AMBIGUOUS)
    return people


def test_the_flag_is_cleared_when_the_last_namesake_is_marked_distinct(curator, namesakes):
    one, other, third = namesakes
    mark_distinct(curator, third, one)
    assert flags_of(third.quote) == AMBIGUOUS
    mark_distinct(curator, other, third)
    assert flags_of(third.quote) == []


def test_the_flag_returns_when_that_is_undone(curator, namesakes):
    one, other, third = namesakes
    for namesake in (one, other):
        mark_distinct(curator, third, namesake)
    ok(post(curator, one, "undistinguish", **{"from": str(third.pk)}))
    assert flags_of(third.quote) == AMBIGUOUS


def test_the_flag_is_cleared_by_a_merge_and_returns_with_its_undo(curator, namesakes):
    one, other, third = namesakes
    mark_distinct(curator, one, other)
    assert flags_of(third.quote) == AMBIGUOUS
    merge(curator, third, one)
    assert flags_of(third.quote) == []
    unmerge(curator, third)
    assert flags_of(third.quote) == AMBIGUOUS


def test_the_surviving_record_is_distinct_from_what_the_merged_one_was(curator, namesakes):
    one, other, third = namesakes
    mark_distinct(curator, one, other)
    mark_distinct(curator, one, third)
    merge(curator, one, make_speaker("M. Quill"))
    mark_distinct(curator, other, third)
    assert flags_of(third.quote) == []


def test_a_speaker_of_another_kind_is_no_namesake(curator):
    one, other = make_speaker("Mara Quill"), make_speaker("Mara Quill")
    make_speaker("Mara Quill", kind="organisation")
    quote = make_quote(speaker=one, flags=AMBIGUOUS)
    mark_distinct(curator, one, other)
    assert flags_of(quote) == []


def test_marking_records_without_a_common_name_clears_no_flag(curator):
    one, other = make_speaker("Mara Quill"), make_speaker("Bo Ek")
    quote = make_quote(speaker=one, flags=AMBIGUOUS)
    mark_distinct(curator, one, other)
    assert flags_of(quote) == AMBIGUOUS


def test_other_flags_are_kept(curator):
    one, other = make_speaker("Mara Quill"), make_speaker("Mara Quill")
    flags = ["ambiguous_organisation", "ambiguous_speaker", "filing_differs"]
    quote = make_quote(speaker=one, flags=flags)
    mark_distinct(curator, one, other)
    assert flags_of(quote) == ["ambiguous_organisation", "filing_differs"]
    ok(post(curator, one, "undistinguish", **{"from": str(other.pk)}))
    assert sorted(flags_of(quote)) == flags


def test_flags_of_ambiguous_organisations_are_cleared_too(curator):
    one, other = make_organisation("Port"), make_organisation("Port")
    quote = make_quote(organisation=one, flags=["ambiguous_organisation", *AMBIGUOUS])
    mark_distinct(curator, one, other)
    assert flags_of(quote) == AMBIGUOUS
    outlets = make_outlet("Port"), make_outlet("Port")
    mark_distinct(curator, *outlets)


# Filing afterwards


@pytest.fixture
def file(curator):
    """File one quote in an article of its own; returns it as the answer tells it."""
    numbers = iter(range(1000))

    def call(**quote) -> dict:
        quote = {"text": "We had no choice,", **quote}
        url = f"https://a.example/{next(numbers)}"
        filing = make_filing(url=url, quotes=[quote], outlet=quote.pop("outlet", "Radio"))
        return ok(curator.post(f"{API}articles/", filing), 201)["quotes"][0]

    return call


def test_filing_by_an_old_id_name_or_slug_finds_the_surviving_record(curator, file):
    pairs = [
        (make_speaker("Mara Lund"), make_speaker("Mara Quill")),
        (make_organisation("Ministry"), make_organisation("Department")),
        (make_outlet("The Post"), make_outlet("Harbour Post")),
    ]
    for one, other in pairs:
        merge(curator, one, other)
    (mara, quill), (ministry, department), (old, new) = pairs
    for speaker, body, outlet in (
        (str(mara.pk), str(ministry.pk), str(old.pk)),
        ("mara lund", "MINISTRY", "the post"),
        (str(mara.pk).upper(), "Ministry", "the-post"),
    ):
        quote = file(speaker=speaker, organisation=body, outlet=outlet)
        assert quote["speaker"]["id"] == str(quill.pk)
        assert quote["organisation"]["id"] == str(department.pk)
        assert quote["outlet"]["id"] == str(new.pk)
        assert quote["filing"]["speaker"] == quote["filing"]["organisation"] == "matched"
        assert quote["flags"] == []


def test_refiling_by_an_old_id_or_name_changes_nothing(curator):
    one, other = make_speaker("Mara Lund"), make_speaker("Mara Quill")
    outlet, new = make_outlet("The Harbour Post"), make_outlet("Harbour Post")
    for number, speaker in enumerate((str(one.pk), "Mara Lund")):
        quotes = [{"text": "We had no choice,", "speaker": speaker, "status": "published"}]
        filing = make_filing(url=f"https://a.example/{number}", quotes=quotes)
        ok(curator.post(f"{API}articles/", filing), 201)
    merge(curator, one, other)
    merge(curator, outlet, new)
    for number, speaker in enumerate((str(one.pk), "Mara Lund")):
        quotes = [{"text": "We had no choice,", "speaker": speaker, "status": "published"}]
        filing = make_filing(url=f"https://a.example/{number}", quotes=quotes)
        answer = ok(curator.post(f"{API}articles/", filing))
        assert answer["outcome"] == "unchanged"
        assert answer["quotes"][0]["filing"]["outcome"] == "unchanged"
        assert answer["quotes"][0]["speaker"]["id"] == str(other.pk)


def test_an_unnamed_merged_speaker_can_be_filed_by_id(curator, file):
    one, other = (make_speaker("one resident", kind="unnamed") for _ in range(2))
    merge(curator, one, other)
    quote = file(speaker=str(one.pk))
    assert quote["speaker"]["id"] == str(other.pk)


def test_context_that_fits_one_distinct_namesake_decides_without_a_flag(curator, file):
    one, other = make_speaker("Mara Quill"), make_speaker("Mara Quill")
    port, mill = make_organisation("Port"), make_organisation("Mill")
    make_affiliation(speaker=one, organisation=port, role="master")
    make_affiliation(speaker=other, organisation=mill, role="miller")
    mark_distinct(curator, one, other)
    for body, speaker in (("Port", one), ("Mill", other)):
        quote = file(speaker="Mara Quill", organisation=body)
        assert quote["speaker"]["id"] == str(speaker.pk)
        assert quote["filing"]["speaker"] == "matched"
        assert quote["flags"] == []
    quote = file(speaker=str(one.pk), organisation="Mill")
    assert quote["speaker"]["id"] == str(one.pk)


def test_a_name_of_several_distinct_speakers_stays_unresolved(curator, file):
    one, other = make_speaker("Mara Quill"), make_speaker("Mara Quill")
    mark_distinct(curator, one, other)
    quote = file(speaker="Mara Quill")
    assert quote["speaker"]["id"] not in (str(one.pk), str(other.pk))
    assert quote["flags"] == AMBIGUOUS
    third = Speaker.objects.get(pk=quote["speaker"]["id"])
    merge(curator, third, one)
    shown = ok(curator.get(quote["url"]))
    assert shown["speaker"]["id"] == str(one.pk)
    assert shown["flags"] == []


def test_refiling_an_article_keeps_the_chosen_namesake(curator):
    one, other = make_speaker("Mara Quill"), make_speaker("Mara Quill")
    first = make_filing(quotes=[{"text": "We had no choice,", "speaker": "Mara Quill"}])
    made = ok(curator.post(f"{API}articles/", first), 201)["quotes"][0]
    assert made["flags"] == AMBIGUOUS
    third = Speaker.objects.get(pk=made["speaker"]["id"])
    for namesake in (one, other):
        mark_distinct(curator, third, namesake)
    more = [*first["quotes"], {"text": "The quay will close.", "speaker": "Mara Quill"}]
    for quote in ok(curator.post(f"{API}articles/", {**first, "quotes": more}))["quotes"]:
        assert quote["speaker"]["id"] == str(third.pk)
        assert quote["flags"] == []


# Moving chosen quotes


def reattribute(client, speaker, to, quotes, **more):
    body = {"to": str(to.pk), "quotes": [str(quote.pk) for quote in quotes], "reason": "So."}
    return post(client, speaker, "reattribute", **body | more)


def test_reattributed_quotes_lose_affiliations_and_flags(curator):
    held, other = make_affiliation(), make_speaker("Bo Ek")
    flags = ["ambiguous_speaker", "ambiguous_organisation", "unresolved_speaker"]
    moving = make_quote(
        speaker=held.speaker, organisation=held.organisation, affiliation=held, flags=flags
    )
    staying = make_quote("Yes", speaker=held.speaker)
    answer = ok(reattribute(curator, held.speaker, other, [moving], reason="The son said it"))
    assert answer["moved"] == {"quotes": 1}
    assert answer["record"]["id"] == str(other.pk)
    assert held_by(moving) == (other, held.organisation, None)
    assert moving.flags == ["ambiguous_organisation"]
    assert held_by(staying) == (held.speaker, None, None)
    assert Revision.objects.of(moving).last().reason == "The son said it"


def test_all_chosen_quotes_move_or_none_does(curator):
    one, other = make_speaker("A"), make_speaker("B")
    mine, theirs = make_quote("Yes", speaker=one), make_quote("No", speaker=other)
    nobodys, unknown = make_quote("Perhaps"), make_utterance()
    response = reattribute(curator, one, other, [mine, theirs, nobodys, unknown, mine])
    faults = problem(response, 409)["errors"]
    assert [fault["pointer"] for fault in faults] == [f"/quotes/{index}" for index in (1, 2, 3)]
    assert str(theirs.pk) in faults[0]["message"]
    assert fresh(mine).speaker == one
    assert ok(reattribute(curator, one, other, [mine, mine]))["moved"] == {"quotes": 1}
    assert "already" in conflict(reattribute(curator, one, one, [mine]))


def test_an_invisible_quote_is_answered_like_an_unknown_one(curator, contributor):
    one, other = make_speaker("A"), make_speaker("B")
    hidden = make_quote(speaker=one, status="proposed")
    problem(reattribute(contributor, one, other, [hidden]), 403)
    contributor.user.user_permissions.add(
        *curator.user.groups.get().permissions.filter(codename="change_quote")
    )
    recent_tokens.clear()
    (there,) = problem(reattribute(contributor, one, other, [hidden]), 409)["errors"]
    (absent,) = problem(reattribute(contributor, one, other, [other]), 409)["errors"]
    assert there["message"].split(" ", 1)[1] == absent["message"].split(" ", 1)[1]


@pytest.mark.parametrize("quotes", [[], ["x"], "x", None, [str(make_quote)], [None]])
def test_an_invalid_list_of_quotes_is_refused_with_pointers(curator, quotes):
    one, other = make_speaker("A"), make_speaker("B")
    response = post(curator, one, "reattribute", to=str(other.pk), quotes=quotes)
    faults = problem(response, 400)["errors"]
    assert all(fault["pointer"].startswith("/quotes") for fault in faults)


def test_at_most_a_thousand_quotes_move_at_once(curator, django_assert_num_queries):
    one, other = make_speaker("A"), make_speaker("B")
    quotes = make_quotes(1001, make_article(), speaker=one)
    problem(reattribute(curator, one, other, quotes), 400)
    assert ok(reattribute(curator, one, other, quotes[:1000]))["moved"] == {"quotes": 1000}


def test_moving_quotes_needs_the_version_of_an_active_speaker(curator):
    one, other, third = (make_speaker(name) for name in "ABC")
    quote = make_quote(speaker=one)
    body = {"to": str(other.pk), "quotes": [str(quote.pk)], "reason": "So."}
    problem(post(curator, one, "reattribute", headers={}, **body), 428)
    problem(post(curator, one, "reattribute", headers={"If-Match": '"9"'}, **body), 412)
    merge(curator, one, third)
    assert str(third.pk) in conflict(post(curator, one, "reattribute", **body))
    merge(curator, other, make_speaker("D"))
    ok(post(curator, third, "reattribute", **body))
    assert fresh(quote).speaker.name == "D"


# At the same moment


class TestAtTheSameMoment:
    pytestmark = commits

    @pytest.fixture
    def client(self, db):
        return make_client("Curators")

    @pytest.fixture
    def call(self, client):
        """A call that sends as this client's user does, from whatever thread."""

        def make(method: str, path: str, body: dict):
            def send():
                other = type(client)()
                other.default_format = "json"
                other.credentials(**client._credentials)
                return getattr(other, method)(path, body, headers=ANY)

            return send

        return make

    @staticmethod
    def nothing_is_left_on_merged_records() -> bool:
        return not any(
            field.model._base_manager.filter(
                **{f"{field.name}__merged_into__isnull": False}
            ).exists()
            for model in (Speaker, Organisation, Outlet)
            for field in references.foreign_keys_to(model)
        )

    def test_filings_that_name_a_speaker_while_it_is_merged_lose_nothing(self, client, call):
        for number in range(6):
            held = make_affiliation(speaker=make_speaker(f"Ana {number}"), role="master")
            one, other = held.speaker, make_speaker(f"Bo {number}")
            named = [one.name, str(one.pk), other.name, f"New {number}"] * 2
            filings = [
                make_filing(
                    url=f"https://a.example/{number}/{place}",
                    outlet="Radio",
                    quotes=[{"text": "We had no choice,", "speaker": name, "role": "master"}],
                )
                for place, name in enumerate(named)
            ]
            calls = [call("post", f"{API}articles/", filing) for filing in filings]
            merging_call = call("post", path_of(one, "merge"), {"into": str(other.pk)})
            responses = at_once([*calls[:4], merging_call, *calls[4:]])
            assert statuses(responses) == [200, *[201] * 8]
            assert self.nothing_is_left_on_merged_records()
            assert Quote.objects.filter(speaker=other).count() == 6
            ok(client.post(path_of(one, "unmerge"), {}, headers=ANY))
            assert not held.quotes.exclude(speaker=one).exists()
            assert Quote.objects.filter(speaker__in=[one, other]).count() == 6

    def test_of_two_merges_of_one_record_one_is_refused(self, call):
        for number in range(6):
            one, *others = (make_speaker(f"{name} {number}") for name in "ABC")
            make_quote(speaker=one)
            calls = [call("post", path_of(one, "merge"), {"into": str(into.pk)}) for into in others]
            assert statuses(at_once(calls)) == [200, 409]
            assert self.nothing_is_left_on_merged_records()

    def test_of_two_merges_into_each_other_one_is_refused(self, call):
        for number in range(6):
            one, other = (make_speaker(f"{name} {number}") for name in "AB")
            for speaker in (one, other):
                make_quote(speaker=speaker)
            calls = [
                call("post", path_of(mine, "merge"), {"into": str(into.pk)})
                for mine, into in ((one, other), (other, one))
            ]
            assert statuses(at_once(calls)) == [200, 409]
            assert Speaker.objects.filter(pk__in=[one.pk, other.pk]).active().count() == 1
            assert self.nothing_is_left_on_merged_records()

    def test_merges_in_a_ring_leave_somebody_standing(self, call):
        for number in range(4):
            ring = [make_speaker(f"{name} {number}") for name in "ABC"]
            for speaker in ring:
                make_quote(speaker=speaker)
            calls = [
                call("post", path_of(mine, "merge"), {"into": str(into.pk)})
                for mine, into in zip(ring, [*ring[1:], ring[0]], strict=True)
            ]
            assert set(statuses(at_once(calls))) == {200, 409}
            assert Speaker.objects.filter(pk__in=[s.pk for s in ring]).active().exists()
            assert self.nothing_is_left_on_merged_records()

    def test_revising_quotes_while_their_speaker_is_merged_and_parted_stops_nobody(self, call):
        one, other, third = (make_speaker(name) for name in "ABC")
        quotes = [make_quote(f"w{number}", speaker=one) for number in range(6)]
        for number, language in enumerate(["en", "fr", "de", "nl"]):
            verb, body = ("unmerge", {}) if number % 2 else ("merge", {"into": str(other.pk)})
            # The language differs each time: a correction that changes nothing is refused.
            changes = {"language": language, "note": "So."}
            revisions = [
                call("patch", path_of(quote), {"speaker": str(person.pk), **changes})
                for quote, person in zip(quotes, [one, other, third] * 2, strict=True)
            ]
            moved = call("post", path_of(one, verb), body)
            responses = at_once([*revisions[:3], moved, *revisions[3:]])
            assert set(statuses(responses)) == {200}
            assert self.nothing_is_left_on_merged_records()

    def test_telling_apart_and_merging_at_once_never_do_both(self, call):
        for number in range(6):
            one, other = (make_speaker(f"{name} {number}") for name in "AB")
            calls = [
                call("post", path_of(one, "merge"), {"into": str(other.pk)}),
                call("post", path_of(other, "distinguish"), {"from": str(one.pk)}),
            ]
            assert statuses(at_once(calls)) == [200, 409]


# Whatever is done, undoing it restores what was

INDEX = st.integers(0, 3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["speaker", "organisation", "outlet"]), INDEX, INDEX),
        st.tuples(st.just("apart"), INDEX, INDEX),
        st.tuples(st.just("language"), INDEX, INDEX),
        st.tuples(st.just("given away"), INDEX, INDEX),
    ),
    min_size=1,
    max_size=6,
)
NAMES = st.lists(st.sampled_from(["A", "á", "B", "C c", "D"]), max_size=2)
PEOPLE = st.lists(
    st.tuples(st.sampled_from("ABCD"), NAMES, st.sampled_from(["", "1", "2"])),
    min_size=4,
    max_size=4,
)
QUOTES = st.lists(st.tuples(INDEX, INDEX, INDEX, st.booleans()), min_size=4, max_size=4)


class TestUndoing:
    pytestmark = commits

    def world(self, people, quotes) -> dict[str, list]:
        """Four of each kind, with quotes of them."""
        world = {"outlet": [], "organisation": [], "speaker": [], "quote": []}
        for name, aliases, viaf in people:
            identifiers = {"viaf": viaf} if viaf else {}
            values = {"aliases": aliases}
            world["outlet"].append(make_outlet(name, **values))
            above = world["organisation"][-1] if viaf and world["organisation"] else None
            values["identifiers"] = identifiers
            world["organisation"].append(make_organisation(name, parent=above, **values))
            world["speaker"].append(make_speaker(name, **values))
        for number, (person, body, outlet, rests) in enumerate(quotes):
            speaker, organisation = world["speaker"][person], world["organisation"][body]
            held = make_affiliation(speaker=speaker, organisation=organisation, role=f"r{number}")
            others = [
                make_quote(
                    f"w{number}",
                    speaker=speaker,
                    organisation=organisation,
                    affiliation=held if rests else None,
                    outlet=world["outlet"][outlet],
                    published="2026",
                    via=[world["outlet"][person], "the audit", world["outlet"][body]],
                    attribution_role=role,
                    flags=["ambiguous_speaker", "ambiguous_organisation"] if rests else [],
                )
                for role in (None, "r0")
            ]
            world["quote"].append(others[0])
        return world

    def rows(self) -> dict:
        """All that is on record, but for versions and times of change."""
        aside = {"version", "updated", "names_folded"}
        return {
            (model, row["id"]): {
                name: sorted(value) if name == "flags" else value
                for name, value in row.items()
                if name not in aside
            }
            for model in (Outlet, Organisation, Speaker, Affiliation, Article, Quote, Via)
            for row in model.objects.filter(
                **{"quote__gt" if model is Via else "pk__gt": self.start}
            ).values()
        }

    def differences(self, before: dict) -> dict:
        now = self.rows()
        return {
            (model.__name__, key, name): (row[name], now[model, key][name])
            for (model, key), row in before.items()
            for name in row
            if row[name] != now[model, key][name]
        }

    def merge(self, kind, one, other):
        merging.merge(one, other)
        return partial(merging.unmerge, one)

    def mark_distinct(self, one, other):
        if other.pk in one.distinct_from:
            raise Conflict("Said already.")
        merging.mark_distinct(one, other)
        return partial(merging.unmark_distinct, one, other)

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink would take for ever
    )
    @given(people=PEOPLE, quotes=QUOTES, steps=STEPS)
    def test_undoing_in_turn_restores_what_was_and_keeps_what_was_changed_meanwhile(
        self, db, people, quotes, steps
    ):
        (self.start,) = new_ids(1)
        with transaction.atomic():
            world = self.world(people, quotes)
        done = []
        for kind, first, second in steps:
            before = self.rows()
            if kind in ("language", "given away"):
                quote = Quote.objects.get(pk=world["quote"][first].pk)
                row = (Quote, quote.pk)
                if kind == "language":
                    quote.revise(note="So.", language=f"l{second}")
                    changes = {"language": quote.language}
                else:
                    into = Speaker.objects.get(pk=world["speaker"][second].pk).survivor
                    if into == quote.speaker:
                        continue
                    quote.revise(note="So.", speaker=into)
                    changes = {"speaker_id": into.pk, "affiliation_id": None}
                changes["corrections"] = quote.corrections
                for former, _ in done:
                    former[row] |= changes
                    if kind == "given away":
                        former[row]["flags"] = [
                            flag for flag in former[row]["flags"] if flag != "ambiguous_speaker"
                        ]
                continue
            records = world["speaker" if kind == "apart" else kind]
            one, other = (
                type(record).objects.get(pk=record.pk)
                for record in (records[first], records[second])
            )
            try:
                undo = (
                    self.mark_distinct(one, other)
                    if kind == "apart"
                    else self.merge(kind, one, other)
                )
            except Conflict:
                assert self.differences(before) == {}
                continue
            assert TestAtTheSameMoment.nothing_is_left_on_merged_records()
            done.append((before, undo))
        for before, undo in reversed(done):
            for record in undo.args:
                record.refresh_from_db()
            undo()
            assert self.differences(before) == {}
        self.forget()

    def forget(self) -> None:
        """The next example has a world of its own: nobody of this one is anybody's namesake."""
        for model in (Outlet, Organisation, Speaker):
            model.objects.update(aliases=[], name="gone")

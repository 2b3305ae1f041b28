"""Profiles of named records, and the pages that merge them, mark them as distinct and undo both."""

from datetime import date
from uuid import UUID

import pytest
from django.urls import reverse

from sources.admin.html import MAX_LISTED, NONE, address, isolated
from sources.admin.time_bars import TimeScale
from sources.dates import PartialDate
from sources.identity import merging
from sources.ledger.actor import audit_context, with_reason
from sources.ledger.revisions import Revision
from sources.models import Article
from tests.conftest import fresh
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_speaker,
)
from tests.sources.admin.test_admin import HOSTILE, FormReader, changelist, page_of

pytestmark = pytest.mark.django_db

MAKE = {"speaker": make_speaker, "organisation": make_organisation, "outlet": make_outlet}


def each_kind(test):
    return pytest.mark.parametrize("kind", MAKE)(test)


def profile(record) -> str:
    return address(record, "profile")


def compared(client, record, into) -> dict[str, str]:
    """What the form of the comparison would send."""
    answer = client.get(address(record, "merge"), {"into": str(into.pk)})
    assert answer.status_code == 200
    sent = FormReader(answer.text).sent
    return {name: sent[name] for name in ("into", "version", "into_version", "reason")}


def decide(client, verb: str, record, into, **changes):
    sent = compared(client, record, into) | changes
    return client.post(address(record, verb), sent, follow=True)


def said(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


# Merging


@each_kind
def test_two_records_are_merged_after_a_preview_and_separated_again(curator_at_desk, kind):
    one, other = MAKE[kind]("Ada Lund", aliases=["A. Lund"]), MAKE[kind]("Ada L.")
    page = curator_at_desk.get(address(one, "merge"), {"into": str(other.pk)})
    assert "will be merged into" in page.text
    assert page.context["merge"].aliases == ["Ada Lund", "A. Lund"]

    merged = decide(curator_at_desk, "merge", one, other, reason="One byline.")
    assert merged.redirect_chain == [(f"{profile(other)}?merged={one.pk}", 302)]
    assert said(merged) == ["“Ada Lund” was merged into “Ada L.”. No other record changed."]
    assert fresh(one).merged_into == other
    made = Revision.objects.of(one).last()
    assert (made.verb, made.actor, made.channel) == ("merged", "curators-at-desk", "admin")
    assert made.reason == "One byline."

    undo = {"version": FormReader(merged.text).sent["version"]}
    parted = curator_at_desk.post(address(one, "unmerge"), undo, follow=True)
    assert parted.redirect_chain == [(profile(one), 302)]
    assert "is a separate record again" in said(parted)[0]
    one.refresh_from_db()
    assert (one.merged_into, fresh(other).aliases) == (None, [])


def test_two_articles_are_merged_after_a_preview_and_separated_again(curator_at_desk):
    one, other = make_article("One text.", headline="Quay shut"), make_article("A text.")
    make_speaker("Mr Quill", article=one)
    assert address(one, "merge") in curator_at_desk.get(address(one, "change")).text
    page = curator_at_desk.get(address(one, "merge"), {"into": str(other.pk)})
    assert page.context["moved"] == "1 speaker"
    assert ("Headline", isolated("Quay shut"), NONE) in page.context["rows"]
    assert "alias" not in page.text
    assert "Different" not in page.text

    merged = decide(curator_at_desk, "merge", one, other, reason="One article.")
    assert merged.redirect_chain == [(f"{address(other, 'change')}?merged={one.pk}", 302)]
    assert said(merged)[0].endswith("1 speaker moved.")
    assert fresh(other).headline == "Quay shut"
    page = curator_at_desk.get(address(one, "change")).text
    assert address(one, "unmerge") in page
    assert address(other, "change") in page
    listed = curator_at_desk.get(changelist(Article)).text
    assert (str(one.pk) in listed, str(other.pk) in listed) == (False, True)

    undo = curator_at_desk.get(address(one, "unmerge"))
    assert "what it gained" in undo.text
    sent = {"version": FormReader(undo.text).sent["version"]}
    parted = curator_at_desk.post(address(one, "unmerge"), sent, follow=True)
    assert parted.redirect_chain == [(address(one, "change"), 302)]
    assert said(parted)[0].endswith("1 speaker moved back.")
    assert (fresh(one).merged_into, fresh(other).headline) == (None, None)


def test_the_page_counts_what_a_merge_moves_before_and_after(curator_at_desk):
    one, other = make_speaker("Ada Lund"), make_speaker("Ada L.")
    held = make_affiliation(speaker=one)
    page = curator_at_desk.get(address(one, "merge"), {"into": str(other.pk)})
    assert page.context["moved"] == "1 affiliation"
    assert said(decide(curator_at_desk, "merge", one, other))[0].endswith("1 affiliation moved.")
    assert fresh(held).speaker == other
    one.refresh_from_db()
    undo = {"version": one.version}
    parted = curator_at_desk.post(address(one, "unmerge"), undo, follow=True)
    assert said(parted)[0].endswith("1 affiliation moved back.")
    assert fresh(held).speaker == one


def test_a_merge_sent_twice_redirects_to_the_surviving_record(curator_at_desk):
    one, other = make_speaker("Ada Lund"), make_speaker("Ada L.")
    sent = compared(curator_at_desk, one, other)
    for _ in range(2):
        answer = curator_at_desk.post(address(one, "merge"), sent)
        assert answer.headers["Location"].startswith(profile(other))
    assert fresh(one).version == 2


def test_the_two_records_can_be_swapped(curator_at_desk):
    one, other = make_speaker("Ada Lund"), make_speaker("Ada L.")
    page = curator_at_desk.get(address(one, "merge"), {"into": str(other.pk)})
    assert page.context["swapped"] == f"{address(other, 'merge')}?into={one.pk}"
    swapped = curator_at_desk.get(page.context["swapped"])
    assert (swapped.context["record"], swapped.context["into"]) == (other, one)


@each_kind
def test_the_other_record_is_found_by_typing(curator_at_desk, kind):
    one, other = MAKE[kind]("Ada Lund"), MAKE[kind]("Bo Ek")
    page = curator_at_desk.get(address(one, "merge")).text
    assert f'data-model-name="{kind}" data-field-name="merged_into"' in page
    asked = {"app_label": "sources", "model_name": kind, "field_name": "merged_into", "term": "ek"}
    answer = curator_at_desk.get(reverse("admin:autocomplete"), asked)
    (found,) = answer.json()["results"]
    assert (found["id"], found["text"].splitlines()[0]) == (str(other.pk), "Bo Ek")
    for nonsense in ("", "x", "\0", str(UUID(int=1))):
        page = curator_at_desk.get(address(one, "merge"), {"into": nonsense})
        assert "Compare with" in page.text


def test_a_merged_record_is_compared_as_its_surviving_record(curator_at_desk):
    one, other, third = (make_speaker(name) for name in ("Ada", "Bo", "Cy"))
    merging.merge(other, third)
    page = curator_at_desk.get(address(one, "merge"), {"into": str(other.pk)})
    assert page.context["into"] == third
    assert curator_at_desk.get(address(other, "merge")).headers["Location"] == profile(other)
    merging.merge(one, third)
    answer = curator_at_desk.get(address(third, "merge"), {"into": str(one.pk)})
    assert "These are the same record" in answer.text


def test_records_that_cannot_be_merged_are_explained_and_not_merged(curator_at_desk):
    one = make_speaker("Ada Lund", identifiers={"wikidata": "Q1"})
    other = make_speaker("Ada L.", identifiers={"wikidata": "Q2"})
    page = curator_at_desk.get(address(one, "merge"), {"into": str(other.pk)})
    assert "Their identifiers in" in page.text
    assert "Merge into" not in page.text
    refused = decide(curator_at_desk, "merge", one, other, reason="I think so.")
    assert refused.status_code == 200
    assert "One of these is wrong, or the records are distinct." in refused.text
    assert FormReader(refused.text).sent["reason"] == "I think so."
    assert fresh(one).merged_into is None


@pytest.mark.parametrize("changed", [0, 1])
@pytest.mark.parametrize("verb", ["merge", "distinguish"])
def test_a_record_changed_since_it_was_read_is_shown_and_nothing_is_saved(
    curator_at_desk, changed, verb
):
    both = one, other = make_speaker("Ada Lund"), make_speaker("Ada L.")
    sent = compared(curator_at_desk, one, other)
    with audit_context(channel="admin", actor="bo-at-desk"), with_reason("She married."):
        both[changed].name = "Ada Ek"
        both[changed].save()
    refused = curator_at_desk.post(address(one, verb), sent | {"reason": "Same byline."})
    assert refused.status_code == 200
    (since,) = refused.context["changed"]
    assert (since.version_read, since.record.version) == (1, 2)
    assert [diff.label for revision in since.revisions for diff in revision.diffs] == [
        "Name",
        "Aliases",
    ]
    assert "somebody else made changes" in refused.text
    assert "by <bdi>bo-at-desk</bdi>" in refused.text
    assert "She married." in refused.text
    for record in both:
        assert (fresh(record).merged_into, record.distinct_from) == (None, [])

    again = FormReader(refused.text).sent
    assert again["reason"] == "Same byline."
    assert curator_at_desk.post(address(one, verb), again).status_code == 302


def test_undoing_a_merge_twice_does_no_harm(curator_at_desk):
    one, other = make_speaker("Ada Lund"), make_speaker("Ada L.")
    merging.merge(one, other)
    page = curator_at_desk.get(address(one, "unmerge"))
    sent = FormReader(page.text).sent
    one.refresh_from_db()
    merging.unmerge(one)
    answer = curator_at_desk.post(address(one, "unmerge"), sent, follow=True)
    assert "nothing to undo" in said(answer)[0]
    merging.merge(one, other)
    stale = curator_at_desk.post(address(one, "unmerge"), sent)
    assert "somebody else made changes" in stale.text
    assert fresh(one).merged_into == other


def test_an_undo_that_is_not_possible_is_explained(curator_at_desk):
    one, other, third = (make_speaker(name) for name in ("Ada", "Bo", "Cy"))
    merging.merge(one, other)
    merging.merge(other, third)
    page = curator_at_desk.get(address(one, "unmerge"))
    refused = curator_at_desk.post(address(one, "unmerge"), FormReader(page.text).sent)
    assert "was itself merged since" in refused.text
    assert "Undo that merge first." in refused.text


def test_a_merged_record_and_its_surviving_record_both_link_to_the_undo(curator_at_desk):
    one, other, third = (make_speaker(name) for name in ("Ada", "Bo", "Cy"))
    merging.merge(one, other, "Same photograph.")
    merging.merge(other, third)
    undo = address(other, "unmerge")
    page = curator_at_desk.get(profile(third))
    assert [each.record for each in page.context["merged"]] == [other, one]
    assert "(through “<bdi>Bo</bdi>”)" in page.text
    assert "Same photograph." in page.text
    assert f'href="{undo}"' in page.text
    assert address(one, "unmerge") not in page.text
    page = curator_at_desk.get(profile(other)).text
    assert f'href="{profile(third)}"' in page
    assert f'href="{undo}"' in page


# Marked as distinct


@each_kind
def test_two_records_are_marked_as_distinct_and_unmarked(curator_at_desk, kind):
    one, other = MAKE[kind]("Ada Lund"), MAKE[kind]("Ada Lund", aliases=["A."])
    told = decide(curator_at_desk, "distinguish", one, other, reason="Two birth dates.")
    assert told.redirect_chain == [(profile(one), 302)]
    assert "are now marked as different" in said(told)[0]
    assert fresh(one).distinct_from == [other.pk]
    for record in (one, other):
        page = curator_at_desk.get(profile(record))
        assert len(page.context["distinct"]) == 1
        assert "Two birth dates." in page.text
        assert f'action="{address(record, "undistinguish")}"' in page.text

    page = curator_at_desk.get(address(one, "merge"), {"into": str(other.pk)})
    assert "Marked as different" in page.text
    assert "Merge into" not in page.text
    taken = decide(curator_at_desk, "undistinguish", other, one, reason="No.")
    assert "no longer marked as different" in said(taken)[0]
    assert fresh(one).distinct_from == []
    assert curator_at_desk.get(profile(one)).context["distinct"] == []


def test_records_distinct_from_a_merged_one_are_distinct_from_the_survivor(curator_at_desk):
    one, other, third, fourth = (make_speaker(name) for name in ("Ada", "Bo", "Cy", "Di"))
    merging.mark_distinct(one, third, "Two voices.")
    merging.merge(one, other)
    merging.merge(third, fourth)
    page = curator_at_desk.get(profile(other))
    assert [each.record for each in page.context["distinct"]] == [fourth]
    assert "Two voices." in page.text


def test_the_button_says_different_people_or_different_speakers(curator_at_desk):
    for kind, words in (("person", "Different people"), ("collective", "Different speakers")):
        one, other = (make_speaker(f"{kind} {n}", kind=kind) for n in (1, 2))
        page = curator_at_desk.get(address(one, "merge"), {"into": str(other.pk)})
        assert f'value="{words}"' in page.text


# The profile


def test_list_profile_and_form_link_to_each_other(curator_at_desk):
    for make in MAKE.values():
        record = make("Ada Lund")
        assert f'href="{profile(record)}' in curator_at_desk.get(changelist(type(record))).text
        assert f'href="{page_of(record)}"' in curator_at_desk.get(profile(record)).text
        assert f'href="{profile(record)}"' in curator_at_desk.get(page_of(record)).text


def test_an_unknown_id_is_not_found(curator_at_desk):
    outlet = make_outlet()
    for page in ("profile", "merge", "unmerge"):
        place = address(outlet, page).replace("outlet", "speaker")
        assert curator_at_desk.get(place).status_code == 404


def test_affiliations_are_a_table_with_time_bars(curator_at_desk):
    speaker = make_speaker()
    for number, (start, end) in enumerate(
        [("2004", "2012-05"), (None, None), ("2011-03-04", None), ("2020", "2020")]
    ):
        make_affiliation(speaker=speaker, role=f"role {number}", start=start, end=end)
    page = curator_at_desk.get(profile(speaker))
    rows = page.context["affiliations"]
    assert {str(each.start or "") for each in rows} == {"2004", "", "2011-03-04", "2020"}
    assert page.text.count("<rect") == 3 + 1 + 1 + 3  # and the legend
    assert " style=" not in page.text


def test_an_organisation_shows_its_parts_and_people_with_roles(curator_at_desk):
    board = make_organisation("Harbour Board")
    make_organisation("Pilots", parent=board)
    make_affiliation(organisation=board, speaker=make_speaker("Mara Quill"))
    page = curator_at_desk.get(profile(board)).text
    assert "Pilots" in page
    assert "Mara Quill" in page


def test_an_outlet_shows_its_latest_articles(curator_at_desk):
    outlet = make_outlet()
    for day in range(1, 13):
        make_article(outlet=outlet, headline=f"Day {day}.", published=f"2026-03-{day:02}")
    page = curator_at_desk.get(profile(outlet)).text
    assert "Day 12." in page
    assert "Day 2." not in page
    assert f"?outlet__id__exact={outlet.pk}" in page


def test_many_affiliations_are_cut_and_cost_no_more_queries(
    curator_at_desk, django_assert_num_queries
):
    speaker, board = make_speaker(), make_organisation()
    make_affiliation(speaker=speaker, organisation=board)
    # With what quotes add; see tests/quotes/admin/test_profiles.py.
    with django_assert_num_queries(15):
        curator_at_desk.get(profile(speaker))
    for number in range(MAX_LISTED):
        make_affiliation(speaker=speaker, organisation=board, role=f"role {number}")
    with django_assert_num_queries(15):
        page = curator_at_desk.get(profile(speaker))
    assert len(page.context["affiliations"]) == MAX_LISTED
    assert f"?speaker__id__exact={speaker.pk}" in page.context["more_affiliations"]


# Permissions


@each_kind
def test_a_reader_sees_no_buttons_and_is_refused(reader_at_desk, kind):
    one, other, third = (MAKE[kind](name) for name in ("Ada", "Bo", "Cy"))
    with audit_context(channel="admin", actor="bo-at-desk"), with_reason("A secret reason."):
        merging.merge(third, other)
        merging.mark_distinct(one, other)
    for record in (one, other, third):
        page = reader_at_desk.get(profile(record))
        assert page.status_code == 200
        assert 'method="post" action="/admin/sources' not in page.text
        assert "Undo" not in page.text
        assert "Merge…" not in page.text
        assert "A secret reason." not in page.text
        assert "bo-at-desk" not in page.text
    sent = {"into": str(other.pk), "version": 1, "into_version": 1}
    for verb in ("merge", "unmerge", "distinguish", "undistinguish"):
        assert reader_at_desk.post(address(one, verb), sent).status_code == 403
    for verb in ("merge", "unmerge"):
        assert reader_at_desk.get(address(one, verb)).status_code == 403


@each_kind
def test_a_get_request_decides_nothing(curator_at_desk, kind):
    one, other = MAKE[kind]("Ada"), MAKE[kind]("Bo")
    for verb in ("distinguish", "undistinguish", "merge"):
        sent = {"into": str(other.pk), "version": 1, "into_version": 1}
        curator_at_desk.get(address(one, verb), sent)
    assert (fresh(one).merged_into, one.distinct_from) == (None, [])


@each_kind
def test_hostile_names_and_reasons_are_inert_on_every_page(curator_at_desk, kind):
    turned = "\u202eliuQ"
    one, other = MAKE[kind](HOSTILE, aliases=[turned]), MAKE[kind](f"{turned} {HOSTILE}")
    third = MAKE[kind](f"{HOSTILE} 3")
    merging.merge(third, one, f"{HOSTILE} {turned}")
    merging.mark_distinct(one, other, HOSTILE)
    pages = [
        curator_at_desk.get(profile(one)),
        curator_at_desk.get(profile(other)),
        curator_at_desk.get(profile(third)),
        curator_at_desk.get(address(one, "merge")),
        curator_at_desk.get(address(one, "merge"), {"into": str(other.pk)}),
        curator_at_desk.get(address(third, "unmerge")),
        decide(curator_at_desk, "undistinguish", one, other),
        decide(curator_at_desk, "merge", one, other),
    ]
    for page in pages:
        assert page.status_code == 200
        assert HOSTILE not in page.text
        assert "\u202e" not in page.text


# Time bars


def drawn(start: str | None, end: str | None) -> list[tuple[str, str, str]]:
    edges = [edge and PartialDate.parse(edge) for edge in (start, end)]
    scale = TimeScale([(PartialDate(2000), PartialDate(2009))], date(2009, 6, 1))
    return [
        (
            "sure" if bar.sure else "open" if bar.open else "perhaps",
            bar.x.partition(".")[0],
            bar.width.partition(".")[0],
        )
        for bar in scale.bars(*edges)
    ]


@pytest.mark.parametrize(
    ("start", "end", "bars"),
    [
        ("2000", "2009", [("perhaps", "0", "9"), ("sure", "9", "80"), ("perhaps", "90", "9")]),
        ("2001-01-01", "2001-12-31", [("sure", "10", "9")]),
        ("2005", "2005", [("perhaps", "50", "9")]),
        ("2005", None, [("open", "50", "49")]),
        (None, "2004", [("open", "0", "50")]),
        (None, None, [("open", "0", "100")]),
    ],
)
def test_a_time_bar_shows_how_certain_its_dates_are(start, end, bars):
    assert drawn(start, end) == bars


def test_the_time_scale_has_a_few_round_years():
    scale = TimeScale([(PartialDate(1931), PartialDate(2011, 4))], date(2026, 3, 1))
    assert [tick.year for tick in scale.ticks] == [1940, 1960, 1980, 2000, 2020]
    assert [tick.year for tick in TimeScale([], date(2026, 3, 1)).ticks] == [2026]

"""Quotes on the profiles of speakers, organisations and outlets; moving quotes."""

from uuid import UUID

import pytest
from django.urls import reverse

from quotes.admin import move_quotes, profile_counts
from quotes.curation.reattribution import MAX_MOVED_QUOTES
from quotes.models import Quote
from sources.admin.html import address
from sources.identity import merging
from sources.models import Revision
from tests.conftest import fresh, staff
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_quotes,
    make_speaker,
)
from tests.sources.admin.test_admin import HOSTILE, FormReader, changelist, page_of

pytestmark = pytest.mark.django_db


def profile(record) -> str:
    return address(record, "profile")


def table(page, heading: str) -> dict:
    return next(table for table in page.context["tables"] if table["heading"] == heading)


def lines(page, heading: str) -> dict[str, str]:
    """Names and numbers of a table, without their links."""
    return {text_of(line["what"]): text_of(line["number"]) for line in table(page, heading)["rows"]}


def text_of(html: str) -> str:
    reader = FormReader("")
    found = []
    reader.handle_data = found.append
    reader.feed(html)
    return "".join(found)


def make_many(number: int, **values) -> list[Quote]:
    printed = {name: values.pop(name) for name in ("published", "outlet") if name in values}
    return make_quotes(number, make_article(**printed), **values)


# The page


def test_printed_roles_are_grouped_and_link_to_their_quotes(curator_at_desk):
    speaker = make_speaker()
    for role in ("Harbour Master", "harbour master", "harbour master", "pilot", None, "—"):
        make_quote(speaker=speaker, attribution_role=role)
    make_quote(speaker=make_speaker("Ada"), attribution_role="harbour master")
    page = curator_at_desk.get(profile(speaker))
    roles = table(page, "Roles as printed")
    assert lines(page, "Roles as printed") == {"harbour master": "3", "pilot": "1", "—": "1"}
    assert [text_of(also) for also in roles["rows"][0]["also"]] == ["Harbour Master"]
    assert roles["unknown"] == 1
    for line in roles["rows"]:
        place = line["number"].split('"')[1].replace("&amp;", "&")
        answer = curator_at_desk.get(place)
        assert answer.context["cl"].result_count == int(text_of(line["number"]))
        assert "role as printed" in answer.text


def test_months_are_charted_and_partial_dates_are_not_guessed(curator_at_desk):
    speaker = make_speaker()
    for published in ("2026-01-02", "2026-01", "2026-03-31", "2026", None):
        make_quote(speaker=speaker, published=published)
    found = profile_counts.count_quotes(Quote.objects.filter(speaker=speaker))
    drawn = [(str(month), number) for month, number in found.chart_months]
    assert drawn == [("2026-01-01", 2), ("2026-02-01", 0), ("2026-03-01", 1)]
    page = curator_at_desk.get(profile(speaker)).text
    assert "2 quotes have no known month." in page
    listed = curator_at_desk.get(
        changelist(Quote), {"said_by": str(speaker.pk), "month": "2026-01"}
    )
    assert listed.context["cl"].result_count == 2
    assert f"said_by={speaker.pk}&amp;month=2026-01" in page


def test_only_the_latest_months_are_charted(curator_at_desk):
    speaker = make_speaker()
    for published in ("1999-01", "2026-01"):
        make_quote(speaker=speaker, published=published)
    found = profile_counts.count_quotes(Quote.objects.filter(speaker=speaker))
    assert len(found.chart_months) == profile_counts.MAX_CHART_MONTHS
    assert found.earlier == 1
    assert "1 earlier quotes are not shown." in curator_at_desk.get(profile(speaker)).text


@pytest.mark.parametrize("query", [{"month": "soon"}, {"month": "\0"}, {"printed_role": "\0"}])
def test_an_invalid_filter_of_the_list_is_refused(curator_at_desk, query):
    make_quote()
    assert curator_at_desk.get(changelist(Quote), query).status_code == 400


def test_organisations_and_outlets_are_counted_and_link_to_their_quotes(curator_at_desk):
    speaker, board = make_speaker(), make_organisation("Harbour Board")
    post, times = make_outlet("The Post"), make_outlet("The Times")
    make_quote(speaker=speaker, organisation=board, outlet=post)
    make_quote(speaker=speaker, organisation=board, outlet=times)
    make_quote(speaker=speaker, outlet=times)
    page = curator_at_desk.get(profile(speaker))
    assert lines(page, "Organisations") == {"Harbour Board": "2"}
    assert table(page, "Organisations")["unknown"] == 1
    assert lines(page, "Outlets") == {"The Times": "2", "The Post": "1"}
    page = curator_at_desk.get(profile(board))
    assert lines(page, "Speakers") == {"Mara Quill": "2"}
    page = curator_at_desk.get(profile(times))
    assert lines(page, "People quoted") == {"Mara Quill": "2"}
    assert len(page.context["latest"]) == 2


def test_a_reader_does_not_see_quotes_under_review_on_a_profile(reader_at_desk, curator_at_desk):
    speaker = make_speaker()
    make_quote("An open choice", speaker=speaker, attribution_role="pilot")
    make_quote("A secret", speaker=speaker, attribution_role="chief spy", status="proposed")
    page = reader_at_desk.get(profile(speaker))
    assert page.context["quotes"] == 1
    assert "secret" not in page.text
    assert "chief spy" not in page.text
    assert "Move quotes" not in page.text
    assert curator_at_desk.get(profile(speaker)).context["quotes"] == 2


def test_a_user_without_access_to_quotes_sees_none_on_a_profile():
    clerk = staff(permissions=["view_speaker"])
    quote = make_quote(speaker=make_speaker())
    page = clerk.get(profile(quote.speaker))
    assert page.status_code == 200
    assert quote.text not in page.text
    assert "quotes" not in page.context


def test_a_profile_costs_the_same_for_many_quotes_and_is_bounded(
    curator_at_desk, django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(profile_counts, "MAX_COUNTED_QUOTES", 40)
    speaker = make_speaker()
    board, outlet = make_organisation(), make_outlet()
    make_affiliation(speaker=speaker, organisation=board)
    make_quote(speaker=speaker, organisation=board, outlet=outlet, attribution_role="pilot")
    # The session, the user, two of permissions; the speaker, what was merged into it, two for
    # likely duplicates, affiliations; joint statements, shown and counted; the tally, its roles,
    # organisations and outlets; the latest.
    with django_assert_num_queries(18):
        curator_at_desk.get(profile(speaker))
    for number in range(10):
        make_many(
            5,
            speaker=speaker,
            organisation=make_organisation(f"Board {number}"),
            attribution_role=f"role {number}",
            published=f"2025-{number + 1:02}",
            outlet=outlet,
        )
    with django_assert_num_queries(18):
        page = curator_at_desk.get(profile(speaker))
    assert page.context["quotes"] == 40
    assert page.context["is_cut"]
    assert "there may be more" in page.text
    assert len(page.context["latest"]) == 8


def test_likely_duplicates_are_listed_until_they_are_marked_as_distinct(curator_at_desk):
    one, other = make_speaker("Rob Jones"), make_speaker("R. Jones")
    page = curator_at_desk.get(profile(one))
    (likely,) = page.context["duplicates"]
    assert likely.record == other
    assert "“R. Jones” may stand for “Rob Jones”, by its initial." in page.text
    assert f'href="{address(one, "merge")}?into={other.pk}"' in page.text
    sent = {"into": other.pk, "version": one.version, "into_version": other.version}
    curator_at_desk.post(address(one, "distinguish"), sent)
    assert curator_at_desk.get(profile(one)).context["duplicates"] == []


def test_a_merge_shows_and_moves_the_quotes_of_each(curator_at_desk):
    one, other = make_speaker("Ada Lund"), make_speaker("Ada L.")
    quote = make_quote("We had no choice", speaker=one)
    asked = {"into": str(other.pk)}
    page = curator_at_desk.get(address(one, "merge"), asked)
    assert "We had no choice" in page.text
    assert page.context["moved"] == "1 quote"
    curator_at_desk.post(address(one, "merge"), FormReader(page.text).sent)
    assert fresh(quote).speaker == other
    one.refresh_from_db()
    curator_at_desk.post(address(one, "unmerge"), {"version": one.version})
    assert fresh(quote).speaker == one


def test_a_quote_links_to_its_speaker_organisation_and_outlet(curator_at_desk):
    quote = make_quote(
        speaker=make_speaker(), organisation=make_organisation(), outlet=make_outlet()
    )
    quote.refresh_from_db()
    form, listed = curator_at_desk.get(page_of(quote)).text, curator_at_desk.get(changelist(Quote))
    for record in (quote.speaker, quote.organisation, quote.outlet):
        assert f'href="{profile(record)}"' in form
    assert f'href="{profile(quote.speaker)}"' in listed.text


def test_hostile_words_are_inert_on_profiles_and_when_moving_quotes(curator_at_desk):
    turned = "\u202eliuQ"
    speaker, other = make_speaker(HOSTILE), make_speaker(f"{HOSTILE} 2")
    quote = make_quote(
        f"{HOSTILE} {turned}",
        speaker=speaker,
        organisation=make_organisation(f"{HOSTILE} {turned}"),
        outlet=make_outlet(f"{HOSTILE} {turned}"),
        attribution_role=f"{HOSTILE} {turned}",
        attribution_speaker=f"{HOSTILE} {turned}",
        published="2026-03",
    )
    quote.refresh_from_db()
    sent = {"quote": f"{quote.pk}:1", "to": str(other.pk), "reason": f"{HOSTILE} {turned}"}
    pages = [
        curator_at_desk.get(profile(speaker)),
        curator_at_desk.get(profile(quote.organisation)),
        curator_at_desk.get(profile(quote.outlet)),
        curator_at_desk.get(address(speaker, "quotes"), {"q": HOSTILE, "role": turned}),
        curator_at_desk.post(address(speaker, "quotes"), sent | {"to": ""}),
        curator_at_desk.post(address(speaker, "quotes"), sent),
        curator_at_desk.post(address(speaker, "quotes"), sent | {"confirmed": "1"}, follow=True),
    ]
    for number, page in enumerate(pages):
        assert page.status_code == 200
        assert HOSTILE not in page.text
        # What was typed stands in its field as it was typed.
        assert "\u202e" not in page.text or number in (3, 4, 5)


# Moving quotes


@pytest.fixture
def jones():
    return make_speaker("Rob Jones")


@pytest.fixture
def rachel():
    return make_speaker("Rachel Jones")


def move(client, speaker, quotes, to, **more):
    sent = {
        "quote": [f"{quote.pk}:{quote.version}" for quote in quotes],
        "to": str(to.pk) if to else "",
        **more,
    }
    return client.post(address(speaker, "quotes"), sent)


def test_selected_quotes_are_moved_after_a_preview(curator_at_desk, jones, rachel):
    held = make_affiliation(speaker=jones)
    moved = [
        make_quote(speaker=jones, affiliation=held, organisation=held.organisation),
        make_quote("No comment", speaker=jones, flags=["unresolved_speaker"]),
    ]
    kept = make_quote("Mind the quay", speaker=jones)
    listed = curator_at_desk.get(address(jones, "quotes"))
    assert len(listed.context["rows"]) == 3
    asked = move(curator_at_desk, jones, moved, rachel, reason="Her first name is in the text.")
    assert "Move 2 quotes?" in asked.text
    assert "1 will lose the affiliation" in asked.text
    assert "1 will no longer be flagged as uncertain" in asked.text
    assert "Mind the quay" not in asked.text
    for quote in moved:
        assert fresh(quote).speaker == jones

    answer = move(
        curator_at_desk, jones, moved, rachel, reason="Her first name is in it.", confirmed="yes"
    )
    assert answer.headers["Location"] == profile(rachel)
    page = curator_at_desk.get(profile(rachel))
    assert "2 quotes were moved from “Rob Jones” to “Rachel Jones”." in page.text
    for quote in moved:
        assert (fresh(quote).speaker, quote.affiliation, quote.flags) == (rachel, None, [])
        made = Revision.objects.of(quote).last()
        assert (made.actor, made.channel) == ("curators-at-desk", "admin")
        assert made.reason == "Her first name is in it."
    assert fresh(kept).speaker == jones


@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "yes"}])
def test_a_changed_quote_is_named_and_none_is_moved(curator_at_desk, jones, rachel, confirmed):
    quotes = [make_quote(text, speaker=jones) for text in ("One word", "Two words", "Three words")]
    third = make_speaker("Bo")
    Quote.objects.get(pk=quotes[1].pk).revise(note="As printed.", attribution_cue="said")
    Quote.objects.get(pk=quotes[2].pk).revise(note="It was Bo.", speaker=third)
    refused = move(curator_at_desk, jones, quotes, rachel, reason="So.", **confirmed)
    assert refused.status_code == 200
    assert len(refused.context["changed"]) == 2
    assert "Two words</bdi></a>”: This has changed since you read version 1" in refused.text
    assert "Three words</bdi></a>”: It now has another speaker: <bdi>Bo</bdi>." in refused.text
    assert [row["chosen"] for row in refused.context["rows"]] == [True, True]
    assert FormReader(refused.text).sent["reason"] == "So."
    assert Quote.objects.filter(speaker=rachel).count() == 0


def test_without_quotes_or_a_new_speaker_nothing_is_moved(curator_at_desk, jones, rachel):
    quote = make_quote(speaker=jones)
    for quotes, to, words in (
        ([], rachel, "Select at least one quote."),
        ([quote], None, "Choose a speaker."),
        ([quote], jones, "This is already their speaker."),
        ([quote], make_outlet(), "Select a valid choice"),
    ):
        refused = move(curator_at_desk, jones, quotes, to, confirmed="yes")
        assert words in refused.text
    forged = {"quote": ["x", "x:1", f"{quote.pk}:", f"{quote.pk}:²"], "to": "x"}
    assert curator_at_desk.post(address(jones, "quotes"), forged).status_code == 200
    many = [f"{UUID(int=number)}:1" for number in range(MAX_MOVED_QUOTES + 1)]
    refused = curator_at_desk.post(address(jones, "quotes"), {"quote": many, "to": str(rachel.pk)})
    assert "You can move 1,000 at once" in refused.text
    assert fresh(quote).speaker == jones


def test_the_list_is_filtered_by_words_role_and_outlet(curator_at_desk, jones):
    post = make_outlet("The Post")
    make_quote("We had no choice", speaker=jones, outlet=post, attribution_role="Dean")
    make_quote("No comment", speaker=jones)
    for asked, number in (
        ({}, 2),
        ({"q": "CHOICE had"}, 1),
        ({"q": "%"}, 0),
        ({"role": "dean"}, 1),
        ({"outlet": str(post.pk)}, 1),
        ({"outlet": "x"}, 2),
        ({"q": "\0"}, 0),
        ({"p": "x"}, 2),
    ):
        page = curator_at_desk.get(address(jones, "quotes"), asked)
        assert len(page.context["rows"]) == number, asked


def test_the_list_costs_the_same_for_many_quotes_and_is_bounded(
    curator_at_desk, jones, django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(move_quotes, "PAGE_QUOTES", 5)
    make_many(1, speaker=jones)
    # The session, the user, two of permissions; the speaker; the quotes counted, and read.
    with django_assert_num_queries(7):
        curator_at_desk.get(address(jones, "quotes"))
    make_many(10, speaker=jones)
    with django_assert_num_queries(7):
        page = curator_at_desk.get(address(jones, "quotes"))
    assert len(page.context["rows"]) == 5
    assert "Page 1 of 3." in page.text


def test_a_merged_speaker_has_no_quotes_to_move(curator_at_desk, jones, rachel):
    merging.merge(jones, rachel)
    place = address(jones, "quotes")
    assert curator_at_desk.get(place).headers["Location"] == profile(jones)
    assert "Move quotes" not in curator_at_desk.get(profile(jones)).text


def test_a_reader_cannot_move_quotes(reader_at_desk, jones, rachel):
    quote = make_quote(speaker=jones)
    assert reader_at_desk.get(address(jones, "quotes")).status_code == 403
    assert move(reader_at_desk, jones, [quote], rachel, confirmed="yes").status_code == 403
    assert fresh(quote).speaker == jones


def test_the_new_speaker_is_found_by_what_is_typed(curator_at_desk, jones, rachel):
    asked = {"app_label": "quotes", "model_name": "quote", "field_name": "speaker"}
    answer = curator_at_desk.get(reverse("admin:autocomplete"), asked | {"term": "rach"})
    assert answer.json()["results"] == [{"id": str(rachel.pk), "text": "Rachel Jones\n0 quotes"}]

"""The history of a record as a page of the admin."""

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse
from lxml import html

from sources.admin.diffs import compared_words, diff_field
from sources.admin.history import HistoryPage
from sources.dates import PartialDate
from sources.history.reverting import Reversion
from sources.identity import merging
from sources.identity.merging import moving_allowed
from sources.ledger.actor import audit_context
from sources.models import Affiliation, Article, Outlet, Speaker
from tests.conftest import fresh
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_speaker,
)

pytestmark = pytest.mark.django_db


def history_of(record) -> str:
    app, name = record._meta.app_label, record._meta.model_name
    return reverse(f"admin:{app}_{name}_history", args=[record.pk])


def told(client, record, **query) -> list[dict]:
    """The text of the page: heading, author, reason and changes of each version."""
    answer = client.get(history_of(record), query)
    assert answer.status_code == 200
    page = html.fromstring(answer.text)
    return [
        {
            "heading": entry.xpath("string(.//h2)"),
            "made": " ".join(entry.xpath("string(.//p[@class='made'])").split()),
            "reason": " ".join(entry.xpath("string(.//blockquote)").split()),
            "changes": {
                row.xpath("string(th)"): [
                    " ".join(cell.text_content().split()) for cell in row.xpath("td")
                ]
                for row in entry.xpath(".//tbody/tr")
            },
        }
        for entry in page.xpath("//ol[@class='history']/li")
    ]


def rename(speaker: Speaker, name: str) -> None:
    Speaker.objects.filter(pk=speaker.pk).update(name=name)


# Content


def test_each_change_shows_who_made_it_how_and_why(curator_at_desk):
    with audit_context(channel="api", actor="ada", request="r-1"):
        speaker = make_speaker("Mara Quill", aliases=["M. Quill"])
    with audit_context(channel="command:tidy", actor="bo", reason="She married."):
        rename(speaker, "Mara Lund")
    newest, first = told(curator_at_desk, speaker)
    assert newest["heading"] == "Version 2: renamed"
    assert newest["made"].endswith("UTC by bo by the command tidy")
    assert newest["reason"] == "She married."
    assert newest["changes"] == {
        "Name": ["Mara Quill", "Mara Lund"],
        "Aliases": ["M. Quill", "M. Quill [added: Mara Quill]"],
    }
    assert first["heading"] == "Version 1: added"
    assert first["made"].endswith("UTC by ada via the API")
    page = html.fromstring(curator_at_desk.get(history_of(speaker)).text)
    assert page.xpath("//details[not(@open)]/bdi/text()") == ["r-1"]
    assert first["changes"] == {"Name": ["Mara Quill"], "Kind": ["Person"], "Aliases": ["M. Quill"]}


def test_a_reader_sees_what_changed_but_not_by_whom_or_why(reader_at_desk):
    with audit_context(
        channel="api", actor="ada-at-desk", request="request-1", reason="She married."
    ):
        speaker = make_speaker("Mara Quill")
        rename(speaker, "Mara Lund")
    newest, first = told(reader_at_desk, speaker)
    assert newest["changes"] == {
        "Name": ["Mara Quill", "Mara Lund"],
        "Aliases": ["–", "Mara Quill"],
    }
    assert first["changes"] == {}
    page = reader_at_desk.get(history_of(speaker)).text
    for secret in ("ada-at-desk", "via the API", "request-1", "She married", "Revert"):
        assert secret not in page


def test_longer_texts_are_compared_by_word(curator_at_desk):
    article = make_article(headline="Quay to close in the spring of next year")
    Article.objects.update(headline="Quay to close in the autumn of next year")
    newest, _ = told(curator_at_desk, article)
    before, after = newest["changes"]["Headline"]
    assert before == "Quay to close in the [removed: spring ] of next year"
    assert after == "Quay to close in the [added: autumn ] of next year"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Mara Quill", "Mara Lund"),
        ("One two three four five", "Six seven eight nine ten"),
        ("word " * 900, "word " * 901),
    ],
)
def test_short_long_and_unrelated_texts_are_not_compared(before, after):
    assert compared_words(before, after) is None


def test_compared_texts_are_inert():
    one, other = compared_words("a b c <script>x</script> \u202e d", "a b c <b>y</b> \u2067 d")
    assert "<script>" not in one
    assert "<b>" not in other
    assert "⟦U+202E⟧" in one
    assert "⟦U+2067⟧" in other


def test_a_very_long_value_is_cut():
    comparison = diff_field(Article, "headline", None, "x" * 10_000)
    assert "… (10,000 characters)" in comparison.after
    assert len(comparison.after) < 5_000


def test_lists_are_compared_by_item(curator_at_desk):
    speaker = make_speaker(aliases=["Quill, Mara", "Captain Quill"])
    Speaker.objects.update(aliases=["Quill, Mara", "Dr Quill"])
    newest, _ = told(curator_at_desk, speaker)
    assert newest["changes"]["Aliases"] == [
        "Quill, Mara [removed: Captain Quill]",
        "Quill, Mara [added: Dr Quill]",
    ]


def test_related_records_have_their_name_of_then_and_a_link(curator_at_desk):
    post, echo = make_outlet("The Harbour Post"), make_outlet("The Echo")
    article = make_article("Text.", outlet=post)
    Article.objects.update(outlet=echo)
    Outlet.objects.filter(pk=post.pk).update(name="The Post")
    newest, second, _ = told(curator_at_desk, article)
    assert newest["changes"] == {"Outlet": ["The Harbour Post", "The Echo"]}
    assert second["changes"]["Snapshot"] == ["–", f"text {article.snapshot.sha256[:16]}…"]
    page = curator_at_desk.get(history_of(article)).text
    assert f'<a href="/admin/sources/outlet/{post.pk}/change/">' in page
    found = curator_at_desk.get(f"/admin/sources/snapshot/?q={article.snapshot.sha256}")
    assert found.context["cl"].result_count == 1


def test_dates_are_shown_as_they_were_given(curator_at_desk):
    held = make_affiliation(start=PartialDate(2004))
    Affiliation.objects.update(start=PartialDate(2004, 2), end=PartialDate(2012, 5, 1))
    newest, _ = told(curator_at_desk, held)
    assert newest["changes"] == {"From": ["2004", "2004-02"], "To": ["–", "2012-05-01"]}


def test_a_distinct_record_is_shown_by_name(curator_at_desk):
    one, other = make_speaker("Mara Quill"), make_speaker("Mara Quill (pilot)")
    merging.mark_distinct(one, other, "Two people.")
    newest, _ = told(curator_at_desk, one)
    assert newest["changes"] == {"Distinct from": ["–", "Mara Quill (pilot)"]}
    assert newest["reason"] == "Two people."


def test_a_merge_links_to_the_surviving_record(curator_at_desk):
    one, other = make_speaker("M. Quill"), make_speaker("Mara Quill")
    merging.merge(one, other, "One person.")
    newest, _ = told(curator_at_desk, one)
    assert newest["heading"] == "Version 2: merged"
    assert newest["changes"] == {"Merged into": ["–", "Mara Quill"]}


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("commits")
def test_the_survivor_of_a_merge_says_what_was_merged_and_separated(
    curator_at_desk, reader_at_desk
):
    one, twin, other = (
        make_speaker("M. Quill"),
        make_speaker("Mara Quill"),
        make_speaker("Mara Quill"),
    )
    with audit_context(channel="admin", actor="bo"):
        merging.merge(one, other, "One person.")
        merging.merge(twin, other, "The same.")
    newest, _ = told(curator_at_desk, other)
    assert newest["heading"] == "Version 2: “M. Quill” merged in"
    for client, is_whole in ((curator_at_desk, True), (reader_at_desk, False)):
        page = html.fromstring(client.get(history_of(other)).text)
        merged = page.xpath("//section[@aria-labelledby='merged-in']//li")
        assert [item.xpath("string(a)") for item in merged] == ["Mara Quill", "M. Quill"]
        assert ("by bo" in merged[0].text_content()) is is_whole
    merging.unmerge(fresh(one))
    newest, *_ = told(curator_at_desk, other)
    assert newest["heading"] == "Version 3: “M. Quill” separated again"
    newest, *_ = told(curator_at_desk, one)
    assert newest["heading"] == "Version 3: separated again"


def test_a_reader_is_not_told_of_a_merged_record_that_they_cannot_see(
    curator_at_desk, reader_at_desk
):
    hidden, other = make_speaker("Harbour Pilot", is_public=False), make_speaker("Mara Quill")
    with moving_allowed():  # as a merge that is filed: nobody confirmed the record
        Speaker.objects.filter(pk=hidden.pk).update(merged_into=other)
    assert not fresh(hidden).is_public
    assert "Harbour Pilot" in curator_at_desk.get(history_of(other)).text
    assert "Harbour Pilot" not in reader_at_desk.get(history_of(other)).text


def test_a_revert_says_to_which_version(curator_at_desk):
    speaker = make_speaker("Mara Quill")
    rename(speaker, "Mara Lund")
    speaker.refresh_from_db()
    Reversion(speaker, 1).apply("She did not.")
    assert told(curator_at_desk, speaker)[0]["heading"] == "Version 3: reverted to version 1"


def test_a_change_without_words_of_its_own_names_its_fields(curator_at_desk):
    held = make_affiliation(start=PartialDate(2004))
    Affiliation.objects.update(start=PartialDate(2005))
    assert told(curator_at_desk, held)[0]["heading"] == "Version 2: from changed"


def test_a_snapshot_has_a_history_for_users_who_may_read_it(curator_at_desk, reader_at_desk):
    held = make_article("Text.").snapshot
    (first,) = told(curator_at_desk, held)
    assert first["changes"]["Sha256"] == [held.sha256]
    assert told(reader_at_desk, held) == []
    assert "no changes that you can see" in reader_at_desk.get(history_of(held)).text


def test_users_keep_djangos_own_history(admin_client, admin_user):
    path, password = f"/admin/auth/user/{admin_user.pk}/password/", "a long trial password"
    changed = {"usable_password": "true", "password1": password, "password2": password}
    admin_client.post(path, changed)
    admin_client.force_login(get_user_model().objects.get())
    page = admin_client.get(f"/admin/auth/user/{admin_user.pk}/history/")
    assert "Changed password." in page.text


# Pages


def test_a_long_history_has_pages_by_version(curator_at_desk, monkeypatch):
    monkeypatch.setattr(HistoryPage, "MAX_REVISIONS", 3)
    speaker = make_speaker("Mara 1")
    for number in range(2, 9):
        rename(speaker, f"Mara {number}")

    def versions(**query):
        return [
            int(one["heading"].split(":")[0][8:]) for one in told(curator_at_desk, speaker, **query)
        ]

    assert versions() == [8, 7, 6]
    assert versions(before="6") == [5, 4, 3]
    assert versions(before="3") == [2, 1]
    assert versions(after="2") == [5, 4, 3]
    assert versions(after="5") == [8, 7, 6]
    assert versions(after="8") == versions(before="1") == []
    assert (
        versions(before="nonsense") == versions(before="²") == versions(after="9" * 99) == [8, 7, 6]
    )
    first, last = (
        curator_at_desk.get(history_of(speaker), query).text for query in ({}, {"before": "3"})
    )
    assert ">Older<" in first
    assert ">Newer<" not in first
    assert '<a href="?after=2">Newer</a>' in last
    assert ">Older<" not in last


def test_a_history_of_any_length_costs_the_same(curator_at_desk, django_assert_num_queries):
    speaker, board = make_speaker(), make_organisation()
    # The session, the user, two of permissions, the record; the page, what was before, what is
    # merged into it.
    with django_assert_num_queries(8):
        curator_at_desk.get(history_of(speaker))
    with audit_context(channel="api"):
        for number in range(60):
            kind, tie = ("collective", board) if number % 2 else ("person", None)
            Speaker.objects.update(name=f"Mara {number}", kind=kind, organisation=tie)
    with django_assert_num_queries(10):  # and the names, and merges that changed it
        answer = curator_at_desk.get(history_of(speaker))
    assert answer.text.count("<article") == HistoryPage.MAX_REVISIONS


def test_an_unknown_record_has_no_history(curator_at_desk):
    path = history_of(make_speaker()).replace("0", "1", 1)
    assert curator_at_desk.get(path).status_code == 404

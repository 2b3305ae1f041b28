"""Taking a record back to how it was at a version, by a verb and on its page."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from sources.dates import PartialDate
from sources.exceptions import Conflict
from sources.history.reverting import COLUMNS, Reversion, revert
from sources.identity import merging
from sources.ledger.actor import audit_context
from sources.models import Affiliation, Article, Outlet, Revision, Speaker
from tests.conftest import fresh
from tests.records import (
    make_affiliation,
    make_article,
    make_fact,
    make_organisation,
    make_outlet,
    make_speaker,
)
from tests.sources.admin.test_admin import form_of, page_of
from tests.sources.admin.test_history import history_of, rename, told

pytestmark = pytest.mark.django_db


def change(record, **values) -> None:
    """As if somebody else had: what is in memory stays as it was."""
    type(record).objects.filter(pk=record.pk).update(**values)


def newest(record) -> Revision:
    return Revision.objects.of(record).last()


# The verb


def test_a_reverted_record_regains_what_a_curator_may_edit():
    board = make_organisation()
    speaker = make_speaker("Harbour crew", kind="collective", organisation=board, aliases=["Crew"])
    changed = {"kind": "person", "organisation": None, "aliases": [], "identifiers": {"a": "b"}}
    change(speaker, name="Mara Quill", **changed)
    revert(speaker, 1, "Not a person.")
    assert (fresh(speaker).name, speaker.kind, speaker.organisation, speaker.aliases) == (
        "Harbour crew",
        "collective",
        board,
        ["Crew"],
    )
    assert speaker.identifiers == {}
    assert (newest(speaker).version, newest(speaker).verb) == (3, "updated")
    assert newest(speaker).reason == "Back to version 1: Not a person."


def test_dates_and_unknowns_are_reverted_as_given():
    held = make_affiliation(start=PartialDate(2004))
    change(held, start=PartialDate(2005, 2, 1), end=PartialDate(2012), role="pilot")
    revert(held, 1, "Misread.")
    assert (str(fresh(held).start), held.end, held.role) == ("2004", None, "harbour master")


def test_any_version_can_be_restored_and_left_again():
    speaker = make_speaker("Mara 1")
    for number in range(2, 6):
        rename(speaker, f"Mara {number}")
    for version in (1, 4, 2, 6, 7):
        was = Revision.objects.of(speaker).get(version=version).state["name"]
        revert(speaker, version, "Because.")
        assert fresh(speaker).name == was


def test_only_chosen_fields_are_reverted():
    outlet = make_outlet("The Harbour Post", slug="post", url="https://post.example")
    change(outlet, name="The Post", slug="the-post", url=None)
    way = revert(outlet, 1, "The name was right.", only={"name", "url"})
    assert (fresh(outlet).name, outlet.slug) == ("The Harbour Post", "the-post")
    assert outlet.url == "https://post.example"
    assert way.values.keys() == {"name", "url"}


def test_a_reference_merged_since_is_reverted_to_its_surviving_record():
    post, echo, courier = (make_outlet(name) for name in ("Post", "Echo", "Courier"))
    article = make_article(outlet=post)
    change(article, outlet=courier)
    merging.merge(post, echo)
    revert(article, 1, "Printed there.")
    assert fresh(article).outlet == echo


def test_fields_that_cannot_be_reverted_stay_with_a_reason():
    post = make_outlet("The Harbour Post", slug="post")
    change(post, slug="harbour-post", name="Post")
    make_outlet("Another", slug="post")
    way = Reversion(post, 1)
    post.refresh_from_db()
    way = Reversion(post, 1)
    assert way.values == {"name": "The Harbour Post", "aliases": []}
    assert way.kept == {"slug": "Outlet with this Slug already exists."}


def test_a_url_that_another_article_has_now_is_not_reverted():
    article = make_article(url="https://post.example/quay", headline="Quay")
    change(article, url="https://post.example/pier", headline="Pier")
    make_article(url="HTTPS://post.example:443/quay")
    article.refresh_from_db()
    way = Reversion(article, 1)
    assert way.values == {"headline": "Quay"}
    assert way.kept == {"url": "An article with this URL is already on record."}


def test_a_fault_of_no_single_field_prevents_the_reversion():
    crew = make_speaker("Crew", kind="person")
    change(crew, kind="collective", organisation=make_organisation())
    crew.refresh_from_db()
    way = Reversion(crew, 1, only={"kind"})
    assert way.objections == ["A person is tied to an organisation by an affiliation."]
    with pytest.raises(ValidationError, match="by an affiliation"):
        way.apply("Because.")
    revert(crew, 1, "Because.")


def test_reverting_does_not_undo_a_merge():
    one, other = make_speaker("M. Quill"), make_speaker("Mara Quill")
    rename(one, "M. J. Quill")
    merging.merge(one, other)
    one.refresh_from_db()
    assert Reversion(one, 1).kept["merged_into"] == "A merge has an undo of its own."
    with pytest.raises(Conflict, match="was merged into"):
        revert(one, 1, "Because.")
    way = revert(other, 1, "Not an alias.")
    assert way.values == {"aliases": []}


@pytest.mark.parametrize("reason", ["", " \n"])
def test_reverting_needs_a_reason(reason):
    speaker = make_speaker("Mara")
    rename(speaker, "Mara Quill")
    with pytest.raises(ValidationError, match="Give a reason"):
        revert(speaker, 1, reason)


def test_reverting_to_the_present_state_changes_nothing():
    speaker = make_speaker("Mara")
    rename(speaker, "Mara Quill")
    with pytest.raises(ValidationError, match="changes nothing"):
        revert(speaker, 2, "Because.")
    assert newest(speaker).version == 2


def test_only_columns_that_curators_edit_are_reverted(admin_client):
    outlet = make_outlet(refuses_embeds=True, refuses_robots=True)  # an empty box is not sent
    made = make_article("Text.", outlet=outlet, published="2026")
    held = make_affiliation()
    fact = make_fact(speaker=held.speaker)
    records = (made.outlet, made, held, held.speaker, held.organisation, fact)
    assert {type(record) for record in records} == set(COLUMNS)
    for record in records:
        fields = form_of(admin_client, page_of(record))
        for name in COLUMNS[type(record)]:
            assert name in fields or f"{name}_0" in fields


# The page


def way_back_of(record, version: int) -> str:
    app, name = record._meta.app_label, record._meta.model_name
    return reverse(f"admin:{app}_{name}_revert", args=[record.pk, version])


def go_back(client, record, version: int, **changes):
    path = way_back_of(record, version)
    sent = form_of(client, path)
    sent.pop("fields_back", None)
    boxes = [line.name for line, _ in client.get(path).context["lines"]]
    return client.post(path, {**sent, "fields_back": boxes, "reason": "Because.", **changes})


@pytest.fixture
def renamed() -> Speaker:
    speaker = make_speaker("Mara Quill", aliases=["Captain Quill"])
    with audit_context(actor="ada", reason="She married."):
        change(speaker, name="Mara Lund", aliases=["Captain Quill", "Dr Lund"])
    speaker.refresh_from_db()
    return speaker


def test_the_history_links_to_every_version_but_the_present_one(curator_at_desk, renamed):
    page = curator_at_desk.get(history_of(renamed)).text
    assert f'href="{way_back_of(renamed, 1)}"' in page
    assert f'href="{way_back_of(renamed, 2)}"' not in page


def test_the_revert_page_shows_changes_and_saves_nothing(curator_at_desk, renamed):
    page = curator_at_desk.get(way_back_of(renamed, 1))
    assert [line.name for line, chosen in page.context["lines"] if chosen] == ["name", "aliases"]
    assert "Mara Lund" in page.text
    assert "Mara Quill" in page.text
    assert fresh(renamed).version == 2


def test_a_reversion_by_a_curator_is_in_the_history(curator_at_desk, renamed):
    answer = go_back(curator_at_desk, renamed, 1, reason="She did not.")
    assert answer.url == history_of(renamed)
    newest_entry, *_ = told(curator_at_desk, renamed)
    assert newest_entry["heading"] == "Version 3: reverted to version 1"
    assert newest_entry["reason"] == "Back to version 1: She did not."
    assert newest_entry["made"].endswith("UTC by curators-at-desk in the admin")
    assert (fresh(renamed).name, renamed.aliases) == ("Mara Quill", ["Captain Quill"])


def test_a_field_whose_box_is_not_ticked_stays(curator_at_desk, renamed):
    assert go_back(curator_at_desk, renamed, 1, fields_back=["aliases"]).status_code == 302
    assert (fresh(renamed).name, renamed.aliases) == ("Mara Lund", ["Captain Quill"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": " "}, "This field is required."),
        ({"fields_back": []}, "at least one field"),
        ({"fields_back": ["merged_into"]}, "not one of the available choices"),
        ({"reason": "x" * 2001}, "at most 2000 characters"),
    ],
)
def test_a_missing_reason_is_reported(curator_at_desk, renamed, changes, said):
    answer = go_back(curator_at_desk, renamed, 1, **changes)
    assert answer.status_code == 200
    assert said in answer.text
    assert fresh(renamed).version == 2


def test_an_edit_conflict_saves_nothing_and_shows_both_versions(curator_at_desk, renamed):
    path = way_back_of(renamed, 1)
    sent = form_of(curator_at_desk, path) | {"fields_back": "name", "reason": "Because."}
    with audit_context(actor="bo", reason="Spelt so."):
        rename(renamed, "Mara Lundh")
    answer = curator_at_desk.post(path, sent)
    assert "somebody else made changes" in answer.text
    for said in ("bo", "Spelt so.", "Mara Lundh", "Because."):
        assert said in answer.text
    assert newest(renamed).version == 3
    again = {**form_of(curator_at_desk, path), "fields_back": "name", "reason": "Still."}
    assert curator_at_desk.post(path, again).status_code == 302
    assert fresh(renamed).name == "Mara Quill"


def test_a_refusal_of_the_database_is_reported_and_nothing_is_saved(curator_at_desk, monkeypatch):
    outlet = make_outlet("The Harbour Post", slug="post")
    change(outlet, slug="harbour-post")
    make_outlet("Another", slug="post")
    monkeypatch.setattr(Outlet, "validate_unique", lambda *args, **kwargs: None)
    answer = go_back(curator_at_desk, outlet, 1)
    assert "Not reverted" in answer.text
    assert fresh(outlet).slug == "harbour-post"


def test_a_reader_cannot_revert(reader_at_desk, renamed):
    assert reader_at_desk.get(way_back_of(renamed, 1)).status_code == 403
    assert reader_at_desk.post(way_back_of(renamed, 1), {"version": "2"}).status_code == 403
    assert "Revert to version" not in reader_at_desk.get(history_of(renamed)).text


def test_merged_records_and_snapshots_cannot_be_reverted(curator_at_desk, admin_client, renamed):
    merging.merge(renamed, make_speaker("Another"))
    held = make_article("Text.").snapshot
    assert curator_at_desk.get(way_back_of(renamed, 1)).status_code == 403
    assert admin_client.get(way_back_of(held, 1)).status_code == 403
    assert "Revert to version" not in curator_at_desk.get(history_of(renamed)).text


@pytest.mark.parametrize("version", [0, 2, 99, 10**30])
def test_a_version_that_is_not_before_the_present_is_not_found(curator_at_desk, renamed, version):
    assert curator_at_desk.get(way_back_of(renamed, version)).status_code == 404


def test_an_article_and_an_affiliation_have_the_page_too(curator_at_desk):
    article = make_article("Text.", published="2026-03", headline="Quay")
    Article.objects.update(published="2026-04", headline=None)
    held = make_affiliation(start="2004")
    Affiliation.objects.update(organisation=make_organisation("Port Authority"))
    for record, version in ((article, 2), (held, 1)):
        assert go_back(curator_at_desk, record, version).status_code == 302
    article.refresh_from_db()
    held.refresh_from_db()
    assert (str(article.published), article.headline) == ("2026-03", "Quay")
    assert held.organisation.name == "Harbour Board"

"""Edit conflicts in the admin: both changes are shown, and neither is lost."""

from typing import NamedTuple

import pytest
from django.core import signing
from django.test import Client
from django.utils.html import strip_tags

from sources.models import Affiliation, Speaker
from tests.conftest import fresh, staff
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_speaker,
)
from tests.sources.admin.test_admin import HOSTILE, FormReader, form_of, page_of

pytestmark = pytest.mark.django_db


class Shown(NamedTuple):
    """A compared field without markup; items of a list are joined by semicolons."""

    by: str
    read: str
    now: str
    typed: str


def lines(part) -> dict[str, Shown]:
    def plain(text: str) -> str:
        return strip_tags(text.replace("</div><div>", "; "))

    return {
        line.label: Shown(line.by, plain(line.read), plain(line.now), plain(line.typed))
        for line in part.different
    }


def edit(record, **values) -> None:
    """Change a record as somebody else."""
    type(record).objects.filter(pk=record.pk).update(**values)


class Desk:
    """A curator's browser with the page of a record open."""

    def __init__(self, client: Client, record):
        self.client, self.path = client, page_of(record)
        self.form = form_of(client, self.path)

    def save(self, **typed):
        """Save; a page that comes back is the open one from then on."""
        answer = self.client.post(self.path, self.form | typed)
        if answer.status_code == 200:
            self.form = FormReader(answer.text).sent
        return answer

    def shown(self, **typed):
        """The conflict that the returned page shows."""
        answer = self.save(**typed)
        assert answer.status_code == 200
        assert answer.context["conflict"], answer.context["errors"]
        return answer.context["conflict"]


@pytest.fixture
def speaker():
    return make_speaker("Mara Quill", aliases=["M. Quill", "Captain Quill"])


@pytest.fixture
def desk(curator_at_desk, speaker):
    return Desk(curator_at_desk, speaker)


# The record


def test_a_page_saved_over_another_change_saves_nothing_and_shows_both(desk, speaker):
    edit(speaker, name="Mara Quill-Lund")
    conflict = desk.shown(name="M. Quill")
    kept = Shown("other", "M. Quill; Captain Quill", "M. Quill; Captain Quill; Mara Quill", "")
    both = Shown("both", "Mara Quill", "Mara Quill-Lund", "M. Quill")
    assert lines(conflict.record) == {"Name": both, "Aliases": kept}
    assert desk.form["name"] == "M. Quill"
    assert (fresh(speaker).name, speaker.version) == ("Mara Quill-Lund", 2)


def test_a_field_that_one_person_changed_is_in_the_form(desk, speaker):
    edit(speaker, kind="collective")
    conflict = desk.shown(name="M. Quill")
    assert lines(conflict.record) == {
        "Name": Shown("you", "Mara Quill", "Mara Quill", "M. Quill"),
        "Kind": Shown("other", "Person", "Collective", ""),
    }
    assert (desk.form["name"], desk.form["kind"]) == ("M. Quill", "collective")
    assert desk.save().status_code == 302
    assert (fresh(speaker).name, speaker.kind, speaker.version) == ("M. Quill", "collective", 3)


def test_saving_again_overwrites_the_version_that_was_shown(desk, speaker):
    edit(speaker, name="Mara Quill-Lund")
    desk.save(name="M. Quill")
    assert desk.save().status_code == 302
    assert (fresh(speaker).name, speaker.version) == ("M. Quill", 3)


def test_a_checkbox_takes_the_saved_value(desk, speaker):
    edit(speaker, name="Mara Quill-Lund", aliases=["Mara"])
    answer = desk.save(name="M. Quill", aliases="Quill")
    assert answer.text.count('type="checkbox" name="take"') == 2
    assert desk.save(take=f":{speaker.pk}:name").status_code == 302
    assert (fresh(speaker).name, speaker.aliases) == ("Mara Quill-Lund", ["Quill"])


KEPT_AGAIN = Shown(
    "other",
    "M. Quill; Captain Quill; Mara Quill",
    "M. Quill; Captain Quill; Mara Quill; Mara Quill-Lund",
    "",
)
"""The aliases after a second renaming: each former name is kept."""


def test_a_further_change_is_shown_again(desk, speaker):
    edit(speaker, name="Mara Quill-Lund")
    desk.save(name="M. Quill")
    edit(speaker, name="Mara Lund")
    again = Shown("both", "Mara Quill-Lund", "Mara Lund", "M. Quill")
    assert lines(desk.shown().record) == {"Name": again, "Aliases": KEPT_AGAIN}
    edit(speaker, kind="collective")
    assert lines(desk.shown().record)["Kind"].by == "other"
    assert desk.save().status_code == 302
    assert (fresh(speaker).name, speaker.kind, speaker.version) == ("M. Quill", "collective", 5)


def test_a_taken_value_that_changed_again_is_shown_before_it_is_saved(desk, speaker):
    edit(speaker, name="Mara Quill-Lund")
    desk.save(name="M. Quill")
    edit(speaker, name="Mara Lund")
    conflict = desk.shown(take=f":{speaker.pk}:name")
    taken = Shown("other", "Mara Quill-Lund", "Mara Lund", "")
    assert lines(conflict.record) == {"Name": taken, "Aliases": KEPT_AGAIN}
    assert desk.form["name"] == "Mara Lund"


def test_the_same_change_by_both_is_no_conflict(desk, speaker):
    edit(speaker, name="Mara Lund")
    conflict = desk.shown(name="  Mara Lund ")
    assert lines(conflict.record)["Name"].by == "alike"
    assert conflict.number_contested == 0
    assert desk.save().status_code == 302
    assert fresh(speaker).version == 2


def test_a_list_is_shown_by_line_with_new_lines_marked(desk, speaker):
    edit(speaker, aliases=["M. Quill", "Captain Quill", "Mara Lund"])
    conflict = desk.shown(aliases="M. Quill\r\nQuill, Mara")
    assert lines(conflict.record)["Aliases"] == Shown(
        "both",
        "M. Quill; Captain Quill",
        "M. Quill; Captain Quill; Mara Lund",
        "M. Quill; Quill, Mara",
    )
    (line,) = conflict.record.different
    assert line.typed == (
        "<div><bdi>M. Quill</bdi></div><div><mark><bdi>Quill, Mara</bdi></mark></div>"
    )


def test_relations_are_shown_by_name_and_partial_dates_as_given(curator_at_desk):
    affiliation = make_affiliation(start="2004")
    desk = Desk(curator_at_desk, affiliation)
    mole, pier = make_organisation("Mole Trust"), make_organisation("Pier Trust")
    edit(affiliation, organisation=mole, start="2004-02", end="2012")
    conflict = desk.shown(organisation=str(pier.pk), start="2005")
    assert lines(conflict.record) == {
        "Organisation": Shown("both", "Harbour Board", "Mole Trust", "Pier Trust"),
        "From": Shown("both", "2004", "2004-02", "2005"),
        "To": Shown("other", "–", "2012", ""),
    }
    assert desk.save(take=f":{affiliation.pk}:organisation").status_code == 302
    assert fresh(affiliation).organisation == mole
    assert (str(affiliation.start), str(affiliation.end)) == ("2005", "2012")


def test_a_time_with_two_inputs_is_kept_and_taken_as_one(curator_at_desk):
    article = make_article(published="2026-03-14", headline="Quay")
    desk = Desk(curator_at_desk, article)
    edit(article, published_at="2026-03-14 08:30Z", headline="Quay to close")
    typed = {"published_at_0": "2026-03-14", "published_at_1": "09:00:00"}
    conflict = desk.shown(**typed)
    assert lines(conflict.record)["Published at"] == Shown(
        "both", "–", "2026-03-14 08:30:00", "2026-03-14 09:00:00"
    )
    assert desk.form.items() >= typed.items()
    assert desk.save(take=f":{article.pk}:published_at").status_code == 302
    assert f"{fresh(article).published_at:%H:%M}" == "08:30"
    assert article.headline == "Quay to close"


def test_invalid_input_is_kept_and_validated_on_saving(curator_at_desk):
    affiliation = make_affiliation(start="2004")
    desk = Desk(curator_at_desk, affiliation)
    edit(affiliation, role="pilot")
    conflict = desk.shown(start="2004-02-30")
    assert lines(conflict.record)["From"] == Shown("you", "2004", "2004", "2004-02-30")
    assert desk.form["start"] == "2004-02-30"
    refused = desk.save()
    assert "There is no day 30" in refused.text
    assert desk.save(start="2004-02").status_code == 302
    assert (fresh(affiliation).role, str(affiliation.start)) == ("pilot", "2004-02")


def test_a_change_that_the_page_does_not_show_is_reported_too(curator_at_desk):
    article = make_article("Text.", headline="Quay")
    desk = Desk(curator_at_desk, article)
    edit(article, snapshot=None)
    answer = desk.save()
    assert "that this page does not show" in answer.text
    assert desk.save(headline="Quay to close").status_code == 302
    assert (fresh(article).headline, article.snapshot) == ("Quay to close", None)


@pytest.mark.parametrize("forged", ["", "nonsense", "of another record"])
def test_nothing_is_overwritten_if_it_is_not_known_what_was_read(desk, speaker, forged):
    if forged == "of another record":
        forged = form_of(desk.client, page_of(make_speaker("Ada Lund")))["as_read"]
    conflict = desk.shown(as_read=forged, name="M. Quill")
    assert lines(conflict.record)["Name"] == Shown("both", "–", "Mara Quill", "M. Quill")
    assert "It is not known which version you read" in desk.save(as_read=forged).text
    assert fresh(speaker).version == 1
    assert desk.save().status_code == 302


def test_a_request_without_a_form_changes_nothing(curator_at_desk, speaker):
    answer = curator_at_desk.post(page_of(speaker), {"name": "M. Quill"})
    assert answer.status_code == 200
    assert Speaker.objects.get().name == "Mara Quill"


def test_what_was_read_is_signed(desk, speaker):
    read = signing.dumps({"parts": {}, "beside": {}}, salt="another")
    assert desk.save(as_read=read).status_code == 200


def test_the_comparison_is_accessible(desk, speaker):
    edit(speaker, name="Mara Lund")
    page = desk.save(name="M. Quill").text
    assert '<div role="alert">\n<h2 id="conflict-heading">' in page
    assert '<th scope="row"><a href="#id_name">Name</a></th>' in page
    assert "Use the saved value<span" in page
    assert "<title>Not saved: " in page


def test_hostile_values_are_inert_in_a_comparison(desk, speaker):
    turned = f"{HOSTILE}\u202e"
    edit(speaker, name=turned, aliases=[turned])
    make_affiliation(speaker=speaker, organisation=make_organisation(turned), role=turned)
    page = desk.save(name=f"Mara {turned}", aliases=f"Mara {turned}").text
    comparison = page[page.index('<section class="conflict"') : page.index("</section>")]
    assert HOSTILE not in page
    assert "⟦U+202E⟧" in comparison
    assert "\u202e" not in comparison


def test_two_curators_each_see_what_the_other_did(desk, speaker):
    colleague = Desk(desk.client, speaker)
    assert colleague.save(aliases="Mara").status_code == 302
    assert lines(desk.shown(name="M. Quill", aliases="Quill").record)["Aliases"].by == "both"
    assert desk.save().status_code == 302
    assert lines(colleague.shown(kind="unnamed", aliases="Mara").record) == {
        "Name": Shown("other", "Mara Quill", "M. Quill", ""),
        "Kind": Shown("you", "Person", "Person", "Unnamed"),
        "Aliases": Shown("both", "M. Quill; Captain Quill", "Quill", "Mara"),
    }


# The rows of an inline


@pytest.fixture
def affiliation(speaker):
    return make_affiliation(speaker=speaker, role="harbour master", start="2004")


def test_a_row_that_both_changed_is_merged_field_by_field(affiliation, desk):
    edit(affiliation, role="harbour engineer", end="2012")
    typed = {"affiliations-0-role": "pilot", "affiliations-0-start": "2005"}
    (row,) = desk.shown(**typed).rows
    assert strip_tags(row.title) == "Affiliation: Harbour Board, harbour engineer, 2004, 2012"
    assert lines(row) == {
        "Role": Shown("both", "harbour master", "harbour engineer", "pilot"),
        "From": Shown("you", "2004", "2004", "2005"),
        "To": Shown("other", "–", "2012", ""),
    }
    assert fresh(affiliation).version == 2
    assert desk.form["affiliations-0-role"] == "pilot"
    assert desk.save(take=f"affiliations:{affiliation.pk}:role").status_code == 302
    assert fresh(affiliation).role == "harbour engineer"
    assert (str(affiliation.start), str(affiliation.end)) == ("2005", "2012")


def test_rows_added_by_both_are_kept(affiliation, desk, speaker):
    theirs = make_affiliation(speaker=speaker, organisation=affiliation.organisation, role="dean")
    typed = {
        "affiliations-TOTAL_FORMS": "2",
        "affiliations-1-speaker": str(speaker.pk),
        "affiliations-1-organisation": str(affiliation.organisation_id),
        "affiliations-1-role": "pilot",
    }
    notes = {strip_tags(row.title): row.note for row in desk.shown(**typed).rows}
    assert notes == {
        "Affiliation: Harbour Board, dean": "Somebody else added this row.",
        "Affiliation: Harbour Board, pilot": "You added this row, below.",
    }
    assert desk.save().status_code == 302
    assert set(speaker.affiliations.values_list("role", flat=True)) == {
        "dean",
        "pilot",
        "harbour master",
    }
    assert fresh(theirs).version == 1


def test_a_removed_row_is_reported(affiliation, desk, speaker):
    edit(affiliation, speaker=make_speaker("Ada Lund"))
    (row,) = desk.shown(name="M. Quill").rows
    assert row.note == "Somebody else removed this row."
    assert desk.save().status_code == 302
    assert not speaker.affiliations.exists()


def test_input_in_a_removed_row_goes_to_a_new_row(affiliation, desk, speaker):
    edit(affiliation, speaker=make_speaker("Ada Lund"))
    (row,) = desk.shown(**{"affiliations-0-role": "pilot"}).rows
    assert "It is below as a new row" in row.note
    assert desk.save().status_code == 302
    assert str(speaker.affiliations.get()) == "Mara Quill, pilot, Harbour Board"
    assert (fresh(affiliation).speaker.name, affiliation.role) == ("Ada Lund", "harbour master")


def test_a_cleared_new_row_is_not_saved(affiliation, desk, speaker):
    edit(affiliation, speaker=make_speaker("Ada Lund"))
    desk.save(**{"affiliations-0-role": "pilot"})
    emptied = {f"affiliations-0-{name}": "" for name in ("organisation", "role", "start", "end")}
    assert desk.save(**emptied).status_code == 302
    assert not speaker.affiliations.exists()


def test_rows_without_permission_are_left_alone():
    clerk = staff(permissions=["view_speaker", "change_speaker", "view_affiliation"])
    affiliation = make_affiliation()
    desk = Desk(clerk, affiliation.speaker)
    edit(affiliation, role="pilot")
    assert desk.save(name="M. Quill").status_code == 302
    edit(affiliation.speaker, kind="collective")
    desk.form = desk.form | {"affiliations-0-role": "dean"}
    assert desk.shown().rows == []
    assert desk.save().status_code == 302
    assert Affiliation.objects.get().role == "pilot"

"""Facts about speakers in the admin: added on a profile, searched, imported."""

import pytest

from sources.admin.html import address
from sources.models import Fact
from tests.conftest import staff
from tests.records import make_fact, make_speaker
from tests.sources.admin.test_admin import faults, form_of, found, page_of, save
from tests.sources.spreadsheets.test_importing import (
    as_csv,
    confirm,
    exported,
    outcomes,
    preview,
    rows_of,
)
from tests.sources.spreadsheets.test_importing import faults as row_faults

pytestmark = pytest.mark.django_db

FACTS = "/admin/sources/fact/"


def test_a_fact_is_added_from_the_speakers_profile_and_shown_there(curator_at_desk):
    speaker = make_speaker("Ada Lund")
    add = f"{FACTS}add/?speaker={speaker.pk}"
    assert f'href="{add}"' in curator_at_desk.get(address(speaker, "profile")).text
    given = {"speaker": speaker.pk, "key": "party", "value": "", "source": "Asked", "start": "2020"}
    answer = curator_at_desk.post(add, given)
    assert answer["Location"] == address(speaker, "profile")
    assert (fact := speaker.facts.get()).value is None
    page = curator_at_desk.get(answer["Location"])
    (shown,) = page.context["speaker_facts"]
    assert (shown["key"], str(shown["start"])) == ("party", "2020")
    assert "unknown" in shown["value"]
    assert shown["address"] == page_of(fact)
    assert "Add fact" not in staff("Readers").get(address(speaker, "profile")).text


def test_a_form_that_breaks_a_rule_says_so_and_changes_nothing(curator_at_desk):
    fact = make_fact()
    assert "lower-case" in faults(save(curator_at_desk, page_of(fact), key="A Party"))
    assert "leave it empty" in faults(save(curator_at_desk, page_of(fact), value="Unknown"))
    assert "before it begins" in faults(
        save(curator_at_desk, page_of(fact), start="2021", end="2020")
    )
    assert Fact.objects.get().version == 1


def test_a_fact_is_edited_on_the_form_of_its_speaker(curator_at_desk):
    fact = make_fact()
    form = form_of(curator_at_desk, page_of(fact.speaker))
    (name,) = [name for name in form if name.startswith("facts-") and name.endswith("0-value")]
    save(curator_at_desk, page_of(fact.speaker), **{name: "Reform League"})
    assert Fact.objects.get().value == "Reform League"


def test_facts_are_found_by_key_value_and_speaker(curator_at_desk):
    speaker = make_speaker("Željka Škorić")
    fact = make_fact(speaker=speaker, value="Harbour Party")
    make_fact(key="gender", value="female")
    for term in ("party", "harbour PARTY", "skoric"):
        assert found(curator_at_desk, Fact, term) == [str(fact)], term


def test_facts_come_in_by_a_spreadsheet_and_go_out_by_one(curator_at_desk):
    speaker = make_speaker("Ada Lund")
    row = {
        "speaker": str(speaker.pk),
        "key": "party",
        "value": "Red",
        "source": "x",
        "from": "2020",
    }
    rows = [row, row | {"key": "gender", "value": "", "from": ""}]
    page = preview(curator_at_desk, as_csv(rows), FACTS)
    assert outcomes(page) == ["made", "made"]
    confirm(curator_at_desk, page)
    out = rows_of(exported(curator_at_desk, FACTS))
    assert [(each["key"], each["value"], each["from"]) for each in out] == [
        ("party", "Red", "2020"),
        ("gender", "", ""),
    ]
    again = preview(curator_at_desk, as_csv(out), FACTS)
    assert outcomes(again) == ["unchanged", "unchanged"]
    wrong = preview(curator_at_desk, as_csv([row, row | {"key": "A"}]), FACTS)
    assert [number for number, *_ in row_faults(wrong)] == [2, 3]

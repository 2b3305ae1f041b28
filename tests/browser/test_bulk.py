"""Bulk work in a real browser: a thousand quotes published, a faulty table fixed and imported."""

import pytest
from playwright.sync_api import expect

from quotes.models import Quote
from sources.models import Speaker
from tests.conftest import sql
from tests.jobs import work_off
from tests.records import make_article, make_organisation, make_quotes, make_speaker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

QUOTES = "/admin/quotes/quote/"


def test_a_thousand_quotes_are_published_in_one_action(log_in):
    make_quotes(1_000, make_article(), status="proposed")
    sql("ANALYZE")  # as autovacuum does: the planner takes the tables for empty otherwise
    page = log_in("Curators")
    page.goto(f"{QUOTES}?status__exact=proposed")
    page.check("#action-toggle")
    page.click("text=Select all 1000 quotes")
    page.select_option("select[name=action]", "publish")
    page.click("button[name=index]")
    expect(page.get_by_role("heading", name="Publish 1,000 quotes?")).to_be_visible()
    expect(page.locator(".preview")).to_contain_text("1,000 of 1,000 selected quotes")
    page.fill("#id_reason", "Seen in print.")
    page.get_by_role("button", name="Publish 1,000 quotes").click()
    expect(page.get_by_role("status")).to_contain_text("Waiting.")
    expect(page.get_by_role("button", name="Cancel the rest")).to_be_visible()
    work_off()
    expect(page.get_by_role("status")).to_contain_text("Finished: 1,000 published.")
    expect(page.get_by_role("button", name="Cancel the rest")).to_have_count(0)
    assert Quote.objects.filter(status="published", version=2).count() == 1_000
    page.goto("/admin/sources/job/")
    expect(page.locator("#result_list")).to_contain_text("Publish 1,000 quotes")


def test_a_table_with_three_errors_is_fixed_and_imported(log_in, tmp_path):
    make_organisation("Harbour Board")
    known = make_speaker("Mara Quil")
    page = log_in("Curators")
    faulty = (
        "id,version,name,kind,organisation\n"
        f"{known.pk},1,Mara Quill,person,\n"
        ",,Spokesman,unnamed,Harbor Board\n"
        ",,,person,\n"
        ",,=Bo Ek,robot,\n"
    )
    file = tmp_path / "speakers.csv"
    file.write_text(faulty)
    page.goto("/admin/sources/speaker/")
    page.click("text=Import")
    page.set_input_files("#id_file", file)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("status")).to_contain_text(
        "1 of 4 rows is ready to import (0 will be made, 1 changed); 3 are refused."
    )
    expect(page.get_by_role("row", name="2 Changed")).to_contain_text(
        "name: Mara Quil → Mara Quill"
    )
    unknown = page.get_by_role("row", name="3 Refused")
    expect(unknown).to_contain_text("organisation: No organisation")
    expect(unknown).to_contain_text("name: Spokesman")  # what the file has
    expect(page.get_by_role("row", name="4 Refused")).to_contain_text("name: This field")
    expect(page.get_by_role("row", name="5 Refused")).to_contain_text('kind: "robot" is not')
    assert Speaker.objects.count() == 1

    mended = faulty.replace("Harbor", "Harbour").replace(",,,", ",,Ada Lund,")
    file.write_text(mended.replace("robot", "person"))
    page.click("text=upload it again")
    page.set_input_files("#id_file", file)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("status")).to_contain_text("(3 will be made, 1 changed).")
    page.get_by_role("button", name="Import 4 rows").click()
    expect(page.locator(".messagelist")).to_contain_text("Import 4 rows of speakers: 4 imported.")
    names = ["=Bo Ek", "Ada Lund", "Mara Quill", "Spokesman"]
    assert sorted(Speaker.objects.values_list("name", flat=True)) == names
    with page.expect_download() as download:
        page.click("text=Export CSV")
    assert ",'=Bo Ek," in download.value.path().read_text()


def test_the_speaker_of_selected_quotes_is_set_after_a_preview(log_in):
    quotes = make_quotes(3, make_article())
    mara = make_speaker("Mara Quill")
    page = log_in("Curators")
    page.goto(QUOTES)
    for quote in quotes[:2]:
        page.check(f"input[value='{quote.pk}']")
    page.select_option("select[name=action]", "revise")
    page.click("button[name=index]")
    page.check("#id_set_speaker")
    page.click("#id_speaker + .select2-container")
    page.fill(".select2-search__field", "quill")
    page.click(".select2-results__option:has-text('Mara Quill')")
    page.fill("#id_reason", "Mara Quill said it.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".preview")).to_contain_text("2 of 2 selected quotes")
    page.get_by_role("button", name="Set the speaker of 2 quotes").click()
    expect(page.locator(".messagelist")).to_contain_text("Set the speaker of 2 quotes: 2 edited.")
    assert Quote.objects.filter(speaker=mara).count() == 2

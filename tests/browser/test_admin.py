"""The admin in a real browser, under the strict CSP: a curator's working day."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from quotes.models import Quote
from tests.quotes.admin.test_admin import OURS, make_one_of_each
from tests.records import make_affiliation, make_organisation, make_quote, make_speaker
from tests.sources.admin.test_admin import HOSTILE, changelist, page_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def choose(page, field: str, typed: str, option: str) -> None:
    """Type into an autocomplete field, and choose the option with this name."""
    page.click(f"#id_{field} + .select2-container")
    page.fill(".select2-search__field", typed)
    # Wait for the answer: the options move while the list is loading.
    expect(page.locator(".select2-results__option")).to_have_text([re.compile(re.escape(option))])
    page.click(".select2-results__option")
    expect(page.locator(f"#id_{field} + .select2-container")).to_contain_text(option)


def save(page) -> None:
    page.click("input[name=_save]")
    page.wait_for_selector(".messagelist .success")


def save_with_note(page) -> None:
    """Save a public quote, telling its readers why."""
    page.fill("#id_note", "The printed name was checked.")
    save(page)


def test_every_page_opens_without_errors_or_csp_violations(log_in):
    records = make_one_of_each()
    page = log_in()
    for model in OURS:
        page.goto(changelist(model))
        page.wait_for_selector("#changelist")
        name = model._meta.model_name
        if record := records.get(name):
            page.goto(page_of(record))
            page.wait_for_selector(f"#{name}_form")
            page.goto(f"{page_of(record).removesuffix('change/')}history/")
        if name in {"outlet", "organisation", "speaker", "affiliation", "utterance"}:
            page.goto(reverse(f"admin:{model._meta.app_label}_{name}_add"))
            page.wait_for_selector(f"#{name}_form")
    page.goto(reverse("admin:knox_authtoken_changelist"))
    page.goto(reverse("admin:auth_user_changelist"))
    assert page.inner_text("#site-name") == "On Record"


def test_a_curator_finds_a_speaker_whose_accents_are_not_typed(log_in):
    make_speaker("Željka Škorić")
    make_speaker("Mara Quill")
    page = log_in("Curators")
    page.goto("/admin/sources/speaker/")
    page.fill("#searchbar", "skoric")
    page.press("#searchbar", "Enter")
    page.wait_for_url("**q=skoric**")
    assert page.locator("#result_list tbody tr").count() == 1
    page.click("#result_list tbody th a")
    expect(page.locator("h1")).to_have_text("Željka Škorić")
    page.click(".object-tools a:has-text('Edit')")
    assert page.input_value("#id_name") == "Željka Škorić"


def test_a_curator_chooses_who_said_a_quote(log_in):
    quote = make_quote(attribution_speaker="Prof. Škorić", flags=["unresolved_speaker"])
    board = make_organisation("Harbour Board")
    dean = make_affiliation(speaker=make_speaker("Željka Škorić"), organisation=board, role="dean")
    make_affiliation(speaker=make_speaker("Mara Quill"), organisation=board, role="dean")
    page = log_in("Curators")
    page.goto("/admin/quotes/quote/")
    page.click(f"#result_list a:has-text('{quote.text}')")
    assert page.inner_text(".words mark") == quote.text
    choose(page, "speaker", "skoric", "Željka Škorić")
    choose(page, "affiliation", "dean skoric", "Željka Škorić, dean")
    page.fill("#id_said", "2026-02")
    save_with_note(page)
    quote = Quote.objects.get(pk=quote.pk)
    assert (quote.affiliation, quote.speaker, quote.organisation) == (dean, dean.speaker, board)
    assert (quote.flags, str(quote.said)) == ([], "2026-02")


def test_a_curator_clears_the_speaker_again(log_in):
    quote = make_quote(speaker=make_speaker("Mara Quill"))
    page = log_in("Curators")
    page.goto(page_of(quote))
    page.click(".field-speaker .select2-selection__clear")
    page.keyboard.press("Escape")
    save_with_note(page)
    assert Quote.objects.get(pk=quote.pk).speaker is None


def test_a_curator_adds_a_role_to_a_speaker(log_in):
    speaker = make_speaker("Mara Quill")
    make_organisation("Harbour Board")
    page = log_in("Curators")
    page.goto(page_of(speaker))
    page.click(".add-row a")
    choose(page, "affiliations-0-organisation", "HARB", "Harbour Board")
    page.fill("#id_affiliations-0-role", "harbour master")
    page.fill("#id_affiliations-0-start", "2004")
    save(page)
    assert str(speaker.affiliations.get()) == "Mara Quill, harbour master, Harbour Board"


def test_an_organisation_is_added_in_a_popup(log_in):
    quote = make_quote()
    page = log_in("Curators")
    page.goto(page_of(quote))
    with page.expect_popup() as opened:
        page.click("#add_id_organisation")
    opened.value.fill("#id_name", "Harbour Board")
    opened.value.click("input[name=_save]")
    page.wait_for_selector("#id_organisation + .select2-container:has-text('Harbour Board')")
    save_with_note(page)
    assert Quote.objects.get(pk=quote.pk).organisation.name == "Harbour Board"


def test_a_refusal_is_shown_on_the_page(log_in):
    quote = make_quote(speaker=make_speaker("Ada Lund"))
    make_affiliation(role="dean")
    page = log_in("Curators")
    page.goto(page_of(quote))
    choose(page, "affiliation", "dean", "Mara Quill, dean")
    page.click("input[name=_save]")
    assert "another speaker's" in page.inner_text(".field-affiliation .errorlist")


def test_a_hostile_name_does_nothing(log_in):
    quote = make_quote(speaker=make_speaker(f"Mara {HOSTILE}"), organisation=make_organisation())
    page = log_in("Curators")
    page.on("dialog", lambda dialog: page.went_wrong.append(dialog.message))
    for path in (changelist(Quote), page_of(quote), page_of(quote.speaker)):
        page.goto(path)
        page.wait_for_load_state("networkidle")
    page.goto(page_of(quote))
    page.click("#id_speaker + .select2-container")
    page.fill(".select2-search__field", "mara")
    page.wait_for_selector(".select2-results__option:has-text('<script>')")


def test_a_csp_violation_would_be_noticed(page):
    page.goto("/admin/login/")
    page.evaluate("document.body.append(document.createElement('p'))")
    assert page.went_wrong == []
    page.evaluate("document.querySelector('p').setAttribute('style', 'color: red')")
    page.wait_for_timeout(200)
    assert any("style-src-attr" in said for said in page.went_wrong)
    page.went_wrong.clear()


def test_two_curators_of_one_speaker_see_each_others_changes_and_lose_nothing(log_in, open_page):
    board = make_organisation("Harbour Board")
    speaker = make_speaker("Mara Quill")
    held = make_affiliation(speaker=speaker, organisation=board, role="pilot", start="2004")
    first, second = log_in("Curators"), log_in("Curators", "ada", open_page())
    for page in (first, second):
        page.goto(page_of(speaker))

    first.fill("#id_name", "Mara Quill-Lund")
    first.select_option("#id_kind", "collective")
    first.fill("#id_affiliations-0-role", "harbour pilot")
    save(first)
    second.fill("#id_name", "M. Quill")
    second.fill("#id_aliases", "Captain Quill")
    second.fill("#id_affiliations-0-role", "harbour master")
    second.fill("#id_affiliations-0-end", "2012-05")
    second.click(".submit-row input[name=_save]")

    expect(second.get_by_role("alert")).to_contain_text("Not saved yet")
    name = second.get_by_role("row", name="Name")
    cells = ["Mara Quill", "Mara Quill-Lund", "M. Quill"]
    expect(name.get_by_role("cell")).to_contain_text(
        [*cells, "You both changed this. Your text is kept."]
    )
    expect(second.get_by_role("row", name="Kind")).to_contain_text("The other person's change.")
    for field, stands in {
        "name": "M. Quill",
        "kind": "collective",
        "aliases": "Captain Quill",
        "affiliations-0-role": "harbour master",
        "affiliations-0-end": "2012-05",
    }.items():
        expect(second.locator(f"#id_{field}")).to_have_value(stands)

    first.goto(page_of(speaker))
    first.fill("#id_identifiers", '{"wikidata": "Q1"}')
    save(first)
    second.get_by_label("Use the saved value for Role").check()
    second.click("text=Save the form below")
    expect(second.get_by_role("row", name="Identifiers")).to_contain_text("Q1")
    expect(second.locator("#id_affiliations-0-role")).to_have_value("harbour pilot")
    save(second)

    speaker.refresh_from_db()
    held.refresh_from_db()
    assert (speaker.name, speaker.kind, speaker.aliases, speaker.identifiers) == (
        "M. Quill",
        "collective",
        ["Captain Quill"],
        {"wikidata": "Q1"},
    )
    assert (held.role, str(held.end)) == ("harbour pilot", "2012-05")

"""Import of articles with their quotes from a table, and export of quotes."""

import pytest
from lxml import html

from quotes.admin.spreadsheets import COLUMNS
from quotes.models import Quote
from sources.models import Article, Job, Outlet, Revision, Speaker
from tests.conftest import API, fresh, make_filing, problem, staff
from tests.jobs import work_off
from tests.quotes.curation.test_bulk import confirm as bulk_confirm
from tests.quotes.curation.test_bulk import undo
from tests.records import make_quote, make_speaker
from tests.sources.spreadsheets.test_importing import (
    as_csv,
    confirm,
    exported,
    faults,
    outcomes,
    preview,
    rows_of,
    upload,
)

pytestmark = pytest.mark.django_db

QUOTES = "/admin/quotes/quote/"
TEXT = "The quay will close. “We had no choice,” said Mara Quill. “None at all.”"


def row(**values) -> dict:
    """A row of the table that is a whole filing by itself."""
    return {
        "outlet": "The Harbour Post",
        "external_id": "",
        "url": "https://harbourpost.example/quay",
        "headline": "Quay to close",
        "byline": "Ada Lund\nBo Ek",
        "published": "2026-03",
        "language": "en",
        "text": TEXT,
        "quote": "We had no choice,",
        "kind": "direct",
        "speaker": "Mara Quill",
        "role": "harbour master",
        "organisation": "Harbour Board",
        "attribution_speaker": "Mara Quill",
        "attribution_cue": "said",
    } | values


def rest(**values) -> dict:
    """A further row of the same article, its article columns empty."""
    return {**dict.fromkeys(row(), ""), **values}


def test_rows_of_one_article_are_one_filing(curator_at_desk):
    content = as_csv([row(), rest(quote="None at all.", speaker="Mara Quill")])
    page = preview(curator_at_desk, content, QUOTES)
    assert outcomes(page) == ["made", "made"]
    assert "Speaker made: Mara Quill." in page.text
    assert (Quote.objects.count(), Article.objects.count(), Outlet.objects.count()) == (0, 0, 0)
    job = confirm(curator_at_desk, page)
    assert (job.state, job.changed) == ("done", 2)
    first, second = Quote.objects.order_by("spans")
    assert (first.text, second.text) == ("We had no choice,", "None at all.")
    assert first.article == second.article
    assert (first.status, first.attribution_cue, first.role) == (
        "proposed",
        "said",
        "harbour master",
    )
    assert first.speaker == second.speaker == Speaker.objects.get()
    assert (first.article.byline, str(first.published)) == (["Ada Lund", "Bo Ek"], "2026-03")
    made = Revision.objects.get(subject_id=first.pk)
    assert (made.channel, made.actor, made.request) == (
        "admin",
        "curators-at-desk",
        f"job {job.pk}",
    )


def test_recordings_and_translations_go_in_and_out(curator_at_desk):
    original = make_quote("Wir hatten keine Wahl", language="de")
    heard = {
        "media": "https://harbourpost.example/a.mp3#t=61,75.5",
        "translated_from": "de",
        "translates": str(original.pk),
    }
    page = preview(curator_at_desk, as_csv([row(**heard)]), QUOTES)
    assert outcomes(page) == ["made"]
    confirm(curator_at_desk, page)
    made = Quote.objects.exclude(pk=original.pk).get()
    exported_row = next(
        each for each in rows_of(exported(curator_at_desk, QUOTES)) if each["id"] == str(made.pk)
    )
    assert {name: exported_row[name] for name in heard} == heard
    wrong = row(url="https://harbourpost.example/2", media="a.mp3#t=9,1", translates="none")
    said = faults(preview(curator_at_desk, as_csv([wrong]), QUOTES))
    assert {column for _, column, _ in said} == {"media", "translates"}


def test_the_same_table_twice_changes_nothing(curator_at_desk):
    content = as_csv([row(), row(quote="None at all.")])
    confirm(curator_at_desk, preview(curator_at_desk, content, QUOTES))
    before = Revision.objects.count()
    page = preview(curator_at_desk, content, QUOTES)
    assert outcomes(page) == ["unchanged", "unchanged"]
    assert page.context["ready"] == 0
    assert Revision.objects.count() == before


def test_a_row_that_repeats_only_the_external_id_belongs_to_the_article_above(curator_at_desk):
    known = {"external_id": "hp-1", "url": ""}
    between = row(url="https://harbourpost.example/2", outlet="Radio")
    rows = [row(**known), between, rest(quote="None at all.", external_id="hp-1")]
    page = preview(curator_at_desk, as_csv(rows), QUOTES)
    assert outcomes(page) == ["made"] * 3
    confirm(curator_at_desk, page)
    assert Article.objects.count() == 2
    assert Article.objects.get(external_id="hp-1").quotes.count() == 2


def test_each_error_is_reported_by_row_and_column(curator_at_desk):
    rows = [
        row(),
        rest(quote="None at al."),
        rest(quote="None at all.", kind="robot"),
        row(url="not a url", quote="None at all.", published="next week"),
        row(url="https://harbourpost.example/other", headline="Other"),
        row(url="https://harbourpost.example/other", headline="Another"),
    ]
    said = faults(preview(curator_at_desk, as_csv(rows), QUOTES))
    assert {(number, column) for number, column, _ in said} == {
        (2, ""),
        (3, "quote"),
        (4, "kind"),
        (5, "url"),
        (5, "published"),
        (6, ""),
        (7, "headline"),
    }
    by = {(number, column): why for number, column, why in said}
    assert by[2, ""] == "This article was not imported. See row 3."
    assert by[7, "headline"] == "This differs from row 6, which has the same article."
    assert "nearest passage is" in by[3, "quote"]


def test_the_messages_are_those_of_the_api(curator_at_desk, curator):
    filing = make_filing(text=TEXT, published="next week")
    filing["quotes"][0] |= {"text": "We had a choice", "kind": "robot"}
    body = problem(curator.post(f"{API}articles/", filing), 400)
    table = as_csv([row(published="next week", quote="We had a choice", kind="robot")])
    said = {why for _, _, why in faults(preview(curator_at_desk, table, QUOTES))}
    assert said == {error["message"] for error in body["errors"]}


def test_a_faulty_article_can_be_skipped_as_a_whole(curator_at_desk):
    rows = [row(), rest(quote="Not there"), row(url="https://harbourpost.example/2", quote="None")]
    page = preview(curator_at_desk, as_csv(rows), QUOTES)
    assert outcomes(page) == ["refused", "refused", "made"]
    job = confirm(curator_at_desk, page)
    assert (job.state, job.changed) == ("failed", 0)
    assert not Quote.objects.exists()
    page = preview(curator_at_desk, as_csv(rows), QUOTES)
    job = confirm(curator_at_desk, page, skip_faulty="on")
    assert (job.state, job.changed, job.refused) == ("done", 1, 2)
    assert Quote.objects.get().text == "None"


def test_a_row_that_is_refused_shows_what_the_file_has(curator_at_desk):
    page = html.fromstring(preview(curator_at_desk, as_csv([row(quote="Not there")]), QUOTES).text)
    (cells,) = page.xpath("//tr[contains(@class, 'refused')]//ul[@class='cells']")
    shown = [" ".join(item.text_content().split()) for item in cells]
    assert "quote: Not there" in shown
    assert "speaker: Mara Quill" in shown


def test_the_template_has_the_columns_of_an_import(curator_at_desk, reader_at_desk):
    url = f"{QUOTES}import/template.csv"
    assert url in curator_at_desk.get(f"{QUOTES}import/").text
    assert curator_at_desk.get(url).content.decode().strip("\ufeff\r\n") == ",".join(COLUMNS)
    assert reader_at_desk.get(url).status_code == 403


def test_an_export_for_import_comes_back_as_it_was(curator_at_desk, reader_at_desk):
    content = as_csv([row(), rest(quote="None at all.", speaker="Mara Quill")])
    job = confirm(curator_at_desk, preview(curator_at_desk, content, QUOTES))
    url = f"{QUOTES}filings.csv"
    assert url in curator_at_desk.get(QUOTES).text
    exported = b"".join(curator_at_desk.get(url))
    (first, _) = rows_of(exported)
    assert {name: first[name] for name in row() if name != "organisation"} == {
        name: cell for name, cell in row().items() if name != "organisation"
    }
    page = preview(curator_at_desk, exported, QUOTES)
    assert outcomes(page) == ["unchanged", "unchanged"]
    assert reader_at_desk.get(url).status_code == 403
    assert job.changed == 2


def test_the_quotes_that_an_import_added_can_be_rejected_by_undoing_it(curator_at_desk):
    job = confirm(curator_at_desk, preview(curator_at_desk, as_csv([row()]), QUOTES))
    undone = bulk_confirm(curator_at_desk, undo(curator_at_desk, job))
    assert undone.result == "1 restored"
    assert Quote.objects.get().status == "rejected"


def test_a_contributor_imports_proposals_and_a_reader_nothing(reader_at_desk):
    page = preview(staff("Contributors"), as_csv([row()]), QUOTES)
    assert outcomes(page) == ["made"]
    assert ">Import<" not in reader_at_desk.get(QUOTES).text
    assert upload(reader_at_desk, as_csv([row()]), QUOTES).status_code == 403


def test_the_export_has_the_filtered_quotes_that_are_visible(curator_at_desk, reader_at_desk):
    make_quote("=1+1 they said", speaker=make_speaker(), published="2026-03", status="published")
    make_quote("a proposal", status="proposed")
    (seen,) = rows_of(exported(reader_at_desk, QUOTES))
    assert (seen["text"], seen["speaker_name"], seen["published"]) == (
        "'=1+1 they said",
        "Mara Quill",
        "2026-03",
    )
    assert len(rows_of(exported(curator_at_desk, QUOTES))) == 2
    (only,) = rows_of(exported(curator_at_desk, QUOTES, "?status__exact=proposed"))
    assert only["text"] == "a proposal"


def test_an_export_of_quotes_never_reads_the_articles_text(
    curator_at_desk, django_assert_max_num_queries
):
    for number in range(30):
        make_quote(f"words {number}", speaker=make_speaker(f"Ada {number}"))
    with django_assert_max_num_queries(9) as queries:
        assert len(rows_of(exported(curator_at_desk, QUOTES))) == 30
    assert not any('"sources_snapshot"."text"' in q["sql"] for q in queries.captured_queries)


@pytest.mark.django_db(transaction=True)
def test_a_large_table_is_imported_by_a_worker(curator_at_desk):
    rows = [row(url=f"https://harbourpost.example/{number}") for number in range(101)]
    answer = upload(curator_at_desk, as_csv(rows), QUOTES)
    work_off()
    job = Job.objects.get()
    assert (job.state, job.changed) == ("checked", 101), job.fault
    assert not Article.objects.exists()
    page = curator_at_desk.get(curator_at_desk.get(answer.headers["Location"]).context["confirm"])
    curator_at_desk.post(page.request["PATH_INFO"])
    work_off()
    assert (fresh(job).state, job.changed, Article.objects.count()) == ("done", 101, 101), job.fault

"""Exports and imports as CSV and XLSX: exact, validated as by the API, previewed."""

import csv
import datetime
import io
import re
import warnings
import zipfile

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sources.models import Affiliation, Job, Organisation, Outlet, Revision, Speaker
from sources.spreadsheets import importing
from sources.spreadsheets.files import (
    UnreadableFile,
    _padded,
    csv_lines,
    escape_formula,
    read_rows,
    unescape_formula,
    xlsx_file,
)
from sources.spreadsheets.tables import OrganisationTable, SpeakerTable
from tests.conftest import API, fresh, problem, staff
from tests.jobs import work_off
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_speaker,
)

pytestmark = pytest.mark.django_db

SPEAKERS = "/admin/sources/speaker/"


def exported(client, path: str = SPEAKERS, query: str = "") -> bytes:
    answer = client.get(f"{path}export.csv{query}")
    assert answer.status_code == 200, answer
    return b"".join(answer)


def rows_of(content: bytes) -> list[dict]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def as_csv(rows: list[dict]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def upload(client, content: bytes, path: str = SPEAKERS, name: str = "table.csv"):
    return client.post(f"{path}import/", {"file": SimpleUploadedFile(name, content)})


def preview(client, content: bytes, path: str = SPEAKERS, name: str = "table.csv"):
    answer = upload(client, content, path, name)
    assert answer.status_code == 302, answer.context["form"].errors
    return client.get(answer.headers["Location"])


def faults(page) -> list[tuple]:
    return [
        (line["row"], fault["column"], fault["why"])
        for line in page.context["lines"]
        for fault in line.get("faults", ())
    ]


def confirm(client, page, **values) -> Job:
    client.post(page.request["PATH_INFO"], values)
    return page.context["job"].__class__.objects.get(pk=page.context["job"].pk)


def outcomes(page) -> list[str]:
    return [line["outcome"] for line in page.context["lines"]]


def saved(made: openpyxl.Workbook) -> io.BytesIO:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made.save(file)
    return file


# Cells


NAMES = st.text(
    st.sampled_from("ab ,;\t\n\r'\"=+-@[]{}\\ÅšＡ＝\u202e\x01\ufeff"), min_size=1, max_size=12
)


@given(NAMES)
def test_a_cell_is_never_a_formula_and_reads_back_exactly(cell):
    assert unescape_formula(escape_formula(cell)) == cell
    assert escape_formula(cell)[0] not in "=+-@\t\r\n＝＋－＠"


@given(
    st.lists(st.tuples(NAMES, st.lists(NAMES, max_size=3)), min_size=1, max_size=4), st.booleans()
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_importing_an_unedited_export_changes_nothing(records, in_book):
    with transaction.atomic():
        for name, aliases in records:
            name = f"x{name}" if not name.strip() else name
            Speaker.objects.create(name=name, aliases=[a for a in aliases if a.strip()])
        table = SpeakerTable()
        header, rows = list(table.columns), table.rows(Speaker.objects.all())
        if in_book:
            with xlsx_file(header, rows) as file:
                content = file.read()
        else:
            content = "".join(csv_lines(header, rows)).encode()
        taken = read_rows("table", content, table.columns)
        assert len(taken) == len(records)
        before = Revision.objects.count()
        lines = importing.take_records(SpeakerTable, [(r.number, dict(r)) for r in taken], None)
        assert [line["outcome"] for line in lines] == ["unchanged"] * len(records)
        assert Revision.objects.count() == before
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name\nKj\xf8", "Line 2 of the file is not UTF-8"),
        ("name\nA".encode("utf-16"), "UTF-16"),
        (b"", "first row must contain the column names"),
        (b"name\n", "no rows"),
        (b"nmae\nA", "Unknown column “nmae”. Did you mean “name”?"),
        (b"name,name\nA,B", "appears twice"),
        (b"name\nA,B", "Row 2 has more cells"),
        (b'name\n"A', "not valid CSV"),
        (b"name\nA\0", "null characters"),
        (b"PK\x03\x04 nonsense", "not a valid .xlsx file"),
        (b"\xd0\xcf\x11\xe0", "old Excel"),
        (b"a" * (5 * 1024 * 1024 + 1), "larger than 5 MiB"),
    ],
)
def test_an_unreadable_file_is_explained(content, said):
    with pytest.raises(UnreadableFile, match="(?s).*" + re.escape(said)):
        read_rows("t.csv", content, ["name", "kind"])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_cells_are_separated_by_commas_semicolons_or_tabs(delimiter, mark):
    text = f'name{delimiter}kind\r\n"Kjær, Å"{delimiter}person\r\n\r\n'
    (row,) = read_rows("t.csv", mark + text.encode(), ["name", "kind"])
    assert (row.number, dict(row)) == (2, {"name": "Kjær, Å", "kind": "person"})


def test_dates_and_numbers_become_text_and_formulas_are_refused():
    made = openpyxl.Workbook()
    made.active.append(["from", "to", "role"])
    made.active.append([datetime.date(2004, 2, 3), 2012, "2010-05"])
    file = saved(made)
    (row,) = read_rows("t.xlsx", file.getvalue(), ["from", "to", "role"])
    assert dict(row) == {"from": "2004-02-03", "to": "2012", "role": "2010-05"}
    made.active["C2"] = "=1+1"
    file = saved(made)
    with pytest.raises(UnreadableFile, match="Cell C2 contains a formula"):
        read_rows("t.xlsx", file.getvalue(), ["from", "to", "role"])


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (datetime.date(2026, 2, 1), "mmm yyyy", "2026-02"),
        (datetime.date(2026, 2, 1), r"[$-409]mmm\-yy;@", "2026-02"),
        (datetime.datetime.fromisoformat("2026-02-15"), "mm/yyyy", "2026-02"),
        (datetime.date(2026, 2, 1), "yyyy", "2026"),
        (datetime.date(2026, 2, 1), "yyyy-mm-dd", "2026-02-01"),
        (datetime.date(2026, 2, 1), 'd". "mmmm yyyy', "2026-02-01"),
        (datetime.date(2026, 2, 1), 'mmmm" de "yyyy', "2026-02"),
        (datetime.date(2026, 2, 1), "d mmm", "2026-02-01"),
        (datetime.datetime.fromisoformat("2026-02-01T09:30"), "mmm yyyy", "2026-02-01T09:30:00"),
        (7, "000", "007"),
        (7.0, "0000;-0000", "0007"),
        (12345, "000", "12345"),
        (4711, '"HP-"000000', "HP-004711"),
        (12345, "000-00", "123-45"),
        (1234567, r"000\.00", "12345.67"),
        (7, "0", "7"),
        (7, "General", "7"),
        (1234567, "#,##0", "1234567"),
        (0.5, "0%", "0.5"),
        (-7, "000", "-7"),
    ],
)
def test_dates_and_numbers_come_in_as_precise_as_a_cell_shows_them(value, number_format, shown):
    book = openpyxl.Workbook()
    book.active.append(["name", "kind"])
    book.active.append([value, "x"])
    book.active["A2"].number_format = number_format
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        book.save(file := io.BytesIO())
    (row,) = read_rows("t.xlsx", file.getvalue(), ["name", "kind"])
    assert row["name"] == shown


@given(st.integers(0, 10**12), st.integers(1, 14))
def test_a_padded_id_comes_in_with_its_zeros(number, places):
    assert _padded(str(number), "0" * places) == str(number).zfill(places)


def test_a_sheet_with_rows_beyond_the_limit_is_refused_at_once(monkeypatch):
    monkeypatch.setattr("sources.spreadsheets.files.MAX_ROWS", 3)
    made = openpyxl.Workbook()
    made.active.append(["name"])
    made.active["A1048576"] = "Ada"
    with pytest.raises(UnreadableFile, match="rows beyond row 4"):
        read_rows("t.xlsx", saved(made).getvalue(), ["name"])


def test_a_sheet_with_columns_beyond_the_limit_is_refused_at_once():
    made = openpyxl.Workbook()
    made.active.append(["name"])
    made.active["XFD2"] = "Ada"
    with pytest.raises(UnreadableFile, match="Row 2 has more than 64 columns"):
        read_rows("t.xlsx", saved(made).getvalue(), ["name"])


def test_empty_columns_beside_a_table_are_ignored():
    made = openpyxl.Workbook()
    made.active.append(["name"])
    made.active.append(["Ada"])
    made.active["H2"].font = openpyxl.styles.Font(bold=True)
    assert read_rows("t.xlsx", saved(made).getvalue(), ["name"]) == [{"name": "Ada"}]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name\nAda" + b"\n" * 100_001 + b"Bo", "rows beyond row 100,001"),
        (b"name\nAda" + b"," * 64, "Row 2 has more than 64 columns"),
    ],
)
def test_a_csv_file_with_too_many_rows_or_columns_is_refused(content, said):
    with pytest.raises(UnreadableFile, match=said):
        read_rows("t.csv", content, ["name"])


def test_a_book_that_is_large_when_unpacked_is_refused_before_it_is_read():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/sharedStrings.xml", b" " * (25 * 1024 * 1024 + 1))
    with pytest.raises(UnreadableFile, match="too large when unpacked"):
        read_rows("t.xlsx", packed.getvalue(), ["name"])


# Exports


def test_a_list_is_exported_as_it_is_filtered(curator_at_desk):
    kept, other = make_speaker("Ada Lund"), make_speaker("Bo Ek")
    (row,) = rows_of(exported(curator_at_desk, query="?q=lund"))
    assert (row["id"], row["version"], row["name"]) == (str(kept.pk), "1", "Ada Lund")
    Speaker.objects.filter(pk=other.pk).update(merged_into=kept)
    assert [row["name"] for row in rows_of(exported(curator_at_desk))] == ["Ada Lund"]


def test_every_list_is_exported_as_csv_and_xlsx(reader_at_desk):
    make_affiliation(start="2004")
    make_article("Text.", outlet=make_outlet(), headline="=cmd()", published="2026-03")
    for kind in ("outlet", "organisation", "speaker", "affiliation", "article"):
        path = f"/admin/sources/{kind}/"
        assert "Export CSV" in reader_at_desk.get(path).text
        (row,) = rows_of(exported(reader_at_desk, path))
        answer = reader_at_desk.get(f"{path}export.xlsx")
        sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer))).worksheets[0]
        header, values = sheet.iter_rows(values_only=True)
        assert dict(zip(header, (v or "" for v in values), strict=True)) == row
    assert row["headline"] == "'=cmd()"
    assert "text" not in row


def test_a_list_that_is_too_long_is_not_exported(curator_at_desk, monkeypatch):
    monkeypatch.setattr("sources.admin.import_export.MAX_ROWS", 1)
    make_speaker("Ada Lund")
    make_speaker("Bo Ek")
    answer = curator_at_desk.get(f"{SPEAKERS}export.csv", follow=True)
    assert "Exports are limited to 1 rows" in answer.text


def test_an_export_costs_as_many_queries_for_fifty_rows_as_for_one(
    curator_at_desk, django_assert_max_num_queries
):
    for number in range(50):
        board = make_organisation(f"Board {number}")
        make_speaker(f"Ada {number}", kind="unnamed", organisation=board)
    with django_assert_max_num_queries(9):
        assert len(rows_of(exported(curator_at_desk))) == 50


# Imports


def test_only_edited_cells_are_changed(curator_at_desk):
    speakers = [make_speaker(f"Ada {number}", aliases=["A.", "B, C"]) for number in range(3)]
    rows = rows_of(exported(curator_at_desk))
    rows[1] |= {"name": "Ada Lund", "aliases": "A.\nD\nB, C"}
    page = preview(curator_at_desk, as_csv(rows))
    assert outcomes(page) == ["unchanged", "changed", "unchanged"]
    assert page.context["lines"][1]["changes"] == [
        ["name", "Ada 1", "Ada Lund"],
        ["aliases", "A.\nB, C", "A.\nD\nB, C"],
    ]
    assert not Revision.objects.filter(verb="updated").exists()
    job = confirm(curator_at_desk, page, reason="Checked with her.")
    assert (job.state, job.changed, job.unchanged) == ("done", 1, 2)
    speakers[1].refresh_from_db()
    assert (speakers[1].name, speakers[1].aliases) == ("Ada Lund", ["A.", "D", "B, C"])
    (revision,) = Revision.objects.filter(verb="updated")
    assert (revision.channel, revision.actor, revision.request, revision.reason) == (
        "admin",
        "curators-at-desk",
        f"job {job.pk}",
        "Checked with her.",
    )


def test_rows_without_an_id_add_records(curator_at_desk):
    board = make_organisation("Harbour Board")
    content = "name,kind,aliases,organisation,identifiers\n" + (
        'Mara Quill,person,M. Quill,,"{""wikidata"": ""Q1""}"\nSpokesman,unnamed,,Harbour Board,\n'
    )
    page = preview(curator_at_desk, content.encode())
    assert outcomes(page) == ["made", "made"]
    assert Speaker.objects.count() == 0
    confirm(curator_at_desk, page)
    mara, spokesman = Speaker.objects.order_by("id")
    assert (mara.aliases, mara.organisation, mara.identifiers) == (
        ["M. Quill"],
        None,
        {"wikidata": "Q1"},
    )
    assert (spokesman.kind, spokesman.organisation) == ("unnamed", board)


def test_each_error_names_its_row_and_column_and_nothing_is_saved(curator_at_desk):
    known = make_speaker("Known")
    content = (
        "id,version,name,kind,organisation,identifiers\n"
        ",,Fine,person,,\n"
        ",,,robot,Nobody,\n"
        f"{known.pk},7,Other,,,\n"
        ",,Bo,person,,{\n"
        "nonsense,,Bo,person,,\n"
    )
    page = preview(curator_at_desk, content.encode())
    said = faults(page)
    assert {(r, c) for r, c, _ in said} == {
        (3, "kind"),
        (3, "organisation"),
        (3, "name"),
        (4, "version"),
        (5, "identifiers"),
        (6, "id"),
    }
    by = {(row, column): why for row, column, why in said}
    assert by[3, "kind"] == '"robot" is not a valid choice.'
    assert by[3, "organisation"].startswith("No organisation is called “Nobody”.")
    assert "is now at version 1. Export it again" in by[4, "version"]
    refused = confirm(curator_at_desk, page)
    assert (refused.state, refused.changed) == ("failed", 0)
    assert Speaker.objects.count() == 1
    page = preview(curator_at_desk, content.encode())
    job = confirm(curator_at_desk, page, skip_faulty="on")
    assert (job.state, job.changed, job.refused) == ("done", 1, 4)
    assert Speaker.objects.filter(name="Fine").exists()


def test_an_edited_read_only_column_is_an_error(curator_at_desk):
    make_speaker(kind="unnamed", organisation=make_organisation("Harbour Board"))
    rows = rows_of(exported(curator_at_desk))
    rows[0]["organisation_name"] = "Other Board"
    ((_, column, why),) = faults(preview(curator_at_desk, as_csv(rows)))
    assert column == "organisation_name"
    assert why.startswith("This column is read-only")


def test_the_messages_are_those_of_the_api(curator_at_desk, curator):
    sent = {"name": "\u200b", "kind": "robot", "identifiers": {"wikidata": "7"}}
    body = problem(curator.post(f"{API}speakers/", sent), 400)
    page = preview(
        curator_at_desk, 'name,kind,identifiers\n\u200b,robot,"{""wikidata"": ""7""}"'.encode()
    )
    assert {why for _, _, why in faults(page)} == {error["message"] for error in body["errors"]}


def test_outlets_organisations_and_affiliations_are_imported_too(curator_at_desk):
    for kind, content in {
        "outlet": "name,url,rights,refuses_embeds\nThe Post,https://post.example,© Post,Yes\n",
        "organisation": "name,parent\nMinistry,\nOffice,Ministry\n",
        "speaker": "name,kind\nMara Quill,person\n",
        "affiliation": "speaker,organisation,role,from,to\nMara Quill,Office,clerk,2004,2010-05\n",
    }.items():
        path = f"/admin/sources/{kind}/"
        page = preview(curator_at_desk, content.encode(), path)
        assert not faults(page), kind
        assert confirm(curator_at_desk, page).state == "done"
    held = Affiliation.objects.get()
    assert (str(held.start), str(held.end), held.organisation.parent.name) == (
        "2004",
        "2010-05",
        "Ministry",
    )
    outlet = Outlet.objects.get()
    assert (outlet.slug, outlet.rights) == ("the-post", "© Post")
    assert (outlet.refuses_embeds, outlet.refuses_robots) == (True, False)


def test_a_change_between_preview_and_confirmation_is_refused(curator_at_desk):
    speaker = make_speaker("Ada Lund")
    rows = rows_of(exported(curator_at_desk))
    page = preview(curator_at_desk, as_csv([rows[0] | {"name": "Ada Lund-Ek"}]))
    Speaker.objects.filter(pk=speaker.pk).update(kind="collective")
    job = confirm(curator_at_desk, page)
    assert (job.state, job.refused) == ("failed", 1)
    assert (fresh(speaker).name, speaker.kind) == ("Ada Lund", "collective")


@pytest.mark.django_db(transaction=True)
def test_a_large_import_stops_at_a_record_that_has_changed(curator_at_desk):
    Speaker.objects.bulk_create(Speaker(name=f"Ada {n}", kind="person") for n in range(501))
    rows = [row | {"kind": "collective"} for row in rows_of(exported(curator_at_desk))]
    answer = upload(curator_at_desk, as_csv(rows))
    work_off()
    page = curator_at_desk.get(curator_at_desk.get(answer.headers["Location"]).context["confirm"])
    Speaker.objects.filter(pk=rows[150]["id"]).update(name="Ada Lund")
    curator_at_desk.post(page.request["PATH_INFO"])
    work_off()
    job = Job.objects.get()
    assert (job.state, job.changed, job.refused) == ("failed", 100, 100)
    assert "rows with errors were not to be skipped" in job.fault
    assert Speaker.objects.filter(kind="collective").count() == 100


def test_importing_speakers_needs_the_permission_to_change_them(reader_at_desk):
    for client in (reader_at_desk, staff("Contributors")):
        assert ">Import<" not in client.get(SPEAKERS).text
        assert client.get(f"{SPEAKERS}import/").status_code == 403
        assert upload(client, b"name\nA").status_code == 403


def test_a_preview_is_visible_only_to_its_user(curator_at_desk, admin_client):
    place = upload(curator_at_desk, b"name,kind\nAda,person").headers["Location"]
    assert admin_client.get(place).status_code == 404
    assert admin_client.post(place).status_code == 404


def test_hostile_cells_are_inert_in_the_preview(curator_at_desk):
    hostile = "<script>alert(1)</script>\u202e"
    page = preview(curator_at_desk, f"name,kind\n{hostile},{hostile}\n".encode())
    assert "<script>alert" not in page.text
    assert "\u202e" not in page.text


@pytest.mark.django_db(transaction=True)
def test_a_large_file_is_checked_and_imported_by_a_worker(curator_at_desk):
    rows = [{"name": f"Ada {number}", "kind": "person"} for number in range(620)]
    rows[299]["kind"] = "robot"
    answer = upload(curator_at_desk, as_csv(rows))
    job = Job.objects.get()
    assert answer.headers["Location"].endswith(f"{job.pk}/change/")
    work_off()
    assert (fresh(job).state, job.changed, job.refused) == ("checked", 619, 1)
    assert not Speaker.objects.exists()
    progress = curator_at_desk.get(answer.headers["Location"])
    assert "Review the result" in progress.text
    page = curator_at_desk.get(progress.context["confirm"])
    assert "619" in page.text
    curator_at_desk.post(page.request["PATH_INFO"], {"skip_faulty": "on"})
    work_off()
    assert (fresh(job).state, job.changed, job.refused) == ("done", 619, 1), job.fault
    assert Speaker.objects.count() == 619
    assert not job.parts.exclude(rows=[]).exists()


def test_a_table_has_the_writable_fields_of_the_api():
    writable = {
        name for name, field in OrganisationTable.serializer().fields.items() if not field.read_only
    }
    ours = {name for name, field in OrganisationTable.columns.items() if not field.readonly}
    assert ours - {"id", "version"} == writable - {"id"}
    assert Organisation is OrganisationTable.model

"""Names as PostgreSQL compares them, and the constraints of those who bear them."""

import pytest
from django.db import IntegrityError, connection, transaction

from sources.identity.matching import Register
from sources.models import Affiliation, Organisation, Outlet, Speaker
from sources.models.functions import fold_all
from sources.models.ids import as_uuid
from tests.conftest import API, ok, problem

pytestmark = pytest.mark.django_db


def folded(name: str) -> str:
    return fold_all([name])[name]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mara Quill", "MARA QUILL"),
        ("Mara  Quill", " Mara\u00a0Quill\n"),
        ("José", "Jose"),
        ("José", "Jose\u0301"),
        ("Ångström", "angstrom"),
        ("Straße", "STRASSE"),
        ("Øst", "ost"),
        ("Łódź", "lodz"),
        ("O’Brien", "O'Brien"),
        ("Jean–Luc", "Jean-Luc"),
        ("ﬁnance", "finance"),
        ("Ｗｉｄｅ", "wide"),
        ("soft\u00adhyphen", "softhyphen"),
        ("\u200eMara\u200f", "Mara"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("İstanbul", "istanbul"),
    ],
)
def test_names_that_differ_in_case_accents_or_typography_are_equal(one, other):
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mara Quill", "MaraQuill"),
        ("Quill", "Mara Quill"),
        ("O'Brien", "OBrien"),
        ("Jean-Luc", "Jean Luc"),
        ("J. Smith", "J Smith"),
        ("NCA", "N.C.A."),
        ("Müller", "Mueller"),
        ("Ивана", "Иван"),
        ("山田", "山本"),
    ],
)
def test_names_with_other_differences_are_not_equal(one, other):
    assert folded(one) != folded(other)


@pytest.mark.parametrize(
    "name", ["Mara Quill", "Straße", "İstanbul", "ΣΊΣΥΦΟΣ", "ﬁ", "Ａ", "½", "ﷺ"]
)
def test_a_folded_name_folds_to_itself(name):
    assert folded(folded(name)) == folded(name)


def test_a_record_is_found_by_its_name_and_by_each_alias():
    speaker = Speaker.objects.create(name="Mara Quill", aliases=["M. Quill", "Márá"])
    for name in ("mara quill", "M. QUILL", "Mara"):
        assert list(Speaker.objects.called(name)) == [speaker]
    assert not Speaker.objects.called("Quill").exists()


def test_a_register_costs_the_same_queries_for_any_number_of_names(django_assert_num_queries):
    for number in (1, 60):
        names = [f"Name {number}/{n}" for n in range(number)]
        with django_assert_num_queries(5):
            register = Register(Speaker.objects.all(), [], to_make=names)
            for name in names:
                register.make(name)
            register.save_made()
        with django_assert_num_queries(1):  # their forms for comparison are remembered
            assert all(Register(Speaker.objects.all(), names).called(name) for name in names[:1])


def test_a_register_creates_one_record_for_two_spellings():
    register = Register(Outlet.objects.all(), [], to_make=["The Post", "THE POST"])
    register.make("The Post", slug="the-post")
    assert len(register.called("THE POST")) == 1


@pytest.mark.parametrize(
    ("value", "is_id"),
    [
        ("019a0000-0000-7000-8000-000000000000", True),
        ("019A0000-0000-7000-8000-00000000000A", True),
        ("019a0000000070008000000000000000", False),
        ("Mara Quill", False),
        ("x" * 36, False),
        ("", False),
    ],
)
def test_an_id_is_not_taken_for_a_name(value, is_id):
    assert (as_uuid(value) is not None) is is_id


# Constraints


def refused(constraint: str, sql: str, values=()) -> None:
    with (
        pytest.raises(IntegrityError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, values)
    assert caught.value.__cause__.diag.constraint_name == constraint


@pytest.mark.parametrize(
    ("table", "constraint"),
    [
        ("sources_speaker", "speaker_once_per_wikidata_id"),
        ("sources_organisation", "organisation_once_per_wikidata_id"),
    ],
)
def test_a_wikidata_id_belongs_to_one_record(table, constraint):
    column, value = (", kind", ", 'person'") if "speaker" in table else ("", "")
    row = f"""('A', '{{}}', '{{"wikidata": "Q42"}}'{value})"""
    refused(
        constraint, f"INSERT INTO {table} (name, aliases, identifiers{column}) VALUES {row}, {row}"
    )


@pytest.mark.parametrize(
    ("path", "kind"), [("speakers", {"kind": "person"}), ("organisations", {})]
)
def test_a_duplicate_wikidata_id_is_a_400_that_says_so(curator, path, kind):
    values = {"identifiers": {"wikidata": "Q42"}, **kind}
    ok(curator.post(f"{API}{path}/", {"name": "A", **values}), 201)
    body = problem(curator.post(f"{API}{path}/", {"name": "B", **values}), 400)
    assert "Wikidata" in body["errors"][0]["message"]


def test_records_without_a_wikidata_id_are_not_duplicates():
    for number in range(2):
        Speaker.objects.create(name=f"A {number}", identifiers={"isni": "1"})
        Organisation.objects.create(name=f"A {number}")


@pytest.mark.parametrize("path", ["speakers", "organisations", "outlets"])
@pytest.mark.parametrize("name", ["", "  ", "\u200b", "\u0301"])
def test_a_name_without_visible_characters_is_refused(curator, path, name):
    body = problem(curator.post(f"{API}{path}/", {"name": name}), 400)
    assert body["errors"][0]["pointer"] == "/name"


def test_a_person_cannot_belong_to_an_organisation_without_an_affiliation(curator):
    body = Organisation.objects.create(name="Port")
    values = {"name": "Mara Quill", "kind": "person", "organisation": str(body.pk)}
    answer = problem(curator.post(f"{API}speakers/", values), 400)
    assert "affiliation" in answer["errors"][0]["message"]
    refused(
        "speaker_person_has_affiliations",
        "INSERT INTO sources_speaker (name, aliases, identifiers, kind, organisation_id)"
        " VALUES ('A', '{}', '{}', 'person', %s)",
        [body.pk],
    )


def test_an_organisation_is_not_its_own_parent():
    body = Organisation.objects.create(name="Port")
    refused(
        "organisation_in_no_circle",
        "UPDATE sources_organisation SET parent_id = id WHERE id = %s",
        [body.pk],
    )


@pytest.mark.parametrize(
    ("start", "end", "sound"),
    [
        ("2020", "2019", False),
        ("2020-05", "2020-04", False),
        ("2020-05-02", "2020-05-01", False),
        ("2021", "2020-12-31", False),
        ("2020", "2020", True),
        ("2020-05", "2020", True),
        ("2020", "2020-01", True),
        ("2020-12-31", "2020", True),
        (None, "2020", True),
        ("2020", None, True),
        (None, None, True),
    ],
)
def test_an_affiliation_cannot_end_before_it_begins(curator, start, end, sound):
    speaker = Speaker.objects.create(name="Mara Quill")
    body = Organisation.objects.create(name="Port")
    values = {"speaker": str(speaker.pk), "organisation": str(body.pk), "role": "pilot"}
    response = curator.post(f"{API}affiliations/", {**values, "from": start, "to": end})
    if sound:
        assert (ok(response, 201)["from"], response.json()["to"]) == (start, end)
        return
    assert "before it begins" in problem(response, 400)["errors"][0]["message"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Affiliation.objects.create(
            speaker=speaker, organisation=body, role="pilot", start=start, end=end
        )

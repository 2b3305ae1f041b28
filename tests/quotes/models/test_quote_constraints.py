"""PostgreSQL itself refuses an invalid quote: raw SQL, without a model."""

from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction

from quotes.anchoring.normalization import DASHES, INVISIBLE, MARKS, WHITE
from quotes.models import Quote
from tests.conftest import API, make_filing, ok, problem, sql

pytestmark = pytest.mark.django_db

TEXT = "“We had no choice,” said Mara Quill. “Yes,” she said.\n\n“Yes,” again."
SPAN = [1, 18]
YES, AGAIN = [38, 42], [56, 60]


@pytest.fixture
def filed(curator) -> dict:
    quotes = [{"text": "We had no choice,", "speaker": "Mara Quill", "organisation": "Port"}]
    return ok(curator.post(f"{API}articles/", make_filing(text=TEXT, quotes=quotes)), 201)


@pytest.fixture
def other(curator) -> dict:
    """Another article, with another text."""
    filing = make_filing(url="https://a.example/2", text=f"Well. {TEXT}", quotes=[])
    return ok(curator.post(f"{API}articles/", filing), 201)


def run(sql: str, **values) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount


def refused(constraint: str, sql: str, **values) -> None:
    with pytest.raises(IntegrityError) as caught:
        run(sql, **values)
    assert caught.value.__cause__.diag.constraint_name == constraint


def snapshot_of(article: dict):
    return sql("SELECT snapshot_id FROM sources_article WHERE id = %s", [article["id"]])[0][0]


COLUMNS = {
    "article_id": None,
    "snapshot_id": None,
    "text": "Yes,",
    "spans": [YES],
    "contexts": [],
    "anchor": "exact",
    "kind": "direct",
    "status": "proposed",
    "flags": [],
}


def insert(filed: dict, **values) -> tuple[str, dict]:
    """An INSERT of a sound quote, but for these values."""
    row = {**COLUMNS, "article_id": filed["id"], "snapshot_id": snapshot_of(filed), **values}
    names = ", ".join(row)
    marks = ", ".join(f"%({name})s" for name in row)
    for name, of in {"spans": "int[]", "contexts": "text[]", "seams": "text[]"}.items():
        marks = marks.replace(f"%({name})s", f"%({name})s::{of}")
    return f"INSERT INTO quotes_quote ({names}) VALUES ({marks})", row


def refuses_insert(constraint: str, filed: dict, **values) -> None:
    sql, row = insert(filed, **values)
    refused(constraint, sql, **row)


def test_a_valid_quote_gets_its_contexts_from_the_text(filed):
    sql, row = insert(filed, contexts=[["made", "up"]])
    assert run(sql, **row) == 1
    quote = Quote.objects.get(text="Yes,")
    assert quote.contexts == [[TEXT[6:38], TEXT[42:][:32]]]
    assert str(quote.outlet_id) == filed["outlet"]["id"]
    assert str(quote.published) == "2026-03-14"


# Its place


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("No,", [YES]),
        ("Yes", [YES]),
        ("yes,", [YES]),
        ("Yes, ", [YES]),
        ("Yes,", [[38, 43]]),
        ("Yes,", [[37, 41]]),
        ("Yes,", [YES, list(YES)]),
        ("We had no choice, Yes,", [YES, SPAN]),
        ("We had no choice,\nYes,", [SPAN, YES]),
        ("Yes, Yes,", [YES, AGAIN]),
        ("Yes,", [YES, [42, 42]]),
        ("", [[38, 38]]),
        ("Yes,", [[42, 38]]),
        ("”", [[66, 10_000]]),
        ("“", [[-1, 1]]),
    ],
)
def test_a_quote_whose_words_are_not_at_its_spans_is_refused(filed, text, spans):
    refuses_insert("quote_is_anchored", filed, text=text, spans=spans)


def test_spans_are_joined_by_their_seams(filed):
    for text, spans, seams in [
        ("We had no choice, Yes,", [SPAN, YES], ["interruption"]),
        ("We had no […] Yes,", [[1, 10], YES], ["omission"]),
        ("Yes, […] Yes,", [YES, AGAIN], ["omission"]),
        ("she said.\nYes", [[44, 53], [56, 59]], ["paragraph"]),
    ]:
        sql, row = insert(filed, text=text, spans=spans, seams=seams)
        assert run(sql, **row) == 1


@pytest.mark.parametrize(
    ("text", "spans", "seams"),
    [
        ("We had no choice, Yes,", [SPAN, YES], ["omission"]),
        ("We had no choice, […] Yes,", [SPAN, YES], ["interruption"]),
        ("We had no choice,\nYes,", [SPAN, YES], ["paragraph"]),
        ("We had no choice, Yes,", [SPAN, YES], []),
        ("We had no choice, Yes,", [SPAN, YES], ["interruption", "interruption"]),
        ("We had no choice, Yes,", [SPAN, YES], ["elision"]),
        ("We had no choice,", [SPAN], ["interruption"]),
    ],
)
def test_a_seam_that_does_not_hold_is_refused(filed, text, spans, seams):
    refuses_insert("quote_is_anchored", filed, text=text, spans=spans, seams=seams)


def test_an_interruption_of_more_than_300_characters_is_refused(curator):
    long = "“Yes,” " + "x" * 400 + " “no.”"
    filed = ok(curator.post(f"{API}articles/", make_filing(text=long, quotes=[])), 201)
    at = long.index("no.")
    refuses_insert(
        "quote_is_anchored",
        filed,
        text="Yes, no.",
        spans=[[1, 5], [at, at + 3]],
        seams=["interruption"],
    )


def test_a_quote_without_a_text_has_no_seams(filed):
    refuses_insert(
        "quote_anchor_has_its_place",
        filed,
        snapshot_id=None,
        spans=[],
        seams=["omission"],
        anchor="unanchored",
    )


def test_postgresql_and_python_know_the_same_white_space_and_marks():
    signs = sorted({*WHITE, *INVISIBLE, *MARKS, *DASHES})
    ((blank, full),) = sql(
        "SELECT quotes_is_blank(%s), bool_or(quotes_is_blank(chr(code)))"
        " FROM generate_series(1, 66000) code WHERE code NOT BETWEEN 55296 AND 57343"
        " AND chr(code) <> ALL (%s)",
        ["".join(signs), signs],
    )
    assert (blank, full) == (True, False)


def test_another_articles_snapshot_is_refused(filed, other):
    refuses_insert(
        "quote_is_anchored", filed, snapshot_id=snapshot_of(other), text="Yes,", spans=[[44, 48]]
    )


@pytest.mark.parametrize(
    "change",
    [
        "text = 'We had a choice,'",
        "spans = '{{1,17}}'",
        "spans = '{{2,18}}', text = 'e had no choice'",
        "text = text || ' '",
    ],
)
def test_an_update_to_words_not_in_the_snapshot_is_refused(filed, change):
    refused("quote_is_anchored", f"UPDATE quotes_quote SET {change}")


def test_a_quote_cannot_be_moved_to_another_article_or_text(filed, other):
    refused("quote_is_anchored", "UPDATE quotes_quote SET article_id = %(to)s", to=other["id"])
    refused(
        "quote_is_anchored", "UPDATE quotes_quote SET snapshot_id = %(to)s", to=snapshot_of(other)
    )


def test_contexts_cannot_be_set_by_clients(filed):
    run("UPDATE quotes_quote SET contexts = '{{made,up}}'")
    assert Quote.objects.get().contexts == [["“", TEXT[18:][:32]]]


@pytest.mark.parametrize("anchor", ["exact", "moved", "altered", "missing"])
def test_a_quote_without_snapshot_is_unanchored_and_nothing_else(filed, anchor):
    for spans in ([], [[1, 5]]):
        values = {"snapshot_id": None, "spans": spans, "anchor": anchor}
        refuses_insert("quote_anchor_has_its_place", filed, **values)


def test_an_unanchored_quote_has_neither_snapshot_nor_spans(filed):
    refuses_insert("quote_anchor_has_its_place", filed, anchor="unanchored")
    refuses_insert("quote_anchor_has_its_place", filed, anchor="unanchored", snapshot_id=None)
    sql, row = insert(filed, anchor="unanchored", snapshot_id=None, spans=[])
    assert run(sql, **row) == 1


def test_two_quotes_with_the_same_spans_are_refused(filed):
    refuses_insert("quote_once_per_place", filed, text="We had no choice,", spans=[SPAN])


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_a_quote_without_words_is_refused(filed, text):
    values = {"text": text, "snapshot_id": None, "spans": [], "anchor": "unanchored"}
    refuses_insert("quote_has_words", filed, **values)


@pytest.mark.parametrize(
    ("column", "constraint"), [("kind", "quote_kind_is_known"), ("status", "quote_status_is_known")]
)
def test_an_unknown_kind_or_status_is_refused(filed, column, constraint):
    refuses_insert(constraint, filed, **{column: "shouted"})


# What follows the article


def test_outlet_and_date_of_a_quote_are_always_its_articles(filed):
    run("UPDATE quotes_quote SET outlet_id = NULL, published = '[2001-01-01,2002-01-01)'")
    quote = Quote.objects.get()
    assert str(quote.outlet_id) == filed["outlet"]["id"]
    assert str(quote.published) == "2026-03-14"


def test_outlet_and_date_follow_an_article_that_is_changed_by_raw_sql(filed):
    run("UPDATE sources_article SET published = '[2001-01-01,2002-01-01)', outlet_id = NULL")
    quote = Quote.objects.get()
    assert (quote.outlet_id, str(quote.published), quote.published_day.year) == (None, "2001", 2001)


# Affiliations


@pytest.fixture
def affiliation(curator, filed):
    """Makes an affiliation of a speaker with an organisation."""

    def make(speaker=None, organisation=None) -> str:
        quote = filed["quotes"][0]
        person = {"name": speaker, "kind": "person"}
        body = {"name": organisation}
        values = {
            "speaker": ok(curator.post(f"{API}speakers/", person), 201)["id"]
            if speaker
            else quote["speaker"]["id"],
            "organisation": ok(curator.post(f"{API}organisations/", body), 201)["id"]
            if organisation
            else quote["organisation"]["id"],
            "role": "chair",
        }
        return ok(curator.post(f"{API}affiliations/", values), 201)["id"]

    return make


change_affiliation = partial(
    refused, "quote_affiliation_fits", "UPDATE quotes_quote SET affiliation_id = %(to)s"
)


def test_an_affiliation_of_another_speaker_is_refused(affiliation):
    change_affiliation(to=affiliation(speaker="Ivo Berg"))


def test_an_affiliation_with_another_organisation_is_refused(affiliation):
    change_affiliation(to=affiliation(organisation="Museum"))


def test_speaker_and_organisation_must_fit_the_affiliation(affiliation):
    assert run("UPDATE quotes_quote SET affiliation_id = %(to)s", to=affiliation()) == 1
    refused("quote_affiliation_fits", "UPDATE quotes_quote SET speaker_id = NULL")
    refused("quote_affiliation_fits", "UPDATE quotes_quote SET organisation_id = NULL")


def test_an_affiliation_cited_by_quotes_keeps_its_speaker(curator, affiliation):
    held = affiliation()
    run("UPDATE quotes_quote SET affiliation_id = %(to)s", to=held)
    other = ok(curator.post(f"{API}speakers/", {"name": "Ivo Berg"}), 201)["id"]
    change = "UPDATE sources_affiliation SET speaker_id = %(to)s"
    refused("affiliation_is_cited", change, to=other)
    answer = curator.patch(
        f"{API}affiliations/{held}/", {"speaker": other}, headers={"If-Match": "*"}
    )
    assert "Quotes rest on this affiliation" in problem(answer, 400)["errors"][0]["message"]
    assert run("UPDATE sources_affiliation SET role = 'harbour master emerita'") == 1


# The chain


def test_two_steps_of_a_chain_cannot_have_one_position(filed):
    sql = (
        "INSERT INTO quotes_via (quote_id, position, kind, name)"
        " VALUES (%(quote)s, 0, 'told', 'A'), (%(quote)s, 0, 'told', 'B')"
    )
    refused("via_in_order", sql, quote=filed["quotes"][0]["id"])


def test_an_unknown_kind_of_step_is_refused(filed):
    sql = "INSERT INTO quotes_via (quote_id, position, kind, name) VALUES (%(quote)s, 0, 'x', 'A')"
    refused("via_kind_is_known", sql, quote=filed["quotes"][0]["id"])


# Nothing goes


@pytest.mark.parametrize(
    "table", ["sources_article", "sources_speaker", "sources_organisation", "sources_outlet"]
)
def test_records_that_a_quote_refers_to_cannot_be_deleted(filed, table):
    with pytest.raises(IntegrityError):
        run(f"DELETE FROM {table}; SET CONSTRAINTS ALL IMMEDIATE")

"""A generated archive: its shapes, and that it is what the database would have kept itself."""

import io
from collections import Counter
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.db.models import Count, F, Q
from hypothesis import given
from hypothesis import strategies as st

from quotes.management.synthetic.archive import (
    COLUMNS,
    INDEXES,
    CannotGenerate,
    _parts,
    generate,
)
from quotes.management.synthetic.articles import QUOTES_PER_PART, Part
from quotes.management.synthetic.rows import NULL
from quotes.management.synthetic.search_columns import SearchColumns
from quotes.models import Quote, Utterance, Via
from quotes.models.vocabulary import words_of
from sources.models import Article, Outlet, Revision, Snapshot, Speaker
from tests.conftest import ok
from tests.records import make_outlet

pytestmark = pytest.mark.django_db

QUOTES = 1_200


@pytest.fixture
def archive():
    return generate(QUOTES)


def all_of(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def indexes() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [list(COLUMNS)])
        return cursor.fetchall()


def digests() -> dict[str, str]:
    return {
        table: all_of(f"SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM {table} t")[0][0]
        for table in COLUMNS
    }


def generated(**asked) -> dict[str, str]:
    """The digests of what was generated, which is taken back."""
    with transaction.atomic():
        generate(300, **asked)
        found = digests()
        transaction.set_rollback(True)
    return found


# The same rows


def test_the_same_number_and_seed_make_the_same_rows_and_ids():
    first = generated()
    assert None not in first.values()
    assert generated() == first


def test_another_seed_or_last_day_makes_other_rows():
    first = generated()
    assert not first.items() & generated(seed=2).items()
    same = first.items() & generated(until=date(2020, 2, 29)).items()
    told = {(table, first[table]) for table in ("quotes_word", "sources_role")}
    assert same <= told  # the same people say the same, at other times


def test_other_processes_make_the_same_rows(monkeypatch):
    asked = (QUOTES_PER_PART + 40, 1, date(2026, 6, 30))
    here = list(_parts(*asked))
    assert len(here) == 1 + 2
    monkeypatch.setattr("quotes.management.synthetic.archive.MIN_QUOTES_FOR_PROCESSES", 1)
    elsewhere = list(_parts(*asked))
    assert elsewhere == here


@pytest.mark.parametrize("quotes", [1, 300])
def test_there_are_exactly_as_many_quotes_as_asked_for(quotes):
    written = generate(quotes).rows
    assert written["quotes_quote"] == Quote.objects.count() == quotes
    for table, rows in written.items():
        assert all_of(f"SELECT count(*) FROM {table}") == [(rows,)]


# What the triggers would have kept


def test_every_quote_is_the_words_of_its_snapshot_at_its_spans(archive):
    assert not all_of("""
        SELECT q.id, q.text, place.words, q.contexts, place.contexts FROM quotes_quote q,
            quotes_words_at(q.snapshot_id, q.article_id, q.anchored_in, q.spans, q.seams) place
        WHERE q.snapshot_id IS NOT NULL
          AND (q.text IS DISTINCT FROM place.words OR q.contexts IS DISTINCT FROM place.contexts)
    """)
    assert Quote.objects.exclude(snapshot=None).count() > 0.9 * QUOTES
    assert Quote.objects.filter(spans__len__gt=1).exists()


def test_every_trigger_would_have_kept_the_rows_as_they_are(archive):
    before = digests()
    with connection.cursor() as cursor:
        # Each column is set to what it is, so that each rule about it is applied.
        cursor.execute("""
            UPDATE quotes_quote SET article_id = article_id, snapshot_id = snapshot_id,
                spans = spans, text = text, outlet_id = outlet_id, published = published,
                speaker_id = speaker_id, affiliation_id = affiliation_id,
                organisation_id = organisation_id, said = said, flags = flags, role = role
        """)
        cursor.execute("UPDATE sources_article SET outlet_id = outlet_id")
    assert digests() == before
    assert Quote.objects.filter(flags__contains=["role_conflict"]).exists()


def test_what_searches_read_is_what_filing_the_same_words_would_have_kept():
    generate(6_000)
    assert not all_of("""
        SELECT text, language, search_words, bare FROM quotes_quote
        WHERE search_words IS DISTINCT FROM quotes_search_words(bare, language)
           OR bare IS DISTINCT FROM sources_bare(text)
    """)
    kept = all_of("SELECT word FROM quotes_word")
    learnt = all_of(words_of("SELECT bare FROM quotes_quote"))
    assert len(kept) == len(set(kept)) > 6_000
    assert {*kept} == {*learnt}


@given(
    said=st.lists(
        st.tuples(
            st.sampled_from(("en", "en-GB", "de", "fr-CA", "es", NULL)),
            st.lists(
                st.sampled_from(
                    ("It’s", "it's", "–", "l’eau,", "Straße.", "wird", "Ændringer", "O’Dell", "été",
                     "2", "Pequeños", "carrying", "the", "portavoz:", "A.", "Yılmaz")
                )
            ),
        ),
        max_size=5,
    )
)  # fmt: skip
def test_any_words_are_stemmed_and_bared_as_postgresql_does(said):
    said = [(language, " ".join(words)) for language, words in said]
    columns, known = SearchColumns().columns(said)
    assert known == {word for column in columns for word in column.split("\t")[1].split()}
    for (language, text), column in zip(said, columns, strict=True):
        words, bare = column.split("\t")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT quotes_search_words(sources_bare(%s), %s) = %s::tsvector,"
                " sources_bare(%s) = %s",
                [text, None if language == NULL else language, words, text, bare],
            )
            assert cursor.fetchone() == (True, True)


def test_every_constraint_holds(archive):
    checks = all_of("""
        SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE contype = 'c' AND conrelid = ANY (
            ARRAY['quotes_quote', 'quotes_via', 'sources_speaker', 'sources_organisation',
                  'sources_outlet', 'sources_affiliation', 'sources_article']::regclass[])
    """)
    assert len(checks) > 10
    for table, check in checks:
        condition = check.removeprefix("CHECK ")
        assert not all_of(f"SELECT * FROM {table} WHERE NOT {condition.replace('%', '%%')}"), check


def test_every_reference_leads_somewhere(archive):
    references = all_of("""
        SELECT c.conrelid::regclass, quote_ident(a.attname), c.confrelid::regclass
        FROM pg_constraint c
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND ARRAY[a.attnum] = c.conkey
        WHERE c.contype = 'f' AND (c.conrelid::regclass::text LIKE 'quotes%'
                                   OR c.conrelid::regclass::text LIKE 'sources%')
    """)
    assert len(references) > 15
    for table, column, other in references:
        assert not all_of(f"""
            SELECT * FROM {table} t WHERE {column} IS NOT NULL
                AND NOT EXISTS (SELECT FROM {other} o WHERE o.id = t.{column})
        """), (table, column)


def test_no_quote_was_filed_before_what_it_names(archive):
    early = Quote.objects.filter(
        Q(speaker__created__gt=F("created"))
        | Q(outlet__created__gt=F("created"))
        | Q(organisation__created__gt=F("created"))
        | Q(affiliation__created__gt=F("created"))
    )
    assert not early.exists()


def test_every_digest_is_that_of_its_text(archive):
    assert not all_of("""
        SELECT id FROM sources_snapshot
        WHERE sha256 <> encode(sha256(convert_to(text, 'UTF8')), 'hex')
    """)


def test_the_nearest_passage_of_an_altered_quote_stands_in_the_present_text():
    generate(6_000)
    altered = Quote.objects.filter(anchor="altered").select_related("article__snapshot")
    assert altered
    for quote in altered:
        present, near = quote.article.snapshot, quote.nearest
        assert near["snapshot"] == present.sha256
        assert present.text[near["start"] : near["end"]] == near["text"] != quote.text
    for quote in Quote.objects.filter(anchor="missing").select_related("article__snapshot"):
        assert quote.snapshot_id != quote.article.snapshot_id


def test_indexes_and_functions_are_those_of_before():
    functions = "SELECT oid::regprocedure, proparallel FROM pg_proc ORDER BY oid"
    before = indexes(), all_of(functions)
    generate(50)
    assert (indexes(), all_of(functions)) == before


def test_what_is_changed_afterwards_is_recorded_again(archive, db):
    assert not Revision.objects.exists()
    Quote.objects.filter(status="published").first().dispute("Contested.")
    assert Revision.objects.get().verb == "disputed"
    Via.objects.create(quote=Quote.objects.first(), position=9, kind="cited", name="A. Gency")


# Shapes


def test_few_speakers_and_outlets_are_met_often_and_most_seldom(archive):
    for field in ("speaker", "outlet"):
        counts = Quote.objects.exclude(**{field: None}).values_list(field).annotate(n=Count("id"))
        numbers = sorted((n for _, n in counts), reverse=True)
        assert numbers[0] > 4 * numbers[len(numbers) // 2]


def test_words_are_met_as_zipfs_law_has_it(archive):
    words = Counter(
        word for text in Quote.objects.filter(language="en").values_list("text", flat=True)
        for word in text.lower().split()
    )  # fmt: skip
    ranks = [number for _, number in words.most_common()]
    assert 5 * ranks[9] < ranks[0] < 20 * ranks[9]  # ten times as often, says the law
    assert sum(number == 1 for number in ranks) > len(ranks) / 4


def test_everything_that_a_filter_can_ask_for_is_there():
    generate(6_000)
    for field, choices in (
        ("status", Quote.Status), ("kind", Quote.Kind), ("anchor", Quote.Anchor),
        ("speaker__kind", Speaker.Kind), ("via__kind", Via.Kind),
    ):  # fmt: skip
        found = set(Quote.objects.values_list(field, flat=True)) - {None}
        assert found == set(choices.values), field
    for flag in Quote.Flag.values:
        assert Quote.objects.filter(flags__contains=[flag]).exists(), flag
    languages = set(Quote.objects.values_list("language", flat=True))
    assert {"en", "en-GB", "de", "fr", "es", None} <= languages
    for field in ("said", "published"):
        precisions = {str(day).count("-") for day in Quote.objects.values_list(field, flat=True)}
        assert Quote.objects.filter(**{field: None}).exists()
        assert precisions >= {0, 1, 2}
    for field in ("affiliation", "organisation", "speaker", "outlet", "snapshot", "role"):
        assert 0 < Quote.objects.filter(**{field: None}).count() < 6_000, field
    assert Speaker.objects.exclude(merged_into=None).exists()
    assert Article.objects.filter(snapshots=None).exists()


def test_utterances_are_one_speakers_and_printed_in_several_wordings(archive):
    printed = Quote.objects.exclude(utterance=None).values("utterance")
    told = printed.annotate(
        quotes=Count("id"),
        speakers=Count("speaker", distinct=True),
        wordings=Count("text", distinct=True),
        outlets=Count("outlet", distinct=True),
    )
    assert {row["speakers"] for row in told} == {1}
    assert min(row["quotes"] for row in told) == 2
    assert max(row["outlets"] for row in told) > 3
    assert sum(row["wordings"] > 1 for row in told) > len(told) / 3
    assert Utterance.objects.count() == len(told)


def test_news_comes_in_bursts(archive):
    per_day = Counter(day for (day,) in all_of("SELECT created::date FROM quotes_quote"))
    busiest = max(per_day.values())
    assert busiest > 8 * QUOTES / len(per_day)


def test_the_last_day_is_the_one_asked_for():
    generate(300, until=date(2020, 2, 29))
    newest = Quote.objects.order_by("-created").first()
    assert date(2019, 6, 1) < newest.created.date() <= date(2020, 2, 29)
    assert Snapshot.objects.order_by("-captured").first().captured.date() <= date(2020, 2, 29)


# The service on it


def test_the_api_serves_what_was_generated(archive, reader):
    said = Quote.objects.filter(status="published")
    quote = said.exclude(speaker=None).exclude(outlet=None).first()
    page = ok(reader.get("/api/v1/quotes/", {"speaker": quote.speaker_id, "count": "true"}))
    assert page["count"]["value"] > 0
    shown = ok(reader.get(f"/api/v1/quotes/{quote.pk}/"))
    assert shown["text"] == quote.text
    assert shown["outlet"]["slug"] == Outlet.objects.get(pk=quote.outlet_id).slug


# Refusals


def test_a_database_that_holds_anything_is_refused():
    make_outlet()
    refusal = r"holds .*outlets.*name a new database"
    with pytest.raises(CannotGenerate, match=refusal):
        generate(10)
    with pytest.raises(CommandError, match=refusal):
        call_command("generate", quotes=10)
    assert Outlet.objects.count() == 1


def test_who_may_not_switch_the_triggers_off_is_told_so():
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE generating_nobody")
        cursor.execute("SET LOCAL ROLE generating_nobody")
        with pytest.raises(CannotGenerate, match="only a superuser"):
            generate(10)
        cursor.execute("RESET ROLE")


@pytest.mark.parametrize("fault", [OperationalError("the disk is full"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing_and_every_index(monkeypatch, fault):
    def fail(part, moment):
        raise fault

    monkeypatch.setattr(Part, "event", fail)
    before = indexes()
    with pytest.raises(type(fault)):
        generate(10)
    assert indexes() == before
    assert all_of("SHOW session_replication_role") == [("origin",)]
    assert not Outlet.objects.exists()
    if isinstance(fault, KeyboardInterrupt):
        with pytest.raises(CommandError, match="nothing was written") as stopped:
            call_command("generate", quotes=10)
        assert stopped.value.returncode == 130


@pytest.mark.parametrize(
    "nonsense",
    ["--quotes 0", "--quotes -5", "--quotes many", "--quotes 9 --seed x", ""]
    + ["--quotes 9 --until yesterday", "--quotes 9 --until 0001-01-01"],
)
def test_nonsense_is_refused(nonsense):
    with pytest.raises(CommandError):
        call_command("generate", *nonsense.split())
    assert not Quote.objects.exists()


def test_the_command_says_what_it_wrote():
    out = io.StringIO()
    call_command("generate", quotes=20, stdout=out)
    assert "20 in quote" in out.getvalue()
    assert "quotes a second" in out.getvalue()

"""Quotes are found by the words of their roles, whatever becomes of the roles."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction

from quotes.history.erasure import erase
from quotes.models import Quote
from sources.models import Affiliation, Role
from tests.conftest import ok
from tests.quotes.history.test_erasure import REASON
from tests.quotes.history.test_erasure_races import closing, wait_until_waiting
from tests.records import make_affiliation, make_quote, make_speaker

QUOTES = "/api/v1/quotes/"


def with_role(words: str) -> set:
    return {*Quote.objects.with_role_words(words).values_list("pk", flat=True)}


def roles() -> list[str]:
    return sorted(Role.objects.values_list("role", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("printed", "filed", "held", "known"),
    [
        (None, None, None, []),
        ("", "", None, []),
        ("Mayor of Torrigan", None, None, ["Mayor of Torrigan"]),
        (None, "a surgeon", None, ["a surgeon"]),
        ("", "a surgeon", None, ["a surgeon"]),
        ("Mayor", "a surgeon", None, ["Mayor"]),
        (None, "a surgeon", "warden", []),
        ("Mayor", "a surgeon", "warden", ["Mayor"]),
    ],
)
def test_a_quote_is_found_by_the_role_that_it_shows(printed, filed, held, known):
    affiliation = held and make_affiliation(role=held)
    values = (
        {"speaker": affiliation.speaker, "organisation": affiliation.organisation} if held else {}
    )
    quote = make_quote(attribution_role=printed, role=filed, affiliation=affiliation, **values)
    assert roles() == sorted([*known, *filter(None, [held])])
    for words in ("mayor", "surgeon", "warden"):
        shown = [*known, held or ""]
        assert with_role(words) == ({quote.pk} if words in " ".join(shown).lower() else set())


@pytest.mark.django_db
def test_a_role_that_is_filed_is_found_again_without_the_affiliation():
    held = make_affiliation(role="warden")
    quote = make_quote(
        role="a surgeon", affiliation=held, speaker=held.speaker, organisation=held.organisation
    )
    assert (with_role("surgeon"), with_role("warden")) == (set(), {quote.pk})
    quote.revise(affiliation=None, note="She has left.")
    assert (with_role("surgeon"), with_role("warden")) == ({quote.pk}, set())
    quote.revise(affiliation=held, note="She has not.")
    assert (with_role("surgeon"), with_role("warden")) == (set(), {quote.pk})


@pytest.mark.django_db
@pytest.mark.parametrize("most", [0, 500])
def test_all_words_of_a_role_count_in_any_order(monkeypatch, most):
    monkeypatch.setattr("quotes.models.querysets.MAX_INLINE_IDS", most)
    both = make_quote(role="Professor of Hydrology"), make_quote(role="hydrology professor")
    make_quote(role="Professor of History")
    assert with_role("PROFESSOR hydrology") == {quote.pk for quote in both}
    assert with_role("hydrolog") == set()


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("commits")
class TestWithTransactions:
    def test_lists_of_the_past_find_a_role_that_no_quote_has_any_more(self, reader):
        quote = make_quote(role="a surgeon")
        time.sleep(0.01)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
            )
            then = cursor.fetchone()[0]
        quote.revise(role="a nurse", note="She is a nurse.")

        def found(role: str, **asked) -> list[str]:
            return [
                each["id"] for each in ok(reader.get(QUOTES, {"role": role, **asked}))["results"]
            ]

        assert (found("surgeon"), found("nurse")) == ([], [str(quote.pk)])
        assert (found("surgeon", as_of=then), found("nurse", as_of=then)) == ([str(quote.pk)], [])

    def test_an_erasure_leaves_no_role_behind_but_those_of_others(self):
        quote, other = make_quote(role="a widow of Quay Street"), make_quote(role="a nurse")
        quote.revise(role="a nurse", note="She is a nurse.")
        assert roles() == ["a nurse", "a widow of Quay Street"]
        erase("quote", [quote.pk], REASON)
        assert roles() == ["a nurse"]
        assert with_role("nurse") == {other.pk}
        erase("quote", [other.pk], REASON)
        assert roles() == []

    def test_a_role_that_is_filed_while_it_is_erased_is_found(self):
        quote = make_quote(role="a nurse", speaker=make_speaker("Ada Lund"))
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                filed = make_quote(text="There was a choice", role="a nurse")
                erasing = pool.submit(closing(erase), "quote", [quote.pk], REASON)
                wait_until_waiting(1)
            erasing.result(30)
        assert with_role("nurse") == {filed.pk}

    def test_a_role_is_found_that_is_filed_after_an_erasure_that_has_not_ended(self):
        quote = make_quote(role="a nurse", speaker=make_speaker("Ada Lund"))
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                erase("quote", [quote.pk], REASON)
                filing = pool.submit(closing(make_quote), "There was a choice", role="a nurse")
                wait_until_waiting(1)
            filed = filing.result(30)
        assert with_role("nurse") == {filed.pk}

    def test_a_role_is_found_that_another_added_while_the_filing_waited(self):
        """The filing waits for another role, and may not rely on one that it has not locked."""
        known, holder = make_affiliation(role="warden"), make_speaker("Ada Lund")
        both = [
            Affiliation(speaker=holder, organisation=known.organisation, role=role)
            for role in ("warden", "a nurse")
        ]
        filed, erased = Event(), Event()

        def file() -> None:
            with transaction.atomic():
                Affiliation.objects.bulk_create(both)
                filed.set()
                assert erased.wait(30)

        with ThreadPoolExecutor(2) as pool:
            with transaction.atomic():
                [*Role.objects.filter(role="warden").select_for_update()]
                filing = pool.submit(closing(file))
                wait_until_waiting(1)
                adding = pool.submit(closing(make_quote), "There was a choice", role="a nurse")
                other = adding.result(30)
            assert filed.wait(30)
            erase("quote", [other.pk], REASON)
            erased.set()
            filing.result(30)
        assert {*Affiliation.objects.with_role_words("nurse")} == {both[1]}

    def test_two_may_file_the_same_new_role_at_once(self):
        with ThreadPoolExecutor(1) as pool, transaction.atomic():
            one = make_quote(role="a nurse")
            other = pool.submit(closing(make_quote), "There was a choice", role="a nurse").result(
                30
            )
        assert with_role("nurse") == {one.pk, other.pk}

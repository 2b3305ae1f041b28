"""Filings at the very moment of an erasure, in threads with connections of their own."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from quotes.history.erasure import CannotErase, Erasure, erase
from quotes.models import LastFiling, Quote
from sources.history.remembered import remembered
from sources.models import ErasedWords, Snapshot
from tests.conftest import API, make_client, make_filing, ok
from tests.quotes.filing.test_races import post
from tests.quotes.history.test_erasure import REASON, erased, verified
from tests.quotes.history.test_erasure_finds import NAME, WORDS, holding

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("commits"),
]

TEXT = f"“{WORDS},” said {NAME}. The end."
SAID = [{"text": WORDS, "speaker": NAME}]
ELSEWHERE = make_filing(
    text=TEXT, quotes=SAID, outlet="The Wire", url="https://wire.example/1", headline="Wire"
)


@pytest.fixture
def client(db):
    remembered.__init__()
    return make_client("Curators")


@pytest.fixture
def quote(client) -> Quote:
    answer = ok(client.post(f"{API}articles/", make_filing(text=TEXT, quotes=SAID)), 201)
    return Quote.objects.get(pk=answer["quotes"][0]["id"])


def closing(call):
    def run(*arguments, **options):
        try:
            return call(*arguments, **options)
        finally:
            connection.close()

    return run


WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def wait_until_waiting(number: int) -> None:
    """Wait until this number of the database's sessions wait for locks."""
    for _ in range(400):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(WAITING)
            if cursor.fetchone()[0] >= number:
                return
        time.sleep(0.025)
    raise AssertionError("Nobody waits.")


def test_an_erasure_finds_what_a_filing_stores_that_could_not_know_it(client, quote):
    everywhere = ("--yes", "--everywhere")
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            # The filing has read the erased words, and waits for the name of its speaker.
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE sources_speaker IN EXCLUSIVE MODE")
            filing = pool.submit(closing(post(client, "articles", ELSEWHERE)))
            wait_until_waiting(1)
            erasing = pool.submit(closing(erased), "quote", quote.pk, options=everywhere)
            wait_until_waiting(2)
        answer = ok(filing.result(30), 201)
        erasing.result(30)
    assert answer["quotes"][0]["filing"]["outcome"] == "made"
    assert not Quote.objects.exists()
    assert all("█" in each.text for each in Snapshot.objects.all())
    assert Snapshot.objects.count() == 2
    assert holding("burnt the ledger") == []
    verified()


def test_a_filing_during_an_erasure_is_stored_without_the_words(client, quote):
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            # The erasure has not ended: it waits to remove what the filing said.
            assert list(LastFiling.objects.select_for_update())
            erasing = pool.submit(closing(erased), "quote", quote.pk)
            wait_until_waiting(1)
            filing = pool.submit(closing(post(client, "articles", ELSEWHERE)))
            answer = ok(filing.result(30), 201)
            assert Quote.objects.filter(pk=quote.pk).exists()
        erasing.result(30)
    assert answer["quotes"] == [{"text": None, "filing": {"outcome": "erased", "reason": REASON}}]
    assert holding("burnt the ledger") == []
    verified()


def test_an_erasure_that_fails_keeps_nothing_away(client, quote):
    with pytest.raises(CannotErase, match="Something has changed"):
        erase("quote", [quote.pk], REASON, confirmed=Erasure(set()))
    assert not ErasedWords.objects.exists()
    assert Quote.objects.filter(pk=quote.pk).exists()

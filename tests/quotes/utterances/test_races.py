"""Quotes of the same words that are filed at the same moment, and utterances that are shared."""

import pytest
from django.db import IntegrityError, transaction

from quotes.models import Quote, Utterance
from tests.conftest import make_client
from tests.quotes.filing.test_races import at_once, post, statuses
from tests.quotes.utterances.test_utterances import OTHER, SAID, filing
from tests.records import make_quote, make_speaker, make_utterance

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("commits"),
]


@pytest.fixture
def client():
    return make_client("Curators")


def test_ten_outlets_that_file_the_same_words_at_once_share_one_utterance(client):
    calls = [post(client, "articles", filing(SAID, OTHER)) for _ in range(10)]
    assert statuses(at_once(calls)) == [201] * 10
    assert Utterance.objects.count() == 2
    for words in (SAID, OTHER):
        reported = Quote.objects.filter(text=words).values_list("utterance", flat=True)
        assert len(set(reported)) == 1
        assert None not in reported


def test_two_speakers_never_get_into_one_utterance_at_once():
    for number in range(6):
        utterance = make_utterance()
        speakers = [make_speaker(f"{name} {number}") for name in ("Mara Quill", "Bo Ek")]
        quotes = [make_quote(SAID, speaker=speaker) for speaker in speakers]

        def join(quote, utterance=utterance):
            def call():
                try:
                    with transaction.atomic():
                        Quote.objects.filter(pk=quote.pk).update(utterance=utterance)
                except IntegrityError:
                    return "refused"
                return "joined"

            return call

        assert sorted(at_once([join(quote) for quote in quotes])) == ["joined", "refused"]
        assert utterance.quotes.values("speaker").distinct().count() == 1

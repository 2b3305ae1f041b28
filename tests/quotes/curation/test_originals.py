"""A translated quote is linked to what the speaker said in that language."""

import pytest

from quotes.models import Quote
from tests.conftest import fresh
from tests.quotes.admin.test_review import take
from tests.quotes.curation.test_naming import offered
from tests.records import make_quote, make_speaker

pytestmark = pytest.mark.django_db

SAID = {"language": "fr-FR", "published": "2026-11-26"}


def make_translated(**values) -> Quote:
    values = {"translated_from": "fr", "language": "en", "status": "proposed", **values}
    return make_quote("Nobody will be moved", published="2026-11-27", **values)


def test_the_original_is_offered_and_linked(curator_at_desk):
    speaker = make_speaker()
    make_quote("Non", speaker=speaker, **SAID)
    original = make_quote("Personne ne sera déplacé", speaker=speaker, **SAID)
    quote = make_translated(speaker=speaker)
    assert "Personne ne sera déplacé" in offered(curator_at_desk, quote)["original"]
    take(curator_at_desk, quote, "original")
    assert fresh(quote).translates == original
    assert "original" not in offered(curator_at_desk, quote)


@pytest.mark.parametrize(
    ("quote", "other"),
    [
        ({"translated_from": None}, {}),
        ({"translated_from": "de"}, {}),
        ({}, {"published": "2026-01-26"}),
        ({}, {"status": "rejected"}),
        ({}, {"speaker": None}),
    ],
)
def test_nothing_else_is_offered_as_the_original(curator_at_desk, quote, other):
    speaker = make_speaker()
    make_quote("Personne ne sera déplacé", **{"speaker": speaker, **SAID, **other})
    translated = make_translated(speaker=speaker, **quote)
    assert "original" not in offered(curator_at_desk, translated)
    take(curator_at_desk, translated, "original")
    assert fresh(translated).translates is None


def test_the_original_of_a_public_quote_is_linked_with_a_note(curator_at_desk):
    speaker = make_speaker()
    original = make_quote("Personne ne sera déplacé", speaker=speaker, **SAID)
    quote = make_translated(speaker=speaker, status="published")
    take(curator_at_desk, quote, "original")
    assert fresh(quote).translates is None
    take(curator_at_desk, quote, "original", note="She said it in French.")
    assert fresh(quote).translates == original

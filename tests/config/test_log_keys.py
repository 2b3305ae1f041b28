"""The keys of the log are read strictly, and never shown."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import log_keys
from sources.checkpoints.notes import Signer

KEY = Signer.new("quotes.example/ledger").written


def test_keys_are_separated_by_commas(monkeypatch):
    other = Signer.new("quotes.example/ledger").written
    monkeypatch.setenv("ONRECORD_LOG_KEYS", f"{KEY},{other}")
    assert log_keys("ONRECORD_LOG_KEYS") == [KEY, other]
    monkeypatch.delenv("ONRECORD_LOG_KEYS")
    assert log_keys("ONRECORD_LOG_KEYS") == []


@pytest.mark.parametrize(
    "given",
    [KEY.removeprefix("PRIVATE+KEY+"), f"{KEY};{KEY}", f"{KEY} x"],
    ids=["public", "two", "with more"],
)
def test_what_is_no_key_is_refused_without_showing_it(monkeypatch, given):
    monkeypatch.setenv("ONRECORD_LOG_KEYS", given)
    with pytest.raises(ImproperlyConfigured, match="--new-key") as refusal:
        log_keys("ONRECORD_LOG_KEYS")
    assert KEY.rpartition("+")[2] not in str(refusal.value)

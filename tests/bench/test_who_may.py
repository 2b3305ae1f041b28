"""Nobody changes what they may not. `who_may.py` shows it for ten minutes."""

import subprocess
import sys
from urllib.parse import urlparse

import pytest

from sources.ledger.actor import audit_context
from tests.bench import who_may
from tests.records import make_outlet, make_quote, make_speaker


@pytest.mark.django_db(transaction=True)
def test_no_writer_changes_what_they_may_not(live_server):
    assert who_may.run(urlparse(live_server.url).port, seconds=4) == []


def changed_by(name: str, change) -> list[str]:
    users, _ = who_may.prepare()
    before = who_may.newest_revision()
    with audit_context(channel="api", actor=name):
        change()
    return who_may.Ledger(users).faults(before)[1]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["reader", "freelance", "bound", "stranger"])
def test_a_change_that_somebody_may_not_make_is_found(name):
    speaker, proposal = make_speaker(), make_quote(status="proposed")

    def change():
        type(speaker).objects.filter(pk=speaker.pk).update(name="Bo Ek")
        proposal.publish()
        make_outlet("New Post")

    found = changed_by(name, change)
    expected = {"freelance": ["speaker", "quote"]}.get(name, ["speaker", "quote", "outlet"])
    assert [fault.split()[2] for fault in found] == expected


@pytest.mark.django_db
def test_a_curator_may_change_them():
    proposal = make_quote(status="proposed")
    assert changed_by("curator", proposal.publish) == []


def test_it_says_what_it_does():
    command = [sys.executable, who_may.__file__, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "--minutes" in done.stdout

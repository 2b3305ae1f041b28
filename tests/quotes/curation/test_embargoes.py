"""When its embargo ends, an article that a curator filed is shown to readers."""

from datetime import UTC, datetime, timedelta

import pytest

from quotes.curation.embargoes import lift, lift_embargoes
from sources.models import Article, Outlet, Revision
from tests.conftest import API, make_filing, ok, problem

pytestmark = pytest.mark.django_db

END = datetime(2999, 1, 1, 6, tzinfo=UTC)


def file(client, **other) -> str:
    filing = make_filing(embargo_until=END.isoformat(), **other)
    return ok(client.post(f"{API}articles/", filing), 201)["id"]


def test_an_article_of_a_curator_is_shown_when_its_embargo_ends_and_not_before(curator, reader):
    key = file(curator)
    assert lift_embargoes(END - timedelta(seconds=1)) == 0
    problem(reader.get(f"{API}articles/{key}/"), 404)
    assert lift_embargoes(END) == 1
    assert ok(reader.get(f"{API}articles/{key}/"))["outlet"]["name"] == "The Harbour Post"
    assert Outlet.objects.get().is_public
    last = Revision.objects.of(Article.objects.get()).last()
    assert (last.channel, last.reason) == ("command:lift_embargoes", "The embargo has ended.")
    assert lift_embargoes(END) == 0


def test_an_article_of_a_contributor_waits_for_its_first_public_quote(contributor, reader):
    key = file(contributor)
    assert lift_embargoes(END) == 0
    problem(reader.get(f"{API}articles/{key}/"), 404)


def test_the_worker_lifts_embargoes_that_have_ended(curator, reader):
    key = file(curator)
    lift(timestamp=0)
    problem(reader.get(f"{API}articles/{key}/"), 404)

"""One budget for a filing: it is refused once the work for its quotes is spent."""

import pytest

from quotes.models import Quote
from sources.models import Article
from tests.conftest import API, make_filing, ok, problem, publish

pytestmark = pytest.mark.django_db

MARKED = '"a" ' * 500
WORDS = "a " * 300
"""Words that the marked text may print in more ways than can be looked through."""

SPENT = "takes too much work"


@pytest.fixture(autouse=True)
def small_budget(monkeypatch):
    monkeypatch.setattr("quotes.anchoring.budget.MAX_STEPS", 20_000)


def messages(response) -> list[str]:
    return [fault["message"] for fault in problem(response, 400)["errors"]]


def test_a_filing_whose_quotes_take_too_much_work_is_refused(contributor):
    quotes = [{"text": "not there"}, {"text": WORDS}, {"text": "never reached"}]
    response = contributor.post(f"{API}articles/", make_filing(text=MARKED, quotes=quotes))
    absent, spent = messages(response)
    assert "not in the text" in absent
    assert SPENT in spent
    assert not Article.objects.exists()


def test_a_text_in_which_following_takes_too_much_work_is_refused(contributor):
    filing = make_filing(external_id="1", text=f"“{WORDS}” she said.", quotes=[{"text": WORDS}])
    ok(contributor.post(f"{API}articles/", filing), 201)
    response = contributor.post(f"{API}articles/", {**filing, "text": MARKED, "quotes": []})
    assert SPENT in messages(response)[0]
    assert Quote.objects.get().anchor == "exact"


def test_a_proposal_that_takes_too_much_work_is_refused(contributor):
    filed = ok(contributor.post(f"{API}articles/", make_filing(text=MARKED, quotes=[])), 201)
    response = contributor.post(f"{API}quotes/", {"article": filed["id"], "text": WORDS})
    assert SPENT in messages(response)[0]


def test_a_correction_that_takes_too_much_work_is_refused(curator):
    filing = publish(make_filing(text=MARKED, quotes=[{"spans": [[1, 2]]}]))
    filed = ok(curator.post(f"{API}articles/", filing), 201)["quotes"][0]
    response = curator.post(
        f"{API}quotes/{filed['id']}/correct/",
        {"text": WORDS, "note": "It said more."},
        headers={"If-Match": "*"},
    )
    assert SPENT in messages(response)[0]


def test_at_most_fifty_faults_are_listed_and_the_rest_are_counted(contributor):
    quotes = [{"text": f"not there {number}"} for number in range(60)]
    response = contributor.post(f"{API}articles/", make_filing(text="Rain fell.", quotes=quotes))
    body = problem(response, 400)
    assert [len(body["errors"]), body["more_errors"]] == [50, 10]


def test_many_unknown_fields_are_counted_instead_of_listed(curator):
    unknown = {f"k{number}": 1 for number in range(60_000)}
    faults = problem(curator.post(f"{API}speakers/", {"name": "Ada", **unknown}), 400)["errors"]
    assert len(faults) == 50
    assert faults[1]["message"] == "There are 59,950 more fields to leave out."

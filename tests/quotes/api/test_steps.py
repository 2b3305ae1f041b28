"""`quotes/steps/`: up to 500 steps, each taken or refused by itself."""

from uuid import uuid4

import pytest

from quotes.api.steps import MAX_STEPS
from quotes.models import Quote
from quotes.models.workflow import STEPS
from sources.models import Revision
from tests.conftest import API, fresh, make_client, ok, problem
from tests.records import make_article, make_quote, make_quotes

pytestmark = pytest.mark.django_db

PATH = f"{API}quotes/steps/"


def step(quote, name: str, version: int | None = None, **body) -> dict:
    return {"quote": str(quote.pk), "step": name, "version": version or quote.version, **body}


def outcomes(client, *steps, **headers) -> list[dict]:
    results = ok(client.post(PATH, {"steps": steps}, headers=headers))["results"]
    assert [(each["quote"], each["step"]) for each in results] == [
        (each.get("quote"), each.get("step")) for each in steps
    ]
    return results


GOOD = {
    "publish": ("proposed", {}),
    "reject": ("proposed", {"reason": "Unsaid."}),
    "withdraw": ("proposed", {}),
    "reopen": ("rejected", {}),
    "keep": ("published", {"flags": ["filing_differs"]}),
    "dispute": ("published", {"reason": "Denied."}),
    "settle": ("disputed", {}),
    "correct": ("published", {"note": "A fragment.", "kind": "partial"}),
    "retract": ("published", {"reason": "Made up."}),
}


def test_every_step_of_a_quote_can_be_taken_in_one_request(curator):
    assert GOOD.keys() == STEPS.keys()
    quotes = {
        name: make_quote(status=status, flags=["filing_differs"], filed_by=curator.user)
        for name, (status, _) in GOOD.items()
        if name != "publish"
    }
    quotes["publish"] = make_quote(status="proposed", flags=["filing_differs"])
    results = outcomes(curator, *(step(quotes[name], name, **GOOD[name][1]) for name in GOOD))
    for name, result in zip(GOOD, results, strict=True):
        quote = fresh(quotes[name])
        assert result == {
            "quote": str(quote.pk), "step": name, "status": 200, "version": quote.version,
        }  # fmt: skip
        assert quote.version > 1, name
        assert quote.status == (STEPS[name].enters or "published")
    assert fresh(quotes["correct"]).corrections[0]["note"] == "A fragment."
    assert fresh(quotes["retract"]).reason == "Made up."
    revision = Revision.objects.filter(subject_id=quotes["retract"].pk).latest("version")
    assert revision.actor == curator.user.username
    assert revision.channel == "api"


def test_each_step_is_refused_as_its_own_request_would_be_and_the_others_are_taken(curator):
    good, stale, closed = make_quote(), make_quote(), make_quote(status="proposed")
    cases = [
        step(good, "dispute", reason="Denied."),
        step(stale, "dispute", version=7, reason="Denied."),
        step(closed, "dispute", reason="Denied."),
        step(good, "retract", version=2),
        step(good, "settle", version=2, reason=7),
        {"quote": str(uuid4()), "step": "settle", "version": 1},
    ]
    singly = []
    for each in cases[1:]:
        body = {name: value for name, value in each.items() if name not in GOOD and name != "quote"}
        version = body.pop("version")
        path = f"{API}quotes/{each['quote']}/{body.pop('step')}/"
        tag = 1 if each["quote"] == str(good.pk) else version
        singly.append(curator.post(path, body, headers={"If-Match": f'"{tag}"'}))
    taken, *refused = outcomes(curator, *cases)
    assert taken["status"] == 200
    assert [each["status"] for each in refused] == [412, 409, 400, 400, 404]
    for each, alone in zip(refused, singly, strict=True):
        assert each["problem"] == problem(alone, each["status"])
        assert "version" not in each
    assert fresh(good).status == "disputed"


def test_steps_are_taken_in_their_order_even_of_one_quote(curator):
    quote = make_quote(status="proposed")
    results = outcomes(
        curator,
        step(quote, "publish"),
        step(quote, "correct", version=2, note="A fragment.", kind="partial"),
        step(quote, "retract", version=3, reason="Made up."),
        step(quote, "dispute", version=4, reason="Denied."),
    )
    assert [each["status"] for each in results] == [200, 200, 200, 409]
    assert [each.get("version") for each in results] == [2, 3, 4, None]
    assert fresh(quote).status == "retracted"


def test_a_contributor_may_withdraw_their_own_and_take_no_other_step(contributor, curator):
    own = make_quote(status="proposed", filed_by=contributor.user)
    other = make_quote(status="proposed")
    results = outcomes(
        contributor,
        step(own, "publish"),
        step(own, "withdraw"),
        step(other, "withdraw"),
        step(make_quote(), "retract", reason="Made up."),
    )
    assert [each["status"] for each in results] == [403, 200, 404, 403]
    assert fresh(own).status == "withdrawn"
    assert fresh(other).status == "proposed"
    problem(make_client("Readers").post(PATH, {"steps": []}), 403)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/steps"),
        ({"steps": []}, "/steps"),
        ({"steps": {}}, "/steps"),
        ({"steps": ["publish"]}, "/steps/0"),
        ({"steps": [{}] * 501}, "/steps"),
        ({"steps": [{}], "reason": "x"}, "/reason"),
    ],
)
def test_a_body_that_is_no_list_of_steps_is_refused_as_a_whole(curator, body, pointer):
    assert problem(curator.post(PATH, body), 400)["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"step": "publsh"}, "/step"),
        ({"step": None}, "/step"),
        ({"step": ["publish"]}, "/step"),
        ({"quote": "7"}, "/quote"),
        ({"quote": {}}, "/quote"),
        ({"quote": None}, "/quote"),
        ({"quote": []}, "/quote"),
        ({"step": []}, "/step"),
        ({"version": 0}, "/version"),
        ({"version": None}, "/version"),
        ({"version": "*"}, "/version"),
        ({"note": "x"}, "/note"),
    ],
)
def test_a_step_with_a_bad_member_is_refused_by_itself(curator, change, pointer):
    quote = make_quote(status="proposed")
    results = ok(
        curator.post(PATH, {"steps": [step(quote, "publish") | change, step(quote, "publish")]})
    )["results"]
    assert [each["status"] for each in results] == [400, 200]
    assert results[0]["problem"]["errors"][0]["pointer"] == pointer
    assert all(
        results[0][name] is None or isinstance(results[0][name], str) for name in ("quote", "step")
    )


def test_a_retry_with_the_same_key_takes_no_step_twice(curator):
    quote = make_quote()
    sent = step(quote, "dispute", reason="Denied.")
    first = outcomes(curator, sent, **{"Idempotency-Key": "once"})
    assert outcomes(curator, sent, **{"Idempotency-Key": "once"}) == first
    assert fresh(quote).version == 2
    assert outcomes(curator, sent)[0]["status"] == 412


def test_a_step_costs_the_same_few_statements_in_a_batch_of_any_size(
    curator, django_assert_max_num_queries
):
    quotes = make_quotes(30, make_article(), status="proposed")
    with django_assert_max_num_queries(30 * 14 + 10):
        results = outcomes(curator, *(step(quote, "publish", version=1) for quote in quotes))
    assert {each["status"] for each in results} == {200}
    assert Quote.objects.filter(status="published").count() == 30
    assert Revision.objects.filter(verb="published").count() == 30


def test_five_hundred_steps_are_not_too_many(curator):
    absent = {"quote": str(uuid4()), "step": "settle", "version": 1}
    assert {each["status"] for each in outcomes(curator, *[absent] * MAX_STEPS)} == {404}

"""What becomes of a filer's own proposals: seen, withdrawn, reopened, named again."""

import pytest
from django.contrib.auth.models import Permission

from config.auth import recent_tokens
from quotes.models import Quote
from quotes.models.querysets import QuoteQuerySet
from sources.models import Revision
from tests.conftest import API, make_client, make_filing, ok, problem, settle
from tests.records import make_quote

pytestmark = pytest.mark.django_db

MATCH = {"headers": {"If-Match": "*"}}


def file(client, status=200, **overrides) -> dict:
    return ok(client.post(f"{API}articles/", make_filing(**overrides)), status)


def step(client, quote: str, name: str, status=200, **body) -> dict:
    return ok(client.post(f"{API}quotes/{quote}/{name}/", body, **MATCH), status)


@pytest.fixture
def proposed(contributor) -> str:
    return file(contributor, 201)["quotes"][0]["id"]


def says_nothing_new(client, **overrides) -> dict:
    before = Revision.objects.count()
    answer = file(client, **overrides)
    assert Revision.objects.count() == before
    return answer


# Withdrawing


def test_a_filer_withdraws_what_they_proposed(contributor, curator, proposed):
    quote = step(contributor, proposed, "withdraw", reason="Filed twice.")
    assert (quote["status"], quote["reason"]) == ("withdrawn", "Filed twice.")
    last = Revision.objects.of(Quote.objects.get()).last()
    assert (last.verb, last.reason) == ("withdrawn", "Filed twice.")
    assert problem(curator.post(f"{API}quotes/{proposed}/publish/", {}, **MATCH), 409)


def test_nobody_else_withdraws_a_proposal(contributor, curator, proposed):
    path = f"{API}quotes/{proposed}/withdraw/"
    problem(make_client("Contributors", "other").post(path, {}, **MATCH), 404)
    assert "proposed" in problem(curator.post(path, {}, **MATCH), 403)["detail"]
    step(curator, proposed, "publish")
    problem(contributor.post(path, {}, **MATCH), 409)


def test_filing_a_withdrawn_quote_again_changes_nothing(contributor, proposed):
    step(contributor, proposed, "withdraw")
    again = says_nothing_new(contributor)
    assert [(q["id"], q["status"]) for q in again["quotes"]] == [(proposed, "withdrawn")]


def test_a_curator_reopens_what_was_withdrawn_or_rejected(contributor, curator, proposed):
    step(contributor, proposed, "withdraw", reason="Filed twice.")
    quote = step(curator, proposed, "reopen", reason="It was not.")
    assert (quote["status"], quote["reason"]) == ("proposed", None)
    assert Revision.objects.of(Quote.objects.get()).last().verb == "reopened"
    step(curator, proposed, "reject", reason="Not hers.")
    assert step(curator, proposed, "reopen")["status"] == "proposed"
    problem(contributor.post(f"{API}quotes/{proposed}/reopen/", {}, **MATCH), 403)


# Complete filings


def test_a_complete_filing_withdraws_proposals_that_it_no_longer_names(contributor, proposed):
    assert says_nothing_new(contributor, quotes=[])["withdrawn_quotes"] == []
    answer = file(contributor, quotes=[], complete=True)
    quote = Quote.objects.get()
    assert answer["withdrawn_quotes"] == [proposed]
    assert (quote.status, quote.reason) == ("withdrawn", None)
    assert Revision.objects.of(quote).last().reason == "The article was filed again without it."
    again = says_nothing_new(contributor, quotes=[], complete=True)
    assert again["withdrawn_quotes"] == []


def test_a_quote_that_a_complete_filing_withdrew_is_proposed_again_when_named(
    contributor, proposed
):
    file(contributor, quotes=[], complete=True)
    for complete in (True, False):
        again = file(contributor, complete=complete)["quotes"][0]
        assert (again["id"], again["status"]) == (proposed, "proposed")
        says_nothing_new(contributor, complete=complete)
        file(contributor, quotes=[], complete=True)


def test_a_complete_filing_does_not_withdraw_what_a_curator_reopened(
    contributor, curator, proposed
):
    file(contributor, quotes=[], complete=True)
    step(curator, proposed, "reopen")
    says_nothing_new(contributor, quotes=[], complete=True)


def test_a_complete_filing_withdraws_neither_public_quotes_nor_those_of_others(
    contributor, curator, proposed
):
    second = {"text": "The quay will close.", "speaker": "Ivo Berg"}
    other = file(curator, quotes=[second])["quotes"][0]["id"]
    step(curator, proposed, "publish")
    assert file(contributor, quotes=[], complete=True)["withdrawn_quotes"] == []
    kept = dict(Quote.objects.values_list("pk", "status"))
    assert {str(key): status for key, status in kept.items()} == {
        proposed: "published",
        other: "proposed",
    }


# Who sees them


def test_a_filer_sees_their_own_proposals_and_no_others(contributor, curator, proposed):
    public, hidden = make_quote("Public"), make_quote("Hidden", status="proposed")
    listed = ok(contributor.get(f"{API}quotes/?count=true"))
    assert {q["id"] for q in listed["results"]} == {str(public.pk), proposed}
    assert listed["count"]["value"] == 2
    assert ok(contributor.get(f"{API}quotes/?status=proposed"))["results"][0]["id"] == proposed
    found = ok(contributor.get(f"{API}quotes/?phrase=no choice"))["results"]
    assert [quote["id"] for quote in found] == [proposed]
    assert ok(contributor.get(f"{API}quotes/{proposed}/"))["status"] == "proposed"
    problem(contributor.get(f"{API}quotes/{hidden.pk}/"), 404)
    other = make_client("Contributors", "other")
    for client in (other, make_client("Readers")):
        problem(client.get(f"{API}quotes/{proposed}/"), 404)
        listed = ok(client.get(f"{API}quotes/"))["results"]
        assert [quote["id"] for quote in listed] == [str(public.pk)]
    assert len(ok(curator.get(f"{API}quotes/"))["results"]) == 3


def test_a_filer_sees_a_rejection_without_its_reason(contributor, curator, proposed):
    step(curator, proposed, "reject", reason="She is suing us.")
    for path in (f"quotes/{proposed}/", f"quotes/{proposed}/?fields=status,reason"):
        quote = ok(contributor.get(f"{API}{path}"))
        assert (quote["status"], quote["reason"]) == ("rejected", None)
    for path in ("quotes/", "quotes/?status=rejected", "quotes/?like=we had no choice"):
        (quote,) = ok(contributor.get(f"{API}{path}"))["results"]
        assert (quote["status"], quote["reason"]) == ("rejected", None)
    for path in ("", "revisions/", "?format=prov", "?format=jsonld", "?format=bibtex"):
        response = contributor.get(f"{API}quotes/{proposed}/{path}")
        assert b"suing" not in response.content
    assert file(contributor)["quotes"][0]["reason"] is None
    assert ok(curator.get(f"{API}quotes/{proposed}/"))["reason"] == "She is suing us."


@pytest.mark.django_db(transaction=True)
def test_a_filer_follows_what_becomes_of_their_proposals(contributor, curator):
    proposed = file(contributor, 201)["quotes"][0]["id"]
    step(curator, proposed, "reject", reason="She is suing us.")
    settle()
    told = ok(contributor.get(f"{API}changes/?types=quote"))["results"]
    assert [change["verb"] for change in told] == ["created", "rejected"]
    assert {(c["record"]["status"], c["record"]["reason"]) for c in told} == {("rejected", None)}
    for client in (make_client("Contributors", "other"), make_client("Readers")):
        assert ok(client.get(f"{API}changes/?types=quote"))["results"] == []


def test_lists_of_readers_and_curators_are_asked_for_as_before(reader, contributor, curator):
    """Only for users with quotes of their own does the query change."""
    quotes = Quote.objects.order_by("pk")
    assert str(quotes.visible_to(curator.user).query) == str(quotes.query)
    public = str(quotes.public().query)
    assert str(quotes.visible_to(reader.user).query) == public
    assert str(quotes.visible_to(contributor.user).query) == public
    assert isinstance(quotes, QuoteQuerySet)
    make_quote("Hidden", status="withdrawn", filed_by=contributor.user)
    assert str(quotes.visible_to(contributor.user).query) != public


# What re-proposing tells


def leaks(response) -> bool:
    secrets = (b"suing", b"Mara", b"harbour master", b"filing_differs", b"rejected", b"proposed")
    return any(secret in response.content for secret in secrets)


@pytest.mark.parametrize("act", ["proposed", "rejected", "withdrawn"])
def test_proposing_again_tells_nothing_of_a_quote_that_the_user_may_not_see(
    contributor, curator, proposed, act
):
    if act == "rejected":
        step(curator, proposed, "reject", reason="She is suing us.")
    if act == "withdrawn":
        step(contributor, proposed, "withdraw", reason="She is suing us.")
    article = str(Quote.objects.get().article_id)
    ok(curator.patch(f"{API}articles/{article}/", {"headline": "Quay closes"}, **MATCH))  # public
    other = make_client("Contributors", "other")
    for more in ({}, {"speaker": "Ivo Berg", "role": "pilot"}):
        sent = {"article": article, "text": "We had no choice,", **more}
        response = other.post(f"{API}quotes/", sent)
        answer = ok(response)
        assert answer.keys() == {"text", "filing"}
        assert answer["text"] == "We had no choice,"
        assert answer["filing"].keys() == {"outcome"}
        assert "Location" not in response.headers
        assert not leaks(response)
    problem(other.get(f"{API}quotes/{proposed}/"), 404)
    bare = {"article": article, "spans": [[22, 39]]}
    problem(other.post(f"{API}quotes/", bare), 403)
    other.user.user_permissions.add(Permission.objects.get(codename="read_full_text"))
    recent_tokens.clear()  # which keep what a user may do for some seconds
    assert ok(other.post(f"{API}quotes/", bare))["text"] is None


def test_proposing_again_adds_nothing_to_what_somebody_else_proposed(curator, proposed):
    before = Quote.objects.values().get()
    path = f"{API}articles/{before['article_id']}/"
    ok(curator.patch(path, {"headline": "Quay closes"}, **MATCH))  # public
    other = make_client("Contributors", "other")
    sent = {"article": str(before["article_id"]), "text": "We had no choice,"}
    ok(other.post(f"{API}quotes/", {**sent, "role": "chair", "organisation": "Harbour Board"}))
    after = Quote.objects.values().get()
    changed = {name for name, value in after.items() if value != before[name]}
    assert changed <= {"flags", "version", "updated"}
    assert after["flags"] == ["filing_differs"]


def test_a_new_text_tells_only_what_becomes_of_quotes_that_the_filer_sees(contributor, curator):
    first = file(contributor, 201)
    second = {"text": "The quay will close.", "speaker": "Ivo Berg"}
    hidden = file(curator, quotes=[second])["quotes"][0]["id"]
    text = f"{make_filing()['text']} She left."
    answer = file(contributor, text=text, quotes=[second])
    assert [quote["id"] for quote in answer["reanchored"]] == [first["quotes"][0]["id"]]
    assert answer["quotes"] == [{"text": second["text"], "filing": {"outcome": "unchanged"}}]
    assert Quote.objects.filter(pk=hidden).exists()


def test_a_stranger_who_agrees_leaves_the_flag_of_a_filing_that_differs(curator, proposed):
    article = str(Quote.objects.get().article_id)
    ok(curator.patch(f"{API}articles/{article}/", {"headline": "Quay closes"}, **MATCH))  # public
    strangers = [make_client("Contributors", name) for name in ("one", "other")]
    sent = {"article": article, "text": "We had no choice,"}
    ok(strangers[0].post(f"{API}quotes/", {**sent, "speaker": "Ivo Berg"}))
    assert Quote.objects.get().flags == ["filing_differs"]
    ok(strangers[1].post(f"{API}quotes/", {**sent, "speaker": "Mara Quill"}))
    assert Quote.objects.get().flags == ["filing_differs"]
    ok(strangers[0].post(f"{API}quotes/", {**sent, "speaker": "Mara Quill"}))
    assert Quote.objects.get().flags == []

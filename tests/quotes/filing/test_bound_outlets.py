"""Contributors bound to outlets file, propose and withdraw for these only."""

import io

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from config.auth import recent_tokens
from quotes.models import OutletBinding, Quote
from sources.identity.merging import merge, unmerge
from sources.models import Article, Outlet
from tests.conftest import API, make_client, make_filing, ok, problem
from tests.records import make_article, make_outlet, make_quote

pytestmark = pytest.mark.django_db

MATCH = {"headers": {"If-Match": "*"}}


@pytest.fixture
def post() -> Outlet:
    return make_outlet("The Harbour Post")


@pytest.fixture
def bound(contributor, post):
    """A contributor who files for The Harbour Post."""
    OutletBinding.objects.create(user=contributor.user, outlet=post.pk)
    return contributor


def file(client, status=200, **overrides):
    respond = ok if status < 400 else problem
    return respond(client.post(f"{API}articles/", make_filing(**overrides)), status)


def test_they_file_for_their_outlet_and_no_other(bound, post):
    assert file(bound, 201)["outlet"]["id"] == str(post.pk)
    for other in ("Radio Harrow", str(make_outlet("The Wire").pk), "the-wire"):
        refused = file(bound, 403, outlet=other, url="https://radio.example/1")
        assert "The Harbour Post" in refused["errors"][0]["message"]
    assert not Outlet.objects.filter(name="Radio Harrow").exists()
    assert Article.objects.count() == 1


def test_with_one_outlet_none_needs_to_be_named(bound, post):
    assert file(bound, 201, outlet=None)["outlet"]["id"] == str(post.pk)
    radio = make_outlet("Radio Harrow")
    OutletBinding.objects.create(user=bound.user, outlet=radio.pk)
    recent_tokens.clear()
    refused = file(bound, 403, outlet=None, url="https://harbourpost.example/2")
    assert "Radio Harrow, The Harbour Post" in refused["errors"][0]["message"]


def test_they_file_again_what_others_filed_for_their_outlet(bound, curator):
    file(curator, 201)
    assert file(bound, headline="Quay to shut")["outcome"] == "differs"
    assert file(bound, headline="Quay may shut", published="2026")["headline"] == "Quay to close"
    other = make_client("Contributors", "other")
    file(other, 403, headline="Mine")


def test_they_propose_only_for_articles_of_their_outlet(bound, post):
    text = "One. Two."
    ours, theirs = make_article(text, outlet=post), make_article(text, outlet=make_outlet("Wire"))
    ok(bound.post(f"{API}quotes/", {"article": str(ours.pk), "text": "One"}), 201)
    for article in (theirs, make_article(text)):
        body = {"article": str(article.pk), "text": "One"}
        assert "Harbour" in str(problem(bound.post(f"{API}quotes/", body), 403)["errors"])
        path = f"{API}articles/{article.pk}/snapshots/"
        problem(bound.post(path, {"text": f"{text} Three."}), 403)
    assert Quote.objects.count() == 1


def test_they_see_and_withdraw_what_was_proposed_for_their_outlet(bound, post, curator):
    ours = make_quote("Ours", status="proposed", outlet=post)
    theirs = make_quote("Theirs", status="proposed", outlet=make_outlet("Wire"))
    listed = ok(bound.get(f"{API}quotes/"))["results"]
    assert [quote["id"] for quote in listed] == [str(ours.pk)]
    path = f"{API}quotes/{{}}/withdraw/".format
    assert ok(bound.post(path(ours.pk), {}, **MATCH))["status"] == "withdrawn"
    problem(bound.post(path(theirs.pk), {}, **MATCH), 404)


def test_the_bond_follows_an_outlet_that_is_renamed_or_merged(bound, post):
    herald = make_outlet("The Herald")
    post.name = "The Harbour Mail"
    post.save()
    merge(post, herald)
    recent_tokens.clear()
    assert file(bound, 201, outlet=None)["outlet"]["id"] == str(herald.pk)
    file(bound, 200, outlet="The Herald")
    post.refresh_from_db()
    unmerge(post)
    recent_tokens.clear()
    file(bound, 403, outlet="The Herald")


def test_curators_and_unbound_contributors_file_for_every_outlet(contributor, curator):
    OutletBinding.objects.create(user=curator.user, outlet=make_outlet("Wire").pk)
    file(contributor, 201)
    file(curator, 201, outlet="Radio Harrow", url="https://radio.example/1")


# Binding


def issue(*arguments, **options) -> str:
    out = io.StringIO()
    call_command("issue_token", *arguments, stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def test_issue_token_binds_to_outlets_and_adds_unknown_ones_after_asking(post, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())  # no terminal to ask at
    new = ("wire", "--group", "Contributors", "--outlet", post.slug, "The Wire")
    with pytest.raises(CommandError, match="--yes"):
        issue(*new)
    assert not get_user_model().objects.exists()
    assert len(issue(*new, "--yes").splitlines()) == 1
    issue(*new, "--yes")
    bound = OutletBinding.objects.filter(user__username="wire").values_list("outlet", flat=True)
    assert {*bound} == {post.pk, Outlet.objects.get(name="The Wire").pk}


def test_the_page_of_a_user_binds_to_outlets(admin_client, contributor, post):
    path = f"/admin/auth/user/{contributor.user.pk}/change/"
    page = admin_client.get(path)
    assert "Files for these outlets only" in page.text
    sent = {
        **{"username": "contributors", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"},
        **{"outlet_bindings-TOTAL_FORMS": "1", "outlet_bindings-INITIAL_FORMS": "0"},
        **{"outlet_bindings-0-outlet": str(post.pk), "outlet_bindings-0-user": contributor.user.pk},
    }
    assert admin_client.post(path, sent).status_code == 302
    assert OutletBinding.objects.get().outlet == post.pk
    assert post.name in admin_client.get(path).text

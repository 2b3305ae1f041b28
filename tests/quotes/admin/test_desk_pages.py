"""A reviewer's own pages: saved views, decisions, settings; the end of a queue; second looks."""

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from quotes.models import DeskSettings, SavedView, SecondLook
from tests.conftest import staff
from tests.quotes.admin.test_review import QUEUE, make_waiting, take
from tests.quotes.admin.test_worklist import in_queue
from tests.records import make_colleague, make_outlet, make_quote

pytestmark = pytest.mark.django_db


def at(name: str, *args) -> str:
    return reverse(f"admin:quotes_review_{name}", args=args)


def save(client, name: str, query: str, **sent):
    return client.post(at("save_view"), {"name": name, "query": query, **sent}, follow=True)


# Saved views


def test_a_view_is_saved_used_and_deleted_by_its_owner(curator_at_desk):
    outlet = make_outlet()
    make_waiting()
    (quote,) = make_waiting("It was late,", outlet=outlet)
    page = save(curator_at_desk, "The Post, latest", f"outlet={outlet.pk}&order=latest&p=7&x=1")
    (view,) = page.context["views"]
    assert view.query == {"outlet": str(outlet.pk), "order": "latest"}
    assert f'<a href="?{view.link.replace("&", "&amp;")}"><bdi>The Post, latest' in page.text
    (row,) = curator_at_desk.get(f"{QUEUE}?{view.link}").context["rows"]
    assert row.article.pk == quote.article_id
    curator_at_desk.post(at("delete_view", view.pk))
    assert not SavedView.objects.exists()


def test_a_shared_view_is_seen_by_all_reviewers_and_deleted_by_none_of_them(curator_at_desk):
    save(curator_at_desk, "Mine", "tab=mine")
    save(curator_at_desk, "Everybody's", "queue=second_look", is_shared="on")
    other = staff("Curators", "ben")
    assert [str(view) for view in other.get(QUEUE).context["views"]] == ["Everybody's"]
    for view in SavedView.objects.all():
        assert other.post(at("delete_view", view.pk)).status_code == 404
    assert SavedView.objects.count() == 2


def test_a_view_needs_a_name_of_its_own(curator_at_desk):
    assert "This field is required" in save(curator_at_desk, " ", "tab=mine").text
    save(curator_at_desk, "Mine", "tab=mine")
    assert "You have a view of this name already." in save(curator_at_desk, "Mine", "").text
    assert SavedView.objects.count() == 1


def test_only_filters_of_the_queue_are_saved(curator_at_desk):
    assert save(curator_at_desk, "Broken", "order=nonsense").status_code == 400
    assert save(curator_at_desk, "Broken", "q=%00").status_code == 400
    assert not SavedView.objects.exists()


# The end of a queue


def test_an_empty_queue_says_what_was_done_and_what_comes_next(curator_at_desk):
    first, second = make_waiting()
    make_waiting(status="published", flags=["ambiguous_speaker"])
    take(curator_at_desk, first, "publish")
    assert "All done." not in curator_at_desk.get(QUEUE).text
    take(curator_at_desk, second, "reject", reason="Not said.")
    page = curator_at_desk.get(QUEUE)
    assert "All done." in page.text
    assert page.context["done"]["did"] in (
        "You published 1 and rejected 1 today.",
        "You rejected 1 and published 1 today.",
    )
    assert "Several people share this name (2) next" in page.text
    assert 'href="?queue=ambiguous_speaker"' in page.text
    assert "All done." not in curator_at_desk.get(QUEUE, {"q": "nothing"}).text
    decided = curator_at_desk.get(at("decided"))
    assert [each.verb for each in decided.context["decisions"]] == ["Rejected", "Published"]


def test_where_nothing_waits_anywhere_no_queue_comes_next(curator_at_desk):
    page = curator_at_desk.get(QUEUE)
    assert page.context["done"]["next"] is None
    assert page.context["done"]["did"] == ""
    assert "All done." in page.text


# Settings


def test_the_digest_is_switched_off_and_on(curator_at_desk):
    page = curator_at_desk.get(at("settings"))
    assert "You have no email address here" in page.text
    curator_at_desk.post(at("settings"), {})
    assert DeskSettings.objects.get().digest is False
    curator_at_desk.post(at("settings"), {"digest": "on"})
    assert DeskSettings.objects.get().digest is True


# Second looks


@pytest.fixture
def looked(curator_at_desk) -> None:
    """Four looks at what Ada published, one with a fault, and one at what Ben did."""
    ada, ben = make_colleague("ada"), make_colleague("ben")
    for publisher, finding in (*[(ada, "agree")] * 3, (ada, "speaker"), (ben, "words")):
        look = SecondLook.objects.create(quote=make_quote(), publisher=publisher)
        look.find(finding, curator_at_desk.user, now=timezone.now())
    SecondLook.objects.create(quote=make_quote(), publisher=ada)


@pytest.mark.usefixtures("looked")
def test_the_agreement_of_each_publisher_is_shown_with_its_interval(curator_at_desk):
    SecondLook.objects.create(quote=make_quote(), publisher=curator_at_desk.user)
    undone = make_quote(status="proposed")
    SecondLook.objects.create(quote=undone, publisher=make_colleague("cleo"))
    page = curator_at_desk.get(at("second_looks"))
    everybody, ada, ben = page.context["rows"]
    assert (everybody["looks"], everybody["agreed"]) == (5, "60.0% (23.1%–88.2%)")
    assert everybody["wrong"] == "40.0% (11.8%–76.9%)"
    assert (ada["looks"], ada["agreed"]) == (4, "75.0% (30.1%–95.4%)")
    assert ada["faults"] == "wrong speaker 1"
    assert (ben["looks"], ben["agreed"]) == (1, "0.0% (0.0%–79.3%)")
    assert "1 quote waits for a second look" in page.text
    assert at("second_looks") in in_queue_page(curator_at_desk)


def in_queue_page(client) -> str:
    return client.get(QUEUE, {"queue": "second_look"}).text


@pytest.mark.usefixtures("looked")
def test_the_command_says_the_same(capsys):
    call_command("second_looks")
    said = capsys.readouterr().out.splitlines()
    assert said[1].split() == ["Everybody", "5", "0.600", "(0.231–0.882)", *said[1].split()[4:]]
    assert "wrong speaker 1" in said[1]
    assert said[2].startswith("ada ")
    assert said[-1] == "Waiting for a second look: 1."


def test_without_looks_page_and_command_say_so(curator_at_desk, capsys):
    assert "Nothing has been looked at twice yet." in curator_at_desk.get(at("second_looks")).text
    call_command("second_looks")
    assert "Nothing has been looked at twice yet." in capsys.readouterr().out
    assert in_queue(curator_at_desk, "second_look")["number"] == 0


@pytest.mark.parametrize("name", ["decided", "settings", "second_looks"])
def test_these_pages_are_for_reviewers(name, reader_at_desk):
    assert reader_at_desk.get(at(name)).status_code == 403
    assert reader_at_desk.post(at("save_view"), {"name": "x"}).status_code == 403

"""The main ways through the desk in Firefox: `uv run pytest tests/browser/firefox.py -n 0`.

Needs Debian's firefox-esr and Node.js, and installs puppeteer-core by npm in var/firefox/. Not part
of the suite: the file is not named as a test, so that pytest only runs it when asked.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.urls import reverse

from quotes.models import Quote
from tests.conftest import fresh
from tests.records import make_article, make_quote, make_speaker

pytestmark = pytest.mark.django_db(transaction=True)

FIREFOX = Path("/usr/bin/firefox-esr")
PACKAGES = Path(__file__).parents[2] / "var" / "firefox"
PASSWORD = "a long trial password"
TIMEOUT_SECONDS = 120


@pytest.fixture(scope="session")
def packages():
    if not FIREFOX.exists() or not shutil.which("node"):
        pytest.skip("Firefox (apt install firefox-esr) or Node.js is missing")
    if not (PACKAGES / "node_modules" / "puppeteer-core").exists():
        PACKAGES.mkdir(parents=True, exist_ok=True)
        npm = ["npm", "install", "--silent", "--prefix", str(PACKAGES), "puppeteer-core"]
        subprocess.run(npm, check=True, timeout=TIMEOUT_SECONDS)
    return PACKAGES


@pytest.fixture
def firefox(packages, live_server):
    """Run a flow of firefox.mjs as a curator; fails with what Firefox said."""
    user = get_user_model().objects.create_user("mara", password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name="Curators"))

    def firefox(flow: str, **given):
        given |= {"name": "mara", "password": PASSWORD, "firefox": str(FIREFOX)}
        script = Path(__file__).with_suffix(".mjs")
        done = subprocess.run(
            ["node", str(script), flow, live_server.url, json.dumps(given)],
            env={"PACKAGES": str(packages), "PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": "/tmp"},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
        assert done.returncode == 0, done.stderr

    return firefox


PARTS = ["gate", "lock", "quay", "pier", "dock", "slip", "weir", "mole", "hard", "pool"]
SAYINGS = [f"The {part} was closed at noon." for part in PARTS]


def proposed(number: int) -> list[Quote]:
    """An article with this many quotes that wait for review."""
    article = make_article(" ".join(f"“{words}” he said." for words in SAYINGS[:number]))
    return [make_quote(words, article=article, status="proposed") for words in SAYINGS[:number]]


def statuses() -> list[str]:
    return list(Quote.objects.order_by("pk").values_list("status", flat=True))


def test_ten_quotes_are_published_by_ten_keys(firefox):
    quotes = proposed(10)
    firefox("clear_the_queue_by_keyboard", article=str(quotes[0].article_id), words=SAYINGS)
    assert statuses() == ["published"] * 10


def test_steps_are_undone_one_after_the_other(firefox):
    quotes = proposed(3)
    firefox("undo", article=str(quotes[0].article_id), words=SAYINGS[:3])
    assert statuses() == ["proposed"] * 3


def test_the_selection_is_changed_with_the_arrow_keys(firefox):
    article = make_article("She said: “We had no choice at all then.” She left.")
    quote = make_quote("We had no choice", article=article, status="proposed")
    words = ["We had no choice", "We had no choice at all"]
    firefox("select_words_by_keyboard", article=str(article.pk), words=words)
    assert fresh(quote).text == "We had no choice at all"


def test_a_quote_is_added_by_selecting_its_words(firefox):
    article = make_article("“We had no choice,” Mara Quill said. “It was late,” she said.")
    make_quote("It was late,", article=article, status="proposed")
    firefox(
        "add_a_quote_with_the_mouse",
        article=str(article.pk),
        words="We had no choice,",
        speaker="Mara Quill",
    )
    added = Quote.objects.get(text="We had no choice,")
    assert (added.status, added.speaker.name) == ("proposed", "Mara Quill")


def test_a_speaker_is_searched_for_and_chosen(firefox):
    (quote,) = proposed(1)
    make_speaker("Željka Škorić")
    firefox(
        "choose_a_speaker",
        article=str(quote.article_id),
        search="skoric",
        speaker="Željka Škorić",
    )
    assert fresh(quote).speaker.name == "Željka Škorić"


def test_two_speakers_are_merged(firefox):
    one, other = make_speaker("Robert Jones"), make_speaker("Rob Jones")
    page = reverse("admin:sources_speaker_merge", args=[one.pk])
    firefox("merge_two_speakers", address=f"{page}?into={other.pk}", speaker="Rob Jones")
    assert fresh(one).merged_into == other

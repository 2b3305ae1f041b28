"""Time the fast lane in a large archive: `uv run python tests/bench/review_steps.py [--quotes N]`

Creates a database in the embedded server and generates an archive that ends today. As a curator, it
publishes quotes on the review page, one after the other, and reads the page of the next as the
page's script does: first what is needed to decide, afterwards the rest, with possible speakers and
larger forms. It prints the median and 95th percentile of the step, of the next quote, of both and
of the rest, beside the bare UPDATE that a step comes down to. With Chromium, it then publishes ten
clean quotes by ten keys. `--keep` keeps the database for the next run with `--keep`; the quotes
stay published there.
"""

import argparse
import os
import re
import sys
import time
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.archives import an_archive

LIMIT = 120
"""Milliseconds from a step to the next quote, on the server, in 95 of 100 steps."""

KEYS_LIMIT = 3.0
"""Seconds of ten clean quotes by keys."""

CHROMIUM = Path("/usr/bin/chromium")
IS_SHOWN = """words => document.querySelector("#review[data-ready] .chosen-quote blockquote")
    ?.textContent.includes(words)"""
IS_LEFT = "article => document.querySelector(`#review:not([data-claim*='${article}'])`)"
START = re.compile('class="button start" href="([^"]*)"')
VERSION = re.compile('action="([^"]*/publish/)".*?name="publish-version" value="([0-9]+)"', re.S)
MINIMAL, WHOLE = {"Prefer": "return=minimal"}, {"Prefer": "return=representation"}
LEADS = re.compile('data-to="([^"]*)"')


def curator():
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group

    user, _ = get_user_model().objects.get_or_create(username="bench", is_staff=True)
    user.groups.add(Group.objects.get(name="Curators"))
    return user


def timed(work) -> tuple[float, object]:
    """Milliseconds of a call, and what it returns."""
    began = time.perf_counter()
    answer = work()
    return (time.perf_counter() - began) * 1000, answer


def measure(steps: int) -> dict[str, list[float]]:
    """Milliseconds of each step, of the quote it leads to, of both, and of what is beside them."""
    from html import unescape

    from django.test import Client
    from django.urls import reverse

    from quotes.models import Quote

    client = Client()
    client.force_login(curator())
    spent = {"step": [], "next quote": [], "both": [], "rest": [], "bare UPDATE": []}
    place = reverse("admin:quotes_review_changelist")
    page = client.get(START.search(client.get(place).text)[1])
    while len(spent["both"]) < steps and (version := VERSION.search(page.text)):
        sent = {"publish-version": version[2]}
        step, answer = timed(
            lambda to=version[1], data=sent: client.post(to, data, headers=MINIMAL)
        )
        leads = unescape(LEADS.search(answer.text)[1])
        read, page = timed(lambda to=leads: client.get(to, headers=MINIMAL))
        rest, _ = timed(lambda to=leads: client.get(to, headers=WHOLE))
        spent["step"].append(step)
        spent["next quote"].append(read)
        spent["both"].append(step + read)
        spent["rest"].append(rest)
    for key in Quote.objects.proposed().order_by("pk").values_list("pk", flat=True)[:steps]:
        bare = Quote.objects.filter(pk=key)
        spent["bare UPDATE"].append(timed(lambda quote=bare: quote.update(status="published"))[0])
    return spent


def report(steps: int, say) -> bool:
    """Print a line for each part; return whether the limit holds."""
    spent = measure(steps)
    say(f"{'':16}{'median':>8}{'p95':>8}{'a second':>10}   milliseconds, of {steps} steps\n")
    for name, took in spent.items():
        if len(took) < 2:
            continue
        worst = quantiles(took, n=20, method="inclusive")[-1]
        say(f"{name:16}{median(took):8.1f}{worst:8.1f}{1000 * len(took) / sum(took):10.1f}\n")
        if name == "both":
            holds = worst <= LIMIT
    say(f"Limit of both: {LIMIT} ms in 95 of 100 steps: {'held' if holds else 'not held'}.\n")
    return holds


def by_keys(say) -> bool:
    """Publish ten clean quotes in Chromium, each by one key as soon as it is shown.

    Returns whether the limit holds.
    """
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.test import Client
    from django.test.testcases import LiveServerThread
    from django.urls import reverse
    from playwright.sync_api import sync_playwright

    from tests.records import make_article, make_quote

    said = [f"The gate was closed at {number}, as it is every day." for number in range(10)]
    article = make_article(" ".join(said), headline="Ten clean quotes")
    for words in said:
        make_quote(words, article=article, status="proposed")
    client = Client()
    client.force_login(curator())
    server = LiveServerThread("localhost", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright runs an event loop here
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        context = browser.new_context(base_url=f"http://localhost:{server.port}")
        context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value,
              "domain": "localhost", "path": "/"}]
        )  # fmt: skip
        page = context.new_page()
        page.goto(reverse("admin:quotes_review_article", args=[article.pk]))
        began, keys = None, 0
        for words in said:
            page.wait_for_function(IS_SHOWN, arg=words)  # looks at each frame, a locator seldom
            began = began or time.perf_counter()
            page.keyboard.press("p")
            keys += 1
        page.wait_for_function(IS_LEFT, arg=str(article.pk))
        took = time.perf_counter() - began
        browser.close()
    server.terminate()
    holds = took <= KEYS_LIMIT
    held = "held" if holds else "not held"
    say(f"Ten clean quotes: {keys} keys, {took:.2f} s. Limit: {KEYS_LIMIT} s: {held}.\n")
    return holds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--quotes", type=int, default=2_000_000, help="in the archive (default: %(default)s)")
    add("--steps", type=int, default=200, help="that are timed (default: %(default)s)")
    add("--keep", action="store_true", help="keep the database, or use the one that was kept")
    given = parser.parse_args()

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["ALLOWED_HOSTS"] = "testserver,localhost"
    import django

    django.setup()
    say = sys.stdout.write
    with an_archive(given.quotes, keep=given.keep):
        holds = report(given.steps, say)
        if CHROMIUM.exists():
            holds = by_keys(say) and holds
    sys.exit(not holds)


if __name__ == "__main__":
    main()

"""Screenshots of every page of the admin: `uv run python tests/browser/screenshots.py`.

Starts a database cluster of its own under /tmp, files the sample newsroom of `manage.py demo` and
serves it. Logs in as a curator and visits each page: wide, on a tablet, on a phone, and dark.
"""

import argparse
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

LOOKS = {
    "wide": {"viewport": {"width": 1280, "height": 800}},
    "tablet": {"viewport": {"width": 768, "height": 1024}},
    "phone": {"viewport": {"width": 390, "height": 844}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
}

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def prepare() -> dict:
    """Make the sample newsroom and a curator; return one record of each kind, by its model."""
    from django.apps import apps
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group
    from django.core.management import call_command
    from django.db.models import Count

    from sources.ledger.actor import audit_context
    from sources.models import Revision, Snapshot
    from tests.sources.admin.test_documents import keep
    from tests.sources.intake.pages import plain_cms
    from tests.sources.intake.stories import STORIES

    with audit_context(channel="command:demo", actor="ada"):
        call_command("demo", prepare=True)
    curator = get_user_model().objects.create_user("mara", password="mara", is_staff=True)
    curator.groups.set([Group.objects.get(name="Curators")])
    with audit_context(channel="admin", actor="ada", reason="Spelt as on the letterhead."):
        change_each()
    keep(Snapshot.objects.latest("pk"), plain_cms(STORIES[0]).encode())
    records = {}
    longest = Revision.objects.values("subject_type", "subject_id").annotate(n=Count("*"))
    for subject in longest.order_by("n"):
        for app in ("sources", "quotes"):
            model = apps.all_models[app].get(subject["subject_type"])
            record = model and model.objects.filter(pk=subject["subject_id"]).first()
            if record and getattr(record, "status", "") != "retracted":
                records[subject["subject_type"]] = record
    return records


def change_each() -> None:
    """Give one record of each kind a second version."""
    from django.db import transaction

    from quotes.models import Quote, Utterance
    from sources.models import Affiliation, Article, Organisation, Outlet, Speaker

    with transaction.atomic():
        for model in (Outlet, Organisation, Speaker):
            record = model.objects.first()
            record.name, record.aliases = f"{record.name} (new)", [*record.aliases, record.name]
            record.save()
        Affiliation.objects.filter(pk=Affiliation.objects.first().pk).update(role="deputy head")
        article = Article.objects.exclude(headline=None).first()
        Article.objects.filter(pk=article.pk).update(headline=f"Corrected: {article.headline}")
        for quote in Quote.objects.filter(status="published")[:2]:
            quote.revise(utterance=Utterance.objects.create())
            quote.revise(note="She insisted.", attribution_cue="insisted")


def serve(port: int) -> subprocess.Popen:
    command = [
        *(sys.executable, "-m", "granian", "config.wsgi:application", "--interface", "wsgi"),
        *("--host", "127.0.0.1", "--port", str(port), "--log-level", "error", "--no-ws"),
    ]
    server = subprocess.Popen(command, cwd=ROOT)
    until = time.monotonic() + 180
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
        time.sleep(0.2)
    server.terminate()
    raise TimeoutError("The server does not answer.")


def name_of(path: str) -> str:
    return "-".join(part for part in ID.sub("one", path).split("/") if part)


def pages(page, records: dict, only: str) -> Iterator[str]:
    """Open each page whose name contains `only`, and yield its name when it has loaded."""
    from tests.walking import admin_pages

    for path in admin_pages(records):
        if only in name_of(path) and page.goto(path).status == 200:
            yield name_of(path)
    for path in ("/admin/search/?q=harbour", "/admin/?palette"):
        name = path.strip("/").replace("/?", "-").replace("/", "-").partition("=")[0]
        if only in name and page.goto(path).status == 200:
            if "palette" in path:
                page.keyboard.press("Control+k")
                page.keyboard.type("harbour")
                page.wait_for_selector("#palette [role=option]")
            yield name
    if only in "admin-conflict":
        yield conflict(page, records["speaker"])
    if only in "admin-quotes-review-desk":
        yield from desk(page)


def desk(page) -> Iterator[str]:
    """The review page of the first article of the queue: its panes, forms and shortcuts."""
    page.goto("/admin/quotes/review/")
    page.click("text=Start reviewing")
    page.wait_for_selector("#review[data-ready]")
    yield "admin-quotes-review-desk"
    if page.locator(".pane-tabs").is_visible():
        for pane in ("quotes", "decide"):
            page.click(f"label[for=pane-{pane}]")
            yield f"admin-quotes-review-desk-{pane}"
    for key, step in (("r", "reject"), ("s", "assign"), ("c", "correct"), ("n", "add")):
        page.locator("body").press(key)
        yield f"admin-quotes-review-desk-{step}"
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
    page.locator("body").press("?")
    yield "admin-quotes-review-desk-shortcuts"


def conflict(page, speaker) -> str:
    """Save a speaker that somebody else has changed since the page was opened."""
    from tests.sources.admin.test_admin import page_of

    page.goto(page_of(speaker))
    type(speaker).objects.filter(pk=speaker.pk).update(
        name=f"{type(speaker).objects.get(pk=speaker.pk).name}!", identifiers={"isni": "0000 0001"}
    )
    page.fill("#id_name", "Typed since")
    page.click(".submit-row input[name=_save]")
    page.wait_for_selector(".conflict")
    return "admin-conflict"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    usual = ROOT / "var" / "screenshots"
    parser.add_argument("--to", type=Path, default=usual, help="default: var/screenshots")
    parser.add_argument("--look", choices=LOOKS, action="append", help="may be repeated")
    parser.add_argument("--only", default="", help="only pages whose name contains this")
    asked = parser.parse_args()
    asked.to.mkdir(parents=True, exist_ok=True)

    sys.path.insert(0, str(ROOT))
    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.own_cluster"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright runs an event loop
    from tests.config.database.test_embedded import a_directory

    with a_directory() as directory, socket.socket() as free:
        os.environ["BENCH_CLUSTER"] = str(directory / "pg")
        import django

        django.setup()
        from django.db import connection

        records = prepare()
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        server = serve(port)
        try:
            take(f"http://127.0.0.1:{port}", records, asked)
        finally:
            server.terminate()
            server.wait()
            connection.close()
            connection.close_pool()


def take(base: str, records: dict, asked: argparse.Namespace) -> None:
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import ARGUMENTS, CHROMIUM

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        for look in asked.look or LOOKS:
            page = browser.new_context(base_url=base, **LOOKS[look]).new_page()
            page.goto("/admin/login/")
            page.fill("#id_username", "mara")
            page.fill("#id_password", "mara")
            page.click("input[type=submit]")
            page.wait_for_selector("#user-tools")
            for name in pages(page, records, asked.only):
                page.screenshot(path=asked.to / f"{name}-{look}.png", full_page=True)
            page.context.close()
        browser.close()
    say(f"{len(list(asked.to.glob('*.png')))} screenshots in {asked.to}")


if __name__ == "__main__":
    main()

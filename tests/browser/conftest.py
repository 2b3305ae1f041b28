"""A real Chromium, and a page that fails its test for any error or breach of the CSP."""

from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from playwright.sync_api import expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",  # a page takes a fifth less time without another process
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium():
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright runs an event loop in this thread, where Django refuses queries.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, live_server):
    """Open a page at the live server in a browser context of its own.

    What goes wrong in any of them fails the test; `page.went_wrong` collects it.
    """
    contexts, wrong = [], []

    def open_page():
        context = chromium.new_context(
            base_url=live_server.url, viewport={"width": 1360, "height": 900}
        )
        contexts.append(context)
        context.set_default_timeout(30_000)
        expect.set_options(timeout=30_000)
        # Logged by the page itself, so that a violation that logs nothing is noticed too.
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation', e =>"
            " console.error('CSP: ' + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample))"
        )
        page = context.new_page()
        page.went_wrong = wrong
        page.on(
            "console", lambda said: said.type in ("error", "warning") and wrong.append(said.text)
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("response", lambda r: r.status >= 400 and wrong.append(f"{r.status} {r.url}"))
        # Typing on, or leaving a page, aborts a request: that is not a failure.
        page.on(
            "requestfailed",
            lambda r: r.failure == "net::ERR_ABORTED" or wrong.append(f"{r.failure} {r.url}"),
        )
        ours = (live_server.url, "data:")
        page.on("request", lambda r: r.url.startswith(ours) or wrong.append(f"abroad {r.url}"))
        return page

    yield open_page
    assert not wrong, wrong
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page):
    return open_page()


@pytest.fixture
def log_in(page, live_server, settings):
    """Open the dashboard as a new user, of a group or a superuser, without the form of the login.

    The form is filled in where a session is lost (`test_fast_lane.py`).
    """

    def log_in(group: str | None = None, name: str = "mara", page=page):
        user = get_user_model().objects.create_user(
            name, password="a long trial password", is_staff=True, is_superuser=group is None
        )
        if group:
            user.groups.add(Group.objects.get(name=group))
        client, cookie = Client(), settings.SESSION_COOKIE_NAME
        client.force_login(user)
        session = {"name": cookie, "value": client.cookies[cookie].value, "url": live_server.url}
        page.context.add_cookies([session])
        page.goto("/admin/")
        page.wait_for_selector("#user-tools")
        return page

    return log_in

"""Nobody is shown a button or a link that they cannot use: every page of the admin, by group."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from lxml import html

from sources.identity import merging
from tests.conftest import make_client, staff
from tests.quotes.api.test_hostile import make_all
from tests.records import make_speaker
from tests.walking import admin_pages

pytestmark = pytest.mark.django_db

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@pytest.fixture
def records():
    """One record of each kind with a history, around a public quote."""
    records = make_all(make_client("Curators"), "One quay, two quays", 1)
    values = {"kind": records["speaker"].kind}
    namesake = make_speaker(records["speaker"].name, **values)
    merging.merge(make_speaker("Mara Q.", **values), records["speaker"])
    merging.mark_distinct(records["speaker"], namesake)
    return records


def opened(client, path: str):
    """The parsed page, or None if this user may not see it."""
    answer = client.get(path)
    assert answer.status_code in (200, 302, 403, 404), path
    return html.fromstring(answer.text) if answer.status_code == 200 else None


@pytest.mark.parametrize("group", ["Readers", "Contributors", "Curators"])
def test_every_link_of_every_page_works(records, group):
    client, seen = staff(group), set()
    for path in admin_pages(records):
        if (page := opened(client, path)) is None:
            continue
        for link in page.xpath("//a[@href]"):
            place = urlsplit(urljoin(path, link.get("href")))
            kind = ID.sub("…", f"{place.path}?{'&'.join(sorted(place.query.split('&')))}")
            if place.netloc or not place.path.startswith("/admin/") or kind in seen:
                continue
            seen.add(kind)
            answer = client.get(f"{place.path}?{place.query}")
            assert not answer.streaming or b"".join(answer)  # a file, closed once it is read
            assert answer.status_code in (200, 302), f"{path}: {place.geturl()}"
    assert len(seen) > 20


@pytest.mark.parametrize(
    ("group", "sends"),
    [
        # The first stores nothing, the second only what is one's own.
        ("Readers", {"/admin/quotes/quote/check/", "/admin/quotes/webhook/add/"}),
        (
            "Contributors",
            {
                "/admin/quotes/quote/check/",
                "/admin/quotes/quote/import/",
                "/admin/quotes/webhook/add/",
                "/admin/sources/article/add-document/",
            },
        ),
    ],
)
def test_users_who_may_change_nothing_see_no_form_of_changes(records, group, sends):
    client, walked, found = staff(group), 0, set()
    for path in admin_pages(records):
        if (page := opened(client, path)) is None:
            continue
        walked += 1
        for form in page.xpath("//form[@method='post'][not(@action='/admin/logout/')]"):
            found |= {path for _ in form.xpath(".//button | .//*[@type='submit']")}
    assert walked > 20
    assert found == sends

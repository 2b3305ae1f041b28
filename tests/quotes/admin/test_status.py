"""Colours of the statuses: one for each, and readable in light and dark."""

import re
from pathlib import Path

import pytest

from quotes.admin.status import status_badge
from quotes.models.workflow import Status
from tests.records import make_quote

CSS = Path("quotes/static/quotes/status.css").read_text()
COLOURS = {
    name: pair
    for name, *pair in re.findall(r"--(status-[\w-]+): light-dark\((#\w{6}), (#\w{6})\);", CSS)
}
PAGES = [("#ffffff", "#f8f8f8", "#ffffcc"), ("#121212", "#212121", "#00363a")]
"""Django's page, shaded row and selected row, light and dark."""


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.2."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_a_status_is_readable_in_its_colour(status, theme):
    mark, text, badge = (
        COLOURS[f"status-{status}{part}"][theme] for part in ("", "-text", "-badge")
    )
    assert contrast(text, badge) >= 4.5
    assert min(contrast(mark, behind) for behind in (*PAGES[theme], badge)) >= 3


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_no_two_statuses_share_a_colour(theme):
    assert len({COLOURS[f"status-{status}"][theme] for status in Status.values}) == len(Status)


def test_a_badge_says_the_status_in_words():
    for status in Status:
        assert status_badge(status) == (
            f'<span class="status status-{status.value}">{status.label}</span>'
        )
        assert f".status-{status.value} {{" in CSS


@pytest.mark.django_db
def test_the_list_of_quotes_shows_badges_on_a_page_with_their_colours(curator_at_desk):
    make_quote("Said so", status="disputed")
    page = curator_at_desk.get("/admin/quotes/quote/").text
    assert status_badge("disputed") in page
    assert "quotes/status.css" in page

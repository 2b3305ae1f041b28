"""The keystroke budget: a hard case is settled at the review page in four keys at most.

Each case makes its records, opens the page at the quote, and presses keys; the record says whether
it is settled. Only keys that a person would press are counted, and all of them are.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from quotes.models import Quote
from sources.models import Speaker
from tests.conftest import fresh, staff
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

MAX_KEYS = 4

AT_REST = "#review[data-ready]:not([aria-busy], [data-settling])"
"""The page, when it takes keys."""

WAIT_STEPS = 200
"""Of 50 ms, for the server to store the last step."""

TEXT = (
    "Priya Nandakumar opened the meeting. “The wall is safe,” Ms Nandakumar said. "
    "“Nobody will be moved,” she said, “not this year.”"
)
MOVED = "Nobody will be moved,"


@dataclass
class Case:
    """A quote that is hard to settle, the keys that settle it, and what then holds."""

    name: str
    make: Callable[[], Quote]
    keys: list[str]
    holds: Callable[[Quote], bool]
    waits: dict[str, str] = field(default_factory=dict)  # what to see before a key


def make_proposed(words: str = MOVED, text: str = TEXT, **values) -> Quote:
    article = values.pop("article", None) or make_article(
        text, headline="The wall", language="en", published="2026-11-27"
    )
    return make_quote(words, article=article, **{"status": "proposed", "language": "en", **values})


def make_pronoun() -> Quote:
    article = make_proposed("The wall is safe,", speaker=make_speaker("Priya Nandakumar")).article
    own = make_speaker("Ms Nandakumar", article=article)
    return make_proposed(article=article, speaker=own, attribution_speaker="she")


def make_namesake() -> Quote:
    """The filing made a second Lewis Orchardson; the winger of the club said it."""
    club = make_organisation("Harrow Town")
    for name, role, body in (
        ("Lewis Orchardson", "chief inspector", make_organisation("Harrow Sound Constabulary")),
        ("Lewis Orchardson", "winger", club),
    ):
        make_affiliation(speaker=make_speaker(name), role=role, organisation=body)
    return make_proposed(
        text=f"“{MOVED}” said Lewis Orchardson, winger of Harrow Town.",
        speaker=make_speaker("Lewis Orchardson"),
        attribution_speaker="Lewis Orchardson",
        attribution_role="winger",
        organisation=club,
        flags=["ambiguous_speaker"],
    )


def make_joint() -> Quote:
    make_speaker("Ada Lund")
    make_speaker("Bo Ek")
    return make_proposed(
        text=f"“{MOVED}” said Ada Lund and Bo Ek.",
        attribution_speaker="Ada Lund and Bo Ek",
        flags=["unresolved_speaker"],
    )


def make_surname() -> Quote:
    make_speaker("Harold Jones")
    text = f"Harold Jones was there. “{MOVED}” Mr Jones said."
    quote = make_proposed(text=text, attribution_speaker="Mr Jones", flags=["unresolved_speaker"])
    own = make_speaker("Mr Jones", article=quote.article)
    Quote.objects.filter(pk=quote.pk).update(speaker=own)
    return fresh(quote)


def make_split() -> Quote:
    return make_proposed(attribution_speaker="she", speaker=make_speaker("Priya Nandakumar"))


def make_translated() -> Quote:
    speaker = make_speaker("Priya Nandakumar")
    make_quote(
        "Personne ne sera déplacé",
        speaker=speaker,
        language="fr",
        article=make_article("“Personne ne sera déplacé” a-t-elle dit.", published="2026-11-26"),
    )
    return make_proposed(speaker=speaker, translated_from="fr")


def make_replaced() -> Quote:
    return make_proposed(
        status="published",
        speaker=make_speaker("Priya Nandakumar"),
        flags=["text_replaced"],
    )


def make_role() -> Quote:
    return make_proposed(
        text=f"“{MOVED}” said Lena Farr, cabinet member for finance.",
        speaker=make_speaker("Lena Farr"),
        organisation=make_organisation("Marsh Lane Council"),
        attribution_speaker="Lena Farr",
        attribution_role="cabinet member for finance",
    )


def make_copy() -> Quote:
    """Another outlet prints the words, and only says that an official said them."""
    words = "Nobody will be moved from the wall this year, and nobody was last year"
    wire = make_article(f"“{words},” Tessa Holm said.", outlet=make_outlet("Torrigan Wire"))
    make_quote(words, article=wire, speaker=make_speaker("Tessa Holm"), language="en")
    return make_proposed(
        words, text=f"“{words},” an official said.", attribution_speaker="an official"
    )


def said_by(name: str) -> Callable[[Quote], bool]:
    return lambda quote: quote.status == "published" and quote.speaker.name == name


def is_winger(quote: Quote) -> bool:
    held = quote.affiliation
    return said_by("Lewis Orchardson")(quote) and held.role == "winger" and not quote.flags


def is_joint(quote: Quote) -> bool:
    if quote.status != "published" or quote.flags:
        return False
    return {one.name for one in quote.speaker.present_members} == {"Ada Lund", "Bo Ek"}


def is_merged(quote: Quote) -> bool:
    own = Speaker.objects.get(name="Mr Jones")
    return said_by("Harold Jones")(quote) and own.survivor == quote.speaker


def is_on_record(quote: Quote) -> bool:
    if quote.status != "published" or not (held := quote.affiliation):
        return False
    said = (held.role, held.organisation.name, str(held.start))
    return said == ("cabinet member for finance", "Marsh Lane Council", "2026-11-27")


CASES = [
    Case("pronoun", make_pronoun, ["1", "p"], said_by("Priya Nandakumar")),
    Case("namesake", make_namesake, ["1", "p"], is_winger),
    Case("joint", make_joint, ["1", "p"], is_joint),
    Case("surname only", make_surname, ["1", "b", "p"], is_merged),
    Case(
        "wrong span",
        lambda: make_proposed("Nobody will be"),
        ["a", "ArrowRight", "Enter", "p"],
        lambda quote: (quote.text, quote.status) == ("Nobody will be moved", "published"),
    ),
    Case(
        "split quote",
        make_split,
        ["a", "+", "Enter", "p"],
        lambda quote: (
            quote.text == "Nobody will be moved, not this year."
            and len(quote.spans) == 2
            and quote.status == "published"
        ),
    ),
    Case(
        "translated",
        make_translated,
        ["y", "p"],
        lambda quote: (
            quote.status == "published" and quote.translates.text == "Personne ne sera déplacé"
        ),
    ),
    Case(
        "moved",
        lambda: make_proposed(anchor="moved", flags=["attribution_changed"]),
        ["f", "p"],
        lambda quote: (quote.status, quote.flags) == ("published", []),
    ),
    Case(
        "text replaced",
        make_replaced,
        ["f"],
        lambda quote: (quote.status, quote.flags) == ("published", []),
    ),
    Case(
        "differing filing",
        lambda: make_proposed(flags=["filing_differs"]),
        ["f", "p"],
        lambda quote: (quote.status, quote.flags) == ("published", []),
    ),
    Case("role to record", make_role, ["e", "p"], is_on_record),
    Case("another outlet's copy", make_copy, ["1", "p"], said_by("Tessa Holm")),
    Case(
        "not among the suggestions",
        lambda: [make_speaker("Ada Lund"), make_surname()][-1],
        ["s", "Enter", "Enter", "p"],
        said_by("Harold Jones"),
        waits={"Enter": ".select2-results__option--highlighted:has-text('Harold Jones')"},
    ),
]


@pytest.fixture(scope="module")
def tab(chromium):
    """One page for all cases."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(20_000)
    wrong = []
    context.add_init_script(
        "document.addEventListener('securitypolicyviolation', e =>"
        " console.error('CSP: ' + e.violatedDirective))"
    )
    page = context.new_page()
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert not wrong, wrong


class Keyboard:
    """Presses keys when the page takes them, and counts them."""

    def __init__(self, page):
        self.page, self.pressed = page, 0

    def press(self, key: str, after: str | None) -> None:
        self.page.wait_for_selector(after or AT_REST)
        self.page.keyboard.press(key)
        self.pressed += 1


def log_in(page, base: str) -> None:
    """The session of a new curator, without the form."""
    client: Client = staff("Curators")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.clear_cookies()
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": base}])


def stored_when_settled(case: Case, quote: Quote, page) -> Quote:
    """The quote as the server has stored it: the page may be ahead of it for a moment."""
    for _ in range(WAIT_STEPS):
        stored = Quote.objects.get(pk=quote.pk)
        if case.holds(stored):
            break
        page.wait_for_timeout(50)
    return stored


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hard_case_is_settled_in_four_keys_at_most(tab, live_server, case):
    quote = case.make()
    make_proposed("The wall is safe,", text="“The wall is safe,” it said.")  # and the next one
    log_in(tab, live_server.url)
    page = reverse("admin:quotes_review_article", args=[quote.article_id])
    tab.goto(f"{live_server.url}{page}?quote={quote.pk}")
    keyboard = Keyboard(tab)
    version = quote.version
    tab.wait_for_selector(AT_REST)
    expect(tab.locator(f"[data-key='{case.keys[0]}']")).to_be_in_viewport()
    for number, key in enumerate(case.keys):
        is_first = number == case.keys.index(key)
        keyboard.press(key, case.waits.get(key) if is_first else None)
    assert keyboard.pressed <= MAX_KEYS
    quote = stored_when_settled(case, quote, tab)
    tab.wait_for_selector(AT_REST)
    tab.goto("about:blank")
    assert case.holds(quote), vars(quote)
    assert quote.version > version


def test_several_speakers_are_chosen_by_keys(tab, live_server):
    make_speaker("Ada Lund")
    make_speaker("Bo Ek")
    quote = make_proposed(attribution_speaker="Ms Lund")
    log_in(tab, live_server.url)
    page = reverse("admin:quotes_review_article", args=[quote.article_id])
    tab.goto(f"{live_server.url}{page}?quote={quote.pk}")
    found = tab.locator(".select2-results__option--highlighted")
    tab.wait_for_selector(AT_REST)
    tab.keyboard.press("s")
    expect(found).to_contain_text("Ada Lund")
    tab.keyboard.press("Enter")
    expect(tab.locator("#step-assign button[type=submit]")).to_be_focused()
    tab.keyboard.press("Shift+Tab")  # together with
    tab.keyboard.type("ek")
    expect(found).to_contain_text("Bo Ek")
    tab.keyboard.press("Enter")
    expect(tab.locator(".select2-selection__choice")).to_contain_text("Bo Ek")
    tab.keyboard.press("Control+Enter")
    members = tab.locator(".members .speaker-card")
    expect(members).to_contain_text(["Ada Lund", "Bo Ek"])
    assert fresh(quote).speaker.name == "Ada Lund and Bo Ek"
    tab.goto("about:blank")

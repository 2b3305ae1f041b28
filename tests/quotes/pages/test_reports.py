"""“Report a mistake”: a form that works without script, is throttled, and publishes nothing."""

import pytest
from django.test import Client

from quotes.history.erasure import erase
from quotes.models import MistakeReport
from quotes.models.mistake_report import MAX_WAITING
from sources.models import Revision
from tests.conftest import staff
from tests.quotes.pages.trees import all_of, links_of, opened, text_of
from tests.records import make_quote

pytestmark = pytest.mark.django_db

WRONG = "That was his brother."


def form_of(quote) -> str:
    return f"/quotes/{quote.pk}/report/"


def test_a_reader_reports_a_mistake_without_script(db, settings):
    settings.ONRECORD_PUBLIC_READ = True
    browser, quote = Client(enforce_csrf_checks=True), make_quote("It is so.")
    page = opened(browser, f"/quotes/{quote.pk}/")
    assert links_of(page)["Report a mistake"] == form_of(quote)
    assert not browser.cookies
    page = opened(browser, form_of(quote))
    assert text_of(page, ".reported") == "It is so."
    fields = {each.get("name"): each.get("value") for each in page.xpath("//form[@class]//input")}
    sent = {"csrfmiddlewaretoken": fields["csrfmiddlewaretoken"], "text": WRONG}
    answer = browser.post(form_of(quote), sent | {"email": "rosa@reader.example"})
    assert answer.status_code == 302
    page = opened(browser, answer.headers["Location"])
    assert text_of(page, "h1") == "Thank you"
    report = MistakeReport.objects.get()
    assert (report.quote, report.text, report.email) == (quote, WRONG, "rosa@reader.example")
    made = Revision.objects.of(report).get()
    assert (made.channel, made.actor, made.public) == ("page", None, False)
    assert WRONG not in browser.get(form_of(quote)).text
    assert browser.post(form_of(quote), {"text": WRONG}).status_code == 403  # without a token


def test_the_address_is_optional_and_asked_for_only_if_mail_can_be_sent(visitor, settings):
    quote = make_quote()
    visitor.post(form_of(quote), {"text": WRONG, "email": ""})
    assert MistakeReport.objects.get().email is None
    settings.MAILERS = {}
    page = opened(visitor, form_of(quote))
    assert [area.get("name") for area in page.xpath("//main//textarea | //main//input[@id]")] == [
        "text"
    ]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"text": " \n"}, "Say what is wrong."),
        ({"text": "x" * 5_001}, "at most 5000 characters"),
        ({"text": WRONG, "email": "rosa"}, "Enter a valid email address."),
        ({"text": "\0"}, "Null characters are not allowed."),
    ],
)
def test_a_report_that_is_refused_keeps_what_was_typed(visitor, sent, said):
    quote = make_quote()
    answer = visitor.post(form_of(quote), sent)
    assert answer.status_code == 400
    assert said in answer.text
    if sent["text"].strip("\0 \n"):
        assert f"{sent['text']}</textarea>" in answer.text
    assert not MistakeReport.objects.exists()


def test_reports_of_one_address_are_limited(visitor):
    quote = make_quote()
    for number in range(10):
        assert visitor.post(form_of(quote), {"text": f"No. {number}"}).status_code == 302
    answer = visitor.post(form_of(quote), {"text": WRONG})
    assert answer.status_code == 429
    assert 3_500 < int(answer.headers["Retry-After"]) <= 3_600
    assert f"{WRONG}</textarea>" in answer.text
    other = Client(REMOTE_ADDR="192.0.2.7")
    assert other.post(form_of(quote), {"text": WRONG}).status_code == 302


def test_reports_of_one_quote_are_limited_whoever_sends_them(visitor):
    quote = make_quote()
    MistakeReport.objects.bulk_create(
        MistakeReport(quote=quote, text=str(number)) for number in range(MAX_WAITING)
    )
    answer = visitor.post(form_of(quote), {"text": WRONG})
    assert answer.status_code == 400
    assert "Many readers have reported this quote" in answer.text


def test_only_who_may_read_a_quote_reports_a_mistake_in_it(visitor, settings):
    hidden, shown = make_quote("Hidden", status="proposed"), make_quote("Shown")
    for send in (visitor.get, visitor.post):
        assert send(form_of(hidden), {"text": WRONG}).status_code == 404
    settings.ONRECORD_PUBLIC_READ = False
    answer = Client().post(form_of(shown), {"text": WRONG})
    assert answer.headers["Location"].startswith("/login/")
    curator = staff("Curators")
    assert curator.get(form_of(hidden)).headers["Location"] == f"/quotes/{hidden.pk}/"
    assert not MistakeReport.objects.exists()
    assert curator.post(form_of(shown), {"text": WRONG}).status_code == 302


def test_words_that_were_erased_are_refused(visitor):
    words = "We burnt the ledger with all of it at Café Kessler on the Großmarkt"
    erase("quote", [make_quote(words).pk], "A court said so.")
    answer = visitor.post(form_of(make_quote("Other")), {"text": f"He said: {words}."})
    assert answer.status_code == 400
    assert all_of(opened(visitor, form_of(make_quote("Again"))), ".report")
    assert not MistakeReport.objects.exists()

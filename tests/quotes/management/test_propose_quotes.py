"""`manage.py propose_quotes` and `extraction_report`."""

import io
import re

import pytest
from django.core.management import CommandError, call_command

from quotes.curation.extraction_report import interval
from quotes.models import Quote
from tests.quotes.filing.test_proposing import FOUND, MARKED, TEXT
from tests.records import make_article, make_speaker

REPORTED = "Mara Quill said that the quay would close in the spring."


def run(name: str, *arguments) -> str:
    out = io.StringIO()
    call_command(name, *arguments, verbosity=0, stdout=out)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_articles_on_record_get_proposals_once():
    first, second = (make_article(TEXT, language="en") for _ in range(2))
    make_article()  # without a text
    make_article(REPORTED, language="en")
    after_first = ("--after", str(first.pk))
    assert run("propose_quotes", *after_first, "--processes", "1") == "2 quotes proposed.\n"
    found = Quote.objects.filter(article=second).order_by("spans")
    assert [quote.text for quote in found] == [MARKED, FOUND]
    assert {(quote.origin, quote.status) for quote in found} == {("proposed", "proposed")}
    assert run("propose_quotes", "--processes", "2") == "2 quotes proposed.\n"
    assert Quote.objects.filter(article=first).count() == found.count() == Quote.objects.count() / 2


@pytest.mark.django_db(transaction=True)
def test_reported_speech_is_proposed_when_asked_for():
    make_article(REPORTED, language="en")
    assert run("propose_quotes", "--processes", "1", "--indirect")[0] == "1"
    assert Quote.objects.get().kind == "indirect"


@pytest.mark.parametrize("arguments", [["--processes", "0"], ["--after", "x"]])
def test_nonsense_is_refused(arguments):
    with pytest.raises(CommandError):
        call_command("propose_quotes", *arguments)


@pytest.mark.django_db(transaction=True)
def test_the_report_counts_what_reviewers_decided():
    assert "decided yet" in run("extraction_report")
    for _ in range(3):
        make_article(TEXT, language="en")
    run("propose_quotes", "--processes", "1")
    right, corrected, rejected = Quote.objects.filter(text=FOUND).order_by("pk")
    right.publish()
    corrected.revise(speaker=make_speaker("Iris Vane"))
    corrected.publish()
    rejected.reject("Nobody said so.")
    report = run("extraction_report")
    (whole,) = re.findall(r"^all +all +(\d+)  ([\d.]+) \S+  ([\d.]+)", report, re.M)
    assert whole == ("3", "0.667", "0.333")
    assert re.search(r"^language +en +3 ", report, re.M)


@pytest.mark.parametrize(
    ("right", "decided", "low", "high"), [(0, 0, 0, 1), (98, 100, 0.9300, 0.9945)]
)
def test_the_interval_is_wilsons(right, decided, low, high):
    assert interval(right, decided) == pytest.approx((low, high), abs=1e-4)

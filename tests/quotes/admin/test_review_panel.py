"""The chosen quote on the review page: who said it, how it came there, and what is decided."""

import pytest

from quotes.models import Quote
from tests.quotes.admin.test_review import TEXT, make_waiting, review_of
from tests.records import make_affiliation, make_article, make_outlet, make_quote, make_speaker

pytestmark = pytest.mark.django_db


def attribution(client, quote: Quote) -> dict[str, tuple]:
    """What the panel tells of each part: printed, filed, and whether anything is on record."""
    panel = client.get(review_of(quote), {"quote": quote.pk}).context["panel"]
    return {
        part.label: (text_of(part.printed), text_of(part.filed), bool(part.on_record))
        for part in panel.attribution
    }


def text_of(words: str | None) -> str | None:
    return words and words.removeprefix("<bdi>").removesuffix("</bdi>")


def test_what_is_printed_stands_apart_from_what_was_only_filed(curator_at_desk):
    held = make_affiliation()
    resolved = {"speaker": held.speaker, "affiliation": held, "organisation": held.organisation}
    (quote,) = make_waiting("We had no choice,", **resolved)
    Quote.objects.filter(pk=quote.pk).update(
        role="head of the port",
        attribution_role="master of the port",
        attribution_speaker="Mara Quill",
        attribution_cue="said",
        attribution_organisation="Port Authority",
    )
    assert attribution(curator_at_desk, quote) == {
        "Speaker": ("Mara Quill", None, True),
        "Role": (None, "head of the port; master of the port", True),
        "Organisation": (None, "Port Authority", True),
        "Verb": ("said", None, False),
    }


def test_a_role_that_is_printed_is_not_shown_as_filed_too(curator_at_desk):
    article = make_article("“It was late,” Mr Jones, a docker, added.")
    quote = make_quote("It was late,", article=article, status="proposed", role="docker")
    Quote.objects.filter(pk=quote.pk).update(attribution_role="docker")
    assert attribution(curator_at_desk, quote)["Role"] == ("docker", None, False)


def test_a_quote_without_a_speaker_says_nobody(curator_at_desk):
    quote, _ = make_waiting()
    page = curator_at_desk.get(review_of(quote))
    assert "<em>Nobody</em>" in page.text


def test_the_reporting_chain_is_shown_from_the_outlet_back_to_the_speaker(curator_at_desk):
    wire = make_outlet("Torrigan Wire")
    quote = make_quote(status="proposed", via=[wire, "<b>a dockers’ leaflet</b>"])
    page = curator_at_desk.get(review_of(quote))
    first, second = page.context["panel"].chain
    assert (first.kind, second.kind) == ("Cited", "Cited")
    assert str(wire.pk) in first.outlet
    assert second.outlet is None
    assert "&lt;b&gt;a dockers’ leaflet" in page.text


def listed(page) -> list[bool]:
    """Whether each quote of the list is hidden."""
    items = page.text.partition('<ol id="quotes"')[2].partition("</ol>")[0].split("<li ")[1:]
    return [" hidden" in item.partition(">")[0] for item in items]


def test_decided_quotes_are_hidden_until_they_are_asked_for_but_never_the_chosen(curator_at_desk):
    first, second, third = make_waiting("We had no choice,", "none at all.", "It was late,")
    for quote in (first, second):
        quote.publish()
    place = review_of(first)
    assert "Hide decided (2)" in curator_at_desk.get(place).text
    assert listed(curator_at_desk.get(place, {"decided": "hide"})) == [True, True, False]
    kept = curator_at_desk.get(place, {"quote": second.pk})
    assert listed(kept) == [True, False, False]
    assert "Show decided (2)" in kept.text
    assert "2 of 3 decided" in kept.text
    assert listed(curator_at_desk.get(place, {"decided": "show"})) == [False, False, False]
    assert listed(curator_at_desk.get(review_of(third))) == [False, False, False]


def test_nothing_is_to_hide_where_nothing_is_decided(curator_at_desk):
    quote, _ = make_waiting(text=TEXT)
    assert 'data-live="show-decided" hidden>' in curator_at_desk.get(review_of(quote)).text


def test_a_date_beside_arabic_words_keeps_its_order(curator_at_desk):
    speaker = make_speaker("ليلى حداد")
    said = {"speaker": speaker, "published": "2026-03-14"}
    quote, _ = make_waiting("We had no choice,", "none at all.", **said)
    page = curator_at_desk.get(review_of(quote), {"quote": quote.pk})
    (others,) = page.context["others"]
    assert others["about"].startswith("<bdi>ليلى حداد</bdi> · <bdi>")
    assert "<bdi>2026-03-14</bdi>" in others["about"]

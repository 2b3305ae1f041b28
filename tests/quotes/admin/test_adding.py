"""Adding a quote at the desk: where to begin, the kind by the marks, and names to choose from."""

import pytest

from quotes.admin.review.adding import kind_of, next_words
from quotes.models import Quote
from tests.quotes.admin.test_review import add, errors_of, make_waiting, review_of
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_quote,
    make_speaker,
)

TEXT = "“It was late,” Mr Jones said. He called it “a mess”. “Go,” she said. Nobody spoke."


def begins(after: int, *taken: str) -> str | None:
    spans = [(TEXT.index(words), TEXT.index(words) + len(words)) for words in taken]
    found = next_words(TEXT, "en", spans, after)
    return found and TEXT[slice(*found)]


def test_a_new_quote_begins_inside_the_next_quotation_marks_that_are_free():
    assert begins(0, "It was late,") == "a mess"
    assert begins(14, "It was late,", "a mess") == "Go,"
    assert begins(TEXT.index("Nobody"), "It was late,", "Go,") == "a mess"


def test_a_new_quote_begins_at_a_word_where_all_marks_are_taken():
    every = ("It was late,", "a mess", "Go,")
    assert begins(13, *every) == "Mr"
    assert begins(len(TEXT), *every) == "It"


@pytest.mark.parametrize("text", ["", "…", "“…” — “!”"])
def test_a_text_without_words_has_no_place_to_begin(text):
    assert next_words(text, None, [], 0) is None


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["It was late,"], "direct"),
        (["was late,"], "partial"),
        (["a mess"], "partial"),
        (["He called it “a mess”"], "mixed"),
        (["It was late,", "He called it"], "mixed"),
        (["Nobody spoke."], "indirect"),
    ],
)
def test_the_kind_follows_from_the_quotation_marks(words, kind):
    spans = [(TEXT.index(part), TEXT.index(part) + len(part)) for part in words]
    assert kind_of(TEXT, "en", spans) == kind


def test_the_kind_is_told_at_the_end_of_a_very_long_text_too():
    text = "Nobody spoke. " * 10_000 + TEXT
    at = text.index("It was late,")
    assert kind_of(text, "en", [(at, at + 12)]) == "direct"


@pytest.mark.django_db
def test_a_quote_is_added_with_the_kind_that_the_marks_say_unless_one_is_chosen(curator_at_desk):
    quote = make_quote("It was late,", article=make_article(TEXT), status="proposed")
    at = TEXT.index("a mess")
    answer = add(curator_at_desk, quote, [[at, at + 6]], kind="", speaker="Mr Jones")
    assert answer.status_code == 302
    assert Quote.objects.get(text="a mess").kind == "partial"
    at = TEXT.index("Nobody spoke.")
    add(curator_at_desk, quote, [[at, at + 13]], kind="mixed", speaker="Mr Jones")
    assert Quote.objects.get(text="Nobody spoke.").kind == "mixed"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "why"),
    [(",”", "no word"), ("… ", "no word"), (",” Mr Jones", "begins with punctuation")],
)
def test_a_selection_without_words_or_from_within_punctuation_is_refused(
    curator_at_desk, words, why
):
    text = TEXT + " … "
    quote = make_quote("It was late,", article=make_article(text), status="proposed")
    at = text.index(words)
    assert why in errors_of(add(curator_at_desk, quote, [[at, at + len(words)]]))
    assert Quote.objects.count() == 1


@pytest.mark.django_db
def test_an_added_quote_without_a_speaker_says_so(curator_at_desk):
    quote = make_quote("It was late,", article=make_article(TEXT), status="proposed")
    at = TEXT.index("a mess")
    answer = add(curator_at_desk, quote, [[at, at + 6]])
    page = curator_at_desk.get(answer.headers["Location"])
    assert "Nobody is on record as its speaker." in page.text


@pytest.mark.django_db
def test_the_form_offers_names_of_the_article_and_of_the_record(curator_at_desk):
    make_affiliation(
        speaker=make_speaker("Ada Lund"), organisation=make_organisation("Harbour Trust")
    )
    text = "“We had no choice,” Mara Quill said. “It was late,” said Ada Lund. Bo Ek agreed."
    quoted = make_speaker("Mara Quill")
    (quote,) = make_waiting("We had no choice,", text=text, speaker=quoted, role="harbour clerk")
    page = curator_at_desk.get(review_of(quote))
    known = page.context["known"]
    assert known["speakers"] == ["Ada Lund", "Bo Ek", "Mara Quill"]
    assert known["roles"] == ["harbour clerk", "harbour master"]
    assert known["organisations"] == ["Harbour Trust"]
    assert 'list="known-speakers"' in page.text
    assert '<datalist id="known-speakers"><option value="Ada Lund">' in page.text
    assert page.context["next_words"] == (text.index("It was"), text.index("” said Ada"))

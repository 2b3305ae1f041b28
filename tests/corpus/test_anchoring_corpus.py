"""Every quote marked by hand in real articles anchors where it was marked."""

import pytest

from quotes.anchoring import AmbiguousPosition, NotInText, Page, same_words

STRAIGHT = str.maketrans("“”‘’–—", "\"\"''--", "\xad")


@pytest.fixture
def marked(corpus):
    """(page, quote) for every marked passage."""
    pages = [(Page(article["text"]), article["quotes"]) for article in corpus]
    return [(page, quote) for page, quotes in pages for quote in quotes]


def span_of(quote):
    return (quote["start"], quote["end"])


def test_every_marked_span_is_accepted_with_its_words(marked):
    assert marked
    for page, quote in marked:
        assert page.at([span_of(quote)], quote["text"]) == (span_of(quote),)


@pytest.mark.parametrize("retype", [str, lambda words: words.translate(STRAIGHT)])
def test_every_quote_is_found_by_its_words_exactly_where_it_was_marked(marked, retype):
    alone = 0
    for page, quote in marked:
        try:
            assert page.find(retype(quote["text"])) == (span_of(quote),)
            alone += 1
        except AmbiguousPosition as error:
            listed = [position.spans for position in error.positions]
            assert (span_of(quote),) in listed
    assert alone > len(marked) * 0.8


def test_quotes_over_several_paragraphs_are_found_by_their_joined_words(corpus):
    chains = 0
    for article in corpus:
        page = Page(article["text"])
        by_id = {quote["id"]: quote for quote in article["quotes"]}
        for quote in article["quotes"]:
            if not quote.get("continues"):
                continue
            before = by_id[quote["continues"]]
            words = f"{before['text']}\n{quote['text']}"
            spans = page.find(words)
            assert spans == (span_of(before), span_of(quote))
            assert page.text_at(spans) == words
            chains += 1
    assert chains >= 5


def test_a_quote_with_a_word_left_out_or_changed_is_refused_with_its_own_passage_as_nearest(marked):
    for page, quote in marked:
        words = quote["text"].split()
        if len(words) < 8:
            continue
        for wrong in ([*words[:3], *words[4:]], [*words[:4], "zebra", *words[5:]]):
            with pytest.raises(NotInText) as refusal:
                page.find(" ".join(wrong))
            nearest = refusal.value.nearest
            assert nearest.score >= 0.75
            passage = page.text_at([(nearest.start, nearest.end)])
            assert passage == nearest.text
            assert same_words(passage, quote["text"])


def test_every_quote_is_followed_when_its_article_gains_a_paragraph(corpus):
    for article in corpus:
        page = Page("An editor’s note was added.\n\n" + article["text"])
        before = Page(article["text"])
        by = len(page.text) - len(before.text)
        for quote in article["quotes"]:
            start, end = span_of(quote)
            prefix, suffix = before.context((start, end))
            result = page.reanchor(quote["text"], [(start, end)], prefix, suffix)
            assert (result.state, result.spans) == ("moved", ((start + by, end + by),))

"""Attributions are printed word by word, in order, within one sentence."""

import pytest

from quotes.anchoring.printed import Printed

TEXT = """The quay will close. “We had no choice,” said Mr. Jones, the N.C.A.’s director of
operations. Nothing else was said.

Dazu stellte die Ministerin am Montag fest: „Es reicht.“ Ada Lund ging. Wer bleibt?

“She’s right,” Zoë O’Brien told the BBC."""


@pytest.mark.parametrize(
    "words",
    [
        "said Mr. Jones",
        "said Mr Jones",
        "SAID MR JONES",
        "stellte … fest",
        "stellte fest",
        "Zoe\u0308 O'Brien",
        "told the BBC",
        "director of operations",
        "Quay to close",
    ],
)
def test_words_in_order_in_one_sentence_are_printed(words):
    assert Printed(TEXT, "Quay to close in May").has(words)


@pytest.mark.parametrize(
    "words",
    ["Pope Elena", "Jones said", "close Jones", "fest Ada Lund", "Mister Jones", "", "…"],
)
def test_other_words_are_not(words):
    assert not Printed(TEXT, "Quay to close in May").has(words)


def test_nothing_is_printed_where_there_is_no_text():
    assert not Printed(None, "").has("said")

"""Clean words are found however the article prints them, and never as others."""

import pytest

from quotes.anchoring import AmbiguousPosition, NotInText, Page, same_words
from tests.conftest import API, make_filing, ok, problem

A = "said Mara Quill"


def found(text: str, words: str, **context) -> list[str]:
    page = Page(text)
    spans = page.find(words, **context)
    return [text[start:end] for start, end in spans]


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("Our find-\nings were ignored", "Our findings were ignored"),
        ("A well-\nknown fault of our find-\nings", "A well-known fault of our findings"),
        ("The Anglo-\nSaxon way of 1990-\n95", "The Anglo-Saxon way of 1990-95"),
        ("He told me ‘never’ and left", 'He told me "never" and left'),
        ("He told me « jamais » and left", "He told me “jamais” and left"),
        ("He told me 'back in 1990' and left", 'He told me "back in 1990" and left'),
        ("We will . . . close the quay", "We will … close the quay"),
        ("We will… close the quay", "We will [...] close the quay"),
        ("Vraiment ? Oui !", "Vraiment? Oui!"),
        ("about ½ of it and 3 ½ more", "about 1/2 of it and 3 1/2 more"),
        ("R&D it is", "R&amp;D it is"),
        ("It’s over", "It&#39;s over"),
        ("e\u0301lan and ﬁnd", "élan and find"),
    ],
)
@pytest.mark.parametrize("marks", ["“”", '""', "‘’", "«»", "„“"])
def test_a_typographic_variant_anchors_to_itself(printed, words, marks):
    opening, closing = marks
    text = f"Rain fell. {opening}{printed}{closing}, {A}."
    assert found(text, words) == [printed]
    assert found(text, printed) == [printed]


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("There are 10⁶ people", "There are 106 people"),
        ("There are x² people", "There are x2 people"),
        ("H₂O is here", "H2O is here"),
        ("It is 3½ long", "It is 31/2 long"),
        ("It is ① of all", "It is 1 of all"),
        ("It is 5' wide", 'It is 5" wide'),
        ("We re-\nSign it", "We reSign it"),
        ("We will co-operate now", "We will cooperate now"),
        ("We will, never, go", "We will never go"),
        ("We were there", "We where there"),
        ("The café is shut", "The cafe is shut"),
        ("We will close", "We Will close"),
        ("Will you go? Yes", "Will you go. Yes"),
        ("It is 1,000 long", "It is 1.000 long"),
    ],
)
def test_what_changes_the_meaning_is_never_the_same(printed, words):
    for said, sought in ((printed, words), (words, printed)):
        with pytest.raises(NotInText):
            Page(f"Rain fell. “{said},” {A}.").find(sought)
        assert not same_words(said, sought)


@pytest.mark.parametrize(
    ("text", "words", "pieces"),
    [
        ("“I saw it,” he said. “I saw all.”", "I saw it. I saw all.", ["I saw it,", "I saw all."]),
        (
            "“It is,” said N, “the most short.”",
            "It is the most short.",
            ["It is,", "the most short."],
        ),
        ("“We act,” she said, “to-\nday.”", "We act, today", ["We act,", "to-\nday"]),
        ("“We ‘act’,” she said, “now.”", 'We "act", now.', ["We ‘act’,", "now."]),
        ("“We will never sell,” he said.", "We will never sell.", ["We will never sell,"]),
        ("“We will never sell”, he said.", "We will never sell.", ["We will never sell"]),
        ("– Vi stänger kajen, säger Lund, och går.", "Vi stänger kajen, och går.", None),
        ("—Cerramos el muelle —dijo Lund—, y en mayo.", "Cerramos el muelle, y en mayo.", None),
        ("— Мы закроем, — сказал Лунд, — и это всё.", "Мы закроем, и это всё.", None),
        ("« Oui, a-t-elle dit, et non. »", "Oui, et non.", None),
        ("« La baisse.\n\n» Tenons bon », dit A.", "La baisse. Tenons bon", None),
        ("“Bad,” said one known as “Shorty,” “and so on.”", "Bad, and so on.", None),
        ("We have closed\n[00:12:03]\nthe quay.", "We have closed the quay.", None),
        ("“the quay (Mr Orr interjecting) stays”", "the quay stays", None),
        ("“We will not, they say, close it.”", "We will […] close it.", ["We will", "close it."]),
        ("“We will not, they say, close it.”", "We will... close it.", ["We will", "close it."]),
    ],
)
def test_a_split_quote_is_found_however_it_is_split(text, words, pieces):
    parts = found(text, words)
    assert len(parts) == len(pieces or "ab")
    assert pieces in (None, parts)


def test_what_an_ellipsis_stands_for_is_as_little_as_can_be():
    text = "We will see. We will, at last, close it. We will open it and close it."
    with pytest.raises(AmbiguousPosition):
        Page(text).find("We will … close it")
    assert found(text, "We will … close it. We") == ["We will", "close it. We"]


def test_an_ellipsis_is_no_part_of_a_word():
    with pytest.raises(NotInText):
        Page("We overact daily").find("act … day")


# One of several places


def test_words_in_quote_marks_are_preferred():
    text = f"We will never sell the quay\n\n“We will never sell the quay,” {A}."
    assert Page(text).find("We will never sell the quay") == ((30, 57),)


def test_prefix_and_suffix_choose_a_place():
    text = "“Yes,” said Ada. “Yes,” said Ben. “Yes,” said Cy."
    assert Page(text).find("Yes", suffix=",” said Ben")[0].start == text.index("Yes,” said Ben")
    assert Page(text).find("Yes", prefix='said Ben. "')[0].start == text.rindex("Yes")
    with pytest.raises(AmbiguousPosition):
        Page(text).find("Yes", prefix="“")


# Through the API


@pytest.mark.django_db
def test_an_answer_can_be_sent_back(curator):
    text = f"“We will not, whatever they say, close the quay,” {A}."
    spans = [[1, 8], [text.index("close"), text.index(",” said")]]
    body = make_filing(text=text, quotes=[{"spans": spans, "speaker": "Mara Quill"}])
    first = ok(curator.post(f"{API}articles/", body), 201)["quotes"][0]
    for words in (first["text"], "We will ... close the quay", "We will (. . .) close the quay"):
        body["quotes"] = [{"text": words, "speaker": "Mara Quill"}]
        again = ok(curator.post(f"{API}articles/", body))["quotes"][0]
        assert (again["id"], again["version"], again["text"]) == (first["id"], 1, first["text"])


@pytest.mark.django_db
def test_a_filing_chooses_a_place_by_prefix_and_suffix(curator):
    text = "“Yes,” said Ada. “Yes,” said Ben."
    quote = {"text": "Yes", "suffix": ",” said Ben", "speaker": "Ben Orr"}
    filed = ok(curator.post(f"{API}articles/", make_filing(text=text, quotes=[quote])), 201)
    assert filed["quotes"][0]["anchor"]["spans"][0]["start"] == text.rindex("Yes")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        "<p>“We act,” she said.",
        "“We act,” she said.<br/>",
        "“We act,” <a href='x'>she said.",
        "<div>“We act,” she said.</div>",
        "&ldquo;We act,&rdquo; she said.",
        "It&#39;s &#x201c;We act",
    ],
)
def test_a_text_with_markup_is_refused_with_advice(curator, text):
    body = make_filing(text=text, quotes=[])
    (fault,) = problem(curator.post(f"{API}articles/", body), 400)["errors"]
    assert fault["pointer"] == "/text"
    assert "Send it as `html`" in fault["message"]
    assert ok(curator.post(f"{API}articles/", {**body, "plain": True}), 201)


@pytest.mark.django_db
def test_single_signs_are_text(curator):
    text = "“Q&A; a < b > c, R&amp;D <3,” she said."
    ok(curator.post(f"{API}articles/", make_filing(text=text, quotes=[])), 201)

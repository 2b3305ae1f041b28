"""Words are anchored where they occur in a text, and nowhere else."""

import time
import unicodedata

import pytest
import regex
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from quotes.anchoring import (
    AmbiguousPosition,
    AnchoringError,
    BadSpans,
    NotInText,
    NoWords,
    Page,
    Span,
    WordsDiffer,
    normalization,
    same_words,
)
from quotes.anchoring.seams import is_quoted
from quotes.anchoring.typography import MARK, without_stop

SPLIT = "Rain fell. “We will act,” she said, “and we will act soon.” The hall was silent."

# Words and places, drawn at random

WHITE = " \t\n\r\xa0\u2009\u2028\u3000"
INVISIBLE = "\xad\ufeff\u200b\u2060\u200e\u200f\u061c\u202a\u202c\u2066\u2069"
DASHES = "-\u2010\u2011\u2013\u2014\u2212\ufe58\ufe63\uff0d"
SINGLE = "'‘’‚‛′‵`´ʼʹ‹›\uff07"
DOUBLE = '"“”„‟″«»〝〞〟\uff02'
PRIMES = "′″‴⁗‵‶‷"
FORMS = ("NFC", "NFD")

MORSELS = st.one_of(
    st.sampled_from(
        ["act", "we will", "soon", "12", "A", "a", "e", "ß", "ﬁn", "½", "²", "…", "..."]
    ),
    st.sampled_from(
        ["café", "cafe\u0301", "Å", "ệ", "e\u0323\u0302", "\u0301", "´", "¨", "한국", "각"]
    ),
    st.sampled_from(
        ["👩\u200d🚀", "🇩🇪", "🇫🇷", "👍🏽", "❤\ufe0f", "क्ष", "שלום", "مرحبا", "ﷺ", "ㄱㅏ", "ﾊﾞ"]
    ),
    st.sampled_from(list(WHITE + INVISIBLE + DASHES + SINGLE + DOUBLE + PRIMES) + ["\r\n", "--"]),
    st.characters(codec="utf-8"),
)
TEXTS = st.lists(MORSELS, min_size=1, max_size=25).map("".join)


def examples(count):
    """Settings for a number of random examples, on a machine of any speed."""
    slow = [HealthCheck.too_slow]
    return settings(max_examples=count, deadline=None, suppress_health_check=slow)


def clusters(text):
    return regex.findall(r"\X", text)


def attaches(character):
    return regex.match(r"[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]", character)


def runs_on(before, after):
    """Whether two clusters belong to one run of dashes or primes, which is never cut."""
    return any(
        before[-1] in run and after[0] in run
        for run in (normalization.DASHES + INVISIBLE, PRIMES + INVISIBLE)
    )


@st.composite
def passages(draw):
    """A text and the (start, end) of a passage in it, cut between grapheme clusters."""
    text = draw(TEXTS)
    parts = clusters(text)
    first = draw(st.integers(0, len(parts) - 1))
    last = draw(st.integers(first + 1, len(parts)))
    assume(first == 0 or not runs_on(parts[first - 1], parts[first]))
    assume(last == len(parts) or not runs_on(parts[last - 1], parts[last]))
    start = len("".join(parts[:first]))
    end = start + len("".join(parts[first:last]))
    assume(not same_words(text[start:end], ""))
    return text, start, end


@st.composite
def retyped(draw, words):
    """The same words, typed differently."""
    typed = []
    parts = clusters(words)
    for number, part in enumerate(parts):
        following = parts[number + 1][0] if number + 1 < len(parts) else "a"
        marked = attaches(following)
        for same in (SINGLE, DOUBLE):
            if part in same and part not in PRIMES:
                part = draw(st.sampled_from([mark for mark in same if mark not in PRIMES]))
        if part in DASHES and not marked:
            part = draw(st.sampled_from([*DASHES, "--"]))
        if part in WHITE and not marked:
            part = draw(st.sampled_from([*WHITE, "  ", "\r\n", " \u200b "]))
        typed.append(part)
        if not marked and following not in INVISIBLE and draw(st.integers(0, 9)) == 0:
            typed.append(draw(st.sampled_from(INVISIBLE)))
    edges = [""] if attaches(words[0]) else ["", " ", "\n\u200b"]
    form = draw(st.sampled_from(FORMS))
    return draw(st.sampled_from(edges)) + unicodedata.normalize(form, "".join(typed))


def is_passage(spans, text, start, end):
    """Whether spans are this passage, white space and invisible characters at its edges aside."""
    (span,) = spans
    edges = text[start : span.start] + text[span.end : end]
    return start <= span.start < span.end <= end and same_words(edges, "")


def matches_of(page, words):
    """The matches that `find` returns or lists, and how many it counted."""
    try:
        return [page.find(words)], 1
    except AmbiguousPosition as error:
        return [position.spans for position in error.positions], error.total


# Any passage anchors to itself


@examples(1500)
@given(st.data())
def test_any_passage_however_typed_anchors_to_itself_or_is_listed_among_several(data):
    text, start, end = data.draw(passages())
    words = data.draw(retyped(text[start:end]))
    page = Page(text)
    matches, total = matches_of(page, words)
    for spans in matches:
        assert same_words(page.text_at(spans), words)
    verbatim = total == 1 and page.text_at(matches[0]) in words
    listed = [is_passage(spans, text, start, end) for spans in matches]
    preferred = total == 1 and is_quoted(text, matches[0][0].start)
    assert any(listed) or verbatim or preferred or total > len(matches)


@examples(500)
@given(passages())
def test_what_is_found_is_accepted_as_spans_and_neither_begins_nor_ends_with_white_space(passage):
    text, start, end = passage
    page = Page(text)
    for spans in matches_of(page, text[start:end])[0]:
        assert page.at(spans, text[start:end]) == spans
        for span in spans:
            assert not page.text_at([span])[-1].isspace()
            assert regex.match(
                r"\S|.[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]", page.text_at([span])
            )


@examples(500)
@given(TEXTS, st.sampled_from(FORMS))
def test_the_unicode_form_of_a_text_makes_no_difference(text, form):
    assert same_words(text, unicodedata.normalize(form, text))


@examples(500)
@given(TEXTS, TEXTS)
def test_words_that_are_nowhere_are_never_anchored(text, words):
    """The stop at the end may differ before a closing mark."""
    page = Page(text)
    try:
        found = page.find(words)
    except AnchoringError:
        return
    there = page.text_at(found)
    if not same_words(there, words):
        assert MARK.match(normalization.reduce(text[found[-1].end :]))
        assert same_words(without_stop(there), without_stop(words.strip()))
        assert not words.strip().endswith(("…", "..."))


@pytest.mark.parametrize(
    "text", ["act, xx act", "act… cafe\u0301 act", "act. We act.", "… act, then act"]
)
def test_an_ellipsis_around_words_has_to_be_in_the_text(text):
    for words in ("act … act…", "… act … act"):
        with pytest.raises(NotInText):
            Page(f"We {text} again").find(words)
    assert len(Page(f"We {text} again").find("act … act")) == 2


def test_what_an_ellipsis_leaves_out_ends_between_words():
    with pytest.raises(NotInText):
        Page("act, then cafe\u0301act").find("act … act")


@examples(300)
@given(TEXTS, st.integers(1, 60))
def test_long_text_is_normalised_like_short_text(text, times):
    text = f"{text}x" * times
    normalised = normalization.NormalisedText(text)
    assert normalised.punctuated == normalization._reduce_block(text)
    assert normalised.text == normalization._without_marks(normalised.punctuated)
    assert len(normalised.punctuated) == len(normalised.text)


def test_every_character_that_decomposes_into_a_mark_counts_as_one():
    mark = regex.compile(normalization._MARK)
    for code in range(0x110000):
        first = unicodedata.normalize("NFKD", chr(code))[0]
        assert not unicodedata.combining(first) or mark.match(chr(code)), hex(code)


# Typography


@pytest.mark.parametrize(
    ("printed", "sent"),
    [
        ("“We won’t”", '"We won\'t"'),
        ("«Oui»", '"Oui"'),
        ("„Ja“", '"Ja"'),
        ("1990–95", "1990-95"),
        ("so – he – said", "so -- he - said"),
        ("a\xa0b\r\n c", "a b c"),
        ("co\xadope\xadrate", "cooperate"),
        ("wait…", "wait..."),
        ("café", "cafe\u0301"),
        ("ﬁnd", "find"),
        ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
        ("e\u0323\u0302", "e\u0302\u0323"),
        ("5″ by 3′", "5\" by 3'"),
        ("צה״ל", 'צה"ל'),
        ("\u200fשלום\u200e", "שלום"),
    ],
)
def test_words_that_differ_in_typography_are_the_same(printed, sent):
    assert same_words(printed, sent)
    page = Page(f"x {printed} y")
    assert page.text_at(page.find(sent)) == printed.strip("\u200f\u200e")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("café", "cafe"),
        ("co-operate", "cooperate"),
        ("We act", "we act"),
        ("a b", "ab"),
        ("yes, we can", "yes we can"),
        ("50%", "51%"),
        ("👩\u200d🚀", "👩🚀"),
        ("word – word", "word–word"),
        ("50", "5O"),
    ],
)
def test_words_that_differ_in_more_than_typography_are_not_the_same(one, other):
    assert not same_words(one, other)
    with pytest.raises(NotInText):
        Page(f"x {one} y").find(other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the café is shut", "cafe"),
        ("the cafe\u0301 is shut", "cafe"),
        ("half: ½", "1"),
        ("wait…", "wait."),
        ("👩\u200d🚀", "👩"),
        ("👩\u200d🚀", "🚀"),
        ("🇩🇪🇫🇷", "🇪🇫"),
        ("👍🏽", "👍"),
        ("ﬁne", "ine"),
        ("각", "\u1100"),
    ],
)
def test_no_span_begins_or_ends_inside_a_grapheme_cluster(text, words):
    with pytest.raises(NotInText):
        Page(text).find(words)


def test_grapheme_clusters_are_kept_whole_far_into_a_text():
    page = Page("a" * 2_000 + " n👍🏽 👍")
    assert page.text_at(page.find("n👍🏽")) == "n👍🏽"
    assert page.find("👍") == (Span(2_005, 2_006),)


def test_offsets_are_code_points():
    text = "\ufeff👩\u200d🚀 said:\r\n“naïve” and e\u0301lan"
    page = Page(text)
    assert page.find("naïve") == (Span(13, 18),)
    assert page.find("élan") == (Span(24, 29),)
    assert page.text_at([(24, 29)]) == "e\u0301lan"


def test_right_to_left_text_with_direction_marks_anchors():
    text = "אמר: \u200f“\u2067שלום לכולם\u2069”\u200f, ואז الرئيس\u061c قال"
    page = Page(text)
    assert page.text_at(page.find("שלום לכולם")) == "שלום לכולם"
    assert page.text_at(page.find("الرئيس قال")) == "الرئيس\u061c قال"


def test_context_is_up_to_32_code_points_as_printed():
    text = "x" * 40 + "\r\n“words” 👩\u200d🚀"
    page = Page(text)
    (span,) = page.find("words")
    assert page.context(span) == ("x" * 29 + "\r\n“", "” 👩\u200d🚀")
    assert Page("words").context(Span(0, 5)) == ("", "")


# Several matches, no match, and no words


def test_words_that_occur_twice_are_refused_with_both_positions_and_their_context():
    with pytest.raises(AmbiguousPosition) as refusal:
        Page("Yes, he said. Yes, she said.").find("Yes")
    assert refusal.value.details == {
        "places": [
            {"spans": [[0, 3]], "prefix": "", "suffix": ", he said. Yes, she said."},
            {"spans": [[14, 17]], "prefix": "Yes, he said. ", "suffix": ", she said."},
        ],
        "total": 2,
    }
    assert '"spans"' in refusal.value.message


def test_overlapping_matches_are_all_counted():
    with pytest.raises(AmbiguousPosition) as refusal:
        Page("no no no").find("no no")
    assert [position.spans for position in refusal.value.positions] == [((0, 5),), ((3, 8),)]


def test_the_only_verbatim_match_of_several_is_returned():
    assert Page("We won't. We won’t.").find("We won’t") == (Span(10, 18),)


def test_two_verbatim_matches_are_ambiguous():
    with pytest.raises(AmbiguousPosition):
        Page("We won't. We won’t. We won’t.").find("We won’t")


def test_only_ten_positions_are_listed():
    with pytest.raises(AmbiguousPosition) as refusal:
        Page("yes " * 50).find("yes")
    assert (len(refusal.value.positions), refusal.value.total) == (10, 50)


@pytest.mark.parametrize("words", ["", " \n", "\u200b\xad", "\ufeff \u200f"])
def test_words_without_a_visible_character_are_refused(words):
    with pytest.raises(NoWords):
        Page("any text").find(words)


def test_words_not_in_the_text_are_refused_with_the_nearest_passage_and_the_difference():
    with pytest.raises(NotInText) as refusal:
        Page(SPLIT).find("and we shall act soon.")
    nearest = refusal.value.details["nearest"]
    assert nearest["text"] == "and we will act soon."
    assert SPLIT[nearest["start"] : nearest["end"]] == nearest["text"]
    assert nearest["difference"] == [{"op": "replace", "expected": "shall", "found": "will"}]
    assert 0.75 < nearest["score"] < 1


def test_the_difference_lists_words_left_out_and_words_added():
    nearest = Page("They told us that the old bridge would hold all winter long.").nearest(
        "that the bridge would surely hold all winter"
    )
    assert nearest.text == "that the old bridge would hold all winter"
    assert nearest.difference == [
        {"op": "insert", "expected": "", "found": "old"},
        {"op": "delete", "expected": "surely", "found": ""},
    ]


def test_words_that_resemble_no_passage_have_no_nearest_one():
    with pytest.raises(NotInText) as refusal:
        Page(SPLIT).find("quarterly dividends jumped 40%")
    assert refusal.value.nearest is None
    assert refusal.value.details == {"nearest": None}


def test_an_empty_text_holds_no_words():
    with pytest.raises(NotInText):
        Page("").find("words")


# Mutilated words

PLAIN = (
    "Ministers told the co-operative bank in Zürich on 14 March that every café, school and "
    "hospital would re-open before winter, provided Parliament voted £250 million for repairs."
)


@examples(400)
@given(st.data())
def test_mutilated_words_are_never_anchored(data):
    words = PLAIN.split(" ")
    first = data.draw(st.integers(0, len(words) - 4))
    passage = words[first : data.draw(st.integers(first + 4, len(words)))]
    mutilate = data.draw(st.sampled_from([drop_word, swap_words, change_letter]))
    with pytest.raises(NotInText):
        Page(PLAIN).find(mutilate(passage, data.draw))


def drop_word(words, draw):
    at = draw(st.integers(1, len(words) - 2))
    return " ".join(words[:at] + words[at + 1 :])


def swap_words(words, draw):
    at = draw(st.integers(0, len(words) - 2))
    return " ".join([*words[:at], words[at + 1], words[at], *words[at + 2 :]])


def change_letter(words, draw):
    text = " ".join(words)
    at = draw(st.sampled_from([i for i, c in enumerate(text) if c.isalnum()]))
    other = draw(st.sampled_from([c for c in "aeXZ7Ä" if c != text[at]]))
    return text[:at] + other + text[at + 1 :]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("ü", "u"), ("é", "e"), ("co-op", "coop"), ("14", "15"), ("Par", "par"), (", pro", " pro")],
)
def test_a_changed_accent_hyphen_digit_capital_or_comma_is_refused(right, wrong):
    with pytest.raises(NotInText):
        Page(PLAIN).find(PLAIN.replace(right, wrong))


# Split quotes


@pytest.mark.parametrize(
    "text",
    [
        "“We will act,” she said, “and we will act soon.”",
        '"We will act," she said, "and we will act soon."',
        "«We will act,» she said, «and we will act soon.»",
        "« We will act, », a-t-elle dit, « and we will act soon. »",
        "»We will act,« sagte sie, »and we will act soon.«",
        "„We will act,“ sagte sie, „and we will act soon.“",
        "”We will act,” sade hon, ”and we will act soon.”",
        "‘We will act,’ she said of the dog's home, ‘and we will act soon.’",
        "'We will act,' she said, 'and we will act soon.'",
        '"We will act,"--she said--"and we will act soon."',
        "“We will act,”\r\nshe said, “and we will act soon.”",
        "“We will act,” she said. “and we will act soon.”",
        "“We will act,\n\n“and we will act soon.”",
        "“We will act,”\n\n“and we will act soon.”",
        "\ufeff“We will act,\r\n\r\n“and we will act soon.”",
        "‘We will act,\n‘and we will act soon.’",
        "«We will act,\n\n»and we will act soon.»",
        "« We will act,\n\n» and we will act soon. »",
        "“We will act,” said a docker known as “Shorty,” “and we will act soon.”",
    ],
)
def test_a_split_quote_is_found_by_its_words_alone(text):
    page = Page(text)
    spans = page.find("We will act, and we will act soon.")
    assert [page.text_at([span]) for span in spans] == ["We will act,", "and we will act soon."]
    assert page.at(spans, "We will act, and we will act soon.") == spans


def test_a_quote_may_be_split_many_times():
    page = Page("“One,” he said, “two,” he said, “three,” he said, “four.”\n\n“Five,” he said.")
    spans = page.find("One, two, three, four. Five,")
    assert len(spans) == 5
    assert page.text_at(spans) == "One, two, three, four.\nFive,"


def test_a_split_quote_may_begin_and_end_inside_a_piece():
    page = Page(SPLIT)
    assert page.text_at(page.find("act, and we")) == "act, and we"


@pytest.mark.parametrize(
    "words",
    [
        "We will soon.",
        "We will act, and we act soon.",
        "We act, and we will act soon.",
        "Rain fell. and we will act soon.",
        "We will act, The hall was silent.",
        "will act, we will act soon.",
    ],
)
def test_words_left_out_inside_a_piece_are_never_skipped(words):
    with pytest.raises(NotInText):
        Page(SPLIT).find(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("He said “yes” and “no” to it.", "He said and no"),
        ('He said "yes" and "no" to it.', "He said to it."),
        ('He said "yes" and left.', "He said and left."),
        ("“We act,” she said. He too: “Never,” he said. “Now.”", "We act, Now."),
        ("“We act,” she said.\n\nMr Low replied: “Never.”", "We act, Never."),
        ("The dogs’ home, ‘a ruin’, was shut.", "The dogs a ruin"),
        ("‘Yes,’ he said. The dogs’ home, ‘a ruin’, was shut.", "The dogs a ruin"),
        ("We were there (the “old” guard), “we”", "We were there we"),
        ("“We act,” " + "she said " * 60 + "“now.”", "We act, now."),
        ("We act.\n\n“Never.”", "We act. Never."),
        ("“We act,” she said.\nMr Low replied: “Never.”", "We act, Never."),
        ("“We act.”\nMr Low replied: “Never.”", "We act. Never."),
    ],
)
def test_only_a_gap_that_shows_the_quote_continues_is_skipped(text, words):
    with pytest.raises(NotInText):
        Page(text).find(words)


def test_a_split_quote_that_can_be_read_in_two_ways_is_refused_with_both():
    text = "“Act,” he said, “now.” Then: “Act,” she said, “now.”"
    with pytest.raises(AmbiguousPosition) as refusal:
        Page(text).find("Act, now.")
    assert [position.spans for position in refusal.value.positions] == [
        ((1, 5), (17, 21)),
        ((30, 34), (47, 51)),
    ]
    assert refusal.value.positions[1].prefix == text[:30]


PIECES = st.lists(
    st.lists(st.sampled_from(["we", "will", "act", "and so", "it's", "co-operative"]), min_size=1)
    .map(" ".join)
    .flatmap(lambda words: st.sampled_from([words, words + ",", words + "."])),
    min_size=2,
    max_size=6,
)
GAPS = st.sampled_from([" she said, ", " said Mr Low, of Leeds’ council. ", "—she said—", " "])


@examples(300)
@given(PIECES, st.data())
def test_any_split_quote_is_found_whole(pieces, data):
    opening, closing = data.draw(st.sampled_from(["“”", '""', "«»", "»«", "„“"]))
    text, spans = f"Before. {opening}", []
    for number, piece in enumerate(pieces):
        if number and data.draw(st.booleans()):
            text += closing + data.draw(GAPS) + opening
        elif number:
            text += data.draw(st.sampled_from(["\n\n", "\r\n\r\n"])) + opening
        spans.append((len(text), len(text) + len(piece)))
        text += piece
    text += f"{closing} After."
    matches, total = matches_of(Page(text), " ".join(pieces))
    assert tuple(spans) in matches or total > len(matches)


def test_pieces_on_both_sides_of_a_line_break_are_joined_by_a_newline():
    page = Page("a b\r\nc d\u2029e")
    assert page.text_at([(0, 1), (2, 3), (5, 6), (7, 8), (9, 10)]) == "a b\nc d\ne"


# Spans sent by the client


@pytest.mark.parametrize(
    ("spans", "index", "fault"),
    [
        ([], None, "empty"),
        ([(-1, 3)], 0, "outside"),
        ([(0, 3), (5, 999)], 1, "outside"),
        ([(5, 2)], 0, "reversed"),
        ([(5, 5)], 0, "empty"),
        ([(0, 6), (4, 8)], 1, "overlaps"),
        ([(0, 4), (4, 8)], 1, "touches"),
        ([(6, 8), (0, 4)], 1, "out of order"),
        ([(0, 4), (5, 8), (21, 22)], 2, "splits"),
        ([(20, 21)], 0, "splits"),
        ([(4, 5)], 0, "white space"),
        ([(0, 1.5)], 0, "whole numbers"),
        ([(True, 4)], 0, "whole numbers"),
        ([(1, 2, 3)], 0, "pair"),
        ([7], 0, "pair"),
        (["ab"], 0, "pair"),
    ],
)
def test_invalid_spans_are_refused_with_their_index(spans, index, fault):
    text = "They saw nai\u0308ve 👩\u200d🚀👩\u200d🚀.\r\nAnd left."
    with pytest.raises(BadSpans) as refusal:
        Page(text).at(spans)
    assert fault in refusal.value.message
    assert refusal.value.details["span"] == index


@pytest.mark.parametrize(("text", "span"), [("ab\r\ncd", (0, 3)), ("e\u0301 cd", (0, 1))])
def test_a_span_may_not_split_a_line_ending_or_an_accent(text, span):
    with pytest.raises(BadSpans):
        Page(text).at([span])


def test_spans_are_returned_as_sent_when_the_words_agree():
    page = Page(SPLIT)
    (first, second) = page.find("We will act, and we will act soon.")
    sent = [list(first), list(second)]
    assert page.at(sent, "We will act,\nand  we will act soon.") == (first, second)
    assert page.at(sent) == (first, second)


def test_spans_that_hold_other_words_are_refused_with_the_difference():
    with pytest.raises(WordsDiffer) as refusal:
        Page(SPLIT).at([(12, 23)], "We shall act")
    assert refusal.value.details == {
        "found": "We will act",
        "difference": [{"op": "replace", "expected": "shall", "found": "will"}],
    }


# Re-anchoring a quote when its text changes


def reanchor(old, words, new, spans=None):
    before = Page(old)
    spans = before.at(spans) if spans else before.find(words)
    prefix, suffix = before.context(spans[0])[0], before.context(spans[-1])[1]
    page = Page(new)
    result = page.reanchor(before.text_at(spans), spans, prefix, suffix)
    return result, result.spans and page.text_at(result.spans)


def test_a_quote_that_has_not_moved_is_exact():
    words = "We will act, and we will act soon."
    result, found = reanchor(SPLIT, words, SPLIT + " More.")
    assert (result.state, found, result.nearest) == ("exact", words, None)


def test_typographic_correction_in_place_leaves_a_quote_exact():
    result, found = reanchor("He said 'we won't' twice.", "we won't", "He said ‘we won’t’ twice.")
    assert (result.state, found) == ("exact", "we won’t")


@pytest.mark.parametrize(
    "new",
    [
        "Update. " + SPLIT,
        SPLIT.replace("she said", "the minister for roads said on Monday"),
        SPLIT.replace("Rain fell.", "Snow fell all day."),
    ],
)
def test_a_split_quote_that_moved_is_followed_piece_by_piece(new):
    result, found = reanchor(SPLIT, "We will act, and we will act soon.", new)
    assert (result.state, found) == ("moved", "We will act, and we will act soon.")
    assert len(result.spans) == 2


def test_a_split_quote_that_was_joined_is_followed():
    new = "“We will act, and we will act soon,” she said. “We will act, and we will act soon.”"
    result, found = reanchor(SPLIT, "We will act, and we will act soon.", new)
    assert (result.state, found) == ("moved", "We will act, and we will act soon.")


def test_pieces_that_moved_together_are_followed_whatever_is_between_them():
    result, found = reanchor(
        "He would act, perhaps, soon.",
        None,
        "X. He would act, perhaps, soon.",
        spans=[(3, 12), (23, 27)],
    )
    assert (result.state, found) == ("moved", "would act […] soon")


def test_repeated_words_are_followed_to_the_old_context():
    old = "Asked once, he said “no” at noon. Asked again, she said “no” at dusk."
    new = "Late news. Asked again, she said “no” at dusk. Asked once, he said “no” at noon."
    result, found = reanchor(old, None, new, spans=[(57, 59)])
    assert (result.state, found) == ("moved", "no")
    assert new[: result.spans[0].start].endswith("she said “")


def test_of_matches_in_equal_contexts_the_nearest_is_followed():
    line = "y" * 40 + " no " + "z" * 40
    old = line + line + line
    new = "x" + old
    start = old.index("no", 100)
    result, _ = reanchor(old, None, new, spans=[(start, start + 2)])
    assert result.spans == (Span(start + 1, start + 3),)


def test_a_moved_quote_is_not_confused_with_the_same_words_at_its_old_position():
    first, second = "Was it he, they asked him. “Yes.”\n", "Was it she, they asked her. “Yes.”\n"
    inserted = "Was it we, then, we asked. “Yes.”\n"
    assert len(inserted) == len(first)
    start = first.index("Yes.")
    result, _ = reanchor(
        first + second, None, inserted + first + second, spans=[(start, start + 4)]
    )
    assert (result.state, result.spans[0].start) == ("moved", len(inserted) + start)


def test_two_quotes_are_never_anchored_at_the_same_spans():
    page = Page("“No,” he said. “No,” she said.")
    first = page.reanchor("No,", [(40, 43)], "", "").spans
    second = page.reanchor("No,", [(40, 43)], "", "", taken={first})
    assert second.spans != first
    both = {first, second.spans}
    assert page.reanchor("No,", [(40, 43)], "", "", taken=both).state == "missing"


def test_a_page_stops_searching_for_nearest_passages_after_a_while():
    page = Page("The harbour wall will be repaired in June. " * 20_000)
    answers = []
    for number in range(60):
        with pytest.raises(NotInText) as refused:
            page.find(f"The harbour wall will be repaired in July {number}")
        answers.append(refused.value)
    assert answers[0].nearest
    assert answers[-1].nearest is None
    assert "Too many" in answers[-1].message


def test_changed_words_are_altered_and_never_anchored():
    new = SPLIT.replace("act soon", "act at once")
    result, _ = reanchor(SPLIT, "and we will act soon.", new)
    assert (result.state, result.spans) == ("altered", None)
    assert result.nearest.text == "and we will act at once."
    assert result.nearest.difference == [
        {"op": "replace", "expected": "soon.", "found": "at once."}
    ]


def test_words_that_were_removed_are_missing():
    result, _ = reanchor(SPLIT, "and we will act soon.", "Rain fell. The hall was silent.")
    assert result == ("missing", None, None)


def test_spans_beyond_a_shortened_text_are_no_error():
    result, found = reanchor("Long ago, " * 9 + "it ended.", "it ended", "it ended.")
    assert (result.state, found) == ("moved", "it ended")


@examples(300)
@given(passages(), TEXTS)
@example(("a b", 0, 1), "b")
def test_reanchoring_never_returns_spans_with_other_words(passage, new):
    text, start, end = passage
    page = Page(new)
    result = page.reanchor(text[start:end], [(start, end)], text[:start], text[end:])
    if result.spans:
        assert result.state in ("exact", "moved")
        assert same_words(page.text_at(result.spans), text[start:end])
    else:
        assert result.state in ("altered", "missing")


# Text made to be slow

TWO_MILLION = 2_000_000


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ('"a" ', "a " * 25_000),
        ('"we will" she said ', "we will " * 6_000 + "x"),
        ('"', "a b"),
        ("a", "a" * 49_999 + "b"),
        ("e\u0301", "e"),
        ("\u0301\u0323", "a\u0301"),
        ("🇩", "🇩🇩🇩"),
        ("👩\u200d", "👩\u200d" * 20_000 + "👩"),
        ("\u200b", "a b"),
        ("ﷺ", "صلى"),
        ("½", "1"),
        ("“a\n", "a " * 20_000),
    ],
)
def test_hostile_text_is_answered_in_time(unit, words):
    text = unit * (TWO_MILLION // len(unit))
    began = time.monotonic()
    with pytest.raises(AnchoringError):
        Page(text).find(words)
    assert time.monotonic() - began < 60


def test_a_quote_is_found_in_two_million_code_points():
    filler = "Nothing was said that day – “nothing,” they wrote, “at all”. "
    text = filler * 16_000 + SPLIT + filler * 16_000
    page = Page(text)
    spans = page.find("We will act, and we will act soon.")
    assert page.text_at(spans) == "We will act, and we will act soon."
    assert page.nearest("The hall was silenced").text == "The hall was silent"

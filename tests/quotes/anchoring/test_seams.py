"""What lies between two parts of a quote is told, shown where words are left out, or refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quotes.anchoring import OtherWords, Page, seams_of
from quotes.anchoring.seams import MAX_INTERRUPTION, decided_again, is_quoted, pieces_of

LUND = ("Ada Lund",)


def spans_of(text, *pieces):
    at, spans = 0, []
    for piece in pieces:
        at = text.index(piece, at)
        spans.append((at, at + len(piece)))
        at += len(piece)
    return spans


def seams(text, *pieces, names=LUND, **asked):
    return seams_of(text, spans_of(text, *pieces), names, **asked)


def kind(text, *pieces, **asked):
    (only,) = seams(text, *pieces, **asked).kinds
    return only


# Interruptions


@pytest.mark.parametrize(
    "between",
    [
        ",” she said, “",
        ",” said Ada Lund. “",
        ",” said Ada Lund of the Harbour Board on Monday, “",
        ",” Lund told Reuters, “",
        ",” the mayor said, “",
        ",”—she said—“",
        ",” said the mayor, known as “Shorty,” “",
        ",” a-t-elle dit, « ",
        ",“ sagte die Bürgermeisterin am Montag, „",
        ",” sade hon, ”",
        ",” dijo la alcaldesa, “",
        ",” explicó el Sr. Alonso. “",
        ",“ sagte Fr. Lund. „",
        "», — сказала она, — «",
        ",” said\nshe, “",
        ",” she thundered, “",
        ",” thundered she — “",
        ",” he quipped drily, “",
        ". ",
        " [00:12:03] ",
        "\n[00:12]\n",
        " (laughs) ",
        " (Mr Orr interjecting) ",
        " [Applause] ",
    ],
)
def test_an_attribution_a_time_code_or_a_note_leaves_nothing_out(between):
    text = f"“We act{between}today,” she said."
    assert kind(text, "We act", "today") == "interruption"


@pytest.mark.parametrize(
    ("text", "first", "then"),
    [
        ("– Vi stänger kajen, säger Lund, och det blir i maj.", "Vi stänger kajen,", "och det"),
        ("– Vi stänger kajen, säger hon, och det blir i maj.", "Vi stänger kajen,", "och det"),
        ("—Cerramos el muelle —dijo Lund—, y en mayo.", "Cerramos el muelle", "y en mayo"),
        ("« Nous tenons, a-t-elle dit, et nous gagnons »", "Nous tenons,", "et nous"),
        ("« Nous tenons, explique Lund, et nous gagnons »", "Nous tenons,", "et nous"),
        ("LUND: We close.\nLUND: In May.", "We close.", "In May."),
    ],
)
def test_an_attribution_within_the_words_has_to_be_the_speakers(text, first, then):
    assert kind(text, first, then) == "interruption"
    if " Lund" in text:
        assert kind(text.replace("Lund", "Orr"), first, then) == "omission"


def test_a_role_may_stand_for_the_speaker():
    text = "« Nous tenons, explique la maire, et nous gagnons »"
    spans = spans_of(text, "Nous tenons,", "et nous")
    assert seams_of(text, spans, LUND, ["maire"]).kinds == ("interruption",)
    assert seams_of(text, spans, LUND).kinds == ("omission",)


@pytest.mark.parametrize(
    "between",
    [
        ",” she never swore, “",
        ",” she thundered, he muttered, “",
        ",” she thundered and he muttered, “",
        ",” she thundered as the mayor shrugged, “",
        ",” she thundered at Ben Orr, “",
        ",” she thundered “",
        ",” she nodded and left, “",
        ",” she thundered. “",
        ", she thundered, ",
        ",” read the sign, “",
    ],
)
def test_a_verb_that_is_not_known_interrupts_only_after_a_pronoun_between_marks(between):
    text = f"“We act{between}today,” she said."
    assert kind(text, "We act", "today", checked=True) == "omission"


@pytest.mark.parametrize(
    ("name", "kind_of_gap"),
    [
        ("known as “Shorty,”", "interruption"),
        ("known as “shorty,”", "omission"),
        ("known as “The Grand Old Man,”", "omission"),
        ("known as, “Shorty,”", "omission"),
        ("who said “Shorty,”", "omission"),
    ],
)
def test_a_name_in_marks_is_short_has_a_capital_and_follows_no_verb_of_speech(name, kind_of_gap):
    text = f"“We act,” said the mayor, {name} “today,” she said."
    assert kind(text, "We act", "today", checked=True) == kind_of_gap


def test_an_attribution_within_the_words_ends_with_a_sign_and_is_short():
    assert kind("– Vi stänger kajen, säger Lund och det", "kajen,", "och") == "omission"
    many = "som alla vet är en av de bästa borgmästarna i hela landet"
    text = f"– Vi stänger kajen, säger Lund, {many}, och det"
    assert kind(text, "kajen,", "och") == "omission"


def test_an_interruption_is_short():
    long = f",” said Ada Lund, {'the tireless ' * 30}mayor, “"
    assert len(long) > MAX_INTERRUPTION
    assert kind(f"“We act{long}now.”", "We act", "now") == "omission"


# Paragraphs


@pytest.mark.parametrize("between", ["\n\n“", "”\n\n“", "\r\n\r\n» ", "\n– ", "\n", "\u2029’"])
def test_a_lines_end_with_marks_is_a_paragraph(between):
    assert kind(f"“We act.{between}Now.”", "We act.", "Now") == "paragraph"


def test_a_paragraph_ends_with_its_line():
    assert kind("“We act.\n\n“Now.”", "We act.", "Now") == "paragraph"
    assert kind("“We act.” “Now.”", "We act.", "Now") == "interruption"


# Omissions


@pytest.mark.parametrize(
    ("text", "first", "then"),
    [
        ("“We will not, whatever they say, close the quay,”", "We will", "close the quay"),
        ("“We will never close the quay,”", "We will", "close the quay"),
        ("“We can’t close the quay,”", "We", "close the quay"),
        ("“We will (not) close the quay,”", "We will", "close"),
        ("“We will [not] close the quay,”", "We will", "close"),
        ("“We lost 12 or 13 ships,”", "We lost", "ships"),
        ("“We lost twelve good ships,”", "We lost", "ships"),
        ("“A,” she said. “Not in any case,” she added. “B.”", "A,", "B."),
        ("„Wir werden den Kai keinesfalls, nie, schließen“", "Wir werden den Kai", "schließen"),
        ("“我们不会关闭码头”", "我们", "会关闭"),
    ],
)
def test_a_negation_or_a_number_that_is_left_out_is_told(text, first, then):
    assert seams(text, first, then) == (("omission",), True)


@pytest.mark.parametrize(
    ("text", "first", "then"),
    [
        ("“We will, in the end, close the quay,”", "We will", "close the quay"),
        ("“The quay will, they say, be closed”", "The quay will", "be closed"),
        ("“The quay will, Ben Orr says, be closed”", "The quay will", "be closed"),
        ("“It was (as you know) bad”", "It was", "bad"),
        ("“We lost 1.5 ships,”", "We lost 1", "5 ships"),
        ("He said “yes” and “yes indeed” to it.", "yes", "yes indeed"),
        ("“A,” said Ada Lund. The council met for long. “B.”", "A,", "B."),
        ("“A,” said Ada Lund. Asked about Ben Orr, she replied: “B.”", "A,", "B."),
        ("“A,” said Ada Lund. “And C,” she added. “B.”", "A,", "B."),
    ],
)
def test_other_words_that_are_left_out_are_an_omission(text, first, then):
    assert seams(text, first, then) == (("omission",), False)


def test_what_is_left_out_between_two_quotations_is_not_the_speakers():
    text = "“A,” said Ada Lund. No ship of the 12 came. “B.”"
    assert seams(text, "A,", "B.") == (("omission",), False)


def test_the_language_says_which_words_are_negations():
    text = "“Er will im Mai den Kai schließen”"
    assert not seams(text, "Er will im", "schließen", language="de").leaves_out


# Quote marks


def test_words_are_quoted_between_an_opening_and_a_closing_mark():
    text = "She said “we act” today.\n\nAnd ‘soon’, as a dog's home does."
    for words, within in (("we", True), ("act", True), ("today", False), ("soon", True)):
        assert is_quoted(text, text.index(words)) is within
    assert not is_quoted(text, text.index("does"))


# Other speakers


@pytest.mark.parametrize(
    ("text", "first", "then"),
    [
        ("“Will you resign?” asked Ben Orr. “Never,” said Ada Lund.", "Will you resign?", "Never"),
        ("“Will you resign?” asked a reporter. “Never,”", "Will you resign?", "Never"),
        ("“Will you resign?” “Never,” said Ada Lund.", "Will you resign?", "Never"),
        ("“Will you resign?” – “Never,” said Ada Lund.", "Will you resign?", "Never"),
        ("“Will you resign?”\n\n“Never,” said Ada Lund.", "Will you resign?", "Never"),
        ("– Ska ni avgå?\n– Aldrig, säger Lund.", "Ska ni avgå?", "Aldrig"),
        ("“Safe,” said Ada Lund, and Ben Orr replied: “for nobody.”", "Safe,", "for nobody"),
        ("“A,” said Ada Lund. “No,” said Ben Orr. “B.”", "A,", "B."),
        ("“A and C,” said Ada Lund. “No,” said Orr. “D and B.”", "A", "B."),
        ("“We act,” she said.\nMr Low replied: “Never.”", "We act,", "Never."),
        ("“We act.”\nMr Low: “Never.”", "We act.", "Never."),
        ("LUND: We close.\nORR: Never.\nLUND: In May.", "We close.", "In May."),
        ("“A,” Ben Orr said, “B.”", "A,", "B."),
    ],
)
def test_the_words_of_two_speakers_are_refused_until_a_curator_confirms(text, first, then):
    with pytest.raises(OtherWords) as refused:
        seams(text, first, then)
    assert "gaps_checked" in refused.value.message
    (start, end) = refused.value.details["gap"]
    assert text[start:end] == text[text.index(first) + len(first) : text.index(then)]
    assert all(word in refused.value.message for word in text[start:end].split())
    message, details = refused.value.discreet
    assert details == {"gap": [start, end]}
    assert repr(text[start:end]) not in message
    assert seams(text, first, then, checked=True).kinds[0] in (
        "interruption",
        "paragraph",
        "omission",
    )


@pytest.mark.parametrize(
    "text",
    [
        "“Who will pay?” she asked. “We will.”",
        "“Who will pay?” asked Lund. “We will.”",
        "“Who will pay? We will.”",
        "“Who will pay?\n\n“We will.”",
    ],
)
def test_a_speaker_may_answer_their_own_question(text):
    assert seams(text, "Who will pay?", "We will").kinds != ("omission",)


def test_without_a_name_the_first_named_is_the_speaker():
    text = "“A,” said Ada Lund, “b,” said Lund, “c,” said Ben Orr, “d.”"
    assert seams(text, "A,", "b,", "c,", names=()).kinds == ("interruption",) * 2
    with pytest.raises(OtherWords):
        seams(text, "A,", "b,", "c,", "d.", names=())


# What a text and spans can never do

SAID = "we will not close the quay never twelve 12 safe open said says she he who asked Ada Lund"
WORDS = [*SAID.split(), "Orr", "(laughs)", "[00:01]"]
WORDS += ["Lund", "Orr", "asked", "(laughs)", "[00:01]"]  # and signs beside them
SIGNS = [*'“”"‘’,.?\n–():', "\n\n"]
TEXTS = st.lists(st.sampled_from([*WORDS, *WORDS, *SIGNS]), min_size=4, max_size=30).map(" ".join)


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.data())
def test_no_text_and_no_spans_hide_an_omission(text, data):
    """Every word that is not shown is marked by an omission, or is part of an attribution."""
    edges = data.draw(st.lists(st.integers(0, len(text)), min_size=4, max_size=8, unique=True))
    edges = sorted(edges)[: len(edges) // 2 * 2]
    spans = list(zip(edges[::2], edges[1::2], strict=True))
    found = seams_of(text, spans, LUND, checked=True)
    shown = Page(text).text_at(spans, found.kinds)
    assert pieces_of(shown, spans, found.kinds) == [text[start:end] for start, end in spans]
    assert shown.count(" […] ") == found.kinds.count("omission")
    harmless = {"said", "says", "asked", "she", "he", "ada", "lund", "laughs", "orr", "who"}
    for (_, start), (end, _), one in zip(spans, spans[1:], found.kinds, strict=False):
        gap = text[start:end]
        if one == "paragraph":
            assert not any(sign.isalnum() for sign in gap)
        if one == "interruption":
            hidden = {word.strip('“”"‘’,.?–():[]').lower() for word in gap.split()}
            assert len(gap) <= MAX_INTERRUPTION
            if not any(mark in gap for mark in '“”"‘’'):
                assert hidden <= {"", "00:01", *harmless}
    holds, _ = decided_again(text, spans, found.kinds)
    assert holds


def test_a_seam_whose_gap_was_erased_is_not_judged():
    text = "“We act ████ █████ today,” she said."
    spans = spans_of(text, "We act", "today")
    for claimed in ("interruption", "omission"):
        assert decided_again(text, spans, [claimed]) == (True, [claimed])


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.data())
def test_a_seam_that_hides_more_does_not_hold(text, data):
    edges = sorted(
        data.draw(st.lists(st.integers(0, len(text)), min_size=4, max_size=4, unique=True))
    )
    spans = [(edges[0], edges[1]), (edges[2], edges[3])]
    _, (kind_now,) = decided_again(text, spans, ["omission"])
    for claimed in ("interruption", "paragraph"):
        holds, _ = decided_again(text, spans, [claimed])
        assert holds == (claimed == kind_now)

"""Which wordings report the same words: the rule alone, without a database."""

# ruff: noqa: E501 - two wordings are compared best on one line

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quotes.utterances.wording import MIN_STATEMENT_WORDS, Wording, are_at_odds, similarity

SAID = "We had no choice but to close the quay before the winter storms came back"


def like(one: str, other: str, **asked) -> float:
    score = similarity(Wording(one), Wording(other), **asked)
    assert score == similarity(Wording(other), Wording(one), **asked)
    return score


VOCABULARY = ["quay", "harbour", "winter", "storms", "closed", "council", "mooring", "timber"]
VOCABULARY += ["pontoon", "not", "12", "the", "of", "we"]
words = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=20)


@given(words, words)
def test_similarity_is_symmetrical_and_bounded(one, other):
    assert 0 <= like(" ".join(one), " ".join(other)) <= 1
    wordings = Wording(" ".join(one)), Wording(" ".join(other))
    assert are_at_odds(*wordings) == are_at_odds(*reversed(wordings))


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_two_texts_can_be_compared(one, other):
    like(one, other)


@given(words)
def test_words_match_themselves(one):
    assert like(" ".join(one), " ".join(one).upper()) == 1


@given(words, st.data())
def test_words_contained_in_others_match(long, data):
    assume(len(long) >= MIN_STATEMENT_WORDS)
    start = data.draw(st.integers(0, len(long) - MIN_STATEMENT_WORDS))
    end = data.draw(st.integers(start + MIN_STATEMENT_WORDS, len(long)))
    assert like(" ".join(long[start:end]), " ".join(long)) > 0.5


CONTENT = ["quay", "harbour", "winter", "storms", "closed", "council", "mooring", "timber"]
CONTENT += ["pontoon", "ferry", "lantern", "the", "of", "we"]
each_once = st.permutations(CONTENT)
ellipses = st.sampled_from([" … ", " ... ", "… ", " [...] ", " […] ", " . . . ", " (…) ", " *** "])
MEANING = [
    "not",
    "never",
    "nobody",
    "only",
    "40",
    "million",
    "nicht",
    "jamais",
    "twelve",
    "if",
    "no",
]


@given(each_once, st.integers(4, 9), ellipses, st.sampled_from(MEANING))
def test_two_parts_joined_by_an_ellipsis_match_the_whole(said, cut, mark, turn):
    printed = " ".join(said[:3]) + mark + " ".join(said[cut:])
    assert like(printed, " ".join(said)) > 0.5
    # But not where what is left out changes what is said, nor where nothing is.
    assert like(printed, " ".join([*said[:3], turn, *said[3:]])) == 0
    assert like(printed, " ".join([*said[:3], *said[cut:]])) == 0
    assert like(printed, printed.upper()) == 1
    # An omission stands for nothing but itself.
    elsewhere = " ".join(said[:6]) + mark + " ".join(said[6:3] + said[cut:])
    assert like(printed, elsewhere) < 1


@given(words, st.data())
def test_a_negation_or_a_number_is_never_ignored(said, data):
    turn = data.draw(
        st.sampled_from(["never", "nobody", "only", "40", "million", "nicht", "jamais"])
    )
    assume(len(said) >= 2)
    at = data.draw(st.integers(1, len(said) - 1))
    assert like(" ".join(said), " ".join([*said[:at], turn, *said[at:]]), whole=True) == 0


ALIKE = {
    "quay": ["quay", "QUAY", "qu\u00aday", "q***y", "qu&shy;ay"],
    "harbour": ["harbor", "harbours", "har-\nbour"],
    "closed": ["closed,", "“closed”", "clo\u200bsed"],
    "council": ["council", "council –", "co&uuml;ncil"],
    "we": ["we", "We"],
}


@given(each_once, st.data())
def test_no_variant_of_a_word_hides_a_negation_a_number_or_an_omission(said, data):
    printed = [data.draw(st.sampled_from(ALIKE.get(word, [word]))) for word in said]
    assert like(" ".join(printed), " ".join(said)) > 0.5
    at = data.draw(st.integers(1, len(said) - 1))
    turn = data.draw(st.sampled_from([*MEANING, "thirteen", "9 %", "[…]", "n't", "isn’t"]))
    other = [*printed[:at], turn, *printed[at:]]
    assert like(" ".join(said), " ".join(other)) == 0
    changed = data.draw(
        st.sampled_from(["12", "twelve", "120", "twenty-two", "1.2", "½", "10⁶", "106"])
    )
    both = [[*said[:at], each, *said[at:]] for each in (changed, "130")]
    assert like(*map(" ".join, both)) == 0


@pytest.mark.parametrize(
    "other",
    [
        SAID.upper(),
        "“We had no choice – but to close the quay, before the winter storms came back!”",
        "But to close the quay before the winter storms",
        "We had no choice … before the winter storms came back",
        "[W]e had no choice but to close the quay",
        "We had no choice but to close [the] quay before the winter storms came back",
        "We had no choice but to close the quay [at Corrow] before the winter storms came back",
        "We had no choice but to close the quay before the winter [sic] storms came back",
        "We had no choice but to close the quay before the winter strorms came back",
        "You know, we had no choice but to close the quay before winter storms came back",
        "no choice",
        "the winter storms",
    ],
)
def test_words_that_outlets_print_differently_match(other):
    assert like(SAID, other) > 0.4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("We will close it next week", "We will not close it next week"),
        ("We will close it next week", "We won't close it next week"),
        ("The plan will cost us 12 jobs here", "The plan will cost us 120 jobs here"),
        ("It costs 40 million a year to run", "It costs 40 billion a year to run"),
        ("We will close the north quay on Monday", "We will close the south quay on Monday"),
        ("We will open the quay before winter", "We will close the quay before winter"),
        ("It is legal to moor there at night", "It is illegal to moor there at night"),
        ("They must pay for the quay by June", "They may pay for the quay by June"),
        ("Nobody has to pay for the quay", "Everybody has to pay for the quay"),
        (SAID, "the"),
        (SAID, "no"),
        (SAID, "We had … back"),
        (SAID, "[They were asked for weeks about the] quay"),
        ("They would have closed the quay", "They never [would] have closed the quay"),
        ("They would have closed it by then", "[Some] never [would] have closed it by then"),
        (
            "The quay was closed withou the harbour council",
            "The quay was closed without the harbour council",
        ),
        ("We asked for a new boatyard by May", "We asked for a new botyad by May"),
        (SAID, "storms winter the before quay the close to but choice no had We"),
        ("no choice", "choice"),
    ],
)
def test_wordings_that_differ_in_a_significant_word_do_not_match(one, other):
    assert like(one, other) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It took twelve ships to close the quay", "It took 12 ships to close the quay"),
        ("There are forty-two of us at the quay", "There are 42 of us at the quay"),
        ("There are forty two of us at the quay", "There are 42 of us at the quay"),
        ("Es waren zwölf Schiffe vor dem Hafen", "Es waren 12 Schiffe vor dem Hafen"),
        ("It is the third winter of storms here", "It is the 3rd winter of storms here"),
        ("Only 9 % of us voted for the quay", "Only nine per cent of us voted for the quay"),
        ("Only 9% of us voted for the quay", "Only 9 percent of us voted for the quay"),
        ("Nur 9 % von uns waren für die Mole", "Nur 9 Prozent von uns waren für die Mole"),
        ("It costs $5 million a year to run", "It costs 5 million dollars a year to run"),
        (
            "Our harbour neighbours organised a colourful defence at the centre",
            "Our harbor neighbors organized a colorful defense at the center",
        ),
        ("They travelled to analyse the grey programme", "They traveled to analyze the gray program"),
        ("We're gonna close it, kinda soon", "We are going to close it, kind of soon"),
        ("We gotta go on, I dunno how", "We got to go on, I do not know how"),
        ("We were goin' home 'cause of the storm", "We were going home because of the storm"),
        ("The f***ing quay is closed again today", "The fucking quay is closed again today"),
        ("The F**KING quay is closed again today", "The fucking quay is closed again today"),
        ("What the f*** is it with the quay", "What the fuck is it with the quay"),
        ("The council&#8217;s plan &amp; its budget are dead", "The council’s plan & its budget are dead"),
        ("Our find-\nings were ignored by the min-\nistry", "Our findings were ignored by the ministry"),
        ("A well-\nknown fault of the quay was ignored", "A well-known fault of the quay was ignored"),
        ("हमारी अर्थव्यवस्था कल बंद हो जाएगी", "हमारी अर्थव्यवस्था, कल बंद हो जाएगी"),
        ("كِتَابُنَا مُهِمٌّ لِلْمِينَاءِ اليومَ جداً", "كتابنا مهم للميناء اليوم جدا"),
    ],
)  # fmt: skip
def test_words_of_another_house_style_are_the_same(one, other):
    assert like(one, other) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The quay is […] safe to moor at in winter", "The quay is not, on any reading, safe to moor at in winter"),
        ("The quay is […] safe to moor at in winter", "The quay is safe to moor at in winter"),
        ("We will [...] close the quay before winter", "We will close the quay before winter"),
        ("We will [not] close the quay before winter", "We will close the quay before winter"),
        ("We will [surely] close the quay before winter", "We will never close the quay before winter"),
        ("We will not […] close the quay before winter", "We will […] close the quay before winter"),
        ("It took twelve ships to close the quay", "It took 13 ships to close the quay"),
        ("It took twelve ships to close the quay", "It took twenty ships to close the quay"),
        ("There are forty-two of us at the quay", "There are forty of us at the quay"),
        ("Only 9 % of us voted for the quay", "Only 9 of us voted for the quay"),
        ("It costs $5 million a year to run", "It costs £5 million a year to run"),
        ("There are 10⁶ people at the old quay", "There are 106 people at the old quay"),
        ("It took 3½ years to close the quay", "It took 31 years to close the quay"),
        ("We gotta go on, I dunno how", "We got to go on, I know how"),
        ("It is n*t the quay that we close", "It is not the quay that we close"),
        ("The f***ing quay is closed again today", "The failing pier is closed again today"),
        ("我们将在冬天之前关闭码头并且重新开放灯塔和港口", "我们将不在冬天之前关闭码头并且重新开放灯塔和港口"),
        ("हम सर्दियों से पहले बंदरगाह और पुराना घाट बंद करेंगे और फिर से खोलेंगे यह तय है अब", "हम सर्दियों से पहले बंदरगाह और पुराना घाट बंद नहीं करेंगे और फिर से खोलेंगे यह तय है अब"),
    ],
)  # fmt: skip
def test_no_house_style_hides_a_negation_a_number_or_an_omission(one, other):
    assert like(one, other) == 0


def test_long_words_may_be_misspelt_in_two_letters():
    assert like("We asked for two new boatyards by May", "We asked for two new botyads by May")


LONG = [
    "council",
    "ferry",
    "harbour",
    "lantern",
    "mooring",
    "pontoon",
    "quay",
    "storms",
    "timber",
    "winter",
    "anchor",
    "beacon",
    "captain",
    "dredger",
    "engine",
    "fishery",
    "gangway",
    "hawser",
]


@given(st.permutations(LONG), st.data())
def test_of_sixteen_words_one_that_matters_may_be_left_out_but_no_two(said, data):
    """Beside each other or apart; at the ends, what is left is contained in the whole."""
    one, other = sorted(data.draw(st.permutations(range(1, len(said) - 1)))[:2])
    assert like(" ".join(said), " ".join([*said[:one], *said[one + 1 :]]))
    without_two = [word for at, word in enumerate(said) if at not in (one, other)]
    assert not like(" ".join(said), " ".join(without_two))


def test_contractions_match_their_full_form():
    assert (
        like("We can't go on, and they won't help", "we cannot go on and they will not help") == 1
    )


def test_numbers_match_with_and_without_thousands_separators():
    assert like("It cost us 1,200 crowns a day", "It cost us 1200 crowns a day") == 1


def test_scripts_without_spaces_are_compared_by_character():
    assert like("我们别无选择只能关闭码头", "别无选择只能关闭") > 0.5
    assert like("我们别无选择只能关闭码头", "我们可以重新开放港口了") == 0


def test_indirect_speech_is_compared_from_end_to_end():
    assert like(SAID, "We had no choice but to close the quay", whole=True) == 0
    assert like(SAID, SAID.replace("the winter", "winter"), whole=True) > 0.4
    assert like(SAID, "no choice", whole=True) == 0


def test_without_near_matching_the_words_must_be_equal():
    misspelt = SAID.replace("storms", "strorms")
    assert like(SAID, misspelt) > 0.4
    assert like(SAID, misspelt, nearly=False) == 0


def test_statements_that_differ_in_a_significant_word_are_at_odds():
    assert are_at_odds(Wording(SAID), Wording(SAID.replace("no choice", "a choice")))
    first, last = "We had no choice but to close the quay", "to close the quay before the winter"
    assert not are_at_odds(Wording(first), Wording(last))
    assert not are_at_odds(Wording(SAID), Wording("We had a good harvest, in spite of the rain"))
    parts = "We had no choice but to close down", "nobody told any sailor about winter storms"
    in_turn = (Wording(" … ".join(each)) for each in (parts, parts[::-1]))
    assert not are_at_odds(*in_turn)


# Omissions


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "The harbour wall is […] safe for all of us",
            "The harbour wall is not safe for all of us",
        ),
        ("The harbour is […] safe", "The harbour is safe"),
        (
            "We will close […] the quay this year",
            "We will close, unless they pay, the quay this year",
        ),
        (
            "We lost ten […] good ships in the storm",
            "We lost ten of twelve good ships in the storm",
        ),
        ("We will close the quay […] or the ferry", "We will […] close the quay or the ferry"),
    ],
)
def test_no_words_are_compared_across_an_omission(one, other):
    assert not similarity(Wording(one), Wording(other))
    assert not similarity(Wording(other), Wording(one))


def test_parts_beside_an_omission_are_found_one_by_one():
    said = "We will close the quay this year, as I told you, and the ferry will stop in May"
    parts = Wording("We will close the quay this year […] the ferry will stop in May")
    assert similarity(parts, Wording(said))
    assert similarity(parts, parts) == 1.0

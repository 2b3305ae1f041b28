"""Quotes by their words: q, phrase and like, and where they were found."""

import random
import re
from itertools import chain, product
from string import ascii_lowercase

import pytest
import regex
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotes.history.erasure import erase
from quotes.models import Quote, Word
from quotes.models.languages import languages_present
from quotes.search.highlight import matches_in
from quotes.search.query import Search
from sources.models.tokens import learn_letters, tokens_of
from sources.models.words import cleaned
from tests.conftest import API, make_filing, ok, problem, publish
from tests.marked_up import marked_up
from tests.records import make_article, make_outlet, make_quote, make_speaker

pytestmark = pytest.mark.django_db

QUOTES = f"{API}quotes/"


def found(client, **query) -> list[str]:
    """The texts of the results, in order."""
    return [row["text"] for row in ok(client.get(QUOTES, query))["results"]]


def refused(client, **query) -> dict[str, str]:
    body = problem(client.get(QUOTES, query), 400)
    return {error["parameter"]: error["message"] for error in body["errors"]}


def shown(text: str, *, language: str | None = "en", **query) -> list[str] | None:
    """What is marked of a quote with this text; None if it is not found."""
    quote = make_quote(text, language=language, anchor="unanchored")
    search = Search.read(query, [])
    if not search.narrow(Quote.objects.filter(pk=quote.pk)):
        return None
    return [text[start:end] for start, end in matches_in(search, [quote.pk])[quote.pk]]


# q

TAXES = "The government will not raise taxes on working families"


@pytest.mark.parametrize(
    ("q", "is_found"),
    [
        ("tax family", True),
        ("Families TAXES", True),
        ("tax harbour", False),
        ("harbour or tax", True),
        ("tax -families", False),
        ("tax -harbour", True),
        ("-harbour", True),
        ('"working families"', True),
        ('"families working"', False),
        ("góvernment", True),
        ("tax/harbour", False),
        ("<b>tax</b>", False),  # b is a word that is not there
        ("'tax' & family:*", True),
    ],
)
def test_q_takes_the_syntax_of_a_search_engine(reader, q, is_found):
    make_quote(TAXES, language="en")
    assert found(reader, q=q) == [TAXES] * is_found


def test_q_is_stemmed_by_the_language_of_each_quote(reader):
    make_quote("Die Häuser brennen", language="de")
    make_quote("The houses are burning", language="en-GB")
    make_quote("Les maisons brûlaient", language="fr-CA")
    make_quote("brennende houses", language="tlh")
    assert found(reader, q="haus") == ["Die Häuser brennen"]
    assert found(reader, q="hause") == ["Die Häuser brennen"]
    assert found(reader, q="maison") == ["Les maisons brûlaient"]
    assert found(reader, q="house") == ["The houses are burning"]
    assert found(reader, q="houses") == ["brennende houses", "The houses are burning"]
    assert found(reader, q="houses", language="tlh") == ["brennende houses"]
    assert found(reader, q="house", language="tlh") == []


def test_an_excluded_word_is_stemmed_by_the_language_of_each_quote(reader):
    make_quote("Die Häuser brennen", language="de")
    make_quote("The houses are burning", language="en")
    assert found(reader, q="-hauser") == ["The houses are burning"]
    assert found(reader, q="burn -fire") == ["The houses are burning"]
    assert found(reader, q="fire or -burns") == ["Die Häuser brennen"]
    # No word is asked of English texts, so nothing is missed in them.
    assert found(reader, q="-the") == ["Die Häuser brennen"]


def test_two_languages_share_a_stem_only_if_they_are_stemmed_alike(db):
    tags = ["".join(letters) for letters in product(ascii_lowercase, repeat=2)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quotes_dictionary(tag)::text, array_agg(DISTINCT quotes_stemmed_as(tag))"
            " FROM unnest(%s::text[]) tag GROUP BY 1",
            [tags],
        )
        stemmed = dict(cursor.fetchall())
    assert stemmed["simple"] == [""]
    assert all(len(names) == 1 for names in stemmed.values())
    assert len({*chain(*stemmed.values())}) == len(stemmed) > 20


@pytest.mark.parametrize("size", [1_990, 2_040, 2_046, 2_047, 5_000])
def test_a_quote_with_a_word_of_any_length_is_found_by_its_other_words(reader, size):
    make_quote(f"Houses {'é' * 10}{'x' * size} burn", language="en")
    make_quote(f"Barns {'字' * (size // 3)} burn", language="zh")
    assert len(found(reader, q="house")) == len(found(reader, q="barns")) == 1
    assert len(found(reader, q="字" * 40)) == 1


def test_words_of_no_known_language_are_found_as_they_are(reader):
    make_quote("Houses burn", language=None)
    assert found(reader, q="houses") == ["Houses burn"]
    assert found(reader, q="house") == []


def test_a_changed_text_or_language_is_searchable_at_once(reader):
    quote = make_quote("Houses burn", language="de", anchor="unanchored")
    assert found(reader, q="burning") == []
    quote.revise(note="In English.", language="en")
    assert found(reader, q="burning") == ["Houses burn"]
    noted = [*quote.corrections, {"note": "Barns."}]
    Quote.objects.filter(pk=quote.pk).update(text="Barns burn", corrections=noted)
    assert found(reader, q="house") == found(reader, phrase="houses") == []
    assert found(reader, q="barn") == found(reader, phrase="barns") == ["Barns burn"]


def test_a_word_that_is_required_and_excluded_matches_nothing(reader):
    make_quote(TAXES, language="en")
    assert found(reader, q="tax -taxes") == found(reader, q="tax -taxes", language="en") == []
    assert found(reader, q="tax -taxes or raise") == [TAXES]


def test_slashes_and_markup_do_not_hide_words(reader):
    make_quote("Ships and/or boats <b>sink</b>", language="en")
    assert len(found(reader, q="boat")) == len(found(reader, q="ships sink")) == 1


@pytest.mark.parametrize(
    "q", ["the", "of the", '"to be or not to be"', "!", "-", '""', "or", "& |"]
)
def test_q_without_a_word_to_search_for_is_refused_or_finds_nothing(reader, q):
    make_quote(TAXES, language="en")
    assert "phrase" in refused(reader, q=q)["q"]


@pytest.mark.parametrize("name", ["q", "phrase", "like"])
def test_a_search_of_more_than_1000_characters_is_refused(reader, name):
    make_quote(TAXES, language="en")
    assert refused(reader, **{name: "x" * 10_000}) == {
        name: "10,000 characters: give at most 1,000."
    }
    ok(reader.get(QUOTES, {name: "taxes" * 200}))


def test_too_many_words_for_q_are_refused_with_a_remedy(reader):
    make_quote(TAXES, language="en")
    ok(reader.get(QUOTES, {"q": " or ".join(f"w{n}" for n in range(32))}))
    assert "like" in refused(reader, q=" or ".join(f"w{n}" for n in range(33)))["q"]


HOSTILE = [
    "'", "''", "\\", "\\'", "%", "a:*", "a & ", "((((", "<->", "<0>", "!!!a", "a" * 1000,
    "' or 1=1",
    "\u202e", "\ufffd", "😀", "\u0301", "ﬁ", "\ue000\ue001", "a\tb\nc", "-" * 1000, '"' * 999,
    "a " * 500, "the " * 250, "or " * 300, "-a " * 300,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_search_text_is_a_server_error(reader, text):
    make_quote("Nothing, ﬁ 😀 \ue000 of 'the' \\ sort", language="en")
    for name in ("q", "phrase", "like"):
        assert reader.get(QUOTES, {name: text}).status_code in (200, 400)


# phrase


@pytest.mark.parametrize(
    ("phrase", "is_found"),
    [
        ("will not", True),
        ("WILL   nót!", True),
        ("not will", False),
        ("the", True),
        ("government", True),
        ("governments", False),
        ("govern", False),
        ("taxes on working families", True),
        ("tax on working families", False),
        ("the government will not raise taxes on working families", True),
        ("the government will not raise taxes on working families today", False),
    ],
)
def test_a_phrase_is_these_very_words_in_this_order(reader, phrase, is_found):
    make_quote(TAXES, language="en")
    assert found(reader, phrase=phrase) == [TAXES] * is_found


def test_the_pairs_of_a_phrase_elsewhere_in_a_text_do_not_make_it(reader):
    make_quote("to the sea in the sea to it", language="en")
    assert found(reader, phrase="the sea in the") != []
    assert found(reader, phrase="to the sea to") == []
    assert found(reader, phrase="in the sea in") == []


def test_a_phrase_needs_a_word(reader):
    assert refused(reader, phrase="…!") == {"phrase": "Holds no word."}


LETTERS = st.sampled_from("aabbAB ,’é-\u0301\u00adßΣς½ﬁ")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(LETTERS, min_size=1, max_size=30), asked=st.text(LETTERS, max_size=4))
def test_a_phrase_matches_where_its_words_stand_in_a_row(text, asked):
    learn_letters([text, asked])
    words, wanted = ([each.word for each in tokens_of(t)] for t in (text, asked))
    if not words or not wanted or not text.strip():
        return
    stretches = [words[at : at + len(wanted)] for at in range(len(words))]
    assert (shown(text, phrase=asked) is not None) == (wanted in stretches)


ANYTHING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=ANYTHING | marked_up())
def test_tokens_are_those_of_postgresql(text):
    text = f"x {text}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT sources_bare(%s)", [text])
        bare = cursor.fetchone()[0]
    learn_letters([text])
    placed = tokens_of(text)
    assert [each.word for each in placed] == bare.split()
    started = ended = 0
    for each in placed:
        assert started <= each.start < each.end <= len(text)
        # One character with its accents can be of two words: ¼, and others.
        assert len(regex.findall(r"\X", cleaned(text[each.start : ended]))) <= 1
        started, ended = each.start, each.end


# like


def test_like_takes_slips_another_order_and_left_out_words(reader):
    make_quote(TAXES, language="en")
    make_quote("The harbour will close on Monday", language="en")
    make_quote("Families are what this government is about", language="en")
    for asked in (
        "goverment will not rase taxes",
        "families taxes raise working",
        "government not raise taxes families",
        "the govermnent wil not raise txaes on workign families",
    ):
        assert found(reader, like=asked) == [TAXES], asked


def test_a_sentence_finds_the_quote_of_a_part_of_it(reader):
    make_quote("raise taxes on working families", language="en")
    make_quote("a matter for them", language="en")
    asked = "He said again on Tuesday that they would never raise taxes on working families."
    assert found(reader, like=asked) == ["raise taxes on working families"]


def test_like_does_not_find_texts_that_share_only_stop_words(reader):
    make_quote("It is the end of the road for them", language="en")
    make_quote("The quay will be closed", language="en")
    assert found(reader, like="It is what the head of the union said of them") == []
    assert found(reader, like="zorgle blib gonk") == []


def test_a_word_that_quotes_have_only_misspelt_is_corrected_too(reader):
    make_quote("the goverment", language="en")
    make_quote("the mayor of Torrigan", language="en")
    assert found(reader, like="government") == ["the goverment"]
    assert found(reader, like="Torigan") == ["the mayor of Torrigan"]


def test_like_finds_stop_words_if_all_of_them_are_there(reader):
    make_quote("To be, or not to be", language="en")
    make_quote("We are to go there", language="en")
    assert found(reader, like="to be or not to be") == ["To be, or not to be"]


def test_like_keeps_the_most_similar_quotes_after_the_other_filters(reader):
    mara = make_speaker()
    for number in range(5):
        make_quote(f"We had no choice {number}", language="en")
    make_quote("We had hardly a choice", language="en", speaker=mara)
    assert found(reader, like="we had no choice", speaker=mara.pk) == ["We had hardly a choice"]


# The vocabulary


def words() -> set[str]:
    return set(Word.objects.values_list("word", flat=True))


def test_the_vocabulary_is_that_of_the_quotes(reader):
    first = make_quote("Élan of 1999 élan", article=make_article("Élan of 1999 élan. Vigour."))
    second = make_quote("vital élan")
    assert words() == {"elan", "vital"}
    assert Word.objects.count() == 2
    first.revise(note="Misheard.", text="Vigour")
    assert words() == {"elan", "vital", "vigour"}
    second.revise(note="Misheard.", text="vital")
    assert words() == {"vital", "vigour"}


def test_the_languages_of_quotes_are_listed(db):
    assert languages_present() == []
    for tag in ["en", "de", "en-GB", "en", None]:
        make_quote(language=tag)
    assert languages_present() == ["de", "en", "en-GB", None]


# Where it was found


def test_matches_are_the_words_of_q_whatever_their_form():
    assert shown("Families, tax them: TAXES!", q="family tax") == ["Families", "tax", "TAXES"]
    assert shown("A tax and no rent", q="tax -families") == ["tax"]
    assert shown("Ships and/or <b>boats</b> & co", q="boat ship co") == ["Ships", "boats", "co"]


def test_matches_are_the_whole_phrase_each_time():
    assert shown("No, no — no choice", phrase="no no") == ["No, no — no"]
    assert shown("We had, WE HAD", phrase="we had") == ["We had", "WE HAD"]
    assert shown("Cafe\u0301 society", phrase="café") == ["Cafe\u0301"]


def test_matches_of_like_are_the_words_in_common():
    text = "The goverment raised no taxes"
    assert shown(text, like="no government taxes") == ["goverment", "no", "taxes"]


def test_matches_of_several_searches_are_one_list_without_overlaps():
    text = "The quay will close on Monday"
    asked = {"q": "closing", "phrase": "will close on", "like": "the quay will close"}
    assert shown(text, **asked) == [
        "The",
        "quay",
        "will close on",
    ]


SAID = st.lists(
    st.sampled_from(["Taxes", "tax", "families", "the", "of", "closing", "quay", "e\u0301lan"]),
    min_size=1,
    max_size=8,
)
BETWEEN = st.sampled_from([" ", ", ", " — ", "/", "-", "\n", " <b>", " \ue000", "’ "])


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(said=SAID, between=BETWEEN, asked=SAID, name=st.sampled_from(["q", "phrase", "like"]))
def test_matches_lie_in_the_text_and_are_words_of_the_search(said, between, asked, name):
    stems = {"taxes": "tax", "families": "famili", "closing": "close"}
    if name == "q" and set(asked) <= {"the", "of"}:
        return
    slices = shown(between.join(said), **{name: " ".join(asked)})
    if slices is None:
        return
    assert slices
    wanted = {word.lower().replace("\u0301", "") for word in asked}
    for each in slices:
        marked = re.findall(r"\w+", each.replace("\u0301", "").lower())
        assert marked
        assert each == each.strip()
        if name == "like":
            continue
        assert {stems.get(w, w) for w in marked} <= {stems.get(w, w) for w in wanted}


# Real quotes


def mangled(text: str, chance: random.Random) -> str:
    """A fifth of the words left out, or a slip in a fifth of them."""
    said = text.split()
    if chance.random() < 0.5:
        return " ".join(word for word in said if chance.random() > 0.2) or text
    return " ".join(slip(word, chance) if chance.random() < 0.2 else word for word in said)


def slip(word: str, chance: random.Random) -> str:
    at = chance.randrange(len(word))
    letter = chance.choice("etaoinsr")
    return chance.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
        ]
    )


def test_of_mangled_real_quotes_like_finds_nineteen_of_twenty_first(corpus):
    texts = {quote["text"] for article in corpus for quote in article["quotes"]}
    texts = sorted(text for text in texts if len(text.split()) >= 5)
    article = make_article("Word.")
    Quote.objects.bulk_create(
        Quote(
            article=article,
            text=text,
            language="en",
            anchor="unanchored",
            kind="direct",
            status="published",
        )
        for text in texts
    )
    chance = random.Random(5)
    asked = chance.choices(texts, k=200)
    first = 0
    for text in asked:
        search = Search.read({"like": mangled(text, chance)}, [])
        search.narrow(Quote.objects.all())
        closest = Quote.objects.filter(pk__in=list(search.scores)[:1]).first()
        first += closest is not None and closest.text == text
    assert first >= 0.95 * len(asked)


def test_a_filed_quote_is_found(reader, curator):
    ok(curator.post(f"{API}articles/", publish(make_filing())), 201)
    for query in ({"q": "choices"}, {"phrase": "had no"}, {"like": "no choise we had"}):
        assert found(reader, **query) == ["We had no choice,"]


# On a page


def test_matches_are_shown_only_with_a_search_and_by_fields(reader):
    make_quote(TAXES, language="en")
    (row,) = ok(reader.get(QUOTES))["results"]
    assert "matches" not in row
    (row,) = ok(reader.get(QUOTES, {"q": "taxes"}))["results"]
    at = TAXES.index("taxes")
    assert row["matches"] == [[at, at + 5]]
    assert row.keys() > {"id", "speaker", "anchor"}
    (row,) = ok(reader.get(QUOTES, {"phrase": "will not", "fields": "matches"}))["results"]
    at = TAXES.index("will not")
    assert row == {"matches": [[at, at + 8]]}
    (row,) = ok(reader.get(QUOTES, {"like": "wil not rais taxes", "fields": "text"}))["results"]
    assert row == {"text": TAXES}
    assert "matches" in refused(reader, fields="matches")["fields"]


def test_a_longer_page_of_matches_takes_no_more_statements(reader):
    make_quote(TAXES, language="en")
    for query in ({"q": "taxes"}, {"phrase": "will not"}, {"like": "not raise taxes"}):
        query["ordering"] = "relevance" if "phrase" not in query else "-published"
        ok(reader.get(QUOTES, query))  # letters and stop words are learnt
    counted = []
    for _ in range(2):
        for query in ({"q": "taxes"}, {"phrase": "will not"}, {"like": "not raise taxes"}):
            with CaptureQueriesContext(connection) as statements:
                ok(reader.get(QUOTES, query))
            counted.append(len(statements))
        for _ in range(20):
            make_quote(TAXES, language="en")
    assert counted[:3] == counted[3:]


def test_searches_combine_with_filters_count_and_each_other(reader):
    mara, post = make_speaker(), make_outlet()
    wanted = make_quote(TAXES, language="en", speaker=mara, outlet=post, published="2026-03")
    make_quote(TAXES, language="en", speaker=mara, published="2026-03")
    make_quote(TAXES, language="en", outlet=post, published="2026-03")
    make_quote("The quay will not close", language="en", speaker=mara, outlet=post)
    make_quote(TAXES, language="en", speaker=mara, outlet=post, status="retracted")
    for search in (
        {"q": "tax"},
        {"phrase": "not raise"},
        {"like": "wont raise taxes on working families"},
        {"q": "family", "phrase": "raise taxes", "like": "raise txaes"},
    ):
        query = {**search, "speaker": mara.pk, "outlet": post.pk, "count": "true"}
        page = ok(reader.get(QUOTES, query))
        assert [row["id"] for row in page["results"]] == [str(wanted.pk)]
        assert page["count"] == {"value": 1, "exact": True}


def test_a_quote_that_a_reader_may_not_see_is_not_found(reader, curator):
    make_quote(TAXES, language="en", status="proposed")
    for query in ({"q": "tax"}, {"phrase": "not raise"}, {"like": "raise taxes"}):
        assert found(reader, **query) == []
        assert found(curator, **query) == [TAXES]


# Relevance


def test_the_most_relevant_comes_first(reader):
    make_quote("Taxes here, and many other words, and then at last families", language="en")
    make_quote("Families and taxes", language="en")
    make_quote("Families are there, and a long way on there are taxes", language="en")
    by_rank = found(reader, q="families taxes", ordering="relevance")
    assert by_rank[0] == "Families and taxes"
    assert len(by_rank) == 3
    by_likeness = found(reader, like="families & taxes", ordering="relevance")
    assert by_likeness[0] == "Families and taxes"


def test_relevance_needs_q_or_like_and_has_no_opposite(reader):
    make_quote(TAXES, language="en")
    assert "q or like" in refused(reader, ordering="relevance")["ordering"]
    assert "q or like" in refused(reader, ordering="relevance", phrase="raise")["ordering"]
    named = refused(reader, ordering="-relevance", q="raise")["ordering"]
    assert "Did you mean “relevance”?" in named


def walked(client, **query) -> tuple[list[str], list[str]]:
    """The ids of all pages, forth and back."""
    forth, back = [], []
    page = ok(client.get(QUOTES, query))
    while True:
        forth += [row["id"] for row in page["results"]]
        if page["next"] is None:
            break
        page = ok(client.get(page["next"]))
    back = [row["id"] for row in page["results"]]
    while page["previous"]:
        page = ok(client.get(page["previous"]))
        back = [row["id"] for row in page["results"]] + back
    return forth, back


@pytest.mark.parametrize("ranked", [3, 7, 10, 100])
def test_pages_by_relevance_give_every_row_once_both_ways(reader, monkeypatch, ranked):
    monkeypatch.setattr("quotes.search.ranking.RANKED_QUOTES", ranked)
    texts = [f"tax {'and so on ' * (n % 3)} family" for n in range(17)]
    keys = [str(make_quote(text, language="en").pk) for text in texts]
    for query in ({"q": "tax family"}, {"q": "tax"}, {"like": "a tax on the family"}):
        forth, back = walked(reader, **query, ordering="relevance", limit=4)
        assert sorted(forth) == sorted(keys)
        assert back == forth


def test_a_quote_filed_between_two_pages_by_relevance_moves_no_other(reader, monkeypatch):
    monkeypatch.setattr("quotes.search.ranking.RANKED_QUOTES", 5)
    keys = {str(make_quote("tax family", language="en").pk) for _ in range(12)}
    page = ok(reader.get(QUOTES, {"q": "tax", "ordering": "relevance", "limit": 3}))
    seen = [row["id"] for row in page["results"]]
    while page["next"]:
        make_quote("tax", language="en")
        page = ok(reader.get(page["next"]))
        seen += [row["id"] for row in page["results"]]
    assert len(seen) == len(set(seen))
    assert keys <= set(seen)


def test_words_that_an_erased_quote_alone_had_are_forgotten(db):
    kept = make_quote("ordinary words", anchor="unanchored")
    printed = make_article("ordinary slander, ordinary calumny")
    gone = make_quote("ordinary slander", article=printed)
    gone.revise(note="Misheard.", text="ordinary calumny")
    erase("quote", [gone.pk], "by order")
    assert words() == {"ordinary", "words"}
    assert Quote.objects.get().pk == kept.pk

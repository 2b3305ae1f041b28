"""Every search finds words in every script, whatever marks, vowels or unseen signs are there."""

from string import punctuation

import pytest
from django.test import Client
from django.urls import reverse

from quotes.models import Quote
from quotes.search.highlight import matches_in
from quotes.search.query import Search
from sources.identity.finding import mentioning
from sources.models import Article, Speaker
from sources.models.functions import Bare, HasWords, Words
from tests.conftest import API, ok, problem
from tests.records import make_affiliation, make_article, make_quote, make_speaker

pytestmark = pytest.mark.django_db

QUOTES = f"{API}quotes/"

SCRIPTS = {
    # what is printed, and two of its words as they are typed
    "en": ("Our old “breakwater” is crumbling", "breakwater", "crumbling"),
    "el": ("Το λιμάνι μας δεν θα κλείσει ποτέ", "ΛΙΜΑΝΙ", "κλεισει"),
    "ru": ("Мы никогда не закроем нашу гавань", "закроем", "ГАВАНЬ"),
    "ar": ("كِتَابُنَا مُهِمٌّ لِلْمِينَاءِ الحـــرّ", "كتابنا", "الحر"),
    "he": ("שָׁלוֹם לַנָּמֵל הַיָּשָׁן\u200f", "שלום", "הישן"),
    "hi": ("हमारी अर्थव्यवस्था मज़बूत है", "अर्थव्यवस्था", "मज\u093cबूत"),
    "ta": ("எங்கள் துறைமுகம் மூடப்படாது", "துறைமுகம்", "எங்கள்"),
    "th": ("แม่น้ำกำลังจะท่วมท่าเรือ", "ท่าเรือ", "แม่น้ำ"),
    "zh": ("我们不会出售码头，和灯塔", "码头", "出售"),
    "ja": ("埠頭と灯台は売らないカモメ", "灯台", "カモメ"),
    "ko": ("우리는 부두를 팔지 않겠다", "부두", "팔지"),
    "ka": ("ჩვენ ნავსადგურს არ გავყიდით", "ნავსადგურს", "გავყიდით"),
    "hy": ("Մենք երբեք չենք փակի նավահանգիստը", "ՆԱՎԱՀԱՆԳԻՍՏԸ", "երբեք"),
    "lo": ("ພວກເຮົາຈະບໍ່ຂາຍທ່າເຮືອ", "ທ່າເຮືອ", "ຂາຍ"),
    "km": ("យើងនឹងមិនលក់កំពង់ផែទេ", "កំពង់ផែ", "លក់"),
    "my": ("ကျွန်ုပ်တို့ဆိပ်ကမ်းကိုမရောင်းပါ", "ဆိပ်ကမ်း", "မရောင်းပါ"),
}


def texts(client, **asked) -> list[str]:
    return [row["text"] for row in ok(client.get(QUOTES, asked))["results"]]


def on_list(client: Client, model: str, term: str) -> int:
    """How many records an admin list shows for a search."""
    page = client.get(reverse(f"admin:{model}_changelist"), {"q": term})
    return len(page.context["cl"].result_list)


@pytest.mark.parametrize("language", SCRIPTS)
def test_words_of_every_script_are_found_by_every_search(reader, curator_at_desk, language):
    printed, one, two = SCRIPTS[language]
    made = make_quote(
        printed,
        language=language,
        article=make_article(headline=printed),
        speaker=make_speaker(printed),
        attribution_role=printed,
        anchor="unanchored",
        snapshot=None,
    )
    make_affiliation(role=printed)
    make_quote("Nothing of the sort", language=language)
    for word in (one, two):
        for name in ("q", "phrase", "like", "role"):
            assert texts(reader, **{name: word}) == [printed], (name, word)
        assert texts(reader, q=f'"{word}"') == [printed]
        assert texts(reader, q=f"-{word}") != [printed]
        assert on_list(curator_at_desk, "quotes_quote", word) == 1
        assert on_list(curator_at_desk, "sources_article", word) == 1
        assert on_list(curator_at_desk, "sources_affiliation", word) == 1
        assert on_list(curator_at_desk, "sources_speaker", word) == 1
    for part in printed.split():
        assert texts(reader, phrase=part) == [printed], part
        answer = reader.get(QUOTES, {"q": part})
        if answer.status_code == 400:  # a stop word
            assert "phrase" in problem(answer, 400)["errors"][0]["message"], part
        else:
            assert [row["text"] for row in ok(answer)["results"]] == [printed], part
    assert texts(reader, phrase=printed) == texts(reader, like=printed) == [printed]
    assert texts(reader, speaker_name=printed.upper()) == [printed]
    search = Search.read({"phrase": one}, [])
    ((start, end),) = matches_in(search, [made.pk])[made.pk]
    asked = Search.read({"phrase": printed[start:end]}, []).phrase
    assert asked.spellings[0].words == search.phrase.spellings[0].words
    assert matches_in(Search.read({"q": one}, []), [made.pk])[made.pk] == [[start, end]]


UNSPACED = ["zh", "ja", "th", "ko", "lo", "km", "my"]


@pytest.mark.parametrize("language", UNSPACED)
def test_any_part_of_a_script_without_spaces_is_found_where_it_stands(reader, language):
    printed = SCRIPTS[language][0]
    made = make_quote(printed, language=language, anchor="unanchored")
    for start in range(0, len(printed), 3):
        for end in range(start + 1, len(printed) + 1, 4):
            part = printed[start:end]
            if not any(letter.isalpha() for letter in part):
                continue
            for name in ("q", "phrase"):
                search = Search.read({name: part}, [])
                assert search.narrow(Quote.objects.all()), (name, part)
                ranges = matches_in(search, [made.pk])[made.pk]
                assert any(first < end and start < last for first, last in ranges), (name, part)


def test_a_part_that_is_not_there_is_not_found(reader):
    make_quote("我们不会出售码头", language="zh")
    make_quote("Nous restons", language="fr")
    for name in ("q", "phrase", "role"):
        assert texts(reader, **{name: "码售"}) == texts(reader, **{name: "头码"}) == []
    assert texts(reader, q="们会") == texts(reader, q="头们") == []


@pytest.mark.parametrize("mark", punctuation)
def test_no_mark_between_words_hides_them_from_any_search(mark):
    printed = f"Our breakwater{mark}harbour lies idle"
    ada = make_speaker(f"Ada{mark}Lund Ferris")
    make_quote(
        printed,
        language="en",
        speaker=ada,
        article=make_article(headline=printed),
        attribution_role=printed,
        anchor="unanchored",
        snapshot=None,
    )
    quotes = Quote.objects.all()
    for word in ("breakwater", "harbour", f"breakwater{mark}harbour", "breakwater harbour"):
        for name in ("q", "phrase", "like"):
            assert Search.read({name: word}, []).narrow(quotes), (name, word)
        assert quotes.with_role_words(word), word
        for rows, text in ((quotes, "bare"), (Article.objects.all(), Bare("headline"))):
            assert rows.filter(HasWords(Words(text), word, may_go_on=True)), (text, word)
    assert quotes.said_by_name(f"ADA{mark}LUND FERRIS")
    for word in ("ada", "lund", "ferris"):
        assert [*mentioning(Speaker.objects.all(), [word])] == [ada], word


UNSEEN = ["\u00ad", "\u200b", "\u2060", "\ufeff", "\u200e", "&shy;", "-\n"]


@pytest.mark.parametrize("unseen", UNSEEN)
def test_what_is_not_seen_does_not_part_a_word(reader, curator_at_desk, unseen):
    printed = f"Our break{unseen}water lies idle"
    make_quote(
        printed,
        language="en",
        article=make_article(headline=printed),
        attribution_role=printed,
        anchor="unanchored",
        snapshot=None,
    )
    for word in ("breakwater", f"break{unseen}water"):
        for name in ("q", "phrase", "like", "role"):
            assert texts(reader, **{name: word}) == [printed], (name, word)
        assert on_list(curator_at_desk, "quotes_quote", word) == 1
        assert on_list(curator_at_desk, "sources_article", word) == 1
    made = Quote.objects.get()
    for name in ("q", "phrase", "like"):
        ((start, end),) = matches_in(Search.read({name: "breakwater"}, []), [made.pk])[made.pk]
        assert printed[start:end] == f"break{unseen}water"


def test_a_word_that_was_divided_at_its_hyphen_is_found_with_it(reader):
    make_quote("A well-\nknown fault", language="en", anchor="unanchored")
    for asked in ("well-known", "wellknown", "a well-known fault"):
        assert len(texts(reader, q=asked)) == len(texts(reader, phrase=asked)) == 1
    make_quote("A well known fault", language="en", anchor="unanchored")
    assert len(texts(reader, q="well-known")) == len(texts(reader, phrase="well-known")) == 2


def test_german_words_are_found_without_their_umlauts(reader):
    for language in ("de", "sv"):
        make_quote("Die Brücke wird gesperrt", language=language, anchor="unanchored")
    assert len(texts(reader, q="Bruecke")) == len(texts(reader, phrase="die Bruecke")) == 1
    assert len(texts(reader, q="Brücke")) == len(texts(reader, phrase="Brucke")) == 2


@pytest.mark.parametrize("mark", [" […] ", " [...] ", "[. . .]", " (…) "])
def test_no_search_of_words_in_a_row_goes_across_an_omission(reader, mark):
    printed = f"We shall raise{mark}close the quay"
    made = make_quote(printed, language="en", anchor="unanchored")
    for asked in ("raise close", "shall raise close the quay", "raise the close"):
        assert texts(reader, phrase=asked) == texts(reader, q=f'"{asked}"') == [], asked
    for asked in ("close the quay", "raise […] close"):
        assert texts(reader, phrase=asked) == texts(reader, q=f'"{asked}"') == [printed], asked
    assert texts(reader, like="we shall raise close the quay") == [printed]
    for name, asked in (("q", "quay"), ("phrase", "quay"), ("q", '"close the quay"')):
        ((start, end),) = matches_in(Search.read({name: asked}, []), [made.pk])[made.pk]
        assert printed[start:end] == asked.strip('"')
    problem(reader.get(QUOTES, {"phrase": "[…]"}), 400)

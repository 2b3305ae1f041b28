"""Erasing finds words and names in every form in which filing finds them."""

from unicodedata import normalize

import pytest

from quotes.models import Assignment, Delivery, MistakeReport, Note, Quote, SavedView, SecondLook
from sources.history.erasure import BLOT
from sources.models import Snapshot
from tests.conftest import API, make_filing, ok, publish, sql
from tests.quotes.history.test_erasure import NOW, erased, verified
from tests.records import make_article, make_colleague, make_quote, make_webhook

pytestmark = pytest.mark.django_db

NAME = "Zoë Sonecu"
WORDS = "We burnt the ledger, “all of it”, at Café Kessler on the Großmarkt"


def soft(text: str) -> str:
    return text.replace("ledger", "led\xadger").replace("Sonecu", "So\xadnecu")


FORMS = {
    "as filed": lambda text: text,
    "decomposed": lambda text: normalize("NFD", text),
    "no-break spaces": lambda text: text.replace(" ", "\xa0"),
    "soft hyphens": soft,
    "capitals": str.upper,
    "other marks": lambda text: text.replace("“", "«").replace("”", "»"),
    "line breaks": lambda text: text.replace(" ", "\n"),
    "a divided word": lambda text: text.replace("ledger", "led-\nger").replace(
        "Sonecu", "So-\nnecu"
    ),
    "without accents": lambda text: text.replace("ë", "e").replace("é", "e").replace("ß", "ss"),
}


@pytest.mark.parametrize("form", FORMS)
def test_words_are_blotted_in_every_form_in_the_texts_of_their_article(curator, form):
    filed = FORMS[form](WORDS)
    text = f"“{WORDS},” said {NAME}. It rained. Once more: “{filed}”. It rained again."
    quote = {"text": WORDS, "spans": [[1, 1 + len(WORDS)]], "speaker": NAME}
    made = ok(curator.post(f"{API}articles/", make_filing(text=text, quotes=[quote])), 201)
    erased("quote", made["quotes"][0]["id"])
    left = Snapshot.objects.get().text
    assert len(left) == len(text)
    for word in ("burnt", "ledger", "Kessler", "markt"):
        assert word.lower() not in FORMS["without accents"](left).lower()
    assert left.count("It rained") == 2
    assert BLOT * 5 in left
    verified()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "printed", [NAME, "Dr. Zoë Sonecu", "Ms Sonecu", "Sonecu", "Frau Dr. Sonecu", "Sonecu, Zoë"]
)
def test_names_are_blotted_in_every_form_in_the_articles_that_quote_them(curator, form, printed):
    text = f"“It rained,” said {NAME}. Then {FORMS[form](printed)} left. The press office closed."
    quote = {"text": "It rained,", "speaker": NAME, "attribution": {"speaker": NAME}}
    made = ok(curator.post(f"{API}articles/", make_filing(text=text, quotes=[quote])), 201)
    erased("speaker", made["quotes"][0]["speaker"]["id"])
    left = normalize("NFC", Snapshot.objects.get().text)
    assert "sonecu" not in left.lower().replace("\xad", "").replace("-\n", "")
    assert "zo" not in left.lower()
    assert left.endswith("The press office closed.")
    verified()


def test_the_printed_name_is_blotted_and_one_of_somebody_else_is_not(curator):
    text = "“It rained,” said Zo. “No,” said Ben Sonecu. Ms Sonecu and Zo left. Sonecu stayed."
    quotes = [
        {"text": "It rained,", "speaker": NAME, "attribution": {"speaker": "Zo"}},
        {"text": "No,", "speaker": "Ben Sonecu"},
    ]
    made = ok(curator.post(f"{API}articles/", make_filing(text=text, quotes=quotes)), 201)
    erased("speaker", made["quotes"][0]["speaker"]["id"])
    assert Snapshot.objects.get().text == (
        "“██████████” said ██. “No,” said Ben Sonecu. █████████ and ██ left. Sonecu stayed."
    )


@pytest.mark.parametrize("form", FORMS)
def test_words_that_remain_elsewhere_are_listed_in_every_form(curator, form):
    quote = {"text": WORDS, "speaker": NAME, "attribution": {"speaker": NAME}}
    text = f"“{WORDS},” said {NAME}."
    made = ok(curator.post(f"{API}articles/", make_filing(text=text, quotes=[quote])), 201)
    wire = make_article(FORMS[form](f"{WORDS}. And {NAME}."), headline=FORMS[form](WORDS))
    said = erased("speaker", made["quotes"][0]["speaker"]["id"])
    for column, key in (
        ("sources_snapshot.text", wire.snapshot_id),
        ("sources_article.headline", wire.pk),
        ("sources_revision.state", f"{wire.pk}, version 1"),
    ):
        assert f"  {column} of {key}: " in said


@pytest.mark.parametrize("form", FORMS)
def test_other_outlets_texts_are_redacted_if_asked_for(curator, form):
    text = f"“{WORDS},” said {NAME}. “No,” said Bo Ek. “Yes,” said Bo."
    quote = {"text": WORDS, "speaker": NAME, "attribution": {"speaker": NAME}}
    made = ok(curator.post(f"{API}articles/", make_filing(text=text, quotes=[quote])), 201)
    printed = (
        f"He wrote: “{FORMS[form](WORDS)}”. {FORMS[form](NAME)} left. “It rained,” said Bo Ek."
    )
    wire = {"outlet": "The Wire", "url": "https://wire.example/1", "headline": "Fire"}
    quotes = [{"text": FORMS[form](WORDS)}, {"text": "It rained,", "speaker": "Bo Ek"}]
    ok(curator.post(f"{API}articles/", make_filing(text=printed, quotes=quotes, **wire)), 201)
    said = erased("speaker", made["quotes"][0]["speaker"]["id"], options=("--yes", "--everywhere"))
    assert "Their words were not found anywhere else." in said
    assert holding("burnt the ledger") == []
    assert holding("Sonecu") == []
    assert Quote.objects.get().text == "It rained,"
    verified()


TEXT_COLUMNS = """
SELECT c.table_name, c.column_name FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
    AND (c.data_type IN ('text', 'character varying', 'jsonb', 'json', 'tsvector', 'ARRAY'))
"""


def holding(words: str) -> list[str]:
    """Every column of the database that holds the words, however they are written."""
    (bare,) = sql("SELECT btrim(sources_bare(%s))", [words])[0]
    found = []
    for table, column in sql(TEXT_COLUMNS):
        value = f"sources_bare(replace(\"{column}\"::text, '\\n', E'\\n'))"
        if sql(f'SELECT 1 FROM "{table}" WHERE strpos({value}, %s) > 0 LIMIT 1', [bare]):
            found.append(f"{table}.{column}")
    return found


def test_no_column_of_the_database_holds_a_form_of_what_was_erased(curator, contributor):
    filed = {"text": WORDS, "speaker": NAME, "attribution": {"speaker": NAME}}
    for number, form in enumerate(FORMS.values()):
        text = f"“{WORDS},” said {NAME}. Version {number}: {form(WORDS)}. And Dr {form(NAME)}."
        keyed = {"Idempotency-Key": f"k-{number}"}
        spans = [[1, 1 + len(WORDS)]]
        filing = make_filing(text=text, quotes=[{**filed, "spans": spans}], headline="Fire")
        made = curator.post(f"{API}articles/", publish(filing), headers=keyed)
        assert made.status_code in (200, 201)
        contributor.post(f"{API}quotes/", {"article": made.json()["id"], "text": form(WORDS)})
    quote = Quote.objects.filter(speaker__isnull=False).first()
    quote.dispute("She denies it.")
    curator_of_it, other = make_colleague("ada"), make_quote("It rained again.")
    for noted in (quote, other):
        Note.objects.add(noted, curator_of_it, f"“{WORDS}”: is that {NAME}?")
        look = SecondLook.objects.create(quote=noted)
        look.find("words", curator_of_it, note=f"Not “{WORDS}”", now=NOW)
        report = MistakeReport.objects.create(
            quote=noted, text=f"Not “{WORDS}”", email="zoe.sonecu@reader.example"
        )
        report.answer(curator_of_it, reply=f"{NAME} says that it is right.", now=NOW)
    Assignment.objects.keep(quote, assignee=curator_of_it)
    hook = make_webhook(curator_of_it)
    for column, said in (("url", f"https://cms.example/{NAME}"), ("filters", {"q": WORDS})):
        make_webhook(curator_of_it, **{column: said})
    Delivery.objects.create(webhook=hook, verb="test", time=NOW, answer=f"What? “{WORDS}”, {NAME}")
    SavedView.objects.create(owner=curator_of_it, name=NAME, query={"q": WORDS})
    assert len(holding("burnt the ledger")) > 5
    said = erased("speaker", quote.speaker.pk)
    assert holding("burnt the ledger") == []
    assert holding("Sonecu") == []
    assert "Their words were not found anywhere else." in said
    verified()

"""CSL-JSON and BibTeX, as a citation processor, a BibTeX reader and a LaTeX reader take them."""

import io
import re
import unicodedata

import pytest
from citeproc import (
    Citation,
    CitationItem,
    CitationStylesBibliography,
    CitationStylesStyle,
    formatter,
)
from citeproc.source.json import CiteProcJSON
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from pybtex.database import Entry, parse_string
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

from quotes.models import Quote
from quotes.representations import StatusHistory
from quotes.representations.csl import csl
from quotes.representations.wording import note
from sources.models import Article
from tests.conftest import API, ok
from tests.records import (
    make_article,
    make_broken_quote,
    make_outlet,
    make_quote,
    make_speaker,
)

pytestmark = pytest.mark.django_db

HOST = "http://testserver"

STYLE = b"""<?xml version="1.0" encoding="utf-8"?>
<style xmlns="http://purl.org/net/xbiblio/csl" version="1.0" class="in-text">
  <info>
    <title>One line of everything</title>
    <id>urn:on-record:test-style</id>
    <updated>2026-01-01T00:00:00+00:00</updated>
  </info>
  <citation><layout><text variable="title"/></layout></citation>
  <bibliography>
    <layout delimiter=" | ">
      <group delimiter=" | ">
        <names variable="author"><name and="text" delimiter=", "/></names>
        <text variable="title"/>
        <text variable="container-title"/>
        <date variable="issued">
          <date-part name="year"/>
          <date-part name="month" form="numeric-leading-zeros" prefix="-"/>
          <date-part name="day" form="numeric-leading-zeros" prefix="-"/>
        </date>
        <text variable="URL"/>
        <text variable="note"/>
      </group>
    </layout>
  </bibliography>
</style>
"""

# What the reader of LaTeX does not know of LaTeX's own commands, or reads as a look-alike.
LATEX = get_default_latex_context_db()
LATEX.add_context_category(
    "braces",
    prepend=True,
    macros=[
        MacroTextSpec("textbraceleft", "{"),
        MacroTextSpec("textbraceright", "}"),
        MacroTextSpec("textasciicircum", "^"),
        MacroTextSpec("textless", "<"),
        MacroTextSpec("textgreater", ">"),
        MacroTextSpec("textbar", "|"),
    ],
)


def path_of(quote: Quote) -> str:
    return f"{API}quotes/{quote.pk}/"


def item_of(client, quote: Quote) -> dict:
    (item,) = ok(client.get(path_of(quote), {"format": "csl"}))
    return item


def cited(client, quote: Quote) -> list[str]:
    """The parts of a bibliography's line."""
    items = ok(client.get(path_of(quote), {"format": "csl"}))
    style = CitationStylesStyle(io.BytesIO(STYLE), validate=False)
    bibliography = CitationStylesBibliography(style, CiteProcJSON(items), formatter.plain)
    bibliography.register(Citation([CitationItem(items[0]["id"])]))
    (line,) = bibliography.bibliography()
    return str(line).split(" | ")


def entry_of(client, quote: Quote) -> Entry:
    response = client.get(path_of(quote), {"format": "bibtex"})
    assert response.status_code == 200
    ((key, entry),) = parse_string(response.content.decode(), "bibtex").entries.items()
    assert key == f"onrecord-{quote.pk}"
    return entry


def latex(value: str) -> str:
    """What LaTeX prints, on one line."""
    return one_line(LatexNodes2Text(latex_context=LATEX).latex_to_text(value))


def one_line(text: str) -> str:
    """White space as a line keeps it; control characters cannot be printed."""
    printed = "".join(c for c in text if c.isspace() or unicodedata.category(c) != "Cc")
    return " ".join(printed.split())


def authors(entry: Entry) -> list[str]:
    return [latex(str(person)) for person in entry.persons.get("author", [])]


# What is cited


def test_the_item_is_the_article_by_its_journalists_and_the_note_is_the_quote(reader):
    quote = make_broken_quote()
    captured = quote.snapshot.captured
    url = f"{HOST}{path_of(quote)}"
    assert item_of(reader, quote) == {
        "id": f"onrecord-{quote.pk}",
        "type": "article-newspaper",
        "title": "Quay to close",
        "author": [{"literal": "Ada Lund"}, {"literal": "Bo Ek"}],
        "container-title": "The Harbour Post",
        "issued": {"date-parts": [[2026, 3, 14]]},
        "accessed": {"date-parts": [[captured.year, captured.month, captured.day]]},
        "URL": "https://harbourpost.example/2026/quay",
        "language": "en-GB",
        "note": "“We had no choice, none at all.” (Mara Quill, harbour master, Harbour Board); "
        + url,
    }


def test_a_citation_processor_makes_a_reference_of_it(reader):
    assert cited(reader, make_broken_quote())[:5] == [
        "Ada Lund and Bo Ek",
        "Quay to close",
        "The Harbour Post",
        "2026-03-14",
        "https://harbourpost.example/2026/quay",
    ]


def test_a_bibtex_reader_finds_the_article_the_journalists_and_the_quote(reader):
    quote = make_broken_quote()
    entry = entry_of(reader, quote)
    assert entry.type == "article"
    assert authors(entry) == ["Ada Lund", "Bo Ek"]
    assert dict(entry.fields) == {
        "title": "{Quay to close}",
        "journal": "The Harbour Post",
        "year": "2026",
        "month": "March",
        "day": "14",
        "url": "https://harbourpost.example/2026/quay",
        "urldate": f"{quote.snapshot.captured:%Y-%m-%d}",
        "language": "en-GB",
        "note": entry.fields["note"],
    }
    assert latex(entry.fields["note"]) == item_of(reader, quote)["note"]


@pytest.mark.parametrize(
    ("published", "parts", "fields"),
    [
        ("2026", [2026], {"year": "2026"}),
        ("2026-02", [2026, 2], {"year": "2026", "month": "February"}),
        ("2026-02-03", [2026, 2, 3], {"year": "2026", "month": "February", "day": "3"}),
        (None, None, {}),
    ],
)
def test_a_date_is_cited_as_partial_as_it_is_known(reader, published, parts, fields):
    quote = make_quote(published=published)
    assert item_of(reader, quote).get("issued") == (parts and {"date-parts": [parts]})
    dated = {
        name: v for name, v in entry_of(reader, quote).fields.items() if name in "year month day"
    }
    assert dated == fields
    cited(reader, quote)


def test_what_is_unknown_is_left_out_of_a_citation(reader):
    quote = make_quote(anchor="unanchored")
    said = f"“We had no choice”; {HOST}{path_of(quote)}"
    item = {"id": f"onrecord-{quote.pk}", "type": "article-newspaper", "note": said}
    assert item_of(reader, quote) == item
    entry = entry_of(reader, quote)
    assert entry.type == "misc"
    assert authors(entry) == []
    assert entry.fields.keys() == {"note"}


def test_the_key_stays_whatever_is_corrected(reader, curator):
    quote = make_broken_quote()
    before = item_of(reader, quote)["id"]
    Article.objects.filter(pk=quote.article.pk).update(byline=["Another"], published="2020")
    ok(
        curator.patch(
            path_of(quote), {"speaker": None, "note": "Nobody."}, headers={"If-Match": "*"}
        )
    )
    assert item_of(reader, quote)["id"] == before
    entry_of(reader, quote)


# The note


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "“Words”"),
        ({"attribution_speaker": "Mr Jones"}, "“Words” (Mr Jones)"),
        ({"attribution_speaker": "Jones", "attribution_role": "chair"}, "“Words” (Jones, chair)"),
        ({"kind": "partial"}, "“Words”"),
        ({"kind": "indirect"}, "(Reported speech) Words"),
        ({"kind": "mixed", "attribution_speaker": "Jo"}, "Reported speech (Jo): Words"),
        ({"via": ["the audit", "Sky"]}, "“Words”; by way of the audit; by way of Sky"),
        ({"status": "disputed"}, "“Words”; Disputed"),
    ],
)
def test_the_note_says_the_words_and_no_more_of_the_speaker_than_is_known(reader, values, expected):
    quote = make_quote("Words", **values)
    assert item_of(reader, quote)["note"] == f"{expected}; {HOST}{path_of(quote)}"


def test_an_organisation_that_speaks_as_itself_is_named_once(reader):
    quote = make_quote("Words", speaker=make_speaker("NCA"), attribution_organisation="NCA")
    assert item_of(reader, quote)["note"].startswith("“Words” (NCA);")


def test_the_note_tells_of_retraction_and_corrections():
    quote = Quote.objects.with_parts().get(pk=make_quote("Words", status="retracted").pk)
    life = StatusHistory([], reason="Satire.", corrections=[{"when": "2026", "note": "A comma."}])
    (item,) = csl(quote, life, lambda name, key: "https://here.example/")
    assert item["note"] == "“Words”; Retracted: Satire.; A comma.; https://here.example/"


@pytest.mark.parametrize("words", ["a\ntype: book\nDOI: 10.1/x", "{:type: book}", "title: {:x:"])
@pytest.mark.parametrize("kind", ["direct", "indirect"])
def test_no_words_pass_for_a_field_in_the_eyes_of_programs_that_look_for_them(kind, words):
    quote = make_quote(words, kind=kind, attribution_speaker="type")
    told = note(
        Quote.objects.with_parts().get(pk=quote.pk), StatusHistory([]), lambda name, key: "u"
    )
    assert "\n" not in told
    assert "{:" not in told
    assert not re.match(r"[\w-]+:", told)


# Hostile text


HOSTILE = [
    "} , note = {x",
    "}\n@book{other, title = {x}}",
    '"} # "',
    "\\input{/etc/passwd}",
    "100% & $5 #1 a_b ~c ^d",
    "\\",
    "{",
    "}{",
    "\\}",
    "--- ``a'' ?` !` <<x>> ,,y'' '''",
    "@comment{",
    "and and and",
    "Lund, Ada, Jr.",
    "A\u00a0B\u2028C\u2003D\x1bE",
    "“𝔐ara” d’Été 日本",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_leaves_its_field(reader, text):
    outlet = make_outlet(text)
    article = make_article(
        f"x{text}x", outlet=outlet, headline=text, byline=[text, "Ada Lund"], language="en"
    )
    quote = make_quote(
        text, article=article, speaker=make_speaker(text), attribution_cue="said", via=[text]
    )
    entry = entry_of(reader, quote)
    assert authors(entry) == [one_line(text), "Ada Lund"]
    assert latex(entry.fields["title"]) == one_line(text)
    assert latex(entry.fields["journal"]) == one_line(text)
    assert one_line(text) in latex(entry.fields["note"])
    assert entry.fields.keys() == {"title", "journal", "language", "note"}
    assert item_of(reader, quote)["title"] == text


def test_a_url_stays_in_its_field_and_leads_to_the_same_place(reader):
    quote = make_quote(url="https://x.example/a_b~c%20d?e={f}&g=\\h#i^é")
    assert entry_of(reader, quote).fields["url"] == (
        "https://x.example/a_b~c%20d?e=%7Bf%7D&g=%5Ch#i%5E%C3%A9"
    )


anything = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
        st.sampled_from("\\{}%$#&_~^`'\"-,<>|@=:; \n\t“é"),
    ),
    max_size=60,
)
# PostgreSQL and Python do not call the same characters white space: a letter settles it.
words = anything.map(lambda text: f"x{text}")


def test_any_text_survives_the_way_through_the_readers(reader):
    @settings(max_examples=60, deadline=None)
    @given(text=words, name=words, headline=words, byline=st.lists(words, max_size=3))
    def check(text, name, headline, byline):
        with transaction.atomic():
            speaker, outlet = make_speaker(name), make_outlet(name, slug="an-outlet")
            quote = make_quote(text, anchor="unanchored", speaker=speaker, outlet=outlet)
            Article.objects.filter(pk=quote.article_id).update(headline=headline, byline=byline)
            shapes = {
                form: ok(reader.get(path_of(quote), {"format": form}))
                for form in ("jsonld", "annotation", "prov", "csl")
            }
            entry = entry_of(reader, quote)
            transaction.set_rollback(True)

        assert shapes["jsonld"]["text"] == text
        assert shapes["jsonld"]["creator"]["name"] == name
        printed = shapes["jsonld"]["isBasedOn"]
        assert [author["name"] for author in printed.get("author", [])] == byline
        (selector,) = shapes["annotation"]["target"][0]["selector"]
        assert selector["exact"] == text
        assert text in [entity.get("prov:value") for entity in shapes["prov"]["entity"].values()]
        assert name in [agent["prov:label"] for agent in shapes["prov"]["agent"].values()]
        (item,) = shapes["csl"]
        assert [author["literal"] for author in item.get("author", [])] == byline
        assert (item["title"], item["container-title"]) == (headline, name)
        assert " ".join(text.split()).replace("{:", "{ :") in item["note"]

        assert authors(entry) == [one_line(name) for name in byline]
        assert latex(entry.fields["title"]) == one_line(headline)
        assert latex(entry.fields["journal"]) == one_line(name)
        assert latex(entry.fields["note"]) == one_line(item["note"])
        assert entry.type == "article"

    check()

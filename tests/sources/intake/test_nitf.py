"""NITF: ten documents, after the schema of the IPTC, versions 3.2 to 3.6."""

from html import escape

import pytest

from sources.intake import Document, NotConverted, convert
from tests.sources.intake.stories import STORIES, Story

XMLNS = ' xmlns="http://iptc.org/std/NITF/2006-10-18/"'
DOCTYPE = (
    '<!DOCTYPE nitf SYSTEM "http://www.nitf.org/IPTC/NITF/3.4/specification/dtd/nitf-3-4.dtd">'
)


def converted(document: str):
    return convert(Document(document.encode(), "application/nitf+xml"))


def basic(moment: str) -> str:
    return moment.replace("-", "").replace(":", "") if moment[19] != "-" else moment


def nitf(story: Story, *, doctype: str = "", xmlns: str = "", between: str = "") -> str:
    first, *rest = [f"<p>{escape(each, quote=False)}</p>" for each in story.paragraphs]
    holder = f'<doc.copyright year="2026" holder="{escape(story.outlet)}"/>'
    copyrite = f"<copyrite>{escape(story.rights)}</copyrite>" if story.rights else ""
    byline = " and ".join(escape(name) for name in story.byline)
    return f"""<?xml version="1.0" encoding="utf-8"?>{doctype}
<nitf{xmlns} version="-//IPTC//DTD NITF 3.6//EN" baselang="{story.language}">
<head><title>{escape(story.key)}</title>
<tobject tobject.type="News"><tobject.subject tobject.subject.refnum="11000000"/></tobject>
<docdata management-status="usable"><doc-id id-string="{story.key}" regsrc="wire.example"/>
<urgency ed-urg="4"/><date.issue norm="{basic(story.published)}"/><du-key key="k" version="3"/>
{holder}<key-list><keyword key="harbour"/></key-list></docdata>
<pubdata type="web" name="{escape(story.outlet)}" ex-ref="{story.address}"/>
<revision-history name="desk" norm="{story.published}"/>
<revision-history name="desk" norm="{story.modified}"/></head>
<body><body.head><hedline><hl1>{escape(story.headline)}</hl1><hl2>A line beneath it</hl2></hedline>
<note><body.content><p>For editors only.</p></body.content></note>
<byline>By {byline} <byttl>Staff writers</byttl></byline>{copyrite}
<dateline><location>TORRIGAN</location></dateline><abstract><p>In short.</p></abstract></body.head>
<body.content>{first}{between}{"".join(rest)}
<media media-type="image"><media-reference source="a.jpg"/><media-caption><p>A caption.</p>
</media-caption><media-producer>A photographer</media-producer></media></body.content>
<body.end><tagline>desk@post.example</tagline></body.end></body></nitf>"""


VARIANTS = [
    {"xmlns": XMLNS},
    {"doctype": DOCTYPE},
    {"between": '<p class="pullquote">It should not</p>'},
    {"between": "<!-- a note to the desk --><?page break?>"},
    {"between": '<block class="related"><p>Another story</p></block>'},
]


@pytest.mark.parametrize(("number", "story"), list(enumerate(STORIES)))
def test_a_document_is_its_words_and_particulars(number, story):
    item = converted(nitf(story, **VARIANTS[number % len(VARIANTS)]))
    assert item.text == story.text
    assert item.headline == story.headline
    assert item.byline == list(story.byline)
    assert (item.published, item.modified) == (story.published, story.modified)
    assert (item.language, item.outlet) == (story.language, story.outlet)
    assert (item.external_id, item.url, item.edition) == (story.key, story.address, "3")
    assert item.rights == (story.rights or f"© 2026 {story.outlet}")
    assert item.status == "usable"


def test_subheadings_lists_tables_and_words_marked_up_are_text():
    more = (
        "<hl2>Boats to <em>move</em></hl2><p>The <org>Port Authority</org> of <location><city>"
        "Torrigan</city></location> has\n   <num>40</num> boats.<br/>So it says.</p>"
        "<ul><li>East basin</li><li>Skerrow</li></ul>"
        "<bq><block><p>Stone by stone.</p></block><credit>M. Quill</credit></bq>"
        "<table><tr><th>Basin</th><th>Boats</th></tr><tr><td>East</td><td>25</td></tr></table>"
    )
    text = converted(nitf(STORIES[0], between=more)).text
    assert text.split("\n\n")[1:-3] == [
        "Boats to move",
        "The Port Authority of Torrigan has 40 boats.\nSo it says.",
        "East basin",
        "Skerrow",
        "Stone by stone.",
        "M. Quill",
        "Basin\tBoats",
        "East\t25",
    ]


def test_an_embargo_lasts_until_the_release():
    held = nitf(STORIES[0]).replace('"usable"', '"embargoed"')
    held = held.replace("<urgency", '<date.release norm="20261201T060000Z"/><urgency')
    item = converted(held)
    assert (item.status, item.embargo_until) == ("withheld", "2026-12-01T06:00:00+00:00")
    killed = converted(nitf(STORIES[0]).replace('"usable"', '"killed"'))
    assert killed.status == "canceled"


def test_entities_of_html_are_read_where_a_dtd_is_named():
    item = converted(nitf(STORIES[0], doctype=DOCTYPE, between="<p>caf&eacute;&mdash;bar</p>"))
    assert "café—bar" in item.text


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("<nitf><body><body.content/></body></nitf>", "no text in `body.content`"),
        ("<nitf><body><p>Broken</body></nitf>", "not well-formed XML: .* Mend the document"),
        ("<nitf><body><p>caf&eacute;</p></body></nitf>", "Entity.*Write the character itself"),
        (DOCTYPE + "<nitf><body><p>&unheard;</p></body></nitf>", "“&unheard;” is not known here"),
        ("<other/>", "begins with “other”. Known are nitf"),
        ("", "not well-formed"),
    ],
)
def test_a_document_without_an_article_says_so(document, message):
    with pytest.raises(NotConverted, match=message):
        converted(document)

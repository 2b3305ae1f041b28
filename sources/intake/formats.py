"""The formats by media type; a general type is told by what stands at the root."""

import json
import re
from collections.abc import Collection, Iterator

from sources.intake import feeds, html, jsonld, newsml, ninjs, nitf
from sources.intake.conversion import Conversion, Document, NotConverted, Unknown
from sources.intake.elements import name_of
from sources.intake.fragments import text_of_fragment
from sources.intake.parsing import parse_json, parse_xml, text_of

PAGES = ("text/html", "application/xhtml+xml")
XML = ("application/xml", "text/xml")
JSON = {"application/ninjs+json": ninjs.convert, "application/ld+json": jsonld.convert}
ROOTS = {"nitf": nitf.convert, "newsitem": newsml.convert, "newsmessage": newsml.convert}
FEED_ROOTS = ("rss", "rdf", "feed")

FEEDS = ("application/rss+xml", "application/atom+xml")
"""Media types with several articles."""

MEDIA_TYPES = (
    *PAGES,
    *JSON,
    "application/nitf+xml",
    "application/vnd.iptc.g2.newsitem+xml",
    "application/vnd.iptc.g2.newsmessage+xml",
    *XML,
)
"""Media types with one article."""

FORMATS = {"html": "text/html", "ninjs": "application/ninjs+json", "jsonld": "application/ld+json"}
FORMATS |= dict.fromkeys(("nitf", "newsml"), "application/xml")
"""Media types by the names of formats, for a document in a general type."""


def convert(document: Document) -> Conversion:
    """Convert a document with one article. Raises NotConverted."""
    conversion = _convert(document)
    conversion.document = document
    return conversion


def convert_any(document: Document) -> Conversion:
    """Convert a document, or the markup of an article’s body. Raises NotConverted."""
    return convert_markup(document) if document.media_type in PAGES else convert(document)


def _convert(document: Document) -> Conversion:
    kind = document.media_type.lower()
    if kind not in MEDIA_TYPES:
        raise Unknown(
            f"Documents of the type “{kind[:80]}” are not known. Known are "
            f"{', '.join(MEDIA_TYPES)}."
        )
    text = text_of(document)
    if kind in JSON:
        return JSON[kind](parse_json(text))
    if kind in PAGES:
        return html.convert(text)
    root = parse_xml(text)
    name = name_of(root)
    if name == "html":
        return html.convert(text)
    if name in FEED_ROOTS:
        raise NotConverted("A feed has several articles. Send it to articles/batch/.")
    if name not in ROOTS:
        raise Unknown(
            f"This XML begins with “{name[:40]}”. Known are nitf, newsItem, newsMessage and html."
        )
    return ROOTS[name](root)


def convert_markup(document: Document) -> Conversion:
    """Convert the markup of an article’s body, or its whole page. Raises NotConverted."""
    markup = text_of(document)
    if WHOLE_PAGE.search(markup):
        return convert(document)
    if not (text := text_of_fragment(markup)):
        raise NotConverted("There is no text in this markup. Send the article’s body.")
    return Conversion("html", text, document=document)


WHOLE_PAGE = re.compile(r"<(?:!doctype|html|head|body)\b", re.IGNORECASE)


def articles_in(document: Document) -> Iterator[Conversion | NotConverted]:
    """Convert a document of any kind: its article, or each of a feed, or why there is none."""
    try:
        is_xml = document.media_type in XML
        if document.media_type in FEEDS or (is_xml and feeds.is_feed(text_of(document))):
            yield from convert_feed(document)
        else:
            yield convert(document)
    except NotConverted as refusal:
        yield refusal


def media_type_of(name: str, body: bytes, *, ours: Collection[str]) -> str | None:
    """The media type of a file by its name; JSON is told by its members. None: it has `ours`."""
    suffix = name.lower().rpartition(".")[2]
    if suffix != "json":
        return OF_SUFFIX.get(suffix, "application/xml")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(data, list) or (isinstance(data, dict) and data.keys() & LINKED_DATA):
        return "application/ld+json"
    is_ours = isinstance(data, dict) and not data.keys().isdisjoint(ours)
    return None if is_ours else "application/ninjs+json"


LINKED_DATA = {"@context", "@graph", "@type"}
OF_SUFFIX = {
    **dict.fromkeys(("htm", "html", "xhtml"), "text/html"),
    **{"jsonld": "application/ld+json", "nitf": "application/nitf+xml"},
    **{"rss": "application/rss+xml", "atom": "application/atom+xml"},
}


def convert_feed(document: Document) -> Iterator[Conversion | NotConverted]:
    """Convert a feed: each entry, in order, or why it has no article. Raises NotConverted."""
    text = text_of(document)
    try:
        root = parse_xml(text)
    except NotConverted as broken:
        return feeds.convert_broken(text, broken)
    if name_of(root) not in FEED_ROOTS:
        raise NotConverted(f"This XML begins with “{name_of(root)[:40]}”, not with a feed.")
    return feeds.convert(root)

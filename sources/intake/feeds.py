"""RSS 2.0 and Atom: each entry that has a full text is an article."""

import re
from collections.abc import Iterator
from itertools import pairwise

from lxml import etree

from sources.intake.conversion import Conversion, Document, NotConverted
from sources.intake.elements import (
    XML_LANG,
    Element,
    all_named,
    attribute_of,
    child_of,
    children_of,
    name_of,
    without_namespaces,
)
from sources.intake.fragments import text_of_fragment
from sources.intake.paragraphs import words_of
from sources.intake.parsing import parse_xml
from sources.intake.particulars import (
    MAX_HEADLINE,
    MAX_NOTE,
    address_of,
    date_of,
    id_of,
    language_of,
    line_of,
    names_of,
    time_of,
    unique,
)

MIN_WORDS = 20
"""Of an entry's text: fewer are a teaser."""


def convert(root: Element) -> Iterator[Conversion | NotConverted]:
    """Yield the article of each entry, in the order of the feed, or why it has none."""
    is_atom = name_of(root) == "feed"
    entries = all_named(root, "entry" if is_atom else "item")
    if not entries:
        raise NotConverted("There is no entry in this feed.")
    for entry in entries:
        yield _convert_entry(entry, root)


def convert_broken(text: str, reason: NotConverted) -> Iterator[Conversion | NotConverted]:
    """Yield the articles of a feed that is not well-formed: entry by entry, as far as they are.

    Raises the reason if more than the entries is broken.
    """
    begins, starts = ROOT.search(text), [match.start() for match in STARTS.finditer(text)]
    if not begins or not starts:
        raise reason
    *entries, last = [text[start:end] for start, end in pairwise([*starts, len(text)])]
    end = max(last.rfind("</item>"), last.rfind("</entry>"))
    end = end + len(last[end:].partition(">")[0]) + 1 if end >= 0 else 0
    root = parse_xml(text[: starts[0]] + last[end:])
    for entry in (*entries, last[:end]):
        try:
            wrapped = parse_xml(f"{begins[0]}{entry}</{begins[1]}>")
        except NotConverted as refusal:
            yield refusal
        else:
            yield _convert_entry(wrapped[0], root)


ROOT = re.compile(r"<((?:\w+:)?(?:rss|rdf|feed))\b[^<>]*>", re.IGNORECASE)
STARTS = re.compile(r"<(?:item|entry)[\s>]")


def is_feed(text: str) -> bool:
    """Whether XML, also if it is not well-formed, begins as a feed does."""
    return ROOT.search(text[:FIRST_CHARACTERS]) is not None


FIRST_CHARACTERS = 4_000
"""Of a document, among which its root begins."""


def _convert_entry(entry: Element, root: Element) -> Conversion | NotConverted:
    is_atom = name_of(root) == "feed"
    body = etree.tostring(entry, encoding="utf-8", with_tail=False)
    kind = f"application/{'atom' if is_atom else 'rss'}+xml"
    try:
        conversion = _atom(entry, root) if is_atom else _rss(entry, child_of(root, "channel"))
    except NotConverted as refusal:
        return refusal
    conversion.document = Document(body, kind, "utf-8")
    return conversion


def _rss(item: Element, channel: Element | None) -> Conversion:
    identity = id_of(_text(item, "guid"))
    link = address_of(_text(item, "link"))
    if attribute_of(child_of(item, "guid"), "isPermaLink") != "false":
        link = link or address_of(identity)
    authors = [_of_address(text) for text in _texts(item, "creator") or _texts(item, "author")]
    return Conversion(
        "rss",
        _full_text(_markup(_plain(item, "encoded")) or _markup(_plain(item, "description"))),
        headline=line_of(text_of_fragment(_text(item, "title")), MAX_HEADLINE),
        byline=unique(name for author in authors for name in names_of(author)),
        published=date_of(_text(item, "pubdate") or _text(item, "date")),
        modified=time_of(_text(item, "modified") or _text(item, "updated")),
        language=language_of(_text(item, "language") or _text(channel, "language")),
        url=link,
        outlet=line_of(_text(channel, "title")),
        external_id=identity,
        rights=line_of(_text(item, "rights") or _text(channel, "copyright"), MAX_NOTE),
        license=address_of(_text(item, "license")),
    )


def _atom(entry: Element, feed: Element) -> Conversion:
    source = child_of(entry, "source")
    home = feed if source is None else source
    authors = children_of(entry, "author") or children_of(home, "author")
    return Conversion(
        "atom",
        _full_text(_markup(child_of(entry, "content")) or _markup(child_of(entry, "summary"))),
        headline=line_of(text_of_fragment(_markup(child_of(entry, "title"))), MAX_HEADLINE),
        byline=unique(name for author in authors for name in names_of(_text(author, "name"))),
        published=date_of(_text(entry, "published")),
        modified=time_of(_text(entry, "updated")),
        language=language_of(entry.get(XML_LANG) or feed.get(XML_LANG)),
        url=_link(entry, "alternate") or _link(entry, None),
        outlet=line_of(text_of_fragment(_markup(child_of(home, "title")))),
        external_id=id_of(_text(entry, "id")),
        rights=line_of(_text(entry, "rights") or _text(home, "rights"), MAX_NOTE),
        license=_link(entry, "license"),
    )


def _full_text(markup: str) -> str:
    text = text_of_fragment(markup)
    if len(text.split()) < MIN_WORDS:
        raise NotConverted(
            "This entry has no full text, or only a teaser. Send the article’s page instead."
        )
    return text


def _of_address(author: str) -> str:
    """The name in an RSS author such as `desk@post.example (Ada Lund)`."""
    address, bracket, name = author.partition("(")
    if "@" not in address:
        return author
    return name.rstrip(") ") if bracket else ""


def _markup(element: Element | None) -> str:
    """The content of an element as HTML: escaped, in CDATA, or as elements of XHTML."""
    if element is None:
        return ""
    if len(element):
        return without_namespaces(element)
    text = element.text or ""
    is_plain = element.get("type", "text" if name_of(element) in ATOM_TEXTS else "html") == "text"
    return text.replace("&", "&amp;").replace("<", "&lt;") if is_plain else text


ATOM_TEXTS = frozenset({"content", "summary", "title"})
"""Elements of Atom that are plain text unless they name another type (RFC 4287, 3.1.1)."""


def _link(element: Element, relation: str | None) -> str | None:
    links = children_of(element, "link")
    return next((address_of(e.get("href")) for e in links if e.get("rel") == relation), None)


def _plain(element: Element, name: str) -> Element | None:
    """The child of that name; one of RSS itself before those of its extensions."""
    return min(children_of(element, name), key=_is_foreign, default=None)


def _is_foreign(element: Element) -> bool:
    """Whether an element is of an extension of RSS, or of Atom, whose elements all are alike."""
    return "}" in element.tag


def _texts(element: Element | None, name: str) -> list[str]:
    found = [words_of(each) for each in sorted(children_of(element, name), key=_is_foreign)]
    return [words for words in found if words]


def _text(element: Element | None, name: str) -> str:
    return next(iter(_texts(element, name)), "")

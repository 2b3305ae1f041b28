"""NewsML-G2 of the IPTC: one news item, by itself or alone in a news message."""

from sources.intake import nitf
from sources.intake.conversion import Conversion, NotConverted
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

STATUSES = frozenset({"usable", "withheld", "canceled"})


def convert(root: Element) -> Conversion:
    """Convert a `newsItem`, or a `newsMessage` with one text item."""
    items = [root] if name_of(root) == "newsitem" else all_named(root, "newsitem")
    texts = [item for item in items if _is_text(item)]
    if not texts:
        raise NotConverted("There is no news item with a text in this NewsML-G2 document.")
    if len(texts) > 1:
        raise NotConverted(
            f"There are {len(texts)} news items with a text in this document. Send each by itself."
        )
    return _item(texts[0])


def _is_text(item: Element) -> bool:
    kind = _code(child_of(item, "itemmeta", "itemclass")) or "text"
    return kind == "text" and child_of(item, "contentset") is not None


def _code(element: Element | None) -> str:
    """The last part of a code of the IPTC, given as a QCode or as a URI."""
    code = attribute_of(element, "qcode") or attribute_of(element, "uri") or ""
    return code.rstrip("/").replace("/", ":").rpartition(":")[2]


def _item(item: Element) -> Conversion:
    text, printed = _content(item)
    if not text:
        raise NotConverted(
            "This news item has no text. Send it in `inlineXML` (NITF or XHTML) or `inlineData`."
        )
    meta, content, rights = (child_of(item, n) for n in ("itemmeta", "contentmeta", "rightsinfo"))
    edition = id_of(item.get("version"))
    created = _date(meta, "firstcreated") or _date(content, "contentcreated")
    if not created and edition in (None, "1"):
        created = _date(meta, "versioncreated")
    status = _code(child_of(meta, "pubstatus"))
    return Conversion(
        "newsml-g2",
        text,
        headline=line_of(words_of(child_of(content, "headline")), MAX_HEADLINE)
        or line_of(words_of(child_of(meta, "title")), MAX_HEADLINE)
        or printed["headline"],
        byline=_byline(content) or printed["byline"],
        published=created,
        modified=time_of(words_of(child_of(meta, "versioncreated"))),
        language=language_of(attribute_of(child_of(content, "language"), "tag"))
        or language_of(item.get(XML_LANG)),
        url=_address(item, meta),
        outlet=_outlet(meta, rights),
        external_id=id_of(item.get("guid")),
        edition=edition,
        rights=line_of(words_of(child_of(rights, "copyrightnotice")), MAX_NOTE)
        or line_of(words_of(child_of(rights, "usageterms")), MAX_NOTE),
        license=address_of(attribute_of(child_of(rights, "link"), "href")),
        embargo_until=time_of(words_of(child_of(meta, "embargoed"))),
        status=status if status in STATUSES else None,
    )


def _content(item: Element) -> tuple[str, dict]:
    """The text of the item, and the headline and byline that stand in the content."""
    nothing = {"headline": None, "byline": []}
    contents = [each for each in child_of(item, "contentset") if name_of(each)]
    for content in (each for each in contents if name_of(each) == "inlinexml"):
        for inner in content:
            if name_of(inner) == "nitf" and (text := nitf.text_of_body(inner)):
                return text, nitf.head_of(inner)
            if name_of(inner) not in ("", "nitf") and (text := _markup(inner)):
                return text, nothing
    for content in (each for each in contents if name_of(each) == "inlinedata"):
        if not content.get("encoding") and (text := text_of_fragment(content.text or "")):
            return text, nothing
    return "", nothing


def _markup(element: Element) -> str:
    """The text of XHTML, read as a page’s fragment."""
    body = child_of(element, "body") if name_of(element) == "html" else element
    return "" if body is None else text_of_fragment(without_namespaces(body))


def _byline(content: Element | None) -> list[str]:
    """The byline as printed, else the names of the creators."""
    if names := names_of(words_of(child_of(content, "by"))):
        return names
    return unique(words_of(child_of(each, "name")) for each in children_of(content, "creator"))


def _outlet(meta: Element | None, rights: Element | None) -> str | None:
    """The provider by its name, else the holder of the copyright."""
    for holder in (child_of(meta, "provider"), child_of(rights, "copyrightholder")):
        found = line_of(words_of(child_of(holder, "name")))
        if found := found or line_of(attribute_of(holder, "literal")):
            return found
    return None


def _address(item: Element, meta: Element | None) -> str | None:
    for link in children_of(meta, "link"):
        if (link.get("rel") or "").rpartition(":")[2] in ("permalink", "canonical"):
            return address_of(link.get("href"))
    return address_of(item.get("guid"))


def _date(parent: Element | None, name: str) -> str | None:
    return date_of(words_of(child_of(parent, name)))

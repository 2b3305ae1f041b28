"""Parse what others have written: within limits, without entities, without the network."""

import codecs
import html
import json
import re

from lxml import etree
from lxml.html import HTMLParser, document_fromstring

from sources.intake.conversion import Document, NotConverted

MAX_DEPTH = 250
"""Elements within elements. libxml2 stops at 256, and drops without a word what lies deeper."""

MAX_ELEMENTS = 50_000
"""Of one document; some 3 seconds of work. A long article has a few thousand."""

CHARSETS = re.compile(
    r"utf-?(?:8|16)(?:le|be)?|(?:us-)?ascii|latin-?1|iso-?8859-\d{1,2}|(?:windows-|cp)125\d"
    r"|koi8-[ru]|macintosh|shift_jis|euc-(?:jp|kr)|iso-2022-jp|gb2312|gbk|gb18030|big5",
    re.IGNORECASE,
)
AS_BROWSERS_READ = {"iso8859-1": "cp1252", "ascii": "cp1252"}
"""Character sets that the WHATWG Encoding Standard reads as another."""

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
XML_DECLARES = re.compile(rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]{1,40})["']""")
HTML_DECLARES = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.I)
DECLARED_WITHIN = 4096  # bytes from the beginning
ENTITIES = "The document declares entities. Write the characters themselves."
PROLOG = re.compile(r"^\s*<\?xml[^>]*\?>")


def text_of(document: Document) -> str:
    """Decode a document by its byte order mark, else its media type, else its own declaration.

    Raises NotConverted for another character set than the one declared, and for binary data.
    """
    body, head = document.body, document.body[:DECLARED_WITHIN]
    declares = XML_DECLARES.search(head) or HTML_DECLARES.search(head)
    marked = next((name for mark, name in BYTE_ORDER_MARKS.items() if body.startswith(mark)), None)
    declared = document.charset or (declares and declares[1].decode("ascii")) or "utf-8"
    if not marked and not CHARSETS.fullmatch(declared):
        raise NotConverted(f"The character set “{declared}” is not known here. Send UTF-8.")
    codec = marked or codecs.lookup(declared).name
    if codec.startswith("utf-16") and declares and not marked:
        codec = "utf-8"  # a declaration that can be read in ASCII is not in UTF-16
    try:
        text = body.decode(AS_BROWSERS_READ.get(codec, codec))
    except UnicodeDecodeError as error:
        raise NotConverted(
            f"The document is declared as {declared}, but its byte {error.start:,} is not. "
            "Declare the character set that it has, or send UTF-8."
        ) from error
    if "\0" in text:
        raise NotConverted("The document is binary data, not text: it has null characters.")
    if codec not in ("utf-8", "utf-8-sig", "utf-16") and _is_utf8(body):
        raise NotConverted(
            f"The document is declared as {declared}, but it is in UTF-8. Declare UTF-8."
        )
    return text


def _is_utf8(body: bytes) -> bool:
    """Whether bytes beyond ASCII are all in UTF-8, which no other character set is by chance."""
    if body.isascii():
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def parse_json(text: str):
    try:
        return json.loads(text)
    except RecursionError:
        raise NotConverted("The JSON is nested too deeply. Send one article.") from None
    except ValueError as error:
        raise NotConverted(f"The document is not JSON: {error}.") from error


def parse_xml(text: str) -> etree._Element:
    """Parse XML to its root. Raises NotConverted; what an entity stands for is never looked up."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8"
    )
    try:
        root = etree.fromstring(PROLOG.sub("", text, count=1).encode(), parser)
    except etree.XMLSyntaxError as error:
        what = str(error.msg or "no element").partition(",")[0]
        if "amplification" in what:
            raise NotConverted(ENTITIES) from error
        remedy = "Write the character itself." if "ntity" in what else "Mend the document."
        if "xmlParseEntityRef" in what:
            what, remedy = "an “&” stands alone", "Write “&amp;” for it."
        if "depth" in what:
            what, remedy = "elements are nested too deeply", f"{MAX_DEPTH} levels are the most."
        raise NotConverted(
            f"The document is not well-formed XML: {what} (line {error.lineno}). {remedy}"
        ) from error
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(dtd.iterentities()):
        raise NotConverted(ENTITIES)
    for entity in list(root.iter(etree.Entity)):
        _write_out(entity)
    return _within_limits(root)


def _write_out(entity) -> None:
    """Replace a reference to an entity of HTML, which NITF has too, by its character."""
    if (character := html.unescape(entity.text)) == entity.text:
        raise NotConverted(
            f"The entity “{entity.text}” is not known here. Write the character itself."
        )
    parent, previous = entity.getparent(), entity.getprevious()
    text = character + (entity.tail or "")
    if previous is None:
        parent.text = (parent.text or "") + text
    else:
        previous.tail = (previous.tail or "") + text
    entity.tail = None
    parent.remove(entity)


def parse_html(text: str) -> etree._Element:
    """Parse a page as browsers do, however broken. Raises NotConverted for one beyond limits."""
    parser = HTMLParser(no_network=True, huge_tree=False, encoding="utf-8", remove_pis=True)
    try:
        root = document_fromstring(PROLOG.sub("", text, count=1).encode(), parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise NotConverted("The page is empty, or is no HTML.") from error
    return _within_limits(root)


def _within_limits(root: etree._Element) -> etree._Element:
    depth = 0
    elements = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        elements += event == "start"
        if depth > MAX_DEPTH:
            raise NotConverted(f"Elements are nested too deeply: {MAX_DEPTH} levels are the most.")
        if elements > MAX_ELEMENTS:
            raise NotConverted(f"The document has more than {MAX_ELEMENTS:,} elements.")
    return root

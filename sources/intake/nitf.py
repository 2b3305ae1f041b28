"""NITF 3: the News Industry Text Format of the IPTC, by itself or within NewsML-G2."""

from sources.intake.conversion import Conversion, NotConverted
from sources.intake.elements import (
    XML_LANG,
    Element,
    all_named,
    attribute_of,
    child_of,
    children_of,
    first_named,
    name_of,
)
from sources.intake.paragraphs import paragraphs_of, words_of
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

BESIDE = frozenset(("custom-table", "fn", "media", "nitf-table-metadata", "script", "style"))
"""Elements of the body that are not its text: captions, credits, footnotes, scripts."""

ASIDES = frozenset({"advertisement", "caption", "pullquote", "related", "sidebar", "teaser"})
"""Classes of paragraphs and blocks that are beside the text."""

STATUSES = {
    "usable": "usable",
    **dict.fromkeys(("embargoed", "withheld"), "withheld"),
    **dict.fromkeys(("canceled", "cancelled", "killed"), "canceled"),
}


def convert(root: Element) -> Conversion:
    """Convert a document whose root is `nitf`."""
    text = text_of_body(root)
    if not text:
        raise NotConverted("This NITF document has no text in `body.content`.")
    issued = _attribute(root, "date.issue", "norm")
    issued = issued or _attribute(root, "pubdata", "date.publication")
    released = _attribute(root, "date.release", "norm")
    status = _attribute(root, "docdata", "management-status")
    held = time_of(released) if status == "embargoed" else None
    revised = [each.get("norm") for each in all_named(root, "revision-history")]
    return Conversion(
        "nitf",
        text,
        **head_of(root),
        published=date_of(issued) or date_of(released),
        modified=next((time for each in reversed(revised) if (time := time_of(each))), None),
        language=language_of(root.get("baselang") or root.get(XML_LANG)),
        url=address_of(_attribute(root, "pubdata", "ex-ref")),
        outlet=line_of(_attribute(root, "pubdata", "name"))
        or line_of(words_of(first_named(root, "distributor")))
        or line_of(_attribute(root, "doc-id", "regsrc")),
        external_id=id_of(_attribute(root, "doc-id", "id-string")),
        edition=id_of(_attribute(root, "du-key", "version")),
        rights=_rights(root),
        embargo_until=held,
        status=STATUSES.get(status),
    )


def text_of_body(root: Element) -> str:
    """The paragraphs of `body.content`, without media and asides."""
    body = child_of(root, "body", "body.content")
    return "" if body is None else "\n\n".join(paragraphs_of(body, is_beside))


def is_beside(element: Element) -> bool:
    names = (element.get("class") or "").lower().split()
    return name_of(element) in BESIDE or bool(ASIDES.intersection(names))


def head_of(root: Element) -> dict:
    """Headline and byline, as `body.head` prints them."""
    head = child_of(root, "body", "body.head")
    headline = words_of(child_of(head, "hedline", "hl1")) or words_of(first_named(root, "title"))
    return {"headline": line_of(headline, MAX_HEADLINE), "byline": _byline(head)}


def _byline(head: Element | None) -> list[str]:
    found = []
    for byline in children_of(head, "byline"):
        people = [words_of(each) for each in all_named(byline, "person")]
        words = " ".join(
            paragraphs_of(byline, lambda element: name_of(element) in ("byttl", "virtloc"))
        )
        found += people or names_of(words)
    return unique(found)


def _rights(root: Element) -> str | None:
    if printed := line_of(words_of(first_named(root, "copyrite")), MAX_NOTE):
        return printed
    held = first_named(root, "doc.copyright")
    if held is None:
        return None
    return line_of(f"© {held.get('year') or ''} {held.get('holder') or ''}", MAX_NOTE)


def _attribute(root: Element, name: str, attribute: str) -> str | None:
    return attribute_of(first_named(root, name), attribute)

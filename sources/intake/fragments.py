"""What of a page, or of a piece of one, is not the text of its article."""

import re

from lxml import etree
from lxml.html import HtmlElement

from sources.intake.elements import Element, name_of
from sources.intake.paragraphs import WHITE, paragraphs_of
from sources.intake.parsing import parse_html

SCRIPTED = "button canvas datalist dialog form input option script select style template textarea"
OTHERS = (
    "aside audio embed figcaption figure frame iframe img link map menu meta nav noframes noscript"
    " object picture source svg title track video"
)
NEVER_READ = frozenset(f"{SCRIPTED} {OTHERS}".split())
"""Elements of a page that are not its text."""

ROLES = frozenset(("banner", "complementary", "contentinfo", "dialog", "navigation", "search"))

ASIDE = re.compile(
    r"(?:[a-z]+[-_]+)*(?:pull-?_?quotes?|related\w*|recommended|recommendations?|promos?|newsletters?"
    r"|ads?|advert\w*|sponsor(?:ed)?|shar(?:e|ing)|sharedaddy|social|captions?|credits?|bylines?"
    r"|read-?more|also-?read|more-?stories|author-?(?:bio|box|info)|breadcrumbs?|comments?|cookies?"
    r"|paywall|subscribe|teasers?|tags?|timestamp|sr-only|screen-reader-text|visually-?hidden)"
    r"(?:[-_]+(?:posts?|articles?|stories|links?|list|items?|box|block|widget|container|wrapper"
    r"|slot|unit|text|content|inline|sidebar|left|right|bar|buttons?|tools?|signup|name|body|area"
    r"|form|section|module|banner|embed|top|bottom|\d+))*",
    re.IGNORECASE,
)
"""Names of classes that say that something is beside the article, whatever stands around them."""

EMBEDDED = re.compile(
    r"twitter-(?:tweet|video)|instagram-media|tiktok-embed|bluesky-embed|mastodon-embed|fb-post"
    r"|reddit-embed\S*|embedly-card|text-post-media",
    re.IGNORECASE,
)
EMBEDDED_POST = "[Embedded post]"
"""How a post by somebody else, which a page shows, begins in the text."""

MARKED_UP = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>|&(?:[a-z]+|#\d+|#x[0-9a-f]+);", re.I)

MAY_BE_LINKS = frozenset({"div", "ol", "p", "td", "ul"})
OUTSIDE_LINKS = etree.XPath("descendant::text()[not(ancestor::a)]")
BLOCKS_WITHIN = ("div", "ol", "p", "ul")

LABELS = re.compile(
    r"\W*(?:advertise?ment|anzeige|werbung|publicité|publicidad|publicidade|pubblicità|annons|annonse"
    r"|advertentie|reklame|(?:article|story|text) continues (?:below|after)[\w ]*)\W*",
    re.IGNORECASE,
)
"""Paragraphs that only announce an advertisement."""

SENTENCE_ENDS = (".", "!", "?", "”", "’", '"', "»", "“", "…")


def text_of_fragment(markup: str) -> str:
    """The plain text of an article’s body in HTML; of plain text, its paragraphs."""
    if not MARKED_UP.search(markup):
        return "\n\n".join(line for each in markup.splitlines() if (line := each.strip()))
    root = parse_html(f"<html><body>{markup}</body></html>")
    prune(root)
    return "\n\n".join(paragraphs_of(root))


def prune(root: HtmlElement) -> None:
    """Remove what is not text or is beside the article; write embedded posts as paragraphs."""
    for element in list(root.iter(etree.Element)):
        if element.getparent() is not None and name_of(element) != "body" and is_post(element):
            _mark_post(element)
    words = _length(root)
    for element in list(root.iter()):
        if element.getparent() is None or not is_beside(element):
            continue
        is_small = 2 * _length(element) <= words
        if is_small or name_of(element) in NEVER_READ or _is_only_links(element):
            drop(element)
    for element in list(root.iter("p", "ol", "q", "ul")):
        if name_of(element) == "q":
            _write_quote_marks(element)
        elif not _is_only_links(element):
            _unlink(element)


def _unlink(element: HtmlElement) -> None:
    """Make links of a paragraph or list plain text: they are a part of it."""
    for link in element.findall(".//a"):
        link.tag = "span"


def is_post(element: Element) -> bool:
    return any(EMBEDDED.fullmatch(name) for name in (element.get("class") or "").split())


def _length(element: Element) -> int:
    """Characters of an element’s text; scripts are none."""
    return sum(
        len((each.text or "").strip())
        for each in element.iter(etree.Element)
        if name_of(each) not in ("script", "style")
    )


def is_beside(element: Element) -> bool:
    """Whether an element is not of the article’s own text."""
    name = name_of(element)
    names = f"{element.get('class') or ''} {element.get('id') or ''}".split()
    if not name:
        return True  # a comment
    if name in ("html", "body", "main", "article"):
        return name == "article" and "comment" in " ".join(names).lower()
    if element.get("hidden") is not None or element.get("role") in ROLES:
        return True
    if element.get("aria-hidden") == "true" or "display:none" in _style(element):
        return True
    if any(ASIDE.fullmatch(each) for each in names) and not _holds_article(element):
        return True
    if name == "figure":
        return element.find(".//table") is None
    if name in ("header", "footer"):
        return True
    if name == "p" and len(element) <= 1 and LABELS.fullmatch("".join(element.itertext())):
        return True
    return name in NEVER_READ or (name in MAY_BE_LINKS and _is_only_links(element))


def _style(element: Element) -> str:
    return (element.get("style") or "").replace(" ", "").lower()


def _holds_article(element: Element) -> bool:
    found = element.iter("article", "main", "h1")
    return next(found, None) is not None or element.get("itemprop") == "articleBody"


def _is_only_links(element: Element) -> bool:
    """Whether a block only leads elsewhere: links, and at most a label such as “Read more:”."""
    if next(element.iterdescendants("a"), None) is None:
        return False
    if next(element.iterdescendants(*BLOCKS_WITHIN), None) is not None:
        return False  # its blocks are looked at one by one
    if "".join(element.itertext()).rstrip().endswith(SENTENCE_ENDS):
        return False
    label = "".join(OUTSIDE_LINKS(element)).strip()
    is_label = label.endswith((":", "»", "→", ">")) and len(label.split()) <= 4
    return is_label or not re.search(r"\w", label)


def _write_quote_marks(element: HtmlElement) -> None:
    """Write the quote marks that browsers show around `q`."""
    mark = "\N{LEFT DOUBLE QUOTATION MARK}", "\N{RIGHT DOUBLE QUOTATION MARK}"
    element.text = mark[0] + (element.text or "")
    if len(element):
        element[-1].tail = (element[-1].tail or "") + mark[1]
    else:
        element.text += mark[1]
    element.tag = "span"


def _mark_post(element: HtmlElement) -> None:
    """Put one paragraph in the place of an embedded post: a mark, and its words on one line.

    Frames around the post go, as they may look like something beside the article.
    """
    words = " ".join(part.replace("\n", " ") for part in paragraphs_of(element))
    tail = element.tail
    element.clear()
    element.tag, element.tail = "p", tail
    element.text = f"{EMBEDDED_POST} {words}" if words else None
    while name_of(parent := element.getparent()) in FRAMES and not _has_more(parent, element):
        element.tail = parent.tail
        parent.getparent().replace(parent, element)


FRAMES = frozenset({"div", "figure"})


def _has_more(parent: Element, element: Element) -> bool:
    return len(WHITE.sub("", "".join(parent.itertext()))) > len(WHITE.sub("", element.text or ""))


def drop(element: Element) -> None:
    """Remove an element; the text after it stays."""
    parent, previous = element.getparent(), element.getprevious()
    if tail := element.tail:
        if previous is None:
            parent.text = (parent.text or "") + tail
        else:
            previous.tail = (previous.tail or "") + tail
    element.tail = None
    parent.remove(element)

"""HTML pages: JSON-LD, OpenGraph and meta elements for particulars, trafilatura for the words."""

import re
from importlib.metadata import version
from itertools import islice

from lxml.html import HtmlElement

from sources.intake import jsonld
from sources.intake.conversion import RULES, Conversion, NotConverted
from sources.intake.elements import Element, name_of
from sources.intake.fragments import drop, prune
from sources.intake.paragraphs import paragraphs_of
from sources.intake.parsing import parse_html
from sources.intake.particulars import (
    MAX_HEADLINE,
    MAX_NOTE,
    address_of,
    canonical,
    date_of,
    id_of,
    language_of,
    line_of,
    names_of,
    time_of,
)

MIN_WORDS = 20
"""Of an article: fewer are a notice, or what is left of a page without one."""

MIN_OTHER_WORDS = 60
"""Of a second article on a page: fewer are its announcement."""

MAX_SCRIPTS = 50
"""Blocks of JSON-LD that are read of one page."""

LAYOUT = frozenset({"article", "body", "div", "header", "main", "section"})

OF_OPEN_GRAPH = {
    "headline": ("og:title", "twitter:title", "dc.title"),
    "byline": ("author", "article:author", "dc.creator", "parsely-author", "byl"),
    "published": (
        "article:published_time",
        "og:published_time",
        "datepublished",
        "date",
        "dc.date",
        "dc.date.issued",
        "dcterms.date",
        "parsely-pub-date",
        "pubdate",
    ),
    "modified": ("article:modified_time", "og:updated_time", "datemodified", "last-modified"),
    "language": ("og:locale", "content-language", "dc.language"),
    "url": ("og:url",),
    "outlet": ("og:site_name", "application-name", "dc.publisher"),
    "external_id": ("article:id", "article_id", "articleid", "content-id", "cms-id"),
    "rights": ("copyright", "rights", "dc.rights"),
}
"""Names of meta elements, by particular; the first that is there counts."""


def convert(text: str) -> Conversion:
    """Convert a page with one article. Raises NotConverted for none and for several."""
    root = parse_html(text)
    data = _json_ld(root)
    said = particulars(root, data)
    linked = [jsonld.particulars(each, data)["headline"] for each in jsonld.articles_in(data)]
    _leave_one(root, [each for each in linked if each])
    prune(root)
    _drop_head_lines(root, said)
    paragraphs = main_text(root)
    while paragraphs and (paragraphs[0] == said["headline"] or DATED.fullmatch(paragraphs[0])):
        del paragraphs[0]
    if sum(len(each.split()) for each in paragraphs) < MIN_WORDS:
        raise NotConverted(
            "No article was found on this page. If it has one, send it as JSON with `html`, the "
            "markup of the article itself."
        )
    converter = f"On Record {RULES}, trafilatura {version('trafilatura')}"
    return Conversion("html", "\n\n".join(paragraphs), converter=converter, **said)


DATED = re.compile(
    r"(?:published|updated|posted|veröffentlicht|aktualisiert|stand|publié|mis à jour|publicado"
    r"|actualizado|atualizado|pubblicato|aggiornato|gepubliceerd|bijgewerkt|publisert|oppdatert"
    r"|publicerad|uppdaterad|udgivet|opdateret)\b.{0,60}\b\d{4}\b.{0,60}",
    re.IGNORECASE,
)
"""A line above the text that says when it was published."""


def main_text(root: HtmlElement) -> list[str]:
    """The paragraphs of a page’s main text."""
    # Imported when needed: it takes as long as the rest of the service.
    from trafilatura import bare_extraction

    found = bare_extraction(root, fast=True, include_comments=False, include_tables=True)
    return paragraphs_of(found.body) if found is not None and found.body is not None else []


# Particulars


def particulars(root: HtmlElement, data: list) -> dict:
    """What a page says of its article: JSON-LD before meta elements before the text itself."""
    meta = _meta(root)
    linked = _article_in_json_ld(root, meta, data)
    said = {name: _first(meta, names) for name, names in OF_OPEN_GRAPH.items()}
    own = linked.get("url") or address_of(said["url"])
    base = next((address_of(each.get("href"), own) for each in root.iter("base")), own)
    url, elsewhere = canonical(own, address_of(_link(root, "canonical"), base))
    title = line_of(root.findtext(".//title"), MAX_HEADLINE)
    found = {
        "headline": line_of(said["headline"], MAX_HEADLINE) or _heading(root) or title,
        "byline": names_of(said["byline"]),
        "published": date_of(said["published"]) or _time_element(root),
        "modified": time_of(said["modified"]),
        "language": language_of(root.get("lang")) or language_of(said["language"]),
        "outlet": line_of(said["outlet"]),
        "external_id": id_of(said["external_id"]),
        "edition": None,
        "rights": line_of(said["rights"], MAX_NOTE),
        "license": address_of(_link(root, "license"), own),
    }
    if not found["byline"]:
        found["byline"] = _printed_byline(root)
    found |= {name: value for name, value in linked.items() if value}
    heading = _heading(root)
    if heading and found["headline"] and _continues(heading, found["headline"]):
        found["headline"] = heading  # search engines ask for at most 110 characters
    if found["headline"] and found["outlet"]:
        site = rf"\s+[-–—|•·]\s+{re.escape(found['outlet'])}$"
        found["headline"] = re.sub(site, "", found["headline"])
    return {**found, "url": url, "canonical_url": elsewhere}


def _continues(heading: str, headline: str) -> bool:
    """Whether a headline is the printed one cut short, or with the site’s name after it."""
    rest = headline.removeprefix(heading)
    is_cut = heading.startswith(headline.rstrip("….").rstrip())
    return is_cut or (rest != headline and re.match(r" [-–—|•·] ", rest) is not None)


def _meta(root: HtmlElement) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop")
        name = name or element.get("http-equiv")
        content = (element.get("content") or "").strip()
        is_address = content.startswith("/") or address_of(content)
        is_profile = name in OF_OPEN_GRAPH["byline"] and is_address
        if name and content and not is_profile:
            found.setdefault(name.strip().lower(), content)
    return found


def _first(meta: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((meta[name] for name in names if name in meta), None)


def _link(root: HtmlElement, relation: str) -> str | None:
    for element in root.iter("link", "a"):
        if relation in (element.get("rel") or "").lower().split():
            return element.get("href")
    return None


def _json_ld(root: HtmlElement) -> list:
    """The page’s JSON-LD. Broken blocks say nothing."""
    blocks = (e for e in root.iter("script") if "ld+json" in (e.get("type") or "").lower())
    data = []
    for block in islice(blocks, MAX_SCRIPTS):
        try:
            data.append(jsonld.parse_script(block.text or ""))
        except NotConverted:
            continue
    return data


def _article_in_json_ld(root: HtmlElement, meta: dict[str, str], data: list) -> dict:
    """Particulars of the page’s article in JSON-LD; of several, of the one with its URL."""
    articles = jsonld.articles_in(data)
    if len(articles) > 1:
        here = {url for url in (meta.get("og:url"), _link(root, "canonical")) if url}
        said = [(jsonld.particulars(each, data), each) for each in articles]
        articles = [each for about, each in said if about["url"] in here]
    return jsonld.particulars(articles[0], data) if len(articles) == 1 else {}


def _heading(root: HtmlElement) -> str | None:
    """The text of the page’s only first heading."""
    headings = [text for each in root.iter("h1") if (text := line_of("".join(each.itertext())))]
    return headings[0] if len(set(headings)) == 1 else None


def _time_element(root: HtmlElement) -> str | None:
    for element in root.iter("time"):
        is_named = element.get("pubdate") is not None or element.get("itemprop") == "datePublished"
        named = "publish" in (element.get("class") or "") or "entry-date" in (
            element.get("class") or ""
        )
        if (is_named or named) and (found := date_of(element.get("datetime"))):
            return found
    return None


OF_AUTHORS = re.compile(r"(?:[a-z]+[-_]+)*(?:bylines?|authors?)(?:[-_]+names?)?")
"""Names of classes of a byline."""


def _printed_byline(root: HtmlElement) -> list[str]:
    """The names that the page marks as its authors’, at its first byline."""
    for element in root.iter("a", "span", "p", "div", "address"):
        names = (element.get("class") or "").lower().split()
        is_author = "author" in (element.get("rel") or "").split()
        is_author |= element.get("itemprop") == "author" or any(map(OF_AUTHORS.fullmatch, names))
        if is_author and (found := names_of("".join(element.itertext()))):
            return found
    return []


# What is not the text


def _leave_one(root: HtmlElement, linked: list[str]) -> None:
    """Leave one article on the page: announcements of others go.

    `linked` are the headlines in JSON-LD. Raises NotConverted for several articles side by side.
    """
    own = [e for e in root.iter("article") if _is_of_its_own(e) and _words(e) >= MIN_OTHER_WORDS]
    main = [each for each in own if not _leads_elsewhere(each)]
    if len(own) > 1 and len(main) == 1:
        for other in own:
            if other is not main[0]:
                drop(other)
        return
    titles = [_title_of(each) for each in own]
    if len(own) < 2:
        headings = {line_of("".join(each.itertext())) for each in root.iter("h1", "h2")}
        titles = [f"“{each[:80]}”" for each in dict.fromkeys(linked) if each in headings]
    if len(titles) > 1:
        more = ", …" if len(titles) > 3 else ""
        raise NotConverted(
            f"There are {len(titles)} articles on this page: {', '.join(titles[:3])}{more}. Send "
            "each article’s own page."
        )


def _leads_elsewhere(article: Element) -> bool:
    """Whether the heading of an article is a link, as that of an announcement is."""
    heading = next(article.iter("h1", "h2", "h3"), None)
    return heading is not None and next(heading.iter("a"), None) is not None


def _is_of_its_own(article: Element) -> bool:
    """Whether an element stands for an article and not for a comment or a part of another."""
    names = f"{article.get('class') or ''} {article.get('id') or ''}".lower()
    outer = {name_of(each) for each in article.iterancestors()}
    return "comment" not in names and not outer & {"article", "aside", "footer", "nav"}


def _words(article: Element) -> int:
    return sum(len("".join(each.itertext()).split()) for each in article.iter("p"))


def _title_of(article: Element) -> str:
    heading = next(article.iter("h1", "h2", "h3"), None)
    text = line_of("".join(heading.itertext())) if heading is not None else None
    return f"“{text[:80]}”" if text else "one without a heading"


def _drop_head_lines(root: HtmlElement, said: dict) -> None:
    """Remove headline, byline and date where the page prints them above the text."""
    names = [name.casefold() for name in said["byline"]]
    for element in list(root.iter("h1", "p", "div", "span", "address", "time")):
        if element.getparent() is None or len(element) > 20 or _is_inline(element):
            continue
        text = line_of("".join(element.itertext()), 300)
        if text is None:
            continue
        is_heading = name_of(element) == "h1"
        if is_heading or _is_byline(text.casefold(), names) or _is_date_line(element, text):
            _empty(element)


def _is_inline(element: Element) -> bool:
    """Whether an element is a part of a sentence."""
    if name_of(element) not in ("span", "time"):
        return False
    around = (element.getparent().text or "") + (element.tail or "")
    return name_of(element.getparent()) not in LAYOUT or bool(around.strip())


def _is_byline(line: str, names: list[str]) -> bool:
    """Whether a line has nothing but the authors’ names, joined and introduced."""
    if not names or not any(name in line for name in names):
        return False
    for name in names:
        line = line.replace(name, " ")
    return not WORDS_OF_BYLINES.sub("", line)


WORDS_OF_BYLINES = re.compile(
    r"\b(?:by|von|par|por|di|da|door|av|af|and|und|et|y|e|en|og|och)\b|\W", re.IGNORECASE
)


def _is_date_line(element: Element, line: str) -> bool:
    """Whether a line is a date and at most a word or two about it."""
    times = [element] if name_of(element) == "time" else list(element.iter("time"))
    dated = " ".join("".join(each.itertext()) for each in times).split()
    return bool(dated) and len(line.split()) - len(dated) <= 2 * len(times)


def _empty(element: Element) -> None:
    tail = element.tail
    element.clear()
    element.tail = tail

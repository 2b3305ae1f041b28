"""schema.org NewsArticle in JSON-LD, by itself or in a page."""

from collections.abc import Iterator
from itertools import islice

from sources.intake.conversion import Conversion, NotConverted
from sources.intake.fragments import text_of_fragment
from sources.intake.parsing import parse_json
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

ARTICLES = frozenset({"Article", "BlogPosting", "LiveBlogPosting", "Report", "TechArticle"})
"""Types of schema.org that are articles, beside all that end in NewsArticle."""

MAX_NODES = 10_000


def nodes_of(data) -> Iterator[dict]:
    """Yield the objects at the top of JSON-LD, of `@graph` and of a page’s main entity."""
    todo = [data]
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            todo.extend(reversed(value))
        elif isinstance(value, dict):
            yield value
            todo.extend(value[name] for name in ("mainEntity", "@graph") if name in value)


def types_of(node: dict) -> list[str]:
    types = node.get("@type")
    types = types if isinstance(types, list) else [types]
    return [name.rpartition("/")[2] for name in types if isinstance(name, str)]


def is_article(node: dict) -> bool:
    return any(name in ARTICLES or name.endswith("NewsArticle") for name in types_of(node))


def articles_in(data) -> list[dict]:
    """The articles at the top of JSON-LD; one that is there twice, by its `@id`, once."""
    found = [node for node in islice(nodes_of(data), MAX_NODES) if is_article(node)]
    return list({str(node.get("@id") or id(node)): node for node in found}.values())


def parse_script(text: str):
    """Parse the JSON-LD of a script element, which may stand in a comment or CDATA."""
    return parse_json(text.strip().removeprefix("<!--").removesuffix("-->").strip())


def convert(data) -> Conversion:
    """Convert JSON-LD that has one article with its `articleBody`."""
    articles = articles_in(data)
    if not articles:
        raise NotConverted(
            "There is no NewsArticle or other Article in this JSON-LD. Send the article’s own."
        )
    if len(articles) > 1:
        raise NotConverted(
            f"There are {len(articles)} articles in this JSON-LD. Send each by itself."
        )
    body = articles[0].get("articleBody")
    text = text_of_fragment(body) if isinstance(body, str) else ""
    if not text:
        raise NotConverted("The article has no `articleBody`. Send its text, or its page.")
    return Conversion("json-ld", text, **particulars(articles[0], data))


def particulars(node: dict, data=None) -> dict:
    """What an article in JSON-LD says of itself; `data` is all of it, for what `@id` refers to."""
    known = islice(nodes_of(data), MAX_NODES)
    by_id = {str(each["@id"]): each for each in known if "@id" in each}

    def entity(value) -> dict:
        value = first(value)
        if isinstance(value, dict):
            return by_id.get(str(value["@id"]), value) if {*value} == {"@id"} else value
        return {"name": value}

    def name(value) -> str | None:
        return line_of(first(entity(value).get("name")))

    authors = node.get("author") or node.get("creator")
    authors = authors if isinstance(authors, list) else [authors]
    byline = []
    for author in authors:
        whole = name(author)
        if whole and not address_of(whole):
            byline += names_of(whole) if isinstance(author, str) else [whole]
    page = first(node.get("mainEntityOfPage"))
    page = page.get("@id") or page.get("url") if isinstance(page, dict) else page
    url = address_of(first(node.get("url"))) or address_of(page) or address_of(node.get("@id"))
    identifier = first(node.get("identifier"))
    identifier = identifier.get("value") if isinstance(identifier, dict) else identifier
    licence = first(node.get("license"))
    licence = licence.get("url") or licence.get("name") if isinstance(licence, dict) else licence
    notice = line_of(node.get("copyrightNotice"), MAX_NOTE)
    if not notice and (holder := name(node.get("copyrightHolder"))):
        notice = " ".join(filter(None, ("©", id_of(node.get("copyrightYear")), holder)))
    language = first(node.get("inLanguage"))
    language = language.get("alternateName") if isinstance(language, dict) else language
    return {
        "headline": line_of(first(node.get("headline")), MAX_HEADLINE)
        or line_of(first(node.get("name")), MAX_HEADLINE),
        "byline": unique(byline),
        "published": date_of(first(node.get("datePublished"))),
        "modified": time_of(first(node.get("dateModified"))),
        "language": language_of(language),
        "url": url,
        "outlet": name(node.get("publisher")) or name(node.get("sourceOrganization")),
        "external_id": id_of(identifier),
        "edition": id_of(node.get("version")),
        "rights": notice,
        "license": line_of(licence, MAX_NOTE),
    }


def first(value):
    """The first of a list, else the value."""
    return value[0] if isinstance(value, list) and value else None if value == [] else value

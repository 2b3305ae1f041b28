"""The page of a quote: the words in their place, who said them, proof, history, how to cite."""

from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from quotes.anchoring import HEADLINE
from quotes.api.filing_views import ArticleSnapshots
from quotes.api.views import Quotes
from quotes.models import Quote, Via
from quotes.pages import embed_code
from quotes.pages.answers import ask, page
from quotes.pages.dates import in_words
from quotes.pages.feeds import feed_of
from quotes.pages.frame import Alternate, Page, show
from quotes.pages.notices import notices
from quotes.pages.query import Query
from quotes.pages.quote_history import events
from quotes.pages.results import Shown
from quotes.pages.rights import rights_of, wishes_of
from quotes.representations.wording import MARKED
from sources.api.addresses import path_of, service_url

MAX_OTHERS = 20
"""Quotes of the same act of speaking that are listed; a link leads to all."""


@page
def quote(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = Shown(ask(request, Quotes, "retrieve", pk=pk))
    url = f"{service_url(request)}{path_of('quote', pk)}"
    wishes = wishes_of(shown.outlet)
    is_shared = shown.status in Quote.PUBLIC and not wishes.refuses_embeds
    framed = embed_code.frame(shown, url) if is_shared else None
    about = Page(
        title_of(shown),
        description=f"“{shown.text[:150]}” {embed_code.attributed_to(shown)}".strip(),
        path=path_of("quote", pk),
        og_type="article",
        json_ld=ask(request, Quotes, "retrieve", {"format": "jsonld"}, is_first=False, pk=pk)
        | {"mainEntityOfPage": url},
        alternates=[*alternates(request, shown, url)],
        is_indexed=not wishes.refuses_robots,
    )
    context = {
        "quote": shown,
        "notices": [*notices(shown)],
        "place": place_of(request, shown),
        "others": others(request, shown),
        "chain": [(Via.Kind(step["kind"]).label, step) for step in shown.via],
        "events": events(request, shown),
        "citation": citation(shown, url),
        "bibtex": ask(request, Quotes, "retrieve", {"format": "bibtex"}, is_first=False, pk=pk),
        "kind": Quote.Kind(shown.kind).label,
        **rights_of(shown.article),
        "is_public": shown.status in Quote.PUBLIC,
        "codes": framed and codes(shown, framed, url),
    }
    return show(request, "pages/quote.html", about, context)


def title_of(quote: Shown) -> str:
    who = f"{quote.who}: " if quote.who else ""
    cut = f"{quote.text[:80].rsplit(' ', 1)[0]}…" if len(quote.text) > 80 else quote.text
    return f"{who}“{cut}”" if quote.kind in MARKED else f"{who}{cut}"


def alternates(request: HttpRequest, quote: Shown, url: str):
    """The same quote as JSON and JSON-LD, as a feed if it is public, and by oEmbed if anybody may
    read it.
    """
    yield Alternate("application/json", quote.url)
    yield Alternate("application/ld+json", f"{quote.url}?format=jsonld")
    if quote.status in Quote.PUBLIC:
        yield feed_of(request, Query({"id": quote.id}), "This quote, as it changes")
    if settings.ONRECORD_PUBLIC_READ and quote.status in Quote.PUBLIC:
        asked = urlencode({"url": url})
        place = f"{url[: -len(path_of('quote', quote.id))]}{reverse('pages:oembed')}"
        yield Alternate("application/json+oembed", f"{place}?{asked}", embed_code.title_of(quote))


def place_of(request: HttpRequest, quote: Shown) -> dict | None:
    """Where the words stand: in which captured text, from which code point to which."""
    anchor = quote.anchor
    if not anchor["snapshot"]:
        return None
    asked = {"limit": "200"}
    texts = ask(
        request, ArticleSnapshots, "list", asked, is_first=False, article=UUID(quote.article["id"])
    )
    held = next((text for text in texts["results"] if text["sha256"] == anchor["snapshot"]), None)
    return {
        "in_headline": anchor["in"] == HEADLINE,
        "spans": [(span["start"], span["end"]) for span in anchor["spans"]],
        "sha256": anchor["snapshot"],
        "captured": held and str(held["captured"])[:10],
        "is_latest": held is not None and held is texts["results"][0],
    }


def others(request: HttpRequest, quote: Shown) -> list[Shown]:
    """Other quotes of the same act of speaking."""
    if not quote.others:
        return []
    asked = {"utterance": quote.utterance["id"], "limit": str(MAX_OTHERS + 1)}
    found = ask(request, Quotes, "list", asked, is_first=False)["results"]
    return [Shown(each) for each in found if each["id"] != quote.id][:MAX_OTHERS]


def citation(quote: Shown, url: str) -> str:
    """A reference in one sentence after the other, to copy into a text."""
    words = f"“{quote.text}”" if quote.kind in MARKED else quote.text
    article, parts = quote.article, []
    who = embed_code.attributed_to(quote)
    said = f", {in_words(quote.said)}" if quote.said else ""
    parts.append(f"{words} ({who}{said})" if who else words)
    by = ", ".join(name for name in article["byline"] if name.strip())
    printed = [by, article["headline"] and f"“{article['headline']}”"]
    printed += [
        quote.outlet and quote.outlet["name"],
        quote.published and in_words(quote.published),
    ]
    if source := ", ".join(part for part in (*printed, article["url"]) if part):
        parts.append(f"In: {source}")
    state = "" if quote.status == Quote.Status.PUBLISHED else f", {quote.status}"
    parts.append(f"On Record, version {quote.version}{state}, {url}")
    return ". ".join(parts)


def codes(quote: Shown, framed: embed_code.Frame, url: str) -> list[tuple[str, str, str]]:
    """Name, content and advice of each way to show the quote elsewhere."""
    return [
        ("HTML", framed.html, "A card that always shows the present state of the quote."),
        (
            "WordPress",
            embed_code.wordpress(framed),
            "Paste it into the editor. Or put the address of this page on a line of its own.",
        ),
        (
            "Markdown",
            embed_code.markdown(quote, url),
            "The words as they are now, and a link. It does not change when the quote does.",
        ),
    ]

"""Pages of the guides, rendered once and kept in memory."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import html_safe
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

GUIDES = (
    "file-from-a-cms",
    "clients",
    "webhooks",
    "research-recipes",
    "curation",
    "operations",
    "monitoring",
    "backups",
    "replicas",
    "checkpoints",
    "erasure",
    "reference",
    "design-decisions",
    "benchmarks",
)
"""File names without `.md`, in reading order."""

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
# Wide code and tables scroll by themselves; a keyboard has to reach them.
_MARKDOWN.add_render_rule("table_open", lambda *_: '<div class="wide" tabindex="0"><table>')
_MARKDOWN.add_render_rule("table_close", lambda *_: "</table></div>")
_MARKDOWN.add_render_rule(
    "fence",
    lambda self, *code: RendererHTML.fence(self, *code).replace("<pre>", '<pre tabindex="0">', 1),
)


class Heading(NamedTuple):
    anchor: str
    text: str


@html_safe
class Guide:
    """One guide: its title, its first paragraph, its sections; rendered by `{{ guide }}`."""

    def __init__(self, name: str):
        self.name = name
        self._tokens = _MARKDOWN.parse(Path(__file__).with_name(f"{name}.md").read_text("utf-8"))
        self._headings = dict(_anchored(self._tokens))
        self.title = self._tokens[1].content
        paragraphs = (i for i, token in enumerate(self._tokens) if token.type == "paragraph_open")
        self.summary = text_of(self._tokens[next(paragraphs) + 1])
        self.sections = [heading for tag, heading in self._headings.values() if tag == "h2"]

    def __str__(self) -> str:
        """HTML; markdown-it escapes all text, and lets no HTML of the file through."""
        for index, (_, heading) in self._headings.items():
            self._tokens[index].attrSet("id", heading.anchor)
        for token in self._tokens:
            for link in token.children or ():
                if link.type == "link_open":
                    link.attrSet("href", served(str(link.attrGet("href"))))
        return _MARKDOWN.renderer.render(self._tokens, _MARKDOWN.options, {})


def _anchored(tokens: list[Token]) -> Iterator[tuple[int, tuple[str, Heading]]]:
    """The headings by the index of their token; the anchor of a repeated one gets a number."""
    seen: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            text = text_of(tokens[index + 1])
            anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            seen[anchor] = seen.get(anchor, -1) + 1
            anchor += f"-{seen[anchor]}" if seen[anchor] else ""
            yield index, (token.tag, Heading(anchor, text))


def text_of(inline: Token) -> str:
    return "".join(
        " " if child.type == "softbreak" else child.content for child in inline.children or ()
    )


def served(href: str) -> str:
    """The address of a page for the link to its file: `curation.md#queue`."""
    if found := re.fullmatch(r"([\w-]+)\.md(#.*)?", href):
        return reverse("guide", args=[found[1]]) + (found[2] or "")
    return href


@cache
def guides() -> dict[str, Guide]:
    return {name: Guide(name) for name in GUIDES}


@cache
def _page(name: str) -> str:
    context = {"guides": guides().values(), "guide": guides().get(name)}
    return render_to_string("guide.html", context)


@require_safe
def guide(request: HttpRequest, name: str = "") -> HttpResponse:
    """A guide's page; without a name, the list of guides."""
    if name and name not in guides():
        raise Http404
    return HttpResponse(_page(name))

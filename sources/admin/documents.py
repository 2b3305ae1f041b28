"""The document that a text was converted from, shown as it was filed.

In: the kept bytes of others. Out: a page about them, and a page of HTML in a frame of its own that
runs no script and loads nothing, by CSP `sandbox`; what a browser would load is left out as well.
"""

import json

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.csp import CSP
from django.utils.decorators import method_decorator
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from lxml import html

from sources.admin.html import isolated
from sources.intake import Document, NotConverted
from sources.intake.formats import PAGES
from sources.intake.parsing import parse_html, text_of
from sources.models import SourceDocument
from sources.models.articles import READ_FULL_TEXT

MAX_SHOWN_CHARACTERS = 200_000
"""Of a document's source on its page; a browser is slow with more."""

LEFT_OUT = frozenset(
    {
        *("script", "noscript", "template", "link", "meta", "base", "iframe", "frame", "frameset"),
        *("object", "embed", "applet", "portal", "source", "track", "audio", "video", "form"),
    }
)
"""Elements that would run, load or lead away."""

ADDRESSES = frozenset(
    {
        *("src", "srcset", "href", "action", "formaction", "poster", "background", "data", "ping"),
        *("cite", "longdesc", "manifest", "usemap", "archive", "codebase"),
    }
)
"""Attributes that hold an address. A picture within the document, `data:`, stays."""

FRAMED = {
    "sandbox": True,
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": ["data:"],
    "frame-ancestors": [CSP.SELF],
}
FRAMES = settings.SECURE_CSP | {"frame-src": [CSP.SELF]}


class ShowsDocument:
    """Mixin of the admin of snapshots: the pages of the document that a text came from."""

    def get_urls(self):
        def at(route: str, view, name: str):
            return path(route, self.admin_site.admin_view(view), name=f"sources_snapshot_{name}")

        return [
            at("<path:object_id>/document/", self.document_view, "document"),
            at("<path:object_id>/document/page/", self.framed_view, "framed_document"),
            *super().get_urls(),
        ]

    def _kept(self, request, object_id):
        """The snapshot, and the document that its text was converted from, if it was kept."""
        if not request.user.has_perm(READ_FULL_TEXT) or not self.has_view_permission(request):
            raise PermissionDenied
        snapshot = self.get_object(request, object_id)
        if snapshot is None:
            raise Http404
        return snapshot, SourceDocument.objects.filter(snapshot=snapshot).first()

    @method_decorator(csp_override(FRAMES))
    def document_view(self, request, object_id):
        """When and how a text was converted, and the document: a page as such, or its source."""
        snapshot, kept = self._kept(request, object_id)
        is_page = kept is not None and kept.media_type in PAGES
        shows_source = not is_page or request.GET.get("show") == "source"
        source = source_of(kept) if kept and shows_source else None
        return TemplateResponse(
            request,
            "admin/document.html",
            {
                **self.admin_site.each_context(request),
                "title": "As filed",
                "opts": self.opts,
                "media": self.media,
                "snapshot": snapshot,
                "article": isolated(str(snapshot.article)),
                "kept": kept,
                "bytes": kept and len(kept.body),
                "particulars": [
                    (name, isolated(value))
                    for name, value in (kept.particulars if kept else {}).items()
                ],
                "is_page": is_page,
                "shows_source": shows_source,
                "source": source and source[:MAX_SHOWN_CHARACTERS],
                "is_cut": bool(source) and len(source) > MAX_SHOWN_CHARACTERS,
                "framed": reverse("admin:sources_snapshot_framed_document", args=[snapshot.pk]),
            },
        )

    @method_decorator(xframe_options_sameorigin)
    @method_decorator(csp_override(FRAMED))
    def framed_view(self, request, object_id):
        """A filed page as HTML, for the frame."""
        _, kept = self._kept(request, object_id)
        if kept is None or kept.media_type not in PAGES:
            raise Http404
        return HttpResponse(still(text_of(as_filed(kept))), content_type="text/html; charset=utf-8")


def as_filed(kept: SourceDocument) -> Document:
    return Document(bytes(kept.body), kept.media_type, kept.charset)


def source_of(kept: SourceDocument) -> str:
    """The document's source as text: JSON is indented, everything else is as it was filed."""
    try:
        text = text_of(as_filed(kept))
    except NotConverted:
        return bytes(kept.body).decode("utf-8", "replace")
    if not kept.media_type.endswith("json"):
        return text
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return text


def still(page: str) -> str:
    """A page of HTML without what would run, load or lead away."""
    root = parse_html(page)
    for element in list(root.iter()):
        if not isinstance(element.tag, str):  # a comment
            continue
        if element.tag in LEFT_OUT and element is not root:
            _drop(element)
            continue
        for name, value in element.attrib.items():
            name_ = name.rpartition(":")[2].lower()
            is_picture = value.lstrip().lower().startswith("data:image/")
            if name_.startswith("on") or (name_ in ADDRESSES and not is_picture):
                del element.attrib[name]
    return html.tostring(root, encoding="unicode", doctype="<!DOCTYPE html>")


def _drop(element) -> None:
    """Remove an element; a form keeps the words in it."""
    if element.tag == "form":
        element.drop_tag()
    elif element.getparent() is not None:
        element.drop_tree()

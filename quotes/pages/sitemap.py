"""`/robots.txt` and `/sitemap.xml`: what search engines may list, and where it is.

The index names files of at most 50,000 addresses (sitemaps.org), each by the first id in it, so
that a file costs the same wherever it begins. They hold what anyone may see, and nothing of an
outlet that refuses search engines.
"""

from collections.abc import Iterator
from itertools import chain
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.views.decorators.cache import cache_page
from django.views.decorators.http import require_safe

from quotes.models import Quote
from quotes.representations.wording import rfc3339
from sources.api.addresses import path_of, service_url
from sources.models import Article, Organisation, Outlet, Speaker

MOST_ADDRESSES = 50_000
"""Addresses in one file, the limit of sitemaps.org."""

KEPT_SECONDS = 600
"""How long the index is served again without being read: a new file is found that much later."""

ROWS_AT_ONCE = 2_000  # read and sent together

NOBODY = AnonymousUser()

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
START = '<?xml version="1.0" encoding="UTF-8"?>\n'

CLOSED = ("api", "admin", "export", "feeds", "login", "logout", "names")
"""First parts of paths that are no pages to list. Searches are left out too."""


def listed(kind: str) -> QuerySet:
    """Records of this kind that anyone sees and search engines may list."""
    open_to_robots = Q(outlet=None) | Q(outlet__refuses_robots=False)
    match kind:
        case "quote":
            return Quote.objects.visible_to(NOBODY).listed().filter(open_to_robots)
        case "article":
            articles = Article.objects.visible_to(NOBODY).active()
            return articles.filter(open_to_robots)
        case "speaker":
            return Speaker.objects.visible_to(NOBODY).active().shared()
        case "organisation":
            return Organisation.objects.visible_to(NOBODY).active()
        case "outlet":
            outlets = Outlet.objects.visible_to(NOBODY).active()
            return outlets.filter(refuses_robots=False)
    raise Http404


MODELS = {
    "quote": Quote,
    "article": Article,
    "speaker": Speaker,
    "organisation": Organisation,
    "outlet": Outlet,
}


def is_open() -> bool:
    return settings.ONRECORD_ROBOTS and settings.ONRECORD_PUBLIC_READ


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What crawlers may fetch (RFC 9309): nothing, unless ONRECORD_ROBOTS opens the pages."""
    lines = ["User-agent: *", "Disallow: /"]
    if is_open():
        site = service_url(request)
        lines = [
            "User-agent: *",
            *(f"Disallow: /{part}/" for part in CLOSED),
            "Disallow: /*?",
            f"Sitemap: {site}{reverse('pages:sitemap')}",
        ]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain")


@require_safe
@cache_page(KEPT_SECONDS)
def index(request: HttpRequest) -> HttpResponse:
    """The files of the sitemap. Reads an index of ids once, 0.3 s for 2,000,000 records."""
    if not is_open():
        raise Http404
    site = service_url(request)
    files = (
        f"<sitemap><loc>{site}{reverse('pages:sitemap-file', args=[kind, first])}</loc></sitemap>\n"
        for kind, model in MODELS.items()
        for first in firsts(model)
    )
    lines = [START, f'<sitemapindex xmlns="{NAMESPACE}">\n', *files, "</sitemapindex>\n"]
    return HttpResponse("".join(lines), content_type="application/xml")


def firsts(model: type[Quote]) -> Iterator[UUID]:
    """The first id of each file: of all records, so that files stay when one becomes public."""
    keys = model._default_manager.order_by("pk").values_list("pk", flat=True)
    first = keys.first()
    while first is not None:
        yield first
        first = next(iter(keys.filter(pk__gt=first)[MOST_ADDRESSES - 1 : MOST_ADDRESSES]), None)


@require_safe
def file(request: HttpRequest, kind: str, first: UUID) -> StreamingHttpResponse:
    """The addresses of one file, with when each record was last changed."""
    if not is_open():
        raise Http404
    records = listed(kind)
    key = "slug" if kind == "outlet" else "pk"
    following = MODELS[kind]._default_manager.order_by("pk").filter(pk__gte=first)
    records = records.filter(pk__in=following.values("pk")[:MOST_ADDRESSES]).order_by("pk")
    site = service_url(request)
    rows = records.values_list(key, "updated").iterator(ROWS_AT_ONCE)
    lines = (
        f"<url><loc>{site}{path_of(kind, name)}</loc><lastmod>{rfc3339(updated)}</lastmod></url>\n"
        for name, updated in rows
    )
    written = chain([START, f'<urlset xmlns="{NAMESPACE}">\n'], lines, ["</urlset>\n"])
    return StreamingHttpResponse(written, content_type="application/xml")

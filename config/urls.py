"""Every path: the pages, the API, its documentation, the guides, the admin, and monitoring."""

from functools import cache

from django.contrib import admin
from django.http import HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.routers import SimpleRouter

from config import password_reset
from config.api_root import Root
from config.guides.views import guide
from config.monitoring.views import health, metrics, ready
from quotes.api.batch_views import ArticleBatch
from quotes.api.changes import Changes
from quotes.api.draft_check import DraftCheck
from quotes.api.filing_views import Articles, ArticleSnapshots
from quotes.api.proposals import ArticleProposals
from quotes.api.steps import QuoteSteps
from quotes.api.utterances import Utterances
from quotes.api.views import QuotedSpeakers, Quotes
from quotes.exports import (
    AffiliationExport,
    ArticleExport,
    QuoteExport,
    SpeakerExport,
    UtteranceExport,
)
from quotes.statistics import Facets, Timeline
from quotes.webhooks.views import WebhookDeliveries, Webhooks
from sources.admin.site_search import search_page
from sources.admin.widgets import AutocompleteView
from sources.admin.wikidata import picture
from sources.api.views import Affiliations, Facts, Organisations, Outlets, Snapshots

router = SimpleRouter(use_regex_path=False)
router.register("articles/propose", ArticleProposals, "article-proposals")
router.register("articles/batch", ArticleBatch, "article-batch")
router.register("articles/export", ArticleExport, "article-export")
router.register("articles", Articles, "article")
router.register("articles/<uuid:article>/snapshots", ArticleSnapshots, "article-snapshot")
router.register("snapshots", Snapshots, "snapshot")
router.register("quotes/facets", Facets, "quote-facets")
router.register("quotes/timeline", Timeline, "quote-timeline")
router.register("quotes/export", QuoteExport, "quote-export")
router.register("quotes/check", DraftCheck, "quote-check")
router.register("quotes/steps", QuoteSteps, "quote-steps")
router.register("quotes", Quotes, "quote")
router.register("utterances/export", UtteranceExport, "utterance-export")
router.register("utterances", Utterances, "utterance")
router.register("speakers/export", SpeakerExport, "speaker-export")
router.register("speakers", QuotedSpeakers, "speaker")
router.register("organisations", Organisations, "organisation")
router.register("outlets", Outlets, "outlet")
router.register("affiliations/export", AffiliationExport, "affiliation-export")
router.register("affiliations", Affiliations, "affiliation")
router.register("facts", Facts, "fact")
router.register("changes", Changes, "change")
router.register("webhooks", Webhooks, "webhook")
router.register("webhooks/<uuid:webhook>/deliveries", WebhookDeliveries, "webhook-delivery")


class Document(SpectacularAPIView):
    """The OpenAPI document: the same for everybody, so each process writes it once."""

    @extend_schema(exclude=True)
    def get(self, request):
        renderer = request.accepted_renderer
        charset = f"; charset={renderer.charset}" if renderer.charset else ""
        return HttpResponse(
            written(type(renderer)),
            content_type=f"{renderer.media_type}{charset}",
            headers={"Content-Disposition": f'inline; filename="on-record.{renderer.format}"'},
        )


@cache
def written(renderer: type[BaseRenderer]) -> bytes:
    """Return the document as one of the view's renderers writes it; takes up to a second."""
    document = SchemaGenerator().get_schema(public=True)
    return renderer().render(document, renderer.media_type, {})


# The API's documentation has no data in it: it is open to all.
open_to_all = {
    "authentication_classes": [],
    "permission_classes": [AllowAny],
    "http_method_names": ["get", "head"],
}

# Django tries one pattern after the other: first what is asked for most.
most_asked = ("quote-list", "quote-detail")
api = sorted(router.urls, key=lambda pattern: pattern.name not in most_asked)

urlpatterns = [
    path("api/v1/", include(api)),
    path("", include("quotes.pages.urls")),
    path("health/", health),
    path("ready/", ready),
    path("metrics", metrics),  # where Prometheus looks
    path("favicon.ico", lambda request: HttpResponse(status=204)),  # every browser asks for it
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", include(password_reset.urlpatterns)),
    path(
        "admin/autocomplete/",
        admin.site.admin_view(AutocompleteView.as_view(admin_site=admin.site)),
        name="autocomplete",
    ),
    path("admin/search/", admin.site.admin_view(search_page), name="search"),
    path(
        "admin/wikidata/<slug:item>/picture/",
        admin.site.admin_view(picture),
        name="wikidata-picture",
    ),
    path("admin/", admin.site.urls),
    path("guides", RedirectView.as_view(pattern_name="guides")),
    path("guides/", guide, name="guides"),
    path("guides/<slug:name>/", guide, name="guide"),
    path("api/v1/", Root.as_view({"get": "root"}, registry=router.registry), name="root"),
    path("api/v1/schema/", Document.as_view(**open_to_all), name="schema"),
    path(
        "api/v1/docs/",
        SpectacularSwaggerSplitView.as_view(
            url_name="schema", template_name="docs.html", **open_to_all
        ),
        name="docs",
    ),
]

handler400 = "config.error_pages.bad_request"
handler403 = "config.error_pages.forbidden"
handler404 = "config.error_pages.not_found"
handler500 = "config.error_pages.server_error"

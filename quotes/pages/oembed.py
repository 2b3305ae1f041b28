"""oEmbed (oembed.com, version 1.0): a publishing system asks how to show one of our addresses."""

from http import HTTPStatus
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException, NotAuthenticated, NotFound
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from quotes.pages.answers import Unanswered
from quotes.pages.embed import quote_for_all
from quotes.pages.embed_code import WIDTH, frame, title_of
from quotes.pages.rights import wishes_of
from sources.api.addresses import path_of, service_url
from sources.exceptions import BadParameter

OF_A_QUOTE = ("pages:quote", "pages:embed", "quote-detail")
"""Names of the addresses that can be shown: a quote's page, its card, and its answer of the API."""

CACHE_SECONDS = 3_600
"""How long a consumer may keep the answer: the frame in it is fresh whenever it is shown."""


class OnlyJson(APIException):
    status_code = HTTPStatus.NOT_IMPLEMENTED
    default_code = "not-implemented"
    default_detail = "Only format=json is answered."


class OEmbed(APIView):
    """The frame of a quote's card; of an outlet that refuses embeds, no more than a link.

    It shows what anybody may see, whoever asks. Consumers add parameters of their own, such as
    `dnt`: unknown ones are no fault here.
    """

    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    def get(self, request) -> Response:
        asked = request.query_params
        if asked.get("format", "json") != "json":
            raise OnlyJson
        width, height = (size(asked, name) for name in ("maxwidth", "maxheight"))
        pk = quote_at(asked.get("url", ""), request)
        try:
            quote = quote_for_all(request._request, pk, is_first=False)
        except Unanswered as refusal:
            if refusal.status == HTTPStatus.UNAUTHORIZED:
                raise NotAuthenticated from None
            return Response(
                refusal.data, status=refusal.status, content_type="application/problem+json"
            )
        site = service_url(request._request)
        answer = {
            "version": "1.0",
            "type": "link",
            "title": title_of(quote),
            "provider_name": "On Record",
            "provider_url": f"{site}/",
            "cache_age": CACHE_SECONDS,
        }
        if quote.who:
            answer["author_name"] = quote.who
        if quote.speaker:
            answer["author_url"] = f"{site}{path_of('speaker', quote.speaker['id'])}"
        if not wishes_of(quote.outlet).refuses_embeds:
            url = f"{site}{path_of('quote', pk)}"
            shown = frame(quote, url, width=width or WIDTH, height=height)
            answer |= {
                "type": "rich",
                "html": shown.html,
                "width": shown.width,
                "height": shown.height,
            }
        return Response(answer)


def size(asked, name: str) -> int | None:
    """A parameter in pixels. Raises BadParameter."""
    if (value := asked.get(name)) is None:
        return None
    if not (value.isascii() and value.isdigit() and int(value[:9]) > 0):
        raise BadParameter({name: ["A whole number of pixels, above 0."]})
    return int(value[:9])


def quote_at(url: str, request: HttpRequest) -> UUID:
    """The quote that an address of ours is of. Raises BadParameter without one, else NotFound."""
    if not url:
        raise BadParameter({"url": ["Give the address of a quote’s page."]})
    try:
        asked = urlsplit(url)
        ours = {request.get_host(), urlsplit(service_url(request._request)).netloc}
        if asked.scheme in ("http", "https") and asked.netloc in ours:
            found = resolve(f"{asked.path.removesuffix('/')}/")
            if found.view_name in OF_A_QUOTE:
                return found.kwargs["pk"]
    except (ValueError, Resolver404):
        pass
    raise NotFound("This is not the address of a quote of this service.")

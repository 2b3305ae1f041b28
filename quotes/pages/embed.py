"""A card with a quote for other sites: anyone may frame it, and it shows the present state.

It needs nothing but itself, so a strict page can frame it: no script, no file, and one style, which
its Content-Security-Policy names by hash. It shows what nobody in particular may see: a frame at
another site has no session, and must not show one's own.
"""

from base64 import b64encode
from copy import copy
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from quotes.api.views import Quotes
from quotes.pages.answers import Unanswered, ask
from quotes.pages.frame import tagged
from quotes.pages.notices import notices
from quotes.pages.results import Shown
from quotes.pages.rights import wishes_of
from quotes.representations.wording import MARKED
from sources.api.addresses import path_of, service_url

MAX_BYTES = 15_000  # of a card

WORDS = (1_500, 500, 100)
"""Code points of the words on a card: the most with which it is small enough."""

MAX_NOTICES = 2
"""Notices on a card; the page of the quote has all."""

MAX_ADDRESS = 500  # characters of a link to the article: a longer one is left out


@cache
def policy() -> str:
    """Its own style and nothing else; anybody may frame it."""
    style = render_to_string("pages/embed.css")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors *"
    )


def quote_for_all(request: HttpRequest, pk: UUID, *, is_first: bool = True) -> Shown:
    """The quote as the API shows it without a token, and counts it. Raises Unanswered."""
    anonymous = copy(request)
    anonymous.user = AnonymousUser()
    anonymous.META = {k: v for k, v in request.META.items() if k != "HTTP_AUTHORIZATION"}
    return Shown(ask(anonymous, Quotes, "retrieve", is_first=is_first, pk=pk))


MISSING = {
    HTTPStatus.GONE: "This quote was erased.",
    HTTPStatus.NOT_FOUND: "This quote is not public, or there is none at this address.",
}

LOG_IN = "This quote is for users of On Record. Log in there to read it."


@xframe_options_exempt
@require_safe
def embed(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The card; a sentence and a link instead if there is nothing to show."""
    site = service_url(request)
    context = {"page": f"{site}{path_of('quote', pk)}"}
    status, headers = HTTPStatus.OK, {"Cache-Control": "public, no-cache"}
    try:
        quote = quote_for_all(request, pk)
    except Unanswered as refusal:
        is_private = refusal.status == HTTPStatus.UNAUTHORIZED
        # 401 would have to name a way to log in that works in a frame
        status = HTTPStatus.FORBIDDEN if is_private else HTTPStatus(refusal.status)
        context["said"] = LOG_IN if is_private else MISSING.get(status, "Not available just now.")
        if not is_private:
            context["page"] = f"{site}/"
        if refusal.wait:
            headers["Retry-After"] = refusal.wait
    else:
        if wishes_of(quote.outlet).refuses_embeds:
            context |= {"quote": quote, "is_refused": True}
        else:
            context |= card(quote, site)
    answer = tagged(request, HttpResponse(drawn(context), status=status, headers=headers))
    answer["Content-Security-Policy"] = policy()
    return answer


def card(quote: Shown, site: str) -> dict:
    """What the template shows of a quote."""
    address, successor = quote.article["url"] or "", quote.replaced_by
    return {
        "quote": quote,
        "is_marked": quote.kind in MARKED,
        "notices": [*notices(quote)][:MAX_NOTICES],
        "original": address if len(address) <= MAX_ADDRESS else "",
        "successor": successor and f"{site}{path_of('quote', successor['id'])}",
    }


def drawn(context: dict) -> bytes:
    """The HTML of a card, with as many of the words as it can hold."""
    for most in WORDS:
        body = render_to_string("pages/embed.html", context | {"most": most}).encode()
        if len(body) <= MAX_BYTES:
            break
    return body

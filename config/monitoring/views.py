"""Answers to load balancers and Prometheus. They need no session and no host name."""

import secrets
from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from config.monitoring.metrics import exposition
from config.monitoring.readiness import FAIL, readiness

LISTENER = "onrecord.listener"
"""Key of the WSGI environment of a request to the listener. No header can set it: those begin with
HTTP_."""

FRESH = {"Cache-Control": "no-store"}


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Answer that this process lives. Needs no database."""
    return HttpResponse("ok\n", content_type="text/plain", headers=FRESH)


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Answer whether this process can serve: 503 if it cannot, 200 also with warnings."""
    state = readiness.now()
    status = HTTPStatus.SERVICE_UNAVAILABLE if state["status"] == FAIL else HTTPStatus.OK
    kind = "application/health+json"
    return JsonResponse(state, status=status, content_type=kind, headers=FRESH)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the metrics: at the listener, and elsewhere for `ONRECORD_METRICS_TOKEN` only.

    Where that is set, the listener asks for it too.
    """
    token = settings.ONRECORD_METRICS_TOKEN
    if not settings.METRICS_DIRECTORY or not (token or request.META.get(LISTENER)):
        raise Http404
    given = request.headers.get("Authorization", "")
    if token and not secrets.compare_digest(given.encode(), f"Bearer {token}".encode()):
        headers = {"WWW-Authenticate": 'Bearer realm="On Record"'}
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED, headers=headers)
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST, headers=FRESH)

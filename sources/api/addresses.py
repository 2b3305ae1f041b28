"""URLs of the pages for people, which another app serves under the names `pages:…`."""

from uuid import UUID

from django.conf import settings
from django.db import models
from django.http import HttpRequest
from django.urls import reverse


def service_url(request: HttpRequest | None = None) -> str:
    """The service's own URL without a path: ONRECORD_PUBLIC_URL, else the host of the request.

    Mail and webhooks have no request: then it is the first trusted origin, else the first host.
    """
    if settings.ONRECORD_PUBLIC_URL:
        return settings.ONRECORD_PUBLIC_URL
    if request is not None:
        return request.build_absolute_uri("/")[:-1]
    hosts = settings.ALLOWED_HOSTS or ["localhost"]
    scheme = "https" if settings.SESSION_COOKIE_SECURE else "http"
    known = [*settings.CSRF_TRUSTED_ORIGINS, *(f"{scheme}://{host.lstrip('.')}" for host in hosts)]
    return next((url for url in known if "*" not in url), f"{scheme}://localhost")


def page_path(record: models.Model) -> str:
    """The path of a record's page."""
    return path_of(record._meta.model_name, getattr(record, "slug", None) or record.pk)


def path_of(kind: str, key: UUID | str) -> str:
    """The path of the page of a record of this kind; `key` is an outlet's slug, else its id."""
    return reverse(f"pages:{kind}", args=[key])


def html_url(record: models.Model, request: HttpRequest | None = None) -> str:
    """The absolute URL of a record's page: the `html_url` of the API's answers."""
    return f"{service_url(request)}{page_path(record)}"

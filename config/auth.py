"""Authentication, permissions of the three groups, audit context, and logins to the admin.

Django REST framework loads this module while it defines its first view: it must import no views.
"""

from contextlib import suppress
from ipaddress import ip_address
from time import monotonic
from uuid import uuid4

from django.conf import settings
from django.contrib import admin
from django.shortcuts import render
from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from knox.models import AbstractAuthToken, get_token_model
from rest_framework import exceptions, permissions
from rest_framework.authentication import get_authorization_header
from rest_framework.throttling import BaseThrottle

from sources.ledger.actor import audit_context

MAX_REQUEST_ID = 200  # characters


class RecentTokens:
    """Cache of valid tokens with their users, by digest.

    Django caches permissions on the user, so a change to a token, user or group takes effect after
    at most `SECONDS`.
    """

    SECONDS = 5
    MAX_TOKENS = 10_000

    def __init__(self, clock=monotonic):
        self.clock = clock
        self.found: dict[str, tuple[float, AbstractAuthToken]] = {}

    def get(self, digest: str):
        """Return the token, or None if it was not looked up within `SECONDS`."""
        since, token = self.found.get(digest, (None, None))
        return token if since is not None and self.clock() - since < self.SECONDS else None

    def add(self, token) -> None:
        if len(self.found) >= self.MAX_TOKENS:
            self.found = {}
        self.found[token.digest] = (self.clock(), token)

    def clear(self) -> None:
        self.found = {}


recent_tokens = RecentTokens()


class TokenAuthentication(KnoxTokenAuthentication):
    """`Authorization: Token …` or `Bearer …`: one query by the digest, or none if it is cached."""

    schemes = ("Token", "Bearer")

    def authenticate_header(self, request) -> str:
        return ", ".join(f'{scheme} realm="On Record"' for scheme in self.schemes)

    def authenticate(self, request):
        scheme, *credentials = get_authorization_header(request).split() or [b""]
        if not scheme:
            return None
        # Another scheme is refused, even if reading is public: nobody is anonymous unawares.
        if scheme.lower() not in {known.lower().encode() for known in self.schemes}:
            raise exceptions.AuthenticationFailed(
                "Unknown authentication scheme. Send “Authorization: Bearer” and your token."
            )
        if len(credentials) != 1:
            raise exceptions.AuthenticationFailed("Send one token after the name of the scheme.")
        return self.authenticate_credentials(*credentials)

    def authenticate_credentials(self, token: bytes):
        try:
            digest = hash_token(token.decode("ascii"))
        except (UnicodeDecodeError, TypeError, ValueError):
            raise exceptions.AuthenticationFailed("Invalid token.") from None
        known = recent_tokens.get(digest) or self.look_up(digest)
        if known.expiry and known.expiry < timezone.now():
            raise exceptions.AuthenticationFailed("The token has expired. Ask for a new one.")
        return self.validate_user(known)

    def look_up(self, digest: str):
        known = get_token_model().objects.select_related("user").filter(digest=digest).first()
        if known is None:
            raise exceptions.AuthenticationFailed("Invalid token.")
        recent_tokens.add(known)
        return known


class RecentTokenAuthentication(TokenAuthentication):
    """Accepts only tokens that were looked up within seconds: no query."""

    def look_up(self, digest: str):
        raise exceptions.AuthenticationFailed


class GroupPermissions(permissions.BasePermission):
    """Deny by default: each operation needs one Django permission, which groups have.

    GET needs the model's `view`, POST `add`, PATCH `change`, unless the view's `permissions` names
    another for the action. With ONRECORD_PUBLIC_READ anyone has the `view` permissions. What can be
    deleted is one's own (webhooks): everywhere else there is no such method.
    """

    verbs = {
        **{"GET": "view", "HEAD": "view", "OPTIONS": "view"},
        **{"POST": "add", "PATCH": "change", "DELETE": "delete"},
    }

    def has_permission(self, request, view) -> bool:
        if request.method not in self.verbs or (request.method == "DELETE" and not view.action):
            raise exceptions.MethodNotAllowed(request.method)
        if (queryset := getattr(view, "queryset", None)) is None:
            return False
        model = queryset.model._meta
        usual = f"{model.app_label}.{self.verbs[request.method]}_{model.model_name}"
        needed = view.permissions.get(view.action, usual)
        if request.user and request.user.has_perm(needed):
            return True
        reads = needed == f"{model.app_label}.view_{model.model_name}"
        return settings.ONRECORD_PUBLIC_READ and reads


def request_id_of(request) -> str:
    """Return the client's or a proxy's `X-Request-ID`, else a new UUID."""
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    usable = 0 < len(given) <= MAX_REQUEST_ID and given.isprintable()
    return given if usable else str(uuid4())


def with_audit_context(get_response):
    """Record the changes of a request with its channel, request id and user.

    The response repeats the request id. The API's user is known once a view has read the token
    (`sources.api.endpoints`).
    """

    def middleware(request):
        is_api, is_admin = (request.path.startswith(f"/{at}/") for at in ("api", "admin"))
        is_safe = request.method in permissions.SAFE_METHODS
        request_id = request.request_id = request_id_of(request)
        with audit_context(
            channel="api" if is_api else "admin" if is_admin else "page",
            # Not for requests that only read: loading the session's user may cost a query.
            actor="" if is_api or is_safe else request.user.get_username(),
            request=request_id,
            reason="",
        ):
            response = get_response(request)
        response.setdefault("X-Request-ID", request_id)
        return response

    return middleware


# Logging in to the admin: callables of django-axes


def client_address(request) -> str | None:
    """Return the forwarded address that ONRECORD_PROXIES trusts, else the connection's."""
    for address in (BaseThrottle().get_ident(request), request.META.get("REMOTE_ADDR")):
        with suppress(ValueError):
            return str(ip_address(address))
    return None


def login_attempt(username, address, user_agent, path, request) -> str:
    """Describe a login attempt for the log, on one line whatever was typed as the name."""
    return f"user {username!r} from {address}"


def login_locked(request, response, credentials):
    """Answer 429 with the time to wait, after too many failed logins."""
    wait = settings.AXES_COOLOFF_TIME
    context = {**admin.site.each_context(request), "minutes": wait.seconds // 60}
    answer = render(request, "login_locked.html", context, status=429)
    answer["Retry-After"] = str(wait.seconds)
    return answer

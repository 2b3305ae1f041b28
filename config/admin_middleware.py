"""Sessions, users and messages for the admin. API requests skip them: they bring a token."""

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware

from config.api.problems import API


class SkippedForApi:
    """Skips a middleware for API requests, where it would only cost time."""

    def __call__(self, request):
        skips = request.path.startswith(API)
        return self.get_response(request) if skips else super().__call__(request)


class Sessions(SkippedForApi, SessionMiddleware):
    pass


class Users(SkippedForApi, AuthenticationMiddleware):
    pass


class Messages(SkippedForApi, MessageMiddleware):
    pass

"""The middleware of people at the admin. Requests of the API pass it by: they bring a token."""

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware

from config.api.problems import API


class AtDesk:
    """Does nothing for the API, whose every request it would cost time."""

    def __call__(self, request):
        passes = request.path.startswith(API)
        return self.get_response(request) if passes else super().__call__(request)


class Sessions(AtDesk, SessionMiddleware):
    pass


class Users(AtDesk, AuthenticationMiddleware):
    pass


class Messages(AtDesk, MessageMiddleware):
    pass

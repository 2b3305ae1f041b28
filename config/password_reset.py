"""Password reset by mail, below the admin: Django's own views, forms and tokens.

The worker looks the address up and sends the link. So neither the answer nor the time it takes
tells whether anybody has the address. The link leads to our trusted origin, if one is set: the
host of a request is said by the client.
"""

from hashlib import sha256
from urllib.parse import urlsplit

from axes.utils import reset as end_lock
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views
from django.contrib.auth.forms import PasswordResetForm
from django.core.mail import DEFAULT_MAILER_ALIAS, mailers
from django.urls import path
from procrastinate.contrib.django import app

from config.api.throttling import Counted
from config.auth import client_address


@app.task(name="config.password_reset.send_link")
def send_link(*, email: str, domain: str, use_https: bool) -> None:
    """Send a link to each user who has this address and a password. Django logs what fails."""
    form = PasswordResetForm({"email": email})
    if form.is_valid():
        form.save(domain_override=domain, use_https=use_https)


class RequestForm(PasswordResetForm):
    def save(self, *, request, use_https: bool, **options) -> None:
        domain = request.get_host()
        trusted = [urlsplit(origin) for origin in settings.CSRF_TRUSTED_ORIGINS]
        hosts = [origin.netloc for origin in trusted if "*" not in origin.netloc]
        if hosts and domain not in hosts:
            domain = hosts[0]
        send_link.defer(email=self.cleaned_data["email"], domain=domain, use_https=use_https)


class ResetRate(Counted):
    """Limits the links that a client asks for, and those asked for one address."""

    rate, policy = "5/hour", "password-reset"

    def __init__(self, asked_by: str):
        super().__init__()
        self.asked_by = asked_by

    def get_cache_key(self, request, view) -> str:
        return f"password-reset:{sha256(self.asked_by.encode()).hexdigest()}"


class AdminPage:
    """A page with the admin's header and, for who is logged in, its menu."""

    def get_context_data(self, **context):
        return {**admin.site.each_context(self.request), **super().get_context_data(**context)}


class Request(AdminPage, views.PasswordResetView):
    form_class = RequestForm

    def get_context_data(self, **context):
        return super().get_context_data(is_set_up=DEFAULT_MAILER_ALIAS in mailers, **context)

    def form_valid(self, form):
        if DEFAULT_MAILER_ALIAS not in mailers:
            return self.render_to_response(self.get_context_data(form=form), status=503)
        for asked_by in (client_address(self.request) or "", form.cleaned_data["email"].lower()):
            rate = ResetRate(asked_by)
            if not rate.allow_request(self.request, self):
                context = self.get_context_data(form=form, minutes=int(rate.wait() // 60) + 1)
                answer = self.render_to_response(context, status=429)
                answer["Retry-After"] = str(int(rate.wait()) + 1)
                return answer
        return super().form_valid(form)


class Sent(AdminPage, views.PasswordResetDoneView):
    pass


class Confirm(AdminPage, views.PasswordResetConfirmView):
    def form_valid(self, form):
        answer = super().form_valid(form)
        end_lock(username=self.user.get_username())
        return answer


class Complete(AdminPage, views.PasswordResetCompleteView):
    pass


urlpatterns = [
    path("password_reset/", Request.as_view(), name="admin_password_reset"),
    path("password_reset/done/", Sent.as_view(), name="password_reset_done"),
    path("reset/<uidb64>/<token>/", Confirm.as_view(), name="password_reset_confirm"),
    path("reset/done/", Complete.as_view(), name="password_reset_complete"),
]

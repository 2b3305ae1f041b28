"""Logins with a code of an authenticator app (TOTP, RFC 6238), for users who have a key.

`manage.py authenticator` gives a user a key. Whoever has one needs a code at every login; with
`ONRECORD_REQUIRE_TOTP` staff without one cannot log in. No session begins without these forms.
"""

from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice


def accepts(user, code: str) -> bool | None:
    """Whether the code is right, and was not used before; None if the user has no key.

    After a wrong code, the next are refused for a second, then for two, four and so on.
    """
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
        return None if device is None else device.verify_token(code)


class CodeForm(forms.Form):
    """The part of a login form that asks for the code, where anybody has a key."""

    code = forms.CharField(
        label="Code of your authenticator app",
        help_text="Six digits. Leave it empty if you have not set up an app.",
        required=False,
        max_length=12,
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not (settings.ONRECORD_REQUIRE_TOTP or TOTPDevice.objects.exists()):
            del self.fields["code"]

    def confirm_login_allowed(self, user):
        super().confirm_login_allowed(user)
        code = self.cleaned_data.get("code", "").replace(" ", "")
        match accepts(user, code):
            case None if settings.ONRECORD_REQUIRE_TOTP and user.is_staff:
                raise ValidationError(
                    "You need an authenticator app to log in. Ask an administrator of the server "
                    "to set it up for you.",
                    code="no_key",
                )
            case False:
                raise ValidationError(
                    "Enter the six digits that your authenticator app shows now. After a wrong "
                    "code, wait a little.",
                    code="wrong_code",
                )


class LoginForm(CodeForm, AuthenticationForm):
    field_order = ("username", "password", "code")


class AdminLoginForm(CodeForm, AdminAuthenticationForm):
    field_order = ("username", "password", "code")

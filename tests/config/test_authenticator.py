"""Logging in with a code of an authenticator app, for users who have a key."""

import io
import re
from base64 import b32decode

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from tests.config.test_login import PASSWORD, QUICK

pytestmark = pytest.mark.django_db

PAGES = ("/admin/login/", "/login/")


@pytest.fixture
def mara(settings):
    settings.PASSWORD_HASHERS = [QUICK]
    return get_user_model().objects.create_user("mara", password=PASSWORD, is_staff=True)


def give_key(name: str, *options: str) -> str:
    out = io.StringIO()
    call_command("authenticator", name, *options, stdout=out)
    return out.getvalue()


def code_of(printed: str) -> str:
    key = re.search(r"^Key: +(\w+)$", printed, re.MULTILINE)[1]
    assert f"secret={key}&" in printed
    return f"{totp(b32decode(key)):06}"


def log_in(page: str = PAGES[0], name: str = "mara", **code: str):
    return Client().post(page, {"username": name, "password": PASSWORD, **code})


@pytest.mark.parametrize("page", PAGES)
def test_whoever_has_a_key_needs_its_code_too(mara, page):
    code = code_of(give_key("mara"))
    assert 'name="code"' in Client().get(page).text
    for wrong in ({}, {"code": "nonsense"}):
        answer = log_in(page, **wrong)
        assert answer.status_code == 200
        assert "Enter the six digits" in answer.text
        TOTPDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    assert log_in(page, code=f"{code[:3]} {code[3:]}").status_code == 302


def test_a_code_is_good_for_one_login(mara):
    code = code_of(give_key("mara"))
    assert log_in(code=code).status_code == 302
    assert log_in(code=code).status_code == 200


def test_after_many_wrong_codes_even_the_right_one_has_to_wait(mara):
    code = code_of(give_key("mara"))
    TOTPDevice.objects.update(
        throttling_failure_timestamp=timezone.now(), throttling_failure_count=12
    )
    assert log_in(code=code).status_code == 200


def test_a_wrong_code_is_counted(mara):
    give_key("mara")
    log_in(code="1")
    assert TOTPDevice.objects.get().throttling_failure_count == 1


@pytest.mark.parametrize("page", PAGES)
def test_nobody_is_asked_where_nobody_has_a_key(mara, page):
    assert 'name="code"' not in Client().get(page).text
    assert log_in(page).status_code == 302


def test_others_log_in_without_a_code_unless_staff_must_have_one(mara, settings):
    users = get_user_model().objects
    users.create_user("bo", password=PASSWORD, is_staff=True)
    users.create_user("reader", password=PASSWORD)
    give_key("mara")
    assert log_in(name="bo").status_code == 302
    settings.ONRECORD_REQUIRE_TOTP = True
    refused = log_in(name="bo")
    assert refused.status_code == 200
    assert "You need an authenticator app" in refused.text
    assert log_in("/login/", "bo").status_code == 200
    assert log_in("/login/", "reader").status_code == 302


def test_a_new_key_replaces_the_old_one_and_can_be_removed(mara):
    old, new = code_of(give_key("mara")), code_of(give_key("mara"))
    assert TOTPDevice.objects.count() == 1
    if old != new:  # by chance, once in a million
        assert log_in(code=old).status_code == 200
    assert give_key("mara", "--remove") == "Removed.\n"
    assert give_key("mara", "--remove") == "There was none.\n"
    assert log_in().status_code == 302
    with pytest.raises(CommandError, match="no user"):
        give_key("nobody")


def test_the_admin_shows_nobody_a_key(admin_client):
    assert admin_client.get("/admin/otp_totp/totpdevice/").status_code == 404

"""Reads the environment: each kind of value by one function, which refuses what makes no sense.

Each raises ImproperlyConfigured, which names the variable and says what to write. What may be a
secret is not repeated.
"""

import os
import re
from email.utils import parseaddr

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

env = environ.Env()


def rate(name: str, default: str) -> str:
    given = env.str(name, default=default)
    if not re.fullmatch(r"[1-9][0-9]*/(s|sec|m|min|h|hour|d|day)", given):
        raise ImproperlyConfigured(f"{name}={given}: write requests per time, such as {default}.")
    return given


def number(name: str, default: int, *, least: int, most: int) -> int:
    given = env.str(name, default=str(default))
    if not (given.isascii() and given.isdigit() and least <= int(given[:9]) <= most):
        raise ImproperlyConfigured(f"{name}={given}: write a number from {least} to {most}.")
    return int(given)


def choice(name: str, default: str, *others: str) -> str:
    given = env.str(name, default=default)
    if given not in (default, *others):
        raise ImproperlyConfigured(f"{name}={given}: write {' or '.join([default, *others])}.")
    return given


def public_url(name: str) -> str:
    given = env.str(name, default="")
    if given and not re.fullmatch(r"https?://[^/?#\s@]+", given):
        raise ImproperlyConfigured(f"{name}={given}: write a URL such as https://quotes.example.")
    return given


def log_keys(name: str) -> list[str]:
    given = env.list(name, default=[])
    if any(
        not re.fullmatch(r"PRIVATE\+KEY\+[^\s+]+\+[0-9a-f]{8}\+[\w+/]+=*", key) for key in given
    ):
        raise ImproperlyConfigured(  # without the value, which is a secret
            f"{name}: write keys as `manage.py checkpoint --new-key NAME` prints them, separated "
            "by commas."
        )
    return given


def origins(name: str) -> list[str]:
    """Origins of a list, as browsers send them; `*` is all."""
    given = env.list(name, default=[])
    for one in given:
        if one != "*" and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", one):
            raise ImproperlyConfigured(
                f"{name}={one}: write origins such as https://www.example, separated by commas, "
                "or * for all."
            )
    return given


def address(name: str) -> tuple[str, int] | None:
    """Where to listen: host and port."""
    given = env.str(name, default="")
    if not given:
        return None
    read = re.fullmatch(r"\[?([A-Za-z0-9.:-]+?)\]?:([0-9]{1,5})", given)
    if not read or not 1 <= int(read[2]) <= 65535:
        raise ImproperlyConfigured(
            f"{name}={given}: write an address and a port, such as 127.0.0.1:8001."
        )
    return read[1], int(read[2])


def folder(name: str) -> str | None:
    given = env.str(name, default="")
    if given and not os.access(given, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"{name}={given}: name a folder that the service can write to.")
    return given or None


def mailers(name: str, *, trial: bool) -> dict:
    """MAILERS of a URL. Without it a trial prints its mail, and production sends none."""
    given = env.str(name, default="") or ("consolemail://" if trial else "")
    if not given:
        return {}
    ports = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
    scheme = given.partition(":")[0]
    try:
        read = env.email_url_config(given)
        if scheme not in {*ports, "consolemail"} or (scheme in ports and not read["EMAIL_HOST"]):
            raise ValueError
    except (ImproperlyConfigured, ValueError):
        # Without the value, which has a password in it.
        raise ImproperlyConfigured(
            f"{name}: write smtp+tls://user:password@host:587, "
            "smtp+ssl://user:password@host:465, smtp://host:25 or consolemail://."
        ) from None
    mailer = {"BACKEND": read["EMAIL_BACKEND"]}
    if scheme in ports:
        mailer["OPTIONS"] = {
            "host": read["EMAIL_HOST"],
            "port": read["EMAIL_PORT"] or ports[scheme],
            "username": read["EMAIL_HOST_USER"],
            "password": read["EMAIL_HOST_PASSWORD"],
            "use_tls": scheme == "smtp+tls",
            "use_ssl": scheme == "smtp+ssl",
            "timeout": 10,  # seconds: the worker does other things too
        }
    return {"default": mailer}


def sender(name: str, *, sends: bool) -> str:
    given = env.str(name, default="")
    if sends or given:
        try:
            validate_email(parseaddr(given)[1])
        except ValidationError:
            raise ImproperlyConfigured(
                f"{name}={given}: write the address that mail comes from, such as "
                "On Record <on-record@quotes.example>. EMAIL_URL needs it."
            ) from None
    return given or "On Record <on-record@localhost>"

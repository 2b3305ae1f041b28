"""Recordings of what was said: an address, with the range of time in it.

The range is a temporal fragment of W3C Media Fragments URI 1.0: `#t=61,75.5`, `#t=1:01,1:15.5` or
`#t=npt:61`, from a second to another; without the first from the beginning, without the second to
the end. A recording needs none.
"""

import re
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models

MAX_ADDRESS = 2000
"""Characters of an address, as of any other."""

SECONDS = re.compile(r"(?:(?:(\d+):)?([0-5]\d|\d):(?=\d\d))?(\d+)(\.\d*)?")


def time_range(address: str) -> tuple[float, float | None] | None:
    """The seconds from which and to which a recording is meant; None for all of it.

    Raises ValueError if it is a range that cannot be.
    """
    parts = urlsplit(address).fragment.split("&")
    given = [unquote(part[2:]) for part in parts if part.startswith("t=")]
    if not given:
        return None
    start, comma, end = given[-1].removeprefix("npt:").partition(",")
    first = _seconds(start) if start else 0.0
    last = _seconds(end) if comma else None
    if not (start or end) or (last is not None and last <= first):
        raise ValueError(given[-1])
    return first, last


def _seconds(text: str) -> float:
    found = SECONDS.fullmatch(text)
    if not found:
        raise ValueError(text)
    hours, minutes, whole, part = found.groups()
    if minutes and int(whole) > 59:
        raise ValueError(text)
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(whole + (part or ""))


def validate_time_range(address: str) -> None:
    """Refuse an address whose time range cannot be."""
    try:
        time_range(address)
    except ValueError as error:
        raise ValidationError(
            f"“{str(error)[:60]}” is no time range. Write the seconds from and to, as #t=61,75.5, "
            "or as #t=1:01,1:15.5."
        ) from error


def media_field() -> models.CharField:
    """The column for the address of a recording."""
    rules = [URLValidator(["http", "https"]), validate_time_range]
    return models.CharField(max_length=MAX_ADDRESS, null=True, blank=True, validators=rules)

"""Particulars as a filing takes them: dates with their zone, names, languages, addresses."""

import re
from collections.abc import Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from sources.dates import PartialDate

MAX_HEADLINE = 2000  # characters, as in a filing
MAX_NAME = 500
MAX_NAMES = 100
MAX_ID = 200
MAX_NOTE = 2000  # of rights and licences

WHITE = re.compile(r"\s+")


def line_of(value, longest: int = MAX_NAME) -> str | None:
    """A string on one line; None for another value, an empty or a longer one."""
    if not isinstance(value, str):
        return None
    line = WHITE.sub(" ", value).strip()
    return line if 0 < len(line) <= longest else None


def id_of(value) -> str | None:
    """An identifier or a version, which may be a number."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return line_of(str(value) if is_number else value, MAX_ID)


# Dates

BASIC = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{2}:?\d{2})?)?$")
EXTENDED = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
ZONE_WITHOUT_COLON = re.compile(r"(:\d{2}(?:[.,]\d+)?) ?([+-]\d{2})(\d{2})$")


def date_of(value) -> str | None:
    """A time with its offset, or a date of a time without one, or a partial date; else None.

    Reads ISO 8601, extended and basic, and RFC 5322, as feeds have it.
    """
    if not (text := line_of(value, 60)):
        return None
    try:
        if basic := BASIC.match(text):
            year, month, day, hour, minute, second, zone = basic.groups()
            text = f"{year}-{month}-{day}"
            text += f"T{hour}:{minute}:{second or '00'}{zone or ''}" if hour else ""
        if EXTENDED.match(text):
            moment = datetime.fromisoformat(ZONE_WITHOUT_COLON.sub(r"\1\2:\3", text))
        elif text[:4].isdigit():
            return str(PartialDate.parse(text))
        else:
            moment = parsedate_to_datetime(text)
        day = str(PartialDate.on(moment.date()))
    except (ValueError, OverflowError, IndexError):
        return None
    return moment.isoformat() if moment.tzinfo else day


def time_of(value) -> str | None:
    """A time with its offset from UTC; None for less."""
    found = date_of(value)
    return found if found and "T" in found else None


# Names

BY = re.compile(r"(?:By|Von|Par|Por|Di|Da|Door|Av|Af|Text|Texto|Texte|Testo):? +", re.IGNORECASE)
AND = re.compile(
    r"\s*(?:[,;|/·•]|(?<=\s)(?:and|und|et|y|e|en|og|och|with|mit)(?=\s)|&)\s*(?:and\s+)?"
)


def names_of(byline) -> list[str]:
    """The names in a line such as “By Ada Lund and Bo Wirén, Berlin”."""
    line = line_of(byline, MAX_HEADLINE)
    if not line:
        return []
    line = BY.sub("", line, count=1) if BY.match(line) else line
    return unique(name.strip(" .:") if len(name) > 3 else name for name in AND.split(line))


def unique(names: Iterable[str | None]) -> list[str]:
    """Names that a byline can have, each once."""
    return list(dict.fromkeys(name for name in map(line_of, names) if name))[:MAX_NAMES]


# Languages and addresses

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def language_of(value) -> str | None:
    """A BCP 47 tag; `en_GB` is read as one. None: not known."""
    tag = (line_of(value, 35) or "").replace("_", "-")
    return tag if LANGUAGE.fullmatch(tag) and not tag.lower().startswith("und") else None


def address_of(value, base: str | None = None) -> str | None:
    """An absolute http or https URL with a host; a relative one is joined to `base`."""
    if not (url := line_of(value, MAX_HEADLINE)):
        return None
    try:
        url = urljoin(base, url) if base else url
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return url if is_web and " " not in url and len(url.encode()) <= MAX_HEADLINE else None


SAME_SITE = re.compile(r"^(?:www|m|amp|mobile)\.")


def host_of(url: str) -> str:
    """The host of a URL, without the prefixes of the same site."""
    host = urlsplit(url).hostname or ""
    while shorter := SAME_SITE.match(host):
        host = host[shorter.end() :]
    return host


def canonical(own: str | None, declared: str | None) -> tuple[str | None, str | None]:
    """The URL of an article, and the canonical one if that is another site's.

    `own` is where the page says that it stands, `declared` its `rel=canonical`. That wins if it is
    of the same site and has a path.
    """
    if not declared or not urlsplit(declared).path.strip("/"):
        return own, None
    if not own or host_of(own) == host_of(declared):
        return declared, None
    return own, declared

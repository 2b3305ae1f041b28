"""Fetch items of Wikidata: labels, descriptions, and pictures from Wikimedia Commons.

Only `manage.py fetch_wikidata` does so. Every answer has a time-out and a limit of size, and of a
picture only the kinds that browsers show without running anything are kept.
"""

import html
import json
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.utils import timezone
from django.utils.html import strip_tags

from sources.models import WikidataItem

TIMEOUT = 10
"""Seconds that a server may take to answer, or to send more."""

MAX_ANSWER_BYTES = 8 * 1024 * 1024  # the largest items have some megabytes of statements
MAX_PICTURE_BYTES = 200 * 1024
PICTURE_WIDTH = 240  # pixels: twice what a profile shows, for dense screens

MAX_TEXT = 500
"""Characters of a label, a description or a credit that are kept."""

PICTURE = "P18"
"""Wikidata's property “image”."""

SIGNATURES = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
"""First bytes of the pictures that are kept."""


class FetchError(Exception):
    """The server did not answer as it should. The message says how."""


@dataclass(frozen=True)
class Wikimedia:
    """Where to ask, in which language, and under which name: Wikimedia wants to know who asks."""

    wikidata: str
    commons: str
    language: str
    user_agent: str

    def fetch(self, item: str) -> WikidataItem:
        """Ask for an item and its picture, and keep both. Raises FetchError."""
        found = self._item(item)
        kept = WikidataItem(id=item, fetched=timezone.now())
        if found is not None:
            try:
                kept.label = self._in_language(found.get("labels"))
                kept.description = self._in_language(found.get("descriptions"))
            except (KeyError, AttributeError, TypeError) as error:
                raise FetchError("Wikidata's answer has no readable labels.") from error
            if name := _picture_name(found):
                self._add_picture(kept, name)
        kept.save()
        return kept

    def _item(self, item: str) -> dict | None:
        answer = self._json(
            self.wikidata,
            action="wbgetentities",
            ids=item,
            props="labels|descriptions|claims",
            languages="|".join(dict.fromkeys([self.language, "mul", "en"])),
        )
        try:
            (found,) = answer["entities"].values()  # under another id, if it was merged
            return None if "missing" in found else found
        except (KeyError, ValueError, AttributeError, TypeError) as error:
            raise FetchError("Wikidata's answer has no item.") from error

    def _in_language(self, texts: dict | None) -> str | None:
        for language in (self.language, "mul", "en"):
            if texts and language in texts:
                return _plain(texts[language]["value"])[:MAX_TEXT]
        return None

    def _add_picture(self, item: WikidataItem, name: str) -> None:
        """The picture in a small size, with its credit; none if it is too large or of no kind."""
        answer = self._json(
            self.commons,
            action="query",
            titles=f"File:{name}",
            prop="imageinfo",
            iiprop="url|extmetadata",
            iiurlwidth=PICTURE_WIDTH,
            iiextmetadatafilter="Artist|LicenseShortName",
        )
        try:
            (page,) = answer["query"]["pages"].values()
            (about,) = page["imageinfo"]
            url, described = about["thumburl"], about["descriptionurl"]
            said = [about["extmetadata"][key]["value"] for key in ("Artist", "LicenseShortName")]
        except (KeyError, ValueError, AttributeError, TypeError):
            return  # no picture without its author and licence
        if not (self._is_wikimedia(url) and self._is_wikimedia(described)):
            return
        picture = self._get(url, MAX_PICTURE_BYTES)
        kind = picture and media_type(picture)
        if kind:
            item.picture, item.picture_type, item.picture_page = picture, kind, described
            item.credit = ", ".join(_plain(each) for each in said)[:MAX_TEXT]

    def _is_wikimedia(self, url: str) -> bool:
        """Whether a URL in an answer leads where we were sent to ask, or to its pictures."""
        parts = urlsplit(url)
        own = {urlsplit(self.wikidata).netloc, urlsplit(self.commons).netloc}
        is_upload = parts.scheme == "https" and parts.netloc.endswith(".wikimedia.org")
        return parts.scheme in ("http", "https") and (is_upload or parts.netloc in own)

    def _json(self, site: str, **asked) -> dict:
        url = f"{site}/w/api.php?{urlencode({'format': 'json', **asked})}"
        answer = self._get(url, MAX_ANSWER_BYTES)
        if answer is None:
            raise FetchError(f"The answer is larger than {MAX_ANSWER_BYTES:,} bytes.")
        try:
            return json.loads(answer)
        except (ValueError, RecursionError) as error:
            raise FetchError("The answer is not JSON.") from error

    def _get(self, url: str, limit: int) -> bytes | None:
        """The body of an answer; None if it is larger than the limit."""
        request = Request(url, headers={"User-Agent": self.user_agent})  # noqa: S310 (checked)
        try:
            with build_opener(_StaysThere(self)).open(request, timeout=TIMEOUT) as answer:
                body = answer.read(limit + 1)
        except HTTPError as error:
            raise FetchError(f"HTTP status {error.code}.") from error
        except (URLError, OSError, ValueError, HTTPException) as error:
            raise FetchError(f"No answer: {error}") from error
        return body if len(body) <= limit else None


class _StaysThere(HTTPRedirectHandler):
    """Follows a redirect only to Wikimedia: another could lead into our own network."""

    def __init__(self, site: Wikimedia):
        self.site = site

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if not self.site._is_wikimedia(newurl):
            raise FetchError("It redirects elsewhere.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def media_type(picture: bytes) -> str | None:
    """The media type by the first bytes, whatever the server says; None if it is not kept."""
    if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for begin, kind in SIGNATURES.items() if picture.startswith(begin)), None)


def _picture_name(item: dict) -> str | None:
    try:
        return str(item["claims"][PICTURE][0]["mainsnak"]["datavalue"]["value"])
    except (KeyError, IndexError, TypeError):
        return None


def _plain(text: str) -> str:
    """The text of HTML, on one line, without what PostgreSQL cannot store."""
    return " ".join(html.unescape(strip_tags(str(text))).replace("\0", "").split())

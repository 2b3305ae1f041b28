"""Many filings: lines of JSON or converted documents, grouped into transactions and filed.

For `manage.py file_articles` and `articles/batch/`. Each line is filed whole or refused with its
faults; the others are filed all the same.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import batched

from quotes.api.documents import read_conversion
from quotes.api.filing_serializers import FilingSerializer
from quotes.filing import Filer, Filing, Refused, file_many
from sources.intake import Conversion, NotConverted
from sources.models.functions import url_keys

MAX_LINE_BYTES = 20 * 1024 * 1024

type Line = bytes | Conversion | NotConverted
"""A filing as JSON, or an article converted from a document, or why there is none."""


@dataclass
class Batch:
    """Numbered lines that are filed in one transaction."""

    lines: list[tuple[int, Line]] = field(default_factory=list)
    keys: set[tuple] = field(default_factory=set)  # see `article_keys`
    end: int = 0  # position after the last, as its source counts

    @property
    def last(self) -> int:
        return self.lines[-1][0]


@dataclass(frozen=True)
class Outcome:
    """What became of one line: `filed`, or `errors` and the `payload` that was refused."""

    line: int
    status: int
    filed: dict | None = None  # the article's id, and what became of it
    errors: list[dict] | None = None
    payload: object = None


def batches(lines: Iterable[tuple[Line, int]], *, size: int, number: int = 0) -> Iterator[Batch]:
    """Group lines, each with the position after it; never two filings of one article in a batch.

    Lines are counted from `number` on.
    """
    batch = Batch()
    for read in batched(lines, size):
        for (line, end), keys in zip(read, article_keys(line for line, _ in read), strict=True):
            if len(batch.lines) == size or keys & batch.keys:
                yield batch
                batch = Batch()
            number += 1
            batch.lines.append((number, line))
            batch.keys |= keys
            batch.end = end
    if batch.lines:
        yield batch


def article_keys(lines: Iterable[Line]) -> list[set[tuple[str, str]]]:
    """Keys of the article on each line; lines that share none are of different articles.

    One query.
    """
    articles = [_payload(line) for line in lines]
    urls = [_clean(article["url"]) if article.get("url") else "" for article in articles]
    url_key_of, found = url_keys(urls), []
    for article, url in zip(articles, urls, strict=True):
        keys = {("url", url_key_of[url] or url)} if url else set()
        if external_id := article.get("external_id"):
            keys.add(("external_id", str(external_id).strip()))
        if article and not keys:
            keys = {("text", str(article.get("text") or article.get("html")))}
        found.append(keys)
    return found


def _payload(line: Line) -> dict:
    if not isinstance(line, bytes):
        return line.filing if isinstance(line, Conversion) else {}
    try:
        payload = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}


def _clean(url) -> str:
    """Return a value that is not validated yet as text that PostgreSQL takes."""
    return str(url).strip().replace("\0", "").encode(errors="replace").decode()


def file_lines(
    lines: list[tuple[int, Line]], *, filer: Filer, given: dict | None = None
) -> list[Outcome]:
    """File lines, in one transaction if all are good; return their outcomes, in order.

    `given` is what documents do not say, by the name of a field.
    """
    outcomes, public, withheld = {}, {}, {}
    for number, line in lines:
        try:
            data = read(line, given or {})
        except Refused as refusal:
            outcomes[number] = refused(number, refusal, line)
        else:
            (withheld if data.get("withheld") else public)[number] = data
    for group, who in ((public, filer), (withheld, replace(filer, withholds=True))):
        filings = file_many(list(group.values()), who) if group else []
        outcomes |= {n: filed(n, filing) for n, filing in zip(group, filings, strict=True)}
    return [
        outcome
        if isinstance(outcome := outcomes[number], Outcome)
        else refused(number, outcome, line)
        for number, line in lines
    ]


def filed(number: int, filing: Filing | Refused) -> Outcome | Refused:
    if isinstance(filing, Refused):
        return filing
    status = HTTPStatus.CREATED if filing.is_new else HTTPStatus.OK
    return Outcome(number, status, {"id": str(filing.article.pk), "outcome": filing.outcome})


def refused(number: int, refusal: Refused, line: Line) -> Outcome:
    return Outcome(number, refusal.status, errors=refusal.faults, payload=_as_sent(line))


def _as_sent(line: Line):
    """A refused line as JSON, to be corrected and filed again."""
    if isinstance(line, Conversion):
        return line.filing
    if isinstance(line, NotConverted) or len(line) > MAX_LINE_BYTES:
        return None
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return line.decode("utf-8", "replace").strip()


def read(line: Line, given: dict) -> dict:
    """Return the validated filing of a line. Raises Refused."""
    if isinstance(line, Conversion):
        return read_conversion(line, given)
    if isinstance(line, NotConverted):
        raise _fault(str(line))
    if len(line) > MAX_LINE_BYTES:
        raise _fault(f"The line is longer than {MAX_LINE_BYTES:,} bytes.")
    try:
        payload = json.loads(line)
    except RecursionError:
        raise _fault("Not JSON: nested too deeply.") from None
    except ValueError as error:
        raise _fault(f"Not JSON: {error}") from error
    return FilingSerializer.read(payload)


def _fault(message: str) -> Refused:
    return Refused([{"pointer": "", "message": message}])

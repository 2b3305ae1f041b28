"""Compare a filing with what its filer said last, and with the record.

A newsroom files an article again and again. What it says as before changes nothing: a curator may
have decided otherwise meanwhile. What only the filing changed is taken over. What both changed
stays as it is on record, and a curator is told.
"""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from quotes.filing.types import (
    PLAIN_FIELDS,
    PRINTED_FIELDS,
    FiledQuote,
    Filer,
    Filing,
    Refused,
)
from quotes.models import LastFiling, Quote
from sources.models import Article, Organisation, Outlet, Speaker
from sources.models.copy import copy_in
from sources.models.ids import new_ids

RECORDS = {"speaker": Speaker, "organisation": Organisation, "outlet": Outlet}
"""Fields whose value on record is an id."""


def load_last_filings(filings: list[Filing]) -> None:
    """Set the filer's last filing of each article on record; two queries.

    An article that others were merged into may have several: the one under the same names counts.
    """
    known = {filing.article.pk: filing for filing in filings if not filing.is_new}
    merged = Article.objects.merged_into(known) if known else {}
    for last in LastFiling.objects.filter(article__in=[*known, *merged]).order_by("pk"):
        filing = known[merged.get(last.article_id, last.article_id)]
        filing.filed_before.append(last)
    for filing in known.values():
        own = [last for last in filing.filed_before if last.user_id == _key_of(filing.filer)]
        if own := [(names, last) for last in own if any(names := _same_names(last, filing))]:
            filing.last = max(own, key=lambda each: each[0])[1]
    _find_twins([filing for filing in known.values() if filing.last])


def _same_names(last: LastFiling, filing: Filing) -> tuple[bool, ...]:
    """Whether a filing names the same external_id, the same URL, the same article."""
    is_same = last.article_id == filing.article.pk
    if not filing.is_whole:
        return (is_same,)
    names = (last.external_id, filing.data.get("external_id")), (last.url_key, filing.url_key)
    return *(one == other and one is not None for one, other in names), is_same


def _key_of(filer: Filer) -> int | None:
    return filer.user and filer.user.pk


def _find_twins(filings: list[Filing]) -> None:
    """Set which quotes stand for those that stayed with a merged article; no query without any."""
    merged = [filing for filing in filings if filing.last.article_id != filing.article.pk]
    more = {UUID(entry["quote"]) for filing in merged for entry in filing.last.quotes_said}
    twins = {}
    while more:
        stayed = Quote.objects.filter(pk__in=more, article__merged_into__isnull=False)
        twins |= (found := dict(stayed.exclude(replaced_by=None).values_list("pk", "replaced_by")))
        more = {*found.values()} - twins.keys()
    for key in twins:
        while twins[key] in twins:
            twins[key] = twins[twins[key]]
    for filing in merged:
        filing.twins = {str(key): str(stands) for key, stands in twins.items()}


def as_json(values: dict) -> dict:
    """Values as JSON keeps them: dates and ids as text, times in UTC."""
    return {
        name: value if value is None or type(value) is str else _as_json(value)
        for name, value in values.items()
    }


def _as_json(value):
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, list | tuple):
        return [_as_json(each) for each in value]
    if isinstance(value, dict):
        return as_json(value)
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


class Said(NamedTuple):
    """What a filer said last of a record, by field, and what that left on record."""

    said: dict
    left: dict


NOTHING = Said({}, {})


def compare(says: dict, last: Said, now: dict, agrees: dict[str, bool]) -> dict[str, str]:
    """What becomes of each field that a filing says something of.

    `now` is the record, and `agrees` whether that says the same already.
    """
    return {
        name: _outcome_of(name, value, last, now.get(name), agrees[name])
        for name, value in says.items()
    }


def _outcome_of(name: str, value, last: Said, now, agrees: bool) -> str:
    if agrees:
        return "unchanged"
    if name in last.said and last.said[name] == value:
        return "unchanged" if last.left.get(name, ...) == now else "kept"
    if name in last.left:
        return "updated" if last.left[name] == now else "differs"
    return "updated" if now in (None, "", []) else "differs"


# A quote


def said_of(proposal: dict, quote: Quote | None = None) -> dict:
    """What a filing says of a quote, by field, as JSON; with a quote, what it says of that one.

    No speaker beside a printed name says nothing of who is meant.
    """
    said = {name: proposal[name] for name in PLAIN_FIELDS if name in proposal}
    printed = proposal.get("attribution") or {}
    said |= {f"attribution.{name}": printed[name] for name in PRINTED_FIELDS if name in printed}
    said |= {name: proposal[name] for name in ("via", "status") if name in proposal}
    if proposal.get("organisation"):
        said["organisation"] = proposal["organisation"]
    if "speaker" in proposal:
        by_name = quote and printed.get("speaker", quote.attribution_speaker)
        if proposal["speaker"] or (quote and quote.speaker_id and not by_name):
            said["speaker"] = proposal["speaker"]
    return as_json(said)


def record_of(filed: FiledQuote) -> dict:
    """The values of its quote on record that a filing can change, by field, as JSON."""
    quote = filed.quote
    now = {name: getattr(quote, attribute) for name, attribute in PLAIN_FIELDS.items()}
    now |= {f"attribution.{name}": getattr(quote, f"attribution_{name}") for name in PRINTED_FIELDS}
    now |= {name: getattr(quote, f"{name}_id") for name in ("speaker", "organisation")}
    return as_json(now | {"text": quote.text, "via": filed.chain})


def follow_left(filings: list[Filing]) -> None:
    """Replace ids of merged records in what the last filings left; at most six queries."""
    known = [filing for filing in filings if filing.last]
    lefts = [entry["left"] for filing in known for entry in filing.entries.values()]
    lefts += [filing.last.article_left for filing in known]
    for name, model in RECORDS.items():
        keys = {UUID(key) for left in lefts if (key := left.get(name))}
        survivors = {str(k): str(to) for k, to in model.objects.survivors(keys).items()}
        for left in lefts:
            if key := left.get(name):
                left[name] = survivors.get(key, key)


# Keeping


def unnamed(filing: Filing) -> list[str]:
    """Ids of quotes that the filer filed before and that this filing, if complete, leaves out."""
    if not filing.data.get("complete"):
        return []
    named = {str(filed.quote.pk) for filed in filing.quotes} | filing.found_again
    return [key for key in filing.entries if key not in named]


def keep_filings(filings: list[Filing]) -> None:
    """Store what each filing said as the filer's last one; nothing if it said the same."""
    new, changed = [], []
    for filing in filings:
        if filing.is_late or not (filing.is_whole or filing.proposals):
            continue
        last = filing.last or LastFiling(
            article=filing.article,
            user_id=_key_of(filing.filer),
            is_first=filing.is_new,
        )
        before = filing.last and _columns(last)
        _say(last, filing)
        if filing.last is None:
            new.append(last)
        elif _columns(last) != before:
            changed.append(last)
    for last, key in zip(new, new_ids(len(new)), strict=True):
        last.pk = key
    copy_in(new)
    LastFiling.objects.bulk_update(changed, COLUMNS, batch_size=200)


COLUMNS = [
    *("outlet", "external_id", "url", "sha256", "modified"),
    *("article_said", "article_left", "quotes_said"),
]


def _columns(last: LastFiling) -> list:
    return [getattr(last, name) for name in COLUMNS]


def _say(last: LastFiling, filing: Filing) -> None:
    if filing.is_whole:
        data = filing.data
        if filing.outlet:
            last.outlet = filing.outlet.pk
        for name in ("external_id", "url", "modified"):
            if data.get(name):
                setattr(last, name, data[name])
        if data.get("text") is not None:
            last.sha256 = filing.sent_sha256 or filing.snapshot.sha256
        last.article_said = {**last.article_said, **filing.said}
        last.article_left = left_after(
            last.article_left, filing.fields, filing.before, article_record(filing.article)
        )
    entries = dict(filing.entries)
    for key in unnamed(filing):
        entries[key] = {**entries[key], "absent": True}
    for filed, proposal, place in zip(filing.quotes, filing.proposals, filing.places, strict=True):
        entry = entries.get(key := str(filed.quote.pk), {"said": {}, "left": {}})
        said = {**entry["said"], **filed.said}
        left = left_after(entry["left"], filed.fields, filed.before, record_of(filed))
        entries[key] = {
            "quote": entry.get("quote", key),
            "external_id": proposal.get("external_id") or entry.get("external_id"),
            "sha256": filing.snapshot.sha256 if filing.snapshot and place else None,
            "in": place.page,
            "spans": [list(span) for span in place.spans],
            "said": said,
            "left": left,
            "differs": "differs" in filed.fields.values()
            or ("kept" in filed.fields.values() and entry.get("differs", False)),
        }
        if note := proposal.get("note"):
            entries[key]["note"] = note
    last.keep_entries(entries)


def left_after(left: dict, fields: dict[str, str], before: dict | None, now: dict) -> dict:
    """What the filings of one user have left on record, by field, after one more.

    `before` is the record before it; None if the filing made the record: then all is its own.
    """
    if before is None:
        return now
    return left | {
        name: value
        for name, value in now.items()
        if fields.get(name) in ("updated", "unchanged")
        or (name in left and left[name] == before[name])
    }


# An article


ARTICLE_FIELDS = (
    *("external_id", "url", "headline", "byline"),
    *("published", "published_at", "language"),
    *("canonical_url", "rights", "license", "embargo_until"),
)
"""Fields of a filing that are stored in the article as they are."""


def article_said(data: dict) -> dict:
    """What a filing says of the article, by field, as it is stored."""
    said = {name: data[name] for name in ARTICLE_FIELDS if name in data}
    if "published" in said:
        said.setdefault("published_at", None)
    return said


def article_record(article: Article) -> dict:
    """The values on record that a filing can change, by field, as JSON."""
    now = {name: getattr(article, name) for name in ARTICLE_FIELDS}
    return as_json(now | {"outlet": article.outlet_id})


def article_last(filing: Filing) -> Said:
    last = filing.last
    return Said(last.article_said, last.article_left) if last else NOTHING


def may_file_again(filing: Filing) -> bool:
    """Whether the filer filed the article first, is bound to its outlet, or may change any."""
    filer = filing.filer
    first = any(f.is_first and f.user_id == _key_of(filer) for f in filing.filed_before)
    return filer.may_change or first or filing.article.outlet_id in filer.outlets


def differed_alone(filing: Filing, quote: Quote) -> bool:
    """Whether the filer's last filing, and nobody else's, differs from the quote on record."""
    key = str(quote.pk)
    differing = {
        last.user_id
        for last in filing.filed_before
        for entry in last.quotes_said
        if entry["quote"] == key and entry["differs"]
    }
    return differing == {_key_of(filing.filer)}


def is_own(filing: Filing, quote: Quote) -> bool:
    """Whether the filer filed this quote."""
    return quote.filed_by_id == _key_of(filing.filer)


def refuse_others(filing: Filing) -> None:
    """Raise `Refused` if the article is somebody else's and the filer may not change it."""
    if not may_file_again(filing):
        article, sees = filing.article, filing.filer.sees
        named = f"Article {article.pk}" if sees(article) else "This article"
        message = (
            f"{named} was filed by somebody else. You may file again what you "
            "filed first and articles of outlets that you are bound to; a curator may change any "
            "article. To add a quote, propose it."
        )
        raise Refused([{"pointer": "", "message": message}], status=HTTPStatus.FORBIDDEN)


def is_late(filing: Filing) -> bool:
    """Whether this is an earlier version of the article than one filed before."""
    modified = filing.data.get("modified")
    newest = max((f.modified for f in filing.filed_before if f.modified), default=None)
    return bool(modified and newest and modified < newest)

"""Import of articles with their quotes from a table: one row per quote, its article repeated.

Rows of one article (same outlet and external_id, else same URL, else same text) are one filing,
stored whole or not at all. A row without article columns belongs to the article above. Imported
quotes are always proposed.
"""

from collections.abc import Collection
from dataclasses import replace

from django.db import DataError, IntegrityError, transaction

from quotes.api.filing_serializers import FilingSerializer
from quotes.curation.bulk import UNDO_URL
from quotes.filing import Filer, Filing, Refused, file
from quotes.models import Quote
from sources.exceptions import refusal_of
from sources.spreadsheets.files import SheetRow
from sources.spreadsheets.importing import ImportKind, register_import
from sources.spreadsheets.tables import Column, ListColumn, Table, record_columns, related

INLINE_ROWS = 100
ARTICLE = ("outlet", "external_id", "url", "headline", "byline", "published", "language", "text")
PRINTED = ("text", "speaker", "role", "organisation", "cue")
SPEECH = ("media", "translated_from", "translates")
SAID = ("kind", "speaker", "speaker_kind", "role", "organisation", "said", *SPEECH)
QUOTE = ("quote", *SAID, *(f"attribution_{name}" for name in PRINTED))
COLUMNS = (*ARTICLE, *QUOTE)
HINT = (
    "One row per quote. Repeat the article's columns, or leave them empty after its first row. "
    "text is the exact text of the article; without it, quotes are not linked to a position. An "
    "article is imported whole or not at all, and its new quotes wait for review. Above the list "
    "of quotes, “Export for import” makes such a file; “Export CSV” makes one for reading only."
)


def by_article(rows: list[SheetRow]) -> list[list[SheetRow]]:
    """Group rows by article, in the order of the articles."""
    articles: dict[tuple, list[SheetRow]] = {}
    key = ()
    for row in rows:
        if any(row.get(name) for name in ARTICLE) or not key:
            key = _known_key(_article_key(row), key, articles)
        articles.setdefault(key, []).append(row)
    return list(articles.values())


def _article_key(row: SheetRow) -> tuple:
    if row.get("external_id"):
        return "external_id", row.get("outlet", ""), row["external_id"]
    if row.get("url"):
        return "url", row["url"]
    return tuple(row.get(name, "") for name in ("outlet", "headline", "published", "text"))


def _known_key(key: tuple, previous: tuple, articles: Collection[tuple]) -> tuple:
    """The key of an earlier row, if this one repeats its external_id and leaves the outlet out."""
    if key[:2] != ("external_id", ""):
        return key
    same = [known for known in articles if known[0] == key[0] and known[2:] == key[2:]]
    return previous if previous in same else same[0] if len(same) == 1 else key


def take(rows: list, user) -> list[dict]:
    """File the articles of these rows. Returns lines for `sources.spreadsheets.importing`."""
    lines = []
    for article in by_article([SheetRow(number, row) for number, row in rows]):
        lines += _file(article, user)
    return sorted(lines, key=lambda line: line["row"])


def _file(rows: list[SheetRow], user) -> list[dict]:
    said, faults = _article(rows)
    filer = replace(Filer.of(user), may_publish=False)
    quoting = [row for row in rows if any(row.get(name) for name in QUOTE)]
    payload = {**said, "quotes": [_proposal(row) for row in quoting]}
    try:
        data = FilingSerializer.read(payload)
        if not faults:
            with transaction.atomic():
                return _lines(rows, quoting, file(data, filer))
    except Refused as refusal:
        faults += [_placed(fault, rows, quoting) for fault in refusal.faults]
    except (DataError, IntegrityError) as error:
        faults.append((rows[0].number, "", refusal_of(error)))
    return _refused(rows, faults)


def _article(rows: list[SheetRow]) -> tuple[dict, list[tuple]]:
    """The article's fields, and a fault for each row that contradicts an earlier one."""
    said, by, faults = {"text": None}, {}, []
    for row in rows:
        for name in ARTICLE:
            if not (cell := row.get(name)):
                continue
            if name in by and said[name] != cell:
                why = f"This differs from row {by[name]}, which has the same article."
                faults.append((row.number, name, why))
                continue
            said[name], by[name] = cell, row.number
    if "byline" in said:
        said["byline"] = [line.strip() for line in said["byline"].splitlines() if line.strip()]
    return said, faults


def _proposal(row: SheetRow) -> dict:
    printed = {name: row[at] for name in PRINTED if row.get(at := f"attribution_{name}")}
    said = {name: row[name] for name in SAID if row.get(name)}
    return {
        "text": row.get("quote", ""),
        **said,
        **({"attribution": printed} if printed else {}),
    }


def _placed(fault: dict, rows: list[SheetRow], quoting: list[SheetRow]) -> tuple[int, str, str]:
    """Row number, column and message of a fault, by its JSON pointer."""
    _, *names = fault["pointer"].split("/") if fault["pointer"] else [""]
    match names:
        case ["quotes", number, "attribution", name, *_]:
            return quoting[int(number)].number, f"attribution_{name}", fault["message"]
        case ["quotes", number, name, *_]:
            at = "quote" if name in ("text", "spans") else name
            return quoting[int(number)].number, at, fault["message"]
        case ["quotes", number]:
            return quoting[int(number)].number, "quote", fault["message"]
        case [name, *_]:
            return rows[0].number, name, fault["message"]
    return rows[0].number, "", fault["message"]


def _refused(rows: list[SheetRow], faults: list[tuple]) -> list[dict]:
    """Lines that refuse every row of a filing."""
    number = min(faults)[0]
    rest = {"column": "", "why": f"This article was not imported. See row {number}."}
    return [
        {
            "row": row.number,
            "outcome": "refused",
            "what": row.get("quote") or row.get("headline") or "",
            "faults": [
                {"column": name, "why": why} for number, name, why in faults if number == row.number
            ]
            or [rest],
        }
        for row in rows
    ]


OUTCOMES = {
    "made": "made",
    "updated": "changed",
    **dict.fromkeys(["unchanged", "kept", "differs"], "unchanged"),
}


def _lines(rows: list[SheetRow], quoting: list[SheetRow], filing: Filing) -> list[dict]:
    filed = dict(zip((row.number for row in quoting), filing.quotes, strict=True))
    return [_line(row, filing, filed.get(row.number), first=row is rows[0]) for row in rows]


def _line(row: SheetRow, filing: Filing, filed, *, first: bool) -> dict:
    of_article = OUTCOMES[filing.outcome] if first else "unchanged"
    notes = [f"Article {filing.outcome}: {filing.article}."] if first else []
    if filed is None:
        article = {"id": str(filing.article.pk), "about": "sources.article"}
        what = str(filing.article)
        return {"row": row.number, "outcome": of_article, "what": what, "note": notes[0], **article}
    outcome = OUTCOMES[filed.outcome]
    quote = filed.quote
    for name, became in (("speaker", filed.speaker), ("organisation", filed.organisation)):
        if became:
            notes.append(f"{name.capitalize()} {became}: {getattr(quote, name) or 'nobody'}.")
    if filed.differs:
        notes.append(f"It differs from the quote on record, which is now flagged: {filed.differs}.")
    return {
        "row": row.number,
        "outcome": of_article if outcome == "unchanged" else outcome,
        "id": str(quote.pk),
        "what": str(quote),
        "note": " ".join(notes),
    }


class FilingTable(Table):
    """Quotes as an import takes them: with their article and its present text."""

    model = Quote
    joins = ("article__snapshot", "outlet", "speaker", "organisation")
    columns = {
        column.name: column
        for column in (
            Column("outlet", "outlet__name"),
            *(Column(name, f"article__{name}") for name in ("external_id", "url", "headline")),
            ListColumn("byline", "article__byline"),
            *(Column(name, f"article__{name}") for name in ("published", "language")),
            Column("text", "article__snapshot__text"),
            Column("quote", "text"),
            Column("kind"),
            Column("speaker", "speaker__name"),
            Column("speaker_kind", "speaker__kind"),
            Column("role"),
            Column("organisation", "organisation__name"),
            Column("said"),
            Column("media"),
            Column("translated_from"),
            Column("translates", "translates_id"),
            *(Column(f"attribution_{name}") for name in PRINTED),
        )
    }


register_import(
    ImportKind(
        name="import filings",
        model=Quote,
        columns=COLUMNS,
        permissions=("sources.add_article", "quotes.add_quote"),
        take=take,
        group=by_article,
        inline_rows=INLINE_ROWS,
        hint=HINT,
        undo=UNDO_URL,
    )
)


class QuoteTable(Table):
    model = Quote
    joins = ("article", "outlet", "speaker", "organisation", "affiliation", "snapshot")

    columns = record_columns(
        Column("status"),
        Column("text"),
        Column("kind"),
        Column("language"),
        *related("speaker"),
        Column("role", "shown_role"),
        *related("organisation"),
        Column("said"),
        *related("outlet"),
        Column("published"),
        Column("article", "article_id"),
        Column("headline", "article__headline"),
        Column("url", "article__url"),
        *(Column(f"attribution_{name}") for name in PRINTED),
        Column("anchor"),
        Column("snapshot", "snapshot__sha256"),
        Column("anchored_in"),
        ListColumn("flags"),
        Column("reason"),
        Column("utterance", "utterance_id"),
        Column("media"),
        Column("translated_from"),
        Column("translates", "translates_id"),
    )

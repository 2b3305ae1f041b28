"""What a row of an export holds, in each form: all of them come from `quotes_public`."""

from collections.abc import Sequence

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from quotes.models import Quote
from quotes.representations.json import columns

SCHEMA_VERSION = "1.0"
"""Of the forms below: the first number counts changes that break readers, the second others."""

TEXT = "text"  # anybody's words
WORD = "word"  # an id, a choice, a date, a digest, a URL of ours: never like a formula
NUMBER = "number"
TIME = "time"
JSON = "json"  # of no fixed shape

NAMED = {"id": WORD, "name": TEXT}
OUTLET = {**NAMED, "slug": WORD}

SHAPES: dict[str, str | dict | list] = {
    "id": WORD,
    "url": WORD,
    "text": TEXT,
    "kind": WORD,
    "language": TEXT,
    "status": WORD,
    "version": NUMBER,
    "speaker": {**NAMED, "kind": WORD},
    "role": TEXT,
    "organisation": NAMED,
    "outlet": OUTLET,
    "said": WORD,
    "published": WORD,
    "attribution": dict.fromkeys(("text", "speaker", "role", "organisation", "cue"), TEXT),
    "article": {"id": WORD, "headline": TEXT, "url": TEXT, "byline": [TEXT]},
    "via": [{"kind": WORD, "name": TEXT, "outlet": OUTLET}],
    "anchor": {
        "state": WORD,
        "snapshot": WORD,
        "spans": [{"start": NUMBER, "end": NUMBER, "prefix": TEXT, "suffix": TEXT}],
        "nearest": JSON,
    },
    "utterance": {"id": WORD, "quotes": NUMBER},
    "flags": [WORD],
    "reason": TEXT,
    "replaced_by": {"id": WORD, "url": WORD},
    "corrections": JSON,
    "created": TIME,
    "updated": TIME,
}
"""Each field of the public form: an object as a dict, a list as a list of what is in it."""

FORMULA = r"^''*[=+@\t\r\n＝＋－＠-]"
"""As `sources.spreadsheets.safe` has it: maybe after apostrophes, what begins a formula."""


def as_json(fields: Sequence[str]) -> str:
    """The row as `quotes/` shows it, in SQL."""
    return "row_to_json(shown)::text"


def as_typed_json(fields: Sequence[str]) -> str:
    """The row as JSON of which every part has a type: what has no fixed shape is a string."""
    listed = ", ".join(f"{_typed(name)} AS {name}" for name in fields)
    return f"(SELECT row_to_json(typed) FROM (SELECT {listed}) typed)::text"  # noqa: S608 (ours)


def _typed(name: str) -> str:
    shape, column = SHAPES[name], f"shown.{name}"
    if shape == JSON:
        return f"{column}::text"
    if isinstance(shape, dict) and JSON in shape.values():
        members = ", ".join(
            f"'{member}', {column} -> '{member}'"
            if of != JSON
            else f"'{member}', {column} ->> '{member}'"
            for member, of in shape.items()
        )
        loose = next(member for member, of in shape.items() if of == JSON)
        return (
            f"CASE WHEN {column} -> '{loose}' IS NULL THEN {column}"
            f" ELSE json_build_object({members}) END"
        )
    return column


def cells_of(fields: Sequence[str]) -> dict[str, tuple[str | dict | list, str]]:
    """Each column of a flat table, by its name: its shape, and its value as SQL.

    An object has a column for each of its members.
    """
    cells = {}
    for name in fields:
        shape, column = SHAPES[name], f"shown.{name}"
        if isinstance(shape, dict):
            for member, of in shape.items():
                cells[f"{name}_{member}"] = of, f"{column} ->> '{member}'"
        else:
            value = f"to_json({column})" if isinstance(shape, list) else column
            cells[name] = shape, f"{value}::text"
    return cells


def as_csv(fields: Sequence[str]) -> str:
    """The row as a line of CSV (RFC 4180) without its end, safe in a spreadsheet.

    Lists, and what has no fixed shape, are JSON. Unknown is an empty cell, an empty text `""`.
    """
    cells = list(cells_of(fields).values())
    values = ", ".join(f"{value} AS c{number}" for number, (_, value) in enumerate(cells))
    unknown = "''" if len(cells) > 1 else "'\"\"'"  # an empty line would be no row
    written = ", ".join(
        f"coalesce({_cell(shape, f'cells.c{number}')}, {unknown})"
        for number, (shape, _) in enumerate(cells)
    )
    # With OFFSET 0 each value is worked out once.
    return f"(SELECT concat_ws(',', {written}) FROM (SELECT {values} OFFSET 0) cells)"  # noqa: S608


def _cell(shape: str | dict | list, value: str) -> str:
    if shape in (WORD, NUMBER, TIME):
        return value
    quoted = f"""replace({value}, '"', '""') || '"'"""
    if shape != TEXT:
        return f"""'"' || {quoted}"""
    return f"""CASE WHEN {value} ~ '{FORMULA}' THEN '"''' ELSE '"' END || {quoted}"""


def statement(
    asked: QuerySet[Quote],
    *,
    column: str,
    descending: bool,
    after: tuple | None,
    line: str,
    fields: Sequence[str],
    address: str,
) -> tuple[str, list]:
    """The statement that reads a line for each quote asked for, ordered by (column, id).

    `after` is where to begin: behind this value of the column, with this id.
    """
    try:
        found, values = asked.order_by().values("pk", column).query.sql_with_params()
    except EmptyResultSet:  # a filter that nothing can match
        found, values = f"SELECT id, {column} FROM quotes_quote WHERE false", ()  # noqa: S608 (ours)
    listed, addresses = columns(fields, address)
    comparison, direction = ("<", "DESC") if descending else (">", "ASC")
    begins = f"WHERE (page.key, page.id) {comparison} (%s, %s)" if after else ""
    sql = f"""
        SELECT (SELECT {line} FROM (SELECT {listed} OFFSET 0) shown)
        FROM ({found}) page (id, key) JOIN quotes_public p ON p.id = page.id
        {begins}
        ORDER BY page.key {direction}, page.id {direction}
    """  # noqa: S608 (ours)
    return sql, [*addresses, *values, *(after or ())]

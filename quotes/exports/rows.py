"""The SQL of an export's row in each format, from the shapes of its fields."""

from collections.abc import Mapping

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

SCHEMA_VERSION = "1.1"
"""Version of the formats below: the first number rises with breaking changes."""

TEXT = "text"  # free text
WORD = "word"  # id, choice, date, digest or URL of ours: never looks like a formula
NUMBER = "number"
TIME = "time"
JSON = "json"  # of varying shape

type Shape = str | list | dict
"""The shape of a field: a dict for an object, a list of one for a list."""

type Fields = Mapping[str, Shape]

NAMED = {"id": WORD, "name": TEXT}
OUTLET = {**NAMED, "slug": WORD}
SPEAKER = {**NAMED, "kind": WORD}

SHAPES: dict[str, Shape] = {
    "id": WORD,
    "url": WORD,
    "html_url": WORD,
    "text": TEXT,
    "kind": WORD,
    "language": TEXT,
    "translated_from": TEXT,
    "translates": {"id": WORD, "url": WORD},
    "status": WORD,
    "version": NUMBER,
    "speaker": SPEAKER,
    "role": TEXT,
    "organisation": NAMED,
    "outlet": OUTLET,
    "said": WORD,
    "published": WORD,
    "attribution": dict.fromkeys(("text", "speaker", "role", "organisation", "cue"), TEXT),
    "article": {
        **{"id": WORD, "headline": TEXT, "url": TEXT, "byline": [TEXT]},
        **{"rights": TEXT, "license": TEXT, "withdrawn": JSON},
    },
    "via": [{"kind": WORD, "name": TEXT, "outlet": OUTLET, "media": TEXT}],
    "media": TEXT,
    "anchor": {
        "state": WORD,
        "snapshot": WORD,
        "in": WORD,
        "spans": [{"start": NUMBER, "end": NUMBER, "prefix": TEXT, "suffix": TEXT}],
        "seams": [WORD],
        "nearest": JSON,
    },
    "utterance": {"id": WORD, "quotes": NUMBER},
    "flags": [WORD],
    "origin": WORD,
    "reason": TEXT,
    "replaced_by": {"id": WORD, "url": WORD},
    "corrections": JSON,
    "created": TIME,
    "updated": TIME,
}
"""The fields of a quote."""

FORMULA = r"^''*[=+@\t\r\n＝＋－＠-]"
"""Text that a spreadsheet would read as a formula, as in `sources.spreadsheets.files`."""


def as_json(fields: Fields) -> str:
    """SQL of the row as `quotes/` shows it, but that each member of `corrections` has one type.

    Readers that take a column's type from its values fail where one value is a text and the next a
    list of spans.
    """
    whole = "row_to_json(shown)::text"
    if "corrections" not in fields:
        return whole
    listed = ", ".join(
        f"{CORRECTIONS} AS {name}" if name == "corrections" else f"shown.{name}" for name in fields
    )
    typed = f"(SELECT row_to_json(typed) FROM (SELECT {listed}) typed)::text"  # noqa: S608 (ours)
    none = "json_array_length(shown.corrections::json) = 0"
    return f"CASE WHEN {none} THEN {whole} ELSE {typed} END"


def _text_or_json(member: str) -> str:
    """SQL of a member of a change: a text as it is, anything else as the text of its JSON."""
    return (
        f"CASE WHEN json_typeof(change -> '{member}') IN ('string', 'null')"
        f" THEN change -> '{member}' ELSE to_json((change -> '{member}')::text) END"
    )


CORRECTIONS = f"""(
    SELECT json_agg(json_build_object(
        'when', noted -> 'when', 'note', noted -> 'note', 'changed', (
            SELECT coalesce(json_agg(json_build_object(
                'field', change -> 'field',
                'before', {_text_or_json("before")}, 'after', {_text_or_json("after")}
            ) ORDER BY nth), '[]')
            FROM json_array_elements(noted -> 'changed') WITH ORDINALITY AS changes (change, nth)
        )
    ) ORDER BY number)
    FROM json_array_elements(shown.corrections::json) WITH ORDINALITY AS all_of (noted, number)
)"""  # noqa: S608 (ours)


def as_typed_json(fields: Fields) -> str:
    """SQL of the row as JSON in which every member has one type; JSON of varying shape is text."""
    listed = ", ".join(f'{_typed(name, of)} AS "{name}"' for name, of in fields.items())
    return f"(SELECT row_to_json(typed) FROM (SELECT {listed}) typed)::text"  # noqa: S608 (ours)


def _typed(name: str, shape: Shape) -> str:
    column = f'shown."{name}"'
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


def cells_of(fields: Fields) -> dict[str, tuple[Shape, str]]:
    """Columns of a flat table: name → shape and SQL. An object has a column for each member."""
    cells = {}
    for name, shape in fields.items():
        column = f'shown."{name}"'
        if isinstance(shape, dict):
            for member, of in shape.items():
                cells[f"{name}_{member}"] = of, f"{column} ->> '{member}'"
        else:
            value = f"to_json({column})" if isinstance(shape, list) else column
            cells[name] = shape, f"{value}::text"
    return cells


def as_csv(fields: Fields) -> str:
    """SQL of the row as a line of CSV (RFC 4180) without its line end, safe in a spreadsheet.

    Lists and values of varying shape are JSON. NULL is an empty cell, an empty text is `""`.
    """
    cells = list(cells_of(fields).values())
    values = ", ".join(f"{value} AS c{number}" for number, (_, value) in enumerate(cells))
    unknown = "''" if len(cells) > 1 else "'\"\"'"  # an empty line is no row
    written = ", ".join(
        f"coalesce({_cell(shape, f'cells.c{number}')}, {unknown})"
        for number, (shape, _) in enumerate(cells)
    )
    # OFFSET 0 has PostgreSQL evaluate each value once.
    return f"(SELECT concat_ws(',', {written}) FROM (SELECT {values} OFFSET 0) cells)"  # noqa: S608


def _cell(shape: Shape, value: str) -> str:
    if shape in (WORD, NUMBER, TIME):
        return value
    quoted = f"""replace({value}, '"', '""') || '"'"""
    if shape != TEXT:
        return f"""'"' || {quoted}"""
    return f"""CASE WHEN {value} ~ '{FORMULA}' THEN '"''' ELSE '"' END || {quoted}"""


def statement(
    found: QuerySet,
    *,
    table: str,
    column: str,
    descending: bool,
    after: tuple | None,
    line: str,
    listed: str,
    values: list,
) -> tuple[str, list]:
    """SQL and parameters that read a line for each record found, ordered by (column, id).

    `listed` selects the fields from a row `p` of the table, with `values`. `after` is the key
    (value of the column, id) of the last row that the client already has.
    """
    try:
        page, wanted = found.order_by().values("pk", column).query.sql_with_params()
    except EmptyResultSet:  # the filters can match nothing
        nothing = found.model._meta.db_table
        page, wanted = f"SELECT id, {column} FROM {nothing} WHERE false", ()  # noqa: S608 (ours)
    comparison, direction = ("<", "DESC") if descending else (">", "ASC")
    begins = f"WHERE (page.key, page.id) {comparison} (%s, %s)" if after else ""
    sql = f"""
        SELECT (SELECT {line} FROM (SELECT {listed} OFFSET 0) shown)
        FROM ({page}) page (id, key) JOIN {table} p ON p.id = page.id
        {begins}
        ORDER BY page.key {direction}, page.id {direction}
    """  # noqa: S608 (ours)
    return sql, [*values, *wanted, *(after or ())]

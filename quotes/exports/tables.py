"""The fields of each export and their SQL, over a row `p` of its table.

Quotes are written by `quotes_public`, as lists show them. The other records are written here; a
test keeps their fields equal to those of their serializers.
"""

from quotes.exports.rows import JSON, NAMED, NUMBER, OUTLET, SPEAKER, TEXT, TIME, WORD, Shape
from quotes.models.workflow import PUBLIC_STATUSES

type Column = tuple[Shape, str]

RECORD: dict[str, Column] = {
    "version": (NUMBER, "p.version"),
    "created": (TIME, "sources_time_text(p.created)"),
    "updated": (TIME, "sources_time_text(p.updated)"),
}


def selected(columns: dict[str, Column]) -> str:
    """SQL that selects these columns of a row `p`."""
    return ", ".join(f'{sql} AS "{name}"' for name, (_, sql) in columns.items())


def shapes(columns: dict[str, Column]) -> dict[str, Shape]:
    return {name: shape for name, (shape, _) in columns.items()}


def reference(shape: dict, table: str, column: str) -> Column:
    """A record that the row refers to, with these members."""
    return shape, referred(shape, table, f"p.{column}")


def referred(shape: dict, table: str, key: str) -> str:
    """SQL of the record with this key."""
    members = ", ".join(f"'{name}', x.{name}" for name in shape)
    return f"(SELECT json_build_object({members}) FROM sources_{table} x WHERE x.id = {key})"  # noqa: S608 (ours)


# Quotes

DAYS = "(SELECT {edge} FROM quotes_quote q WHERE q.id = p.id)"

IDENTIFIERS = "(SELECT x.identifiers FROM sources_{name} x WHERE x.id = (p.{name} ->> 'id')::uuid)"

FACT_SHAPES = [{"key": WORD, "value": TEXT, "source": TEXT, "from": WORD, "to": WORD}]

FACTS = """coalesce((
    SELECT json_agg(
        json_build_object(
            'key', f.key, 'value', f.value, 'source', f.source,
            'from', sources_date_text(f.start), 'to', sources_date_text(f."end")
        ) ORDER BY f.key, f.id
    ) FROM sources_fact f WHERE f.speaker_id = {speaker} AND f.is_public
), '[]')"""

MORE_OF_QUOTES: dict[str, Column] = {
    "published_from": (WORD, DAYS.format(edge="lower(q.published)")),
    "published_to": (WORD, DAYS.format(edge="upper(q.published) - 1")),
    "speaker_identifiers": (JSON, IDENTIFIERS.format(name="speaker")),
    "organisation_identifiers": (JSON, IDENTIFIERS.format(name="organisation")),
    "speaker_facts": (FACT_SHAPES, FACTS.format(speaker="(p.speaker ->> 'id')::uuid")),
}
"""Columns that exports have beside the fields of a quote, if they are asked for."""

# Other records

# Members of a joint statement that were merged stand for their surviving records
MEMBERS = """coalesce((
    WITH RECURSIVE led AS (
        SELECT m.place, s.id, s.merged_into_id
        FROM unnest(p.members) WITH ORDINALITY m (id, place) JOIN sources_speaker s USING (id)
        UNION ALL
        SELECT led.place, s.id, s.merged_into_id
        FROM led JOIN sources_speaker s ON s.id = led.merged_into_id
    )
    SELECT json_agg(
        json_build_object('id', s.id, 'name', s.name, 'kind', s.kind) ORDER BY led.place
    )
    FROM (
        SELECT id, min(place) AS place FROM led WHERE merged_into_id IS NULL GROUP BY id
    ) led JOIN sources_speaker s USING (id)
), '[]')"""

SPEAKERS: dict[str, Column] = {
    "id": (WORD, "p.id"),
    "name": (TEXT, "p.name"),
    "kind": (WORD, "p.kind"),
    "aliases": ([TEXT], "p.aliases"),
    "organisation": reference(NAMED, "organisation", "organisation_id"),
    "members": ([SPEAKER], MEMBERS),
    "identifies": ([TEXT], "p.identifies"),
    "article": (WORD, "p.article_id"),
    "identifiers": (JSON, "p.identifiers"),
    "facts": (FACT_SHAPES, FACTS.format(speaker="p.id")),
    **RECORD,
}

AFFILIATIONS: dict[str, Column] = {
    "id": (WORD, "p.id"),
    "speaker": reference(SPEAKER, "speaker", "speaker_id"),
    "organisation": reference(NAMED, "organisation", "organisation_id"),
    "role": (TEXT, "p.role"),
    "from": (WORD, "sources_date_text(p.start)"),
    "to": (WORD, 'sources_date_text(p."end")'),
    **RECORD,
}

ARTICLES: dict[str, Column] = {
    "id": (WORD, "p.id"),
    "outlet": reference(OUTLET, "outlet", "outlet_id"),
    "external_id": (TEXT, "p.external_id"),
    "url": (TEXT, "p.url"),
    "headline": (TEXT, "p.headline"),
    "byline": ([TEXT], "p.byline"),
    "published": (WORD, "sources_date_text(p.published)"),
    "published_from": (WORD, "lower(p.published)"),
    "published_to": (WORD, "upper(p.published) - 1"),
    "published_at": (TIME, "sources_time_text(p.published_at)"),
    "language": (TEXT, "p.language"),
    "canonical_url": (TEXT, "p.canonical_url"),
    "rights": (TEXT, "p.rights"),
    "license": (TEXT, "p.license"),
    "embargo_until": (TIME, "sources_time_text(p.embargo_until)"),
    "snapshot": (WORD, "(SELECT x.sha256 FROM sources_snapshot x WHERE x.id = p.snapshot_id)"),
    "withdrawn": (JSON, "p.withdrawn"),
    **RECORD,
}

# Over the public quotes of an utterance; retracted ones come last, and unknown days before them
REPORTS = f"""(
    SELECT {{what}} FROM quotes_quote q
    WHERE q.utterance_id = p.id AND q.status IN {PUBLIC_STATUSES} {{more}}
)"""  # noqa: S608 (ours)
FIRST = (
    "ORDER BY q.status = 'retracted', q.published_day = '0001-01-01', q.published_day, q.id LIMIT 1"
)
LAST = "AND q.published IS NOT NULL ORDER BY q.published_day DESC, q.id DESC LIMIT 1"

UTTERANCES: dict[str, Column] = {
    "id": (WORD, "p.id"),
    "speaker": (
        SPEAKER,
        REPORTS.format(what=referred(SPEAKER, "speaker", "q.speaker_id"), more=FIRST),
    ),
    "text": (TEXT, REPORTS.format(what="q.text", more=FIRST)),
    "quotes": (NUMBER, REPORTS.format(what="count(*)", more="")),
    "outlets": (NUMBER, REPORTS.format(what="count(DISTINCT q.outlet_id)", more="")),
    "first": (WORD, REPORTS.format(what="sources_date_text(q.published)", more=FIRST)),
    "last": (WORD, REPORTS.format(what="sources_date_text(q.published)", more=LAST)),
}

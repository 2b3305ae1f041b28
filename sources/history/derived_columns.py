"""SQL that verifies what a row repeats or refers to: see `sources.history.verification`.

The ledger leaves out the columns that PostgreSQL computes, but filters and searches read them. They
are computed again by the expressions of the models, not by those that the database has now.
"""

from functools import cache

from django.db import connection, models

from sources.ledger.recording import recording_of

DERIVED = """
    SELECT '{kind}', n.id, n.version, 'derived', d.stored = d.computed,
        encode(sources_state_hash(l.salt, d.computed), 'hex'),
        encode(sources_state_hash(l.salt, d.stored), 'hex'),
        CASE WHEN d.stored <> d.computed THEN ARRAY(
            SELECT e.key FROM jsonb_each(d.stored) e
            WHERE e.value <> d.computed -> e.key ORDER BY e.key
        ) END
    FROM {table} n
    CROSS JOIN LATERAL (
        SELECT jsonb_build_object({stored}) AS stored, jsonb_build_object({computed}) AS computed
        OFFSET 0
    ) d
    LEFT JOIN last l ON l.subject_id = n.id
    WHERE n.id = ANY (%(subjects)s)
"""

REFERENCES = """
    SELECT '{kind}', n.id, n.version, 'references', f.missing = '{{}}', r.number || ' records',
        r.number - cardinality(f.missing) || ' records', nullif(f.missing, '{{}}')
    FROM {table} n
    CROSS JOIN LATERAL (SELECT num_nonnulls({columns}) AS number) r
    CROSS JOIN LATERAL (SELECT array_remove(ARRAY[{missing}], NULL) AS missing OFFSET 0) f
    WHERE n.id = ANY (%(subjects)s)
"""

MISSING = """
    CASE WHEN n."{column}" IS NOT NULL
              AND NOT EXISTS (SELECT FROM {table} o WHERE o."{key}" = n."{column}")
         THEN '{column}' END"""


@cache
def derived(model: type[models.Model]) -> list[str]:
    """SQL that computes the derived columns of these rows again; empty if there are none."""
    columns = generated_columns(model) | recording_of(model).computed
    if not columns:
        return []
    stored = ", ".join(f"'{column}', n.\"{column}\"" for column in columns)
    computed = ", ".join(f"'{column}', {sql}" for column, sql in columns.items())
    return [DERIVED.format(**_names(model), stored=stored, computed=computed)]


def generated_columns(model: type[models.Model]) -> dict[str, str]:
    """The SQL of each generated column, over the other columns of its row."""
    fields = (field for field in model._meta.local_concrete_fields if field.generated)
    return {field.column: field.generated_sql(connection)[0] for field in fields}


@cache
def references(model: type[models.Model]) -> list[str]:
    """SQL that looks for the records that these rows refer to; empty if they refer to none."""
    fields = [f for f in model._meta.local_concrete_fields if f.remote_field and f.db_constraint]
    if not fields:
        return []
    missing = (
        MISSING.format(
            column=field.column,
            table=field.related_model._meta.db_table,
            key=field.target_field.column,
        )
        for field in fields
    )
    columns = ", ".join(f'n."{field.column}"' for field in fields)
    return [REFERENCES.format(**_names(model), columns=columns, missing=", ".join(missing))]


def _names(model: type[models.Model]) -> dict[str, str]:
    return {"kind": model._meta.model_name, "table": model._meta.db_table}

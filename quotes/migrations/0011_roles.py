"""Compare affiliations with printed roles once a statement, and fold each role once."""

from importlib import import_module

import pgtrigger.compiler
import pgtrigger.migrations
import sources.database.triggers
from django.db import migrations

# As before, but each role is folded once.
ROLE_CONFLICT = """
CREATE OR REPLACE FUNCTION quotes_role_conflict(speaker uuid, at daterange, roles text[])
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    WITH named AS MATERIALIZED (
        SELECT string_to_array(sources_fold(role), ' ') AS words FROM unnest(roles) AS role
    ), held AS MATERIALIZED (
        SELECT string_to_array(sources_fold(role), ' ') AS words FROM sources_affiliation
        WHERE speaker_id = speaker
          AND (start IS NULL OR lower(start) < upper(at))
          AND ("end" IS NULL OR upper("end") > lower(at))
    )
    SELECT at IS NOT NULL AND coalesce(bool_and(NOT EXISTS (
        SELECT FROM named WHERE named.words <@ held.words OR named.words @> held.words
    )), false) FROM held
);
"""
BEFORE = import_module("quotes.migrations.0004_life").ROLE_CONFLICT.replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)


class Migration(migrations.Migration):
    dependencies = [
        ("quotes", "0010_waiting"),
    ]

    operations = [
        migrations.RunSQL(ROLE_CONFLICT, BEFORE),
        pgtrigger.migrations.RemoveTrigger(
            model_name="citedaffiliation",
            name="recheck_roles",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="citedaffiliation",
            trigger=pgtrigger.compiler.Trigger(
                name="recheck_roles_insert",
                sql=sources.database.triggers.TriggerSql(
                    func="\n                UPDATE quotes_quote SET flags = flags\n                    WHERE speaker_id IN (SELECT speaker_id FROM new_rows)\n                      AND coalesce(attribution_role, role) IS NOT NULL\n                      AND ('role_conflict' = ANY (flags)) <> quotes_role_conflict(\n                          speaker_id, coalesce(said, published), ARRAY[role, attribution_role]\n                      );\n                RETURN NULL;\n            ",
                    hash="70769988cd840700fb3838073dbef4d37befeaf3",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_recheck_roles_insert_e5711",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="sources_affiliation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="citedaffiliation",
            trigger=pgtrigger.compiler.Trigger(
                name="recheck_roles_update",
                sql=sources.database.triggers.TriggerSql(
                    func='\n                UPDATE quotes_quote SET flags = flags\n                    WHERE speaker_id IN (\n                SELECT unnest(ARRAY[n.speaker_id, o.speaker_id])\n                FROM new_rows n JOIN old_rows o ON o.id = n.id\n                WHERE (n.speaker_id, n.role, n.start, n."end")\n                      IS DISTINCT FROM (o.speaker_id, o.role, o.start, o."end")\n                )\n                      AND coalesce(attribution_role, role) IS NOT NULL\n                      AND (\'role_conflict\' = ANY (flags)) <> quotes_role_conflict(\n                          speaker_id, coalesce(said, published), ARRAY[role, attribution_role]\n                      );\n                RETURN NULL;\n            ',
                    hash="dafcaca146c2bc8a60a7e1d31efef0d4a3c0cbbd",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_recheck_roles_update_afcc4",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="sources_affiliation",
                    when="AFTER",
                ),
            ),
        ),
    ]

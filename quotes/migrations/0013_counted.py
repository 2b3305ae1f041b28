"""What statistics count by, kept in indexes that hold all of it."""

import pgtrigger.compiler
import pgtrigger.migrations
import sources.database.triggers
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

COUNTED = [
    "speaker",
    "organisation",
    "outlet",
    "affiliation",
    "role_key",
    "kind",
    "status",
    "language",
    "published",
]

ROLE_KEY = """
CREATE FUNCTION quotes_role_key(role text) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN left(encode(sha256(convert_to(role, 'UTF8')), 'hex'), 32)::uuid;
COMMENT ON FUNCTION quotes_role_key(text) IS
    'Stands for a role where the role itself may be too long, as in an index.';
"""

AT_ONCE = 5_000


def fill(apps, schema_editor):
    """Give each quote with a role its key, some thousands at a time; none of it is a change."""
    after = "00000000-0000-0000-0000-000000000000"
    with schema_editor.connection.cursor() as cursor:
        while after:
            cursor.execute(
                """
                WITH part AS (
                    SELECT id FROM quotes_quote WHERE id > %s ORDER BY id LIMIT %s
                ), filled AS (
                    UPDATE quotes_quote q SET role_key = NULL FROM part
                    WHERE q.id = part.id AND role_key IS NULL
                      AND coalesce(attribution_role, role) IS NOT NULL
                )
                SELECT id FROM part ORDER BY id DESC LIMIT 1
                """,
                [after, AT_ONCE],
            )
            after = (cursor.fetchone() or [None])[0]


def counted(*of: str, name: str) -> AddIndexConcurrently:
    return AddIndexConcurrently(
        "quote",
        models.Index(
            fields=[*of, "published_day", "id"],
            include=[column for column in COUNTED if column not in of],
            name=name,
        ),
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("quotes", "0012_public_form")]

    operations = [
        migrations.RunSQL(ROLE_KEY, "DROP FUNCTION quotes_role_key(text)"),
        migrations.AddField(
            model_name="quote",
            name="role_key",
            field=models.UUIDField(editable=False, null=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="role_key",
                sql=sources.database.triggers.TriggerSql(
                    func="\n                    NEW.role_key = quotes_role_key(\n                        coalesce(nullif(NEW.attribution_role, ''), nullif(NEW.role, ''))\n                    );\n                    RETURN NEW;\n                ",
                    hash="12e414acbb271198c2adc832d24ddd84bfde56d1",
                    operation='INSERT OR UPDATE OF "role", "attribution_role", "role_key"',
                    pgid="pgtrigger_role_key_70af8",
                    table="quotes_quote",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        counted(name="quote_counted"),
        RemoveIndexConcurrently("quote", "quote_by_day"),
        counted("speaker", name="quote_counted_speaker"),
        RemoveIndexConcurrently("quote", "quote_by_speaker"),
        counted("organisation", name="quote_counted_organisation"),
        RemoveIndexConcurrently("quote", "quote_by_org"),
        counted("outlet", name="quote_counted_outlet"),
        RemoveIndexConcurrently("quote", "quote_by_outlet"),
    ]

"""The ledger: its tables and functions, and what records gain for merging and erasure."""

import django.contrib.postgres.fields
import django.db.models.deletion
import sources.ledger.revisions
import sources.database.triggers
from django.db import migrations, models


FUNCTIONS = r"""
CREATE FUNCTION sources_salt() RETURNS bytea
LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN sha256(
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
);
COMMENT ON FUNCTION sources_salt() IS '32 random bytes, of PostgreSQL''s strong random numbers.';

CREATE FUNCTION sources_state_hash(salt bytea, state jsonb) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN sha256(salt || convert_to(state::text, 'UTF8'));
COMMENT ON FUNCTION sources_state_hash(bytea, jsonb) IS
    'SHA-256 of a salt and a state in its canonical form: jsonb as PostgreSQL writes it, UTF-8.';

CREATE FUNCTION sources_link(
    previous bytea, hash bytea, reason_hash bytea, era smallint, transaction xid8,
    subject_type text, subject_id uuid, version int, verb text, public boolean, announced boolean,
    fields text[], actor text, road text, request text, at timestamptz
) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256(
    coalesce(previous, '\x00') || coalesce(hash, '\x00') || coalesce(reason_hash, '\x00')
    || convert_to(jsonb_build_array(
        era, transaction::text, subject_type, subject_id, version, verb, public, announced, fields,
        actor, road, request, at AT TIME ZONE 'UTC'
    )::text, 'UTF8')
);
COMMENT ON FUNCTION sources_link IS
    'SHA-256 of the former revision''s link, both hashes, and all else that a revision says.';

CREATE FUNCTION sources_act(
    OUT era smallint, OUT actor text, OUT road text, OUT request text, OUT reason text
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT
        coalesce((SELECT max(id) FROM sources_era), 1::smallint),
        CASE WHEN said.road IS NULL THEN session_user::text ELSE said.actor END,
        coalesce(said.road, 'sql'), said.request, said.reason
    FROM (SELECT
        nullif(current_setting('onrecord.actor', true), '') AS actor,
        nullif(current_setting('onrecord.road', true), '') AS road,
        nullif(current_setting('onrecord.request', true), '') AS request,
        nullif(current_setting('onrecord.reason', true), '') AS reason
    ) said;
END;
COMMENT ON FUNCTION sources_act() IS
    'Who makes the present changes, as it was announced; else the database role, by road sql.';

CREATE FUNCTION sources_erasing() RETURNS boolean
LANGUAGE sql STABLE
RETURN current_setting('onrecord.erasing', true) IS NOT DISTINCT FROM 'on'
    AND has_table_privilege('sources_revision'::regclass, 'UPDATE');
COMMENT ON FUNCTION sources_erasing() IS
    'Whether this is manage.py erase, run by a role that may touch the ledger: its owner.';

INSERT INTO sources_era SELECT 1, system_identifier, now() FROM pg_control_system();
"""

DROP_FUNCTIONS = """
DROP FUNCTION sources_erasing();
DROP FUNCTION sources_act();
DROP FUNCTION sources_link;
DROP FUNCTION sources_state_hash(bytea, jsonb);
DROP FUNCTION sources_salt();
"""

# The histories of records that are older than the ledger: each begins as it is now.
BASELINE = r"""
CREATE PROCEDURE sources_baseline(
    subject regclass, subject_type text, left_out text[], public text DEFAULT 'true',
    part text DEFAULT '''{}''::jsonb'
)
LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL timezone = 'UTC';
    SET LOCAL datestyle = 'ISO, YMD';
    EXECUTE format($sql$
        DELETE FROM sources_revision r USING %1$s n WHERE r.subject_id = n.id AND r.version <> n.version
    $sql$, subject);
    EXECUTE format($sql$
        INSERT INTO sources_revision (
            era, transaction, subject_type, subject_id, version, verb, public, announced, state,
            fields, actor, road, time, salt, hash, link
        )
        SELECT 1, r.transaction, %2$L, r.id, r.version, 'created', r.public, r.public, r.state,
               '{}', session_user, 'command:migrate', now(), r.salt, r.hash,
               sources_link(
                   NULL, r.hash, NULL, 1::smallint, r.transaction, %2$L, r.id, r.version, 'created',
                   r.public, r.public, '{}', session_user, 'command:migrate', NULL, now()
               )
        FROM (
            SELECT s.*, sources_state_hash(s.salt, s.state) AS hash FROM (
                SELECT n.id, n.version, %4$s AS public, pg_current_xact_id() AS transaction,
                       to_jsonb(n) - %3$L::text[] || %5$s AS state, sources_salt() AS salt
                FROM %1$s n
                WHERE NOT EXISTS (SELECT FROM sources_revision r WHERE r.subject_id = n.id)
                OFFSET 0
            ) s OFFSET 0
        ) r
    $sql$, subject, subject_type, left_out, public, part);
END
$$;
REVOKE ALL ON PROCEDURE sources_baseline FROM PUBLIC;
COMMENT ON PROCEDURE sources_baseline IS 'Begin the history of records that are older than the ledger.';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("sources", "0002_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Era",
            fields=[
                ("id", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("cluster", models.CharField(max_length=40)),
                ("began", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Revision",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("era", models.PositiveSmallIntegerField()),
                ("transaction", sources.ledger.revisions.TransactionField()),
                ("subject_type", models.CharField(max_length=20)),
                ("subject_id", models.UUIDField()),
                ("version", models.PositiveIntegerField()),
                (
                    "verb",
                    models.CharField(
                        choices=[
                            ("created", "Created"),
                            ("updated", "Updated"),
                            ("published", "Published"),
                            ("rejected", "Rejected"),
                            ("disputed", "Disputed"),
                            ("settled", "Settled"),
                            ("corrected", "Corrected"),
                            ("retracted", "Retracted"),
                            ("merged", "Merged"),
                            ("unmerged", "Unmerged"),
                            ("redacted", "Redacted"),
                            ("erased", "Erased"),
                        ],
                        max_length=12,
                    ),
                ),
                ("public", models.BooleanField()),
                ("announced", models.BooleanField()),
                ("state", models.JSONField(null=True)),
                (
                    "fields",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=63)
                    ),
                ),
                ("actor", models.TextField(null=True)),
                ("road", models.TextField()),
                ("request", models.TextField(null=True)),
                ("reason", models.TextField(null=True)),
                ("time", models.DateTimeField()),
                ("salt", models.BinaryField(null=True)),
                ("hash", models.BinaryField(null=True)),
                ("reason_hash", models.BinaryField(null=True)),
                ("link", models.BinaryField()),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="organisation",
            name="distinct_from",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), blank=True, db_default=[], editable=False
            ),
        ),
        migrations.AddField(
            model_name="organisation",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="sources.organisation",
            ),
        ),
        migrations.AddField(
            model_name="outlet",
            name="distinct_from",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), blank=True, db_default=[], editable=False
            ),
        ),
        migrations.AddField(
            model_name="outlet",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="sources.outlet",
            ),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="erased",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=django.contrib.postgres.fields.ArrayField(
                    base_field=models.PositiveIntegerField(), size=2
                ),
                editable=False,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="version",
            field=models.PositiveIntegerField(db_default=1, editable=False),
        ),
        migrations.AddField(
            model_name="speaker",
            name="distinct_from",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), blank=True, db_default=[], editable=False
            ),
        ),
        migrations.AddField(
            model_name="speaker",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="sources.speaker",
            ),
        ),
        migrations.AddIndex(
            model_name="revision",
            index=models.Index(fields=["era", "transaction", "id"], name="revision_by_transaction"),
        ),
        migrations.AddConstraint(
            model_name="revision",
            constraint=models.UniqueConstraint(
                fields=("subject_id", "version"), name="revision_once_per_version"
            ),
        ),
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.RunSQL(BASELINE, "DROP PROCEDURE sources_baseline"),
    ]

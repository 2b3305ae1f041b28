"""Switch the recording on, with what changed since the baseline caught up under a short lock."""

import pgtrigger.compiler
import pgtrigger.migrations
import sources.ledger.revisions
import sources.database.triggers
from django.db import migrations


CATCH_UP = """
LOCK TABLE sources_outlet, sources_organisation, sources_speaker, sources_article,
    sources_snapshot, sources_affiliation IN SHARE ROW EXCLUSIVE MODE;
CALL sources_baseline('sources_outlet', 'outlet', '{names_folded}');
CALL sources_baseline('sources_organisation', 'organisation', '{names_folded}');
CALL sources_baseline('sources_speaker', 'speaker', '{names_folded}');
CALL sources_baseline('sources_article', 'article', '{url_key,published_day}');
CALL sources_baseline('sources_snapshot', 'snapshot', '{text,characters}', 'false');
CALL sources_baseline('sources_affiliation', 'affiliation', '{start_day,end_last,role_words}');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("sources", "0004_baseline"),
    ]

    operations = [
        migrations.RunSQL(CATCH_UP, migrations.RunSQL.noop),
        pgtrigger.migrations.RemoveTrigger(
            model_name="affiliation",
            name="version",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="article",
            name="version",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="organisation",
            name="version",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="outlet",
            name="version",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="snapshot",
            name="digest",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="snapshot",
            name="no_change",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="snapshot",
            name="no_truncate",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="speaker",
            name="version",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="affiliation",
            trigger=pgtrigger.compiler.Trigger(
                name="actual",
                sql=sources.database.triggers.TriggerSql(
                    declare="DECLARE survivor uuid;",
                    func="\n            WHILE NEW.speaker_id IS NOT NULL LOOP\n                SELECT merged_into_id INTO survivor FROM sources_speaker\n                    WHERE id = NEW.speaker_id FOR KEY SHARE;\n                EXIT WHEN survivor IS NULL;\n                NEW.speaker_id = survivor;\n            END LOOP;\n            WHILE NEW.organisation_id IS NOT NULL LOOP\n                SELECT merged_into_id INTO survivor FROM sources_organisation\n                    WHERE id = NEW.organisation_id FOR KEY SHARE;\n                EXIT WHEN survivor IS NULL;\n                NEW.organisation_id = survivor;\n            END LOOP;\n            RETURN NEW;\n        ",
                    hash="5029b06a524de1a2534ca90d60fa4d8dbf33e094",
                    operation='INSERT OR UPDATE OF "speaker_id", "organisation_id"',
                    pgid="pgtrigger_actual_90710",
                    table="sources_affiliation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="affiliation",
            trigger=pgtrigger.compiler.Trigger(
                name="version",
                sql=sources.database.triggers.TriggerSql(
                    func='\n            IF TG_OP = \'INSERT\' THEN\n                NEW.version = 1;\n                RETURN NEW;\n            END IF;\n            IF ROW(NEW."id", NEW."created", NEW."speaker_id", NEW."organisation_id", NEW."role", NEW."start", NEW."end")\n               IS DISTINCT FROM ROW(OLD."id", OLD."created", OLD."speaker_id", OLD."organisation_id", OLD."role", OLD."start", OLD."end")\n               OR (NEW.version > OLD.version AND pg_trigger_depth() > 1) THEN\n                NEW.version = OLD.version + 1;\n                NEW.updated = greatest(clock_timestamp(), OLD.updated + interval \'1 microsecond\');\n            ELSE\n                NEW.version = OLD.version;\n                NEW.updated = OLD.updated;\n            END IF;\n            RETURN NEW;\n        ',
                    hash="bdbb7509726f99a40b2f302ccfa53a1c1eefb32d",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_version_bf07f",
                    table="sources_affiliation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="affiliation",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_insert",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'affiliation' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR false AS announced, n.state,\n                       ARRAY[]::text[] AS fields, act.actor, act.road, act.request, act.reason,\n                       n.time AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       NULL::bytea AS previous\n                FROM (\n                    SELECT n.id, n.version, 'created' AS verb, true AS public,\n                           statement_timestamp() AS time, jsonb_build_object('id', n.\"id\", 'version', n.\"version\", 'created', n.\"created\", 'updated', n.\"updated\", 'speaker_id', n.\"speaker_id\", 'organisation_id', n.\"organisation_id\", 'role', n.\"role\", 'start', n.\"start\", 'end', n.\"end\") AS state\n                    FROM new_rows n\n                ) n \n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="5ac86648fb774ec270afdc953f6175f3b88412e8",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_ledger_insert_ba334",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="sources_affiliation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="affiliation",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_update",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'affiliation' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR coalesce(p.public, true) AS announced, n.state,\n                       \n            ARRAY(\n                SELECT e.key FROM jsonb_each(n.state) e\n                WHERE e.key NOT IN ('version', 'updated')\n                  AND e.value IS DISTINCT FROM p.state -> e.key\n                ORDER BY e.key\n            ) AS fields, act.actor, act.road, act.request, act.reason,\n                       greatest(n.time, p.time + interval '1 microsecond') AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       p.link AS previous\n                FROM (\n                    SELECT n.id, n.version, 'updated' AS verb, true AS public,\n                           n.updated AS time, jsonb_build_object('id', n.\"id\", 'version', n.\"version\", 'created', n.\"created\", 'updated', n.\"updated\", 'speaker_id', n.\"speaker_id\", 'organisation_id', n.\"organisation_id\", 'role', n.\"role\", 'start', n.\"start\", 'end', n.\"end\") AS state\n                    FROM new_rows n JOIN old_rows o ON o.id = n.id\n                    WHERE n.version > o.version\n                ) n \n            LEFT JOIN sources_revision p\n                ON p.subject_id = n.id AND p.version = n.version - 1\n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="76a02410bebb594b4a16ad6b7203766e8a0a5417",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_ledger_update_54639",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="sources_affiliation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="affiliation",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_delete",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'affiliation' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR coalesce(p.public, true) AS announced, n.state,\n                       ARRAY[]::text[] AS fields, act.actor, act.road, act.request, act.reason,\n                       greatest(n.time, p.time + interval '1 microsecond') AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       p.link AS previous\n                FROM (\n                    SELECT n.id, n.version + 1 AS version, 'erased' AS verb, false AS public,\n                           clock_timestamp() AS time, NULL::jsonb AS state\n                    FROM old_rows n\n                ) n \n            LEFT JOIN sources_revision p\n                ON p.subject_id = n.id AND p.version = n.version - 1\n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="52f81ebfa05371dca0485d82f9a15ca86fc4fe9d",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_ledger_delete_09fd2",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="sources_affiliation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="affiliation",
            trigger=pgtrigger.compiler.Trigger(
                name="no_delete",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            IF NOT sources_erasing() THEN\n                RAISE EXCEPTION\n                    'A row of sources_affiliation is kept: % is refused. See manage.py erase.',\n                    TG_OP USING ERRCODE = 'restrict_violation';\n            END IF;\n            IF TG_OP = 'DELETE' THEN\n                RETURN OLD;\n            END IF;\n            RETURN NEW;\n        ",
                    hash="7be10dcaec11ecc599b9e3fa1d6bd2f9e8165826",
                    operation="DELETE",
                    pgid="pgtrigger_no_delete_dd7f7",
                    table="sources_affiliation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="affiliation",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            RAISE EXCEPTION 'A row of sources_affiliation is never changed: % is refused.', TG_OP\n                USING ERRCODE = 'restrict_violation';\n        ",
                    hash="8f874cd714bdd7e75fb6b40f9f729bb7c86499a5",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_2fdf4",
                    table="sources_affiliation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="article",
            trigger=pgtrigger.compiler.Trigger(
                name="actual",
                sql=sources.database.triggers.TriggerSql(
                    declare="DECLARE survivor uuid;",
                    func="\n            WHILE NEW.outlet_id IS NOT NULL LOOP\n                SELECT merged_into_id INTO survivor FROM sources_outlet\n                    WHERE id = NEW.outlet_id FOR KEY SHARE;\n                EXIT WHEN survivor IS NULL;\n                NEW.outlet_id = survivor;\n            END LOOP;\n            RETURN NEW;\n        ",
                    hash="004552951fb2d49c8d7685b05cf98d2e34a879ab",
                    operation='INSERT OR UPDATE OF "outlet_id"',
                    pgid="pgtrigger_actual_eb0de",
                    table="sources_article",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="article",
            trigger=pgtrigger.compiler.Trigger(
                name="version",
                sql=sources.database.triggers.TriggerSql(
                    func='\n            IF TG_OP = \'INSERT\' THEN\n                NEW.version = 1;\n                RETURN NEW;\n            END IF;\n            IF ROW(NEW."id", NEW."created", NEW."outlet_id", NEW."external_id", NEW."url", NEW."headline", NEW."byline", NEW."published", NEW."published_at", NEW."language", NEW."snapshot_id")\n               IS DISTINCT FROM ROW(OLD."id", OLD."created", OLD."outlet_id", OLD."external_id", OLD."url", OLD."headline", OLD."byline", OLD."published", OLD."published_at", OLD."language", OLD."snapshot_id")\n               OR (NEW.version > OLD.version AND pg_trigger_depth() > 1) THEN\n                NEW.version = OLD.version + 1;\n                NEW.updated = greatest(clock_timestamp(), OLD.updated + interval \'1 microsecond\');\n            ELSE\n                NEW.version = OLD.version;\n                NEW.updated = OLD.updated;\n            END IF;\n            RETURN NEW;\n        ',
                    hash="312bc342aa1eb5db6bb375741de103a5df876857",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_version_cea5d",
                    table="sources_article",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="article",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_insert",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'article' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR false AS announced, n.state,\n                       ARRAY[]::text[] AS fields, act.actor, act.road, act.request, act.reason,\n                       n.time AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       NULL::bytea AS previous\n                FROM (\n                    SELECT n.id, n.version, 'created' AS verb, true AS public,\n                           statement_timestamp() AS time, jsonb_build_object('id', n.\"id\", 'version', n.\"version\", 'created', n.\"created\", 'updated', n.\"updated\", 'outlet_id', n.\"outlet_id\", 'external_id', n.\"external_id\", 'url', n.\"url\", 'headline', n.\"headline\", 'byline', n.\"byline\", 'published', n.\"published\", 'published_at', n.\"published_at\", 'language', n.\"language\", 'snapshot_id', n.\"snapshot_id\") AS state\n                    FROM new_rows n\n                ) n \n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="05259c70a68c6726ead220155f90834678ce8131",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_ledger_insert_5d2b8",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="sources_article",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="article",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_update",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'article' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR coalesce(p.public, true) AS announced, n.state,\n                       \n            ARRAY(\n                SELECT e.key FROM jsonb_each(n.state) e\n                WHERE e.key NOT IN ('version', 'updated')\n                  AND e.value IS DISTINCT FROM p.state -> e.key\n                ORDER BY e.key\n            ) AS fields, act.actor, act.road, act.request, act.reason,\n                       greatest(n.time, p.time + interval '1 microsecond') AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       p.link AS previous\n                FROM (\n                    SELECT n.id, n.version, 'updated' AS verb, true AS public,\n                           n.updated AS time, jsonb_build_object('id', n.\"id\", 'version', n.\"version\", 'created', n.\"created\", 'updated', n.\"updated\", 'outlet_id', n.\"outlet_id\", 'external_id', n.\"external_id\", 'url', n.\"url\", 'headline', n.\"headline\", 'byline', n.\"byline\", 'published', n.\"published\", 'published_at', n.\"published_at\", 'language', n.\"language\", 'snapshot_id', n.\"snapshot_id\") AS state\n                    FROM new_rows n JOIN old_rows o ON o.id = n.id\n                    WHERE n.version > o.version\n                ) n \n            LEFT JOIN sources_revision p\n                ON p.subject_id = n.id AND p.version = n.version - 1\n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="1a57b6f9bf4757470e592a24f644c302f6d0e98d",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_ledger_update_3b2c0",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="sources_article",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="article",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_delete",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'article' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR coalesce(p.public, true) AS announced, n.state,\n                       ARRAY[]::text[] AS fields, act.actor, act.road, act.request, act.reason,\n                       greatest(n.time, p.time + interval '1 microsecond') AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       p.link AS previous\n                FROM (\n                    SELECT n.id, n.version + 1 AS version, 'erased' AS verb, false AS public,\n                           clock_timestamp() AS time, NULL::jsonb AS state\n                    FROM old_rows n\n                ) n \n            LEFT JOIN sources_revision p\n                ON p.subject_id = n.id AND p.version = n.version - 1\n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="77191a46cdf1b69bca747f041d23e691ae6caf75",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_ledger_delete_a2813",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="sources_article",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="article",
            trigger=pgtrigger.compiler.Trigger(
                name="no_delete",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            IF NOT sources_erasing() THEN\n                RAISE EXCEPTION\n                    'A row of sources_article is kept: % is refused. See manage.py erase.',\n                    TG_OP USING ERRCODE = 'restrict_violation';\n            END IF;\n            IF TG_OP = 'DELETE' THEN\n                RETURN OLD;\n            END IF;\n            RETURN NEW;\n        ",
                    hash="a01cd300c4fa6c3b6c9c6f2e44f68bdcf82347ae",
                    operation="DELETE",
                    pgid="pgtrigger_no_delete_440b2",
                    table="sources_article",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="article",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            RAISE EXCEPTION 'A row of sources_article is never changed: % is refused.', TG_OP\n                USING ERRCODE = 'restrict_violation';\n        ",
                    hash="4fc7eb071ac6ebd28f0c6bd97ace6e1326b60da9",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_3c7cd",
                    table="sources_article",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="organisation",
            trigger=pgtrigger.compiler.Trigger(
                name="actual",
                sql=sources.database.triggers.TriggerSql(
                    declare="DECLARE survivor uuid;",
                    func="\n            WHILE NEW.parent_id IS NOT NULL LOOP\n                SELECT merged_into_id INTO survivor FROM sources_organisation\n                    WHERE id = NEW.parent_id FOR KEY SHARE;\n                EXIT WHEN survivor IS NULL;\n                NEW.parent_id = survivor;\n            END LOOP;\n            RETURN NEW;\n        ",
                    hash="c21f8cba46d8e8b713dc2274b529ac36c9c19553",
                    operation='INSERT OR UPDATE OF "parent_id"',
                    pgid="pgtrigger_actual_fa602",
                    table="sources_organisation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="organisation",
            trigger=pgtrigger.compiler.Trigger(
                name="version",
                sql=sources.database.triggers.TriggerSql(
                    func='\n            IF TG_OP = \'INSERT\' THEN\n                NEW.version = 1;\n                RETURN NEW;\n            END IF;\n            IF ROW(NEW."id", NEW."created", NEW."name", NEW."aliases", NEW."merged_into_id", NEW."distinct_from", NEW."parent_id", NEW."identifiers")\n               IS DISTINCT FROM ROW(OLD."id", OLD."created", OLD."name", OLD."aliases", OLD."merged_into_id", OLD."distinct_from", OLD."parent_id", OLD."identifiers")\n               OR (NEW.version > OLD.version AND pg_trigger_depth() > 1) THEN\n                NEW.version = OLD.version + 1;\n                NEW.updated = greatest(clock_timestamp(), OLD.updated + interval \'1 microsecond\');\n            ELSE\n                NEW.version = OLD.version;\n                NEW.updated = OLD.updated;\n            END IF;\n            RETURN NEW;\n        ',
                    hash="cf863e5afa5d9718b537be57f2d2e76074e65360",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_version_5d8a8",
                    table="sources_organisation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="organisation",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_insert",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'organisation' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR false AS announced, n.state,\n                       ARRAY[]::text[] AS fields, act.actor, act.road, act.request, act.reason,\n                       n.time AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       NULL::bytea AS previous\n                FROM (\n                    SELECT n.id, n.version, 'created' AS verb, true AS public,\n                           statement_timestamp() AS time, jsonb_build_object('id', n.\"id\", 'version', n.\"version\", 'created', n.\"created\", 'updated', n.\"updated\", 'name', n.\"name\", 'aliases', n.\"aliases\", 'merged_into_id', n.\"merged_into_id\", 'distinct_from', n.\"distinct_from\", 'parent_id', n.\"parent_id\", 'identifiers', n.\"identifiers\") AS state\n                    FROM new_rows n\n                ) n \n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="4886e90c9f593fec80b4a7f525938e05804ef6ad",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_ledger_insert_0ffe3",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="sources_organisation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="organisation",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_update",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'organisation' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR coalesce(p.public, true) AS announced, n.state,\n                       \n            ARRAY(\n                SELECT e.key FROM jsonb_each(n.state) e\n                WHERE e.key NOT IN ('version', 'updated')\n                  AND e.value IS DISTINCT FROM p.state -> e.key\n                ORDER BY e.key\n            ) AS fields, act.actor, act.road, act.request, act.reason,\n                       greatest(n.time, p.time + interval '1 microsecond') AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       p.link AS previous\n                FROM (\n                    SELECT n.id, n.version, CASE\n    WHEN n.merged_into_id IS NOT DISTINCT FROM o.merged_into_id THEN 'updated'\n    WHEN n.merged_into_id IS NULL THEN 'unmerged'\n    ELSE 'merged' END AS verb, true AS public,\n                           n.updated AS time, jsonb_build_object('id', n.\"id\", 'version', n.\"version\", 'created', n.\"created\", 'updated', n.\"updated\", 'name', n.\"name\", 'aliases', n.\"aliases\", 'merged_into_id', n.\"merged_into_id\", 'distinct_from', n.\"distinct_from\", 'parent_id', n.\"parent_id\", 'identifiers', n.\"identifiers\") AS state\n                    FROM new_rows n JOIN old_rows o ON o.id = n.id\n                    WHERE n.version > o.version\n                ) n \n            LEFT JOIN sources_revision p\n                ON p.subject_id = n.id AND p.version = n.version - 1\n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="32df9ae3b1589e37ad591a072480dc4f5ee952ae",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_ledger_update_b6b83",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="sources_organisation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="organisation",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_delete",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'organisation' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR coalesce(p.public, true) AS announced, n.state,\n                       ARRAY[]::text[] AS fields, act.actor, act.road, act.request, act.reason,\n                       greatest(n.time, p.time + interval '1 microsecond') AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       p.link AS previous\n                FROM (\n                    SELECT n.id, n.version + 1 AS version, 'erased' AS verb, false AS public,\n                           clock_timestamp() AS time, NULL::jsonb AS state\n                    FROM old_rows n\n                ) n \n            LEFT JOIN sources_revision p\n                ON p.subject_id = n.id AND p.version = n.version - 1\n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="774fbe3b8b601bdcde9fbcd3d926798a3c35df01",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_ledger_delete_61bed",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="sources_organisation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="organisation",
            trigger=pgtrigger.compiler.Trigger(
                name="no_delete",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            IF NOT sources_erasing() THEN\n                RAISE EXCEPTION\n                    'A row of sources_organisation is kept: % is refused. See manage.py erase.',\n                    TG_OP USING ERRCODE = 'restrict_violation';\n            END IF;\n            IF TG_OP = 'DELETE' THEN\n                RETURN OLD;\n            END IF;\n            RETURN NEW;\n        ",
                    hash="4817e8528f3c53588788171aedd3e8125c5274a2",
                    operation="DELETE",
                    pgid="pgtrigger_no_delete_2ad13",
                    table="sources_organisation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="organisation",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            RAISE EXCEPTION 'A row of sources_organisation is never changed: % is refused.', TG_OP\n                USING ERRCODE = 'restrict_violation';\n        ",
                    hash="1eedc8a0bba6b29c064f0095789bc67b3ffc5fe3",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_51333",
                    table="sources_organisation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="outlet",
            trigger=pgtrigger.compiler.Trigger(
                name="version",
                sql=sources.database.triggers.TriggerSql(
                    func='\n            IF TG_OP = \'INSERT\' THEN\n                NEW.version = 1;\n                RETURN NEW;\n            END IF;\n            IF ROW(NEW."id", NEW."created", NEW."name", NEW."aliases", NEW."merged_into_id", NEW."distinct_from", NEW."slug", NEW."url")\n               IS DISTINCT FROM ROW(OLD."id", OLD."created", OLD."name", OLD."aliases", OLD."merged_into_id", OLD."distinct_from", OLD."slug", OLD."url")\n               OR (NEW.version > OLD.version AND pg_trigger_depth() > 1) THEN\n                NEW.version = OLD.version + 1;\n                NEW.updated = greatest(clock_timestamp(), OLD.updated + interval \'1 microsecond\');\n            ELSE\n                NEW.version = OLD.version;\n                NEW.updated = OLD.updated;\n            END IF;\n            RETURN NEW;\n        ',
                    hash="8d4bb5a66751c889a4ad9ca5481a9722704b3233",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_version_39aca",
                    table="sources_outlet",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="outlet",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_insert",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'outlet' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR false AS announced, n.state,\n                       ARRAY[]::text[] AS fields, act.actor, act.road, act.request, act.reason,\n                       n.time AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       NULL::bytea AS previous\n                FROM (\n                    SELECT n.id, n.version, 'created' AS verb, true AS public,\n                           statement_timestamp() AS time, jsonb_build_object('id', n.\"id\", 'version', n.\"version\", 'created', n.\"created\", 'updated', n.\"updated\", 'name', n.\"name\", 'aliases', n.\"aliases\", 'merged_into_id', n.\"merged_into_id\", 'distinct_from', n.\"distinct_from\", 'slug', n.\"slug\", 'url', n.\"url\") AS state\n                    FROM new_rows n\n                ) n \n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="12d43546e3a73d26c797f0474ac25c53d4c8d1fe",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_ledger_insert_7cada",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="sources_outlet",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="outlet",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_update",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'outlet' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR coalesce(p.public, true) AS announced, n.state,\n                       \n            ARRAY(\n                SELECT e.key FROM jsonb_each(n.state) e\n                WHERE e.key NOT IN ('version', 'updated')\n                  AND e.value IS DISTINCT FROM p.state -> e.key\n                ORDER BY e.key\n            ) AS fields, act.actor, act.road, act.request, act.reason,\n                       greatest(n.time, p.time + interval '1 microsecond') AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       p.link AS previous\n                FROM (\n                    SELECT n.id, n.version, CASE\n    WHEN n.merged_into_id IS NOT DISTINCT FROM o.merged_into_id THEN 'updated'\n    WHEN n.merged_into_id IS NULL THEN 'unmerged'\n    ELSE 'merged' END AS verb, true AS public,\n                           n.updated AS time, jsonb_build_object('id', n.\"id\", 'version', n.\"version\", 'created', n.\"created\", 'updated', n.\"updated\", 'name', n.\"name\", 'aliases', n.\"aliases\", 'merged_into_id', n.\"merged_into_id\", 'distinct_from', n.\"distinct_from\", 'slug', n.\"slug\", 'url', n.\"url\") AS state\n                    FROM new_rows n JOIN old_rows o ON o.id = n.id\n                    WHERE n.version > o.version\n                ) n \n            LEFT JOIN sources_revision p\n                ON p.subject_id = n.id AND p.version = n.version - 1\n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="4a34629a5d9e7c496966a1e7584cd6cb40f6c692",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_ledger_update_e270c",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="sources_outlet",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="outlet",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_delete",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'outlet' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR coalesce(p.public, true) AS announced, n.state,\n                       ARRAY[]::text[] AS fields, act.actor, act.road, act.request, act.reason,\n                       greatest(n.time, p.time + interval '1 microsecond') AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       p.link AS previous\n                FROM (\n                    SELECT n.id, n.version + 1 AS version, 'erased' AS verb, false AS public,\n                           clock_timestamp() AS time, NULL::jsonb AS state\n                    FROM old_rows n\n                ) n \n            LEFT JOIN sources_revision p\n                ON p.subject_id = n.id AND p.version = n.version - 1\n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="4be0f67fa4a67ba9a3a459929e810fbf44092731",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_ledger_delete_171e1",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="sources_outlet",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="outlet",
            trigger=pgtrigger.compiler.Trigger(
                name="no_delete",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            IF NOT sources_erasing() THEN\n                RAISE EXCEPTION\n                    'A row of sources_outlet is kept: % is refused. See manage.py erase.',\n                    TG_OP USING ERRCODE = 'restrict_violation';\n            END IF;\n            IF TG_OP = 'DELETE' THEN\n                RETURN OLD;\n            END IF;\n            RETURN NEW;\n        ",
                    hash="fd6a0c7aaf6f169afc186364d244463e3d7fef89",
                    operation="DELETE",
                    pgid="pgtrigger_no_delete_9272a",
                    table="sources_outlet",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="outlet",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            RAISE EXCEPTION 'A row of sources_outlet is never changed: % is refused.', TG_OP\n                USING ERRCODE = 'restrict_violation';\n        ",
                    hash="efe517ef0f293ba8635396d6d872623222de6381",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_ee70a",
                    table="sources_outlet",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="revision",
            trigger=pgtrigger.compiler.Trigger(
                name="no_change",
                sql=sources.database.triggers.TriggerSql(
                    func="\n                    IF sources_erasing()\n                       AND (to_jsonb(NEW) - ARRAY['state', 'salt', 'reason'])\n                           = (to_jsonb(OLD) - ARRAY['state', 'salt', 'reason'])\n                       AND NEW.state IS NULL AND NEW.salt IS NULL AND NEW.reason IS NULL\n                       AND EXISTS (\n                           SELECT FROM sources_revision\n                           WHERE subject_id = OLD.subject_id AND verb = 'erased'\n                       ) THEN\n                        RETURN NEW;\n                    END IF;\n                    RAISE EXCEPTION 'The ledger is never changed: % is refused.', TG_OP\n                        USING ERRCODE = 'restrict_violation';\n                ",
                    hash="4bbe5d019f9102fb8609d32e0756823b673acb8b",
                    operation="UPDATE",
                    pgid="pgtrigger_no_change_ba444",
                    table="sources_revision",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="revision",
            trigger=pgtrigger.compiler.Trigger(
                name="no_delete",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            RAISE EXCEPTION 'A row of sources_revision is never changed: % is refused.', TG_OP\n                USING ERRCODE = 'restrict_violation';\n        ",
                    hash="31d4b45f378d96d9783a28576a68c8730244a648",
                    operation="DELETE",
                    pgid="pgtrigger_no_delete_47d7d",
                    table="sources_revision",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="revision",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            RAISE EXCEPTION 'A row of sources_revision is never changed: % is refused.', TG_OP\n                USING ERRCODE = 'restrict_violation';\n        ",
                    hash="1cec389ceda03d3574dbbd89d81acbea088dc09e",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_6ee4a",
                    table="sources_revision",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="snapshot",
            trigger=pgtrigger.compiler.Trigger(
                name="version",
                sql=sources.database.triggers.TriggerSql(
                    func='\n            IF TG_OP = \'INSERT\' THEN\n                NEW.version = 1;\n                RETURN NEW;\n            END IF;\n            IF ROW(NEW."id", NEW."article_id", NEW."sha256", NEW."text", NEW."captured", NEW."erased")\n               IS DISTINCT FROM ROW(OLD."id", OLD."article_id", OLD."sha256", OLD."text", OLD."captured", OLD."erased")\n               OR (NEW.version > OLD.version AND pg_trigger_depth() > 1) THEN\n                NEW.version = OLD.version + 1;\n                \n            ELSE\n                NEW.version = OLD.version;\n                \n            END IF;\n            RETURN NEW;\n        ',
                    hash="1a9a944c0e50c1ca4bb82ccf24b1d3ddbe55ad47",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_version_02326",
                    table="sources_snapshot",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="snapshot",
            trigger=pgtrigger.compiler.Trigger(
                name="digest",
                sql=sources.database.triggers.TriggerSql(
                    func="\n                    IF NEW.sha256 IS DISTINCT FROM\n                       encode(sha256(convert_to(NEW.text, 'UTF8')), 'hex') THEN\n                        RAISE EXCEPTION 'The sha256 of a snapshot must be that of its text.'\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'snapshot_digest';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="b8e44338ea652666d1ce127e1b7f78b81ad21c89",
                    operation="INSERT",
                    pgid="pgtrigger_digest_2c5b3",
                    table="sources_snapshot",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="snapshot",
            trigger=pgtrigger.compiler.Trigger(
                name="no_change",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            IF NOT sources_erasing() THEN\n                RAISE EXCEPTION\n                    'A row of sources_snapshot is kept: % is refused. See manage.py erase.',\n                    TG_OP USING ERRCODE = 'restrict_violation';\n            END IF;\n            IF TG_OP = 'DELETE' THEN\n                RETURN OLD;\n            END IF;\n            RETURN NEW;\n        ",
                    hash="1868a057affd57fdfd49f3914e6857cafab8e5a1",
                    operation="UPDATE",
                    pgid="pgtrigger_no_change_1a1a6",
                    table="sources_snapshot",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="snapshot",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_insert",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'snapshot' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR false AS announced, n.state,\n                       ARRAY[]::text[] AS fields, act.actor, act.road, act.request, act.reason,\n                       n.time AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       NULL::bytea AS previous\n                FROM (\n                    SELECT n.id, n.version, 'created' AS verb, false AS public,\n                           statement_timestamp() AS time, jsonb_build_object('id', n.\"id\", 'article_id', n.\"article_id\", 'sha256', n.\"sha256\", 'captured', n.\"captured\", 'version', n.\"version\", 'erased', n.\"erased\") AS state\n                    FROM new_rows n\n                ) n \n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="313b885a3697a693584afd7e0e84e51a8452239a",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_ledger_insert_61e2a",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="sources_snapshot",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="snapshot",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_update",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'snapshot' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR coalesce(p.public, true) AS announced, n.state,\n                       \n            ARRAY(\n                SELECT e.key FROM jsonb_each(n.state) e\n                WHERE e.key NOT IN ('version', 'updated')\n                  AND e.value IS DISTINCT FROM p.state -> e.key\n                ORDER BY e.key\n            ) AS fields, act.actor, act.road, act.request, act.reason,\n                       greatest(n.time, p.time + interval '1 microsecond') AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       p.link AS previous\n                FROM (\n                    SELECT n.id, n.version, 'redacted' AS verb, false AS public,\n                           clock_timestamp() AS time, jsonb_build_object('id', n.\"id\", 'article_id', n.\"article_id\", 'sha256', n.\"sha256\", 'captured', n.\"captured\", 'version', n.\"version\", 'erased', n.\"erased\") AS state\n                    FROM new_rows n JOIN old_rows o ON o.id = n.id\n                    WHERE n.version > o.version\n                ) n \n            LEFT JOIN sources_revision p\n                ON p.subject_id = n.id AND p.version = n.version - 1\n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="71e315208dbdb497cea22519d70f870eb2819328",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_ledger_update_05007",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="sources_snapshot",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="snapshot",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_delete",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'snapshot' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR coalesce(p.public, true) AS announced, n.state,\n                       ARRAY[]::text[] AS fields, act.actor, act.road, act.request, act.reason,\n                       greatest(n.time, p.time + interval '1 microsecond') AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       p.link AS previous\n                FROM (\n                    SELECT n.id, n.version + 1 AS version, 'erased' AS verb, false AS public,\n                           clock_timestamp() AS time, NULL::jsonb AS state\n                    FROM old_rows n\n                ) n \n            LEFT JOIN sources_revision p\n                ON p.subject_id = n.id AND p.version = n.version - 1\n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="39fe7c654ad9fd93cf8908a58688393513c155ee",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_ledger_delete_0f8e0",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="sources_snapshot",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="snapshot",
            trigger=pgtrigger.compiler.Trigger(
                name="no_delete",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            IF NOT sources_erasing() THEN\n                RAISE EXCEPTION\n                    'A row of sources_snapshot is kept: % is refused. See manage.py erase.',\n                    TG_OP USING ERRCODE = 'restrict_violation';\n            END IF;\n            IF TG_OP = 'DELETE' THEN\n                RETURN OLD;\n            END IF;\n            RETURN NEW;\n        ",
                    hash="94ac62ca05762244f971f3f4e2cda276fdfc28eb",
                    operation="DELETE",
                    pgid="pgtrigger_no_delete_942dc",
                    table="sources_snapshot",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="snapshot",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            RAISE EXCEPTION 'A row of sources_snapshot is never changed: % is refused.', TG_OP\n                USING ERRCODE = 'restrict_violation';\n        ",
                    hash="b12461b0299ab0cb09b9095275929f24f1fe8a9f",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_27a81",
                    table="sources_snapshot",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="speaker",
            trigger=pgtrigger.compiler.Trigger(
                name="actual",
                sql=sources.database.triggers.TriggerSql(
                    declare="DECLARE survivor uuid;",
                    func="\n            WHILE NEW.organisation_id IS NOT NULL LOOP\n                SELECT merged_into_id INTO survivor FROM sources_organisation\n                    WHERE id = NEW.organisation_id FOR KEY SHARE;\n                EXIT WHEN survivor IS NULL;\n                NEW.organisation_id = survivor;\n            END LOOP;\n            RETURN NEW;\n        ",
                    hash="42d5051ed34e52c3bfafa12aefaf39c9e95b6c6e",
                    operation='INSERT OR UPDATE OF "organisation_id"',
                    pgid="pgtrigger_actual_1c855",
                    table="sources_speaker",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="speaker",
            trigger=pgtrigger.compiler.Trigger(
                name="version",
                sql=sources.database.triggers.TriggerSql(
                    func='\n            IF TG_OP = \'INSERT\' THEN\n                NEW.version = 1;\n                RETURN NEW;\n            END IF;\n            IF ROW(NEW."id", NEW."created", NEW."name", NEW."aliases", NEW."merged_into_id", NEW."distinct_from", NEW."kind", NEW."organisation_id", NEW."identifiers")\n               IS DISTINCT FROM ROW(OLD."id", OLD."created", OLD."name", OLD."aliases", OLD."merged_into_id", OLD."distinct_from", OLD."kind", OLD."organisation_id", OLD."identifiers")\n               OR (NEW.version > OLD.version AND pg_trigger_depth() > 1) THEN\n                NEW.version = OLD.version + 1;\n                NEW.updated = greatest(clock_timestamp(), OLD.updated + interval \'1 microsecond\');\n            ELSE\n                NEW.version = OLD.version;\n                NEW.updated = OLD.updated;\n            END IF;\n            RETURN NEW;\n        ',
                    hash="8063a1743f2677a08ad4106e9f5b56d354fe301d",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_version_c941f",
                    table="sources_speaker",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="speaker",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_insert",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'speaker' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR false AS announced, n.state,\n                       ARRAY[]::text[] AS fields, act.actor, act.road, act.request, act.reason,\n                       n.time AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       NULL::bytea AS previous\n                FROM (\n                    SELECT n.id, n.version, 'created' AS verb, true AS public,\n                           statement_timestamp() AS time, jsonb_build_object('id', n.\"id\", 'version', n.\"version\", 'created', n.\"created\", 'updated', n.\"updated\", 'name', n.\"name\", 'aliases', n.\"aliases\", 'merged_into_id', n.\"merged_into_id\", 'distinct_from', n.\"distinct_from\", 'kind', n.\"kind\", 'organisation_id', n.\"organisation_id\", 'identifiers', n.\"identifiers\") AS state\n                    FROM new_rows n\n                ) n \n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="2ce46234527ce25414199e55211514fd6a545307",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_ledger_insert_b775f",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="sources_speaker",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="speaker",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_update",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'speaker' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR coalesce(p.public, true) AS announced, n.state,\n                       \n            ARRAY(\n                SELECT e.key FROM jsonb_each(n.state) e\n                WHERE e.key NOT IN ('version', 'updated')\n                  AND e.value IS DISTINCT FROM p.state -> e.key\n                ORDER BY e.key\n            ) AS fields, act.actor, act.road, act.request, act.reason,\n                       greatest(n.time, p.time + interval '1 microsecond') AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       p.link AS previous\n                FROM (\n                    SELECT n.id, n.version, CASE\n    WHEN n.merged_into_id IS NOT DISTINCT FROM o.merged_into_id THEN 'updated'\n    WHEN n.merged_into_id IS NULL THEN 'unmerged'\n    ELSE 'merged' END AS verb, true AS public,\n                           n.updated AS time, jsonb_build_object('id', n.\"id\", 'version', n.\"version\", 'created', n.\"created\", 'updated', n.\"updated\", 'name', n.\"name\", 'aliases', n.\"aliases\", 'merged_into_id', n.\"merged_into_id\", 'distinct_from', n.\"distinct_from\", 'kind', n.\"kind\", 'organisation_id', n.\"organisation_id\", 'identifiers', n.\"identifiers\") AS state\n                    FROM new_rows n JOIN old_rows o ON o.id = n.id\n                    WHERE n.version > o.version\n                ) n \n            LEFT JOIN sources_revision p\n                ON p.subject_id = n.id AND p.version = n.version - 1\n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="b9623f37c8a6d5004f544c561322c832c6f22d84",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_ledger_update_d2ce0",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="sources_speaker",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="speaker",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_delete",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'speaker' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR coalesce(p.public, true) AS announced, n.state,\n                       ARRAY[]::text[] AS fields, act.actor, act.road, act.request, act.reason,\n                       greatest(n.time, p.time + interval '1 microsecond') AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       p.link AS previous\n                FROM (\n                    SELECT n.id, n.version + 1 AS version, 'erased' AS verb, false AS public,\n                           clock_timestamp() AS time, NULL::jsonb AS state\n                    FROM old_rows n\n                ) n \n            LEFT JOIN sources_revision p\n                ON p.subject_id = n.id AND p.version = n.version - 1\n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="0cc3c50a3b6cebb887705f41f1df9743e76f0877",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_ledger_delete_3d69d",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="sources_speaker",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="speaker",
            trigger=pgtrigger.compiler.Trigger(
                name="no_delete",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            IF NOT sources_erasing() THEN\n                RAISE EXCEPTION\n                    'A row of sources_speaker is kept: % is refused. See manage.py erase.',\n                    TG_OP USING ERRCODE = 'restrict_violation';\n            END IF;\n            IF TG_OP = 'DELETE' THEN\n                RETURN OLD;\n            END IF;\n            RETURN NEW;\n        ",
                    hash="f06d541f7b1af50e0cc2ca881e33986eb17b81dc",
                    operation="DELETE",
                    pgid="pgtrigger_no_delete_f1886",
                    table="sources_speaker",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="speaker",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            RAISE EXCEPTION 'A row of sources_speaker is never changed: % is refused.', TG_OP\n                USING ERRCODE = 'restrict_violation';\n        ",
                    hash="4de34cdb14baaa6cf58915e3878daa30a46a6662",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_971f8",
                    table="sources_speaker",
                    when="BEFORE",
                ),
            ),
        ),
    ]

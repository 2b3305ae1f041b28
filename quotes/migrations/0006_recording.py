"""Switch the recording on, with what changed since the baseline caught up under a short lock."""

import pgtrigger.compiler
import pgtrigger.migrations
import sources.database.triggers
from django.db import migrations


CATCH_UP = """
LOCK TABLE quotes_utterance, quotes_quote, quotes_via IN SHARE ROW EXCLUSIVE MODE;
CALL sources_baseline('quotes_utterance', 'utterance', '{}');
CALL sources_baseline(
    'quotes_quote', 'quote', '{contexts,nearest,published_day,said_day,role_words}',
    $$n.status IN ('published', 'disputed', 'retracted')$$,
    $$(
        SELECT jsonb_build_object('via', coalesce(jsonb_agg(
            jsonb_build_object('kind', v.kind, 'name', v.name, 'outlet_id', v.outlet_id)
            ORDER BY v.position
        ), '[]')) FROM quotes_via v WHERE v.quote_id = n.id
    )$$
);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("quotes", "0005_baseline"),
        ("sources", "0005_recording"),
    ]

    operations = [
        migrations.RunSQL(CATCH_UP, migrations.RunSQL.noop),
        pgtrigger.migrations.RemoveTrigger(
            model_name="citedaffiliation",
            name="keep_for_quotes",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="printedarticle",
            name="tell_quotes",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="quote",
            name="version",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="quote",
            name="anchor",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="quote",
            name="article",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="quote",
            name="affiliation",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="utterance",
            name="version",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="citedaffiliation",
            trigger=pgtrigger.compiler.Trigger(
                name="keep_for_quotes",
                sql=sources.database.triggers.TriggerSql(
                    condition='WHEN (OLD."organisation_id" IS DISTINCT FROM (NEW."organisation_id") OR OLD."speaker_id" IS DISTINCT FROM (NEW."speaker_id"))',
                    func="\n                    IF current_setting('onrecord.merging', true) IS DISTINCT FROM 'on'\n                       AND EXISTS (SELECT FROM quotes_quote WHERE affiliation_id = OLD.id) THEN\n                        RAISE EXCEPTION\n                            'Quotes rest on this affiliation: make another, and move them there.'\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'affiliation_is_cited';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="686c095d25da143605bd186115b77ab13cda06cb",
                    operation='UPDATE OF "speaker_id", "organisation_id"',
                    pgid="pgtrigger_keep_for_quotes_369d8",
                    table="sources_affiliation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="citedaffiliation",
            trigger=pgtrigger.compiler.Trigger(
                name="tell_quotes",
                sql=sources.database.triggers.TriggerSql(
                    condition='WHEN (OLD."organisation_id" IS DISTINCT FROM (NEW."organisation_id") OR OLD."speaker_id" IS DISTINCT FROM (NEW."speaker_id"))',
                    func="\n                    UPDATE quotes_quote\n                        SET speaker_id = NEW.speaker_id, organisation_id = NEW.organisation_id\n                        WHERE affiliation_id = NEW.id;\n                    RETURN NULL;\n                ",
                    hash="70d969bef4b76a75b6c1017101096877e6b63436",
                    operation='UPDATE OF "speaker_id", "organisation_id"',
                    pgid="pgtrigger_tell_quotes_ad471",
                    table="sources_affiliation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="citedaffiliation",
            trigger=pgtrigger.compiler.Trigger(
                name="recheck_roles",
                sql=sources.database.triggers.TriggerSql(
                    func="\n                    UPDATE quotes_quote SET flags = flags\n                        WHERE (speaker_id = NEW.speaker_id OR speaker_id = OLD.speaker_id)\n                          AND coalesce(attribution_role, role) IS NOT NULL\n                          AND ('role_conflict' = ANY (flags)) <> quotes_role_conflict(\n                              speaker_id, coalesce(said, published), ARRAY[role, attribution_role]\n                          );\n                    RETURN NULL;\n                ",
                    hash="4371e6f2f875946ef267ed96490939959a98bfc3",
                    operation='INSERT OR UPDATE OF "speaker_id", "role", "start", "end"',
                    pgid="pgtrigger_recheck_roles_de3a7",
                    table="sources_affiliation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="printedarticle",
            trigger=pgtrigger.compiler.Trigger(
                name="tell_quotes",
                sql=sources.database.triggers.TriggerSql(
                    condition='WHEN (OLD."outlet_id" IS DISTINCT FROM (NEW."outlet_id") OR OLD."published" IS DISTINCT FROM (NEW."published"))',
                    func="\n                    UPDATE quotes_quote SET outlet_id = NEW.outlet_id, published = NEW.published\n                        WHERE article_id = NEW.id;\n                    RETURN NULL;\n                ",
                    hash="a913a3a624c355fb4aaa3be2a02290ac90e7ef27",
                    operation='UPDATE OF "outlet_id", "published"',
                    pgid="pgtrigger_tell_quotes_76b23",
                    table="sources_article",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="actual",
                sql=sources.database.triggers.TriggerSql(
                    declare="DECLARE survivor uuid;",
                    func="\n            WHILE NEW.speaker_id IS NOT NULL LOOP\n                SELECT merged_into_id INTO survivor FROM sources_speaker\n                    WHERE id = NEW.speaker_id FOR KEY SHARE;\n                EXIT WHEN survivor IS NULL;\n                NEW.speaker_id = survivor;\n            END LOOP;\n            WHILE NEW.organisation_id IS NOT NULL LOOP\n                SELECT merged_into_id INTO survivor FROM sources_organisation\n                    WHERE id = NEW.organisation_id FOR KEY SHARE;\n                EXIT WHEN survivor IS NULL;\n                NEW.organisation_id = survivor;\n            END LOOP;\n            RETURN NEW;\n        ",
                    hash="2c85e4a4a65dc3c0ae58a874716cb7149aa18cfc",
                    operation='INSERT OR UPDATE OF "speaker_id", "organisation_id"',
                    pgid="pgtrigger_actual_683de",
                    table="quotes_quote",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="version",
                sql=sources.database.triggers.TriggerSql(
                    func='\n            IF TG_OP = \'INSERT\' THEN\n                NEW.version = 1;\n                RETURN NEW;\n            END IF;\n            IF ROW(NEW."id", NEW."created", NEW."article_id", NEW."snapshot_id", NEW."text", NEW."spans", NEW."anchor", NEW."outlet_id", NEW."published", NEW."kind", NEW."language", NEW."status", NEW."flags", NEW."reason", NEW."replaced_by_id", NEW."corrections", NEW."attribution_text", NEW."attribution_speaker", NEW."attribution_role", NEW."attribution_organisation", NEW."attribution_cue", NEW."speaker_id", NEW."organisation_id", NEW."affiliation_id", NEW."role", NEW."said", NEW."utterance_id")\n               IS DISTINCT FROM ROW(OLD."id", OLD."created", OLD."article_id", OLD."snapshot_id", OLD."text", OLD."spans", OLD."anchor", OLD."outlet_id", OLD."published", OLD."kind", OLD."language", OLD."status", OLD."flags", OLD."reason", OLD."replaced_by_id", OLD."corrections", OLD."attribution_text", OLD."attribution_speaker", OLD."attribution_role", OLD."attribution_organisation", OLD."attribution_cue", OLD."speaker_id", OLD."organisation_id", OLD."affiliation_id", OLD."role", OLD."said", OLD."utterance_id")\n               OR (NEW.version > OLD.version AND pg_trigger_depth() > 1) THEN\n                NEW.version = OLD.version + 1;\n                NEW.updated = greatest(clock_timestamp(), OLD.updated + interval \'1 microsecond\');\n            ELSE\n                NEW.version = OLD.version;\n                NEW.updated = OLD.updated;\n            END IF;\n            RETURN NEW;\n        ',
                    hash="f01d2320bd3d6b695e05df161ef58ad1c7e35d95",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_version_f56b1",
                    table="quotes_quote",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_insert",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'quote' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR false AS announced, n.state,\n                       ARRAY[]::text[] AS fields, act.actor, act.road, act.request, act.reason,\n                       n.time AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       NULL::bytea AS previous\n                FROM (\n                    SELECT n.id, n.version, 'created' AS verb, n.status IN ('published', 'disputed', 'retracted') AS public,\n                           statement_timestamp() AS time, jsonb_build_object('id', n.\"id\", 'version', n.\"version\", 'created', n.\"created\", 'updated', n.\"updated\", 'article_id', n.\"article_id\", 'snapshot_id', n.\"snapshot_id\", 'text', n.\"text\", 'spans', n.\"spans\", 'anchor', n.\"anchor\", 'outlet_id', n.\"outlet_id\", 'published', n.\"published\", 'kind', n.\"kind\", 'language', n.\"language\", 'status', n.\"status\", 'flags', n.\"flags\", 'reason', n.\"reason\", 'replaced_by_id', n.\"replaced_by_id\", 'corrections', n.\"corrections\", 'attribution_text', n.\"attribution_text\", 'attribution_speaker', n.\"attribution_speaker\", 'attribution_role', n.\"attribution_role\", 'attribution_organisation', n.\"attribution_organisation\", 'attribution_cue', n.\"attribution_cue\", 'speaker_id', n.\"speaker_id\", 'organisation_id', n.\"organisation_id\", 'affiliation_id', n.\"affiliation_id\", 'role', n.\"role\", 'said', n.\"said\", 'utterance_id', n.\"utterance_id\", 'via', (\n    SELECT coalesce(jsonb_agg(\n        jsonb_build_object('kind', v.kind, 'name', v.name, 'outlet_id', v.outlet_id)\n        ORDER BY v.position\n    ), '[]') FROM quotes_via v WHERE v.quote_id = n.id\n)) AS state\n                    FROM new_rows n\n                ) n \n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="ed6a7b566ce0e76168b6a2a92cc22ef36720dea2",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_ledger_insert_35ac2",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="quotes_quote",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_update",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'quote' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR coalesce(p.public, true) AS announced, n.state,\n                       \n            ARRAY(\n                SELECT e.key FROM jsonb_each(n.state) e\n                WHERE e.key NOT IN ('version', 'updated')\n                  AND e.value IS DISTINCT FROM p.state -> e.key\n                ORDER BY e.key\n            ) AS fields, act.actor, act.road, act.request, act.reason,\n                       greatest(n.time, p.time + interval '1 microsecond') AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       p.link AS previous\n                FROM (\n                    SELECT n.id, n.version, CASE\n    WHEN n.status = o.status AND n.corrections IS DISTINCT FROM o.corrections THEN 'corrected'\n    WHEN n.status = o.status THEN 'updated'\n    WHEN n.status = 'published' AND o.status = 'disputed' THEN 'settled'\n    WHEN n.status = 'proposed' THEN 'updated'\n    ELSE n.status END AS verb, n.status IN ('published', 'disputed', 'retracted') AS public,\n                           n.updated AS time, jsonb_build_object('id', n.\"id\", 'version', n.\"version\", 'created', n.\"created\", 'updated', n.\"updated\", 'article_id', n.\"article_id\", 'snapshot_id', n.\"snapshot_id\", 'text', n.\"text\", 'spans', n.\"spans\", 'anchor', n.\"anchor\", 'outlet_id', n.\"outlet_id\", 'published', n.\"published\", 'kind', n.\"kind\", 'language', n.\"language\", 'status', n.\"status\", 'flags', n.\"flags\", 'reason', n.\"reason\", 'replaced_by_id', n.\"replaced_by_id\", 'corrections', n.\"corrections\", 'attribution_text', n.\"attribution_text\", 'attribution_speaker', n.\"attribution_speaker\", 'attribution_role', n.\"attribution_role\", 'attribution_organisation', n.\"attribution_organisation\", 'attribution_cue', n.\"attribution_cue\", 'speaker_id', n.\"speaker_id\", 'organisation_id', n.\"organisation_id\", 'affiliation_id', n.\"affiliation_id\", 'role', n.\"role\", 'said', n.\"said\", 'utterance_id', n.\"utterance_id\", 'via', (\n    SELECT coalesce(jsonb_agg(\n        jsonb_build_object('kind', v.kind, 'name', v.name, 'outlet_id', v.outlet_id)\n        ORDER BY v.position\n    ), '[]') FROM quotes_via v WHERE v.quote_id = n.id\n)) AS state\n                    FROM new_rows n JOIN old_rows o ON o.id = n.id\n                    WHERE n.version > o.version\n                ) n \n            LEFT JOIN sources_revision p\n                ON p.subject_id = n.id AND p.version = n.version - 1\n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="cce9ef3a2facd12c021d39e28bf3414c877d4c2a",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_ledger_update_0cc83",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="quotes_quote",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_delete",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'quote' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR coalesce(p.public, true) AS announced, n.state,\n                       ARRAY[]::text[] AS fields, act.actor, act.road, act.request, act.reason,\n                       greatest(n.time, p.time + interval '1 microsecond') AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       p.link AS previous\n                FROM (\n                    SELECT n.id, n.version + 1 AS version, 'erased' AS verb, false AS public,\n                           clock_timestamp() AS time, NULL::jsonb AS state\n                    FROM old_rows n\n                ) n \n            LEFT JOIN sources_revision p\n                ON p.subject_id = n.id AND p.version = n.version - 1\n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="41a028ab543b5c3362b3583935830bce58084859",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_ledger_delete_3c700",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="quotes_quote",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="no_delete",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            IF NOT sources_erasing() THEN\n                RAISE EXCEPTION\n                    'A row of quotes_quote is kept: % is refused. See manage.py erase.',\n                    TG_OP USING ERRCODE = 'restrict_violation';\n            END IF;\n            IF TG_OP = 'DELETE' THEN\n                RETURN OLD;\n            END IF;\n            RETURN NEW;\n        ",
                    hash="12706d5fd7f491f3d548edd46be3f96d1e1507f4",
                    operation="DELETE",
                    pgid="pgtrigger_no_delete_47cac",
                    table="quotes_quote",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            RAISE EXCEPTION 'A row of quotes_quote is never changed: % is refused.', TG_OP\n                USING ERRCODE = 'restrict_violation';\n        ",
                    hash="9b5701e3afa2fedabc54f636c80868455c967cab",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_c1270",
                    table="quotes_quote",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="anchor",
                sql=sources.database.triggers.TriggerSql(
                    declare="DECLARE place record;",
                    func="\n                    NEW.contexts = '{}';\n                    IF NEW.snapshot_id IS NOT NULL THEN\n                        SELECT * INTO place\n                            FROM quotes_words_at(NEW.snapshot_id, NEW.article_id, NEW.spans);\n                        IF place.words IS DISTINCT FROM NEW.text THEN\n                            RAISE EXCEPTION\n                                'The text of a quote must be its snapshot''s at its spans.'\n                                USING ERRCODE = 'check_violation', CONSTRAINT = 'quote_is_anchored';\n                        END IF;\n                        NEW.contexts = place.contexts;\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="d9f5ead1274301a20bb6aa07e2e5a60018e25db1",
                    operation='INSERT OR UPDATE OF "article_id", "snapshot_id", "spans", "contexts", "text"',
                    pgid="pgtrigger_anchor_a5d03",
                    table="quotes_quote",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="article",
                sql=sources.database.triggers.TriggerSql(
                    func="\n                    SELECT outlet_id, published INTO NEW.outlet_id, NEW.published\n                        FROM sources_article WHERE id = NEW.article_id;\n                    RETURN NEW;\n                ",
                    hash="0661c795aa17ac050aeec6412f51e71414123716",
                    operation='INSERT OR UPDATE OF "article_id", "outlet_id", "published"',
                    pgid="pgtrigger_article_9f15b",
                    table="quotes_quote",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="affiliation",
                sql=sources.database.triggers.TriggerSql(
                    condition="WHEN (NEW.affiliation_id IS NOT NULL)",
                    declare="DECLARE held record;",
                    func="\n                    SELECT speaker_id, organisation_id INTO held\n                        FROM sources_affiliation WHERE id = NEW.affiliation_id;\n                    IF held.speaker_id IS DISTINCT FROM NEW.speaker_id\n                       OR held.organisation_id IS DISTINCT FROM NEW.organisation_id THEN\n                        RAISE EXCEPTION 'The affiliation of a quote must be its speaker''s, there.'\n                            USING ERRCODE = 'check_violation',\n                                  CONSTRAINT = 'quote_affiliation_fits';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="e7ec15b38e6806d1bef1f99eb8d4b3b3432720c2",
                    operation='INSERT OR UPDATE OF "affiliation_id", "speaker_id", "organisation_id"',
                    pgid="pgtrigger_affiliation_c36e6",
                    table="quotes_quote",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="role",
                sql=sources.database.triggers.TriggerSql(
                    condition="WHEN (coalesce(NEW.attribution_role, NEW.role) IS NOT NULL OR 'role_conflict' = ANY (NEW.flags))",
                    func="\n                    NEW.flags = array_remove(NEW.flags, 'role_conflict');\n                    IF NEW.speaker_id IS NOT NULL\n                       AND coalesce(NEW.attribution_role, NEW.role) IS NOT NULL\n                       AND quotes_role_conflict(\n                           NEW.speaker_id, coalesce(NEW.said, NEW.published),\n                           ARRAY[NEW.role, NEW.attribution_role]\n                       ) THEN\n                        NEW.flags = NEW.flags || 'role_conflict'::varchar;\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="2ce9acfc029fc178aba0b2af099d02af6c9dec14",
                    operation='INSERT OR UPDATE OF "speaker_id", "said", "published", "role", "attribution_role", "flags"',
                    pgid="pgtrigger_role_8e9ec",
                    table="quotes_quote",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="utterance",
            trigger=pgtrigger.compiler.Trigger(
                name="version",
                sql=sources.database.triggers.TriggerSql(
                    func='\n            IF TG_OP = \'INSERT\' THEN\n                NEW.version = 1;\n                RETURN NEW;\n            END IF;\n            IF ROW(NEW."id", NEW."created")\n               IS DISTINCT FROM ROW(OLD."id", OLD."created")\n               OR (NEW.version > OLD.version AND pg_trigger_depth() > 1) THEN\n                NEW.version = OLD.version + 1;\n                NEW.updated = greatest(clock_timestamp(), OLD.updated + interval \'1 microsecond\');\n            ELSE\n                NEW.version = OLD.version;\n                NEW.updated = OLD.updated;\n            END IF;\n            RETURN NEW;\n        ',
                    hash="7ec54f1e904dcc0a3b8178338649c43f2cf05d43",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_version_d1589",
                    table="quotes_utterance",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="utterance",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_insert",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'utterance' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR false AS announced, n.state,\n                       ARRAY[]::text[] AS fields, act.actor, act.road, act.request, act.reason,\n                       n.time AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       NULL::bytea AS previous\n                FROM (\n                    SELECT n.id, n.version, 'created' AS verb, true AS public,\n                           statement_timestamp() AS time, jsonb_build_object('id', n.\"id\", 'version', n.\"version\", 'created', n.\"created\", 'updated', n.\"updated\") AS state\n                    FROM new_rows n\n                ) n \n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="1494a6d125165e30526eb3db5879f8d65f6ab441",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_ledger_insert_c3725",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="quotes_utterance",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="utterance",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_update",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'utterance' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR coalesce(p.public, true) AS announced, n.state,\n                       \n            ARRAY(\n                SELECT e.key FROM jsonb_each(n.state) e\n                WHERE e.key NOT IN ('version', 'updated')\n                  AND e.value IS DISTINCT FROM p.state -> e.key\n                ORDER BY e.key\n            ) AS fields, act.actor, act.road, act.request, act.reason,\n                       greatest(n.time, p.time + interval '1 microsecond') AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       p.link AS previous\n                FROM (\n                    SELECT n.id, n.version, 'updated' AS verb, true AS public,\n                           n.updated AS time, jsonb_build_object('id', n.\"id\", 'version', n.\"version\", 'created', n.\"created\", 'updated', n.\"updated\") AS state\n                    FROM new_rows n JOIN old_rows o ON o.id = n.id\n                    WHERE n.version > o.version\n                ) n \n            LEFT JOIN sources_revision p\n                ON p.subject_id = n.id AND p.version = n.version - 1\n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="1116bedfa7d151d7a70a6519cb0098eca580f505",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_ledger_update_f70ac",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="quotes_utterance",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="utterance",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_delete",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n            INSERT INTO sources_revision (\n                era, transaction, subject_type, subject_id, version, verb, public, announced, state,\n                fields, actor, road, request, reason, time, salt, hash, reason_hash, link\n            )\n            SELECT r.era, r.transaction, r.subject_type, r.subject_id, r.version, r.verb, r.public,\n                   r.announced, r.state, r.fields, r.actor, r.road, r.request, r.reason, r.time,\n                   r.salt, h.hash, h.reason_hash,\n                   sources_link(\n                       r.previous, h.hash, h.reason_hash, r.era, r.transaction, r.subject_type,\n                       r.subject_id, r.version, r.verb, r.public, r.announced, r.fields, r.actor,\n                       r.road, r.request, r.time\n                   )\n            FROM (\n                SELECT act.era, pg_current_xact_id() AS transaction,\n                       'utterance' AS subject_type, n.id AS subject_id, n.version,\n                       n.verb, n.public, n.public OR coalesce(p.public, true) AS announced, n.state,\n                       ARRAY[]::text[] AS fields, act.actor, act.road, act.request, act.reason,\n                       greatest(n.time, p.time + interval '1 microsecond') AS time,\n                       CASE WHEN n.state IS NOT NULL OR act.reason IS NOT NULL\n                            THEN sources_salt() END AS salt,\n                       p.link AS previous\n                FROM (\n                    SELECT n.id, n.version + 1 AS version, 'erased' AS verb, false AS public,\n                           clock_timestamp() AS time, NULL::jsonb AS state\n                    FROM old_rows n\n                ) n \n            LEFT JOIN sources_revision p\n                ON p.subject_id = n.id AND p.version = n.version - 1\n                CROSS JOIN sources_act() act\n                ORDER BY n.id\n                OFFSET 0\n            ) r CROSS JOIN LATERAL (\n                SELECT sources_state_hash(r.salt, r.state) AS hash,\n                       sources_state_hash(r.salt, to_jsonb(r.reason)) AS reason_hash\n                OFFSET 0\n            ) h;\n            RETURN NULL;\n        ",
                    hash="a9ede0ee42e1da570bd059266617c59067af27d7",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_ledger_delete_82889",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="quotes_utterance",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="utterance",
            trigger=pgtrigger.compiler.Trigger(
                name="no_delete",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            IF NOT sources_erasing() THEN\n                RAISE EXCEPTION\n                    'A row of quotes_utterance is kept: % is refused. See manage.py erase.',\n                    TG_OP USING ERRCODE = 'restrict_violation';\n            END IF;\n            IF TG_OP = 'DELETE' THEN\n                RETURN OLD;\n            END IF;\n            RETURN NEW;\n        ",
                    hash="d8c93eac5749c8798e255c94606d2e12cb5c7679",
                    operation="DELETE",
                    pgid="pgtrigger_no_delete_4a6bd",
                    table="quotes_utterance",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="utterance",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=sources.database.triggers.TriggerSql(
                    func="\n            RAISE EXCEPTION 'A row of quotes_utterance is never changed: % is refused.', TG_OP\n                USING ERRCODE = 'restrict_violation';\n        ",
                    hash="33dd64b3861c47d4e6110833ba9982b83b37bf8d",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_ef9ed",
                    table="quotes_utterance",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="via",
            trigger=pgtrigger.compiler.Trigger(
                name="actual",
                sql=sources.database.triggers.TriggerSql(
                    declare="DECLARE survivor uuid;",
                    func="\n            WHILE NEW.outlet_id IS NOT NULL LOOP\n                SELECT merged_into_id INTO survivor FROM sources_outlet\n                    WHERE id = NEW.outlet_id FOR KEY SHARE;\n                EXIT WHEN survivor IS NULL;\n                NEW.outlet_id = survivor;\n            END LOOP;\n            RETURN NEW;\n        ",
                    hash="4798652f89aa11d5ad5db5d587288920adcf6504",
                    operation='INSERT OR UPDATE OF "outlet_id"',
                    pgid="pgtrigger_actual_85f13",
                    table="quotes_via",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="via",
            trigger=pgtrigger.compiler.Trigger(
                name="tell_quote_insert",
                sql=sources.database.triggers.TriggerSql(
                    func="\n        UPDATE quotes_quote SET version = version + 1 WHERE id IN (SELECT quote_id FROM rows);\n        RETURN NULL;\n    ",
                    hash="86ec69bfe349f00d0aa52534d3381541f26708a7",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_tell_quote_insert_df7d2",
                    referencing="REFERENCING NEW TABLE AS rows ",
                    table="quotes_via",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="via",
            trigger=pgtrigger.compiler.Trigger(
                name="tell_quote_update",
                sql=sources.database.triggers.TriggerSql(
                    func="\n        UPDATE quotes_quote SET version = version + 1 WHERE id IN (SELECT quote_id FROM rows);\n        RETURN NULL;\n    ",
                    hash="2df8bba5a0afa8705d4676a2742a6a3d30f435d5",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_tell_quote_update_75a72",
                    referencing="REFERENCING NEW TABLE AS rows ",
                    table="quotes_via",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="via",
            trigger=pgtrigger.compiler.Trigger(
                name="tell_quote_delete",
                sql=sources.database.triggers.TriggerSql(
                    func="\n        UPDATE quotes_quote SET version = version + 1 WHERE id IN (SELECT quote_id FROM rows);\n        RETURN NULL;\n    ",
                    hash="c0afde37969978f5ded1bc0faeab6e1e2c845780",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_tell_quote_delete_56026",
                    referencing="REFERENCING OLD TABLE AS rows ",
                    table="quotes_via",
                    when="AFTER",
                ),
            ),
        ),
    ]

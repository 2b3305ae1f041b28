"""By what the quotes of one act of speaking are found, and that they keep to one speaker."""

import pgtrigger.compiler
import pgtrigger.migrations
import sources.database.triggers
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

from quotes.models import Speech

# Their cost is told higher than it is, so that a small or new table is searched by the index too.
SPEECH = r"""
CREATE FUNCTION quotes_speech(speaker uuid, words text[]) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
DECLARE
    seed bigint := uuid_hash_extended(speaker, 0);
    word text;
    one text;
    two text;
    hash bigint;
    lowest bigint;
    kept bigint[] := '{}';
BEGIN
    FOREACH word IN ARRAY words LOOP
        IF one IS NOT NULL THEN
            hash := hashtextextended(one || ' ' || two || ' ' || word, seed);
            lowest := least(lowest, hash);
            IF hash & 3 = 0 THEN
                kept := kept || hash;
            END IF;
        END IF;
        one := two;
        two := word;
    END LOOP;
    IF kept = '{}' THEN
        kept := ARRAY[coalesce(lowest, hashtextextended(array_to_string(words, ' '), seed))];
    END IF;
    RETURN kept;
END
$$;
COMMENT ON FUNCTION quotes_speech(uuid, text[]) IS
    'Hashes of each three words in a row in the mouth of a speaker, a quarter of them, chosen by '
    'the hash itself; at least the lowest. Fewer than three words are hashed together.';

CREATE FUNCTION quotes_speech_sought(speaker uuid, words text[]) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
DECLARE
    seed bigint := uuid_hash_extended(speaker, 0);
    word text;
    one text;
    two text;
    sought bigint[] := '{}';
BEGIN
    FOREACH word IN ARRAY words LOOP
        sought := sought || hashtextextended(word, seed);
        IF two IS NOT NULL THEN
            sought := sought || hashtextextended(two || ' ' || word, seed);
        END IF;
        IF one IS NOT NULL THEN
            sought := sought || hashtextextended(one || ' ' || two || ' ' || word, seed);
        END IF;
        one := two;
        two := word;
    END LOOP;
    RETURN sought;
END
$$;
COMMENT ON FUNCTION quotes_speech_sought(uuid, text[]) IS
    'Hashes of each one, two and three words in a row of a text: all that quotes_speech may have '
    'kept of any part of it.';
"""

DROP = """
DROP FUNCTION quotes_speech_sought(uuid, text[]);
DROP FUNCTION quotes_speech(uuid, text[]);
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("quotes", "0014_searching")]

    operations = [
        migrations.RunSQL(SPEECH, DROP),
        AddIndexConcurrently(
            model_name="quote",
            index=GinIndex(Speech("speaker", "text"), fastupdate=False, name="quote_speech"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="utterance_insert",
                sql=sources.database.triggers.TriggerSql(
                    declare="DECLARE touched uuid[];",
                    func="\n            touched = ARRAY(SELECT DISTINCT utterance_id FROM new_rows WHERE utterance_id IS NOT NULL);\n            IF touched <> '{}' THEN\n            PERFORM FROM quotes_utterance WHERE id = ANY (touched)\n                ORDER BY id FOR NO KEY UPDATE;\n                IF EXISTS (\n                    SELECT FROM quotes_quote WHERE utterance_id = ANY (touched)\n                    GROUP BY utterance_id\n                    HAVING count(DISTINCT coalesce(speaker_id::text, '')) > 1\n                ) THEN\n                    RAISE EXCEPTION 'The quotes of an utterance have one speaker.'\n                        USING ERRCODE = 'check_violation',\n                              CONSTRAINT = 'quote_utterance_fits';\n                END IF;\n            END IF;\n            RETURN NULL;\n        ",
                    hash="ed390542cd1a71d97c2f3f60e4b9c0866e472662",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_utterance_insert_19098",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="quotes_quote",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="utterance_update",
                sql=sources.database.triggers.TriggerSql(
                    declare="DECLARE touched uuid[];",
                    func="\n            touched = ARRAY(\n                SELECT DISTINCT n.utterance_id FROM new_rows n JOIN old_rows o ON o.id = n.id\n                WHERE n.utterance_id = o.utterance_id\n                  AND n.speaker_id IS DISTINCT FROM o.speaker_id\n            );\n            IF touched <> '{}' THEN\n            PERFORM FROM quotes_utterance WHERE id = ANY (touched)\n                ORDER BY id FOR NO KEY UPDATE;\n                UPDATE quotes_quote SET utterance_id = NULL\n                FROM new_rows n JOIN old_rows o ON o.id = n.id\n                WHERE quotes_quote.id = n.id AND n.utterance_id = o.utterance_id\n                  AND n.speaker_id IS DISTINCT FROM o.speaker_id\n                  AND EXISTS (\n                      SELECT FROM quotes_quote other\n                      WHERE other.utterance_id = n.utterance_id\n                        AND other.speaker_id IS DISTINCT FROM n.speaker_id\n                  );\n            END IF;\n            touched = ARRAY(SELECT DISTINCT n.utterance_id FROM new_rows n JOIN old_rows o ON o.id = n.id\n                WHERE n.utterance_id IS NOT NULL\n                  AND n.utterance_id IS DISTINCT FROM o.utterance_id);\n            IF touched <> '{}' THEN\n            PERFORM FROM quotes_utterance WHERE id = ANY (touched)\n                ORDER BY id FOR NO KEY UPDATE;\n                IF EXISTS (\n                    SELECT FROM quotes_quote WHERE utterance_id = ANY (touched)\n                    GROUP BY utterance_id\n                    HAVING count(DISTINCT coalesce(speaker_id::text, '')) > 1\n                ) THEN\n                    RAISE EXCEPTION 'The quotes of an utterance have one speaker.'\n                        USING ERRCODE = 'check_violation',\n                              CONSTRAINT = 'quote_utterance_fits';\n                END IF;\n            END IF;\n            RETURN NULL;\n        ",
                    hash="512e8d39c8603712686382405d3e4bfaab5c4aba",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_utterance_update_a0308",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="quotes_quote",
                    when="AFTER",
                ),
            ),
        ),
    ]

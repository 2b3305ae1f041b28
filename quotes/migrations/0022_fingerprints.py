"""The fingerprint of a quote outlives one slip, whoever its speaker is."""

from django.db import migrations

FINGERPRINT = r"""
CREATE OR REPLACE FUNCTION quotes_speech(speaker uuid, words text[]) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
DECLARE
    seed bigint := uuid_hash_extended(speaker, 0);
    pieces int := cardinality(words) / 3;
    rest int := cardinality(words) % 3;
    kept bigint[] := '{}';
BEGIN
    FOR piece IN 0 .. pieces - 1 LOOP
        kept := kept || hashtextextended(
            array_to_string(words[piece * 3 + 1 : piece * 3 + 3], ' '), seed
        );
    END LOOP;
    IF rest > pieces THEN  -- 1, 2 and 5 words
        kept := kept || hashtextextended(array_to_string(words[pieces * 3 + 1 :], ' '), seed);
    END IF;
    RETURN kept;
END
$$;
COMMENT ON FUNCTION quotes_speech(uuid, text[]) IS
    'The words of a speaker, cut into pieces of three, each hashed with the speaker. No words '
    'are in two pieces, so a slip in one word spoils one piece; five words have a second of two.';
REINDEX INDEX quote_speech;
"""


class Migration(migrations.Migration):
    dependencies = [("quotes", "0021_periods")]

    operations = [migrations.RunSQL(FINGERPRINT, migrations.RunSQL.noop)]

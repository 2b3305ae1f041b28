"""What near-identical quotes have in common, and the index that finds them by it."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

from quotes.models import Fingerprints

SHINGLES = r"""
CREATE FUNCTION quotes_bare_words(text text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN string_to_array(btrim(regexp_replace(
    lower(unaccent('unaccent'::regdictionary, text)), '[^[:alnum:]]+', ' ', 'g'
)), ' ');
COMMENT ON FUNCTION quotes_bare_words(text) IS 'The words of a text, without accents and marks.';

CREATE FUNCTION quotes_shingles(words text[], mask int) RETURNS int[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    word text;
    one text := '';
    two text := '';
    hash int;
    lowest int;
    kept int[] := '{}';
BEGIN
    FOREACH word IN ARRAY words LOOP
        IF one <> '' THEN
            hash := hashtext(one || ' ' || two || ' ' || word);
            lowest := least(lowest, hash);
            IF hash & mask = 0 THEN
                kept := kept || hash;
            END IF;
        END IF;
        one := two;
        two := word;
    END LOOP;
    IF kept = '{}' THEN
        kept := ARRAY[coalesce(lowest, hashtext(array_to_string(words, ' ')))];
    END IF;
    RETURN kept;
END
$$;
COMMENT ON FUNCTION quotes_shingles(text[], int) IS
    'Hashes of each three words in a row whose bits under the mask are not set: with 3 a quarter of '
    'them, with 0 all; at least the lowest. Fewer than three words are hashed together.';
"""

DROP = """
DROP FUNCTION quotes_shingles(text[], int);
DROP FUNCTION quotes_bare_words(text);
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("quotes", "0006_recording")]

    operations = [
        migrations.RunSQL(SHINGLES, DROP),
        AddIndexConcurrently(
            model_name="quote",
            index=GinIndex(Fingerprints("text"), name="quote_fingerprints"),
        ),
    ]

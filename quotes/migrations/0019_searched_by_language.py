"""The words of each language apart from those of others: `en/gift` is no `de/gift`.

A word that tells nothing in one language is common in another; looked up together, most of what
was found would be in the wrong one.

Rows are filled in batches, and no lock is held for longer than one takes. Meanwhile `q` finds what
is filled already. It may be stopped and run again: rows that are filled are passed over.
"""

from uuid import UUID

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION quotes_stemmed_as(language text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
        WHEN tag IN ('nb', 'nn') THEN 'no'
        WHEN tag IN (
            'ar', 'ca', 'da', 'de', 'el', 'en', 'es', 'et', 'eu', 'fi', 'fr', 'ga', 'hi', 'hu',
            'hy', 'id', 'it', 'lt', 'ne', 'nl', 'no', 'pt', 'ro', 'ru', 'sr', 'sv', 'ta', 'tr',
            'yi'
        ) THEN tag
        ELSE ''
    END
    FROM lower(split_part(language, '-', 1)) tag;
END;
COMMENT ON FUNCTION quotes_stemmed_as(text) IS
    'The language as which words of this one (BCP 47) are stemmed: as quotes_search_config says it; '
    'empty where they are not.';

CREATE OR REPLACE FUNCTION quotes_search_words(text text, language text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
    SELECT substr(replace(
        ' ' || CASE WHEN octet_length(text) < 2000 THEN words ELSE ts_delete(words, ARRAY(
            SELECT word FROM unnest(tsvector_to_array(words)) word WHERE octet_length(word) > 2000
        )) END::text,
        ' ''', ' ''' || quotes_stemmed_as(language) || '/'
    ), 2)::tsvector
    FROM (SELECT to_tsvector(
        quotes_search_config(language), translate(left(text, 100000), '/<>&', '    ')
    ) words) stemmed;
END;
COMMENT ON FUNCTION quotes_search_words(text, text) IS
    'The words of a text, stemmed by its language, without accents, where they stand; before each is '
    'as what it was stemmed (en/gift). Either/or are two words, and nothing is markup. What is longer '
    'than 2,000 bytes is no word.';
"""

FORMER = """
CREATE OR REPLACE FUNCTION quotes_search_words(text text, language text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000
RETURN to_tsvector(
    quotes_search_config(language), translate(left(text, 100000), '/<>&', '    ')
);
COMMENT ON FUNCTION quotes_search_words(text, text) IS
    'The words of a text, stemmed by its language, without accents, where they stand. Either/or are '
    'two words, and nothing is markup.';

DROP FUNCTION quotes_stemmed_as(text);
"""

BATCH = """
WITH batch AS MATERIALIZED (
    SELECT id FROM quotes_quote WHERE id > %s ORDER BY id LIMIT 2000 FOR NO KEY UPDATE
), filled AS (
    UPDATE quotes_quote q SET search_words = NULL FROM batch
    WHERE q.id = batch.id
      AND q.search_words IS DISTINCT FROM quotes_search_words(q.text, q.language)
)
SELECT id FROM batch ORDER BY id DESC LIMIT 1
"""


def fill(apps, editor):
    """Have the trigger work out the words of the rows there are: no change to any record."""
    with editor.connection.cursor() as cursor:
        last = UUID(int=0)
        while last:
            cursor.execute(BATCH, [last])
            (last,) = cursor.fetchone() or (None,)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("quotes", "0018_listed")]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, fill),
        migrations.RunSQL(FUNCTIONS, FORMER),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunSQL("ANALYZE quotes_quote", migrations.RunSQL.noop),
    ]

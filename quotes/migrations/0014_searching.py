"""What searches stand on: the stems of a quote by its language, its bare words, a vocabulary.

Nothing here rewrites the table or locks it for long: columns are added empty, rows are filled in
batches, indexes are built beside the work.
"""

from uuid import UUID

import pgtrigger.compiler
import pgtrigger.migrations
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVectorField
from django.db import migrations, models

import quotes.models.functions
import sources.database.triggers

# Primary subtag (BCP 47) → configuration of PostgreSQL
LANGUAGES = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
CONFIGURATIONS = sorted({"simple", *LANGUAGES.values()})

CONFIGURE = """
CREATE TEXT SEARCH CONFIGURATION quotes_{name} (COPY = pg_catalog.{name});
ALTER TEXT SEARCH CONFIGURATION quotes_{name}
    ALTER MAPPING FOR asciiword, asciihword, hword_asciipart, word, hword, hword_part
    WITH unaccent, {name}{stem};
"""

BY_LANGUAGE = "".join(
    f" WHEN '{tag}' THEN 'quotes_{name}'::regconfig" for tag, name in LANGUAGES.items()
)

FUNCTIONS = rf"""
CREATE FUNCTION quotes_search_config(language text) RETURNS regconfig
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE lower(split_part(language, '-', 1)){BY_LANGUAGE}
    ELSE 'quotes_simple'::regconfig END;
COMMENT ON FUNCTION quotes_search_config(text) IS
    'How words of this language (BCP 47) are stemmed; unknown ones are not.';

CREATE FUNCTION quotes_search_words(text text, language text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000
RETURN to_tsvector(
    quotes_search_config(language), translate(left(text, 100000), '/<>&', '    ')
);
COMMENT ON FUNCTION quotes_search_words(text, text) IS
    'The words of a text, stemmed by its language, without accents, where they stand. Either/or are '
    'two words, and nothing is markup.';

CREATE FUNCTION quotes_bare(text text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
RETURN regexp_replace(
    translate(lower(unaccent('unaccent'::regdictionary, ' ' || text || ' ')), 'ς', 'σ'),
    '[^[:alnum:]]+', ' ', 'g'
);
COMMENT ON FUNCTION quotes_bare(text) IS
    'The words of a text without case, accents and marks, a space before and after each.';

CREATE FUNCTION quotes_grams(bare text) RETURNS int[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL RESTRICTED COST 300 AS $$
DECLARE
    word text;
    former text;
    kept int[] := '{{}}';
BEGIN
    FOREACH word IN ARRAY string_to_array(btrim(bare), ' ') LOOP
        kept := kept || hashtext(word);
        IF former IS NOT NULL THEN
            kept := kept || hashtext(former || ' ' || word);
        END IF;
        former := word;
    END LOOP;
    RETURN kept;
END
$$;
COMMENT ON FUNCTION quotes_grams(text) IS
    'Hashes of each word of a bare text, and of each two in a row. Kept out of parallel plans: to start '
    'workers takes longer than what is looked up by these.';

CREATE FUNCTION quotes_deletions(word text) RETURNS int[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
DECLARE
    start text := left(word, 7);
    size int := length(start);
    one text;
    kept int[] := ARRAY[hashtext(start)];
BEGIN
    FOR i IN 1..size LOOP
        one := left(start, i - 1) || substr(start, i + 1);
        kept := kept || hashtext(one);
        IF length(word) >= 7 THEN
            FOR j IN i..size - 1 LOOP
                kept := kept || hashtext(left(one, j - 1) || substr(one, j + 1));
            END LOOP;
        END IF;
    END LOOP;
    RETURN kept;
END
$$;
COMMENT ON FUNCTION quotes_deletions(text) IS
    'Hashes of the first seven letters of a word without any one of them, of a longer one also '
    'without any two: two words that differ by a slip have some in common.';
"""

DROP = """
DROP FUNCTION quotes_deletions(text);
DROP FUNCTION quotes_grams(text);
DROP FUNCTION quotes_bare(text);
DROP FUNCTION quotes_search_words(text, text);
DROP FUNCTION quotes_search_config(text);
"""

CONFIGURED = "".join(
    CONFIGURE.format(name=name, stem="" if name == "simple" else "_stem") for name in CONFIGURATIONS
)
# Only the owner may read the statistics of an index.
COMMON = """
CREATE FUNCTION quotes_common_grams(OUT gram int, OUT share real) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT g.gram, g.share FROM pg_stats,
        unnest(most_common_elems::text::int[], most_common_elem_freqs) g(gram, share)
    WHERE tablename = 'quote_grams' AND g.gram IS NOT NULL
$$;
COMMENT ON FUNCTION quotes_common_grams() IS
    'The hashes of words, and of two in a row, that most quotes have, and in which share of them.';
"""
UNCONFIGURED = "".join(f"DROP TEXT SEARCH CONFIGURATION quotes_{name};" for name in CONFIGURATIONS)

# How common a word is has to be known of more words than usual.
STATISTICS = "ALTER TABLE quotes_quote ALTER COLUMN search_words SET STATISTICS 300"
INDEX_STATISTICS = "ALTER INDEX quote_grams ALTER COLUMN 1 SET STATISTICS 300"

BATCH = """
WITH batch AS MATERIALIZED (
    SELECT id FROM quotes_quote WHERE id > %s ORDER BY id LIMIT 2000 FOR NO KEY UPDATE
), filled AS (
    UPDATE quotes_quote q SET bare = NULL FROM batch WHERE q.id = batch.id AND q.bare IS NULL
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

    dependencies = [("quotes", "0013_counted")]

    operations = [
        migrations.RunSQL(CONFIGURED, UNCONFIGURED),
        migrations.RunSQL(FUNCTIONS, DROP),
        migrations.RunSQL(COMMON, "DROP FUNCTION quotes_common_grams()"),
        migrations.CreateModel(
            name="Word",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("word", models.TextField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["word"], name="word_by_itself"),
                    GinIndex(quotes.models.functions.Deletions("word"), name="word_by_slips"),
                ]
            },
        ),
        migrations.AddField(
            model_name="quote",
            name="bare",
            field=quotes.models.functions.FoldedText(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="quote",
            name="search_words",
            field=SearchVectorField(editable=False, null=True),
        ),
        migrations.RunSQL(STATISTICS, migrations.RunSQL.noop),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="words",
                sql=sources.database.triggers.TriggerSql(
                    func="\n                    NEW.search_words = quotes_search_words(NEW.text, NEW.language);\n                    NEW.bare = quotes_bare(NEW.text);\n                    RETURN NEW;\n                ",
                    hash="cd3ccd674dcf3ee26b1dd1f955d8d3c497067654",
                    operation='INSERT OR UPDATE OF "text", "language", "search_words", "bare"',
                    pgid="pgtrigger_words_d490e",
                    table="quotes_quote",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="vocabulary_insert",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n    INSERT INTO quotes_word (word)\n    SELECT word FROM (\n    SELECT DISTINCT word FROM (SELECT bare FROM new_rows) changed\n    CROSS JOIN string_to_table(btrim(changed.bare), ' ') AS word\n    WHERE length(word) BETWEEN 3 AND 40 AND word !~ '\\d'\n) w\n    WHERE NOT EXISTS (SELECT FROM quotes_word known WHERE known.word = w.word);\n RETURN NULL;",
                    hash="7b79f23006a61a438e843a3658773773a577fb66",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_vocabulary_insert_9d998",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="quotes_quote",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="vocabulary_update",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n    INSERT INTO quotes_word (word)\n    SELECT word FROM (\n    SELECT DISTINCT word FROM (\n    SELECT n.bare FROM new_rows n JOIN old_rows o ON o.id = n.id\n    WHERE n.bare IS DISTINCT FROM o.bare\n) changed\n    CROSS JOIN string_to_table(btrim(changed.bare), ' ') AS word\n    WHERE length(word) BETWEEN 3 AND 40 AND word !~ '\\d'\n) w\n    WHERE NOT EXISTS (SELECT FROM quotes_word known WHERE known.word = w.word);\n\n    DELETE FROM quotes_word WHERE word IN (\n        SELECT word FROM (\n    SELECT DISTINCT word FROM (\n    SELECT o.bare FROM new_rows n JOIN old_rows o ON o.id = n.id\n    WHERE n.bare IS DISTINCT FROM o.bare\n) changed\n    CROSS JOIN string_to_table(btrim(changed.bare), ' ') AS word\n    WHERE length(word) BETWEEN 3 AND 40 AND word !~ '\\d'\n) w\n        WHERE NOT EXISTS (\n            SELECT FROM quotes_quote q WHERE quotes_grams(q.bare) @> ARRAY[hashtext(w.word)]\n              AND strpos(q.bare, ' ' || w.word || ' ') > 0\n        )\n    );\n RETURN NULL;",
                    hash="915c844a8ee19710fe364610e5eecf49334c5ca0",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_vocabulary_update_4f1fa",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="quotes_quote",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="quote",
            trigger=pgtrigger.compiler.Trigger(
                name="vocabulary_delete",
                sql=sources.database.triggers.OwnersTriggerSql(
                    func="\n    DELETE FROM quotes_word WHERE word IN (\n        SELECT word FROM (\n    SELECT DISTINCT word FROM (SELECT bare FROM old_rows) changed\n    CROSS JOIN string_to_table(btrim(changed.bare), ' ') AS word\n    WHERE length(word) BETWEEN 3 AND 40 AND word !~ '\\d'\n) w\n        WHERE NOT EXISTS (\n            SELECT FROM quotes_quote q WHERE quotes_grams(q.bare) @> ARRAY[hashtext(w.word)]\n              AND strpos(q.bare, ' ' || w.word || ' ') > 0\n        )\n    );\n RETURN NULL;",
                    hash="efa0d34991f9c8da939f1942a9494c9ccc80136d",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_vocabulary_delete_df767",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="quotes_quote",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndexConcurrently(
            model_name="quote",
            index=GinIndex(
                models.F("search_words"), name="quote_search_words", gin_pending_list_limit=512
            ),
        ),
        AddIndexConcurrently(
            model_name="quote",
            index=GinIndex(
                quotes.models.functions.Grams("bare"),
                name="quote_grams",
                gin_pending_list_limit=512,
            ),
        ),
        AddIndexConcurrently(
            model_name="quote",
            index=models.Index(
                fields=["language", "published_day", "id"], name="quote_by_language"
            ),
        ),
        migrations.RunSQL(INDEX_STATISTICS, migrations.RunSQL.noop),
        migrations.RunSQL("ANALYZE quotes_quote", migrations.RunSQL.noop),
    ]

"""The indexes of words hold when a quote was filed and printed: a stretch is looked up by itself.

Each index is made beside the one whose place it takes, so that searches never lack one.
"""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

import quotes.models.functions

# As in quotes/search/periods.py.
PERIODS = """
CREATE FUNCTION quotes_periods(id uuid, day date) RETURNS int[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10 AS $$
DECLARE
    filed int := least(
        ('x' || translate(left(id::text, 13), '-', ''))::bit(48)::bigint / 604800000, 16383
    );
    printed int := greatest(least((day - DATE '1970-01-01') / 7, 16383), 0);
BEGIN
    RETURN ARRAY[
        filed, 16384 + filed / 64, 32768 + filed / 4096,
        65536 + printed, 81920 + printed / 64, 98304 + printed / 4096
    ];
END
$$;
COMMENT ON FUNCTION quotes_periods(uuid, date) IS
    'The week, the 64 and the 4,096 weeks in which a record with this UUIDv7 was made; and those of a day.';
"""

# Only the owner may read the statistics of an index.
COMMON = """
CREATE OR REPLACE FUNCTION quotes_common_grams(OUT gram int, OUT share real) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT g.gram, g.share FROM pg_stats,
        unnest(most_common_elems::text::int[], most_common_elem_freqs) g(gram, share)
    WHERE tablename = '{index}' AND attname = 'quotes_grams' AND g.gram IS NOT NULL
$$
"""

# How common a word is has to be known of more words than usual.
STATISTICS = "ALTER INDEX quote_grams_then ALTER COLUMN 1 SET STATISTICS 300"
FORMER_STATISTICS = "ALTER INDEX quote_grams ALTER COLUMN 1 SET STATISTICS 300"


def index(*held, name: str) -> GinIndex:
    return GinIndex(*held, name=name, gin_pending_list_limit=512)


def then():
    return quotes.models.functions.Periods("id", "published_day")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("quotes", "0020_held")]

    operations = [
        migrations.RunSQL(PERIODS, "DROP FUNCTION quotes_periods(uuid, date)"),
        AddIndexConcurrently(
            "quote", index(models.F("search_words"), then(), name="quote_search_words_then")
        ),
        AddIndexConcurrently(
            "quote",
            index(quotes.models.functions.Grams("bare"), then(), name="quote_grams_then"),
        ),
        migrations.RunSQL(STATISTICS, FORMER_STATISTICS),
        migrations.RunSQL("ANALYZE quotes_quote", "ANALYZE quotes_quote"),
        migrations.RunSQL(
            COMMON.format(index="quote_grams_then"), COMMON.format(index="quote_grams")
        ),
        RemoveIndexConcurrently("quote", "quote_search_words"),
        RemoveIndexConcurrently("quote", "quote_grams"),
    ]

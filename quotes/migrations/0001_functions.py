"""Functions that columns, indexes and triggers of `quotes` need."""

from django.db import migrations

FUNCTIONS = r"""
CREATE FUNCTION quotes_is_blank(gap text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(
    gap,
        E'\u0009\u000A\u000B\u000C\u000D\u001C\u001D\u001E\u001F \u0085\u00A0\u1680\u2000\u2001' ||
        E'\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000' ||
        E'\u00AD\uFEFF\u200B\u2060\u200E\u200F\u061C\u202A\u202B\u202C\u202D\u202E\u2066\u2067' ||
        E'\u2068\u2069''`´\u2018\u2019\u201A\u201B\u2032\u2035\u02BB\u02BC\u02BD\u02B9\u2039\u203A' ||
        E'\u275B\u275C\u05F3"\u201C\u201D\u201E\u201F\u00AB\u00BB\u301D\u301E\u301F\u275D\u275E' ||
        E'\u05F4-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u207B\u208B\u2E3A\u2E3B\u05BE\uFE31' ||
        E'\uFE32\uFE58\uFE63\uFF0D',
    ''
) = '';
COMMENT ON FUNCTION quotes_is_blank(text) IS
    'Whether a text holds only white space, invisible characters, quote marks and dashes.';

CREATE FUNCTION quotes_words_at(
    snapshot uuid, article uuid, anchored_in text, spans int[], seams text[],
    OUT words text, OUT contexts text[]
)
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    page text;
    span int[];
    around text;
    gap text;
    size int;
    before int;
    last_end int := NULL;
    number int := 0;
BEGIN
    SELECT CASE anchored_in WHEN 'text' THEN text WHEN 'headline' THEN headline END || ''
        INTO page FROM sources_snapshot WHERE id = snapshot AND article_id = article;
    IF page IS NULL OR cardinality(seams) <> greatest(array_length(spans, 1) - 1, 0) THEN
        RETURN;
    END IF;
    words := '';
    contexts := '{}';
    FOREACH span SLICE 1 IN ARRAY spans LOOP
        size := greatest(span[2] - span[1], 0);
        before := least(span[1], 32);
        around := substr(page, span[1] - before + 1, before + size + 32);
        IF size = 0 OR span[1] < coalesce(last_end, 0) OR char_length(around) < before + size THEN
            words := NULL;
            RETURN;
        END IF;
        IF last_end IS NOT NULL THEN
            number := number + 1;
            gap := substr(page, last_end + 1, span[1] - last_end);
            words := words || CASE
                WHEN seams[number] = 'interruption' AND char_length(gap) <= 300 THEN ' '
                WHEN seams[number] = 'paragraph' AND quotes_is_blank(gap) THEN E'\n'
                WHEN seams[number] = 'omission' THEN ' […] '
            END;
            IF words IS NULL THEN
                RETURN;
            END IF;
        END IF;
        words := words || substr(around, before + 1, size);
        contexts := contexts || ARRAY[ARRAY[
            left(around, before), substr(around, before + size + 1)
        ]];
        last_end := span[2];
    END LOOP;
END
$$;
COMMENT ON FUNCTION quotes_words_at(uuid, uuid, text, int[], text[]) IS
    'The words at spans of the text or the headline that a snapshot of an article has, joined by their '
    'seams, and 32 code points before and after each; NULL when there is no such place. A paragraph''s end holds only white space and '
    'marks, an interruption 300 code points at most.';

CREATE FUNCTION quotes_role_conflict(speaker uuid, at daterange, roles text[])
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    WITH named AS MATERIALIZED (
        SELECT string_to_array(sources_fold(role), ' ') AS words FROM unnest(roles) AS role
    ), held AS MATERIALIZED (
        SELECT string_to_array(sources_fold(role), ' ') AS words FROM sources_affiliation
        WHERE speaker_id = speaker
          AND (start IS NULL OR lower(start) < upper(at))
          AND ("end" IS NULL OR upper("end") > lower(at))
    )
    SELECT at IS NOT NULL AND coalesce(bool_and(NOT EXISTS (
        SELECT FROM named WHERE named.words <@ held.words OR named.words @> held.words
    )), false) FROM held
);
COMMENT ON FUNCTION quotes_role_conflict IS
    'Whether the words of none of these roles are among those, or the other way round, of any role '
    'that the speaker may have held then; where nothing is known, there is no conflict.';

CREATE FUNCTION quotes_grams(bare text) RETURNS int[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL RESTRICTED COST 300 AS $$
DECLARE
    word text;
    former text;
    kept int[] := '{}';
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

CREATE FUNCTION quotes_speech(speaker uuid, bare text) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
DECLARE
    seed bigint := uuid_hash_extended(speaker, 0);
    words text[] := string_to_array(btrim(bare), ' ');
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
COMMENT ON FUNCTION quotes_speech(uuid, text) IS
    'The words of a speaker, cut into pieces of three, each hashed with the speaker. No words '
    'are in two pieces, so a slip in one word spoils one piece; five words have a second of two.';

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

DROP_FUNCTIONS = """
DROP FUNCTION
    quotes_periods, quotes_deletions, quotes_speech, quotes_grams,
    quotes_role_conflict, quotes_words_at, quotes_is_blank
"""

# Primary subtag (BCP 47) → PostgreSQL's stemmer
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
BY_LANGUAGE = "".join(
    f" WHEN '{tag}' THEN '{name}_stem'::regdictionary" for tag, name in LANGUAGES.items()
)

SEARCH = r"""
CREATE FUNCTION quotes_dictionary(language text) RETURNS regdictionary
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE lower(split_part(language, '-', 1)) BY_LANGUAGE ELSE 'simple'::regdictionary END;
COMMENT ON FUNCTION quotes_dictionary(text) IS
    'How words of this language (BCP 47) are stemmed; those of unknown ones are not.';

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
    'The language as which words of this one (BCP 47) are stemmed: as quotes_dictionary says it; '
    'empty where they are not.';

CREATE FUNCTION quotes_search_words(bare text, language text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
DECLARE
    dictionary regdictionary := quotes_dictionary(language);
    stemmed_as text := quotes_stemmed_as(language) || '/';
    at int := 0;
    word text;
    kept text[] := '{}';
BEGIN
    FOREACH word IN ARRAY sources_paired(bare) LOOP
        at := at + 1;
        IF word = '|' THEN
            at := at + 32;
        ELSIF octet_length(word) <= 2000 THEN
            word := (ts_lexize(dictionary, word))[1];
            IF word IS NOT NULL THEN
                kept := kept || (stemmed_as || word || ':' || at);
            END IF;
        END IF;
    END LOOP;
    RETURN array_to_string(kept, ' ')::tsvector;
END
$$;
COMMENT ON FUNCTION quotes_search_words(text, text) IS
    'The words of a bare text, stemmed by its language, where they stand; before each is as what it was '
    'stemmed (en/gift). Words on both sides of an omission are far apart. What is longer than 2,000 bytes '
    'is no word.';
""".replace(" BY_LANGUAGE", BY_LANGUAGE)

DROP_SEARCH = """
DROP FUNCTION
    quotes_search_words, quotes_stemmed_as, quotes_dictionary
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("sources", "0002_initial")]
    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.RunSQL(SEARCH, DROP_SEARCH),
    ]

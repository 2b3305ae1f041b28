"""Functions that clean words for all searching: `sources.models.words` takes the same first steps."""

from html.entities import name2codepoint
from json import dumps

from django.db import migrations

from sources.migrations._not_seen import NOT_SEEN

ENTITIES = {
    **{name: chr(code) if chr(code).isalnum() else " " for name, code in name2codepoint.items()},
    **dict.fromkeys(("shy", "zwj", "zwnj", "lrm", "rlm"), ""),
}
"""What the named entities of HTML 4 stand for: a letter, nothing, or what parts words."""

SIGNS = (
    r"\u093c\u094d\u09bc\u09cd\u0a3c\u0a4d\u0abc\u0acd\u0b3c\u0b4d\u0b55\u0bcd\u0c3c\u0c4d\u0cbc\u0ccd"
    r"\u0d3b\u0d3c\u0d4d\u0dca\u0e47-\u0e4e\u0eba\u0ec8-\u0ece\u0f35\u0f37\u0f39\u0f71-\u0f84"
    r"\u1037\u1039\u103a\u135d-\u135f\u1714\u1734\u17c9-\u17d3\u17dd\u1a60\u1b34\u1b44\u1baa\u1bab\ua806"
    r"\ua8c4\ua953\ua9b3\ua9c0\uabed"
)
"""Viramas, nuktas and tone marks: parts of a word, which Unicode does not count as alphabetic."""

UNSPACED = (
    # Thai, Lao, Myanmar, Khmer
    r"\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecf\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u109a-\u109d"
    r"\u1780-\u17d3\u17d7\u17dc\u17dd\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7f"
    # Hangul, whose particles stand at the noun; Han, Kana, Bopomofo
    r"\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7fb\uffa1-\uffdc"
    r"\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u3096\u3099\u309a"
    r"\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    r"\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
)
"""Scripts that do not part words by spaces, or not at what is looked for."""

FUNCTIONS = r"""
CREATE FUNCTION sources_cleaned(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
    words text = value;
    name text;
    code int;
    letter text;
BEGIN
    IF strpos(words, '&') > 0 THEN
        FOR name IN
            SELECT DISTINCT m[1] FROM regexp_matches(
                words, '&(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,7});', 'g'
            ) m
        LOOP
            IF name LIKE '#%' THEN
                code = CASE WHEN lower(substr(name, 2, 1)) = 'x'
                    THEN ('x' || lpad(substr(name, 3), 8, '0'))::bit(32)::int
                    ELSE substr(name, 2)::int END;
                letter = CASE
                    WHEN code BETWEEN 1 AND 55295 OR code BETWEEN 57344 AND 1114111
                    THEN replace(chr(code), '&', ' ') ELSE ' ' END;
            ELSE
                letter = '{entities}'::jsonb ->> name;
            END IF;
            CONTINUE WHEN letter IS NULL;
            words = replace(words, '&' || name || ';', letter);
        END LOOP;
    END IF;
    IF words ~ '[|\n\r\f\u2028]' THEN
        words = replace(regexp_replace(
            words COLLATE pg_c_utf8,
            '(?<=[[:alpha:]])[-\u2010\u00ad][ \t\u00a0]*(?:\r\n|[\n\r\f\u2028])[ \t\u00a0]*(?=[[:lower:]])',
            '', 'g'
        ), '|', ' ');
    END IF;
    IF words ~ '[[(][ \u00a0]*[.\u2026]' THEN
        words = regexp_replace(
            words, '[[(][ \u00a0]*(?:\u2026|\.[ \u00a0]?\.[ \u00a0]?\.)[ \u00a0]*[])]', ' | ', 'g'
        );
    END IF;
    IF octet_length(words) > length(words) THEN
        IF words IS NOT NFC NORMALIZED THEN
            words = normalize(words, NFC);
        END IF;
        IF words ~ '[{not_seen}]' THEN
            words = regexp_replace(words, '[{not_seen}]+', '', 'g');
        END IF;
    END IF;
    RETURN words;
END
$$;
COMMENT ON FUNCTION sources_cleaned(text) IS
    'A text without what is not seen, nor accents that are signs of their own: character references '
    'are read, words divided at a line''s end are joined, | stands where words are left out ([…]).';

CREATE FUNCTION sources_parted(cleaned text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
    words text = ' ' || cleaned || ' ';
BEGIN
    IF octet_length(words) = length(words) THEN
        RETURN regexp_replace(lower(words COLLATE "C"), '[^a-z0-9|]+', ' ', 'g');
    END IF;
    words = casefold(words COLLATE pg_unicode_fast);
    IF words ~ '[{unspaced}]' THEN
        words = regexp_replace(words, '[{unspaced}]', ' \& ', 'g');
    END IF;
    RETURN regexp_replace(words COLLATE pg_c_utf8, '[^[:alnum:]{signs}|]+', ' ', 'g');
END
$$;
COMMENT ON FUNCTION sources_parted(text) IS
    'The words of a text, case folded, a space before and after each. Each character of a script without '
    'spaces is a word.';

CREATE FUNCTION sources_bare(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
RETURN sources_parted(unaccent('unaccent'::regdictionary, sources_cleaned(value)));
COMMENT ON FUNCTION sources_bare(text) IS
    'The words of a text as all searches compare them: without case, accents, vowel marks, marks and '
    'what is not seen, a space before and after each; | where words are left out ([…]). Each character '
    'of a script without spaces is a word.';

CREATE FUNCTION sources_paired(bare text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    words text[] = string_to_array(btrim(left(bare, 100000)), ' ');
    next text;
BEGIN
    IF octet_length(bare) > length(bare) AND bare ~ '[{unspaced}]' THEN
        FOR at IN REVERSE cardinality(words)..1 LOOP
            IF words[at] ~ '^[{unspaced}]$' THEN
                words[at] = words[at] || coalesce(next, '');
                next = left(words[at], 1);
            ELSE
                next = NULL;
            END IF;
        END LOOP;
    END IF;
    RETURN words;
END
$$;
COMMENT ON FUNCTION sources_paired(text) IS
    'The words of a bare text in order; each character of a script without spaces with the one after '
    'it, if that is one, too. A tsvector holds 1 MiB: no text is read further than can fill that.';

CREATE FUNCTION sources_words(bare text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
DECLARE
    words text[] = string_to_array(btrim(left(bare, 100000)), ' ');
BEGIN
    IF octet_length(bare) > length(bare) AND bare ~ '[{unspaced}]' THEN
        words = words || ARRAY(
            SELECT pair FROM (
                SELECT word || lead(word) OVER (ORDER BY place) AS pair
                FROM unnest(words) WITH ORDINALITY each (word, place)
            ) pairs WHERE pair ~ '^[{unspaced}]{2}$'
        );
    END IF;
    IF octet_length(bare) > 2000 THEN
        words = ARRAY(SELECT word FROM unnest(words) word WHERE octet_length(word) <= 2000);
    END IF;
    RETURN array_to_tsvector(array_remove(words, ''));
END
$$;
COMMENT ON FUNCTION sources_words(text) IS
    'The words of a bare text, unstemmed, and each two characters of a script without spaces: to look for '
    'some of them. What is longer than 2,000 bytes is no word.';
"""
FUNCTIONS = (
    FUNCTIONS.replace("{entities}", dumps(ENTITIES, ensure_ascii=False).replace("'", "''"))
    .replace("{not_seen}", NOT_SEEN)
    .replace("{unspaced}", UNSPACED)
    .replace("{signs}", SIGNS)
)

DROP_FUNCTIONS = """
DROP FUNCTION
    sources_words, sources_paired, sources_bare, sources_parted, sources_cleaned
"""


class Migration(migrations.Migration):
    dependencies = [("sources", "0001_functions")]
    operations = [migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS)]

"""Functions and the domain that columns, indexes and triggers of `sources` need."""

from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations

# Names and words. A tsvector holds 1 MiB: no text is read further than can fill that. Short and
# given names are cut, so that an index row that holds the name as well fits a page.
NAMES = r"""
CREATE FUNCTION sources_fold(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN btrim(regexp_replace(
    casefold(unaccent('unaccent'::regdictionary, regexp_replace(
        normalize(casefold(value COLLATE pg_unicode_fast), NFKD),
        '[\u0300-\u036f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]', '', 'g'
    )) COLLATE pg_unicode_fast),
    '\s+', ' ', 'g'
));
COMMENT ON FUNCTION sources_fold(text) IS
    'A name for comparison: case folded, accents and typography removed, white space collapsed.';

CREATE FUNCTION sources_fold_names(name text, aliases text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT array_agg(DISTINCT sources_fold(n)) FROM unnest(array_prepend(name, aliases)) n);

CREATE FUNCTION sources_words(VARIADIC roles text[]) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_tsvector('simple'::regconfig, coalesce(sources_fold(array_to_string(roles, ' / ')), ''));
COMMENT ON FUNCTION sources_words(text[]) IS 'The words of a role, folded, unstemmed.';

CREATE FUNCTION sources_url_key(url text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT lower(m[1]) || '://'
        || regexp_replace(lower(m[2]), CASE lower(m[1]) WHEN 'https' THEN ':443$' ELSE ':80$' END, '')
        || CASE WHEN m[3] = '' THEN '/' WHEN m[3] LIKE '?%' THEN '/' || m[3] ELSE m[3] END
    FROM regexp_match(url, '^([A-Za-z]+)://([^/?#]*)([^#]*)') m
);
COMMENT ON FUNCTION sources_url_key(text) IS
    'A URL as it is compared: scheme and host in lower case, no default port, no fragment.';

CREATE FUNCTION sources_words_of_name(name text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN string_to_array(regexp_replace(
    translate(sources_fold(name), '.,''', ''),
    '^((mr|mrs|ms|miss|mx|dr|prof|professor|sir|dame|lord|lady|rev) )+|( (jr|sr|ii|iii|phd|mp))+$',
    '', 'g'
), ' ');
COMMENT ON FUNCTION sources_words_of_name(text) IS
    'The words of a folded name, without titles and marks.';

CREATE FUNCTION sources_short_name(kind text, name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT left(CASE
        WHEN kind = 'person' AND cardinality(w) > 1 THEN w[cardinality(w)] || ' ' || left(w[1], 1)
        ELSE '~' || sources_fold(name)
    END, 60) FROM sources_words_of_name(name) w
);
COMMENT ON FUNCTION sources_short_name(text, text) IS
    'Of a person: the last name and the first initial; of others: all, after a "~".';

CREATE FUNCTION sources_given_names(kind text, name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT left(CASE
        WHEN kind <> 'person' OR cardinality(w) < 2 THEN ''
        WHEN cardinality(w) = 2 THEN w[1]
        ELSE w[1] || ' ' || left(w[2], 1)
    END, 60) FROM sources_words_of_name(name) w
);
COMMENT ON FUNCTION sources_given_names(text, text) IS
    'Of a person: the first name, and the initial of a middle one; else nothing.';

CREATE FUNCTION sources_text_words(text text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
RETURN to_tsvector('simple'::regconfig, unaccent('unaccent'::regdictionary, left(text, 100000)));
COMMENT ON FUNCTION sources_text_words(text) IS
    'The words of what somebody wrote or said: case and accents set aside, unstemmed.';

CREATE FUNCTION sources_all_names(names text[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
RETURN ' ' || array_to_string(names, ' ');
COMMENT ON FUNCTION sources_all_names(text[]) IS 'Names as one text, each after a space, to look for a part of any.';
"""

DROP_NAMES = """
DROP FUNCTION
    sources_all_names, sources_text_words, sources_given_names, sources_short_name,
    sources_words_of_name, sources_url_key, sources_words, sources_fold_names, sources_fold
"""

LEDGER = r"""
CREATE FUNCTION sources_salt() RETURNS bytea
LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN sha256(
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
);
COMMENT ON FUNCTION sources_salt() IS '32 random bytes, of PostgreSQL''s strong random numbers.';

CREATE FUNCTION sources_state_hash(salt bytea, state jsonb) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN sha256(salt || convert_to(state::text, 'UTF8'));
COMMENT ON FUNCTION sources_state_hash(bytea, jsonb) IS
    'SHA-256 of a salt and a state in its canonical form: jsonb as PostgreSQL writes it, UTF-8.';

CREATE FUNCTION sources_link(
    previous bytea, hash bytea, reason_hash bytea, era smallint, transaction xid8,
    subject_type text, subject_id uuid, version int, verb text, public boolean, reader_visible boolean,
    fields text[], actor text, channel text, request text, at timestamptz
) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256(
    coalesce(previous, '\x00') || coalesce(hash, '\x00') || coalesce(reason_hash, '\x00')
    || convert_to(jsonb_build_array(
        era, transaction::text, subject_type, subject_id, version, verb, public, reader_visible, fields,
        actor, channel, request, at AT TIME ZONE 'UTC'
    )::text, 'UTF8')
);
COMMENT ON FUNCTION sources_link IS
    'SHA-256 of the former revision''s link, both hashes, and all else that a revision says.';
"""

DROP_LEDGER = """
DROP FUNCTION
    sources_link, sources_state_hash, sources_salt
"""

PARTIAL_DATE = """
CREATE DOMAIN partial_date AS daterange CONSTRAINT partial_date_is_whole CHECK (
    VALUE IS NULL OR (
        lower(VALUE) >= DATE '1000-01-01' AND upper(VALUE) <= DATE '3000-01-01' AND (
            upper(VALUE) = lower(VALUE) + 1
            OR (date_trunc('month', lower(VALUE)::timestamp) = lower(VALUE)
                AND upper(VALUE) = lower(VALUE) + interval '1 month')
            OR (date_trunc('year', lower(VALUE)::timestamp) = lower(VALUE)
                AND upper(VALUE) = lower(VALUE) + interval '1 year')
        )
    ) IS TRUE
);
COMMENT ON DOMAIN partial_date IS 'A whole day, month or year, as the range of days it can be.';
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        UnaccentExtension(),
        TrigramExtension(),
        migrations.RunSQL(NAMES, DROP_NAMES),
        migrations.RunSQL(LEDGER, DROP_LEDGER),
        migrations.RunSQL(PARTIAL_DATE, "DROP DOMAIN partial_date"),
    ]

"""What the tables of this app stand on: name folding, role words, URL keys, the partial date."""

from django.contrib.postgres.operations import UnaccentExtension
from django.db import migrations

FOLD = r"""
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
    'A name as it is compared: case, accents, typography and runs of white space set aside.';

CREATE FUNCTION sources_fold_names(name text, aliases text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT array_agg(DISTINCT sources_fold(n)) FROM unnest(array_prepend(name, aliases)) n);

CREATE FUNCTION sources_words(VARIADIC roles text[]) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_tsvector('simple'::regconfig, coalesce(sources_fold(array_to_string(roles, ' / ')), ''));
COMMENT ON FUNCTION sources_words(text[]) IS 'The words of a role, folded, unstemmed.';

CREATE FUNCTION sources_all_words(words text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN plainto_tsquery('simple'::regconfig, sources_fold(words));

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
"""

DROP_FUNCTIONS = """
DROP FUNCTION sources_url_key(text);
DROP FUNCTION sources_all_words(text);
DROP FUNCTION sources_words(text[]);
DROP FUNCTION sources_fold_names(text, text[]);
DROP FUNCTION sources_fold(text);
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
        migrations.RunSQL(FOLD, DROP_FUNCTIONS),
        migrations.RunSQL(PARTIAL_DATE, "DROP DOMAIN partial_date"),
    ]

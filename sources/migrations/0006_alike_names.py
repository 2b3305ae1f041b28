"""How two names are known to be alike: by last name and first initial."""

from django.db import migrations

# Cut short, so that a row of the index that holds the name as well is not too long for a page.
ALIKE = r"""
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

CREATE FUNCTION sources_alike_given(one text, other text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    starts_with(split_part(one, ' ', 1), split_part(other, ' ', 1))
    OR starts_with(split_part(other, ' ', 1), split_part(one, ' ', 1))
) AND (
    split_part(one, ' ', 2) IN ('', split_part(other, ' ', 2)) OR split_part(other, ' ', 2) = ''
);
COMMENT ON FUNCTION sources_alike_given(text, text) IS
    'Whether one first name begins the other, and no middle initials contradict it.';
"""

DROP = """
DROP FUNCTION sources_alike_given(text, text);
DROP FUNCTION sources_given_names(text, text);
DROP FUNCTION sources_short_name(text, text);
DROP FUNCTION sources_words_of_name(text);
"""


class Migration(migrations.Migration):
    dependencies = [("sources", "0005_recording")]
    operations = [migrations.RunSQL(ALIKE, DROP)]

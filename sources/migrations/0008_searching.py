"""What searches stand on: the words of a text, unstemmed, and any part of a name."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

# A tsvector holds 1 MiB: no text is read further than it can fill that.
WORDS = r"""
CREATE FUNCTION sources_text_words(text text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
RETURN to_tsvector('simple'::regconfig, unaccent('unaccent'::regdictionary, left(text, 100000)));
COMMENT ON FUNCTION sources_text_words(text) IS
    'The words of what somebody wrote or said: case and accents set aside, unstemmed.';

CREATE FUNCTION sources_text_query(words text, whole boolean) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT CASE
        WHEN whole OR words ~ '\W$' OR numnode(q) = 0 OR words !~ '\w{3}$' THEN q
        ELSE (q::text || ':*')::tsquery
    END
    FROM plainto_tsquery('simple'::regconfig, unaccent('unaccent'::regdictionary, words)) q
);
COMMENT ON FUNCTION sources_text_query(text, boolean) IS
    'All of these words, in any order; unless they are whole, the last of three letters or more may '
    'go on.';

CREATE FUNCTION sources_all_names(names text[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
RETURN ' ' || array_to_string(names, ' ');
COMMENT ON FUNCTION sources_all_names(text[]) IS 'Names as one text, each after a space, to look for a part of any.';
"""

DROP = """
DROP FUNCTION sources_all_names(text[]);
DROP FUNCTION sources_text_query(text, boolean);
DROP FUNCTION sources_text_words(text);
"""


class Migration(migrations.Migration):
    dependencies = [("sources", "0007_alike_names_indexes")]
    operations = [TrigramExtension(), migrations.RunSQL(WORDS, DROP)]

CREATE OR REPLACE FUNCTION sources_text_query(words text, whole boolean) RETURNS tsquery
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

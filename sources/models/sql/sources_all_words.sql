CREATE OR REPLACE FUNCTION sources_all_words(words text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN plainto_tsquery('simple'::regconfig, sources_fold(words));

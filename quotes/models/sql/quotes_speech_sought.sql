CREATE OR REPLACE FUNCTION quotes_speech_sought(speaker uuid, bare text) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
DECLARE
    seed bigint := uuid_hash_extended(speaker, 0);
    word text;
    one text;
    two text;
    sought bigint[] := '{}';
BEGIN
    FOREACH word IN ARRAY string_to_array(btrim(bare), ' ') LOOP
        sought := sought || hashtextextended(word, seed);
        IF two IS NOT NULL THEN
            sought := sought || hashtextextended(two || ' ' || word, seed);
        END IF;
        IF one IS NOT NULL THEN
            sought := sought || hashtextextended(one || ' ' || two || ' ' || word, seed);
        END IF;
        one := two;
        two := word;
    END LOOP;
    RETURN sought;
END
$$;
COMMENT ON FUNCTION quotes_speech_sought(uuid, text) IS
    'Hashes of each one, two and three words in a row of a text: all that quotes_speech may have '
    'kept of any part of it.';

CREATE OR REPLACE FUNCTION sources_words_query(asked text, whole boolean) RETURNS tsquery
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    words text[] = ARRAY(
        SELECT word FROM unnest(sources_paired(sources_bare(asked))) word
        WHERE word NOT IN ('', '|') AND octet_length(word) <= 2000
    );
BEGIN
    RETURN CASE WHEN words = '{}' THEN '' ELSE
        '''' || array_to_string(words, ''' & ''') || CASE
            WHEN whole OR asked !~ '\w$' OR length(words[cardinality(words)]) < 3 THEN ''''
            ELSE ''':*' END
    END;
END
$$;
COMMENT ON FUNCTION sources_words_query(text, boolean) IS
    'All of these words, in any order; unless they are whole, the last of three letters or more may '
    'go on.';

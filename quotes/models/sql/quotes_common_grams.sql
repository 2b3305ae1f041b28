CREATE OR REPLACE FUNCTION quotes_common_grams(OUT gram int, OUT share real) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT g.gram, g.share FROM pg_stats,
        unnest(most_common_elems::text::int[], most_common_elem_freqs) g(gram, share)
    WHERE tablename = 'quote_grams_then' AND attname = 'quotes_grams' AND g.gram IS NOT NULL
$$;
COMMENT ON FUNCTION quotes_common_grams() IS
    'The hashes of words, and of two in a row, that most quotes have, and in which share of them.';

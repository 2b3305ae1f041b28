-- A version of a quote as the ledger holds it: the row that it was, without what is derived from others.
CREATE OR REPLACE FUNCTION quotes_version(quote uuid, number integer) RETURNS public.quotes_quote
LANGUAGE sql STABLE AS $$
    SELECT was.* FROM public.sources_revision r
    CROSS JOIN LATERAL jsonb_populate_record(NULL::public.quotes_quote, r.state) was
    WHERE r.subject_id = quote AND r.version = number
$$;
COMMENT ON FUNCTION quotes_version(uuid, integer) IS
    'The row of a quote as of a version, from the ledger; NULL if that version is not kept.';

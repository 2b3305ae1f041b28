-- The state of a record in the ledger as of a time; NULL before its first revision, and if it was erased.
CREATE OR REPLACE FUNCTION sources_state_at(subject uuid, at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT r.state FROM public.sources_revision r
    WHERE r.subject_id = subject AND r.time <= at ORDER BY r.version DESC LIMIT 1
$$;
COMMENT ON FUNCTION sources_state_at(uuid, timestamptz) IS
    'The state of a record in the ledger as of a time; NULL before its first revision, and if erased.';

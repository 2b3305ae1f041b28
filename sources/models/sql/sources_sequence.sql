-- Every session may call it, with its owner's rights: nobody else can add a leaf. The lock is for
-- sequencers only, and writers never wait for it. Transactions of the present era are settled once
-- they are older than any open one, so no revision can come before the last leaf.
CREATE OR REPLACE FUNCTION sources_sequence(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    present smallint;
    is_present boolean;
    last record;
    added integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('sequencer', 0));
    SELECT e.id, e.cluster = this.system_identifier::text INTO present, is_present
        FROM pg_control_system() this, sources_era e ORDER BY e.id DESC LIMIT 1;
    IF is_present IS NOT TRUE THEN
        RETURN NULL;
    END IF;
    SELECT l.position, r.era, r.transaction, r.id INTO last
        FROM sources_leaf l LEFT JOIN sources_revision r USING (subject_id, version)
        ORDER BY l.position DESC LIMIT 1;
    IF last.position IS NOT NULL AND last.id IS NULL THEN
        RAISE EXCEPTION 'The revision of leaf % is missing. See manage.py verify.', last.position
            USING ERRCODE = 'data_corrupted';
    END IF;
    INSERT INTO sources_leaf (position, subject_id, version, hash)
    SELECT coalesce(last.position, -1) + row_number() OVER (ORDER BY era, transaction, id),
           subject_id, version, sha256('\x00'::bytea || link)
    FROM (
        SELECT era, transaction, id, subject_id, version, link FROM sources_revision
        WHERE (era, transaction, id)
              > (coalesce(last.era, 0::smallint), coalesce(last.transaction, '0'), coalesce(last.id, 0))
          AND (era, transaction) < (present, pg_snapshot_xmin(pg_current_snapshot()))
        ORDER BY era, transaction, id LIMIT most
    ) settled;
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN added;
END $$;
COMMENT ON FUNCTION sources_sequence(integer) IS
    'Add the leaves of the next settled revisions to the tree and return their number; NULL if the cluster has no era.';

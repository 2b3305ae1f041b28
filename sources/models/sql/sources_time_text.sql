CREATE OR REPLACE FUNCTION sources_time_text(moment timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN to_char(moment AT TIME ZONE 'UTC', CASE
    WHEN moment = date_trunc('second', moment) THEN 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
    ELSE 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
END);
COMMENT ON FUNCTION sources_time_text(timestamptz) IS 'A time as RFC 3339 writes it, in UTC.';

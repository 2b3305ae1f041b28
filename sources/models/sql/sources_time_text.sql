CREATE OR REPLACE FUNCTION sources_time_text(moment timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN replace(to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000', '');
COMMENT ON FUNCTION sources_time_text(timestamptz) IS 'A time as RFC 3339 writes it, in UTC.';

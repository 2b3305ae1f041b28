CREATE OR REPLACE FUNCTION sources_date_text(days daterange) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN left(to_char(lower(days), 'YYYY-MM-DD'), CASE
    WHEN upper(days) - lower(days) = 1 THEN 10
    WHEN upper(days) - lower(days) <= 31 THEN 7
    ELSE 4
END);
COMMENT ON FUNCTION sources_date_text(daterange) IS
    'A partial date as it was given: YYYY, YYYY-MM or YYYY-MM-DD.';

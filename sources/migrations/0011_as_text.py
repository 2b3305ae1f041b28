"""Dates and times as the API writes them."""

from django.db import migrations

AS_TEXT = """
CREATE FUNCTION sources_date_text(days daterange) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN left(to_char(lower(days), 'YYYY-MM-DD'), CASE
    WHEN upper(days) - lower(days) = 1 THEN 10
    WHEN upper(days) - lower(days) <= 31 THEN 7
    ELSE 4
END);
COMMENT ON FUNCTION sources_date_text(daterange) IS
    'A partial date as it was given: YYYY, YYYY-MM or YYYY-MM-DD.';

CREATE FUNCTION sources_time_text(moment timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN to_char(moment AT TIME ZONE 'UTC', CASE
    WHEN moment = date_trunc('second', moment) THEN 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
    ELSE 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
END);
COMMENT ON FUNCTION sources_time_text(timestamptz) IS 'A time as RFC 3339 writes it, in UTC.';
"""

DROP = """
DROP FUNCTION sources_time_text(timestamptz);
DROP FUNCTION sources_date_text(daterange);
"""


class Migration(migrations.Migration):
    dependencies = [("sources", "0010_jobs")]

    operations = [migrations.RunSQL(AS_TEXT, DROP)]

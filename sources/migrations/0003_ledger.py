"""The ledger's first era, what its triggers read from tables, and the definitions in `.sql` files."""

from django.db import migrations

from sources.database.definitions import ReplaceSql
from sources.history.past_tables import ReplacePastTables, past_articles

LEDGER = r"""
CREATE FUNCTION sources_audit_context(
    OUT era smallint, OUT actor text, OUT channel text, OUT request text, OUT reason text
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT
        coalesce((SELECT max(id) FROM sources_era), 1::smallint),
        CASE WHEN given.channel IS NULL THEN session_user::text ELSE given.actor END,
        coalesce(given.channel, 'sql'), given.request, given.reason
    FROM (SELECT
        nullif(current_setting('onrecord.actor', true), '') AS actor,
        nullif(current_setting('onrecord.channel', true), '') AS channel,
        nullif(current_setting('onrecord.request', true), '') AS request,
        nullif(current_setting('onrecord.reason', true), '') AS reason
    ) given;
END;
COMMENT ON FUNCTION sources_audit_context() IS
    'The audit context that the service set; without one, the database role, through channel sql.';

CREATE FUNCTION sources_erasing() RETURNS boolean
LANGUAGE sql STABLE
RETURN current_setting('onrecord.erasing', true) IS NOT DISTINCT FROM 'on'
    AND has_table_privilege('sources_revision'::regclass, 'UPDATE');
COMMENT ON FUNCTION sources_erasing() IS
    'Whether this is manage.py erase, run by a role that may touch the ledger: its owner.';

CREATE SCHEMA as_of;
GRANT USAGE ON SCHEMA as_of TO PUBLIC;
COMMENT ON SCHEMA as_of IS 'The tables as of the time onrecord.as_of: views, remade by migrations.';

INSERT INTO sources_era SELECT 1, system_identifier, now() FROM pg_control_system();
"""

DROP = """
DELETE FROM sources_era;
DROP SCHEMA as_of;
DROP FUNCTION sources_erasing, sources_audit_context;
"""


class Migration(migrations.Migration):
    dependencies = [("sources", "0002_initial")]
    operations = [
        migrations.RunSQL(LEDGER, DROP),
        ReplaceSql(),
        ReplacePastTables({"sources_article": past_articles}),
    ]

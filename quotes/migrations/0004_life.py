"""What the life of a quote leaves on it: a reason, a replacement, corrections."""

import django.db.models.deletion
from django.db import migrations, models

ROLE_CONFLICT = """
CREATE FUNCTION quotes_role_conflict(speaker uuid, at daterange, roles text[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT at IS NOT NULL AND coalesce(bool_and(NOT EXISTS (
        SELECT FROM unnest(roles) AS named(role)
        WHERE string_to_array(sources_fold(named.role), ' ')
                  <@ string_to_array(sources_fold(held.role), ' ')
           OR string_to_array(sources_fold(named.role), ' ')
                  @> string_to_array(sources_fold(held.role), ' ')
    )), false)
    FROM sources_affiliation held
    WHERE held.speaker_id = speaker
      AND (held.start IS NULL OR lower(held.start) < upper(at))
      AND (held."end" IS NULL OR upper(held."end") > lower(at))
);
COMMENT ON FUNCTION quotes_role_conflict IS
    'Whether the words of none of these roles are among those, or the other way round, of any role '
    'that the speaker may have held then; where nothing is known, there is no conflict.';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("quotes", "0003_groups"),
    ]

    operations = [
        migrations.AddField(
            model_name="quote",
            name="corrections",
            field=models.JSONField(blank=True, db_default=[], editable=False),
        ),
        migrations.AddField(
            model_name="quote",
            name="reason",
            field=models.TextField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="quote",
            name="replaced_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaces",
                to="quotes.quote",
            ),
        ),
        migrations.RunSQL(ROLE_CONFLICT, "DROP FUNCTION quotes_role_conflict"),
    ]

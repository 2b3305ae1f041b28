"""What the life of a quote leaves on it: a reason, a replacement, corrections."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

# As before, but the text is unpacked once, and walked once a span.
WORDS_AT = r"""
CREATE OR REPLACE FUNCTION quotes_words_at(
    snapshot uuid, article uuid, spans int[], OUT words text, OUT contexts text[]
)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    page text;
    span int[];
    around text;
    size int;
    before int;
    last_end int := NULL;
BEGIN
    SELECT text || '' INTO page FROM sources_snapshot
        WHERE id = snapshot AND article_id = article;
    IF page IS NULL THEN
        RETURN;
    END IF;
    words := '';
    contexts := '{}';
    FOREACH span SLICE 1 IN ARRAY spans LOOP
        size := greatest(span[2] - span[1], 0);
        before := least(span[1], 32);
        around := substr(page, span[1] - before + 1, before + size + 32);
        IF size = 0 OR span[1] < coalesce(last_end, 0) OR char_length(around) < before + size THEN
            words := NULL;
            RETURN;
        END IF;
        IF last_end IS NOT NULL THEN
            words := words || CASE
                WHEN substr(page, last_end + 1, span[1] - last_end) ~ '[\n\r\u2029]' THEN E'\n'
                ELSE ' ' END;
        END IF;
        words := words || substr(around, before + 1, size);
        contexts := contexts || ARRAY[ARRAY[
            left(around, before), substr(around, before + size + 1)
        ]];
        last_end := span[2];
    END LOOP;
END
$$;
"""

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
        migrations.RunSQL(
            WORDS_AT,
            import_module("quotes.migrations.0001_functions").WORDS_AT.replace(
                "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
            ),
        ),
    ]

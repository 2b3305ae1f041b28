"""What a snapshot's text reads at a quote's spans: the database's own account of an anchor."""

from django.db import migrations

WORDS_AT = r"""
CREATE FUNCTION quotes_words_at(
    snapshot uuid, article uuid, spans int[], OUT words text, OUT contexts text[]
)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    page text;
    span int[];
    gap text;
    last_end int := NULL;
BEGIN
    SELECT text INTO page FROM sources_snapshot
        WHERE id = snapshot AND article_id = article;
    IF page IS NULL THEN
        RETURN;
    END IF;
    words := '';
    contexts := '{}';
    FOREACH span SLICE 1 IN ARRAY spans LOOP
        IF span[1] < coalesce(last_end, 0) OR span[2] <= span[1] OR span[2] > char_length(page) THEN
            words := NULL;
            RETURN;
        END IF;
        IF last_end IS NOT NULL THEN
            gap := substr(page, last_end + 1, span[1] - last_end);
            words := words || CASE WHEN gap ~ '[\n\r\u2029]' THEN E'\n' ELSE ' ' END;
        END IF;
        words := words || substr(page, span[1] + 1, span[2] - span[1]);
        contexts := contexts || ARRAY[ARRAY[
            substr(page, greatest(span[1] - 32, 0) + 1, least(span[1], 32)),
            substr(page, span[2] + 1, 32)
        ]];
        last_end := span[2];
    END LOOP;
END
$$;
COMMENT ON FUNCTION quotes_words_at(uuid, uuid, int[]) IS
    'The words at spans of a snapshot of an article, joined by a space or by a newline where a line '
    'break lies between, and 32 code points before and after each; NULL when there is no such place.';
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("sources", "0002_initial")]
    operations = [
        migrations.RunSQL(WORDS_AT, "DROP FUNCTION quotes_words_at(uuid, uuid, int[])"),
    ]

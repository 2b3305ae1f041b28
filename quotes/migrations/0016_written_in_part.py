"""The public form of a quote with some of its fields only: read by `quotes.representations.json`."""

from django.db import migrations

FIELDS = [
    "id",
    "url",
    "text",
    "kind",
    "language",
    "status",
    "version",
    "speaker",
    "role",
    "organisation",
    "outlet",
    "said",
    "published",
    "attribution",
    "article",
    "via",
    "anchor",
    "utterance",
    "flags",
    "reason",
    "replaced_by",
    "corrections",
    "created",
    "updated",
]

BY_ADDRESS = {
    "url": "address || p.id || '/'",
    "replaced_by": "CASE WHEN p.replaced_by_id IS NOT NULL THEN json_build_object("
    "'id', p.replaced_by_id, 'url', address || p.replaced_by_id || '/') END",
}

MEMBERS = ",\n".join(
    f"        CASE WHEN '{name}' = ANY (fields) THEN "
    f"'\"{name}\":' || coalesce(to_json({BY_ADDRESS.get(name, f'p.{name}')})::text, 'null') END"
    for name in FIELDS
)

# In plpgsql for the same reason as the function of all fields. A field that is not asked for is
# not read.
WRITTEN = """
CREATE FUNCTION quotes_written(ids uuid[], address text, fields text[]) RETURNS SETOF text
LANGUAGE plpgsql STABLE ROWS 50 AS $$
BEGIN
    RETURN QUERY
    SELECT '{' || concat_ws(',',
MEMBERS
    ) || '}'
    FROM unnest(ids) WITH ORDINALITY AS page (id, place)
    JOIN quotes_public p ON p.id = page.id
    ORDER BY page.place;
END
$$;
COMMENT ON FUNCTION quotes_written(uuid[], text, text[]) IS
    'The same with these fields only.';
""".replace("MEMBERS", MEMBERS)


class Migration(migrations.Migration):
    dependencies = [("quotes", "0015_utterances")]

    operations = [
        migrations.RunSQL(WRITTEN, "DROP FUNCTION quotes_written(uuid[], text, text[])"),
    ]

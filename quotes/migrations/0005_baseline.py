"""Begin the history of each record as it is now. Nothing is locked: it only reads the records."""

from django.db import migrations

BASELINE = """
CALL sources_baseline('quotes_utterance', 'utterance', '{}');
CALL sources_baseline(
    'quotes_quote', 'quote', '{contexts,nearest,published_day,said_day,role_words}',
    $$n.status IN ('published', 'disputed', 'retracted')$$,
    $$(
        SELECT jsonb_build_object('via', coalesce(jsonb_agg(
            jsonb_build_object('kind', v.kind, 'name', v.name, 'outlet_id', v.outlet_id)
            ORDER BY v.position
        ), '[]')) FROM quotes_via v WHERE v.quote_id = n.id
    )$$
);
"""

FORGET = """
ALTER TABLE sources_revision DISABLE TRIGGER USER;
DELETE FROM sources_revision WHERE subject_type IN ('quote', 'utterance');
ALTER TABLE sources_revision ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    dependencies = [("quotes", "0004_life"), ("sources", "0003_ledger")]

    operations = [
        migrations.RunSQL(BASELINE, FORGET),
    ]

"""Begin the history of each record as it is now. Nothing is locked: it only reads the records."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

BASELINE = """
CALL sources_baseline('sources_outlet', 'outlet', '{names_folded}');
CALL sources_baseline('sources_organisation', 'organisation', '{names_folded}');
CALL sources_baseline('sources_speaker', 'speaker', '{names_folded}');
CALL sources_baseline('sources_article', 'article', '{url_key,published_day}');
CALL sources_baseline('sources_snapshot', 'snapshot', '{text,characters}', 'false');
CALL sources_baseline('sources_affiliation', 'affiliation', '{start_day,end_last,role_words}');
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("sources", "0003_ledger")]

    operations = [
        AddIndexConcurrently(
            model_name="organisation",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="organisation_merged",
            ),
        ),
        AddIndexConcurrently(
            model_name="outlet",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="outlet_merged",
            ),
        ),
        AddIndexConcurrently(
            model_name="speaker",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="speaker_merged",
            ),
        ),
        migrations.RunSQL(BASELINE, "TRUNCATE sources_revision"),
    ]

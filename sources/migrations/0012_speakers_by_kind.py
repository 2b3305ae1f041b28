"""Speakers of a kind, of which there may be few."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("sources", "0011_as_text")]

    operations = [
        AddIndexConcurrently(
            "speaker", models.Index(fields=["kind", "id"], name="speaker_by_kind")
        ),
    ]

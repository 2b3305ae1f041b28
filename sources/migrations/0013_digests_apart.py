"""The digests of snapshots, to be told without reading their texts."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("sources", "0012_speakers_by_kind")]

    operations = [
        AddIndexConcurrently(
            "snapshot", models.Index(fields=["id"], include=["sha256"], name="snapshot_sha256")
        ),
    ]

"""The review queue is read along these, of proposed quotes only."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

WAITING = models.Q(("status", "proposed"))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("quotes", "0008_desk")]

    operations = [
        AddIndexConcurrently(
            "quote", models.Index(condition=WAITING, fields=[*of, "id"], name=name)
        )
        for name, of in {
            "quote_waiting": [],
            "quote_waiting_of_article": ["article"],
            "quote_waiting_of_outlet": ["outlet"],
            "quote_waiting_of_speaker": ["speaker"],
        }.items()
    ]

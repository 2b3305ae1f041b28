"""The review queue is read along these, of proposed quotes only."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("quotes", "0009_desk")]

    operations = [
        *(
            AddIndexConcurrently(
                "quote",
                models.Index(
                    fields=[of, "id"],
                    condition=models.Q(status="proposed"),
                    name=f"quote_proposed_{of}",
                ),
            )
            for of in ("article", "outlet", "speaker")
        ),
        AddIndexConcurrently(
            "quote",
            models.Index(
                models.F("published_day").desc(nulls_last=True),
                models.F("id").desc(),
                condition=models.Q(status="proposed"),
                name="quote_proposed_latest",
            ),
        ),
    ]

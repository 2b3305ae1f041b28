"""What the admin's searches, queues and charts read."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

from sources.models.functions import TextWords


def flagged(flag: str) -> AddIndexConcurrently:
    return AddIndexConcurrently(
        "quote",
        models.Index(
            fields=["published_day", "id"],
            include=["created", "status"],
            condition=models.Q(flags__contains=[flag]),
            name=f"quote_{flag}",
        ),
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("quotes", "0007_shingles"), ("sources", "0008_searching")]

    operations = [
        AddIndexConcurrently("quote", GinIndex(TextWords("text"), name="quote_words")),
        AddIndexConcurrently(
            "quote",
            models.Index(
                fields=["created", "id"],
                condition=models.Q(status="proposed"),
                name="quote_proposed",
            ),
        ),
        flagged("ambiguous_speaker"),
        flagged("ambiguous_organisation"),
        flagged("unresolved_speaker"),
        flagged("role_conflict"),
        flagged("filing_differs"),
        AddIndexConcurrently(
            "quote",
            models.Index(
                fields=["anchor", "published_day", "id"],
                include=["created", "status"],
                condition=~models.Q(anchor="exact"),
                name="quote_by_anchor",
            ),
        ),
        AddIndexConcurrently(
            "quote",
            models.Index(
                fields=["published_day", "id"],
                include=["speaker", "outlet", "status"],
                name="quote_by_day",
            ),
        ),
        RemoveIndexConcurrently("quote", "quote_by_published"),
        AddIndexConcurrently(
            "quote",
            models.Index(fields=["created", "id"], include=["status"], name="quote_by_filing"),
        ),
        RemoveIndexConcurrently("quote", "quote_by_created"),
    ]

"""What lists are filtered by, held by the indexes of their orderings."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

LISTED = [
    "published_day",
    "said_day",
    "created",
    "updated",
    "speaker",
    "organisation",
    "outlet",
    "utterance",
    "kind",
    "status",
    "language",
    "anchor",
    "published",
    "said",
]


def listed(by: str) -> AddIndexConcurrently:
    return AddIndexConcurrently(
        "quote",
        models.Index(
            fields=[by, "id"],
            include=[column for column in LISTED if column != by],
            name=f"quote_listed_{by}",
        ),
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("quotes", "0017_tallied")]

    operations = [
        listed("published_day"),
        listed("said_day"),
        RemoveIndexConcurrently("quote", "quote_by_said"),
        listed("created"),
        RemoveIndexConcurrently("quote", "quote_by_filing"),
        AddIndexConcurrently(
            "via",
            models.Index(
                fields=["outlet", "quote"],
                condition=models.Q(outlet__isnull=False),
                name="via_by_outlet",
            ),
        ),
    ]

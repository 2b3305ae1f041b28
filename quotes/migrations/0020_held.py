"""One set of columns in each index that quotes are listed by or counted from, and one index less.

Each index is made beside the one whose place it takes, so that lists never lack one.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

HELD = [
    "published_day",
    "said_day",
    "created",
    "updated",
    "status",
    "kind",
    "anchor",
    "language",
    "speaker",
    "organisation",
    "outlet",
    "published",
    "affiliation",
    "role_key",
    "utterance",
    "said",
]


def holding(*of: str, name: str) -> AddIndexConcurrently:
    include = [column for column in HELD if column not in of]
    index = models.Index(fields=[*of, "id"], include=include, name=f"quote_held_{name}")
    return AddIndexConcurrently("quote", index)


def without(name: str) -> RemoveIndexConcurrently:
    return RemoveIndexConcurrently("quote", name)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("quotes", "0019_searched_by_language")]

    operations = [
        holding("published_day", name="published"),
        without("quote_listed_published_day"),
        without("quote_counted"),
        holding("said_day", name="said"),
        without("quote_listed_said_day"),
        holding("created", name="created"),
        without("quote_listed_created"),
        holding("speaker", "published_day", name="speaker"),
        without("quote_counted_speaker"),
        holding("organisation", "published_day", name="organisation"),
        without("quote_counted_organisation"),
        holding("outlet", "published_day", name="outlet"),
        without("quote_counted_outlet"),
    ]

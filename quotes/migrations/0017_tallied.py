"""Small indexes that statistics of all there is are counted from."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from sources.dates import Imprecise


def index(*fields: str, name: str, **more) -> AddIndexConcurrently:
    return AddIndexConcurrently("quote", models.Index(fields=fields, name=name, **more))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("quotes", "0016_written_in_part"), ("sources", "0012_speakers_by_kind")]

    operations = [
        index(
            "speaker",
            "organisation",
            "affiliation",
            "role_key",
            "published_day",
            "status",
            "language",
            "kind",
            "anchor",
            name="quote_tally_who",
        ),
        index(
            "outlet",
            "kind",
            "status",
            "language",
            "published_day",
            "anchor",
            name="quote_tally_where",
        ),
        index(
            "published_day",
            "status",
            "language",
            "kind",
            "anchor",
            name="quote_tally_when",
        ),
        index(
            "published_day",
            include=[
                "speaker",
                "organisation",
                "outlet",
                "affiliation",
                "role_key",
                "kind",
                "status",
                "language",
                "published",
                "anchor",
            ],
            condition=models.Q(Imprecise("published")),
            name="quote_tally_imprecise",
        ),
        index(
            "role_key",
            condition=models.Q(affiliation=None, role_key__isnull=False),
            name="quote_by_role_key",
        ),
    ]

"""Speakers by what their names have alike, and those few that were told apart."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from sources.models.functions import GivenNames, ShortName


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("sources", "0006_alike_names")]

    operations = [
        AddIndexConcurrently(
            model_name="speaker",
            index=models.Index(
                ShortName("kind", "name"),
                models.F("kind"),
                models.F("id"),
                GivenNames("kind", "name"),
                condition=models.Q(("merged_into__isnull", True)),
                include=("name", "organisation", "created"),
                name="speaker_alike",
            ),
        ),
        AddIndexConcurrently(
            model_name="speaker",
            index=models.Index(
                condition=models.Q(
                    models.Q(("aliases", []), _negated=True), ("merged_into__isnull", True)
                ),
                fields=["id"],
                name="speaker_with_aliases",
            ),
        ),
        AddIndexConcurrently(
            model_name="speaker",
            index=models.Index(
                condition=models.Q(("distinct_from", []), _negated=True),
                fields=["id"],
                name="speaker_told_apart",
            ),
        ),
    ]

"""Quotes of a language, newest first, and which languages there are."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("quotes", "0012_public_form")]

    operations = [
        AddIndexConcurrently(
            "quote",
            models.Index(fields=["language", "published_day", "id"], name="quote_by_language"),
        ),
    ]

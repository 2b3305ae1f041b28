"""Headlines by their words, names by any part of them."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

from sources.models.functions import AllNames, TextWords


def name_parts(model: str) -> AddIndexConcurrently:
    parts = OpClass(AllNames("names_folded"), "gin_trgm_ops")
    return AddIndexConcurrently(model, GinIndex(parts, name=f"{model}_name_parts"))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("sources", "0008_searching")]

    operations = [
        AddIndexConcurrently(
            "article", GinIndex(TextWords("headline"), name="article_headline_words")
        ),
        name_parts("outlet"),
        name_parts("organisation"),
        name_parts("speaker"),
    ]

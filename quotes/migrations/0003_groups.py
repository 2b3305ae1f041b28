"""The groups Readers, Contributors and Curators, statistics, and the definitions in `.sql` files."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

from quotes.history.past_tables import past_chains, past_quotes, signed_quotes
from sources.database.definitions import ReplaceSql
from sources.history.past_tables import ReplacePastTables

RECORDS = {
    "sources": ["outlet", "article", "snapshot", "speaker", "organisation", "affiliation", "fact"],
    "quotes": ["quote", "via", "utterance"],
}

READ = [f"{app}.view_{name}" for app, names in RECORDS.items() for name in names]
READ.append("quotes.add_webhook")  # and to deal with one's own
FILE = ["sources.add_article", "quotes.add_quote"]
CURATE = [
    f"{app}.{verb}_{name}"
    for app, names in RECORDS.items()
    for name in names
    if name != "snapshot"
    for verb in ("add", "change")
]

GROUPS = {
    "Readers": READ,
    "Contributors": [*READ, *FILE],
    "Curators": [
        *READ,
        *CURATE,
        "quotes.delete_via",
        "quotes.review_quote",
        "quotes.publish_quote",
        "sources.read_full_text",
    ],
}


def make_groups(apps, schema_editor):
    alias = schema_editor.connection.alias
    for app in RECORDS:
        # Permissions are usually made after all migrations; the groups need theirs now.
        create_permissions(installed.get_app_config(app), apps=apps, using=alias, verbosity=0)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, allowed in GROUPS.items():
        group, _ = Group.objects.using(alias).get_or_create(name=name)
        for permission in allowed:
            app, codename = permission.split(".")
            group.permissions.add(
                Permission.objects.using(alias).get(content_type__app_label=app, codename=codename)
            )


def remove_groups(apps, schema_editor):
    alias = schema_editor.connection.alias
    apps.get_model("auth", "Group").objects.using(alias).filter(name__in=GROUPS).delete()


# The share of quotes that have a word has to be known for more words than the usual 100.
STATISTICS = """
ALTER TABLE quotes_quote ALTER COLUMN search_words SET STATISTICS 300;
ALTER INDEX quote_grams_then ALTER COLUMN 1 SET STATISTICS 300;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("quotes", "0002_initial"),
        ("sources", "0003_ledger"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.RunPython(make_groups, remove_groups),
        migrations.RunSQL(STATISTICS, migrations.RunSQL.noop),
        ReplaceSql(),
        ReplacePastTables(
            {
                "quotes_quote": past_quotes,
                "quotes_via": past_chains,
                "quotes_signed": signed_quotes,
            }
        ),
    ]

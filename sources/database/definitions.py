"""SQL functions and views that live in an app's `models/sql/*.sql`, and how they reach PostgreSQL.

Each file defines the function or view that it is named after. What a column, an index or a trigger
needs is written out in a migration instead.
"""

import re
from graphlib import TopologicalSorter
from pathlib import Path

from django.apps import apps
from django.db.migrations.operations.base import Operation


def definitions(app_label: str) -> dict[str, str]:
    """Return the app's definitions by name, each after those that it mentions."""
    files = (Path(apps.get_app_config(app_label).path) / "models" / "sql").glob("*.sql")
    texts = {file.stem: file.read_text() for file in sorted(files)}
    mentioned = {
        name: texts.keys() & set(re.findall(r"\w+", text)) - {name} for name, text in texts.items()
    }
    return {name: texts[name] for name in TopologicalSorter(mentioned).static_order()}


class ReplaceSql(Operation):
    """Create the app's definitions, or replace them in place: grants and dependents are kept.

    It stands in the app's last migration only and moves along, so that no migration meets files
    newer than itself. A change of parameters, result or columns needs a DROP before it; PostgreSQL
    says so.
    """

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        for text in definitions(app_label).values():
            schema_editor.execute(text, params=None)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        for name, text in reversed(definitions(app_label).items()):
            kind = "VIEW" if f"VIEW {name}" in text else "FUNCTION"
            schema_editor.execute(f"DROP {kind} {name}", params=None)

    def describe(self):
        return "Replace the functions and views in models/sql"

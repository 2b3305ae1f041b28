"""Verify what protects the ledger as a whole: eras, the places of leaves, and triggers.

- `era`: eras are numbered from 1, each begins after all revisions of the one before, and revisions
  name no others.
- `leaf`: no place of the tree is empty.
- `trigger`: it is there, switched on, and does what this version says; nothing else is there.
"""

from collections.abc import Iterator

import pgtrigger
from django.db import connection

from sources.history.verification import Check, recorded_models
from sources.ledger.revisions import Era, Revision
from sources.models import Checkpoint, Leaf

ERAS = """
    WITH RECURSIVE named AS ( -- one look into the index for each era that revisions name
        (SELECT era FROM sources_revision ORDER BY era LIMIT 1)
        UNION ALL
        SELECT (SELECT r.era FROM sources_revision r WHERE r.era > named.era ORDER BY r.era LIMIT 1)
        FROM named WHERE named.era IS NOT NULL
    )
    SELECT coalesce(e.id, named.era), e.id, e.number, e.began, greatest(e.began_before, last.time)
    FROM (
        SELECT id, began, row_number() OVER each AS number, lag(began) OVER each AS began_before
        FROM sources_era WINDOW each AS (ORDER BY id)
    ) e
    FULL JOIN (SELECT era FROM named WHERE era IS NOT NULL) named ON named.era = e.id
    LEFT JOIN LATERAL (
        SELECT r.time FROM sources_revision r WHERE r.era < e.id
        ORDER BY r.era DESC, r.transaction DESC, r.id DESC LIMIT 1
    ) last ON true
    ORDER BY 1
"""

TRIGGERS = """
    SELECT c.relname, t.tgname, t.tgenabled = 'O', obj_description(t.oid, 'pg_trigger'), p.prosrc
    FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
"""


def faults_of_protection() -> Iterator[Check]:
    """Checks that fail; three queries, one of which counts all leaves."""
    yield from _faults_of_eras()
    yield from _faults_of_places()
    yield from _faults_of_triggers()


def _faults_of_eras() -> Iterator[Check]:
    with connection.cursor() as cursor:
        cursor.execute(ERAS)
        for era, known, number, began, before in cursor.fetchall():
            if known is None:
                yield _fault("era", era, expected="an era on record", found="only revisions")
            elif number != known:
                yield _fault("era", era, expected=f"number {number}", found=f"number {known}")
            elif before and began < before:
                yield _fault("era", era, expected=f"a beginning after {before}", found=f"{began}")


def _faults_of_places() -> Iterator[Check]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(position) + 1 FROM sources_leaf")
        number, places = cursor.fetchone()
    if number != (places or 0):
        found = f"{number:,} leaves"
        yield _fault("leaf", "tree", expected=f"{places:,} leaves", found=found)


def _faults_of_triggers() -> Iterator[Check]:
    protected = (*recorded_models(), Revision, Era, Leaf, Checkpoint)
    tables = {model._meta.db_table for model in protected}
    expected = {}
    for model, trigger in pgtrigger.registered():
        made = trigger.compile(model)
        body = made.install_sql.split("$$")[1]
        expected[model._meta.db_table, trigger.get_pgid(model)] = (True, made.hash, body)
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS)
        found = {(table, name): tuple(rest) for table, name, *rest in cursor.fetchall()}
    for key in sorted(expected.keys() | found.keys()):
        if key[0] in tables and expected.get(key) != found.get(key):
            yield _fault(
                "trigger", ".".join(key), expected=_told(expected, key), found=_told(found, key)
            )


def _told(triggers: dict[tuple[str, str], tuple], key: tuple[str, str]) -> str:
    """What is said of a trigger; of its text only that there is one."""
    if key not in triggers:
        return "no trigger"
    is_on, version, body = triggers[key]
    return f"{'on' if is_on else 'off'}, {version}, {len(body):,} characters"


def _fault(kind: str, key: object, *, expected: str, found: str) -> Check:
    return Check(kind, str(key), None, kind, False, expected, found, None)

"""Store many new records at once: COPY, at a third of what `bulk_create` costs."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection, models

from sources.models import Record

# Columns that take a string or an id as it is.
_PLAIN = models.CharField, models.TextField, models.ForeignKey


def copy_in(records: Sequence[Record]) -> None:
    """Store new records of one kind, whose ids are set. Other columns are not read back."""
    if not records:
        return
    meta, quoted = records[0]._meta, connection.ops.quote_name
    fields = [f for f in meta.concrete_fields if not (f.generated or f.has_db_default())]
    columns = ", ".join(quoted(field.column) for field in [meta.pk, *fields])
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {quoted(meta.db_table)} ({columns}) FROM STDIN") as copy,
    ):
        for record in records:
            copy.write_row([record.pk, *(_written(field, record) for field in fields)])
    for record in records:
        record._state.adding, record._state.db = False, connection.alias


def _written(field: models.Field, record: Record):
    value = getattr(record, field.attname)
    if value is None or (isinstance(field, _PLAIN) and type(value) in (str, UUID)):
        return value  # which the field would say too, at some length
    return field.get_db_prep_save(value, connection)

"""Prepared statements: SQL that Django compiles once, executed with other values.

Django takes longer to compile a statement than PostgreSQL to answer it. Requests that differ only
in values share a statement: it is compiled with a `Parameter` in place of each value, and kept.
PostgreSQL keeps its plan too, for each connection (`prepared_cursor`): planning takes half as long
as finding the page and rendering it.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import django_filters
from django.conf import settings
from django.db import connection, models
from psycopg import Cursor
from psycopg.sql import Literal


class PreparedCursor(Cursor):
    """A cursor whose statements PostgreSQL keeps, up to 100 for each connection.

    psycopg would count all other statements as well, and hold their text with every value in it. So
    the connection prepares nothing else.
    """

    def execute(self, query, params=None):
        if not settings.ONRECORD_PREPARED_STATEMENTS:
            return super().execute(query, params)
        self.connection.prepare_threshold = 0
        try:
            return super().execute(query, params, prepare=True)
        finally:
            self.connection.prepare_threshold = None


def prepared_cursor():
    """Return a cursor for a `Statement`, or for another of few texts and many values."""
    connection.ensure_connection()
    return connection._prepare_cursor(PreparedCursor(connection.connection))


class Parameter(models.Expression):
    """A placeholder for a value that is not known when the statement is compiled."""

    def __init__(self, number: int):
        super().__init__()
        self.number = number

    def as_sql(self, compiler, connection):
        return "%s", (self,)


class Statement:
    """SQL with its constants written out, and the numbers of its parameters in order."""

    def __init__(self, sql: str, params: Sequence[Any]):
        connection.ensure_connection()
        parts, self.numbers = sql.split("%s"), []
        for place, param in enumerate(params):
            if isinstance(param, Parameter):
                self.numbers.append(param.number)
                parts[place] += "%s"
            else:
                parts[place] += Literal(param).as_string(connection.connection).replace("%", "%%")
        self.sql = "".join(parts)

    def with_values(self, values: Sequence[Any]) -> tuple[str, list[Any]]:
        """Return the SQL and its parameters, chosen from the values by number."""
        return self.sql, [values[number] for number in self.numbers]


class Statements:
    """The statements of this process by their shape, at most `most` of them."""

    def __init__(self, most: int):
        self.most = most
        self.known: dict[Hashable, Statement | None] = {}

    def get(self, shape: Hashable, make: Callable[[], Statement | None]) -> Statement | None:
        """Return the statement of this shape, or None if there is none, which is kept as well."""
        if shape not in self.known:
            if len(self.known) >= self.most:
                self.known = {}
            self.known[shape] = make()
        return self.known.get(shape)


class PreparedFilter(django_filters.Filter):
    """A filter whose SQL depends on the shape of its value only.

    `shape` returns it, or None if the value has none; `parameters` returns the rest of the value.
    `narrow` takes these, or a `Parameter` for each.
    """

    def shape(self, value) -> Hashable | None:
        raise NotImplementedError

    def parameters(self, value) -> list:
        """Return what the value contributes as parameters, nothing else."""
        raise NotImplementedError

    def narrow(self, queryset, value, parameters: Sequence):
        raise NotImplementedError

    def holds(self, parameters: Sequence[Parameter]) -> models.Q:
        """Return a condition on the values: if it is false, the statement must find no rows."""
        return models.Q()

    def filter(self, queryset, value):
        return self.narrow(queryset, value, self.parameters(value)) if value else queryset

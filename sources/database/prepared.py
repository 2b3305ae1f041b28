"""Statements that are put together once and asked again with other values.

To put a statement together takes Django longer than PostgreSQL needs to answer it. Requests that
differ by nothing but values have the same one: it is made with a `Parameter` in the place of each
value, which nothing can look into, and kept.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import django_filters
from django.db import connection, models
from psycopg.sql import Literal


class Parameter(models.Expression):
    """The place in a statement of a value that is not known when the statement is made."""

    def __init__(self, number: int):
        super().__init__()
        self.number = number

    def as_sql(self, compiler, connection):
        return "%s", (self,)


class Statement:
    """An SQL statement whose constants are written out, and the numbers of what else it takes."""

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
        """What to execute: the statement with these values, by the numbers of its parameters."""
        return self.sql, [values[number] for number in self.numbers]


class Statements:
    """The statements that were made in this process, by what they depend on; so many at most."""

    def __init__(self, most: int):
        self.most = most
        self.known: dict[Hashable, Statement | None] = {}

    def get(self, shape: Hashable, make: Callable[[], Statement | None]) -> Statement | None:
        """The statement of this shape; None, which is kept as well, where it can have none."""
        if shape not in self.known:
            if len(self.known) >= self.most:
                self.known = {}
            self.known[shape] = make()
        return self.known.get(shape)


class PreparedFilter(django_filters.Filter):
    """A filter whose part of a statement depends on the shape of its value only.

    `shape` tells what that is, `parameters` what else there is in the value, and `narrow` takes
    these, or a `Parameter` in the place of each. A value without such a shape has None.
    """

    def shape(self, value) -> Hashable | None:
        raise NotImplementedError

    def parameters(self, value) -> list:
        """What of the value goes into the statement as it is, and no more than that."""
        raise NotImplementedError

    def narrow(self, queryset, value, parameters: Sequence):
        raise NotImplementedError

    def holds(self, parameters: Sequence[Parameter]) -> models.Q:
        """What has to be true of the values for the prepared statement to find all it should.

        Where it is false, the statement finds nothing.
        """
        return models.Q()

    def filter(self, queryset, value):
        return self.narrow(queryset, value, self.parameters(value)) if value else queryset

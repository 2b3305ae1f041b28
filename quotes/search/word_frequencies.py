"""How common words are among quotes, as PostgreSQL knows from its statistics."""

import time
from dataclasses import dataclass
from math import ceil
from uuid import UUID

from django.db import connection

FRESH = 300
"""Seconds for which a process remembers them."""

IDS = """
SELECT unnest(histogram_bounds::text::uuid[]) FROM pg_stats
WHERE tablename = 'quotes_quote' AND attname = 'id' AND schemaname = current_schema
"""


@dataclass
class Frequencies:
    quotes: float
    shares: dict[int, float]  # gram → share of the quotes that have it, of the commonest
    least: float  # the lowest of these
    ids: list[UUID]  # each has as many quotes between it and the next
    read: float = 0.0

    def of(self, gram: int) -> float:
        """In how many quotes a gram is, about. Most that are not common are in very few."""
        return self.quotes * self.shares.get(gram, self.least / 4)

    def newest(self, number: int) -> UUID | None:
        """An id that about so many quotes follow, or some more; None where that is not known."""
        steps = ceil(number / self.quotes * (len(self.ids) - 1)) if self.quotes else 0
        return self.ids[-1 - steps] if steps < len(self.ids) - 1 else None


_known: dict[str, Frequencies] = {}


def frequencies() -> Frequencies:
    """One query, once in some minutes."""
    now, name = time.monotonic(), str(connection.settings_dict["NAME"])
    if name not in _known or now - _known[name].read > FRESH:
        with connection.cursor() as cursor:
            cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'quotes_quote'::regclass")
            (quotes,) = cursor.fetchone()
            cursor.execute("SELECT gram, share FROM quotes_common_grams()")
            shares = dict(cursor.fetchall())
            cursor.execute(IDS)
            ids = [key for (key,) in cursor.fetchall()]
        least = min(shares.values(), default=0)
        _known[name] = Frequencies(max(quotes, 0), shares, least, ids, now)
    return _known[name]

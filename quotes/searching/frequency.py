"""How common words are among quotes, as PostgreSQL knows from its statistics."""

import time
from dataclasses import dataclass

from django.db import connection

FRESH = 300
"""Seconds for which a process remembers them."""


@dataclass
class Frequencies:
    quotes: float
    shares: dict[int, float]  # gram → share of the quotes that have it, of the commonest
    least: float  # the lowest of these
    read: float = 0.0

    def of(self, gram: int) -> float:
        """In how many quotes a gram is, about. Most that are not common are in very few."""
        return self.quotes * self.shares.get(gram, self.least / 4)


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
        _known[name] = Frequencies(max(quotes, 0), shares, min(shares.values(), default=0), now)
    return _known[name]

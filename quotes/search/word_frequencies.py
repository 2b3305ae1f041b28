"""How common words are among quotes, by PostgreSQL's statistics."""

from dataclasses import dataclass

from django.db import connection

from sources.database.estimates import Memory

memory = Memory()


@dataclass
class Frequencies:
    quotes: float
    shares: dict[int, float]  # gram → share of the quotes that have it, of the commonest
    least: float  # the lowest of these

    def of(self, gram: int) -> float:
        """The estimated number of quotes with a gram. Most that are not common are in very few."""
        return self.quotes * self.shares.get(gram, self.least / 4)


def frequencies() -> Frequencies:
    """Two queries, once in some minutes."""
    return memory.get("frequencies", _read)


def _read() -> Frequencies:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'quotes_quote'::regclass")
        (quotes,) = cursor.fetchone()
        cursor.execute("SELECT gram, share FROM quotes_common_grams()")
        shares = dict(cursor.fetchall())
    return Frequencies(max(quotes, 0), shares, min(shares.values(), default=0))

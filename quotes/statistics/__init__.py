"""Counts of quotes by a dimension (`quotes/facets/`) and over time (`quotes/timeline/`).

The filters of `quotes/` come in, numbers go out. `views` reads the request, `sql` writes the one
statement that counts everything in an answer, so that its numbers belong to one moment and add up,
and `serializers` shapes the answer. Nothing is cached, and no quote is read one by one. Only
`use_counts` keeps numbers, now and then, for searches of names to rank by.
"""

from quotes.statistics.views import Facets, Timeline

__all__ = ["Facets", "Timeline"]

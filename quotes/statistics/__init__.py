"""`quotes/facets/` and `quotes/timeline/`: how many quotes there are, by what and by when.

Every filter of `quotes/` may be given. One statement counts all that an answer tells (`counting`),
so that its numbers come from one moment and add up.
"""

from quotes.statistics.views import Facets, Timeline

__all__ = ["Facets", "Timeline"]

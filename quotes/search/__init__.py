"""Searches of quotes and the planner of their lists: filters and words in, pages of quotes out.

`q` (`fulltext.py`) takes words in any form, as a search engine does; `phrase` (`phrase.py`) these
very words in a row; `like` (`similar.py`) words with slips, left out or in another order.
A page is found at a bounded cost in an archive of millions (`planner.py`, `pages.py`).
Searches never write, and never show quotes that the queryset given to them leaves out.
"""

"""Finding quotes by their words, in three ways, each a filter of `quotes/`.

- `q` (`stems.py`): words in any form and order, as one asks a search engine;
- `phrase` (`phrases.py`): these very words, one after the other;
- `like` (`closeness.py`): words like these, with slips, left out, or in another order.

In a large archive the first of what `q` and `phrase` find are looked up along the list
(`pages.py`), and what `like` compares by words that are rare (`candidates.py`). How common words
are PostgreSQL's statistics say (`frequency.py`). What was found is shown by where it stands in the
text (`marking.py`). `Search` is what one request asks for.
"""

"""A quote in each form that is sent out: the API's JSON, JSON-LD, annotation, PROV, CSL, BibTeX.

A module holds one form. Those beside the API's JSON are pure functions of three things: the
`quote` (loaded `with_parts`), its `StatusHistory`, and `url_of`, which makes absolute URLs.
Unknown values are left out, never guessed: a partial date stays partial, a name in a byline is not
split, a speaker is a person only where that is on record. `json` is the API's own form; `renderers`
gives each other form its media type and its name in `?format=`. Nothing here writes.
"""

from quotes.representations.renderers import REPRESENTATIONS
from quotes.representations.status_history import StatusHistory, status_history_of

__all__ = ["REPRESENTATIONS", "StatusHistory", "status_history_of"]

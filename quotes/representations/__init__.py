"""A quote in the forms that other programs read, besides the JSON of the API.

Each module holds one form as a pure function of three things:

- `quote`, loaded `with_parts`;
- `life`, what happened to it (`life.py`, the one place to which the ledger is to be connected);
- `address`, a function from the name of a resource and its key to an absolute URL.

What is unknown is left out, never guessed: a date stays as partial as it was given, a name in a
byline is not split into given and family name, a speaker is a person only where that is on record.
`renderers.py` gives each form its media type and its name in `?format=`.
"""

from quotes.representations.renderers import REPRESENTATIONS
from quotes.representations.status_history import Life, life_of

__all__ = ["REPRESENTATIONS", "Life", "life_of"]

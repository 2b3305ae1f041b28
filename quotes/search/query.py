"""The search of one request: `q`, `phrase` and `like` together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q

from quotes.models.languages import languages_present, speaks
from quotes.search.conditions import OneOf
from quotes.search.fulltext import Stems
from quotes.search.phrase import Phrase, Unusable
from quotes.search.similar import Like
from sources.exceptions import BadParameter

SEARCHES = ("q", "phrase", "like")
"""Parameters that search for words."""


@dataclass
class Search:
    """At least one of the three. `scores` are those of `like`, set by `narrow`."""

    stems: Stems | None = None
    phrase: Phrase | None = None
    like: Like | None = None
    scores: dict[UUID, int] = field(default_factory=dict)

    @classmethod
    def read(cls, asked: dict, languages: list[str]) -> "Search | None":
        """Parse `q`, `phrase` and `like` for quotes of these languages, or of all.

        Raises BadParameter, with what is wrong with each of them.
        """
        if not any(asked.get(name) for name in SEARCHES):
            return None
        tags = languages_present()
        if languages:
            tags = [tag for tag in tags if speaks(tag, languages)]
        readers: dict[str, tuple[str, Callable]] = {
            "q": ("stems", lambda text: Stems.read(text, tags)),
            "phrase": ("phrase", lambda text: Phrase.read(text, tags)),
            "like": ("like", lambda text: Like.read(text, tags)),
        }
        parts, faults = {}, {}
        for name, (part, read) in readers.items():
            if text := asked.get(name):
                try:
                    parts[part] = read(text)
                except Unusable as fault:
                    faults[name] = [str(fault)]
        if faults:
            raise BadParameter(faults)
        return cls(**parts)

    @property
    def ranks(self) -> bool:
        """Whether matches have a relevance. A phrase occurs or does not."""
        return bool(self.stems or self.like)

    def narrow(self, quotes):
        """Return the quotes that match, as a queryset that remembers the search.

        `like` keeps the most similar of the quotes given, so apply it after all other filters.
        """
        if self.phrase:
            quotes = quotes.filter(self.phrase.condition)
        if self.stems:
            quotes = quotes.filter(self.stems.condition)
        if self.like:
            self.scores = self.like.among(quotes)
            is_close = OneOf("pk", list(self.scores))
            quotes = quotes.filter(Q(is_close) if self.scores else Q(pk__in=()))
        quotes.search = self
        return quotes

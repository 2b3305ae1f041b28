"""What one request searches for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q

from quotes.models.languages import languages_present, speaks
from quotes.search.fulltext import Stems
from quotes.search.phrase import Phrase, Unusable
from quotes.search.planner import OneOf
from quotes.search.similar import Like
from sources.exceptions import BadParameter


@dataclass
class Search:
    """At least one of the three is asked for. `scores` are of `like`, once it was looked for."""

    stems: Stems | None = None
    phrase: Phrase | None = None
    like: Like | None = None
    scores: dict[UUID, int] = field(default_factory=dict)

    @classmethod
    def read(cls, asked: dict, languages: list[str]) -> "Search | None":
        """What is asked by `q`, `phrase` and `like` among quotes of these languages, or of all.

        Raises BadParameter, which says what is wrong with which of them.
        """
        if not any(asked.get(name) for name in ("q", "phrase", "like")):
            return None
        tags = languages_present()
        if languages:
            tags = [tag for tag in tags if speaks(tag, languages)]
        readers: dict[str, tuple[str, Callable]] = {
            "q": ("stems", lambda text: Stems.read(text, tags)),
            "phrase": ("phrase", Phrase.read),
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
        """Whether what is found has an order of its own: a phrase is there or not."""
        return bool(self.stems or self.like)

    def narrow(self, quotes):
        """Those of these quotes that are found; the queryset remembers the search.

        `like` keeps the closest of the quotes given, so that comes last of all filters.
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

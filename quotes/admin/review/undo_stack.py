"""The steps of a session that can be undone, across articles, the last one first.

An entry is one press of a key: a step with one quote, or the publication of several. It holds for
each quote the version that the step made, and the version at which that still stands: undoing a
later step makes a new version. Undo never reaches past a step that cannot be undone, or that
somebody has changed since, in silence: it drops it, says why and stops. The next undo goes on.
The session holds ids only: erasure does not reach it, so words are read when an entry is shown.
"""

from datetime import datetime
from secrets import token_hex
from typing import NamedTuple
from uuid import UUID

from django.db.models.functions import Left

from quotes.curation.undo import UNDO_WITHIN, undo, why_not_undo
from quotes.models import Quote
from sources.exceptions import Conflict, changed_since
from sources.ledger.actor import current_context
from sources.models import Revision

STEPS_DONE = "review.steps_done"
"""Session key of the stack, newest entry last."""

MAX_ENTRIES = 50
"""Ten minutes of the fastest work."""

MAX_EXCERPT = 40
"""Characters of a quote in the label of an entry."""


TOO_LATE = "A step can be undone only within ten minutes."


class Undone(NamedTuple):
    """What an undo came to: the quotes restored, their article, and what is to be said."""

    quotes: list[Quote]
    article: UUID | None
    refusals: list[str]


class UndoStack:
    """The stack of one session; `session` is changed in place."""

    def __init__(self, session, user, now: datetime):
        self.session, self.user, self.now = session, user, now
        self.entries: list[dict] = session.get(STEPS_DONE, [])
        self.words: dict[str, str] = {}

    def add(self, done: str, quotes: list[Quote]) -> bool:
        """Add a step that this request took, and tell whether it can be undone.

        A quote that the step left as it was is not in it: its last change is another's.
        """
        changes = Revision.objects.filter(subject_id__in=[quote.pk for quote in quotes])
        made = changes.filter(request=current_context().request)
        made = set(made.values_list("subject_id", "version"))
        quotes = [quote for quote in quotes if (quote.pk, quote.version) in made]
        if not quotes:
            return False
        whys = {quote: why_not_undo(quote, quote.version) for quote in quotes}
        entry = {
            "id": token_hex(4),
            "done": done,
            "quotes": [str(quote.pk) for quote in quotes],
            "article": str(quotes[0].article_id),
            "at": self.now.timestamp(),
            "versions": {str(one.pk): [one.version] * 2 for one, why in whys.items() if not why},
            "why_not": next(filter(None, whys.values()), None),
        }
        if self.entries and self.entries[-1]["versions"] == entry["versions"] != {}:
            self.entries.pop()  # the same step, sent again
        self.entries = [*self.entries, entry][-MAX_ENTRIES:]
        self._save()
        return bool(entry["versions"])

    @property
    def offered(self) -> dict | None:
        """The last entry that can still be undone, with its name; one query if there are any."""
        entry = self._last_working(self._standing())
        return entry and {**entry, "quote": self._name_of(entry)}

    def _last_working(self, stand: dict[str, int]) -> dict | None:
        return next((entry for entry in reversed(self.entries) if self._works(entry, stand)), None)

    def undo(self, asked: str | None) -> Undone:
        """Undo the last entry, if that is the one asked for; None asks for whichever it is."""
        stand, refusals = self._standing(), []
        offered = self._last_working(stand)
        while self.entries and self.entries[-1] is not offered:
            entry = self.entries.pop()
            refusals.append(f"Not undone: {self._label_of(entry)}. {self._why_not(entry, stand)}")
        self._save()
        if refusals and offered:
            refusals.append(f"The next undo takes back: {self._label_of(offered)}.")
        elif offered and asked and asked != offered["id"]:
            is_known = any(entry["id"] == asked for entry in self.entries)
            why = "You have done more since" if is_known else "That was undone already. The next is"
            refusals.append(f"Not undone. {why}: {self._label_of(offered)}.")
        if refusals or not offered:
            return Undone([], None, refusals or ["There is nothing to undo."])
        self.entries.pop()
        restored = []
        for key, (made, stands) in offered["versions"].items():
            quote = Quote.objects.visible_to(self.user).filter(pk=key).first()
            try:
                if quote is None:
                    continue
                undo(quote, made, stands=stands, user=self.user, now=self.now)
            except Conflict as refusal:
                refusals.append(f"Not undone: “{quote}”. {refusal.detail}")
            else:
                quote.refresh_from_db(fields=["version"])
                restored.append(quote)
                self._stands_again(key, made - 1, quote.version)
        self._save()
        return Undone(restored, UUID(offered["article"]), refusals)

    def _stands_again(self, key: str, before: int, version: int) -> None:
        """Note that the step below, on the same quote, stands at a new version."""
        for entry in self.entries:
            if key in entry["versions"] and entry["versions"][key][1] == before:
                entry["versions"][key][1] = version

    def _standing(self) -> dict[str, int]:
        """The present version of each quote of the stack; reads their first words, too."""
        keys = {key for entry in self.entries if self._is_recent(entry) for key in entry["quotes"]}
        if not keys:
            return {}
        found = Quote.objects.visible_to(self.user).filter(pk__in=keys)
        rows = list(found.values_list("pk", "version", Left("text", MAX_EXCERPT + 1)))
        self.words = {str(key): text for key, _, text in rows}
        return {str(key): version for key, version, _ in rows}

    def _is_recent(self, entry: dict) -> bool:
        return self.now.timestamp() - entry["at"] <= UNDO_WITHIN.total_seconds()

    def _works(self, entry: dict, stand: dict[str, int]) -> bool:
        versions = entry["versions"].items()
        return self._is_recent(entry) and any(stand.get(key) == at for key, (_, at) in versions)

    def _why_not(self, entry: dict, stand: dict[str, int]) -> str:
        if entry["why_not"]:
            return entry["why_not"]
        if not self._is_recent(entry):
            return TOO_LATE
        key, (_, at) = next(iter(entry["versions"].items()))
        return changed_since(at, stand[key]) if key in stand else "It is no longer on record."

    def _save(self) -> None:
        self.session[STEPS_DONE] = self.entries

    def _label_of(self, entry: dict) -> str:
        return f"{entry['done'].lower()} {self._name_of(entry)}"

    def _name_of(self, entry: dict) -> str:
        """How an entry names its quotes: the words of one, the number of several."""
        key, *others = entry["quotes"]
        if others:
            return f"{len(others) + 1} quotes"
        if (text := self.words.get(key)) is None:
            return "a quote"
        return f"“{text if len(text) <= MAX_EXCERPT else text[: MAX_EXCERPT - 1] + '…'}”"

"""Revert a quote to an earlier version; see `sources.history.reverting`.

A proposed or rejected quote is revised. A public one is corrected, with the reason as the note for
readers. The words are restored only if they still occur in a stored text. The status is never
reverted: it changes by its own steps.
"""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from quotes.models import Quote
from quotes.models.reanchoring import WORDS, anchor_words
from quotes.models.workflow import STEPS, Status
from sources.history.reverting import Reversion

COLUMNS = (
    *(*WORDS, "kind", "language"),
    *(f"attribution_{part}" for part in ("text", "speaker", "role", "organisation", "cue")),
    *("speaker", "organisation", "affiliation", "said", "utterance"),
    *("media", "translated_from", "translates"),
)

NOT_CORRECTED = {"utterance"}
"""Public fields whose change is no correction."""

_STEPS = f"The status changes only by {', '.join(n for n, step in STEPS.items() if step.enters)}."


def revert(
    quote: Quote, version: int, reason: str, *, only: Collection[str] | None = None
) -> "QuoteReversion":
    """Revert a quote, or `only` some of its fields, to a version.

    Raises ValidationError if that changes nothing or the model refuses it.
    """
    with transaction.atomic():
        quote.refresh_from_db(from_queryset=Quote.objects.select_for_update(of=("self",)))
        reversion = QuoteReversion(quote, version, only=only)
        reversion.apply(reason)
        return reversion


class QuoteReversion(Reversion):
    """The reversion of a quote to a version."""

    stays = {
        "status": _STEPS,
        "reason": _STEPS,
        "replaced_by": _STEPS,
        "corrections": "Corrections shown to readers are never withdrawn.",
        "flags": "Flags follow from the record.",
        "role_kept": "Flags follow from the record.",
        "via": "Edit the reporting chain on the quote's page.",
        "role": "The role stays as it was filed.",
    }

    @property
    def told_to(self) -> str:
        if self.record.status in (Status.PUBLISHED, Status.DISPUTED):
            return "Readers see it as the note of a correction."
        return super().told_to

    @classmethod
    def columns_of(cls, model) -> tuple[str, ...]:
        return COLUMNS

    def adjust(self) -> None:
        if self.record.status == Status.RETRACTED:
            self.values = {}
            self.objections = ["A retracted quote cannot be changed."]
            return
        self.kept.pop("seams", None)  # they follow the spans
        if self.values.keys() & set(WORDS):
            self._find_words()
        self._fit_affiliation()
        self._fit_utterance()
        self._doubt_again()

    def _find_words(self) -> None:
        """Restore the words at their present position, or keep the present words and spans."""
        words = {name: self.values.pop(name) for name in WORDS if name in self.values}
        if "text" not in words and self.was.snapshot_id != self.record.snapshot_id:
            why = "The article's text has changed; the words are the same here."
            self.kept |= dict.fromkeys(words, why)
            return
        text, spans = self.was.text, self.was.spans
        anchors = [{"text": text, "spans": spans}, {"text": text}] if spans else []
        if self.was.snapshot_id != self.record.article.snapshot_id:
            anchors.reverse()  # prefer the present text, at any position, to the earlier text
        for anchor in anchors:
            found = self._copy()
            found.anchored_in = self.was.anchored_in
            try:
                anchor_words(found, **anchor, gaps_checked=True)
            except ValidationError:
                continue
            self.values |= {"text": found.text, "spans": found.spans}
            self.follows |= {"spans"} if "text" in words else {"text"}
            if found.anchored_in != self.record.anchored_in:
                self.values["anchored_in"] = found.anchored_in
                self.follows.add("anchored_in")
            return
        self.kept |= dict.fromkeys(words, "Follow the words.")
        self.kept["text"] = "No stored text has these words at exactly one position."

    def _fit_affiliation(self) -> None:
        """Restore or keep an affiliation only with its speaker and its organisation."""
        held = self._will_be("affiliation")
        if held is None:
            return
        if held.speaker_id != getattr(self._will_be("speaker"), "pk", None):
            why = "That affiliation belongs to another speaker."
        elif held.organisation_id != getattr(self._will_be("organisation"), "pk", None):
            why = "That affiliation is at another organisation."
        else:
            return
        if self.values.pop("affiliation", None):
            self.kept["affiliation"] = why
            return self._fit_affiliation()
        self.values["affiliation"] = None
        self.follows.add("affiliation")

    def _fit_utterance(self) -> None:
        """Restore or keep an utterance only if its other quotes have the same speaker."""
        held = self._will_be("utterance")
        speaker = getattr(self._will_be("speaker"), "pk", None)
        if held is None or not held.has_others_than(speaker, beside=self.record):
            return
        if self.values.pop("utterance", None):
            self.kept["utterance"] = "That utterance now belongs to another speaker."
            return self._fit_utterance()
        self.values["utterance"] = None
        self.follows.add("utterance")

    def _will_be(self, name: str):
        return self.values.get(name, getattr(self.record, name))

    def _doubt_again(self) -> None:
        # A flag returns with the speaker or organisation it doubts: it was not settled then.
        returning = Quote.DOUBTS.keys() & self.values.keys()
        doubts = set().union(*(Quote.DOUBTS[name] for name in returning))
        flags = [flag for flag in self.record.flags if flag not in doubts]
        flags += [flag for flag in self.was.flags if flag in doubts]
        if returning:
            self.kept.pop("flags", None)
            self.values["flags"] = flags
            self.follows.add("flags")

    def _copy(self) -> Quote:
        return super().returned()

    def returned(self) -> Quote:
        quote = self._copy()
        if words := {name: self.values[name] for name in WORDS if name in self.values}:
            anchor_words(quote, **words, gaps_checked=True)
        return quote

    def store(self, reason: str) -> None:
        values = self.values
        if values.keys() & set(WORDS):
            values = values | {"gaps_checked": True}  # as they were on record
        is_public = self.record.status in (Status.PUBLISHED, Status.DISPUTED)
        if is_public and self.values.keys() - NOT_CORRECTED:
            self.record.correct(reason, now=timezone.now(), **values)
        else:
            self.record.revise(**values)

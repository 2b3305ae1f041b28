"""Taking a quote back to how it was at a version; see `sources.history.reverting`.

A proposed or rejected quote is revised; a public one is corrected, with the reason as its note for
readers. The words go back only where they still stand in a text that is held. The status has steps
of its own.
"""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from quotes.models import Quote
from quotes.models.workflow import Status
from sources.history.reverting import Reversion

COLUMNS = (
    *("text", "spans", "kind", "language"),
    *(f"attribution_{part}" for part in ("text", "speaker", "role", "organisation", "cue")),
    *("speaker", "organisation", "affiliation", "said", "utterance"),
)

WORDS = ("text", "spans")

UNTOLD = {"utterance"}
"""What readers are told of otherwise than by a correction."""

_STEPS = "The status has steps of its own: publish, reject, dispute, settle, correct, retract."


def revert(
    quote: Quote, version: int, reason: str, *, only: Collection[str] | None = None
) -> "QuoteReversion":
    """Take a quote, or `only` some of its fields, back to how it was at a version.

    Raises ValidationError where that changes nothing, or the model refuses it.
    """
    with transaction.atomic():
        quote.refresh_from_db(from_queryset=Quote.objects.select_for_update(of=("self",)))
        way = QuoteReversion(quote, version, only=only)
        way.apply(reason)
        return way


class QuoteReversion(Reversion):
    """The way of a quote back to a version."""

    stays = {
        "status": _STEPS,
        "reason": _STEPS,
        "replaced_by": _STEPS,
        "corrections": "What readers were told is not taken back.",
        "flags": "Flags follow from what is on record.",
        "via": "Its steps are edited on the page of the quote.",
        "role": "The role as it was filed is kept.",
    }

    @property
    def told_to(self) -> str:
        if self.record.status in (Status.PUBLISHED, Status.DISPUTED):
            return "Readers are shown it, as the note of a correction."
        return super().told_to

    @classmethod
    def columns_of(cls, model) -> tuple[str, ...]:
        return COLUMNS

    def adjust(self) -> None:
        if self.record.status == Status.RETRACTED:
            self.values = {}
            self.objections = ["A retracted quote stays as it is."]
            return
        if self.values.keys() & set(WORDS):
            self._find_words()
        self._fit_affiliation()
        self._fit_utterance()
        self._doubt_again()

    def _find_words(self) -> None:
        """The words where they stand now; else they stay, and so do their spans."""
        words = {name: self.values.pop(name) for name in WORDS if name in self.values}
        if "text" not in words and self.was.snapshot_id != self.record.snapshot_id:
            self.kept["spans"] = "The article's text has changed since: the same words stand here."
            return
        text, spans = self.was.text, self.was.spans
        places = [{"text": text, "spans": spans}, {"text": text}] if spans else []
        if self.was.snapshot_id != self.record.article.snapshot_id:
            places.reverse()  # rather anywhere in the present text than where they stood in another
        for place in places:
            found = self._copy()
            try:
                found.reanchor(**place)
            except ValidationError:
                continue
            self.values |= {"text": found.text, "spans": found.spans}
            self.follows |= {"spans"} if "text" in words else {"text"}
            return
        self.kept |= dict.fromkeys(words, "Follow the words.")
        self.kept["text"] = "These words stand at no one place in a text that is held."

    def _fit_affiliation(self) -> None:
        """An affiliation goes back, or stays, only with its speaker at its organisation."""
        held = self._will_be("affiliation")
        if held is None:
            return
        if held.speaker_id != getattr(self._will_be("speaker"), "pk", None):
            why = "That affiliation is another speaker's."
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
        """An utterance goes back, or stays, only where its other quotes have the same speaker."""
        held = self._will_be("utterance")
        speaker = getattr(self._will_be("speaker"), "pk", None)
        if held is None or not held.has_others_than(speaker, beside=self.record):
            return
        if self.values.pop("utterance", None):
            self.kept["utterance"] = "That utterance is another speaker's by now."
            return self._fit_utterance()
        self.values["utterance"] = None
        self.follows.add("utterance")

    def _will_be(self, name: str):
        return self.values.get(name, getattr(self.record, name))

    def _doubt_again(self) -> None:
        # Flags come back with whom they doubt: nobody had settled it then.
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
            quote.reanchor(**words)
        return quote

    def store(self, reason: str) -> None:
        is_public = self.record.status in (Status.PUBLISHED, Status.DISPUTED)
        if is_public and self.values.keys() - UNTOLD:
            self.record.correct(reason, now=timezone.now(), **self.values)
        else:
            self.record.revise(**self.values)

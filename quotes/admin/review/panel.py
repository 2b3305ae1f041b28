"""The chosen quote on the review page: its words, who said them, and the steps."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from django import forms
from django.contrib import admin
from django.db.models import QuerySet

from quotes.admin.review.naming import offered_names
from quotes.admin.review.steps import (
    CONTROLS,
    REVIEW_STEPS,
    StepForm,
    fields_form,
    form_for,
    may_take,
    steps_for,
)
from quotes.admin.review.suggestions import Suggestion, sought_name, suggest
from quotes.anchoring import TooMuchWork
from quotes.anchoring.printed import Printed
from quotes.anchoring.results import shortened
from quotes.curation.approval import WHY_NOT, may_approve
from quotes.models import Proposal, Quote
from quotes.models.reanchoring import names_of
from quotes.models.workflow import Step
from quotes.search.near_identical import near_identical
from sources.admin.html import in_a_line, isolated, link, link_to_profile
from sources.admin.speaker_cards import SpeakerCard, speaker_cards
from sources.models import Snapshot
from sources.models.articles import READ_FULL_TEXT

MAX_OTHER_QUOTES = 5
"""Quotes listed under “More from this speaker”, newest first."""

MAX_BETWEEN = 500
"""Code points shown of what lies between two parts of a quote."""

FLAG_HELP = {
    "ambiguous_speaker": "Choose which of them said this.",
    "ambiguous_organisation": "Choose the right one.",
    "check_speaker": "The organisation is new for a speaker of this name. Is it the same person?",
    "unresolved_speaker": "The name may mean several people, or nobody. Choose who said this.",
    "role_conflict": "We have no record of the speaker in this role on that date.",
    "filing_differs": "The article was filed again, and this quote was different.",
    "words_left_out": "Words left out of the middle have a negation or a number. Read them below.",
    "attribution_changed": "The words stayed, but the article no longer gives them to the speaker.",
    "text_replaced": "Most quotes of the article are not in its new text. Compare the two texts.",
}


PARTS = ("quote", "speaker", "role")
"""Parts of a proposal that extraction is more or less sure of."""


class Between(NamedTuple):
    """A gap between two parts of a quote, as it is shown."""

    label: str
    text: str


@dataclass
class OfferedStep:
    """A step with its form. A refused form keeps what was sent.

    `label` is the button of a step that says what it would put on record. A form that `comes_later`
    is not made yet.
    """

    step: Step
    form: forms.Form
    fields: forms.ModelForm | None = None
    refused: bool = False
    label: str = ""
    comes_later: bool = False

    @property
    def key(self) -> str:
        return CONTROLS[self.step.name][0]

    @property
    def decides(self) -> bool:
        """Whether it decides a proposed quote, so that the next one follows."""
        return Quote.Status.PROPOSED in self.step.leaves and bool(self.step.enters)

    @property
    def asks(self) -> bool:
        """Whether there is a form to fill in; otherwise the button takes the step at once."""
        if self.fields is not None or self.comes_later:
            return True
        return type(self.form) is not StepForm and bool(self.form.visible_fields())


class AttributionPart(NamedTuple):
    """One part of who said it: as the article prints it, as it was filed, and as it is on record.

    `filed` is left out if it is printed or on record. Only a name or a role can be on record.
    """

    label: str
    printed: str | None
    filed: str | None
    on_record: str | None
    can_be_on_record: bool = True


class ChainStep(NamedTuple):
    """A step of the reporting chain: how the words came to the one before, and from whom."""

    kind: str
    name: str
    outlet: str | None
    media: str | None


class QuotePanel:
    """One quote as one user reviews it, beside `snapshot`, the text that is shown.

    A brief one is without what takes long: suggestions, quotes elsewhere, and the largest form.
    """

    def __init__(
        self,
        request,
        quote: Quote,
        snapshot: Snapshot | None,
        sent: OfferedStep | None,
        *,
        is_brief: bool = False,
    ):
        self.request, self.user, self.quote = request, request.user, quote
        self.snapshot, self.sent, self.is_brief = snapshot, sent, is_brief

    # What extraction went by

    @cached_property
    def proposal(self) -> Proposal | None:
        """What extraction found, if this quote is of its finding."""
        if self.quote.origin != Quote.Origin.PROPOSED:
            return None
        return Proposal.objects.filter(quote=self.quote).first()

    @property
    def because(self) -> list[dict]:
        """The passages of the shown text that led to the quote."""
        if self.proposal is None or self.proposal.snapshot != (self.snapshot and self.snapshot.pk):
            return []
        return self.proposal.because

    @property
    def confidence(self) -> list[tuple[str, str]]:
        """How sure extraction is of each part."""
        known = self.proposal.confidence
        return [(part, f"{known[part]:.0%}") for part in PARTS if part in known]

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """The words that led to each part, and to which."""
        return [
            (each["what"], isolated(shortened(self.snapshot.text[each["start"] : each["end"]])))
            for each in self.because
        ]

    @property
    def proposed_otherwise(self) -> list[tuple[str, str]]:
        """What extraction proposed and a reviewer changed since."""
        quote, said = self.quote, self.proposal.said
        now = {
            "speaker": names_of(quote.speaker) if quote.speaker else [],
            "role": [quote.role, quote.attribution_role],
            "organisation": [quote.organisation and quote.organisation.name],
            "kind": [quote.kind],
            "text": [quote.text],
        }
        return [
            (n, isolated(said[n]))
            for n, values in now.items()
            if said.get(n) not in [None, *values]
        ]

    # The chosen quote

    @cached_property
    def steps(self) -> list[OfferedStep]:
        """What the user can do with this quote, each step with its form."""
        offered = []
        for step in steps_for(self.user, self.quote):
            if self.sent and self.sent.step is step:
                offered.append(self.sent)
                continue
            if step.name == "adjust" and self.snapshot is None:
                continue
            one = OfferedStep(step, form_for(step, self.quote))
            if step.name == "correct":
                one.comes_later = self.is_brief
                one.fields = None if self.is_brief else fields_form(self.request, self.quote)
            offered.append(one)
        return offered

    @cached_property
    def naming(self) -> list[OfferedStep]:
        """What the user can put on record of the speaker by one key."""
        offered = []
        for name, label in offered_names(self.quote):
            if not may_take(self.user, step := REVIEW_STEPS[name]):
                continue
            if self.sent and self.sent.step is step:
                self.sent.label = label
                offered.append(self.sent)
            else:
                offered.append(OfferedStep(step, form_for(step, self.quote), label=label))
        return offered

    @property
    def flags(self) -> list[tuple[str, str]]:
        return [(Quote.Flag(flag).label, FLAG_HELP[flag]) for flag in self.quote.flags]

    @cached_property
    def between(self) -> list[Between]:
        """What lies between the parts of the quote, for who may read the whole text."""
        quote = self.quote
        if len(quote.spans) < 2 or not self.user.has_perm(READ_FULL_TEXT):
            return []
        text = getattr(quote.snapshot, quote.anchored_in)
        return [
            Between(Quote.Seam(seam).label, isolated(shortened(text[start:end], MAX_BETWEEN)))
            for (_, start), (end, _), seam in zip(
                quote.spans, quote.spans[1:], quote.seams, strict=False
            )
        ]

    @property
    def in_context(self) -> str:
        return admin.site.get_model_admin(Quote).in_context(self.quote)

    @cached_property
    def others(self) -> QuerySet:
        """Other quotes of the same speaker, newest first."""
        if not self.quote.speaker_id:
            return Quote.objects.none()
        said = Quote.objects.visible_to(self.user).filter(speaker=self.quote.speaker_id)
        said = said.exclude(pk=self.quote.pk).select_related("outlet", "speaker")
        return said.order_by("-published_day", "-id")[:MAX_OTHER_QUOTES]

    @cached_property
    def near(self) -> list[Quote]:
        """Quotes of any article with nearly these words."""
        return [one for one, _ in near_identical(self.quote, self.user)]

    # Who said it

    @property
    def sought(self) -> str:
        """What the field of the speaker searches for at first."""
        return sought_name(self.quote)

    @cached_property
    def members(self) -> list[SpeakerCard]:
        """Who says it together, of a joint statement."""
        together = self.quote.speaker.present_members if self.quote.speaker else []
        return list(speaker_cards(together, self.user).values())

    @cached_property
    def attribution(self) -> list[AttributionPart]:
        """Who said it, part by part, without the parts that nobody filed or recorded."""
        quote = self.quote
        held = quote.affiliation and quote.affiliation.role
        parts = [
            ("Speaker", "speaker", quote.speaker and link_to_profile(quote.speaker), None),
            ("Role", "role", isolated(held), quote.role),
            (
                "Organisation",
                "organisation",
                quote.organisation and link_to_profile(quote.organisation),
                None,
            ),
            ("Attribution", "text", None, None),
            ("Verb", "cue", None, None),
        ]
        rows = []
        for label, name, on_record, filed in parts:
            printed = getattr(quote, f"attribution_{name}")
            if name in self._not_printed:
                filed = "; ".join(dict.fromkeys(filter(None, [filed, printed])))
                printed = None
            if filed in (printed, held):
                filed = None
            can_be = name in ("speaker", "role", "organisation")
            row = AttributionPart(label, isolated(printed), isolated(filed), on_record, can_be)
            if printed or filed or on_record or name == "speaker":
                rows.append(row)
        return rows

    @cached_property
    def _not_printed(self) -> list[str]:
        """Parts that were filed as printed and are not in the text; unknown without a text."""
        quote = self.quote
        sent = {
            name: words
            for name in ("role", "organisation", "cue")
            if (words := getattr(quote, f"attribution_{name}"))
        }
        snapshot = self.snapshot if self._is_shown else quote.snapshot
        if not sent or snapshot is None:
            return []
        printed = Printed(snapshot.text, *{snapshot.headline, quote.article.headline})
        try:
            return [name for name, words in sent.items() if not printed.has(words)]
        except TooMuchWork:
            return []

    @property
    def _is_shown(self) -> bool:
        return self.snapshot is not None and self.snapshot.pk == self.quote.snapshot_id

    @cached_property
    def chain(self) -> list[ChainStep]:
        """The reporting chain, from the outlet back to the speaker."""
        return [
            ChainStep(
                step.get_kind_display(),
                isolated(step.name),
                step.outlet and link_to_profile(step.outlet, step.name),
                step.media,
            )
            for step in self.quote.via.select_related("outlet")
        ]

    # For the template

    def context(self) -> dict:
        """Context of the template. Other people's words are isolated here."""
        quote = self.quote
        nearest = quote.nearest
        facts = [quote.get_kind_display(), quote.language, quote.said and f"said {quote.said}"]
        return {
            "panel": self,
            "chosen_words": isolated(quote.text),
            "nearest_words": nearest and isolated(nearest["text"]),
            "facts": isolated(" · ".join(fact for fact in facts if fact)),
            "steps": self.steps,
            "why_not_publish": None if may_approve(self.user, quote) else WHY_NOT,
            **({} if self.is_brief else self._help_to_decide()),
        }

    def _help_to_decide(self) -> dict:
        may_assign = self.user.has_perm("quotes.change_quote")
        return {
            "suggestions": self._suggested() if may_assign else [],
            "near": [self._elsewhere(one) for one in self.near],
            "others": [self._elsewhere(one) for one in self.others],
        }

    def _suggested(self) -> list[Suggestion]:
        """The suggestions; those that would change something have a key each.

        To confirm the present speaker settles a doubt, so that has the last key then.
        """
        quote, number = self.quote, 0
        suggestions = suggest(quote, self.user, self.near)
        for one in suggestions:
            one.why = isolated(" ".join(one.reasons))
            one.is_now = (
                not one.others
                and one.speaker.pk == quote.speaker_id
                and (one.affiliation is None or one.affiliation.pk == quote.affiliation_id)
            )
            number += not one.is_now
            one.key = None if one.is_now else number
        doubts = {*quote.flags} & {*Quote.DOUBTS["speaker"]}
        is_doubted = quote.status == Quote.Status.PROPOSED and doubts
        if now := next((one for one in suggestions if one.is_now and is_doubted), None):
            now.key = number + 1
        return suggestions

    def _elsewhere(self, quote: Quote) -> dict:
        return {"link": link(quote, quote.text[:200]), "about": about(quote)}


def about(quote: Quote) -> str:
    """Speaker, outlet, date and status of a quote on one line."""
    return in_a_line(
        quote.speaker and quote.speaker.name,
        quote.outlet and quote.outlet.name,
        str(quote.published or ""),
        quote.get_status_display(),
    )

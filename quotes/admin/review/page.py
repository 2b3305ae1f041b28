"""The content of the review page: an article, its text and its quotes, and help to judge one."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import Case, QuerySet, When
from django.utils.html import format_html, format_html_join

from quotes.admin.review.steps import (
    CONTROLS,
    AddForm,
    StepForm,
    fields_form,
    form_for,
    nearest_in_present,
    steps_for,
)
from quotes.admin.review.suggestions import Suggestion, suggest
from quotes.admin.review.text_marks import TextPiece, mark_quotes, visible_characters
from quotes.anchoring import HEADLINE, TEXT
from quotes.anchoring.results import shortened
from quotes.curation.approval import WHY_NOT, may_approve
from quotes.history.public import EMBEDDED
from quotes.models import Claim, Proposal, Quote
from quotes.models.reanchoring import names_of
from quotes.models.workflow import Step
from quotes.search.near_identical import near_identical
from sources.admin.edit_conflicts import ChangedSince
from sources.admin.html import isolated, link, link_to_profile
from sources.models import Article, Snapshot
from sources.models.articles import READ_FULL_TEXT

MAX_SHOWN_QUOTES = 300
"""Quotes of an article on one page, proposed ones first: the rest follow when these are decided."""

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
    """A step with its form. A refused form keeps what was sent."""

    step: Step
    form: forms.Form
    fields: forms.ModelForm | None = None
    refused: bool = False

    @property
    def key(self) -> str:
        return CONTROLS[self.step.name][0]

    @property
    def asks(self) -> bool:
        """Whether there is a form to fill in; otherwise the button takes the step at once."""
        return type(self.form) is not StepForm


class ReviewPage:
    """One article as one user reviews it; `chosen` is the quote in the right-hand column."""

    def __init__(
        self,
        request,
        article: Article,
        *,
        now: datetime,
        chosen: UUID | None = None,
        earlier: bool = False,
    ):
        self.request, self.user, self.article, self.now = request, request.user, article, now
        self.asked, self.earlier = chosen, earlier
        self.sent: OfferedStep | None = None
        self.add_form = AddForm(prefix="add", initial={"snapshot": article.snapshot_id})
        self.errors: list[str] = []
        self.changed: list[ChangedSince] = []

    @cached_property
    def quotes(self) -> list[Quote]:
        """In the order of headline and text. Those anchored in another snapshot come last."""
        found = Quote.objects.visible_to(self.user).filter(article=self.article)
        found = found.select_related(*EMBEDDED).defer("snapshot__text")
        proposed_first = Case(When(status=Quote.Status.PROPOSED, then=0), default=1)
        quotes = list(found.order_by(proposed_first, "pk")[:MAX_SHOWN_QUOTES])
        for quote in quotes:
            quote.article = self.article
        present = self.article.snapshot_id
        return sorted(
            quotes,
            key=lambda quote: (
                quote.snapshot_id != present,
                quote.anchored_in != HEADLINE,
                quote.spans or [[0, 0]],
                quote.pk,
            ),
        )

    @cached_property
    def proposed(self) -> list[Quote]:
        return [quote for quote in self.quotes if quote.status == Quote.Status.PROPOSED]

    @cached_property
    def chosen(self) -> Quote | None:
        """The quote asked for, else the first proposed one, else the first."""
        by_id = {quote.pk: quote for quote in self.quotes}
        first = next(iter(self.proposed or self.quotes), None)
        return by_id.get(self.asked, first)

    def next_proposed(self, quote: Quote) -> Quote | None:
        """The next proposed quote, starting again from the top after the last."""
        keys = [one.pk for one in self.quotes]
        index = keys.index(quote.pk) if quote.pk in keys else -1
        following = self.quotes[index + 1 :] + self.quotes[: max(index, 0)]
        return next((one for one in following if one in self.proposed), None)

    # The text

    @cached_property
    def snapshot(self) -> Snapshot | None:
        """The article's current text, or the earlier one that contains the chosen quote."""
        if not self.user.has_perm(READ_FULL_TEXT):
            return None
        earlier = self.chosen.snapshot_id if self.earlier and self.has_earlier else None
        return Snapshot.objects.filter(pk=earlier or self.article.snapshot_id).first()

    @property
    def has_earlier(self) -> bool:
        """Whether the chosen quote is anchored in an earlier text."""
        snapshot = self.chosen and self.chosen.snapshot_id
        return bool(snapshot) and snapshot != self.article.snapshot_id

    @property
    def is_present_text(self) -> bool:
        return self.snapshot is not None and self.snapshot.pk == self.article.snapshot_id

    def text(self) -> str:
        return self._marked(TEXT)

    def captured_headline(self) -> str:
        return self._marked(HEADLINE)

    def _marked(self, page: str) -> str:
        """Text or headline as HTML, cut where quotes begin and end, character for character."""
        standing = {quote for quote in self.quotes if quote.anchored_in == page}
        spans = [
            quote.spans if quote in standing and quote.snapshot_id == self.snapshot.pk else []
            for quote in self.quotes
        ]
        nearest = nearest_in_present(self.chosen) if self.chosen in standing else None
        if nearest and self.is_present_text:
            spans[self.quotes.index(self.chosen)] = [(nearest["start"], nearest["end"])]
        reasons = {(each["start"], each["end"]) for each in self._because if page == TEXT}
        spans += [[place] for place in sorted(reasons)]
        pieces = mark_quotes(getattr(self.snapshot, page), spans)
        return format_html_join("", "{}", ((self._piece(piece),) for piece in pieces))

    def _piece(self, piece: TextPiece) -> str:
        words = visible_characters(piece.text)
        if any(index >= len(self.quotes) for index in piece.quotes):
            words = format_html('<u class="because">{}</u>', words)
        quotes = [self.quotes[index] for index in piece.quotes if index < len(self.quotes)]
        if not quotes:
            return format_html('<span data-at="{}">{}</span>', piece.start, words)
        classes = {quote.status for quote in quotes}
        if len(quotes) > 1:
            classes.add("shared")
        if self.chosen in quotes:
            classes.add("chosen")
        return format_html(
            '<mark data-at="{}" data-quotes="{}" data-begins="{}" class="{}">{}</mark>',
            piece.start,
            " ".join(str(quote.pk) for quote in quotes),
            " ".join(str(index + 1) for index in piece.begins),
            " ".join(sorted(classes)),
            words,
        )

    # What extraction went by

    @cached_property
    def proposal(self) -> Proposal | None:
        """What extraction found, if the chosen quote is of its finding."""
        if not self.chosen or self.chosen.origin != Quote.Origin.PROPOSED:
            return None
        return Proposal.objects.filter(quote=self.chosen).first()

    @property
    def _because(self) -> list[dict]:
        """The passages of the shown text that led to the chosen quote."""
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
            for each in self._because
        ]

    @property
    def proposed_otherwise(self) -> list[tuple[str, str]]:
        """What extraction proposed and a reviewer changed since."""
        quote, said = self.chosen, self.proposal.said
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
        """What the user can do with the chosen quote, each step with its form."""
        offered = []
        for step in steps_for(self.user, self.chosen):
            if self.sent and self.sent.step is step:
                offered.append(self.sent)
                continue
            fields = fields_form(self.request, self.chosen) if step.name == "correct" else None
            if step.name == "adjust" and self.snapshot is None:
                continue
            offered.append(OfferedStep(step, form_for(step, self.chosen), fields))
        return offered

    @property
    def flags(self) -> list[tuple[str, str]]:
        return [(Quote.Flag(flag).label, FLAG_HELP[flag]) for flag in self.chosen.flags]

    @cached_property
    def between(self) -> list[Between]:
        """What lies between the parts of the chosen quote, for who may read the whole text."""
        quote = self.chosen
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
        return admin.site.get_model_admin(Quote).in_context(self.chosen)

    @cached_property
    def others(self) -> QuerySet:
        """Other quotes of the same speaker, newest first."""
        if not self.chosen.speaker_id:
            return Quote.objects.none()
        said = Quote.objects.visible_to(self.user).filter(speaker=self.chosen.speaker_id)
        said = said.exclude(pk=self.chosen.pk).select_related("outlet", "speaker")
        return said.order_by("-published_day", "-id")[:MAX_OTHER_QUOTES]

    # The article

    @cached_property
    def claim(self) -> Claim:
        return Claim.objects.hold(self.article, self.user, self.now)

    @property
    def is_mine(self) -> bool:
        return self.claim.user_id == self.user.pk

    # For the template

    def context(self) -> dict:
        """Context of the template. Other people's words are isolated here."""
        shared = {
            "review": self,
            "article": self.article,
            "headline": isolated(str(self.article)),
            "outlet": isolated(self.article.outlet and self.article.outlet.name),
            "snapshot": self.snapshot,
            "quotes": self.quotes,
            "is_cut": len(self.quotes) == MAX_SHOWN_QUOTES,
            "listed": [self._listed(quote) for quote in self.quotes],
            "chosen": self.chosen,
            "add_form": self.add_form,
            "errors": self.errors,
            "changed": self.changed,
        }
        return shared | (self._chosen_context() if self.chosen else {})

    def _listed(self, quote: Quote) -> Quote:
        quote.excerpt = isolated(str(quote))
        quote.who = isolated(quote.speaker.name if quote.speaker else quote.attribution_speaker)
        return quote

    def _chosen_context(self) -> dict:
        quote = self.chosen
        nearest = quote.nearest
        speaker = quote.speaker and link_to_profile(quote.speaker)
        organisation = quote.organisation and link_to_profile(quote.organisation)
        layers = [
            ("Speaker", quote.attribution_speaker, speaker),
            ("Role", quote.attribution_role or quote.role, isolated(self._role_held)),
            ("Organisation", quote.attribution_organisation, organisation),
            ("Attribution", quote.attribution_text, None),
            ("Verb (said, told, added)", quote.attribution_cue, None),
        ]
        facts = [quote.get_kind_display(), quote.language, quote.said and f"said {quote.said}"]
        may_assign = self.user.has_perm("quotes.change_quote")
        return {
            "chosen_words": isolated(quote.text),
            "nearest_words": nearest and isolated(nearest["text"]),
            "layers": [
                (label, isolated(printed), resolved)
                for label, printed, resolved in layers
                if printed or resolved
            ],
            "facts": isolated(" · ".join(fact for fact in facts if fact)),
            "suggestions": [self._suggested(one) for one in suggest(quote)] if may_assign else [],
            "steps": self.steps,
            "why_not_publish": None if may_approve(self.user, quote) else WHY_NOT,
            "near": [self._elsewhere(one) for one, _ in near_identical(quote, self.user)],
            "others": [self._elsewhere(one) for one in self.others],
        }

    @property
    def _role_held(self) -> str | None:
        held = self.chosen.affiliation
        return held and held.role

    def _suggested(self, one: Suggestion) -> Suggestion:
        one.name, one.link = isolated(one.speaker.name), link_to_profile(one.speaker)
        one.why = isolated(" ".join(one.reasons))
        one.is_now = one.speaker.pk == self.chosen.speaker_id and (
            one.affiliation is None or one.affiliation.pk == self.chosen.affiliation_id
        )
        return one

    def _elsewhere(self, quote: Quote) -> dict:
        return {"link": link(quote, quote.text[:200]), "about": about(quote)}


def about(quote: Quote) -> str:
    """Speaker, outlet, date and status of a quote on one line."""
    names = [
        quote.speaker and quote.speaker.name,
        quote.outlet and quote.outlet.name,
        str(quote.published or ""),
        quote.get_status_display(),
    ]
    return isolated(" · ".join(name for name in names if name))

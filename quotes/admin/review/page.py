"""One article on the desk: its text with every quote in place, and all that helps to judge one."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import Case, QuerySet, When
from django.utils.html import format_html, format_html_join

from quotes.admin.review.steps import (
    AddForm,
    DeskStep,
    fields_form,
    form_of,
    nearest_in_present,
    steps_open,
)
from quotes.admin.review.suggestions import Suggestion, suggest
from quotes.admin.review.text_marks import Mark, as_printed, marked
from quotes.curation.approval import may_approve
from quotes.history.public import EMBEDDED, PUBLIC_NAMES, PUBLIC_REASONS, PUBLIC_VERBS
from quotes.models import Claim, Quote
from quotes.search.near_identical import near_identical
from sources.admin.html import isolated, link, link_to_profile
from sources.history.as_of import History
from sources.models import Article, Revision, Snapshot

MOST_QUOTES = 300
"""Quotes of an article that the desk shows at once: those that wait before all others."""

OTHERS = 5
"""Other quotes of the speaker that are shown, the latest."""

FLAGS = {
    "ambiguous_speaker": "Several speakers have this name: say which of them it is.",
    "ambiguous_organisation": "Several organisations have this name.",
    "unresolved_speaker": "The article prints no full name: say who it is.",
    "role_conflict": "The speaker held no such role on that date, as far as is on record.",
    "filing_differs": "A later filing of the article says something else of this quote.",
}


@dataclass
class OpenStep:
    """A step with its form, which keeps what was sent when it was refused."""

    step: DeskStep
    form: forms.Form
    fields: forms.ModelForm | None = None
    refused: bool = False


class Desk:
    """What the page of one article shows to one user; `chosen` is the quote that is looked at."""

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
        self.sent: OpenStep | None = None
        self.add_form = AddForm(prefix="add", initial={"snapshot": article.snapshot_id})
        self.errors: list[str] = []
        self.stale: Stale | None = None

    @cached_property
    def quotes(self) -> list[Quote]:
        """In the order in which they stand in the text; those that stand elsewhere, at the end."""
        found = Quote.objects.visible_to(self.user).filter(article=self.article)
        found = found.select_related(*EMBEDDED).defer("snapshot__text")
        waits = Case(When(status=Quote.Status.PROPOSED, then=0), default=1)
        found = found.order_by(waits, "pk")
        for quote in (quotes := list(found[:MOST_QUOTES])):
            quote.article = self.article
        present = self.article.snapshot_id
        return sorted(
            quotes,
            key=lambda quote: (quote.snapshot_id != present, quote.spans or [[0, 0]], quote.pk),
        )

    @cached_property
    def waiting(self) -> list[Quote]:
        return [quote for quote in self.quotes if quote.status == Quote.Status.PROPOSED]

    @cached_property
    def chosen(self) -> Quote | None:
        """The quote that was asked for, else the first that waits, else the first."""
        by_id = {quote.pk: quote for quote in self.quotes}
        first = next(iter(self.waiting or self.quotes), None)
        return by_id.get(self.asked, first)

    def after(self, quote: Quote) -> Quote | None:
        """The next that waits after this one, from the beginning again after the last."""
        keys = [one.pk for one in self.quotes]
        place = keys.index(quote.pk) if quote.pk in keys else -1
        turned = self.quotes[place + 1 :] + self.quotes[: max(place, 0)]
        return next((one for one in turned if one in self.waiting), None)

    # The text

    @cached_property
    def snapshot(self) -> Snapshot | None:
        """The article's present text, or the earlier one that the chosen quote stands in."""
        if not self.user.has_perm("sources.read_full_text"):
            return None
        earlier = self.chosen.snapshot_id if self.earlier and self.has_earlier else None
        return Snapshot.objects.filter(pk=earlier or self.article.snapshot_id).first()

    @property
    def has_earlier(self) -> bool:
        """Whether the chosen quote stands in another text than the present one."""
        at = self.chosen and self.chosen.snapshot_id
        return bool(at) and at != self.article.snapshot_id

    @property
    def is_present_text(self) -> bool:
        return self.snapshot is not None and self.snapshot.pk == self.article.snapshot_id

    def text(self) -> str:
        """The text, cut where quotes begin and end. Holds exactly its characters."""
        placed = [
            quote.spans if quote.snapshot_id == self.snapshot.pk else [] for quote in self.quotes
        ]
        nearest = nearest_in_present(self.chosen) if self.chosen else None
        if nearest and self.is_present_text:
            placed[self.quotes.index(self.chosen)] = [(nearest["start"], nearest["end"])]
        pieces = marked(self.snapshot.text, placed)
        return format_html_join("", "{}", ((self._piece(piece),) for piece in pieces))

    def _piece(self, piece: Mark) -> str:
        words = as_printed(piece.text)
        if not piece.quotes:
            return format_html('<span data-at="{}">{}</span>', piece.start, words)
        standing = [self.quotes[index] for index in piece.quotes]
        classes = {quote.status for quote in standing}
        if len(standing) > 1:
            classes.add("shared")
        if self.chosen in standing:
            classes.add("chosen")
        return format_html(
            '<mark data-at="{}" data-quotes="{}" data-begins="{}" class="{}">{}</mark>',
            piece.start,
            " ".join(str(quote.pk) for quote in standing),
            " ".join(str(index + 1) for index in piece.begins),
            " ".join(sorted(classes)),
            words,
        )

    # The chosen quote

    @cached_property
    def suggestions(self) -> list[Suggestion]:
        may = self.chosen and self.user.has_perm("quotes.change_quote")
        return suggest(self.chosen) if may else []

    @cached_property
    def steps(self) -> list[OpenStep]:
        """What the user can do with the chosen quote, each with its form."""
        opened = []
        for step in steps_open(self.user, self.chosen):
            if self.sent and self.sent.step is step:
                opened.append(self.sent)
                continue
            fields = fields_form(self.request, self.chosen) if step.name == "correct" else None
            if step.name == "adjust" and self.snapshot is None:
                continue
            opened.append(OpenStep(step, form_of(step, self.chosen), fields))
        return opened

    @cached_property
    def may_approve(self) -> bool:
        return not self.chosen or may_approve(self.user, self.chosen)

    @property
    def flags(self) -> list[tuple[str, str]]:
        return [(Quote.Flag(flag).label, FLAGS[flag]) for flag in self.chosen.flags]

    @property
    def in_context(self) -> str:
        return admin.site.get_model_admin(Quote).in_context(self.chosen)

    @cached_property
    def others(self) -> QuerySet:
        """Other quotes of the same speaker, the latest."""
        if not self.chosen.speaker_id:
            return Quote.objects.none()
        said = Quote.objects.visible_to(self.user).filter(speaker=self.chosen.speaker_id)
        said = said.exclude(pk=self.chosen.pk).select_related("outlet", "speaker")
        return said.order_by("-published_day", "-id")[:OTHERS]

    # The article

    @cached_property
    def claim(self) -> Claim:
        return Claim.objects.hold(self.article, self.user, self.now)

    @property
    def is_mine(self) -> bool:
        return self.claim.user_id == self.user.pk

    # As it is shown

    def context(self) -> dict:
        """What the template of the desk shows; other people's words are fit to be shown."""
        shared = {
            "desk": self,
            "article": self.article,
            "headline": isolated(str(self.article)),
            "outlet": isolated(self.article.outlet and self.article.outlet.name),
            "snapshot": self.snapshot,
            "quotes": self.quotes,
            "is_cut": len(self.quotes) == MOST_QUOTES,
            "listed": [self._listed(quote) for quote in self.quotes],
            "chosen": self.chosen,
            "add_form": self.add_form,
            "errors": self.errors,
            "stale": self.stale,
        }
        return shared | (self._looked_at() if self.chosen else {})

    def _listed(self, quote: Quote) -> Quote:
        quote.excerpt = isolated(str(quote))
        quote.who = isolated(quote.speaker.name if quote.speaker else quote.attribution_speaker)
        return quote

    def _looked_at(self) -> dict:
        quote = self.chosen
        near = quote.nearest
        speaker = quote.speaker and link_to_profile(quote.speaker)
        organisation = quote.organisation and link_to_profile(quote.organisation)
        layers = [
            ("Speaker", quote.attribution_speaker, speaker),
            ("Role", quote.attribution_role or quote.role, isolated(self._role_held)),
            ("Organisation", quote.attribution_organisation, organisation),
            ("Attribution", quote.attribution_text, None),
            ("Cue", quote.attribution_cue, None),
        ]
        facts = [quote.get_kind_display(), quote.language, quote.said and f"said {quote.said}"]
        return {
            "chosen_words": isolated(quote.text),
            "nearest_words": near and isolated(near["text"]),
            "layers": [
                (label, isolated(printed), resolved)
                for label, printed, resolved in layers
                if printed or resolved
            ],
            "facts": isolated(" · ".join(fact for fact in facts if fact)),
            "suggestions": [self._suggested(one) for one in self.suggestions],
            "steps": self.steps,
            "near": [self._elsewhere(one) for one, _ in near_identical(quote, self.user)],
            "others": [self._elsewhere(one) for one in self.others],
        }

    @property
    def _role_held(self) -> str | None:
        held = self.chosen.affiliation
        return held and held.role

    def _suggested(self, one: Suggestion) -> Suggestion:
        one.name, one.link = isolated(one.speaker.name), link_to_profile(one.speaker)
        one.sentence = isolated(one.why)
        one.is_now = one.speaker.pk == self.chosen.speaker_id and (
            one.affiliation is None or one.affiliation.pk == self.chosen.affiliation_id
        )
        return one

    def _elsewhere(self, quote: Quote) -> dict:
        names = [
            quote.speaker and quote.speaker.name,
            quote.outlet and quote.outlet.name,
            str(quote.published or ""),
            quote.get_status_display(),
        ]
        return {
            "link": link(quote, quote.text[:200]),
            "about": isolated(" · ".join(name for name in names if name)),
        }


class Stale:
    """What somebody else did to a quote since it was read, and what was wanted of it here."""

    def __init__(self, quote: Quote, read: int, wanted: str):
        self.wanted = wanted
        revisions = Revision.objects.of(quote).filter(version__gt=read)[:20]
        history = History(
            quote, whole=True, verbs=PUBLIC_VERBS, reasons=PUBLIC_REASONS, names=PUBLIC_NAMES
        )
        self.revisions = history.told(list(revisions))
        for revision in self.revisions:
            for change in revision.changes:
                change["label"] = change["field"].replace(".", " ").replace("_", " ")
                change["before"], change["after"] = plain(change["before"]), plain(change["after"])


def plain(value) -> str:
    """A value of the ledger as people read it."""
    match value:
        case None | [] | "":
            return "—"
        case {"name": name}:
            return str(name)
        case list():
            return ", ".join(map(plain, value))
        case _:
            return str(value)

"""The content of the review page: an article, its text and its quotes, and help to judge one."""

from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.db.models import Case, When
from django.utils.html import format_html, format_html_join

from quotes.admin.review.adding import known_names, next_words
from quotes.admin.review.panel import OfferedStep, QuotePanel
from quotes.admin.review.steps import AddForm, nearest_in_present
from quotes.admin.review.text_marks import TextPiece, mark_quotes, visible_characters
from quotes.anchoring import HEADLINE, TEXT
from quotes.curation.bulk import OFF_TEXT
from quotes.history.public import EMBEDDED
from quotes.models import Claim, Quote, QuoteQuerySet
from sources.admin.edit_conflicts import ChangedSince
from sources.admin.html import isolated
from sources.models import Article, Snapshot
from sources.models.articles import READ_FULL_TEXT

MAX_SHOWN_QUOTES = 300
"""Quotes of an article on one page, those in the queue first: the rest follow when these are
decided."""


class ReviewPage:
    """One article as one user reviews it; `chosen` is the quote in the right-hand column.

    `wanted` are the quotes of the queue. A quote that has left it is decided. A page that
    `is_brief` comes without the parts that take long to make.
    """

    is_brief = False

    def __init__(
        self,
        request,
        article: Article,
        *,
        wanted: QuoteQuerySet,
        now: datetime,
        chosen: UUID | None = None,
        earlier: bool = False,
    ):
        self.request, self.user, self.article, self.now = request, request.user, article, now
        self.wanted = wanted.filter(article=article)
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
        queued_first = Case(When(pk__in=self._queued, then=0), default=1)
        quotes = list(found.order_by(queued_first, "pk")[:MAX_SHOWN_QUOTES])
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
    def clean(self) -> list[Quote]:
        """Proposed quotes that raise no doubt: without flags, with words of the present text."""
        return [q for q in self.proposed if not q.flags and q.anchor not in OFF_TEXT]

    @cached_property
    def _queued(self) -> set[UUID]:
        return set(self.wanted.values_list("pk", flat=True)[:MAX_SHOWN_QUOTES])

    @cached_property
    def queued(self) -> list[Quote]:
        """The quotes that are in the queue."""
        return [quote for quote in self.quotes if quote.pk in self._queued]

    def has_queued(self, key: UUID) -> bool:
        """Whether this quote is in the queue at this moment; one query."""
        return self.wanted.filter(pk=key).exists()

    @cached_property
    def chosen(self) -> Quote | None:
        """The quote asked for, else the first in the queue, else the first."""
        by_id = {quote.pk: quote for quote in self.quotes}
        first = next(iter(self.queued or self.quotes), None)
        return by_id.get(self.asked, first)

    def next_queued(self, quote: Quote) -> Quote | None:
        """The next quote in the queue, starting again from the top after the last."""
        keys = [one.pk for one in self.quotes]
        index = keys.index(quote.pk) if quote.pk in keys else -1
        following = self.quotes[index + 1 :] + self.quotes[: max(index, 0)]
        return next((one for one in following if one.pk in self._queued), None)

    @cached_property
    def panel(self) -> QuotePanel | None:
        """The chosen quote with its steps; built once a step that was sent has been judged."""
        chosen = self.chosen
        return chosen and QuotePanel(
            self.request, chosen, self.snapshot, self.sent, is_brief=self.is_brief
        )

    # The text

    @cached_property
    def snapshot(self) -> Snapshot | None:
        """The article's current text, or the earlier one that contains the chosen quote."""
        if not self.user.has_perm(READ_FULL_TEXT):
            return None
        earlier = self.chosen.snapshot_id if self.earlier and self.has_earlier else None
        snapshots = Snapshot.objects.select_related("document").defer("document__body")
        return snapshots.filter(pk=earlier or self.article.snapshot_id).first()

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
        because = self.panel.because if self.panel and page == TEXT else []
        reasons = {(each["start"], each["end"]) for each in because}
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

    # Adding a quote

    @property
    def may_add(self) -> bool:
        return self.user.has_perm("quotes.add_quote") and self.is_present_text

    def _adding(self) -> dict:
        """Where to begin selecting, and the names that the form offers."""
        text, language = self.snapshot.text, self.article.language
        here = [
            quote
            for quote in self.quotes
            if quote.anchored_in == TEXT and quote.snapshot_id == self.snapshot.pk
        ]
        taken = [span for quote in here for span in quote.spans]
        after = max((end for _, end in self.chosen.spans), default=0) if self.chosen in here else 0
        return {
            "next_words": next_words(text, language, taken, after),
            "known": known_names(text, language, self.quotes),
        }

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
            "decided": [quote for quote in self.quotes if quote.pk not in self._queued],
            "listed": [self.listed(quote) for quote in self.quotes],
            "chosen": self.chosen,
            "following": self.chosen and self.next_queued(self.chosen),
            "chosen_number": self.chosen and self.quotes.index(self.chosen) + 1,
            "is_brief": self.is_brief,
            "may_add": self.may_add,
            "add_form": self.add_form,
            "errors": self.errors,
            "changed": self.changed,
        }
        shared |= self._adding() if self.may_add and not self.is_brief else {}
        return shared | (self.panel.context() if self.panel else {})

    def listed(self, quote: Quote) -> Quote:
        quote.excerpt = isolated(str(quote))
        quote.is_queued = quote.pk in self._queued
        quote.who = isolated(quote.speaker.name if quote.speaker else quote.attribution_speaker)
        return quote

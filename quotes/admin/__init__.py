"""The admin of this app, and what it adds to the pages of `sources`.

Where words are printed is shown and never changed here; who is held to have said them is changed by
`Quote.revise`. The status of a quote changes by verbs, each with its reason, and not by a form.
"""

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, Subquery, Value
from django.utils.html import format_html, format_html_join

import quotes.importing  # noqa: F401 (filings can be brought in)
from quotes.admin.bulk import BulkActions
from quotes.anchoring import CONTEXT
from quotes.models import Exactly, Quote, Utterance, Via
from quotes.resources import QuoteTable
from sources.admin import ArticleAdmin, OrganisationAdmin, OutletAdmin, SpeakerAdmin
from sources.admin.desk import Pages, Printed, RecordAdmin, Rows, mentioning
from sources.admin.sheets import GoesOut
from sources.admin.showing import NONE, link_all, link_to_list, shown
from sources.models import Affiliation, Article, Fold, Organisation, Outlet, Speaker


class ViaInline(Rows):
    """Steps of the reporting chain have no page of their own; a step may be taken out again."""

    model = Via
    fields = ("position", "kind", "name", "outlet")
    autocomplete_fields = ("outlet",)


@admin.register(Quote)
class QuoteAdmin(BulkActions, GoesOut, Printed, RecordAdmin):
    """Quotes are filed with their article: none is made here, but from a table of filings."""

    table, imports = QuoteTable, "import filings"

    list_display = ("words", "said_by", "as_what", "printed_by", "printed_on", "status", "anchor")
    list_filter = ("status",)
    search_fields = ("text",)
    search_help_text = "Words of the quote, or the speaker's name, with or without accents."
    sortable_by = ("printed_on",)
    ordering = ("-published_day", "-id")
    inlines = [ViaInline]
    autocomplete_fields = ("speaker", "organisation", "affiliation", "utterance")
    readonly_fields = (
        "in_context",
        "status",
        "flagged",
        "shown_role",
        "role_as_filed",
        "article",
        "outlet",
        "published",
        "anchor",
        "snapshot",
        "places",
        "nearest_passage",
    )
    fieldsets = [
        (None, {"fields": ["in_context", ("status", "flagged"), ("kind", "language")]}),
        (
            "Printed: what the article says",
            {
                "fields": [
                    "attribution_text",
                    ("attribution_speaker", "attribution_cue"),
                    ("attribution_role", "attribution_organisation"),
                ]
            },
        ),
        (
            "Resolved: what is held to be true",
            {
                "fields": [
                    "speaker",
                    "affiliation",
                    "organisation",
                    ("shown_role", "role_as_filed"),
                    "said",
                    "utterance",
                ]
            },
        ),
        (
            "Provenance",
            {
                "fields": [
                    "article",
                    ("outlet", "published"),
                    ("anchor", "places"),
                    "nearest_passage",
                    "snapshot",
                ]
            },
        ),
    ]

    def get_queryset(self, request):
        return (
            Quote.objects.visible_to(request.user)
            .order_by(*self.ordering)
            .select_related(
                "article", "outlet", "speaker", "organisation", "affiliation", "snapshot"
            )
            .defer("snapshot__text")
        )

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "affiliation":
            # It is named after both.
            kwargs["queryset"] = Affiliation.objects.select_related("speaker", "organisation")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_add_permission(self, request) -> bool:
        return False

    def search(self, request, queryset, term):
        words = term.split()
        # One pass over the texts: no index holds their words yet.
        in_text = Q.create([("text__icontains", word) for word in words])
        speakers = mentioning(Speaker.objects.order_by(), words).values("id")
        printed = Q(Exactly(Fold("attribution_speaker"), Fold(Value(term))))
        return queryset.filter(in_text | Q(speaker__in=speakers) | printed)

    def save_model(self, request, quote, form, change):
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        before = form.initial.get("affiliation")
        if changes:
            quote.revise(**changes)
        if before and not quote.affiliation_id and "affiliation" not in changes:
            messages.warning(
                request,
                "The affiliation was let go: it is another speaker's, or at another organisation.",
            )
        elif quote.organisation != changes.get("organisation", quote.organisation):
            messages.warning(request, f"The affiliation is at {quote.organisation}: that was kept.")

    # Columns

    @admin.display(description="quote")
    def words(self, quote):
        return shown(str(quote))

    @admin.display(description="speaker")
    def said_by(self, quote):
        return shown(quote.speaker.name if quote.speaker else quote.attribution_speaker)

    @admin.display(description="role")
    def as_what(self, quote):
        organisation = quote.organisation and quote.organisation.name
        return shown(", ".join(part for part in (quote.shown_role, organisation) if part))

    # Provenance

    @admin.display(description="words")
    def in_context(self, quote):
        """The words, marked, among those that stand before and after each span."""
        if not quote.spans:
            return format_html('<div class="words" dir="auto"><mark>{}</mark></div>', quote.text)
        passages, begin = [], 0
        for (start, end), (prefix, suffix) in zip(quote.spans, quote.contexts, strict=True):
            # One character joins the words of two spans.
            words = quote.text[begin : begin + end - start]
            begin += end - start + 1
            before = f"…{prefix}" if start > len(prefix) else prefix
            passages.append((before, words, f"{suffix}…" if len(suffix) == CONTEXT else suffix))
        return format_html_join(
            "", '<div class="words" dir="auto">{}<mark>{}</mark>{}</div>', passages
        )

    @admin.display(description="flags")
    def flagged(self, quote):
        return ", ".join(Quote.Flag(flag).label for flag in quote.flags) or NONE

    @admin.display(description="role shown")
    def shown_role(self, quote):
        return quote.shown_role or NONE

    @admin.display(description="role as filed")
    def role_as_filed(self, quote):
        return quote.role or NONE

    @admin.display(description="spans")
    def places(self, quote):
        return ", ".join(f"{start}–{end}" for start, end in quote.spans) or NONE

    @admin.display(description="nearest passage")
    def nearest_passage(self, quote):
        """Of an altered quote: the like words of the article's present text."""
        if not quote.nearest:
            return NONE
        return format_html(
            '<div class="words" dir="auto">{}</div><p>{} alike, at {}–{} of {}…</p>',
            quote.nearest["text"],
            f"{quote.nearest['score']:.0%}",
            quote.nearest["start"],
            quote.nearest["end"],
            quote.nearest["snapshot"][:16],
        )


@admin.register(Utterance)
class UtteranceAdmin(RecordAdmin):
    list_display = ("id", "reports", "created")
    search_fields = ("id",)
    search_help_text = "Words of a quote that reports it, or its id."
    sortable_by = ()
    ordering = ("-id",)
    readonly_fields = ("reported_by",)
    fieldsets = [(None, {"fields": ["reported_by"]})]

    def get_queryset(self, request):
        reports = (
            Quote.objects.visible_to(request.user)
            .filter(utterance=OuterRef("pk"))
            .order_by()
            .values("utterance")
            .annotate(n=Count("*"))
        )
        return super().get_queryset(request).annotate(n=Subquery(reports.values("n")))

    def search(self, request, queryset, term):
        words = Q.create([("text__icontains", word) for word in term.split()])
        reports = Quote.objects.visible_to(request.user).filter(words, utterance__isnull=False)
        return queryset.filter(pk__in=reports.order_by().values("utterance"))

    @admin.display(description="quotes")
    def reports(self, utterance):
        return utterance.n or 0

    @admin.display(description="reported by")
    def reported_by(self, utterance):
        if utterance.pk is None or utterance._state.adding:
            return "The quotes that report it, once they name it as their utterance."
        return link_all(
            Quote.objects.visible_to(utterance.reader).filter(utterance=utterance.pk),
            more=link_to_list(Quote, "All", utterance__id__exact=utterance.pk),
        )


# What this app adds to the pages of `sources`


class CountsQuotes:
    """A page of somebody or something that quotes belong to, with the way to them."""

    def get_readonly_fields(self, request, obj=None):
        return (*super().get_readonly_fields(request, obj), "quotes")

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not request.user.has_perm("quotes.view_quote"):
            return fieldsets
        return [*fieldsets[:-1], ("Quotes", {"fields": ["quotes"]}), fieldsets[-1]]

    @admin.display(description="quotes")
    def quotes(self, record):
        of = record._meta.model_name
        found = Quote.objects.visible_to(record.reader).filter(**{of: record.pk})
        number = Pages(found, 1).count
        return link_to_list(Quote, f"{number:,}", **{f"{of}__id__exact": record.pk})


admin.site.unregister([Article, Organisation, Outlet, Speaker])


@admin.register(Outlet)
class OutletWithQuotesAdmin(CountsQuotes, OutletAdmin):
    pass


@admin.register(Organisation)
class OrganisationWithQuotesAdmin(CountsQuotes, OrganisationAdmin):
    pass


@admin.register(Speaker)
class SpeakerWithQuotesAdmin(CountsQuotes, SpeakerAdmin):
    pass


@admin.register(Article)
class ArticleWithQuotesAdmin(CountsQuotes, ArticleAdmin):
    """`PrintedArticle` and `CitedAffiliation` are places of triggers, no models: not registered."""

    @admin.display(description="quotes")
    def quotes(self, article):
        return link_all(
            Quote.objects.visible_to(article.reader).filter(article=article.pk).order_by("id"),
            more=link_to_list(Quote, "All", article__id__exact=article.pk),
        )

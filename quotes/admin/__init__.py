"""The admin of quotes, and what quotes add to the pages of `sources`.

In: requests of staff users, forms with the version that was read. Out: pages under a strict CSP
that work without scripts. Changes go through the verbs of `Quote` only. No form ever changes where
words are printed or a quote's status, and nobody is shown a button that they cannot use.
"""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html, format_html_join

import quotes.admin.site_search
import quotes.admin.spreadsheets
import quotes.admin.users
import quotes.admin.webhooks  # noqa: F401 (these register their pages)
from quotes.admin.bulk_actions import BulkActions
from quotes.admin.drafts import ChecksDrafts
from quotes.admin.filters import (
    AnchorFilter,
    FiledFilter,
    FlagFilter,
    KindFilter,
    LanguageFilter,
    ListFilterForm,
    MonthFilter,
    OutletFilter,
    PrintedRoleFilter,
    PublishedSinceFilter,
    PublishedUntilFilter,
    SaidByFilter,
    StatusFilter,
)
from quotes.admin.profiles import SpeakerWithQuotesAdmin
from quotes.admin.review.steps import CORRECTED
from quotes.admin.review.views import ReviewAdmin
from quotes.admin.searches import searches
from quotes.admin.spreadsheets import FilingTable, QuoteTable
from quotes.admin.status import status_badge
from quotes.admin.utterances import UtteranceAdmin
from quotes.anchoring import CONTEXT
from quotes.anchoring.seams import pieces_of
from quotes.api.serializers import MAX_REASON_CHARACTERS
from quotes.curation.decisions import review_url
from quotes.history.public import PUBLIC_REASONS, PUBLIC_VERBS
from quotes.history.reverting import QuoteReversion
from quotes.models import Quote, Via
from quotes.models.workflow import open_steps
from sources.admin.base import BaseInline, PublishedColumns, RecordAdmin, SearchedByWords
from sources.admin.forms import RecordForm, few_lines
from sources.admin.html import NONE, isolated, link_all, link_to_list, link_to_profile
from sources.admin.import_export import ImportExportAdmin
from sources.admin.lists import matching_any
from sources.admin.widgets import SafeAutocomplete
from sources.api.serializers import LanguageField
from sources.ledger.actor import with_reason
from sources.models import Affiliation, Speaker
from sources.models.articles import READ_FULL_TEXT
from sources.models.functions import HasWords, Words

__all__ = ["QuoteAdmin", "ReviewAdmin", "SpeakerWithQuotesAdmin", "UtteranceAdmin", "ViaInline"]


class QuoteForm(RecordForm):
    """A quote's form. Changing a public quote needs a note for its readers."""

    rules = RecordForm.rules | {"translated_from": LanguageField}

    together_with = forms.ModelChoiceField(
        Speaker.objects.active(),
        required=False,
        help_text="For a joint statement: who else said this. Save, then add the next.",
        widget=SafeAutocomplete(Quote._meta.get_field("speaker"), admin.site),
    )
    note = forms.CharField(
        widget=few_lines(),
        max_length=MAX_REASON_CHARACTERS,
        required=False,
        label="Public note",
        help_text="Readers see this quote: if you change more than its utterance, tell them why.",
    )


class ViaInline(BaseInline):
    """Reporting chain of a quote. Its steps have no page of their own and can be deleted."""

    model = Via
    fields = ("position", "kind", "name", "outlet", "media")
    autocomplete_fields = ("outlet",)


@admin.register(Quote)
class QuoteAdmin(
    SearchedByWords, ChecksDrafts, BulkActions, ImportExportAdmin, PublishedColumns, RecordAdmin
):
    """Quotes are filed with their article. None is added here, except by importing filings."""

    form = QuoteForm
    table, imports = QuoteTable, "import filings"

    list_display = ("words", "said_by", "printed_by", "state", "kind", "printed_on")
    list_filter = (
        ("status", StatusFilter),
        FlagFilter,
        AnchorFilter,
        SaidByFilter,
        OutletFilter,
        KindFilter,
        LanguageFilter,
        PrintedRoleFilter,
        MonthFilter,
        FiledFilter,
        PublishedSinceFilter,
        PublishedUntilFilter,
    )
    search_fields = ("text",)
    search_help_text = (
        "Search the quote or the speaker's name. Partial words and missing accents are fine."
    )
    sortable_by = ("printed_on",)
    ordering = ("-published_day", "-id")
    see_all_permission = "quotes.review_quote"
    public_verbs = PUBLIC_VERBS
    public_reasons = PUBLIC_REASONS
    reversion = QuoteReversion
    inlines = [ViaInline]
    autocomplete_fields = ("speaker", "organisation", "affiliation", "utterance", "translates")
    readonly_fields = (
        "in_context",
        "review_link",
        "status",
        "flagged",
        "shown_role",
        "role_as_filed",
        "profiles",
        "other_wordings",
        "article",
        "outlet",
        "published",
        "anchor",
        "snapshot",
        "places",
        "nearest_passage",
    )
    fieldsets = [
        (
            None,
            {"fields": ["in_context", ("status", "flagged", "review_link"), ("kind", "language")]},
        ),
        (
            "In the article",
            {
                "fields": [
                    "attribution_text",
                    ("attribution_speaker", "attribution_cue"),
                    ("attribution_role", "attribution_organisation"),
                    "media",
                    ("translated_from", "translates"),
                ]
            },
        ),
        (
            "On record",
            {
                "fields": [
                    "speaker",
                    "together_with",
                    "affiliation",
                    "organisation",
                    "profiles",
                    ("shown_role", "role_as_filed"),
                    "said",
                    "utterance",
                    "other_wordings",
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

    def changelist_view(self, request, extra_context=None):
        form = ListFilterForm(request.GET)
        context = {"filter_form": form, "handed_on": form.others(request.GET)}
        return super().changelist_view(request, context | (extra_context or {}))

    def get_urls(self):
        view = self.admin_site.admin_view(self.filings_view)
        return [path("filings.csv", view, name="quotes_quote_filings"), *super().get_urls()]

    def filings_view(self, request):
        """The listed quotes in the columns of an import, with the texts of their articles."""
        if not request.user.has_perm(READ_FULL_TEXT):
            raise PermissionDenied
        return self.export_view(request, "csv", table=FilingTable, name="filings")

    def get_ordering(self, request):
        # The index on `created` serves this filter.
        return ("-created", "-id") if FiledFilter.parameter_name in request.GET else self.ordering

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "affiliation":
            # The names of the choices need both.
            kwargs["queryset"] = Affiliation.objects.select_related("speaker", "organisation")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_add_permission(self, request) -> bool:
        return False

    def search(self, request, queryset, term):
        return matching_any(queryset, *searches(queryset, term))

    def with_words(self, records, term):
        return records.filter(HasWords(Words("bare"), term, may_go_on=True))

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or "correct" not in open_steps(obj.status):
            return fieldsets
        return [*fieldsets[:-1], ("Correction", {"fields": ["note"]}), fieldsets[-1]]

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        if obj is None or obj.status != Quote.Status.RETRACTED:
            return fields
        return (*fields, *CORRECTED, "speaker", "together_with")

    @admin.display(description="together with")
    def together_with(self, quote):
        """In place of the field, where it cannot be changed."""
        members = quote.speaker.present_members if quote.speaker else []
        return format_html_join(" · ", "{}", ((link_to_profile(each),) for each in members)) or NONE

    def save_model(self, request, quote, form, change):
        """Nothing yet: `save_related` saves the quote and its reporting chain as one change."""

    def save_related(self, request, form, formsets, change):
        quote, note = form.instance, form.cleaned_data.get("note")
        changes = {name: form.cleaned_data[name] for name in form.changed_data if name != "note"}
        for chain in formsets:
            chain.save(commit=False)  # only notes what has changed, for the log
            if chain.has_changed():
                rows = [row for row in chain.forms if row not in chain.deleted_forms]
                steps = [row.instance for row in rows if row.has_changed() or row.instance.pk]
                changes["via"] = sorted(steps, key=lambda step: step.position)
        quote.refresh_from_db()  # validating the form has written to it
        if other := changes.pop("together_with", None):
            speaker = changes.get("speaker", quote.speaker)
            changes["speaker"] = Speaker.objects.jointly(filter(None, [speaker, other]))
        before = quote.affiliation_id
        quote.shows_text = request.user.has_perm(READ_FULL_TEXT)
        if changes:
            with with_reason(note):
                quote.revise(note=note, now=timezone.now(), **changes)
            if quote.not_printed:
                parts = " and ".join(part.partition(".")[2] for part in quote.not_printed)
                messages.warning(request, f"The article does not print this {parts}.")
        if before and not quote.affiliation_id and "affiliation" not in changes:
            messages.warning(
                request,
                "The affiliation was removed: it belongs to another speaker or organisation.",
            )
        elif quote.organisation != changes.get("organisation", quote.organisation):
            messages.warning(
                request, f"The organisation stays {quote.organisation}, as the affiliation says."
            )

    # Columns

    @admin.display(description="quote")
    def words(self, quote):
        return isolated(str(quote))

    @admin.display(description="speaker")
    def said_by(self, quote):
        speaker = quote.speaker
        named = link_to_profile(speaker) if speaker else isolated(quote.attribution_speaker) or NONE
        organisation = quote.organisation and quote.organisation.name
        role = ", ".join(part for part in (quote.shown_role, organisation) if part)
        if not role:
            return named
        return format_html('{} <span class="about">{}</span>', named, isolated(role))

    @admin.display(description="published", ordering="published_day")
    def printed_on(self, quote):
        if not quote.said:
            return quote.published
        return format_html('{} <span class="about">said {}</span>', quote.published, quote.said)

    @admin.display(description="status")
    def state(self, quote):
        badge, flags = status_badge(quote.status), self.flagged(quote)
        if not quote.flags:
            return badge
        return format_html('{} <span class="about">{}</span>', badge, flags)

    # Provenance

    @admin.display(description="profiles")
    def profiles(self, quote):
        """Links to the speaker, the organisation and the outlet."""
        records = [one for one in (quote.speaker, quote.organisation, quote.outlet) if one]
        links = ((link_to_profile(one),) for one in records)
        return format_html_join(" · ", "{}", links) or NONE

    @admin.display(description="other wordings")
    def other_wordings(self, quote):
        """The other quotes of the same utterance."""
        if not quote.utterance_id:
            return NONE
        others = Quote.objects.visible_to(quote.reader).filter(utterance=quote.utterance_id)
        return link_all(
            others.exclude(pk=quote.pk),
            more=link_to_list(Quote, "All", utterance__id__exact=quote.utterance_id),
        )

    @admin.display(description="words")
    def in_context(self, quote):
        """The quote marked in its context, span by span."""
        if not quote.spans:
            return format_html('<div class="words" dir="auto"><mark>{}</mark></div>', quote.text)
        pieces = pieces_of(quote.text, quote.spans, quote.seams)
        passages = []
        for (start, _), (prefix, suffix), words in zip(
            quote.spans, quote.contexts, pieces, strict=True
        ):
            before = f"…{prefix}" if start > len(prefix) else prefix
            passages.append((before, words, f"{suffix}…" if len(suffix) == CONTEXT else suffix))
        return format_html_join(
            "", '<div class="words" dir="auto">{}<mark>{}</mark>{}</div>', passages
        )

    @admin.display(description="review")
    def review_link(self, quote):
        """Link to the review page, where its steps are."""
        if not quote.reader.has_perm("quotes.review_quote"):
            return NONE
        return format_html('<a href="{}">Review this quote</a>', review_url(quote))

    @admin.display(description="flags")
    def flagged(self, quote):
        return ", ".join(Quote.Flag(flag).label for flag in quote.flags) or NONE

    @admin.display(description="role on record")
    def shown_role(self, quote):
        return quote.shown_role or NONE

    @admin.display(description="role as filed")
    def role_as_filed(self, quote):
        return quote.role or NONE

    @admin.display(description="spans")
    def places(self, quote):
        spans = ", ".join(f"{start}–{end}" for start, end in quote.spans)
        is_text = quote.anchored_in == quote.AnchoredIn.TEXT
        return (spans if is_text else f"{spans} of the headline") or NONE

    @admin.display(description="nearest passage")
    def nearest_passage(self, quote):
        """The passage of the article's current text that is most like an altered quote."""
        if not quote.nearest:
            return NONE
        return format_html(
            '<div class="words" dir="auto">{}</div><p>{} similar, at {}–{} of {}…</p>',
            quote.nearest["text"],
            f"{quote.nearest['score']:.0%}",
            quote.nearest["start"],
            quote.nearest["end"],
            quote.nearest["snapshot"][:16],
        )


admin.site.index_template = "quotes/dashboard.html"

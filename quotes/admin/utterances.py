"""The pages of utterances, which are named by the words, the speaker and the date of a quote."""

from django.contrib import admin
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Left

from quotes.models import Quote, Utterance
from quotes.models.utterance import MAX_SHOWN_WORDS, in_words
from sources.admin.base import RecordAdmin
from sources.admin.html import NONE, isolated, link_all, link_to_list, visible_bidi
from sources.admin.lists import matching_any
from sources.models.functions import HasWords, Words


@admin.register(Utterance)
class UtteranceAdmin(RecordAdmin):
    list_display = ("words", "said_by", "said_on", "reports", "created")
    search_fields = ("id",)
    search_help_text = "Search by the words of a quote, or by id."
    sortable_by = ()
    ordering = ("-id",)
    readonly_fields = ("reported_by",)
    fieldsets = [(None, {"fields": ["reported_by"]})]

    def get_queryset(self, request):
        """With the first quote that the user may see, and the number of these."""
        reports = Quote.objects.visible_to(request.user).filter(utterance=OuterRef("pk"))
        first = reports.order_by("published_day", "id")
        number = reports.order_by().values("utterance").annotate(n=Count("*"))
        return (
            super()
            .get_queryset(request)
            .annotate(
                n=Subquery(number.values("n")),
                first_words=Subquery(first.values(words=Left("text", MAX_SHOWN_WORDS + 1))[:1]),
                first_speaker=Subquery(first.values("speaker__name")[:1]),
                first_published=Subquery(first.values("published")[:1]),
            )
        )

    def cards_of(self, records, user) -> dict:
        """The text of each in a field that completes what is typed."""
        return {
            one.pk: visible_bidi(in_words(one.first_words, one.first_speaker, one.first_published))
            for one in records
            if one.first_words
        }

    def search(self, request, queryset, term):
        words = HasWords(Words("bare"), term, may_go_on=True)
        reports = Quote.objects.visible_to(request.user).filter(words).order_by()
        return matching_any(queryset, queryset.filter(pk__in=reports.values("utterance")))

    @admin.display(description="quote")
    def words(self, utterance):
        return isolated(in_words(utterance.first_words)) if utterance.first_words else NONE

    @admin.display(description="speaker")
    def said_by(self, utterance):
        return isolated(utterance.first_speaker) or NONE

    @admin.display(description="first published")
    def said_on(self, utterance):
        return utterance.first_published

    @admin.display(description="quotes")
    def reports(self, utterance):
        return utterance.n or 0

    @admin.display(description="reported by")
    def reported_by(self, utterance):
        if utterance.pk is None or utterance._state.adding:
            return "Quotes appear here once they are assigned to this utterance."
        return link_all(
            Quote.objects.visible_to(utterance.reader).filter(utterance=utterance.pk),
            more=link_to_list(Quote, "All", utterance__id__exact=utterance.pk),
        )

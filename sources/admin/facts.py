"""Pages of facts about speakers, and the facts on a speaker's form and profile."""

from django.contrib import admin
from django.db.models import Q, Value
from django.urls import reverse
from django.utils.http import urlencode

from sources.admin.base import RecordInline
from sources.admin.html import MAX_LISTED, address, isolated, link_to_list
from sources.admin.periods import PeriodAdmin
from sources.identity.finding import mentioning
from sources.models import Fact, Speaker
from sources.models.functions import Fold
from sources.spreadsheets.tables import FactTable

FIELDS = ("key", "value", "source", "start", "end")
HELP = {
    "key": "What it is about: gender, party, or another word of lower-case letters and digits.",
    "value": "Leave it empty if somebody looked and it is not known. Never guess.",
    "source": "Where this is known from, such as a web address.",
}


class FactInline(RecordInline):
    model = Fact
    fields = FIELDS
    show_change_link = True

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("speaker")


@admin.register(Fact)
class FactAdmin(PeriodAdmin):
    table, imports = FactTable, "import facts"
    list_display = ("about", "shown", "holder", "since", "until", "created")
    search_fields = ("key",)
    search_help_text = "Search the key, the whole value or the speaker's name."
    sortable_by = ("about",)
    ordering = ("key", "id")
    autocomplete_fields = ("speaker",)
    fieldsets = [(None, {"fields": ["speaker", *FIELDS]})]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("speaker")

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name in HELP:
            kwargs["help_text"] = HELP[db_field.name]
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def search(self, request, queryset, term):
        speakers = mentioning(Speaker.objects.order_by(), term.split()).values("id")
        said = Q(key=term) | Q(value_folded=Fold(Value(term)))
        return queryset.filter(said | Q(speaker__in=speakers))

    @admin.display(description="key", ordering="key")
    def about(self, fact):
        return fact.key

    @admin.display(description="value")
    def shown(self, fact):
        return isolated(fact.shown_value)


def facts_context(request, speaker: Speaker) -> dict:
    """Facts for the profile: `MAX_LISTED` at most, a link to the others, and one to add one."""
    held = list(speaker.facts.visible_to(request.user)[: MAX_LISTED + 1])
    may_add = request.user.has_perm("sources.add_fact") and not speaker.merged_into_id
    place = f"{reverse('admin:sources_fact_add')}?{urlencode({'speaker': speaker.pk})}"
    more = link_to_list(Fact, "All facts", speaker__id__exact=speaker.pk)
    return {
        "speaker_facts": [
            {
                "address": address(each, "change"),
                "key": each.key,
                "value": isolated(each.shown_value),
                "source": isolated(each.source),
                "start": each.start,
                "end": each.end,
            }
            for each in held[:MAX_LISTED]
        ],
        "more_facts": more if len(held) > MAX_LISTED else None,
        "add_fact": place if may_add else None,
    }

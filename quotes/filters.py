"""Filters of `quotes/`; each is named as its query parameter."""

from quotes.models import Quote, Via
from sources.dates import PartialDateFilter
from sources.filters import (
    Changes,
    ChoicesFilter,
    LanguageFilter,
    ListFilter,
    NameFilter,
    OutletFilter,
    PublishedRange,
    RangesForm,
    RecordsFilter,
    RoleFilter,
    UrlFilter,
)
from sources.models import Organisation, Speaker


class ViaFilter(OutletFilter):
    """Quotes that reached the article by way of these outlets, each given by id or by slug."""

    def printed_in(self, queryset, keys: list):
        return queryset.filter(pk__in=Via.objects.filter(outlet__in=keys).values("quote"))


class LanguagesFilter(LanguageFilter):
    """Basic filtering of RFC 4647: `en` matches en, en-GB and en-US."""

    def filter(self, queryset, value):
        return queryset.in_languages(value) if value else queryset


class QuoteFilters(Changes, PublishedRange):
    """Names are looked for in both layers of attribution, everything else in the resolved one."""

    # Who
    speaker = RecordsFilter(Speaker, field_name="speaker")
    speaker_name = NameFilter("said_by_name")
    speaker_kind = ChoicesFilter(Speaker.Kind, field_name="speaker__kind")
    organisation = RecordsFilter(Organisation, field_name="organisation")
    organisation_name = NameFilter("for_organisation_named")
    role = RoleFilter("with_role_words")

    # Where
    outlet = OutletFilter(field_name="outlet")
    outlet_name = NameFilter("in_outlet_named")
    article = ListFilter(field_name="article")
    url = UrlFilter(field_name="article__url_key")
    via = ViaFilter()

    # What
    kind = ChoicesFilter(Quote.Kind, field_name="kind")
    status = ChoicesFilter(Quote.Status, field_name="status")
    language = LanguagesFilter()
    anchor = ChoicesFilter(Quote.Anchor, field_name="anchor")
    utterance = ListFilter(field_name="utterance")

    # When
    said_after = PartialDateFilter(field_name="said", day_field="said_day", edge="after")
    said_before = PartialDateFilter(field_name="said", day_field="said_day", edge="before")

    class Meta:
        model = Quote
        fields = []
        form = RangesForm

    def filter_queryset(self, queryset):
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data["status"] else queryset.listed()

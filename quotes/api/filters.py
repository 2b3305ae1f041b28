"""Filters of `quotes/`; each is named as its query parameter."""

import django_filters
from django import forms
from django.core.exceptions import ValidationError

from quotes.models import Quote, Via
from quotes.search.query import Search
from sources.api.filters import (
    ChoicesFilter,
    LanguageFilter,
    ListFilter,
    NameFilter,
    OutletFilter,
    RecordsFilter,
    RoleFilter,
    UrlFilter,
)
from sources.api.filtersets import Changes, PublishedRange
from sources.database.prepared import PreparedFilter
from sources.dates import PartialDateFilter
from sources.models import Organisation, Speaker


class ViaFilter(OutletFilter):
    """Quotes that reached the article by way of these outlets, each given by id or by slug."""

    def shape(self, value):
        return None  # there are no quotes of an outlet in an order

    def narrow(self, queryset, value, parameters):
        return queryset.filter(pk__in=Via.objects.filter(outlet__in=parameters).values("quote"))


LONGEST_SEARCH = 1_000


class SoughtField(forms.CharField):
    def clean(self, value):
        if value and len(value) > LONGEST_SEARCH:
            raise ValidationError(f"{len(value):,} characters; {LONGEST_SEARCH:,} at most.")
        return super().clean(value)


class SoughtFilter(django_filters.Filter):
    """Quotes by their words; `QuoteFilters` looks for all that is sought at once."""

    field_class = SoughtField
    schema = {"type": "string", "maxLength": LONGEST_SEARCH}

    def filter(self, queryset, value):
        return queryset


class StemsFilter(SoughtFilter):
    """Words in any form and order, accents ignored; also `"tax cuts"`, `tax or vat`, `-vat`."""


class PhraseFilter(SoughtFilter):
    """These very words, one after the other; case, accents and marks ignored."""


class LikeFilter(SoughtFilter):
    """Words like these: misspelt, left out, in another order. At most 300 quotes, the closest."""


class TrueOrFalseField(forms.Field):
    def clean(self, value):
        if value not in (None, "true", "false"):
            raise ValidationError(f"“{value[:60]}” is neither true nor false.")
        return value == "true"


class OncePerUtterance(PreparedFilter):
    """One quote of each utterance among those that all other filters find: the first printed."""

    field_class = TrueOrFalseField
    schema = {"type": "boolean"}

    def shape(self, value):
        return str(value)

    def parameters(self, value):
        return []

    def narrow(self, queryset, value, parameters):
        return queryset  # it has to come after all others


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

    q = StemsFilter()
    phrase = PhraseFilter()
    like = LikeFilter()

    # When
    said_after = PartialDateFilter(field_name="said", day_field="said_day", edge="after")
    said_before = PartialDateFilter(field_name="said", day_field="said_day", edge="before")

    # How many of what is left
    one_per_utterance = OncePerUtterance()

    class Meta:
        model = Quote
        fields = []

    def filter_queryset(self, queryset, places=None):
        asked = self.form.cleaned_data
        queryset = super().filter_queryset(queryset, places)
        queryset = queryset if asked.get("status") else queryset.listed()
        if search := Search.read(asked, asked.get("language")):
            queryset = search.narrow(queryset)
        return queryset.one_per_utterance() if asked.get("one_per_utterance") else queryset

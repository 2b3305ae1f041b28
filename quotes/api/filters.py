"""Filters of `quotes/`; each is named as its query parameter."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, Exists, F, Func, Q
from django.db.models.lookups import In

from quotes.models import Quote, Via
from quotes.search.query import SEARCHES, Search
from sources.api.fields import AN_ID
from sources.api.filters import (
    MAX_VALUES,
    AsOfFilter,
    ChoicesFilter,
    DateRangeFilter,
    Documented,
    LanguageFilter,
    ListFilter,
    NameFilter,
    OutletFilter,
    RecordsFilter,
    RoleFilter,
    UrlFilter,
    list_schema,
)
from sources.api.filtersets import COMMAS, NAME, RANGE, PublishedRange, RecordFilters
from sources.database.prepared import PreparedFilter
from sources.exceptions import BadParameter
from sources.models import Article, Organisation, Speaker
from sources.models.facts import KEY, UNKNOWN


class HasMember(Func):
    """Whether a speaker has one of these members."""

    template = "members && ARRAY[%(expressions)s]::uuid[]"
    output_field = BooleanField()


class SpeakersFilter(RecordsFilter):
    """Matches quotes of these speakers, alone or with others."""

    def keys(self, values: list) -> list:
        keys = super().keys(values)
        return [*keys, *self.records.joint(keys).values_list("pk", flat=True)]

    def holds(self, parameters):
        joint = self.records.exclude(members=[])
        followed = self.records.filter(In(F("merged_into"), parameters))
        return (
            super().holds(parameters)
            & ~Q(Exists(joint.filter(HasMember(*parameters))))
            & ~(Q(Exists(joint)) & Q(Exists(followed)))
        )


class FactsField(forms.CharField):
    """`key:value` pairs separated by commas, as values by key. A comma may be part of a value."""

    def clean(self, value):
        facts = {}
        pairs = re.split(rf",\s*(?={KEY}:)", super().clean(value)) if value else []
        if len(pairs) > MAX_VALUES:
            raise ValidationError(f"{len(pairs)} values: give at most {MAX_VALUES}.")
        for pair in pairs:
            key, colon, said = (part.strip() for part in pair.partition(":"))
            if not (colon and re.fullmatch(KEY, key) and said.strip(", ")):
                raise ValidationError(
                    f"“{pair[:60]}” is not a fact. Write its key, a colon and its value, such as "
                    f"party:Harbour Party, or party:{UNKNOWN}."
                )
            facts.setdefault(key, []).append(said)
        return facts


class FactsFilter(Documented):
    """Matches quotes whose speaker had one of the given values of each given key."""

    field_class = FactsField
    schema = list_schema(str)

    def filter(self, queryset, value):
        return queryset.of_speakers_with(value) if value else queryset


class OrganisationsFilter(RecordsFilter):
    """Matches quotes of these organisations, and of their parts with `include_parts`."""

    def filter(self, queryset, value):
        return queryset.of_organisations(self.keys(value)) if value else queryset


class WholeNumberField(forms.Field):
    def __init__(self, least: int, most: int, **kwargs):
        self.least, self.most = least, most
        super().__init__(**kwargs)

    def clean(self, value):
        if value is None:
            return None
        is_number = value.isascii() and value.isdigit() and len(value) <= len(str(self.most))
        if not (is_number and self.least <= int(value) <= self.most):
            raise ValidationError(f"Give a whole number from {self.least:,} to {self.most:,}.")
        return int(value)


class WholeNumberFilter(Documented):
    """A number that `QuoteFilters` applies after all filters."""

    field_class = WholeNumberField

    def __init__(self, least: int, most: int, **kwargs):
        super().__init__(least=least, most=most, **kwargs)
        self.schema = {"type": "integer", "minimum": least, "maximum": most}

    def filter(self, queryset, value):
        return queryset


class ViaFilter(OutletFilter):
    """Matches quotes that the article took from these outlets."""

    def shape(self, value):
        return None  # no index holds the quotes of such an outlet in the order of a list

    def narrow(self, queryset, value, parameters):
        return queryset.filter(pk__in=Via.objects.filter(outlet__in=parameters).values("quote"))


MAX_SEARCH_CHARACTERS = 1_000


MAX_SAMPLE, MAX_SEED = 1_000_000, 2**31 - 1  # quotes; what all languages hold as an integer


class SearchField(forms.CharField):
    def clean(self, value):
        if value and len(value) > MAX_SEARCH_CHARACTERS:
            raise ValidationError(
                f"{len(value):,} characters: give at most {MAX_SEARCH_CHARACTERS:,}."
            )
        return super().clean(value)


class SearchFilter(Documented):
    """Words to search for. `QuoteFilters` runs all searches of a request as one."""

    field_class = SearchField
    schema = {"type": "string", "maxLength": MAX_SEARCH_CHARACTERS}

    def filter(self, queryset, value):
        return queryset


class TrueOrFalseField(forms.Field):
    def clean(self, value):
        if value not in (None, "true", "false"):
            raise ValidationError(f"“{value[:60]}” is not a boolean. Write true or false.")
        return value == "true"


class TrueOrFalseFilter(Documented):
    """A boolean that `QuoteFilters` reads."""

    field_class = TrueOrFalseField
    schema = {"type": "boolean"}

    def filter(self, queryset, value):
        return queryset


class OnePerUtteranceFilter(Documented, PreparedFilter):
    """Keeps the first quote of each utterance. `QuoteFilters` applies it after all others."""

    field_class = TrueOrFalseField
    schema = {"type": "boolean"}

    def shape(self, value):
        return str(value)

    def parameters(self, value):
        return []

    def narrow(self, queryset, value, parameters):
        return queryset


class QuoteLanguageFilter(LanguageFilter):
    """Basic filtering of RFC 4647, by an index of quotes."""

    def filter(self, queryset, value):
        return queryset.in_languages(value) if value else queryset


class QuoteFilters(RecordFilters, PublishedRange):
    """Names match in both layers of attribution, everything else in the resolved one."""

    # Who
    speaker = SpeakersFilter(
        Speaker,
        field_name="speaker",
        help_text="Ids of speakers, alone or in a joint statement. A merged speaker's id finds the "
        f"surviving one. {COMMAS}",
        example=AN_ID,
    )
    speaker_name = NameFilter(
        "said_by_name",
        help_text=f"Name of the speaker, on record or as printed. {NAME}",
        example="Mara Quill",
    )
    speaker_kind = ChoicesFilter(
        Speaker.Kind,
        field_name="speaker__kind",
        help_text=f"Kinds of speaker. {COMMAS}",
        example="person",
    )
    speaker_fact = FactsFilter(
        help_text="Facts about the speakers, as `key:value`, that can have held when the words "
        "were said; if that is unknown, when they were printed. "
        f"`party:{UNKNOWN}`: no value is known. Several values of one key are alternatives, and "
        f"each key has to match. Also an identifier: `wikidata:Q42`. {COMMAS}",
        example="party:Harbour Party",
    )
    organisation = OrganisationsFilter(
        Organisation,
        field_name="organisation",
        help_text=f"Ids of the organisations that the speakers spoke for. {COMMAS}",
        example=AN_ID,
    )
    organisation_name = NameFilter(
        "for_organisation_named",
        help_text=f"Name of the organisation, on record or as printed. {NAME}",
        example="Port Authority",
    )
    include_parts = TrueOrFalseFilter(
        help_text="`true`: `organisation` and `organisation_name` find the quotes for parts of "
        "these organisations as well, however deep.",
        example=True,
    )
    role = RoleFilter(
        "with_role_words",
        help_text="Words that the speaker's role contains, on record or as printed, in any order.",
        example="harbour master",
    )

    # Where
    outlet = OutletFilter(
        field_name="outlet",
        help_text=f"Ids or slugs of the outlets that printed the quote. {COMMAS}",
        example="harbour-post",
    )
    outlet_name = NameFilter(
        "in_outlet_named", help_text=f"Name of the outlet. {NAME}", example="The Harbour Post"
    )
    article = RecordsFilter(
        Article,
        field_name="article",
        help_text=f"Ids of articles. A merged one's id finds the surviving one. {COMMAS}",
        example=AN_ID,
    )
    url = UrlFilter(
        field_name="article",
        help_text="URL of the article, in any spelling.",
        example="https://harbourpost.example/2026/quay",
    )
    via = ViaFilter(
        help_text="Ids or slugs of outlets, such as agencies, from which the article took the "
        f"quote. {COMMAS}",
        example="torrigan-wire",
    )

    # What
    kind = ChoicesFilter(
        Quote.Kind,
        field_name="kind",
        help_text="`direct`: whole sentences in quote marks. `partial`: fragments in quote marks. "
        "`mixed`: indirect speech with words in quote marks. `indirect`: no quote marks. "
        f"{COMMAS}",
        example="direct",
    )
    status = ChoicesFilter(
        Quote.Status,
        field_name="status",
        help_text="Statuses. Without this parameter or `id`, retracted quotes are left out. "
        "Proposed, rejected and withdrawn quotes are shown to curators and to their filer. "
        f"{COMMAS}",
        example="published",
    )
    language = QuoteLanguageFilter(
        help_text=f"Language tags (RFC 4647): `en` matches `en`, `en-GB` and `en-US`. {COMMAS}",
        example="en",
    )
    translated_from = LanguageFilter(
        field_name="translated_from",
        help_text=f"Language tags of what the article prints in translation. {COMMAS}",
        example="sv",
    )
    translates = ListFilter(
        field_name="translates",
        help_text=f"Ids of quotes: finds those that translate them. {COMMAS}",
        example=AN_ID,
    )
    anchor = ChoicesFilter(
        Quote.Anchor,
        field_name="anchor",
        help_text=f"Whether the quoted words are in the article's present text. {COMMAS}",
        example="exact",
    )
    origin = ChoicesFilter(
        Quote.Origin,
        field_name="origin",
        help_text="`filed`: its filer marked it. `proposed`: it was found in the article's text. "
        f"{COMMAS}",
        example="filed",
    )
    utterance = ListFilter(
        field_name="utterance", help_text=f"Ids of utterances. {COMMAS}", example=AN_ID
    )

    q = SearchFilter(
        help_text='Words in any form and order, accents ignored. Also `"tax cuts"`, `tax or vat` '
        "and `-vat`.",
        example="quay closure",
    )
    phrase = SearchFilter(
        help_text="Exactly these words, in this order, never across an omission. Case, accents and "
        "punctuation are ignored.",
        example="had no choice",
    )
    like = SearchFilter(
        help_text="Similar words: misspelt, left out or in another order. Finds at most 300 "
        "quotes, the most similar.",
        example="We hadn't any choice",
    )

    # When
    said_after = DateRangeFilter(
        field_name="said",
        day_field="said_day",
        edge="after",
        help_text=f"Said on or after this date, month or year. {RANGE}",
        example="2026-02",
    )
    said_before = DateRangeFilter(
        field_name="said",
        day_field="said_day",
        edge="before",
        help_text=f"Said on or before this date, month or year. {RANGE}",
        example="2026-02-11",
    )

    as_of = AsOfFilter(
        field_name="as_of",
        help_text="Answer as at this time (RFC 3339) or day (00:00 UTC): the quotes of then, with "
        "the names, roles and merges of then. What was erased since is left out. Not together with "
        "`q`, `phrase` or `like`.",
        example="2026-02-11T09:30:00Z",
    )

    # Which of those that match
    one_per_utterance = OnePerUtteranceFilter(
        help_text="`true` keeps one quote per utterance, the first printed, of those that match "
        "all other filters.",
        example=True,
    )

    sample = WholeNumberFilter(
        1,
        MAX_SAMPLE,
        help_text="Return this number of the matching quotes, drawn at random. In a list, they "
        "have to fit on one page.",
        example=100,
    )
    seed = WholeNumberFilter(
        0,
        MAX_SEED,
        help_text="With `sample`: another number draws other quotes, the same number draws the "
        "same ones of the same quotes. Default: 0.",
        example=7,
    )

    class Meta:
        model = Quote
        fields = []

    def filter_queryset(self, queryset, places=None):
        asked = self.form.cleaned_data
        if asked.get("include_parts"):
            if not (asked.get("organisation") or asked.get("organisation_name")):
                fault = "Needs organisation or organisation_name."
                raise BadParameter({"include_parts": [fault]})
            queryset = queryset.including_parts()
        if "seed" in asked and not asked.get("sample"):
            raise BadParameter({"seed": ["Needs sample."]})
        queryset = super().filter_queryset(queryset, places)
        if not (asked.get("status") or asked.get("id")):
            queryset = queryset.listed()
        searches = [name for name in SEARCHES if asked.get(name)]
        if searches and asked.get("as_of"):
            fault = f"Cannot be combined with {searches[0]}: words are searched as they are now."
            raise BadParameter({"as_of": [fault]})
        if search := Search.read(asked, asked.get("language")):
            queryset = search.narrow(queryset)
        if asked.get("one_per_utterance"):
            queryset = queryset.one_per_utterance()
        if number := asked.get("sample"):
            queryset = queryset.sample(number, asked.get("seed") or 0)
        return queryset

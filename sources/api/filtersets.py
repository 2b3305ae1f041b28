"""The filters of each resource of `sources`."""

from sources.api.fields import AN_ID
from sources.api.filters import (
    ChoicesFilter,
    DateFilter,
    DateRangeFilter,
    Documented,
    ExternalIdFilter,
    IdFilter,
    IdsFilter,
    LanguageFilter,
    ListFilter,
    MomentBeforeFilter,
    MomentFilter,
    NameFilter,
    OutletFilter,
    RecordsFilter,
    RoleFilter,
    SlugFilter,
    UrlFilter,
    WordsField,
)
from sources.api.lazy_filterset import LazyFilterSet
from sources.exceptions import BadParameter
from sources.history.past_tables import tables_are_of
from sources.identity import finding
from sources.models import Affiliation, Article, Fact, Organisation, Outlet, Speaker

# Sentences that several parameters share
COMMAS = "Separate several with commas."
NAME = "A whole name or alias. Case and accents are ignored; commas are part of the name."
RANGE = (
    "Inclusive. A partial date matches if any of its days is in the range; unknown dates never do."
)


class RecordFilters(LazyFilterSet):
    """Which records, and when they were created and last changed."""

    id = IdFilter(help_text=f"Ids of records. {COMMAS}", example=AN_ID)
    created_after = MomentFilter(
        "created", help_text="Created at or after this time (RFC 3339) or day (UTC)."
    )
    created_before = MomentBeforeFilter(
        "created", help_text="Created at or before this time (RFC 3339), or on or before this day."
    )
    updated_after = MomentFilter(
        "updated", help_text="Last changed at or after this time (RFC 3339) or day (UTC)."
    )
    updated_before = MomentBeforeFilter(
        "updated",
        help_text="Last changed at or before this time (RFC 3339), or on or before this day.",
    )


class PublishedRange(LazyFilterSet):
    """When something was published."""

    published_after = DateRangeFilter(
        field_name="published",
        day_field="published_day",
        edge="after",
        help_text=f"Published on or after this date, month or year. {RANGE}",
        example="2026-02",
    )
    published_before = DateRangeFilter(
        field_name="published",
        day_field="published_day",
        edge="before",
        help_text=f"Published on or before this date, month or year. {RANGE}",
        example="2026-02-11",
    )


class TermFilter(Documented):
    """What is remembered of a name. `NamedFilters` asks for it among what other filters leave."""

    field_class = WordsField
    schema = {"type": "string", "maxLength": finding.MAX_TERM}

    def __init__(self, **kwargs):
        limits = {"max_length": finding.MAX_TERM, "max_words": finding.MAX_WORDS}
        super().__init__(**limits, **kwargs)

    def filter(self, queryset, value):
        return queryset


class NamedFilters(RecordFilters):
    """Records that are found by a part of their name, too."""

    q = TermFilter(
        help_text="What is remembered of a name or an alias: its beginning, any part, initials, an "
        "identifier; with one slip in a word. Finds at most "
        f"{finding.MAX_FOUND}, the best first; of equals, what is named most often.",
        example="quil",
    )

    def filter_queryset(self, queryset, places=None):
        queryset = super().filter_queryset(queryset, places)
        term = self.form.cleaned_data.get("q")
        if term and tables_are_of():
            fault = "Cannot be combined with q: names are searched as they are now."
            raise BadParameter({"as_of": [fault]})
        return finding.by_relevance(queryset, term) if term else queryset


class OutletFilters(NamedFilters):
    name = NameFilter("called", help_text=NAME, example="The Harbour Post")
    slug = SlugFilter(
        field_name="pk",
        help_text=f"Slugs of outlets. A merged outlet's slug finds the surviving one. {COMMAS}",
        example="harbour-post",
    )

    class Meta:
        model = Outlet
        fields = []


class ArticleFilters(RecordFilters, PublishedRange):
    outlet = OutletFilter(
        field_name="outlet", help_text=f"Ids or slugs of outlets. {COMMAS}", example="harbour-post"
    )
    outlet_name = NameFilter(
        "in_outlet_named", help_text=f"Name of the outlet. {NAME}", example="The Harbour Post"
    )
    external_id = ExternalIdFilter(
        field_name="external_id",
        check=str,
        help_text=f"Ids of articles in the outlet's own system. {COMMAS} An id that contains a "
        "comma is found too.",
        example="hp-2026-0314",
    )
    url = UrlFilter(
        field_name="pk",
        help_text="URL of the article, in any spelling.",
        example="https://harbourpost.example/2026/quay",
    )
    language = LanguageFilter(
        field_name="language",
        help_text=f"Language tags (RFC 4647): `en` matches `en`, `en-GB` and `en-US`. {COMMAS}",
        example="en",
    )

    class Meta:
        model = Article
        fields = []


class OrganisationFilters(NamedFilters):
    name = NameFilter("called", help_text=NAME, example="Port Authority")
    parent = RecordsFilter(
        Organisation,
        field_name="parent",
        help_text=f"Ids of the organisations they are part of. {COMMAS}",
        example=AN_ID,
    )

    class Meta:
        model = Organisation
        fields = []


class SpeakerFilters(NamedFilters):
    name = NameFilter("called", help_text=NAME, example="Mara Quill")
    kind = ChoicesFilter(
        Speaker.Kind,
        field_name="kind",
        help_text=f"Kinds of speaker. {COMMAS}",
        example="person",
    )
    organisation = IdsFilter(
        "of_organisations",
        help_text="Ids of organisations: finds those who have, or had, a role there, and their "
        f"unnamed speakers. {COMMAS}",
        example=AN_ID,
    )
    article = IdsFilter(
        "of_articles",
        help_text="Ids of articles: finds the speakers that belong to one article alone, which "
        f"lists leave out unless `kind=unnamed` or `id` is asked. {COMMAS}",
        example=AN_ID,
    )

    class Meta:
        model = Speaker
        fields = []


class AffiliationFilters(RecordFilters):
    speaker = RecordsFilter(
        Speaker, field_name="speaker", help_text=f"Ids of speakers. {COMMAS}", example=AN_ID
    )
    organisation = RecordsFilter(
        Organisation,
        field_name="organisation",
        help_text=f"Ids of organisations. {COMMAS}",
        example=AN_ID,
    )
    role = RoleFilter(
        "with_role_words",
        help_text="Words that the role contains, in any order. Case and accents are ignored.",
        example="harbour master",
    )
    on = DateFilter(
        "held_on",
        help_text="Roles that can have been held on this date, month or year.",
        example="2026-02-11",
    )

    class Meta:
        model = Affiliation
        fields = []


class FactFilters(RecordFilters):
    speaker = RecordsFilter(
        Speaker, field_name="speaker", help_text=f"Ids of speakers. {COMMAS}", example=AN_ID
    )
    key = ListFilter(
        field_name="key",
        check=str,
        help_text=f"What the facts are about. {COMMAS}",
        example="party",
    )
    value = NameFilter(
        "with_value",
        help_text="A whole value. Case and accents are ignored; commas are part of it. `unknown` "
        "finds facts that say so.",
        example="Harbour Party",
    )
    on = DateFilter(
        "held_on",
        help_text="Facts that can have held on this date, month or year.",
        example="2026-02-11",
    )

    class Meta:
        model = Fact
        fields = []

"""The filters of each resource of `sources`."""

from sources.api.filters import (
    AskedFilters,
    ChoicesFilter,
    DateFilter,
    IdsFilter,
    LanguageFilter,
    ListFilter,
    MomentFilter,
    NameFilter,
    OutletFilter,
    RecordsFilter,
    RoleFilter,
    SlugFilter,
    UrlFilter,
)
from sources.dates import PartialDateFilter
from sources.models import Affiliation, Article, Organisation, Outlet, Speaker


class Changes(AskedFilters):
    """When a record was made and last changed."""

    created_after = MomentFilter("created")
    updated_after = MomentFilter("updated")


class PublishedRange(AskedFilters):
    """When something was published: inclusive, partial dates allowed, unknown never matches."""

    published_after = PartialDateFilter(
        field_name="published", day_field="published_day", edge="after"
    )
    published_before = PartialDateFilter(
        field_name="published", day_field="published_day", edge="before"
    )


class OutletFilters(Changes):
    name = NameFilter("called")
    slug = SlugFilter(field_name="pk")

    class Meta:
        model = Outlet
        fields = []


class ArticleFilters(Changes, PublishedRange):
    outlet = OutletFilter(field_name="outlet")
    outlet_name = NameFilter("in_outlet_named")
    external_id = ListFilter(field_name="external_id", check=str)
    url = UrlFilter(field_name="url_key")
    language = LanguageFilter(field_name="language")

    class Meta:
        model = Article
        fields = []


class OrganisationFilters(Changes):
    name = NameFilter("called")
    parent = RecordsFilter(Organisation, field_name="parent")

    class Meta:
        model = Organisation
        fields = []


class SpeakerFilters(Changes):
    name = NameFilter("called")
    kind = ChoicesFilter(Speaker.Kind, field_name="kind")
    organisation = IdsFilter("of_organisations")

    class Meta:
        model = Speaker
        fields = []


class AffiliationFilters(Changes):
    speaker = RecordsFilter(Speaker, field_name="speaker")
    organisation = RecordsFilter(Organisation, field_name="organisation")
    role = RoleFilter("with_role_words")
    on = DateFilter("held_on")

    class Meta:
        model = Affiliation
        fields = []

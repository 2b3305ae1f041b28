"""Base classes of all admin pages: bounded lists, search, record forms that lose no input."""

from copy import copy

from django import forms
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, models
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.text import capfirst

from sources.admin.edit_conflicts import EditConflictAdmin, ReopenedForm
from sources.admin.forms import IdentifiersFormField, LinesField, RecordForm, few_lines
from sources.admin.history import HistoryAdmin
from sources.admin.html import isolated, link
from sources.admin.lists import BoundedChangeList, BoundedPaginator
from sources.admin.widgets import AutocompleteFields
from sources.dates import PartialDateField, PartialDateFormField
from sources.exceptions import BadFilter, MissingRecord, refusal_of
from sources.identity import finding
from sources.models import PublicRecord
from sources.models.ids import as_uuid

MAX_RANKED = 200
"""Records with a word that a search over everything puts in order; what more have says little."""


MAX_PARAMETERS = 20
"""Parameters of a list that are tried one by one, to name the wrong ones: a query each."""


class BaseModelAdmin(AutocompleteFields, admin.ModelAdmin):
    """Bounded lists; an ID finds its record, anything else is searched by `search`."""

    list_per_page = 50
    paginator = BoundedPaginator
    show_full_result_count = False

    show_facets = admin.ShowFacets.NEVER
    why_missing = ""

    class Media:
        css = {"all": ["sources/admin.css"]}

    def get_changelist(self, request, **kwargs):
        return BoundedChangeList

    def changelist_view(self, request, extra_context=None):
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))

    def get_changelist_instance(self, request):
        try:
            return super().get_changelist_instance(request)
        except (DisallowedModelAdminLookup, IncorrectLookupParameters) as error:
            if not error.args:
                raise  # a page after the last: Django leads to the first
            names = [*request.GET][:MAX_PARAMETERS]
            wrong = [name for name in names if not self._understands(request, name)]
            given = {name: request.GET[name] for name in wrong or names}
            raise BadFilter(given) from None

    def _understands(self, request, name: str) -> bool:
        """Whether a list with this parameter alone can be shown."""
        alone = copy(request)
        alone.GET = QueryDict(mutable=True)
        alone.GET.setlist(name, request.GET.getlist(name))
        try:
            super().get_changelist_instance(alone)
        except (DisallowedModelAdminLookup, IncorrectLookupParameters):
            return False
        return True

    def _get_obj_does_not_exist_redirect(self, request, opts, object_id):
        """Answer 404; Django would lead to the dashboard with a message."""
        raise MissingRecord(
            f"There is no {opts.verbose_name} “{unquote(object_id):.60}”, or you may "
            f"not see it.{self.why_missing} Perhaps the address is mistyped.",
            reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"),
        )

    def get_search_results(self, request, queryset, search_term):
        """Records with UUIDs are found by ID; any other term goes to `search`."""
        term = search_term.replace("\0", "").strip()
        if not term:
            return queryset, False
        if isinstance(self.opts.pk, models.UUIDField) and (key := as_uuid(term)):
            return queryset.filter(pk=key), False
        return self.search(request, queryset, term), False

    def search(self, request, queryset, term: str) -> models.QuerySet:
        raise NotImplementedError

    def first_found(self, request, term: str, number: int) -> list[models.Model]:
        """The first records for the search over everything, at a bounded cost."""
        raise NotImplementedError

    def lookup_allowed(self, lookup, value, request) -> bool:
        """Allow only the filters and the exact lookups that links between pages use."""
        keys = (field.name for field in self.opts.concrete_fields if field.is_relation)
        names = (one[0] if isinstance(one, tuple) else one for one in self.list_filter)
        known = {getattr(name, "parameter_name", f"{name}__exact") for name in names}
        return lookup in known.union(f"{name}__id__exact" for name in keys) and "\0" not in value

    def has_delete_permission(self, request, obj=None) -> bool:
        return False  # records are never deleted


class ReadOnlyAdmin:
    """Pages of what the service keeps itself: nothing is added or changed by hand."""

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False


class RecordAdmin(HistoryAdmin, EditConflictAdmin, BaseModelAdmin):
    """Pages of records, saved with optimistic locking.

    The record is locked before its version is compared and its form validated. If the model or
    PostgreSQL refuses what the form accepted, everything is rolled back and the form is shown again
    with the reason.
    """

    form = RecordForm
    formfield_overrides = {
        ArrayField: {"form_class": LinesField},
        models.JSONField: {"form_class": IdentifiersFormField, "widget": few_lines()},
        models.TextField: {"empty_value": None, "widget": few_lines()},  # unknown is NULL
        PartialDateField: {"help_text": PartialDateFormField().help_text},
    }
    record_fields = ("id", "version", "created", "updated")
    why_missing = " Records are never deleted, but the law can demand that one is erased."

    def get_queryset(self, request):
        records = super().get_queryset(request)
        return records.visible_to(request.user) if hasattr(records, "visible_to") else records

    def get_readonly_fields(self, request, obj=None):
        return (*super().get_readonly_fields(request, obj), *self.record_fields, "seen_by")

    def get_fieldsets(self, request, obj=None):
        fieldsets = list(super().get_fieldsets(request, obj))
        if obj is None:
            return fieldsets
        seen = ["seen_by"] if isinstance(obj, PublicRecord) else []
        fields = [("id", "version"), ("created", "updated"), *seen]
        return [*fieldsets, ("Record", {"fields": fields})]

    @admin.display(description="seen by")
    def seen_by(self, record):
        if record.is_public:
            return "Everybody who may read."
        return (
            "Curators, and who filed it. It becomes public when something public refers to it, or "
            "when a curator saves it, even unchanged."
        )

    def save_model(self, request, record, form, change):
        if isinstance(record, PublicRecord):
            record.is_public = True  # who saves it as it is confirms it
        super().save_model(request, record, form, change)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def get_object(self, request, object_id, from_field=None):
        record = super().get_object(request, object_id, from_field)
        if record is None:
            return None
        if request.method == "POST" and connection.in_atomic_block:
            locked = self.get_queryset(request).select_for_update(of=("self",))
            record.refresh_from_db(from_queryset=locked)
        record.reader = request.user
        return record

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (ValidationError, IntegrityError, DataError) as error:
            if request.method != "POST" or hasattr(request, "refusal"):
                raise
            is_said = isinstance(error, ValidationError)
            request.refusal = error if is_said else ValidationError(refusal_of(error))
        return super().changeform_view(request, object_id, form_url, extra_context)


class LabelledFormSet(forms.BaseInlineFormSet):
    def add_fields(self, form, index):
        super().add_fields(form, index)
        if box := form.fields.get(DELETION_FIELD_NAME):
            box.widget.attrs["aria-label"] = "Delete"


class BaseInline(AutocompleteFields, admin.TabularInline):
    """Rows of a record on its page, compared with it if both changed."""

    form = ReopenedForm
    formset = LabelledFormSet
    extra = 0

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            # Screen readers do not read the column heading as a label.
            widget = getattr(field.widget, "widget", field.widget)
            widget.attrs["aria-label"] = capfirst(field.label)
        return field


class RecordInline(BaseInline):
    """Rows that are records themselves, and so are never deleted."""

    form = RecordForm
    formfield_overrides = RecordAdmin.formfield_overrides
    can_delete = False


MIN_SEARCHED = 3
"""Letters from which words are searched over everything: fewer begin half of all words."""

NEWEST_SEARCHED = 1_000
"""Newest records in which a common word is found, in 20 ms; a rare one is found by its index."""


class SearchedByWords:
    """Records found by their words, over everything: some of the newest, in order.

    PostgreSQL would collect all that hold a common word before it sorted them.
    """

    def with_words(self, records: models.QuerySet, term: str) -> models.QuerySet:
        raise NotImplementedError

    def first_found(self, request, term, number):
        if len(term) < MIN_SEARCHED and term.isascii():
            return []
        records = self.get_queryset(request).order_by(*self.ordering)
        newest = records.filter(pk__in=records.values("pk")[:NEWEST_SEARCHED])
        keys = list(self.with_words(newest, term).values_list("pk", flat=True)[:number])
        if len(keys) < number:
            some = self.with_words(records.order_by(), term).values_list("pk", flat=True)
            keys += some[:MAX_RANKED]
        return list(records.filter(pk__in=keys)[:number])


class PublishedColumns:
    """List columns for the outlet and the publication date."""

    @admin.display(description="outlet")
    def printed_by(self, record):
        return isolated(record.outlet and record.outlet.name)

    @admin.display(description="published", ordering="published_day")
    def printed_on(self, record):
        return record.published


class HiddenFilter(admin.SimpleListFilter):
    """Records that are not public yet, on request."""

    title = "visibility"
    parameter_name = "hidden"

    def lookups(self, request, model_admin):
        return [("yes", "Not yet public")]

    def queryset(self, request, queryset):
        return queryset.filter(is_public=False) if self.value() == "yes" else queryset


class MergedFilter(admin.SimpleListFilter):
    """Active records by default; merged records on request."""

    title = "status"
    parameter_name = "merged"

    def lookups(self, request, model_admin):
        return [("yes", "Merged")]

    def choices(self, changelist):
        active, *others = super().choices(changelist)
        return [{**active, "display": "Active"}, *others]

    def queryset(self, request, queryset):
        if self.value() == "yes":
            return queryset.exclude(merged_into=None)
        # Searching by ID finds merged records as well.
        return queryset if as_uuid(request.GET.get("q", "").strip()) else queryset.active()


class MergeableAdmin(RecordAdmin):
    """Pages of records that can be merged.

    A merged record links to its surviving record, and cannot be changed or chosen.
    """

    list_filter = (MergedFilter, HiddenFilter)

    def get_search_results(self, request, queryset, search_term):
        if request.resolver_match.url_name == "autocomplete":
            queryset = queryset.active()
        return super().get_search_results(request, queryset, search_term)

    def has_change_permission(self, request, obj=None) -> bool:
        merged = obj is not None and obj.merged_into_id
        return not merged and super().has_change_permission(request, obj)

    def get_readonly_fields(self, request, obj=None):
        return (*super().get_readonly_fields(request, obj), "leads_to")

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not obj.merged_into_id:
            return fieldsets
        return [("Merged into another record", {"fields": ["leads_to"]}), *fieldsets]

    @admin.display(description="merged into")
    def leads_to(self, record):
        return link(record.survivor)


class NamedAdmin(MergeableAdmin):
    """Pages of outlets, speakers and organisations."""

    search_fields = ("name",)  # shows the search box; `search` does the work
    search_help_text = (
        "Search names, aliases and identifiers. Partial words and missing accents are fine; one or "
        "two letters match the start of a word."
    )
    sortable_by = ("called", "created")
    ordering = ("name", "id")

    def search(self, request, queryset, term):
        """A picker gets the best first; a list what has the words, else all that is found."""
        if request.resolver_match.url_name == "autocomplete":
            return finding.by_relevance(queryset, term)
        by_parts = finding.mentioning(queryset, term.split())
        if by_parts.exists():
            return by_parts
        return queryset.filter(pk__in=finding.find(queryset, term))

    def first_found(self, request, term, number):
        return finding.found(self.get_queryset(request).active(), term, number)

    @admin.display(description="name", ordering="name")
    def called(self, record):
        return isolated(record.name)

    @admin.display(description="aliases")
    def also_called(self, record):
        return format_html_join("; ", "{}", ((isolated(alias),) for alias in record.aliases))

"""What every page of the admin shares: searching, counting, forms that lose nothing."""

from django import forms
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, models
from django.forms.formsets import DELETION_FIELD_NAME
from django.utils.html import format_html_join
from django.utils.text import capfirst

from sources.admin.edit_conflicts import EditConflictAdmin, ReopenedForm
from sources.admin.forms import IdentifiersFormField, LinesField, RecordForm, few_lines
from sources.admin.history import HistoryAdmin
from sources.admin.html import isolated, link
from sources.admin.lists import BoundedChangeList, BoundedPaginator, mentioning
from sources.admin.widgets import AutocompleteFields
from sources.dates import PartialDateField, PartialDateFormField
from sources.exceptions import refusal_of
from sources.models.ids import as_uuid


class BaseModelAdmin(AutocompleteFields, admin.ModelAdmin):
    """What every model's pages share: bounded lists, search by what an id or a name says."""

    list_per_page = 50
    paginator = BoundedPaginator
    show_full_result_count = False

    show_facets = admin.ShowFacets.NEVER

    class Media:
        css = {"all": ["sources/admin.css"]}
        js = ["sources/labels.js"]

    def get_changelist(self, request, **kwargs):
        return BoundedChangeList

    def get_search_results(self, request, queryset, search_term):
        """An id finds its record, where records have such ids; all else is up to `search`."""
        term = search_term.replace("\0", "").strip()
        if not term:
            return queryset, False
        if isinstance(self.opts.pk, models.UUIDField) and (key := as_uuid(term)):
            return queryset.filter(pk=key), False
        return self.search(request, queryset, term), False

    def search(self, request, queryset, term: str) -> models.QuerySet:
        raise NotImplementedError

    def lookup_allowed(self, lookup, value, request) -> bool:
        """Only what the filters and the links between pages ask for: a value, exactly."""
        keys = (field.name for field in self.opts.concrete_fields if field.is_relation)
        known = {getattr(one, "parameter_name", f"{one}__exact") for one in self.list_filter}
        return lookup in known.union(f"{name}__id__exact" for name in keys) and "\0" not in value

    def has_delete_permission(self, request, obj=None) -> bool:
        return False  # records are never deleted


class ReadOnlyAdmin:
    """Kept by the service itself: nothing here is made or changed by hand."""

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False


class RecordAdmin(HistoryAdmin, EditConflictAdmin, BaseModelAdmin):
    """Pages of records: what is saved was read in its present version, and a refusal is an answer.

    The record is locked before it is compared with what was read and its form is judged. Where the
    model or PostgreSQL refuses what the form let pass, all is rolled back and the form is shown
    again with the reason.
    """

    form = RecordForm
    formfield_overrides = {
        ArrayField: {"form_class": LinesField},
        models.JSONField: {"form_class": IdentifiersFormField, "widget": few_lines()},
        models.TextField: {"empty_value": None, "widget": few_lines()},  # unknown is NULL
        PartialDateField: {"help_text": PartialDateFormField().help_text},
    }
    record_fields = ("id", "version", "created", "updated")

    def get_readonly_fields(self, request, obj=None):
        return (*super().get_readonly_fields(request, obj), *self.record_fields)

    def get_fieldsets(self, request, obj=None):
        fieldsets = list(super().get_fieldsets(request, obj))
        if obj is None:
            return fieldsets
        return [*fieldsets, ("Record", {"fields": [("id", "version"), ("created", "updated")]})]

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
    """What belongs to a record, on its page, and is compared with it."""

    form = ReopenedForm
    formset = LabelledFormSet
    extra = 0

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            # The heading of a column names nothing to those who cannot see it.
            widget = getattr(field.widget, "widget", field.widget)
            widget.attrs["aria-label"] = capfirst(field.label)
        return field


class RecordInline(BaseInline):
    """Records of another record; as on their own page, they are never deleted."""

    form = RecordForm
    formfield_overrides = RecordAdmin.formfield_overrides
    can_delete = False


class PublishedColumns:
    """Columns of what an outlet printed on a date."""

    @admin.display(description="outlet")
    def printed_by(self, record):
        return isolated(record.outlet and record.outlet.name)

    @admin.display(description="published", ordering="published_day")
    def printed_on(self, record):
        return record.published


class MergedFilter(admin.SimpleListFilter):
    """Leaves out what was merged into another record, unless that is asked for."""

    title = "merged"
    parameter_name = "merged"

    def lookups(self, request, model_admin):
        return [("yes", "Merged into another")]

    def choices(self, changelist):
        standing, *others = super().choices(changelist)
        return [{**standing, "display": "Standing by themselves"}, *others]

    def queryset(self, request, queryset):
        if self.value() == "yes":
            return queryset.exclude(merged_into=None)
        # An id finds its record, whatever became of it.
        return queryset if as_uuid(request.GET.get("q", "").strip()) else queryset.standing()


class NamedAdmin(RecordAdmin):
    """Pages of outlets, speakers and organisations.

    What was merged into another is shown, with the way there, and cannot be changed or chosen.
    """

    search_fields = ("name",)  # shows the box; `search` says what is found
    search_help_text = (
        "Words of a name or an alias, in part or whole; one or two letters begin a word. Accents "
        "may be left out."
    )
    list_filter = (MergedFilter,)
    sortable_by = ("called", "created")
    ordering = ("name", "id")

    def search(self, request, queryset, term):
        return mentioning(queryset, term.split())

    def get_search_results(self, request, queryset, search_term):
        if request.resolver_match.url_name == "autocomplete":
            queryset = queryset.standing()
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

    @admin.display(description="name", ordering="name")
    def called(self, record):
        return isolated(record.name)

    @admin.display(description="aliases")
    def also_called(self, record):
        return format_html_join("; ", "{}", ((isolated(alias),) for alias in record.aliases))

"""What every page of the admin shares: searching, counting, forms that lose nothing."""

import json
from functools import cached_property

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.paginator import Paginator
from django.db import DataError, IntegrityError, connection, models
from django.db.models import F, Func, Value
from django.db.models.functions import Concat
from django.forms.fields import InvalidJSONInput
from django.forms.formsets import DELETION_FIELD_NAME
from django.utils.html import format_html_join
from django.utils.text import capfirst
from rest_framework import serializers

from sources.admin.completing import Completes
from sources.admin.conflicts import ReopenedForm, ShowsConflicts
from sources.admin.showing import link, shown
from sources.admin.timeline import ShowsHistory
from sources.counting import count_or_estimate, estimate
from sources.dates import PartialDateField, PartialDateFormField
from sources.faults import pointed, refusal_of
from sources.models import AllNames, Fold
from sources.names import as_uuid
from sources.serializers import (
    IdentifiersField,
    LanguageField,
    NameField,
    WebAddressField,
    with_time,
)

# Searching


def mentioning(queryset: models.QuerySet, words: list[str]) -> models.QuerySet:
    """Named records with each of these words in a name, case and accents ignored.

    Three characters or more may stand anywhere in a name, fewer begin a word of it: the index knows
    no shorter part. What has no letter or digit is looked for by reading all names.
    """
    names = Func(
        F("names_folded"),
        Value("\n"),
        function="array_to_string",
        output_field=models.TextField(),
    )
    queryset = queryset.alias(all_names=names, indexed_names=AllNames("names_folded"))
    for word in words:
        part = Fold(Value(word))
        if not any(character.isalnum() for character in word):
            queryset = queryset.filter(all_names__contains=part)
        elif len(word) < 3:
            queryset = queryset.filter(indexed_names__contains=Concat(Value(" "), part))
        else:
            queryset = queryset.filter(indexed_names__contains=part)
    return queryset


def in_any(queryset: models.QuerySet, *ways: models.QuerySet) -> models.QuerySet:
    """The rows of a queryset that are found in any of several ways, each a part of it.

    PostgreSQL reads a whole table for an OR of conditions that lie in different indexes. So `Pages`
    looks up the first rows of each way by itself, and puts these together.
    """
    keys = [way.order_by().values("pk") for way in ways]
    found = queryset.filter(pk__in=keys[0].union(*keys[1:]))
    found.ways, found.without_search = ways, queryset
    return found


# Pages


class Pages(Paginator):
    """Counts exactly up to `COUNTED` rows; beyond, believes PostgreSQL's estimate.

    Pages below `DEEPEST` are not offered: to get there costs more than to search.
    """

    COUNTED = 10_000
    DEEPEST = 1_000

    # What is found in several ways is counted up to `FOUND`, and not at all where so many are
    # likely: to see that a common word is met often, an index reads all the places where it is.
    FOUND = 1_000
    LIKELY = 5_000

    @property
    def ways(self) -> tuple[models.QuerySet, ...]:
        return getattr(self.object_list, "ways", ())

    @cached_property
    def count(self) -> int:
        if not self.ways:
            return count_or_estimate(self.object_list, exact_up_to=self.COUNTED)[0]
        likely = sum(map(estimate, self.ways))
        if likely > self.LIKELY:
            return likely
        some = [way.order_by().values("pk")[: self.FOUND + 1] for way in self.ways]
        found = some[0].union(*some[1:]).count()
        return found if found <= self.FOUND else max(found, likely)

    @cached_property
    def num_pages(self) -> int:
        return min(super().num_pages, self.DEEPEST)

    def page(self, number):
        page = super().page(number)
        first, last = page.start_index() - 1, page.end_index()
        if self.ways:
            page.object_list = self.rows(first, last)
        elif last:
            # Which rows, before anything is joined to them: many may have to be sorted.
            keys = self.object_list.values("pk")[first:last]
            page.object_list = self.object_list.filter(pk__in=keys)
        return page

    def rows(self, first: int, last: int) -> models.QuerySet:
        """The rows from one place to another of all that the ways find, in their order."""
        if not last:
            return self.object_list.none()
        order = self.object_list.query.order_by
        keys = dict.fromkeys([*(key.lstrip("-") for key in order), "pk"])
        each = [way.values_list(*keys)[:last] for way in self.ways]
        merged = each[0].union(*each[1:]).order_by(*order)[first:last]
        found = [row[-1] for row in merged]
        return self.object_list.without_search.filter(pk__in=found)


class BoundedList(ChangeList):
    """Sorted by what an index sorts, and read as `Pages` does where several ways found the rows."""

    def get_ordering_field(self, field_name):
        # Django offers no link to sort by other columns, but would do it for a URL that asks.
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None

    def get_ordering(self, request, queryset):
        """By one column upwards, what is equal goes upwards as well: so an index has it."""
        ordering = super().get_ordering(request, queryset)
        is_upwards = "." not in request.GET.get("o", "") and not str(ordering[0]).startswith("-")
        return [ordering[0], "pk"] if is_upwards else ordering

    def get_results(self, request):
        super().get_results(request)
        is_whole = not self.multi_page or (self.show_all and self.can_show_all)
        if self.paginator.ways and is_whole:
            self.result_list = self.paginator.rows(0, self.result_count)


# Forms


def few_lines(rows: int = 2) -> AdminTextareaWidget:
    return AdminTextareaWidget({"rows": rows, "cols": 60})


class LinesField(SimpleArrayField):
    """A list of texts, one a line: names hold commas."""

    widget = few_lines(4)

    def __init__(self, base_field, **kwargs):
        kwargs["max_length"] = kwargs.get("max_length") or 100
        super().__init__(base_field, delimiter="\n", **kwargs)
        self.help_text = "One a line."

    def prepare_value(self, value):
        if isinstance(value, list):
            value = [" ".join(str(item).splitlines()) for item in value]
        return super().prepare_value(value)

    def to_python(self, value):
        if isinstance(value, str):
            lines = value.replace("\r", "\n").split("\n")
            value = "\n".join(line for line in lines if line.strip())
        return super().to_python(value)


class IdentifiersFormField(forms.JSONField):
    """JSON that PostgreSQL can hold; shown again as it was typed. Empty is no identifiers."""

    def to_python(self, value):
        try:
            found = super().to_python(value)
            text = json.dumps(found, ensure_ascii=False)
            text.encode()
        except RecursionError:
            raise ValidationError("This is nested too deeply.") from None
        except UnicodeEncodeError:
            raise ValidationError("Surrogate characters are not allowed.") from None
        if r"\u0000" in text:
            raise ValidationError("Null characters are not allowed.")
        return {} if found is None else found

    def bound_data(self, data, initial):
        return data if data is None else InvalidJSONInput(data)


class RecordForm(ReopenedForm):
    """A form that keeps to the rules of the API's fields."""

    rules = {
        "name": NameField,
        "language": LanguageField,
        "url": WebAddressField,
        "identifiers": IdentifiersField,
    }

    refusal: ValidationError | None = None
    """What the model or PostgreSQL said when this form was saved; see `RecordAdmin`."""

    def clean(self):
        data = super().clean()
        for name, rule in self.rules.items():
            if data.get(name) is not None:
                self.hold_to(rule().run_validation, data[name], name)
        if self.refusal:
            everywhere = {NON_FIELD_ERRORS: self.refusal}
            for name, faults in getattr(self.refusal, "error_dict", everywhere).items():
                self.add_error(name if name in self.fields else None, faults)
        return data

    def _post_clean(self):
        # What was refused once is not asked of the database again, only shown.
        if not self.refusal:
            super()._post_clean()

    def hold_to(self, rule, value, name: str) -> None:
        """Let a rule of the API judge, and show what it says at the field."""
        try:
            rule(value)
        except serializers.ValidationError as error:
            for fault in pointed(error.detail):
                self.add_error(name, fault["message"])


class ArticleForm(RecordForm):
    def clean(self):
        data = super().clean()
        self.hold_to(with_time, data, "published_at")
        return data


# Pages of the admin


class Desk(Completes, admin.ModelAdmin):
    """What every model's pages share: bounded lists, search by what an id or a name says."""

    list_per_page = 50
    paginator = Pages
    show_full_result_count = False

    show_facets = admin.ShowFacets.NEVER

    class Media:
        css = {"all": ["sources/admin.css"]}
        js = ["sources/labels.js"]

    def get_changelist(self, request, **kwargs):
        return BoundedList

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


class ReadOnly:
    """Kept by the service itself: nothing here is made or changed by hand."""

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False


class RecordAdmin(ShowsHistory, ShowsConflicts, Desk):
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


class RowsFormSet(forms.BaseInlineFormSet):
    def add_fields(self, form, index):
        super().add_fields(form, index)
        if box := form.fields.get(DELETION_FIELD_NAME):
            box.widget.attrs["aria-label"] = "Delete"


class Rows(Completes, admin.TabularInline):
    """What belongs to a record, on its page, and is compared with it."""

    form = ReopenedForm
    formset = RowsFormSet
    extra = 0

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            # The heading of a column names nothing to those who cannot see it.
            widget = getattr(field.widget, "widget", field.widget)
            widget.attrs["aria-label"] = capfirst(field.label)
        return field


class RecordRows(Rows):
    """Records of another record; as on their own page, they are never deleted."""

    form = RecordForm
    formfield_overrides = RecordAdmin.formfield_overrides
    can_delete = False


class Printed:
    """Columns of what an outlet printed on a date."""

    @admin.display(description="outlet")
    def printed_by(self, record):
        return shown(record.outlet and record.outlet.name)

    @admin.display(description="published", ordering="published_day")
    def printed_on(self, record):
        return record.published


class Standing(admin.SimpleListFilter):
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
    list_filter = (Standing,)
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
        return shown(record.name)

    @admin.display(description="aliases")
    def also_called(self, record):
        return format_html_join("; ", "{}", ((shown(alias),) for alias in record.aliases))

"""Optimistic locking in the admin: a record that changed since its page was opened is not saved.

`ChangedSince` compares versions. Change forms go further, and merge three ways: a page carries,
signed, what its forms held when they were opened (`as_read`). If that has changed, the page is
opened again on the present record with the user's input filled in, and both versions are shown
field by field. A field that only one person changed gets that change; where both did, the user's
own text is kept and a checkbox takes the saved value. Saving that page confirms it, unless
something has changed once more.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from django import forms
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.db import models, transaction
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst

from sources.admin.diffs import add_diffs
from sources.admin.form_values import (
    OpenForms,
    Sent,
    Values,
    asked,
    in_words,
    is_same,
    rows_sent,
    seal,
    unseal,
    values_of,
    values_sent,
    with_taken,
)
from sources.admin.html import NONE, isolated
from sources.exceptions import changed_since
from sources.history.as_of import History
from sources.ledger.revisions import Revision

# Versions


@dataclass(frozen=True)
class ChangedSince:
    """A record that somebody changed after its page was opened: optimistic locking by version.

    The one way in the admin to notice it. A form carries the version that was read. Lock the
    record, then ask `ChangedSince.of(record, version_read)`. If it answers, save nothing and render
    `admin/includes/changed_since.html` with `changed`, a list of these. Code below the admin
    compares versions itself and reports with `sources.exceptions.changed_since`, as `str()` does.
    """

    MAX_REVISIONS = 20

    record: models.Model
    version_read: int | None  # None: not known

    @classmethod
    def of(cls, record: models.Model, version_read: int | None) -> Self | None:
        """None while the record is at the version that was read."""
        return None if record.version == version_read else cls(record, version_read)

    def __str__(self) -> str:
        return changed_since(self.version_read, self.record.version)

    @cached_property
    def revisions(self) -> list[Revision]:
        """Who changed it since, when and why, with `diffs`: the newest, newest first; 4 queries."""
        history = History(self.record, whole=True, verbs=(), reasons=(), names={})
        later = history.get_queryset().filter(version__gt=self.version_read or 0)
        return add_diffs(history, list(later.order_by("-version")[: self.MAX_REVISIONS]))


# Comparing


@dataclass
class ComparedField:
    """One field as `read`, saved `now` and `typed`.

    `by` says who changed it: `you`, `other`, `both`, `alike` (both, to the same value), `beside`
    (the other; not editable here) or nobody. `place` is the id of the form field, `take` the value
    of its checkbox.
    """

    label: str
    by: str
    read: str
    now: str
    typed: str
    place: str = ""
    take: str = ""

    @property
    def is_empty(self) -> bool:
        return {self.read, self.now, self.typed} <= {line_by_line(""), ""}


@dataclass
class ComparedForm:
    """The record or a row of an inline, field by field. A row with a note shows all its fields."""

    lines: list[ComparedField]
    title: str = ""
    note: str = ""

    @property
    def different(self) -> list[ComparedField]:
        return [line for line in self.lines if line.by or (self.note and not line.is_empty)]

    @property
    def same(self) -> list[ComparedField]:
        return [line for line in self.lines if not line.by]


def compare(field: forms.Field, read: Sent | None, now: Sent, typed: Sent | None) -> ComparedField:
    """Compare one field. `read` is None if not known, `typed` if nothing was sent."""
    mine = typed is not None and not is_same(field, typed, now if read is None else read)
    others = read is not None and not is_same(field, now, read)
    if mine and others and is_same(field, typed, now):
        by = "alike"
    elif mine:
        by = "both" if others or read is None else "you"
    else:
        by = "other" if others else ""
    before = None if read is None else in_words(field, read)
    return ComparedField(
        label=capfirst(field.label or ""),
        by=by,
        read=line_by_line(before or ""),
        now=line_by_line(in_words(field, now), before),
        typed=line_by_line(in_words(field, typed), before) if mine else "",
    )


def line_by_line(text: str, before: str | None = None) -> str:
    """A value as HTML; lines that are not in `before` are marked."""
    lines = text.split("\n")
    known = lines if before is None else before.split("\n")
    return format_html_join(
        "",
        "<div>{}</div>",
        (
            (words if line in known else format_html("<mark>{}</mark>", words),)
            for line in lines
            for words in [isolated(line) or NONE]
        ),
    )


class EditConflict:
    """The three-way merge of a page: what was read, what is saved now, what the user sent.

    `read` is None if it is not known. `typed` holds the input to fill into the reopened forms, and
    `contested` the fields that both changed, by form key. `added` holds the input of new rows, by
    the prefix of their inline.
    """

    def __init__(self, read: dict | None, now: dict, opened: OpenForms, sent: QueryDict):
        self.read, self.now, self.opened, self.sent = read, now, opened, sent
        self.typed: dict[str, dict] = {}
        self.contested: dict[str, list[str]] = {}
        self.added: dict[str, list[dict]] = {formset.prefix: [] for formset in opened.formsets}
        self.record = ComparedForm(self._merge(opened.key, values_sent(sent, opened.form)))
        self.record.lines += self._beside()
        rows = (row for formset in opened.formsets for row in self._rows(formset))
        self.rows = [row for row in rows if row.different]

    @property
    def number_contested(self) -> int:
        return sum(map(len, self.contested.values()))

    @property
    def changed(self) -> ChangedSince | None:
        """What happened to the record itself; None if only rows of its inlines changed."""
        return ChangedSince.of(
            self.opened.form.instance, self._read(self.opened.key).get("version")
        )

    def _read(self, key: str) -> dict:
        return self.read["parts"].get(key, {}) if self.read else {}

    def _merge(self, key: str, typed: Values) -> list[ComparedField]:
        """Compare the fields of a form, and note the input to fill in."""
        form, lines = self.opened.parts[key], []
        read, now = self._read(key).get("values", {}), self.now["parts"][key]["values"]
        for name, field in asked(form).items():
            line = compare(field, read.get(name), now[name], typed.get(name))
            line.place = form[name].id_for_label
            if line.by in ("you", "both"):
                self.typed.setdefault(key, {})[name] = field.bound_data(typed[name], None)
            if line.by == "both":
                line.take = f"{key}:{name}"
                self.contested.setdefault(key, []).append(name)
            lines.append(line)
        return lines

    def _beside(self) -> Iterator[ComparedField]:
        read = self.read["beside"] if self.read else self.now["beside"]
        for label, now in self.now["beside"].items():
            if (before := read.get(label, NONE)) != now:
                yield ComparedField(
                    label, "beside", line_by_line(before), line_by_line(now, before), ""
                )

    # Rows

    def _rows(self, formset: forms.BaseInlineFormSet) -> Iterator[ComparedForm]:
        blank, typed, marked, new = formset.empty_form, {}, set(), []
        for prefix, key in rows_sent(self.sent, formset):
            values = values_sent(self.sent, blank, prefix)
            if key:
                typed[key] = values
            elif is_changed(blank, values, values_of(blank)):
                new.append(values)
            if key and formset.can_delete and self.sent.get(f"{prefix}{DELETION_FIELD_NAME}"):
                marked.add(key)

        mine = f"{formset.prefix}:"
        present = [key for key in self.now["parts"] if key.startswith(mine)]
        for key in present:
            yield self._row_on_record(key, typed.get(key), key in marked)
        for key in self.read["parts"] if self.read else typed:
            if key.startswith(mine) and key not in present:
                yield self._row_removed(formset, key, typed.get(key, {}), key in marked)
        for values in new:
            yield self._row_added(formset, {}, values, "You added this row, below.")

    def _row_on_record(self, key: str, typed: Values | None, is_marked: bool) -> ComparedForm:
        read, now = self._read(key).get("values"), self.now["parts"][key]["values"]
        title = title_of(self.opened.parts[key], now)
        if is_marked:
            note = "You marked this row for deletion."
            if read != now:
                note += " Somebody else changed it. Clear its checkbox below to keep it."
            self.typed[key] = {DELETION_FIELD_NAME: True}
            return ComparedForm(self._without_merging(key, read), title, note)
        note = "Somebody else added this row." if read is None and typed is None else ""
        return ComparedForm(self._merge(key, typed or {}), title, note)

    def _without_merging(self, key: str, read: Values | None) -> list[ComparedField]:
        now = self.now["parts"][key]["values"]
        fields = asked(self.opened.parts[key])
        return [compare(fields[name], (read or {}).get(name), now[name], None) for name in fields]

    def _row_removed(self, formset, key: str, typed: Values, is_marked: bool) -> ComparedForm:
        blank, read = formset.empty_form, self._read(key).get("values", {})
        if not is_marked and is_changed(blank, typed, read):
            note = (
                "Somebody else removed this row. It is below as a new row with your changes; clear "
                "that row to leave it out."
            )
            return self._row_added(formset, read, read | typed, note)
        note = f"Somebody else removed this row{', as you did' if is_marked else ''}."
        fields = asked(blank)
        lines = [compare(fields[name], read.get(name, ""), "", None) for name in fields]
        return ComparedForm(lines, title_of(blank, read), note)

    def _row_added(self, formset, read: Values, typed: Values, note: str) -> ComparedForm:
        blank, added, lines = formset.empty_form, self.added[formset.prefix], []
        prefix = formset.add_prefix(len(formset.initial_forms) + len(added))
        for name, field in asked(blank).items():
            before = read.get(name, "")
            line = compare(field, before, before, typed.get(name))
            line.now, line.typed = line_by_line(""), line.typed or line.read
            line.place = f"id_{prefix}-{name}"
            lines.append(line)
        fields = blank.fields
        added.append({name: fields[name].bound_data(value, None) for name, value in typed.items()})
        return ComparedForm(lines, title_of(blank, typed), note)


def is_changed(form: forms.ModelForm, typed: Values, read: Values) -> bool:
    return any(
        not is_same(form.fields[name], value, read.get(name, "")) for name, value in typed.items()
    )


def title_of(row: forms.ModelForm, values: Values) -> str:
    said = (in_words(row.fields[name], value) for name, value in values.items())
    kind = capfirst(row._meta.model._meta.verbose_name)
    return format_html("{}: {}", kind, isolated(", ".join(part for part in said if part)) or NONE)


# Pages


class ReopenedForm(forms.ModelForm):
    """A form that can be reopened after an edit conflict, with the user's input."""

    conflict: EditConflict | None = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.conflict or self.instance._state.adding:
            return
        inline, _, _ = (self.prefix or "").rpartition("-")
        key = f"{inline}:{self.instance.pk}"
        self.initial |= self.conflict.typed.get(key, {})
        for name in self.conflict.contested.get(key, []):
            field = self.fields[name]
            field.help_text = "Somebody else changed this too. Your text is kept here."
            getattr(field.widget, "widget", field.widget).attrs["data-contested"] = True


class EditConflictAdmin:
    """A change page that reports edit conflicts instead of overwriting.

    Everything compared is locked until the save; `get_object` locks the record.
    """

    change_form_template = "admin/record_change_form.html"

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        with transaction.atomic():
            if request.method == "POST" and object_id:
                request = self.compared(request, object_id)
            return super().changeform_view(request, object_id, form_url, extra_context)

    def compared(self, request, object_id: str):
        """The request; in a conflict, a GET request that shows the conflict instead."""
        record = self.get_object(request, unquote(object_id))
        if record is None or not self.has_change_permission(request, record):
            return request
        opened = self.opened(request, record)
        read, now = unseal(record, request.POST.get("as_read", "")), opened.as_read()
        if read:
            request.POST = with_taken(request.POST, read, opened)
            if read["parts"] == now["parts"]:
                return request
        anew = copy(request)
        anew.method = "GET"
        anew.conflict = EditConflict(read, now, opened, request.POST)
        return anew

    def opened(self, request, record: models.Model) -> OpenForms:
        """The forms of the page as they would be opened now, with their rows locked."""
        names = flatten_fieldsets(self.get_fieldsets(request, record))
        form = self.get_form(request, record, change=True, fields=names)
        formsets = []
        for formset, inline in self.get_formsets_with_inlines(request, record):
            rows = inline.get_queryset(request).select_for_update(of=("self",))
            if not inline.has_change_permission(request, record):
                rows = rows.none()
            prefix = formset.get_default_prefix()
            formsets.append(formset(instance=record, prefix=prefix, queryset=rows))
        return OpenForms(form(instance=record), formsets)

    # Reopened pages

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        form.conflict = getattr(request, "conflict", None)
        return form

    def get_formsets_with_inlines(self, request, obj=None):
        conflict = getattr(request, "conflict", None)
        for formset, inline in super().get_formsets_with_inlines(request, obj):
            if conflict:
                formset.form.conflict = conflict
                formset.extra = len(conflict.added[formset.get_default_prefix()])
            yield formset, inline

    def get_formset_kwargs(self, request, obj, inline, prefix):
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        if conflict := getattr(request, "conflict", None):
            kwargs["initial"] = conflict.added[prefix]
        return kwargs

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if change and self.has_change_permission(request, obj):
            conflict = getattr(request, "conflict", None)
            if request.method == "POST":
                as_read = request.POST.get("as_read", "")
            elif conflict:
                as_read = seal(obj, conflict.now)
            else:
                inlines = context["inline_admin_formsets"]
                rows = [inline.formset for inline in inlines if inline.has_change_permission]
                as_read = seal(obj, OpenForms(context["adminform"].form, rows).as_read())
            context |= {"conflict": conflict, "as_read": as_read}
        return super().render_change_form(request, context, add, change, form_url, obj)

"""Values of the forms of a page: as opened, and as a browser sends them back.

A `part` of a page is a form on a stored row: the record, or a row of an inline. Its key is the
prefix of its inline (empty for the record), a colon and the row's id. Values are kept as a browser
sends them: a string, or a list of strings for a field with several inputs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django import forms
from django.contrib.admin.utils import display_for_field
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.formsets import DELETION_FIELD_NAME
from django.forms.models import InlineForeignKeyField
from django.http import QueryDict
from django.utils.text import capfirst

from sources.admin.html import NONE

type Sent = str | list[str]
type Values = dict[str, Sent]

# Values


def as_sent(field: forms.Field, value) -> Sent:
    """A Python value as the browser would send it back from this field."""
    value = field.prepare_value(value)
    if isinstance(field.widget, forms.MultiWidget):
        values = value if isinstance(value, list) else field.widget.decompress(value)
        widgets = field.widget.widgets
        return [tidy(w.format_value(v)) for w, v in zip(widgets, values, strict=True)]
    widget = getattr(field.widget, "widget", field.widget)  # of an autocomplete field
    text = widget.format_value(value)
    return tidy(text[0] if isinstance(text, list) else text)


def tidy(text: str | None) -> str:
    return "" if text is None else str(text).replace("\r\n", "\n")


def is_same(field: forms.Field, one: Sent, other: Sent) -> bool:
    """Whether both clean to the same value, as ` Mara ` and `Mara` do."""
    if one == other or isinstance(field, forms.ModelChoiceField | forms.MultiValueField):
        return one == other
    try:
        return as_sent(field, field.to_python(one)) == as_sent(field, field.to_python(other))
    except ValidationError:
        return False


def in_words(field: forms.Field, value: Sent) -> str:
    """A value for people: related records and choices by name."""
    if isinstance(value, list):
        return " ".join(part for part in value if part)
    if value and isinstance(field, forms.ModelChoiceField):
        try:
            return field.label_from_instance(field.to_python(value))
        except ValidationError:
            return value
    if value and isinstance(field, forms.ChoiceField):
        return str(dict(field.choices).get(value, value))
    return value


# Opened pages


def asked(form: forms.ModelForm) -> dict[str, forms.Field]:
    """The fields of a form that a user fills in."""
    own = (form._meta.model._meta.pk.name, DELETION_FIELD_NAME)
    return {
        name: field
        for name, field in form.fields.items()
        if name not in own and not isinstance(field, InlineForeignKeyField)
    }


def values_of(form: forms.ModelForm) -> Values:
    """What the form would send if nobody edited it."""
    return {
        name: as_sent(field, form.get_initial_for_field(field, name))
        for name, field in asked(form).items()
    }


def beside(form: forms.ModelForm) -> dict[str, str]:
    """Editable columns of the record that this form does not show, in words by label."""
    record = form.instance
    return {
        capfirst(column.verbose_name): str(
            display_for_field(getattr(record, column.name), column, NONE)
        )
        for column in record._meta.concrete_fields
        if column.editable and column.name not in form.fields
    }


@dataclass(frozen=True)
class OpenForms:
    """The forms of a page as opened: the record's and those of its inlines."""

    form: forms.ModelForm
    formsets: list[forms.BaseInlineFormSet]

    @property
    def key(self) -> str:
        return f":{self.form.instance.pk}"

    @cached_property
    def parts(self) -> dict[str, forms.ModelForm]:
        return {self.key: self.form} | {
            f"{formset.prefix}:{row.instance.pk}": row
            for formset in self.formsets
            for row in formset.initial_forms
        }

    def as_read(self) -> dict:
        """Their values, ready for JSON. `parts` stays equal until somebody changes a row."""
        parts = {
            key: {"version": getattr(form.instance, "version", None), "values": values_of(form)}
            for key, form in self.parts.items()
        }
        return {"parts": parts, "beside": beside(self.form)}


def seal(record: models.Model, read: dict) -> str:
    return signing.dumps(read, salt=_salt(record), compress=True)


def unseal(record: models.Model, sealed: str) -> dict | None:
    """What was read; None if the signature is not ours or of another record."""
    try:
        return signing.loads(sealed, salt=_salt(record))
    except signing.BadSignature:
        return None


def _salt(record: models.Model) -> str:
    return f"as read: {record._meta.label} {record.pk}"


# Submitted pages


def values_sent(sent: QueryDict, form: forms.ModelForm, prefix: str = "") -> Values:
    """What was sent for a form's fields, without related records that do not exist."""
    values = {}
    for name, field in asked(form).items():
        if field.widget.value_omitted_from_data(sent, {}, f"{prefix}{name}"):
            continue
        value = field.widget.value_from_datadict(sent, {}, f"{prefix}{name}")
        value = [tidy(part) for part in value] if isinstance(value, list) else tidy(value)
        if isinstance(field, forms.ModelChoiceField):
            try:
                field.to_python(value)
            except ValidationError:
                continue
        values[name] = value
    return values


def rows_sent(sent: QueryDict, formset: forms.BaseInlineFormSet) -> Iterator[tuple[str, str]]:
    """The prefix of each row that was sent for an inline, and its key; new rows have none."""
    total = sent.get(f"{formset.prefix}-TOTAL_FORMS", "")
    total = int(total) if total.isascii() and total.isdigit() and len(total) < 6 else 0
    for number in range(min(total, formset.absolute_max)):
        prefix = f"{formset.add_prefix(number)}-"
        pk = sent.get(f"{prefix}{formset.model._meta.pk.name}")
        yield prefix, f"{formset.prefix}:{pk}" if pk else ""


def with_taken(sent: QueryDict, read: dict, opened: OpenForms) -> QueryDict:
    """What was sent, with the value that was read in fields whose `take` checkbox is ticked."""
    if not (taken := sent.getlist("take")):
        return sent
    sent = sent.copy()
    prefixes = {opened.key: ""} | {
        key: prefix for formset in opened.formsets for prefix, key in rows_sent(sent, formset)
    }
    for key, _, name in (box.rpartition(":") for box in taken):
        known = read["parts"].get(key, {}).get("values", {})
        if name not in known or key not in opened.parts or key not in prefixes:
            continue
        html_name, value = f"{prefixes[key]}{name}", known[name]
        if isinstance(value, list):
            suffixes = opened.parts[key].fields[name].widget.widgets_names
            for suffix, part in zip(suffixes, value, strict=True):
                sent[f"{html_name}{suffix}"] = part
        else:
            sent[html_name] = value
    return sent

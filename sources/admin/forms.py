"""Form fields and forms of the admin, validated by the API's fields."""

import json

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms.fields import InvalidJSONInput
from rest_framework import serializers

from sources.admin.edit_conflicts import ReopenedForm
from sources.api.publication import split_time
from sources.api.serializers import (
    IdentifiersField,
    LanguageField,
    NameField,
    WebAddressField,
    aliases_field,
)
from sources.exceptions import flatten_errors
from sources.history.remembered import faults_of


def few_lines(rows: int = 2) -> AdminTextareaWidget:
    return AdminTextareaWidget({"rows": rows, "cols": 60})


class LinesField(SimpleArrayField):
    """A list of texts, one per line because names contain commas."""

    widget = few_lines(4)

    def __init__(self, base_field, **kwargs):
        kwargs["max_length"] = kwargs.get("max_length") or 100
        super().__init__(base_field, delimiter="\n", **kwargs)
        self.help_text = "One per line."

    def prepare_value(self, value):
        if isinstance(value, list):
            value = [" ".join(str(item).splitlines()) for item in value]
        return super().prepare_value(value)

    def to_python(self, value):
        if isinstance(value, str):
            lines = value.replace("\r", "\n").split("\n")
            value = "\n".join(line for line in lines if line.strip())
        return super().to_python(value)


class ReasonField(forms.CharField):
    """Why something is done, which is kept: without words that were erased by law."""

    def clean(self, value):
        reason = super().clean(value)
        if faults := faults_of({"reason": reason}):
            raise ValidationError(faults["reason"])
        return reason


class IdentifiersFormField(forms.JSONField):
    """JSON that PostgreSQL can store, shown again as it was typed. Empty means none."""

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
    """A record's form, validated by the API's fields."""

    rules = {
        "name": NameField,
        "slug": NameField,
        "aliases": aliases_field,
        "language": LanguageField,
        "url": WebAddressField,
        "identifiers": IdentifiersField,
    }

    refusal: ValidationError | None = None
    """Why the model or PostgreSQL refused the save; see `RecordAdmin`."""

    def clean(self):
        data = super().clean()
        for name, rule in self.rules.items():
            if data.get(name) is not None:
                value = self.hold_to(rule().run_validation, data[name], name)
                if value is not None:
                    data[name] = value
        of = getattr(self.instance, "article_id", None) or self.instance.pk
        sent = {name: data[name] for name in self.changed_data if name in data}
        for name, fault in faults_of(sent, of).items():
            self.add_error(name, fault)
        if self.refusal:
            everywhere = {NON_FIELD_ERRORS: self.refusal}
            for name, faults in getattr(self.refusal, "error_dict", everywhere).items():
                self.add_error(name if name in self.fields else None, faults)
        return data

    def _post_clean(self):
        # After a refusal the form is only shown, so the database is not asked again.
        if not self.refusal:
            super()._post_clean()

    def hold_to(self, rule, value, name: str):
        """Run a validator of the API and add its messages to a field; return what it returns."""
        try:
            return rule(value)
        except serializers.ValidationError as error:
            for fault in flatten_errors(error.detail):
                self.add_error(name, fault["message"])


class ArticleForm(RecordForm):
    def clean(self):
        data = super().clean()
        return self.hold_to(split_time, data, "published_at") or data

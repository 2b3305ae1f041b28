"""Serializers and fields that all resources share."""

from collections.abc import Mapping
from copy import copy
from functools import lru_cache

from django.core.exceptions import ValidationError as ModelValidationError
from django.db import OperationalError, connection, models
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.plumbing import ResolvedComponent, build_choice_field
from langcodes import standardize_tag
from rest_framework import serializers

from sources.api.addresses import html_url
from sources.exceptions import MAX_FAULTS, nearest_of
from sources.history.remembered import faults_of
from sources.models import Mergeable, Named, PublicRecord, Speaker
from sources.models.ids import as_uuid

AN_ID = "01977a2e-6c1f-7a30-b1d4-000000000001"
"""The example of each parameter that takes ids."""


@lru_cache(maxsize=1_000)
def canonical_language(tag: str) -> str:
    """Return a BCP 47 tag in its usual case, with the shortest code. Raises ValueError."""
    return standardize_tag(tag)


class ReservedNames:
    """A serializer with fields that Python or DRF cannot name: `in_` is the field `in`."""

    def get_fields(self):
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}


class StrictSerializer(serializers.Serializer):
    """A serializer that refuses unknown fields and suggests the known ones."""

    def to_internal_value(self, data):
        if isinstance(data, Mapping):
            writable = [name for name, field in self.fields.items() if not field.read_only]
            refused = [name for name in data if name not in writable]
            faults = {
                name: [
                    "This field is read-only."
                    if name in self.fields
                    else f"Unknown field. {nearest_of(str(name), writable)}"
                ]
                for name in refused[:MAX_FAULTS]
            }
            if more := len(refused) - len(faults):
                faults[refused[0]].append(f"There are {more:,} more fields to leave out.")
            if faults:
                # Report errors in the known fields too.
                try:
                    super().to_internal_value({k: v for k, v in data.items() if k in writable})
                except serializers.ValidationError as error:
                    faults = {**error.detail, **faults}
                raise serializers.ValidationError(faults)
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A string. Refuses numbers, so that 4711.0 never becomes a name."""

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class LastingSerializer(StrictSerializer):
    """A serializer of what is kept. Refuses words and names that were erased by law."""

    def validate(self, attrs):
        attrs = super().validate(attrs)
        record = getattr(self, "instance", None)
        article = getattr(record, "article_id", None) or (record and record.pk)
        if faults := faults_of(attrs, article):
            raise serializers.ValidationError(faults)
        return attrs


class RecordSerializer(LastingSerializer, serializers.ModelSerializer):
    """Serializer of a record. Checks the database's constraints, so that a violation is a 400."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: Text,
        models.TextField: Text,
    }

    def validate(self, attrs):
        attrs = super().validate(attrs)
        record = copy(self.instance) if self.instance else self.Meta.model()
        for name, value in attrs.items():
            setattr(record, name, value)
        try:
            record.clean()
            record.validate_constraints(exclude=None if self.instance else {"id"})
        except ModelValidationError as error:
            if connection.connection is None or connection.connection.closed:
                # Django reports a lost connection as a constraint violation.
                raise OperationalError("The database connection was lost.") from error
            raise serializers.ValidationError(
                serializers.as_serializer_error(error)
                if hasattr(error, "error_dict")
                else error.messages
            ) from error
        return attrs

    def update(self, record, changes):
        if changes and isinstance(record, PublicRecord):
            record.is_public = True  # who sends what it says already confirms it
        return super().update(record, changes)


class HtmlUrlField(serializers.URLField):
    """The URL of the record's page for people."""

    def __init__(self, **kwargs):
        about = "The page for people."
        super().__init__(**{"source": "*", "read_only": True, "help_text": about, **kwargs})

    def to_representation(self, record) -> str:
        return html_url(record, self.context.get("request"))


class Reference(serializers.Field):
    """A named record: shown as an object, written as its id or its unambiguous name."""

    def __init__(self, queryset, shows: tuple[str, ...] = ("id", "name"), **kwargs):
        self.queryset, self.shows = queryset, shows
        super().__init__(**kwargs)

    def __deepcopy__(self, memo):
        return type(self)(*self._args, **self._kwargs)

    def to_representation(self, value: Named) -> dict:
        return {
            name: str(value.pk) if name == "id" else getattr(value, name) for name in self.shows
        }

    def to_internal_value(self, data):
        if not isinstance(data, str):
            raise serializers.ValidationError("Write an id or a name, as a string.")
        kind = self.queryset.model._meta.verbose_name
        if (key := as_uuid(data)) is not None:
            if record := self.visible().filter(pk=key).first():
                return record.survivor if isinstance(record, Mergeable) else record
            raise serializers.ValidationError(f"There is no {kind} with this id.")
        if not issubclass(self.queryset.model, Named):
            raise serializers.ValidationError(f"Write the id of the {kind}.")
        candidates = list(self.visible().called(data)[:2])
        if len(candidates) == 1:
            return candidates[0]
        raise serializers.ValidationError(
            f"Several records are called “{data[:80]}”: write the id."
            if candidates
            else f"No {kind} is called “{data[:80]}”. Create it first, or write its id."
        )

    def visible(self):
        """The records that the user may see: others are unknown. Commands and imports see all."""
        request = self.context.get("request")
        return self.queryset.visible_to(request.user) if request else self.queryset


class PeerReference(Reference):
    """Another record of the kind that the view serves."""

    def __init__(self, **kwargs):
        super().__init__(None, **kwargs)

    def to_internal_value(self, data):
        self.queryset = self.context["view"].queryset.model.objects.all()
        return super().to_internal_value(data)


class ReferenceSchema(OpenApiSerializerFieldExtension):
    """A named component of the OpenAPI document for each kind of reference."""

    target_class = Reference
    match_subclasses = True

    PROPERTIES = {
        "id": {"type": "string", "format": "uuid"},
        "kind": build_choice_field(serializers.ChoiceField(Speaker.Kind.choices)),
        "byline": {"type": "array", "items": {"type": "string"}},
        "withdrawn": {
            "type": ["object", "null"],
            "description": "When and why the outlet withdrew the article.",
            "properties": {
                "when": {"type": "string", "format": "date-time"},
                "reason": {"type": "string"},
            },
            "required": ["when", "reason"],
        },
        "headline": {"type": ["string", "null"]},
        "rights": {"type": ["string", "null"], "description": "The notice of copyright."},
        "license": {
            "type": ["string", "null"],
            "description": "The URL or the name of a licence. One of an article goes before its "
            "outlet’s.",
        },
        "url": {"type": ["string", "null"]},
    }

    def map_serializer_field(self, auto_schema, direction):
        if direction == "request":
            return {"type": "string", "description": "An id, or a name that only one record has."}
        return self.component(auto_schema).ref

    def component(self, auto_schema) -> ResolvedComponent:
        shows, model = self.target.shows, self.target.queryset.model
        text = {"type": "string"}
        more = next((part for part in ("byline", "rights") if part in shows), "")
        component = ResolvedComponent(
            name=f"{model.__name__}Reference{more and f'With{more.title()}'}",
            type=ResolvedComponent.SCHEMA,
            object="-".join([model.__name__, *shows]),
            schema={
                "type": "object",
                "properties": {name: self.PROPERTIES.get(name, text) for name in shows},
                "required": list(shows),
            },
        )
        auto_schema.registry.register_on_missing(component)
        return component

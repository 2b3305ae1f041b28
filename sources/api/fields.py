"""Serializers and fields that every resource is built from."""

from collections.abc import Mapping
from copy import copy

from django.core.exceptions import ValidationError as ModelValidationError
from django.db import OperationalError, connection, models
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers

from sources.exceptions import nearest_of
from sources.models import Named
from sources.models.ids import as_uuid


class StrictSerializer(serializers.Serializer):
    """A serializer that refuses fields it does not know, and says which it does."""

    def to_internal_value(self, data):
        if isinstance(data, Mapping):
            writable = [name for name, field in self.fields.items() if not field.read_only]
            faults = {
                name: [
                    "This field is read-only."
                    if name in self.fields
                    else f"Unknown field. {nearest_of(str(name), writable)}"
                ]
                for name in data
                if name not in writable
            }
            if faults:
                # Name what is wrong with the known fields in the same answer.
                try:
                    super().to_internal_value({k: v for k, v in data.items() if k in writable})
                except serializers.ValidationError as error:
                    faults = {**error.detail, **faults}
                raise serializers.ValidationError(faults)
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A string; a number is none, lest 4711.0 become a name."""

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class RecordSerializer(StrictSerializer, serializers.ModelSerializer):
    """The public form of a record. What PostgreSQL would refuse is refused as a 400 first."""

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
                # Django takes a database that died meanwhile for a violation of what it asked.
                raise OperationalError("The database went away.") from error
            raise serializers.ValidationError(
                serializers.as_serializer_error(error)
                if hasattr(error, "error_dict")
                else error.messages
            ) from error
        return attrs


class Reference(serializers.Field):
    """A named record: read as an object, written as an id or as a name that only one has."""

    def __init__(self, queryset, shows: tuple[str, ...] = ("id", "name"), **kwargs):
        self.queryset, self.shows = queryset, shows
        super().__init__(**kwargs)

    def __deepcopy__(self, memo):
        return type(self)(*self._args, **self._kwargs)

    def to_representation(self, value: Named) -> dict:
        return {
            name: str(value.pk) if name == "id" else getattr(value, name) for name in self.shows
        }

    def schema(self) -> dict:
        """What it looks like when read, as JSON Schema."""
        known = {
            "id": {"type": "string", "format": "uuid"},
            "byline": {"type": "array", "items": {"type": "string"}},
        }
        known |= {name: {"type": ["string", "null"]} for name in ("headline", "url")}
        return {
            "type": "object",
            "properties": {name: known.get(name, {"type": "string"}) for name in self.shows},
            "required": list(self.shows),
        }

    def to_internal_value(self, data):
        if not isinstance(data, str):
            raise serializers.ValidationError("Write an id or a name, as a string.")
        what = self.queryset.model._meta.verbose_name
        if (key := as_uuid(data)) is not None:
            if record := self.queryset.filter(pk=key).first():
                return record.survivor if isinstance(record, Named) else record
            raise serializers.ValidationError(f"There is no {what} with this id.")
        found = list(self.queryset.called(data)[:2])
        if len(found) == 1:
            return found[0]
        raise serializers.ValidationError(
            f"Several records are called “{data[:80]}”: write the id."
            if found
            else f"No {what} is called “{data[:80]}”. Make it first, or write its id."
        )


class Another(Reference):
    """Another record of the kind that the endpoint is of."""

    def __init__(self, **kwargs):
        super().__init__(None, **kwargs)

    def to_internal_value(self, data):
        self.queryset = self.context["view"].queryset.model.objects.all()
        return super().to_internal_value(data)


class ReferenceSchema(OpenApiSerializerFieldExtension):
    target_class = Reference
    match_subclasses = True

    def map_serializer_field(self, auto_schema, direction):
        if direction == "response":
            return self.target.schema()
        return {
            "type": "string",
            "description": "An id, or the name that one record has.",
        }

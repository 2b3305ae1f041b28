"""Validate good payloads fast.

A serializer makes a dozen calls per field. Nearly every payload of an archive is valid, and a few
checks per field show that it is. Other payloads go to the serializer, which reports the errors.
"""

import sys
from collections.abc import Callable
from functools import cache

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from rest_framework import serializers
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from sources.api.fields import StrictSerializer, Text

type Reader = Callable[[object], object]


class NotPlain(Exception):
    """A value that the fast checks cannot settle: ask the serializer."""


@cache
def plain_reader(serializer: type[StrictSerializer]) -> Callable[[object], dict | None]:
    """Return a function from a payload to `validated_data`; None: ask the serializer."""
    read = _object_reader(serializer())

    def read_plain(payload: object) -> dict | None:
        try:
            return read(payload)
        except (NotPlain, UnicodeEncodeError, DjangoValidationError, serializers.ValidationError):
            return None

    return read_plain


def _reader(field: serializers.Field) -> Reader:
    """Return a function that validates a value as the field does, fast for common fields."""
    kind = type(field)
    if kind is serializers.ListSerializer:
        read = _list_reader(field)
    elif isinstance(field, StrictSerializer):
        read = _object_reader(field)
    elif kind is serializers.ChoiceField and not field.validators:
        read = _choice_reader(field)
    elif kind.to_internal_value is Text.to_internal_value and field.max_length:
        read = _text_reader(field)
    elif plain := getattr(field, "plain", None):
        read = _string_reader(_reader(plain))
    else:
        return field.run_validation
    if field.allow_null:
        return lambda value: None if value is None else read(value)
    return read


def _string_reader(read_string: Reader) -> Reader:
    """Read a string that way; what else a field takes is left to the serializer."""

    def read(value: object) -> object:
        if type(value) is not str:
            raise NotPlain
        return read_string(value)

    return read


def _object_reader(serializer: StrictSerializer) -> Reader:
    kind, fields = type(serializer), serializer.fields
    is_plain = kind.to_internal_value is StrictSerializer.to_internal_value and all(
        field.source_attrs == [name]
        and not field.read_only
        and field.default is serializers.empty
        and not hasattr(serializer, f"validate_{name}")
        for name, field in fields.items()
    )
    if not is_plain or serializer.validators:
        return serializer.run_validation
    readers = {name: _reader(field) for name, field in fields.items()}
    required = {name for name, field in fields.items() if field.required}

    def read(value: object) -> object:
        if type(value) is not dict or not required <= value.keys() <= readers.keys():
            raise NotPlain
        data = {name: read(value[name]) for name, read in readers.items() if name in value}
        return serializer.validate(data)

    return read


def _list_reader(field: serializers.ListSerializer) -> Reader:
    read_item = _reader(field.child)
    shortest, longest = field.min_length or 1, field.max_length or sys.maxsize

    def read(value: object) -> object:
        if type(value) is not list or not shortest <= len(value) <= longest:
            raise NotPlain
        return [read_item(item) for item in value]

    return read


def _choice_reader(field: serializers.ChoiceField) -> Reader:
    choices = field.choice_strings_to_values

    def read(value: object) -> object:
        if type(value) is not str or value not in choices:
            raise NotPlain
        return choices[value]

    return read


# Validators that `_text_reader` replaces.
_REPLACED = (
    MaxLengthValidator,
    ProhibitNullCharactersValidator,
    ProhibitSurrogateCharactersValidator,
)


def _text_reader(field: Text) -> Reader:
    longest, is_trimmed = field.max_length, field.trim_whitespace
    checks = [check for check in field.validators if not isinstance(check, _REPLACED)]

    def read(value: object) -> object:
        if type(value) is not str or not 0 < len(value) <= longest or "\0" in value:
            raise NotPlain
        if is_trimmed and (value[0].isspace() or value[-1].isspace()):
            raise NotPlain
        value.encode()  # raises for surrogates
        for check in checks:
            check(value)
        return value

    return read

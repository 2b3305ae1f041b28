"""Refuse text that looks like a web page: tags and entities would be kept as words for ever."""

import re

from rest_framework import serializers

PLAIN = "`true`: tags and entities in the text are meant. It is otherwise refused with them."

_TAG = re.compile(r"</[a-z][a-z0-9]*\s*>|<(?:p|br)\b|<a\s+href", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:[a-z][a-z0-9]{1,30}|#[0-9]{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
MAX_ENTITIES = 1
"""Of plain text: a single one may be meant."""


def markup_in(text: str) -> str | None:
    """A tag or an entity that shows a text to be a web page; None for plain text."""
    tag = _TAG.search(text) if "<" in text else None
    entities = _ENTITY.findall(text) if "&" in text and not tag else []
    if tag:
        return tag[0]
    return entities[0] if len(entities) > MAX_ENTITIES else None


def refuse_markup(data: dict, name: str = "text") -> dict:
    """Return validated data without `plain`. Raises ValidationError for markup in the text."""
    text = data.get(name)
    if data.pop("plain", False) or not text:
        return data
    if sign := markup_in(text):
        fault = (
            f"This text looks like a web page: it has “{sign}”. Send it as `html` instead of "
            '`text`, or send "plain": true if these signs are meant.'
        )
        raise serializers.ValidationError({name: [fault]})
    return data

"""What a field held before and after a change, fit for a page: side by side, or woven into one.

Values come as the API shows them (`sources.history`): a related record is its id and its name, a
partial date what was given. Longer words are compared word by word and lists item by item; what
went is in `del`, what came in `ins`, and both are said to those who hear the page.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from difflib import SequenceMatcher
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst

from sources.admin.html import NONE, isolated, visible_bidi
from sources.dates import PartialDate
from sources.history.as_of import History, names_then
from sources.ledger.revisions import Revision
from sources.models import Snapshot

LONGEST = 4_000
"""Characters of a value that a page shows at most."""

FEW, MOST = 4, 800
"""Words: what has fewer stands side by side, what has more is not compared."""

ALIKE = 0.4
"""How much of two texts has to be the same for one to be read as a change of the other."""


@dataclass(frozen=True)
class FieldDiff:
    """A field before and after; `woven`, where both are shown as one."""

    name: str
    label: str
    before: str
    after: str
    woven: str | None


def add_diffs(history: History, revisions: list[Revision]) -> list[Revision]:
    """Give each revision its `diffs`, in the order of the model's fields; three queries in all."""
    model = type(history.record)
    order = {field.name: place for place, field in enumerate(model._meta.concrete_fields)}
    # The ledger lists these records by id alone.
    names = names_then(
        (key, revision.time)
        for revision in history.told(revisions)
        for change in revision.changes
        if change["field"] == "distinct_from"
        for key in {*(change["before"] or ()), *(change["after"] or ())}
    )
    for revision in revisions:
        known = {key: name for (key, at), name in names.items() if at == revision.time}
        revision.diffs = [
            diff_field(model, change["field"], change["before"], change["after"], known)
            for change in sorted(revision.changes, key=lambda c: order.get(c["field"], 99))
        ]
    return revisions


def diff_field(model: type[models.Model], name: str, before, after, named=None) -> FieldDiff:
    """The values that a field, or a part kept in another table, had before and after.

    `named` says what a record of this kind was called, by its id, where only that is known.
    """
    field = next((f for f in model._meta.concrete_fields if f.name == name), None)
    label = capfirst(field.verbose_name if field else name)
    is_several = isinstance(before, list | dict) or isinstance(after, list | dict)
    if is_several and not isinstance(field, models.ForeignKey):
        one, other = (_items(field, value or [], named or {}) for value in (before, after))
        return FieldDiff(name, label, _listed(one), _listed(other), _woven_items(one, other))
    before_shown, after_shown = _value(field, before), _value(field, after)
    is_text = isinstance(field, models.CharField | models.TextField) and not field.choices
    woven = woven_words(before, after) if is_text and before and after else None
    return FieldDiff(name, label, before_shown, after_shown, woven)


def as_shown_by_api(value):
    """A value of Python as the API, and with it `compared`, shows it."""
    match value:
        case models.Model():
            return {"id": str(value.pk), "name": str(value)}
        case PartialDate() | UUID():
            return str(value)
        case date():
            return value.isoformat()
        case list() | tuple():
            return [as_shown_by_api(item) for item in value]
        case _:
            return value


# Single values


def _value(field: models.Field | None, value) -> str:
    if value in (None, "", [], {}):
        return NONE
    match field:
        case models.ForeignKey() if field.related_model is Snapshot:
            return _text_known_as(value if isinstance(value, str) else value["name"])
        case models.ForeignKey():
            return reference(field.related_model, value["id"], value["name"])
        case models.DateTimeField():
            return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M:%S} UTC"
        case models.CharField() if field.choices:
            return _choice(field, value)
        case _:
            return format_html(
                '<div class="value" dir="auto">{}</div>', visible_bidi(_cut(str(value)))
            )


def _choice(field: models.Field, value) -> str:
    return str(dict(field.flatchoices).get(value, value))


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… ({len(text):,} characters)"


def reference(model: type[models.Model], key: str, name: str | None) -> str:
    """A link to a record under the name it had; under its id, where it has none."""
    options = model._meta
    text = isolated(name) or format_html("{} {}", options.verbose_name, key)
    try:
        place = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[key])
    except NoReverseMatch:
        return text
    return format_html('<a href="{}">{}</a>', place, text)


def _text_known_as(digest: str) -> str:
    place = reverse("admin:sources_snapshot_changelist")
    return format_html('<a href="{}?q={}">text {}…</a>', place, digest, digest[:16])


# Lists


def _items(field: models.Field | None, value, named: dict[str, str]) -> list[str]:
    """The items of a list, or the members of a mapping, each as it is shown."""
    if isinstance(value, dict):
        return [
            format_html("{}: {}", isolated(k), isolated(_cut(str(v)))) for k, v in value.items()
        ]
    return [_item(field, item, named) for item in value]


def _item(field: models.Field | None, item, named: dict[str, str]) -> str:
    base = field.base_field if isinstance(field, ArrayField) else None
    match item:
        case [int(start), int(end)]:
            return f"{start}–{end}"
        case {"note": note, "when": when}:  # what readers were told of a change
            return format_html("{}: {}", when[:10], isolated(_cut(note)))
        case dict():
            return _joined(_member(value) for value in item.values() if value)
        case str() if isinstance(base, models.UUIDField):
            return reference(field.model, item, named.get(item))
        case str() if base is not None and base.choices:
            return _choice(base, item)
        case _:
            return isolated(_cut(str(item))) or NONE


def _member(value) -> str:
    if isinstance(value, dict) and "id" in value:
        return format_html("({})", isolated(value["name"]) or value["id"])
    return isolated(_cut(str(value)))


def _joined(parts: Iterable[str]) -> str:
    return format_html_join(" ", "{}", ((part,) for part in parts))


def _listed(items: list[str]) -> str:
    if not items:
        return NONE
    lines = format_html_join("", "<li>{}</li>", ((item,) for item in items))
    return format_html('<ul class="items">{}</ul>', lines)


def _woven_items(before: list[str], after: list[str]) -> str | None:
    if not before or not after or max(len(before), len(after)) > MOST:
        return None
    lines = (
        format_html("<li>{}</li>", mark(item))
        for mark, items in _woven(before, after, before, after)
        for item in items
    )
    return format_html('<ul class="items">{}</ul>', _joined(lines))


# Weaving


def gone(words: str) -> str:
    return format_html(
        '<del><span class="visually-hidden" dir="ltr"> [taken out: </span>{}'
        '<span class="visually-hidden" dir="ltr">] </span></del>',
        words,
    )


def come(words: str) -> str:
    return format_html(
        '<ins><span class="visually-hidden" dir="ltr"> [put in: </span>{}'
        '<span class="visually-hidden" dir="ltr">] </span></ins>',
        words,
    )


def stays(words: str) -> str:
    return words


def woven_words(before: str, after: str) -> str | None:
    """Both texts as one, word by word; None where side by side says more."""
    one, other = (re.findall(r"\s*\S+\s*", text) for text in (before, after))
    if not FEW <= max(len(one), len(other)) <= MOST or len(before + after) > 2 * LONGEST:
        return None
    keys = [[word.strip() for word in words] for words in (one, other)]
    if SequenceMatcher(None, *keys, autojunk=False).ratio() < ALIKE:
        return None
    parts = (
        (mark(visible_bidi("".join(words))),) for mark, words in _woven(*keys, one, other) if words
    )
    return format_html('<div class="value" dir="auto">{}</div>', format_html_join("", "{}", parts))


def _woven(
    before_keys: list[str], after_keys: list[str], before: list[str], after: list[str]
) -> Iterator[tuple[Callable[[str], str], list[str]]]:
    """Runs of what stays, what went and what came, in order, each with how it is marked."""
    matcher = SequenceMatcher(None, before_keys, after_keys, autojunk=False)
    for kind, start, end, begin, stop in matcher.get_opcodes():
        if kind == "equal":
            yield stays, after[begin:stop]
        else:
            yield gone, before[start:end]
            yield come, after[begin:stop]

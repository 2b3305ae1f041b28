"""Diffs of fields before and after a change, as HTML, side by side.

Values come as the API represents them (`sources.history`): a related record as id and name, a
partial date as it was given. Longer texts are compared by word, lists by item. Removed words are in
`del` on the one side and added ones in `ins` on the other, both announced to screen readers.
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
from sources.history.as_of import History, names_as_of
from sources.history.summaries import summarise
from sources.ledger.revisions import Revision
from sources.models import Snapshot

MAX_CHARS = 4_000  # of a value on a page
MIN_WORDS, MAX_WORDS = 4, 800  # of texts that are compared by word
MIN_RATIO = 0.4  # of common words, below which two texts are not compared


@dataclass(frozen=True)
class FieldDiff:
    name: str
    label: str
    before: str
    after: str


def add_diffs(history: History, revisions: list[Revision]) -> list[Revision]:
    """Give each revision its `diffs`, in the order of the model's fields, and its `summary`.

    Three queries in all, and one for each kind of record that has no name of its own.
    """
    model = type(history.record)
    order = {field.name: place for place, field in enumerate(model._meta.concrete_fields)}
    # The ledger lists these records by id alone.
    names = names_as_of(
        (key, revision.time)
        for revision in history.told(revisions)
        for change in revision.changes
        if change["field"] == "distinct_from"
        for key in {*(change["before"] or ()), *(change["after"] or ())}
    )
    if history.whole:  # as they are now, they may not be for everybody
        _name_the_nameless(model, revisions)
    for revision in revisions:
        revision.summary = summarise(model, revision)
        known = {key: name for (key, at), name in names.items() if at == revision.time}
        revision.diffs = [
            diff_field(model, change["field"], change["before"], change["after"], known)
            for change in sorted(revision.changes, key=lambda c: order.get(c["field"], 99))
        ]
    return revisions


def _name_the_nameless(model: type[models.Model], revisions: list[Revision]) -> None:
    """Set the names of records that the ledger knows by id alone, by what they are now."""
    related = {f.name: f.related_model for f in model._meta.concrete_fields if f.is_relation}
    nameless: dict[type[models.Model], list[dict]] = {}
    for revision in revisions:
        for change in revision.changes:
            for value in (change["before"], change["after"]):
                if change["field"] in related and isinstance(value, dict) and not value["name"]:
                    nameless.setdefault(related[change["field"]], []).append(value)
    for kind, values in nameless.items():
        records = kind._default_manager.in_bulk({value["id"] for value in values})
        for value in values:
            if record := records.get(UUID(value["id"])):
                value["name"] = str(record)


def diff_field(model: type[models.Model], name: str, before, after, named=None) -> FieldDiff:
    """Diff a field, or a list kept in another table, between two values.

    `named` has the names of records that the value lists by id alone.
    """
    field = next((f for f in model._meta.concrete_fields if f.name == name), None)
    label = capfirst(field.verbose_name if field else name)
    is_several = isinstance(before, list | dict) or isinstance(after, list | dict)
    if is_several and not isinstance(field, models.ForeignKey):
        one, other = (_items(field, value or [], named or {}) for value in (before, after))
        return FieldDiff(name, label, *_compared_items(one, other))
    is_text = isinstance(field, models.CharField | models.TextField) and not field.choices
    both = compared_words(before, after) if is_text and before and after else None
    return FieldDiff(name, label, *(both or (_value(field, before), _value(field, after))))


def as_shown_by_api(value):
    """A Python value as the API represents it, which `diff_field` takes."""
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
    if len(text) <= MAX_CHARS:
        return text
    return f"{text[:MAX_CHARS]}… ({len(text):,} characters)"


def reference(model: type[models.Model], key: str, name: str | None) -> str:
    """A link to a record by the name it had, or by its id."""
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
    """The items of a list or mapping as HTML."""
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
        case {"note": note, "when": when}:  # a public note
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


def _compared_items(before: list[str], after: list[str]) -> tuple[str, str]:
    if not before or not after or max(len(before), len(after)) > MAX_WORDS:
        return _listed(before), _listed(after)
    runs = [*_runs(before, after, before, after)]
    return (
        _listed([mark(item) for mark, items, _, _ in runs for item in items]),
        _listed([mark(item) for _, _, mark, items in runs for item in items]),
    )


# Comparing two texts


def removed(words: str) -> str:
    return format_html(
        '<del><span class="visually-hidden" dir="ltr"> [removed: </span>{}'
        '<span class="visually-hidden" dir="ltr">] </span></del>',
        words,
    )


def added(words: str) -> str:
    return format_html(
        '<ins><span class="visually-hidden" dir="ltr"> [added: </span>{}'
        '<span class="visually-hidden" dir="ltr">] </span></ins>',
        words,
    )


def kept(words: str) -> str:
    return words


def compared_words(before: str, after: str) -> tuple[str, str] | None:
    """Both texts, with what each has alone marked; None if they have too little in common."""
    one, other = (re.findall(r"\s*\S+\s*", text) for text in (before, after))
    if (
        not MIN_WORDS <= max(len(one), len(other)) <= MAX_WORDS
        or len(before + after) > 2 * MAX_CHARS
    ):
        return None
    keys = [[word.strip() for word in words] for words in (one, other)]
    if SequenceMatcher(None, *keys, autojunk=False).ratio() < MIN_RATIO:
        return None
    runs = [*_runs(*keys, one, other)]
    return (
        _text((mark, words) for mark, words, _, _ in runs),
        _text((mark, words) for _, _, mark, words in runs),
    )


def _text(runs: Iterable[tuple[Callable[[str], str], list[str]]]) -> str:
    parts = ((mark(visible_bidi("".join(words))),) for mark, words in runs if words)
    return format_html('<div class="value" dir="auto">{}</div>', format_html_join("", "{}", parts))


def _runs(
    before_keys: list[str], after_keys: list[str], before: list[str], after: list[str]
) -> Iterator[tuple]:
    """Runs of words in order, of either side, each after the function that marks it."""
    matcher = SequenceMatcher(None, before_keys, after_keys, autojunk=False)
    for kind, start, end, begin, stop in matcher.get_opcodes():
        marks = (kept, kept) if kind == "equal" else (removed, added)
        yield marks[0], before[start:end], marks[1], after[begin:stop]

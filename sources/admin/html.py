"""How records and other people's words are shown on a page of the admin."""

from urllib.parse import urlencode

from django.db import models
from django.urls import reverse
from django.utils.html import format_html, format_html_join

NONE = "-"
"""Shown where there is nothing to show, as Django's own columns do."""

LISTED = 200
"""Records that a page of another record lists at most."""

_BIDI_CONTROLS = {
    code: f"⟦U+{code:04X}⟧" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}  # fmt: skip


def visible_bidi(text: str) -> str:
    """Spell out the characters that change the direction of text, where only plain text can go."""
    return text.translate(_BIDI_CONTROLS)


def isolated(text: str | None) -> str | None:
    """Wrap other people's words in `<bdi>`, escaped, with bidi control characters spelled out."""
    return format_html("<bdi>{}</bdi>", visible_bidi(text)) if text else None


def address(record: models.Model, page: str) -> str:
    """Where a page of a record is: `profile`, `change`, `history`, `merge`."""
    name = f"admin:{record._meta.app_label}_{record._meta.model_name}_{page}"
    return reverse(name, args=[record.pk])


def link(record: models.Model, text: str | None = None) -> str:
    """A link to a record's page, under its name."""
    return format_html(
        '<a href="{}">{}</a>', address(record, "change"), isolated(text or str(record))
    )


def link_to_profile(record: models.Model, text: str | None = None) -> str:
    """A link to the page that shows a named record as a whole, under its name."""
    return format_html(
        '<a href="{}">{}</a>', address(record, "profile"), isolated(text or str(record))
    )


def link_all(records: models.QuerySet, *, more: str, **kwargs) -> str:
    """Links to records, at most `LISTED`; then `more`, a link to all of them."""
    found = list(records[: LISTED + 1])
    links = [link(record, **{k: v(record) for k, v in kwargs.items()}) for record in found[:LISTED]]
    if len(found) > LISTED:
        links.append(more)
    items = format_html_join("", "<li>{}</li>", ((item,) for item in links))
    return format_html('<ul class="records">{}</ul>', items) if links else NONE


def link_to_list(model: type[models.Model], text: str, **lookups) -> str:
    """A link to the list of records that match."""
    place = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return format_html('<a href="{}?{}">{}</a>', place, urlencode(lookups), text)

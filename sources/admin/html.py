"""HTML for admin pages: other people's words made safe to mix with ours, and links to records."""

from urllib.parse import urlencode

from django.db import models
from django.urls import reverse
from django.utils.html import format_html, format_html_join

NONE = "–"
"""Shown for an empty value, also in Django's own columns."""

MAX_LISTED = 200
"""Records that the page of another record lists."""

_BIDI_CONTROLS = {
    code: f"⟦U+{code:04X}⟧" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}  # fmt: skip


def visible_bidi(text: str) -> str:
    """Spell out the characters that change the direction of text, where only plain text can go."""
    return text.translate(_BIDI_CONTROLS)


def isolated(text: str | None) -> str | None:
    """Wrap other people's words in `<bdi>`, escaped, with bidi control characters spelled out."""
    return format_html("<bdi>{}</bdi>", visible_bidi(text)) if text else None


def in_a_line(*parts) -> str:
    """Other people's words in a line, as far as they are known, each isolated.

    Isolated as a whole, a line that begins in Arabic would turn a date beside it round.
    """
    return format_html_join(" · ", "{}", ((isolated(str(part)),) for part in parts if part))


def address(record: models.Model, page: str) -> str:
    """The URL of a record's page: `profile`, `change`, `history` or `merge`."""
    name = f"admin:{record._meta.app_label}_{record._meta.model_name}_{page}"
    return reverse(name, args=[record.pk])


def link(record: models.Model, text: str | None = None, page: str = "change") -> str:
    """A link to a record's change page, or another."""
    return format_html('<a href="{}">{}</a>', address(record, page), isolated(text or str(record)))


def link_to_profile(record: models.Model, text: str | None = None) -> str:
    """A link to the profile of a named record."""
    return link(record, text, "profile")


def link_all(records: models.QuerySet, *, more: str, **kwargs) -> str:
    """Links to records, at most `MAX_LISTED`; then `more`, a link to all of them."""
    found = list(records[: MAX_LISTED + 1])
    links = [link(one, **{name: of(one) for name, of in kwargs.items()}) for one in found]
    if len(found) > MAX_LISTED:
        links[MAX_LISTED:] = [more]
    return as_list(links)


def as_list(items: list[str]) -> str:
    """HTML items as a list of records."""
    lines = format_html_join("", "<li>{}</li>", ((item,) for item in items))
    return format_html('<ul class="records">{}</ul>', lines) if items else NONE


def link_to_list(model: type[models.Model], text: str, **lookups) -> str:
    """A link to the filtered list of a model."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return format_html('<a href="{}?{}">{}</a>', url, urlencode(lookups), text)

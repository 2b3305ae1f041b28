"""How numbers and other people's words are written in templates of the admin."""

from django import template

from sources.admin.html import shown

register = template.Library()


@register.filter
def thousands(number: int | None) -> str:
    return f"{number or 0:,}"


@register.filter
def turned(text: str | None) -> str:
    """Somebody else's words: isolated, and what turns their direction spelt out."""
    return shown(text) or ""


@register.filter
def short(record) -> str:
    return shown(str(record)) or "(no words)"


@register.filter(name="shown")
def shown_words(words) -> str:
    return shown(str(words)) if words else ""

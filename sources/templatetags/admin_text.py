"""Template filters of the admin: numbers with separators, other people's words made safe to mix."""

from django import template

from sources.admin import html

register = template.Library()


@register.filter
def thousands(number: int | None) -> str:
    return f"{number or 0:,}"


@register.filter
def isolated(value) -> str:
    """A text, or the name of a record, in `<bdi>`; empty without one."""
    return html.isolated(str(value or "")) or ""


@register.filter
def in_a_line(parts) -> str:
    """Texts in a line, each in `<bdi>`."""
    return html.in_a_line(*parts)


@register.filter
def visible_bidi(value) -> str:
    return html.visible_bidi(str(value or ""))

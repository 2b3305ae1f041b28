"""`{{ words|shown }}`: other people's words among ours, in templates."""

from django import template

from sources.admin.showing import shown

register = template.Library()


@register.filter(name="shown")
def shown_words(words) -> str:
    return shown(str(words)) if words else ""

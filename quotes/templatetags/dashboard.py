"""What the template of the admin's first page asks for."""

from django import template

from quotes.admin import dashboard as queues

register = template.Library()


@register.simple_tag(takes_context=True)
def queues_of_reader(context) -> list[queues.Queue]:
    return queues.queues(context["request"].user)


@register.simple_tag(takes_context=True)
def charts_of_reader(context) -> list[str]:
    return queues.charts(context["request"].user)

"""What the template of the admin's first page asks for."""

from django import template

from quotes.admin import dashboard

register = template.Library()


@register.simple_tag(takes_context=True)
def queues_of_reader(context) -> list[dashboard.Queue]:
    return dashboard.queues(context["request"].user)


@register.simple_tag(takes_context=True)
def charts_of_reader(context) -> list[str]:
    return dashboard.charts(context["request"].user)

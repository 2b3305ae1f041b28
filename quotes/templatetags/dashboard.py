"""Template tags of the admin's dashboard."""

from django import template

from quotes.admin import dashboard

register = template.Library()


@register.simple_tag(takes_context=True)
def queues_for_user(context) -> list[dashboard.Queue]:
    return dashboard.queues(context["request"].user)


@register.simple_tag(takes_context=True)
def charts_for_user(context) -> list[str]:
    return dashboard.charts(context["request"].user)

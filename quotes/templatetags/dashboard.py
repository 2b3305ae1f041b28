"""Template tags of the admin's dashboard."""

from django import template
from django.utils import timezone

from quotes.admin import dashboard

register = template.Library()


@register.simple_tag(takes_context=True)
def dashboard_for_user(context) -> dashboard.Dashboard:
    return dashboard.dashboard(context["request"].user, timezone.now())


@register.simple_tag(takes_context=True)
def records_and_system(context) -> dict[str, list[dict]]:
    records, system = dashboard.records_and_system(context["app_list"])
    return {"records": records, "system": system}

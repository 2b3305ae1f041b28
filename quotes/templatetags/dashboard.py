"""Template tags of the admin's dashboard."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.timesince import timesince

from quotes.admin import dashboard

register = template.Library()


@register.simple_tag(takes_context=True)
def dashboard_for_user(context) -> dashboard.Dashboard:
    return dashboard.dashboard(context["request"].user, timezone.now())


@register.filter
def age(when: datetime, now: datetime) -> str:
    """`2 days, 3 hours`, or `just now`."""
    return timesince(when, now) if now - when >= timedelta(minutes=1) else "just now"


@register.simple_tag(takes_context=True)
def records_and_system(context) -> dict[str, list[dict]]:
    records, system = dashboard.records_and_system(context["app_list"])
    return {"records": records, "system": system}

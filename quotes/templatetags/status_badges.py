"""Template filter: the status of a quote in its colour, with its word."""

from django import template

from quotes.admin.status import status_badge

register = template.Library()
register.filter("status_badge", status_badge)

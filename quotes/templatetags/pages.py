"""Template filters of the pages."""

from django import template

from quotes.pages.dates import in_words

register = template.Library()
register.filter("in_words", in_words)

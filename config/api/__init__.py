"""What every endpoint shares: bodies, negotiation, strict filters, pages, errors, entity tags.

The settings name these; a resource inherits the rest from `sources.api`. They are loaded while
Django REST framework defines its first view, and import no views. Errors are RFC 9457
`application/problem+json`, entity tags and preconditions follow RFC 9110.
"""

from config.api.etags import entity_tags
from config.api.filters import StrictFilters
from config.api.negotiation import Negotiation
from config.api.pagination import KeysetPagination
from config.api.parsers import Parser, Renderer
from config.api.problems import (
    bad_request,
    not_found,
    problem,
    problems_for_the_database,
    server_error,
)
from config.api.throttling import AnonymousRate, TokenRate

__all__ = [
    "AnonymousRate",
    "KeysetPagination",
    "Negotiation",
    "Parser",
    "Renderer",
    "StrictFilters",
    "TokenRate",
    "bad_request",
    "entity_tags",
    "not_found",
    "problem",
    "problems_for_the_database",
    "server_error",
]

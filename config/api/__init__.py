"""What all endpoints share, named in the settings: parsers, filters, pagination, errors, ETags.

In: requests of Django REST framework. Out: JSON, and errors as `application/problem+json`
(RFC 9457). Entity tags and preconditions follow RFC 9110. These modules never import views: they
are loaded while the framework defines its first one.
"""

from config.api.etags import entity_tags
from config.api.filters import StrictFilters
from config.api.negotiation import Negotiation
from config.api.pagination import KeysetPagination
from config.api.parsers import Parser, Renderer
from config.api.problems import problem
from config.api.throttling import AnonymousRate, TokenRate, rate_limit_headers

__all__ = [
    "AnonymousRate",
    "KeysetPagination",
    "Negotiation",
    "Parser",
    "Renderer",
    "StrictFilters",
    "TokenRate",
    "entity_tags",
    "problem",
    "rate_limit_headers",
]

"""The speakers who meet the conditions of a list, found before their quotes.

PostgreSQL expects that each condition about speakers (a kind, a fact, ids) holds for a share of the
quotes, whatever the others are. Often no speaker meets all of them. Speakers are few beside their
quotes, so they are found first. The affiliation of a quote tells of its speaker, who holds it.
"""

from copy import copy

from django.db.models import lookups
from django.db.models.expressions import Col
from django.db.models.sql.query import Query
from django.db.models.sql.where import WhereNode

from quotes.models import Quote, querysets
from quotes.search.conditions import SUBQUERY, columns_of
from sources.models import Affiliation, Speaker

OF_QUOTES = Col(Quote._meta.db_table, Quote._meta.get_field("speaker"))
KIND = f"{Speaker._meta.db_table}.kind"


def with_speakers_found(conditions: list) -> list:
    """The same conditions with the ids of the speakers, if few speakers meet them.

    A query, unless the conditions ask nothing of speakers but ids.
    """
    about = [part for part in conditions if is_about_speakers(part)]
    if all(columns_of(part) == {"speaker"} for part in about):
        return conditions
    speakers = Speaker.objects.order_by()
    own = Col(speakers.query.get_initial_alias(), Speaker._meta.pk)
    speakers.query.where = WhereNode(
        [of_speaker(part, own) for part in about]
        + [of_holder(part, own) for part in conditions if is_about(part, "affiliation")]
    )
    ids = [*speakers.values_list("pk", flat=True)[: querysets.MAX_INLINE_IDS + 1]]
    if len(ids) > querysets.MAX_INLINE_IDS:
        return conditions
    return [part for part in conditions if part not in about] + [lookups.In(OF_QUOTES, ids)]


def is_about_speakers(condition) -> bool:
    """Whether a condition is about the speaker alone, at all times."""
    return is_about(condition, KIND) or is_about(condition, "speaker")


def is_about(condition, column: str) -> bool:
    """Whether a condition says which values a column may have."""
    is_of_values = isinstance(condition, lookups.In | lookups.Exact)
    return is_of_values and column in columns_of(condition) <= {column, SUBQUERY}


def of_holder(condition, column: Col) -> lookups.In:
    """A condition about an affiliation as one about a speaker."""
    asked = condition.rhs
    held = Affiliation.objects.order_by()
    if isinstance(asked, Query):  # of their ids
        held.query = asked.clone()
    else:
        held = held.filter(pk__in=asked)
    return lookups.In(column, held.values("speaker").query)


def of_speaker(condition, column: Col):
    """The condition as one about a speaker instead of a quote."""
    if columns_of(condition) == {KIND}:
        return condition
    moved = copy(condition)
    moved.lhs = column
    return moved

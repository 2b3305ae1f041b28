"""What PostgreSQL refuses of a quote by itself; triggers check what stands in other tables."""

from django.db import models
from django.db.models import F, Q

from quotes.models.workflow import Status
from sources.models.base import not_blank


def quote_constraints() -> list[models.BaseConstraint]:
    return [
        models.CheckConstraint(
            condition=Q(
                snapshot__isnull=True,
                anchor="unanchored",
                anchored_in="text",
                spans=[],
                seams=[],
            )
            | (
                Q(snapshot__isnull=False, anchor__in=["exact", "moved", "altered", "missing"])
                & Q(anchored_in__in=["text", "headline"])
                & ~Q(spans=[])
            ),
            name="quote_anchor_has_its_place",
            violation_error_message=(
                "A quote has both a snapshot and spans, or neither if it is unanchored."
            ),
        ),
        not_blank("text", name="quote_has_words", message="A quote needs words."),
        models.CheckConstraint(
            condition=Q(kind__in=["direct", "partial", "mixed", "indirect"]),
            name="quote_kind_is_known",
        ),
        models.CheckConstraint(
            condition=Q(status__in=Status.values),
            name="quote_status_is_known",
        ),
        models.CheckConstraint(
            condition=Q(origin__in=["filed", "proposed"]),
            name="quote_origin_is_known",
        ),
        models.CheckConstraint(
            condition=Q(translates=None) | ~Q(translates=F("id")),
            name="quote_translates_another",
            violation_error_message="A quote does not translate itself.",
        ),
        models.UniqueConstraint(
            fields=["article", "snapshot", "anchored_in", "spans"],
            name="quote_once_per_place",
            condition=Q(snapshot__isnull=False),
            violation_error_message="Another quote already has these spans.",
        ),
    ]

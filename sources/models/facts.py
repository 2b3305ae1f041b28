"""Facts about speakers: gender, party and any other, each with its source and its days."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from sources.database.locks import lock_all
from sources.database.triggers import FollowsMerges, KeepsVersion
from sources.ledger.recording import Recording
from sources.models.base import changed_index, not_blank
from sources.models.functions import Fold, fold_all
from sources.models.periods import PeriodQuerySet, PeriodRecord, ends_after_it_begins
from sources.models.speakers import Speaker
from sources.models.visibility import IF_PUBLIC, hidden_index, visibility_triggers

KEY = r"[a-z][a-z0-9_]*"
"""The form of a fact's key, for regular expressions."""

UNKNOWN = "unknown"
"""What asks for speakers without a known value; so it is no value itself."""

SCHEMES = ("wikidata", "viaf", "isni", "orcid", "gnd", "lcnaf", "ror", "lei", "imdb")
"""Registries whose ids are a record's identifiers. Filters take them as facts that always hold."""

MAX_KEY, MAX_VALUE, MAX_SOURCE = 60, 500, 2_000  # characters


class FactQuerySet(PeriodQuerySet):
    def with_value(self, value: str):
        """Facts with this value, ignoring case and accents; unknown ones for `UNKNOWN`."""
        folded = fold_all([value])[value]
        return self.filter(value_folded=None if folded == UNKNOWN else folded)


class Fact(PeriodRecord):
    """What a speaker is known to be, by a key such as `gender` or `party`, from a day to a day.

    It is entered with its source and never guessed. NULL as the value says that somebody looked
    and it is not known. Several of one key may hold at once.
    """

    speaker = models.ForeignKey(
        Speaker,
        models.PROTECT,
        related_name="facts",
        db_index=False,  # an index begins with it
    )
    key = models.CharField(max_length=MAX_KEY)
    value = models.CharField(max_length=MAX_VALUE, null=True, blank=True)
    value_folded = models.GeneratedField(
        expression=Fold("value"), output_field=models.TextField(), null=True, db_persist=True
    )
    source = models.CharField(max_length=MAX_SOURCE)

    objects = FactQuerySet.as_manager()

    class Meta:
        ordering = ["key", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(key__regex=rf"^{KEY}$"),
                name="fact_key_is_a_word",
                violation_error_message="Write a key in lower-case letters, digits and "
                "underscores, beginning with a letter, such as party.",
            ),
            models.CheckConstraint(
                condition=~Q(key__in=SCHEMES),
                name="fact_is_no_identifier",
                violation_error_message="An id in a registry belongs to the speaker's identifiers.",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | ~Q(value__regex=r"^\s*$"),
                name="fact_value_is_visible",
                violation_error_message="A value needs at least one visible character.",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | ~Q(value__iregex=rf"^\s*{UNKNOWN}\s*$"),
                name="fact_value_is_not_unknown",
                violation_error_message="If the value is not known, leave it empty (null).",
            ),
            not_blank("source", name="fact_has_a_source", message="Say where this is known from."),
            ends_after_it_begins("a fact"),
        ]
        indexes = [
            models.Index(fields=["speaker", "key"], name="fact_of_speaker"),
            models.Index(fields=["value_folded", "key", "speaker"], name="fact_by_value"),
            models.Index(fields=["key", "id"], name="fact_by_key"),  # facts/
            models.Index(fields=["created", "id"], name="fact_by_created"),
            changed_index("fact"),
            hidden_index("fact"),
        ]
        triggers = [
            FollowsMerges("speaker"),
            KeepsVersion(),
            *visibility_triggers(),
            *Recording(public=IF_PUBLIC).triggers,
        ]

    def __str__(self) -> str:
        return f"{self.speaker}, {self.key}: {self.shown_value}"

    @property
    def shown_value(self) -> str:
        return UNKNOWN if self.value is None else self.value

    def clean(self) -> None:
        """Refuse the same fact a second time. A merge of speakers may leave two."""
        if not (self.speaker_id and self.key):
            return
        lock_all([f"facts:{self.speaker_id}"])  # another may be adding it
        columns = ("speaker_id", "key", "start", "end")
        same = type(self).objects.filter(**{name: getattr(self, name) for name in columns})
        folded = None if self.value is None else fold_all([self.value])[self.value]
        held = list(same.filter(value_folded=folded).order_by("pk"))
        if held and self not in held:
            raise ValidationError(f"This fact is on record already, as {held[0].pk}.")

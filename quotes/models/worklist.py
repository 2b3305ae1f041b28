"""Who is to deal with a quote and when, and what curators write to each other about it.

None of it is public: the ledger records it as hidden from readers, and no page of the API shows it.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q

from quotes.models.quote import Quote
from sources.database.triggers import KeepsVersion
from sources.ledger.recording import Recording
from sources.models import Record
from sources.models.base import not_blank

MENTION = re.compile(r"(?<![\w.+@-])@([\w.+@-]*\w)")
"""`@ada` in a note, with a username as Django allows them; the end of a sentence is not in it."""


def colleagues():
    """Users who may review quotes in the admin: those who can be asked and assigned."""
    may = get_user_model().objects.with_perm(
        "quotes.review_quote", backend="django.contrib.auth.backends.ModelBackend"
    )
    return may.filter(is_staff=True).order_by("username")


class AssignmentQuerySet(models.QuerySet):
    def assigned_to(self, user):
        return self.filter(assignee=user)

    def snoozed(self, now: datetime):
        return self.filter(snoozed_until__gt=now)

    def keep(self, quote: Quote, **values) -> "Assignment":
        """Set the assignee of a quote, until when it is snoozed, or the anchor that was checked."""
        return self.update_or_create(quote=quote, defaults=values)[0]


class Assignment(Record):
    """Who is to deal with a quote, and until when nobody has to: at most one for each quote.

    `checked_anchor` is the anchor that a curator has checked and left as it is; the quote comes
    back if that becomes another.
    """

    quote = models.OneToOneField(Quote, models.CASCADE, related_name="assignment")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # a partial index finds them
    )
    snoozed_until = models.DateTimeField(null=True, blank=True)
    checked_anchor = models.CharField(max_length=10, choices=Quote.Anchor, null=True, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["assignee", "quote"],
                condition=Q(assignee__isnull=False),
                name="assignment_by_assignee",
            ),
            models.Index(
                fields=["snoozed_until", "quote"],
                condition=Q(snoozed_until__isnull=False),
                name="assignment_snoozed",
            ),
        ]
        triggers = [KeepsVersion(), *Recording(public="false").triggers]

    def __str__(self) -> str:
        return f"“{self.quote}” for {self.assignee or 'nobody'}"


class NoteQuerySet(models.QuerySet):
    def waiting_for(self, user):
        """Notes that mention this user, who has not answered or read them."""
        return self.filter(waiting_for__contains=[user.pk])

    def add(self, quote: Quote, author, text: str) -> "Note":
        """Add a note to a quote, for those it mentions to answer; it answers what asked its author.

        Raises ValidationError if it mentions somebody who does not review quotes here.
        """
        asked = [user.pk for user in mentioned(text) if user.pk != author.pk]
        with transaction.atomic():
            self.filter(quote=quote).mark_read(author)
            return self.create(quote=quote, author=author, text=text.strip(), waiting_for=asked)

    def mark_read(self, user) -> int:
        """Let these notes no longer wait for this user; returns their number."""
        removed = models.Func(
            "waiting_for", models.Value(user.pk), function="array_remove", output_field=WAITING
        )
        return self.waiting_for(user).update(waiting_for=removed)


WAITING = ArrayField(models.IntegerField())


class Note(Record):
    """What a curator writes to colleagues about a quote; it is never changed.

    `waiting_for` has the ids of the users it mentions who have neither answered nor read it.
    """

    quote = models.ForeignKey(Quote, models.CASCADE, related_name="notes")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    text = models.TextField()
    waiting_for = ArrayField(models.IntegerField(), default=list, db_default=[])

    objects = NoteQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["id"]
        constraints = [
            not_blank("text", name="note_has_words", message="Write something."),
        ]
        indexes = [GinIndex(fields=["waiting_for"], name="note_waiting_for")]
        triggers = [KeepsVersion(), *Recording(public="false").triggers]

    def __str__(self) -> str:
        return f"Note of {self.author or 'a former user'} on “{self.quote}”"


def mentioned(text: str) -> list:
    """The colleagues that a text mentions. Raises ValidationError for a name that nobody has."""
    names = dict.fromkeys(name.casefold() for name in MENTION.findall(text))
    known: dict[str, list] = {}
    if names:
        for user in colleagues():
            known.setdefault(user.get_username().casefold(), []).append(user)
    if unknown := [name for name in names if name not in known]:
        said = ", ".join(f"@{name}" for name in unknown)
        raise ValidationError({"text": f"Nobody who reviews quotes here is called {said}."})
    return [user for name in names for user in known[name]]


class SavedView(models.Model):
    """Filters of the review queue under a name: a curator's own, or shared with all curators.

    `query` has them as the page's parameters, by name. It is not recorded in the ledger.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query = models.JSONField(default=dict)
    is_shared = models.BooleanField("share with all curators", default=False)

    class Meta:
        default_permissions = ()
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="saved_view_once_per_name",
                violation_error_message="You have a view of this name already.",
            ),
            not_blank("name", name="saved_view_has_a_name", message="Name the view."),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def link(self) -> str:
        """The filters as the query of a link."""
        return urlencode(self.query)

    @classmethod
    def open_to(cls, user) -> Iterable["SavedView"]:
        """This user's views and those that others share."""
        return cls.objects.filter(Q(owner=user) | Q(is_shared=True)).select_related("owner")


class DeskSettings(models.Model):
    """What a curator chose for their own desk, and the day of the last digest they were sent."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="desk_settings"
    )
    digest = models.BooleanField(
        "Daily digest by mail",
        default=True,
        help_text="Each morning, if something waits for you: what is assigned to you, who mentions "
        "you, and how long the queues are.",
    )
    digest_sent = models.DateField(null=True, editable=False)

    class Meta:
        default_permissions = ()
        verbose_name_plural = "desk settings"

    def __str__(self) -> str:
        return f"Settings of {self.user}"

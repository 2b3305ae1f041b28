"""Webhooks: where a user's changes are sent, and what became of each message.

The secret is not stored. It is derived from SECRET_KEY and the random `secret_id`, so neither a
dump of the database nor a copy of it under another key can sign a message.
"""

import base64
import secrets
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import UUID7, Now
from django.utils import timezone
from django.utils.crypto import salted_hmac

from sources.exceptions import Conflict
from sources.history.feed import LedgerPosition, last_settled, position_before
from sources.models import Checkpoint

CHECKPOINT = "checkpoint"
"""The type of messages that a checkpoint of the ledger was signed: no record, and never secret."""

SECRETS_OVERLAP = timedelta(days=1)
"""How long messages are signed with the secret before the last as well."""

TRIED_FOR = timedelta(days=3)
"""A message that has failed for so long pauses its webhook."""

BACKOFF = [
    timedelta(seconds=seconds)
    for seconds in (10, 60, 300, 1_800, 2 * 3_600, 5 * 3_600, 10 * 3_600, 14 * 3_600)
]
"""Time after each failure of a message until it is sent again; the last one repeats."""

MAX_REST = timedelta(minutes=5)
"""Time between two messages to a receiver that refuses all of them: it is sent one at a time."""

MAX_WEBHOOKS = 20
"""Of one user: each is sent every change."""

KEPT_FOR = timedelta(days=30)
"""How long the log keeps a message that was delivered or given up."""


def new_secret_id() -> str:
    return secrets.token_hex(16)


def secret_of(secret_id: str) -> str:
    """The secret as its receiver knows it: `whsec_` and 32 bytes in Base64 (Standard Webhooks)."""
    key = salted_hmac("quotes.models.webhook", secret_id, algorithm="sha256").digest()
    return f"whsec_{base64.b64encode(key).decode()}"


def columns_of(place: LedgerPosition) -> dict[str, int]:
    """A position in the ledger in the columns of a webhook."""
    return {"era": place.era, "transaction": place.transaction, "revision": place.id}


class WebhookQuerySet(models.QuerySet):
    def of(self, user):
        """Webhooks of this user. Every query for a user starts here."""
        return self.filter(user=user)

    def refuse_more_of(self, user) -> None:
        """Raise Conflict if the user has as many webhooks as anybody may have."""
        if self.of(user).count() >= MAX_WEBHOOKS:
            raise Conflict(f"You have {MAX_WEBHOOKS} webhooks. Delete one that you no longer need.")

    def at_work(self, now: datetime):
        """Active webhooks that are not at rest after failures."""
        return self.filter(Q(rests_until=None) | Q(rests_until__lte=now), active=True)

    def with_something_to_do(self, now: datetime, last: LedgerPosition):
        """Those at work that are behind the ledger or have a message that is due."""
        due = Delivery.objects.pending().filter(webhook=models.OuterRef("pk"), due__lte=now)
        place = Q(era__lt=last.era) | Q(era=last.era, transaction__lt=last.transaction)
        place |= Q(era=last.era, transaction=last.transaction, revision__lt=last.id)
        newest = Checkpoint.objects.order_by("-size").values("size")[:1]
        signed = Q(types__contains=[CHECKPOINT], checkpoint__lt=models.Subquery(newest))
        return self.at_work(now).filter(place | models.Exists(due) | signed)


class Webhook(models.Model):
    """A URL to which changes are sent that its user may see, and how far they have been sent.

    `filters` are parameters of `quotes/` and apply to changes of quotes. `era`, `transaction` and
    `revision` are the position in the ledger up to which messages were made, and `checkpoint` the
    size of the last checkpoint of which one was made. `paused_because` says
    why the service paused it; it is null while the webhook is active, and if its user paused it.
    Not recorded in the ledger.
    """

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="webhooks")
    url = models.TextField()
    types = ArrayField(models.CharField(max_length=20))
    filters = models.JSONField(default=dict)
    active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1, editable=False)  # of what the user decides
    paused = models.DateTimeField(null=True, editable=False)
    paused_because = models.TextField(null=True, editable=False)
    secret_id = models.CharField(max_length=32, default=new_secret_id, editable=False)
    previous_secret_id = models.CharField(max_length=32, null=True, editable=False)
    previous_secret_until = models.DateTimeField(null=True, editable=False)
    era = models.PositiveSmallIntegerField(editable=False)
    transaction = models.BigIntegerField(editable=False)
    revision = models.BigIntegerField(editable=False)
    checkpoint = models.BigIntegerField(default=0, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)  # since the last success
    rests_until = models.DateTimeField(null=True, editable=False)
    created = models.DateTimeField(db_default=Now(), editable=False)
    updated = models.DateTimeField(db_default=Now(), editable=False)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.host

    def save(self, *args, **kwargs):
        if self._state.adding and self.era is None:
            for name, value in columns_of(last_settled()).items():
                setattr(self, name, value)
            signed = Checkpoint.objects.values_list("size", flat=True).last()
            self.checkpoint = signed or 0
        if not self.active and self.paused is None:
            self.paused = timezone.now()
        super().save(*args, **kwargs)

    @property
    def host(self) -> str:
        """Its host: the rest of a URL may be a secret."""
        return urlsplit(self.url).hostname or ""

    @property
    def place(self) -> LedgerPosition:
        return LedgerPosition(self.era, self.transaction, self.revision)

    @property
    def kinds(self) -> list[str]:
        """The types of records whose changes it is sent."""
        return [kind for kind in self.types if kind != CHECKPOINT]

    @property
    def secret(self) -> str:
        return secret_of(self.secret_id)

    def secrets_at(self, now: datetime) -> list[str]:
        """The secrets to sign with: the present one, and the one before while they overlap."""
        ids = [self.secret_id]
        if self.previous_secret_until and now < self.previous_secret_until:
            ids.append(self.previous_secret_id)
        return [secret_of(each) for each in ids]

    # What its user decides

    def change(self, **values) -> None:
        """Change it. Made active, it forgets its failures and sends at once what is left."""
        if values.get("active") and not self.active:
            values |= {"paused": None, "paused_because": None, "failures": 0, "rests_until": None}
            self.deliveries.pending().update(due=Now(), attempts=0, first_tried=None)
        elif values.get("active") is False and self.active:
            values |= {"paused": Now(), "paused_because": None}
        self._set(version=F("version") + 1, updated=Now(), **values)

    def rotate(self, now: datetime, *, at_once: bool = False) -> None:
        """Make a new secret. The old one signs as well for a day, unless it ends `at_once`."""
        previous = (None, None) if at_once else (self.secret_id, now + SECRETS_OVERLAP)
        self.change(
            secret_id=new_secret_id(),
            previous_secret_id=previous[0],
            previous_secret_until=previous[1],
        )

    def replay(self, since: datetime) -> None:
        """Send all changes again that were made since then; those not yet sent are not skipped."""
        place = min(self.place, position_before(since))
        self.change(**columns_of(place))

    def send_test(self) -> "Delivery":
        """Have a test sent. Raises Conflict while the webhook is paused."""
        if not self.active:
            raise Conflict("The webhook is paused. Make it active first.")
        return self.deliveries.create(verb="test", time=Now())

    # What the service decides

    def advance(self, place: LedgerPosition) -> None:
        self._set(**columns_of(place))

    def advance_to_checkpoint(self, size: int) -> None:
        self._set(checkpoint=size)

    def pause(self, because: str, now: datetime) -> bool:
        """Send nothing until it is made active again. Returns whether it was active."""
        paused = Webhook.objects.filter(pk=self.pk, active=True)
        return bool(paused.update(active=False, paused=now, paused_because=because))

    def rest(self, now: datetime) -> None:
        """Note that all messages of a round failed: wait longer each time, then try one."""
        wait = min(BACKOFF[min(self.failures, len(BACKOFF) - 1)], MAX_REST)
        self._set(failures=self.failures + 1, rests_until=now + wait)

    def work_again(self) -> None:
        if self.failures:
            self._set(failures=0, rests_until=None)

    def _set(self, **values) -> None:
        Webhook.objects.filter(pk=self.pk).update(**values)
        self.refresh_from_db()


class DeliveryQuerySet(models.QuerySet):
    def pending(self):
        return self.filter(state=Delivery.State.PENDING)

    def next_due(self, now: datetime, most: int) -> list["Delivery"]:
        """The longest due, at most one of each record: the first of its changes that waits."""
        first = self.pending().order_by("subject_id", "version", "pk").distinct("subject_id")
        due = self.filter(pk__in=first.values("pk"), due__lte=now)
        return list(due.order_by("due", "pk")[:most])

    def past_hope(self, now: datetime):
        """Messages that wait although they have failed for as long as any is tried."""
        return self.pending().filter(first_tried__lte=now - TRIED_FOR)

    def outdated(self, now: datetime):
        """Messages that the log no longer keeps."""
        return self.filter(ended__lt=now - KEPT_FOR)


class Delivery(models.Model):
    """One message to a webhook: a change to a record, a checkpoint, or a test, without a record.

    It names the change as a revision does; of a checkpoint, the log and the number of revisions.
    The message is written when it is sent, with the record as it is then, and is not kept. `answer`
    is the beginning of an answer that refused it. The id is that of the message (`webhook-id`), and
    stays over all attempts.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", db_index=False)
    subject_type = models.CharField(max_length=20, null=True)
    subject_id = models.UUIDField(null=True)
    version = models.PositiveIntegerField(null=True)
    verb = models.CharField(max_length=12)
    time = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.PENDING)
    created = models.DateTimeField(db_default=Now())
    due = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    first_tried = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)  # HTTP, of the last attempt
    problem = models.TextField(null=True)  # of the last attempt, in words of ours
    answer = models.TextField(null=True)
    milliseconds = models.PositiveIntegerField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["-created", "-id"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["webhook", "-created", "-id"], name="delivery_log"),
            models.Index(
                fields=["webhook", "subject_id", "version"],
                condition=Q(state="pending"),
                name="delivery_pending",
            ),
            models.Index(
                fields=["ended"], condition=Q(ended__isnull=False), name="delivery_by_age"
            ),
        ]

    def __str__(self) -> str:
        return self.event

    @property
    def event(self) -> str:
        """The type of the message, such as `quote.retracted`."""
        return f"{self.subject_type or 'webhook'}.{self.verb}"

    @property
    def is_checkpoint(self) -> bool:
        return self.subject_type == CHECKPOINT

    @property
    def is_test(self) -> bool:
        return self.subject_id is None

    def keep_waiting(self, now: datetime) -> None:
        """Note an attempt that failed, and when the next one is due."""
        self.due = now + BACKOFF[min(self.attempts, len(BACKOFF) - 1)]
        self.attempts += 1
        self.first_tried = self.first_tried or now
        self.save(update_fields=[*ATTEMPT, "due"])

    def end(self, state: State, now: datetime) -> None:
        self.state, self.ended = state, now
        self.attempts += 1
        self.first_tried = self.first_tried or now
        self.save(update_fields=[*ATTEMPT, "state", "ended"])


ATTEMPT = ["attempts", "first_tried", "status", "problem", "answer", "milliseconds"]


class SentQuote(models.Model):
    """A quote that matched the filters of a webhook when it was last sent there.

    If it matches no longer, its receiver is told to delete it. Kept only of webhooks with filters.
    """

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="sent_quotes", db_index=False)
    quote = models.UUIDField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["webhook", "quote"], name="sent_quote_once"),
        ]

    def __str__(self) -> str:
        return f"{self.quote} to {self.webhook_id}"

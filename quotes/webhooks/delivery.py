"""From the ledger to a receiver: make the messages of a webhook, and send those that are due.

Messages are made and the webhook's position moves on in one transaction. A message is marked as
delivered after its answer, so a process that is killed in between sends it again. Of one record, a
message is sent when the one before has been delivered; those of other records need not wait.
"""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from time import monotonic
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from django.core.handlers.wsgi import WSGIRequest
from django.db import connection, transaction
from django.http import QueryDict
from django.utils import timezone
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder
from standardwebhooks import Webhook as Signer

from quotes.api.changes import ChangeSerializer, changes_of, seen_by
from quotes.api.filters import QuoteFilters
from quotes.models import Delivery, Quote, QuoteQuerySet, SentQuote, Webhook
from quotes.models.webhook import CHECKPOINT
from quotes.webhooks.notices import send_notice
from quotes.webhooks.sending import Answer, post
from sources.api.addresses import service_url
from sources.exceptions import BadParameter, nearest_of
from sources.history.feed import last_settled, settled_after
from sources.models import Checkpoint, Revision

MAX_PENDING = 1_000
"""Messages of a webhook that wait; the ledger keeps the rest."""

PAGE = 200
"""Changes of the feed that are read at once."""

AT_ONCE = 8
"""Messages to one receiver that are under way at the same time."""


class MustPause(Exception):
    """Nothing more can be sent; the text says why."""


NO_PERMISSION = "Its user may no longer read what it asks for."
BAD_FILTERS = "Its filters are no longer understood."
GONE = "The receiver answered 410 Gone."
GAVE_UP = "A message could not be delivered for three days."


def request_of(user) -> Request:
    """A request of this user to our own address, for links and for what the user may see."""
    url = urlsplit(service_url())
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "HTTP_HOST": url.netloc,
        "HTTP_X_FORWARDED_PROTO": url.scheme,
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": BytesIO(),
    }
    request = Request(WSGIRequest(environ))
    request.user = user
    return request


def filtered(webhook_filters: dict[str, str], quotes: QuoteQuerySet) -> QuoteQuerySet:
    """Those of these quotes that the filters of a webhook let through. Raises BadParameter.

    Filters without a status let every status through.
    """
    asked = QueryDict(mutable=True)
    asked.update({"status": ",".join(Quote.Status.values)} | webhook_filters)
    filters, known = QuoteFilters(asked, queryset=quotes), QuoteFilters.base_filters
    if unknown := webhook_filters.keys() - known:
        fault = "There is no such filter."
        raise BadParameter({name: [f"{fault} {nearest_of(name[:60], known)}"] for name in unknown})
    if not filters.is_valid():
        raise BadParameter({name: list(faults) for name, faults in filters.errors.items()})
    return filters.filter_queryset(quotes)


def matching(webhook: Webhook, ids: Iterable[UUID]) -> set[UUID]:
    """Those of these quotes that its user sees and its filters let through. Raises MustPause."""
    try:
        found = filtered(webhook.filters, Quote.objects.visible_to(webhook.user))
    except BadParameter:
        raise MustPause(BAD_FILTERS) from None
    return set(found.filter(pk__in=list(ids)).order_by().values_list("pk", flat=True))


# Making messages


@transaction.atomic
def make_messages(webhook: Webhook) -> bool:
    """Make messages of the next changes. Returns whether there are more.

    Raises MustPause, and EraNotBegun when the database was restored into another cluster.
    """
    webhook.refresh_from_db(from_queryset=Webhook.objects.select_for_update(of=("self",)))
    try:
        sees = seen_by(request_of(webhook.user), webhook.kinds)
    except PermissionDenied:
        raise MustPause(NO_PERMISSION) from None
    if not webhook.active or webhook.deliveries.pending().count() >= MAX_PENDING:
        return False
    found = settled_after(webhook.place, last_settled(), webhook.kinds, **sees, most=PAGE)
    wanted = found.revisions if not webhook.filters else _filtered(webhook, found.revisions)
    Delivery.objects.bulk_create(
        Delivery(
            webhook=webhook,
            subject_type=each.subject_type,
            subject_id=each.subject_id,
            version=each.version,
            verb=each.verb,
            time=each.time,
        )
        for each in wanted
    )
    if found.end != webhook.place:
        webhook.advance(found.end)
    if CHECKPOINT in webhook.types:
        _make_messages_of_checkpoints(webhook)
    return found.more


def _make_messages_of_checkpoints(webhook: Webhook) -> None:
    """Make messages of the checkpoints that were signed since the last one that was told."""
    signed = list(Checkpoint.objects.filter(size__gt=webhook.checkpoint)[:PAGE])
    Delivery.objects.bulk_create(
        Delivery(
            webhook=webhook,
            subject_type=CHECKPOINT,
            subject_id=uuid5(NAMESPACE_URL, each.origin),  # one log, so in order
            version=each.size,
            verb="signed",
            time=each.signed,
        )
        for each in signed
    )
    if signed:
        webhook.advance_to_checkpoint(signed[-1].size)


def _filtered(webhook: Webhook, revisions: list[Revision]) -> list[Revision]:
    """Leave out quotes that do not match, but for those whose receiver has to delete them."""
    ids = {each.subject_id for each in revisions if each.subject_type == "quote"}
    matches = matching(webhook, ids)
    sent = SentQuote.objects.filter(webhook=webhook, quote__in=ids)
    told = set(sent.values_list("quote", flat=True))
    SentQuote.objects.bulk_create(
        [SentQuote(webhook=webhook, quote=key) for key in sorted(matches - told)]
    )
    sent.filter(quote__in=told - matches).delete()
    wanted = matches | told
    return [each for each in revisions if each.subject_type != "quote" or each.subject_id in wanted]


# Sending them


@contextmanager
def alone(webhook: Webhook) -> Iterator[bool]:
    """Whether no other process works for this webhook meanwhile.

    The lock belongs to the database connection: it ends with the process, however that ends.
    """
    key = f"webhook {webhook.pk}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        (mine,) = cursor.fetchone()
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])


def send_due(webhook: Webhook) -> int:
    """Send the messages that are due, each record's first; returns the number delivered.

    After failures only one is tried, to see whether the receiver is back. Raises MustPause.
    """
    webhook.refresh_from_db()
    now = timezone.now()
    if not webhook.active or (webhook.rests_until and webhook.rests_until > now):
        return 0
    due = webhook.deliveries.next_due(now, 1 if webhook.failures else AT_ONCE)
    if not due:
        return 0
    messages = [
        (body, headers_of(webhook, each, body, now))
        for each, body in zip(due, bodies_of(webhook, due), strict=True)
    ]
    with ThreadPoolExecutor(len(due)) as pool:
        answers = list(pool.map(lambda message: post(webhook.url, *message), messages))
    return _note(webhook, list(zip(due, answers, strict=True)))


def bodies_of(webhook: Webhook, deliveries: list[Delivery]) -> list[bytes]:
    """The messages, as `changes/` shows these changes to the webhook's user at this moment."""
    changes = [each for each in deliveries if not (each.is_test or each.is_checkpoint)]
    told = changes_of(changes, request_of(webhook.user))
    quotes = {each.subject_id for each in changes if each.subject_type == "quote"}
    if webhook.filters and quotes:
        matches = matching(webhook, quotes)
        for change in told:
            if change["type"] == "quote" and change["id"] not in matches:
                change |= {"gone": True, "record": None}
    shown = dict(zip(changes, ChangeSerializer(told, many=True).data, strict=True))
    sizes = [each.version for each in deliveries if each.is_checkpoint]
    notes = dict(Checkpoint.objects.filter(size__in=sizes).values_list("size", "note"))
    return [
        _body(
            each,
            {"size": each.version, "checkpoint": notes.get(each.version)}
            if each.is_checkpoint
            else shown.get(each, {"webhook": webhook.pk}),
        )
        for each in deliveries
    ]


def _body(delivery: Delivery, data: dict) -> bytes:
    message = {"type": delivery.event, "timestamp": delivery.time, "data": data}
    return json.dumps(message, cls=JSONEncoder, ensure_ascii=False, separators=(",", ":")).encode()


def headers_of(webhook: Webhook, delivery: Delivery, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks, with a signature for each secret that is valid."""
    key, text = str(delivery.pk), body.decode()
    signatures = [Signer(secret).sign(key, now, text) for secret in webhook.secrets_at(now)]
    return {
        "Content-Type": "application/json",
        "User-Agent": "On-Record-Webhooks/1",
        "webhook-id": key,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


@transaction.atomic
def _note(webhook: Webhook, answered: list[tuple[Delivery, Answer]]) -> int:
    """Note what came of these messages, and pause the webhook if there is no hope."""
    now, delivered = timezone.now(), 0
    for delivery, answer in answered:
        delivery.status, delivery.problem = answer.status, answer.problem
        delivery.answer, delivery.milliseconds = answer.text, answer.milliseconds
        if answer.problem is None:
            delivered += 1
            delivery.end(Delivery.State.DELIVERED, now)
        elif delivery.is_test:
            delivery.end(Delivery.State.FAILED, now)
        else:
            delivery.keep_waiting(now)
    if delivered:
        webhook.work_again()
    else:
        webhook.rest(now)
    if any(answer.is_gone for _, answer in answered):
        pause(webhook, GONE)
    elif webhook.deliveries.past_hope(now).exists():
        pause(webhook, GAVE_UP)
    return delivered


@transaction.atomic
def pause(webhook: Webhook, because: str) -> None:
    """Pause a webhook, and let its user know by mail."""
    if webhook.pause(because, timezone.now()):
        send_notice.defer(webhook=str(webhook.pk))


def deliver(webhook: Webhook, seconds: float) -> bool:
    """Make and send messages for as long. Returns whether there is more to do at once."""
    until = monotonic() + seconds
    with alone(webhook) as mine:
        while mine and monotonic() < until:
            try:
                if not webhook.user.is_active:
                    raise MustPause(NO_PERMISSION)
                more = make_messages(webhook)
                delivered = send_due(webhook)
            except MustPause as reason:
                pause(webhook, str(reason))
                return False
            if not (delivered or more):
                return False
    return mine

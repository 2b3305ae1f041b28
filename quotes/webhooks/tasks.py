"""Tasks of the worker: deliver to webhooks, and delete what the log no longer keeps."""

from contextlib import suppress

from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from quotes.models import Delivery, Webhook
from quotes.webhooks.delivery import deliver
from sources.exceptions import EraNotBegun
from sources.history.feed import last_settled

SECONDS_AT_A_TIME = 20
"""How long a worker sends to one receiver before others have a turn."""


def wake(webhook) -> None:
    """Have a worker deliver to this webhook, unless one is about to."""
    with suppress(AlreadyEnqueued):
        run.configure(queueing_lock=f"webhook {webhook}").defer(webhook=str(webhook))


@app.task(name="quotes.webhooks.tasks.run")
def run(*, webhook: str) -> None:
    """Deliver to one webhook for a while. Another worker may do so already."""
    for one in Webhook.objects.select_related("user").filter(pk=webhook, active=True):
        if deliver(one, SECONDS_AT_A_TIME):
            wake(webhook)


@app.periodic(cron="* * * * * */5")
@app.task(name="quotes.webhooks.tasks.look", queueing_lock="look_at_webhooks")
def look(timestamp: int) -> None:
    """Wake those that have something to do; one or two queries if there are none."""
    if not Webhook.objects.filter(active=True).exists():
        return
    try:
        last = last_settled()
    except EraNotBegun:
        return  # a copy of the database sends nothing before it is put to use
    now = timezone.now()
    for key in Webhook.objects.with_something_to_do(now, last).values_list("pk", flat=True):
        wake(key)


@app.periodic(cron="17 * * * *")
@app.task(name="quotes.webhooks.tasks.forget", queueing_lock="forget_deliveries")
def forget(timestamp: int) -> None:
    Delivery.objects.outdated(timezone.now()).delete()

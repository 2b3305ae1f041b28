"""The mail that tells a user that the service paused a webhook of theirs."""

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from quotes.models import Webhook
from sources.api.addresses import service_url

# A mail server that is away for a while
RETRY = RetryStrategy(max_attempts=5, wait=60, retry_exceptions=[OSError])


@app.task(name="quotes.webhooks.notices.send_notice", retry=RETRY)
def send_notice(*, webhook: str) -> None:
    """Send the mail if the webhook is still paused, and its user has an address."""
    paused = Webhook.objects.filter(pk=webhook, active=False).exclude(paused_because=None)
    for one in paused.select_related("user").exclude(user__email=""):
        if settings.MAILERS and one.user.is_active:
            name = "admin:quotes_webhook_change" if one.user.is_staff else "webhook-detail"
            context = {"webhook": one, "address": service_url() + reverse(name, args=[one.pk])}
            text = render_to_string("quotes/mail/webhook_paused.txt", context)
            send_mail("On Record: a webhook of yours is paused", text, None, [one.user.email])

"""Show readers the articles whose embargo has ended. A task of the worker does it each minute."""

from datetime import datetime

from django.utils import timezone
from procrastinate.contrib.django import app

from quotes.models import LastFiling
from sources.ledger.actor import audit_context
from sources.models import Article


def lift_embargoes(now: datetime) -> int:
    """Make articles public whose embargo has ended, and return their number; 2 queries or more.

    Those that a curator or the operator filed: without an embargo they had been public at once.
    What others filed stays hidden until a quote of it is published, embargo or not.
    """
    ended = Article.objects.filter(is_public=False, embargo_until__lte=now, merged_into=None)
    first = LastFiling.objects.filter(article__in=ended, is_first=True).select_related("user")
    lifted = [
        filing.article_id
        for filing in first
        if filing.user is None or filing.user.has_perm("sources.change_article")
    ]
    if not lifted:
        return 0
    with audit_context(channel="command:lift_embargoes", reason="The embargo has ended."):
        return Article.objects.filter(pk__in=lifted, is_public=False).update(is_public=True)


@app.periodic(cron="* * * * *")
@app.task(name="quotes.curation.embargoes.lift", queueing_lock="lift_embargoes")
def lift(timestamp: int) -> None:
    lift_embargoes(timezone.now())

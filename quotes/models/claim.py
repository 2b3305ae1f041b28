"""Claims: which curator has which article open, so that two do not start on the same one.

A claim locks nobody out. Others see who has the article open, and the queue skips it. Concurrent
edits of a quote are caught by its version.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import models

from sources.models import Article

CLAIM_TIME = timedelta(minutes=5)
"""After the curator's last request, a claim lasts this long."""


class ClaimQuerySet(models.QuerySet):
    def active(self, now: datetime):
        return self.filter(until__gt=now)

    def of_others(self, user, now: datetime):
        return self.active(now).exclude(user=user)

    def on(self, articles: Iterable[UUID], now: datetime) -> dict[UUID, "Claim"]:
        """Active claims on these articles, with their curators; one query."""
        claims = self.active(now).filter(article__in=articles).select_related("user")
        return {claim.article_id: claim for claim in claims}

    def hold(self, article: Article, user, now: datetime, *, take_over: bool = False) -> "Claim":
        """Claim an article or renew the claim; return the active claim, the user's or another's.

        One statement inserts or changes the row, so only one of two curators gets it.
        """
        mine = models.Q(user=user) | models.Q(until__lte=now)
        free = self.filter(article=article) if take_over else self.filter(mine, article=article)
        until = now + CLAIM_TIME
        begun = models.Case(
            models.When(user=user, until__gt=now, then=models.F("since")), default=models.Value(now)
        )
        if not free.update(user=user, since=begun, until=until):
            claim = Claim(article=article, user=user, since=now, until=until)
            self.bulk_create([claim], ignore_conflicts=True)
        return self.select_related("user").get(article=article)

    def let_go(self, article: Article, user, now: datetime) -> None:
        self.filter(article=article, user=user).update(until=now)


class Claim(models.Model):
    """A curator has an article open on the review page. It is not recorded in the ledger."""

    article = models.OneToOneField(Article, models.CASCADE, primary_key=True, related_name="claim")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField()

    objects = ClaimQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user} at {self.article}"


class Review(Article):
    """An article under review; the admin's review page edits it."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = "article to review"
        verbose_name_plural = "review queue"

"""Who is at an article's desk: so that two curators do not start on the same one.

A claim keeps nobody out. It shows the others who has the article open, and the way to the next
article goes past it. What two do to one quote all the same is compared by its version.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import models

from sources.models import Article

LASTS = timedelta(minutes=5)
"""How long a claim stands without a sign of its curator."""


class ClaimQuerySet(models.QuerySet):
    def standing(self, now: datetime):
        return self.filter(until__gt=now)

    def of_others(self, user, now: datetime):
        return self.standing(now).exclude(user=user)

    def on(self, articles: Iterable[UUID], now: datetime) -> dict[UUID, "Claim"]:
        """The standing claims on some articles, with their curators; one query."""
        claims = self.standing(now).filter(article__in=articles).select_related("user")
        return {claim.article_id: claim for claim in claims}

    def hold(self, article: Article, user, now: datetime, *, take_over: bool = False) -> "Claim":
        """Claim an article or go on holding it; gives the claim that stands, whoever's it is.

        Of two who come at the same moment one has it: the row is inserted or changed in one
        statement.
        """
        mine = models.Q(user=user) | models.Q(until__lte=now)
        free = self.filter(article=article) if take_over else self.filter(mine, article=article)
        until = now + LASTS
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
    """A curator has an article open on the desk. No record: nothing rests on it."""

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
    """An article as it is reviewed; the desk of the admin is its page."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = "article to review"
        verbose_name_plural = "review queue"

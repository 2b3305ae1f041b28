"""The last filing of an article by each user, to compare the next one with."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import UUID7

from sources.models import Article
from sources.models.functions import UrlKey


class LastFiling(models.Model):
    """What a user said of an article when filing it last, and what that left on record.

    A filing is compared with it, not with the record, so that filing again undoes nothing that a
    curator did. `article_said` maps the fields of the article, and each of `quotes_said` those of
    a quote, to the values filed. `left` has the values that a filing left on record, where they are
    not as filed. `undecided` names the fields that it did not decide (see `entries`).

    An entry has the `quote`, its `external_id`, its `spans` and what they are `in`, the `sha256` of
    the text that it was filed with, the values `said` and `left` by field,
    the fields `undecided`, the `note`, and whether it `differs` from the record.

    After a merge it still says what was filed of the merged article. It is not recorded in the
    ledger. Erasure empties it and keeps the row, which says who filed.
    """

    stays_with = "article"  # a merge leaves it there: `sources.identity.merging`

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    article = models.ForeignKey(Article, models.CASCADE, related_name="last_filings")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,  # filed by a command of the operator
        related_name="+",
        db_index=False,
    )
    outlet = models.UUIDField(null=True)  # its id then; it may have been merged since
    external_id = models.CharField(max_length=200, null=True)
    url = models.TextField(null=True)
    url_key = models.GeneratedField(
        expression=UrlKey("url"), output_field=models.TextField(), db_persist=True
    )
    sha256 = models.CharField(max_length=64, null=True)  # of the text
    modified = models.DateTimeField(null=True)  # of the version filed
    is_first = models.BooleanField(default=False)  # this user's filing created the article
    article_said = models.JSONField(default=dict)
    article_left = models.JSONField(default=dict)
    quotes_said = models.JSONField(default=list)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["article", "user"],
                nulls_distinct=False,
                name="last_filing_once_per_user",
            ),
        ]
        indexes = [
            models.Index(
                fields=["external_id"],
                condition=Q(external_id__isnull=False),
                name="last_filing_external_id",
            ),
            models.Index(
                fields=["url_key"], condition=Q(url_key__isnull=False), name="last_filing_url"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.article} by {self.user}"

    def entries(self) -> dict[str, dict]:
        """What was said of each quote and all that this left on record, by the quote's id."""
        return {entry["quote"]: _whole(entry) for entry in self.quotes_said}

    def keep_entries(self, entries: dict[str, dict]) -> None:
        """Set `quotes_said`: most of what is left on record is as filed, or nothing."""
        self.quotes_said = [_short(entry) for entry in entries.values()]


def _whole(entry: dict) -> dict:
    said = {n: value for n, value in entry["said"].items() if n not in entry["undecided"]}
    return {**entry, "left": said | entry["left"]}


def _short(entry: dict) -> dict:
    said, left = entry["said"], entry["left"]
    differing = {n: v for n, v in left.items() if (n in said or v) and v != said.get(n)}
    return {**entry, "left": differing, "undecided": [n for n in said if n not in left]}

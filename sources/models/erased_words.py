"""Keyed hashes of words and names that were erased, to know them when they come back."""

from django.db import models
from django.db.models.functions import Now


class ErasedWords(models.Model):
    """Some erased words, by hashes whose key is not in the database.

    `digest` is that of all words, `head` that of the first two, which any text is looked through
    for. Words that many say belong to one `article`; others are known in every text. `key` tells
    which key they were made with. `sources.history.remembered` makes and compares them.
    """

    head = models.BinaryField()
    digest = models.BinaryField()
    length = models.PositiveSmallIntegerField()  # in words, as searches compare them
    key = models.BinaryField()
    article = models.UUIDField(null=True)  # which may be erased too
    reason = models.TextField()  # public
    erased = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["digest", "article"], nulls_distinct=False, name="erased_words_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.length} words, erased {self.erased}"

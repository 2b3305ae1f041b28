"""The Merkle tree over all revisions: its leaves, and the checkpoints that were signed.

`sources.checkpoints` computes the tree (RFC 6962), signs and verifies it.
"""

import pgtrigger
from django.db import models
from django.db.models.functions import Now

from sources.database.triggers import Refuses


class Leaf(models.Model):
    """The place of a revision in the tree, and its leaf hash: SHA-256 of a zero byte and its link.

    Places are dense and start at 0, in the order of the change feed. Only the SQL function
    `sources_sequence` adds leaves. The link hides what the revision says, since it covers salted
    hashes. Erasure keeps links, so it changes no leaf. The subject names a revision that is gone.
    """

    position = models.BigIntegerField(primary_key=True)
    subject_id = models.UUIDField()
    version = models.PositiveIntegerField()
    hash = models.BinaryField()

    class Meta:
        default_permissions = ()
        verbose_name_plural = "leaves"
        constraints = [
            models.UniqueConstraint(
                fields=["subject_id", "version"], name="leaf_once_per_revision"
            ),
        ]
        triggers = [
            Refuses(name="no_change", operation=pgtrigger.Update | pgtrigger.Delete),
            Refuses(name="no_truncate", operation=pgtrigger.Truncate, level=pgtrigger.Statement),
        ]

    def __str__(self) -> str:
        return f"leaf {self.position}: {self.subject_id}, version {self.version}"


class Checkpoint(models.Model):
    """A signed state of the tree: the number of its leaves and its root (C2SP tlog-checkpoint).

    `note` is what was signed, with the signatures. `subtrees` are the hashes of the complete
    subtrees that make up the tree, the largest first: a later tree is computed from them.
    """

    size = models.BigIntegerField(primary_key=True)
    subtrees = models.BinaryField()
    note = models.TextField()
    signed = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        ordering = ["size"]
        triggers = [
            Refuses(name="no_change", operation=pgtrigger.Update | pgtrigger.Delete),
            Refuses(name="no_truncate", operation=pgtrigger.Truncate, level=pgtrigger.Statement),
        ]

    def __str__(self) -> str:
        return f"checkpoint of {self.size} revisions"

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self.note.partition("\n")[0]

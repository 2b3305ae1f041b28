"""The documents that articles were converted from."""

from typing import Self

import pgtrigger
from django.db import models
from django.db.models.functions import UUID7, Now

from sources.database.triggers import Refuses, RefusesUnlessErasing, Trigger
from sources.models.articles import Snapshot


class SourceDocument(models.Model):
    """The document that a snapshot's text was converted from, byte for byte.

    A page that says the same words again is not kept again. `particulars` is what the document says
    and an article does not hold: status and edition.
    Immutable: PostgreSQL refuses UPDATE, DELETE, TRUNCATE and a wrong digest. Erasure deletes it.
    """

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    snapshot = models.OneToOneField(
        Snapshot, models.PROTECT, related_name="document", editable=False
    )
    sha256 = models.CharField(max_length=64, editable=False)
    body = models.BinaryField()
    media_type = models.CharField(max_length=100, editable=False)
    charset = models.CharField(max_length=40, null=True, editable=False)  # as declared beside it
    format = models.CharField(max_length=20, editable=False)
    converter = models.CharField(max_length=100, editable=False)  # with its version
    particulars = models.JSONField(default=dict, editable=False)
    captured = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ()
        triggers = [
            Trigger(
                name="digest",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NEW.sha256 IS DISTINCT FROM encode(sha256(NEW.body), 'hex') THEN
                        RAISE EXCEPTION 'The sha256 of a document must be that of its bytes.'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'document_digest';
                    END IF;
                    RETURN NEW;
                """,
            ),
            RefusesUnlessErasing(name="no_change", operation=pgtrigger.Update | pgtrigger.Delete),
            Refuses(name="no_truncate", operation=pgtrigger.Truncate, level=pgtrigger.Statement),
        ]

    def __str__(self) -> str:
        return self.sha256

    @classmethod
    def of(cls, conversion, snapshot: Snapshot) -> Self:
        """The document of a `sources.intake.Conversion`, to be stored with the snapshot."""
        document = conversion.document
        return cls(
            snapshot=snapshot,
            sha256=document.sha256,
            body=document.body,
            media_type=document.media_type,
            charset=document.charset,
            format=conversion.format,
            converter=conversion.converter,
            particulars=conversion.kept,
        )

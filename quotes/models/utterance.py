"""Utterances: acts of speaking that several quotes report."""

from collections.abc import Iterable
from uuid import UUID

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models, transaction

from quotes.models.workflow import PUBLIC, PUBLIC_STATUSES
from sources.database.triggers import KeepsVersion, Trigger
from sources.dates import PartialDate
from sources.ledger.actor import with_reason
from sources.ledger.recording import Recording
from sources.models import Record
from sources.models.base import changed_index

MIXED = "The quotes of an utterance have one speaker."


MAX_SHOWN_WORDS = 80
"""Code points of the words by which an utterance is named."""


def in_words(text: str, speaker: str | None = None, published: PartialDate | None = None) -> str:
    """An utterance by the words of a quote, who said them, and when."""
    short = text if len(text) <= MAX_SHOWN_WORDS else f"{text[: MAX_SHOWN_WORDS - 1]}…"
    return ", ".join(str(part) for part in (f"“{short}”", speaker, published) if part)


class Utterance(Record):
    """One act of speaking that several quotes report, each in its own words.

    All of them have the same speaker, or nobody: PostgreSQL refuses anything else. A trigger keeps
    `public`, whether readers see any of them, and `is_empty`, whether all have left it: each change
    is a version, so that whoever follows the changes is told.
    """

    public = models.BooleanField(default=False, db_default=False, editable=False)
    is_empty = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        indexes = [changed_index("utterance")]
        triggers = [KeepsVersion(), *Recording(public="n.public").triggers]

    def __str__(self) -> str:
        """The words of its first public quote, who said them, and when; one query."""
        first = self.quotes.filter(status__in=PUBLIC).order_by("published_day", "id")
        said = first.values_list("text", "speaker__name", "published").first()
        return in_words(*said) if said else f"Not public, recorded {self.created:%Y-%m-%d %H:%M}"

    @classmethod
    def join(cls, quotes: Iterable[Record], reason: str | None = None) -> "Utterance":
        """Put these quotes into one utterance, and return it.

        That is the utterance most of them belong to, the oldest if several tie, or a new one. Other
        quotes of their former utterances stay there. Raises ValidationError for fewer than two
        quotes, or several speakers.
        """
        model = cls._meta.get_field("quotes").related_model
        with transaction.atomic(), with_reason(reason):
            chosen = model.objects.filter(pk__in=[quote.pk for quote in quotes]).order_by("pk")
            held = list(chosen.select_for_update(of=("self",)).values_list("speaker", "utterance"))
            if len(held) < 2:
                raise ValidationError("Choose two quotes or more to join.")
            if len({speaker for speaker, _ in held}) > 1:
                raise ValidationError(f"{MIXED} These have several.")
            reported = [utterance for _, utterance in held if utterance]
            if reported:
                joined = cls.objects.get(pk=max(sorted(set(reported)), key=reported.count))
            else:
                joined = cls.objects.create()
            if joined.has_others_than(held[0][0]):
                raise ValidationError(f"{MIXED} That of these has another.")
            chosen.exclude(utterance=joined).update(utterance=joined)
        return joined

    def has_others_than(self, speaker: UUID | None, *, beside: Record | None = None) -> bool:
        """Whether the utterance has another quote with a different speaker (None: no speaker)."""
        of_others = ~models.Q(speaker=speaker) if speaker else models.Q(speaker__isnull=False)
        return self.quotes.filter(of_others).exclude(pk=beside and beside.pk).exists()


class KeepsSpeaker(Trigger):
    """Keep the quotes of an utterance to one speaker.

    A quote cannot join an utterance of another speaker. A quote that gets another speaker leaves
    its utterance, unless all quotes of the utterance change, as in a merge of speakers.

    Utterances are locked before their quotes are read, so that concurrent joins see each other.
    """

    when = pgtrigger.After
    level = pgtrigger.Statement
    declare = [("touched", "uuid[]")]

    def __init__(self, operation: pgtrigger.Operation):
        self.is_update = operation == pgtrigger.Update
        rows = {"old": "old_rows", "new": "new_rows"} if self.is_update else {"new": "new_rows"}
        super().__init__(
            name=f"utterance_{str(operation).lower()}",
            operation=operation,
            referencing=pgtrigger.Referencing(**rows),
        )

    def get_func(self, model) -> str:
        lock = """
            PERFORM FROM quotes_utterance WHERE id = ANY (touched)
                ORDER BY id FOR NO KEY UPDATE;"""
        leave = (
            f"""
            touched = ARRAY(
                SELECT DISTINCT n.utterance_id FROM new_rows n JOIN old_rows o ON o.id = n.id
                WHERE n.utterance_id = o.utterance_id
                  AND n.speaker_id IS DISTINCT FROM o.speaker_id
            );
            IF touched <> '{{}}' THEN{lock}
                UPDATE quotes_quote SET utterance_id = NULL
                FROM new_rows n JOIN old_rows o ON o.id = n.id
                WHERE quotes_quote.id = n.id AND n.utterance_id = o.utterance_id
                  AND n.speaker_id IS DISTINCT FROM o.speaker_id
                  AND EXISTS (
                      SELECT FROM quotes_quote other
                      WHERE other.utterance_id = n.utterance_id
                        AND other.speaker_id IS DISTINCT FROM n.speaker_id
                  );
            END IF;"""  # noqa: S608 (ours)
            if self.is_update
            else ""
        )
        joined = (
            """SELECT DISTINCT n.utterance_id FROM new_rows n JOIN old_rows o ON o.id = n.id
                WHERE n.utterance_id IS NOT NULL
                  AND n.utterance_id IS DISTINCT FROM o.utterance_id"""
            if self.is_update
            else "SELECT DISTINCT utterance_id FROM new_rows WHERE utterance_id IS NOT NULL"
        )
        return f"""{leave}
            touched = ARRAY({joined});
            IF touched <> '{{}}' THEN{lock}
                IF EXISTS (
                    SELECT FROM quotes_quote WHERE utterance_id = ANY (touched)
                    GROUP BY utterance_id
                    HAVING count(DISTINCT coalesce(speaker_id::text, '')) > 1
                ) THEN
                    RAISE EXCEPTION '{MIXED}'
                        USING ERRCODE = 'check_violation',
                              CONSTRAINT = 'quote_utterance_fits';
                END IF;
            END IF;
            RETURN NULL;
        """


class ShowsUtterance(Trigger):
    """Keep whether an utterance has quotes, and whether readers see one of them: then they see it.

    Utterances are locked before their quotes are read, so that concurrent changes see each other.
    """

    when = pgtrigger.After
    level = pgtrigger.Statement
    declare = [("touched", "uuid[]")]

    ROWS = {  # utterances that the statement may have shown, hidden or emptied
        "insert": "SELECT utterance_id FROM new_rows",
        "delete": "SELECT utterance_id FROM old_rows",
        "update": f"""
            SELECT unnest(ARRAY[n.utterance_id, o.utterance_id]) AS utterance_id
            FROM new_rows n JOIN old_rows o ON o.id = n.id
            WHERE (n.utterance_id, n.status IN {PUBLIC_STATUSES})
                  IS DISTINCT FROM (o.utterance_id, o.status IN {PUBLIC_STATUSES})
        """,  # noqa: S608
    }

    def __init__(self, operation: pgtrigger.Operation):
        name = str(operation).lower()
        rows = {"old": "old_rows", "new": "new_rows"}
        rows = {which: table for which, table in rows.items() if table in self.ROWS[name]}
        super().__init__(
            name=f"utterance_public_{name}",
            operation=operation,
            referencing=pgtrigger.Referencing(**rows),
            func=f"""
                touched = ARRAY(
                    SELECT DISTINCT utterance_id FROM ({self.ROWS[name]}) changed
                    WHERE utterance_id IS NOT NULL
                );
                IF touched <> '{{}}' THEN
                    PERFORM FROM quotes_utterance WHERE id = ANY (touched)
                        ORDER BY id FOR NO KEY UPDATE;
                    UPDATE quotes_utterance u SET public = s.public, is_empty = s.is_empty
                    FROM (
                        SELECT t.id,
                            EXISTS (
                                SELECT FROM quotes_quote q
                                WHERE q.utterance_id = t.id AND q.status IN {PUBLIC_STATUSES}
                            ) AS public,
                            NOT EXISTS (
                                SELECT FROM quotes_quote q WHERE q.utterance_id = t.id
                            ) AS is_empty
                        FROM unnest(touched) t (id)
                    ) s
                    WHERE u.id = s.id AND (u.public, u.is_empty) <> (s.public, s.is_empty);
                END IF;
                RETURN NULL;
            """,  # noqa: S608 (ours)
        )

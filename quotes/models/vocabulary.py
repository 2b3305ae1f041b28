"""The words of all quotes, to correct a misspelt search.

Triggers add the words of new quotes and delete words that no quote has any more. Writers take no
locks: two that add the same word store it twice, which is harmless. A word re-added while its last
quote is deleted may be lost until its next use; only the correction of that one word suffers.
"""

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from quotes.models.functions import Deletions
from sources.database.triggers import OwnersTriggerSql, Trigger

MIN_LETTERS, MAX_LETTERS = 3, 40
"""Of a word that is kept. Numbers are not kept: they are never corrected."""

WORDS_OF = r"""
    SELECT DISTINCT word FROM ({rows}) changed
    CROSS JOIN string_to_table(btrim(changed.bare), ' ') AS word
    WHERE length(word) BETWEEN {shortest} AND {longest} AND word !~ '\d'
"""

LEARN = """
    INSERT INTO quotes_word (word)
    SELECT word FROM ({words}) w
    WHERE NOT EXISTS (SELECT FROM quotes_word known WHERE known.word = w.word);
"""

FORGET = """
    DELETE FROM quotes_word WHERE word IN (
        SELECT word FROM ({words}) w
        WHERE NOT EXISTS (
            SELECT FROM quotes_quote q WHERE quotes_grams(q.bare) @> ARRAY[hashtext(w.word)]
              AND strpos(q.bare, ' ' || w.word || ' ') > 0
        )
    );
"""

CHANGED = """
    SELECT {row}.bare FROM new_rows n JOIN old_rows o ON o.id = n.id
    WHERE n.bare IS DISTINCT FROM o.bare
"""


class Word(models.Model):
    """A word of some quote, without case or accents."""

    id = models.BigAutoField(primary_key=True)
    word = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["word"], name="word_by_itself"),
            GinIndex(Deletions("word"), name="word_by_slips"),
        ]

    def __str__(self) -> str:
        return self.word


def words_of(rows: str) -> str:
    return WORDS_OF.format(rows=rows, shortest=MIN_LETTERS, longest=MAX_LETTERS)


class KeepsWords(Trigger):
    """Add the words of rows that a statement wrote, delete those that only its old rows had."""

    sql_class = OwnersTriggerSql
    when = pgtrigger.After
    level = pgtrigger.Statement

    def __init__(self, operation: pgtrigger.Operation):
        name = str(operation).lower()
        learnt, forgotten, tables = {
            "insert": ("SELECT bare FROM new_rows", None, {"new": "new_rows"}),
            "update": (
                CHANGED.format(row="n"),
                CHANGED.format(row="o"),
                {"old": "old_rows", "new": "new_rows"},
            ),
            "delete": (None, "SELECT bare FROM old_rows", {"old": "old_rows"}),
        }[name]
        parts = ((LEARN, learnt), (FORGET, forgotten))
        sql = "".join(part.format(words=words_of(rows)) for part, rows in parts if rows)
        super().__init__(
            name=f"vocabulary_{name}",
            operation=operation,
            referencing=pgtrigger.Referencing(**tables),
            func=f"{sql} RETURN NULL;",
        )

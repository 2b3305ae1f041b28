"""The words that stand in quotes, so that a misspelt one can be taken for one that does.

Kept by triggers: what a statement brings is added, what it takes away goes when no other quote has
it. Writers do not wait for each other: two that bring the same new word add it twice, which does no
harm, and of one that is brought while its last other quote goes away nothing may be left, until it
is brought again; then only a slip in that very word is not put right.
"""

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from quotes.models.functions import Deletions
from sources.database.triggers import OwnersTriggerSql, Trigger

SHORTEST, LONGEST = 3, 40
"""Letters of a word that is kept; numbers are not, as no number is a slip of another."""

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
    """A word of some quote, without case and accents."""

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
    return WORDS_OF.format(rows=rows, shortest=SHORTEST, longest=LONGEST)


class KeepsWords(Trigger):
    """Learn the words of quotes that a statement made, forget those of what it took away."""

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

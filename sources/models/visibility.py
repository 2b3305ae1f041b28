"""Who sees a record: everybody once it is public, until then curators and who filed it.

A record is public from the start, unless a filing of somebody who is no curator makes it
(`as_proposed`). It becomes public, for good, when a curator changes it, or when
something public refers to it. Triggers see to that, whichever way a change comes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pgtrigger
from django.db import connection, models, transaction
from django.db.models import Q

from sources.database.triggers import Trigger, columns_of

seen_by_filers: dict[str, Callable[[object], Q]] = {}
"""By model, the condition of the records that a user sees although they are not public.

Apps above fill it: they know what a user has filed.
"""


class PublicQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Records that this user may see. Every query for a user starts here."""
        of = self.model._meta
        if user.has_perm(f"{of.app_label}.change_{of.model_name}"):
            return self
        public = Q(is_public=True)
        if seen := seen_by_filers.get(of.model_name):
            public |= seen(user)
        return self.filter(public)

    def hidden_of(self, user):
        """Records that this user sees and readers do not."""
        return self.filter(is_public=False).visible_to(user)


def hidden_index(model: str) -> models.Index:
    """Index of the records that readers do not see: for the triggers and the admin's filter."""
    return models.Index(fields=["id"], condition=Q(is_public=False), name=f"{model}_hidden")


@contextmanager
def as_proposed() -> Iterator[None]:
    """Keep from readers what is made inside, and do not make public what is changed."""
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('onrecord.proposing', 'on', true)")
        yield
        cursor.execute("SELECT set_config('onrecord.proposing', '', true)")


IF_PUBLIC = "n.is_public"
"""Whether readers see a row `n`, for the ledger and the triggers."""

PROPOSING = "current_setting('onrecord.proposing', true) = 'on'"


NOT_CONFIRMING = ("is_public", "distinct_from", "version", "updated")
"""Columns that a curator may change without saying that the record is right."""


class HidesProposals(Trigger):
    """Keep from readers what a filing makes, until it becomes public."""

    name = "hidden"
    when = pgtrigger.Before
    operation = pgtrigger.Insert
    condition = pgtrigger.Condition(PROPOSING)
    func = "NEW.is_public = false; RETURN NEW;"


class BecomesPublic(Trigger):
    """Make a hidden record public when a curator changes it, and never hide it again.

    Not a curator's: what a filing, an erasure, a merge of others or another trigger changes. That
    two records are distinct says nothing of what either says.
    """

    name = "public"  # before `version`, which counts the change
    when = pgtrigger.Before
    operation = pgtrigger.Update
    condition = pgtrigger.Condition("NOT (OLD.is_public AND NEW.is_public)")

    def get_func(self, model: type[models.Model]) -> str:
        own = [c for c in columns_of(model) if c not in NOT_CONFIRMING]
        now, before = (", ".join(f'{row}."{c}"' for c in own) for row in ("NEW", "OLD"))
        return f"""
            NEW.is_public = NEW.is_public OR OLD.is_public OR (
                ROW({now}) IS DISTINCT FROM ROW({before})
                AND NOT coalesce({PROPOSING}, false)
                AND current_setting('onrecord.merging', true) IS DISTINCT FROM 'on'
                AND pg_trigger_depth() = 1
                AND NOT sources_erasing()
            );
            RETURN NEW;
        """


class ShowsReferences(Trigger):
    """Make public what public rows refer to: readers see it there.

    `public` is the condition of a public row `n`; `arrays` are columns of ids, by the model they
    refer to; `others` are queries of further ids, over `new_rows`. If all of it is public already,
    nothing is written or locked.
    """

    when = pgtrigger.After
    level = pgtrigger.Statement
    declare = [("shown", "uuid[]")]

    def __init__(
        self,
        operation: pgtrigger.Operation,
        *,
        public: str = IF_PUBLIC,
        arrays: tuple[str, ...] = (),
        others: dict[str, str] | None = None,
    ):
        self.public, self.arrays, self.others = public, arrays, others or {}
        super().__init__(
            name=f"show_{str(operation).lower()}",
            operation=operation,
            referencing=pgtrigger.Referencing(new="new_rows"),
        )

    def get_func(self, model: type[models.Model]) -> str:
        parts = "".join(
            f"""
                shown = ARRAY({" UNION ".join(ids)});
                IF EXISTS (SELECT FROM {table} WHERE id = ANY (shown) AND NOT is_public) THEN
                    UPDATE {table} SET is_public = true WHERE id IN (
                        SELECT id FROM {table} WHERE id = ANY (shown) AND NOT is_public
                        ORDER BY id FOR NO KEY UPDATE
                    );
                END IF;"""
            for table, ids in self.ids_by_table(model).items()
        )
        return f"""
            IF EXISTS (SELECT FROM new_rows n WHERE {self.public}) THEN{parts}
            END IF;
            RETURN NULL;
        """

    def ids_by_table(self, model: type[models.Model]) -> dict[str, list[str]]:
        """Queries of the ids that public rows refer to, by table."""
        found, rows = defaultdict(list), f"FROM new_rows n WHERE {self.public}"
        for field in model._meta.local_concrete_fields:
            if field.many_to_one and "is_public" in columns_of(field.related_model):
                found[field.related_model._meta.db_table].append(
                    f"SELECT DISTINCT n.{field.column} {rows}"
                )
        for column in self.arrays:
            found[model._meta.db_table].append(f"SELECT unnest(n.{column}) {rows}")
        for table, ids in self.others.items():
            found[table].append(f"{ids} AND {self.public}")
        return found


def visibility_triggers(*arrays: str) -> list[Trigger]:
    """The triggers of a record that `is_public`; `arrays` are columns of ids of its own kind."""
    return [
        HidesProposals(),
        BecomesPublic(),
        *(ShowsReferences(do, arrays=arrays) for do in (pgtrigger.Insert, pgtrigger.Update)),
    ]

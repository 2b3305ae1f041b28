"""Triggers for several tables, without django-pgtrigger's off switch.

Its own triggers obey the session setting `pgtrigger.ignore`, so any client could disable them.
"""

import pgtrigger
from django.db import models
from pgtrigger.compiler import Trigger as Compiled
from pgtrigger.compiler import UpsertTriggerSql

TRIGGER = """
    DROP TRIGGER IF EXISTS {pgid} ON {table};
    CREATE {constraint} TRIGGER {pgid}
        {when} {operation} ON {table}
        {timing}
        {referencing}
        FOR EACH {level} {condition}
        EXECUTE FUNCTION {execute};
    COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
"""


class TriggerSql(UpsertTriggerSql):
    """A trigger without the off switch. Migrations use this class: change it under a new name."""

    def get_template(self) -> str:
        function = """
            CREATE OR REPLACE FUNCTION {pgid}() RETURNS TRIGGER AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$ LANGUAGE plpgsql;
        """
        return function + TRIGGER


class OwnersTriggerSql(UpsertTriggerSql):
    """A trigger that runs with its owner's rights (SECURITY DEFINER) and only the owner can attach.

    Time zone and date style are fixed, so that what it writes does not depend on the session.
    """

    def get_template(self) -> str:
        function = """
            CREATE OR REPLACE FUNCTION {pgid}() RETURNS TRIGGER AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$ LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD';
            REVOKE ALL ON FUNCTION {pgid}() FROM PUBLIC;
        """
        return function + TRIGGER


class Trigger(pgtrigger.Trigger):
    """A trigger that no session can disable."""

    sql_class = TriggerSql

    def compile(self, model: type[models.Model]) -> Compiled:
        made = super().compile(model)
        said = {name: value for name, value in made.sql.kwargs.items() if value}
        del said["ignore_func_name"]
        made.sql = self.sql_class(**said)
        return made


class KeepsVersion(Trigger):
    """Keep `version` and `updated`, whichever way a change comes.

    A new record has version 1. An update that changes something adds one and sets `updated`, always
    later than before. Clients cannot set either; another trigger can, by `version = version + 1`,
    when a part in another table changed. `derived` columns do not count as changes.
    """

    name = "version"
    when = pgtrigger.Before
    operation = pgtrigger.Insert | pgtrigger.Update

    def __init__(self, *, derived: tuple[str, ...] = (), **kwargs):
        self.derived = derived
        super().__init__(**kwargs)

    def get_func(self, model: type[models.Model]) -> str:
        # A BEFORE trigger does not see generated columns yet.
        own = [
            column
            for column in columns_of(model)
            if column not in ("version", "updated", *self.derived)
        ]
        now = ", ".join(f'NEW."{column}"' for column in own)
        before = ", ".join(f'OLD."{column}"' for column in own)
        stamp = (
            "NEW.updated = greatest(clock_timestamp(), OLD.updated + interval '1 microsecond');"
            if "updated" in columns_of(model)
            else ""
        )
        return f"""
            IF TG_OP = 'INSERT' THEN
                NEW.version = 1;
                RETURN NEW;
            END IF;
            IF ROW({now})
               IS DISTINCT FROM ROW({before})
               OR (NEW.version > OLD.version AND pg_trigger_depth() > 1) THEN
                NEW.version = OLD.version + 1;
                {stamp}
            ELSE
                NEW.version = OLD.version;
                {"NEW.updated = OLD.updated;" if stamp else ""}
            END IF;
            RETURN NEW;
        """


def columns_of(model: type[models.Model]) -> list[str]:
    """The stored columns of a table, without generated ones, in order."""
    return [field.column for field in model._meta.local_concrete_fields if not field.generated]


class Refuses(Trigger):
    """Refuse an operation on a table, for every role."""

    when = pgtrigger.Before

    def get_func(self, model: type[models.Model]) -> str:
        return f"""
            RAISE EXCEPTION 'A row of {model._meta.db_table} is never changed: % is refused.', TG_OP
                USING ERRCODE = 'restrict_violation';
        """


class RefusesUnlessErasing(Trigger):
    """Refuse an operation, except to `manage.py erase`."""

    when = pgtrigger.Before

    def get_func(self, model: type[models.Model]) -> str:
        return f"""
            IF NOT sources_erasing() THEN
                RAISE EXCEPTION
                    'A row of {model._meta.db_table} is kept: % is refused. See manage.py erase.',
                    TG_OP USING ERRCODE = 'restrict_violation';
            END IF;
            IF TG_OP = 'DELETE' THEN
                RETURN OLD;
            END IF;
            RETURN NEW;
        """


class KeepsFormerName(Trigger):
    """Keep the former name of a renamed record as an alias, unless its aliases change too.

    Newsrooms go on filing under the name they know.
    """

    name = "former_name"  # before `version`, which counts the change
    when = pgtrigger.Before
    operation = pgtrigger.UpdateOf("name")
    func = """
        IF NEW.aliases = OLD.aliases
           AND NOT sources_fold(OLD.name) = ANY (sources_fold_names(NEW.name, NEW.aliases))
        THEN
            NEW.aliases = NEW.aliases || OLD.name;
        END IF;
        RETURN NEW;
    """


class FollowsMerges(Trigger):
    """Replace a merged record in a foreign key by its surviving record.

    The record is locked as a foreign key would (FOR KEY SHARE), so that a concurrent merge either
    moves the row or is seen here.
    """

    name = "actual"  # before any other: triggers run in the order of their names
    when = pgtrigger.Before
    declare = [("survivor", "uuid")]

    def __init__(self, *fields: str, **kwargs):
        self.fields = fields
        columns = [f"{name}_id" for name in fields]
        super().__init__(operation=pgtrigger.Insert | pgtrigger.UpdateOf(*columns), **kwargs)

    def get_func(self, model: type[models.Model]) -> str:
        return (
            "".join(
                f"""
            WHILE NEW.{field.column} IS NOT NULL LOOP
                SELECT merged_into_id INTO survivor FROM {field.related_model._meta.db_table}
                    WHERE id = NEW.{field.column} FOR KEY SHARE;
                EXIT WHEN survivor IS NULL;
                NEW.{field.column} = survivor;
            END LOOP;"""
                for field in map(model._meta.get_field, self.fields)
            )
            + """
            RETURN NEW;
        """
        )

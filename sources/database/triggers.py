"""Triggers that more than one table carries, and how they are made.

Django-pgtrigger's own function can be switched off by a setting of the session,
`pgtrigger.ignore`. A rule that anybody may switch off is none: those made here have no such switch.
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
    """A trigger without the switch. Migrations name this class: change it only under a new name."""

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
    """A trigger that works with the rights of its owner, and that nobody else can hang on a table.

    Time zone and date style are fixed, so that what it writes does not depend on who caused it.
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
    """A trigger that no session can switch off."""

    sql_class = TriggerSql

    def compile(self, model: type[models.Model]) -> Compiled:
        made = super().compile(model)
        said = {name: value for name, value in made.sql.kwargs.items() if value}
        del said["ignore_func_name"]
        made.sql = self.sql_class(**said)
        return made


class KeepsVersion(Trigger):
    """Count a record's changes in the database, whatever road they come by.

    A record begins at version 1. An update that changes something adds one and stamps `updated`,
    always later than before; one that changes nothing leaves both alone. Nobody else can set them,
    but for another trigger, which says by `version = version + 1` that a part of the record has
    changed that is kept in another table. Columns that follow from others are `derived` and count
    for nothing here.
    """

    name = "version"
    when = pgtrigger.Before
    operation = pgtrigger.Insert | pgtrigger.Update

    def __init__(self, *, derived: tuple[str, ...] = (), **kwargs):
        self.derived = derived
        super().__init__(**kwargs)

    def get_func(self, model: type[models.Model]) -> str:
        # Generated columns are not known yet when a BEFORE trigger runs.
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
    """The columns of a table that are stored and not computed, in their order."""
    return [field.column for field in model._meta.local_concrete_fields if not field.generated]


class Refuses(Trigger):
    """Refuse an operation on a table, whoever asks."""

    when = pgtrigger.Before

    def get_func(self, model: type[models.Model]) -> str:
        return f"""
            RAISE EXCEPTION 'A row of {model._meta.db_table} is never changed: % is refused.', TG_OP
                USING ERRCODE = 'restrict_violation';
        """


class RefusesUnlessErasing(Trigger):
    """Refuse an operation, except to `manage.py erase`, which removes what the law says must go."""

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


class FollowsMerges(Trigger):
    """Point to the record that another was merged into, not to the merged one.

    The record pointed to is locked as a foreign key would lock it, so that a merge, which locks it
    whole, either sees the row or is seen by it.
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

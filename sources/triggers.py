"""Triggers that more than one table carries."""

import pgtrigger
from django.db import models


class KeepsVersion(pgtrigger.Trigger):
    """Count a record's changes in the database, whatever road they come by.

    An update that changes something adds one to `version` and stamps `updated`; an update that
    changes nothing leaves both alone. Nobody else can set them.
    """

    name = "version"
    when = pgtrigger.Before
    operation = pgtrigger.Update

    def get_func(self, model: type[models.Model]) -> str:
        # Generated columns are not known yet when a BEFORE trigger runs.
        generated = [field.column for field in model._meta.local_fields if field.generated]
        ignored = ", ".join(f"'{column}'" for column in ["version", "updated", *generated])
        return f"""
            NEW.version = OLD.version;
            NEW.updated = OLD.updated;
            IF to_jsonb(NEW) - ARRAY[{ignored}]
               IS DISTINCT FROM to_jsonb(OLD) - ARRAY[{ignored}] THEN
                NEW.version = OLD.version + 1;
                NEW.updated = statement_timestamp();
            END IF;
            RETURN NEW;
        """


class Refuses(pgtrigger.Trigger):
    """Refuse an operation on a table, whoever asks."""

    when = pgtrigger.Before

    def get_func(self, model: type[models.Model]) -> str:
        return f"""
            RAISE EXCEPTION 'A row of {model._meta.db_table} is never changed: % is refused.', TG_OP
                USING ERRCODE = 'restrict_violation';
        """

"""Triggers that copy changes of an article or affiliation to its quotes.

The two proxy models only carry the triggers, as `sources` knows of no quotes.
"""

import pgtrigger

from sources.database.triggers import Trigger
from sources.models import Affiliation, Article


class PrintedArticle(Article):
    """Carries the trigger that copies outlet and date to quotes, for one index to sort by."""

    class Meta:
        proxy = True
        triggers = [
            Trigger(
                name="tell_quotes",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("outlet_id", "published"),
                condition=pgtrigger.AnyChange("outlet_id", "published"),
                func="""
                    UPDATE quotes_quote SET outlet_id = NEW.outlet_id, published = NEW.published
                        WHERE article_id = NEW.id;
                    RETURN NULL;
                """,
            ),
        ]


class RechecksRoles(Trigger):
    """Recheck the printed roles of quotes whose speaker's affiliations changed.

    Once per statement: a merge moves all affiliations of a speaker at once.
    """

    when = pgtrigger.After
    level = pgtrigger.Statement

    def __init__(self, operation: pgtrigger.Operation, speakers: str, **rows: str):
        super().__init__(
            name=f"recheck_roles_{str(operation).lower()}",
            operation=operation,
            referencing=pgtrigger.Referencing(**rows),
            func=f"""
                UPDATE quotes_quote SET flags = flags
                    WHERE speaker_id IN ({speakers}) AND NOT role_kept
                      AND coalesce(attribution_role, role) IS NOT NULL
                      AND ('role_conflict' = ANY (flags)) <> quotes_role_conflict(
                          speaker_id, coalesce(said, published), ARRAY[role, attribution_role]
                      );
                RETURN NULL;
            """,  # noqa: S608 (ours)
        )


class CitedAffiliation(Affiliation):
    """Carries the triggers that keep an affiliation with its speaker while quotes cite it.

    Only a merge of speakers or organisations, or its undo, moves it, and its quotes with it.
    """

    class Meta:
        proxy = True
        triggers = [
            Trigger(
                name="keep_for_quotes",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("speaker_id", "organisation_id"),
                condition=pgtrigger.AnyChange("speaker_id", "organisation_id"),
                func="""
                    IF current_setting('onrecord.merging', true) IS DISTINCT FROM 'on'
                       AND EXISTS (SELECT FROM quotes_quote WHERE affiliation_id = OLD.id) THEN
                        RAISE EXCEPTION
                            'Quotes rest on this affiliation: make another, and move them there.'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'affiliation_is_cited';
                    END IF;
                    RETURN NEW;
                """,
            ),
            Trigger(
                name="tell_quotes",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("speaker_id", "organisation_id"),
                condition=pgtrigger.AnyChange("speaker_id", "organisation_id"),
                func="""
                    UPDATE quotes_quote
                        SET speaker_id = NEW.speaker_id, organisation_id = NEW.organisation_id
                        WHERE affiliation_id = NEW.id;
                    RETURN NULL;
                """,
            ),
            RechecksRoles(pgtrigger.Insert, "SELECT speaker_id FROM new_rows", new="new_rows"),
            RechecksRoles(
                pgtrigger.Update,
                """
                SELECT unnest(ARRAY[n.speaker_id, o.speaker_id])
                FROM new_rows n JOIN old_rows o ON o.id = n.id
                WHERE (n.speaker_id, n.role, n.start, n."end")
                      IS DISTINCT FROM (o.speaker_id, o.role, o.start, o."end")
                """,
                old="old_rows",
                new="new_rows",
            ),
        ]

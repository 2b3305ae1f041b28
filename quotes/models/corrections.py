"""Corrections: what readers see of a public quote changes only with a note for them."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pgtrigger

from quotes.models.workflow import PUBLIC_STATUSES
from sources.database.triggers import Trigger

PRINTED = ("text", "speaker", "role", "organisation", "cue")
"""Parts of the printed attribution, each a column `attribution_…`."""

MOVED = ("speaker_id", "organisation_id", "affiliation_id")
"""Columns that a merge or its undo changes without a note: it is public on the merged records."""

CORRECTED = (
    *("kind", "language", "role", "said", "media", "translated_from", "translates_id"),
    *(f"attribution_{part}" for part in PRINTED),
)
"""Columns that only a correction changes. So does `text`, unless an article's edit leaves the words
as they are."""

PLAIN = "[^¹²³⁰⁴-⁹₀-₉¼½¾⅐-⅞①-⓿]"
"""Not among them: superscripts, fractions and circled digits, which never are plain ones."""

REFUSED = "A public quote changes only with a note for its readers: use correct/."


def public_values(quote) -> dict:
    """The values of a quote that only a correction may change, as `corrections` shows them."""
    affiliation = quote.affiliation
    return {
        **{name: getattr(quote, name) for name in ("text", "kind", "language")},
        "role": quote.shown_role,
        **{name: _reference(getattr(quote, name)) for name in ("speaker", "organisation")},
        "affiliation": _reference(
            affiliation, affiliation and f"{affiliation.role}, {affiliation.organisation}"
        ),
        "said": str(quote.said) if quote.said else None,
        **{f"attribution.{name}": getattr(quote, f"attribution_{name}") for name in PRINTED},
        "in": quote.anchored_in,
        "spans": [list(span) for span in quote.spans],
        "media": quote.media,
        "translated_from": quote.translated_from,
        "translates": {"id": str(quote.translates_id)} if quote.translates_id else None,
    }


def chain_values(steps: Iterable) -> list[dict]:
    """A reporting chain, as `corrections` shows it."""
    return [step.filed | {"outlet": _reference(step.outlet)} for step in steps]


def _reference(record, name: str | None = None) -> dict | None:
    return {"id": str(record.pk), "name": name or record.name} if record else None


def differences(before: dict, after: dict) -> list[dict]:
    """The fields that differ, each `{"field", "before", "after"}`."""
    return [
        {"field": name, "before": before[name], "after": after[name]}
        for name in before
        if before[name] != after[name]
    ]


def correction(note: str, changed: list[dict], now: datetime) -> dict:
    """An entry of `corrections`."""
    when = now.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {"when": when, "note": note.strip(), "changed": changed}


def _differ(*columns: str) -> str:
    old, new = (", ".join(f'{row}."{name}"' for name in columns) for row in ("OLD", "NEW"))
    return f"ROW({old}) IS DISTINCT FROM ROW({new})"


class NotesCorrections(Trigger):
    """Refuse a change of what readers see of a quote that adds nothing to its corrections.

    Not corrections: to follow an article's edit with the same letters and digits, a merge of
    speakers or organisations or its undo, and erasure. A quote that is no longer public leaves a
    note too, for when it is published again. Corrections themselves are only ever added to.
    """

    name = "public_note"
    when = pgtrigger.After
    operation = pgtrigger.Update
    condition = pgtrigger.Condition(
        f"OLD.corrections <> NEW.corrections OR OLD.status IN {PUBLIC_STATUSES} AND ("
        f"NEW.status NOT IN {PUBLIC_STATUSES} OR {_differ('text', *MOVED, *CORRECTED)})"
    )

    def get_func(self, model) -> str:
        return f"""
            IF jsonb_array_length(NEW.corrections) > jsonb_array_length(OLD.corrections)
               AND NEW.corrections -> -1 ->> 'note' ~ '[^[:space:]]'
               AND OLD.corrections || jsonb_path_query_array(
                   NEW.corrections, '$[$known to last]',
                   jsonb_build_object('known', jsonb_array_length(OLD.corrections))
               ) = NEW.corrections
               OR sources_erasing() THEN
                RETURN NULL;
            END IF;
            IF OLD.corrections <> NEW.corrections OR NEW.status NOT IN {PUBLIC_STATUSES}
               OR {_differ(*CORRECTED)}
               OR {_differ(*MOVED)}
                  AND current_setting('onrecord.merging', true) IS DISTINCT FROM 'on'
               OR NEW.text <> OLD.text AND (
                   NEW.snapshot_id IS NOT DISTINCT FROM OLD.snapshot_id
                   OR translate(sources_bare(normalize(NEW.text, NFKD)), ' |', '')
                      <> translate(sources_bare(normalize(OLD.text, NFKD)), ' |', '')
                   OR regexp_replace(NEW.text, '{PLAIN}', '', 'g')
                      <> regexp_replace(OLD.text, '{PLAIN}', '', 'g')
               ) THEN
                RAISE EXCEPTION '{REFUSED}'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'quote_change_is_noted';
            END IF;
            RETURN NULL;
        """

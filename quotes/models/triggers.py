"""Triggers that keep a quote true: anchored, recorded, and in step with what it points at."""

import pgtrigger

from quotes.models.corrections import NotesCorrections
from quotes.models.indexes import DERIVED
from quotes.models.past_version import ErasesPast, KeepsPast
from quotes.models.shown_role import ROLE_KEY, SHOWN_ROLE
from quotes.models.utterance import KeepsSpeaker, ShowsUtterance
from quotes.models.vocabulary import KeepsWords
from quotes.models.workflow import PUBLIC_STATUSES
from sources.database.triggers import FollowsMerges, KeepsVersion, Trigger
from sources.ledger.recording import Recording
from sources.models.roles import KeepsRoles
from sources.models.visibility import ShowsReferences

# The ledger's verb for an update, from the row before (o) and after (n)
VERB = """CASE
    WHEN n.status = o.status AND n.corrections IS DISTINCT FROM o.corrections THEN 'corrected'
    WHEN n.status = o.status THEN 'updated'
    WHEN n.status = 'published' AND o.status = 'disputed' THEN 'settled'
    WHEN n.status = 'proposed' AND o.status IN ('rejected', 'withdrawn') THEN 'reopened'
    WHEN n.status = 'proposed' THEN 'updated'
    ELSE n.status END"""

# The reporting chain, as the ledger records it
VIA = """(
    SELECT coalesce(jsonb_agg(
        jsonb_build_object(
            'kind', v.kind, 'name', v.name, 'outlet_id', v.outlet_id, 'media', v.media
        )
        ORDER BY v.position
    ), '[]') FROM quotes_via v WHERE v.quote_id = n.id
)"""


IS_PUBLIC = f"n.status IN {PUBLIC_STATUSES}"
"""Whether readers see a quote `n`."""

PASSED_ON = {
    "sources_outlet": "SELECT v.outlet_id FROM quotes_via v JOIN new_rows n ON n.id = v.quote_id "
    "WHERE v.outlet_id IS NOT NULL"
}
"""The outlets in the reporting chains of quotes, for `ShowsReferences`."""


WORDS = {
    "bare": "sources_bare({row}.text)",
    "search_words": "quotes_search_words({row}.bare, {row}.language)",
}
"""What searches read of a quote."""

COMPUTED = {
    "role_key": ROLE_KEY.format(row="n"),
    **{column: sql.format(row="n") for column, sql in WORDS.items()},
}


class WaitsForEmbargo(Trigger):
    """Refuse to make a quote public while its article is under embargo."""

    when = pgtrigger.Before
    declare = [("until", "timestamptz")]
    func = """
        SELECT embargo_until INTO until FROM sources_article WHERE id = NEW.article_id;
        IF until > statement_timestamp() THEN
            RAISE EXCEPTION
                'This article is under embargo until %. Publish its quotes after that.',
                to_char(until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                USING ERRCODE = 'check_violation', CONSTRAINT = 'quote_after_embargo';
        END IF;
        RETURN NEW;
    """

    def __init__(self, operation: pgtrigger.Operation, becomes_public: str):
        super().__init__(
            name=f"embargo_{str(operation).lower().split()[0]}",
            operation=operation,
            condition=pgtrigger.Condition(becomes_public),
        )


def quote_triggers() -> list[pgtrigger.Trigger]:
    return [
        FollowsMerges("speaker", "organisation"),
        KeepsVersion(derived=DERIVED),
        *Recording(
            verb=VERB,
            public=IS_PUBLIC,
            derived=DERIVED,
            computed=COMPUTED,
            parts={"via": VIA},
        ).triggers,
        *(
            ShowsReferences(operation, public=IS_PUBLIC, others=PASSED_ON)
            for operation in (pgtrigger.Insert, pgtrigger.Update)
        ),
        WaitsForEmbargo(pgtrigger.Insert, f"NEW.status IN {PUBLIC_STATUSES}"),
        WaitsForEmbargo(
            pgtrigger.UpdateOf("status"),
            f"NEW.status IN {PUBLIC_STATUSES} AND NOT OLD.status IN {PUBLIC_STATUSES}",
        ),
        KeepsPast(),
        ErasesPast(),
        NotesCorrections(),
        KeepsSpeaker(pgtrigger.Insert),
        KeepsSpeaker(pgtrigger.Update),
        *(
            ShowsUtterance(operation)
            for operation in (pgtrigger.Insert, pgtrigger.Update, pgtrigger.Delete)
        ),
        KeepsRoles(pgtrigger.Insert, SHOWN_ROLE),
        KeepsRoles(pgtrigger.Update, SHOWN_ROLE),
        Trigger(
            name="words",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert
            | pgtrigger.UpdateOf("text", "language", "search_words", "bare"),
            func=f"""
                NEW.bare = {WORDS["bare"].format(row="NEW")};
                NEW.search_words = {WORDS["search_words"].format(row="NEW")};
                RETURN NEW;
            """,
        ),
        *(
            KeepsWords(operation)
            for operation in (pgtrigger.Insert, pgtrigger.Update, pgtrigger.Delete)
        ),
        Trigger(
            name="anchor",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert
            | pgtrigger.UpdateOf(
                *("article_id", "snapshot_id", "anchored_in", "spans", "seams", "contexts", "text")
            ),
            declare=[("place", "record")],
            func="""
                NEW.contexts = '{}';
                IF NEW.snapshot_id IS NOT NULL THEN
                    SELECT * INTO place
                        FROM quotes_words_at(
                            NEW.snapshot_id, NEW.article_id, NEW.anchored_in, NEW.spans, NEW.seams
                        );
                    IF place.words IS DISTINCT FROM NEW.text THEN
                        RAISE EXCEPTION
                            'The text of a quote must be that of its snapshot, or the headline, at '
                            'its spans, joined by its seams.'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'quote_is_anchored';
                    END IF;
                    NEW.contexts = place.contexts;
                END IF;
                RETURN NEW;
            """,
        ),
        Trigger(
            name="article",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert | pgtrigger.UpdateOf("article_id", "outlet_id", "published"),
            func="""
                SELECT outlet_id, published INTO NEW.outlet_id, NEW.published
                    FROM sources_article WHERE id = NEW.article_id;
                RETURN NEW;
            """,
        ),
        Trigger(
            name="role_key",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert
            | pgtrigger.UpdateOf("role", "attribution_role", "affiliation_id", "role_key"),
            func=f"""
                NEW.role_key = {ROLE_KEY.format(row="NEW")};
                RETURN NEW;
            """,
        ),
        Trigger(
            name="affiliation",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert
            | pgtrigger.UpdateOf("affiliation_id", "speaker_id", "organisation_id"),
            condition=pgtrigger.Condition("NEW.affiliation_id IS NOT NULL"),
            declare=[("held", "record")],
            func="""
                SELECT speaker_id, organisation_id INTO held
                    FROM sources_affiliation WHERE id = NEW.affiliation_id;
                IF held.speaker_id IS DISTINCT FROM NEW.speaker_id
                   OR held.organisation_id IS DISTINCT FROM NEW.organisation_id THEN
                    RAISE EXCEPTION 'The affiliation of a quote must be its speaker''s, there.'
                        USING ERRCODE = 'check_violation',
                              CONSTRAINT = 'quote_affiliation_fits';
                END IF;
                RETURN NEW;
            """,
        ),
        Trigger(  # it joins no utterance by itself, and does not stay in one
            name="words_left_out",
            when=pgtrigger.Before,
            operation=pgtrigger.UpdateOf("flags"),
            condition=pgtrigger.Condition(
                "'words_left_out' = ANY (NEW.flags) AND 'words_left_out' <> ALL (OLD.flags)"
            ),
            func="""
                NEW.utterance_id = NULL;
                RETURN NEW;
            """,
        ),
        Trigger(
            name="role",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert
            | pgtrigger.UpdateOf(
                "speaker_id", "said", "published", "role", "attribution_role", "flags"
            ),
            condition=pgtrigger.Condition(
                "coalesce(NEW.attribution_role, NEW.role) IS NOT NULL"
                " OR 'role_conflict' = ANY (NEW.flags)"
            ),
            func="""
                NEW.flags = array_remove(NEW.flags, 'role_conflict');
                IF TG_OP = 'UPDATE' AND NEW.role_kept AND ROW(
                       NEW.speaker_id, NEW.said, NEW.published, NEW.role, NEW.attribution_role
                   ) IS DISTINCT FROM ROW(
                       OLD.speaker_id, OLD.said, OLD.published, OLD.role, OLD.attribution_role
                   ) THEN
                    NEW.role_kept = false;
                END IF;
                IF NEW.speaker_id IS NOT NULL AND NOT NEW.role_kept
                   AND coalesce(NEW.attribution_role, NEW.role) IS NOT NULL
                   AND quotes_role_conflict(
                       NEW.speaker_id, coalesce(NEW.said, NEW.published),
                       ARRAY[NEW.role, NEW.attribution_role]
                   ) THEN
                    NEW.flags = NEW.flags || 'role_conflict'::varchar;
                END IF;
                RETURN NEW;
            """,
        ),
    ]

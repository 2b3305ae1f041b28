"""Verify quotes against their snapshots and articles; see `sources.history.verification`.

- `anchor`: the quote's words equal the snapshot's text, or headline, at its spans, joined by its
  seams.
- `seams`: no seam hides words that were left out, whatever the speaker is called.
- `contexts`: so do the prefixes and suffixes.
- `nearest`: so does the nearest passage of an altered quote, at its offsets.
- `printed`: outlet and date equal those of the article.
- `role`: the roles that it shows or has shown are found by their words; so is an affiliation's.
- `past_version`: what lists of the past read of a version is what its revision says, and is kept
  exactly from the first version to the last but one.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db.models import Case, When

from quotes.anchoring import HEADLINE
from quotes.anchoring.seams import decided_again
from quotes.models import PastVersion, Quote
from quotes.models.past_version import HELD
from quotes.models.shown_role import ROLE_KEY
from sources.history.verification import Check, all_subjects, checks_of
from sources.ledger.revisions import Revision
from sources.models.roles import IS_KNOWN

# Words that are not the quote's own are reported as a digest.
ANCHORS = f"""
    SELECT 'quote', q.id, q.version, c.*, NULL::text[]
    FROM quotes_quote q
    LEFT JOIN sources_article a ON a.id = q.article_id
    LEFT JOIN LATERAL quotes_words_at(
        q.snapshot_id, q.article_id, q.anchored_in, q.spans, q.seams
    ) place ON q.snapshot_id IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT
            CASE WHEN jsonb_typeof(q.nearest -> 'start') = 'number'
                THEN least((q.nearest -> 'start')::numeric, 1e9) END AS first,
            CASE WHEN jsonb_typeof(q.nearest -> 'end') = 'number'
                THEN least((q.nearest -> 'end')::numeric, 1e9) END AS last
    ) near ON q.nearest IS NOT NULL
    LEFT JOIN sources_snapshot s
        ON q.nearest IS NOT NULL
        AND s.article_id = q.article_id AND s.sha256 = q.nearest ->> 'snapshot'
        AND near.first >= 0 AND near.last > near.first
        AND near.last <= CASE q.anchored_in
            WHEN 'headline' THEN char_length(s.headline) ELSE s.characters
        END
    LEFT JOIN LATERAL (
        SELECT substr(
            CASE q.anchored_in WHEN 'headline' THEN s.headline ELSE s.text END,
            near.first::int + 1, (near.last - near.first)::int
        ) AS words
    ) like_it ON s.id IS NOT NULL
    CROSS JOIN LATERAL (
        SELECT ARRAY(
            SELECT shown.key FROM (
                SELECT {ROLE_KEY.format(row="q")} AS key
                UNION SELECT {ROLE_KEY.format(row="p")}
                FROM quotes_pastversion p WHERE quote_id = q.id
            ) shown
            WHERE shown.key IS NOT NULL AND NOT {IS_KNOWN.format(key="shown.key")}
        ) AS unknown_roles
    ) roles
    CROSS JOIN LATERAL (VALUES
        (
            'anchor', q.snapshot_id IS NULL OR place.words IS NOT DISTINCT FROM q.text, q.text,
            CASE WHEN place.words = q.text THEN q.text ELSE
                'sha256:' || encode(sha256(convert_to(place.words, 'UTF8')), 'hex') END
        ), (
            'contexts', q.contexts = coalesce(place.contexts, '{{}}'),
            'sha256:' || encode(sha256(convert_to(q.contexts::text, 'UTF8')), 'hex'),
            'sha256:' || encode(
                sha256(convert_to(coalesce(place.contexts, '{{}}')::text, 'UTF8')), 'hex')
        ), (
            'printed',
            q.outlet_id IS NOT DISTINCT FROM a.outlet_id
                AND q.published IS NOT DISTINCT FROM a.published,
            concat_ws(', ', a.outlet_id, a.published), concat_ws(', ', q.outlet_id, q.published)
        ), (
            'role', cardinality(unknown_roles) = 0, '{{}}', unknown_roles::text
        ), (
            'nearest', coalesce(like_it.words = q.nearest ->> 'text', false),
            'sha256:' || encode(sha256(convert_to(q.nearest ->> 'text', 'UTF8')), 'hex'),
            'sha256:' || encode(sha256(convert_to(like_it.words, 'UTF8')), 'hex')
        )
    ) c("check", ok, expected, found)
    WHERE q.id = ANY (%(subjects)s)
        AND (c."check" <> 'nearest' OR q.nearest IS NOT NULL)
        AND (c."check" <> 'anchor' OR q.snapshot_id IS NOT NULL)
"""  # noqa: S608 (ours)

KEPT = ", ".join(f"'{column}', {column}" for column in HELD)

PAST_VERSIONS = f"""
    SELECT 'quote', coalesce(h.subject_id, p.quote_id), coalesce(h.version, p.version),
        'past_version',
        coalesce(d.fields = '{{}}' AND (p.since, p.until) = (h.since, h.until), false),
        h.since || ', until ' || h.until, p.since || ', until ' || p.until, nullif(d.fields, '{{}}')
    FROM (
        SELECT *, {ROLE_KEY.format(row="told")} AS role_key
        FROM (
            SELECT subject_id, version, state, (state ->> 'updated')::timestamptz AS since,
                lead((state ->> 'updated')::timestamptz) OVER each AS until
            FROM history WHERE subject_type = 'quote'
            WINDOW each AS (PARTITION BY subject_id ORDER BY version)
        ) every_version
        CROSS JOIN LATERAL jsonb_to_record(coalesce(state, '{{}}'))
            AS told (attribution_role text, role text, affiliation_id text)
        WHERE since IS NOT NULL AND until IS NOT NULL
    ) h
    FULL JOIN (
        SELECT quote_id, version, since, until, jsonb_build_object({KEPT}) AS kept
        FROM {PastVersion._meta.db_table} WHERE quote_id = ANY (%(subjects)s)
    ) p ON p.quote_id = h.subject_id AND p.version = h.version
    CROSS JOIN LATERAL (
        SELECT ARRAY(
            SELECT e.key FROM jsonb_each(p.kept) e
            WHERE h.state IS NOT NULL AND e.value IS DISTINCT FROM CASE e.key
                WHEN 'role_key' THEN coalesce(to_jsonb(h.role_key), 'null')
                ELSE h.state -> e.key
            END
            ORDER BY e.key
        ) AS fields OFFSET 0
    ) d
"""  # noqa: S608 (ours)

HELD_ROLES = f"""
    SELECT 'affiliation', a.id, a.version, 'role',
        {IS_KNOWN.format(key="sources_role_key(a.role)")}, a.role, NULL, NULL::text[]
    FROM sources_affiliation a WHERE a.id = ANY (%(subjects)s)
"""  # noqa: S608 (ours)

PARTS = (ANCHORS, PAST_VERSIONS, HELD_ROLES)
"""What is verified of quotes beside what is verified of every record."""

RESTS_ON = ("snapshot", "article", "speaker", "organisation", "affiliation", "outlet")


def faults_in(subjects: Sequence[UUID]) -> list[Check]:
    """Checks that fail for these records, of any kind; two queries."""
    faults = checks_of(subjects, PARTS, faults_only=True)
    return faults + [check for check in seam_checks(subjects) if not check.ok]


def all_records() -> Iterator[list[UUID]]:
    """Ids of all that is on record, or has left a trace in the tables of the past, in batches."""
    return all_subjects([(PastVersion._meta.db_table, "quote_id")])


SPLIT = ("pk", "version", "spans", "seams")
PAGE = Case(When(anchored_in=HEADLINE, then="snapshot__headline"), default="snapshot__text")


def seam_checks(subjects: Sequence[UUID]) -> Iterator[Check]:
    """Decide the seams of quotes of several spans again; one query."""
    split = Quote.objects.filter(pk__in=subjects, spans__len__gt=1, snapshot__isnull=False)
    for row in split.values_list(*SPLIT, PAGE).iterator(chunk_size=100):
        yield seam_check(*row)


def seam_check(key: UUID, version: int, spans: list, seams: list[str], text: str) -> Check:
    try:
        holds, found = decided_again(text, spans, seams)
    except TypeError:  # these are no spans: `anchor` fails too
        holds, found = False, []
    return Check("quote", key, version, "seams", holds, ", ".join(seams), ", ".join(found), None)


def checks_of_quote(pk: UUID) -> list[Check]:
    """All checks of a quote and of the records it refers to, its own first; three queries."""
    ids = [f"{name}_id" for name in RESTS_ON]
    page = Case(When(spans__len__gt=1, then=PAGE))  # long: only if needed
    row = Quote.objects.filter(pk=pk).values_list(*ids, *SPLIT, page).first() or ()
    checks = checks_of([pk, *filter(None, row[: len(ids)])], PARTS)
    if row and row[-1] is not None:
        checks.append(seam_check(*row[len(ids) :]))
    return sorted(checks, key=lambda check: check.id != pk)


def is_lost(pk: UUID, user) -> bool:
    """Whether a quote that this user could see has a history but no row, and was not erased.

    Only somebody who bypasses every rule of the database can bring that about.
    """
    if Quote.objects.filter(pk=pk).exists():
        return False
    last = Revision.objects.filter(subject_type="quote", subject_id=pk).order_by("version").last()
    if last is None or last.verb == Revision.Verb.ERASED:
        return False
    return last.public or user.has_perm("quotes.review_quote")

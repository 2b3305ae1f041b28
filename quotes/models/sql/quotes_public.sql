CREATE OR REPLACE VIEW quotes_public WITH (security_invoker = true) AS
SELECT
    q.id, q.text, q.kind, q.language, q.translated_from,
    CASE WHEN q.translates_id IS NOT NULL THEN (
        SELECT t.id FROM quotes_quote t
        WHERE t.id = q.translates_id AND t.status IN ('published', 'disputed', 'retracted')
    ) END AS translates_id,
    q.status, q.version,
    (
        SELECT json_build_object('id', s.id, 'name', s.name, 'kind', s.kind)
        FROM sources_speaker s WHERE s.id = q.speaker_id
    ) AS speaker,
    CASE
        WHEN q.affiliation_id IS NULL THEN coalesce(nullif(q.attribution_role, ''), q.role)
        ELSE (SELECT f.role FROM sources_affiliation f WHERE f.id = q.affiliation_id)
    END AS role,
    (
        SELECT json_build_object('id', o.id, 'name', o.name)
        FROM sources_organisation o WHERE o.id = q.organisation_id
    ) AS organisation,
    (
        SELECT json_build_object('id', o.id, 'name', o.name, 'slug', o.slug)
        FROM sources_outlet o WHERE o.id = q.outlet_id
    ) AS outlet,
    sources_date_text(q.said) AS said,
    sources_date_text(q.published) AS published,
    json_build_object(
        'text', q.attribution_text,
        'speaker', q.attribution_speaker,
        'role', q.attribution_role,
        'organisation', q.attribution_organisation,
        'cue', q.attribution_cue
    ) AS attribution,
    (
        SELECT json_build_object(
            'id', a.id, 'headline', a.headline, 'url', a.url, 'byline', a.byline,
            'rights', coalesce(a.rights, o.rights), 'license', coalesce(a.license, o.license),
            'withdrawn', a.withdrawn
        )
        FROM sources_article a LEFT JOIN sources_outlet o ON o.id = a.outlet_id
        WHERE a.id = q.article_id
    ) AS article,
    coalesce((
        SELECT json_agg(
            json_build_object('kind', v.kind, 'name', v.name, 'outlet', (
                SELECT json_build_object('id', o.id, 'name', o.name, 'slug', o.slug)
                FROM sources_outlet o WHERE o.id = v.outlet_id
            ), 'media', v.media) ORDER BY v.position
        )
        FROM quotes_via v WHERE v.quote_id = q.id
    ), '[]') AS via,
    q.media,
    CASE
        WHEN q.nearest IS NULL THEN
            json_build_object(
                'state', q.anchor, 'snapshot', place.snapshot, 'in', place."in",
                'spans', place.spans, 'seams', q.seams
            )
        ELSE json_build_object(
            'state', q.anchor, 'snapshot', place.snapshot, 'in', place."in",
            'spans', place.spans, 'seams', q.seams, 'nearest', q.nearest
        )
    END AS anchor,
    CASE WHEN q.utterance_id IS NOT NULL THEN
        json_build_object('id', q.utterance_id, 'quotes', (
            SELECT count(*) FROM quotes_quote u
            WHERE u.utterance_id = q.utterance_id
              AND u.status IN ('published', 'disputed', 'retracted')
        ))
    END AS utterance,
    q.flags, q.origin, q.reason, q.replaced_by_id, q.corrections,
    sources_time_text(q.created) AS created,
    sources_time_text(q.updated) AS updated
FROM quotes_quote q CROSS JOIN LATERAL (
    SELECT
        (SELECT t.sha256 FROM sources_snapshot t WHERE t.id = q.snapshot_id) AS snapshot,
        CASE WHEN q.snapshot_id IS NOT NULL THEN q.anchored_in END AS "in",
        coalesce((
            SELECT json_agg(
                json_build_object(
                    'start', q.spans[n][1], 'end', q.spans[n][2],
                    'prefix', q.contexts[n][1], 'suffix', q.contexts[n][2]
                ) ORDER BY n
            )
            FROM generate_subscripts(q.spans, 1) n
        ), '[]') AS spans
) place;
COMMENT ON VIEW quotes_public IS
    'The public form of every quote, a column for each field; what only the host can say, the URLs, '
    'is left to the service.';

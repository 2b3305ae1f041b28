-- Each object is JSON as text, put together by concat() and json_scalar(), which know the types of their
-- values: json_build_object() and to_json() look up each again for every row.
CREATE OR REPLACE VIEW quotes_parts WITH (security_invoker = true) AS
SELECT
    q.id, q.text, q.kind, q.language, q.translated_from,
    CASE WHEN q.translates_id IS NOT NULL THEN (
        SELECT t.id FROM quotes_quote t
        WHERE t.id = q.translates_id AND t.status IN ('published', 'disputed', 'retracted')
    ) END AS translates_id,
    q.status, q.version,
    (
        SELECT concat('{"id" : "', s.id, '", "name" : ', coalesce(json_scalar(s.name), 'null'), ', "kind" : ', coalesce(json_scalar(s.kind), 'null'), '}')
        FROM sources_speaker s WHERE s.id = q.speaker_id
    ) AS speaker,
    CASE
        WHEN q.affiliation_id IS NULL THEN coalesce(nullif(q.attribution_role, ''), q.role)
        ELSE (SELECT f.role FROM sources_affiliation f WHERE f.id = q.affiliation_id)
    END AS role,
    (
        SELECT concat('{"id" : "', o.id, '", "name" : ', coalesce(json_scalar(o.name), 'null'), '}')
        FROM sources_organisation o WHERE o.id = q.organisation_id
    ) AS organisation,
    CASE WHEN printed.id IS NOT NULL THEN concat(
        '{"id" : "', printed.id, '", "name" : ', coalesce(json_scalar(printed.name), 'null'),
        ', "slug" : ', coalesce(json_scalar(printed.slug), 'null'), '}'
    ) END AS outlet,
    sources_date_text(q.said) AS said,
    sources_date_text(q.published) AS published,
    concat(
        '{"text" : ', coalesce(json_scalar(q.attribution_text), 'null'),
        ', "speaker" : ', coalesce(json_scalar(q.attribution_speaker), 'null'),
        ', "role" : ', coalesce(json_scalar(q.attribution_role), 'null'),
        ', "organisation" : ', coalesce(json_scalar(q.attribution_organisation), 'null'),
        ', "cue" : ', coalesce(json_scalar(q.attribution_cue), 'null'), '}'
    ) AS attribution,
    (
        SELECT concat(
            '{"id" : "', a.id, '", "headline" : ', coalesce(json_scalar(a.headline), 'null'),
            ', "url" : ', coalesce(json_scalar(a.url), 'null'), ', "byline" : ', coalesce(to_json(a.byline), 'null'),
            ', "rights" : ', coalesce(json_scalar(coalesce(a.rights, printed.rights)), 'null'),
            ', "license" : ', coalesce(json_scalar(coalesce(a.license, printed.license)), 'null'),
            ', "withdrawn" : ', coalesce(a.withdrawn, 'null'), '}'
        )
        FROM sources_article a WHERE a.id = q.article_id
    ) AS article,
    coalesce((
        SELECT '[' || string_agg(
            concat(
                '{"kind" : ', coalesce(json_scalar(v.kind), 'null'), ', "name" : ', coalesce(json_scalar(v.name), 'null'), ', "outlet" : ', coalesce((
                    SELECT concat(
                        '{"id" : "', o.id, '", "name" : ', coalesce(json_scalar(o.name), 'null'), ', "slug" : ', coalesce(json_scalar(o.slug), 'null'), '}'
                    ) FROM sources_outlet o WHERE o.id = v.outlet_id
                ), 'null'), ', "media" : ', coalesce(json_scalar(v.media), 'null'), '}'
            ), ', ' ORDER BY v.position
        ) || ']'
        FROM quotes_via v WHERE v.quote_id = q.id
    ), '[]') AS via,
    q.media,
    concat(
        '{"state" : ', coalesce(json_scalar(q.anchor), 'null'), ', "snapshot" : ', coalesce((
            SELECT json_scalar(t.sha256) FROM sources_snapshot t WHERE t.id = q.snapshot_id
        ), 'null'),
        ', "in" : ', CASE WHEN q.snapshot_id IS NULL THEN 'null' ELSE json_scalar(q.anchored_in) END,
        ', "spans" : [', (
            SELECT string_agg(
                concat(
                    '{"start" : ', q.spans[n][1], ', "end" : ', q.spans[n][2],
                    ', "prefix" : ', coalesce(json_scalar(q.contexts[n][1]), 'null'),
                    ', "suffix" : ', coalesce(json_scalar(q.contexts[n][2]), 'null'), '}'
                ), ', '
            )
            FROM (SELECT generate_subscripts(q.spans, 1) AS n) each
        ), '], "seams" : ', coalesce(to_json(q.seams), 'null'), ', "nearest" : ' || q.nearest::text, '}'
    ) AS anchor,
    CASE WHEN q.utterance_id IS NOT NULL THEN
        concat('{"id" : "', q.utterance_id, '", "quotes" : ', (
            SELECT count(*) FILTER (WHERE u.status IN ('published', 'disputed', 'retracted'))
            FROM quotes_quote u WHERE u.utterance_id = q.utterance_id
        ), '}')
    END AS utterance,
    q.flags, q.origin, q.reason, q.replaced_by_id, q.corrections,
    sources_time_text(q.created) AS created,
    sources_time_text(q.updated) AS updated
FROM quotes_quote q
LEFT JOIN sources_outlet printed ON printed.id = q.outlet_id; -- also its article's outlet
COMMENT ON VIEW quotes_parts IS
    'The public form of every quote, a column for each field, with its objects as text.';

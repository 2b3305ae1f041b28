-- The public form of quotes as JSON, in the order of the ids. In plpgsql, which keeps the plan: planning
-- takes as long as rendering forty quotes. One plan serves any number of ids: PostgreSQL would plan anew
-- for a few. Fields that are not asked for are not read.
-- Without `reviews`, why a quote was rejected is null, and a quote that is not public shows nothing of
-- its article but its own words.
CREATE OR REPLACE FUNCTION quotes_json(
    ids uuid[], address text, pages text, fields text[] DEFAULT NULL, reviews boolean DEFAULT true
)
RETURNS SETOF text
LANGUAGE plpgsql STABLE ROWS 50 SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    -- The addresses as the start of a JSON string; an id and a slash end it
    quote text := left(json_scalar(address)::text, -1);
    page text := left(json_scalar(pages)::text, -1);
BEGIN
    IF fields IS NULL THEN
        RETURN QUERY
        SELECT concat(
            '{"id":"', p.id, '","url":', quote, p.id, '/","html_url":', page, p.id, '/","text":', coalesce(json_scalar(p.text), 'null'),
            ',"kind":"', p.kind, '","language":', coalesce(json_scalar(p.language), 'null'),
            ',"translated_from":', coalesce(json_scalar(p.translated_from), 'null'),
            ',"translates":', CASE WHEN p.translates_id IS NULL THEN 'null'
                ELSE concat('{"id" : "', p.translates_id, '", "url" : ', quote, p.translates_id, '/"}') END,
            ',"status":"', p.status, '","version":', p.version,
            ',"speaker":', coalesce(p.speaker, 'null'), ',"role":', coalesce(json_scalar(p.role), 'null'),
            ',"organisation":', coalesce(p.organisation, 'null'), ',"outlet":', coalesce(p.outlet, 'null'),
            ',"said":', coalesce(json_scalar(p.said), 'null'), ',"published":', coalesce(json_scalar(p.published), 'null'),
            ',"attribution":', p.attribution, ',"article":', coalesce(p.article, 'null'), ',"via":', p.via,
            ',"media":', coalesce(json_scalar(p.media), 'null'),
            ',"anchor":', CASE WHEN reviews OR p.status IN ('published', 'disputed', 'retracted') THEN p.anchor
                ELSE quotes_bare_anchor(p.anchor::json)::text END,
            ',"utterance":', coalesce(p.utterance, 'null'), ',"flags":', coalesce(to_json(p.flags), 'null'),
            ',"origin":"', p.origin, '"',
            ',"reason":', coalesce(CASE WHEN reviews OR p.status <> 'rejected' THEN json_scalar(p.reason) END, 'null'),
            ',"replaced_by":', CASE WHEN p.replaced_by_id IS NULL THEN 'null'
                ELSE concat('{"id" : "', p.replaced_by_id, '", "url" : ', quote, p.replaced_by_id, '/"}') END,
            ',"corrections":', coalesce(p.corrections, 'null'),
            ',"created":"', p.created, '","updated":"', p.updated, '"}'
        )
        FROM unnest(ids) WITH ORDINALITY AS shown (id, place)
        JOIN quotes_parts p ON p.id = shown.id
        ORDER BY shown.place;
    ELSE
        RETURN QUERY
        SELECT concat('{', concat_ws(',',
            CASE WHEN wanted.id THEN concat('"id":"', p.id, '"') END,
            CASE WHEN wanted.url THEN concat('"url":', quote, p.id, '/"') END,
            CASE WHEN wanted.html_url THEN concat('"html_url":', page, p.id, '/"') END,
            CASE WHEN wanted.text THEN concat('"text":', coalesce(json_scalar(p.text), 'null')) END,
            CASE WHEN wanted.kind THEN concat('"kind":"', p.kind, '"') END,
            CASE WHEN wanted.language THEN concat('"language":', coalesce(json_scalar(p.language), 'null')) END,
            CASE WHEN wanted.translated_from THEN
                concat('"translated_from":', coalesce(json_scalar(p.translated_from), 'null')) END,
            CASE WHEN wanted.translates THEN concat('"translates":', CASE WHEN p.translates_id IS NULL
                THEN 'null' ELSE concat('{"id" : "', p.translates_id, '", "url" : ', quote, p.translates_id, '/"}') END) END,
            CASE WHEN wanted.status THEN concat('"status":"', p.status, '"') END,
            CASE WHEN wanted.version THEN concat('"version":', p.version) END,
            CASE WHEN wanted.speaker THEN concat('"speaker":', coalesce(p.speaker, 'null')) END,
            CASE WHEN wanted.role THEN concat('"role":', coalesce(json_scalar(p.role), 'null')) END,
            CASE WHEN wanted.organisation THEN concat('"organisation":', coalesce(p.organisation, 'null')) END,
            CASE WHEN wanted.outlet THEN concat('"outlet":', coalesce(p.outlet, 'null')) END,
            CASE WHEN wanted.said THEN concat('"said":', coalesce(json_scalar(p.said), 'null')) END,
            CASE WHEN wanted.published THEN concat('"published":', coalesce(json_scalar(p.published), 'null')) END,
            CASE WHEN wanted.attribution THEN concat('"attribution":', p.attribution) END,
            CASE WHEN wanted.article THEN concat('"article":', coalesce(p.article, 'null')) END,
            CASE WHEN wanted.via THEN concat('"via":', p.via) END,
            CASE WHEN wanted.media THEN concat('"media":', coalesce(json_scalar(p.media), 'null')) END,
            CASE WHEN wanted.anchor THEN concat('"anchor":',
                CASE WHEN reviews OR p.status IN ('published', 'disputed', 'retracted') THEN p.anchor
                    ELSE quotes_bare_anchor(p.anchor::json)::text END) END,
            CASE WHEN wanted.utterance THEN concat('"utterance":', coalesce(p.utterance, 'null')) END,
            CASE WHEN wanted.flags THEN concat('"flags":', coalesce(to_json(p.flags), 'null')) END,
            CASE WHEN wanted.origin THEN concat('"origin":"', p.origin, '"') END,
            CASE WHEN wanted.reason THEN concat('"reason":', coalesce(
                CASE WHEN reviews OR p.status <> 'rejected' THEN json_scalar(p.reason) END, 'null')) END,
            CASE WHEN wanted.replaced_by THEN concat('"replaced_by":', CASE WHEN p.replaced_by_id IS NULL
                THEN 'null' ELSE concat('{"id" : "', p.replaced_by_id, '", "url" : ', quote, p.replaced_by_id, '/"}') END) END,
            CASE WHEN wanted.corrections THEN concat('"corrections":', coalesce(p.corrections, 'null')) END,
            CASE WHEN wanted.created THEN concat('"created":"', p.created, '"') END,
            CASE WHEN wanted.updated THEN concat('"updated":"', p.updated, '"') END
        ), '}')
        FROM unnest(ids) WITH ORDINALITY AS shown (id, place)
        JOIN quotes_parts p ON p.id = shown.id
        CROSS JOIN (
            SELECT
                'id' = ANY (fields) AS id, 'url' = ANY (fields) AS url, 'html_url' = ANY (fields) AS html_url,
                'text' = ANY (fields) AS text, 'kind' = ANY (fields) AS kind,
                'language' = ANY (fields) AS language, 'translated_from' = ANY (fields) AS translated_from,
                'translates' = ANY (fields) AS translates, 'status' = ANY (fields) AS status,
                'version' = ANY (fields) AS version, 'speaker' = ANY (fields) AS speaker,
                'role' = ANY (fields) AS role, 'organisation' = ANY (fields) AS organisation,
                'outlet' = ANY (fields) AS outlet, 'said' = ANY (fields) AS said,
                'published' = ANY (fields) AS published, 'attribution' = ANY (fields) AS attribution,
                'article' = ANY (fields) AS article, 'via' = ANY (fields) AS via,
                'media' = ANY (fields) AS media, 'anchor' = ANY (fields) AS anchor,
                'utterance' = ANY (fields) AS utterance, 'flags' = ANY (fields) AS flags,
                'origin' = ANY (fields) AS origin, 'reason' = ANY (fields) AS reason,
                'replaced_by' = ANY (fields) AS replaced_by, 'corrections' = ANY (fields) AS corrections,
                'created' = ANY (fields) AS created, 'updated' = ANY (fields) AS updated
            OFFSET 0
        ) wanted
        ORDER BY shown.place;
    END IF;
END
$$;
COMMENT ON FUNCTION quotes_json(uuid[], text, text, text[], boolean) IS
    'The public form of these quotes as JSON, all fields or these, in the order of the ids. The '
    'address is the URL of the list of quotes, and `pages` that above the pages of quotes.';

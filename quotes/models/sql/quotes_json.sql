-- The public form of quotes as JSON, in the order of the ids. In plpgsql, which keeps the plan: planning
-- takes as long as rendering twenty quotes. Fields that are not asked for are not read.
-- Without `reviews`, why a quote was rejected is null, and a quote that is not public shows nothing of
-- its article but its own words.
CREATE OR REPLACE FUNCTION quotes_json(
    ids uuid[], address text, pages text, fields text[] DEFAULT NULL, reviews boolean DEFAULT true
)
RETURNS SETOF text
LANGUAGE plpgsql STABLE ROWS 50 AS $$
DECLARE
    -- The addresses as the start of a JSON string; an id and a slash end it
    quote text := left(to_json(address)::text, -1);
    page text := left(to_json(pages)::text, -1);
BEGIN
    IF fields IS NULL THEN
        RETURN QUERY
        SELECT concat(
            '{"id":"', p.id, '","url":', quote, p.id, '/","html_url":', page, p.id, '/","text":', coalesce(to_json(p.text), 'null'),
            ',"kind":', coalesce(to_json(p.kind), 'null'), ',"language":', coalesce(to_json(p.language), 'null'),
            ',"translated_from":', coalesce(to_json(p.translated_from), 'null'),
            ',"translates":', CASE WHEN p.translates_id IS NULL THEN 'null'
                ELSE concat('{"id" : "', p.translates_id, '", "url" : ', quote, p.translates_id, '/"}') END,
            ',"status":', coalesce(to_json(p.status), 'null'), ',"version":', coalesce(to_json(p.version), 'null'),
            ',"speaker":', coalesce(p.speaker, 'null'), ',"role":', coalesce(to_json(p.role), 'null'),
            ',"organisation":', coalesce(p.organisation, 'null'), ',"outlet":', coalesce(p.outlet, 'null'),
            ',"said":', coalesce(to_json(p.said), 'null'), ',"published":', coalesce(to_json(p.published), 'null'),
            ',"attribution":', p.attribution, ',"article":', coalesce(p.article, 'null'), ',"via":', p.via,
            ',"media":', coalesce(to_json(p.media), 'null'),
            ',"anchor":', CASE WHEN reviews OR p.status IN ('published', 'disputed', 'retracted') THEN p.anchor
                ELSE quotes_bare_anchor(p.anchor::json)::text END,
            ',"utterance":', coalesce(p.utterance, 'null'), ',"flags":', coalesce(to_json(p.flags), 'null'),
            ',"origin":', coalesce(to_json(p.origin), 'null'),
            ',"reason":', coalesce(CASE WHEN reviews OR p.status <> 'rejected' THEN to_json(p.reason) END, 'null'),
            ',"replaced_by":', CASE WHEN p.replaced_by_id IS NULL THEN 'null'
                ELSE concat('{"id" : "', p.replaced_by_id, '", "url" : ', quote, p.replaced_by_id, '/"}') END,
            ',"corrections":', coalesce(p.corrections, 'null'),
            ',"created":', coalesce(to_json(p.created), 'null'), ',"updated":', coalesce(to_json(p.updated), 'null'), '}'
        )
        FROM unnest(ids) WITH ORDINALITY AS shown (id, place)
        JOIN quotes_parts p ON p.id = shown.id
        ORDER BY shown.place;
    ELSE
        RETURN QUERY
        SELECT concat('{', concat_ws(',',
            CASE WHEN 'id' = ANY (fields) THEN concat('"id":"', p.id, '"') END,
            CASE WHEN 'url' = ANY (fields) THEN concat('"url":', quote, p.id, '/"') END,
            CASE WHEN 'html_url' = ANY (fields) THEN concat('"html_url":', page, p.id, '/"') END,
            CASE WHEN 'text' = ANY (fields) THEN concat('"text":', coalesce(to_json(p.text), 'null')) END,
            CASE WHEN 'kind' = ANY (fields) THEN concat('"kind":', coalesce(to_json(p.kind), 'null')) END,
            CASE WHEN 'language' = ANY (fields) THEN concat('"language":', coalesce(to_json(p.language), 'null')) END,
            CASE WHEN 'translated_from' = ANY (fields) THEN
                concat('"translated_from":', coalesce(to_json(p.translated_from), 'null')) END,
            CASE WHEN 'translates' = ANY (fields) THEN concat('"translates":', CASE WHEN p.translates_id IS NULL
                THEN 'null' ELSE concat('{"id" : "', p.translates_id, '", "url" : ', quote, p.translates_id, '/"}') END) END,
            CASE WHEN 'status' = ANY (fields) THEN concat('"status":', coalesce(to_json(p.status), 'null')) END,
            CASE WHEN 'version' = ANY (fields) THEN concat('"version":', coalesce(to_json(p.version), 'null')) END,
            CASE WHEN 'speaker' = ANY (fields) THEN concat('"speaker":', coalesce(p.speaker, 'null')) END,
            CASE WHEN 'role' = ANY (fields) THEN concat('"role":', coalesce(to_json(p.role), 'null')) END,
            CASE WHEN 'organisation' = ANY (fields) THEN concat('"organisation":', coalesce(p.organisation, 'null')) END,
            CASE WHEN 'outlet' = ANY (fields) THEN concat('"outlet":', coalesce(p.outlet, 'null')) END,
            CASE WHEN 'said' = ANY (fields) THEN concat('"said":', coalesce(to_json(p.said), 'null')) END,
            CASE WHEN 'published' = ANY (fields) THEN concat('"published":', coalesce(to_json(p.published), 'null')) END,
            CASE WHEN 'attribution' = ANY (fields) THEN concat('"attribution":', p.attribution) END,
            CASE WHEN 'article' = ANY (fields) THEN concat('"article":', coalesce(p.article, 'null')) END,
            CASE WHEN 'via' = ANY (fields) THEN concat('"via":', p.via) END,
            CASE WHEN 'media' = ANY (fields) THEN concat('"media":', coalesce(to_json(p.media), 'null')) END,
            CASE WHEN 'anchor' = ANY (fields) THEN concat('"anchor":',
                CASE WHEN reviews OR p.status IN ('published', 'disputed', 'retracted') THEN p.anchor
                    ELSE quotes_bare_anchor(p.anchor::json)::text END) END,
            CASE WHEN 'utterance' = ANY (fields) THEN concat('"utterance":', coalesce(p.utterance, 'null')) END,
            CASE WHEN 'flags' = ANY (fields) THEN concat('"flags":', coalesce(to_json(p.flags), 'null')) END,
            CASE WHEN 'origin' = ANY (fields) THEN concat('"origin":', coalesce(to_json(p.origin), 'null')) END,
            CASE WHEN 'reason' = ANY (fields) THEN concat('"reason":', coalesce(
                CASE WHEN reviews OR p.status <> 'rejected' THEN to_json(p.reason) END, 'null')) END,
            CASE WHEN 'replaced_by' = ANY (fields) THEN concat('"replaced_by":', CASE WHEN p.replaced_by_id IS NULL
                THEN 'null' ELSE concat('{"id" : "', p.replaced_by_id, '", "url" : ', quote, p.replaced_by_id, '/"}') END) END,
            CASE WHEN 'corrections' = ANY (fields) THEN concat('"corrections":', coalesce(p.corrections, 'null')) END,
            CASE WHEN 'created' = ANY (fields) THEN concat('"created":', coalesce(to_json(p.created), 'null')) END,
            CASE WHEN 'updated' = ANY (fields) THEN concat('"updated":', coalesce(to_json(p.updated), 'null')) END
        ), '}')
        FROM unnest(ids) WITH ORDINALITY AS shown (id, place)
        JOIN quotes_parts p ON p.id = shown.id
        ORDER BY shown.place;
    END IF;
END
$$;
COMMENT ON FUNCTION quotes_json(uuid[], text, text, text[], boolean) IS
    'The public form of these quotes as JSON, all fields or these, in the order of the ids. The '
    'address is the URL of the list of quotes, and `pages` that above the pages of quotes.';

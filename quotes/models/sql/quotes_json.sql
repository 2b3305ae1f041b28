-- The public form of quotes as JSON, in the order of the ids. In plpgsql, which keeps the plan: planning
-- takes as long as rendering twenty quotes. Fields that are not asked for are not read.
-- Without `reviews`, why a quote was rejected is null, and a quote that is not public shows nothing of
-- its article but its own words.
CREATE OR REPLACE FUNCTION quotes_json(
    ids uuid[], address text, pages text, fields text[] DEFAULT NULL, reviews boolean DEFAULT true
)
RETURNS SETOF text
LANGUAGE plpgsql STABLE ROWS 50 AS $$
BEGIN
    IF fields IS NULL THEN
        RETURN QUERY
        SELECT (SELECT row_to_json(shown) FROM (SELECT
            p.id, address || p.id || '/' AS url, pages || p.id || '/' AS html_url, p.text, p.kind, p.language, p.translated_from,
            CASE WHEN p.translates_id IS NOT NULL THEN json_build_object(
                'id', p.translates_id, 'url', address || p.translates_id || '/'
            ) END AS translates,
            p.status, p.version,
            p.speaker, p.role, p.organisation, p.outlet, p.said, p.published, p.attribution, p.article,
            p.via, p.media,
            CASE WHEN reviews OR p.status IN ('published', 'disputed', 'retracted') THEN p.anchor
                ELSE quotes_bare_anchor(p.anchor) END AS anchor,
            p.utterance, p.flags, p.origin,
            CASE WHEN reviews OR p.status <> 'rejected' THEN p.reason END AS reason,
            CASE WHEN p.replaced_by_id IS NOT NULL THEN json_build_object(
                'id', p.replaced_by_id, 'url', address || p.replaced_by_id || '/'
            ) END AS replaced_by,
            p.corrections, p.created, p.updated
        ) shown)::text
        FROM unnest(ids) WITH ORDINALITY AS page (id, place)
        JOIN quotes_public p ON p.id = page.id
        ORDER BY page.place;
    ELSE
        RETURN QUERY
        SELECT '{' || concat_ws(',',
            CASE WHEN 'id' = ANY (fields) THEN '"id":' || coalesce(to_json(p.id)::text, 'null') END,
            CASE WHEN 'url' = ANY (fields) THEN '"url":' || coalesce(to_json(address || p.id || '/')::text, 'null') END,
            CASE WHEN 'html_url' = ANY (fields) THEN '"html_url":' || coalesce(to_json(pages || p.id || '/')::text, 'null') END,
            CASE WHEN 'text' = ANY (fields) THEN '"text":' || coalesce(to_json(p.text)::text, 'null') END,
            CASE WHEN 'kind' = ANY (fields) THEN '"kind":' || coalesce(to_json(p.kind)::text, 'null') END,
            CASE WHEN 'language' = ANY (fields) THEN '"language":' || coalesce(to_json(p.language)::text, 'null') END,
            CASE WHEN 'translated_from' = ANY (fields) THEN '"translated_from":' || coalesce(to_json(p.translated_from)::text, 'null') END,
            CASE WHEN 'translates' = ANY (fields) THEN '"translates":' || coalesce((CASE WHEN p.translates_id IS NOT NULL THEN
                    json_build_object('id', p.translates_id, 'url', address || p.translates_id || '/')
                END)::text, 'null') END,
            CASE WHEN 'status' = ANY (fields) THEN '"status":' || coalesce(to_json(p.status)::text, 'null') END,
            CASE WHEN 'version' = ANY (fields) THEN '"version":' || coalesce(to_json(p.version)::text, 'null') END,
            CASE WHEN 'speaker' = ANY (fields) THEN '"speaker":' || coalesce(to_json(p.speaker)::text, 'null') END,
            CASE WHEN 'role' = ANY (fields) THEN '"role":' || coalesce(to_json(p.role)::text, 'null') END,
            CASE WHEN 'organisation' = ANY (fields) THEN '"organisation":' || coalesce(to_json(p.organisation)::text, 'null') END,
            CASE WHEN 'outlet' = ANY (fields) THEN '"outlet":' || coalesce(to_json(p.outlet)::text, 'null') END,
            CASE WHEN 'said' = ANY (fields) THEN '"said":' || coalesce(to_json(p.said)::text, 'null') END,
            CASE WHEN 'published' = ANY (fields) THEN '"published":' || coalesce(to_json(p.published)::text, 'null') END,
            CASE WHEN 'attribution' = ANY (fields) THEN '"attribution":' || coalesce(to_json(p.attribution)::text, 'null') END,
            CASE WHEN 'article' = ANY (fields) THEN '"article":' || coalesce(to_json(p.article)::text, 'null') END,
            CASE WHEN 'via' = ANY (fields) THEN '"via":' || coalesce(to_json(p.via)::text, 'null') END,
            CASE WHEN 'media' = ANY (fields) THEN '"media":' || coalesce(to_json(p.media)::text, 'null') END,
            CASE WHEN 'anchor' = ANY (fields) THEN '"anchor":' || coalesce(to_json(
                CASE WHEN reviews OR p.status IN ('published', 'disputed', 'retracted') THEN p.anchor
                    ELSE quotes_bare_anchor(p.anchor) END
            )::text, 'null') END,
            CASE WHEN 'utterance' = ANY (fields) THEN '"utterance":' || coalesce(to_json(p.utterance)::text, 'null') END,
            CASE WHEN 'flags' = ANY (fields) THEN '"flags":' || coalesce(to_json(p.flags)::text, 'null') END,
            CASE WHEN 'origin' = ANY (fields) THEN '"origin":' || coalesce(to_json(p.origin)::text, 'null') END,
            CASE WHEN 'reason' = ANY (fields) THEN '"reason":' || coalesce(
                to_json(CASE WHEN reviews OR p.status <> 'rejected' THEN p.reason END)::text, 'null'
            ) END,
            CASE WHEN 'replaced_by' = ANY (fields) THEN '"replaced_by":' || coalesce((CASE WHEN p.replaced_by_id IS NOT NULL THEN
                    json_build_object('id', p.replaced_by_id, 'url', address || p.replaced_by_id || '/')
                END)::text, 'null') END,
            CASE WHEN 'corrections' = ANY (fields) THEN '"corrections":' || coalesce(to_json(p.corrections)::text, 'null') END,
            CASE WHEN 'created' = ANY (fields) THEN '"created":' || coalesce(to_json(p.created)::text, 'null') END,
            CASE WHEN 'updated' = ANY (fields) THEN '"updated":' || coalesce(to_json(p.updated)::text, 'null') END
        ) || '}'
        FROM unnest(ids) WITH ORDINALITY AS page (id, place)
        JOIN quotes_public p ON p.id = page.id
        ORDER BY page.place;
    END IF;
END
$$;
COMMENT ON FUNCTION quotes_json(uuid[], text, text, text[], boolean) IS
    'The public form of these quotes as JSON, all fields or these, in the order of the ids. The '
    'address is the URL of the list of quotes, and `pages` that above the pages of quotes.';

-- The place of a quote without the article's words beside it: for those who may not read the text.
CREATE OR REPLACE FUNCTION quotes_bare_anchor(anchor json) RETURNS json
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (anchor::jsonb - 'nearest' || jsonb_build_object('spans', coalesce((
    SELECT jsonb_agg(span || '{"prefix": "", "suffix": ""}' ORDER BY place)
    FROM jsonb_array_elements(anchor::jsonb -> 'spans') WITH ORDINALITY spans (span, place)
), '[]')))::json;
COMMENT ON FUNCTION quotes_bare_anchor(json) IS
    'The place of a quote, with empty prefixes and suffixes and without the nearest passage.';

CREATE OR REPLACE VIEW quotes_public WITH (security_invoker = true) AS
SELECT
    p.id, p.text, p.kind, p.language, p.translated_from, p.translates_id, p.status, p.version,
    p.speaker::json AS speaker, p.role, p.organisation::json AS organisation, p.outlet::json AS outlet,
    p.said, p.published, p.attribution::json AS attribution, p.article::json AS article,
    p.via::json AS via, p.media, p.anchor::json AS anchor, p.utterance::json AS utterance,
    p.flags, p.origin, p.reason, p.replaced_by_id, p.corrections, p.created, p.updated
FROM quotes_parts p;
COMMENT ON VIEW quotes_public IS
    'The public form of every quote, a column for each field; what only the host can say, the URLs, '
    'is left to the service.';

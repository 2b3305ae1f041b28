"""The floor: a WSGI view that has PostgreSQL write the whole answer, and does nothing else."""

import os
from urllib.parse import parse_qs

from psycopg_pool import ConnectionPool

ANSWER = """
SELECT coalesce(json_agg(json_build_object(
    'id', q.id, 'text', q.text, 'kind', q.kind, 'language', q.language, 'status', q.status,
    'version', q.version, 'published', q.published_day, 'created', q.created, 'updated', q.updated,
    'attribution', json_build_object(
        'text', q.attribution_text, 'speaker', q.attribution_speaker, 'role', q.attribution_role,
        'organisation', q.attribution_organisation, 'cue', q.attribution_cue
    ),
    'speaker', json_build_object('id', s.id, 'name', s.name, 'kind', s.kind),
    'organisation', CASE WHEN b.id IS NOT NULL
        THEN json_build_object('id', b.id, 'name', b.name) END,
    'outlet', CASE WHEN o.id IS NOT NULL
        THEN json_build_object('id', o.id, 'name', o.name, 'slug', o.slug) END,
    'article', json_build_object(
        'id', a.id, 'headline', a.headline, 'url', a.url, 'byline', a.byline
    )
) ORDER BY q.published_day DESC, q.id DESC)::text, '[]')
FROM (
    SELECT * FROM quotes_quote
    WHERE speaker_id = %s AND published_day BETWEEN %s AND %s
      AND status IN ('published', 'disputed')
    ORDER BY published_day DESC, id DESC LIMIT 50
) q
JOIN sources_article a ON a.id = q.article_id
LEFT JOIN sources_speaker s ON s.id = q.speaker_id
LEFT JOIN sources_organisation b ON b.id = q.organisation_id
LEFT JOIN sources_outlet o ON o.id = q.outlet_id
"""

pool = ConnectionPool(
    f"host={os.environ['PGHOST']} port=5432 user=onrecord dbname=onrecord",
    min_size=1,
    max_size=20,
    kwargs={"autocommit": True, "prepare_threshold": 0},
    open=True,
)


def application(environ, start_response):
    asked = parse_qs(environ["QUERY_STRING"])
    values = [asked[name][0] for name in ("speaker", "published_after", "published_before")]
    with pool.connection() as connection:
        (body,) = connection.execute(ANSWER, values).fetchone()
    body = body.encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]

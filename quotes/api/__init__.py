"""The REST API of quotes: viewsets, serializers, filters, the change feed and utterances.

Requests come in as Django REST framework hands them on; JSON goes out, written by PostgreSQL
wherever a list is long (`quotes.representations.json`). Contract: DRF viewsets under `/api/v1/`,
errors by RFC 9457. A view validates, calls one verb and answers; it never holds a rule itself.
"""

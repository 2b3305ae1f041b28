"""The REST API of outlets, articles, speakers, organisations, affiliations, facts; base classes.

In: HTTP requests, through Django REST framework and `config.api`. Out: JSON; errors by RFC 9457.
The base classes are in `endpoints`, `fields` and `filters`, the resources in `serializers`,
`filtersets` and `views`. A view validates, calls one verb and answers; it never holds a rule.
"""

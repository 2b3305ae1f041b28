"""The REST API of outlets, articles, speakers, organisations and affiliations.

`endpoints` and `fields` are what every resource is built from; `serializers`, `filtersets` and
`views` declare the resources; `idempotency` makes a POST safe to retry. Requests come in through
Django REST framework, JSON goes out. Settings shared by all resources are in `config.api`.
"""

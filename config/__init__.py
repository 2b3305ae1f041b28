"""The project: settings, URLs, authentication, the database, and what all API endpoints share.

In: the environment, and HTTP requests. Out: Django's configuration, which `quotes` and `sources`
run under. Imports run config → quotes → sources: neither app may import from here.
"""

from django.apps import AppConfig


class SourcesConfig(AppConfig):
    """Who speaks, and where words are printed."""

    name = "sources"
    verbose_name = "Sources"

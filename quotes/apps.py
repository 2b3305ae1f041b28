from django.apps import AppConfig


class QuotesConfig(AppConfig):
    """What was said: quotes, their anchors and how they are filed."""

    name = "quotes"
    verbose_name = "Quotes"

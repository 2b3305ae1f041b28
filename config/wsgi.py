"""The entry point of the server. Requests get a statement timeout; commands, made elsewhere, do not."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("ONRECORD_STATEMENT_TIMEOUT", "15s")

from django.core.wsgi import get_wsgi_application  # noqa: E402 (the environment comes first)

application = get_wsgi_application()

"""The server's entry point. Requests get timeouts in PostgreSQL, commands do not."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("ONRECORD_STATEMENT_TIMEOUT", "15s")
os.environ.setdefault("ONRECORD_LOCK_TIMEOUT", "2s")

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from sources.api.long_poll import heed_signals

heed_signals()
django = get_wsgi_application()
_ = get_resolver().url_patterns  # with all views, for which the first request need not wait
gc.freeze()  # what is loaded by now stays, and need not be looked through for garbage


def application(environ, start_response):
    """Django's answer (PEP 3333), as a list unless it is a stream.

    A list the server sends as it is; of anything else it asks for part after part, each time in a
    thread that has to wait for its turn.
    """
    response = django(environ, start_response)
    if getattr(response, "streaming", True):  # also a file, which the server may read by itself
        return response
    try:
        return list(response)
    finally:
        response.close()

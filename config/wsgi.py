"""The server's entry point. Requests get timeouts in PostgreSQL, commands do not."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("ONRECORD_STATEMENT_TIMEOUT", "15s")
os.environ.setdefault("ONRECORD_LOCK_TIMEOUT", "2s")
os.environ.setdefault("ONRECORD_IDLE_TIMEOUT", "60s")

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config.request_bodies import RequestBody
from sources.api.long_poll import heed_signals
from sources.management.processes import stop_with_parent

heed_signals()
if os.environ.get("ONRECORD_DEMO"):
    stop_with_parent()  # a killed granian leaves its workers; elsewhere a supervisor ends them
django = get_wsgi_application()
_ = get_resolver().url_patterns  # load all views now, not in the first request
if settings.ONRECORD_MONITOR:
    from config.monitoring.listener import listen  # it needs the models

    listen(settings.ONRECORD_MONITOR)
gc.freeze()  # what is loaded by now stays: the garbage collector need not scan it


def application(environ, start_response):
    """Django's response (PEP 3333), as a list unless it is streamed.

    The server sends a list at once. For anything else it takes a thread for each part.
    """
    if environ.get("CONTENT_LENGTH", "0") != "0":  # Django reads none without this header
        environ["wsgi.input"] = RequestBody(environ["wsgi.input"])
    response = django(environ, start_response)
    if getattr(response, "streaming", True):  # or a file
        return response
    try:
        return list(response)
    finally:
        response.close()

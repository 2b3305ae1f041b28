"""The entry point of the server: requests get a statement timeout, commands do not."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("ONRECORD_STATEMENT_TIMEOUT", "15s")

from django.core.wsgi import get_wsgi_application

from sources.stopping import heed_signals

heed_signals()
application = get_wsgi_application()

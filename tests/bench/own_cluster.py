"""The service's settings, with an embedded database cluster in the directory BENCH_CLUSTER."""

import os
from pathlib import Path

from config.database import database_settings
from config.settings import *  # noqa: F403
from config.settings import LOGGING as USUAL_LOGGING

DATABASES = {
    "default": database_settings(
        None,
        Path(os.environ["BENCH_CLUSTER"]),
        statement_timeout=os.environ.get("ONRECORD_STATEMENT_TIMEOUT"),
    )
}

# The pool tells of every connection that a killed server had.
LOGGING = {**USUAL_LOGGING, "loggers": {"psycopg.pool": {"level": "CRITICAL"}}}

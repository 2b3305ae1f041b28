"""The service's settings, with an embedded database cluster in the directory BENCH_CLUSTER.

It is at first a copy of the stopped cluster in BENCH_TEMPLATE, if that is set.
"""

import os
import subprocess
from pathlib import Path

from config.database import database_settings
from config.settings import *  # noqa: F403
from config.settings import LOGGING as USUAL_LOGGING

CLUSTER, TEMPLATE = Path(os.environ["BENCH_CLUSTER"]), os.environ.get("BENCH_TEMPLATE")
if TEMPLATE and not CLUSTER.exists():
    subprocess.run(["cp", "-a", TEMPLATE, CLUSTER], check=True)  # with the owners of the files

DATABASES = {
    "default": database_settings(
        None,
        CLUSTER,
        statement_timeout=os.environ.get("ONRECORD_STATEMENT_TIMEOUT"),
    )
}

# The pool tells of every connection that a killed server had.
LOGGING = {**USUAL_LOGGING, "loggers": {"psycopg.pool": {"level": "CRITICAL"}}}

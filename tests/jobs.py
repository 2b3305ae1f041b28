"""Real procrastinate workers for tests, in this process or in another."""

import os
import subprocess
import sys
import threading
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from procrastinate.contrib.django import app


def work_off() -> None:
    """Run all queued jobs in a worker thread."""
    thread = threading.Thread(target=_work_off)
    thread.start()
    thread.join()


def _work_off() -> None:
    with app.replace_connector(app.connector.get_worker_connector()):
        app.run_worker(
            wait=False,
            install_signal_handlers=False,
            listen_notify=False,
            shutdown_graceful_timeout=None,  # otherwise it aborts the last job
        )


@contextmanager
def worker(*arguments: str):
    """`manage.py procrastinate worker` as a process on the test database."""
    place = connection.settings_dict
    url = (
        f"postgres:///{place['NAME']}?host={place['HOST']}&port={place['PORT']}"
        f"&user={place['USER']}"
    )
    process = subprocess.Popen(
        [sys.executable, "manage.py", "procrastinate", "worker", *arguments],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url, "SECRET_KEY": "for a test only"},
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=30)

"""Workers for tests: real ones, in this process or in another."""

import os
import subprocess
import sys
import threading
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from procrastinate.contrib.django import app


def work_off() -> None:
    """Do what waits, by a worker in a thread of its own, and stop."""
    thread = threading.Thread(target=_work_off)
    thread.start()
    thread.join()


def _work_off() -> None:
    with app.replace_connector(app.connector.get_worker_connector()):
        app.run_worker(
            wait=False,
            install_signal_handlers=False,
            listen_notify=False,
            shutdown_graceful_timeout=None,  # or it would stop the job when no other is left
        )


def empty_queue() -> None:
    """Tests that commit leave procrastinate's tables as they are, which Django does not know."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


@contextmanager
def worker(*arguments: str):
    """`manage.py procrastinate worker`, a process of its own, on the test's database."""
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

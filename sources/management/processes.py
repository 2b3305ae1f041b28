"""Worker processes on the same database. Imports no models: Django is set up later."""

import gc
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process

import django
from django.apps import apps
from django.db import connection

from sources.ledger.actor import AuditContext, adopt_context, current_context


def start_processes(number: int, *, models: bool = True) -> ProcessPoolExecutor:
    """Start worker processes, each with its own connection; they end with this process.

    They adopt its audit context. Without `models` they start in a third of the time.
    """
    database = connection.settings_dict["NAME"]  # in tests, not that of the settings
    about = [database, current_context(), models]
    return ProcessPoolExecutor(number, get_context("spawn"), _begin, about)


def _begin(database: str, context: AuditContext, models: bool) -> None:
    adopt_context(context)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that started us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if models:
        django.setup()
    else:
        apps.populate(())
    connection.settings_dict["NAME"] = database
    # Loaded modules stay, and batches are freed by reference counts: collect cycles rarely.
    gc.freeze()
    gc.set_threshold(100_000)


def _end_with_parent() -> None:
    parent_process().join()
    os._exit(1)


def stop_with_parent() -> None:
    """Send this process SIGTERM once its parent is gone; unlike a pipe, this survives an exec."""
    threading.Thread(target=_watch, args=[os.getppid()], daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)

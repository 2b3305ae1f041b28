"""Processes that share the work on the database of this one. Imports no models: they come later."""

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
    """So many processes, each with a connection of its own. They end when this one does.

    The ledger records what they change as this one's. Those that need no models start in a third
    of the time.
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
    # What was loaded stays, and what a batch makes is freed by counting: look for cycles seldom.
    gc.freeze()
    gc.set_threshold(100_000)


def _end_with_parent() -> None:
    parent_process().join()
    os._exit(1)


def stop_with_parent() -> None:
    """Tell this process to stop once its parent is gone, whatever took the parent's place.

    Unlike a pipe to the parent, this outlives an exec there.
    """
    threading.Thread(target=_watch, args=[os.getppid()], daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)

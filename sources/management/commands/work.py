"""`manage.py work`: the background worker."""

import asyncio
import logging
import signal
import time

import psycopg
from django.core.management.base import BaseCommand
from django.db import OperationalError, connection
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException

log = logging.getLogger(__name__)

PAUSE = 2  # seconds before the next attempt to reach the database


async def _work() -> None:
    with app.replace_connector(app.connector.get_worker_connector()):
        async with app.open_async():
            await app.run_worker_async(install_signal_handlers=False)


async def work_until_stopped() -> bool:
    """Do queued jobs. Return True after a signal, False if the worker ended by itself."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    working, stopping = asyncio.create_task(_work()), asyncio.create_task(stop.wait())
    await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.remove_signal_handler(number)  # a second signal ends the process at once
    stopping.cancel()
    if stop.is_set():
        working.cancel()  # it ends its current parts first
        await asyncio.gather(working, return_exceptions=True)
        return True
    await working
    return False


class Command(BaseCommand):
    help = (
        "Do the work of the background until a signal stops it: bulk changes, webhooks, mail. "
        "While the database is away it waits, and then goes on."
    )

    def handle(self, **options):
        while True:
            try:
                connection.ensure_connection()  # starts the embedded server
                connection.close()
                if asyncio.run(work_until_stopped()):
                    return
                why = "the worker ended"
            except (ConnectorException, psycopg.Error, OperationalError) as error:
                why = type(error).__name__
            log.warning("the database is away (%s); trying again", why)
            time.sleep(PAUSE)

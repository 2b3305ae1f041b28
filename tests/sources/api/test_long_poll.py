"""Who waits is woken when the process is told to stop, by whatever handler."""

import signal
import subprocess
import sys
import time

import pytest

WAITER = """
import signal, sys, threading
from sources import stopping
stopping.heed_signals()
signal.signal(signal.SIGTERM, lambda *_: None)  # as a server does, afterwards
def wait():
    print(stopping.sleep(0.01), flush=True)
    print(stopping.sleep(60), flush=True)
    print(stopping.sleep(60), flush=True)
thread = threading.Thread(target=wait)
thread.start()
thread.join()
"""


def test_sleep_ends_with_the_process_and_is_no_more_afterwards():
    with subprocess.Popen([sys.executable, "-c", WAITER], stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout.readline() == "True\n"
        time.sleep(0.2)
        one.send_signal(signal.SIGTERM)
        assert one.stdout.readline() == "False\n"
        assert one.stdout.readline() == "False\n"


@pytest.mark.parametrize("seconds", [0, 0.01])
def test_where_no_server_heeds_signals_sleep_is_sleep(seconds):
    from sources.api import long_poll as stopping

    assert stopping.sleep(seconds)

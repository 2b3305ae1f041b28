"""A waiting request wakes when the process gets a signal, whatever handles it."""

import signal
import subprocess
import sys
import time

import pytest

WAITER = """
import signal, sys, threading
from sources.api import long_poll
long_poll.heed_signals()
signal.signal(signal.SIGTERM, lambda *_: None)  # as a server does, afterwards
def wait():
    print(long_poll.sleep(0.01), flush=True)
    print(long_poll.sleep(60), flush=True)
    print(long_poll.sleep(60), flush=True)
thread = threading.Thread(target=wait)
thread.start()
thread.join()
"""


def test_a_signal_ends_the_sleep_and_every_later_one():
    with subprocess.Popen([sys.executable, "-c", WAITER], stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout.readline() == "True\n"
        time.sleep(0.2)
        one.send_signal(signal.SIGTERM)
        assert one.stdout.readline() == "False\n"
        assert one.stdout.readline() == "False\n"


@pytest.mark.parametrize("seconds", [0, 0.01])
def test_without_a_server_sleep_lasts_its_full_time(seconds):
    from sources.api import long_poll

    assert long_poll.sleep(seconds)

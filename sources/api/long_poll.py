"""Sleep that ends when the server does, for requests that wait."""

import os
import select
import signal
import threading
import time

_told: int | None = None  # readable for ever once a signal has come that the process handles


def heed_signals() -> None:
    """Let `sleep` know of signals; to be called when the server loads.

    The server sets its own handlers afterwards; Python writes to this pipe whichever they are. Only
    the main thread can ask for it: a development server that loads elsewhere goes without.
    """
    global _told
    if threading.current_thread() is not threading.main_thread():
        return
    _told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)


def sleep(seconds: float) -> bool:
    """Sleep so long, or until the process is told to stop; whether it slept to the end."""
    if _told is None:
        time.sleep(seconds)
        return True
    told = select.poll()
    told.register(_told, select.POLLIN)
    return not told.poll(seconds * 1000)

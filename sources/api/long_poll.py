"""A sleep that ends when the server stops, for requests that wait."""

import os
import select
import signal
import threading
import time

_signalled: int | None = None  # a pipe, readable from the first handled signal on


def heed_signals() -> None:
    """Have signals end `sleep`. Call it when the server loads.

    Python writes every signal to this pipe, whichever handlers the server sets afterwards. Only the
    main thread can set the pipe: a development server that loads in another thread does without.
    """
    global _signalled
    if threading.current_thread() is not threading.main_thread():
        return
    _signalled, pipe = os.pipe()
    os.set_blocking(pipe, False)
    signal.set_wakeup_fd(pipe, warn_on_full_buffer=False)


def sleep(seconds: float) -> bool:
    """Sleep until then or until a signal. Return whether the full time passed."""
    if _signalled is None:
        time.sleep(seconds)
        return True
    poll = select.poll()
    poll.register(_signalled, select.POLLIN)
    return not poll.poll(seconds * 1000)

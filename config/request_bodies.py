"""The bodies of requests, of which a process waits for a few at a time.

The server waits for a body as long as the client likes, and one of its threads with it; nothing can
end that. A proxy that reads bodies whole before it passes them on spares us this. Without one, a
few dozen clients that send two bytes and wait would hold all threads. So they hold these few:
others are refused, and whoever only reads is answered as ever.
"""

import io
import threading

READ_AT_ONCE = 2  # bodies, in a process; one that a proxy has read takes less than a millisecond
MAX_WAIT_SECONDS = 2  # for one of the others to end

_readers = threading.BoundedSemaphore(READ_AT_ONCE)


class RequestBody(io.RawIOBase):
    """The `wsgi.input` of a request. A read raises TimeoutError while others take too long.

    Like the server's own, it gives as many bytes as it is asked for, or all that are left.
    """

    def __init__(self, stream):
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        if self._stream is None or not _readers.acquire(timeout=MAX_WAIT_SECONDS):
            self._stream = None  # the server then closes the connection
            raise TimeoutError("The bodies of other requests take too long.")
        try:
            read = self._stream.read(len(buffer))
        finally:
            _readers.release()
        buffer[: len(read)] = read
        return len(read)

"""Send requests over several connections for some seconds: `load.py PORT CONNECTIONS SECONDS`

Reads requests from standard input, one per line in base64. Sends them in turn over connections that
are kept open, each the next one when its answer has arrived. Prints the seconds of each request.
"""

import asyncio
import base64
import sys
import time
from itertools import cycle


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of one answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    if b"transfer-encoding: chunked" in head:
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return status, body
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    return status, await reader.readexactly(int(length))


async def ask(port: int, request: bytes) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    writer.write(request)
    try:
        return await answer(reader)
    finally:
        writer.close()


async def keep_asking(port: int, requests, until: float, spent: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    began = time.perf_counter()
    while began < until:
        writer.write(next(requests))
        status, _ = await answer(reader)
        ended = time.perf_counter()
        if status != 200:
            raise SystemExit(f"answered {status}")
        spent.append(ended - began)
        began = ended
    writer.close()


async def run(port: int, connections: int, seconds: float, requests: list[bytes]) -> list[float]:
    spent: list[float] = []
    turns = cycle(requests)
    until = time.perf_counter() + seconds
    await asyncio.gather(*(keep_asking(port, turns, until, spent) for _ in range(connections)))
    return spent


if __name__ == "__main__":
    given = [base64.b64decode(line) for line in sys.stdin.read().split()]
    port, connections, seconds = sys.argv[1:]
    spent = asyncio.run(run(int(port), int(connections), float(seconds), given))
    sys.stdout.write("\n".join(f"{one:.7f}" for one in spent))

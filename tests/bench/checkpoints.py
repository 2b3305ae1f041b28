"""The log at size: `uv run python tests/bench/checkpoints.py [--revisions N]`

Writes made-up revisions into a database of its own, and then times the sequencer, the first
checkpoint with its files, a checkpoint of few new revisions, `verify --against` and the verifier
that the guide prints. Exits with 1 if the sequencer is slower than required, or verifying. `--keep`
keeps the database.
"""

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.archives import BUFFERS, own_database

SEQUENCED_A_SECOND = 20_000
VERIFIED_IN = 120  # seconds, for 10,000,000 revisions; fewer in proportion
FEW = 1_000  # revisions between two checkpoints

VERSIONS = 4  # of a record, so that each is met again

# Some 300 bytes of state each, and links as random as real ones, in an era that has ended: all are
# settled. Each transaction writes 100.
REVISIONS = f"""
    INSERT INTO sources_revision (
        era, transaction, subject_type, subject_id, version, verb, public, reader_visible, state,
        fields, channel, time, salt, hash, link
    )
    SELECT 0, (3 + n / 100)::text::xid8, 'quote',
           encode(
               '\\x01a2'::bytea || int8send(n / {VERSIONS})
               || substr(sha256(int8send(n / {VERSIONS})), 1, 6), 'hex'
           )::uuid,
           n %% {VERSIONS} + 1, CASE n %% {VERSIONS} WHEN 0 THEN 'created' ELSE 'updated' END, true,
           true, jsonb_build_object('id', n, 'text', repeat(md5(n::text), 8)), '{{}}', 'api', now(),
           sha256(int8send(n)), sha256(int8send(-n)), sha256(int8send(n + 1))
    FROM generate_series(%s::bigint, %s::bigint) n
"""


def fill(revisions: int) -> None:
    """Write revisions up to this number, past the triggers."""
    from django.db import connection, transaction

    from sources.models import Revision

    with connection.cursor() as cursor:
        for first in range(Revision.objects.count(), revisions, 100_000):
            with transaction.atomic():
                cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute(REVISIONS, [first, min(first + 100_000, revisions) - 1])
        cursor.execute("VACUUM (ANALYZE) sources_revision")


def start_over() -> None:
    """Empty the log of a database that was kept."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("TRUNCATE sources_leaf, sources_checkpoint")


@contextmanager
def timed(spent: dict[str, float], what: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    spent[what] = time.perf_counter() - began


def measure(revisions: int, directory: Path) -> dict[str, float]:
    """Seconds of each part, over this many revisions and a few more."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from sources.checkpoints.notes import Signer
    from sources.checkpoints.sequencer import sequence

    signer, spent, log = Signer.new("bench.example/ledger"), {}, directory / "log"
    settings.ONRECORD_LOG_KEYS = [signer.written]
    silent = {"stdout": io.StringIO(), "verbosity": 0}
    fill(revisions)
    start_over()
    with timed(spent, "sequencer"):
        assert sequence() == revisions
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) sources_leaf")
    with timed(spent, "first checkpoint"):
        call_command("checkpoint", str(log), **silent)
    fill(revisions + FEW)
    with timed(spent, "next checkpoint"):
        call_command("checkpoint", str(log), **silent)
    with timed(spent, "verify --against"):
        call_command("verify", "--against", str(log), **silent)
    with timed(spent, "offline"):
        subprocess.run(
            [sys.executable, "-c", printed(), str(signer.verifier), str(log)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return spent


def printed() -> str:
    """The verifier in the guide."""
    from tests.config.guides.documents import blocks

    (script,) = [block.code for block in blocks("checkpoints") if block.language == "python"]
    return script


def faults(revisions: int, spent: dict[str, float]) -> list[str]:
    """What is slower than required."""
    found = []
    if (rate := revisions / spent["sequencer"]) < SEQUENCED_A_SECOND:
        found.append(f"The sequencer did {rate:,.0f} a second; {SEQUENCED_A_SECOND:,} are asked.")
    allowed = VERIFIED_IN * revisions / 10_000_000
    if spent["verify --against"] > max(allowed, 5):  # less is the time to start
        took = spent["verify --against"]
        found.append(f"verify --against took {took:.0f} s; {allowed:.0f} are asked.")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--revisions", type=int, default=10_000_000, help="in the ledger (default: %(default)s)")
    add("--keep", action="store_true", help="keep the database, or use the one that was kept")
    given = parser.parse_args()

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ.setdefault("ONRECORD_EMBEDDED_BUFFERS", BUFFERS)
    import django

    django.setup()
    name = f"bench_checkpoints_{given.revisions}"
    with own_database(name, keep=given.keep), tempfile.TemporaryDirectory() as directory:
        spent = measure(given.revisions, Path(directory))
    for what, seconds in spent.items():
        rate = "" if what == "next checkpoint" else f"{given.revisions / seconds:12,.0f} a second"
        sys.stdout.write(f"{what:18}{seconds:10.2f} s{rate}\n")
    if found := faults(given.revisions, spent):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()

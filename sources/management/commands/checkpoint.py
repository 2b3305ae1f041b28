"""`manage.py checkpoint DIRECTORY [--stamp URL]`, or `--new-key NAME`"""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from sources.checkpoints.notes import BadKey, BadNote, Signer
from sources.checkpoints.sequencer import Contradiction
from sources.checkpoints.signing import sign, signers, verifiers_of
from sources.checkpoints.stamps import NotStamped, stamp
from sources.checkpoints.tiles import alone_in, publish, published_note, write_whole
from sources.exceptions import EraNotBegun


class Command(BaseCommand):
    help = (
        "Sign the tree over all revisions, and write the checkpoint and the tree's new hashes to a "
        "directory of static files, for others to keep. Signs nothing that contradicts what was "
        "signed before, and exits 1. Needs ONRECORD_LOG_KEYS."
    )

    def add_arguments(self, parser):
        parser.add_argument("directory", nargs="?", type=Path, help="of the log's files")
        parser.add_argument(
            "--new-key", metavar="NAME", help="print a key for a log of this name, and end"
        )
        parser.add_argument(
            "--stamp", metavar="URL", help="have it stamped by this authority (RFC 3161)"
        )

    def handle(self, *, directory: Path | None, new_key: str | None, **options):
        if (directory is None) == (new_key is None):
            raise CommandError("Give a directory, or --new-key and the name of a log.")
        try:
            if new_key is not None:
                self.print_key(Signer.new(new_key))
            else:
                self.write(directory, options["stamp"])
        except EraNotBegun as error:
            raise CommandError("Run manage.py begin_era first: the cluster is another.") from error
        except (BadKey, BadNote, Contradiction, NotStamped, OSError) as error:
            raise CommandError(str(error)) from error

    def print_key(self, signer: Signer) -> None:
        self.stdout.write(f"ONRECORD_LOG_KEYS={signer.written}")
        self.stdout.write(f"public key: {signer.verifier}")

    def write(self, directory: Path, authority: str | None) -> None:
        if not (keys := signers()):
            raise CommandError("Set ONRECORD_LOG_KEYS. --new-key NAME prints a key.")
        with alone_in(directory):
            checkpoint = sign(keys, published_note(directory))
            publish(checkpoint, directory, verifiers_of(keys))
        self.stdout.write(f"{checkpoint.size:,} revisions signed: {directory / 'checkpoint'}")
        stamped = directory / "checkpoints" / f"{checkpoint.size}.tsr"
        if authority and not stamped.exists():
            write_whole(stamped, stamp(checkpoint.note.encode(), authority))
            self.stdout.write(f"stamped: {stamped}")

"""`manage.py prove ID [--revision N] [--with-record]`"""

from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from sources.checkpoints.proofs import proof_of
from sources.models import Checkpoint, Leaf


class Command(BaseCommand):
    help = (
        "Print the proof that a revision of a record is in the tree of the last checkpoint, for "
        "whoever has the public key and the revision's link (C2SP tlog-proof)."
    )

    def add_arguments(self, parser):
        parser.add_argument("id", type=UUID, metavar="ID", help="a record of any kind")
        parser.add_argument(
            "--revision", type=int, metavar="N", help="its version; otherwise the last one signed"
        )
        parser.add_argument(
            "--with-record", action="store_true", help="and what the revision says: confidential"
        )

    def handle(self, *, id: UUID, revision: int | None, **options):  # noqa: A002 (as shown)
        checkpoint = Checkpoint.objects.last()
        if checkpoint is None:
            raise CommandError("Nothing was signed yet. Run manage.py checkpoint.")
        signed = Leaf.objects.filter(subject_id=id, position__lt=checkpoint.size)
        if revision is not None:
            signed = signed.filter(version=revision)
        leaf = signed.order_by("version").last()
        if leaf is None:
            raise CommandError("The last checkpoint has no such revision.")
        try:
            proof = proof_of(leaf, checkpoint, with_record=options["with_record"])
        except LookupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(proof, ending="")

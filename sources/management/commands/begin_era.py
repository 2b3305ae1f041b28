"""`manage.py begin_era [--anyway]`"""

from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.utils import timezone

from sources.models import Era


class Command(BaseCommand):
    help = (
        "Begin a new era of the ledger after a restore into another database cluster, so that "
        "clients can keep following changes/. Run it before anything is written. In the cluster of "
        "the current era it does nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--anyway",
            action="store_true",
            help="begin an era in the same cluster too, after a restore to an earlier time",
        )

    @transaction.atomic
    def handle(self, *, anyway: bool, **options):
        with connection.cursor() as cursor:
            # Wait for transactions of the old era; the next ones are in the new era.
            cursor.execute("LOCK TABLE sources_revision IN SHARE ROW EXCLUSIVE MODE")
            cursor.execute("SELECT system_identifier::text FROM pg_control_system()")
            (cluster,) = cursor.fetchone()
        present = Era.objects.order_by("id").last()
        if present and present.cluster == cluster and not anyway:
            self.stdout.write(f"Era {present} is this cluster's ({cluster}). Nothing to do.")
            return
        former = f" after era {present}, of cluster {present.cluster}" if present else ""
        era = Era.objects.create(
            id=present.id + 1 if present else 1, cluster=cluster, began=timezone.now()
        )
        self.stdout.write(f"Era {era} began in cluster {cluster}{former}.")

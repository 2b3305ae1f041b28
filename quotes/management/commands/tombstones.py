"""`manage.py tombstones`"""

import json

from django.core.management.base import BaseCommand

from quotes.history.tombstones import tombstones


class Command(BaseCommand):
    help = (
        "Print the tombstones of all erased records, one JSON object a line, without their words. "
        "Keep them beside the backups: `erase_again` applies them to one that is restored."
    )

    def handle(self, **options):
        for tombstone in tombstones():
            self.stdout.write(json.dumps(tombstone, ensure_ascii=False))

"""`manage.py send_digests [--dry-run]`"""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from quotes.curation.digest import send_digests


class Command(BaseCommand):
    help = (
        "Mail each reviewer what waits for them, once a day, as the worker does at 06:00 UTC. "
        "Nobody gets two digests of one day, so it can be repeated."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--dry-run", action="store_true", help="only name who would be sent a digest"
        )

    def handle(self, *, dry_run: bool, **options):
        if not (settings.MAILERS or dry_run):
            raise CommandError("There is no mail server: set EMAIL_URL.")

        def each(users: list):
            shown = None if options["verbosity"] else True
            return tqdm(users, unit="user", disable=shown)

        sent = send_digests(timezone.now(), dry_run=dry_run, each=each)
        for name in sent:
            self.stdout.write(name)
        did = "would be sent" if dry_run else "sent"
        self.stdout.write(f"{len(sent)} digest{'' if len(sent) == 1 else 's'} {did}.")

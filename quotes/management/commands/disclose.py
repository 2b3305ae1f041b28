"""`manage.py disclose speaker ID`"""

import json
from functools import partial
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from quotes.history.disclosure import disclosed
from quotes.history.erasure import CannotErase


class Command(BaseCommand):
    help = (
        "Print all that is held of a person as JSON: names, roles and quotes with their histories, "
        "also what was never public, and every column of the database that names them. Changes "
        "nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument("kind", choices=["speaker"])
        parser.add_argument("id", type=UUID, metavar="ID")

    def handle(self, *, kind: str, id: UUID, **options):  # noqa: A002 (the argument's name)
        bar = partial(tqdm, disable=None if options["verbosity"] else True, leave=False)
        try:
            held = disclosed(id, each=bar)
        except CannotErase as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(json.dumps(held, ensure_ascii=False, indent=2, default=str))

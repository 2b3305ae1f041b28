"""`manage.py demo [--port N]`"""

import argparse
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.exceptions import ValidationError

import quotes
from quotes.api.filing_serializers import FilingSerializer
from quotes.filing import OPERATOR, file
from quotes.models import Quote
from sources.api.serializers import (
    AffiliationSerializer,
    FactSerializer,
    OrganisationSerializer,
    OutletSerializer,
    SpeakerSerializer,
)
from sources.ledger.actor import audit_context
from sources.management.processes import stop_with_parent
from sources.models import Revision

NEWSROOM = Path(quotes.__file__).parent / "samples" / "newsroom.json"

CHANNEL = "command:demo"  # of all sample records in the ledger

RECORDS = {
    "outlets": OutletSerializer,
    "organisations": OrganisationSerializer,
    "speakers": SpeakerSerializer,
    "affiliations": AffiliationSerializer,
    "facts": FactSerializer,
}

GUIDE = """
  FOR TRIAL ONLY. Everybody on this machine can read it, its secrets are known, and its
  newsroom is made up. Never put it on a network.

  Pages      {base}/                    (search, quotes, speakers: no login needed)
  API        {base}/api/v1/quotes/      (published quotes: no token needed)
  Explorer   {base}/api/v1/docs/
  Admin      {base}/admin/              user {admin}, password {password}

  Tokens, good for a day (Authorization: Token ...)
{tokens}

  Worth trying:

  curl '{base}/api/v1/quotes/?speaker_name=ingrid+pellow&role=minister&published_after=2026&fields=text,role,said,outlet'

  curl '{base}/api/v1/quotes/?speaker_name=zeljka+skoric&count=true&limit=2'

  curl '{base}/api/v1/articles/' -H 'Authorization: Token {contributor}' -H 'Content-Type: application/json' \\
    -d '{{"outlet": "The Harrow Sound Courier", "external_id": "try-1", "published": "2026-11", "text": "\\u201cIt works,\\u201d said Ada Lund, a reader.", "quotes": [{{"text": "It works", "speaker": "Ada Lund", "role": "reader"}}]}}'

  The server answers within a few seconds. Stop with Ctrl-C. What you filed is kept in
  var/postgres; delete that folder to start afresh.
"""  # noqa: E501 (lines to be copied whole)


class Dots:
    """A stream that shows each line as a dot: the progress of a command that prints many."""

    def __init__(self, say):
        self.say = say

    def write(self, text: str) -> None:
        self.say("." * text.count("\n"), ending="")


class Command(BaseCommand):
    help = (
        "Try On Record on this machine: create the embedded database, file a made-up newsroom, "
        "make a user for each group, and serve it. For trial only. Running it again is harmless."
    )

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=8000, help="default: %(default)s")
        parser.add_argument(
            "--prepare", action="store_true", help="do all but serve, and print no tokens"
        )
        parser.add_argument("--work", type=int, metavar="PID", help=argparse.SUPPRESS)

    def handle(self, *, port: int, prepare: bool, work: int | None, **options):
        if work:
            self._keep_working(work)
            return
        if settings.DATABASE_URL:
            raise CommandError(
                "DATABASE_URL is set, and demo makes users that anyone could use. Unset it to try "
                "On Record on the embedded database."
            )
        if not 1 <= port <= 65535:
            raise CommandError("--port takes 1 to 65535.")
        if not prepare:
            self._check_port(port)
        self._say("Starting PostgreSQL; the first time, it is created in var/postgres.")
        connection.ensure_connection()
        self._say("Creating the tables ", ending="")
        call_command("migrate", stdout=Dots(self._say))
        self._say("")
        self._file_newsroom()
        if prepare:
            return
        admin, password, tokens = self._make_users()
        listed = "\n".join(f"    {group:<13}{token}" for group, token in tokens.items())
        self._say(
            GUIDE.format(
                base=f"http://127.0.0.1:{port}",
                admin=admin,
                password=password,
                tokens=listed,
                contributor=tokens["Contributors"],
            )
        )
        self._serve(port)

    def _say(self, text: str, ending: str = "\n") -> None:
        """Print at once, also into a pipe or a file."""
        self.stdout.write(text, ending=ending)
        self.stdout.flush()

    def _check_port(self, port: int) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise CommandError(
                    f"Port {port} cannot be used ({error.strerror}). Choose another: --port N."
                ) from error

    def _file_newsroom(self) -> None:
        """File the samples once: the ledger remembers it, whatever became of the records."""
        if Revision.objects.filter(channel=CHANNEL).exists():
            self._say("The sample newsroom is on record already.")
            return
        self._say("Filing the sample newsroom ", ending="")
        try:
            with audit_context(channel=CHANNEL), transaction.atomic():
                self._file(json.loads(NEWSROOM.read_text(encoding="utf-8")))
        except ValidationError as error:
            raise CommandError(
                f"The sample newsroom contradicts what is on record: {error.detail}. To start "
                "afresh, delete the folder var/postgres."
            ) from error
        self._say("")

    def _file(self, room: dict) -> None:
        for name, serializer in RECORDS.items():
            for record in room[name]:
                reader = serializer(data=record)
                reader.is_valid(raise_exception=True)
                reader.save()
            self._say(".", ending="")
        for article in room["articles"]:
            file(FilingSerializer.read(article), OPERATOR)
            self._say(".", ending="")
        for taken in room["steps"]:
            self._take_step(**taken)

    def _take_step(self, *, article: str, words: str, step: str, said: dict) -> None:
        """Take a published quote a step further, as a Curator would."""
        quote = Quote.objects.get(article__external_id=article, text=words)
        if step == "correct":
            quote.correct(now=timezone.now(), **said)
        else:
            getattr(quote, step)(**said)

    def _make_users(self) -> tuple[str, str, dict[str, str]]:
        """Make a user with a new token for each group, and a superuser with a new password."""
        users, password, tokens = get_user_model().objects, secrets.token_urlsafe(9), {}
        with transaction.atomic():
            for group in Group.objects.order_by("-name"):
                user, _ = users.get_or_create(username=f"demo-{group.name.lower()}")
                user.groups.set([group])
                AuthToken.objects.filter(user=user).delete()
                _, tokens[group.name] = AuthToken.objects.create(
                    user=user, expiry=timedelta(days=1)
                )
            admin, _ = users.get_or_create(username="demo-admin")
            admin.is_staff = admin.is_superuser = True
            admin.set_password(password)
            admin.save()
        return admin.username, password, tokens

    def _serve(self, port: int) -> None:
        command = [
            *(sys.executable, "-m", "granian", "config.wsgi:application"),
            *("--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
            *("--log-level", "warning", "--workers-kill-timeout", "3"),
            *("--workers", "2", "--blocking-threads", "4", "--no-ws"),
            "--respawn-failed-workers",
        ]
        os.environ |= {"ONRECORD_PUBLIC_READ": "true", "ONRECORD_DEMO": "true"}
        os.chdir(settings.BASE_DIR)
        # A process beside the server does bulk work. It ends when this one does.
        command_beside = [sys.executable, "manage.py", "demo", "--work", str(os.getpid())]
        subprocess.Popen(command_beside)  # noqa: S603 (ours)
        # The server takes this process's place, so that signals reach it and nothing else is left.
        os.execv(sys.executable, command)  # noqa: S606

    def _keep_working(self, server: int) -> None:
        """Keep a background worker running until this server is gone; replace a killed one."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C stops the server and the worker
        while os.getppid() == server:
            if not (worker := os.fork()):
                self._work()
                return
            while not os.waitpid(worker, os.WNOHANG)[0]:
                time.sleep(0.5)
                if os.getppid() != server:
                    os.kill(worker, signal.SIGTERM)
                    os.waitpid(worker, 0)
                    break

    def _work(self) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop_with_parent()
        call_command("work")

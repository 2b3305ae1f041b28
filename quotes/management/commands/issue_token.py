"""`manage.py issue_token NAME --group Contributors [--outlet SLUG …] [--days 90]`"""

import sys
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from knox.models import AuthToken

from quotes.models import OutletBinding
from sources.models import Outlet


class Command(BaseCommand):
    help = (
        "Print a new API token for a user, and nothing else. Creates the user, without a password, "
        "if needed, and adds it to the group. The token is stored as a hash and cannot be shown "
        "again."
    )

    def add_arguments(self, parser):
        parser.add_argument("name", help="the user's name")
        parser.add_argument("--group", help="Readers, Contributors or Curators")
        parser.add_argument(
            "--days",
            type=int,
            default=settings.ONRECORD_TOKEN_DAYS,
            help="days until the token expires (default: %(default)s)",
        )
        parser.add_argument(
            "--outlet",
            nargs="+",
            metavar="SLUG",
            default=[],
            help="bind the user to these outlets, by slug or name: they file for no others",
        )
        parser.add_argument("--yes", action="store_true", help="add unknown outlets without asking")

    def handle(self, *, name: str, group: str | None, days: int, outlet, yes, **options):
        if not 1 <= days <= 3650:
            raise CommandError("--days must be from 1 to 3650.")
        with transaction.atomic():
            user = self._user(name)
            if group:
                known = {g.name: g for g in Group.objects.all()}
                if group not in known:
                    raise CommandError(
                        f"There is no group “{group}”. Choose from: {', '.join(sorted(known))}."
                    )
                user.groups.add(known[group])
            elif not user.groups.exists() and not user.is_superuser:
                raise CommandError(f"{name} is in no group, so without permissions. Give --group.")
            for slug in outlet:
                bound = self._outlet(slug, yes=yes)
                OutletBinding.objects.get_or_create(user=user, outlet=bound.pk)
            _, token = AuthToken.objects.create(user=user, expiry=timedelta(days=days))
        self.stdout.write(token)

    def _outlet(self, slug: str, *, yes: bool) -> Outlet:
        known = Outlet.objects.filter(slug=slug)[:1] or Outlet.objects.called(slug)[:2]
        if len(known) > 1:
            raise CommandError(f"Several outlets are called “{slug}”. Give the slug.")
        if known:
            return known[0].survivor
        if not yes:
            self.stderr.write(f"There is no outlet “{slug}”. Add it? [y/N] ", ending="")
            if not sys.stdin.isatty() or input().strip().lower() not in ("y", "yes"):
                raise CommandError(f"There is no outlet “{slug}”. Give --yes to add it.")
        return Outlet.objects.create(name=slug, slug=Outlet.free_slug(slug))

    def _user(self, name: str):
        users = get_user_model()
        if user := users.objects.filter(username=name).first():
            if not user.is_active:
                raise CommandError(f"{name} is not active.")
            return user
        user = users(username=name)
        user.set_unusable_password()
        try:
            user.clean_fields()
        except ValidationError as error:
            raise CommandError(f"“{name}” cannot be a user: {' '.join(error.messages)}") from error
        user.save()
        return user

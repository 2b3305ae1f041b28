"""`manage.py authenticator NAME [--remove]`"""

from base64 import b32encode

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice


class Command(BaseCommand):
    help = (
        "Give a user a new key for an authenticator app, and print it: from then on each login "
        "needs a code of the app. An earlier key stops working."
    )

    def add_arguments(self, parser):
        parser.add_argument("name", help="the user's name")
        parser.add_argument(
            "--remove", action="store_true", help="let the user log in without a code again"
        )

    @transaction.atomic
    def handle(self, *, name: str, remove: bool, **options):
        if (user := get_user_model().objects.filter(username=name).first()) is None:
            raise CommandError(f"There is no user “{name}”.")
        removed, _ = TOTPDevice.objects.filter(user=user).delete()
        if remove:
            self.stdout.write("Removed." if removed else "There was none.")
            return
        device = TOTPDevice.objects.create(user=user, name="authenticator app")
        self.stdout.write(f"Link: {device.config_url}")
        self.stdout.write(f"Key:  {b32encode(device.bin_key).decode()}")

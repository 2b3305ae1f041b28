"""`manage.py fetch_wikidata --contact ADDRESS`"""

from datetime import timedelta
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError
from django.db.models.fields.json import KT
from django.utils import timezone
from tqdm import tqdm

from sources.identity.wikidata import FetchError, Wikimedia
from sources.models import Organisation, Speaker, WikidataItem

MAX_FAILURES = 5  # one after the other: then the server is not there


class Command(BaseCommand):
    help = (
        "Fetch the label, description and picture of every speaker and organisation with a "
        "Wikidata id, for their profiles. What was fetched before is left out, so it can be "
        "stopped and run again. Nothing else in On Record asks Wikidata."
    )

    def add_arguments(self, parser):
        add = parser.add_argument
        add("--contact", required=True, help="e-mail or URL by which Wikimedia can reach you")
        add("--language", default="en", help="of labels and descriptions (default: %(default)s)")
        add("--older-than", type=int, metavar="DAYS", help="fetch again what is older than this")
        add("--limit", type=int, help="fetch this many at most")
        add("--endpoint", default="https://www.wikidata.org", help="(default: %(default)s)")
        add("--commons", default="https://commons.wikimedia.org", help="(default: %(default)s)")

    def handle(self, *, contact: str, endpoint: str, commons: str, **options):
        for url in (endpoint, commons):
            if urlsplit(url).scheme not in ("http", "https"):
                raise CommandError(f"{url} is not a web address.")
        site = Wikimedia(
            endpoint.rstrip("/"), commons.rstrip("/"), options["language"], f"OnRecord ({contact})"
        )
        wanted = wanted_items(options["older_than"])[: options["limit"]]
        fetched, failures = 0, 0
        for item in tqdm(wanted, disable=None if options["verbosity"] else True, leave=False):
            try:
                site.fetch(item)
            except FetchError as error:
                self.stderr.write(f"{item}: {error}")
                failures += 1
                if failures == MAX_FAILURES:
                    raise CommandError(
                        f"{fetched} fetched; {failures} failed in a row. Run it again to go on."
                    ) from error
            else:
                fetched, failures = fetched + 1, 0
        self.stdout.write(f"{fetched} fetched, {len(wanted) - fetched} failed.")


def wanted_items(older_than: int | None) -> list[str]:
    """Wikidata ids on record of which nothing was fetched, or not in the last days."""
    held = WikidataItem.objects.order_by()
    if older_than is not None:
        held = held.filter(fetched__gte=timezone.now() - timedelta(days=older_than))
    found = set()
    for model in (Speaker, Organisation):
        known = model.objects.active().order_by().filter(identifiers__has_key="wikidata")
        found.update(known.values_list(KT("identifiers__wikidata"), flat=True))
    return sorted(found - set(held.values_list("pk", flat=True)))

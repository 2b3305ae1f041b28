"""`manage.py second_looks`"""

from django.core.management.base import BaseCommand

from quotes.curation.second_look_report import Agreement, agreements
from quotes.models import SecondLook


class Command(BaseCommand):
    help = (
        "How often a second look agreed with who published a quote in bulk: for everybody together "
        "and for each, with a 95 % interval, and what was wrong."
    )

    def handle(self, **options):
        waiting = SecondLook.objects.waiting().count()
        rows = agreements()
        if rows:
            self.stdout.write(f"{'published by':32}{'looks':>8}  agreed (95 %)")
        for row in rows:
            self.stdout.write(line_of(row))
        if not rows:
            self.stdout.write("Nothing has been looked at twice yet.")
        self.stdout.write(f"Waiting for a second look: {waiting:,}.")


def line_of(row: Agreement) -> str:
    low, high = row.interval
    found = row.faults.most_common()
    faults = "; ".join(f"{SecondLook.Finding(what).label.lower()} {n:,}" for what, n in found)
    share = f"{row.share:.3f} ({low:.3f}–{high:.3f})"
    return f"{row.publisher[:31]:32}{row.looks:>8,}  {share}  {faults}".rstrip()

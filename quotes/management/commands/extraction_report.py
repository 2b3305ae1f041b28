"""`manage.py extraction_report`"""

from django.core.management.base import BaseCommand
from tqdm import tqdm

from quotes.curation.extraction_report import Precision, decided, report_on


class Command(BaseCommand):
    help = (
        "How often extraction was right, by what reviewers made of its proposals: by band, rule, "
        "language and outlet, each share with its 95 % interval. Says when a band does not keep "
        "its word."
    )

    def handle(self, **options):
        quotes = decided()
        with tqdm(
            quotes.iterator(chunk_size=1_000),
            total=quotes.count(),
            unit="quote",
            unit_scale=True,
            disable=None if options["verbosity"] else True,
        ) as bar:
            report = report_on(bar)
        if not report.rows:
            self.stdout.write("No proposal of extraction has been decided yet.")
            return
        self.stdout.write(
            f"{'group':10}{'name':32}{'decided':>8}  quote (95 %)        speaker (95 %)"
        )
        for row in report.by_group():
            self.stdout.write(line_of(row))


def line_of(row: Precision) -> str:
    shares = [
        f"{right / row.decided:.3f} ({low:.3f}–{high:.3f})"
        for right, (low, high) in (
            (row.quotes, row.quote_interval),
            (row.speakers, row.speaker_interval),
        )
    ]
    broken = "  does not keep its word" if row.keeps_its_word is False else ""
    return f"{row.group:10}{row.name[:31]:32}{row.decided:>8,}  {'  '.join(shares)}{broken}"

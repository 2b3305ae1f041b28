"""`manage.py propose_quotes [--after ARTICLE] [--processes N]`"""

import os
from functools import partial
from itertools import batched
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from quotes.filing import OPERATOR, Refused, propose_found
from sources.management.processes import start_processes
from sources.models import Article

BATCH = 20
"""Articles that a worker process takes at once; each is its own transaction."""


class Command(BaseCommand):
    help = (
        "Find quotes in the texts of articles on record, and add them as proposals. A passage that "
        "any quote has is left alone, and what was rejected does not come back. Works in the order "
        "in which articles were added, and can be stopped at any time; continue with --after."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--after", type=UUID, metavar="ARTICLE", help="continue after the article with this id"
        )
        parser.add_argument(
            "--processes",
            type=int,
            default=os.cpu_count(),
            help="worker processes (default: one for each core)",
        )

        parser.add_argument(
            "--indirect", action="store_true", help="also propose reported speech without marks"
        )

    def handle(self, *, after: UUID | None, processes: int, indirect: bool, **options):
        if not 1 <= processes <= 64:
            raise CommandError(f"--processes {processes}: give 1 to 64.")
        articles = Article.objects.filter(snapshot__isnull=False, merged_into=None).order_by("pk")
        if after:
            articles = articles.filter(pk__gt=after)
        added, refused, done = 0, 0, after
        pool = start_processes(processes)
        bar = tqdm(
            total=articles.count(),
            unit="article",
            unit_scale=True,
            disable=None if options["verbosity"] else True,
        )
        try:
            keys = articles.values_list("pk", flat=True).iterator(chunk_size=10_000)
            for some in batched(batched(keys, BATCH), processes):
                for batch, (found, faults) in zip(
                    some, pool.map(partial(propose_in, indirect=indirect), some), strict=True
                ):
                    added, refused, done = added + found, refused + len(faults), batch[-1]
                    bar.update(len(batch))
                    for fault in faults:
                        bar.write(fault, file=self.stderr._out)
        except KeyboardInterrupt:
            self.stderr.write(f"Stopped. Continue with --after {done}." if done else "Stopped.")
            raise
        finally:
            bar.close()
            pool.shutdown(cancel_futures=True)
        self.stdout.write(f"{added:,} quotes proposed.")
        if refused:
            raise CommandError(f"{refused:,} articles failed; the rest is done.")


def propose_in(keys: tuple[UUID, ...], *, indirect: bool) -> tuple[int, list[str]]:
    """Propose the quotes of these articles; how many were added, and why articles were refused."""
    added, faults = 0, []
    for article in Article.objects.filter(pk__in=keys).order_by("pk"):
        try:
            filing = propose_found(article, OPERATOR, indirect=indirect)
            added += len(filing.quotes)
            if filing.proposer_failed:
                faults.append(f"Article {article.pk}: the proposer failed.")
        except Refused as refusal:
            faults.append(f"Article {article.pk}: {refusal}")
    return added, faults

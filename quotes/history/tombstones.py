"""Tombstones of erased records, to apply them to a restored backup that still has the records.

A tombstone has the kind, the id, the public reason and the time; no words.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

from quotes.history.erasure import KINDS, Erasure, erase
from sources.ledger.revisions import Revision
from sources.models import Mergeable

ORDER = ("speaker", "article", "quote", "mistakereport")
"""What is erased with a speaker or an article need not be erased by itself."""


def tombstones() -> Iterator[dict]:
    """The tombstones of this database, the oldest first."""
    erased = Revision.objects.filter(verb=Revision.Verb.ERASED, subject_type__in=KINDS)
    for kind, key, reason, time in erased.order_by("id").values_list(
        "subject_type", "subject_id", "reason", "time"
    ):
        yield {"kind": kind, "id": str(key), "reason": reason, "erased": time.isoformat()}


def erase_again(
    lines: Iterable[dict], *, dry_run: bool = False, each: Callable[[Iterable], Iterable] = list
) -> Iterator[tuple[str, Erasure]]:
    """Erase what tombstones name and this database has, by kind. Raises CannotErase."""
    by_kind = defaultdict(lambda: defaultdict(set))
    for line in lines:
        by_kind[line["kind"]][line["reason"]].add(UUID(line["id"]))
    for kind in ORDER:
        for reason, keys in by_kind[kind].items():
            if present := _present(kind, keys):
                yield kind, erase(kind, present, reason, dry_run=dry_run, each=each)


def _present(kind: str, keys: set[UUID]) -> set[UUID]:
    """Those on record; of merged ones the survivor, with which they are erased."""
    model = KINDS[kind]
    found = model.objects.filter(pk__in=keys)
    if issubclass(model, Mergeable):
        present = set(found.values_list("pk", flat=True))
        survivors = model.objects.survivors(present)
        return {key for key in present if survivors.get(key, key) not in present - {key}}
    return set(found.values_list("pk", flat=True))

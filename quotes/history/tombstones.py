"""Tombstones of erased records, to apply them to a restored backup that still has the records.

A tombstone has the kind, the id, the public reason and the time; no words.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

from django.db.models import QuerySet

from quotes.history.erasure import KINDS, Erasure, erase
from sources.history.verification import Check
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


def tombstone_faults(kept: Iterable[dict]) -> Iterator[Check]:
    """How the erasures on record differ from tombstones that were kept elsewhere.

    Erasures that are not among them may be forged. What they name must not be on record.
    """
    by_kind = defaultdict(set)
    for line in kept:
        by_kind[line["kind"]].add(UUID(line["id"]))
    for found in tombstones():
        if (key := UUID(found["id"])) not in by_kind[found["kind"]]:
            erased = f"erased {found['erased']}: {found['reason']}"
            yield Check(found["kind"], key, None, "tombstone", False, None, erased, None)
    for kind, keys in by_kind.items():
        for key in sorted(_rows(kind, keys).values_list("pk", flat=True)):
            yield Check(kind, key, None, "tombstone", False, "erased", "a row", None)


def _rows(kind: str, keys: set[UUID]) -> QuerySet:
    return KINDS[kind].objects.filter(pk__in=keys).order_by()


def _present(kind: str, keys: set[UUID]) -> set[UUID]:
    """Those on record; of merged ones the survivor, with which they are erased."""
    model, found = KINDS[kind], _rows(kind, keys)
    if issubclass(model, Mergeable):
        present = set(found.values_list("pk", flat=True))
        survivors = model.objects.survivors(present)
        return {key for key in present if survivors.get(key, key) not in present - {key}}
    return set(found.values_list("pk", flat=True))

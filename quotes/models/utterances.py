"""The act of speaking."""

from sources.ledger import Recording
from sources.models import Record
from sources.triggers import KeepsVersion


class Utterance(Record):
    """One act of speaking that several quotes report, each in its own words."""

    class Meta:
        triggers = [KeepsVersion(), *Recording().triggers]

    def __str__(self) -> str:
        return str(self.id)

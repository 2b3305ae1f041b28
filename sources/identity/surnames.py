"""Speakers whose name says nobody in particular: a surname, a title and surname, an office.

Most belong to one article, and ask nothing of a curator (`Speaker.article`). Those of them that
are only a surname are listed on request, with those whom each may mean.
"""

from django.db.models import Q

from sources.identity.names import parse
from sources.models import Speaker, SpeakerKey
from sources.models.speakers import SpeakerQuerySet

PERSONS = (Speaker.Kind.PERSON, Speaker.Kind.UNKNOWN)


def identifies_nobody(speaker: Speaker) -> bool:
    """Whether the name by itself means nobody outside its article, whatever a curator says."""
    if speaker.kind not in (*PERSONS, Speaker.Kind.UNNAMED) or speaker.identifies:
        return False
    return not parse(speaker.name).identifies


def surnames_only() -> SpeakerQuerySet:
    """Active speakers that are only a surname, of one article or of all."""
    keys = SpeakerKey.objects.filter(key__gte="s ", key__lt="t", key__startswith="s ")
    of_all = Q(article=None, pk__in=keys.order_by().values("record_id"))
    found = Speaker.objects.active().filter(kind__in=PERSONS, identifies=[])
    return found.filter(Q(article__isnull=False) | of_all)

"""Evidence about speakers of one name: the organisations and roles of their former quotes.

Filed and printed ones count as much as those that a curator has recorded, as most speakers have no
affiliation. One query for any number of speakers.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from django.db import connection

from quotes.filing.types import Filer, QuoteChange
from quotes.models import Quote
from sources.dates import PartialDate
from sources.identity.agreement import Body, roles_agree
from sources.models import Speaker

NEWEST = 50
"""Quotes of a speaker that are looked at, the last published first."""

UNFOUNDED = [Quote.Status.REJECTED.value, Quote.Status.WITHDRAWN.value]

SAID = """
SELECT DISTINCT s.id, o.id, o.parent_id, o.name, o.aliases,
       said.status <> 'proposed', said.attribution_organisation, said.role, said.attribution_role
FROM unnest(%s::uuid[]) AS s(id)
CROSS JOIN LATERAL (
    SELECT organisation_id, attribution_organisation, role, attribution_role, status
    FROM quotes_quote q WHERE q.speaker_id = s.id AND q.status <> ALL(%s)
    ORDER BY q.published_day DESC, q.id DESC LIMIT %s
) said
LEFT JOIN sources_organisation o ON o.id = said.organisation_id
"""


class Verdict(Enum):
    """Whether a quote's organisation and role fit a speaker of its name."""

    AGREES = "agrees"  # the organisation is known of this speaker
    SILENT = "silent"  # one side names no organisation
    NEW_ORGANISATION = "new organisation"  # but the role agrees, or the name is one person's
    CONTRADICTS = "contradicts"


@dataclass
class Known:
    """Organisations and roles of one speaker."""

    bodies: set[Body] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)

    def add(self, bodies: Iterable[Body], roles: Iterable[str]) -> None:
        self.bodies.update(bodies)
        self.roles.update(roles)

    def __str__(self) -> str:
        roles = ", ".join(sorted(self.roles)[:2])
        bodies = ", ".join(sorted({body.name for body in self.bodies})[:2])
        return " at ".join(part for part in (roles, bodies) if part)


class Evidence:
    """Organisations and roles of each speaker; `learn` adds those of the quotes now filed."""

    def __init__(self):
        self.known: dict[object, Known] = defaultdict(Known)
        self.public: dict[object, Known] = defaultdict(Known)  # what readers see of it
        self.named: dict[int, tuple[list[Body], list[str]]] = {}  # by quote, as filed

    def of(self, speaker: Speaker) -> Known:
        return self.known[id(speaker) if speaker._state.adding else speaker.pk]

    def told(self, speaker: Speaker, filer: Filer) -> Known:
        """What the answer to a filing may tell of a speaker on record."""
        return self.of(speaker) if filer.may_change else self.public[speaker.pk]

    def learn(self, change: QuoteChange, speaker: Speaker) -> None:
        self.of(speaker).add(*self.named_by(change))

    def named_by(self, change: QuoteChange) -> tuple[list[Body], list[str]]:
        """The organisations and roles that a quote names, resolved or printed."""
        if (key := id(change)) not in self.named:
            self.named[key] = _bodies_of(change), _roles_of(change)
        return self.named[key]

    def verdict(self, change: QuoteChange, speaker: Speaker, when: PartialDate | None) -> Verdict:
        bodies, roles = self.named_by(change)
        if not bodies:
            return Verdict.SILENT
        known = self.of(speaker)
        their_bodies, their_roles = known.bodies, known.roles
        if not speaker._state.adding:
            held = [a for a in speaker.affiliations.all() if a.may_hold_on(when)]
            their_bodies = their_bodies | {Body.of(a.organisation) for a in held}
            their_roles = their_roles | {a.role for a in held}
        if not their_bodies:
            return Verdict.SILENT
        if any(one.agrees_with(other) for one in bodies for other in their_bodies):
            return Verdict.AGREES
        if roles_agree(roles, their_roles) or is_one(speaker):
            return Verdict.NEW_ORGANISATION
        return Verdict.CONTRADICTS

    def read(self, speakers: Iterable[Speaker]) -> None:
        """Look up those of whom nothing is known yet."""
        keys = {speaker.pk for speaker in speakers if not speaker._state.adding} - set(self.known)
        if not keys:
            return
        self.known.update((key, Known()) for key in keys)
        with connection.cursor() as cursor:
            cursor.execute(SAID, [list(keys), UNFOUNDED, NEWEST])
            for key, body, parent, name, aliases, is_public, printed, *roles in cursor.fetchall():
                bodies = [Body((name, *aliases), body, parent)] if body else []
                bodies += [Body((printed,))] if printed else []
                roles = [role for role in roles if role]
                for known in (self.known, self.public) if is_public else (self.known,):
                    known[key].add(bodies, roles)


def _bodies_of(change: QuoteChange) -> list[Body]:
    quote = change.quote
    bodies = [Body.of(quote.organisation)] if quote.organisation else []
    printed = quote.attribution_organisation
    return bodies + ([Body((printed,))] if printed else [])


def _roles_of(change: QuoteChange) -> list[str]:
    return [role for role in (change.quote.role, change.quote.attribution_role) if role]


def is_one(speaker: Speaker) -> bool:
    """Whether a curator holds all who bear this name to be one person, and none distinct."""
    joined = speaker.is_one or getattr(speaker, "is_joined", False)
    return joined and not speaker.distinct_from

"""Cards of speakers: what tells two of one name apart, wherever one is chosen or named.

A card has the role, the organisation and its years, an identifier, and what the apps above know of
the speaker. The last comes from the hook `known_of` of the speakers' admin page.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import admin
from django.db.models import F

from sources.admin.html import address, link_to_profile, visible_bidi
from sources.admin.identifiers import named
from sources.dates import PartialDate
from sources.models import Affiliation, Organisation, Speaker


@dataclass(frozen=True)
class Known:
    """What another app knows of a record: how often and when it occurs, and as what.

    `number` is in words, and `address` the page that lists what it counts.
    """

    number: str
    address: str
    last: PartialDate | None = None
    role: str | None = None
    organisation: str | None = None

    @property
    def when(self) -> str:
        return f", last {self.last}" if self.last else ""


@dataclass(frozen=True)
class SpeakerCard:
    """A speaker with the role of the affiliation, else the one last printed."""

    speaker: Speaker
    role: str | None = None
    organisation: str | None = None
    years: str = ""
    known: Known | None = None

    @property
    def name(self) -> str:
        return visible_bidi(self.speaker.name)

    @property
    def link(self) -> str:
        return link_to_profile(self.speaker)

    @property
    def profile(self) -> str:
        return address(self.speaker, "profile")

    @property
    def post(self) -> str:
        """`chief inspector, Harrow Sound Constabulary, since 2022`; a kind if nothing is known."""
        parts = [part for part in (self.role, self.organisation, self.years) if part]
        if not parts and self.speaker.kind != Speaker.Kind.PERSON:
            kind = self.speaker.get_kind_display().lower()
            parts = [f"kind {kind}" if self.speaker.kind == Speaker.Kind.UNKNOWN else kind]
        return visible_bidi(", ".join(parts))

    @property
    def identifiers(self) -> list[str]:
        return [named(scheme, value) for scheme, value in self.speaker.identifiers.items()]

    @property
    def about(self) -> list[str]:
        """The card without the name, in parts."""
        number = self.known and f"{self.known.number}{self.known.when}"
        return [part for part in (self.post, number, *self.identifiers) if part]

    @property
    def difference(self) -> str:
        """What sets the speaker apart, in brackets behind the name."""
        role = ", ".join(part for part in (self.role, self.organisation) if part)
        added = f"added {self.speaker.created:%Y-%m-%d}"
        return visible_bidi(next(filter(None, (role, *self.identifiers)), None) or added)

    def __str__(self) -> str:
        """Two lines of plain text: the name, and what tells it apart."""
        return "\n".join(filter(None, (self.name, " · ".join(self.about))))


def speaker_cards(speakers: Iterable[Speaker], user) -> dict[UUID, SpeakerCard]:
    """Cards by id; four queries at most, however many speakers."""
    speakers = {speaker.pk: speaker for speaker in speakers}
    if not speakers:
        return {}
    known = admin.site.get_model_admin(Speaker).known_of(speakers.values(), user)
    held = _latest_affiliations(speakers, user)
    bodies = {one.organisation_id for one in speakers.values()} - {None}
    names = dict(Organisation.objects.filter(pk__in=bodies).values_list("pk", "name"))
    cards = {}
    for key, speaker in speakers.items():
        one, found = held.get(key), known.get(key)
        if one:
            card = SpeakerCard(speaker, one.role, one.organisation.name, years_of(one), found)
        else:
            role, body = (found.role, found.organisation) if found else (None, None)
            body = names.get(speaker.organisation_id) or body
            card = SpeakerCard(speaker, role, body if body != speaker.name else None, "", found)
        cards[key] = card
    return cards


def _latest_affiliations(speakers: Iterable[UUID], user) -> dict[UUID, Affiliation]:
    """The affiliation of each that is held now, else the last one."""
    held = Affiliation.objects.visible_to(user).filter(speaker__in=list(speakers))
    latest = held.select_related("organisation").order_by(
        "speaker_id",
        F("end_last").desc(nulls_first=True),
        F("start_day").desc(nulls_last=True),
        "-id",
    )
    return {one.speaker_id: one for one in latest.distinct("speaker_id")}


def years_of(held: Affiliation) -> str:
    """`since 2022`, `2018–2022`, `until 2022`; empty without dates."""
    if held.start and held.end:
        years = {held.start.year, held.end.year}
        return "–".join(str(year) for year in sorted(years))
    if held.start:
        return f"since {held.start.year}"
    return f"until {held.end.year}" if held.end else ""


def told_apart(speakers: Iterable[Speaker], user) -> dict[UUID, str]:
    """Names in messages, in plain text; with what sets it apart where another has the name."""
    speakers = list(speakers)
    names = [speaker.name for speaker in speakers]
    shared = {
        speaker.pk
        for speaker in speakers
        if names.count(speaker.name) > 1 or speaker.namesakes().exists()
    }
    cards = speaker_cards([one for one in speakers if one.pk in shared], user)
    return {
        one.pk: f"{visible_bidi(one.name)} ({cards[one.pk].difference})"
        if one.pk in cards
        else visible_bidi(one.name)
        for one in speakers
    }

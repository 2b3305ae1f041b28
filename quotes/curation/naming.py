"""What a curator puts on record of who said a quote, beside the choice of a speaker.

The role as of that day, another name of the speaker, a namesake who is somebody else, and the end
of a record that only stood for the speaker and has no quotes left.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from quotes.models import Quote
from quotes.models.workflow import OPEN, PUBLIC
from sources.database.locks import lock_all
from sources.dates import PartialDate
from sources.exceptions import Conflict
from sources.identity import merging
from sources.identity.likeness import likeness
from sources.identity.names import NameKind, parse
from sources.identity.surnames import PERSONS, identifies_nobody
from sources.ledger.actor import with_reason
from sources.models import Affiliation, Organisation, Revision, Speaker
from sources.models.functions import fold_all

MAX_NAMESAKES = 20
"""Speakers of one name that a new one is marked as distinct from, in one step."""

ABOUT_SPEAKER = {*Quote.DOUBTS["speaker"], Quote.Flag.CHECK_SPEAKER}
"""Flags that it settles to say that somebody else of the name is meant."""


# The role


@dataclass(frozen=True)
class RoleToRecord:
    """A role that the article prints, or its filing names, and no affiliation on record has."""

    role: str
    organisation: Organisation
    when: PartialDate | None

    def __str__(self) -> str:
        as_of = f", as of {self.when}" if self.when else ""
        return f"{self.role}, {self.organisation}{as_of}"


def role_to_record(quote: Quote) -> RoleToRecord | None:
    """The role and organisation that would go on record; one query at most."""
    if quote.affiliation_id or quote.status not in OPEN or not _is_person(quote.speaker):
        return None
    return _role_said(quote)


def record_role(quote: Quote, *, note: str | None = None, now: datetime) -> Affiliation:
    """Put the printed role on record as of the day of the quote, and set it on the quote.

    Raises `Conflict` where there is nothing to record.
    """
    if (said := role_to_record(quote)) is None:
        raise Conflict("There is no role to put on record: name a person and an organisation.")
    with transaction.atomic(), with_reason(f"As printed in “{quote.article}”."):
        held = _affiliation(quote.speaker, said, is_public=quote.status in PUBLIC)
        quote.revise(affiliation=held, note=note, now=now)
    return held


def _role_said(quote: Quote) -> RoleToRecord | None:
    role, body = quote.attribution_role or quote.role, quote.organisation
    if role and body is None and (printed := quote.attribution_organisation):
        found = list(Organisation.objects.called(printed)[:2]) or [Organisation(name=printed)]
        body = found[0] if len(found) == 1 else None
    return RoleToRecord(role, body, quote.said or quote.published) if role and body else None


def _affiliation(speaker: Speaker, said: RoleToRecord, *, is_public: bool) -> Affiliation:
    """The affiliation of this role, made if there is none. One that began later begins then.

    What is not public yet becomes so with the quote.
    """
    body, names = said.organisation, [f"affiliations:{speaker.pk}"]
    if body._state.adding:  # the same lock as filings take on a new name
        names += [f"{Organisation._meta.label}:{key}" for key in fold_all([body.name]).values()]
    lock_all(names)  # another may be adding it
    if body._state.adding:
        held = Organisation.objects.called(body.name).first()
        body = held or Organisation.objects.create(name=body.name, is_public=is_public)
    return _held_as(speaker, body, said.role, said.when) or Affiliation.objects.create(
        speaker=speaker,
        organisation=body,
        role=said.role,
        start=said.when,
        is_public=is_public,
    )


def _held_as(
    speaker: Speaker, body: Organisation, role: str, when: PartialDate | None
) -> Affiliation | None:
    """The affiliation of this role that is held then, or that is now said to begin then."""
    known = list(speaker.affiliations.filter(organisation=body).order_by("start_day", "pk"))
    folded = fold_all([role, *(one.role for one in known)])
    known = [one for one in known if folded[one.role] == folded[role]]
    if held := next((one for one in known if one.may_hold_on(when)), None):
        return held
    for one in known:
        if one.start and one.start.first > when.last:
            one.start = when
            one.save(update_fields=["start"])
            return one
    return None


def _is_person(speaker: Speaker | None) -> bool:
    """Whether it is somebody in particular, who can have an affiliation."""
    return bool(speaker) and speaker.kind in PERSONS and not identifies_nobody(speaker)


# Names


def name_to_add(quote: Quote) -> str | None:
    """The printed name, if the speaker can be found by it and does not have it; two queries."""
    printed, speaker = quote.attribution_speaker, quote.speaker
    if not printed or not parse(printed).identifies or not _is_person(speaker):
        return None
    if Speaker.keys_of([printed])[printed] in speaker.names_folded:
        return None
    others = Speaker.objects.shared().called(printed).exclude(pk=speaker.pk)
    return None if others.exists() else printed


def add_name(quote: Quote) -> str:
    """Make the printed name an alias of the speaker, and return it."""
    if (name := name_to_add(quote)) is None:
        raise Conflict("The printed name is an alias already, or that of somebody else.")
    with transaction.atomic(), with_reason(f"As printed in “{quote.article}”."):
        speaker = Speaker.objects.select_for_update().get(pk=quote.speaker_id)
        speaker.aliases = [*speaker.aliases, name]
        speaker.save(update_fields=["aliases"])
    return name


def left_without_quotes(quote: Quote) -> Speaker | None:
    """The former speaker, if it stood for the present one and has no quotes left; four queries.

    “Mr Jones”, when his last quote was given to Harold Jones.
    """
    if quote.version < 2 or not _is_person(quote.speaker):
        return None
    history = Revision.objects.of(quote)
    change = history.filter(fields__contains=["speaker_id"]).order_by("-version").first()
    before = change and history.filter(version=change.version - 1).first()
    key = before and before.state and before.state["speaker_id"]
    former = key and Speaker.objects.active().filter(pk=key).exclude(pk=quote.speaker_id).first()
    if not former or former.kind not in PERSONS or not _may_stand_for(former, quote.speaker):
        return None
    return None if Quote.objects.filter(speaker=former).exists() else former


def _may_stand_for(former: Speaker, speaker: Speaker) -> bool:
    short = parse(former.name)
    names = (speaker.name, *speaker.aliases)
    return any(short.may_be_short_for(parse(name)) or likeness(former.name, name) for name in names)


def merge_away(quote: Quote) -> tuple[Speaker, merging.Merge]:
    """Merge the record that only stood for the speaker into the speaker; its undo is the merge's.

    Its name becomes an alias. If it identifies nobody, no later filing is matched by that.
    """
    if (former := left_without_quotes(quote)) is None:
        raise Conflict("The former speaker has other quotes by now, or is somebody else.")
    return former, merging.merge(former, quote.speaker, "It has no other quotes.")


# Namesakes


def namesakes_of(quote: Quote) -> tuple[str, list[Speaker]] | None:
    """The name of whoever said it, and all on record of that name; three queries at most.

    None where the name means nobody else, or all of them are marked as distinct already.
    """
    speaker, filed = quote.speaker, quote.speaker and quote.speaker.name
    names = [name for name in (quote.attribution_speaker, filed) if name]
    name = next((name for name in names if parse(name).kind == NameKind.FULL), None)
    if name is None or quote.status not in OPEN or (speaker and speaker.members):
        return None
    found = Speaker.objects.shared().called(name).filter(kind__in=PERSONS).order_by("created")
    found = list(found[: MAX_NAMESAKES + 1])
    own = next((one for one in found if one.pk == quote.speaker_id), None)
    others = {one.pk for one in found} - {quote.speaker_id}
    is_doubted = bool(set(quote.flags) & ABOUT_SPEAKER)
    if len(found) > MAX_NAMESAKES or not (others or (own and is_doubted)):
        return None
    if own and not is_doubted and others <= set(own.distinct_from):
        return None
    return name, found


def is_namesake(quote: Quote, known: list[Speaker]) -> bool:
    """Whether a filing made the speaker of the quote because others had that name; one query.

    It has no other quote, or if the name is still in doubt, none in another article.
    """
    if quote.speaker_id not in {one.pk for one in known}:
        return False
    others = Quote.objects.filter(speaker=quote.speaker_id).exclude(pk=quote.pk)
    if set(quote.flags) & ABOUT_SPEAKER:
        others = others.exclude(article=quote.article_id)
    return not others.exists()


def add_namesake(quote: Quote, *, note: str | None = None, now: datetime) -> Speaker:
    """Give the quote to somebody else of the same name, marked as distinct from all others.

    The speaker that a filing made for this quote is that person already: see `is_namesake`. The
    printed role goes on record.
    """
    if (found := namesakes_of(quote)) is None:
        raise Conflict("Nobody else on record has this name.")
    (name, known), is_public = found, quote.status in PUBLIC
    why = f"Another person of this name: see “{quote.article}”."
    with transaction.atomic(), with_reason(why):
        new = quote.speaker
        if not is_namesake(quote, known):
            new = Speaker.objects.create(name=name, kind=Speaker.Kind.PERSON, is_public=is_public)
        others = [flag for flag in quote.flags if flag not in ABOUT_SPEAKER]
        changes = {"speaker": new, "flags": others}
        if said := _role_said(quote):
            changes["affiliation"] = _affiliation(new, said, is_public=is_public)
        quote.revise(**changes, note=note, now=now)
        for other in known:
            if other.pk != new.pk:
                merging.mark_distinct(new, other, why)
    return new

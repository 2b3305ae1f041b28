"""Match the names of a filing to records, or create them: organisations, speakers, affiliations."""

from django.db.models import Q

from quotes.filing.reconciliation import refers_to
from quotes.filing.types import FiledQuote, QuoteChange, add_flag
from quotes.models import Quote
from sources.database.locks import lock_all
from sources.dates import PartialDate
from sources.identity.matching import Register
from sources.models import Named, Organisation, Speaker
from sources.models.functions import fold_all
from sources.models.ids import as_uuid

# Unnamed speakers of no organisation: only within one article is "one resident" the same one.
ANONYMOUS = Q(kind=Speaker.Kind.UNNAMED, organisation=None)

Flag = Quote.Flag


def match_names(changes: list[QuoteChange]) -> None:
    """Match organisations, then the speakers that they help to identify, then affiliations.

    Each of several speakers is matched as if they had said it alone.
    """
    if not changes:
        return
    joint = [(c, _alone(c)) for c in changes if isinstance(c.proposal.get("speaker"), list)]
    single = [c for c in changes if not isinstance(c.proposal.get("speaker"), list)]
    _match_single(single + [each for _, members in joint for each in members])
    for change, members in joint:
        _join(change, members)


def _alone(change: QuoteChange) -> list[QuoteChange]:
    """A change for each of the speakers of a joint statement, of a quote that is never stored."""
    changes = []
    for name in change.proposal["speaker"]:
        quote = Quote(article=change.filing.article, said=change.quote.said)
        proposal = {"speaker": name, "organisation": change.proposal.get("organisation")}
        filed = FiledQuote(quote, is_new=True)
        changes.append(QuoteChange(change.filing, filed, proposal))
    return changes


def _join(change: QuoteChange, members: list[QuoteChange]) -> None:
    """Set the collective of exactly these speakers as who said a quote; create it if need be."""
    quote = change.quote
    speakers = list(dict.fromkeys(each.quote.speaker for each in members))
    for each in members:
        change.filed.candidates += each.filed.candidates
        for flag in each.quote.flags:
            add_flag(quote, flag)
    if len(speakers) == 1:
        (quote.speaker,) = speakers
    else:
        keys = [speaker.pk for speaker in speakers]
        lock_all([f"collective:{sorted(map(str, keys))}"])
        quote.speaker = Speaker.objects.of_members(keys) or Speaker.objects.create(
            name=joint_name(speakers), kind=Speaker.Kind.COLLECTIVE, members=keys
        )
    quote.organisation = quote.organisation or members[0].quote.organisation
    ways = {each.filed.speaker for each in members}
    change.filed.speaker = next((w for w in ("ambiguous", "made") if w in ways), "matched")
    change.filed.organisation = members[0].filed.organisation


def joint_name(speakers: list[Speaker]) -> str:
    """“A, B and C”, as long as a name may be."""
    *first, last = [speaker.name for speaker in speakers]
    return f"{', '.join(first)} and {last}"[: Speaker._meta.get_field("name").max_length]


def _match_single(changes: list[QuoteChange]) -> None:
    if not changes:
        return
    spoken = [c.proposal.get("speaker") for c in changes]
    spoken += [c.quote.attribution_speaker for c in changes if not c.proposal.get("speaker")]
    organisations = Register(
        Organisation.objects.all(),
        spoken,
        to_make=[c.proposal.get("organisation") for c in changes],
    )
    for change in changes:
        _match_organisation(change, organisations)
    organisations.save_made()
    named = [key for name in spoken if name and (key := as_uuid(name))]
    present = [*named, *(speaker.pk for c in changes for speaker in c.filing.speakers)]
    speakers = Register(
        Speaker.objects.filter(members=[])  # a name with "and" is no joint statement
        .exclude(ANONYMOUS & ~Q(pk__in=present))
        .select_related("organisation")
        .prefetch_related("affiliations__organisation"),
        spoken,
    )
    speakers.hold(
        name
        for change in changes
        if (name := change.proposal.get("speaker"))
        and len(_candidates(change, name, speakers, organisations)[0]) != 1
    )
    for change in changes:
        change.quote.organisation = change.quote.organisation  # copies the id it has just got
        _match_speaker(change, speakers, organisations)
    speakers.save_made()
    known = [c for c in changes if c.filed.speaker in ("matched", "kept")]
    roles = fold_all(
        [
            role
            for c in known
            for role in (
                c.quote.role,
                c.quote.attribution_role,
                *(a.role for a in c.quote.speaker.affiliations.all()),
            )
            if role
        ]
    )
    for change in changes:
        change.quote.speaker = change.quote.speaker
    for change in known:
        _match_affiliation(change, roles)


def _match_organisation(change: QuoteChange, register: Register) -> None:
    name, quote = change.proposal.get("organisation"), change.quote
    if not name:
        return
    if key := as_uuid(name):
        quote.organisation, change.filed.organisation = register.by_id(key), "matched"
        return
    if quote.organisation and refers_to(name, quote.organisation, register.folded):
        change.filed.organisation = "kept"
        return
    found = register.called(name)
    if len(found) > 1:
        # Within one article, a name means one organisation.
        found = [each for each in found if _is_in(each, change.filing.organisations)] or found
    if len(found) == 1:
        (quote.organisation,) = found
        change.filed.organisation = "made" if quote.organisation._state.adding else "matched"
    else:
        quote.organisation = register.make(name)
        change.filed.organisation = "ambiguous" if found else "made"
        if found:
            change.filing.homonyms.append(quote.organisation)
    change.filing.organisations.append(quote.organisation)
    if _is_in(quote.organisation, change.filing.homonyms):
        change.filed.organisation = "ambiguous"
        add_flag(quote, Flag.AMBIGUOUS_ORGANISATION)


def _match_speaker(change: QuoteChange, register: Register, organisations: Register) -> None:
    name, quote = change.proposal.get("speaker"), change.quote
    if not name:
        if change.is_new or "speaker" in change.taken:
            quote.speaker = None
            _match_printed_speaker(change, register)
        elif quote.speaker:
            change.filed.speaker = "kept"
        return
    if key := as_uuid(name):
        quote.speaker, change.filed.speaker = register.by_id(key), "matched"
    elif quote.speaker and refers_to(name, quote.speaker, register.folded):
        change.filed.speaker = "kept"
    else:
        _match_named_speaker(change, name, register, organisations)
    change.filing.speakers.append(quote.speaker)
    if not quote.organisation and quote.speaker.organisation:
        quote.organisation = quote.speaker.organisation


def _match_printed_speaker(change: QuoteChange, register: Register) -> None:
    """Resolve a name given only as printed: it must be the full name of exactly one person."""
    if not (printed := change.quote.attribution_speaker):
        return
    found = [
        s for s in register.called(printed) if _is_possible(s, Speaker.Kind.PERSON, None, change)
    ]
    if len(found) == 1:
        change.quote.speaker, change.filed.speaker = found[0], "matched"
        return
    change.filed.speaker = "unresolved"
    add_flag(change.quote, Flag.UNRESOLVED_SPEAKER)


def _match_named_speaker(
    change: QuoteChange, name: str, register: Register, organisations: Register
) -> None:
    quote, filing = change.quote, change.filing
    found, kind, tie = _candidates(change, name, register, organisations)
    if len(found) == 1:
        (quote.speaker,) = found
        change.filed.speaker = "made" if quote.speaker._state.adding else "matched"
    else:
        tied, named = kind not in (None, Speaker.Kind.PERSON), register.called(name)
        quote.speaker = register.make(
            name, kind=kind or Speaker.Kind.PERSON, organisation=tie if tied else None
        )
        change.filed.speaker = "made"
        others = [] if tied else [s for s in named if s.kind == Speaker.Kind.PERSON]
        if found or others:
            filing.homonyms.append(quote.speaker)
    if _is_in(quote.speaker, filing.homonyms):
        change.filed.speaker = "ambiguous"
        add_flag(quote, Flag.AMBIGUOUS_SPEAKER)


def _candidates(
    change: QuoteChange, name: str, register: Register, organisations: Register
) -> tuple[list[Speaker], str | None, Organisation | None]:
    """Return possible speakers of this name, the kind it suggests, and the organisation tied to."""
    organisation = change.quote.organisation
    kind, tie = _kind(change, name, register, organisations)
    said = change.proposal.get("speaker_kind")
    found = [s for s in register.called(name) if _is_possible(s, said, tie, change)]
    if len(found) > 1:
        # A guessed kind only prefers; the filer's `speaker_kind` has already excluded.
        found = [s for s in found if s.kind == kind] or found
    if len(found) > 1 and organisation:
        found = [s for s in found if _speaks_for(s, organisation)] or found
    if len(found) > 1:
        # Within one article, a name means one speaker.
        found = [s for s in found if _is_in(s, change.filing.speakers)] or found
    return found, kind, tie


def _kind(
    change: QuoteChange, name: str, register: Register, organisations: Register
) -> tuple[str | None, Organisation | None]:
    """Return the kind of speaker a name suggests, if any, and the organisation it is tied to.

    The filer's word counts first. Else the name of an organisation means the organisation. Words
    that end in lower case ("a ministry spokesperson", "police") name nobody, unless a person on
    record is called so.
    """
    kind, organisation = change.proposal.get("speaker_kind"), change.quote.organisation
    named = organisations.called(name)
    if kind is None and named:
        kind = Speaker.Kind.ORGANISATION
    if kind == Speaker.Kind.ORGANISATION and len(named) == 1:
        return kind, named[0]
    people = [s for s in register.called(name) if s.kind == Speaker.Kind.PERSON]
    if kind is None and not people and name.split()[-1].islower():
        kind = Speaker.Kind.UNNAMED
    return kind, organisation


def _is_possible(
    speaker: Speaker, kind: str | None, tie: Organisation | None, change: QuoteChange
) -> bool:
    """Whether nothing contradicts that a speaker of this name is meant."""
    if kind is not None and speaker.kind != kind:
        return False
    if speaker.kind == Speaker.Kind.PERSON:
        return not _is_only_elsewhere(speaker, change)
    if speaker.kind in (Speaker.Kind.ORGANISATION, Speaker.Kind.COLLECTIVE):
        return tie is None or speaker.organisation in (None, tie)
    if tie is None:
        return speaker.organisation is None and _is_in(speaker, change.filing.speakers)
    return speaker.organisation == tie


def _is_only_elsewhere(speaker: Speaker, change: QuoteChange) -> bool:
    """Whether a person held roles on that date, and only at other organisations.

    The same role at an organisation of another name does not count: such names vary.
    """
    quote, when = change.quote, _when(change)
    if quote.organisation is None or speaker._state.adding:
        return False
    held = [a for a in speaker.affiliations.all() if a.may_hold_on(when)]
    role = (quote.attribution_role or quote.role or "").casefold()
    return bool(held) and not any(
        _are_related(a.organisation, quote.organisation) or a.role.casefold() == role for a in held
    )


def _are_related(one: Organisation, other: Organisation) -> bool:
    return one == other or one.pk == other.parent_id or other.pk == one.parent_id


def _speaks_for(speaker: Speaker, organisation: Organisation) -> bool:
    if speaker._state.adding:
        return False
    held = (affiliation.organisation for affiliation in speaker.affiliations.all())
    return speaker.organisation == organisation or organisation in held


def _is_in(record: Named, records: list[Named]) -> bool:
    # Records that are not stored yet have no key to compare.
    return any(
        one is record or (one == record and not one._state.adding and not record._state.adding)
        for one in records
    )


def _when(change: QuoteChange) -> PartialDate | None:
    """The date of speaking, else of publication, if known."""
    return change.quote.said or change.filing.article.published


def _match_affiliation(change: QuoteChange, roles: dict[str, str]) -> None:
    """Set the affiliation that fits the role and organisation, if exactly one does."""
    quote, when = change.quote, _when(change)
    named = {roles[role] for role in (quote.role, quote.attribution_role) if role}
    if not named:
        return
    held = [a for a in quote.speaker.affiliations.all() if a.may_hold_on(when)]
    fitting = [
        affiliation
        for affiliation in held
        if roles[affiliation.role] in named
        and quote.organisation in (None, affiliation.organisation)
    ]
    if len(fitting) == 1:
        (quote.affiliation,) = fitting
        quote.organisation = quote.affiliation.organisation

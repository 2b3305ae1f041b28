"""Who said it, for whom and in what role: names matched to known records, or made into new ones."""

from django.db.models import Q

from quotes.filing.reconciliation import stands_for
from quotes.filing.types import PLAIN_FIELDS, Draft, add_flag, drop_flags
from quotes.models import Quote
from sources.dates import PartialDate
from sources.identity.matching import Register
from sources.models import Named, Organisation, Speaker
from sources.models.functions import fold_all
from sources.models.ids import as_uuid

# Speakers that only their article tells apart.
NAMELESS = Q(kind=Speaker.Kind.UNNAMED, organisation=None)

Flag = Quote.Flag


def resolve(drafts: list[Draft]) -> None:
    """Fill in what each draft says, and match its names or make them."""
    for draft in drafts:
        if not draft.is_new and draft.quote.status != Quote.Status.PROPOSED:
            # It was reviewed: say so to the filer and to a curator, and leave it.
            draft.filed.outcome = "differs"
            add_flag(draft.quote, Flag.FILING_DIFFERS)
            continue
        if not draft.is_new:
            draft.filed.outcome = "updated"
            draft.quote.status = draft.proposal.get("status", draft.quote.status)
            _let_go(draft)
        for name in PLAIN_FIELDS:
            if name in draft.proposal:
                setattr(draft.quote, name, draft.proposal[name])
        for name, value in (draft.proposal.get("attribution") or {}).items():
            setattr(draft.quote, f"attribution_{name}", value)
    _match([d for d in drafts if d.filed.outcome in ("made", "updated")])


def _let_go(draft: Draft) -> None:
    """Drop what was concluded about a quote from what the filing now says otherwise."""
    quote, differs = draft.quote, set(draft.filed.differs)
    if "speaker" in differs:
        drop_flags(quote, *Quote.DOUBTS["speaker"])
        quote.utterance = None
        tie = quote.speaker and quote.speaker.organisation_id
        if quote.affiliation or quote.organisation_id == tie:
            quote.organisation = None
    if "organisation" in differs:
        drop_flags(quote, *Quote.DOUBTS["organisation"])
    if differs & {"speaker", "organisation", "role", "attribution.role", "said"}:
        quote.affiliation = None


def _match(drafts: list[Draft]) -> None:
    """Organisations first, for they tell speakers apart; then speakers; then affiliations."""
    if not drafts:
        return
    spoken = [d.proposal.get("speaker") for d in drafts]
    spoken += [d.quote.attribution_speaker for d in drafts if not d.proposal.get("speaker")]
    organisations = Register(
        Organisation.objects.all(),
        spoken,
        to_make=[d.proposal.get("organisation") for d in drafts],
    )
    for draft in drafts:
        _match_organisation(draft, organisations)
    organisations.save_made()
    named = [key for name in spoken if name and (key := as_uuid(name))]
    present = [*named, *(speaker.pk for d in drafts for speaker in d.filing.cast)]
    speakers = Register(
        # "One resident" is another one in every article, and there are many.
        Speaker.objects.exclude(NAMELESS & ~Q(pk__in=present))
        .select_related("organisation")
        .prefetch_related("affiliations__organisation"),
        spoken,
    )
    speakers.hold(
        name
        for draft in drafts
        if (name := draft.proposal.get("speaker"))
        and len(_candidates(draft, name, speakers, organisations)[0]) != 1
    )
    for draft in drafts:
        # Ids are written only now: what was made has just got one.
        draft.quote.organisation = draft.quote.organisation
        _match_speaker(draft, speakers, organisations)
    speakers.save_made()
    known = [d for d in drafts if d.filed.speaker in ("matched", "kept")]
    roles = fold_all(
        [
            role
            for d in known
            for role in (
                d.quote.role,
                d.quote.attribution_role,
                *(a.role for a in d.quote.speaker.affiliations.all()),
            )
            if role
        ]
    )
    for draft in drafts:
        draft.quote.speaker = draft.quote.speaker
    for draft in known:
        _match_affiliation(draft, roles)


def _match_organisation(draft: Draft, register: Register) -> None:
    name, quote = draft.proposal.get("organisation"), draft.quote
    if not name:
        return
    if key := as_uuid(name):
        quote.organisation, draft.filed.organisation = register.by_id(key), "matched"
        return
    if quote.organisation and stands_for(name, quote.organisation, register.folded):
        draft.filed.organisation = "kept"
        return
    found = register.called(name)
    if len(found) > 1:
        # Within one article a name means one organisation.
        found = [body for body in found if _is_among(body, draft.filing.bodies)] or found
    if len(found) == 1:
        (quote.organisation,) = found
        draft.filed.organisation = "made" if quote.organisation._state.adding else "matched"
    else:
        quote.organisation = register.make(name)
        draft.filed.organisation = "ambiguous" if found else "made"
        if found:
            draft.filing.doubtful.append(quote.organisation)
    draft.filing.bodies.append(quote.organisation)
    if _is_among(quote.organisation, draft.filing.doubtful):
        draft.filed.organisation = "ambiguous"
        add_flag(quote, Flag.AMBIGUOUS_ORGANISATION)


def _match_speaker(draft: Draft, register: Register, organisations: Register) -> None:
    name, quote = draft.proposal.get("speaker"), draft.quote
    if not name:
        if draft.is_new or "speaker" in draft.filed.differs:
            quote.speaker = None
            _match_printed_speaker(draft, register)
        elif quote.speaker:
            draft.filed.speaker = "kept"
        return
    if key := as_uuid(name):
        quote.speaker, draft.filed.speaker = register.by_id(key), "matched"
    elif quote.speaker and stands_for(name, quote.speaker, register.folded):
        draft.filed.speaker = "kept"
    else:
        _match_named_speaker(draft, name, register, organisations)
    draft.filing.cast.append(quote.speaker)
    if not quote.organisation and quote.speaker.organisation:
        quote.organisation = quote.speaker.organisation


def _match_printed_speaker(draft: Draft, register: Register) -> None:
    """Nobody is named but in the text: take a full name that one person has, and no surname."""
    if not (printed := draft.quote.attribution_speaker):
        return
    found = [s for s in register.called(printed) if _may_be(s, Speaker.Kind.PERSON, None, draft)]
    if len(found) == 1:
        draft.quote.speaker, draft.filed.speaker = found[0], "matched"
        return
    draft.filed.speaker = "unresolved"
    add_flag(draft.quote, Flag.UNRESOLVED_SPEAKER)


def _match_named_speaker(
    draft: Draft, name: str, register: Register, organisations: Register
) -> None:
    quote, filing = draft.quote, draft.filing
    found, kind, tie = _candidates(draft, name, register, organisations)
    if len(found) == 1:
        (quote.speaker,) = found
        draft.filed.speaker = "made" if quote.speaker._state.adding else "matched"
    else:
        tied, named = kind not in (None, Speaker.Kind.PERSON), register.called(name)
        quote.speaker = register.make(
            name, kind=kind or Speaker.Kind.PERSON, organisation=tie if tied else None
        )
        draft.filed.speaker = "made"
        others = [] if tied else [s for s in named if s.kind == Speaker.Kind.PERSON]
        if found or others:
            filing.doubtful.append(quote.speaker)
    if _is_among(quote.speaker, filing.doubtful):
        draft.filed.speaker = "ambiguous"
        add_flag(quote, Flag.AMBIGUOUS_SPEAKER)


def _candidates(
    draft: Draft, name: str, register: Register, organisations: Register
) -> tuple[list[Speaker], str | None, Organisation | None]:
    """The speakers of this name whom nothing contradicts; what kind the name is for, and whose."""
    body = draft.quote.organisation
    kind, tie = _kind(draft, name, register, organisations)
    said = draft.proposal.get("speaker_kind")
    found = [s for s in register.called(name) if _may_be(s, said, tie, draft)]
    if len(found) > 1:
        # What kind a name is for may be a guess: it prefers, where a filer's word excludes.
        found = [s for s in found if s.kind == kind] or found
    if len(found) > 1 and body:
        found = [s for s in found if _speaks_for(s, body)] or found
    if len(found) > 1:
        # Within one article a name means one speaker.
        found = [s for s in found if _is_among(s, draft.filing.cast)] or found
    return found, kind, tie


def _kind(
    draft: Draft, name: str, register: Register, organisations: Register
) -> tuple[str | None, Organisation | None]:
    """What kind of speaker a name is for, as far as can be told, and what it is tied to.

    The filer may say. Else an organisation's name is the organisation, and words that do not end as
    a name does ("a ministry spokesperson", "police") are nobody's name, unless a person is known to
    be called so.
    """
    kind, organisation = draft.proposal.get("speaker_kind"), draft.quote.organisation
    bodies = organisations.called(name)
    if kind is None and bodies:
        kind = Speaker.Kind.ORGANISATION
    if kind == Speaker.Kind.ORGANISATION and len(bodies) == 1:
        return kind, bodies[0]
    people = [s for s in register.called(name) if s.kind == Speaker.Kind.PERSON]
    if kind is None and not people and name.split()[-1].islower():
        kind = Speaker.Kind.UNNAMED
    return kind, organisation


def _may_be(speaker: Speaker, kind: str | None, tie: Organisation | None, draft: Draft) -> bool:
    """Whether nothing contradicts that a speaker of this name is the one who is meant."""
    if kind is not None and speaker.kind != kind:
        return False
    if speaker.kind == Speaker.Kind.PERSON:
        return not _is_elsewhere(speaker, draft)
    if speaker.kind in (Speaker.Kind.ORGANISATION, Speaker.Kind.COLLECTIVE):
        return tie is None or speaker.organisation in (None, tie)
    if tie is None:
        # "One resident" is the same one only within an article.
        return speaker.organisation is None and _is_among(speaker, draft.filing.cast)
    return speaker.organisation == tie


def _is_elsewhere(speaker: Speaker, draft: Draft) -> bool:
    """Whether all that a person is known to have been on that date is at other organisations.

    The same role at an organisation of another name contradicts nothing: names of bodies vary.
    """
    quote, when = draft.quote, _when(draft)
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


def _is_among(record: Named, records: list[Named]) -> bool:
    # What is not stored yet has no key to be compared by.
    return any(
        one is record or (one == record and not one._state.adding and not record._state.adding)
        for one in records
    )


def _when(draft: Draft) -> PartialDate | None:
    """The date of the words, as far as it is known: said, else printed."""
    return draft.quote.said or draft.filing.article.published


def _match_affiliation(draft: Draft, roles: dict[str, str]) -> None:
    """Take the affiliation that the named role and organisation fit, if one does."""
    quote, when = draft.quote, _when(draft)
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

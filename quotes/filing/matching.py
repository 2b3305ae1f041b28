"""Match the names of a filing to records, or create them: organisations, speakers, affiliations."""

from collections import defaultdict

from quotes.filing.recognition import refers_to
from quotes.filing.speakers import match_speakers
from quotes.filing.types import Candidate, FiledQuote, QuoteChange, add_flag, is_in
from quotes.models import Quote
from sources.identity.matching import Register
from sources.models import Organisation, Speaker
from sources.models.functions import fold_all
from sources.models.ids import as_uuid

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
    quote, named = change.quote, defaultdict(list)
    for each in members:
        named[each.quote.speaker].append(each.proposal["speaker"])
        for flag in each.quote.flags:
            add_flag(quote, flag)
    candidates = [candidate for each in members for candidate in each.filed.candidates]
    for speaker, names in named.items():
        if len(names) > 1:  # two spellings of one person, or two persons of one name
            members[0].filed.speaker = "unresolved"
            add_flag(quote, Flag.UNRESOLVED_SPEAKER)
            listed = " and ".join(f"“{name}”" for name in names)
            candidates.append(Candidate(speaker, f"The list names this speaker as {listed}."))
    by_speaker = {one.speaker.pk or one.speaker.name: one for one in candidates}
    change.filed.candidates = list(by_speaker.values())
    quote.speaker = Speaker.objects.jointly(named)
    quote.organisation = quote.organisation or members[0].quote.organisation
    ways = {each.filed.speaker for each in members}
    graver = ("ambiguous", "unresolved", "made")
    change.filed.speaker = next((way for way in graver if way in ways), "matched")
    change.filed.organisation = members[0].filed.organisation


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
    match_speakers(changes, organisations)
    known = [c for c in changes if c.filed.speaker in ("matched", "kept") and c.quote.speaker]
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
        found = [each for each in found if is_in(each, change.filing.organisations)] or found
    if len(found) == 1:
        (quote.organisation,) = found
        change.filed.organisation = "made" if quote.organisation._state.adding else "matched"
    else:
        quote.organisation = register.make(name)
        change.filed.organisation = "ambiguous" if found else "made"
        if found:
            change.filing.homonyms.append(quote.organisation)
    change.filing.organisations.append(quote.organisation)
    if is_in(quote.organisation, change.filing.homonyms):
        change.filed.organisation = "ambiguous"
        add_flag(quote, Flag.AMBIGUOUS_ORGANISATION)


def _match_affiliation(change: QuoteChange, roles: dict[str, str]) -> None:
    """Set the affiliation that fits the role and organisation, if exactly one does."""
    quote, when = change.quote, change.when
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
    # After a merge a speaker can hold one office twice: the eldest is meant.
    kinds = {(roles[one.role], one.organisation_id) for one in fitting}
    if len(kinds) == 1:
        quote.affiliation = min(fitting, key=lambda one: (one.created, one.pk))
        quote.organisation = quote.affiliation.organisation

"""Reconcile the quotes of a filing with those on record: known or new, equal or different."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from uuid import UUID

from quotes.anchoring import Place, same_words
from quotes.filing.comparison import (
    NOTHING,
    Said,
    compare,
    differed_alone,
    is_own,
    may_file_again,
    record_of,
    said_of,
    unnamed,
)
from quotes.filing.recognition import (
    Folded,
    place_filed,
    place_of,
    recognise,
    refers_to,
    words_of,
)
from quotes.filing.snapshots import place_in_present
from quotes.filing.types import (
    PLAIN_FIELDS,
    PRINTED_FIELDS,
    FiledQuote,
    Filing,
    QuoteChange,
    Refused,
    add_flag,
    drop_flags,
    names_in,
)
from quotes.filing.validation import refuse_unplaced
from quotes.models import Quote, Via
from quotes.models.corrections import chain_values, correction, differences, public_values
from quotes.models.reanchoring import ANCHORED
from quotes.models.workflow import STEPS
from sources.identity.matching import Register
from sources.ledger.actor import with_reason
from sources.models import Organisation, Outlet, Speaker
from sources.models.copy import copy_in
from sources.models.ids import as_uuid, new_ids

CHANGED_COLUMNS = [
    *PLAIN_FIELDS,
    *(f"attribution_{name}" for name in PRINTED_FIELDS),
    *("status", "reason", "flags", "speaker", "organisation", "affiliation", "utterance"),
    *ANCHORED,
]
"""Columns of a quote that a filing can change."""


def follow_merges(filings: list[Filing]) -> None:
    """Replace ids of merged speakers and organisations by those of the surviving records."""
    for name, model in (("speaker", Speaker), ("organisation", Organisation)):
        filed = [p for filing in filings for p in filing.proposals if p.get(name)]
        keys = {key for p in filed for each in names_in(p[name]) if (key := as_uuid(each))}
        led = {str(key): str(survivor) for key, survivor in model.objects.survivors(keys).items()}
        for proposal in filed if led else ():
            named = [led.get(str(as_uuid(each)), each) for each in names_in(proposal[name])]
            proposal[name] = named if isinstance(proposal[name], list) else named[0]


def folded_names(filings: list[Filing]) -> Folded:
    """By field, the names to compare with those of quotes on record, as they are compared."""
    proposals = [proposal for f in filings if f.on_record for proposal in f.proposals]
    return {
        name: model.keys_of(each for p in proposals for each in names_in(p.get(name)))
        for name, model in (("speaker", Speaker), ("organisation", Organisation))
    }


def reconcile(filing: Filing, folded: Folded) -> Iterator[QuoteChange]:
    """Set the outcome for each quote of a filing; yield those to create and those to change."""
    known = recognise(filing, folded)
    refuse_unplaced(filing, known)
    places = {place_of(quote) for quote in filing.on_record}
    for index, (proposal, place) in enumerate(zip(filing.proposals, filing.places, strict=True)):
        if index in known:
            filed = FiledQuote(known[index], is_new=False)
            change = _compare(filing, filed, proposal, place, folded, places)
        else:
            filed = FiledQuote(_new_quote(filing, proposal, place), is_new=True)
            if found := filing.found.get(index):
                filed.found, filed.quote.origin = found, Quote.Origin.PROPOSED
            _refuse_taken(filing, index, filed.quote, places)
            filed.said = said_of(proposal) | {"text": words_of(filing, proposal, place)}
            filed.chain = proposal.get("via", [])
            change = QuoteChange(filing, filed, proposal)
        filed.not_printed = filing.not_printed.get(index, [])
        if proposal.get("note") and (filed.is_new or not _is_open(filed.quote)):
            filed.fields["note"] = "unchanged"  # it corrects nothing
        filing.quotes.append(filed)
        if change:
            yield change


def _new_quote(filing: Filing, proposal: dict, place: Place) -> Quote:
    seams = filing.seams_of(place)
    quote = Quote(
        article=filing.article,
        snapshot=filing.snapshot if place else None,
        anchored_in=place.page,
        spans=[list(span) for span in place.spans],
        seams=list(seams.kinds),
        text=words_of(filing, proposal, place),
        anchor=Quote.Anchor.EXACT if place else Quote.Anchor.UNANCHORED,
        status=proposal.get("status", Quote.Status.PROPOSED),
        filed_by=filing.filer.user,
        kind=proposal.get("kind", Quote.Kind.DIRECT),
        language=proposal.get("language", filing.article.language),
    )
    if seams.leaves_out:
        add_flag(quote, Quote.Flag.WORDS_LEFT_OUT)
    if place and filing.snapshot != filing.article.snapshot:
        # Filed with a text that is no longer the present one: look for it there.
        page = filing.pages[place.page]
        quote.contexts = [list(page.context(span)) for span in place.spans]
        place_in_present(filing, quote)
    return quote


def _refuse_taken(filing: Filing, index: int, quote: Quote, places: set) -> None:
    place = place_of(quote)
    if quote.spans and place in places:
        message = "Another quote on record has this position: its selection was changed since."
        raise Refused([{"pointer": f"/quotes/{index}", "message": message}])
    places.add(place)


def _compare(
    filing: Filing, filed: FiledQuote, proposal: dict, place: Place, folded: Folded, places: set
) -> QuoteChange | None:
    """Compare a filed quote with the one on record; return the change, if there is one."""
    quote, last, flags = filed.quote, _last_of(filing, filed.quote), filed.quote.flags
    is_named_again = is_withdrawn_as_unnamed(filing, quote)
    if is_named_again:
        quote.status, quote.reason = Quote.Status.PROPOSED, None
    filed.chain = [step.filed for step in quote.via.all()]
    filed.before = record_of(filed)
    filed.said = said_of(proposal, quote) | {"text": words_of(filing, proposal, place)}
    agrees = {name: value == filed.before.get(name) for name, value in filed.said.items()}
    agrees["text"] |= (place and place_of(quote) == place_filed(filing, place)) or same_words(
        filed.said["text"], quote.text
    )
    agrees["status"] = True  # publishing is decided below
    for name in ("speaker", "organisation"):
        if name in filed.said:
            agrees[name] = refers_to(filed.said[name], getattr(quote, name), folded[name])
    filed.fields = compare(filed.said, last, filed.before, agrees)
    if not filing.is_whole and filed.fields.get("speaker") == "updated" and quote.speaker_id:
        filed.fields["speaker"] = "differs"  # a quote filed alone never takes over another's
    is_fixed = not place or place_filed(filing, place) in places
    if filed.fields["text"] == "updated" and is_fixed:
        filed.fields["text"] = "differs"
    if is_named_again:
        filed.fields["status"] = "updated"
    publishes = filed.said.get("status") == Quote.Status.PUBLISHED != last.said.get("status")
    if publishes and quote.status == Quote.Status.PROPOSED:
        filed.fields["status"] = "updated"
    is_theirs = is_own(filing, quote) or may_file_again(filing)
    if quote.status != Quote.Status.PROPOSED or not is_theirs:
        # A reviewed quote stays as it is, and so does what somebody else proposed.
        filed.fields = {n: "differs" if b == "updated" else b for n, b in filed.fields.items()}
    news = {n for n, became in filed.fields.items() if last.said.get(n) != filed.said.get(n)}
    if _corrects(filing, quote, proposal):
        open_still = _open_still(filing, filed, proposal, agrees)
        corrected = {n for n, became in filed.fields.items() if became == "differs"} | open_still
        corrected -= {"text"} if is_fixed else set()
        if corrected:
            filed.public_before = _public(quote, quote.via.all())
            filed.fields |= dict.fromkeys(corrected, "updated")
            news |= corrected
    settled = {"unchanged", "updated"} if filed.public_before else {"unchanged"}
    if any(filed.fields[name] == "differs" for name in news):
        add_flag(quote, Quote.Flag.FILING_DIFFERS)
    elif news and {*filed.fields.values()} <= settled and differed_alone(filing, quote):
        drop_flags(quote, Quote.Flag.FILING_DIFFERS)  # the filer agrees now
    taken = {name for name, became in filed.fields.items() if became == "updated"}
    if "text" in taken:
        _take_words(filing, quote, place)
    if "via" in taken:
        filed.chain = proposal["via"]
    if taken or flags != quote.flags:
        return QuoteChange(filing, filed, _only(proposal, taken))
    return None


def _only(proposal: dict, taken: set[str]) -> dict:
    """The taken fields of a proposal, in the shape it was filed in."""
    said = {name: value for name, value in proposal.items() if name in taken or name == "note"}
    if "speaker" in taken or "organisation" in taken:
        said["speaker_kind"] = proposal.get("speaker_kind")
    printed = proposal.get("attribution") or {}
    said["attribution"] = {n: v for n, v in printed.items() if f"attribution.{n}" in taken}
    return said


def _take_words(filing: Filing, quote: Quote, place: Place) -> None:
    quote.snapshot, quote.spans = filing.snapshot, [list(span) for span in place.spans]
    quote.text, quote.anchor, quote.nearest = filing.text_at(place), Quote.Anchor.EXACT, None
    quote.anchored_in, quote.seams = place.page, list(filing.seams_of(place).kinds)
    drop_flags(quote, Quote.Flag.WORDS_LEFT_OUT)
    if filing.seams_of(place).leaves_out:
        add_flag(quote, Quote.Flag.WORDS_LEFT_OUT)


def _corrects(filing: Filing, quote: Quote, proposal: dict) -> bool:
    """Whether a filing may change a public quote: with a note, by who may correct."""
    return _is_open(quote) and filing.filer.may_correct and bool(proposal.get("note"))


def _is_open(quote: Quote) -> bool:
    return quote.status in STEPS["correct"].leaves


def _open_still(
    filing: Filing, filed: FiledQuote, proposal: dict, agrees: dict[str, bool]
) -> set[str]:
    """Fields said before without this note that still differ; nobody has decided them since."""
    entry = filing.entries.get(str(filed.quote.pk), {})
    if entry.get("note") == proposal["note"]:
        return set()
    return {n for n, became in filed.fields.items() if became == "unchanged" and not agrees[n]}


def is_withdrawn_as_unnamed(filing: Filing, quote: Quote) -> bool:
    """Whether a complete filing withdrew it, which this filing then takes back."""
    entry = filing.entries.get(str(quote.pk), {})
    return quote.status == Quote.Status.WITHDRAWN and entry.get("absent", False)


def _last_of(filing: Filing, quote: Quote) -> Said:
    entry = filing.entries.get(str(quote.pk))
    return Said(entry["said"], entry["left"]) if entry else NOTHING


def withdraw_unnamed(filings: list[Filing]) -> None:
    """Withdraw the filers' own proposals that their complete filings no longer name.

    A quote that the last complete filing left out already stays as it is: a curator may have
    reopened it.
    """
    for filing in filings:
        gone = {key for key in unnamed(filing) if not filing.entries[key].get("absent")}
        user = filing.filer.user and filing.filer.user.pk
        filing.withdrawn = [
            quote.pk
            for quote in filing.on_record
            if str(quote.pk) in gone
            and (quote.status, quote.filed_by_id) == (Quote.Status.PROPOSED, user)
        ]
    if keys := [key for filing in filings for key in filing.withdrawn]:
        with with_reason("The article was filed again without it."):
            Quote.objects.filter(pk__in=keys).update(status=Quote.Status.WITHDRAWN, reason=None)


def store_quotes(changes: list[QuoteChange]) -> None:
    """Store new and changed quotes with their reporting chains, as one version of each."""
    new = [change for change in changes if change.is_new]
    for change, key in zip(new, new_ids(len(new)), strict=True):
        change.quote.pk = key
    chains = _chains([c for c in changes if c.is_new or "via" in c.taken or c.note])
    # Before the quotes: stored later, they would add a version.
    _store_chains([change for change in changes if not change.note], chains)
    copy_in([change.quote for change in new])
    if changed := [c.quote for c in changes if not (c.is_new or c.note)]:
        Quote.objects.bulk_update(changed, CHANGED_COLUMNS, batch_size=200)
    for change in changes:
        if change.note:
            _correct(change, chains)


def _correct(change: QuoteChange, chains: dict[UUID, list[Via]]) -> None:
    """Store a change of a public quote, with the filing's note for its readers."""
    quote = change.quote
    after = _public(quote, chains[quote.pk])
    if changed := differences(change.filed.public_before, after):
        noted = correction(change.note, changed, datetime.now(UTC))
        quote.corrections = [*quote.corrections, noted]
    with with_reason(change.note):
        Quote.objects.bulk_update([quote], [*CHANGED_COLUMNS, "corrections"])
        _store_chains([change], chains)  # after the quote, whose new correction allows it


def _public(quote: Quote, chain: Iterable[Via]) -> dict:
    """What a filing can correct of a public quote, with the role as it was filed."""
    return public_values(quote) | {"via": chain_values(chain), "filed.role": quote.role}


def _chains(changes: list[QuoteChange]) -> dict[UUID, list[Via]]:
    """The reporting chain of each quote as it will be, by the quote's id; two queries at most."""
    names = [step["name"] for change in changes for step in change.filed.chain]
    outlets = Register(Outlet.objects.all(), names)
    return {
        change.quote.pk: [
            Via(
                quote_id=change.quote.pk,
                position=position,
                kind=step["kind"],
                name=step["name"],
                outlet=known[0] if len(known := outlets.called(step["name"])) == 1 else None,
                media=step.get("media"),
            )
            for position, step in enumerate(change.filed.chain)
        ]
        for change in changes
    }


def _store_chains(changes: list[QuoteChange], chains: dict[UUID, list[Via]]) -> None:
    """Store the reporting chains that a filing sets."""
    rechained = [change for change in changes if change.is_new or "via" in change.taken]
    Via.objects.filter(quote__in=[c.quote.pk for c in rechained if not c.is_new]).delete()
    steps = [step for change in rechained for step in chains[change.quote.pk]]
    Via.objects.bulk_create(steps, batch_size=1000)

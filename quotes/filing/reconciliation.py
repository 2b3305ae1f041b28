"""Reconcile the quotes of a filing with those on record: known or new, equal or different."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from uuid import UUID

from quotes.anchoring import same_words
from quotes.anchoring.normalization import normalise
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
from quotes.models import Quote, Via
from quotes.models.corrections import chain_values, correction, differences, public_values
from quotes.models.workflow import STEPS
from sources.identity.matching import Register
from sources.ledger.actor import with_reason
from sources.models import Named, Organisation, Outlet, Speaker
from sources.models.copy import copy_in
from sources.models.ids import as_uuid, new_ids

MIN_SIMILARITY = 0.9
"""Of words that were edited in the article, to be those of the same quote."""

CHANGED_COLUMNS = [
    *PLAIN_FIELDS,
    *(f"attribution_{name}" for name in PRINTED_FIELDS),
    *("status", "reason", "flags", "speaker", "organisation", "affiliation", "utterance"),
    *("snapshot", "spans", "seams", "text", "anchor", "nearest"),
]
"""Columns of a quote that a filing can change."""

type Folded = dict[str, dict[str, str]]
"""By field, each name as it is compared."""


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
    places = {_place_of(quote) for quote in filing.on_record}
    for index, (proposal, spans) in enumerate(zip(filing.proposals, filing.spans, strict=True)):
        if index in known:
            filed = FiledQuote(known[index], is_new=False)
            change = _compare(filing, filed, proposal, spans, folded, places)
        else:
            filed = FiledQuote(_new_quote(filing, proposal, spans), is_new=True)
            _refuse_taken(filing, index, filed.quote, places)
            filed.said = said_of(proposal) | {"text": _words_of(filing, proposal, spans)}
            filed.chain = proposal.get("via", [])
            change = QuoteChange(filing, filed, proposal)
        filed.not_printed = filing.not_printed.get(index, [])
        if proposal.get("note") and (filed.is_new or not _is_open(filed.quote)):
            filed.fields["note"] = "unchanged"  # it corrects nothing
        filing.quotes.append(filed)
        if change:
            yield change


def _new_quote(filing: Filing, proposal: dict, spans: tuple) -> Quote:
    seams = filing.seams_of(spans)
    quote = Quote(
        article=filing.article,
        snapshot=filing.snapshot if spans else None,
        spans=[list(span) for span in spans],
        seams=list(seams.kinds),
        text=filing.text_at(spans) if spans else proposal["text"],
        anchor=Quote.Anchor.EXACT if spans else Quote.Anchor.UNANCHORED,
        status=proposal.get("status", Quote.Status.PROPOSED),
        filed_by=filing.filer.user,
        kind=proposal.get("kind", Quote.Kind.DIRECT),
        language=proposal.get("language", filing.article.language),
    )
    if seams.leaves_out:
        add_flag(quote, Quote.Flag.WORDS_LEFT_OUT)
    if spans and filing.snapshot != filing.article.snapshot:
        # Filed with a text that is no longer the present one: look for it there.
        quote.contexts = [list(filing.page.context(span)) for span in spans]
        place_in_present(filing, quote)
    return quote


def _refuse_taken(filing: Filing, index: int, quote: Quote, places: set) -> None:
    place = _place_of(quote)
    if quote.spans and place in places:
        message = "Another quote on record has this position: its selection was changed since."
        raise Refused([{"pointer": f"/quotes/{index}", "message": message}])
    places.add(place)


def _compare(
    filing: Filing, filed: FiledQuote, proposal: dict, spans: tuple, folded: Folded, places: set
) -> QuoteChange | None:
    """Compare a filed quote with the one on record; return the change, if there is one."""
    quote, last, flags = filed.quote, _last_of(filing, filed.quote), filed.quote.flags
    is_named_again = _is_withdrawn_as_unnamed(filing, quote)
    if is_named_again:
        quote.status, quote.reason = Quote.Status.PROPOSED, None
    filed.chain = [{"kind": step.kind, "name": step.name} for step in quote.via.all()]
    filed.before = record_of(filed)
    filed.said = said_of(proposal, quote) | {"text": _words_of(filing, proposal, spans)}
    agrees = {name: value == filed.before.get(name) for name, value in filed.said.items()}
    agrees["text"] |= (spans and _place_of(quote) == _place(filing, spans)) or same_words(
        filed.said["text"], quote.text
    )
    agrees["status"] = True  # publishing is decided below
    for name in ("speaker", "organisation"):
        if name in filed.said:
            agrees[name] = refers_to(filed.said[name], getattr(quote, name), folded[name])
    filed.fields = compare(filed.said, last, filed.before, agrees)
    if not filing.is_whole and filed.fields.get("speaker") == "updated" and quote.speaker_id:
        filed.fields["speaker"] = "differs"  # a quote filed alone never takes over another's
    is_fixed = not spans or _place(filing, spans) in places
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
        _take_words(filing, quote, spans)
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


def _take_words(filing: Filing, quote: Quote, spans: tuple) -> None:
    quote.snapshot, quote.spans = filing.snapshot, [list(span) for span in spans]
    quote.text, quote.anchor, quote.nearest = filing.text_at(spans), Quote.Anchor.EXACT, None
    quote.seams = list(filing.seams_of(spans).kinds)
    drop_flags(quote, Quote.Flag.WORDS_LEFT_OUT)
    if filing.seams_of(spans).leaves_out:
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


def _words_of(filing: Filing, proposal: dict, spans: tuple) -> str:
    return filing.text_at(spans) if spans else proposal["text"]


def _is_withdrawn_as_unnamed(filing: Filing, quote: Quote) -> bool:
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


# Which quote on record a filed one is


def recognise(filing: Filing, folded: Folded) -> dict[int, Quote]:
    """Pair the quotes of a filing with quotes on record, by index; the surest evidence first.

    The filer's own id comes first, then the position it was filed at, then that on record. Next are
    the words it was filed with, if they are no longer there. Without a text, words and printed
    speaker count. Last are nearly equal words in the same surroundings.
    """
    on_record = {str(quote.pk): quote for quote in filing.on_record}
    entries = {key: entry for key, entry in filing.entries.items() if key in on_record}
    paired: dict[int, Quote] = {}

    def pair(find) -> None:
        taken = {quote.pk for quote in paired.values()}
        for index, (proposal, spans) in enumerate(zip(filing.proposals, filing.spans, strict=True)):
            if index in paired:
                continue
            for quote in find(index, proposal, spans):
                if quote.pk not in taken:
                    taken.add(quote.pk)
                    paired[index] = quote
                    break

    if not on_record:
        return paired
    by_id, as_filed, by_words = defaultdict(list), defaultdict(list), defaultdict(list)
    by_place = {_place_of(quote): quote for quote in filing.on_record if quote.spans}
    near = [quote for quote in filing.on_record if quote.nearest]
    for key, entry in entries.items():
        quote = on_record[key]
        if entry["external_id"]:
            by_id[entry["external_id"]].append(quote)
        said, spans = entry["said"], entry["spans"]
        names = said.get("speaker"), said.get("attribution.speaker")
        as_filed[_filed_as(entry["sha256"], spans, said.get("text"), *names)].append(quote)
        if not _stands_as_filed(filing, quote, entry):
            by_words[normalise(entry["said"].get("text", ""))].append(quote)
    sha256 = filing.snapshot and filing.snapshot.sha256
    pair(lambda _, proposal, __: by_id.get(proposal.get("external_id"), ()))
    pair(
        lambda _, said, spans: as_filed.get(
            _filed_as(sha256, spans, said.get("text"), said.get("speaker"), _printed(said)), ()
        )
    )
    pair(lambda _, __, spans: filter(None, [by_place.get(_place(filing, spans))]))
    if not all(filing.spans):
        without_text = _pair_by_words(filing, folded, paired)
        pair(lambda index, *_: filter(None, [without_text.get(index)]))
    pair(lambda _, said, spans: by_words.get(normalise(_words_of(filing, said, spans)), ()))
    if near:
        pair(lambda _, __, spans: [quote for quote in near if _is_near(filing, quote, spans)])
    return paired


def _filed_as(
    sha256: str | None, spans, text: str | None, speaker: str | list | None, printed: str | None
) -> tuple:
    """Where a quote was filed: its position in a text, else its words and who was named."""
    return (sha256, _as_key(spans)) if spans else (text, *names_in(speaker), printed)


def _printed(proposal: dict) -> str | None:
    """The speaker as the article prints the name."""
    return (proposal.get("attribution") or {}).get("speaker")


def _stands_as_filed(filing: Filing, quote: Quote, entry: dict) -> bool:
    """Whether the quote is in the present text, with the words that were filed."""
    present = quote.spans and quote.snapshot_id == (filing.snapshot and filing.snapshot.pk)
    return bool(present) and same_words(quote.text, entry["said"].get("text", ""))


def _is_near(filing: Filing, quote: Quote, spans: tuple) -> bool:
    """Whether words now stand where nearly the words of this quote stood."""
    nearest = quote.nearest
    return (
        bool(spans)
        and nearest["snapshot"] == filing.snapshot.sha256
        and nearest["score"] >= MIN_SIMILARITY
        and any(start < nearest["end"] and nearest["start"] < end for start, end in spans)
    )


def _place_of(quote: Quote) -> tuple:
    return quote.snapshot_id, _as_key(quote.spans)


def _place(filing: Filing, spans: tuple) -> tuple:
    return filing.snapshot and filing.snapshot.pk, _as_key(spans)


def _as_key(spans) -> tuple:
    return tuple(map(tuple, spans))


def _pair_by_words(filing: Filing, folded: Folded, paired: dict) -> dict[int, Quote]:
    """Pair quotes filed without a text with unanchored ones on record; by index.

    Equal words of the same printed speaker are the same quote. Among several, equal speakers are
    paired first, then the rest in order.
    """
    waiting = defaultdict(list)
    for quote in filing.on_record:
        if not quote.spans and quote not in paired.values():
            waiting[quote.text, quote.attribution_speaker].append(quote)
    found = {}
    for certain in (True, False):
        for index, (proposal, spans) in enumerate(zip(filing.proposals, filing.spans, strict=True)):
            if spans or index in found or index in paired:
                continue
            printed = (proposal.get("attribution") or {}).get("speaker")
            speaker = proposal.get("speaker")
            for quote in (alike := waiting[proposal["text"], printed]):
                if (
                    not certain
                    or not speaker
                    or refers_to(speaker, quote.speaker, folded["speaker"])
                ):
                    found[index] = quote
                    alike.remove(quote)
                    break
    return found


def refers_to(value: str | list[str] | None, record: Named | None, folded: dict[str, str]) -> bool:
    """Whether an id, a name, or all of several refer to this record."""
    if isinstance(value, list):
        # A merge may have made one speaker of two that the list names.
        members = (record.present_members or [record]) if record else []
        named = [[refers_to(each, member, folded) for member in members] for each in value]
        return all(map(any, named)) and all(map(any, zip(*named, strict=True)))
    if value is None or record is None:
        return value is None and record is None
    if key := as_uuid(value):
        return key == record.pk
    return folded[value] in record.names_folded


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

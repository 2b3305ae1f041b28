"""Reconcile the quotes of a filing with those on record: known or new, equal or different."""

from collections import defaultdict
from collections.abc import Iterator

from quotes.filing.types import PLAIN_FIELDS, PRINTED_FIELDS, FiledQuote, Filing, QuoteChange
from quotes.models import Quote, Via
from sources.identity.matching import Register
from sources.models import Named, Organisation, Outlet, Speaker
from sources.models.copy import copy_in
from sources.models.ids import as_uuid, new_ids


def follow_merges(filings: list[Filing]) -> None:
    """Replace ids of merged speakers and organisations by those of the surviving records."""
    for name, model in (("speaker", Speaker), ("organisation", Organisation)):
        named = [
            (proposal, key)
            for filing in filings
            for proposal in filing.proposals
            if (value := proposal.get(name)) and (key := as_uuid(value))
        ]
        survivors = model.objects.survivors({key for _, key in named})
        for proposal, key in named:
            proposal[name] = str(survivors.get(key, key))


def folded_names(filings: list[Filing]) -> dict[str, dict[str, str]]:
    """By field, the names to compare with those of quotes on record, as they are compared."""
    proposals = [proposal for f in filings if f.on_record for proposal in f.proposals]
    return {
        name: model.keys_of(p[name] for p in proposals if p.get(name))
        for name, model in (("speaker", Speaker), ("organisation", Organisation))
    }


def reconcile(filing: Filing, folded: dict[str, dict[str, str]]) -> Iterator[QuoteChange]:
    """Set the outcome for each quote of a filing; yield those that are new or differ."""
    by_position = {_position_of(quote): quote for quote in filing.on_record}
    by_words = _pair_by_words(filing, folded)
    present = filing.article.snapshot
    for index, (proposal, spans) in enumerate(zip(filing.proposals, filing.spans, strict=True)):
        status = proposal.get("status", Quote.Status.PROPOSED)
        if spans:
            known = by_position.get((present.pk, tuple(map(tuple, spans))))
        else:
            known = by_words.get(index)
        if known is None:
            quote = Quote(
                article=filing.article,
                snapshot=present if spans else None,
                spans=[list(span) for span in spans],
                text=filing.page.text_at(spans) if spans else proposal["text"],
                anchor=Quote.Anchor.EXACT if spans else Quote.Anchor.UNANCHORED,
                status=status,
                kind=proposal.get("kind", Quote.Kind.DIRECT),
                language=proposal.get("language", filing.article.language),
            )
            filed = FiledQuote(quote, "made")
        else:
            differs = _differences(known, proposal, folded)
            filed = FiledQuote(known, "unchanged", differs=differs)
            if status == Quote.Status.PUBLISHED and known.status == Quote.Status.PROPOSED:
                filed.differs.append("status")
        filing.quotes.append(filed)
        if known is None or filed.differs:
            yield QuoteChange(filing, filed, proposal)


def _position_of(quote: Quote) -> tuple:
    return quote.snapshot_id, tuple(map(tuple, quote.spans))


def _pair_by_words(filing: Filing, folded: dict[str, dict[str, str]]) -> dict[int, Quote]:
    """Pair quotes filed without a text with unanchored ones on record; by index.

    Equal words of the same printed speaker are the same quote. Among several, equal speakers are
    paired first, then the rest in order.
    """
    waiting = defaultdict(list)
    for quote in filing.on_record:
        if not quote.spans:
            waiting[quote.text, quote.attribution_speaker].append(quote)
    paired = {}
    for certain in (True, False):
        for index, (proposal, spans) in enumerate(zip(filing.proposals, filing.spans, strict=True)):
            if spans or index in paired:
                continue
            printed = (proposal.get("attribution") or {}).get("speaker")
            for quote in (alike := waiting[proposal["text"], printed]):
                if not certain or "speaker" not in _differences(quote, proposal, folded):
                    paired[index] = quote
                    alike.remove(quote)
                    break
    return paired


def _differences(quote: Quote, proposal: dict, folded: dict[str, dict[str, str]]) -> list[str]:
    """List the fields in which a filed quote differs from the one on record."""
    differs = [
        name for name in PLAIN_FIELDS if name in proposal and proposal[name] != getattr(quote, name)
    ]
    printed = proposal.get("attribution") or {}
    differs += [
        f"attribution.{name}"
        for name in PRINTED_FIELDS
        if name in printed and printed[name] != getattr(quote, f"attribution_{name}")
    ]
    body = proposal.get("organisation")
    if body and not refers_to(body, quote.organisation, folded["organisation"]):
        differs.append("organisation")
    # A filing without a speaker says nothing of one that was resolved by the printed name.
    name = printed.get("speaker", quote.attribution_speaker)
    is_silent = not proposal.get("speaker") and (name or not quote.speaker)
    is_silent = is_silent or "speaker" not in proposal
    if not is_silent and not refers_to(proposal["speaker"], quote.speaker, folded["speaker"]):
        differs.append("speaker")
    if "via" in proposal:
        chain = [(step["kind"], step["name"]) for step in proposal["via"]]
        if chain != [(step.kind, step.name) for step in quote.via.all()]:
            differs.append("via")
    return differs


def refers_to(value: str | None, record: Named | None, folded: dict[str, str]) -> bool:
    """Whether an id or a name refers to this record."""
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
    _store_chains(changes)
    copy_in([change.quote for change in new])
    if changed := [change.quote for change in changes if not change.is_new]:
        columns = [*PLAIN_FIELDS, *(f"attribution_{name}" for name in PRINTED_FIELDS)]
        columns += ["status", "flags", "speaker", "organisation", "affiliation", "utterance"]
        Quote.objects.bulk_update(changed, columns, batch_size=200)


def _store_chains(changes: list[QuoteChange]) -> None:
    """Store reporting chains before the quotes: stored later, they would add a version."""
    rechained = [
        change
        for change in changes
        if change.is_new or (change.filed.outcome == "updated" and "via" in change.filed.differs)
    ]
    Via.objects.filter(quote__in=[c.quote.pk for c in rechained if not c.is_new]).delete()
    steps = [(change.quote.pk, step) for change in rechained for step in enumerate(change.chain)]
    outlets = Register(Outlet.objects.all(), [step["name"] for _, (_, step) in steps])
    Via.objects.bulk_create(
        [
            Via(
                quote_id=quote,
                position=position,
                kind=step["kind"],
                name=step["name"],
                outlet=known[0] if len(known := outlets.called(step["name"])) == 1 else None,
            )
            for quote, (position, step) in steps
        ],
        batch_size=1000,
    )

"""Which quotes of a filing are on record and which are new, and what is stored of them."""

from collections import defaultdict
from collections.abc import Iterator

from quotes.filing.types import PLAIN_FIELDS, PRINTED_FIELDS, Draft, FiledQuote, Filing
from quotes.models import Quote, Via
from sources.identity.matching import Register
from sources.models import Named, Organisation, Outlet, Speaker
from sources.models.copy import copy_in
from sources.models.functions import fold_all
from sources.models.ids import as_uuid, new_ids


def follow_merges(filings: list[Filing]) -> None:
    """Have the ids of merged speakers and organisations mean what they were merged into."""
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


def folded_names(filings: list[Filing]) -> dict[str, str]:
    """The names that are to be compared with those of quotes on record; one query."""
    proposals = [proposal for f in filings if f.standing for proposal in f.proposals]
    names = [p[name] for p in proposals for name in ("speaker", "organisation") if p.get(name)]
    return fold_all(names)


def drafts_of(filing: Filing, folded: dict[str, str]) -> Iterator[Draft]:
    """Tell quotes that stand from new ones, and say what the filing changes of the first."""
    by_place = {_place_of(quote): quote for quote in filing.standing}
    by_words = _paired_by_words(filing, folded)
    present = filing.article.snapshot
    for index, (proposal, spans) in enumerate(zip(filing.proposals, filing.spans, strict=True)):
        status = proposal.get("status", Quote.Status.PROPOSED)
        if spans:
            standing = by_place.get((present.pk, tuple(map(tuple, spans))))
        else:
            standing = by_words.get(index)
        if standing is None:
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
            differs = _differences(standing, proposal, folded)
            filed = FiledQuote(standing, "unchanged", differs=differs)
            if status == Quote.Status.PUBLISHED and standing.status == Quote.Status.PROPOSED:
                filed.differs.append("status")
        filing.quotes.append(filed)
        if standing is None or filed.differs:
            yield Draft(filing, filed, proposal)


def _place_of(quote: Quote) -> tuple:
    return quote.snapshot_id, tuple(map(tuple, quote.spans))


def _paired_by_words(filing: Filing, folded: dict[str, str]) -> dict[int, Quote]:
    """The unanchored quote that each proposal without a place stands for, by its index.

    The same words printed of the same speaker are the same quote; where several are, the speakers
    who are named tell them apart before their order does.
    """
    waiting = defaultdict(list)
    for quote in filing.standing:
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


def _differences(quote: Quote, proposal: dict, folded: dict[str, str]) -> list[str]:
    """What a filing says of a quote on record that is not what the record says."""
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
    if body and not stands_for(body, quote.organisation, folded):
        differs.append("organisation")
    # A quote that names nobody may have been matched by the name that is printed.
    name = printed.get("speaker", quote.attribution_speaker)
    is_silent = not proposal.get("speaker") and (name or not quote.speaker)
    is_silent = is_silent or "speaker" not in proposal
    if not is_silent and not stands_for(proposal["speaker"], quote.speaker, folded):
        differs.append("speaker")
    if "via" in proposal:
        chain = [(step["kind"], step["name"]) for step in proposal["via"]]
        if chain != [(step.kind, step.name) for step in quote.via.all()]:
            differs.append("via")
    return differs


def stands_for(value: str | None, record: Named | None, folded: dict[str, str]) -> bool:
    """Whether an id or a name stands for this record."""
    if value is None or record is None:
        return value is None and record is None
    if key := as_uuid(value):
        return key == record.pk
    return folded[value] in record.names_folded


def store_quotes(drafts: list[Draft]) -> None:
    """Keep what was made and changed, each with its reporting chain: one version of a quote."""
    new = [draft for draft in drafts if draft.is_new]
    for draft, key in zip(new, new_ids(len(new)), strict=True):
        draft.quote.pk = key
    _store_chains(drafts)
    copy_in([draft.quote for draft in new])
    if changed := [draft.quote for draft in drafts if not draft.is_new]:
        columns = [*PLAIN_FIELDS, *(f"attribution_{name}" for name in PRINTED_FIELDS)]
        columns += ["status", "flags", "speaker", "organisation", "affiliation", "utterance"]
        Quote.objects.bulk_update(changed, columns, batch_size=200)


def _store_chains(drafts: list[Draft]) -> None:
    """Before the quotes: a chain that comes later would be a change to its quote."""
    rechained = [
        draft
        for draft in drafts
        if draft.is_new or (draft.filed.outcome == "updated" and "via" in draft.filed.differs)
    ]
    Via.objects.filter(quote__in=[d.quote.pk for d in rechained if not d.is_new]).delete()
    steps = [(draft.quote.pk, step) for draft in rechained for step in enumerate(draft.chain)]
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

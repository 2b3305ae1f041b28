"""Recognise which quotes on record the quotes of a filing are, and which record a name means."""

from collections import defaultdict

from quotes.anchoring import Place, same_words
from quotes.anchoring.normalization import normalise
from quotes.filing.types import Filing, names_in
from quotes.models import Quote
from sources.models import Named
from sources.models.ids import as_uuid

MIN_SIMILARITY = 0.9
"""Of words that were edited in the article, to be those of the same quote."""

type Folded = dict[str, dict[str, str]]
"""By field, each name as it is compared."""


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
        filed = zip(filing.proposals, filing.places, strict=True)
        for index, (proposal, place) in enumerate(filed):
            if index in paired:
                continue
            for quote in find(index, proposal, place):
                if quote.pk not in taken:
                    taken.add(quote.pk)
                    paired[index] = quote
                    break

    if not on_record:
        return paired
    by_id, as_filed, by_words = defaultdict(list), defaultdict(list), defaultdict(list)
    by_place = {place_of(quote): quote for quote in filing.on_record if quote.spans}
    near = [quote for quote in filing.on_record if quote.nearest]
    for key, entry in entries.items():
        quote = on_record[key]
        if entry["external_id"]:
            by_id[entry["external_id"]].append(quote)
        said, place = entry["said"], _as_place(entry["spans"], entry["in"])
        names = said.get("speaker"), said.get("attribution.speaker")
        as_filed[_filed_as(entry["sha256"], place, said.get("text"), *names)].append(quote)
        if not _stands_as_filed(filing, quote, entry):
            by_words[normalise(entry["said"].get("text", ""))].append(quote)
    sha256 = filing.snapshot and filing.snapshot.sha256
    pair(lambda _, proposal, __: by_id.get(proposal.get("external_id"), ()))
    pair(
        lambda _, said, place: as_filed.get(
            _filed_as(sha256, place, said.get("text"), said.get("speaker"), _printed(said)), ()
        )
    )
    pair(lambda _, __, place: filter(None, [by_place.get(place_filed(filing, place))]))
    if not all(filing.places):
        without_text = _pair_by_words(filing, folded, paired)
        pair(lambda index, *_: filter(None, [without_text.get(index)]))
    pair(lambda _, said, place: by_words.get(normalise(words_of(filing, said, place)), ()))
    if near:
        pair(lambda _, __, place: [quote for quote in near if _is_near(filing, quote, place)])
    return paired


def _filed_as(
    sha256: str | None,
    place: Place,
    text: str | None,
    speaker: str | list | None,
    printed: str | None,
) -> tuple:
    """Where a quote was filed: its place in a snapshot, else its words and who was named."""
    return (sha256, place) if place else (text, *names_in(speaker), printed)


def _printed(proposal: dict) -> str | None:
    """The speaker as the article prints the name."""
    return (proposal.get("attribution") or {}).get("speaker")


def _stands_as_filed(filing: Filing, quote: Quote, entry: dict) -> bool:
    """Whether the quote is in the present text, with the words that were filed."""
    present = quote.spans and quote.snapshot_id == (filing.snapshot and filing.snapshot.pk)
    return bool(present) and same_words(quote.text, entry["said"].get("text", ""))


def _is_near(filing: Filing, quote: Quote, place: Place) -> bool:
    """Whether words now stand where nearly the words of this quote stood."""
    nearest = quote.nearest
    return (
        place.page == quote.anchored_in
        and nearest["snapshot"] == filing.snapshot.sha256
        and nearest["score"] >= MIN_SIMILARITY
        and bool(nearest["difference"])  # else the same words in other surroundings
        and any(start < nearest["end"] and nearest["start"] < end for start, end in place.spans)
    )


def place_of(quote: Quote) -> tuple:
    return quote.snapshot_id, _as_place(quote.spans, quote.anchored_in)


def place_filed(filing: Filing, place: Place) -> tuple:
    return filing.snapshot and filing.snapshot.pk, place


def _as_place(spans: list[list[int]], page: str) -> Place:
    return Place(tuple(map(tuple, spans)), page)


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
        filed = zip(filing.proposals, filing.places, strict=True)
        for index, (proposal, place) in enumerate(filed):
            if place or index in found or index in paired:
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


def words_of(filing: Filing, proposal: dict, place: Place) -> str:
    return filing.text_at(place) if place else proposal["text"]

"""Validate the quotes of a filing: anchor their words in the text, and check ids and status."""

from collections.abc import Collection, Iterator
from http import HTTPStatus
from itertools import chain

from quotes.anchoring import (
    HEADLINE,
    TEXT,
    AnchoringError,
    NoWords,
    OtherWords,
    Pages,
    Place,
    TooMuchWork,
    same_words,
)
from quotes.anchoring.printed import Printed, check_attribution
from quotes.filing.types import Filing, Refused, names_in
from quotes.models import Quote
from quotes.models.reanchoring import names_of
from sources.models import Organisation, Speaker
from sources.models.ids import as_uuid


def validate_quotes(filings: list[Filing]) -> None:
    """Set the spans of every quote, or raise `Refused` with every fault of the filing."""
    for filing in filings:
        if filing.pages is None and (text := filing.data.get("text")) is not None:
            filing.pages = Pages(text, filing.data.get("headline"), filing.budget)
        if filing.pages is None and filing.article and (held := filing.article.snapshot):
            filing.pages = Pages(held.text, held.headline, filing.budget)
        faults = []
        try:
            for fault in chain(_anchor_all(filing), _unprinted(filing)):
                faults.append(fault)
        except TooMuchWork as error:
            raise Refused([*faults, {"pointer": "", "message": error.message}]) from error
        faults += _missing_ids(filing, "speaker", Speaker)
        faults += _other_kinds(filing)
        faults += _missing_ids(filing, "organisation", Organisation)
        faults += _missing_originals(filing)
        status = HTTPStatus.BAD_REQUEST
        if forbidden := list(_forbidden(filing)):
            status = HTTPStatus.BAD_REQUEST if faults else HTTPStatus.FORBIDDEN
            faults += forbidden
        if faults:
            raise Refused(faults, status)


def _fault(index: int, name: str, message: str, **details) -> dict:
    return {"pointer": f"/quotes/{index}{name and '/'}{name}", "message": message, **details}


def _anchor_all(filing: Filing) -> Iterator[dict]:
    seen, named = {}, {}
    for index, proposal in enumerate(filing.proposals):
        external_id = proposal.get("external_id")
        if external_id and (twin := named.setdefault(external_id, index)) != index:
            message = f"Is the id of quote {twin} of this filing, too. Each quote has its own."
            yield _fault(index, "external_id", message)
        place, fault = _try_anchor(filing.pages, index, proposal, shows_text=filing.shows_text)
        if len(place.spans) > 1:
            fault = _try_seams(filing, index, proposal, place)
        if fault:
            yield fault
            continue
        if place and (twin := seen.setdefault(place, index)) != index:
            message = f"Has the same position as quote {twin} of this filing."
            if proposal.get("speaker") != filing.proposals[twin].get("speaker"):
                message += " If several said it together, send one quote with a list of speakers."
            yield _fault(index, "", message)
        filing.places.append(place)


def _try_seams(filing: Filing, index: int, proposal: dict, place: Place) -> dict | None:
    """Decide the seams of a quote of several spans; return the fault of what lies between."""
    printed = proposal.get("attribution") or {}
    named = names_in(proposal.get("speaker"))
    names = [printed.get("speaker"), *named]
    if keys := [key for name in named if (key := as_uuid(name))]:
        for speaker in Speaker.objects.filter(pk__in=keys):
            names += names_of(speaker)
    titles = [each.get(name) for each in (proposal, printed) for name in ("role", "organisation")]
    try:
        filing.seams[place] = filing.pages[place.page].seams(
            place.spans,
            names,
            titles,
            language=proposal.get("language") or filing.data.get("language"),
            checked=proposal.get("gaps_checked", False),
        )
    except OtherWords as error:
        name = "spans" if proposal.get("spans") else "text"
        return _fault(index, name, **error.fault(shows_text=filing.shows_text))
    return None


def _unprinted(filing: Filing) -> Iterator[dict]:
    """Faults of attributions that the article does not print; the rest is set as `not_printed`.

    Without a text nothing can be checked.
    """
    if not filing.pages:
        return
    page, captured = filing.pages
    headlines = {captured.text, filing.data.get("headline")}
    headlines |= {filing.article.headline} if filing.article else set()
    printed = Printed(page.text, *headlines, budget=filing.budget)
    for index, proposal in enumerate(filing.proposals):
        attribution = proposal.get("attribution") or {}
        missing, faults = check_attribution(
            printed, page, attribution, shows_text=filing.shows_text
        )
        for part, fault in faults.items():
            yield _fault(index, f"attribution/{part}", **fault)
        filing.not_printed[index] = [f"attribution.{part}" for part in missing]


def anchoring_faults(text: str, headline: str | None, proposals: dict[int, dict]) -> list[dict]:
    """List anchoring faults of these quotes, by index, for a filing that has other faults too."""
    pages, faults = Pages(text, headline), []
    try:
        for index, proposal in proposals.items():
            _, fault = _try_anchor(pages, index, proposal, shows_text=True)
            faults += [fault] if fault else []
    except TooMuchWork as error:
        faults.append({"pointer": "", "message": error.message})
    return faults


def _try_anchor(
    pages: Pages | None, index: int, proposal: dict, *, shows_text: bool
) -> tuple[Place, dict | None]:
    try:
        return _anchor_words(pages, proposal), None
    except TooMuchWork:
        raise
    except AnchoringError as error:
        name = "spans" if proposal.get("spans") else "text"
        return Place(), _fault(index, name, **error.fault(shows_text=shows_text))


def _missing_ids(filing: Filing, name: str, model) -> list[dict]:
    keys = [
        (index, key)
        for index, proposal in enumerate(filing.proposals)
        for value in names_in(proposal.get(name))
        if (key := as_uuid(value))
    ]
    records = model.objects.only("is_public").in_bulk([key for _, key in keys]) if keys else {}
    known = {key for key, record in records.items() if filing.filer.sees(record)}
    return [
        _fault(index, name, f"There is no {name} with this id.")
        for index, key in keys
        if key not in known
    ]


def _other_kinds(filing: Filing) -> list[dict]:
    """Faults of a `speaker_kind` that the speaker with the id is not; unknown may become it."""
    said = {
        index: (key, proposal["speaker_kind"])
        for index, proposal in enumerate(filing.proposals)
        if proposal.get("speaker_kind")
        and isinstance(proposal.get("speaker"), str)
        and (key := as_uuid(proposal["speaker"]))
    }
    if not said:
        return []
    survivors = Speaker.objects.survivors(key for key, _ in said.values())
    kinds = dict(Speaker.objects.filter(pk__in=survivors.values()).values_list("pk", "kind"))
    faults = []
    for index, (key, kind) in said.items():
        known = kinds.get(survivors.get(key), kind)
        if known not in (kind, Speaker.Kind.UNKNOWN):
            message = (
                f"This speaker is on record as `{known}`. Leave the kind out, or send the name."
            )
            faults.append(_fault(index, "speaker_kind", message))
    return faults


def _missing_originals(filing: Filing) -> list[dict]:
    """Faults of translations of quotes that the filer does not see."""
    named = {i: key for i, each in enumerate(filing.proposals) if (key := each.get("translates"))}
    if not named:
        return []
    known, user = Quote.objects.filter(pk__in=named.values()), filing.filer.user
    seen = set((known.visible_to(user) if user else known).values_list("pk", flat=True))
    message = "There is no quote with this id."
    return [_fault(i, "translates", message) for i, key in named.items() if key not in seen]


def _forbidden(filing: Filing) -> Iterator[dict]:
    """Faults of quotes that this filer may not publish, correct or read."""
    may_publish, may_correct = filing.filer.may_publish, filing.filer.may_correct
    for index, proposal in enumerate(() if may_publish and may_correct else filing.proposals):
        status = proposal.get("status", Quote.Status.PROPOSED)
        if status != Quote.Status.PROPOSED and not may_publish:
            message = "Only curators can file published quotes. Leave the status out."
            yield _fault(index, "status", message)
        if proposal.get("note") and not may_correct:
            message = (
                "A note tells readers why a public quote is corrected, which only curators do. "
                "Leave the note out: a curator sees what you filed."
            )
            yield _fault(index, "note", message)
        if proposal.get("gaps_checked") and not may_correct:
            message = "Only curators can confirm what lies between. Leave it out."
            yield _fault(index, "gaps_checked", message)
    if filing.pages and not filing.shows_text:
        for index, proposal in enumerate(filing.proposals):
            if proposal.get("spans") and not (proposal.get("text") or "").strip():
                message = (
                    "Spans alone would show you the text, which you may not read. Send the words."
                )
                yield _fault(index, "text", message)


def _anchor_words(pages: Pages | None, proposal: dict) -> Place:
    words, spans, within = proposal.get("text"), proposal.get("spans"), proposal.get("in")
    if pages is None:
        if spans or within:
            what = "spans" if spans else "the place"
            raise AnchoringError(
                f"This article has no text on record, so {what} cannot be checked. Send the text."
            )
        if same_words(words or "", ""):
            raise NoWords
        return Place()
    if spans:
        return pages.at(spans, words, within=within or TEXT)
    around = proposal.get("prefix") or "", proposal.get("suffix") or ""
    return pages.find(words or "", *around, within=within)


def place_in_captured(filings: list[Filing]) -> None:
    """Place quotes in the headline that was captured with the text, if another is filed with it.

    Words that are not in it have no place. `refuse_unplaced` refuses them unless they are those of
    a quote on record, which stays as it is.
    """
    for filing in filings:
        headline = filing.snapshot and (filing.snapshot.headline or "")
        if not filing.pages or headline in (None, filing.pages.headline.text):
            continue
        sent, filing.pages = filing.pages, filing.pages.under(headline)
        for index, proposal in enumerate(filing.proposals):
            place = filing.places[index]
            if place.page == HEADLINE:
                words = sent.headline.text_at(place.spans, filing.seams_of(place).kinds)
                proposal = {**proposal, "text": words, "in": HEADLINE, "spans": None}
                place, _ = _try_anchor(filing.pages, index, proposal, shows_text=False)
                if len(place.spans) > 1 and _try_seams(filing, index, proposal, place):
                    place = Place()
                filing.places[index], filing.proposals[index] = place, proposal


def refuse_unplaced(filing: Filing, known: Collection[int]) -> None:
    """Raise `Refused` if quotes have no place in the article's text and headline and are new."""
    unplaced = [i for i, place in enumerate(filing.places) if not place and i not in known]
    if filing.pages and unplaced:
        message = (
            "These words are in the headline now, and not in the one that was captured with this "
            "text. A headline alone is not captured again: file the quote with the next text."
        )
        raise Refused([_fault(index, "text", message) for index in unplaced])

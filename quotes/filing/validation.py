"""Validate the quotes of a filing: anchor their words in the text, and check ids and status."""

from collections.abc import Iterator
from http import HTTPStatus

from quotes.anchoring import AnchoringError, NoWords, Page, same_words
from quotes.filing.types import Filing, Refused
from quotes.models import Quote
from sources.models import Organisation, Speaker
from sources.models.ids import as_uuid


def validate_quotes(filings: list[Filing]) -> None:
    """Set the spans of every quote, or raise `Refused` with every fault of the filing."""
    for filing in filings:
        if filing.page is None and (text := filing.data.get("text")) is not None:
            filing.page = Page(text)
        if filing.page is None and filing.article and filing.article.snapshot:
            filing.page = Page(filing.article.snapshot.text)
        faults = list(_anchor_all(filing))
        faults += _missing_ids(filing, "speaker", Speaker)
        faults += _missing_ids(filing, "organisation", Organisation)
        status = HTTPStatus.BAD_REQUEST
        if not filing.filer.may_publish and (premature := list(_publications(filing))):
            status = HTTPStatus.BAD_REQUEST if faults else HTTPStatus.FORBIDDEN
            faults += premature
        if faults:
            raise Refused(faults, status)


def _fault(index: int, name: str, message: str, **details) -> dict:
    return {"pointer": f"/quotes/{index}{name and '/'}{name}", "message": message, **details}


def _anchor_all(filing: Filing) -> Iterator[dict]:
    seen = {}
    for index, proposal in enumerate(filing.proposals):
        spans, fault = _try_anchor(filing.page, index, proposal)
        if fault:
            yield fault
            continue
        if spans and (twin := seen.setdefault(spans, index)) != index:
            yield _fault(index, "", f"Has the same position as quote {twin} of this filing.")
        filing.spans.append(spans)


def anchoring_faults(text: str, proposals: dict[int, dict]) -> list[dict]:
    """List anchoring faults of these quotes, by index, for a filing that has other faults too."""
    page = Page(text)
    tried = (_try_anchor(page, index, proposal) for index, proposal in proposals.items())
    return [fault for _, fault in tried if fault]


def _try_anchor(page: Page | None, index: int, proposal: dict) -> tuple[tuple, dict | None]:
    try:
        return _anchor_words(page, proposal), None
    except AnchoringError as error:
        name = "spans" if proposal.get("spans") else "text"
        return (), _fault(index, name, error.message, **error.details)


def _missing_ids(filing: Filing, name: str, model) -> list[dict]:
    keys = {
        index: key
        for index, proposal in enumerate(filing.proposals)
        if proposal.get(name) and (key := as_uuid(proposal[name]))
    }
    known = set(
        model.objects.filter(pk__in=keys.values()).values_list("pk", flat=True) if keys else ()
    )
    return [
        _fault(index, name, f"There is no {name} with this id.")
        for index, key in keys.items()
        if key not in known
    ]


def _publications(filing: Filing) -> Iterator[dict]:
    for index, proposal in enumerate(filing.proposals):
        if proposal.get("status", Quote.Status.PROPOSED) != Quote.Status.PROPOSED:
            message = "Only curators can file published quotes. Leave the status out."
            yield _fault(index, "status", message)


def _anchor_words(page: Page | None, proposal: dict) -> tuple:
    words, spans = proposal.get("text"), proposal.get("spans")
    if page is None:
        if spans:
            raise AnchoringError(
                "This article has no text on record, so spans cannot be checked. Send the text."
            )
        if same_words(words or "", ""):
            raise NoWords
        return ()
    return page.at(spans, words) if spans else page.find(words or "")

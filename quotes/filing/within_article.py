"""Whom a surname or a title and surname means within one article.

"Mr Jones" and "Jones" are the one speaker of the filing whose full name has that word. A fuller
name that only the text has is offered as a candidate and never taken.
"""

import re
from itertools import islice

from quotes.filing.evidence import Evidence, is_one
from quotes.filing.types import Candidate, QuoteChange, is_in
from sources.identity.names import Name, NameKind, parse, plain, words
from sources.models import Speaker

MAX_CANDIDATES = 5
"""Speakers of one quote that the answer to a filing names."""

MAX_PLACES = 200
"""Places of one surname that are looked at in a text."""

TITLE_REACH = 60
"""Code points before a surname in which its titles and given names are looked for."""

SHORT = (NameKind.SINGLE, NameKind.TITLED)


def read(change: QuoteChange, name: str) -> Name:
    """What a name says in the language of its article."""
    return parse(name, change.filing.article.language)


def in_filing(change: QuoteChange, name: str) -> list[Speaker]:
    """The speakers of this filing whose full name a surname is short for, if it can mean only one.

    Two titles with the word in the text ("Mr and Mrs Jones") are two people.
    """
    short, filing = read(change, name), change.filing
    if len(_titles_in_text(change, name)) > 1:
        return []
    found = []
    for speaker in _speakers_of(filing):
        full = [parse(each) for each in (speaker.name, *speaker.aliases)]
        if any(short.may_be_short_for(each) for each in full) and not is_in(speaker, found):
            found.append(speaker)
    return found


def _speakers_of(filing) -> list[Speaker]:
    others = [filed.quote.speaker for filed in filing.quotes if filed.quote.speaker_id]
    return [*filing.speakers, *others]


def _titles_in_text(change: QuoteChange, name: str) -> set[str]:
    """The titles that the text and this name put before a surname."""
    titles = words()["titles"]
    found = set(read(change, name).titles[-1:]) & titles
    for before in _before(change, name):
        last = [plain(word).replace(".", "") for word in before.split()[-3:]]
        found |= set(last[-1:]) & titles
        if last[-2:-1] and last[-2] in words()["conjunctions"]:  # "Mr and Mrs Jones"
            found |= set(last[:1]) & titles
    return found


def _before(change: QuoteChange, name: str) -> list[str]:
    """What stands before each place of a surname in the text, as far as a title can reach."""
    pages = change.filing.pages
    text, surname = pages.text.text if pages else "", _surname(change, name)
    places = islice(re.finditer(rf"\b{re.escape(surname)}\b", text), MAX_PLACES)
    return [text[max(0, place.start() - TITLE_REACH) : place.start()] for place in places]


def _surname(change: QuoteChange, name: str) -> str:
    """The words of a short name without its titles, as they are printed."""
    return " ".join(name.split()[-len(read(change, name).words) :])


def name_candidates(
    change: QuoteChange, name: str, found: list[Speaker], evidence: Evidence
) -> None:
    """Name those who may be meant, and why, in the answer to the filing."""
    found = [one for one in found if change.filing.filer.sees(one)]
    candidates = [Candidate(one, _why(change, one, name, evidence)) for one in found]
    if read(change, name).kind in SHORT:
        for full in _fuller_names(change, name):
            if all(candidate.speaker.name != full for candidate in candidates):
                stand_in = Speaker(id=None, name=full, kind=Speaker.Kind.UNKNOWN)
                candidates.append(Candidate(stand_in, "The text has this fuller name."))
    change.filed.candidates = candidates[:MAX_CANDIDATES]


def _fuller_names(change: QuoteChange, name: str) -> list[str]:
    """Full names in the text that end in this surname: one or two capitalised words before it."""
    fuller, surname = {}, _surname(change, name)
    for before in _before(change, name):
        capitals = re.search(r"((?:\b[^\W\d_][\w’'.-]*\s+){1,2})$", before)
        given = capitals[1].split() if capitals else []
        for start in range(len(given)):
            parsed = parse(full := " ".join([*given[start:], surname]))
            is_name = all(word[:1].isupper() for word in given[start:])
            if is_name and parsed.kind == NameKind.FULL and not parsed.titles:
                fuller |= {full: None} if read(change, name).may_be_short_for(parsed) else {}
                break
    return list(fuller)


def _why(change: QuoteChange, speaker: Speaker, name: str, evidence: Evidence) -> str:
    about = str(evidence.told(speaker, change.filing.filer))
    called = f"Is called “{speaker.name}”" if read(change, name).kind in SHORT else "Has this name"
    if not about:
        return f"{called}."
    one = " All of this name are held to be one person." if is_one(speaker) else ""
    return f"{called}; known as {about}.{one}"

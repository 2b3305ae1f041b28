"""Who may have said it: known speakers, each with what speaks for them.

Nothing is matched here by surname alone; a person is shown the surname, the role, the rest of the
article, and decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from quotes.models import Quote
from sources.admin.lists import mentioning
from sources.models import Affiliation, Speaker
from sources.models.functions import fold_all

MOST = 5
LOOKED_AT = 50
"""Speakers of one surname, or affiliations at one organisation, that are looked at."""

TITLES = {
    *("mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "lord", "lady"),
    *("rev", "judge", "justice", "captain", "president", "minister", "senator"),
    *("herr", "frau", "m", "mme", "mlle", "monsieur", "madame", "senor", "senora", "sr", "sra"),
}
"""Words before a name that are no part of it, folded as names are."""


@dataclass
class Suggestion:
    """A speaker, the affiliation that fits if one does, and why, in sentences."""

    speaker: Speaker
    weight: int = 0
    affiliation: Affiliation | None = None
    reasons: list[str] = field(default_factory=list)

    def add(self, weight: int, reason: str) -> None:
        self.weight += weight
        self.reasons.append(reason)

    @property
    def why(self) -> str:
        return "; ".join(self.reasons)


def suggest(quote: Quote) -> list[Suggestion]:
    """The likeliest speakers of a quote, first the likeliest; five queries at most."""
    printed = quote.attribution_speaker or (quote.speaker and quote.speaker.name)
    if not printed:
        return []
    folded = fold_all([printed])[printed]
    surname = _words(folded)[-1] if _words(folded) else folded
    in_article = _speakers_in_article(quote)
    found = {speaker.pk: speaker for speaker in in_article}
    named = Speaker.objects.standing()
    for speakers in (
        named.called_any([folded])[:LOOKED_AT],
        mentioning(named, [surname])[:LOOKED_AT],
    ):
        found |= {speaker.pk: speaker for speaker in speakers}
    held = _held_then(quote, found)
    suggestions = []
    for speaker in found.values():
        suggestion = Suggestion(speaker)
        _weigh_name(suggestion, printed, folded)
        if not suggestion.weight:
            continue
        if speaker in in_article and speaker.pk != quote.speaker_id:
            suggestion.add(3, "is quoted in this article")
        _weigh_roles(suggestion, held.get(speaker.pk, []), quote)
        if speaker.pk == quote.speaker_id:
            suggestion.reasons.insert(0, "is the speaker now")
        suggestions.append(suggestion)
    return sorted(suggestions, key=lambda one: (-one.weight, str(one.speaker.pk)))[:MOST]


def _speakers_in_article(quote: Quote) -> list[Speaker]:
    said = Quote.objects.filter(article=quote.article_id).exclude(pk=quote.pk)
    said = said.exclude(status=Quote.Status.REJECTED).order_by()
    return list(Speaker.objects.standing().filter(pk__in=said.values("speaker"))[:LOOKED_AT])


def _held_then(quote: Quote, speakers: dict) -> dict:
    """What these speakers were when it was said, by speaker; what may have been, counts."""
    when = quote.said or quote.published
    held = {}
    affiliations = Affiliation.objects.filter(speaker__in=speakers).select_related(
        "speaker", "organisation"
    )
    for one in affiliations.order_by("-start_day", "pk")[: 10 * LOOKED_AT]:
        begins_after = one.start and when and one.start.first > when.last
        ended_before = one.end and when and one.end.last < when.first
        if not begins_after and not ended_before:
            held.setdefault(one.speaker_id, []).append(one)
    return held


def _words(folded: str) -> list[str]:
    words = [word for word in folded.replace(".", " ").split() if word]
    return [word for word in words if word not in TITLES] or words


def _weigh_name(suggestion: Suggestion, printed: str, folded: str) -> None:
    names = suggestion.speaker.names_folded
    if folded in names:
        suggestion.add(5, f"is called “{printed}”")
        return
    wanted = _words(folded)
    given = _words(folded)[:-1]
    for words in (_words(name) for name in names):
        if not words or words[-1] != wanted[-1]:
            continue
        if not given:
            suggestion.add(2, f"has the surname of “{printed}”")
            return
        if words[:-1] and words[0][0] == given[0][0]:
            either = len(words[0]) == 1 or len(given[0]) == 1 or words[0] == given[0]
            suggestion.add(3 if either else 1, "has the surname and the initial")
            return


def _weigh_roles(suggestion: Suggestion, held: list[Affiliation], quote: Quote) -> None:
    for affiliation, weight, reason in _fits(held, quote):
        suggestion.affiliation = affiliation
        suggestion.add(weight, reason)
        return


def _fits(held: list[Affiliation], quote: Quote) -> Iterator[tuple[Affiliation, int, str]]:
    """The affiliations that agree with what is printed, the one that does so best first."""
    printed = (quote.attribution_role or quote.role or "").casefold()
    words = set(printed.split())
    there = [one for one in held if one.organisation_id == quote.organisation_id]
    for one in held:
        if words and words >= set(one.role.casefold().split()):
            yield one, 4 if one in there else 3, f"was {one.role} at {one.organisation} then"
    for one in there:
        yield one, 2, f"was at {one.organisation} then, as {one.role}"

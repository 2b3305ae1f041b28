"""Possible speakers of a quote, each with the reasons: name, role, the rest of the article.

A surname alone is only suggested here. A curator decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.text import capfirst

from quotes.models import Quote
from sources.admin.lists import mentioning
from sources.models import Affiliation, Speaker

MAX_SUGGESTIONS = 5  # one key each
MAX_CANDIDATES = 50
"""Speakers read for one name; ten affiliations are read for each."""

TITLES = {
    *("mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "lord", "lady"),
    *("rev", "judge", "justice", "captain", "president", "minister", "senator"),
    *("herr", "frau", "m", "mme", "mlle", "monsieur", "madame", "senor", "senora", "sr", "sra"),
}
"""Words before a name that are not part of it, folded as names are."""


@dataclass
class Suggestion:
    """A speaker, the affiliation that fits if there is one, and the reasons as sentences."""

    speaker: Speaker
    weight: int = 0
    affiliation: Affiliation | None = None
    reasons: list[str] = field(default_factory=list)

    def add(self, weight: int, reason: str) -> None:
        self.weight += weight
        self.reasons.append(reason)


def suggest(quote: Quote) -> list[Suggestion]:
    """Possible speakers of a quote, the likeliest first; five queries at most."""
    printed = quote.attribution_speaker or (quote.speaker and quote.speaker.name)
    if not printed:
        return []
    folded = Speaker.keys_of([printed])[printed]
    surname = _words(folded)[-1] if _words(folded) else folded
    in_article = _speakers_in_article(quote)
    found = {speaker.pk: speaker for speaker in in_article}
    named = Speaker.objects.active()
    for speakers in (
        named.called_any([folded])[:MAX_CANDIDATES],
        mentioning(named, [surname])[:MAX_CANDIDATES],
    ):
        found |= {speaker.pk: speaker for speaker in speakers}
    held = _held_then(quote, found)
    suggestions = []
    for speaker in found.values():
        suggestion = Suggestion(speaker)
        _weigh_name(suggestion, folded)
        if not suggestion.weight:
            continue
        if speaker in in_article and speaker.pk != quote.speaker_id:
            suggestion.add(3, "Quoted elsewhere in this article.")
        _weigh_roles(suggestion, held.get(speaker.pk, []), quote)
        if speaker.pk == quote.speaker_id:
            suggestion.reasons.insert(0, "Currently assigned.")
        suggestions.append(suggestion)
    return sorted(suggestions, key=lambda one: (-one.weight, str(one.speaker.pk)))[:MAX_SUGGESTIONS]


def _speakers_in_article(quote: Quote) -> list[Speaker]:
    said = Quote.objects.filter(article=quote.article_id).exclude(pk=quote.pk)
    said = said.exclude(status__in=[Quote.Status.REJECTED, Quote.Status.WITHDRAWN]).order_by()
    return list(Speaker.objects.active().filter(pk__in=said.values("speaker"))[:MAX_CANDIDATES])


def _held_then(quote: Quote, speakers: dict) -> dict:
    """Affiliations on the day of the quote by speaker, including those of uncertain dates."""
    when = quote.said or quote.published
    held = {}
    affiliations = Affiliation.objects.filter(speaker__in=speakers).select_related(
        "speaker", "organisation"
    )
    for one in affiliations.order_by("-start_day", "pk")[: 10 * MAX_CANDIDATES]:
        begins_after = one.start and when and one.start.first > when.last
        ended_before = one.end and when and one.end.last < when.first
        if not begins_after and not ended_before:
            held.setdefault(one.speaker_id, []).append(one)
    return held


def _words(folded: str) -> list[str]:
    words = [word for word in folded.replace(".", " ").split() if word]
    return [word for word in words if word not in TITLES] or words


def _weigh_name(suggestion: Suggestion, folded: str) -> None:
    names = suggestion.speaker.names_folded
    if folded in names:
        suggestion.add(5, "Name matches exactly.")
        return
    wanted = _words(folded)
    given = _words(folded)[:-1]
    for words in (_words(name) for name in names):
        if not words or words[-1] != wanted[-1]:
            continue
        if not given:
            suggestion.add(2, "Same surname.")
            return
        if words[:-1] and words[0][0] == given[0][0]:
            either = len(words[0]) == 1 or len(given[0]) == 1 or words[0] == given[0]
            suggestion.add(3 if either else 1, "Same surname and initial.")
            return


def _weigh_roles(suggestion: Suggestion, held: list[Affiliation], quote: Quote) -> None:
    if fit := next(_fits(held, quote), None):
        suggestion.affiliation, weight, reason = fit
        suggestion.add(weight, reason)


def _fits(held: list[Affiliation], quote: Quote) -> Iterator[tuple[Affiliation, int, str]]:
    """Affiliations that agree with the printed role or organisation, the best first."""
    printed = (quote.attribution_role or quote.role or "").casefold()
    words = set(printed.split())
    there = [one for one in held if one.organisation_id == quote.organisation_id]
    for one in held:
        if words and words >= set(one.role.casefold().split()):
            was = f"{capfirst(one.role)} of {one.organisation} at the time."
            yield one, 4 if one in there else 3, was
    for one in there:
        yield one, 2, f"At {one.organisation} at the time, as {one.role}."

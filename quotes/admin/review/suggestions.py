"""Possible speakers of a quote, each with the reasons: name, role, the rest of the article.

A pronoun or an office is no name: the filed name, who was quoted just before and whom the article
names stand in for it. A surname alone is only suggested here. A curator decides.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q
from django.utils.text import capfirst

from quotes.admin.review.cast import ArticleCast
from quotes.curation.naming import ABOUT_SPEAKER
from quotes.extraction.languages import Tag, lexicon_for
from quotes.models import Quote
from quotes.models.workflow import OPEN, PUBLIC
from sources.admin.lists import matching_any
from sources.admin.speaker_cards import SpeakerCard, speaker_cards
from sources.identity.agreement import Body, roles_agree
from sources.identity.finding import mentioning
from sources.identity.names import NameKind, parse, plain, words
from sources.identity.surnames import PERSONS, identifies_nobody
from sources.models import Affiliation, Speaker

MAX_SUGGESTIONS = 5  # one key each
MAX_CANDIDATES = 50
"""Speakers read for one name; ten affiliations are read for each."""

MAX_CARDS = 10
"""Likeliest candidates whose latest role and organisation are compared with the printed ones."""

TITLES = {
    *("mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "lord", "lady"),
    *("rev", "judge", "justice", "captain", "president", "minister", "senator"),
    *("herr", "frau", "m", "mme", "mlle", "monsieur", "madame", "senor", "senora", "sr", "sra"),
}
"""Words before a name that are not part of it, folded as names are."""

NAMES = (NameKind.FULL, NameKind.SINGLE, NameKind.TITLED, NameKind.BODY)

Kind = Speaker.Kind


@dataclass
class Suggestion:
    """A speaker, the affiliation that fits if there is one, and the reasons as sentences.

    `others` are who else said it, of a joint statement.
    """

    speaker: Speaker
    weight: int = 0
    affiliation: Affiliation | None = None
    reasons: list[str] = field(default_factory=list)
    card: SpeakerCard | None = None
    others: list["Suggestion"] = field(default_factory=list)

    def add(self, weight: int, reason: str) -> None:
        self.weight += weight
        self.reasons.append(reason)


def suggest(quote: Quote, user, near: Iterable[Quote] = ()) -> list[Suggestion]:
    """Possible speakers of a quote, the likeliest first; twelve queries at most.

    `near` are quotes with nearly its words, of any article.
    """
    return _Search(quote, user, near).suggestions()


def sought_name(quote: Quote) -> str:
    """What to search for among speakers: the surname as printed, or filed; else nothing."""
    filed = quote.speaker and quote.speaker.name
    name = next(filter(is_name, (quote.attribution_speaker, filed)), None)
    if name is None or parse(name).kind == NameKind.BODY:
        return name or ""
    behind = words()["postnominals"] | words()["generations"]
    said = [word.strip(".,") for word in name.split()]
    return next((word for word in reversed(said) if plain(word) not in behind), name)


def is_name(printed: str | None) -> bool:
    """Whether it names somebody: a pronoun, an office or a description does not."""
    return bool(printed) and parse(printed).kind in NAMES


class _Search:
    """The candidates for one quote, read once and weighed."""

    def __init__(self, quote: Quote, user, near: Iterable[Quote]):
        self.quote, self.user = quote, user
        self.near = {
            one.speaker_id: one
            for one in near
            if one.speaker_id and one.article_id != quote.article_id and one.status in OPEN
        }
        filed = quote.speaker and quote.speaker.name
        self.printed = quote.attribution_speaker
        self.is_printed = is_name(self.printed)
        named = self.printed if self.is_printed else filed if is_name(filed) else None
        self.named, self.parts = named, _joint_parts(named)
        self.cast = ArticleCast.of(quote)
        wanted = [*([named] if named else []), *self.parts]
        self.keys = Speaker.keys_of([*wanted, *self.cast.names])
        self.in_text = {self.keys[name] for name in self.cast.names}
        self.candidates = self._read(wanted)
        self.held = self._held_then()
        places = () if self.is_printed else map(self.cast.named_at, self.candidates)
        self.named_last = max(places, default=-1)
        self.quoted_last = self._quoted_last()

    def _read(self, wanted: list[str]) -> list[Speaker]:
        known = Speaker.objects.active()
        known = known.filter(Q(article=None) | Q(article=self.quote.article_id))
        cast = [*self.cast.quoted, *self.near]
        here = known.filter(Q(pk__in=cast) | Q(names_folded__overlap=[*self.in_text]))
        searches = [here.order_by()[: 2 * MAX_CANDIDATES]]
        if wanted:
            folded = [self.keys[name] for name in wanted]
            searches.append(known.called_any(folded).order_by()[:MAX_CANDIDATES])
            surnames = {_words(name)[-1] for name in folded if _words(name)}
            by_surname = [mentioning(known, [surname]) for surname in sorted(surnames)]
            searches.append(matching_any(known, *by_surname)[:MAX_CANDIDATES])
        found = {speaker.pk: speaker for search in searches for speaker in search}
        if self.quote.speaker_id:
            found.setdefault(self.quote.speaker_id, self.quote.speaker)
        return list(found.values())

    def _held_then(self) -> dict[UUID, list[Affiliation]]:
        """Affiliations on the day of the quote by speaker, including those of uncertain dates."""
        when, held = self.quote.said or self.quote.published, {}
        affiliations = Affiliation.objects.filter(speaker__in=self.candidates).select_related(
            "speaker", "organisation"
        )
        for one in affiliations.order_by("-start_day", "pk")[: 10 * MAX_CANDIDATES]:
            if one.may_hold_on(when):
                held.setdefault(one.speaker_id, []).append(one)
        return held

    def _quoted_last(self) -> UUID | None:
        """Who was quoted last before this, of those whose names say who they are."""
        by_id = {speaker.pk: speaker for speaker in self.candidates}
        before = (by_id.get(key) for key in self.cast.quoted_before)
        return next((one.pk for one in before if one and not identifies_nobody(one)), None)

    def suggestions(self) -> list[Suggestion]:
        weighed = [self._weighed(speaker) for speaker in self.candidates]
        likely = _best(filter(None, weighed), MAX_CARDS)
        joint = self._joint()
        shown = [*joint, *likely, *(one for each in joint for one in each.others)]
        cards = speaker_cards([one.speaker for one in shown], self.user)
        for one in shown:
            one.card = cards[one.speaker.pk]
        for one in likely:
            if one.speaker.pk == self.quote.speaker_id:
                one.reasons.insert(0, "Currently assigned.")
                is_doubted = ABOUT_SPEAKER & {*self.quote.flags} or identifies_nobody(one.speaker)
                one.weight += 0 if is_doubted else 3
            else:
                _weigh_post(one, self.quote)
        return [*joint, *_best(likely, MAX_SUGGESTIONS)][:MAX_SUGGESTIONS]

    def _weighed(self, speaker: Speaker) -> Suggestion | None:
        """A candidate with its reasons; None if nothing speaks for it."""
        one, is_now = Suggestion(speaker), speaker.pk == self.quote.speaker_id
        stands_in = speaker.kind in PERSONS and identifies_nobody(speaker)
        if stands_in and not (is_now and self.is_printed):
            return None  # “Ms Nandakumar” stands in for whoever is meant
        if self.named:
            _weigh_name(one, self.keys[self.named], None if self.is_printed else self.named)
        if self.is_printed and not one.weight:
            return None
        if self.is_printed:
            self._weigh_place(one, quoted=3, named=2)
        elif not self._may_be_meant(speaker):
            return None
        else:
            self._weigh_place(one, quoted=1, named=1, just_before=2)
        if said := self.near.get(speaker.pk):
            is_decided = said.status in PUBLIC
            one.add(4 if is_decided else 2, f"Said these words in {said.outlet or said.article}.")
        _weigh_roles(one, self.held.get(speaker.pk, []), self.quote)
        return one if one.weight > 0 or is_now else None

    def _weigh_place(self, one: Suggestion, *, quoted: int, named: int, just_before=0) -> None:
        if one.speaker.pk == self.quote.speaker_id:
            return
        place = self.cast.named_at(one.speaker) if just_before else -1
        if just_before and one.speaker.pk == self.quoted_last:
            one.add(quoted + just_before, "Quoted just before.")
        elif one.speaker.pk in self.cast.quoted:
            one.add(quoted, "Quoted elsewhere in this article.")
        elif just_before and place == self.named_last >= 0:
            one.add(named + just_before, "Named just before.")
        elif set(one.speaker.names_folded) & self.in_text:
            one.add(named, "Named in this article.")

    def _may_be_meant(self, speaker: Speaker) -> bool:
        """Whether a pronoun can mean a speaker, if one is printed: he, she; never a body."""
        if not (printed := self.printed):
            return True
        said = printed.casefold().split()
        tags = lexicon_for("", self.quote.article.language or "en").tags
        pronoun = tags.get(said[0], 0) if len(said) == 1 else 0
        if not pronoun & (Tag.HE | Tag.SHE):
            return True
        sex = "female" if pronoun & Tag.SHE else "male"
        named = parse(speaker.name).sex
        return speaker.kind in PERSONS and named in (None, sex)

    # Joint statements

    def _joint(self) -> list[Suggestion]:
        """A joint statement of those whom “A and B” names, if each can mean only one."""
        members = [self._only_one(part) for part in self.parts]
        if len(members) < 2 or None in members or len({one.speaker.pk for one in members}) < 2:
            return []
        now = self.quote.speaker
        if now and set(now.members) == {one.speaker.pk for one in members}:
            return []
        first, *others = members
        reason = f"“{self.named}” names {'both' if len(members) == 2 else 'all'} of them."
        return [Suggestion(first.speaker, reasons=[reason], others=others)]

    def _only_one(self, part: str) -> Suggestion | None:
        weighed = []
        for speaker in self.candidates:
            one = Suggestion(speaker)
            if speaker.kind != Kind.COLLECTIVE and not identifies_nobody(speaker):
                _weigh_name(one, self.keys[part], None)
            if one.weight:
                self._weigh_place(one, quoted=3, named=2)
                weighed.append(one)
        best, *rest = _best(weighed, 2) or [None]
        return None if rest and rest[0].weight == best.weight else best


def _best(suggestions: Iterable[Suggestion], most: int) -> list[Suggestion]:
    return sorted(suggestions, key=lambda one: (-one.weight, str(one.speaker.pk)))[:most]


def _joint_parts(named: str | None) -> list[str]:
    """The names in “Ada Lund and Bo Ek”; none unless each part is one."""
    if not named or parse(named).kind == NameKind.BODY:
        return []
    ands = "|".join(sorted(map(re.escape, words()["conjunctions"]), key=len, reverse=True))
    parts = [part for part in re.split(rf",\s*|\s+(?:{ands})\s+|\s*&\s*", named) if part]
    return parts if len(parts) > 1 and all(map(is_name, parts)) else []


def _words(folded: str) -> list[str]:
    words = [word for word in folded.replace(".", " ").split() if word]
    return [word for word in words if word not in TITLES] or words


def _weigh_name(suggestion: Suggestion, folded: str, filed: str | None) -> None:
    """Compare the names; `filed` is the name as filed, if the article prints none."""
    names = suggestion.speaker.names_folded
    if folded in names:
        suggestion.add(5, f"Called “{filed}” on record." if filed else "Name matches exactly.")
        return
    wanted = _words(folded)
    given = _words(folded)[:-1]
    for theirs in (_words(name) for name in names):
        if not theirs or theirs[-1] != wanted[-1]:
            continue
        if not given:
            suggestion.add(2, f"Has the surname of “{filed}”." if filed else "Same surname.")
            return
        if theirs[:-1] and theirs[0][0] == given[0][0]:
            either = len(theirs[0]) == 1 or len(given[0]) == 1 or theirs[0] == given[0]
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


def _weigh_post(suggestion: Suggestion, quote: Quote) -> None:
    """Compare the role and organisation of other quotes, where no affiliation says more."""
    card = suggestion.card
    body = quote.organisation.name if quote.organisation else quote.attribution_organisation
    role = quote.attribution_role or quote.role
    if suggestion.affiliation or not (card.role or card.organisation):
        return
    bodies = bool(body and card.organisation) and Body((body,)).agrees_with(
        Body((card.organisation,))
    )
    roles = bool(role and card.role) and roles_agree([role], [card.role])
    if bodies or roles:
        suggestion.add(2 * bodies + roles, f"Elsewhere {card.difference}.")
    elif body and card.organisation:
        suggestion.weight -= 1

"""Whom a speaker phrase means: full names, surnames, acronyms, pronouns, descriptions.

In: attributions in the order of the text. Out: a `Speaker` for each. A pronoun takes the person of
its gender who spoke last or was named last; "the agency" the body with that word in its name.
"""

from dataclasses import dataclass, replace

from quotes.extraction.affiliations import Affiliations
from quotes.extraction.attribution import Attribution, Attributor
from quotes.extraction.bodies import body_at
from quotes.extraction.languages import Tag
from quotes.extraction.names import is_acronym
from quotes.extraction.offices import BEFORE, Office, office_in
from quotes.extraction.organisations import Body, fold
from quotes.extraction.people import Cast, Mention, Person
from quotes.extraction.phrases import BODY, NOUN, PERSON, PRONOUN, Phrase
from quotes.extraction.words import Sentence, Token

DESCRIBED_REACH = 600  # code points back from "the former detective" to the last speaker
RIVAL_SENTENCES = 3  # back from a pronoun, within which others might be meant
PRONOUN_REACH = 1_500  # code points back from a pronoun to its name
SENTENCE_OPENING = 40  # code points within which a pronoun is its sentence's subject
UNNAMED, UNKNOWN = "unnamed", "unknown"


@dataclass(slots=True, eq=False)
class Speaker:
    name: str
    kind: str  # person, organisation, unnamed, collective
    role: str | None = None
    organisation: str | None = None
    person: Person | None = None
    how: str = "name"
    start: int = -1
    end: int = -1
    gender: str | None = None
    words: frozenset[str] = frozenset()
    animate: bool = True
    rivals: int = 0  # others whom a pronoun might mean
    distance: int = 0  # code points back from a pronoun to the name
    office: Office | None = None  # where role and body are printed


class Resolver:
    def __init__(self, text: str, cast: Cast, attributor: Attributor):
        self.text, self.cast, self.attributor = text, cast, attributor
        self.affiliations = Affiliations(text, cast)
        self.spoken: list[tuple[int, Speaker]] = []  # in order, also of words without marks
        self.unnamed: list[Speaker] = []
        self._by_phrase: dict[tuple[int, int], Speaker] = {}
        self._heard = 0

    def speaker(self, attribution: Attribution) -> Speaker | None:
        """The speaker of an attribution; its source's if it takes one over."""
        attribution = attribution.origin
        if attribution.source_speaker is not None:
            attribution = attribution.source_speaker.origin
        if attribution.phrase is None or attribution.tokens is None:
            return None
        self._listen(attribution.cue_sentence)
        return self.of_phrase(attribution.tokens, attribution.phrase, attribution.cue_sentence)

    def _listen(self, upto: Sentence | None) -> None:
        """Note who speaks in the sentences before, also without marks."""
        sentences = self.attributor.sentences
        while upto is not None and self._heard < upto.index:
            sentence = sentences[self._heard]
            self._heard += 1
            for cue in self.attributor.cues(sentence):
                if cue.strong and cue.subject is not None and not cue.relative:
                    self.of_phrase(sentence.tokens, cue.subject, sentence)

    def of_phrase(self, tokens: list[Token], phrase: Phrase, sentence: Sentence) -> Speaker | None:
        key = (tokens[phrase.start].start, tokens[phrase.end - 1].end)
        if key not in self._by_phrase:
            speaker = self._resolve(tokens, phrase, sentence)
            if speaker is None:
                return None
            self._by_phrase[key] = speaker
            self.spoken.append((key[0], speaker))
        return self._by_phrase[key]

    def _resolve(self, tokens: list[Token], phrase: Phrase, sentence: Sentence) -> Speaker | None:
        if phrase.kind == PERSON:
            return self._person(tokens, phrase, sentence)
        if phrase.kind == PRONOUN:
            return self._pronoun(tokens[phrase.start], sentence)
        if phrase.kind == BODY:
            return self._body(tokens, phrase, sentence)
        return self._noun(tokens, phrase, sentence)

    def _person(self, tokens: list[Token], phrase: Phrase, sentence: Sentence) -> Speaker:
        start, end = phrase.name
        person = self.cast.at.get(tokens[start].start) if not phrase.full else None
        if person is None and all(t.text.isupper() for t in tokens[start:end]):
            person = self.cast.find(self.text[tokens[start].start : tokens[end - 1].end])
        person = person or self.cast.add(sentence, start, end, phrase.full)
        if not any(m.sentence is sentence and m.start <= start < m.end for m in person.mentions):
            person.mentions.append(Mention(sentence, start, end, False))
        return self.of_person(person, "name" if phrase.full else "surname")

    def of_person(self, person: Person, how: str) -> Speaker:
        office = self.cast.office(person)
        role = organisation = None
        if office is not None:
            role = self.text[office.start : office.end]
            organisation = self.affiliations.of_office(office)
        organisation = organisation or self.affiliations.of_person(person)
        speaker = Speaker(person.name, PERSON, role, organisation, person, how)
        speaker.start, speaker.end, speaker.gender = person.start, person.end, person.gender
        speaker.office = office
        return speaker

    def _pronoun(self, token: Token, sentence: Sentence) -> Speaker | None:
        if token.tags & (Tag.HE | Tag.SHE):
            return self._he_or_she("m" if token.tags & Tag.HE else "f", token.start, sentence)
        if token.tags & (Tag.THEY | Tag.IT):
            return self._they_or_it(token, sentence)
        return None

    def _they_or_it(self, token: Token, sentence: Sentence) -> Speaker | None:
        subject = self._subject_of(sentence, token)
        if subject is not None:
            return _again(subject, "pronoun")
        for position, speaker in reversed(self.spoken):
            if token.start - position > PRONOUN_REACH:
                break
            if position >= token.start or speaker.kind == PERSON or not speaker.animate:
                continue
            if token.tags & Tag.THEY or speaker.kind == "organisation":
                return _again(speaker, "pronoun")
        if not token.tags & Tag.IT:
            return None
        body = self.cast.organisations.last_before(token.start, PRONOUN_REACH)
        return self._of_body(body.name, "pronoun", body) if body is not None else None

    def _subject_of(self, sentence: Sentence, token: Token) -> Speaker | None:
        """The body or people that this sentence is about: "The union condemned what it called"."""
        if token.start - sentence.tokens[0].start < SENTENCE_OPENING // 4:
            return None
        phrase = self.attributor.subjects.main_subject(sentence.tokens, 0, len(sentence.tokens))
        if phrase is None or phrase.kind not in (BODY, NOUN):
            return None
        head = sentence.tokens[phrase.head]
        many = Tag.COLLECTIVE | Tag.BODY | Tag.BODY_NOUN | Tag.GENERIC_BODY
        if head.start >= token.start or not (head.tags & many or phrase.kind == BODY):
            return None
        return self.of_phrase(sentence.tokens, phrase, sentence)

    def _he_or_she(self, gender: str, position: int, sentence: Sentence) -> Speaker | None:
        last = next((s for p, s in reversed(self.spoken) if p < position), None)
        best, best_score, best_at = None, -1e9, 0
        rivals: set[int] = set()
        for at, person, mention in self.cast.mentions_before(position, PRONOUN_REACH):
            if person.gender is not None and person.gender != gender:
                continue
            if mention.sentence is sentence and _is_agent(mention):
                continue
            score = -2.0 * (sentence.index - mention.sentence.index)
            score -= 2.0 * (sentence.paragraph != mention.sentence.paragraph)
            score += 3.0 * (last is not None and last.person is person)
            score += 2.0 * mention.first + 1.0 * (person.gender == gender)
            if sentence.index - mention.sentence.index <= RIVAL_SENTENCES:
                rivals.add(id(person))
            if score > best_score:
                best, best_score, best_at = person, score, at
        subject = self._unnamed_subject(sentence, position)
        if subject is not None and best_score < 1 and subject.gender in (None, gender):
            subject.gender = gender
            return _again(subject, "pronoun")
        fits = last is not None and last.person is None and last.gender in (None, gender)
        fits = fits and last.animate
        if fits and last.kind == UNNAMED and best_score < 0:
            return _again(last, "pronoun")
        if best is None:
            return _again(last, "pronoun") if fits and last.kind == UNNAMED else None
        speaker = self.of_person(best, "pronoun")
        speaker.rivals = len(rivals - {id(best)})
        speaker.distance = position - best_at
        best.gender = best.gender or gender
        return speaker

    def _unnamed_subject(self, sentence: Sentence, position: int) -> Speaker | None:
        """The unnamed person that the sentence before, in the same paragraph, is about."""
        if sentence.first or sentence.tokens[0].start < position - SENTENCE_OPENING:
            return None
        before = self.attributor.sentences[sentence.index - 1]
        phrase = self.attributor.subjects.main_subject(before.tokens, 0, len(before.tokens))
        if phrase is None or phrase.kind != NOUN:
            return None
        one = Tag.ROLE | Tag.UNNAMED | Tag.ANIMATE | Tag.QUANTIFIER
        if not before.tokens[phrase.head].tags & one:
            return None
        return self.of_phrase(before.tokens, phrase, before)

    def _opens(self, tokens: list[Token], start: int) -> bool:
        """Whether a capital may only be the first of a sentence: "Organisers said"."""
        return start == 0 and not tokens[start].tags & (Tag.PLACE | Tag.BODY)

    def _body(self, tokens: list[Token], phrase: Phrase, sentence: Sentence) -> Speaker | None:
        start, end = phrase.name
        while end - start > 1 and tokens[end - 1].text == ")":
            end = next((i for i in range(end - 1, start, -1) if tokens[i].text == "("), end - 1)
        stop = body_at(tokens, start, end)
        if stop is not None and stop < end and tokens[stop].tags & Tag.PREPOSITION:
            end = stop  # "the European Union in a vote"
        name = self.text[tokens[start].start : tokens[end - 1].end]
        owner = _owner(tokens, start, end)
        if owner is not None and tokens[phrase.end - 1].tags & (Tag.DOCUMENT | Tag.STATEMENT):
            return self._named(tokens, start, owner)
        person = self.cast.find(name) if end - start <= 3 else None
        if person is not None and not is_acronym(tokens[start]):
            return self.of_person(person, "surname")
        if end - start == 1 and tokens[start].low.endswith("s") and self._opens(tokens, start):
            return self._noun(tokens, phrase, sentence)
        speaker = self._of_body(name, "acronym" if is_acronym(tokens[start]) else "name", None)
        if end - start == 1 and not is_acronym(tokens[start]) and not tokens[start].tags:
            speaker.kind, speaker.organisation = UNKNOWN, None
        if speaker.start < 0:
            speaker.start, speaker.end = tokens[start].start, tokens[end - 1].end
        return speaker

    def _named(self, tokens: list[Token], start: int, end: int) -> Speaker:
        """The owner of a document: "Ann Lee’s statement"."""
        name = self.text[tokens[start].start : tokens[end - 1].end]
        person = self.cast.find(name)
        return (
            self.of_person(person, "owner")
            if person is not None
            else self._of_body(name, "owner", None)
        )

    def _of_body(self, name: str, how: str, body: Body | None) -> Speaker:
        full = self.cast.organisations.full_name(self.affiliations.bare(name))
        known = body or self.cast.organisations.named(full)
        tags = self.cast.lexicon.tags
        place = all(tags.get(w, 0) & (Tag.PLACE | Tag.PLACE_LEAD) for w in fold(full).split())
        start, end = (known.start, known.end) if known else (-1, -1)
        return Speaker(full, "organisation", None, None if place else full, None, how, start, end)

    def _noun(self, tokens: list[Token], phrase: Phrase, sentence: Sentence) -> Speaker | None:
        start, end = phrase.start, phrase.end
        first, head = tokens[start], tokens[phrase.head]
        owner = _owner(tokens, start, end)
        if owner is not None and head.tags & (Tag.DOCUMENT | Tag.STATEMENT):
            inner = start
            while inner < owner - 1 and tokens[inner].tags & Tag.DETERMINER:
                inner += 1
            if tokens[inner].cap and not tokens[inner].tags & Tag.NEVER:
                return self._named(tokens, inner, owner)
        name = self.affiliations.bare(self.text[tokens[start].start : tokens[end - 1].end])
        definite = (
            bool(first.tags & Tag.DEFINITE) or bool(first.tags & Tag.POSSESSIVE) or first is head
        )
        if definite or head.tags & Tag.GENERIC_BODY:
            known = self._described(tokens, phrase, first)
            if known is not None:
                return known
        person = self.cast.find(name) if end - start <= 2 and head.cap else None
        if person is not None:
            return self.of_person(person, "surname")
        kind = "collective" if head.tags & Tag.COLLECTIVE or head.low.endswith("s") else UNNAMED
        speaker = Speaker(
            name, kind, None, None, None, "noun", tokens[start].start, tokens[end - 1].end
        )
        speaker.words = frozenset([head.low])
        beings = Tag.ROLE | Tag.UNNAMED | Tag.COLLECTIVE | Tag.ANIMATE | Tag.QUANTIFIER
        beings |= Tag.BODY_NOUN | Tag.GENERIC_BODY | Tag.STATEMENT | Tag.DOCUMENT
        agent = head.low.endswith(self.cast.lexicon.agent_endings)
        speaker.animate = bool(head.tags & beings) or agent
        if head.tags & Tag.HE_NOUN:
            speaker.gender = "m"
        elif head.tags & Tag.SHE_NOUN:
            speaker.gender = "f"
        if head.tags & (Tag.ROLE | Tag.UNNAMED):
            office = office_in(tokens, start, end, BEFORE)
            if office is not None:
                speaker.role = _role_only(self.text, tokens, phrase, office)
                speaker.organisation = self.affiliations.of_office(office)
        same = self._same_unnamed(speaker)
        if same is not None:
            return _again(same, "described")
        self.unnamed.append(speaker)
        return speaker

    def _same_unnamed(self, speaker: Speaker) -> Speaker | None:
        """The unnamed speaker of this body and role, or "one of them", met before."""
        office = (speaker.role, speaker.organisation)
        for known in reversed(self.unnamed):
            if speaker.name.lower() == "one of them" and known.name.lower().startswith("one of"):
                return known
            if all(office) and office == (known.role, known.organisation):
                return known
        return None

    def _last_person(self, position: int) -> Speaker | None:
        """Who spoke last, if it was a named person and not long ago."""
        for at, speaker in reversed(self.spoken):
            if position - at > DESCRIBED_REACH:
                break
            if at < position and speaker.kind == PERSON:
                return _again(speaker, "described anew")
        return None

    def _described(self, tokens: list[Token], phrase: Phrase, first: Token) -> Speaker | None:
        """Whom "the minister" or "the agency" means."""
        head, position = tokens[phrase.head], first.start
        for speaker in reversed(self.unnamed):
            if (
                head.low in speaker.words
                and speaker.start < position
                and phrase.end - phrase.start <= 3
            ):
                return _again(speaker, "described")
        if head.text[0].isdigit() and first.tags & Tag.DEFINITE:  # "the 54-year-old"
            return self._last_person(position)
        if head.tags & (Tag.ROLE | Tag.TITLE_ROLE | Tag.UNNAMED) and phrase.end - phrase.start <= 4:
            for _, person, _ in self.cast.mentions_before(position, position):
                office = self.cast.office(person)
                held = fold(self.text[office.start : office.end]).split() if office else ()
                short = (w[:-1] for w in held if w[-1] == "." and len(w) > 2)  # "Gov."
                if head.low in held or any(head.low.startswith(word) for word in short):
                    return self.of_person(person, "described")
            modified = phrase.end - phrase.start > 2  # "the former detective"
            if first.tags & Tag.DEFINITE and modified and not head.tags & Tag.UNNAMED:
                return self._last_person(position)
        if head.tags & Tag.BODY_NOUN and phrase.end - phrase.start <= 2:
            body = self.cast.organisations.by_noun(head.low, position)
            if body is not None:
                return self._of_body(body.name, "described", body)
            for at, speaker in reversed(self.spoken):
                if (
                    at < position
                    and speaker.kind == "organisation"
                    and head.tags & Tag.GENERIC_BODY
                ):
                    return _again(speaker, "described")
        return None


def _is_agent(mention: Mention) -> bool:
    """Whether a name stands after "by": the one who asks is not the one who answers."""
    tokens = mention.sentence.tokens
    return any(tokens[k].tags & Tag.AGENT for k in range(max(0, mention.start - 2), mention.start))


def _again(speaker: Speaker, how: str) -> Speaker:
    return replace(speaker, how=how)


def _owner(tokens: list[Token], start: int, end: int) -> int | None:
    """Where the possessor at the left of a phrase ends: "PC World" in "PC World’s analysis"."""
    return next((k for k in range(start + 1, end) if tokens[k].low == "'s"), None)


def _role_only(text: str, tokens: list[Token], phrase: Phrase, office: Office) -> str:
    """The role of an unnamed speaker, without the body: "spokesperson" of "an NCA spokesperson"."""
    head = tokens[phrase.head]
    start = office.start
    if office.body is not None and office.body[0] <= start < office.body[1]:
        start = head.start
    if office.modifier is not None:
        start = head.start
    return text[start : head.end]

"""The cast of an article: who is named in it, and whom a surname, pronoun or description means.

In: the sentences of an article. Out: a `Cast` of people and bodies with every place that names
them. Full names come first; surnames, acronyms, titles and pronouns lead back to them.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from quotes.extraction.appositions import role_after, role_before, role_is
from quotes.extraction.languages import Lexicon, Tag
from quotes.extraction.names import person_in, runs
from quotes.extraction.offices import (
    AFTER,
    BEFORE,
    Office,
    office_in,
)
from quotes.extraction.organisations import Organisations, fold
from quotes.extraction.phrases import is_adverb
from quotes.extraction.words import NUMBER, WORD, Sentence, Token

TITLE_CASE = 0.6  # of the words of a headline are capitals: none of them tells a name
MAX_LOOKED_BACK = 200  # mentions, for a pronoun or description
MAX_OFFICE_MENTIONS = 12  # of one person that are read for a role


@dataclass(slots=True)
class Mention:
    sentence: Sentence
    start: int  # tokens of the name
    end: int
    first: bool  # of the names of its sentence

    @property
    def position(self) -> int:
        return self.sentence.tokens[self.start].start


@dataclass(slots=True, eq=False)
class Person:
    name: str
    start: int
    end: int
    gender: str | None = None
    mentions: list[Mention] = field(default_factory=list)
    full: bool = True
    _office: "Office | bool | None" = False

    def words(self) -> list[str]:
        return fold(self.name).split()


class Cast:
    """The people and bodies of one article."""

    def __init__(self, text: str, sentences: list[Sentence], lexicon: Lexicon):
        self.text, self.lexicon = text, lexicon
        self.people: list[Person] = []
        self.by_word: dict[str, list[Person]] = defaultdict(list)
        self.known: set[str] = set()
        self.organisations = Organisations(text, lambda name: self.find(name) is not None)
        self.mentions: list[tuple[int, Person, Mention]] = []
        self.at: dict[int, Person] = {}  # whom the name at a place of the text means
        self._last_full: dict[str, Person] = {}
        self._headlines: list[Sentence] = []
        for sentence in sentences:
            if _is_title_case(sentence):
                self._headlines.append(sentence)
            else:
                self._full_names(sentence)
        for sentence in self._headlines:
            self._names_in_headline(sentence)
        for sentence in sentences:
            self._mentions(sentence)
        self.organisations.add_initials()
        self.mentions.sort(key=lambda m: m[0])

    # People

    def _full_names(self, sentence: Sentence) -> None:
        tokens = sentence.tokens
        for a, b in runs(tokens, 0, len(tokens)):
            self.organisations.spot(sentence, a, b)
            found = person_in(tokens, a, b, 0)
            if found is None:
                continue
            start, end, full = found
            family = tokens[end - 1].low in self.known  # "her brother, Silas Pellow"
            if full and not family and not _vouched(tokens, a, start, end):
                continue
            self.add(sentence, start, end, full)

    def _names_in_headline(self, sentence: Sentence) -> None:
        """Take a first name and the word after it, where nearly all words are capitals."""
        tokens = sentence.tokens
        for k in range(len(tokens) - 1):
            first, last = tokens[k], tokens[k + 1]
            if not (first.cap and first.tags & Tag.FIRST_NAME and last.cap):
                continue
            other = Tag.NEVER | Tag.CUE | Tag.ROLE | Tag.BODY | Tag.VERB | Tag.PREPOSITION | Tag.AUX
            if not last.tags & other and not first.tags & (Tag.ROLE | Tag.PLACE | Tag.AUX):
                self.add(sentence, k, k + 2, True)

    def add(self, sentence: Sentence, start: int, end: int, full: bool) -> Person:
        """Add the person whose name stands at these tokens, or return the one known by it."""
        tokens = sentence.tokens
        begin, stop = tokens[start].start, tokens[end - 1].end
        name = self.text[begin:stop]
        known = self.find(name)
        if known and (not full or known.full):
            return known
        person = Person(name, begin, stop, full=full)
        person.gender = self._gender(tokens, start)
        if known and not known.full:  # "Mr Toccafondi" before "Gabriele Toccafondi"
            known.name, known.start, known.end, known.full = name, begin, stop, True
            known.gender = known.gender or person.gender
            person = known
        else:
            self.people.append(person)
        for word in person.words():
            if person not in self.by_word[word]:
                self.by_word[word].append(person)
        self.known.add(tokens[end - 1].low)
        if full:
            self.known.add(tokens[start].low)
        return person

    def _gender(self, tokens: list[Token], start: int) -> str | None:
        before = tokens[start - 1].tags if start else 0
        if before & (Tag.HONORIFIC_HE | Tag.HE_NOUN):
            return "m"
        if before & (Tag.HONORIFIC_SHE | Tag.SHE_NOUN):
            return "f"
        first = tokens[start].tags & Tag.FIRST_NAME
        return "m" if first == Tag.MALE else "f" if first == Tag.FEMALE else None

    def find(self, name: str) -> Person | None:
        """The person that a name or part of one means, if any."""
        words = fold(name).split()
        if not words:
            return None
        candidates = self.by_word.get(words[-1]) or []
        if len(words) > 1:
            for person in candidates:
                if person.words() == words:
                    return person
            whole = [p for p in candidates if set(words) <= set(p.words())]
            if whole:
                return whole[0]
            initial = [
                p
                for p in candidates
                if p.words()[-1] == words[-1]
                and ((p.words()[0][0] == words[0][0] and "." in words[0]) or not p.full)
            ]
            return initial[0] if initial else None
        by_surname = [p for p in candidates if p.words()[-1] == words[0]]
        if by_surname:
            return by_surname[0]
        return next(
            (p for p in candidates if p.words()[0] == words[0]),
            candidates[0] if candidates else None,
        )

    def _mentions(self, sentence: Sentence) -> None:
        tokens = sentence.tokens
        first = True
        for k, token in enumerate(tokens):
            if not token.cap or fold(token.text) not in self.by_word:
                continue
            if (
                k
                and tokens[k - 1].cap
                and fold(tokens[k - 1].text) in self.by_word
                and self._same(tokens, k)
            ):
                continue  # inside a name already seen
            end = k + 1
            while (
                end < len(tokens)
                and (tokens[end].cap or tokens[end].tags & Tag.PARTICLE)
                and self._goes_on(tokens, k, end)
            ):
                end += 1
            while end > k + 1 and not tokens[end - 1].cap:
                end -= 1
            person = self._who(sentence, k, end)
            if person is None or (end == k + 1 and not self._stands_alone(tokens, k, person)):
                continue
            if end > k + 1:
                self._last_full[fold(tokens[end - 1].text)] = person
            self.at[token.start] = person
            mention = Mention(sentence, k, end, first)
            first = False
            if (end == k + 1 and person.gender is None) or person.gender is None:
                person.gender = self._gender_before(tokens, k)
            person.mentions.append(mention)
            self.mentions.append((token.start, person, mention))

    def mentions_before(self, position: int, reach: int) -> Iterator[tuple[int, Person, Mention]]:
        """The last mentions before a place in the text, the nearest first."""
        start = bisect_left(self.mentions, position, key=lambda mention: mention[0])
        for k in range(start - 1, max(-1, start - 1 - MAX_LOOKED_BACK), -1):
            if position - self.mentions[k][0] > reach:
                return
            yield self.mentions[k]

    def _gender_before(self, tokens: list[Token], k: int) -> str | None:
        if k == 0:
            return None
        tags = tokens[k - 1].tags
        if tags & (Tag.HONORIFIC_HE | Tag.HE_NOUN):
            return "m"
        return "f" if tags & (Tag.HONORIFIC_SHE | Tag.SHE_NOUN) else None

    def _who(self, sentence: Sentence, k: int, end: int) -> Person | None:
        """Whom a name means; of two with one surname the one its title fits, or named last."""
        tokens = sentence.tokens
        person = self.find(self.text[tokens[k].start : tokens[end - 1].end])
        if end > k + 1 or person is None:
            return person
        word = fold(tokens[k].text)
        family = [p for p in self.by_word[word] if p.words()[-1] == word]
        if len(family) < 2:
            return person
        gender = self._gender_before(tokens, k)
        fitting = [p for p in family if gender and p.gender in (gender, None)]
        fitting.sort(key=lambda p: p.gender != gender)
        last = self._last_full.get(word)
        if fitting:
            return last if last in fitting and last.gender == gender else fitting[0]
        return last or person

    def _same(self, tokens: list[Token], k: int) -> bool:
        return any(
            p in self.by_word[fold(tokens[k].text)] for p in self.by_word[fold(tokens[k - 1].text)]
        )

    def _goes_on(self, tokens: list[Token], k: int, end: int) -> bool:
        word = fold(tokens[end].text)
        return any(word in p.words() for p in self.by_word[fold(tokens[k].text)])

    def _stands_alone(self, tokens: list[Token], k: int, person: Person) -> bool:
        """Whether one word is a surname or first name here, not part of another name."""
        word = fold(tokens[k].text)
        if word not in (person.words()[0], person.words()[-1]):
            return False
        after = tokens[k + 1] if k + 1 < len(tokens) else None
        if (
            after is not None
            and after.cap
            and not after.tags & (Tag.NEVER | Tag.SUFFIX)
            and after.start - tokens[k].end <= 1
        ):
            return False
        before = tokens[k - 1] if k else None
        if before is None or not before.cap:
            return True
        return bool(
            before.tags
            & (
                Tag.TITLE
                | Tag.TITLE_ROLE
                | Tag.ROLE
                | Tag.NEVER
                | Tag.AUX
                | Tag.CONJUNCTION
                | Tag.PREPOSITION
            )
        )

    # Roles

    def office(self, person: Person) -> Office | None:
        """The fullest role printed with any of a person's names."""
        if person._office is False:
            person._office = self._read_office(person)
        return person._office

    def _read_office(self, person: Person) -> Office | None:
        best: Office | None = None
        for mention in person.mentions[:MAX_OFFICE_MENTIONS]:
            for office in self._offices_at(mention):
                if best is None or office.weight > best.weight:
                    best = office
        return best

    def _offices_at(self, mention: Mention) -> list[Office]:
        tokens = mention.sentence.tokens
        full = 0.2 if mention.end - mention.start > 1 else 0
        found = []
        before = role_before(tokens, mention.start, 0)
        if before:
            comma = tokens[mention.start - 1].text == ","
            closed = mention.end >= len(tokens) or not tokens[mention.end].tags & Tag.AND
            if not comma or (closed and full):
                found.append(office_in(tokens, *before, BEFORE + full))
        for nth, (start, stop) in enumerate(role_after(tokens, mention.end, len(tokens))):
            found.append(office_in(tokens, start, stop, AFTER + full - nth))
        stated = role_is(tokens, mention.end, len(tokens))
        if stated:
            found.append(office_in(tokens, *stated, AFTER - 0.5))
        return [office for office in found if office]


def _is_title_case(sentence: Sentence) -> bool:
    words = [token for token in sentence.tokens if token.kind == WORD]
    if len(words) < 4 or not sentence.first:
        return False
    return (
        sum(token.cap for token in words) > TITLE_CASE * len(words)
        and sentence.tokens[-1].text not in ".?!,"
    )


def _vouched(tokens: list[Token], a: int, start: int, end: int) -> bool:
    """Whether something beside two capitals tells a person's name."""
    if any(token.tags & Tag.FIRST_NAME for token in tokens[start : end - 1]):
        return True
    if start > a or (start and tokens[start - 1].tags & (Tag.TITLE | Tag.ROLE | Tag.TITLE_ROLE)):
        return True
    if start and tokens[start - 1].tags & Tag.DEFINITE:
        return False
    k = end
    if k < len(tokens) and tokens[k].text == ",":
        after = tokens[k + 1] if k + 1 < len(tokens) else None
        if after is not None and (after.kind == NUMBER and len(after.text) < 3):
            return True
        if role_after(tokens, end, len(tokens)):
            return True
    while k < len(tokens) and (is_adverb(tokens[k]) or tokens[k].tags & Tag.AUX):
        k += 1
    if k < len(tokens) and tokens[k].tags & Tag.STRONG and not tokens[k].tags & Tag.NOUN_TOO:
        return True
    return bool(
        start and tokens[start - 1].tags & Tag.STRONG and not tokens[start - 1].tags & Tag.NOUN_TOO
    )

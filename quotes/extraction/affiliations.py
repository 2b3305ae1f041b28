"""The body that a speaker is printed as one of: by an office, "of the CCC", "the CCC’s Ann Lee".

In: an office or a person of the cast. Out: the body's fullest printed name, or none: a home town
or country is no body.
"""

from quotes.extraction.bodies import body_at
from quotes.extraction.languages import Tag
from quotes.extraction.names import is_acronym
from quotes.extraction.offices import Office
from quotes.extraction.people import Cast, Person
from quotes.extraction.words import Token

CLAUSE_TOKENS = 12  # of "who studies bees at …" that are read
MAX_AFFILIATIONS = 12  # mentions of a person that are read for "of BODY"


class Affiliations:
    def __init__(self, text: str, cast: Cast):
        self.text, self.cast = text, cast

    def of_office(self, office: Office) -> str | None:
        if office.body is not None:
            name = self.bare(self.text[office.body[0] : office.body[1]])
            if self.cast.find(name) is not None:
                return None  # "Clinton spokesman": a person, not a body
            if name.islower() and " " not in name:
                body = self.cast.organisations.by_noun(name, office.start)
                name = body.name if body is not None else name
            return self.cast.organisations.full_name(self._without_unit(name))
        if office.modifier is not None:
            body = self.cast.organisations.by_noun(office.modifier.low, office.start)
            return self.cast.organisations.full_name(body.name) if body else None
        return None

    def bare(self, name: str) -> str:
        """A name without its article."""
        low = name.lower().replace("’", "'")
        for article in self.cast.lexicon.articles:
            if low.startswith(article + ("" if article.endswith("'") else " ")):
                return name[len(article) :].lstrip()
        return name

    def _without_unit(self, name: str) -> str:
        """The acronym of "DTO Service Design" if only it is a body elsewhere in the text."""
        first, _, rest = name.partition(" ")
        known = first in self.cast.organisations.acronyms or self.text.count(first) > 2
        if rest and len(first) > 1 and first.isupper() and known and self.text.count(name) == 1:
            return first
        return name

    def of_person(self, person: Person) -> str | None:
        """The body in "Ann Lee of the CCC"."""
        for mention in person.mentions[:MAX_AFFILIATIONS]:
            tokens, k = mention.sentence.tokens, mention.end
            owner = self._owner_of(tokens, mention.start)
            if owner is not None:
                return self.cast.organisations.full_name(owner)
            if k + 2 < len(tokens) and tokens[k].text == "," and tokens[k + 1].tags & Tag.RELATIVE:
                k = self._workplace(tokens, k + 2)
            if k + 1 >= len(tokens) or not tokens[k].tags & Tag.PREPOSITION:
                continue
            definite = bool(tokens[k + 1].tags & Tag.DEFINITE)
            after = k + 2 if definite else k + 1
            if tokens[k].tags & Tag.TOPIC or after >= len(tokens) or not tokens[after].cap:
                continue
            stop = body_at(tokens, after, len(tokens))
            if stop is None or not self._is_employer(tokens, k, after, stop, definite):
                continue
            begin = after - 1 if tokens[after - 1].text == "The" else after
            return self.cast.organisations.full_name(
                self.text[tokens[begin].start : tokens[stop - 1].end]
            )
        return None

    def _owner_of(self, tokens: list[Token], name: int) -> str | None:
        """The body in "the Liberal Alliance’s Ann Lee"."""
        stop = name - 1
        if stop < 1 or tokens[stop].low != "'s" or not tokens[stop - 1].cap:
            return None
        begin = stop - 1
        while begin > 0 and tokens[begin - 1].cap and not tokens[begin - 1].tags & Tag.NEVER:
            begin -= 1
        words = tokens[begin:stop]
        definite = begin > 0 and bool(tokens[begin - 1].tags & Tag.DEFINITE)
        bodily = is_acronym(words[-1]) or any(t.tags & Tag.BODY for t in words)
        place = all(t.tags & (Tag.PLACE | Tag.PLACE_LEAD) for t in words)
        owner = self.text[words[0].start : words[-1].end]
        if place or self.cast.find(owner) or not (bodily or (definite and len(words) > 1)):
            return None
        return owner

    def _workplace(self, tokens: list[Token], start: int) -> int:
        """Where "at BODY" stands in "Ann Lee, who studies bees at the University of X,"."""
        for k in range(start, min(len(tokens) - 2, start + CLAUSE_TOKENS)):
            if tokens[k].text == ",":
                break
            after = k + 2 if tokens[k + 1].tags & Tag.DEFINITE else k + 1
            works = tokens[k].tags & Tag.PREPOSITION and not tokens[k].tags & Tag.TOPIC
            if works and not tokens[k].tags & Tag.BODY_JOINT and tokens[after].tags & Tag.BODY:
                return k if tokens[after].cap else len(tokens)
        return len(tokens)

    def _is_employer(
        self, tokens: list[Token], joint: int, start: int, stop: int, definite: bool
    ) -> bool:
        """Whether the name after "of" is a body, not a home town: "of Leeds", "from Derry"."""
        words = tokens[start:stop]
        if words[0].tags & Tag.TIME or self.cast.find(self.text[words[0].start : words[-1].end]):
            return False
        if any(token.tags & Tag.BODY for token in words):
            return True
        if all(token.tags & (Tag.PLACE | Tag.PLACE_LEAD) for token in words if token.cap):
            return False
        town = tokens[joint].tags & Tag.BODY_JOINT or tokens[joint].low == "from"
        return definite or is_acronym(words[0]) or tokens[joint].low == "for" or not town

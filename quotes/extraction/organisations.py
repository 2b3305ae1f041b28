"""The bodies that an article names, and the fullest printed form of each.

In: chains of capitals as the cast meets them. Out: full names for acronyms and short forms, and
the body that "the agency" or "it" means.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from unicodedata import combining, normalize

from quotes.extraction.bodies import body_at
from quotes.extraction.languages import Tag
from quotes.extraction.names import is_acronym, person_in
from quotes.extraction.words import Sentence

MAX_BODIES = 50  # with one word in common that are compared with a short name


def fold(text: str) -> str:
    if not text.isascii():
        text = "".join(c for c in normalize("NFKD", text) if not combining(c))
        text = (
            text.replace("’", "'")
            .replace("ł", "l")
            .replace("Ł", "L")
            .replace("ø", "o")
            .replace("ı", "i")
        )
    return text.casefold()


@dataclass(slots=True, eq=False)
class Body:
    name: str
    start: int
    end: int
    mentions: list[int] = field(default_factory=list)  # code points


class Organisations:
    """The bodies of one article. `is_person` tells surnames from names of bodies."""

    def __init__(self, text: str, is_person: Callable[[str], bool]):
        self.text, self._is_person = text, is_person
        self.bodies: list[Body] = []
        self.acronyms: dict[str, Body] = {}
        self._by_name: dict[str, Body] = {}
        self._by_word: dict[str, list[Body]] = defaultdict(list)
        self._places: list[tuple[int, int]] | None = None

    def spot(self, sentence: Sentence, a: int, b: int) -> None:
        tokens = sentence.tokens
        bodily = any(tokens[k].tags & Tag.BODY for k in range(a, b))
        acronym = b - a == 1 and is_acronym(tokens[a])
        after_the = b - a > 1 and a > 0 and bool(tokens[a - 1].tags & Tag.DEFINITE)
        if not (bodily or acronym or after_the):
            return
        stop = body_at(tokens, a, len(tokens))
        if acronym or stop is None:
            return
        person = person_in(tokens, a, b, a)
        if person is not None and not any(t.tags & Tag.BODY for t in tokens[a : person[0]]):
            return
        if person is not None:
            stop = min(stop, person[0])
        while a < stop - 1 and tokens[a].tags & Tag.NEVER:
            a += 1
        if stop - a == 1 and tokens[a].tags & (Tag.COLLECTIVE | Tag.PLACE):
            return
        self.add(sentence, a, stop)

    def add(self, sentence: Sentence, a: int, stop: int) -> Body:
        tokens = sentence.tokens
        name = self.text[tokens[a].start : tokens[stop - 1].end]
        known = self.named(name)
        if known is None:
            known = Body(name, tokens[a].start, tokens[stop - 1].end)
            self.bodies.append(known)
            self._by_name[fold(name)] = known
            for word in _weighty_words(name):
                self._by_word[word].append(known)
        known.mentions.append(tokens[a].start)
        if (
            stop + 2 < len(tokens)
            and tokens[stop].text == "("
            and is_acronym(tokens[stop + 1])
            and tokens[stop + 2].text == ")"
        ):
            self.acronyms.setdefault(tokens[stop + 1].text.replace(".", ""), known)
        return known

    def add_initials(self) -> None:
        for body in self.bodies:
            words = [
                w
                for w in body.name.replace("-", " ").replace("’s", "").replace("'s", "").split()
                if w[0].isupper()
            ]
            if len(words) > 1:
                self.acronyms.setdefault("".join(w[0] for w in words), body)

    def full_name(self, name: str) -> str:
        """The fullest printed form of a body's name."""
        bare = name.replace(".", "")
        if bare in self.acronyms:
            return self.acronyms[bare].name
        words = _weighty_words(name)
        if not words or name.isupper() or self._is_person(name):
            return name
        rarest = min((self._by_word.get(word, []) for word in words), key=len)
        longer = [b for b in rarest[:MAX_BODIES] if self._is_longer(b.name, name, words)]
        itself = self.named(name)
        if len(longer) == 1 and (itself is None or len(itself.mentions) < 2):
            return longer[0].name
        return name

    def named(self, name: str) -> Body | None:
        return self._by_name.get(fold(name))

    def last_before(self, position: int, reach: int) -> Body | None:
        """The body named last before a place in the text."""
        if self._places is None:
            named = ((m, k) for k, body in enumerate(self.bodies) for m in body.mentions)
            self._places = sorted(named)
        k = bisect_left(self._places, (position, -1)) - 1
        if k < 0 or position - self._places[k][0] > reach:
            return None
        return self.bodies[self._places[k][1]]

    def _is_longer(self, full: str, name: str, words: set[str]) -> bool:
        """Whether a name is another with words left out: "State Department", "the Board"."""
        if len(full) <= len(name) or not words < _weighty_words(full):
            return False
        if len(words) == 1:
            return fold(full).startswith(fold(name) + " ") and len(_weighty_words(full)) == 2
        return fold(full).startswith(fold(name)) or fold(full).endswith(fold(name))

    def by_noun(self, noun: str, position: int) -> Body | None:
        """The body that "the agency" means: the last one before whose name has the word."""
        best = None
        for body in self._by_word.get(noun, [])[-MAX_BODIES:]:
            k = bisect_left(body.mentions, position) - 1
            if k >= 0 and (best is None or body.mentions[k] > best[0]):
                best = (body.mentions[k], body)
        return best[1] if best else None


def _weighty_words(name: str) -> set[str]:
    return {w for w in fold(name).replace("'s", "").split() if len(w) > 3 or w.isdigit()} or set(
        fold(name).split()
    )

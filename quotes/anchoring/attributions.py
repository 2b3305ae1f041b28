"""Read an attribution: whether it is the speaker's, and whether it names somebody else.

No grammar: verbs of saying (`words.toml`), capitals beside them, and what the speaker is called.
"""

from collections.abc import Collection, Iterable
from functools import lru_cache

import regex

from quotes.anchoring.normalization import SHORT_TITLES
from quotes.anchoring.words import folded, has_unparted, tokens, words

REACH = 8
"""Words from a verb to its subject."""

MAX_CUES = 50
"""Verbs of saying of a passage that are looked at; prose has a few."""

OWN, OTHER, PRONOUN, UNNAMED = "own", "other", "pronoun", "unnamed"

_CLAUSE_END = regex.compile(r"[!?;:]|\.\s")
_INVERTED = regex.compile(r"[-](?:t-)?(?:il|elle|on|ils|elles)$")


class Speaker:
    """The names and titles of a quote's speaker, to read attributions by.

    Without any name, the first one that the gaps have is taken for the speaker's.
    """

    def __init__(self, names: Iterable[str | None], titles: Iterable[str | None] = ()):
        self.words = self._words_of(names)
        self.titles = self._words_of(titles)

    @staticmethod
    def _words_of(names: Iterable[str | None]) -> set[str]:
        found = (folded(token[0]) for name in names for token in tokens(name or ""))
        return {*found} - words("nameless")

    def _is_own(self, word: str) -> bool:
        plain = folded(word).removesuffix("'s").removesuffix("s'")
        return plain in self.words or any(part in self.words for part in plain.split("-"))

    def is_called(self, name: str) -> bool:
        """Whether a printed name may be the speaker's; without any known, it is taken for it."""
        self.words = self.words or self._words_of([name])
        return any(self._is_own(token[0]) for token in tokens(name))

    def is_in(self, text: str) -> bool:
        """Whether a text names the speaker."""
        named = any(self._is_own(token[0]) for token in tokens(text))
        unparted = has_unparted(text) and any(
            own in text.casefold() for own in self.words if has_unparted(own)
        )
        return named or unparted

    def attributions(self, text: str) -> list[str]:
        """Who each verb of attribution in a passage outside quote marks belongs to."""
        found = tokens(text)
        cues = [n for n, token in enumerate(found) if is_cue(token[0])]
        listed = {*cues}
        cues = [n for n in cues if n - 1 not in listed][:MAX_CUES]  # "a-t-elle dit" is one
        told = [self._subject(text, found, n) for n in cues]
        if not cues and has_unparted(text) and any(cue in text for cue in words("spoken")):
            told.append(OWN if self.is_in(text) else UNNAMED)
        if not cues and (label := _INTRODUCED.search(text.strip())):
            told.append(OWN if self.is_called(label["name"]) else OTHER)
        return told

    def is_attributed(self, core: str) -> bool:
        """Whether these few words are an attribution of the speaker and nothing more.

        They begin or end with the verb. A pronoun has to follow it: "they say" inside a quotation
        may be the speaker's own words.
        """
        found = tokens(core)
        cues = [n for n, token in enumerate(found) if is_cue(token[0])]
        if not cues:
            return False
        if any(_INVERTED.search(token[0].lower()) for token in found[:3]):
            return True
        first = cues[0]
        if first == 0 and len(found) > 1 and folded(found[1][0]) in words("pronouns"):
            return len(found) == 2
        is_plain = first == 0 or cues[-1] == len(found) - 1
        return is_plain and (self.is_in(core) or self._has_title(core))

    def _has_title(self, text: str) -> bool:
        """Whether a text describes the speaker, by role or organisation, and names nobody."""
        found = {folded(token[0]) for token in tokens(text)}
        capitals = {folded(t[0]) for t in tokens(text) if t[0][0].isupper()}
        return bool(found & self.titles) and capitals <= self.titles

    def _subject(self, text: str, found: list, cue: int) -> str:
        if _INVERTED.search(found[cue][0].lower()):
            return PRONOUN
        leads = cue == 0 or text[found[cue - 1].end() : found[cue].start()].strip() != ""
        if leads or folded(found[cue - 1][0]) in words("joiners"):
            return self._subject_after(text, found, cue)
        return self._subject_before(text, found, cue)

    def _subject_after(self, text: str, found: list, cue: int) -> str:
        if cue + 1 == len(found) or folded(found[cue + 1][0]) in words("pronouns"):
            return PRONOUN
        clause = []
        for number in range(cue + 1, min(len(found), cue + 1 + REACH)):
            between = text[found[number - 1].end() : found[number].start()]
            if _CLAUSE_END.search(between) and not _is_initial(found[number - 1][0]):
                break
            if is_cue(found[number][0]) or (
                folded(found[number][0]) in words("joiners") and clause
            ):
                break
            clause.append(found[number][0])
        if any(map(self._is_own, clause)) or self._has_title(" ".join(clause)):
            return OWN
        if not clause or folded(clause[0]) in words("whereabouts"):
            return UNNAMED
        names = _leading_name(clause)
        return self._judged(names, described=bool(names) and clause[0] != names[0])

    def _subject_before(self, text: str, found: list, cue: int) -> str:
        clause = []
        for number in range(cue - 1, max(-1, cue - 1 - REACH), -1):
            between = text[found[number].end() : found[number + 1].start()]
            if clause and _CLAUSE_END.search(between) and not _is_initial(found[number][0]):
                break
            if is_cue(found[number][0]) or folded(found[number][0]) in words("joiners"):
                break
            clause.insert(0, found[number][0])
        if any(map(self._is_own, clause)) or self._has_title(" ".join(clause)):
            return OWN
        if any(folded(word) in words("pronouns") for word in clause[-2:]):
            return PRONOUN
        names = []
        for word in reversed(clause):
            if not word[0].isupper():
                break
            names.insert(0, word)
        names = names or _leading_name(clause)
        return self._judged(names, described=False)

    def _judged(self, names: list[str], *, described: bool) -> str:
        """Who a name is that none of the speaker's words is in."""
        names = [name for name in names if folded(name) not in words("determiners")]
        telling = [name for name in names if folded(name) not in words("nameless")]
        if not telling:
            return UNNAMED
        if not self.words:
            self.words |= {folded(name) for name in telling}
            return OWN
        return UNNAMED if described and len(names) < 2 else OTHER


class Anybody(Speaker):
    """A speaker of any name."""

    def __init__(self):
        super().__init__(())

    def is_called(self, name: str) -> bool:
        return True

    def is_in(self, text: str) -> bool:
        return True

    def _judged(self, names: list[str], *, described: bool) -> str:
        return UNNAMED


ANYBODY = Anybody()

_INTRODUCED = regex.compile(
    r"(?:^|[.!?,;]\s+|\band\s+|\n)(?P<name>(?:\p{Lu}[\p{L}\p{M}.'’-]*\s?){1,4}):\s*$"
)


@lru_cache(maxsize=4096)
def is_cue(word: str) -> bool:
    plain = folded(word)
    return plain in words("cues") or (
        "-" in plain and _INVERTED.sub("", plain).rpartition("-")[2] in words("cues") | {"a"}
    )


def _is_initial(word: str) -> bool:
    return len(word) == 1 or word in SHORT_TITLES


def _leading_name(clause: Collection[str]) -> list[str]:
    """The first words in a row that begin with a capital."""
    names: list[str] = []
    for word in clause:
        if word[0].isupper():
            names.append(word)
        elif names:
            break
    return names

"""When organisations or roles that two texts name agree: they may be one, so they part nobody.

Organisations agree when they are one record or part of one another. They also agree when a name is
the acronym of the other (its initials count), or holds its words: "Labour", "Labour Party". Roles
agree when they share a word that is no stop word.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from sources.identity.names import plain, split_acronym, words
from sources.models import Organisation

MAX_REMEMBERED = 20_000
"""Names and roles whose words a process remembers, some 300 bytes each."""


@dataclass(frozen=True)
class Body:
    """An organisation as a text names it: its names, and its record if it has one."""

    names: tuple[str, ...]
    key: object = None
    parent: object = None

    @classmethod
    def of(cls, record: Organisation) -> "Body":
        return cls((record.name, *record.aliases), record.pk, record.parent_id)

    @property
    def name(self) -> str:
        return self.names[0]

    def agrees_with(self, other: "Body") -> bool:
        if self.key and other.key and self.key in (other.key, other.parent):
            return True
        if self.parent and self.parent == other.key:
            return True
        return any(_names_agree(one, two) for one in self.names for two in other.names)


def roles_agree(ones: Iterable[str], others: Iterable[str]) -> bool:
    """Whether any two roles share a word that is no stop word."""
    mine = frozenset().union(*map(words_of, ones))
    return any(mine & words_of(other) for other in others)


@lru_cache(maxsize=MAX_REMEMBERED)
def _names_agree(one: str, other: str) -> bool:
    mine, theirs = words_of(one), words_of(other)
    if mine and theirs and (mine <= theirs or theirs <= mine):
        return True
    return any(a in initials_of(b) for a, b in _ways(one, other))


def _ways(one: str, other: str) -> Iterator[tuple[str, str]]:
    for short, full in ((one, other), (other, one)):
        letters = re.sub(r"[\W_]", "", plain(short))
        if 2 <= len(letters) <= 8 and " " not in short.strip():
            yield letters, full


@lru_cache(maxsize=MAX_REMEMBERED)
def words_of(text: str) -> frozenset[str]:
    """The words of a role or of an organisation's name, without stop words and legal forms."""
    whole, _ = split_acronym(text)
    lists = words()
    found = set(re.findall(r"\w+", plain(whole).replace("'s", "")))
    return frozenset(found - lists["stop_words"] - lists["legal_forms"]) or frozenset(found)


@lru_cache(maxsize=MAX_REMEMBERED)
def initials_of(name: str) -> frozenset[str]:
    """The acronyms that a name of several words can have, and one in brackets."""
    whole, short = split_acronym(name)
    found, stop = re.findall(r"\w+", plain(whole)), words()["stop_words"]
    if len(found) < 2:
        return frozenset()
    initials = {"".join(word[0] for word in found)}
    initials.add("".join(word[0] for word in found if word not in stop))
    if short:
        initials.add(re.sub(r"[\W_]", "", plain(short)))
    return frozenset(initials)

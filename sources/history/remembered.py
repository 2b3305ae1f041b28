"""Erased words are known when they come back, without being kept: by keyed hashes (HMAC-SHA-256).

The keys are `ONRECORD_ERASURE_KEYS`, else `SECRET_KEY`: the first makes hashes, all are tried. They
are not in the database, so a dump alone confirms no guess. What is hashed are the bare words
(`sources_bare`): no case, accents or typography. A text is looked through for the first two words
of all that was erased, one hash a word; only where these stand, the rest is compared.
"""

import hmac
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Max

from sources.database.locks import try_to_share_erased_words
from sources.history.words import Range, TextWords, terms_of
from sources.models.erased_words import ErasedWords

HASHED = 16
"""Bytes kept of a hash: 128 bits, so that no other words have it."""

MIN_WORDS, MIN_LETTERS = 4, 12
"""Words and letters from which words are known in every text: "Yes" is said by many."""


class Known(NamedTuple):
    """One erased run of words."""

    digest: bytes
    length: int
    article: UUID | None
    reason: str
    erased: datetime


class Found(NamedTuple):
    """Where a text has erased words, and why they were erased."""

    start: int
    end: int
    known: Known


def _keys() -> list[bytes]:
    given = settings.ONRECORD_ERASURE_KEYS or [settings.SECRET_KEY]
    return [hmac.digest(each.encode(), b"erased words", "sha256") for each in given]


def _hashed(key: bytes, words: Sequence[str]) -> bytes:
    return hmac.digest(key, " ".join(words).encode(), "sha256")[:HASHED]


@lru_cache(maxsize=200_000)
def _hashed_head(key: bytes, *words: str) -> bytes:
    """The hash of two words. It is remembered: most pairs of words occur again and again."""
    return _hashed(key, words)


def _name_of(key: bytes) -> bytes:
    return _hashed(key, ["name"])[:4]


def remember(
    words: Iterable[str], names: Iterable[str], articles: Iterable[UUID], reason: str
) -> int:
    """Keep hashes of erased words, said in these articles, and of names. Returns their number."""
    key, articles = _keys()[0], list(articles)
    rows = []
    names = set(names)
    for said, terms in terms_of({*words, *names}).items():
        for bare in (term.split() for term in terms):
            anywhere = len(bare) > 1 if said in names else _is_distinctive(bare)
            for article in [None] if anywhere else articles:
                rows.append(
                    ErasedWords(
                        head=_hashed(key, bare[:2]),
                        digest=_hashed(key, bare),
                        length=len(bare),
                        key=_name_of(key),
                        article=article,
                        reason=reason,
                    )
                )
    ErasedWords.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def distinctive(words: Iterable[str]) -> set[str]:
    """Those of these words that are known in every text."""
    found = terms_of(words)
    return {
        said
        for said, terms in found.items()
        if terms and all(_is_distinctive(term.split()) for term in terms)
    }


def _is_distinctive(bare: Sequence[str]) -> bool:
    return len(bare) >= MIN_WORDS and sum(map(len, bare)) >= MIN_LETTERS


def remember_articles(identities: Iterable[str], reason: str) -> int:
    """Keep hashes of what told erased articles from others (`identities_of`)."""
    key = _keys()[0]
    hashes = [_hashed(key, [IDENTITY, each]) for each in set(identities)]
    rows = [
        ErasedWords(head=each, digest=each, length=0, key=_name_of(key), reason=reason)
        for each in hashes
    ]
    ErasedWords.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


IDENTITY = "article"
"""Before what is hashed of an article, so that no words have that hash."""


def identities_of(
    outlet: UUID | None, external_id: str | None, url_key: str | None, sha256: str | None
) -> list[str]:
    """The keys of an article: outlet and external_id, URL, or else outlet and text."""
    by_id = [f"{outlet} {external_id}"] if external_id else []
    by_url = [url_key] if url_key else []
    return by_id + by_url or ([f"{outlet} {sha256}"] if sha256 else [])


@dataclass
class Remembered:
    """All that was erased, as one process knows it."""

    newest: int = 0
    by_key: dict[bytes, dict[bytes, list[Known]]] = field(default_factory=dict)
    has_single_words: bool = False

    def refresh(self) -> bool:
        """Read what is new; one query that reads no row if nothing is. False: nothing erased."""
        newest = ErasedWords.objects.aggregate(newest=Max("id"))["newest"] or 0
        if newest != self.newest:
            self._read()
            self.newest = newest
        return bool(self.by_key)

    def _read(self) -> None:
        keys = {_name_of(key): key for key in _keys()}
        self.by_key, self.has_single_words = {}, False
        for row in ErasedWords.objects.filter(key__in=list(keys)):
            heads = self.by_key.setdefault(keys[bytes(row.key)], defaultdict(list))
            known = Known(bytes(row.digest), row.length, row.article, row.reason, row.erased)
            heads[bytes(row.head)].append(known)
            self.has_single_words |= row.length == 1

    def article(self, identities: Iterable[str]) -> Known | None:
        """The erased article that is recognised by one of these."""
        hashes = (
            (key, _hashed(key, [IDENTITY, each])) for each in identities for key in self.by_key
        )
        known = (each for key, head in hashes for each in self.by_key[key].get(head, ()))
        return next((each for each in known if not each.length), None)

    def find(self, text: str, article: UUID | None = None) -> list[Found]:
        """Where a text, of this article, has erased words."""
        if not text:
            return []
        read = TextWords(text)
        words = [token.word for token in read.tokens]
        found = []
        for key, heads in self.by_key.items():
            for size in (2, 1) if self.has_single_words and article else (2,):
                for at in range(len(words) - size + 1):
                    head = _hashed_head(key, *words[at : at + size])
                    for known in heads.get(head, ()):
                        end = at + known.length
                        if (
                            known.length
                            and known.article in (None, article)
                            and end <= len(words)
                            and _hashed(key, words[at:end]) == known.digest
                        ):
                            place = read.tokens[at].start, read.tokens[end - 1].end
                            found.append(Found(*place, known))
        return found


remembered = Remembered()
"""What this process knows."""


def faults_of(values: Mapping[str, object], article: UUID | None = None) -> dict[str, str]:
    """Why fields cannot be stored that hold erased words, by name; two queries if any has words.

    An erasure that is about to begin is not waited for: who asks may hold rows that it needs.
    """
    said = {name: [*_strings(value)] for name, value in values.items()}
    if not any(said.values()):
        return {}
    if not try_to_share_erased_words():
        return dict.fromkeys((name for name, texts in said.items() if texts), ERASING_NOW)
    faults = {}
    for name, texts in said.items() if remembered.refresh() else ():
        if found := [each for text in texts for each in remembered.find(text, article)]:
            faults[name] = f"These words had to be erased from the record: {found[0].known.reason}"
    return faults


ERASING_NOW = "Something is being erased from the record at this moment. Try again."


def _strings(value: object) -> Iterator[str]:
    """The texts of a value, of a list and of an object."""
    match value:
        case str():
            yield value
        case list() | tuple():
            for each in value:
                yield from _strings(each)
        case dict():
            yield from _strings([*value.values()])


def ranges_of(found: Iterable[Found]) -> list[Range]:
    return [(each.start, each.end) for each in found]

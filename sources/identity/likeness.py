"""Why two names may be one speaker's, for a curator to decide.

`likeness` compares two names, word by word, in Latin letters: order, spelling, transliteration,
slips, nicknames, initials, hyphens, a birth name; of bodies acronyms, articles and legal forms.
`keys_of` gives each name a few short keys. Names that are alike share one, so that an index finds
the pairs, and nobody is compared with everybody.
"""

import re
from functools import lru_cache
from itertools import permutations

from anyascii import anyascii
from rapidfuzz.distance import OSA

from sources.identity.agreement import initials_of, words_of
from sources.identity.names import NameKind, given_name_groups, parse, plain, split_acronym, words

MAX_WORDS = 5
"""Words of a name that its keys are made of: a longer one is a description."""

LEAST_FOR_SLIP, LEAST_FOR_TWO = 5, 9
"""Letters that a word needs to be taken for another with one slip, or with two."""

MAX_REMEMBERED = 50_000
"""Names whose words a process remembers, some 400 bytes each."""

BORN = re.compile(r"[\s(]+(?:née|nee|né|geb\.?|geborene|born|formerly|f\.|урожд\.?)\s+([^\s)]+)\)?")

# Letters that transliterations of one sound differ in, in this order
SOUNDS = (
    (r"(?:shch|sch|sh|ch|tch|cz|sz|zh|zs|ts|tz|dzh|dj)", "s"),
    (r"ph", "f"),
    (r"(?:kh|ck|gh|q|k|h)", "k"),
    (r"c(?=[eiy])", "s"),
    (r"c", "k"),
    (r"x", "ks"),
    (r"[wv]", "v"),
    (r"[jyi]", "i"),
    (r"z", "s"),
    (r"th", "t"),
    (r"([a-z])\1+", r"\1"),
    (r"(?<=.)[aeiou]", ""),
)


def likeness(one: str, other: str) -> str | None:
    """Why two names may be one speaker's, as a sentence; None if they are not alike."""
    mine, theirs = _Read.of(one), _Read.of(other)
    if mine.is_body or theirs.is_body or (mine.is_word and theirs.is_word):
        return bodies_alike(one, other)
    if mine.contradicts(theirs):
        return None
    for a, b in ((mine, theirs), (theirs, mine)):
        if reason := _persons_alike(a, b):
            short_first = (a, b) if a.is_short else sorted((a, b), key=lambda read: len(read.name))
            return reason.format(*(read.name for read in short_first))
    return bodies_alike(one, other) if not (mine.is_person and theirs.is_person) else None


def keys_of(name: str) -> set[str]:
    """Short keys; names that are alike share at least one.

    A surname alone has "s", where full names have "z": of those only they are compared.
    """
    read = _Read.of(name)
    keys = {f"b {' '.join(sorted(words_of(name)))}"[:60]}
    if read.is_body or read.is_word or not read.is_person:
        letters = re.sub(r"[\W_]", "", plain(split_acronym(name)[0]))
        keys |= {f"a {short}" for short in initials_of(name)}
        keys |= {f"a {letters}"} if 2 <= len(letters) <= 8 else set()
    for words_ in read.ways:
        if len(words_) == 1:
            keys |= {f"s {sound(words_[0])}"}
        keys |= {f"z {sound(words_[end])}" for end in (0, -1) if len(words_) > 1}
        middle = {(word, words_[0]) for word in words_[1:-1]}
        for family, given in {*permutations({words_[0], words_[-1]}, 2), *middle}:
            keys.add(f"f {sound(family)} {given[0]}")
            keys |= {f"n {sound(family)} {group}" for group in given_name_groups().get(given, ())}
            keys.add(f"g {given} {family[:2]}")
            keys.add(f"g {given} {family[-3:]}")
    return {key[:60] for key in keys}


@lru_cache(maxsize=MAX_REMEMBERED)
def sound(word: str) -> str:
    """A word as its sounds: what spellings and transliterations of it have in common."""
    for pattern, letters in SOUNDS:
        word = re.sub(pattern, letters, word)
    return word


class _Read:
    """A name in Latin letters: its words, and other ways to read them."""

    @staticmethod
    @lru_cache(maxsize=MAX_REMEMBERED)
    def of(name: str) -> "_Read":
        return _Read(name)

    def __init__(self, name: str):
        self.name = name
        born = BORN.search(name)
        # "M. Quill" is an initial here: as a title it would be of one article alone.
        self.parsed = parse(BORN.sub("", name) if born else name, "en")
        lists = words()
        self.is_body = self.parsed.kind == NameKind.BODY
        self.is_word = self.parsed.kind == NameKind.SINGLE
        self.is_short = self.parsed.kind == NameKind.TITLED or self.is_word
        self.is_person = self.parsed.speaker_kind == "person"
        self.generations = frozenset(self.parsed.words) & lists["generations"]
        read = [latin(word) for word in self.parsed.words if word not in lists["generations"]]
        self.words = tuple(w for w in read[: MAX_WORDS + 1] if w and w not in lists["particles"])
        self.parts = tuple(
            part for word in self.words for part in re.split(r"[-' ]+", word) if part
        )
        self.ways = [self.words, self.parts] if self.words else []
        self.ways += [(word,) for word in ("".join(self.parts),) if word and len(self.parts) < 2]
        if born and self.words:
            self.ways.append((*self.words[:-1], latin(born[1])))
        if len(self.words) > 1 and any("-" in word for word in self.words):
            self.ways.append(tuple(word.replace("-", "") for word in self.words))
        self.ways = [way for way in dict.fromkeys(self.ways) if way]

    def contradicts(self, other: "_Read") -> bool:
        sexes = {self.parsed.sex, other.parsed.sex} - {None}
        if self.generations != other.generations and self.generations and other.generations:
            return True
        return len(sexes) > 1


@lru_cache(maxsize=MAX_REMEMBERED)
def latin(word: str) -> str:
    """A plain word in Latin letters."""
    return re.sub(r"[^a-z'\-]", "", anyascii(word).lower().replace("ʹ", "").replace("`", ""))


def _persons_alike(one: _Read, other: _Read) -> str | None:
    if not one.ways or not other.ways:
        return None
    mine, theirs = one.parts, other.parts
    if one.is_short:
        short, ends = "".join(mine), {theirs[0], theirs[-1]} if len(theirs) > 1 else set()
        if other.is_short and one.name != other.name:
            return "“{0}” and “{1}” have one surname." if mine == theirs else None
        fits = any(sound(short) == sound(end) and _near(short, end) for end in ends)
        return "“{0}” has no given name; “{1}” has this surname." if fits else None
    if other.is_short:
        return None
    for mine in one.ways:
        for theirs in other.ways:
            if len(mine) > 1 and len(theirs) > 1 and (reason := _words_alike(mine, theirs)):
                return reason
    return None


def _words_alike(mine: tuple, theirs: tuple) -> str | None:
    if mine == theirs:
        return "“{0}” and “{1}” are the same but for titles, accents, hyphens or script."
    if sorted(mine) == sorted(theirs) or "".join(mine) == "".join(theirs):
        return "“{0}” is “{1}” in another order or with other spaces."
    if len(mine) == len(theirs) and all(_near(a, b) for a, b in zip(mine, theirs, strict=True)):
        return "“{0}” is spelt almost like “{1}”."
    if len(mine) == len(theirs) == 2 and _near(mine[0], theirs[1]) and _near(mine[1], theirs[0]):
        return "“{0}” is spelt almost like “{1}”, in another order."
    first, last = mine[0], mine[-1]
    for given, family, middle in (
        (theirs[0], theirs[-1], theirs[1:-1]),
        (theirs[-1], theirs[0], theirs[1:-1]),
    ):
        if not _near(last, family):
            continue
        if not _middles_agree(mine[1:-1], middle):
            continue
        if _near(first, given):
            return "“{0}” may stand for “{1}”: one has a middle name."
        if min(len(first), len(given)) == 1 and first[0] == given[0]:
            return "“{0}” may stand for “{1}”, by its initial."
        groups = given_name_groups()
        if groups.get(first, frozenset()) & groups.get(given, frozenset()):
            return "“{0}” may stand for “{1}”: the given names are forms of one."
        if min(len(first), len(given)) > 2 and (first.startswith(given) or given.startswith(first)):
            return "“{0}” may stand for “{1}”: one given name begins the other."
        if middle and _near(first, middle[0]):
            return "“{0}” may stand for “{1}”, by the middle name."
    if len(mine) < len(theirs) and len(mine) > 1 and _near(first, theirs[0]):
        rest = iter(theirs[1:])
        if all(any(_near(word, each) for each in rest) for word in mine[1:]):
            return "“{0}” may stand for “{1}”: all of its words are there."
    return None


def _middles_agree(mine: tuple, theirs: tuple) -> bool:
    """Whether no middle names or initials contradict each other."""
    return all(
        a[0] == b[0] and (min(len(a), len(b)) == 1 or _near(a, b))
        for a, b in zip(mine, theirs, strict=False)
    )


def _near(one: str, other: str) -> bool:
    """Whether two words may be one: by sound, or with a slip."""
    if one == other:
        return True
    shorter, longer = sorted((len(one), len(other)))
    if shorter < 3:
        return False
    if one.replace("ue", "u").replace("oe", "o").replace("ae", "a") == other.replace(
        "ue", "u"
    ).replace("oe", "o").replace("ae", "a"):
        return True
    slips = OSA.distance(one, other)
    if sound(one) == sound(other) and slips <= max(1, longer // 3):
        return True
    return shorter >= LEAST_FOR_SLIP and slips <= (2 if shorter >= LEAST_FOR_TWO else 1)


def bodies_alike(one: str, other: str) -> str | None:
    """Why two names may be one organisation's; None if they are not alike."""
    mine, theirs = words_of(one), words_of(other)
    if mine == theirs:
        return f"“{one}” is “{other}” but for articles, order or legal form."
    for short, full in ((one, other), (other, one)):
        letters = re.sub(r"[\W_]", "", plain(split_acronym(short)[0]))
        if 2 <= len(letters) <= 8 and letters in initials_of(full):
            return f"“{short}” may be the acronym of “{full}”."
    return None

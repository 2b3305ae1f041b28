"""What a name says by itself: its titles, its words, what kind of name it is.

A name is cut into words. Titles are taken off its front ("Frau Dr.") and letters off its end
("MBE"); the words that are left decide, with the lists in `words.toml`, in this order:

1. a label, where no speaker is known: "Anonymous", "Speaker 1", "N/A", a pronoun;
2. an office: its words, or what follows "of" ("the Prime Minister", "Bishop of Harrow");
3. a description: an article or a common noun ("a resident of Harrow", "police");
4. a body, by one word that only bodies have in their names ("Harbour Agency", "Quay Ltd");
5. one word alone: title and surname ("Mr Jones"), or a family or given name ("Jones");
6. else a full name.

Small letters count only in scripts that have capitals. In scripts that do not part words, the end
of the name is looked at. Kinds 1 to 3 and 5 identify nobody: see `Name.identifies`.
"""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

from sources.models.words import NOT_SEEN

MAX_PARSED = 20_000
"""Names whose parts a process remembers, some 500 bytes each."""

# Han, kana, Thai, Lao, Khmer, Myanmar, Hangul: no spaces inside a name
UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
)
MARKS = re.compile(f"[{NOT_SEEN}]")
INVERTED = re.compile(r"([^\s,]+), *([^,]+)((?:, *[^\s,]+)*)")
"""A name as a catalogue has it: “Quill, Mara, MBE”."""

APOSTROPHES = str.maketrans("’‘ʼ`´", "'''''")
ALONE = {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"}


class NameKind(StrEnum):
    FULL = "full"
    SINGLE = "single"  # a family or given name alone
    TITLED = "titled"  # title and surname
    OFFICE = "office"
    DESCRIPTION = "description"
    LABEL = "label"
    BODY = "body"


@dataclass(frozen=True)
class Name:
    """A name and what it says: all words plain, that is without case, accents and dots."""

    kind: NameKind
    titles: tuple[str, ...]
    words: tuple[str, ...]
    postnominals: tuple[str, ...]
    speaker_kind: str | None  # person, organisation or unnamed, if the name says so
    is_spokesperson: bool = False

    @property
    def identifies(self) -> bool:
        """Whether the name by itself can mean one person or body in all articles."""
        return self.kind in (NameKind.FULL, NameKind.BODY)

    @property
    def sex(self) -> str | None:
        """What the title says, else a given name that only one sex has."""
        lists = words()
        for male, female, said in (
            (lists["male_titles"], lists["female_titles"], self.titles),
            (lists["male"], lists["female"], self.words),
        ):
            is_male, is_female = (any(w in names for w in said) for names in (male, female))
            if is_male != is_female:
                return "male" if is_male else "female"
        return None

    def may_be_short_for(self, full: "Name") -> bool:
        """Whether these words begin or end a full name whose given name fits the title."""
        if full.kind != NameKind.FULL or not self.words:
            return False
        number, theirs = len(self.words), full.words
        fits = self.words in (theirs[:number], theirs[-number:])
        if len(theirs) == 1 and UNSPACED.search(theirs[0]):
            fits = theirs[0].startswith(self.words[0])
        return fits and (None in (self.sex, full.sex) or self.sex == full.sex)


@cache
def words() -> dict[str, frozenset[str]]:
    """The word lists, each of all languages."""
    here = Path(__file__).parent
    lists = tomllib.loads((here / "words.toml").read_text("utf-8"))
    given = tomllib.loads((here / "given_names.toml").read_text("utf-8"))
    found = {name: " ".join(each.values()) for name, each in lists.items()}
    found |= {sex: given[sex] for sex in ("male", "female")}
    return {name: frozenset(map(plain, text.split())) for name, text in found.items()}


@cache
def _joined_lists(has_monsieur: bool) -> dict[str, frozenset[str]]:
    """The word lists, and those that several make together: some have thousands of words."""
    lists = words()
    if not has_monsieur:
        lists = lists | {"titles": lists["titles"] - {"m"}}
    offices, suffixes = lists["offices"], lists["postnominals"] | lists["generations"]
    places = {"city", "town", "village", "state", "country"}
    return lists | {
        "suffixes": suffixes,
        "given": lists["male"] | lists["female"],
        "heads": lists["titles"] | offices,
        "before_names": lists["titles"] | offices | lists["modifiers"] | lists["articles"],
        "beside_names": lists["particles"] | suffixes,
        "beside_offices": offices | lists["modifiers"],
        "function_words": lists["links"] - lists["particles"],
        "anybody": lists["labels"] | lists["descriptions"],
        "generic": lists["descriptions"] | lists["bodies"] | places,
        "common_nouns": lists["descriptions"] | offices,
    }


@cache
def given_name_groups() -> dict[str, frozenset[int]]:
    """The groups of forms of one name that a given name is in, by number."""
    given = tomllib.loads((Path(__file__).parent / "given_names.toml").read_text("utf-8"))
    groups: dict[str, set[int]] = {}
    for number, line in enumerate(given["same"].strip().splitlines()):
        for name in line.split():
            groups.setdefault(name, set()).add(number)
    return {name: frozenset(numbers) for name, numbers in groups.items()}


def plain(text: str) -> str:
    """A text without case, accents, vowel marks and typography."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    text = MARKS.sub("", unicodedata.normalize("NFKD", folded)).translate(APOSTROPHES)
    for letter, plainly in ALONE.items():
        text = text.replace(letter, plainly)
    return unicodedata.normalize("NFC", text)


def split_acronym(name: str) -> tuple[str, str | None]:
    """A name and the acronym of it that follows in brackets, if that fits its letters."""
    found = "(" in name and re.fullmatch(r"(.*\S)\s*\(([^\s()]{2,12})\)\s*", name)
    if not found:
        return name, None
    whole, short = found.groups()
    letters = [letter for letter in plain(short) if letter.isalnum()]
    first = plain(whole)
    initials = "".join(word[0] for word in re.findall(r"\w+", first))
    if _in_order(letters, initials) or (len(letters) > 2 and _in_order(letters, first)):
        return whole, short
    return name, None


def _in_order(letters: list[str], text: str) -> bool:
    rest = iter(text)
    return text[:1] in letters[:1] and all(letter in rest for letter in letters)


@lru_cache(maxsize=MAX_PARSED)
def parse(name: str, language: str | None = None) -> Name:
    """Take a name apart and say what kind of name it is.

    "M. Quill" is Mr Quill, unless the language is known and not French: then it is an initial.
    """
    return _Reading(name, has_monsieur=(language or "fr").startswith("fr")).name


class _Reading:
    """The words of one name, as printed and plain."""

    def __init__(self, name: str, *, has_monsieur: bool):
        self.lists = _joined_lists(has_monsieur)
        self.printed = self._split(split_acronym(name)[0])
        self.plain = [plain(word).replace(".", "").strip("'\"") for word in self.printed]
        self.titles = self._leading_titles()
        rest = self.plain[len(self.titles) :]
        letters = len(rest)
        while letters > 2 and rest[letters - 1] in self.lists["postnominals"]:
            letters -= 1
        self.postnominals, self.rest = tuple(rest[letters:]), rest[:letters]
        self.cased = name.upper() != name.lower()
        self.small = [w.islower() for w in self.printed[len(self.titles) :][:letters]]
        self.name = self._name()

    def _split(self, name: str) -> list[str]:
        """The words of a name; “Quill, Mara, MBE” as “Mara Quill, MBE”."""
        if inverted := INVERTED.fullmatch(name.strip()):
            family, given, behind = inverted.groups()
            if not {plain(word).strip(".") for word in given.split()} <= self.lists["suffixes"]:
                name = f"{given} {family}{behind}"
        return re.split(r"[\s,;・]+", name.strip(' .,;:"“”«»„'))

    def _leading_titles(self) -> list[str]:
        """Titles and their parts ("US President") before a name, with a leading article."""
        lists, number = self.lists, 0
        while number < len(self.plain) - 1 and self.plain[number] in lists["before_names"]:
            if self.plain[number] in lists["links"] and number:
                break
            number += 1
        taken = self.plain[:number]
        while taken and taken[-1] not in lists["heads"]:
            taken.pop()
        after = self.plain[len(taken)] if taken else ""
        linked = after in lists["function_words"]
        linked |= after in lists["links"] and taken[-1] in lists["offices"]
        return [] if linked else taken

    def _name(self) -> Name:
        unspaced = UNSPACED.search(self.plain[-1])
        kind, speaker_kind, spokesperson = self._unspaced() if unspaced else self._spaced()
        return Name(
            kind,
            tuple(self.titles),
            tuple(self.rest),
            self.postnominals,
            speaker_kind,
            spokesperson,
        )

    def _spaced(self) -> tuple[NameKind, str | None, bool]:
        lists = self.lists
        if self._is_label():
            return NameKind.LABEL, "unnamed", False
        if any(word in lists["spokespersons"] for word in self._nouns()):
            return NameKind.DESCRIPTION, "unnamed", True
        if self._is_office():
            return NameKind.OFFICE, "unnamed", False
        if self._is_description():
            body = not self._is_of_people() and self._has_body_word()
            return NameKind.DESCRIPTION, None if body else "unnamed", False
        if self._has_body_word() and not (self.titles and len(self.rest) < 2):
            return NameKind.BODY, "organisation", False
        personal = any(title in lists["titles"] for title in self.titles)
        given = lists["given"]
        named = [word for word in self.rest if word in given or word not in lists["beside_names"]]
        if len(named) < 2:
            if self.titles and personal:
                return NameKind.TITLED, "person", False
            return NameKind.SINGLE, None, False
        is_person = personal or self.postnominals or named[0] in given or named[-1] in given
        return NameKind.FULL, "person" if is_person else None, False

    def _nouns(self) -> list[str]:
        """Words that may be nouns: compounds by their parts as well."""
        return [*self.plain, *(part for word in self.plain for part in word.split("-"))]

    def _is_label(self) -> bool:
        """Whether it is a word for nobody, or a common noun with a number or letter."""
        lists = self.lists
        stems = [word.rstrip("0123456789#_-") for word in self.plain]
        if len(self.plain) == 1 or not any(stems):
            in_lists = self.plain[0] in lists["pronouns"] | lists["labels"]
            return in_lists or stems[0] in ("", *lists["labels"])
        last = self.plain[-1]
        numbered = not stems[-1] or (len(last) == 1 and not self.printed[-1].endswith("."))
        return all(stem in lists["anybody"] for stem in stems[:-1]) and (
            numbered or last in lists["labels"]
        )

    def _is_description(self) -> bool:
        lists, all_words = self.lists, self.plain
        nouns = lists["descriptions"]
        determined = all_words[0] in lists["determiners"] and len(all_words) > 1
        if determined and all(word in lists["generic"] for word in all_words[1:]):
            return not self._is_named_the()
        small = [word.islower() for word in self.printed]
        if self.cased and determined and small[1] and all_words[1] not in lists["particles"]:
            return all_words[1] not in lists["offices"] or any(w in nouns for w in all_words[1:])
        common = [word in nouns and (word not in lists["surnames"]) for word in all_words]
        if not self.cased:
            linked = any(word in lists["function_words"] for word in all_words[1:])
            return (any(common[:2]) or linked) and not self._has_body_word()
        if determined and any(common):
            return not self._has_body_word() or any(word in nouns for word in all_words[1:2])
        if len(all_words) == 1:
            return common[0] or (small[0] and all_words[0] in nouns)
        if any(word in nouns and is_small for word, is_small in zip(all_words, small, strict=True)):
            return True
        if common[0] and not self.titles:
            return not self._is_capitalised_name()
        if self.printed[0][:1].isupper() and all_words[0] in lists["bodies"]:
            return False
        if all(small):
            function = any(word in lists["function_words"] for word in all_words[1:])
            return function or bool(
                re.search(r"(ers|ists|ants|men|man|women|woman|ees|ians)$", all_words[-1])
            )
        return (
            small[-1]
            and not re.match(r"(al|el|ad|as|at|ar|an|d|l)[-']", all_words[-1])
            and (all_words[-2] not in lists["particles"])
        )

    def _is_of_people(self) -> bool:
        """Whether a word is for people; "Police", with a capital, may be the body."""
        lists, capitals = self.lists, [word[:1].isupper() for word in self.printed]
        return any(
            word in lists["descriptions"] and not (is_capital and word in lists["bodies"])
            for word, is_capital in zip(self.plain, capitals, strict=True)
        )

    def _is_capitalised_name(self) -> bool:
        """Whether a common noun only begins a name: "Teachers Union", "Farmer Weekly Review"."""
        lists, last = self.lists, self.plain[-1]
        linked = any(word in lists["function_words"] for word in self.plain[1:])
        if linked or last in lists["common_nouns"]:
            return False
        capitals = all(word[:1].isupper() for word in self.printed)
        return capitals and (last in lists["bodies"] or len(self.plain) > 2)

    def _is_named_the(self) -> bool:
        """Whether "The" and common nouns are a name all the same: several capitals."""
        return len(self.plain) > 2 and all(word[:1].isupper() for word in self.printed)

    def _is_office(self) -> bool:
        lists, all_words = self.lists, self.plain
        determined = all_words[0] in lists["determiners"] and len(all_words) > 1
        core = all_words[determined:]
        link = next((i for i, word in enumerate(core) if i and word in lists["links"]), None)
        head, offices = core[:link], lists["offices"]
        beside = lists["beside_offices"]
        if link and any(word in offices for word in head):
            if beside.issuperset(head):
                return True
            return determined or (head[-1] in offices and head[-1] not in lists["surnames"])
        if self.cased and head[0] in offices and all(word.islower() for word in self.printed):
            return True
        if not self.cased and head[0] in offices and len(head) > 1:
            return not head[0].startswith("ال") and head[1].startswith("ال")
        if head[-1] not in offices:
            return any(w in offices for w in head) and beside.issuperset(head)
        if len(head) == 1:
            return determined or head[0] not in lists["surnames"]
        if determined or not self.cased or beside.issuperset(head[:-1]):
            return True
        is_named = head[0] in lists["given"] or head[0] in lists["titles"]
        return not is_named and head[-1] not in lists["surnames"]

    def _has_body_word(self) -> bool:
        """Whether a word, or the name as a whole (an address on the web), is a body's."""
        lists = self.lists
        found = [word for word in self._nouns() if word in lists["bodies"]]
        is_given = len(self.plain) == 2 and self.plain[0] in lists["given"]
        if is_given or len(self.rest) < 2:
            found = [word for word in found if word not in lists["surnames"]]
        return bool(found) or bool(
            re.search(r"\w\.(com|org|net|gov|eu|co|io|info)\b", "".join(self.printed).lower())
        )

    def _unspaced(self) -> tuple[NameKind, str | None, bool]:
        lists, whole = self.lists, "".join(self.plain)
        if whole in lists["labels"] or whole in lists["pronouns"] or re.search(r"\d$", whole):
            return NameKind.LABEL, "unnamed", False
        if any(whole.endswith(word) for word in lists["joined_spokespersons"]):
            return NameKind.DESCRIPTION, "unnamed", True
        if any(word in whole for word in lists["joined_descriptions"]):
            return NameKind.DESCRIPTION, "unnamed", False
        ends = [word for word in lists["joined_bodies"] if whole.endswith(word)]
        if any(len(whole) > len(word) + 1 for word in ends) or whole.startswith("株式会社"):
            return NameKind.BODY, "organisation", False
        for office in lists["joined_offices"]:
            before = len(whole) - len(office) if whole.endswith(office) else -1
            if before == 0 or (before > 1 and office not in lists["joined_titles"]):
                return NameKind.OFFICE, "unnamed", False
        for title in sorted(
            lists["joined_titles"] | lists["joined_offices"], key=len, reverse=True
        ):
            name = whole.removesuffix(title).strip()
            if name and name != whole:
                self.titles, self.rest = [title], [name]
                is_full = len(name) > 2
                return NameKind.FULL if is_full else NameKind.TITLED, "person", False
        return NameKind.FULL, None, False

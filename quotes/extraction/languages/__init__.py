"""Word lists by language, one TOML file each, all of one schema.

In: a language tag (BCP 47) or none. Out: a `Lexicon`. An unknown language is read as the one whose
everyday words the text has most of. First names are pooled: news names people of every country.
"""

import tomllib
from functools import cache
from pathlib import Path
from types import SimpleNamespace

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "de", "es", "fr", "it", "nl", "no", "pt", "sv")
SAME_LISTS = {"nb": "no", "nn": "no", "da": "no"}  # close enough to share their marks and cues
GUESS_CHARS = 4_000  # everyday words settle a language within a few paragraphs

# Where each class is listed: (section, key) of a language's file
LISTED = {
    "strong": ("cues", "strong"),
    "fragment": ("cues", "fragment"),
    "weak": ("cues", "weak"),
    "tells": ("cues", "tells"),
    "quoted": ("cues", "quoted"),
    "mental": ("cues", "mental"),
    "noun_too": ("cues", "nouns_too"),
    "post": ("cues", "posts"),
    "document_only": ("cues", "document_only"),
    "aux": ("words", "auxiliaries"),
    "be": ("words", "be"),
    "negation": ("words", "negations"),
    "determiner": ("words", "determiners"),
    "possessive": ("words", "possessives"),
    "preposition": ("words", "prepositions"),
    "inner_preposition": ("words", "inner_prepositions"),
    "topic": ("words", "topic_prepositions"),
    "body_joint": ("words", "body_joints"),
    "agent": ("words", "agent"),
    "infinitive": ("words", "infinitive_marks"),
    "definite": ("words", "definite"),
    "before_fragment": ("words", "before_fragments"),
    "subjunctive": ("words", "subjunctives"),
    "conjunction": ("words", "conjunctions"),
    "and": ("words", "and"),
    "relative": ("words", "relatives"),
    "adverb": ("words", "adverbs"),
    "time": ("words", "times"),
    "he": ("words", "he"),
    "she": ("words", "she"),
    "they": ("words", "they"),
    "it": ("words", "it"),
    "first_person": ("words", "first_person"),
    "other_pronoun": ("words", "other_pronouns"),
    "honorific_he": ("words", "honorifics_he"),
    "honorific_she": ("words", "honorifics_she"),
    "honorific": ("words", "honorifics"),
    "suffix": ("words", "suffixes"),
    "title_role": ("words", "title_roles"),
    "role": ("words", "roles"),
    "modifier": ("words", "role_modifiers"),
    "unnamed": ("words", "collective_roles"),
    "collective": ("words", "collectives"),
    "place_role": ("words", "place_roles"),
    "body": ("words", "bodies"),
    "body_noun": ("words", "body_nouns"),
    "party": ("words", "parties"),
    "document": ("words", "documents"),
    "statement": ("words", "statement_nouns"),
    "post_place": ("words", "post_places"),
    "interview": ("words", "interviews"),
    "naming": ("words", "naming"),
    "never": ("words", "never"),
    "particle": ("words", "particles"),
    "place": ("words", "places"),
    "place_lead": ("words", "place_lead"),
    "he_noun": ("words", "he_nouns"),
    "she_noun": ("words", "she_nouns"),
    "generic_body": ("words", "generic_bodies"),
    "male": ("names", "male"),
    "female": ("names", "female"),
    "not_adverb": ("words", "not_adverbs"),
    "claim": ("words", "claims"),
    "object": ("words", "object_pronouns"),
    "animate": ("words", "animate"),
    "verb": ("words", "verbs"),
    "not_person": ("words", "not_people"),
    "surname_role": ("words", "surname_roles"),
    "portfolio": ("words", "portfolios"),
    "hearer_mark": ("words", "hearer_marks"),
    "within": ("words", "within"),
    "coordinator": ("words", "coordinators"),
    "quantifier": ("words", "quantifiers"),
}

# Classes of words are bits, so that a token's classes are one look-up
BITS = {name: 1 << i for i, name in enumerate(LISTED)}
Tag = SimpleNamespace(**{name.upper(): bit for name, bit in BITS.items()})
Tag.CUE = Tag.STRONG | Tag.FRAGMENT
Tag.PRONOUN = Tag.HE | Tag.SHE | Tag.THEY | Tag.IT | Tag.FIRST_PERSON | Tag.OTHER_PRONOUN
Tag.TITLE = Tag.HONORIFIC_HE | Tag.HONORIFIC_SHE | Tag.HONORIFIC
Tag.FIRST_NAME = Tag.MALE | Tag.FEMALE

POOLED = ("male", "female", "place", "particle", "body")


class Lexicon:
    """The words of one language: `tags` by lower-cased word, and the switches of its file."""

    def __init__(self, language: str):
        file = _file(language)
        self.language = language
        self.marks: list[str] = file["marks"]
        self.inner_marks: list[str] = file["inner_marks"]
        self.dash_dialogue: bool = file["dash_dialogue"]
        self.has_subjunctive = bool(file["words"]["subjunctives"])
        self.s_marks_verbs: bool = file["s_marks_verbs"]
        self.verb_second: bool = file["verb_second"]
        self.dropped_subjects: bool = file["dropped_subjects"]
        self.capital_nouns: bool = file["capital_nouns"]
        self.inverted: bool = file["cues"]["inverted"]
        self.participle_endings = tuple(file["cues"]["participle_endings"].split())
        self.abbreviations = frozenset(file["words"]["abbreviations"].split())
        self.agent_endings = tuple(file["words"]["noun_of_person_endings"].split())
        self.clitics = frozenset(file["words"]["clitics"].split())
        self.articles = tuple(file["words"]["articles"].split())
        self.role_endings = tuple(file["words"]["role_endings"].split())
        self.according = _phrases(file["phrases"]["according"])
        self.cue_phrases = _phrases(file["phrases"]["cue_phrases"])
        self.separable: dict[str, frozenset[str]] = {}
        for pair in file["cues"]["separable"]:
            verb, _, particle = pair.partition(" ")
            self.separable[verb] = self.separable.get(verb, frozenset()) | {particle}
        self.tags: dict[str, int] = {}
        for name in LISTED:
            self._tag(name, file)
            if name in POOLED:
                for other in LANGUAGES:
                    if other != language and (FOLDER / f"{other}.toml").exists():
                        self._tag(name, _file(other))

    def _tag(self, name: str, file: dict) -> None:
        section, key = LISTED[name]
        bit, tags = BITS[name], self.tags
        for word in file[section][key].split():
            tags[word] = tags.get(word, 0) | bit


@cache
def _file(language: str) -> dict:
    with (FOLDER / f"{language}.toml").open("rb") as file:
        return tomllib.load(file)


def _phrases(listed: list[str]) -> dict[str, list[tuple[str, ...]]]:
    """Phrases of several words, by their first."""
    phrases: dict[str, list[tuple[str, ...]]] = {}
    for phrase in listed:
        words = tuple(phrase.split())
        phrases.setdefault(words[0], []).append(words)
    return phrases


@cache
def lexicon(language: str) -> Lexicon:
    return Lexicon(language)


def lexicon_for(text: str, language: str | None) -> Lexicon:
    base = (language or "").partition("-")[0].lower()
    base = SAME_LISTS.get(base, base)
    return lexicon(base if base in LANGUAGES else _guessed(text))


@cache
def _everyday(language: str) -> frozenset[str]:
    words = _file(language)["words"]
    keys = ("determiners", "prepositions", "conjunctions", "auxiliaries", "possessives")
    return frozenset(word for key in keys for word in words[key].split())


def _guessed(text: str) -> str:
    sample = text[:GUESS_CHARS].lower().split()
    return max(LANGUAGES, key=lambda each: sum(word in _everyday(each) for word in sample))

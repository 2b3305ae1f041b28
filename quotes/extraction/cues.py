"""Cues of a sentence: its verbs of saying, "according to", and whose words they report.

In: the tokens of a sentence. Out: cues in order, each with its speaker phrase where the sentence
has one. A word that is a noun as well ("reports", "claims") counts as a verb by its neighbours.
"""

from quotes.extraction.languages import Lexicon, Tag
from quotes.extraction.phrases import is_adverb
from quotes.extraction.subjects import (
    ACCORDING,
    FINITE,
    INFINITIVE,
    PARTICIPLE,
    PASSIVE,
    Cue,
    SubjectFinder,
)
from quotes.extraction.words import QUOTE, WORD, Token

SPLIT_REACH = 24  # tokens between the parts of a German verb
MAX_CUES = 40  # of a sentence; no sentence reports more acts of speaking


class CueFinder:
    """The cues of one sentence after the other, for one article."""

    def __init__(self, lexicon: Lexicon, known: set[str]):
        self.lexicon, self.known = lexicon, known
        self.subjects = SubjectFinder(lexicon, known)

    def cues(self, tokens: list[Token], headline: bool = False) -> list[Cue]:
        found: list[Cue] = []
        k = 0
        while k < len(tokens) and len(found) < MAX_CUES:
            token = tokens[k]
            cue = None
            if token.kind == WORD:
                cue = self._phrase_at(tokens, k)
                if cue is None and self._is_split_verb(tokens, k):
                    cue = Cue(k, k + 1, Tag.STRONG, FINITE)
                if cue is None and token.tags & Tag.CUE and self._is_verb(tokens, k, headline):
                    cue = Cue(k, k + 1, token.tags, self._form(tokens, k))
            if cue is None:
                k += 1
                continue
            self.subjects.find(tokens, cue, found)
            found.append(cue)
            k = cue.end
        for position in range(len(found) - 1, -1, -1):
            self.subjects.borrow(tokens, found, position)
        return found

    def _phrase_at(self, tokens: list[Token], k: int) -> Cue | None:
        low = tokens[k].low
        for phrase in self.lexicon.according.get(low, ()):
            if tuple(t.low for t in tokens[k : k + len(phrase)]) == phrase:
                after = tokens[k + len(phrase)] if k + len(phrase) < len(tokens) else None
                if low == "so" and (k == 0 or tokens[k - 1].kind == WORD):
                    continue  # "so groß", not ", so Ann Lee"
                verb = Tag.CUE | Tag.PREPOSITION
                lower = after is not None and not after.cap
                if lower and after.tags & verb and not after.tags & Tag.DETERMINER:
                    continue
                return Cue(k, k + len(phrase), Tag.STRONG, ACCORDING)
        for phrase in self.lexicon.cue_phrases.get(low, ()):
            if tuple(t.low for t in tokens[k : k + len(phrase)]) == phrase:
                adverbial = tokens[k].tags & Tag.PREPOSITION  # "mit den Worten"
                form = PARTICIPLE if adverbial else self._form(tokens, k)
                return Cue(k, k + len(phrase), Tag.STRONG, form)
        return None

    def _is_split_verb(self, tokens: list[Token], k: int) -> bool:
        """Whether a verb's other part closes its clause: "gab … an", "teilte … mit"."""
        particles = self.lexicon.separable.get(tokens[k].low)
        if particles is None:
            return False
        for i in range(k + 1, min(len(tokens), k + SPLIT_REACH)):
            if tokens[i].low in particles:
                after = tokens[i + 1] if i + 1 < len(tokens) else None
                if after is None or after.kind != WORD or after.tags & Tag.CONJUNCTION:
                    return True
        return False

    # Verb or noun

    def _is_verb(self, tokens: list[Token], k: int, headline: bool) -> bool:
        token, before = tokens[k], self._before(tokens, k)
        after = tokens[k + 1] if k + 1 < len(tokens) else None
        beside_capital = (k and tokens[k - 1].cap) or (after is not None and after.cap)
        if token.cap and k and not headline and beside_capital:
            return False  # part of a name
        if before is None:
            participle = token.low.endswith(self.lexicon.participle_endings)
            return participle or not token.cap or not token.tags & Tag.NOUN_TOO
        if before.low == "'s" and before.kind != WORD:
            return False
        noun = token.tags & Tag.NOUN_TOO
        determined = before.tags & (Tag.DETERMINER | Tag.POSSESSIVE)
        determined = determined and (noun or before.text != "that")
        if noun and before.low == "that" and not token.low.endswith("s"):
            return False  # "called that answer"
        a_few = before.tags & Tag.QUANTIFIER and k > 1 and tokens[k - 2].tags & Tag.DEFINITE
        a_few = a_few or (before.tags & Tag.QUANTIFIER and k > 1 and tokens[k - 2].low == "a")
        if a_few or (determined and not before.tags & Tag.QUANTIFIER):
            return False
        return not token.tags & Tag.NOUN_TOO or self._is_verb_here(token, before, after)

    def _is_verb_here(self, token: Token, before: Token, after: Token | None) -> bool:
        """Whether a word that is a noun as well is a verb between these two."""
        if before.tags & (Tag.INFINITIVE | Tag.AUX):
            return not before.tags & Tag.BE or token.low.endswith("ed")
        another = after is not None and after.tags & Tag.STRONG and not after.tags & Tag.NOUN_TOO
        if another or (after is not None and after.tags & Tag.BODY_JOINT and after.low == "of"):
            return False  # "reports say", "claims of"
        if not before.cap and not before.tags & Tag.PRONOUN and _follows_noun(after):
            return False
        if before.tags & (Tag.PREPOSITION | Tag.ADVERB) and not before.tags & Tag.RELATIVE:
            return bool(before.tags & Tag.ADVERB) and token.low.endswith("s")
        if before.kind == QUOTE or before.text == ",":
            ends = token.low.endswith("s") or not self.lexicon.s_marks_verbs
            return after is not None and after.kind != QUOTE and ends
        return self._agrees(before, token)

    def _agrees(self, before: Token, token: Token) -> bool:
        """Whether subject and verb agree: "experts claim", "the officer claims"."""
        singular = token.low.endswith("s") and not token.low.endswith("ss")
        if before.tags & (Tag.HE | Tag.SHE | Tag.IT):
            return singular
        if before.tags & (Tag.PRONOUN | Tag.RELATIVE | Tag.COLLECTIVE):
            return True
        plural = before.low.endswith("s") and not before.cap
        return (not plural or before.cap) if singular else plural

    def _before(self, tokens: list[Token], k: int) -> Token | None:
        """The token before, past adverbs."""
        k -= 1
        while k > 0 and is_adverb(tokens[k]) and not tokens[k].tags & Tag.DETERMINER:
            k -= 1
        return tokens[k] if k >= 0 else None

    def _form(self, tokens: list[Token], k: int) -> str:
        low = tokens[k].low
        i = k - 1
        while i >= 0 and (is_adverb(tokens[i]) or tokens[i].tags & Tag.NEGATION):
            i -= 1
        before = tokens[i] if i >= 0 else None
        if any(
            low.endswith(ending) and len(low) > len(ending) + 2
            for ending in self.lexicon.participle_endings
        ):
            return FINITE if before is not None and before.tags & Tag.BE else PARTICIPLE
        if before is not None and before.tags & Tag.INFINITIVE:
            return INFINITIVE
        after = tokens[k + 1] if k + 1 < len(tokens) else None
        charged = tokens[k].tags & Tag.FRAGMENT and not tokens[k].tags & Tag.STRONG
        if charged and low.endswith("ed") and after is not None and after.low == "of":
            return PASSIVE  # "accused of"
        if (
            before is not None
            and before.tags & Tag.BE
            and self.lexicon.language == "en"
            and tokens[k].low not in ("say", "said")
        ):
            return PASSIVE
        if before is not None and before.tags & Tag.BE and low == "said":
            return PASSIVE
        return FINITE


def _follows_noun(after: Token | None) -> bool:
    """Whether the word after shows that a cue is a noun: "tweets accusing", "report on"."""
    if after is None or after.kind != WORD:
        return False
    if after.tags & (Tag.AUX | Tag.RELATIVE) and after.low != "that":
        return True
    return bool(after.tags & Tag.PREPOSITION) or (after.low.endswith("ing") and len(after.low) > 5)

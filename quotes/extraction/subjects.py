"""Whose words a cue reports: the noun phrase that is the subject of its verb.

In: the tokens of a sentence, a cue and those before it. Out: the cue's speaker phrase, reached past
adverbs, appositions, ages, relative clauses and brackets, or shared with the verb before.
"""

from dataclasses import dataclass

from quotes.extraction.languages import Lexicon, Tag
from quotes.extraction.names import is_acronym
from quotes.extraction.phrases import (
    NOUN,
    PERSON,
    PRONOUN,
    Phrase,
    is_adverb,
    phrase_after,
    phrase_before,
)
from quotes.extraction.words import MARK, QUOTE, WORD, Token

SEGMENTS = 8  # between commas, back from a cue to its subject
MAX_ASIDES = 20  # before the subject of a clause
CLAUSE_TOKENS = 80  # back from a verb to where its clause may begin
WORD_IN_CLAUSE = 40  # code points: a longer passage is no word of the clause around it

FINITE, PARTICIPLE, PASSIVE, ACCORDING, INFINITIVE = (
    "finite",
    "participle",
    "passive",
    "according",
    "infinitive",
)
PAUSES = frozenset([",", "–", "—", "-", "―", "(", ")"])
STOPS = frozenset([";", ":", "…"])


@dataclass(slots=True, eq=False)
class Cue:
    start: int
    end: int
    tags: int
    form: str
    subject: Phrase | None = None
    relative: bool = False
    after: bool = False  # the speaker stands after the verb
    negated: bool = False
    bridge: str = "next"  # how the subject was reached

    @property
    def strong(self) -> bool:
        return bool(self.tags & Tag.STRONG) and not self.tags & Tag.WEAK


class SubjectFinder:
    """Finds the subjects of cues, for one article."""

    def __init__(self, lexicon: Lexicon, known: set[str]):
        self.lexicon, self.known = lexicon, known

    def find(self, tokens: list[Token], cue: Cue, earlier: list[Cue]) -> None:
        low = self._clause_start(tokens, cue.start)
        if cue.form == ACCORDING:
            cue.subject, cue.after = self._named_after(tokens, cue.end), True
            if self.lexicon.verb_second and cue.start == 0:
                self._cut_before_verb(tokens, cue)
        elif cue.form == PASSIVE:
            cue.subject, cue.after = self._agent(tokens, cue), True
            if tokens[cue.start].tags & Tag.QUOTED:  # "he was quoted as saying"
                cue.subject, cue.after = self._before_verb(tokens, cue.start, low), False
        elif cue.form == PARTICIPLE:
            self._participle_subject(tokens, cue, low, earlier)
        elif cue.form == INFINITIVE:
            cue.subject, cue.bridge = self._shared(tokens, cue.start - 1, low, earlier), "shared"
        else:
            self._finite_subject(tokens, cue, low, earlier)
        if (
            cue.subject is not None
            and cue.subject.kind == NOUN
            and not self._may_speak(tokens, cue.subject)
        ):
            cue.subject = None

    def _cut_before_verb(self, tokens: list[Token], cue: Cue) -> None:
        """End the phrase after its noun: "Ifølge politiet kjørte mannen"."""
        phrase = cue.subject
        if phrase is None or phrase.kind != NOUN or tokens[phrase.head].cap:
            return
        noun = phrase.start
        while noun < phrase.end - 1 and tokens[noun].tags & (Tag.DETERMINER | Tag.POSSESSIVE):
            noun += 1
        if noun + 1 < phrase.end and not tokens[noun + 1].tags:
            cue.subject = Phrase(
                phrase.start, noun + 1, NOUN, printed=(phrase.start, noun + 1), head=noun
            )

    def _may_speak(self, tokens: list[Token], phrase: Phrase) -> bool:
        head = tokens[phrase.head]
        return head.kind == WORD and not head.tags & (
            Tag.ADVERB | Tag.TIME | Tag.PREPOSITION | Tag.CONJUNCTION
        )

    def _clause_start(self, tokens: list[Token], k: int) -> int:
        """Where the clause of a verb begins at the earliest: past a passage or a colon."""
        for i in range(k - 1, max(-1, k - CLAUSE_TOKENS), -1):
            if tokens[i].kind == QUOTE or (tokens[i].kind == MARK and tokens[i].text in STOPS):
                if tokens[i].kind == QUOTE and i + 1 < k and not self._sets_off(tokens, i):
                    continue
                return i + 1
        return max(0, k - CLAUSE_TOKENS)

    def _sets_off(self, tokens: list[Token], i: int) -> bool:
        """Whether a passage closes before this clause, and is not a word inside it."""
        passage = tokens[i].passage
        return (
            tokens[i + 1].text in PAUSES or i == 0 or passage.end - passage.start > WORD_IN_CLAUSE
        )

    def _finite_subject(self, tokens: list[Token], cue: Cue, low: int, earlier: list[Cue]) -> None:
        i = cue.start
        while i > low and (
            tokens[i - 1].tags & (Tag.AUX | Tag.NEGATION) or is_adverb(tokens[i - 1])
        ):
            cue.negated = cue.negated or bool(tokens[i - 1].tags & Tag.NEGATION)
            i -= 1
        before = tokens[i - 1] if i > low else None
        if self.lexicon.verb_second and self._stands_after(tokens, cue, low, i):
            cue.subject, cue.after = self.inverted(tokens, cue), True
        elif before is None:
            cue.subject = self.inverted(tokens, cue)
            cue.after = cue.subject is not None
        elif before.tags & Tag.RELATIVE and self._opens_relative(tokens, i - 1):
            cue.relative, cue.bridge = True, "relative"
            cue.subject = self._antecedent(tokens, i - 1, low)
        elif before.tags & (Tag.AND | Tag.CONJUNCTION):
            cue.subject, cue.bridge = self._shared(tokens, i, 0, earlier), "shared"
        elif before.text in PAUSES and not (
            before.text == ")" and self._bracketed_name(tokens, i - 1, low)
        ):
            self._past_commas(tokens, cue, i, low, earlier)
        else:
            self._directly_before(tokens, cue, i, low, earlier)
        if cue.subject is None and cue.bridge == "next":
            cue.subject, cue.bridge = self._shared(tokens, i, low, earlier), "shared"

    def _opens_relative(self, tokens: list[Token], k: int) -> bool:
        """Whether "who", or "that" after a noun, opens a relative clause: "a sign that read"."""
        if tokens[k].low != "that":
            return True
        noun = Tag.DOCUMENT | Tag.STATEMENT | Tag.ROLE | Tag.BODY_NOUN | Tag.ANIMATE
        return k > 0 and bool(tokens[k - 1].tags & noun)

    def _stands_after(self, tokens: list[Token], cue: Cue, low: int, i: int) -> bool:
        """Whether the subject follows its verb: "In einem Interview sagte er"."""
        if cue.end >= len(tokens):
            return False
        phrase = self.inverted(tokens, cue)
        if phrase is None:
            return False
        ends = phrase.end >= len(tokens) or tokens[phrase.end].kind != WORD
        if phrase.kind == PRONOUN or (phrase.kind == PERSON and ends):
            return True
        opening = tokens[low].tags if low < i else 0
        other = Tag.PREPOSITION | Tag.ADVERB | Tag.CONJUNCTION
        return bool(opening & other) and not opening & (Tag.AND | Tag.DETERMINER)

    def _before_verb(self, tokens: list[Token], k: int, low: int) -> Phrase | None:
        while k > low and (tokens[k - 1].tags & Tag.AUX or is_adverb(tokens[k - 1])):
            k -= 1
        return phrase_before(tokens, k, low, self.known)

    def _bracketed_name(self, tokens: list[Token], k: int, low: int) -> bool:
        return any(tokens[i].text == "(" for i in range(max(low, k - 5), k))

    def _directly_before(
        self, tokens: list[Token], cue: Cue, i: int, low: int, earlier: list[Cue]
    ) -> None:
        phrase = phrase_before(tokens, i, low, self.known)
        if phrase is None:
            return
        left = tokens[phrase.start - 1] if phrase.start > low else None
        if left is not None and left.tags & Tag.RELATIVE and left.low != "where":
            cue.relative = left.low != "that"
        elif left is not None and left.tags & Tag.PREPOSITION and not left.cap:
            whole = self._before_relative(tokens, phrase.start, low)
            if whole is None and phrase.kind not in (PERSON, PRONOUN):
                whole = self.main_subject(tokens, low, i)
            if whole is not None:
                cue.subject, cue.bridge = whole, "clause"
                return
        cue.subject = phrase

    def _before_relative(self, tokens: list[Token], k: int, low: int) -> Phrase | None:
        """The noun before "who" when only a relative clause lies between it and its verb."""
        for i in range(k - 1, max(low, k - 14), -1):
            if tokens[i].text == "," or tokens[i].kind == QUOTE:
                return None
            if tokens[i].low in ("who", "which"):
                return phrase_before(tokens, i, low, self.known)
        return None

    def _antecedent(self, tokens: list[Token], k: int, low: int) -> Phrase | None:
        """The noun that "who" at `k` stands for."""
        while k > low and tokens[k - 1].text in PAUSES:
            k -= 1
        return phrase_before(tokens, k, low, self.known)

    def _past_commas(
        self, tokens: list[Token], cue: Cue, i: int, low: int, earlier: list[Cue]
    ) -> None:
        """The subject before an apposition, age or aside: "Ann Lee, 45, chair of X, said"."""
        inverted = None
        is_told = cue.tags & Tag.TELLS  # whoever comes next hears it
        if cue.tags & Tag.STRONG and not is_told and self._closes_after(tokens, cue):
            inverted = self.inverted(tokens, cue)
        if inverted is not None and inverted.kind in (PERSON, PRONOUN):
            cue.subject, cue.after = inverted, True
            return
        cue.subject = self._through_segments(tokens, i - 1, low)
        cue.bridge = "apposition"
        if cue.subject is None and inverted is not None:
            cue.subject, cue.after = inverted, True
        if cue.subject is None:
            cue.subject, cue.bridge = self._shared(tokens, i, low, earlier), "shared"

    def _closes_after(self, tokens: list[Token], cue: Cue) -> bool:
        """Whether the sentence or clause ends right after "said NAME"."""
        phrase = phrase_after(tokens, cue.end, self.known) if cue.end < len(tokens) else None
        if phrase is None:
            return False
        after = tokens[phrase.end] if phrase.end < len(tokens) else None
        return (
            after is None
            or after.kind in (MARK, QUOTE)
            or bool(after.tags & (Tag.PREPOSITION | Tag.TIME) and after.low != "as")
        )

    def _through_segments(self, tokens: list[Token], comma: int, low: int) -> Phrase | None:
        """The name, else the noun, furthest left of the stretches between commas."""
        stop = comma
        named: Phrase | None = None
        plain: Phrase | None = None
        for _ in range(SEGMENTS):
            begin = stop
            while begin > low and tokens[begin - 1].text not in PAUSES:
                begin -= 1
            phrase = self._segment(tokens, begin, stop)
            if phrase is not None and phrase.kind == PERSON:
                named = phrase
            elif phrase is not None:
                plain = phrase
            if begin <= low:
                break
            stop = begin - 1
            while stop > low and tokens[stop - 1].text in PAUSES:
                stop -= 1
        return named or plain

    def _segment(self, tokens: list[Token], begin: int, stop: int) -> Phrase | None:
        """What a stretch between commas names, if it may be a subject."""
        bracketed = tokens[begin - 1].text == "(" and tokens[stop].text == ")"
        if begin >= stop or bracketed or self._is_aside(tokens, begin, stop):
            return None
        if stop - begin == 1 and tokens[begin].cap and tokens[begin].tags & Tag.FIRST_NAME:
            return self._first_name(begin)
        phrase = phrase_before(tokens, stop, begin, self.known)
        if phrase is None or phrase.kind == PRONOUN:
            return phrase
        if phrase.kind == PERSON and (phrase.start == begin or phrase.full):
            return phrase
        if phrase.kind != PERSON and self._covers(tokens, phrase, begin):
            return phrase
        return None

    def _first_name(self, k: int) -> Phrase:
        """A child or friend of one name between commas: "One of them, Poppy, eight, said"."""
        return Phrase(k, k + 1, PERSON, name=(k, k + 1), printed=(k, k + 1), head=k)

    def _covers(self, tokens: list[Token], phrase: Phrase, begin: int) -> bool:
        return all(
            t.tags & (Tag.CONJUNCTION | Tag.ADVERB | Tag.TIME) for t in tokens[begin : phrase.start]
        )

    def _is_aside(self, tokens: list[Token], begin: int, stop: int) -> bool:
        """Whether a stretch between commas is no subject: "in May", "who left"."""
        first, tags = tokens[begin], tokens[begin].tags
        if tags & (Tag.PREPOSITION | Tag.RELATIVE) and first.low != "than":
            return True
        if tags & Tag.CONJUNCTION and not tags & Tag.COORDINATOR:
            return True
        participle = first.low.endswith(self.lexicon.participle_endings) and len(first.low) > 5
        if participle and not tags & Tag.ROLE and (begin == 0 or not first.cap):
            return True
        if stop - begin == 1:
            adverb = first.low.endswith("ly") and not tags & (Tag.NOT_ADVERB | Tag.FIRST_NAME)
            if adverb or tags & Tag.SUFFIX:
                return True
        dateline = begin == 0 and stop - begin < 4 and len(first.text) > 3
        if dateline and all(token.text.isupper() for token in tokens[begin:stop]):
            return True
        return all(token.tags & Tag.TIME or token.kind != WORD for token in tokens[begin:stop])

    def _shared(self, tokens: list[Token], k: int, low: int, earlier: list[Cue]) -> Phrase | None:
        """The subject of the verb before, for "X did this and said that"."""
        for cue in reversed(earlier):
            if (
                cue.subject is not None
                and cue.start >= low
                and not cue.relative
                and cue.form != ACCORDING
            ):
                return cue.subject
        return self.main_subject(tokens, low, k)

    def main_subject(self, tokens: list[Token], low: int, high: int) -> Phrase | None:
        """The noun phrase that a clause begins with, past its introduction."""
        begin = low
        for _ in range(MAX_ASIDES):
            while begin < high and (
                tokens[begin].text in PAUSES
                or is_adverb(tokens[begin])
                or tokens[begin].tags & Tag.COORDINATOR
            ):
                begin += 1
            if begin >= high:
                return None
            stop = begin
            while stop < high and tokens[stop].text not in PAUSES and tokens[stop].kind != QUOTE:
                stop += 1
            if not self._is_aside(tokens, begin, stop) or stop >= high:
                if tokens[begin].tags & (Tag.PREPOSITION | Tag.CONJUNCTION):
                    return None
                phrase = self._named_after(tokens, begin)
                return phrase if phrase is not None and phrase.end <= high else None
            begin = stop + 1
        return None

    def _participle_subject(
        self, tokens: list[Token], cue: Cue, low: int, earlier: list[Cue]
    ) -> None:
        k = cue.start
        while k > low and (is_adverb(tokens[k - 1]) or tokens[k - 1].tags & Tag.NEGATION):
            k -= 1
        before = tokens[k - 1] if k > low else None
        cue.bridge = "participle"
        if (
            before is not None
            and before.kind == WORD
            and not before.tags & (Tag.PREPOSITION | Tag.CONJUNCTION | Tag.AND)
        ):
            phrase = phrase_before(tokens, k, low, self.known)
            if phrase is not None and phrase.start > low and tokens[phrase.start - 1].low == "with":
                cue.subject, cue.bridge = phrase, "next"
                return
        cue.subject = self._shared(tokens, k, self._sentence_start(tokens, k), earlier)

    def _sentence_start(self, tokens: list[Token], k: int) -> int:
        long = (
            t.kind == QUOTE and t.passage.end - t.passage.start > WORD_IN_CLAUSE for t in tokens[:k]
        )
        return self._clause_start(tokens, k) if any(long) else 0

    def borrow(self, tokens: list[Token], found: list[Cue], position: int) -> None:
        """The subject of a later verb, for "Describing it as X, Smith said"."""
        cue = found[position]
        if cue.subject is None and cue.form == PARTICIPLE and cue.start < 3:
            for later in found[position + 1 :]:
                if later.form == FINITE and later.subject is not None:
                    cue.subject, cue.bridge = later.subject, "participle"
                    return
            comma = next((i for i in range(cue.end, len(tokens)) if tokens[i].text == ","), None)
            if comma is not None:
                cue.subject = self.main_subject(tokens, comma + 1, len(tokens))

    def inverted(self, tokens: list[Token], cue: Cue) -> Phrase | None:
        if not self.lexicon.inverted or cue.end >= len(tokens):
            return None
        start = cue.end
        if tokens[start].tags & Tag.OBJECT and not is_acronym(tokens[start]):
            if not self.lexicon.verb_second:
                return None
            start += 1  # "charakterisierte ihn der Sprecher"
        return self._named_after(tokens, start)

    def _named_after(self, tokens: list[Token], start: int) -> Phrase | None:
        """The noun phrase after a position, or the name that a comma sets off behind a role."""
        while start < len(tokens) and (is_adverb(tokens[start]) or tokens[start].tags & Tag.TIME):
            start += 1
        if start >= len(tokens):
            return None
        if tokens[start].tags & Tag.TOPIC and not tokens[start].tags & Tag.DETERMINER:
            return self._past_hearer(tokens, start + 1)
        phrase = phrase_after(tokens, start, self.known)
        if phrase is None or phrase.kind in (PERSON, PRONOUN):
            return phrase
        if (
            phrase.end + 1 < len(tokens)
            and tokens[phrase.end].text == ","
            and tokens[phrase.end + 1].cap
        ):
            role = any(
                t.tags & (Tag.ROLE | Tag.TITLE_ROLE) for t in tokens[phrase.start : phrase.end]
            )
            name = phrase_after(tokens, phrase.end + 1, self.known)
            if role and name is not None and name.kind == PERSON and name.start == phrase.end + 1:
                return name
        return phrase

    def _past_hearer(self, tokens: list[Token], start: int) -> Phrase | None:
        """The name after the one who was told: "disse à Folha Ana Reis"."""
        hearer = phrase_after(tokens, start, self.known)
        if hearer is None:
            return None
        if hearer.kind == PERSON and hearer.name is not None and is_acronym(tokens[start]):
            return hearer
        for k in range(hearer.start + 1, hearer.end):
            if tokens[k].cap and tokens[k].tags & Tag.FIRST_NAME:
                return phrase_after(tokens, k, self.known)
        named = phrase_after(tokens, hearer.end, self.known) if hearer.end < len(tokens) else None
        return named if named is not None and named.kind == PERSON else None

    def _agent(self, tokens: list[Token], cue: Cue) -> Phrase | None:
        """The noun phrase after "by" in "described by X as"."""
        for k in range(cue.end, min(len(tokens), cue.end + 8)):
            if tokens[k].kind == QUOTE or tokens[k].text == ",":
                return None
            if tokens[k].tags & Tag.AGENT and k + 1 < len(tokens):
                return phrase_after(tokens, k + 1, self.known)
        return None

"""Who said a passage: an ordered list of small rules; the first that fits wins.

In: sentences with their cues. Out: an `Attribution` for each passage that is somebody's words. A
passage that no rule claims (a title, a nickname, a slogan) is left out. Rules within a sentence
come before those that look at its neighbours.
"""

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass

from quotes.extraction.cues import CueFinder
from quotes.extraction.languages import Lexicon
from quotes.extraction.marks import Passage
from quotes.extraction.phrases import Phrase
from quotes.extraction.scare import is_name_or_term, looks_like_title
from quotes.extraction.subjects import Cue
from quotes.extraction.words import WORD, Sentence, Token


@dataclass(slots=True, eq=False)
class Attribution:
    passage: Passage
    sentence: Sentence
    at: int  # position of the passage among the sentence's tokens
    rule: str = ""
    tokens: list[Token] | None = None  # of the sentence that names the speaker
    phrase: Phrase | None = None
    cue: Cue | None = None
    source: "Attribution | None" = None  # whose speaker is taken over
    root: "Attribution | None" = None  # the last of these
    cue_sentence: Sentence | None = None
    source_speaker: "Attribution | None" = None  # “I said” inside this quote

    @property
    def origin(self) -> "Attribution":
        """The attribution that names the speaker, at the end of those taken over."""
        return self.root or self


class Attributor:
    """Attribute the passages of one article."""

    def __init__(self, text: str, sentences: list[Sentence], lexicon: Lexicon, finder: CueFinder):
        self.text, self.sentences, self.lexicon, self.finder = text, sentences, lexicon, finder
        self.subjects, self.known = finder.subjects, finder.known
        self._cues: dict[int, list[Cue]] = {}
        self._alone: dict[int, bool] = {}
        self.made: dict[int, Attribution] = {}  # by the passage's start
        self.by_sentence: dict[int, list[Attribution]] = {}
        starts = [s.tokens[at].passage.start for s in sentences for at in s.quotes]
        self.before = dict(zip(starts[1:], starts, strict=False))  # the passage before each

    def cues(self, sentence: Sentence) -> list[Cue]:
        key = sentence.tokens[0].start
        if key not in self._cues:
            self._cues[key] = self.finder.cues(sentence.tokens, sentence.headline)
        return self._cues[key]

    def attribute(self, within: "Rules", around: "Rules", backward: "Rules") -> list[Attribution]:
        """Try each list of rules on the passages that those before left."""
        places = [(s, at) for s in self.sentences for at in s.quotes]
        for rules, order in ((within, places), (around, places), (backward, places[::-1])):
            for sentence, at in order:
                if sentence.tokens[at].passage.start not in self.made:
                    self._try(rules, sentence, at)
        return [self.made[start] for start in sorted(self.made)]

    def _try(self, rules: "Rules", sentence: Sentence, at: int) -> None:
        for name, rule in rules:
            found = rule(self, sentence, at)
            if found is not None:
                found.rule = name
                self.made[found.passage.start] = found
                insort(self.by_sentence.setdefault(sentence.index, []), found, key=_place)
                return

    def by_cue(
        self,
        sentence: Sentence,
        at: int,
        cue: Cue,
        of: Sentence | None = None,
        passage: Passage | None = None,
    ) -> Attribution:
        of = of or sentence
        passage = passage or sentence.tokens[at].passage
        return Attribution(passage, sentence, at, "", of.tokens, cue.subject, cue, cue_sentence=of)

    def by_phrase(self, sentence: Sentence, at: int, of: Sentence, phrase: Phrase) -> Attribution:
        passage = sentence.tokens[at].passage
        return Attribution(passage, sentence, at, "", of.tokens, phrase, cue_sentence=of)

    def taken_over(self, sentence: Sentence, at: int, source: Attribution) -> Attribution:
        passage = sentence.tokens[at].passage
        return Attribution(passage, sentence, at, source=source, root=source.origin)

    def words(self, passage: Passage) -> str:
        return self.text[passage.start : passage.end]

    def stands_alone(self, sentence: Sentence) -> bool:
        """Whether a sentence is only passages: no words beside them but in brackets."""
        key = sentence.tokens[0].start
        if key not in self._alone:
            self._alone[key] = _is_wordless(sentence.tokens)
        return self._alone[key]

    def is_speech(self, passage: Passage) -> bool:
        """Whether a passage reads as speech: a sentence, not a word or a title."""
        words = self.words(passage)
        return words.count(" ") >= 2 and not looks_like_title(words, self.lexicon)

    def is_title(self, passage: Passage) -> bool:
        return looks_like_title(self.words(passage), self.lexicon)

    def is_name(self, sentence: Sentence, at: int) -> bool:
        """Whether the marks of a passage only set off a name or a term."""
        return is_name_or_term(self.text, sentence.tokens, at, self.lexicon)


def _is_wordless(tokens: list[Token]) -> bool:
    depth = 0
    for token in tokens:
        if token.text == "(":
            depth += 1
        elif token.text == ")":
            depth -= 1
        elif token.kind == WORD and depth <= 0:
            return False
    return True


def _place(attribution: Attribution) -> int:
    return attribution.at


Rule = Callable[[Attributor, Sentence, int], Attribution | None]
Rules = tuple[tuple[str, Rule], ...]

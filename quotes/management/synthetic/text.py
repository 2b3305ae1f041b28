"""Writes the text of articles and knows the spans of the quotes in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quotes.management.synthetic.newsroom import Pool, SampleOutlet, SampleSpeaker
from quotes.management.synthetic.rows import NULL, Chance

FILLERS_PER_LANGUAGE = 100
"""Sentences between quotes, made once per part and language and then repeated."""

Spans = list[tuple[int, int]]


@dataclass(slots=True)
class SampleUtterance:
    words: list[str]
    speaker: SampleSpeaker
    id: str = NULL  # if several quotes report it
    printed: int = 0  # number of quotes with a known speaker
    is_public: bool = False  # whether any of these quotes is


@dataclass(slots=True)
class Passage:
    """A quote as an article prints it."""

    of: SampleUtterance
    pieces: Sequence[str]  # of text; every second one is words of the quote
    kind: str
    name: str
    role: str
    cue: str
    attribution: str
    is_known: bool  # whether the article identifies the speaker
    # Where its words stand in a text, set once the article is complete
    words: str = ""
    anchor: str = "unanchored"
    snapshot: str = NULL
    text: str = ""
    spans: Spans = ()
    nearest: str = NULL


def placed(passages: Iterable[Sequence[str]]) -> tuple[str, list[Spans]]:
    """The text of an article, and where each passage has the words of its quote."""
    at, text, places = 0, [], []
    for pieces in passages:
        places.append(spans := [])
        for n, piece in enumerate(pieces):
            if n % 2:
                spans.append((at, at + len(piece)))
            at += len(piece)
        text += pieces
    return "".join(text), places


class Writer:
    """Writes in one language."""

    def __init__(self, chance: Chance, pool: Pool):
        self.chance, self.pool = chance, pool
        lengths = [chance.randrange(8, 26) for _ in range(FILLERS_PER_LANGUAGE)]
        self.fillers = [" ".join(self.sentence(length)) for length in lengths]

    def filler(self) -> str:
        """A sentence that is no quote."""
        return self.chance.one_of(self.fillers)

    def take(self, number: int) -> list[str]:
        """Take words at random; each two bytes pick one."""
        drawn = memoryview(self.chance.randbytes(2 * number)).cast("H")
        return [*map(self.pool.words.__getitem__, drawn)]

    def sentence(self, length: int) -> list[str]:
        """The words of a sentence, punctuation included."""
        words = self.take(length)
        words[0] = words[0][0].upper() + words[0][1:]
        if length > 11:
            words[length // 2] += ","
        words[-1] += "."
        return words

    def speak(self, speaker: SampleSpeaker) -> SampleUtterance:
        chance, lot = self.chance, self.chance.random()
        words = self.sentence(chance.randrange(6, 27))
        if lot < 0.3:
            words += self.sentence(chance.randrange(4, 20))
        if lot < 0.1:
            words.insert(chance.randrange(1, len(words)), chance.one_of(self.pool.rare))
        elif lot > 0.95:
            words.insert(chance.randrange(1, len(words)), speaker.name)
        return SampleUtterance(words, speaker)

    def wording(self, words: list[str]) -> tuple[list[str], str]:
        """One article's wording of an utterance, and the kind of quote it makes."""
        lot, part, length = self.chance.random(), self.chance.random(), len(words)
        if lot < 0.62:
            return words, "direct" if lot < 0.56 else "indirect"
        if lot < 0.72:
            return words[: int(length * (0.5 + part / 2))], "direct"
        if lot < 0.80:
            return words[1 + int(part * (length / 2 - 1)) :], "direct"
        if lot < 0.84:  # a letter of the longest word is left out
            at = max(range(1, length), key=lambda n: len(words[n]))
            cut = 1 + int(part * (len(words[at]) - 2))
            return [*words[:at], words[at][:cut] + words[at][cut + 1 :], *words[at + 1 :]], "direct"
        first = int(part * (length - 3))
        fragment = words[first : first + self.chance.randrange(2, 9)]
        return fragment, "partial" if lot < 0.95 else "mixed"

    def passage(self, outlet: SampleOutlet, of: SampleUtterance) -> Passage:
        """One article's report of an utterance, with its attribution."""
        chance, lot, speaker = self.chance, self.chance.random(), of.speaker
        (words, kind), cue, role = self.wording(of.words), chance.one_of(self.pool.cues), NULL
        opened, closed, *_ = outlet.marks
        said, has_short = outlet.set(" ".join(words)), speaker.short != speaker.name
        name = outlet.set(speaker.name if lot < 0.6 else speaker.short)
        if lot < 0.35 and has_short:
            held = [affiliation.role for affiliation in speaker.held] if lot < 0.3 else []
            role = chance.one_of(held or self.pool.roles)
        who = name if role == NULL else f"{name}, {role}"
        attribution = f"{who} {cue}" if role == NULL else f"{who}, {cue}"
        half = said.find(" ", len(said) // 2) if lot > 0.9 else -1
        if kind == "indirect":
            pieces = f"{attribution}: ", said
        elif kind != "direct":
            pieces = f"{attribution} {opened}", said.rstrip(".,") or said, f"{closed}."
        elif half > 0:  # split by its attribution
            attribution = f"{cue} {who}"
            between = f",{closed} {attribution}. {opened}"
            pieces = opened, said[:half], between, said[half + 1 :], closed
        elif lot < 0.4:
            attribution = f"{cue} {who}"
            pieces = opened, said, f"{closed} {attribution}."
        else:
            pieces = f"{attribution}: {opened}", said, closed
        lead = "\n\n" if chance.random() < 0.5 else f"\n\n{self.filler()} "
        pieces = lead + pieces[0], *pieces[1:]
        is_known = lot < 0.985 or not has_short
        return Passage(of, pieces, kind, name, role, cue, attribution, is_known)

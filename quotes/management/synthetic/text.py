"""Writes the text of articles and knows the spans of the quotes in it."""

from dataclasses import dataclass
from random import Random

from quotes.management.synthetic.newsroom import LanguagePool, SampleOutlet, SampleSpeaker
from quotes.management.synthetic.rows import NULL, one_of

FILLERS_PER_LANGUAGE = 100
"""Sentences between quotes, made once per part and language and then repeated."""


@dataclass(slots=True)
class SampleUtterance:
    """An utterance: its words, punctuation included, and its speaker."""

    words: list[str]
    voice: SampleSpeaker
    id: str = NULL  # if several quotes report it
    printed: int = 0  # number of quotes with a known speaker


@dataclass(slots=True)
class PlacedQuote:
    """A quote in an article: its spans and its attribution."""

    of: SampleUtterance
    spans: list[tuple[int, int]]
    kind: str
    speaker: str
    role: str
    cue: str
    attribution: str
    known: bool  # whether the article identifies the speaker


class Writer:
    """Writes in one language."""

    def __init__(self, random: Random, pool: LanguagePool):
        self.random, self.pool = random, pool
        pool.begin(random)
        self.fillers = [
            " ".join(pool.sentence(random.randrange(8, 26))) for _ in range(FILLERS_PER_LANGUAGE)
        ]

    def filler(self) -> str:
        """A sentence that is no quote."""
        return one_of(self.fillers, self.random)

    def speak(self, voice: SampleSpeaker) -> SampleUtterance:
        random, pool = self.random, self.pool
        words, chance = pool.sentence(6 + int(random.random() * 21)), random.random()
        if chance < 0.3:
            words += pool.sentence(4 + int(random.random() * 16))
        if chance < 0.1:
            words.insert(random.randrange(1, len(words)), one_of(pool.rare, random))
        elif chance > 0.95:
            words.insert(random.randrange(1, len(words)), voice.name)
        return SampleUtterance(words, voice)

    def wording(self, spoken: SampleUtterance) -> tuple[list[str], str]:
        """One article's wording of an utterance, and the kind of quote it makes."""
        words, chance, length = spoken.words, self.random.random(), len(spoken.words)
        lot = self.random.random()
        if chance < 0.62:
            return words, "direct" if chance < 0.56 else "indirect"
        if chance < 0.72:
            return words[: int(length * (0.5 + lot / 2))], "direct"
        if chance < 0.80:
            return words[1 + int(lot * (length / 2 - 1)) :], "direct"
        if chance < 0.84:  # nearly the same words: a letter of one is left out
            at = max(range(1, length), key=lambda n: len(words[n]))
            cut = 1 + int(lot * (len(words[at]) - 2))
            return [*words[:at], words[at][:cut] + words[at][cut + 1 :], *words[at + 1 :]], "direct"
        first = int(lot * (length - 3))
        fragment = words[first : first + 2 + int(chance * 1000) % 7]
        return fragment, "partial" if chance < 0.95 else "mixed"

    def article(
        self, paper: SampleOutlet, spoken: list[SampleUtterance]
    ) -> tuple[str, list[PlacedQuote]]:
        """The text of an article that prints these utterances, and its quotes."""
        parts, standing = [self.filler()], []
        at = len(parts[0])
        for of in spoken:
            before = "\n\n" if self.random.random() < 0.5 else f"\n\n{self.filler()} "
            piece, stands = self.passage(paper, of, at + len(before))
            if paper.setting:  # replaces characters one for one
                piece = paper.set(piece)
            parts += before, piece
            at += len(before) + len(piece)
            standing.append(stands)
        parts.append(f"\n\n{self.filler()}")
        return "".join(parts), standing

    def passage(self, paper: SampleOutlet, of: SampleUtterance, at: int) -> tuple[str, PlacedQuote]:
        """One quote with its attribution, which begins at offset `at` of the article."""
        pool, chance, voice = self.pool, self.random.random(), of.voice
        language, (opened, closed) = pool.language, paper.marks
        words, kind = self.wording(of)
        said, cue = " ".join(words), one_of(pool.cues, self.random)
        known = chance < 0.985 or voice.short == voice.name
        speaker = voice.name if chance < 0.6 else voice.short
        role = NULL
        if chance < 0.35 and voice.short != voice.name:
            held = voice.held
            role = one_of(held, self.random).role if held and chance < 0.3 else pool.role()
        who = speaker if role == NULL else f"{speaker}, {role}"
        before = who if role == NULL else f"{who},"
        stands = PlacedQuote(of, [], kind, speaker, role, cue, f"{before} {cue}", known)
        cut = said.find(" ", len(said) // 2) if kind == "direct" and chance > 0.9 else -1
        if kind == "indirect":
            lead, end = f"{before} {cue} {language.that} ", ""
        elif kind != "direct":
            said = said.rstrip(".,") or said
            stands.attribution = f"{before} {language.about if kind == 'partial' else cue}"
            lead, end = f"{stands.attribution} {opened}", f"{closed}."
        elif chance < 0.4 or cut > 0:
            stands.attribution = f"{cue} {who}"
            lead, end = opened, f"{closed} {stands.attribution}."
        else:
            lead, end = f"{before} {cue}: {opened}", closed
        first = at + len(lead)
        last = first + len(said)
        stands.spans.append((first, last))
        if cut > 0:  # split by its attribution: two spans
            between = f",{closed} {stands.attribution}. {opened}"
            said, end = f"{said[:cut]}{between}{said[cut + 1 :]}", closed
            rest = first + cut + len(between)
            stands.spans[:] = (first, first + cut), (rest, last + len(between) - 1)
        if paper.setting:
            for name in ("speaker", "role", "attribution"):
                setattr(stands, name, paper.set(getattr(stands, name)))
        return f"{lead}{said}{end}", stands

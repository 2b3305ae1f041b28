"""The text of made-up articles, and what stands where in it."""

from dataclasses import dataclass
from random import Random

from quotes.management.synthetic.newsroom import Paper, Tongue, Voice
from quotes.management.synthetic.rows import NULL, one_of

FILLERS = 100
"""So many sentences that are no quote are made for each part and language."""


@dataclass(slots=True)
class Spoken:
    """An utterance: its words, with their marks, and who made it."""

    words: list[str]
    voice: Voice
    id: str = NULL  # of those that several quotes print
    printed: int = 0  # in how many quotes whose speaker is known


@dataclass(slots=True)
class Standing:
    """A quote in the text of an article: at which spans, and how it is attributed."""

    of: Spoken
    spans: list[tuple[int, int]]
    kind: str
    speaker: str
    role: str
    cue: str
    attribution: str
    known: bool  # whether the article says who that is


class Writer:
    """Writes in one language."""

    def __init__(self, random: Random, tongue: Tongue):
        self.random, self.tongue = random, tongue
        tongue.begin(random)
        self.fillers = [" ".join(tongue.sentence(random.randrange(8, 26))) for _ in range(FILLERS)]

    def filler(self) -> str:
        """What stands between quotes."""
        return one_of(self.fillers, self.random)

    def speak(self, voice: Voice) -> Spoken:
        random, tongue = self.random, self.tongue
        words, chance = tongue.sentence(6 + int(random.random() * 21)), random.random()
        if chance < 0.3:
            words += tongue.sentence(4 + int(random.random() * 16))
        if chance < 0.1:
            words.insert(random.randrange(1, len(words)), one_of(tongue.rare, random))
        elif chance > 0.95:
            words.insert(random.randrange(1, len(words)), voice.name)
        return Spoken(words, voice)

    def wording(self, spoken: Spoken) -> tuple[list[str], str]:
        """The words of an utterance as one article has them, and the kind of quote they make."""
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

    def article(self, paper: Paper, spoken: list[Spoken]) -> tuple[str, list[Standing]]:
        """The text of an article that prints these utterances, and where they stand in it."""
        parts, standing = [self.filler()], []
        at = len(parts[0])
        for of in spoken:
            before = "\n\n" if self.random.random() < 0.5 else f"\n\n{self.filler()} "
            piece, stands = self.passage(paper, of, at + len(before))
            if paper.setting:  # one character stands for one
                piece = paper.set(piece)
            parts += before, piece
            at += len(before) + len(piece)
            standing.append(stands)
        parts.append(f"\n\n{self.filler()}")
        return "".join(parts), standing

    def passage(self, paper: Paper, of: Spoken, at: int) -> tuple[str, Standing]:
        """One quote with its attribution; `at` is where it begins in the article."""
        tongue, chance, voice = self.tongue, self.random.random(), of.voice
        language, (opened, closed) = tongue.language, paper.marks
        words, kind = self.wording(of)
        said, cue = " ".join(words), one_of(tongue.cues, self.random)
        known = chance < 0.985 or voice.short == voice.name
        speaker = voice.name if chance < 0.6 else voice.short
        role = NULL
        if chance < 0.35 and voice.short != voice.name:
            held = voice.held
            role = one_of(held, self.random).role if held and chance < 0.3 else tongue.role()
        who = speaker if role == NULL else f"{speaker}, {role}"
        before = who if role == NULL else f"{who},"
        stands = Standing(of, [], kind, speaker, role, cue, f"{before} {cue}", known)
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
        if cut > 0:  # broken by who said it: two spans
            between = f",{closed} {stands.attribution}. {opened}"
            said, end = f"{said[:cut]}{between}{said[cut + 1 :]}", closed
            rest = first + cut + len(between)
            stands.spans[:] = (first, first + cut), (rest, last + len(between) - 1)
        if paper.setting:
            for name in ("speaker", "role", "attribution"):
                setattr(stands, name, paper.set(getattr(stands, name)))
        return f"{lead}{said}{end}", stands

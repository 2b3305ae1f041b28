"""Articles with quotes, edits of them, and where each quote stands after the edit."""

from dataclasses import dataclass, field, replace
from random import Random

from quotes.anchoring import Page
from quotes.anchoring.attributions import Speaker
from quotes.anchoring.surroundings import Surroundings

NAMES = ["Ada Lund", "Ben Orr", "Mara Quill", "Rob Jones", "Ingrid Pellow", "Noor Aldaine"]
NAMES += ["Per Holm", "Eva Sund"]
NOUNS = ["quay", "harbour", "ferry", "ward", "council", "budget", "bridge", "tunnel", "school"]
NOUNS += ["clinic", "market", "road"]
VERBS = ["close", "open", "sell", "repair", "inspect", "rebuild", "fund", "move", "protect"]
TIMES = ["this spring", "next year", "before winter", "in due course", "at once", "by Friday"]
SAID = [
    "said {who}.",
    "{who} said.",
    "{who} told the meeting on Monday.",
    "said {who}, the engineer.",
]
FILLER = [
    "Rain fell on the town for the third day.",
    "The vote is due in the summer, and nobody expects a surprise.",
    "Two ferries were late, a clerk counted, and one never came.",
    "No date has been set.",
]
MARKS = [("“", "”"), ("‘", "’"), ('"', '"'), ("«", "»"), ("„", "“")]


@dataclass(frozen=True)
class Block:
    """A paragraph: with a quote of a speaker, or without one."""

    words: str
    who: str | None = None
    form: int = 0
    rest: str = ""

    def text(self, marks: tuple[str, str]) -> tuple[str, int]:
        """The paragraph, and where its words begin in it."""
        if self.who is None:
            return self.words, 0
        opening, closing = marks
        said = SAID[self.form % len(SAID)].format(who=self.who)
        if self.form >= len(SAID):
            lead = f"{self.who} was clear: {opening}"
            return f"{lead}{self.words}.{closing}{self.rest}", len(lead)
        return f"{opening}{self.words},{closing} {said}{self.rest}", len(opening)


@dataclass
class Article:
    blocks: list[Block]
    marks: tuple[str, str] = MARKS[0]

    def printed(self) -> tuple[str, dict[Block, tuple[int, int]]]:
        """The text, and where the words of each block with a quote stand."""
        at, parts, places = 0, [], {}
        for block in self.blocks:
            text, begin = block.text(self.marks)
            if block.who:
                places[block] = (at + begin, at + begin + len(block.words))
            parts.append(text)
            at += len(text) + 2
        return "\n\n".join(parts), places


def make_article(random: Random) -> Article:
    blocks = []
    for _ in range(random.randint(3, 7)):
        words = f"We will {random.choice(VERBS)} the {random.choice(NOUNS)} {random.choice(TIMES)}"
        if random.random() < 0.5:
            words += f" and {random.choice(VERBS)} the {random.choice(NOUNS)}"
        who, form = random.choice(NAMES), random.randrange(len(SAID) + 1)
        rest = f" {random.choice(FILLER)}" if random.random() < 0.3 else ""
        if random.random() < 0.8 and all(words not in each.words for each in blocks):
            blocks.append(Block(words, who, form, rest))
        else:
            blocks.append(Block(random.choice(FILLER)))
    blocks.append(Block("We will see about the tunnel by and by", random.choice(NAMES)))
    return Article(blocks)


def move_paragraph(random: Random, article: Article) -> Article:
    blocks = list(article.blocks)
    blocks.insert(random.randrange(len(blocks)), blocks.pop(random.randrange(len(blocks))))
    return replace(article, blocks=blocks)


def change_headline(random: Random, article: Article) -> Article:
    return replace(article, blocks=[Block(f"Town to {random.choice(VERBS)} it"), *article.blocks])


def cut_quote(random: Random, article: Article) -> Article:
    quotes = [block for block in article.blocks if block.who]
    gone = random.choice(quotes)
    return replace(article, blocks=[block for block in article.blocks if block is not gone])


def add_note(random: Random, article: Article) -> Article:
    """Replace what somebody said, and repeat the former words in a note that denies them."""
    quotes = [block for block in article.blocks if block.who]
    gone = random.choice(quotes)
    now = replace(gone, words="I have nothing to add to what was agreed")
    note = Block(
        f"Correction: an earlier version misquoted {gone.who} as saying “{gone.words}”. That was "
        "not so."
    )
    blocks = [now if block is gone else block for block in article.blocks]
    return replace(article, blocks=[*blocks, note])


def swap_speakers(random: Random, article: Article) -> Article:
    quotes = [block for block in article.blocks if block.who]
    one = random.choice(quotes)
    others = [block for block in quotes if block.who != one.who]
    if not others:
        return cut_quote(random, article)
    other = random.choice(others)
    swapped = {one: replace(one, who=other.who), other: replace(other, who=one.who)}
    blocks = [swapped.get(block, block) for block in article.blocks]
    if random.random() < 0.5:
        blocks = [Block(random.choice(FILLER)), *blocks]
    return replace(article, blocks=blocks)


def restyle_marks(random: Random, article: Article) -> Article:
    return replace(article, marks=random.choice(MARKS[1:]))


EDITS = (move_paragraph, change_headline, cut_quote, add_note, swap_speakers, restyle_marks)


@dataclass
class Outcome:
    """What became of the quotes: `wrong` lists edit, words and text of each wrong place."""

    unchanged: int = 0
    kept: int = 0
    wrong: list[tuple[str, str, str]] = field(default_factory=list)


def follow(random: Random, edit, outcome: Outcome) -> None:
    """Follow each quote of an article through an edit, and count what became of it."""
    article = make_article(random)
    text, places = article.printed()
    edited, now = edit(random, article).printed()
    page, taken = Page(edited), set()
    for block, span in places.items():
        before = Surroundings(text, [span], Speaker([block.who]))
        context = Page(text).context(span)
        found = page.reanchor(block.words, [span], *context, taken, before)
        taken.add(found.spans)
        right = now.get(block)
        if right:
            outcome.unchanged += 1
            outcome.kept += found.spans == (right,)
        if found.spans and found.spans != (right,):
            changed = page.surroundings(found.spans, before.speaker).is_changed(before)
            if not changed:
                outcome.wrong.append((edit.__name__, block.words, edited))

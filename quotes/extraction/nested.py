"""Quotes inside a quote: “He told me, ‘Go home,’ and I went.”

In: attributions of outer passages, and the passages inside them. Out: attributions of those that
the speaker gives to somebody by a verb of saying. “I said” means the speaker of the outer quote.
"""

from quotes.extraction.attribution import Attribution, Attributor
from quotes.extraction.languages import Tag
from quotes.extraction.marks import Passage
from quotes.extraction.phrases import PRONOUN
from quotes.extraction.sentence_rules import NESTED
from quotes.extraction.words import sentences_inside

RULE = "inside a quote"
MAX_INSIDE = 20  # passages in one quote; more are a list of titles
MIN_WORDS = 3  # fewer are a name or a term


def inner_attributions(
    it: Attributor, outer: list[Attribution], inside: dict[int, list[Passage]]
) -> list[Attribution]:
    """Attribute the passages inside attributed ones, by the verbs of the quote itself."""
    found: list[Attribution] = []
    for holder in outer:
        passages = inside.get(holder.passage.start, ())
        if 0 < len(passages) <= MAX_INSIDE:
            found += _inside(it, holder, list(passages))
    return found


def _inside(it: Attributor, holder: Attribution, passages: list[Passage]) -> list[Attribution]:
    sentences = sentences_inside(it.text, holder.passage, passages, holder.sentence, it.lexicon)
    within = Attributor(it.text, sentences, it.lexicon, it.finder)
    found = []
    for attribution in within.attribute(NESTED, (), ()):
        phrase, cue = attribution.phrase, attribution.cue
        if (
            cue is None
            or not cue.strong
            or it.words(attribution.passage).count(" ") < MIN_WORDS - 1
        ):
            continue
        attribution.rule = RULE
        first = attribution.tokens[phrase.start].tags & Tag.FIRST_PERSON
        if phrase.kind == PRONOUN and first:
            attribution.source_speaker = holder
        found.append(attribution)
    return found

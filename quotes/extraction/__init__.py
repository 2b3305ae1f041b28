"""Propose the quotes of an article: who said what, as which role, for which body.

In: a text and perhaps its language. Out: proposals in the order of the text, each with its spans,
speaker, role, organisation, confidence and the words that led there. Pure Python, no Django.
Rules and word lists only; nothing is proposed that the text does not print. Offsets are half-open,
in Unicode code points (W3C Web Annotation, TextPositionSelector).

The way of a text: `marks` (passages in quote marks) → `words` (sentences, a passage one word) →
`people`, `organisations` (the cast) → `cues`, `subjects` (verbs of saying and whose) →
`attribution` (the rules of `sentence_rules`, `verbless_rules`, `neighbour_rules`, `nested`) →
`joining` (parts of one quote) → `coreference`, `affiliations` (whom a phrase means) →
`confidence` → `proposing`.
"""

from quotes.extraction.proposals import PrintedAttribution, Proposal, Reason
from quotes.extraction.proposing import propose

__all__ = ["PrintedAttribution", "Proposal", "Reason", "propose"]

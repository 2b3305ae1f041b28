"""Propose the quotes of an article: who said what, as which role, for which body.

In: a text and perhaps its language. Out: proposals in the order of the text, each with its spans,
speaker, role, organisation, confidence and the words that led there. Pure Python, no Django.
Rules and word lists only; nothing is proposed that the text does not print. Offsets are half-open,
in Unicode code points (W3C Web Annotation, TextPositionSelector).
"""

from quotes.extraction.proposals import PrintedAttribution, Proposal, Reason
from quotes.extraction.proposing import propose

__all__ = ["PrintedAttribution", "Proposal", "Reason", "propose"]

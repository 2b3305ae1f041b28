"""What was said: `Quote`, the reporting chain (`Via`) and the act of speaking (`Utterance`).

Attribution has two layers. The printed one is what the article says (`text`, `spans`,
`attribution_*`); the resolved one is what a curator holds to be true (`speaker`, `organisation`,
`affiliation`, `said`, `utterance`) and can be revised without touching the first.
"""

from quotes.models.claim import Claim, Review
from quotes.models.functions import (
    Exactly,
    Grams,
    PrintedBefore,
    Speech,
)
from quotes.models.last_filing import LastFiling
from quotes.models.mistake_report import MistakeReport
from quotes.models.outlet_binding import OutletBinding, outlets_of
from quotes.models.own_records import hidden_quotes
from quotes.models.past_version import PastVersion
from quotes.models.propagation import CitedAffiliation, PrintedArticle
from quotes.models.proposal import Proposal
from quotes.models.querysets import QuoteQuerySet
from quotes.models.quote import Quote
from quotes.models.second_look import SecondLook
from quotes.models.utterance import Utterance
from quotes.models.via import Via
from quotes.models.vocabulary import Word
from quotes.models.webhook import Delivery, SentQuote, Webhook
from quotes.models.worklist import Assignment, DeskSettings, Note, SavedView

__all__ = [
    "Assignment",
    "CitedAffiliation",
    "Claim",
    "Delivery",
    "DeskSettings",
    "Exactly",
    "Grams",
    "LastFiling",
    "MistakeReport",
    "Note",
    "OutletBinding",
    "PastVersion",
    "PrintedArticle",
    "PrintedBefore",
    "Proposal",
    "Quote",
    "QuoteQuerySet",
    "Review",
    "SavedView",
    "SecondLook",
    "SentQuote",
    "Speech",
    "Utterance",
    "Via",
    "Webhook",
    "Word",
    "hidden_quotes",
    "outlets_of",
]

"""Flags of a quote, and the seams between its spans."""

from django.db import models

from quotes.anchoring import seams


class Seam(models.TextChoices):
    """What lies between two spans of a quote: see `quotes.anchoring.seams`."""

    INTERRUPTION = seams.INTERRUPTION, "Interruption"
    PARAGRAPH = seams.PARAGRAPH, "New paragraph"
    OMISSION = seams.OMISSION, "Words left out"


class Flag(models.TextChoices):
    """What a curator has to look at."""

    AMBIGUOUS_SPEAKER = "ambiguous_speaker", "Several people share this name"
    AMBIGUOUS_ORGANISATION = "ambiguous_organisation", "Several organisations share this name"
    # Printed as "Mr Jones", with no full name filed
    UNRESOLVED_SPEAKER = "unresolved_speaker", "Speaker not identified"
    # An organisation that is new to the speaker, with a role that agrees
    CHECK_SPEAKER = "check_speaker", "Same name, new organisation"
    # No affiliation on that date has the printed role
    ROLE_CONFLICT = "role_conflict", "Roles we can't confirm"
    FILING_DIFFERS = "filing_differs", "Re-filed with different details"
    # Words left out within the quote marks have a negation or a number
    WORDS_LEFT_OUT = "words_left_out", "Words left out may change the meaning"
    # The words stay, but the article no longer says that they are the speaker's
    ATTRIBUTION_CHANGED = "attribution_changed", "Attribution changed in the article"
    # A filing left most public quotes of the article without their words
    TEXT_REPLACED = "text_replaced", "Text replaced"


NAMED = (Flag.AMBIGUOUS_SPEAKER, Flag.AMBIGUOUS_ORGANISATION, Flag.UNRESOLVED_SPEAKER)
"""Flags that only naming the speaker or the organisation settles."""

DOUBTS = {  # flags that naming the speaker, or the organisation, clears
    "speaker": (Flag.AMBIGUOUS_SPEAKER, Flag.UNRESOLVED_SPEAKER),
    "organisation": (Flag.AMBIGUOUS_ORGANISATION,),
}

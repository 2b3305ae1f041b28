"""How sure a proposal is: a scorecard of points, read as probabilities.

In: the rule and a few features of an attribution. Out: P(it is a quote), P(the speaker), P(the
role), and a band: `sure`, `likely` or `check`. Points are tenths of log-odds.
"""

from math import exp

SURE, LIKELY = 0.90, 0.72

RULES = {  # quote, speaker
    "quote, cue, name": (45, 38),
    "quote, name, cue": (45, 38),
    "name, cue, quote": (40, 35),
    "according to": (30, 28),
    "cue inside a clause": (26, 24),
    "trailing cue": (24, 25),
    "beside another": (22, 24),
    "name after a dash": (20, 25),
    "reopened": (45, 32),
    "colon paragraph": (32, 18),
    "same paragraph": (40, 30),
    "sentence before": (30, 18),
    "previous paragraph": (30, 18),
    "sentence after": (30, 18),
    "subject after": (14, 2),
    "subject only": (14, 2),
    "inside a quote": (14, 10),
    "quote, unknown verb": (35, 25),
    "headline": (20, 20),
    "noun cue": (10, 18),
    "colon, subject": (20, 16),
    "said again": (8, 8),
    "transcript": (30, 25),
}
HOW = {
    "name": 36,
    "surname": 34,
    "acronym": 28,
    "pronoun": 14,
    "described": 10,
    "noun": 16,
    "owner": 10,
}


def probability(points: float) -> float:
    return 1 / (1 + exp(-points / 10))


def band_of(overall: float) -> str:
    return "sure" if overall >= SURE else "likely" if overall >= LIKELY else "check"

"""How sure a proposal is: a scorecard of whole points, read as probabilities.

In: an attribution and its speaker. Out: P(it is somebody's words), P(the speaker), P(the role), and
a band. Points are tenths of log-odds, set by hand on made-up and CC BY articles, after published
precisions of such rules. A report measures each band again on reviewers' own decisions.
"""

from dataclasses import dataclass
from math import exp

from quotes.extraction.attribution import Attribution
from quotes.extraction.coreference import Speaker
from quotes.extraction.languages import Tag

SURE, LIKELY = 0.93, 0.80  # of all three together; the corpus measures what each is worth

RULES = {  # points that it is a quote, and that the phrase is its speaker
    "quote, cue, name": (48, 42),
    "quote, name, cue": (48, 42),
    "name, cue, quote": (44, 40),
    "quote, unknown verb": (34, 26),
    "according to": (34, 26),
    "cue inside a clause": (32, 27),
    "trailing cue": (28, 25),
    "headline": (18, 20),
    "noun cue": (12, 20),
    "colon, subject": (22, 16),
    "beside another": (22, 24),
    "name after a dash": (22, 28),
    "transcript": (34, 34),
    "reopened": (48, 36),
    "colon paragraph": (34, 20),
    "same paragraph": (40, 32),
    "sentence before": (30, 20),
    "previous paragraph": (30, 18),
    "subjunctive": (26, 18),
    "quote, cue": (40, 20),
    "sentence after": (32, 22),
    "said again": (10, 14),
    "subject only": (16, 4),
    "subject after": (14, 2),
    "inside a quote": (16, 14),
    "indirect": (26, 26),
}
HOW = {  # points that the phrase means this person
    "name": 46,
    "surname": 42,
    "acronym": 40,
    "owner": 18,
    "noun": 20,
    "described": 18,
    "pronoun": 30,
    "described anew": 4,
}
# Points off for what makes an attribution doubtful
FRAGMENT_CUE, WEAK_CUE, RELATIVE, NEGATED = 8, 10, 10, 12
FAR_SUBJECT = {
    "next": 0,
    "apposition": 4,
    "relative": 6,
    "clause": 10,
    "participle": 6,
    "shared": 8,
}
FEW_WORDS, UNCLOSED = 6, 12
RIVAL, FAR, VERY_FAR, NO_GENDER = 8, 6, 12, 6
UNNAMED, UNKNOWN_NAME = 4, 16
FAR_POINTS, VERY_FAR_POINTS = 200, 600  # code points from a pronoun to its name
ROLE_POINTS, ROLE_ELSEWHERE, NO_ROLE = 30, 8, 12


@dataclass(frozen=True, slots=True)
class Confidence:
    quote: float
    speaker: float
    role: float
    band: str

    def to_json(self) -> dict[str, float]:
        return {"quote": self.quote, "speaker": self.speaker, "role": self.role}


def confidence_of(text: str, attribution: Attribution, speaker: Speaker | None) -> Confidence:
    quote, said = RULES[attribution.rule]
    source = attribution.origin
    if source is not attribution:
        said = min(said, RULES[source.rule][1])
    quote -= _doubt_of_passage(text, attribution)
    said -= _doubt_of_cue(source)
    who = _points_of(speaker) if speaker is not None else -40
    role = ROLE_POINTS if speaker is not None and speaker.role else NO_ROLE
    if speaker is not None and speaker.how != "name":
        role -= ROLE_ELSEWHERE
    is_quote, is_speaker = probability(quote), probability(said) * probability(who)
    return Confidence(
        round(is_quote, 2),
        round(is_speaker, 2),
        round(is_speaker * probability(role), 2),
        band_of(is_quote * is_speaker),
    )


def _doubt_of_passage(text: str, attribution: Attribution) -> int:
    passage = attribution.passage
    words = text[passage.start : passage.end]
    doubt = UNCLOSED if passage.unclosed and attribution.rule != "reopened" else 0
    if words.count(" ") < 2:
        doubt += FEW_WORDS
    return doubt


def _doubt_of_cue(attribution: Attribution) -> int:
    cue = attribution.cue
    if cue is None:
        return 0
    doubt = FAR_SUBJECT[cue.bridge]
    if cue.tags & Tag.WEAK:
        doubt += WEAK_CUE
    elif not cue.tags & Tag.STRONG:
        doubt += FRAGMENT_CUE
    if cue.relative and cue.bridge == "next":
        doubt += RELATIVE
    return doubt + (NEGATED if cue.negated else 0)


def _points_of(speaker: Speaker) -> int:
    points = HOW[speaker.how]
    if speaker.how == "pronoun":
        points -= RIVAL * min(3, speaker.rivals)
        if speaker.distance > FAR_POINTS:
            points -= VERY_FAR if speaker.distance > VERY_FAR_POINTS else FAR
        if speaker.person is not None and speaker.gender is None:
            points -= NO_GENDER
    if speaker.kind == "unknown":
        points -= UNKNOWN_NAME
    elif speaker.kind in ("unnamed", "collective"):
        points -= UNNAMED
    if not speaker.animate:
        points -= UNKNOWN_NAME
    return points


def probability(points: float) -> float:
    return 1 / (1 + exp(-points / 10))


def band_of(overall: float) -> str:
    return "sure" if overall >= SURE else "likely" if overall >= LIKELY else "check"

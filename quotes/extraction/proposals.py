"""A proposal: a quote as filing takes it, and the words of the text that led to each part."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reason:
    """A place in the text and what it tells, for the reviewer."""

    start: int
    end: int
    what: str


@dataclass(frozen=True, slots=True)
class PrintedAttribution:
    text: str | None
    speaker: str | None
    role: str | None
    organisation: str | None
    cue: str | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A quote found in a text. Spans are half-open, in code points, sorted and disjoint."""

    spans: list[tuple[int, int]]
    text: str
    kind: str
    speaker: str | None
    speaker_kind: str
    role: str | None
    organisation: str | None
    attribution: PrintedAttribution
    via: list[dict[str, str]]
    confidence: dict[str, float]
    band: str
    rule: str
    because: list[Reason] = field(default_factory=list)

    def to_json(self) -> dict:
        """The proposal as `articles/propose/` answers it."""
        printed = self.attribution
        return {
            "spans": [list(span) for span in self.spans],
            "text": self.text,
            "kind": self.kind,
            "speaker": self.speaker,
            "speaker_kind": self.speaker_kind,
            "role": self.role,
            "organisation": self.organisation,
            "attribution": {
                "text": printed.text,
                "speaker": printed.speaker,
                "role": printed.role,
                "organisation": printed.organisation,
                "cue": printed.cue,
            },
            "via": [dict(step) for step in self.via],
            "confidence": dict(self.confidence),
            "band": self.band,
            "rule": self.rule,
            "because": [{"start": r.start, "end": r.end, "what": r.what} for r in self.because],
        }

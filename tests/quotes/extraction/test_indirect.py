"""Indirect speech: proposed only when asked for."""

import pytest

from quotes.extraction import propose


def indirect(text: str) -> list[tuple[str, str, str | None]]:
    found = propose(text, "en", indirect=True)
    return [(p.kind, p.text, p.speaker) for p in found if p.kind in ("indirect", "mixed")]


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        (
            "Mara Quill said that the bridge would stay closed.",
            [("indirect", "the bridge would stay closed", "Mara Quill")],
        ),
        (
            "The bridge will stay closed until June, Mara Quill said.",
            [("indirect", "The bridge will stay closed until June", "Mara Quill")],
        ),
        (
            "According to Mara Quill, the bridge was never safe.",
            [("indirect", "the bridge was never safe", "Mara Quill")],
        ),
        (
            "Mara Quill told the council that the bridge was “a danger to life”.",
            [("mixed", "the bridge was “a danger to life”", "Mara Quill")],
        ),
        ("Mara Quill did not say that the bridge was safe.", []),
        ("“It is safe,” Mara Quill said.", []),
        ("Mara Quill opened the bridge.", []),
    ],
)
def test_a_reported_clause_is_proposed_with_its_speaker(text, proposed):
    assert indirect(text) == proposed


def test_indirect_speech_is_left_out_unless_it_is_asked_for():
    assert propose("Mara Quill said that the bridge would stay closed.", "en") == []

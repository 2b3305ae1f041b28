"""The reporting chain of a proposal: whom it was told to, where it stands, who cites it."""

import pytest

from quotes.extraction import propose

SAID = "“We will not move,” "


@pytest.mark.parametrize(
    ("text", "via"),
    [
        (SAID + "Nell Ardizzone told the BBC.", [("told", "BBC")]),
        (SAID + "Nell Ardizzone told Carl Amsel.", []),
        (SAID + "Nell Ardizzone told the crowd.", []),
        (SAID + "Nell Ardizzone, the chief executive, told Carl Amsel.", []),
        (
            "Speaking to the Brackley Courier, Nell Ardizzone said: “We go.”",
            [("told", "Brackley Courier")],
        ),
        (
            "In an interview with magazine The Echo, Nell Ardizzone said: “We go.”",
            [("told", "Echo")],
        ),
        (SAID + "Nell Ardizzone wrote on Twitter.", [("post", "Twitter")]),
        (SAID + "Nell Ardizzone told Twitter users.", [("told", "Twitter")]),
        (
            SAID + "Nell Ardizzone said in a written statement.",
            [("statement", "written statement")],
        ),
        (SAID + "Nell Ardizzone wrote in her memoir.", [("document", "memoir")]),
        (
            "Speaking to the BBC in London, Nell Ardizzone said in a letter: “We go.”",
            [("told", "BBC"), ("statement", "letter")],
        ),
        (
            SAID + "Nell Ardizzone was quoted as saying by the Brackley Courier.",
            [("cited", "Brackley Courier")],
        ),
    ],
)
def test_a_chain_has_its_steps_in_order(text, via):
    [proposal] = propose(text, "en")
    assert proposal.speaker == "Nell Ardizzone"
    assert [(step["kind"], step["name"]) for step in proposal.via] == via

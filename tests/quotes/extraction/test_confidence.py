"""How sure a proposal is, and the words that led to each part."""

import json

from quotes.extraction import propose

TEXT = (
    "Mara Quill, chair of the Harbour Trust, met Ada Thorne.\n\n"
    "“It is safe,” Mara Quill said.\n\n“It was never safe,” she told reporters."
)


def test_a_full_name_beside_its_verb_is_surer_than_a_pronoun():
    named, pronoun = propose(TEXT, "en")
    assert named.band == "sure"
    assert named.confidence["speaker"] > pronoun.confidence["speaker"]
    assert pronoun.band != "sure"


def test_a_fragment_is_less_sure_to_be_a_quote_than_a_sentence():
    whole, part = propose("“We will go home now,” Mara Quill said. She called it “odd”.", "en")
    assert whole.confidence["quote"] > part.confidence["quote"]


def test_a_proposal_shows_the_words_that_led_to_each_part():
    named, _ = propose(TEXT, "en")
    shown = {reason.what: TEXT[reason.start : reason.end] for reason in named.because}
    assert shown == {
        "cue": "said",
        "speaker": "Mara Quill",
        "full name": "Mara Quill",
        "role": "chair of the Harbour Trust",
        "organisation": "Harbour Trust",
    }


def test_a_proposal_is_json_of_the_documented_shape():
    named, _ = propose(TEXT, "en")
    answer = json.loads(json.dumps(named.to_json()))
    assert answer["spans"] == [[TEXT.index("It is"), TEXT.index("It is") + len("It is safe,")]]
    assert answer["attribution"] == {
        "text": "Mara Quill said",
        "speaker": "Mara Quill",
        "role": None,
        "organisation": None,
        "cue": "said",
    }
    assert sorted(answer) == [
        "attribution", "band", "because", "confidence", "kind", "organisation", "role", "rule",
        "spans", "speaker", "speaker_kind", "text", "via",
    ]  # fmt: skip
    assert sorted(answer["confidence"]) == ["quote", "role", "speaker"]
    assert sorted(answer["because"][0]) == ["end", "start", "what"]

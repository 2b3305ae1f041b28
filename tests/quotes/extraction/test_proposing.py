"""Proposals from whole short articles, made up in the style of news."""

from quotes.extraction import propose

COUNCIL = (
    "Arlena Waters, the director of the Brinley Harbour Trust, said the ferry would close. "
    "“We have no choice,” she said. “The pier is not safe.”\n\n"
    "“It breaks my heart,” Tomas Quill, 61, a retired ferryman, said.\n\n"
    "According to the trust, repairs would cost “more than the boat”.\n"
)


def test_a_quote_has_its_speaker_role_and_body():
    first = propose(COUNCIL, "en")[0]
    assert first.text == "We have no choice, The pier is not safe."
    assert (first.speaker, first.role, first.organisation) == (
        "Arlena Waters",
        "director of the Brinley Harbour Trust",
        "Brinley Harbour Trust",
    )
    assert (first.attribution.speaker, first.attribution.cue) == ("she", "said")


def test_an_age_and_a_job_between_name_and_verb_are_passed_over():
    second = propose(COUNCIL, "en")[1]
    assert (second.speaker, second.role) == ("Tomas Quill", "retired ferryman")


def test_a_body_is_named_in_full_when_only_its_noun_is_printed():
    third = propose(COUNCIL, "en")[2]
    assert (third.speaker, third.speaker_kind) == ("Brinley Harbour Trust", "organisation")


def test_a_text_without_quote_marks_has_no_proposals():
    assert propose("Nothing was said.", "en") == []

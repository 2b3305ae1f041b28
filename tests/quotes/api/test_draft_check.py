"""`articles/propose/` and `quotes/check/`: what a text quotes, and whether it is on record."""

import pytest
from rest_framework.test import APIClient

from quotes.models import Quote
from quotes.search.draft_check import ORDER
from sources.models import Speaker
from tests.conftest import API, ok, problem
from tests.records import make_article, make_organisation, make_quote, make_speaker

pytestmark = pytest.mark.django_db

WORDS = "We will not close the quay before the harvest ends in October,"


@pytest.fixture
def quill():
    return make_speaker("Mara Quill")


@pytest.fixture
def said(quill):
    """A public quote of Mara Quill."""
    article = make_article(f"“{WORDS}” said Mara Quill. The ferry runs.")
    return make_quote(WORDS, article=article, speaker=quill, status="published")


def draft(words: str, speaker: str = "Mara Quill") -> str:
    return f"The town waits. “{words}” said {speaker}, the harbour master."


def checked(client, words: str, speaker: str = "Mara Quill") -> dict:
    body = {"text": draft(words, speaker), "language": "en"}
    answer = ok(client.post(f"{API}quotes/check/", body))
    (result,) = answer["results"]
    return result


def test_the_quotes_of_a_text_are_proposed_and_nothing_is_stored(contributor):
    text = draft(WORDS)
    answer = ok(contributor.post(f"{API}articles/propose/", {"text": text, "language": "en"}))
    (found,) = answer["quotes"]
    assert (answer["text"], answer["language"]) == (text, "en")
    assert [text[start:end] for start, end in found["spans"]] == [WORDS]
    assert found["speaker"] == "Mara Quill"
    assert found["attribution"]["cue"] == "said"
    assert not Quote.objects.exists()


def test_a_proposal_can_be_filed_as_it_is(contributor):
    text = draft(WORDS)
    body = {"text": text, "language": "en"}
    found = ok(contributor.post(f"{API}articles/propose/", body))["quotes"]
    left = ("confidence", "band", "rule", "because")
    quotes = [{name: v for name, v in each.items() if name not in left} for each in found]
    filed = ok(contributor.post(f"{API}articles/", {"text": text, "quotes": quotes}), 201)
    assert [quote["text"] for quote in filed["quotes"]] == [WORDS]


def test_the_quotes_of_a_page_are_proposed(contributor):
    page = f"<html><body><article><h1>Quay</h1><p>{draft(WORDS)}</p></article></body></html>"
    response = contributor.post(
        f"{API}articles/propose/?language=en", page, content_type="text/html"
    )
    answer = ok(response)
    (found,) = answer["quotes"]
    assert answer["text"][slice(*found["spans"][0])] == WORDS


@pytest.mark.parametrize(
    ("more", "pointer"), [({"quotes": [{"text": "No"}]}, "/quotes"), ({"text": None}, "/text")]
)
def test_an_article_to_propose_from_has_a_text_and_no_quotes(contributor, more, pointer):
    body = {"text": f"“No” is a word. {draft(WORDS)}", "language": "en", **more}
    refused = problem(contributor.post(f"{API}articles/propose/", body), 400)
    assert [fault["pointer"] for fault in refused["errors"]] == [pointer]


def test_a_draft_may_be_markup(reader, said):
    body = {"html": f"<p>{draft(WORDS)}</p>", "language": "en"}
    (result,) = ok(reader.post(f"{API}quotes/check/", body))["results"]
    assert result["verdict"] == "verbatim"


@pytest.mark.parametrize(
    ("words", "speaker", "verdict"),
    [
        (WORDS, "Mara Quill", "verbatim"),
        (WORDS, "Ms Quill", "verbatim"),
        (WORDS.replace("quay", "Quay"), "Mara Quill", "verbatim"),
        ("We will not close the quay before the harvest ends", "Mara Quill", "verbatim"),
        ("We will close the quay before the harvest ends in October,", "Mara Quill", "altered"),
        (WORDS.replace("October", "August"), "Mara Quill", "altered"),
        ("close the quay before the harvest ends in October,", "Mara Quill", "altered"),
        (WORDS, "Ben Oaks", "misattributed"),
        ("Nobody has asked the fishermen about their boats,", "Mara Quill", "not_on_record"),
    ],
)
def test_each_verdict_on_a_published_quote(reader, said, words, speaker, verdict):
    result = checked(reader, words, speaker)
    assert result["verdict"] == verdict
    assert (result["text"], result["speaker"]) == (words, speaker)
    on_record = [quote["id"] for quote in result["quotes"]]
    assert on_record == ([] if verdict == "not_on_record" else [str(said.pk)])


@pytest.mark.parametrize("status", ["retracted", "disputed"])
def test_words_of_a_contested_quote_have_its_status(reader, said, status):
    said.dispute("Denied.") if status == "disputed" else said.retract("Made up.")
    assert checked(reader, WORDS)["verdict"] == status
    assert checked(reader, WORDS, "Ben Oaks")["verdict"] == "misattributed"


def test_words_that_were_corrected_since_are_told(reader, curator, said):
    shorter = "We will not close the quay before the harvest ends"
    body = {"text": shorter, "note": "The month was not said."}
    ok(curator.post(f"{API}quotes/{said.pk}/correct/", body, headers={"If-Match": "*"}))
    assert checked(reader, WORDS)["verdict"] == "corrected"
    assert checked(reader, shorter)["verdict"] == "verbatim"


def test_an_altered_quotation_is_told_word_by_word(reader, said):
    result = checked(reader, WORDS.replace("October", "August"))
    assert result["difference"] == [{"op": "replace", "expected": "August", "found": "October"}]
    assert 0.75 <= result["score"] < 1


@pytest.mark.parametrize(
    ("on_record", "words"),
    [
        ("There were 12 boats in the harbour that night.", "There were 120 boats in the harbour"),
        ("There were 12 boats in the harbour that night.", "There were 13 boats in the harbour"),
        ("I never said that the harbour was safe.", "the harbour was safe."),
        ("There were 1.5 million boats in the harbour.", "5 million boats in the harbour."),
        ("She never closed the quay in the harbour.", "he never closed the quay in the harbour."),
        ("The tide was 1½ metres above the wall.", "The tide was 12 metres above the wall."),
    ],
)
def test_another_number_or_a_lost_negation_is_never_verbatim(reader, quill, on_record, words):
    make_quote(on_record, speaker=quill, status="published")
    assert checked(reader, words)["verdict"] != "verbatim"


def test_words_of_the_same_speaker_count_first(reader, said):
    other = make_quote(WORDS, speaker=make_speaker("Ben Oaks"), status="published")
    assert checked(reader, WORDS)["quotes"][0]["id"] == str(said.pk)
    assert checked(reader, WORDS, "Ben Oaks")["quotes"][0]["id"] == str(other.pk)
    said.retract("Made up.")
    assert checked(reader, WORDS, "Ben Oaks")["verdict"] == "verbatim"


def test_words_of_somebody_else_count_where_the_speaker_said_only_similar_ones(reader, said):
    make_quote("We shut the quay after the storms,", speaker=said.speaker, status="published")
    other = "We shut the quay after the storms of last winter, and nobody complained,"
    make_quote(other, speaker=make_speaker("Ben Oaks"), status="published")
    assert checked(reader, other)["verdict"] == "misattributed"


@pytest.mark.parametrize(
    ("on_record", "in_draft", "is_same"),
    [
        ("National Crime Agency", "NCA", True),
        ("Robert Jones", "Rob Jones", True),
        ("R. Jones", "Robert Jones", True),
        ("Robert Jones", "Mr Jones", True),
        ("Ingrid Pellow", "the mayor", True),
        ("Robert Jones", "Mary Jones", False),
        ("Robert Jones", "Mrs Jones", False),
        ("National Crime Agency", "Port Authority", False),
    ],
)
def test_names_of_one_speaker_are_told_from_others(reader, on_record, in_draft, is_same):
    make_quote(WORDS, speaker=make_speaker(on_record), status="published")
    body = {"text": f"“{WORDS}” said {in_draft}.", "language": "en"}
    (result,) = ok(reader.post(f"{API}quotes/check/", body))["results"]
    assert result["verdict"] == ("verbatim" if is_same else "misattributed")


@pytest.mark.parametrize(
    ("on_record", "verdict"), [("Rob Jones", "verbatim"), ("Mary Jones", "misattributed")]
)
@pytest.mark.parametrize("said", ["Jones said", "Mr Jones said", "he said"])
def test_a_short_name_is_whom_the_draft_means(reader, on_record, verdict, said):
    make_quote(WORDS, speaker=make_speaker(on_record), status="published")
    text = f"Rob Jones, the mayor, spoke on Monday. “{WORDS}” {said}."
    (result,) = ok(reader.post(f"{API}quotes/check/", {"text": text, "language": "en"}))["results"]
    assert result["verdict"] == verdict


def test_a_name_as_printed_is_no_other_person_of_that_name(reader):
    mary = make_speaker("Mary Jones")
    make_quote(WORDS, speaker=mary, attribution_speaker="Jones", status="published")
    assert checked(reader, WORDS, "Rob Jones")["verdict"] == "misattributed"


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("the Port Authority said", "verbatim"),
        ("a spokesman for the Port Authority said", "verbatim"),
        ("a spokesman for the National Crime Agency said", "misattributed"),
        ("the National Crime Agency said", "misattributed"),
        ("Ben Oaks said", "misattributed"),
    ],
)
def test_words_of_a_spokesperson_are_the_organisations(reader, said, verdict):
    body = make_organisation("Port Authority")
    speaker = make_speaker("spokesperson", kind="unnamed", organisation=body)
    make_quote(WORDS, speaker=speaker, organisation=body, status="published")
    text = f"“{WORDS}” {said}."
    (result,) = ok(reader.post(f"{API}quotes/check/", {"text": text, "language": "en"}))["results"]
    assert result["verdict"] == verdict


@pytest.mark.parametrize(
    ("role", "verdict"), [("Mayor of Torrigan", "verbatim"), ("harbour pilot", "misattributed")]
)
def test_an_office_is_told_from_other_roles(reader, role, verdict):
    make_quote(WORDS, speaker=make_speaker("Ingrid Pellow"), role=role, status="published")
    assert checked(reader, WORDS, "the mayor")["verdict"] == verdict


@pytest.mark.parametrize(
    ("said", "verdict"),
    [("Mara Quill", "verbatim"), ("Ben Oaks", "verbatim"), ("Joan Clerk", "misattributed")],
)
def test_each_who_spoke_jointly_said_it(reader, said, verdict):
    both = [make_speaker("Mara Quill"), make_speaker("Ben Oaks")]
    make_quote(WORDS, speaker=Speaker.objects.jointly(both), status="published")
    assert checked(reader, WORDS, said)["verdict"] == verdict


@pytest.mark.parametrize("status", ["proposed", "rejected", "withdrawn"])
def test_quotes_that_are_not_public_do_not_count(curator, quill, status):
    make_quote(WORDS, speaker=quill, status=status)
    result = checked(curator, WORDS)
    assert (result["verdict"], result["closest"]) == ("not_on_record", [])


def test_a_fragment_that_somebody_else_said_similarly_is_not_on_record(reader, quill):
    make_quote("the work was hard", speaker=quill, status="published")
    assert checked(reader, "the work was hart", "Ben Oaks")["verdict"] == "not_on_record"
    assert checked(reader, "the work was hart")["verdict"] == "altered"


def test_results_are_in_the_order_of_the_draft(reader, said):
    text = f"“Nobody has asked the fishermen,” said Ben Oaks.\n\n{draft(WORDS)}"
    results = ok(reader.post(f"{API}quotes/check/", {"text": text, "language": "en"}))["results"]
    assert [each["verdict"] for each in results] == ["not_on_record", "verbatim"]
    assert [text[each["start"] : each["end"]] for each in results] == [
        each["text"] for each in results
    ]


def test_anybody_checks_a_draft_where_reading_is_public(said, settings):
    settings.ONRECORD_PUBLIC_READ = True
    anonymous = APIClient()
    body = {"text": draft(WORDS), "language": "en"}
    path = f"{API}quotes/check/"
    for headers in ({}, {"Idempotency-Key": "draft-1"}, {"Idempotency-Key": "draft-1"}):
        answer = ok(anonymous.post(path, body, format="json", headers=headers))
        assert [each["verdict"] for each in answer["results"]] == ["verbatim"]
    response = anonymous.post(f"{API}articles/propose/", body, format="json")
    assert response.status_code == 401


@pytest.mark.parametrize("path", ["articles/propose/", "quotes/check/"])
@pytest.mark.parametrize(
    "body", [{}, {"text": ""}, {"text": "<p>“No,” he said.</p>"}, {"words": "No"}]
)
def test_a_bad_draft_is_refused(contributor, path, body):
    assert problem(contributor.post(f"{API}{path}", body), 400)["errors"]


def test_too_many_quotations_are_refused(reader):
    text = "\n\n".join(draft(f"We shall close quay number {n} in the spring,") for n in range(301))
    refused = problem(reader.post(f"{API}quotes/check/", {"text": text, "language": "en"}), 400)
    assert "Send the draft in parts." in refused["errors"][0]["message"]


@pytest.mark.parametrize(
    "draft",
    [
        f"“{'We will not close the quay. ' * 60_000}” said Mara Quill.",
        "“" * 20_000,
        f"“We” said Mara Quill. {'word ' * 300_000}",
        "“No,” said Mara Quill. " * 290,
    ],
    ids=["a long quotation", "opening marks", "a long sentence", "many short ones"],
)
def test_hostile_drafts_are_answered(reader, said, draft):
    body = {"text": draft, "language": "en"}
    results = ok(reader.post(f"{API}quotes/check/", body))["results"]
    assert all(each["verdict"] in ORDER for each in results)

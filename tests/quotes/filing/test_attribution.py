"""Whom a filed name stands for: a known speaker, a new one, or somebody for a curator to settle."""

import pytest

from quotes.models import Quote
from sources.identity.names import parse
from sources.models import Organisation, Speaker
from tests.conftest import API, make_filing, ok, problem

pytestmark = pytest.mark.django_db

TEXT = "“First,” he said. “Second,” she said. “Third,” they said. “Fourth,” said all."


def make(client, path, **values) -> dict:
    return ok(client.post(f"{API}{path}/", values), 201)


def person(client, name="Mara Quill", **values) -> dict:
    return make(client, "speakers", name=name, kind="person", **values)


def body(client, name="Port Authority", **values) -> dict:
    return make(client, "organisations", name=name, **values)


def merge(client, record: str, into: str) -> None:
    sent = client.post(f"{API}speakers/{record}/merge/", {"into": into}, headers={"If-Match": "*"})
    ok(sent, 200)


def affiliation(client, speaker, organisation, role="harbour master", **values) -> dict:
    values |= {"speaker": speaker["id"], "organisation": organisation["id"], "role": role}
    return make(client, "affiliations", **values)


_urls = iter(range(10**9))


def file(client, *quotes, **article) -> list[dict]:
    """The quotes of a new article, as the answer to its filing shows them."""
    words = ["First,", "Second,", "Third,", "Fourth,"]
    filed = [{"text": text, **quote} for text, quote in zip(words, quotes, strict=False)]
    attributions = [quote.get("attribution", {}) for quote in quotes]
    printed = [each["speaker"] for each in attributions if "speaker" in each]
    filing = make_filing(
        url=f"https://a.example/{next(_urls)}",
        text=" ".join([TEXT, *printed]),
        quotes=filed,
        **article,
    )
    return ok(client.post(f"{API}articles/", filing), 201)["quotes"]


# Equal names


@pytest.mark.parametrize(
    "name",
    [
        "Mara Quill",
        "MARA QUILL",
        "mara  quill ",
        "Mára Quíll",
        "Ma\u0301ra Quill",
        "M. Quill",
        "m. QUILL",
    ],
)
def test_a_name_or_an_alias_is_the_known_speakers_whatever_its_case_and_accents(curator, name):
    known = person(curator, aliases=["M. Quill"])
    (quote,) = file(curator, {"speaker": name})
    assert quote["speaker"]["id"] == known["id"]
    assert quote["filing"]["speaker"] == "matched"
    assert quote["flags"] == []


@pytest.mark.parametrize(
    "name", ["Quill", "Mara", "Ms Quill", "M. Quill", "Mara J. Quill", "Quill, Mara"]
)
def test_part_of_a_name_is_not_the_known_speaker(curator, name):
    known = person(curator)
    (quote,) = file(curator, {"speaker": name})
    assert quote["speaker"]["id"] != known["id"]


@pytest.mark.parametrize("printed", ["Quill", "Ms Quill", "she", "the harbour master"])
def test_a_printed_surname_alone_is_not_resolved_and_is_flagged(curator, printed):
    person(curator)
    (quote,) = file(curator, {"attribution": {"speaker": printed}})
    assert quote["speaker"] is None
    assert quote["filing"]["speaker"] == "unresolved"
    assert quote["flags"] == ["unresolved_speaker"]


def test_a_printed_full_name_resolves_to_the_only_person_who_has_it(curator):
    known = person(curator)
    (quote,) = file(curator, {"attribution": {"speaker": "Mara Quill"}})
    assert quote["speaker"]["id"] == known["id"]
    assert quote["filing"]["speaker"] == "matched"


def test_a_printed_full_name_that_two_people_have_is_left_to_a_curator(curator):
    person(curator)
    person(curator)
    (quote,) = file(curator, {"attribution": {"speaker": "Mara Quill"}})
    assert quote["speaker"] is None
    assert quote["flags"] == ["unresolved_speaker"]


def test_a_printed_full_name_that_its_organisation_contradicts_is_left_to_a_curator(curator):
    affiliation(curator, person(curator), body(curator, "Another Body"))
    (quote,) = file(
        curator, {"attribution": {"speaker": "Mara Quill"}, "organisation": "Port Authority"}
    )
    assert quote["speaker"] is None
    assert quote["flags"] == ["unresolved_speaker"]


def test_a_printed_name_never_creates_a_speaker(curator):
    file(curator, {"attribution": {"speaker": "Mara Quill"}})
    assert not Speaker.objects.exists()


def test_the_first_filing_of_a_name_creates_a_person(curator):
    (quote,) = file(curator, {"speaker": "Mara Quill"})
    assert quote["filing"]["speaker"] == "made"
    assert quote["speaker"]["kind"] == "person"
    assert quote["flags"] == []


def test_one_name_in_one_filing_is_one_new_speaker(curator):
    quotes = file(curator, *[{"speaker": "Mara Quill"}, {"speaker": "mara quill"}])
    assert quotes[0]["speaker"] == quotes[1]["speaker"]
    assert Speaker.objects.count() == 1


# Several of one name


def test_a_name_that_two_people_have_creates_a_third_for_a_curator_to_settle(curator):
    known = [person(curator)["id"], person(curator)["id"]]
    quotes = file(curator, {"speaker": "Mara Quill"}, {"speaker": "Mara Quill"})
    for quote in quotes:
        assert quote["filing"]["speaker"] == "ambiguous"
        assert quote["flags"] == ["ambiguous_speaker"]
        assert quote["speaker"]["id"] not in known
    assert quotes[0]["speaker"] == quotes[1]["speaker"]


def test_an_alias_that_is_another_persons_name_is_ambiguous(curator):
    person(curator)
    person(curator, "Maria Quill", aliases=["Mara Quill"])
    (quote,) = file(curator, {"speaker": "Mara Quill"})
    assert quote["flags"] == ["ambiguous_speaker"]


def test_the_organisation_distinguishes_two_people_of_one_name(curator):
    port, museum = body(curator), body(curator, "Museum")
    first, second = person(curator), person(curator)
    affiliation(curator, first, port)
    affiliation(curator, second, museum, "curator")
    (quote,) = file(curator, {"speaker": "Mara Quill", "organisation": "Museum"})
    assert quote["speaker"]["id"] == second["id"]
    assert quote["flags"] == []


def test_within_an_article_a_name_means_one_of_two_people(curator):
    first, _ = person(curator), person(curator)
    quotes = file(curator, {"speaker": first["id"]}, {"speaker": "Mara Quill"})
    assert quotes[1]["speaker"]["id"] == first["id"]
    assert quotes[1]["flags"] == []


def test_an_organisation_name_that_two_have_is_ambiguous(curator):
    known = [body(curator)["id"], body(curator)["id"]]
    (quote,) = file(curator, {"speaker": "Mara Quill", "organisation": "port authority"})
    assert quote["flags"] == ["ambiguous_organisation"]
    assert quote["organisation"]["id"] not in known


def test_filing_an_ambiguous_name_again_creates_nobody(curator):
    person(curator)
    person(curator)
    filing = make_filing(text=TEXT, quotes=[{"text": "First,", "speaker": "Mara Quill"}])
    first = ok(curator.post(f"{API}articles/", filing), 201)
    again = ok(curator.post(f"{API}articles/", filing), 200)
    assert again["outcome"] == "unchanged"
    assert again["quotes"][0]["speaker"] == first["quotes"][0]["speaker"]
    assert Speaker.objects.count() == 3


# What contradicts a name


def test_a_person_who_was_elsewhere_on_that_date_is_not_meant(curator):
    known = person(curator)
    affiliation(
        curator, known, body(curator, "Museum"), "curator", **{"from": "2020", "to": "2028"}
    )
    (quote,) = file(curator, {"speaker": "Mara Quill", "organisation": "Port Authority"})
    assert quote["speaker"]["id"] != known["id"]
    assert quote["flags"] == ["ambiguous_speaker"]


def test_a_person_who_had_left_by_then_may_be_meant(curator):
    known = person(curator)
    affiliation(curator, known, body(curator, "Museum"), "curator", **{"to": "2025"})
    (quote,) = file(curator, {"speaker": "Mara Quill", "organisation": "Port Authority"})
    assert quote["speaker"]["id"] == known["id"]


def test_a_body_and_its_parent_do_not_contradict_each_other(curator):
    port = body(curator)
    body(curator, "Pilot Service", parent=port["id"])
    known = person(curator)
    affiliation(curator, known, port)
    (quote,) = file(curator, {"speaker": "Mara Quill", "organisation": "Pilot Service"})
    assert quote["speaker"]["id"] == known["id"]


def test_a_person_is_not_an_organisation_of_the_same_name(curator):
    body(curator, "Prince")
    known = person(curator, "Prince", identifies=["Prince"])
    (quote,) = file(curator, {"speaker": "Prince", "speaker_kind": "organisation"})
    assert quote["speaker"]["id"] != known["id"]
    assert quote["speaker"]["kind"] == "organisation"
    (quote,) = file(curator, {"speaker": "Prince", "speaker_kind": "person"})
    assert quote["speaker"]["id"] == known["id"]


# Kinds


def test_a_kind_beside_an_id_has_to_be_that_of_the_record(curator):
    speaker, other = person(curator), person(curator, "M. Quill")
    merge(curator, other["id"], speaker["id"])
    for key in (speaker["id"], other["id"]):
        said = {"text": "First,", "speaker": key, "speaker_kind": "organisation"}
        filing = make_filing(text=TEXT, quotes=[said])
        (fault,) = problem(curator.post(f"{API}articles/", filing), 400)["errors"]
        assert fault["pointer"] == "/quotes/0/speaker_kind"
        assert "on record as `person`" in fault["message"]
        (quote,) = file(curator, {"speaker": key, "speaker_kind": "person"})
        assert quote["speaker"]["id"] == speaker["id"]


def test_a_kind_beside_the_id_of_an_unknown_speaker_is_taken(curator):
    speaker = make(curator, "speakers", name="Prince", kind="unknown")
    (quote,) = file(curator, {"speaker": speaker["id"], "speaker_kind": "person"})
    assert quote["speaker"]["kind"] == "person"


@pytest.mark.parametrize(
    "name", ["a port spokesperson", "police", "One resident", "Sources close to the minister"]
)
def test_words_that_end_in_lower_case_are_an_unnamed_speaker(curator, name):
    (quote,) = file(curator, {"speaker": name})
    assert quote["speaker"]["kind"] == "unnamed"
    assert quote["speaker"]["name"] == name


def test_a_person_known_by_a_lower_case_name_is_that_person(curator):
    known = person(curator, "bell hooks")
    (quote,) = file(curator, {"speaker": "bell hooks"})
    assert quote["speaker"]["id"] == known["id"]


def test_a_known_collective_is_meant_by_its_name_whatever_kind_the_name_looks_like(curator):
    known = make(curator, "speakers", name="police", kind="collective", identifies=["police"])
    (quote,) = file(curator, {"speaker": "Police"})
    assert quote["speaker"]["id"] == known["id"]
    (quote,) = file(curator, {"speaker": "police", "organisation": "Harbour Constabulary"})
    assert quote["speaker"]["id"] == known["id"]


def test_a_collective_of_another_organisation_is_another_one(curator):
    tie = body(curator, "Harbour Constabulary")["id"]
    known = make(
        curator,
        "speakers",
        name="detectives",
        kind="collective",
        organisation=tie,
        identifies=["detectives"],
    )
    (same,) = file(curator, {"speaker": "detectives", "organisation": "Harbour Constabulary"})
    assert same["speaker"]["id"] == known["id"]
    (other,) = file(curator, {"speaker": "detectives", "organisation": "Customs House"})
    assert other["speaker"]["id"] != known["id"]


def test_the_filer_may_state_the_kind_of_a_speaker(curator):
    for kind in ("person", "unnamed", "collective", "organisation"):
        (quote,) = file(curator, {"speaker": f"name for {kind}", "speaker_kind": kind})
        assert quote["speaker"]["kind"] == kind


def test_an_organisations_own_name_is_the_organisation_speaking(curator):
    known = body(curator, aliases=["PA"])
    (quote,) = file(curator, {"speaker": "PA"})
    assert quote["speaker"]["kind"] == "organisation"
    assert quote["organisation"]["id"] == known["id"]
    (again,) = file(curator, {"speaker": "PA"})
    assert again["speaker"] == quote["speaker"]


def test_a_new_organisation_that_speaks_as_itself_is_made_with_its_speaker(curator):
    (quote,) = file(curator, {"speaker": "Port Authority", "organisation": "Port Authority"})
    assert quote["speaker"]["kind"] == "organisation"
    assert quote["organisation"]["name"] == "Port Authority"
    assert Speaker.objects.get().organisation == Organisation.objects.get()


def test_an_unnamed_speaker_is_tied_to_its_organisation(curator):
    spokesperson = {"speaker": "a spokesperson", "organisation": "Port Authority"}
    (quote,) = file(curator, spokesperson)
    assert Speaker.objects.get().organisation.name == "Port Authority"
    (again,) = file(curator, spokesperson)
    assert again["speaker"] == quote["speaker"]
    (other,) = file(curator, {**spokesperson, "organisation": "Museum"})
    assert other["speaker"]["id"] != quote["speaker"]["id"]
    assert other["flags"] == []


def test_an_unnamed_speaker_of_no_organisation_is_the_same_one_only_within_an_article(curator):
    quotes = file(curator, {"speaker": "One resident"}, {"speaker": "one resident"})
    assert quotes[0]["speaker"] == quotes[1]["speaker"]
    (other,) = file(curator, {"speaker": "One resident"})
    assert other["speaker"]["id"] != quotes[0]["speaker"]["id"]
    assert other["flags"] == []


def test_an_unnamed_speaker_stays_the_same_one_when_the_article_is_filed_with_more_quotes(curator):
    filing = make_filing(text=TEXT, quotes=[{"text": "First,", "speaker": "one resident"}])
    first = ok(curator.post(f"{API}articles/", filing), 201)["quotes"][0]
    filing["quotes"] = [{"text": "Second,", "speaker": "one resident"}]
    second = ok(curator.post(f"{API}articles/", filing), 200)["quotes"][0]
    assert second["speaker"] == first["speaker"]


def test_an_unnamed_speaker_of_another_article_may_be_named_by_id(curator):
    (quote,) = file(curator, {"speaker": "one resident"})
    (other,) = file(curator, {"speaker": quote["speaker"]["id"]})
    assert other["speaker"] == quote["speaker"]


# Ids


def test_a_speaker_and_an_organisation_may_be_given_by_id(curator):
    known, port = person(curator), body(curator)
    person(curator)  # of the same name
    (quote,) = file(curator, {"speaker": known["id"].upper(), "organisation": port["id"]})
    assert quote["speaker"]["id"] == known["id"]
    assert quote["organisation"]["id"] == port["id"]
    assert quote["filing"]["speaker"] == quote["filing"]["organisation"] == "matched"
    assert quote["flags"] == []


def test_the_id_of_a_speaker_is_not_accepted_for_an_organisation(curator):
    known = person(curator)
    quote = {"text": "First,", "organisation": known["id"]}
    response = curator.post(f"{API}articles/", make_filing(text=TEXT, quotes=[quote]))
    assert problem(response, 400)["errors"][0]["pointer"] == "/quotes/0/organisation"


# Affiliations, roles, organisations


def test_the_role_and_the_organisation_choose_the_affiliation(curator):
    known, port, museum = person(curator), body(curator), body(curator, "Museum")
    affiliation(curator, known, port, "chair")
    held = affiliation(curator, known, museum, "Chair")
    (quote,) = file(curator, {"speaker": "Mara Quill", "role": "CHAIR", "organisation": "museum"})
    assert str(Quote.objects.get().affiliation_id) == held["id"]
    assert quote["role"] == "Chair"
    assert quote["organisation"]["id"] == museum["id"]


def test_the_date_chooses_between_two_terms_in_one_role(curator):
    known, port = person(curator), body(curator)
    affiliation(curator, known, port, "mayor", **{"from": "2010", "to": "2014"})
    held = affiliation(curator, known, port, "mayor", **{"from": "2022-05"})
    file(curator, {"speaker": "Mara Quill", "role": "mayor"}, published="2026-03")
    assert str(Quote.objects.get().affiliation_id) == held["id"]


def test_the_date_of_speaking_counts_before_the_date_of_publication(curator):
    known, port = person(curator), body(curator)
    held = affiliation(curator, known, port, "mayor", **{"from": "2010", "to": "2014"})
    affiliation(curator, known, port, "mayor", **{"from": "2022-05"})
    file(curator, {"speaker": "Mara Quill", "role": "mayor", "said": "2012"}, published="2026-03")
    assert str(Quote.objects.get().affiliation_id) == held["id"]


def test_two_affiliations_that_fit_leave_the_choice_to_a_curator(curator):
    known = person(curator)
    for name in ("Port Authority", "Museum"):
        affiliation(curator, known, body(curator, name), "chair")
    (quote,) = file(curator, {"speaker": "Mara Quill", "role": "chair"})
    assert Quote.objects.get().affiliation is None
    assert quote["role"] == "chair"
    assert quote["organisation"] is None


def test_a_role_that_fits_one_affiliation_sets_its_organisation(curator):
    port = body(curator)
    affiliation(curator, person(curator), port)
    (quote,) = file(curator, {"speaker": "Mara Quill", "role": "Harbour Master"})
    assert quote["organisation"]["id"] == port["id"]


def test_a_printed_role_that_fits_nothing_held_on_that_date_is_flagged_and_shown(curator):
    affiliation(curator, person(curator), body(curator), "harbour master")
    (quote,) = file(curator, {"speaker": "Mara Quill", "attribution": {"role": "head of tourism"}})
    assert quote["flags"] == ["role_conflict"]
    assert quote["role"] == "head of tourism"


@pytest.mark.parametrize("printed", ["master", "the harbour master", "deputy and harbour master"])
def test_a_printed_role_that_says_less_or_more_is_no_conflict(curator, printed):
    affiliation(curator, person(curator), body(curator), "harbour master")
    (quote,) = file(curator, {"speaker": "Mara Quill", "attribution": {"role": printed}})
    assert quote["flags"] == []
    assert quote["role"] == printed


def test_a_role_without_a_date_contradicts_nothing(curator):
    affiliation(curator, person(curator), body(curator), "harbour master")
    (quote,) = file(curator, {"speaker": "Mara Quill", "role": "head of tourism"}, published=None)
    assert quote["flags"] == []


def test_a_filed_role_that_fits_no_affiliation_keeps_the_organisation_on_the_quote(curator):
    (quote,) = file(
        curator,
        {
            "speaker": "Mara Quill",
            "role": "director of operations",
            "organisation": "Port Authority",
            "attribution": {"role": "the port's director of operations"},
        },
    )
    assert quote["organisation"]["name"] == "Port Authority"
    assert quote["role"] == "the port's director of operations"
    assert Quote.objects.get().affiliation is None


# Names that identify nobody


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Chase", "unknown"),
        ("Mr Okafor", "person"),
        ("Sir Quill", "person"),
        ("The Bishop of Harrow", "unnamed"),
        ("the Prime Minister", "unnamed"),
        ("a resident of Harrow", "unnamed"),
        ("Anonymous", "unnamed"),
        ("Speaker 1", "unnamed"),
        ("N/A", "unnamed"),
        ("ein Sprecher der Polizei", "unnamed"),
        ("متحدث باسم الشرطة", "unnamed"),
        ("the agency", "unknown"),
    ],
)
def test_a_name_that_identifies_nobody_means_somebody_of_its_article_alone(curator, name, kind):
    one, two = (file(curator, {"speaker": name})[0] for _ in range(2))
    assert one["speaker"]["id"] != two["speaker"]["id"]
    assert one["speaker"]["kind"] == kind
    surname = parse(name).kind in ("single", "titled")
    assert one["flags"] == (["unresolved_speaker"] if surname else [])
    assert one["filing"]["speaker"] == ("unresolved" if surname else "made")
    speaker = ok(curator.get(f"{API}speakers/{one['speaker']['id']}/"))
    assert speaker["article"] == one["article"]["id"]


@pytest.mark.parametrize(
    "name", ["გიორგი ველისაშვილი", "bell hartley", "Ali bin Hassan al-Quari", "王芳", "محمد الخضري"]
)
def test_a_full_name_in_any_script_means_one_person(curator, name):
    one, two = (file(curator, {"speaker": name})[0] for _ in range(2))
    assert one["speaker"] == two["speaker"]
    assert two["filing"]["speaker"] == "matched"
    assert two["flags"] == []


def test_a_name_that_a_merge_made_an_alias_still_identifies_nobody(curator):
    known = person(curator, aliases=["Quill", "the harbour master"])
    for name in ("Quill", "the harbour master"):
        (quote,) = file(curator, {"speaker": name})
        assert quote["speaker"]["id"] != known["id"]


def test_a_curator_makes_a_mononym_identify(curator):
    known = person(curator, identifies=["Quilla"])
    (quote,) = file(curator, {"speaker": "QUILLA"})
    assert quote["speaker"]["id"] == known["id"]
    assert quote["filing"]["speaker"] == "matched"
    assert quote["flags"] == []


@pytest.mark.parametrize("short", ["Quill", "Ms Quill", "Mara"])
def test_a_surname_means_the_one_speaker_of_the_filing_whom_it_fits(curator, short):
    quotes = file(curator, {"speaker": short}, {"speaker": "Mara Quill"})
    assert quotes[0]["speaker"] == quotes[1]["speaker"]
    assert quotes[0]["filing"]["speaker"] == "matched"
    assert quotes[0]["flags"] == []


def test_a_printed_surname_means_the_one_speaker_of_the_filing_whom_it_fits(curator):
    quotes = file(curator, {"attribution": {"speaker": "Ms Quill"}}, {"speaker": "Mara Quill"})
    assert quotes[0]["speaker"] == quotes[1]["speaker"]


def test_a_surname_that_two_speakers_of_the_filing_have_is_unresolved(curator):
    quotes = file(curator, *({"speaker": name} for name in ("Quill", "Ivo Quill", "Mara Quill")))
    assert quotes[0]["flags"] == ["unresolved_speaker"]
    assert len({quote["speaker"]["id"] for quote in quotes}) == 3


def test_a_title_of_the_other_sex_is_another_person(curator):
    quotes = file(curator, {"speaker": "Mr Quill"}, {"speaker": "Mara Quill"})
    assert quotes[0]["speaker"] != quotes[1]["speaker"]
    assert quotes[0]["flags"] == ["unresolved_speaker"]


@pytest.mark.parametrize("couple", ["Mr and Mrs Quill left.", "Mr Quill met Mrs Quill."])
def test_two_titles_with_a_surname_in_the_text_are_two_people(curator, couple):
    quotes = [{"text": "First,", "speaker": "Quill"}, {"text": "Second,", "speaker": "Ivo Quill"}]
    filing = make_filing(text=f"{TEXT} {couple}", quotes=quotes)
    answer = ok(curator.post(f"{API}articles/", filing), 201)["quotes"]
    assert answer[0]["speaker"] != answer[1]["speaker"]
    assert answer[0]["flags"] == ["unresolved_speaker"]


def test_the_speaker_of_one_article_stays_the_same_one_when_it_is_filed_again(curator):
    filing = make_filing(text=TEXT, quotes=[{"text": "First,", "speaker": "Mr Quill"}])
    first = ok(curator.post(f"{API}articles/", filing), 201)["quotes"][0]
    again = ok(curator.post(f"{API}articles/", filing), 200)["quotes"][0]
    assert again["speaker"] == first["speaker"]
    filing["quotes"] = [{"text": "Second,", "speaker": "Mr Quill"}]
    second = ok(curator.post(f"{API}articles/", filing), 200)["quotes"][0]
    assert second["speaker"] == first["speaker"]
    assert second["flags"] == ["unresolved_speaker"]


def test_speakers_of_one_article_are_listed_only_when_asked_for(curator):
    local = [file(curator, {"speaker": name})[0] for name in ("Mr Quill", "a resident")]
    named = file(curator, {"speaker": "Mara Quill"})[0]["speaker"]["id"]
    listed = {
        query: {each["id"] for each in ok(curator.get(f"{API}speakers/?{query}"))["results"]}
        for query in (
            "",
            "kind=person",
            "kind=unnamed",
            f"article={local[0]['article']['id']}",
        )
    }
    surname, described = (quote["speaker"]["id"] for quote in local)
    assert list(listed.values()) == [{named}, {named}, {described}, {surname}]


def test_every_spokesperson_of_an_organisation_is_its_one_unnamed_speaker(curator):
    quotes = [
        file(curator, {"speaker": name, "organisation": "Port Authority"})[0]
        for name in ("a spokesperson", "A port spokeswoman", "eine Sprecherin")
    ]
    assert len({quote["speaker"]["id"] for quote in quotes}) == 1
    (other,) = file(curator, {"speaker": "a spokesperson", "organisation": "Museum"})
    assert other["speaker"]["id"] != quotes[0]["speaker"]["id"]
    (official,) = file(curator, {"speaker": "an official", "organisation": "Port Authority"})
    assert official["speaker"]["id"] != quotes[0]["speaker"]["id"]


# Kinds by evidence


@pytest.mark.parametrize(
    ("quote", "kind"),
    [
        ({"speaker": "Ixolte Vemm"}, "unknown"),
        ({"speaker": "Ixolte Vemm", "role": "pilot"}, "person"),
        ({"speaker": "Dr Ixolte Vemm"}, "person"),
        ({"speaker": "Ixolte Vemm", "attribution": {"speaker": "she"}}, "person"),
        ({"speaker": "Ixolte Vemm", "attribution": {"speaker": "Ms Vemm"}}, "person"),
        ({"speaker": "National Quay Agency (NQA)"}, "organisation"),
        ({"speaker": "NQA"}, "unknown"),
        ({"speaker": "Quaysoft"}, "unknown"),
    ],
)
def test_the_kind_of_a_speaker_is_what_the_evidence_says(curator, quote, kind):
    assert file(curator, quote)[0]["speaker"]["kind"] == kind


def test_later_evidence_raises_an_unknown_kind_without_a_flag(curator):
    (first,) = file(curator, {"speaker": "Ixolte Vemm"})
    (second,) = file(curator, {"speaker": "Ixolte Vemm", "role": "pilot"})
    assert second["speaker"] == first["speaker"] | {"kind": "person"}
    assert second["flags"] == []
    (third,) = file(curator, {"speaker": "Ixolte Vemm"})
    assert third["speaker"] == second["speaker"]


@pytest.mark.parametrize("name", ["NQA", "The National Quay Agency", "National Quay Agency (NQA)"])
def test_an_organisation_on_record_speaks_by_any_of_its_names(curator, name):
    known = body(curator, "National Quay Agency (NQA)")
    (first,) = file(curator, {"speaker": "National Quay Agency"})
    (quote,) = file(curator, {"speaker": name})
    assert quote["speaker"] == first["speaker"]
    assert quote["speaker"]["kind"] == "organisation"
    assert quote["organisation"]["id"] == known["id"]


def test_a_bracketed_acronym_becomes_an_alias_of_a_new_record(curator):
    file(curator, {"speaker": "Mara Quill", "organisation": "National Quay Agency (NQA)"})
    record = Organisation.objects.get()
    assert (record.name, record.aliases) == ("National Quay Agency", ["NQA"])
    (quote,) = file(curator, {"speaker": "Mara Quill", "organisation": "the NQA"})
    assert quote["organisation"]["id"] == str(record.pk)


# Namesakes

DENTIST = {"speaker": "Jon Smythe", "role": "dentist", "organisation": "Harrow Dental"}
STRIKER = {"speaker": "Jon Smythe", "role": "striker", "organisation": "Torrigan Rovers"}


def test_organisation_and_role_of_former_quotes_tell_namesakes_apart(curator):
    (dentist,) = file(curator, DENTIST)
    (striker,) = file(curator, STRIKER)
    assert striker["speaker"]["id"] != dentist["speaker"]["id"]
    assert striker["filing"]["speaker"] == "ambiguous"
    assert striker["flags"] == ["ambiguous_speaker"]
    for filed, one in ((DENTIST, dentist), (STRIKER, striker)):
        (later,) = file(curator, filed)
        assert later["speaker"] == one["speaker"]
        assert later["filing"]["speaker"] == "matched"
        assert later["flags"] == []


def test_printed_organisations_and_roles_count_as_filed_ones_do(curator):
    ((one,), (two,)) = (
        file(
            curator,
            {
                "speaker": "Jon Smythe",
                "attribution": {"role": filed["role"], "organisation": filed["organisation"]},
            },
        )
        for filed in (DENTIST, STRIKER)
    )
    assert one["speaker"]["id"] != two["speaker"]["id"]


def test_namesakes_in_one_filing_are_told_apart(curator):
    one, two = file(curator, DENTIST, STRIKER)
    assert one["speaker"]["id"] != two["speaker"]["id"]
    assert two["flags"] == ["ambiguous_speaker"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Harrow Dental", "The Harrow Dental Ltd"),
        ("Labour", "Labour Party"),
        ("University of Pell", "Pell University"),
        ("National Quay Agency", "NQA"),
        ("Harrow Dental", None),
    ],
)
def test_organisations_that_agree_make_one_person_whatever_the_roles(curator, one, other):
    (first,) = file(curator, {**DENTIST, "organisation": one})
    (second,) = file(curator, {**STRIKER, "organisation": other})
    assert second["speaker"] == first["speaker"]
    assert second["flags"] == []


def test_a_new_organisation_with_a_role_that_agrees_is_flagged_once(curator):
    (first,) = file(curator, DENTIST)
    moved = {**DENTIST, "role": "senior dentist", "organisation": "Torrigan Clinic"}
    for flags in (["check_speaker"], []):
        (quote,) = file(curator, moved)
        assert quote["speaker"] == first["speaker"]
        assert quote["filing"]["speaker"] == "matched"
        assert quote["flags"] == flags


def test_once_a_curator_has_joined_namesakes_organisations_part_them_no_more(curator):
    (dentist,), (striker,) = file(curator, DENTIST), file(curator, STRIKER)
    merge(curator, striker["speaker"]["id"], dentist["speaker"]["id"])
    (quote,) = file(curator, {**DENTIST, "role": "poet", "organisation": "Pell Review"})
    assert quote["speaker"]["id"] == dentist["speaker"]["id"]
    assert quote["flags"] == ["check_speaker"]


def test_once_a_curator_has_kept_a_speaker_organisations_part_the_name_no_more(curator):
    (dentist,) = file(curator, DENTIST)
    (moved,) = file(curator, {**DENTIST, "organisation": "Torrigan Clinic"})
    sent = {"flags": ["check_speaker"]}
    url = f"{API}quotes/{moved['id']}/keep/"
    ok(curator.post(url, sent, headers={"If-Match": "*"}), 200)
    (quote,) = file(curator, {**DENTIST, "role": "poet", "organisation": "Pell Review"})
    assert quote["speaker"]["id"] == dentist["speaker"]["id"]
    assert quote["flags"] == ["check_speaker"]


def test_of_two_equal_offices_after_a_merge_the_eldest_is_meant(curator):
    port = body(curator)
    one, two = person(curator), person(curator, "M. Quill")
    held = [affiliation(curator, each, port, "chair")["id"] for each in (one, two)]
    merge(curator, two["id"], one["id"])
    file(curator, {"speaker": "Mara Quill", "role": "chair", "organisation": "Port Authority"})
    assert str(Quote.objects.get().affiliation_id) == held[0]

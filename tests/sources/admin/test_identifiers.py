"""Identifiers as links, and what else a profile says of a record."""

import pytest

from sources.admin.html import address
from sources.admin.identifiers import links_to
from tests.conftest import staff
from tests.records import make_organisation, make_speaker

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("scheme", "value", "url"),
    [
        ("wikidata", "Q7186", "https://www.wikidata.org/wiki/Q7186"),
        ("viaf", "76353174", "https://viaf.org/viaf/76353174"),
        ("isni", "0000 0001 2145 3617", "https://isni.org/isni/0000000121453617"),
        ("orcid", "0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097"),
        ("ror", "02mhbdp94", "https://ror.org/02mhbdp94"),
    ],
)
def test_an_identifier_of_a_known_registry_is_a_link_to_its_entry(scheme, value, url):
    link = links_to({scheme: value})
    assert f'href="{url}" rel="noopener noreferrer"' in link
    assert f"<bdi>{value}</bdi>" in link


@pytest.mark.parametrize(
    ("scheme", "value"),
    [
        ("wikidata", "Q7186/../../evil"),
        ("orcid", "javascript:alert(1)"),
        ("viaf", "٣٣٣"),
        ("staff", "4711"),
        ("<script>", "<script>"),
    ],
)
def test_an_identifier_of_another_form_or_registry_is_no_link(scheme, value):
    shown = links_to({scheme: value})
    assert "href" not in shown
    assert "<script>" not in shown


def test_a_profile_links_identifiers_and_says_since_when_the_record_is_kept(curator_at_desk):
    for record in (
        make_speaker("Ada Lund", identifiers={"wikidata": "Q1"}),
        make_organisation("Quay Works", identifiers={"wikidata": "Q2"}),
    ):
        page = curator_at_desk.get(address(record, "profile")).text
        assert f"https://www.wikidata.org/wiki/{record.identifiers['wikidata']}" in page
        since = f"since {record.created:%Y-%m-%d}"
        assert f"{since}, unchanged" in page
        type(record).objects.filter(pk=record.pk).update(aliases=["A. L."])
        assert f"{since}, changed once, on" in curator_at_desk.get(address(record, "profile")).text
        type(record).objects.filter(pk=record.pk).update(aliases=[])
        page = curator_at_desk.get(address(record, "profile")).text
        assert f"{since}, changed 2 times, last on" in page


def test_duplicates_are_only_mentioned_if_there_are_any(curator_at_desk):
    speaker = make_speaker("Ada Lund")
    heading = "Likely duplicates"
    assert heading not in curator_at_desk.get(address(speaker, "profile")).text
    make_speaker("Ada Lund")
    assert heading in curator_at_desk.get(address(speaker, "profile")).text


def test_an_affiliation_is_added_from_the_speakers_profile(curator_at_desk):
    speaker, body = make_speaker("Ada Lund"), make_organisation("Quay Works")
    page = curator_at_desk.get(address(speaker, "profile"))
    add = f"/admin/sources/affiliation/add/?speaker={speaker.pk}"
    assert f'href="{add}"' in page.text
    assert f'<option value="{speaker.pk}" selected>' in curator_at_desk.get(add).text
    given = {"speaker": speaker.pk, "organisation": body.pk, "role": "dean", "start": "2020"}
    answer = curator_at_desk.post(add, given)
    assert answer["Location"] == address(speaker, "profile")
    assert speaker.affiliations.get().role == "dean"


def test_only_who_may_add_an_affiliation_to_a_person_is_offered_it(curator_at_desk):
    speaker = make_speaker("Ada Lund")
    assert "Add affiliation" not in staff("Readers").get(address(speaker, "profile")).text
    crowd = make_speaker("residents", kind="collective")
    assert "Add affiliation" not in curator_at_desk.get(address(crowd, "profile")).text

"""Search over everything: what it finds for whom, by what, and at what cost."""

from html import unescape
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from quotes.admin.status import status_badge
from quotes.models import Quote
from sources.admin.html import address
from sources.identity import merging
from tests.conftest import staff
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
)
from tests.sources.admin.test_admin import HOSTILE

pytestmark = pytest.mark.django_db

SEARCH = reverse("search")


def found(client, term: str) -> dict[str, list[str]]:
    """URLs of the results by heading."""
    answer = client.get(SEARCH, {"q": term})
    assert answer.status_code == 200
    return {group.heading: [each.url for each in group.found] for group in answer.context["groups"]}


def test_each_kind_of_record_is_found_by_a_part_of_its_name_or_words(curator_at_desk):
    outlet = make_outlet("Pellow Post")
    body = make_organisation("Pellow Harbour Board")
    speaker = make_speaker("Ingrid Pellow")
    make_affiliation(speaker=speaker, organisation=body, role="harbour master")
    article = make_article("Text.", headline="Pellow resigns", outlet=outlet, external_id="p-1")
    quote = make_quote("I told Pellow so", speaker=speaker, published="2026-03", status="disputed")
    assert found(curator_at_desk, "pello") == {
        "Speakers": [address(speaker, "profile")],
        "Organisations": [address(body, "profile")],
        "Outlets": [address(outlet, "profile")],
        "Articles": [address(article, "change")],
        "Quotes": [address(quote, "change")],
    }
    page = curator_at_desk.get(SEARCH, {"q": "pello"}).text
    assert "harbour master, Pellow Harbour Board" in page
    assert status_badge("disputed") in page
    assert found(curator_at_desk, "p-1") == {"Articles": [address(article, "change")]}


def test_an_id_or_a_url_that_has_one_finds_its_record(curator_at_desk):
    quote, speaker = make_quote(), make_speaker("Ada Lund", identifiers={"wikidata": "Q7186"})
    article = make_article("Text.", url="https://post.example/a/1?ref=home")
    for record in (quote, quote.article, quote.outlet, speaker):
        if record:
            url = f"https://quotes.example/api/v1/things/{record.pk}/"
            (one,) = found(curator_at_desk, str(record.pk))["Record"]
            assert found(curator_at_desk, url) == {"Record": [one]}
            assert str(record.pk) in one
    assert found(curator_at_desk, "q7186") == {"Record": [address(speaker, "profile")]}
    assert found(curator_at_desk, article.url) == {"Articles": [address(article, "change")]}
    sha256 = article.snapshot.sha256
    (held,) = found(curator_at_desk, sha256)["Record"]
    assert str(article.snapshot.pk) in held


def test_queues_and_pages_are_found_by_the_beginnings_of_their_words(curator_at_desk):
    results = found(curator_at_desk, "dup spe")
    assert results == {"Queues": [reverse("admin:sources_speaker_duplicates")]}
    assert reverse("admin:sources_article_changelist") in found(curator_at_desk, "arti")["Pages"]
    assert found(curator_at_desk, "check a dr") == {"Tools": [reverse("admin:quotes_quote_check")]}


def test_a_reader_finds_only_what_a_reader_may_see(curator_at_desk, reader_at_desk):
    secret = make_quote("A secret harbour", status="proposed", speaker=None)
    public = make_quote("An open harbour")
    hidden = make_speaker("Harbour Pilot", is_public=False)
    assert found(reader_at_desk, "harbour") == {"Quotes": [address(public, "change")]}
    curator = found(curator_at_desk, "harbour")
    assert address(secret, "change") in curator["Quotes"]
    assert curator["Speakers"] == [address(hidden, "profile")]
    for record in (secret, hidden):
        assert found(reader_at_desk, str(record.pk)) == {}
    assert "Queues" not in found(reader_at_desk, "waiting")
    nobody = staff(permissions=["view_outlet"])
    assert found(nobody, "harbour") == {}
    assert found(nobody, str(public.pk)) == {}
    assert staff(permissions=[], name="other").get(SEARCH).status_code == 200


def test_whoever_is_not_logged_in_is_asked_to(client):
    answer = client.get(SEARCH, {"q": "harbour"})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


def test_few_of_a_kind_are_shown_with_a_link_to_all(curator_at_desk):
    names = [f"Rob Jones {letter}" for letter in "fedcba"]
    for name in names:
        make_speaker(name)
    called = make_speaker("Jones")
    merging.merge(make_speaker("Jones Merged"), called)
    groups = curator_at_desk.get(SEARCH, {"q": "jones"}).context["groups"]
    (speakers,) = [group for group in groups if group.heading == "Speakers"]
    assert [each.name for each in speakers.found] == [
        f"<bdi>{name}</bdi>" for name in ("Jones", *sorted(names)[:4])
    ]
    assert speakers.more == f"{reverse('admin:sources_speaker_changelist')}?q=jones"
    assert curator_at_desk.get(speakers.more).context["cl"].result_count == 7


@pytest.mark.parametrize("term", ["", " ", "%", "_", "'", "\\", "\0", "a", "é", "李", "!" * 999])
def test_hostile_and_short_terms_are_harmless(curator_at_desk, term):
    speaker = make_speaker("李 Ampère")
    make_quote("A word", speaker=speaker)
    results = found(curator_at_desk, term)
    assert ("Speakers" in results) == (term in ("a", "李"))
    assert found(curator_at_desk, "x " * 500) == {}


def test_other_peoples_words_are_inert(curator_at_desk):
    speaker = make_speaker(HOSTILE)
    make_quote(HOSTILE, speaker=speaker, outlet=make_outlet(HOSTILE))
    for part in ({}, {"part": "results"}):
        page = curator_at_desk.get(SEARCH, {"q": HOSTILE, **part}).text
        assert HOSTILE not in page
        page = curator_at_desk.get(SEARCH, {"q": str(speaker.pk), **part}).text
        assert HOSTILE not in page
        assert speaker.name[:5] in unescape(page)


def test_the_palette_gets_only_the_results_as_options(curator_at_desk):
    speaker = make_speaker("Ingrid Pellow")
    answer = curator_at_desk.get(SEARCH, {"q": "pel", "part": "results"})
    assert "<html" not in answer.text
    assert 'role="option"' in answer.text
    assert f'href="{address(speaker, "profile")}"' in answer.text


def test_every_page_of_the_admin_has_the_field_and_a_popup_has_not(curator_at_desk):
    field = f'<form id="site-search" action="{SEARCH}"'
    for path in ("/admin/", "/admin/quotes/review/", "/admin/sources/speaker/"):
        assert field in curator_at_desk.get(path).text
    popup = curator_at_desk.get("/admin/sources/speaker/add/?_popup=1").text
    assert field not in popup
    assert "palette" not in popup


def test_a_search_costs_the_same_however_much_it_finds(
    curator_at_desk, django_assert_max_num_queries
):
    for number in range(12):
        body = make_organisation(f"Pello Board {number}")
        speaker = make_speaker(f"Ingrid Pello {number}")
        make_affiliation(speaker=speaker, organisation=body)
        make_quote(f"Pello said {number}", speaker=speaker, outlet=make_outlet(f"Pello {number}"))
    assert Quote.objects.count() == 12
    with django_assert_max_num_queries(24):
        curator_at_desk.get(f"{SEARCH}?{urlencode({'q': 'pello'})}")

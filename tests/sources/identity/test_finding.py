"""Finding speakers, organisations and outlets by what somebody remembers of a name."""

import pytest
from django.db import connection
from django.urls import reverse

from quotes.statistics import use_counts
from sources.identity import finding, merging
from sources.models import Organisation, Outlet, Speaker, UseCount
from tests.conftest import API, ok, problem
from tests.records import (
    hide,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_quotes,
    make_speaker,
)

pytestmark = pytest.mark.django_db


def names(term: str, records=None, most: int = 200) -> list[str]:
    records = Speaker.objects.active() if records is None else records
    return [record.name for record in finding.found(records, term, most)]


@pytest.mark.parametrize(
    ("name", "term"),
    [
        ("Ingrid Pellow", "ingr"),
        ("Ingrid Pellow", "pell"),
        ("Ingrid Pellow", "PELLOW"),
        ("Ingrid Pellow", "pellow ingrid"),
        ("Ingrid Pellow", "ing pel"),
        ("Ingrid Pellow", "ellow"),
        ("Ingrid Pellow", "Dr Ingrid Pellow"),
        ("Željka Škorić", "skoric"),
        ("O’Neill, Ray", "neill"),
        ("Ingrid Pellow", "Ingrid Pelow"),  # one letter less
        ("Ingrid Pellow", "Ingrid Pelllow"),  # one more
        ("Ingrid Pellow", "pellaw"),  # another
        ("Ingrid Pellow", "pelolw"),  # two in the other order
        ("Ingrid Pellow", "ingird pellow"),
        ("Ingrid Pellow", "in pelow"),
        ("王芳", "王"),
        ("Анна Ковалёва", "ковалева"),
        ("Анна Ковалёва", "кавалева"),
    ],
)
def test_a_speaker_is_found_by_what_is_remembered(name, term):
    make_speaker("Bo Ek")
    make_speaker(name)
    assert names(term) == [name]


@pytest.mark.parametrize("term", ["", " ", "\0", "!?", "xyzzy", "pallaw", "plw", "%", "_", "\\"])
def test_what_is_far_from_every_name_finds_nothing(term):
    make_speaker("Ingrid Pellow")
    assert names(term) == []


def test_an_alias_an_identifier_an_acronym_and_a_slug_find_their_record():
    speaker = make_speaker("Ingrid Pellow", aliases=["Inge P."], identifiers={"wikidata": "Q7186"})
    for term in ("inge p", "q7186", str(speaker.pk)):
        assert finding.find(Speaker.objects.all(), term) == [speaker.pk], term
    agency = make_organisation("National Crime Agency")
    bank = make_organisation("Bank of Torrigan (BOT)")
    make_organisation("Harbour Board")
    for term, body in (("NCA", agency), ("bot", bank), ("BT", bank)):
        assert finding.find(Organisation.objects.all(), term) == [body.pk], term
    outlet = make_outlet("The Harbour Post", slug="thp")
    assert finding.find(Outlet.objects.all(), "THP") == [outlet.pk]


def test_whole_names_come_first_then_beginnings_then_parts_then_slips():
    for name in ("Joan Harmon", "Sharma Lane", "Marmo Vell", "Arm Ek"):
        make_speaker(name)
    assert names("arm") == ["Arm Ek", "Joan Harmon", "Marmo Vell", "Sharma Lane"]
    make_speaker("Arm")
    make_speaker("Armo Dunn")
    assert names("arm")[:3] == ["Arm", "Arm Ek", "Armo Dunn"]
    make_speaker("Harman Roy")
    assert names("harmon") == ["Joan Harmon", "Harman Roy"]


def test_slips_are_not_sought_where_enough_is_found():
    for number in range(finding.ENOUGH):
        make_speaker(f"Harmon {number}")
    make_speaker("Harman Roy")
    assert "Harman Roy" not in names("harmon")
    assert "Harman Roy" in names("harmon r") or names("harmon roy") == ["Harman Roy"]


def test_of_equals_what_is_used_most_comes_first_and_hidden_uses_do_not_count():
    few, many, hidden = (make_speaker(f"{name} Jones") for name in ("Ada", "Bo", "Cyd"))
    board, outlet = make_organisation(), make_outlet()
    make_quotes(1, make_article(), speaker=few)
    make_quotes(3, make_article(outlet=outlet), speaker=many, organisation=board)
    make_quotes(9, make_article(), speaker=hidden, status="proposed")
    assert names("jones") == ["Ada Jones", "Bo Jones", "Cyd Jones"]
    use_counts.recount(timestamp=0)
    assert names("jones") == ["Bo Jones", "Ada Jones", "Cyd Jones"]
    counted = dict(UseCount.objects.values_list("record_id", "number"))
    assert counted == {few.pk: 1, many.pk: 3, board.pk: 3, outlet.pk: 3}
    hide(many.quotes.all())
    use_counts.count_uses()
    assert names("jones") == ["Ada Jones", "Bo Jones", "Cyd Jones"]
    assert UseCount.objects.get(pk=many.pk).number == 0


def test_of_many_that_begin_so_the_most_used_are_found_at_a_bounded_cost(monkeypatch):
    monkeypatch.setattr(finding, "MANY", 3)
    speakers = [make_speaker(f"Rob Jones {letter}") for letter in "abcdefgh"]
    other = make_speaker("Bo Jonesson")
    UseCount.objects.bulk_create(
        UseCount(record_id=one.pk, number=number) for number, one in enumerate([other, *speakers])
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sources_speaker")
    assert names("jones", most=2) == ["Rob Jones h", "Rob Jones g"]
    assert names("jones", most=4) == [f"Rob Jones {letter}" for letter in "hgfe"]
    assert names("jones")[-1] == "Bo Jonesson"
    assert names("ones", most=1) == ["Rob Jones h"]


def test_a_search_takes_as_many_queries_however_many_are_found(django_assert_num_queries):
    for number in range(2, 300):
        make_speaker(f"Rob Jones {number}")
    with django_assert_num_queries(3):
        assert len(finding.find(Speaker.objects.all(), "jones")) == finding.MAX_FOUND
    with django_assert_num_queries(8):
        finding.find(Speaker.objects.all(), "jomes")


# In the API


def listed(client, path: str = "speakers/", **asked) -> list[str]:
    return [row["name"] for row in ok(client.get(f"{API}{path}", asked))["results"]]


def test_lists_are_searched_best_first_and_page_by_page(reader):
    for name in ("Rob Jones", "Ada Jones", "Jones", "Bo Ek"):
        make_speaker(name)
    assert listed(reader, q="jones") == ["Jones", "Ada Jones", "Rob Jones"]
    assert listed(reader, q="jones", ordering="-name") == ["Rob Jones", "Jones", "Ada Jones"]
    page = ok(reader.get(f"{API}speakers/", {"q": "jones", "limit": 2, "count": "true"}))
    assert page["count"] == {"value": 3, "exact": True}
    rest = ok(reader.get(page["next"]))
    assert [row["name"] for row in rest["results"]] == ["Rob Jones"]
    assert rest["next"] is None
    back = ok(reader.get(rest["previous"]))
    assert [row["name"] for row in back["results"]] == ["Jones", "Ada Jones"]


def test_a_search_goes_with_every_other_filter(reader):
    make_speaker("Rob Jones")
    make_speaker("Jones Ltd", kind="organisation")
    assert listed(reader, q="jones", kind="organisation") == ["Jones Ltd"]
    make_organisation("Jones Trust")
    make_outlet("Jones Herald")
    assert listed(reader, "organisations/", q="jo tru") == ["Jones Trust"]
    assert listed(reader, "outlets/", q="herlad") == ["Jones Herald"]


def test_a_search_shows_nothing_hidden_merged_or_of_one_article(reader, curator):
    make_speaker("Rob Jones", is_public=False)
    make_speaker("Mr Jones", article=make_article("Text."))
    merging.merge(make_speaker("Jones Senior"), make_speaker("Ray Jones"))
    assert listed(reader, q="jones") == ["Ray Jones"]
    assert listed(reader, q="jonse") == ["Ray Jones"]
    assert listed(curator, q="jones") == ["Ray Jones", "Rob Jones"]


@pytest.mark.parametrize(
    ("asked", "name", "said"),
    [
        ({"q": "?!"}, "q", "at least one letter"),
        ({"q": "x" * 201}, "q", "200"),
        ({"q": "a " * 9}, "q", "at most 8"),
        ({"ordering": "relevance"}, "ordering", "add q"),
    ],
)
def test_a_search_that_cannot_be_made_is_refused(reader, asked, name, said):
    (fault,) = problem(reader.get(f"{API}speakers/", asked), 400)["errors"]
    assert fault["parameter"] == name
    assert said in fault["message"]


# In the admin


def picked(client, term: str) -> list[str]:
    asked = {"app_label": "quotes", "model_name": "quote", "field_name": "speaker", "term": term}
    answer = client.get(reverse("admin:autocomplete"), asked)
    return [one["text"].partition("\n")[0] for one in answer.json()["results"]]


def test_pickers_and_the_search_of_the_admin_find_the_same_in_the_same_order(curator_at_desk):
    for name in ("Rob Jones", "Ada Jones", "Jones"):
        make_speaker(name)
    make_quote(speaker=Speaker.objects.get(name="Rob Jones"))
    use_counts.count_uses()
    used_most = ["Rob Jones", "Ada Jones", "Jones"]
    assert picked(curator_at_desk, "jones") == ["Jones", *used_most[:2]]
    assert picked(curator_at_desk, "jonse") == used_most
    groups = curator_at_desk.get(reverse("search"), {"q": "jonse"}).context["groups"]
    assert [one.name for one in groups[0].found] == [f"<bdi>{name}</bdi>" for name in used_most]
    lists = curator_at_desk.get(reverse("admin:sources_speaker_changelist"), {"q": "jonse"})
    assert lists.context["cl"].result_count == 3

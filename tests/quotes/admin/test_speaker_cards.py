"""Cards of speakers: in lists of duplicates, in autocomplete fields, in merges and messages."""

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from quotes.admin import card_counts
from quotes.models import Quote
from sources.admin import surnames
from sources.admin.speaker_cards import speaker_cards, told_apart
from sources.identity.duplicates import renew_keys
from tests.conftest import staff
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_quote,
    make_quotes,
    make_speaker,
)
from tests.sources.admin.test_admin import FormReader

pytestmark = pytest.mark.django_db

SPEAKER_FIELD = {"app_label": "quotes", "model_name": "quote", "field_name": "speaker"}


@pytest.fixture
def root():
    return get_user_model().objects.create_superuser("root")


def make_namesakes() -> tuple:
    """A chief inspector with an affiliation and a winger whom only a quote describes."""
    inspector = make_speaker("Lewis Orchardson", identifiers={"wikidata": "Q7186"})
    police = make_organisation("Harrow Sound Constabulary")
    make_affiliation(speaker=inspector, organisation=police, role="sergeant", end="2021")
    make_affiliation(speaker=inspector, organisation=police, role="chief inspector", start="2022")
    make_quote("One arrest", speaker=inspector, published="2026-05-02")
    make_quote("No arrest", speaker=inspector, published="2026-06")
    winger = make_speaker("Lewis Orchardson")
    club = make_organisation("Harrow Town")
    make_quote(
        "Two goals", speaker=winger, organisation=club, role="winger", published="2026-02-01"
    )
    make_quote("One goal", speaker=winger, published="2026-02-01")
    return inspector, winger


def test_a_card_has_role_organisation_years_quotes_last_seen_and_identifier(root):
    inspector, winger = make_namesakes()
    cards = speaker_cards([inspector, winger], root)
    assert str(cards[inspector.pk]) == (
        "Lewis Orchardson\n"
        "chief inspector, Harrow Sound Constabulary, since 2022 · 2 quotes, last 2026-06 · "
        "Wikidata Q7186"
    )
    assert str(cards[winger.pk]) == (
        "Lewis Orchardson\nwinger, Harrow Town · 2 quotes, last 2026-02-01"
    )


def test_cards_cost_the_same_for_one_speaker_and_for_many(root, django_assert_num_queries):
    body = make_organisation()
    speakers = [
        make_speaker(f"Ada {number}", kind="unnamed", organisation=body) for number in range(20)
    ]
    for speaker in speakers:
        make_affiliation(speaker=make_speaker(), organisation=body)
        make_quote(speaker=speaker, published="2026")
    for some in (speakers[:1], speakers):
        with django_assert_num_queries(4):
            assert len(speaker_cards(some, root)) == len(some)


def test_many_quotes_are_counted_up_to_a_limit(root, monkeypatch):
    monkeypatch.setattr(card_counts, "MAX_CARD_QUOTES", 3)
    speaker = make_speaker()
    article = make_article(published="2026-03-14")
    make_quotes(3, article, speaker=speaker)
    assert speaker_cards([speaker], root)[speaker.pk].known.number == "3 quotes"
    make_quotes(1, make_article(published="2026-03-15"), speaker=speaker)
    known = speaker_cards([speaker], root)[speaker.pk].known
    assert (known.number, str(known.last)) == ("3+ quotes", "2026-03-15")


def test_a_card_counts_only_quotes_that_its_reader_may_see():
    speaker = make_speaker()
    make_quote("Said in public", speaker=speaker)
    make_quote("Said in review", speaker=speaker, status="proposed")
    for group, number in (("Curators", "2 quotes"), ("Readers", "1 quote")):
        cards = speaker_cards([speaker], staff(group).user)
        assert cards[speaker.pk].known.number == number


def test_what_is_typed_finds_namesakes_that_can_be_told_apart(curator_at_desk):
    inspector, winger = make_namesakes()
    answer = curator_at_desk.get(reverse("admin:autocomplete"), SPEAKER_FIELD | {"term": "orch"})
    texts = {each["id"]: each["text"] for each in answer.json()["results"]}
    assert "chief inspector, Harrow Sound Constabulary" in texts[str(inspector.pk)]
    assert "winger, Harrow Town" in texts[str(winger.pk)]


def test_possible_duplicates_are_pairs_of_cards(curator_at_desk):
    make_namesakes()
    page = curator_at_desk.get(reverse("admin:sources_speaker_duplicates")).text
    assert "chief inspector, Harrow Sound Constabulary, since 2022" in page
    assert "winger, Harrow Town" in page
    assert "Wikidata Q7186" in page


def test_a_message_tells_namesakes_apart_and_leaves_other_names_alone(root):
    inspector, _ = make_namesakes()
    ada = make_speaker("Ada Lund")
    assert told_apart([inspector, ada], root) == {
        inspector.pk: "Lewis Orchardson (chief inspector, Harrow Sound Constabulary)",
        ada.pk: "Ada Lund",
    }
    bare = make_speaker("Lewis Orchardson")
    assert told_apart([bare], root)[bare.pk].startswith("Lewis Orchardson (added 20")
    assert Quote.objects.count() == 4


def test_a_merge_shows_both_cards_and_its_messages_tell_them_apart(curator_at_desk):
    inspector, winger = make_namesakes()
    place = reverse("admin:sources_speaker_merge", args=[winger.pk])
    page = curator_at_desk.get(place, {"into": inspector.pk})
    lead = "<bdi>Lewis Orchardson (winger, Harrow Town)</bdi>” will be merged into"
    assert lead in page.text
    assert "The name" not in page.text  # the same name is no alias
    assert page.text.count('class="speaker-card"') == 2
    assert page.text.count('class="default"') == 1
    sent = FormReader(page.text).sent
    merged = curator_at_desk.post(place, sent, follow=True)
    said = (
        "“Lewis Orchardson (winger, Harrow Town)” was merged into "
        "“Lewis Orchardson (chief inspector, Harrow Sound Constabulary)”."
    )
    assert said in merged.text
    undone = curator_at_desk.post(
        reverse("admin:sources_speaker_unmerge", args=[winger.pk]), {"version": 2}, follow=True
    )
    assert "is a separate record again, no longer part of" in undone.text


def test_speakers_that_are_only_a_surname_are_listed_with_whom_they_may_mean(
    curator_at_desk, reader_at_desk, django_assert_num_queries
):
    place = reverse("admin:sources_speaker_surnames")
    assert reader_at_desk.get(place).status_code == 403
    assert "No speaker is only a surname." in curator_at_desk.get(place).text
    inspector, winger = make_namesakes()
    own = make_speaker(
        "Mr Orchardson",
        article=make_article("Two goals, one arrest", headline="Two goals, one arrest"),
    )
    make_quote("Two goals", speaker=winger, article=own.article)
    renew_keys()
    page = curator_at_desk.get(place).text
    assert "“Lewis Orchardson” has this surname. Both are in one article." in page
    for other, post in ((inspector, "chief inspector"), (winger, "winger")):
        merge = reverse("admin:sources_speaker_merge", args=[own.pk])
        assert f"{merge}?into={other.pk}" in page
        assert post in page
    assert "Two goals, one arrest" in page
    profile = curator_at_desk.get(reverse("admin:sources_speaker_profile", args=[own.pk])).text
    assert "has no given name; “Lewis Orchardson” has this surname." in profile
    with django_assert_num_queries(12):
        curator_at_desk.get(place)
    for number in range(surnames.SURNAMES_PER_PAGE):
        make_speaker(f"Mr Orchardson{'n' * number}", article=own.article)
    renew_keys()
    with django_assert_num_queries(12):
        page = curator_at_desk.get(place)
    assert len(page.context["rows"]) == surnames.SURNAMES_PER_PAGE
    rest = curator_at_desk.get(place, {"after": page.context["next"]})
    assert len(rest.context["rows"]) == 1

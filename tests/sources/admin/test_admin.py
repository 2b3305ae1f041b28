"""The admin of outlets, articles, speakers, organisations, affiliations and tokens."""

from html import unescape
from html.parser import HTMLParser

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken

from sources.admin.html import isolated
from sources.admin.lists import BoundedPaginator
from sources.identity import merging
from sources.models import Affiliation, Article, Organisation, Outlet, Snapshot, Speaker
from tests.conftest import fresh, staff
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_speaker,
)

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>"


def changelist(model) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_of(record) -> str:
    return reverse(
        f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk]
    )


class FormReader(HTMLParser):
    """The fields that a browser would send for an unedited form."""

    def __init__(self, page: str):
        super().__init__()
        self.sent: dict[str, str] = {}
        self.select = self.area = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        name, kind = attrs.get("name"), attrs.get("type")
        if tag == "input" and name and kind not in ("submit", "checkbox"):
            self.sent[name] = attrs.get("value", "")
        elif kind == "checkbox" and "checked" in attrs:
            self.sent[name] = "on"
        elif tag == "select":
            self.select = name
            self.sent[name] = ""
        elif tag == "option" and "selected" in attrs:
            self.sent[self.select] = attrs["value"]
        elif tag == "textarea":
            self.area = name
            self.sent[name] = ""

    def handle_endtag(self, tag):
        if tag == "textarea":
            # HTML drops the line break that the template puts first.
            self.sent[self.area] = self.sent[self.area].removeprefix("\n")
            self.area = None

    def handle_data(self, data):
        if self.area:
            self.sent[self.area] += data


def form_of(client: Client, path: str) -> dict[str, str]:
    response = client.get(path)
    assert response.status_code == 200
    return FormReader(response.text).sent


def save(client: Client, path: str, **changes):
    return client.post(path, form_of(client, path) | changes)


def faults(response) -> str:
    """All error messages of a form."""
    assert response.status_code == 200
    return unescape(" ".join(str(fault) for fault in response.context["errors"]))


def found(client: Client, model, query: str) -> list[str]:
    response = client.get(changelist(model), {"q": query})
    assert response.status_code == 200
    return [str(record) for record in response.context["cl"].result_list]


# Searching


@pytest.mark.parametrize("query", ["skoric", "Škorić", "zeljka SKO", "ljk", "prof. z. skoric"])
def test_a_name_is_found_by_any_part_of_it_without_accents(curator_at_desk, query):
    make_speaker("Željka Škorić", aliases=["Prof. Ž. Škorić"])
    make_speaker("Mara Quill")
    assert found(curator_at_desk, Speaker, query) == ["Željka Škorić"]


def test_sql_wildcards_are_plain_characters_in_a_search(curator_at_desk):
    make_speaker("Mara Quill")
    make_speaker("The 100% Club")
    assert found(curator_at_desk, Speaker, "%") == ["The 100% Club"]
    assert found(curator_at_desk, Speaker, "M_ra") == []


def test_one_or_two_letters_match_the_start_of_a_word(curator_at_desk):
    make_speaker("Bo Ek")
    make_speaker("Mara Jobson", aliases=["M. Ek-Lund"])
    assert (
        found(curator_at_desk, Speaker, "b") == found(curator_at_desk, Speaker, "bo") == ["Bo Ek"]
    )
    assert found(curator_at_desk, Speaker, "ek") == ["Bo Ek", "Mara Jobson"]
    assert found(curator_at_desk, Speaker, "obs") == ["Mara Jobson"]


def test_the_last_word_of_a_headline_can_be_partial(curator_at_desk):
    make_article(headline="Café on the quay to close")
    make_article(headline="Quarry opens", external_id="cms-4711")
    headlines = ["Café on the quay to close"]
    assert found(curator_at_desk, Article, "close QUAY") == headlines
    assert found(curator_at_desk, Article, "the qua") == headlines
    assert found(curator_at_desk, Article, "qu") == found(curator_at_desk, Article, "qua the") == []
    assert found(curator_at_desk, Article, "cafe clo") == headlines
    assert found(curator_at_desk, Article, "cms-4711") == ["Quarry opens"]


def test_a_list_is_sorted_only_by_sortable_columns(curator_at_desk):
    for name in ("Ada", "Bo"):
        make_speaker(name, kind="collective" if name == "Ada" else "person")
    columns = curator_at_desk.get(changelist(Speaker)).context["cl"].list_display
    for column, names in (("kind", ["Ada", "Bo"]), ("called", ["Bo", "Ada"])):
        asked = {"o": f"-{columns.index(column)}"}
        answer = curator_at_desk.get(changelist(Speaker), asked)
        assert [str(one) for one in answer.context["cl"].result_list] == names


def test_a_search_for_a_null_character_is_not_an_error(curator_at_desk):
    speaker = make_speaker("Mara Quill")
    asked = {
        "app_label": "sources",
        "model_name": "affiliation",
        "field_name": "speaker",
        "term": "qui\0ll",
    }
    answer = curator_at_desk.get(reverse("admin:autocomplete"), asked)
    assert [found["id"] for found in answer.json()["results"]] == [str(speaker.pk)]
    assert curator_at_desk.get(changelist(Speaker), {"q": "\0"}).status_code == 200


def test_an_id_finds_its_record(curator_at_desk):
    speaker = make_speaker("Mara Quill")
    make_speaker("Ada Lund")
    assert found(curator_at_desk, Speaker, str(speaker.pk)) == ["Mara Quill"]


def test_an_affiliation_is_found_by_speaker_organisation_and_role_together(curator_at_desk):
    board = make_organisation("Harbour Board")
    make_affiliation(speaker=make_speaker("Željka Škorić"), organisation=board, role="dean")
    make_affiliation(speaker=make_speaker("Mara Quill"), organisation=board, role="dean")
    assert len(found(curator_at_desk, Affiliation, "skoric harbour dean")) == 1
    assert len(found(curator_at_desk, Affiliation, "harbour dean")) == 2
    assert found(curator_at_desk, Affiliation, "skoric mayor") == []


def test_an_article_is_found_by_any_spelling_of_its_url(curator_at_desk):
    make_article(url="https://post.example/quay", headline="Quay to close")
    make_article(url="https://post.example/mole", headline="Mole to open")
    assert found(curator_at_desk, Article, "HTTPS://POST.example:443/quay#top") == ["Quay to close"]
    assert found(curator_at_desk, Article, "open mole") == ["Mole to open"]


def test_a_snapshot_is_found_by_the_start_of_its_digest(curator_at_desk):
    held = make_article("One text.").snapshot
    make_article("Another text.")
    assert found(curator_at_desk, Snapshot, held.sha256[:12].upper()) == [held.sha256]
    assert found(curator_at_desk, Snapshot, held.sha256) == [held.sha256]


# Pages


def test_a_long_list_is_counted_by_estimate(monkeypatch):
    monkeypatch.setattr(BoundedPaginator, "MAX_COUNTED", 3)
    monkeypatch.setattr(BoundedPaginator, "MAX_PAGES", 2)
    for number in range(5):
        make_speaker(f"Speaker {number}")
    pages = BoundedPaginator(Speaker.objects.all(), 2)
    assert pages.count >= 4
    assert pages.num_pages == 2
    assert BoundedPaginator(Speaker.objects.filter(name="Speaker 1"), 2).count == 1


# Forms


def test_names_are_one_per_line_and_can_contain_commas(curator_at_desk):
    speaker = make_speaker("Mara Quill", aliases=["Quill, Mara"])
    assert form_of(curator_at_desk, page_of(speaker))["aliases"] == "Quill, Mara"
    aliases = "Quill, Mara\r\n\r\n  Captain Quill, MBE  \r\n"
    assert save(curator_at_desk, page_of(speaker), aliases=aliases).status_code == 302
    assert fresh(speaker).aliases == ["Quill, Mara", "Captain Quill, MBE"]


def test_saving_an_unedited_page_changes_nothing(curator_at_desk):
    article = make_article(
        "Text.",
        outlet=make_outlet(),
        headline=None,
        byline=["Ada Lund"],
        published="2026-03",
        url="https://post.example/quay",
    )
    affiliation = make_affiliation(start="2004", end="2012-05")
    for record in (article, article.outlet, affiliation, affiliation.speaker):
        record.refresh_from_db()
        version = record.version
        assert save(curator_at_desk, page_of(record)).status_code == 302
        assert fresh(record).version == version, record
    assert article.headline is None
    assert article.external_id is None


def test_a_partial_date_is_shown_and_kept_as_it_was_given(curator_at_desk):
    affiliation = make_affiliation(start="2004")
    assert form_of(curator_at_desk, page_of(affiliation))["start"] == "2004"
    assert save(curator_at_desk, page_of(affiliation), start="2004-02").status_code == 302
    assert str(fresh(affiliation).start) == "2004-02"
    assert "2004-02" in curator_at_desk.get(changelist(Affiliation)).text
    refused = save(curator_at_desk, page_of(affiliation), start="2004-02-30")
    assert "There is no day 30" in faults(refused)
    assert "YYYY, YYYY-MM or YYYY-MM-DD" in refused.text


def test_an_affiliation_is_added_on_its_speakers_page(curator_at_desk):
    speaker, board = make_speaker(), make_organisation()
    added = {
        "affiliations-TOTAL_FORMS": "1",
        "affiliations-0-speaker": str(speaker.pk),
        "affiliations-0-organisation": str(board.pk),
        "affiliations-0-role": "pilot",
        "affiliations-0-start": "2004",
    }
    assert save(curator_at_desk, page_of(speaker), **added).status_code == 302
    assert str(speaker.affiliations.get()) == "Mara Quill, pilot, Harbour Board"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "\u200b"}, "visible character"),
        ({"identifiers": '{"wikidata": "Harbour"}'}, "A Wikidata id is Q and a number."),
        ({"identifiers": '["Q1"]'}, "Expected a dictionary"),
        ({"identifiers": '{"a\\u0000": "b"}'}, "Null characters are not allowed."),
        ({"identifiers": '{"a\\ud800": "b"}'}, "Surrogate characters are not allowed."),
        ({"identifiers": "[" * 100_000}, "nested too deeply"),
        ({"identifiers": "{"}, "Enter a valid JSON."),
        ({"identifiers": '{"wikidata": "Q1"}'}, "Another speaker has this Wikidata id."),
        ({"aliases": "x" * 501}, "at most 500 characters"),
        ({"kind": "ghost"}, "Select a valid choice"),
    ],
)
def test_the_form_explains_what_the_database_would_refuse(curator_at_desk, changes, said):
    make_speaker("Ada Lund", identifiers={"wikidata": "Q1"})
    speaker = make_speaker("Mara Quill")
    assert said in faults(save(curator_at_desk, page_of(speaker), **changes))
    assert (fresh(speaker).version, speaker.identifiers) == (1, {})


def test_empty_identifiers_are_none_rather_than_an_error(curator_at_desk):
    speaker = make_speaker(identifiers={"wikidata": "Q1"})
    assert save(curator_at_desk, page_of(speaker), identifiers="").status_code == 302
    assert fresh(speaker).identifiers == {}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "ftp://post.example/quay"}, "Enter a valid URL"),
        ({"url": "https://post.example/mole"}, "An article with this URL is already on record."),
        ({"language": "English!"}, "Not a language tag"),
        ({"published_at_0": "2026-03-20", "published_at_1": "10:00"}, "Is not on the date"),
        ({"published": "", "published_at_0": "2026-03-20", "published_at_1": "10:00"}, "needs its"),
    ],
)
def test_an_article_is_validated_as_in_the_api(curator_at_desk, changes, said):
    make_article(url="https://post.example/mole")
    article = make_article(url="https://post.example/quay", published="2026-03-14")
    assert said in faults(save(curator_at_desk, page_of(article), **changes))


def test_another_day_needs_another_time_or_none(curator_at_desk):
    article = make_article(published="2026-03-14", published_at="2026-03-14T10:00Z")
    refused = save(curator_at_desk, page_of(article), published="2026-05-05")
    assert "Change both, or clear the time" in faults(refused)
    changed = {"published": "2026-05-05", "published_at_0": "", "published_at_1": ""}
    assert save(curator_at_desk, page_of(article), **changed).status_code == 302
    article.refresh_from_db()
    assert (str(article.published), article.published_at) == ("2026-05-05", None)


def test_a_time_makes_a_month_its_day(curator_at_desk):
    article = make_article(published="2026-03")
    changed = {"published_at_0": "2026-03-14", "published_at_1": "10:00"}
    assert save(curator_at_desk, page_of(article), **changed).status_code == 302
    article.refresh_from_db()
    assert str(article.published) == "2026-03-14"


def test_a_publication_in_the_future_is_saved_with_a_warning(curator_at_desk):
    article = make_article(published="2026-03-14")
    for day, is_told in (("2999-01-01", True), ("2026-03-15", False)):
        assert save(curator_at_desk, page_of(article), published=day).status_code == 302
        page = curator_at_desk.get(page_of(article)).content.decode()
        assert ("is in the future" in page) is is_told


def test_a_constraint_that_the_form_cannot_check_is_shown_on_the_form(curator_at_desk, monkeypatch):
    """As when another transaction takes the URL between the check and the save."""
    make_article(url="https://post.example/mole")
    article = make_article(url="https://post.example/quay")
    monkeypatch.setattr(Article, "validate_constraints", lambda *args, **kwargs: None)
    refused = save(curator_at_desk, page_of(article), url="https://post.example/mole")
    assert "An article with this URL is already on record." in faults(refused)


def test_an_organisation_is_not_its_own_parent(curator_at_desk):
    board = make_organisation()
    refused = save(curator_at_desk, page_of(board), parent=str(board.pk))
    assert "An organisation cannot be a part of its own parts." in faults(refused)


@pytest.mark.parametrize("make", [make_speaker, make_organisation, make_outlet])
def test_a_merged_record_links_to_the_surviving_one_and_is_read_only(curator_at_desk, make):
    one, other, third = (make(name) for name in ("Ada", "Bo", "Cy"))
    merging.merge(one, other)
    merging.merge(other, third)
    page = curator_at_desk.get(page_of(one))
    assert "Merged into another record" in page.text
    assert f'href="{page_of(third)}"' in page.text
    assert 'name="_save"' not in page.text
    assert curator_at_desk.post(page_of(one), {"name": "Eve"}).status_code == 403
    assert "Merged into another record" not in curator_at_desk.get(page_of(third)).text
    save(curator_at_desk, page_of(third), name="Cyd")
    assert fresh(third).name == "Cyd"


def test_a_merged_record_is_listed_only_on_request_and_never_suggested(curator_at_desk):
    one, other = make_organisation("Ada Board"), make_organisation("Bo Board")
    merging.merge(one, other)
    assert found(curator_at_desk, Organisation, "") == ["Bo Board"]
    assert found(curator_at_desk, Organisation, "board") == ["Bo Board"]
    assert found(curator_at_desk, Organisation, str(one.pk)) == ["Ada Board"]
    response = curator_at_desk.get(changelist(Organisation), {"merged": "yes"})
    assert [str(record) for record in response.context["cl"].result_list] == ["Ada Board"]
    asked = {"app_label": "sources", "model_name": "speaker", "field_name": "organisation"}
    for term in ("board", str(one.pk), ""):
        response = curator_at_desk.get(reverse("admin:autocomplete"), {**asked, "term": term})
        offered = [choice["text"] for choice in response.json()["results"]]
        assert "Ada Board" not in offered


def test_an_outlet_is_added(curator_at_desk):
    made = curator_at_desk.post(
        reverse("admin:sources_outlet_add"),
        {"name": "The Harbour Post", "slug": "harbour-post", "aliases": "", "url": ""},
    )
    assert made.status_code == 302
    assert Outlet.objects.get().url is None


# Permissions


def test_full_text_is_shown_only_to_those_who_may_read_it(curator_at_desk, reader_at_desk):
    article = make_article("The quay will close.", headline="Quay")
    for record in (article, article.snapshot):
        assert "The quay will close." in curator_at_desk.get(page_of(record)).text
        answer = reader_at_desk.get(page_of(record))
        assert answer.status_code == 200
        assert "The quay will close." not in answer.text
    assert "The quay will close." not in curator_at_desk.get(changelist(Snapshot)).text


def test_a_reader_can_change_nothing(reader_at_desk):
    affiliation = make_affiliation()
    for record in (affiliation, affiliation.speaker, affiliation.organisation):
        assert reader_at_desk.get(page_of(record)).status_code == 200
        assert reader_at_desk.post(page_of(record), {"name": "x"}).status_code == 403
    assert reader_at_desk.get(reverse("admin:sources_speaker_add")).status_code == 403


def test_a_user_who_can_change_only_affiliations_still_sees_the_speaker():
    clerk = staff(permissions=["view_speaker", "view_affiliation", "change_affiliation"])
    affiliation = make_affiliation(start="2004")
    page = clerk.get(page_of(affiliation.speaker))
    assert "2004" in page.text
    assert save(clerk, page_of(affiliation), start="2005").status_code == 302


def test_the_admin_is_for_staff(client):
    user = get_user_model().objects.create_user("mara")
    user.groups.add(Group.objects.get(name="Curators"))
    client.force_login(user)
    assert client.get(changelist(Speaker)).status_code == 302


# Hostile names


def test_hostile_names_are_inert(curator_at_desk):
    turned = "Mara \u202elliuQ"
    speaker = make_speaker(HOSTILE, aliases=[HOSTILE, turned])
    board = make_organisation(turned)
    make_affiliation(speaker=speaker, organisation=board, role=HOSTILE)
    article = make_article("Text.", headline=HOSTILE, outlet=make_outlet(HOSTILE))
    records = (speaker, board, article, article.snapshot, article.outlet, Affiliation.objects.get())
    for record in records:
        for path in (changelist(type(record)), page_of(record)):
            answer = curator_at_desk.get(path)
            assert answer.status_code == 200
            assert HOSTILE not in answer.text, path
    assert "\u202e" not in curator_at_desk.get(changelist(Speaker)).text
    assert "\u202e" not in curator_at_desk.get(changelist(Organisation)).text


def test_bidi_control_characters_are_spelled_out():
    assert isolated("Mara \u202elliuQ") == "<bdi>Mara ⟦U+202E⟧lliuQ</bdi>"
    assert isolated("שלום") == "<bdi>שלום</bdi>"
    assert isolated(None) is None


# Tokens


def test_a_page_about_tokens_never_holds_a_digest(admin_client, curator_at_desk, admin_user):
    token, secret = AuthToken.objects.create(user=admin_user)
    answer = admin_client.get(changelist(AuthToken))
    assert token.token_key in answer.text
    assert token.digest not in answer.text
    assert secret not in answer.text
    assert admin_client.get(page_of(token)).status_code == 404
    assert admin_client.get(reverse("admin:knox_authtoken_add")).status_code == 403
    assert curator_at_desk.get(changelist(AuthToken)).status_code == 403


def test_a_token_is_revoked_from_the_list(admin_client, admin_user):
    lost, _ = AuthToken.objects.create(user=admin_user)
    kept, _ = AuthToken.objects.create(user=admin_user)
    chosen = {"action": "revoke", "index": "0", "_selected_action": lost.token_key}
    answer = admin_client.post(changelist(AuthToken), chosen, follow=True)
    assert "1 token revoked." in answer.text
    assert list(AuthToken.objects.all()) == [kept]
    assert lost.digest not in answer.text

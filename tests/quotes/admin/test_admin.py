"""The admin of quotes and utterances, and a visit to every page of the admin."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth import get_user_model
from django.urls import reverse
from knox.models import AuthToken

from quotes.admin import ViaInline
from quotes.admin.users import OutletBindings
from quotes.models import (
    Assignment,
    CitedAffiliation,
    Claim,
    Delivery,
    DeskSettings,
    LastFiling,
    MistakeReport,
    Note,
    OutletBinding,
    PastVersion,
    PrintedArticle,
    Proposal,
    Quote,
    Review,
    SavedView,
    SecondLook,
    SentQuote,
    Utterance,
    Via,
    Webhook,
    Word,
)
from sources.models import (
    Checkpoint,
    Era,
    IdempotentResponse,
    Job,
    Leaf,
    OrganisationKey,
    Part,
    PossiblePair,
    Revision,
    Role,
    SpeakerKey,
    StoredCount,
)
from sources.models.documents import SourceDocument
from sources.models.erased_words import ErasedWords
from sources.models.use_counts import UseCount
from sources.models.wikidata import WikidataItem
from tests.conftest import fresh
from tests.records import (
    make_affiliation,
    make_article,
    make_fact,
    make_organisation,
    make_outlet,
    make_quote,
    make_quotes,
    make_speaker,
    make_utterance,
)
from tests.sources.admin.test_admin import (
    HOSTILE,
    changelist,
    faults,
    form_of,
    found,
    page_of,
    save,
)

pytestmark = pytest.mark.django_db

ON_OTHER_PAGES = {
    *(CitedAffiliation, Claim, PrintedArticle, Review, Role, Via, Word, Era, Part, Revision),
    *(
        LastFiling,
        PastVersion,
        Proposal,
        OutletBinding,
        OrganisationKey,
        PossiblePair,
        StoredCount,
        SpeakerKey,
    ),
    *(Assignment, DeskSettings, MistakeReport, Note, SavedView, SecondLook),
    *(Checkpoint, ErasedWords, Leaf, SourceDocument, UseCount, WikidataItem),
    *(Delivery, SentQuote, Webhook),  # `test_webhooks`: everybody has their own
}
OURS = [
    model
    for app in ("sources", "quotes")
    for model in apps.get_app_config(app).get_models()
    if model not in ON_OTHER_PAGES
]

MADE_BY_HAND = {"outlet", "organisation", "speaker", "affiliation", "fact", "utterance"}


def make_one_of_each(number: int = 1) -> dict:
    """One record of each model with every foreign key filled, by model name."""
    speaker = make_speaker(f"Željka Škorić {number}", aliases=["Ž. Škorić"])
    board = make_organisation(
        f"Harbour Board {number}", parent=make_organisation(f"Ministry {number}")
    )
    affiliation = make_affiliation(speaker=speaker, organisation=board, start="2004")
    outlet = make_outlet(f"The Harbour Post {number}")
    quote = make_quote(
        f"We had no choice {number}",
        outlet=outlet,
        published="2026-03",
        speaker=speaker,
        organisation=board,
        affiliation=affiliation,
        utterance=make_utterance(),
        via=[outlet],
        flags=["role_conflict"],
    )
    fact = make_fact(speaker=speaker, start="2004")
    records = (speaker, board, affiliation, fact, outlet, quote, quote.utterance)
    return {record._meta.model_name: record for record in records} | {
        "article": quote.article,
        "snapshot": quote.snapshot,
    }


# Every page


def test_every_model_is_in_the_admin():
    assert set(OURS) <= set(admin.site._registry)
    assert ViaInline in admin.site._registry[Quote].inlines
    assert OutletBindings in admin.site._registry[get_user_model()].inlines


def test_every_editable_foreign_key_has_an_autocomplete_field():
    for model in OURS:
        for desk in (admin.site._registry[model], *admin.site._registry[model].inlines):
            if desk.__dict__.get("has_change_permission") or model is IdempotentResponse:
                continue
            shown_fields = flatten_fieldsets(
                desk.fieldsets or [(None, {"fields": desk.fields or ()})]
            )
            keys = {
                field.name
                for field in (getattr(desk, "model", model))._meta.concrete_fields
                if field.is_relation and field.editable and field.name in shown_fields
            }
            assert keys - set(desk.readonly_fields) <= set(desk.autocomplete_fields), desk


@pytest.mark.parametrize("model", [*OURS, AuthToken], ids=lambda model: model.__name__)
def test_every_page_opens_for_a_superuser_and_for_a_curator_who_may(
    model, admin_client, admin_user, curator_at_desk
):
    name, app = model._meta.model_name, model._meta.app_label
    records = make_one_of_each()
    record = records.get(name) or model.objects.first()
    internal = model in (IdempotentResponse, AuthToken)
    if model is IdempotentResponse:
        record = IdempotentResponse.objects.create(
            user=admin_user, key="k", fingerprint="f", status=201, body="of nobody's concern"
        )
    for client, may_see in ((admin_client, True), (curator_at_desk, not internal)):
        for query in ({}, {"q": "skoric"}, {"q": "%"}, {"q": "\u202e"}, {"p": "999"}, {"o": "1"}):
            answer = client.get(changelist(model), query)
            assert answer.status_code in ((200, 302) if may_see else (403,)), query
            assert answer.status_code != 302 or "p" in query
        adds = client.get(reverse(f"admin:{app}_{name}_add"))
        assert adds.status_code == (200 if name in MADE_BY_HAND else 403)
        if record and model is not AuthToken:
            answer = client.get(page_of(record))
            assert answer.status_code == (200 if may_see else 403)
            assert "of nobody's concern" not in answer.text
            deletes = client.post(f"/admin/{app}/{name}/{record.pk}/delete/", {"post": "yes"})
            assert deletes.status_code == 403
            history = client.get(f"/admin/{app}/{name}/{record.pk}/history/")
            assert history.status_code == (200 if may_see else 403)
    missing = client.get(f"/admin/{app}/{name}/nonsense/change/").status_code
    assert missing == (403 if internal else 404)


@pytest.mark.parametrize(
    ("model", "field", "term"),
    [
        ("quote", "speaker", "skoric"),
        ("quote", "organisation", "harbour"),
        ("quote", "affiliation", "skoric master"),
        ("quote", "utterance", "no choice"),
        ("via", "outlet", "POST"),
    ],
)
def test_every_autocomplete_field_finds_records_as_typed(curator_at_desk, model, field, term):
    records = make_one_of_each()
    asked = {"app_label": "quotes", "model_name": model, "field_name": field}
    answer = curator_at_desk.get(reverse("admin:autocomplete"), asked | {"term": term})
    assert [choice["id"] for choice in answer.json()["results"]] == [str(records[field].pk)]
    assert curator_at_desk.get(reverse("admin:autocomplete"), asked).status_code == 200
    missed = curator_at_desk.get(reverse("admin:autocomplete"), asked | {"term": "zzz"})
    assert missed.json()["results"] == []


@pytest.mark.parametrize(
    "model",
    [model for model in OURS if model not in (Job, IdempotentResponse)],
    ids=lambda m: m.__name__,
)
def test_a_list_of_fifty_costs_as_many_queries_as_a_list_of_one(
    curator_at_desk, model, django_assert_num_queries
):
    # The session, the user, two of permissions; the rows counted, and read.
    make_one_of_each(1)
    with django_assert_num_queries(6):
        curator_at_desk.get(changelist(model))
    for number in range(2, 51):
        make_one_of_each(number)
    with django_assert_num_queries(6):
        answer = curator_at_desk.get(changelist(model))
    assert len(answer.context["cl"].result_list) == 50


def test_a_page_of_a_quote_never_reads_the_articles_text(
    curator_at_desk, django_assert_max_num_queries
):
    quote = make_one_of_each()["quote"]
    with django_assert_max_num_queries(16) as queries:  # one names the utterance by its words
        curator_at_desk.get(page_of(quote))
    assert not any(
        '"sources_snapshot"."text"' in query["sql"] for query in queries.captured_queries
    )


# Provenance


def test_a_quote_is_shown_in_its_context(curator_at_desk):
    text = "The Post said: “We had no choice,” Quill <b>said</b>. “None at all.”"
    article = make_article(text)
    first, second = text.index("We"), text.index("None")
    quote = Quote.objects.create(
        article=article,
        snapshot=article.snapshot,
        text="We had no choice, None at all.",
        spans=[[first, first + 17], [second, second + 12]],
        seams=["interruption"],
        anchor="exact",
        kind="direct",
        status="published",
    )
    page = curator_at_desk.get(page_of(quote)).text
    assert ">The Post said: “<mark>We had no choice,</mark>” Quill &lt;b&gt;said" in page
    assert "“<mark>None at all.</mark>”<" in page


def test_an_altered_quote_shows_the_nearest_passage(curator_at_desk):
    quote = make_quote("We had no choice")
    nearest = {"start": 3, "end": 20, "text": "We <had> a choice", "score": 0.91, "difference": []}
    nearest["snapshot"] = "ab" * 32
    Quote.objects.filter(pk=quote.pk).update(anchor="altered", nearest=nearest)
    page = curator_at_desk.get(page_of(quote)).text
    assert "We &lt;had&gt; a choice" in page
    assert "91% similar, at 3–20 of abababababababab…" in page


def test_an_unanchored_quote_has_a_page(curator_at_desk):
    quote = make_quote("We had no choice", anchor="unanchored")
    assert "<mark>We had no choice</mark>" in curator_at_desk.get(page_of(quote)).text


def test_where_a_quote_is_printed_cannot_be_changed(curator_at_desk):
    quote, other = make_quote(), make_quote("Another choice")
    forged = {
        "text": "We had a choice",
        "article": str(other.article_id),
        "snapshot": str(other.snapshot_id),
        "spans": "0,3",
        "anchor": "moved",
        "status": "retracted",
        "flags": "role_conflict",
        "outlet": "",
        "published": "1999",
        "id": str(other.pk),
        "version": "99",
    }
    before = Quote.objects.values().get(pk=quote.pk)
    assert save(curator_at_desk, page_of(quote), **forged).status_code == 302
    assert Quote.objects.values().get(pk=quote.pk) == before


# Attribution


def test_choosing_the_speaker_settles_who_it_is(curator_at_desk):
    quote = make_quote(
        attribution_speaker="Mr Jones", flags=["unresolved_speaker"], status="proposed"
    )
    jones = make_speaker("Rob Jones")
    assert save(curator_at_desk, page_of(quote), speaker=str(jones.pk)).status_code == 302
    assert (fresh(quote).speaker, quote.flags, quote.version) == (jones, [], 2)


def test_an_affiliation_brings_its_organisation(curator_at_desk):
    affiliation = make_affiliation()
    quote = make_quote(speaker=affiliation.speaker, status="proposed")
    changes = {"affiliation": str(affiliation.pk), "said": "2026-02"}
    assert save(curator_at_desk, page_of(quote), **changes).status_code == 302
    assert fresh(quote).organisation == affiliation.organisation
    assert str(quote.said) == "2026-02"


def test_another_speakers_affiliation_is_refused_on_the_form(curator_at_desk):
    quote, affiliation = make_quote(speaker=make_speaker("Ada Lund")), make_affiliation()
    refused = save(curator_at_desk, page_of(quote), affiliation=str(affiliation.pk))
    assert "This affiliation is another speaker's." in faults(refused)
    assert (fresh(quote).affiliation, quote.version) == (None, 1)


def test_another_speaker_removes_the_affiliation_and_says_so(curator_at_desk):
    records = make_one_of_each()
    quote, other = records["quote"], make_speaker("Ada Lund")
    path = page_of(quote)
    sent = form_of(curator_at_desk, path) | {"speaker": str(other.pk), "note": "Ms Lund said it."}
    answer = curator_at_desk.post(path, sent, follow=True)
    assert "The affiliation was removed" in answer.text
    assert (fresh(quote).speaker, quote.affiliation) == (other, None)


def save_unchecked(quote: Quote, *, note, now, **changes):
    """In the place of `revise`, without its rules."""
    for name, value in changes.items():
        setattr(quote, name, value)
    quote.save()


def test_the_form_shows_what_a_trigger_refuses(curator_at_desk, monkeypatch):
    quote = make_quote(speaker=make_speaker("Ada Lund"), status="proposed")
    affiliation = make_affiliation()
    monkeypatch.setattr(Quote, "revise", save_unchecked)
    refused = save(curator_at_desk, page_of(quote), affiliation=str(affiliation.pk))
    assert "The affiliation of a quote must be its speaker's" in faults(refused)
    assert fresh(quote).version == 1


def test_an_invalid_id_is_refused_where_a_record_is_chosen(curator_at_desk):
    affiliation = make_affiliation()
    quote = make_quote(speaker=affiliation.speaker, via=["Sky News"])
    for record, field in (
        (quote, "speaker"),
        (quote, "via-0-outlet"),
        (affiliation, "organisation"),
        (affiliation.speaker, "affiliations-0-organisation"),
    ):
        refused = save(curator_at_desk, page_of(record), **{field: "x"})
        assert "is not a valid" in faults(refused) or "valid choice" in faults(refused)
        assert fresh(record).version == 1


def test_emptied_printed_fields_are_unknown(curator_at_desk):
    quote = make_quote(attribution_text="Mr Jones said", attribution_cue="said", status="proposed")
    emptied = {"attribution_text": "", "attribution_cue": ""}
    assert save(curator_at_desk, page_of(quote), **emptied).status_code == 302
    assert (fresh(quote).attribution_text, quote.attribution_cue) == (None, None)


def test_steps_of_the_reporting_chain_are_edited_on_the_quotes_page(curator_at_desk):
    quote = make_quote(via=["Sky News", "NationalWorld"], status="proposed")
    renamed = {"via-0-name": "Sky News at Ten", "via-1-DELETE": "on"}
    assert save(curator_at_desk, page_of(quote), **renamed).status_code == 302
    assert [str(step) for step in quote.via.all()] == ["cited Sky News at Ten"]


def test_two_steps_at_one_position_are_refused_on_the_form(curator_at_desk):
    quote = make_quote(via=["Sky News", "NationalWorld"])
    swapped = {"via-0-position": "1", "via-1-position": "0"}
    refused = save(curator_at_desk, page_of(quote), **swapped)
    assert refused.status_code == 200
    assert [step.name for step in quote.via.all()] == ["Sky News", "NationalWorld"]


# Who may see what


def test_a_reader_sees_no_quote_under_review(reader_at_desk, curator_at_desk):
    proposed = make_quote("A secret choice", status="proposed", speaker=make_speaker())
    proposed.utterance = make_utterance()
    proposed.save()
    seen = make_quote("An open choice")
    assert found(reader_at_desk, Quote, "choice") == [seen.text]
    assert reader_at_desk.get(page_of(proposed)).status_code == 404
    assert reader_at_desk.get(page_of(seen)).status_code == 200
    assert len(found(curator_at_desk, Quote, "choice")) == 2
    for record in (proposed.article, proposed.speaker, proposed.utterance):
        answer = reader_at_desk.get(page_of(record))
        assert answer.status_code == 200
        assert "secret" not in answer.text
    assert found(reader_at_desk, Utterance, "secret") == []
    page = curator_at_desk.get(page_of(proposed.speaker)).text
    assert f'<a href="/admin/quotes/quote/?said_by={proposed.speaker_id}">1</a>' in page


def test_an_utterance_is_named_by_its_words_speaker_and_date(
    curator_at_desk, reader_at_desk, django_assert_num_queries
):
    said = {"utterance": make_utterance(), "speaker": make_speaker("Mara Quill")}
    make_quote("Later words", published="2026-03-15", **said)
    make_quote("First words", published="2026-03-13", status="proposed", **said)
    first = make_quote("Public words", published="2026-03-14", **said)
    name = "“Public words”, Mara Quill, 2026-03-14"
    assert str(first.utterance) == name
    listed = "/admin/quotes/utterance/"
    page = curator_at_desk.get(listed).text
    assert ("“First words”" in page, "2026-03-13" in page) == (True, True)
    page = reader_at_desk.get(listed).text
    assert ("“First words”" in page, "“Public words”" in page) == (False, True)
    assert name in curator_at_desk.get(page_of(first)).text
    asked = {"app_label": "quotes", "model_name": "quote", "field_name": "utterance"}
    for client, words in ((curator_at_desk, "“First words”, Mara"), (reader_at_desk, "“Public")):
        found = client.get(reverse("admin:autocomplete"), asked | {"term": "words"})
        assert words in found.json()["results"][0]["text"]
    for more in (1, 10):
        for _ in range(more):
            make_quote(utterance=make_utterance())
        with django_assert_num_queries(6):
            curator_at_desk.get(listed)
    assert str(make_utterance()).startswith("Not public, recorded 20")


def test_an_article_lists_at_most_200_quotes_and_links_to_all(curator_at_desk):
    article = make_article(headline="Quay")
    make_quotes(201, article)
    page = curator_at_desk.get(page_of(article)).text
    assert page.count("/admin/quotes/quote/0") == 200
    assert f"/admin/quotes/quote/?article__id__exact={article.pk}" in page


@pytest.mark.parametrize(
    "query",
    [
        {"speaker__id__exact": "nonsense"},
        {"status__exact": "\0"},
        {"text__regex": "("},
        {"unknown": "1"},
        {"filed": "nonsense"},
        {"filed": "-0000-00-00"},
        {"month": "2026-13"},
        {"published_since": "yesterday"},
    ],
)
def test_an_invalid_filter_is_refused(curator_at_desk, query):
    assert curator_at_desk.get(changelist(Quote), query).status_code == 400


def test_quotes_are_found_by_words_and_by_their_speakers_name(curator_at_desk):
    make_quote("We had no choice", speaker=make_speaker("Željka Škorić"))
    make_quote("The quay is safe", attribution_speaker="Mr Jones")
    assert found(curator_at_desk, Quote, "choice had") == ["We had no choice"]
    assert found(curator_at_desk, Quote, "skoric") == ["We had no choice"]
    assert found(curator_at_desk, Quote, "MR JONES") == ["The quay is safe"]


def test_a_quote_that_matches_in_several_ways_is_listed_once(curator_at_desk):
    speaker = make_speaker("Mara Quay")
    both = make_quote("The quay", speaker=speaker, attribution_speaker="Quay", published="2026-03")
    said = make_quote("Nothing", speaker=speaker, published="2026-05")
    named = make_quote("The quay again", published="2026-04")
    assert found(curator_at_desk, Quote, "quay") == [str(q) for q in (said, named, both)]
    assert found(curator_at_desk, Quote, "quayside") == []


def test_matches_of_several_kinds_are_listed_page_by_page(curator_at_desk):
    quotes = make_quotes(120, make_article(), speaker=make_speaker("Mara Quill"))
    make_quote("Mara Quill was quoted", published="2026-04")
    listed = []
    for page in ("1", "2", "3"):
        answer = curator_at_desk.get(changelist(Quote), {"q": "mara quill", "p": page})
        assert answer.context["cl"].result_count == 121
        listed += [quote.pk for quote in answer.context["cl"].result_list]
    assert len(listed) == len({*listed}) == 121
    whole = curator_at_desk.get(changelist(Quote), {"q": "mara quill", "all": ""})
    assert [quote.pk for quote in whole.context["cl"].result_list] == listed
    assert {quote.pk for quote in quotes} <= {*listed}


def test_hostile_words_are_inert(curator_at_desk):
    quote = make_quote(
        f"{HOSTILE} \u202eafter",
        speaker=make_speaker(HOSTILE),
        organisation=make_organisation(HOSTILE),
        attribution_text=HOSTILE,
        outlet=make_outlet(HOSTILE),
        via=[HOSTILE],
    )
    for path in (changelist(Quote), page_of(quote), page_of(quote.article)):
        assert HOSTILE not in curator_at_desk.get(path).text
    assert "\u202e" not in curator_at_desk.get(changelist(Quote)).text

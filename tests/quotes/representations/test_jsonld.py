"""schema.org `Quotation` and W3C Web Annotation, as a JSON-LD processor reads them."""

import pytest

from quotes.models import Quote
from quotes.representations import StatusHistory
from quotes.representations.annotation import annotation
from quotes.representations.jsonld import quotation
from sources.models import Article, Outlet, Revision, Speaker
from tests.conftest import API, ok
from tests.contexts import OA, SCHEMA, expanded, values
from tests.records import (
    make_article,
    make_broken_quote,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
)

pytestmark = pytest.mark.django_db

HOST = "http://testserver"
LINKED = ["dateCreated", "inLanguage", "creator", "spokenByCharacter", "datePublished"]


def shown(client, quote: Quote, name: str) -> dict:
    return ok(client.get(f"{API}quotes/{quote.pk}/", {"format": name}))


def address(name: str, key) -> str:
    return f"{HOST}{API}{name}s/{key}/"


def loaded(quote: Quote) -> Quote:
    return Quote.objects.with_parts().get(pk=quote.pk)


# Quotation


def test_a_quotation_says_all_that_is_known(reader):
    agency = make_outlet("Agency")
    quote = make_broken_quote(status="proposed")
    quote.via.create(position=0, kind="told", name="Agency", outlet=agency)
    quote.via.create(position=1, kind="document", name="the audit")
    quote.via.create(position=2, kind="cited", name="Sky")
    quote.publish()
    article = quote.article
    shape = shown(reader, quote, "jsonld")
    mara = {
        "@id": address("speaker", quote.speaker.pk),
        "@type": "Person",
        "name": "Mara Quill",
        "jobTitle": "harbour master",
        "affiliation": {
            "@type": "Organization",
            "@id": address("organisation", quote.organisation.pk),
            "name": "Harbour Board",
        },
    }
    assert shape.pop("sdDatePublished").endswith("Z")
    assert shape == {
        "@context": "https://schema.org",
        "@type": "Quotation",
        "@id": address("quote", quote.pk),
        "url": address("quote", quote.pk),
        "identifier": str(quote.pk),
        "text": "We had no choice, none at all.",
        "inLanguage": "en",
        "creator": mara,
        "spokenByCharacter": mara | {"alternateName": "Ms Quill"},
        "dateCreated": "2026-03",
        "datePublished": "2026-03-14",
        "isBasedOn": {
            "@type": "NewsArticle",
            "@id": address("article", article.pk),
            "headline": "Quay to close",
            "url": "https://harbourpost.example/2026/quay",
            "author": [{"name": "Ada Lund"}, {"name": "Bo Ek"}],
            "datePublished": "2026-03-14",
            "inLanguage": "en-GB",
            "publisher": {
                "@type": "NewsMediaOrganization",
                "@id": address("outlet", article.outlet.pk),
                "name": "The Harbour Post",
                "url": "https://harbourpost.example",
            },
            "archivedAt": address("snapshot", quote.snapshot.sha256),
        },
        "citation": [
            {
                "@type": "NewsArticle",
                "@id": address("article", article.pk),
                "headline": "Quay to close",
                "url": "https://harbourpost.example/2026/quay",
            },
            {
                "@type": "CreativeWork",
                "description": "told Agency",
                "publisher": {
                    "@type": "NewsMediaOrganization",
                    "@id": address("outlet", agency.pk),
                    "name": "Agency",
                },
            },
            {"@type": "CreativeWork", "description": "document the audit", "name": "the audit"},
            {
                "@type": "CreativeWork",
                "description": "cited Sky",
                "publisher": {"name": "Sky"},
            },
        ],
        "creativeWorkStatus": "published",
        "version": loaded(quote).version,
    }


def test_a_quotation_has_the_rights_of_its_article_else_those_of_its_outlet(reader):
    quote = make_broken_quote()
    article, outlet = quote.article, quote.article.outlet
    Outlet.objects.filter(pk=outlet.pk).update(rights="© Harbour Post", license="All rights kept")
    told = shown(reader, quote, "jsonld")["isBasedOn"]
    assert told["copyrightNotice"] == "© Harbour Post"
    assert told["license"] == {"@type": "CreativeWork", "name": "All rights kept"}
    deed = "https://creativecommons.org/licenses/by/4.0/"
    Article.objects.filter(pk=article.pk).update(rights="© Ada Lund", license=deed)
    told = shown(reader, quote, "jsonld")
    assert told["isBasedOn"]["copyrightNotice"] == "© Ada Lund"
    (printed,) = expanded(told)[f"{SCHEMA}isBasedOn"]
    assert printed[f"{SCHEMA}license"] == [{"@id": deed}]


def test_a_json_ld_processor_finds_the_words_the_speaker_and_the_article(reader):
    quote = make_broken_quote()
    node = expanded(shown(reader, quote, "jsonld"))
    assert node["@id"] == address("quote", quote.pk)
    assert node["@type"] == [f"{SCHEMA}Quotation"]
    assert values(node, f"{SCHEMA}text") == ["We had no choice, none at all."]
    (creator,) = node[f"{SCHEMA}creator"]
    assert values(creator, f"{SCHEMA}name") == ["Mara Quill"]
    (article,) = node[f"{SCHEMA}isBasedOn"]
    assert values(article, f"{SCHEMA}url") == ["https://harbourpost.example/2026/quay"]
    assert values(node, f"{SCHEMA}dateCreated") == ["2026-03"]


def test_what_is_unknown_is_left_out_of_a_quotation(reader):
    quote = make_quote(anchor="unanchored")
    shape = shown(reader, quote, "jsonld")
    expanded(shape)
    assert not shape.keys() & set(LINKED)
    assert shape["isBasedOn"] == {
        "@type": "NewsArticle",
        "@id": address("article", quote.article.pk),
    }


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("person", {"@type": "Person", "name": "It"}),
        ("organisation", {"@type": "Organization", "name": "It"}),
        ("unnamed", {"@type": "Person", "description": "It"}),
        ("collective", {"name": "It"}),
    ],
)
def test_each_kind_of_speaker_is_no_more_than_it_is(reader, kind, expected):
    speaker = make_speaker("It", kind=kind)
    creator = shown(reader, make_quote(speaker=speaker), "jsonld")["creator"]
    assert creator == {"@id": address("speaker", speaker.pk), **expected}


def test_an_unnamed_speaker_keeps_the_organisation(reader):
    ministry = make_organisation("Ministry")
    speaker = make_speaker("a spokesperson", kind="unnamed", organisation=ministry)
    quote = make_quote(speaker=speaker, organisation=ministry)
    assert shown(reader, quote, "jsonld")["creator"]["affiliation"]["name"] == "Ministry"


def test_an_organisation_that_speaks_as_itself_has_no_office(reader):
    board = make_organisation()
    speaker = make_speaker("Harbour Board", kind=Speaker.Kind.ORGANISATION, organisation=board)
    creator = shown(reader, make_quote(speaker=speaker, organisation=board), "jsonld")["creator"]
    assert "affiliation" not in creator
    assert "jobTitle" not in creator


def test_a_name_that_is_only_printed_has_no_creator(reader):
    quote = make_quote(
        attribution_speaker="Mr Jones", attribution_role="director", attribution_organisation="NCA"
    )
    shape = shown(reader, quote, "jsonld")
    expanded(shape)
    assert "creator" not in shape
    assert shape["spokenByCharacter"] == {
        "name": "Mr Jones",
        "jobTitle": "director",
        "affiliation": {"@type": "Organization", "name": "NCA"},
    }


def test_a_speaker_known_to_wikidata_is_linked(reader):
    speaker = make_speaker(identifiers={"wikidata": "Q7186"})
    creator = shown(reader, make_quote(speaker=speaker), "jsonld")["creator"]
    assert creator["sameAs"] == "http://www.wikidata.org/entity/Q7186"


def test_an_exact_time_of_publication_is_told_in_utc(reader):
    article = make_article(
        "“Words”", published="2026-03-14", published_at="2026-03-14T23:30:00+01:00"
    )
    shape = shown(reader, make_quote("Words", article=article), "jsonld")
    assert shape["datePublished"] == "2026-03-14T22:30:00Z"


def test_a_quotation_tells_of_its_retraction_its_corrections_and_what_replaced_it():
    quote = loaded(make_quote(status="retracted"))
    other = make_quote("Other words")
    life = StatusHistory(
        changes=[Revision(version=1, verb="created", time=quote.created)],
        reason="It was satire.",
        replaced_by=other.pk,
        corrections=[{"when": "2026-04-01T10:00:00Z", "note": "A comma.", "changed": ["text"]}],
    )
    shape = quotation(quote, life, address)
    expanded(shape)
    assert shape["creativeWorkStatus"] == "retracted"
    assert shape["correction"] == [
        {"@type": "CorrectionComment", "text": "Retracted: It was satire."},
        {
            "@type": "CorrectionComment",
            "text": "A comma.",
            "datePublished": "2026-04-01T10:00:00Z",
        },
        {
            "@type": "Quotation",
            "@id": address("quote", other.pk),
            "url": address("quote", other.pk),
        },
    ]


@pytest.mark.parametrize("status", ["disputed", "retracted"])
def test_every_form_tells_that_a_quote_is_disputed_or_retracted(reader, status):
    path = f"{API}quotes/{make_quote(status=status).pk}/"
    for name in ("jsonld", "annotation", "prov", "csl", "bibtex"):
        assert status.capitalize() in reader.get(path, {"format": name}).content.decode()


# Annotation


def test_each_span_is_a_target_found_by_its_words_and_by_its_place(reader):
    quote = make_broken_quote()
    shape = shown(reader, quote, "annotation")
    text = quote.snapshot.text
    assert len(shape["target"]) == len(quote.spans) == 2
    for (start, end), target in zip(quote.spans, shape["target"], strict=True):
        by_words, by_place = target["selector"]
        assert by_words == {
            "type": "TextQuoteSelector",
            "exact": text[start:end],
            "prefix": text[max(start - 32, 0) : start],
            "suffix": text[end : end + 32],
        }
        assert by_place == {"type": "TextPositionSelector", "start": start, "end": end}
        assert target["source"] == "https://harbourpost.example/2026/quay"
        assert target["state"] == {
            "type": "TimeState",
            "sourceDate": quote.snapshot.captured.isoformat().replace("+00:00", "Z"),
            "cached": address("snapshot", quote.snapshot.sha256),
        }


def test_the_cached_text_is_there_for_those_who_may_read_it(curator):
    quote = make_broken_quote()
    (target, _) = shown(curator, quote, "annotation")["target"]
    held = ok(curator.get(target["state"]["cached"].removeprefix(HOST)))
    place = target["selector"][1]
    assert held["text"][place["start"] : place["end"]] == target["selector"][0]["exact"]
    assert target["state"]["sourceDate"] == held["captured"]


def test_an_annotation_is_found_again_under_its_id(reader):
    shape = shown(reader, make_quote(), "annotation")
    assert ok(reader.get(shape["id"].removeprefix(HOST))) == shape


def test_a_json_ld_processor_finds_selectors_state_and_bodies(reader):
    quote = make_broken_quote()
    node = expanded(shown(reader, quote, "annotation"))
    assert node["@type"] == [f"{OA}Annotation"]
    assert values(node, f"{OA}motivatedBy") == [f"{OA}describing"]
    targets = node[f"{OA}hasTarget"]
    assert len(targets) == 2
    for target in targets:
        kinds = [kind for one in target[f"{OA}hasSelector"] for kind in one["@type"]]
        assert kinds == [f"{OA}TextQuoteSelector", f"{OA}TextPositionSelector"]
        (state,) = target[f"{OA}hasState"]
        digest = quote.snapshot.sha256
        assert values(state, f"{OA}cachedSource") == [address("snapshot", digest)]
    speaker, words = node[f"{OA}hasBody"]
    assert values(speaker, f"{OA}hasSource") == [address("speaker", quote.speaker.pk)]
    assert values(words, "http://www.w3.org/1999/02/22-rdf-syntax-ns#value") == [
        "Mara Quill, harbour master, Harbour Board"
    ]


def test_positions_are_code_points_and_paragraphs_are_kept_apart(reader):
    text = "🚢 “Ça flotte…\n\nToujours,” a dit 𝔐ara."
    article = make_article(text)
    first, second = text.index("Ça"), text.index("Toujours")
    quote = Quote.objects.create(
        article=article,
        snapshot=article.snapshot,
        text="Ça flotte…\nToujours,",
        spans=[[first, first + 10], [second, second + 9]],
        seams=["paragraph"],
        anchor="exact",
        kind="direct",
        status="published",
    )
    selectors = [one["selector"] for one in shown(reader, quote, "annotation")["target"]]
    assert [words["exact"] for words, _ in selectors] == ["Ça flotte…", "Toujours,"]
    assert [(place["start"], place["end"]) for _, place in selectors] == [(3, 13), (15, 24)]


def test_of_an_unanchored_quote_only_the_words_are_a_target(reader):
    quote = make_quote(anchor="unanchored")
    shape = shown(reader, quote, "annotation")
    expanded(shape)
    assert shape["motivation"] == "highlighting"
    assert "body" not in shape
    assert shape["target"] == [
        {
            "type": "SpecificResource",
            "source": address("article", quote.article.pk),
            "selector": [{"type": "TextQuoteSelector", "exact": "We had no choice"}],
        }
    ]


def test_an_annotation_carries_what_curators_remarked():
    quote = loaded(make_quote(status="disputed"))
    life = StatusHistory(
        [], reason="He denies it.", corrections=[{"when": "2026", "note": "Spelling."}]
    )
    shape = annotation(quote, life, address)
    expanded(shape)
    remarks = [body["value"] for body in shape["body"] if body["purpose"] == "assessing"]
    assert remarks == ["Disputed: He denies it.", "Spelling."]

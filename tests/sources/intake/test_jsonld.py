"""JSON-LD: ten articles of schema.org, in the ways in which it may be written."""

import json

import pytest

from sources.intake import Document, NotConverted, convert
from tests.sources.intake.stories import STORIES, Story


def converted(data):
    return convert(Document(json.dumps(data).encode(), "application/ld+json"))


def article(story: Story) -> dict:
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.headline,
        "author": [{"@type": "Person", "name": name} for name in story.byline],
        "datePublished": story.published,
        "dateModified": story.modified,
        "inLanguage": story.language,
        "url": story.address,
        "identifier": story.key,
        "version": 2,
        "publisher": {"@type": "NewsMediaOrganization", "name": story.outlet},
        "copyrightNotice": story.rights,
        "license": "https://licences.example/by/4.0/",
        "articleBody": story.text,
    }


def plainly(story: Story) -> dict:
    return article(story)


def in_a_graph(story: Story) -> dict:
    return {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "Organization", "@id": "#o", "name": story.outlet},
            *({"@type": "Person", "@id": f"#{n}", "name": n} for n in story.byline),
            article(story)
            | {"publisher": {"@id": "#o"}, "author": [{"@id": f"#{n}"} for n in story.byline]},
        ],
    }


def in_a_list(story: Story) -> list:
    return [{"@type": "BreadcrumbList"}, article(story) | {"@type": ["NewsArticle", "Article"]}]


def of_a_page(story: Story) -> dict:
    return {"@type": "WebPage", "mainEntity": article(story) | {"@type": "ReportageNewsArticle"}}


def with_other_shapes(story: Story) -> dict:
    body = "".join(
        f"<p>{each.replace('&', '&amp;').replace('<', '&lt;')}</p>" for each in story.paragraphs
    )
    return article(story) | {
        "@type": "https://schema.org/NewsArticle",
        "author": " and ".join(story.byline),
        "publisher": story.outlet,
        "identifier": {"@type": "PropertyValue", "propertyID": "cms", "value": story.key},
        "inLanguage": {"@type": "Language", "name": "…", "alternateName": story.language},
        "url": None,
        "mainEntityOfPage": {"@type": "WebPage", "@id": story.address},
        "license": {"@type": "CreativeWork", "url": "https://licences.example/by/4.0/"},
        "articleBody": body,
    }


SHAPES = (plainly, in_a_graph, in_a_list, of_a_page, with_other_shapes)


@pytest.mark.parametrize(("number", "story"), list(enumerate(STORIES)))
def test_an_article_is_its_words_and_particulars(number, story):
    item = converted(SHAPES[number % len(SHAPES)](story))
    assert item.format == "json-ld"
    assert item.text == story.text
    assert item.headline == story.headline
    assert item.byline == list(story.byline)
    assert (item.published, item.modified) == (story.published, story.modified)
    assert (item.language, item.outlet) == (story.language, story.outlet)
    assert (item.url, item.external_id, item.edition) == (story.address, story.key, "2")
    assert item.rights == (story.rights or None)
    assert item.license == "https://licences.example/by/4.0/"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"@type": "Person", "name": "Ada Lund"}, "no NewsArticle"),
        ([article(each) for each in STORIES[:2]], "2 articles in this JSON-LD"),
        (article(STORIES[0]) | {"articleBody": None}, "no `articleBody`"),
        ("text", "no NewsArticle"),
        (None, "no NewsArticle"),
    ],
)
def test_json_ld_without_one_article_says_so(data, message):
    with pytest.raises(NotConverted, match=message):
        converted(data)

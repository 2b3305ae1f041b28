"""ninjs 1, 2 and 3: ten documents of each, after the schemas of the IPTC."""

import json
from html import escape

import pytest

from sources.intake import Document, NotConverted, convert
from tests.sources.intake.stories import STORIES, Story


def converted(item):
    return convert(Document(json.dumps(item).encode(), "application/ninjs+json"))


def marked_up(story: Story) -> str:
    return "".join(f"<p>{escape(each)}</p>" for each in story.paragraphs)


def ninjs_1(story: Story) -> dict:
    return {
        "uri": f"urn:newsml:{story.key}.example:2026",
        "type": "text",
        "versioncreated": story.modified,
        "firstcreated": story.published,
        "language": story.language,
        "byline": f"By {' and '.join(story.byline)}",
        "headline": story.headline,
        "body_text": " ".join(story.paragraphs),
        "body_xhtml": marked_up(story),
        "copyrightholder": story.outlet,
        **({"copyrightnotice": story.rights} if story.rights else {}),
        "pubstatus": "usable",
        "version": "2",
        "associations": {"main": {"uri": "urn:p", "type": "picture", "body_text": "A caption."}},
    }


def ninjs_2(story: Story) -> dict:
    return {
        "uri": f"urn:newsml:{story.key}.example:2026",
        "standard": {"name": "ninjs", "version": "2.1"},
        "type": "text",
        "versioncreated": story.modified,
        "contentcreated": story.published,
        "language": story.language,
        "by": ", ".join(story.byline),
        "headlines": [
            {"role": "short", "value": "Short"},
            {"role": "main", "contenttype": "text/plain", "value": story.headline},
        ],
        "bodies": [
            {"role": "main", "contenttype": "text/plain", "value": story.text},
        ],
        "infosources": [
            {"name": "Agency", "rel": "source"},
            {"name": story.outlet, "rel": "publisher"},
        ],
        **({"copyrightnotice": story.rights} if story.rights else {}),
        "altids": [{"role": "permalink", "value": story.address}],
        "version": "2",
    }


def ninjs_3(story: Story) -> dict:
    return {
        "uri": f"urn:newsml:{story.key}.example:2026",
        "type": "text",
        "pubStatus": "usable",
        "firstCreated": story.published,
        "versionCreated": story.modified,
        "language": story.language,
        "by": " & ".join(story.byline),
        "headlines": [{"role": "main", "value": escape(story.headline)}],
        "bodies": [
            {
                "role": "html",
                "contentType": "text/html",
                "value": f'<section class="main">{marked_up(story)}<figure><img src="x"/>'
                "<figcaption>A caption.</figcaption></figure></section>",
            }
        ],
        "copyrightHolder": story.outlet,
        **({"copyrightNotice": story.rights} if story.rights else {}),
        "altIds": [{"role": "url", "value": story.address}],
        "version": "2",
    }


WRITERS = {"ninjs 1": ninjs_1, "ninjs 2.1": ninjs_2, "ninjs 3": ninjs_3}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.key)
def test_an_item_is_its_words_and_particulars(name, story):
    item = converted(WRITERS[name](story))
    assert item.format == name
    assert item.text == story.text
    assert item.headline == story.headline
    assert item.byline == list(story.byline)
    assert (item.published, item.modified) == (story.published, story.modified)
    assert (item.language, item.outlet) == (story.language, story.outlet)
    assert item.external_id == f"urn:newsml:{story.key}.example:2026"
    assert item.edition == "2"
    assert item.rights == (story.rights or None)
    assert item.url == (None if name == "ninjs 1" else story.address)


def test_an_embargo_and_its_status_come_with_the_item():
    held = {"pubStatus": "withheld", "embargoedUntil": "2026-12-01T06:00:00Z"}
    item = converted(ninjs_3(STORIES[0]) | held)
    assert (item.status, item.embargo_until) == ("withheld", "2026-12-01T06:00:00+00:00")
    item = converted(ninjs_1(STORIES[0]) | {"embargoed": "2026-12-01T06:00:00Z"})
    assert item.embargo_until == "2026-12-01T06:00:00+00:00"


def test_a_later_version_does_not_say_when_the_first_one_was_published():
    item = ninjs_1(STORIES[0])
    del item["firstcreated"]
    assert converted(item).published is None
    assert converted(item | {"version": "1"}).published == STORIES[0].modified


def test_a_time_without_a_zone_is_only_its_date():
    item = converted(ninjs_1(STORIES[0]) | {"firstcreated": "2026-03-10T14:05:00"})
    assert item.published == "2026-03-10"


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ([], "one JSON object"),
        ({"type": "picture", "uri": "urn:1"}, "of the type “picture”, not text"),
        ({"uri": "urn:1"}, "no body with text"),
        ({"uri": "urn:1", "bodies": [{"role": "main", "value": " "}]}, "no body with text"),
        ({"uri": "urn:1", "bodies": "text"}, "no body with text"),
    ],
)
def test_an_item_without_an_article_says_so(item, message):
    with pytest.raises(NotConverted, match=message):
        converted(item)


@pytest.mark.parametrize("value", [None, 4, [], {}, [None], {"a": []}, "", "x" * 3000, True])
def test_members_of_the_wrong_kind_are_left_out(value):
    item = {"body_text": "One word after another.", "bodies": value, "headlines": value}
    names = ("uri", "headline", "byline", "language", "version", "firstcreated", "versioncreated")
    more = ("altids", "infosources", "rightsinfo", "pubstatus", "embargoed", "copyrightnotice")
    read = converted(item | dict.fromkeys((*names, *more, "standard", "authors", "by"), value))
    assert read.text == "One word after another."
    assert read.filing.keys() <= {"text", "plain", "external_id", "byline", "headline"}

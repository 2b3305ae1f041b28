"""RSS and Atom: ten entries of each, with the ways in which feeds carry a full text."""

from datetime import datetime
from email.utils import format_datetime
from html import escape

import pytest

from sources.intake import Document, NotConverted, convert, convert_feed
from tests.sources.intake.stories import STORIES, Story

RSS_NAMES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:atom="http://www.w3.org/2005/Atom"'
)


def converted(feed: str, kind: str = "rss"):
    return list(convert_feed(Document(feed.encode(), f"application/{kind}+xml")))


def marked_up(story: Story) -> str:
    first, *rest = [f"<p>{escape(each)}</p>" for each in story.paragraphs]
    caption = '<p class="wp-caption-text">The wall. Photo: Bo Wirén</p>'
    more = '<p>Read more: <a href="/x">Why the tide is high</a></p><img src="/pixel.gif" />'
    return first + caption + "".join(rest) + more


def rss_item(number: int, story: Story) -> str:
    body, creators = (
        marked_up(story),
        "".join(f"<dc:creator><![CDATA[{name}]]></dc:creator>" for name in story.byline),
    )
    author = f"<author>desk@post.example ({escape(story.byline[0])})</author>"
    moment = format_datetime(datetime.fromisoformat(story.published))
    teaser = f"<description><![CDATA[<p>{story.paragraphs[0][:60]}…</p>]]></description>"
    full = f"<content:encoded><![CDATA[{body}]]></content:encoded>"
    if number % 3 == 1:
        teaser, full = f"<description>{escape(body)}</description>", ""
    media = "<media:description>A caption</media:description><media:title>Photo</media:title>"
    return f"""<item>{media if number % 2 else ""}<title>{escape(story.headline)}</title>
<link>{story.address}</link><guid isPermaLink="false">{story.key}</guid>
{author if len(story.byline) == 1 and number % 4 == 2 else creators}
<pubDate>{moment}</pubDate>{teaser}{full}</item>"""


def rss(*items: str, story: Story = STORIES[0]) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" {RSS_NAMES}><channel>
<title>{story.outlet}</title><link>https://post.example/</link><description>News</description>
<atom:link href="https://post.example/feed/" rel="self"/><language>{story.language}</language>
<copyright>{escape(story.rights)}</copyright>{"".join(items)}</channel></rss>"""


@pytest.mark.parametrize(("number", "story"), list(enumerate(STORIES)))
def test_an_item_of_rss_is_its_words_and_particulars(number, story):
    (item,) = converted(rss(rss_item(number, story), story=story))
    assert item.format == "rss"
    assert item.text == story.text
    assert item.headline == story.headline
    assert item.byline == list(story.byline)
    assert (item.published, item.modified) == (story.published, None)
    assert (item.language, item.outlet) == (story.language, story.outlet)
    assert (item.url, item.external_id) == (story.address, story.key)
    assert item.rights == (story.rights or None)


def atom_entry(number: int, story: Story) -> str:
    body = marked_up(story)
    content = (
        f'<content type="html">{escape(body)}</content>',
        f'<content type="html"><![CDATA[{body}]]></content>',
        f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{body}</div></content>',
        f'<content type="text">{escape(story.text)}</content>',
        f"<content>{escape(story.text)}</content>",
    )[number % 5]
    authors = "".join(f"<author><name>{escape(n)}</name></author>" for n in story.byline)
    return f"""<entry><id>tag:post.example,2026:{story.key}</id>
<title type="{"html" if number % 2 else "text"}">{escape(story.headline)}</title>
<link rel="alternate" type="text/html" href="{story.address}"/><link rel="self" href="/x"/>
<published>{story.published}</published><updated>{story.modified}</updated>{authors}
<rights>{escape(story.rights)}</rights><summary>In short.</summary>{content}</entry>"""


def atom(*entries: str, story: Story = STORIES[0]) -> str:
    return f"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{story.language}">
<title>{story.outlet}</title><id>tag:post.example,2026:feed</id>
<updated>2026-03-10T18:30:02Z</updated>{"".join(entries)}</feed>"""


@pytest.mark.parametrize(("number", "story"), list(enumerate(STORIES)))
def test_an_entry_of_atom_is_its_words_and_particulars(number, story):
    (entry,) = converted(atom(atom_entry(number, story), story=story), "atom")
    assert entry.format == "atom"
    assert entry.text == story.text
    assert entry.headline == story.headline
    assert entry.byline == list(story.byline)
    assert (entry.published, entry.modified) == (story.published, story.modified)
    assert (entry.language, entry.outlet) == (story.language, story.outlet)
    assert (entry.url, entry.external_id) == (story.address, f"tag:post.example,2026:{story.key}")
    assert entry.rights == (story.rights or None)


def test_a_bad_entry_is_refused_and_the_others_are_articles():
    teaser = "<item><title>Teaser</title><description>Only this much.</description></item>"
    first, bad, last = converted(rss(rss_item(0, STORIES[0]), teaser, rss_item(1, STORIES[1])))
    assert (first.text, last.text) == (STORIES[0].text, STORIES[1].text)
    assert isinstance(bad, NotConverted)
    assert "no full text, or only a teaser" in str(bad)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("<item><title>A & B</title></item>", "an “&” stands alone .* Write “&amp;” for it"),
        ("<item><title>caf&eacute;</title></item>", "Entity.* Write the character itself"),
        ("<item><title>Open</item>", "not well-formed"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_entry_that_is_not_well_formed_is_refused_and_the_others_are_articles(
    broken, message, place
):
    items = [rss_item(0, STORIES[0]), rss_item(1, STORIES[1])]
    items.insert(place, broken)
    found = converted(rss(*items))
    with pytest.raises(NotConverted, match=message):
        raise found.pop(place)
    assert [each.text for each in found] == [STORIES[0].text, STORIES[1].text]
    assert {each.outlet for each in found} == {"The Harbour Post"}


def test_a_broken_entry_of_atom_is_refused_alone_and_a_broken_feed_as_a_whole():
    first, broken = converted(atom(atom_entry(0, STORIES[0]), "<entry>a & b</entry>"), "atom")
    assert (first.text, type(broken)) == (STORIES[0].text, NotConverted)
    with pytest.raises(NotConverted, match="not well-formed"):
        converted(rss(rss_item(0, STORIES[0])).replace("<channel>", "<channel>&"))


def test_the_permanent_link_of_an_item_is_its_url():
    item = rss_item(0, STORIES[0]).replace(f"<link>{STORIES[0].address}</link>", "")
    item = item.replace(
        f'<guid isPermaLink="false">{STORIES[0].key}', f"<guid>{STORIES[0].address}"
    )
    assert converted(rss(item))[0].url == STORIES[0].address


@pytest.mark.parametrize(
    ("feed", "message"),
    [
        (rss(), "no entry in this feed"),
        ("<html><body/></html>", "begins with “html”, not with a feed"),
        ("<rss><channel><item>", "not well-formed XML"),
        (rss().replace(RSS_NAMES, ""), "prefix atom on link is not defined .* Mend the document"),
    ],
)
def test_what_is_no_feed_says_so(feed, message):
    with pytest.raises(NotConverted, match=message):
        converted(feed)


def test_a_feed_is_not_one_article():
    with pytest.raises(NotConverted, match="Send it to articles/batch/"):
        convert(Document(rss(rss_item(0, STORIES[0])).encode(), "application/xml"))

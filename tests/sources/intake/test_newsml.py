"""NewsML-G2: ten documents, after the schema of the IPTC, with each kind of content."""

from html import escape

import pytest

from sources.intake import Document, NotConverted, convert
from tests.sources.intake.stories import STORIES, Story

XMLNS = 'xmlns="http://iptc.org/std/nar/2006-10-01/"'


def converted(document: str):
    return convert(Document(document.encode(), "application/vnd.iptc.g2.newsitem+xml"))


def paragraphs(story: Story) -> str:
    return "".join(f"<p>{escape(each, quote=False)}</p>" for each in story.paragraphs)


def of_nitf(story: Story) -> str:
    return (
        '<inlineXML contenttype="application/nitf+xml"><nitf xmlns="http://iptc.org/std/NITF/'
        f'2006-10-18/"><body><body.head><hedline><hl1>{escape(story.headline)}</hl1></hedline>'
        f"</body.head><body.content>{paragraphs(story)}</body.content></body></nitf></inlineXML>"
    )


def of_xhtml(story: Story) -> str:
    return (
        '<inlineXML contenttype="application/xhtml+xml"><html xmlns="http://www.w3.org/1999/xhtml">'
        f"<head><title>{escape(story.headline)}</title></head><body>{paragraphs(story)}"
        '<div class="related"><p>More on this</p></div></body></html></inlineXML>'
    )


def of_data(story: Story) -> str:
    text = escape(story.text, quote=False)
    return f'<inlineData contenttype="text/plain">{text}</inlineData>'


def of_rendition(story: Story) -> str:
    remote = '<remoteContent href="https://pictures.example/1.jpg" contenttype="image/jpeg"/>'
    return remote + of_nitf(story)


CONTENTS = (of_nitf, of_xhtml, of_data, of_rendition)


def news_item(story: Story, content, kind: str = "ninat:text", more: str = "") -> str:
    creators = "".join(f"<creator><name>{escape(name)}</name></creator>" for name in story.byline)
    notice = f"<copyrightNotice>{escape(story.rights)}</copyrightNotice>" if story.rights else ""
    return f"""<newsItem {XMLNS} guid="urn:newsml:wire.example:{story.key}" version="4"
 standard="NewsML-G2" standardversion="2.33" conformance="power" xml:lang="en">
<catalogRef href="http://www.iptc.org/std/catalog/catalog.IPTC-G2-Standards_38.xml"/>
<rightsInfo><copyrightHolder literal="{escape(story.outlet)}"/>{notice}</rightsInfo>
<itemMeta><itemClass qcode="{kind}"/><provider qcode="nprov:W"><name>{escape(story.outlet)}</name>
</provider><versionCreated>{story.modified}</versionCreated>
<firstCreated>{story.published}</firstCreated>{more}<pubStatus qcode="stat:usable"/>
<link rel="irel:permalink" href="{story.address}"/></itemMeta>
<contentMeta><urgency>3</urgency>{creators}<language tag="{story.language}"/>
<headline>{escape(story.headline)}</headline></contentMeta>
<contentSet>{content(story)}</contentSet></newsItem>"""


def message(*items: str) -> str:
    header = "<header><sent>2026-03-10T14:06:00Z</sent><sender>wire.example</sender></header>"
    return f"<newsMessage {XMLNS}>{header}<itemSet>{''.join(items)}</itemSet></newsMessage>"


@pytest.mark.parametrize(("number", "story"), list(enumerate(STORIES)))
def test_a_news_item_is_its_words_and_particulars(number, story):
    document = news_item(story, CONTENTS[number % len(CONTENTS)])
    item = converted(message(document) if number > 7 else f'<?xml version="1.0"?>{document}')
    assert item.text == story.text
    assert item.headline == story.headline
    assert item.byline == list(story.byline)
    assert (item.published, item.modified) == (story.published, story.modified)
    assert (item.language, item.outlet) == (story.language, story.outlet)
    assert item.external_id == f"urn:newsml:wire.example:{story.key}"
    assert (item.url, item.edition, item.status) == (story.address, "4", "usable")
    assert item.rights == (story.rights or None)


def test_a_picture_beside_the_text_in_a_message_is_left_out():
    picture = news_item(STORIES[1], lambda story: '<remoteContent href="a"/>', "ninat:picture")
    assert converted(message(picture, news_item(STORIES[0], of_nitf))).text == STORIES[0].text


def test_an_embargo_and_a_status_given_as_a_uri_are_read():
    held = news_item(STORIES[0], of_nitf, more="<embargoed>2026-12-01T06:00:00Z</embargoed>")
    uri = 'uri="http://cv.iptc.org/newscodes/pubstatusg2/withheld"'
    item = converted(held.replace('qcode="stat:usable"', uri))
    assert (item.status, item.embargo_until) == ("withheld", "2026-12-01T06:00:00+00:00")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (message(), "no news item with a text"),
        (message(*[news_item(s, of_nitf) for s in STORIES[:2]]), "2 news items with a text"),
        (news_item(STORIES[0], lambda story: ""), "This news item has no text"),
        (news_item(STORIES[0], of_nitf, "ninat:video"), "no news item with a text"),
    ],
)
def test_a_document_without_one_article_says_so(document, message):
    with pytest.raises(NotConverted, match=message):
        converted(document)

"""Bad input is refused with a remedy, in bounded time, or read as browsers read it."""

import time

import pytest

from sources.intake import MEDIA_TYPES, Document, NotConverted, Unknown, convert, convert_feed
from sources.intake.html import MIN_WORDS
from tests.sources.intake import pages
from tests.sources.intake.stories import STORIES

MAX_SECONDS = 12  # of processor time, for five mebibytes on a busy machine
MIB = 1024 * 1024


def converted(body: str | bytes, kind: str = "text/html", charset: str | None = None):
    body = body.encode() if isinstance(body, str) else body
    return convert(Document(body, kind, charset))


def refusal(body: str | bytes, kind: str = "text/html", charset: str | None = None) -> str:
    with pytest.raises(NotConverted) as refused:
        converted(body, kind, charset)
    return str(refused.value)


def test_a_page_without_an_article_is_refused():
    links = "".join(f"<li><a href=/{i}>Story number {i} of the day</a></li>" for i in range(200))
    for page in (f"<body><ul>{links}</ul>", "<p>Not found.</p>", "", "<!-- -->"):
        assert "article" in refusal(page) or "empty" in refusal(page)


def test_a_front_page_of_teasers_is_refused():
    teasers = "".join(
        f"<article><h2><a href=/{i}>Story {i}</a></h2><p>{'word ' * 70}</p></article>"
        for i in range(3)
    )
    message = refusal(f"<main>{teasers}</main>")
    assert message == (
        "There are 3 articles on this page: “Story 0”, “Story 1”, “Story 2”. Send each article’s "
        "own page."
    )


def test_broken_markup_is_read_as_browsers_do():
    page = pages.plain_cms(STORIES[3])
    for tag in ("</p>", "</div>", "</body></html>"):
        page = page.replace(tag, "")
    assert converted(page).text.split("\n\n")[: len(STORIES[3].paragraphs)] == list(
        STORIES[3].paragraphs
    )


@pytest.mark.parametrize("charset", ["iso-8859-1", "us-ascii", "windows-1252"])
def test_a_page_in_utf8_that_says_it_is_not_is_refused(charset):
    page = pages.plain_cms(STORIES[3]).replace("charset=utf-8", f"charset={charset}")
    assert refusal(page) == (
        f"The document is declared as {charset}, but it is in UTF-8. Declare UTF-8."
    )
    assert "Declare UTF-8" in refusal(pages.arc_like(STORIES[3]), charset=charset)


def test_a_page_that_says_it_is_in_utf8_and_is_not_is_refused():
    page = pages.arc_like(STORIES[5]).encode("windows-1252", "xmlcharrefreplace")
    assert "is declared as utf-8, but its byte" in refusal(page)


def test_a_page_in_the_character_set_that_it_declares_is_read():
    page = pages.plain_cms(STORIES[5]).replace("charset=utf-8", "charset=ISO-8859-1")
    assert converted(page.encode("windows-1252")).text == STORIES[5].text
    marked = "\ufeff" + pages.plain_cms(STORIES[5])
    assert converted(marked.encode("utf-16"), charset=None).text == STORIES[5].text
    assert converted(marked.encode("utf-8"), charset="iso-8859-1").text == STORIES[5].text


def test_an_unknown_character_set_is_refused():
    assert refusal("<p>", charset="punycode") == (
        "The character set “punycode” is not known here. Send UTF-8."
    )


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_binary_data_is_refused(kind):
    assert "binary data" in refusal(b"\x00\x01\x02" * 1000, kind)
    assert "its byte" in refusal(b"\x89PNG\r\n\x1a\n\xff\xfe" * 1000, kind)


def test_an_unknown_type_is_refused_with_those_known():
    with pytest.raises(Unknown, match=r"“application/msword” are not known. Known are text/html"):
        converted("x", "application/msword")


BOMB = (
    '<!DOCTYPE nitf [<!ENTITY a "aaaaaaaaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {n} "{f"&{m};" * 16}">' for m, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><nitf><body><body.content><p>&i;</p></body.content></body></nitf>"
)
FILE = (
    '<!DOCTYPE nitf [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    "<nitf><body><body.content><p>&x;</p></body.content></body></nitf>"
)


@pytest.mark.parametrize("document", [BOMB, FILE], ids=["bomb", "file"])
def test_entities_are_neither_expanded_nor_followed(document):
    message = "The document declares entities. Write the characters themselves."
    assert refusal(document, "application/nitf+xml") == message


def nested(tag: str, inner: str = "word " * 40) -> str:
    times = 5 * MIB // (2 * len(tag) + 5)
    return f"<{tag}>" * times + inner + f"</{tag}>" * times


DEEP = {
    "pages": (nested("div"), "text/html"),
    "lists": (nested("ul"), "text/html"),
    "unclosed": ("<b><i>" * (5 * MIB // 6), "text/html"),
    "xml": (f"<nitf>{nested('p')}</nitf>", "application/nitf+xml"),
    "json": ("[" * 5 * MIB, "application/ld+json"),
    "objects": ('{"@graph":' * (MIB // 2), "application/ninjs+json"),
    "many": ("<p>a</p>" * (5 * MIB // 8), "text/html"),
    "attributes": ("<p " + "a=b " * MIB + ">", "text/html"),
    "brackets": ("<" * 5 * MIB, "text/html"),
    "links": ("<div><a href=x>a word</a>" + "<a href=x>a</a> " * 45_000, "text/html"),
    "items": ("<ul>" * 200 + "<li><a href=x>a</a>" * 20_000, "text/html"),
    "comments": ("<!--" * MIB, "text/html"),
}


@pytest.mark.parametrize("name", DEEP)
def test_five_mebibytes_of_nested_tags_are_refused_soon(name):
    began = time.process_time()
    message = refusal(*DEEP[name])
    assert time.process_time() - began < MAX_SECONDS
    assert message.endswith((".", "`."))
    assert len(message) < 300


@pytest.mark.parametrize("text", ["<rss><item>" * (MIB // 3), "<rss>" + "<item>&</item>" * 90_000])
def test_a_broken_feed_is_refused_soon(text):
    began = time.process_time()
    with pytest.raises(NotConverted):
        raise list(convert_feed(Document(text.encode(), "application/rss+xml")))[-1]
    assert time.process_time() - began < MAX_SECONDS


def test_a_long_page_is_read_in_bounded_time():
    words = "".join(f"<p>Line {i} of a very long report, said the clerk.</p>" for i in range(9_000))
    began = time.process_time()
    text = converted(f"<html><body><article>{words}</article></body></html>").text
    assert time.process_time() - began < MAX_SECONDS
    assert text.count("\n\n") == 8_999


def test_a_notice_is_no_article():
    words = "word " * (MIN_WORDS - 1)
    assert "No article was found on this page" in refusal(f"<article><p>{words}</p></article>")

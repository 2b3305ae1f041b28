"""Pages: the words, the paragraphs and the particulars come out as a person would copy them."""

import pytest

from sources.intake import Document, convert
from tests.sources.intake import pages
from tests.sources.intake.stories import STORIES

HARBOUR, MEALS, TRAM, KLINIK, PONT, PUERTO, FERJE, REACTOR, ORCHESTRA, WOLF = STORIES


def converted(page: str, charset: str | None = "utf-8"):
    return convert(Document(page.encode(charset or "utf-8"), "text/html", charset))


@pytest.mark.parametrize(
    ("template", "story"),
    [
        (pages.blog_like, HARBOUR),
        (pages.blog_like, REACTOR),
        (pages.arc_like, TRAM),
        (pages.arc_like, PUERTO),
        (pages.plain_cms, KLINIK),
        (pages.plain_cms, MEALS),
        (pages.newsletter_like, ORCHESTRA),
        (pages.newsletter_like, PONT),
        (pages.old_tables, WOLF),
        (pages.old_tables, FERJE),
    ],
)
def test_a_page_of_each_template_is_its_words_and_particulars(template, story):
    page = converted(template(story))
    words = list(story.paragraphs)
    if template is pages.blog_like:
        words.insert(2, pages.POST_WORDS)
    assert page.text.split("\n\n") == words
    is_old = template is pages.old_tables
    assert page.headline == story.headline
    assert page.byline == list(story.byline)
    assert page.published == (story.published[:10] if is_old else story.published)
    assert page.modified == (None if is_old else story.modified)
    assert page.language == story.language
    assert page.outlet == story.outlet
    tracked = "?utm_source=print" if template is pages.plain_cms else ""
    assert page.url == story.address + tracked
    assert page.converter.startswith("On Record 1, trafilatura 2.")

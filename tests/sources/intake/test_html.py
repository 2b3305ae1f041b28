"""Pages: the words, the paragraphs and the particulars come out as a person would copy them."""

import pytest

from sources.intake import Document, NotConverted, convert
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


def article(*blocks: str) -> str:
    lead, end = (f"<p>{words}</p>" for words in (HARBOUR.paragraphs[0], HARBOUR.paragraphs[3]))
    body = "".join((lead, *blocks, end))
    return f"<html lang=en><body><article><h1>Wall</h1>{body}</article></body></html>"


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("<p>ADVERTISEMENT</p>", []),
        ("<p><b>Article continues below advertisement</b></p>", []),
        ("<aside><p>It should not move</p></aside>", []),
        ('<p class="wp-caption-text">The wall at low tide</p>', []),
        ('<blockquote class="article__pullquote"><p>It should not</p></blockquote>', []),
        ("<p><em>Read also: <a href=/x>Why the tide is high in May</a></em></p>", []),
        ("<figure><img src=x><figcaption>The wall</figcaption></figure>", []),
        ("<p hidden>Not shown to anybody</p>", []),
        ("<!-- a comment --><script>var text = 'a script';</script>", []),
        ('<div class="newsletter-signup"><p>Sign up for more.</p></div>', []),
        ('<p><a href="/letter">All of the letter is here.</a></p>', ["All of the letter is here."]),
        (
            "<p>He <q>did not</q> say <q>so <b>at all</b></q>.</p>",
            ["He “did not” say “so at all”."],
        ),
        ("<p>“No.”</p>", ["“No.”"]),
        ("<h2>Boats to move</h2>", ["Boats to move"]),
        ("<blockquote><p>Stone by stone.</p></blockquote>", ["Stone by stone."]),
        ("<p>One line,<br>and another.</p>", ["One line,\nand another."]),
        ("<ul><li>East</li><li><a href=/s>Skerrow</a></li></ul>", ["East", "Skerrow"]),
        (
            "<p>H<sub>2</sub>O &amp; <i>salt</i>&nbsp;&mdash; 5 &lt; 9</p>",
            ["H2O & salt — 5 < 9"],
        ),
        (pages.POST, [pages.POST_WORDS]),
    ],
)
def test_what_a_person_would_copy_is_the_text_and_nothing_else(block, words):
    found = converted(article(block)).text.split("\n\n")
    assert found[1:-1] == words


def test_the_canonical_url_counts_if_it_is_of_the_same_site_and_has_a_path():
    def urls(own: str, declared: str) -> tuple:
        head = f'<link rel=canonical href="{declared}"><meta property="og:url" content="{own}">'
        page = converted(article().replace("<body>", f"<head>{head}</head><body>"))
        return page.url, page.canonical_url

    own = "https://www.post.example/1"
    assert urls(own, "https://amp.post.example/2") == ("https://amp.post.example/2", None)
    assert urls(own, "/2") == ("https://www.post.example/2", None)
    assert urls(own, "https://post.example/") == (own, None)
    assert urls(own, "https://wire.example/2") == (own, "https://wire.example/2")
    assert urls(own, "javascript:alert(1)") == (own, None)


def test_broken_json_ld_says_nothing_and_that_of_several_articles_is_told_by_the_url():
    page = pages.arc_like(TRAM)
    broken = page.replace('{"@type": "BreadcrumbList"', '{"@type": "NewsArticle", "headline": ')
    assert converted(broken).headline == TRAM.headline
    other = pages.json_ld(MEALS)
    more = page.replace("</head>", f'<script type="application/ld+json">{other}</script></head>')
    assert converted(more).headline == TRAM.headline


def test_a_headline_cut_short_for_search_engines_is_the_printed_one():
    page = pages.arc_like(TRAM)
    for headline in (f"{TRAM.headline[:20]}…", f"{TRAM.headline} | Kelby Ledger"):
        assert (
            converted(page.replace(f'"{TRAM.headline}"', f'"{headline}"')).headline == TRAM.headline
        )


def test_the_announcement_of_another_article_is_left_out():
    other = f'<article><h2><a href="/2">Other</a></h2><p>{"word " * 80}</p></article>'
    page = converted(article().replace("</body>", f"{other}</body>"))
    assert page.text.split("\n\n") == [HARBOUR.paragraphs[0], HARBOUR.paragraphs[3]]


def test_two_articles_that_only_json_ld_tells_apart_are_refused():
    blocks = "".join(
        f"<div><h2>{each.headline}</h2><p>{each.text}</p>"
        f'<script type="application/ld+json">{pages.json_ld(each)}</script></div>'
        for each in (TRAM, MEALS)
    )
    with pytest.raises(NotConverted, match=f"2 articles on this page: “{TRAM.headline}”"):
        converted(f"<html><body>{blocks}</body></html>")


def test_a_line_that_only_dates_the_page_and_the_name_of_the_site_are_left_out():
    head = '<meta property="og:title" content="Wall – The Post"><meta name="author" content="/ada">'
    head += (
        '<meta name="author" content="Ada Lund"><meta property="og:site_name" content="The Post">'
    )
    body = "<p>Published: 3 May 2026, 10:00</p>" + "".join(f"<p>{p}</p>" for p in TRAM.paragraphs)
    page = converted(f"<html><head>{head}</head><body><article>{body}</article></body></html>")
    assert (page.headline, page.outlet, page.byline) == ("Wall", "The Post", ["Ada Lund"])
    assert page.text == TRAM.text


def test_json_ld_without_types_and_ids_of_its_parts_is_read():
    said = pages.json_ld(TRAM, author={"name": "Sam Okoro"}, publisher={"name": "Kelby Ledger"})
    data = f'[{{"@type": "Organization", "name": "Other"}}, {said}]'
    page = converted(
        article().replace("<body>", f'<script type="application/ld+json">{data}</script><body>')
    )
    assert (page.byline, page.outlet) == (["Sam Okoro"], "Kelby Ledger")

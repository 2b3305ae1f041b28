"""Five templates of pages, as newsrooms' content management systems write them."""

import json
from html import escape

from tests.sources.intake.stories import Story

POST = (
    '<blockquote class="twitter-tweet" data-dnt="true"><p lang="en" dir="ltr">Ferry is off again. '
    "Bring a book.</p>&mdash; Skerrow Ferries (@skerrowferries) "
    '<a href="https://social.example/skerrowferries/status/1">March 9, 2026</a></blockquote>'
    '<script async src="https://social.example/widgets.js"></script>'
)
POST_WORDS = (
    "[Embedded post] Ferry is off again. Bring a book. — Skerrow Ferries (@skerrowferries) "
    "March 9, 2026"
)


def json_ld(story: Story, kind="NewsArticle", **members) -> str:
    return json.dumps(
        {
            "@context": "https://schema.org",
            "@type": kind,
            "headline": story.headline,
            "author": [{"@type": "Person", "name": name} for name in story.byline],
            "datePublished": story.published,
            "dateModified": story.modified,
            "inLanguage": story.language,
            "mainEntityOfPage": {"@type": "WebPage", "@id": story.address},
            "publisher": {"@type": "NewsMediaOrganization", "name": story.outlet},
            **({"copyrightNotice": story.rights} if story.rights else {}),
            **members,
        }
    )


def blog_like(story: Story) -> str:
    """A theme of a blogging system: a graph of JSON-LD, a pull quote, a post, related posts."""
    first, second, *rest = [f"<p>{escape(each)}</p>" for each in story.paragraphs]
    graph = json.dumps(
        {
            "@context": "https://schema.org",
            "@graph": [
                {"@type": "WebSite", "@id": "#site", "name": story.outlet},
                {
                    "@type": "NewsArticle",
                    "headline": story.headline,
                    "author": [{"@id": f"#author-{i}"} for i, _ in enumerate(story.byline)],
                    "datePublished": story.published,
                    "dateModified": story.modified,
                    "publisher": {"@id": "#site"},
                    "inLanguage": story.language,
                    "mainEntityOfPage": {"@id": story.address},
                },
                *(
                    {"@type": "Person", "@id": f"#author-{i}", "name": name, "url": "/u"}
                    for i, name in enumerate(story.byline)
                ),
            ],
        }
    )
    return f"""<!DOCTYPE html>
<html lang="{story.language}"><head><meta charset="UTF-8">
<title>{escape(story.headline)} - {escape(story.outlet)}</title>
<link rel="canonical" href="{story.address}">
<script type="application/ld+json" class="seo-graph">{graph}</script></head>
<body class="post-template-default single single-post wp-embed-responsive has-sidebar">
<a class="skip-link screen-reader-text" href="#content">Skip to content</a>
<header id="masthead"><nav class="main-navigation"><ul><li><a href="/">Home</a></li>
<li><a href="/news/">News</a></li></ul></nav></header>
<main id="content"><article id="post-48" class="post-48 post type-post status-publish">
<header class="entry-header"><h1 class="entry-title">{escape(story.headline)}</h1>
<div class="entry-meta"><span class="posted-on"><time class="entry-date published"
 datetime="{story.published}">10 March 2026</time></span> <span class="byline">by
 <a rel="author" href="/u">{escape(story.byline[0])}</a></span></div></header>
<div class="entry-content">
<figure class="wp-block-image"><img src="/wall.jpg" alt="The wall"><figcaption>The wall at low tide.
 Photo: Bo Wirén</figcaption></figure>
{first}
<div class="advert advert--mpu"><p>Advertisement</p><p>Save up to half on boots this week.</p></div>
{second}
<figure class="wp-block-pullquote"><blockquote><p>It should not move</p></blockquote></figure>
<p>Read more: <a href="/older">What the surveys of last year had to say</a></p>
<figure class="wp-block-embed is-provider-twitter"><div class="wp-block-embed__wrapper">{POST}</div>
</figure>
{"".join(rest)}
<div class="sharedaddy sd-sharing-enabled"><h3>Share this:</h3><ul><li><a href="#">Post</a></li>
</ul></div><div id="jp-relatedposts" class="jp-relatedposts"><h3>Related</h3><p>An older story about
 something else that happened at quite another place long ago.</p></div>
</div><footer class="entry-footer"><span class="tags-links"><a href="/t">Tag</a></span></footer>
</article>
<div id="comments" class="comments-area"><ol><li><article class="comment-body"><p>I have said so
 for years, and nobody at the port would listen to me or to anybody else.</p></article></li>
</ol></div></main>
<aside class="widget-area"><h2>Latest</h2><ul><li><a href="/1">Other news of the day</a></li></ul>
</aside><footer class="site-footer"><p>{escape(story.rights or story.outlet)}</p></footer>
</body></html>"""


def arc_like(story: Story) -> str:
    """A single-page publishing platform: hashed class names, promos and ads among paragraphs."""
    body = []
    for index, words in enumerate(story.paragraphs):
        body.append(f'<p class="c-paragraph b-x{index}">{escape(words)}</p>')
        if index == 0:
            body.append('<div class="arcad-feature"><div class="arcad ad-300x250"></div></div>')
        if index == 1:
            body.append(
                '<div class="c-interstitial b-promo"><p>[ <a href="/r">Why the tide is higher than'
                " it was</a> ]</p></div>"
                '<div class="article-related"><h2>More on this</h2><p>A promo of another story, '
                "which is long enough to look like a paragraph of this one.</p></div>"
            )
    return f"""<!doctype html><html lang="{story.language}" class="no-js"><head>
<meta charset="utf-8"/><title>{escape(story.headline)} | {escape(story.outlet)}</title>
<meta property="og:type" content="article"/><meta property="og:url" content="{story.address}"/>
<meta property="og:title" content="{escape(story.headline)}"/>
<meta property="og:site_name" content="{escape(story.outlet)}"/>
<link rel="canonical" href="{story.address}"/>
<script type="application/ld+json">{json_ld(story)}</script>
<script type="application/ld+json">{{"@type": "BreadcrumbList", "itemListElement": []}}</script>
</head><body><div id="fusion-app"><div class="b-header-nav"><nav><a href="/">Home</a></nav></div>
<section class="c-stack"><article class="article-right-rail"><h1 class="b-headline">
{escape(story.headline)}</h1>
<div class="b-byline c-attribution"><span class="b-byline__by">By</span>
 <span class="b-byline__names"><a href="/a">{escape(story.byline[0])}</a></span></div>
<time class="c-date b-date" datetime="{story.published}">June 13, 2026 at 6:12 AM</time>
<figure class="b-lead-art"><img src="/a.jpg"/><figcaption>A tram. (Agency)</figcaption></figure>
<div class="article-body-wrapper">{"".join(body)}
<div class="b-newsletter-signup"><p>Sign up for our newsletter, and never miss what matters most to
 you and yours in the morning.</p><form><input name="email"/></form></div></div></article></section>
<div class="b-results-list"><article class="card"><h2><a href="/2">Another story</a></h2><p>Its
 teaser has a line or two.</p></article></div></div>
<script>window.Fusion={{"globalContent": {{"headline": "No text of an article"}}}};</script>
</body></html>"""


def plain_cms(story: Story) -> str:
    """A system of its own: no JSON-LD, meta elements, microdata, a date in the printed head."""
    marked = [escape(each).replace(" &amp; ", " &amp; ") for each in story.paragraphs]
    lead, *rest = marked
    return f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
 "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" lang="{story.language}" xml:lang="{story.language}">
<head><meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<title>{escape(story.headline)} – {escape(story.outlet)}</title>
<meta name="author" content="{escape(" & ".join(story.byline))}" />
<meta name="date" content="{story.published}" />
<meta name="last-modified" content="{story.modified}" />
<meta name="copyright" content="{escape(story.rights)}" />
<meta property="og:site_name" content="{escape(story.outlet)}" />
<meta property="og:title" content="{escape(story.headline)}" />
<meta name="article:id" content="{story.key}" />
<link rel="canonical" href="{story.address}?utm_source=print" /></head>
<body><div id="kopf"><ul class="nav"><li><a href="/">Start</a></li><li><a href="/p">Politik</a></li>
</ul></div><div id="inhalt"><div class="artikel" itemscope="itemscope">
<h1>{escape(story.headline)}</h1><p class="autor">Von {escape(", ".join(story.byline))}</p>
<p class="datum"><time datetime="{story.published}">22.04.2026</time></p>
<div itemprop="articleBody"><p class="lead"><strong>{lead}</strong></p>
<!-- Anzeige --><p>{"</p><p>".join(rest)}</p></div>
<blockquote class="pull-quote">Eine Atempause</blockquote>
<div class="bildunterschrift caption"><p>Die Klinik im Jahr 2019. Archivbild</p></div>
</div></div><div id="fuss"><p>Impressum</p><p>Datenschutz</p></div></body></html>"""


def newsletter_like(story: Story) -> str:
    """A newsletter's archive: a section for the post, subscription boxes, a button in the text."""
    first, *rest = [f"<p>{escape(each)}</p>" for each in story.paragraphs]
    return f"""<!DOCTYPE html><html lang="{story.language}"><head><meta charset="utf-8">
<title>{escape(story.headline)}</title>
<meta property="og:site_name" content="{escape(story.outlet)}">
<script type="application/ld+json">
{json_ld(story, "NewsArticle", isAccessibleForFree=True, license="https://licences.example/by/4.0/")}
</script><link href="{story.address}" rel="canonical"></head><body class="post-template">
<div class="gh-viewport"><header class="gh-head"><a href="/">{escape(story.outlet)}</a></header>
<main class="gh-main"><article class="gh-article post featured"><header class="gh-article-header">
<h1>{escape(story.headline)}</h1><p class="gh-article-excerpt is-body">A line that sums it up.</p>
<div class="gh-article-meta"><a href="/author">{escape(story.byline[0])}</a>
<time datetime="{story.published[:10]}">May 17, 2026</time></div></header>
<section class="gh-content is-body">{first}
<div class="kg-card kg-signup-card subscribe-box"><h2>Subscribe</h2><p>Get every story by e-mail,
 for free, on the day it comes out.</p><button>Join</button></div>
<div class="kg-card kg-button-card"><a class="kg-btn" href="/join">Become a member today</a></div>
{"".join(rest)}</section></article>
<section class="gh-comments"><h3>Member discussion</h3></section></main>
<footer><nav><a href="/about">About</a></nav></footer></div></body></html>"""


def old_tables(story: Story) -> str:
    """A page laid out in tables, in ISO 8859-1 or so, whose paragraphs are line breaks."""
    return f"""<HTML LANG="{story.language}"><HEAD>
<TITLE>{escape(story.outlet)}: {escape(story.headline)}</TITLE>
<META NAME="author" CONTENT="{escape(" and ".join(story.byline))}">
<META NAME="DC.date" CONTENT="{story.published[:10]}">
<META PROPERTY="og:site_name" CONTENT="{escape(story.outlet)}">
<LINK REL=canonical HREF="{story.address}"></HEAD>
<BODY BGCOLOR=white><TABLE WIDTH=100%><TR><TD COLSPAN=2><A HREF="/">Front page</A> |
<A HREF="/sport">Sport</A></TD></TR><TR><TD WIDTH=120><A HREF=a>Weather</A><BR>
<A HREF=b>Tides</A></TD>
<TD><H1>{escape(story.headline)}</H1>
{"<BR><BR>".join(escape(each) for each in story.paragraphs)}
<BR><BR></TD></TR></TABLE><HR><FONT SIZE=1>{escape(story.rights)}</FONT></BODY></HTML>"""

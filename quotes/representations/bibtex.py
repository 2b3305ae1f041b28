"""BibTeX, in UTF-8, of the article that prints the quote.

Every value is escaped for LaTeX and balanced for BibTeX, which counts braces even after a
backslash: no text can leave its field, start a command or become a ligature. Names are braced so
that BibTeX does not split them. The entry is an `@article` if the outlet is known, else `@misc`,
which requires no fields.
"""

import re

from django.utils.encoding import iri_to_uri

from quotes.models import Quote
from quotes.representations.status_history import StatusHistory
from quotes.representations.wording import UrlOf, citation_key, note
from sources.dates import PartialDate

WRITTEN = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "`": r"\textasciigrave{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        **{character: f"\\{character}" for character in "&%$#_"},
    }
)
LIGATURE = re.compile(r"([-',])(?=\1)")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")  # TeX refuses them
# Macros of every style
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def escaped(text: str) -> str:
    """Escape a text for LaTeX, on one line."""
    line = " ".join(CONTROL.sub("", text).split())
    return LIGATURE.sub(r"\1{}", line.translate(WRITTEN))


def bibtex(quote: Quote, history: StatusHistory, url_of: UrlOf) -> str:
    article, snapshot = quote.article, quote.snapshot
    byline = [line for name in article.byline if (line := escaped(name))]
    headline, outlet = escaped(article.headline or ""), article.outlet
    fields = {
        "author": " and ".join(f"{{{name}}}" for name in byline),
        "title": headline and f"{{{headline}}}",  # braced twice: no style changes its capitals
        "journal": outlet and escaped(outlet.name),
        **day(article.published),
        "url": article.url and iri_to_uri(article.url),
        "urldate": article.url and snapshot and f"{snapshot.captured:%Y-%m-%d}",
        "language": escaped(article.language or ""),
        "note": escaped(note(quote, history, url_of)),
    }
    lines = [
        f"  {name} = {value if name == 'month' else f'{{{value}}}'},\n"
        for name, value in fields.items()
        if value
    ]
    return f"@{'article' if outlet else 'misc'}{{{citation_key(quote)},\n{''.join(lines)}}}\n"


def day(date: PartialDate | None) -> dict:
    """The known parts of a date."""
    if date is None:
        return {}
    month = date.month and MONTHS[date.month - 1]
    return {"year": f"{date.year:04}", "month": month, "day": date.day}

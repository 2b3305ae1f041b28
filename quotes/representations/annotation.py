"""W3C Web Annotation: the passage is the target, the attribution is the body.

Each span is a target of its own, selected by its words (TextQuoteSelector) and by its position
(TextPositionSelector, in code points as the standard counts). The source is the article; the
TimeState names the snapshot that the position refers to. A quote in the headline, or without a
stored text, is selected by its words alone: it has no position in the text.
"""

from quotes.models import Quote
from quotes.representations.status_history import StatusHistory
from quotes.representations.wording import UrlOf, attributed_to, passages, rfc3339, without_empty

CONTEXT = "http://www.w3.org/ns/anno.jsonld"


def annotation(quote: Quote, history: StatusHistory, url_of: UrlOf) -> dict:
    body = bodies(quote, history, url_of)
    return without_empty(
        {
            "@context": CONTEXT,
            "id": f"{url_of('quote', quote.pk)}?format=annotation",
            "type": "Annotation",
            "motivation": "describing" if body else "highlighting",
            "created": rfc3339(quote.created),
            "modified": rfc3339(quote.updated),
            "body": body,
            "target": targets(quote, url_of),
        }
    )


def bodies(quote: Quote, history: StatusHistory, url_of: UrlOf) -> list[dict]:
    """Who speaks on record, each of several, the attribution in words, and curators' remarks."""
    speakers = [quote.speaker] if quote.speaker else []
    told = [
        {
            "type": "SpecificResource",
            "purpose": "identifying",
            "source": url_of("speaker", speaker.pk),
        }
        for one in speakers
        for speaker in one.present_members or [one]
    ]
    if who := attributed_to(quote):
        told.append(text(who, "describing"))
    return told + [text(remark, "assessing") for remark in history.remarks(quote.status)]


def text(value: str, purpose: str) -> dict:
    return {"type": "TextualBody", "purpose": purpose, "value": value, "format": "text/plain"}


def targets(quote: Quote, url_of: UrlOf) -> list[dict]:
    source = quote.article.url or url_of("article", quote.article.pk)
    if quote.snapshot is None:
        words = {"type": "TextQuoteSelector", "exact": quote.text}
        return [{"type": "SpecificResource", "source": source, "selector": [words]}]
    state = {
        "type": "TimeState",
        "sourceDate": rfc3339(quote.snapshot.captured),
        "cached": url_of("snapshot", quote.snapshot.sha256),
    }
    places = zip(quote.spans, quote.contexts, passages(quote), strict=True)
    return [
        {
            "type": "SpecificResource",
            "source": source,
            "state": state,
            "selector": [
                without_empty(
                    {
                        "type": "TextQuoteSelector",
                        "exact": exact,
                        "prefix": prefix,
                        "suffix": suffix,
                    }
                ),
                *position(quote, start, end),
            ],
        }
        for (start, end), (prefix, suffix), exact in places
    ]


def position(quote: Quote, start: int, end: int) -> list[dict]:
    """The selector of a range of the text; none for a range of the headline."""
    if quote.anchored_in == Quote.AnchoredIn.HEADLINE:
        return []
    return [{"type": "TextPositionSelector", "start": start, "end": end}]

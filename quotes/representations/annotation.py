"""W3C Web Annotation: the passage as target, who said it as body.

Each span is a target of its own, found by its words (TextQuoteSelector) or by its place
(TextPositionSelector, in code points, as the standard counts). The source is the article; the
TimeState says that the place is one in the text as it was captured then, and where that is kept.
Of a quote whose text is not held, the words are all there is to find it by.
"""

from quotes.models import Quote
from quotes.representations.status_history import Life
from quotes.representations.wording import Address, attributed_to, known, moment, passages

CONTEXT = "http://www.w3.org/ns/anno.jsonld"


def annotation(quote: Quote, life: Life, address: Address) -> dict:
    body = bodies(quote, life, address)
    return known(
        {
            "@context": CONTEXT,
            "id": f"{address('quote', quote.pk)}?format=annotation",
            "type": "Annotation",
            "motivation": "describing" if body else "highlighting",
            "created": moment(quote.created),
            "modified": moment(quote.updated),
            "body": body,
            "target": targets(quote, address),
        }
    )


def bodies(quote: Quote, life: Life, address: Address) -> list[dict]:
    """The speaker on record, who it is in words, and the remarks of curators."""
    told = []
    if quote.speaker:
        told.append(
            {
                "type": "SpecificResource",
                "purpose": "identifying",
                "source": address("speaker", quote.speaker.pk),
            }
        )
    if who := attributed_to(quote):
        told.append(text(who, "describing"))
    return told + [text(remark, "assessing") for remark in life.remarks(quote.status)]


def text(value: str, purpose: str) -> dict:
    return {"type": "TextualBody", "purpose": purpose, "value": value, "format": "text/plain"}


def targets(quote: Quote, address: Address) -> list[dict]:
    source = quote.article.url or address("article", quote.article.pk)
    if quote.snapshot is None:
        words = {"type": "TextQuoteSelector", "exact": quote.text}
        return [{"type": "SpecificResource", "source": source, "selector": [words]}]
    state = {
        "type": "TimeState",
        "sourceDate": moment(quote.snapshot.captured),
        "cached": address("snapshot", quote.snapshot.sha256),
    }
    places = zip(quote.spans, quote.contexts, passages(quote), strict=True)
    return [
        {
            "type": "SpecificResource",
            "source": source,
            "state": state,
            "selector": [
                known(
                    {
                        "type": "TextQuoteSelector",
                        "exact": exact,
                        "prefix": prefix,
                        "suffix": suffix,
                    }
                ),
                {"type": "TextPositionSelector", "start": start, "end": end},
            ],
        }
        for (start, end), (prefix, suffix), exact in places
    ]

"""schema.org `Quotation`, as JSON-LD.

The two layers of attribution are two properties: `creator` is whom a curator holds to have spoken,
`spokenByCharacter` ("to whom the quotation is attributed within the containing work") carries the
name that the article prints. `isBasedOn` is the article, `citation` the article again and each step
of the reporting chain, in order.
"""

from quotes.models import Quote, Via
from quotes.representations.status_history import Life
from quotes.representations.wording import Address, known, moment
from sources.models import Article, Organisation, Outlet, Speaker

TYPES = {  # a collective is neither for certain
    Speaker.Kind.PERSON: "Person",
    Speaker.Kind.UNNAMED: "Person",
    Speaker.Kind.ORGANISATION: "Organization",
}
WORKS = {Via.Kind.POST: "SocialMediaPosting"}


def quotation(quote: Quote, life: Life, address: Address) -> dict:
    article = quote.article
    url = address("quote", quote.pk)
    return known(
        {
            "@context": "https://schema.org",
            "@type": "Quotation",
            "@id": url,
            "url": url,
            "identifier": str(quote.pk),
            "text": quote.text,
            "inLanguage": quote.language,
            "creator": creator(quote, address),
            "spokenByCharacter": spoken_by(quote, address),
            "dateCreated": quote.said and str(quote.said),
            "datePublished": published(article),
            "isBasedOn": printed_in(article, address)
            | known({"archivedAt": quote.snapshot and address("snapshot", quote.snapshot.sha256)}),
            "citation": [
                known(
                    {
                        "@type": "NewsArticle",
                        "@id": address("article", article.pk),
                        "headline": article.headline,
                        "url": article.url,
                    }
                ),
                *(step(via, address) for via in quote.via.all()),
            ],
            "creativeWorkStatus": quote.status,
            "correction": corrections(quote, life, address),
            "version": quote.version,
            "sdDatePublished": moment(quote.updated),
        }
    )


# Who spoke


def creator(quote: Quote, address: Address) -> dict | None:
    """The speaker, in the role and for the organisation of this quote; None for nobody."""
    speaker = quote.speaker
    if speaker is None:
        return None
    described = speaker.kind == Speaker.Kind.UNNAMED  # "a spokesperson" is not anybody's name
    return known(
        {
            "@id": address("speaker", speaker.pk),
            "@type": TYPES.get(speaker.kind),
            "description" if described else "name": speaker.name,
            "sameAs": wikidata(speaker),
            **office(quote, address),
        }
    )


def wikidata(speaker: Speaker) -> str | None:
    """The entity of Wikidata that the speaker is."""
    key = speaker.identifiers.get("wikidata")
    return f"http://www.wikidata.org/entity/{key}" if key else None


def spoken_by(quote: Quote, address: Address) -> dict | None:
    """The speaker by the name that the article prints, where that is known."""
    speaker, printed = quote.speaker, quote.attribution_speaker
    if speaker is None:
        return known({"name": printed, **office(quote, address)}) if printed else None
    told = creator(quote, address)
    if printed and printed != speaker.name:
        told["alternateName"] = printed
    return told


def office(quote: Quote, address: Address) -> dict:
    """Role and organisation; an organisation that speaks as itself has none."""
    speaker, place = quote.speaker, quote.organisation
    if speaker and speaker.kind == Speaker.Kind.ORGANISATION:
        return {}
    printed = quote.attribution_organisation
    where = organisation(place, address) if place else known({"name": printed})
    return {
        "jobTitle": quote.shown_role,
        "affiliation": where and {"@type": "Organization", **where},
    }


def organisation(place: Organisation, address: Address) -> dict:
    return {"@id": address("organisation", place.pk), "name": place.name}


# Where it is printed


def printed_in(article: Article, address: Address) -> dict:
    return known(
        {
            "@type": "NewsArticle",
            "@id": address("article", article.pk),
            "headline": article.headline,
            "url": article.url,
            "author": [{"name": name} for name in article.byline if name.strip()],
            "datePublished": published(article),
            "inLanguage": article.language,
            "publisher": article.outlet and publication(article.outlet, address),
        }
    )


def published(article: Article) -> str | None:
    """The exact time where it is known, else the date as it was given."""
    if article.published_at:
        return moment(article.published_at)
    return article.published and str(article.published)


def publication(outlet: Outlet, address: Address) -> dict:
    return known(
        {
            "@type": "NewsMediaOrganization",
            "@id": address("outlet", outlet.pk),
            "name": outlet.name,
            "url": outlet.url,
        }
    )


def step(via: Via, address: Address) -> dict:
    """What the words came by way of: a work of its own, or a work of somebody that is named."""
    named = via.kind in (Via.Kind.DOCUMENT, Via.Kind.STATEMENT, Via.Kind.POST)
    publisher = publication(via.outlet, address) if via.outlet else None
    return known(
        {
            "@type": WORKS.get(via.kind, "CreativeWork"),
            "name": via.name if named else None,
            "publisher": publisher or (None if named else {"name": via.name}),
            "description": str(via),
        }
    )


# What became of it


def corrections(quote: Quote, life: Life, address: Address) -> list[dict]:
    """The remarks of curators, and the quote that stands in the place of this one."""
    verdict = life.verdict(quote.status)
    told = [{"text": verdict}] if verdict else []
    told += [{"text": one["note"], "datePublished": one["when"]} for one in life.corrections]
    comments = [{"@type": "CorrectionComment", **known(one)} for one in told]
    if life.replaced_by:
        url = address("quote", life.replaced_by)
        comments.append({"@type": "Quotation", "@id": url, "url": url})
    return comments

"""JSON-LD: schema.org `Quotation`, and the other records of the archive by themselves.

The layers of attribution are separate properties. `creator` is the resolved speaker, or a list of
those who spoke jointly; `spokenByCharacter` ("to whom the quotation is attributed within the
containing work") carries the printed name. `isBasedOn` is the article, `citation` the article and
each step of the reporting chain, in order.
"""

from quotes.models import Quote, Via
from quotes.representations.status_history import StatusHistory
from quotes.representations.wording import UrlOf, is_url, rfc3339, shown_original, without_empty
from sources.models import Article, Organisation, Outlet, Speaker

CONTEXT = "https://schema.org"

TYPES = {  # a collective may be either, so it has no type
    Speaker.Kind.PERSON: "Person",
    Speaker.Kind.UNNAMED: "Person",
    Speaker.Kind.ORGANISATION: "Organization",
}
WORKS = {Via.Kind.POST: "SocialMediaPosting"}


def quotation(quote: Quote, history: StatusHistory, url_of: UrlOf) -> dict:
    article = quote.article
    url = url_of("quote", quote.pk)
    return without_empty(
        {
            "@context": CONTEXT,
            "@type": "Quotation",
            "@id": url,
            "url": url,
            "identifier": str(quote.pk),
            "text": quote.text,
            "inLanguage": quote.language,
            "translationOfWork": original(quote, url_of),
            "associatedMedia": recording(quote.media),
            "creator": creators(quote, url_of),
            "spokenByCharacter": spoken_by(quote, url_of),
            "dateCreated": quote.said and str(quote.said),
            "datePublished": published(article),
            "isBasedOn": printed_in(article, url_of)
            | without_empty(
                {"archivedAt": quote.snapshot and url_of("snapshot", quote.snapshot.sha256)}
            ),
            "citation": [
                without_empty(
                    {
                        "@type": "NewsArticle",
                        "@id": url_of("article", article.pk),
                        "headline": article.headline,
                        "url": article.url,
                    }
                ),
                *(step(via, url_of) for via in quote.via.all()),
            ],
            "creativeWorkStatus": quote.status,
            "correction": corrections(quote, history, url_of),
            "version": quote.version,
            "sdDatePublished": rfc3339(quote.updated),
        }
    )


def original(quote: Quote, url_of: UrlOf) -> dict | None:
    """What the article prints in translation: the quote on record, the language, or both."""
    told = shown_original(quote)
    url = told and url_of("quote", told.pk)
    known = without_empty({"@id": url, "inLanguage": quote.translated_from})
    return {"@type": "Quotation", **known} if known else None


def recording(address: str | None) -> dict | None:
    return {"@type": "MediaObject", "contentUrl": address} if address else None


# Speaker


def creators(quote: Quote, url_of: UrlOf) -> dict | list[dict] | None:
    """The resolved speaker with role and organisation, or who spoke jointly; None if nobody."""
    if quote.speaker and (members := quote.speaker.present_members):
        return [agent(member, url_of) for member in members]
    return creator(quote, url_of)


def creator(quote: Quote, url_of: UrlOf) -> dict | None:
    """The resolved speaker with the role and organisation of this quote; None if nobody."""
    return quote.speaker and agent(quote.speaker, url_of) | without_empty(office(quote, url_of))


def agent(speaker: Speaker, url_of: UrlOf) -> dict:
    described = speaker.kind == Speaker.Kind.UNNAMED  # "a spokesperson" is not a name
    return without_empty(
        {
            "@id": url_of("speaker", speaker.pk),
            "@type": TYPES.get(speaker.kind),
            "description" if described else "name": speaker.name,
            "sameAs": wikidata(speaker),
        }
    )


def wikidata(record: Speaker | Organisation) -> str | None:
    """The URL of its Wikidata entity."""
    key = record.identifiers.get("wikidata")
    return f"http://www.wikidata.org/entity/{key}" if key else None


def spoken_by(quote: Quote, url_of: UrlOf) -> dict | None:
    """The speaker under the printed name, if the article gives one."""
    speaker, printed = quote.speaker, quote.attribution_speaker
    if speaker is None:
        return without_empty({"name": printed, **office(quote, url_of)}) if printed else None
    named = creator(quote, url_of)
    if printed and printed != speaker.name:
        named["alternateName"] = printed
    return named


def office(quote: Quote, url_of: UrlOf) -> dict:
    """Role and organisation; empty for an organisation that speaks as itself."""
    speaker, place = quote.speaker, quote.organisation
    if speaker and speaker.kind == Speaker.Kind.ORGANISATION:
        return {}
    printed = quote.attribution_organisation
    named = printed and {"@type": "Organization", "name": printed}
    where = organisation(place, url_of) if place else named
    return {"jobTitle": quote.shown_role, "affiliation": where}


def organisation(place: Organisation, url_of: UrlOf) -> dict:
    return without_empty(
        {
            "@type": "Organization",
            "@id": url_of("organisation", place.pk),
            "name": place.name,
            "sameAs": wikidata(place),
        }
    )


# Article


def printed_in(article: Article, url_of: UrlOf) -> dict:
    return without_empty(
        {
            "@type": "NewsArticle",
            "@id": url_of("article", article.pk),
            "headline": article.headline,
            "url": article.url,
            "author": [{"name": name} for name in article.byline if name.strip()],
            "datePublished": published(article),
            "inLanguage": article.language,
            "publisher": article.outlet and publication(article.outlet, url_of),
            **rights(article.shown("rights"), article.shown("license")),
        }
    )


def rights(notice: str | None, license_: str | None) -> dict:
    """The notice of copyright, and the licence as its URL or by its name."""
    named = license_ and {"@type": "CreativeWork", "name": license_}
    return {"copyrightNotice": notice, "license": license_ if is_url(license_) else named}


def published(article: Article) -> str | None:
    """The exact time if known, else the date as it was given."""
    if article.published_at:
        return rfc3339(article.published_at)
    return article.published and str(article.published)


def publication(outlet: Outlet, url_of: UrlOf) -> dict:
    return without_empty(
        {
            "@type": "NewsMediaOrganization",
            "@id": url_of("outlet", outlet.pk),
            "name": outlet.name,
            "url": outlet.url,
        }
    )


def step(via: Via, url_of: UrlOf) -> dict:
    """A step of the reporting chain: a named work, or an unnamed work of a named publisher."""
    named = via.kind in (Via.Kind.DOCUMENT, Via.Kind.STATEMENT, Via.Kind.POST)
    publisher = publication(via.outlet, url_of) if via.outlet else None
    return without_empty(
        {
            "@type": WORKS.get(via.kind, "CreativeWork"),
            "name": via.name if named else None,
            "publisher": publisher or (None if named else {"name": via.name}),
            "description": str(via),
            "associatedMedia": recording(via.media),
        }
    )


# A record by itself


def described(record: Speaker | Organisation | Outlet | Article, url_of: UrlOf, page: str) -> dict:
    """A record as its quotes describe it, with its other names and the address of its page."""
    match record:
        case Speaker():
            node = agent(record, url_of)
        case Organisation():
            node = organisation(record, url_of)
        case Outlet():
            node = publication(record, url_of) | rights(record.rights, record.license)
        case Article():
            node = printed_in(record, url_of)
    names = getattr(record, "aliases", None)
    more = {"@context": CONTEXT, "alternateName": names, "mainEntityOfPage": page}
    return without_empty(node | more)


# Corrections


def corrections(quote: Quote, history: StatusHistory, url_of: UrlOf) -> list[dict]:
    """Curators' remarks, and the quote that replaces this one."""
    verdict = history.verdict(quote.status)
    remarks = [{"text": verdict}] if verdict else []
    remarks += [{"text": one["note"], "datePublished": one["when"]} for one in history.corrections]
    comments = [{"@type": "CorrectionComment", **without_empty(one)} for one in remarks]
    if history.replaced_by:
        url = url_of("quote", history.replaced_by)
        comments.append({"@type": "Quotation", "@id": url, "url": url})
    return comments

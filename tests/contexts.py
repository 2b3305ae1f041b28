"""JSON-LD contexts for tests: the terms that On Record uses, and the IRI that each stands for.

The real ones are on the web, where no test goes. A term that is not listed here is dropped by
expansion, so that a test which counts them notices a word that was made up.
"""

from pyld import jsonld

SCHEMA = "http://schema.org/"
OA = "http://www.w3.org/ns/oa#"
XSD = "http://www.w3.org/2001/XMLSchema#"

_schema_types = """
    CorrectionComment CreativeWork EntryPoint NewsArticle NewsMediaOrganization Organization Person
    Quotation SearchAction SocialMediaPosting WebSite
"""
_schema_values = """
    alternateName author affiliation citation copyrightNotice correction creativeWorkStatus
    creator description headline identifier inLanguage jobTitle name potentialAction publisher
    query-input spokenByCharacter target text urlTemplate version
"""
_schema_links = "archivedAt isBasedOn license mainEntityOfPage sameAs url"
_schema_dates = "dateCreated datePublished sdDatePublished"
_oa_types = """
    Annotation SpecificResource TextPositionSelector TextQuoteSelector TextualBody TimeState
    assessing describing highlighting identifying
"""

CONTEXTS = {
    "https://schema.org": {
        **{name: f"{SCHEMA}{name}" for name in (_schema_types + _schema_values).split()},
        **{name: {"@id": f"{SCHEMA}{name}", "@type": "@id"} for name in _schema_links.split()},
        **{
            name: {"@id": f"{SCHEMA}{name}", "@type": f"{SCHEMA}Date"}
            for name in _schema_dates.split()
        },
    },
    "http://www.w3.org/ns/anno.jsonld": {
        "id": "@id",
        "type": "@type",
        **{name: f"{OA}{name}" for name in _oa_types.split()},
        "body": {"@id": f"{OA}hasBody", "@type": "@id"},
        "target": {"@id": f"{OA}hasTarget", "@type": "@id"},
        "source": {"@id": f"{OA}hasSource", "@type": "@id"},
        "selector": {"@id": f"{OA}hasSelector", "@type": "@id"},
        "state": {"@id": f"{OA}hasState", "@type": "@id"},
        "motivation": {"@id": f"{OA}motivatedBy", "@type": "@vocab"},
        "purpose": {"@id": f"{OA}hasPurpose", "@type": "@vocab"},
        "exact": f"{OA}exact",
        "prefix": f"{OA}prefix",
        "suffix": f"{OA}suffix",
        "start": {"@id": f"{OA}start", "@type": f"{XSD}nonNegativeInteger"},
        "end": {"@id": f"{OA}end", "@type": f"{XSD}nonNegativeInteger"},
        "sourceDate": {"@id": f"{OA}sourceDate", "@type": f"{XSD}dateTime"},
        "cached": {"@id": f"{OA}cachedSource", "@type": "@id"},
        "value": "http://www.w3.org/1999/02/22-rdf-syntax-ns#value",
        "format": "http://purl.org/dc/elements/1.1/format",
        "created": {"@id": "http://purl.org/dc/terms/created", "@type": f"{XSD}dateTime"},
        "modified": {"@id": "http://purl.org/dc/terms/modified", "@type": f"{XSD}dateTime"},
    },
}


def expanded(document: dict) -> dict:
    """The one node of a JSON-LD document, expanded without a network; no term may be unknown."""
    context = CONTEXTS[document["@context"]]
    assert terms(document) - {"@context", "@id", "@type"} <= context.keys()
    (node,) = jsonld.expand(document, {"documentLoader": load})
    return node


def terms(part) -> set[str]:
    """The names of all members, and of all types."""
    if isinstance(part, list):
        return set().union(*map(terms, part))
    if not isinstance(part, dict):
        return set()
    kinds = {part[name] for name in ("@type", "type", "purpose", "motivation") if name in part}
    return {*part, *kinds}.union(*map(terms, part.values()))


def load(url: str, options: dict) -> dict:
    """In the place of a loader that asks the web."""
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": {"@context": CONTEXTS[url]},
    }


def values(node: dict, iri: str) -> list:
    """What an expanded node says of a property: values, ids, or nodes."""
    return [one.get("@value", one if len(one) > 1 else one.get("@id")) for one in node.get(iri, [])]

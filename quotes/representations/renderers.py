"""Renderers: each representation with its media type, its `?format=` name and OpenAPI schema."""

from rest_framework import renderers

from quotes.representations.annotation import CONTEXT, annotation
from quotes.representations.bibtex import bibtex
from quotes.representations.csl import csl
from quotes.representations.jsonld import quotation
from quotes.representations.prov import provenance


def an_object(text: str, *required: str) -> dict:
    return {
        "type": "object",
        "description": text,
        "properties": {name: {} for name in required},
        "required": list(required),
        "additionalProperties": True,
    }


class Quotation(renderers.JSONRenderer):
    media_type = "application/ld+json"
    format = "jsonld"
    represent = staticmethod(quotation)
    schema = an_object("A schema.org `Quotation`.", "@context", "@type", "@id", "text", "isBasedOn")


class Annotation(renderers.JSONRenderer):
    media_type = f'application/ld+json; profile="{CONTEXT}"'
    format = "annotation"
    represent = staticmethod(annotation)
    schema = an_object("A W3C Web Annotation.", "@context", "id", "type", "target")


class Provenance(renderers.JSONRenderer):
    """PROV-JSON, which has no registered media type.

    `application/prov+json` is what services that negotiate PROV-JSON commonly use; its suffix
    (RFC 6839) says that it is JSON. `application/json` already means the API's own form.
    """

    media_type = "application/prov+json"
    format = "prov"
    represent = staticmethod(provenance)
    schema = an_object("PROV-JSON.", "prefix", "entity", "activity", "wasDerivedFrom")


class CSL(renderers.JSONRenderer):
    media_type = "application/vnd.citationstyles.csl+json"
    format = "csl"
    represent = staticmethod(csl)
    schema = {"type": "array", "items": an_object("An item of CSL-JSON.", "id", "type", "note")}


class BibTeX(renderers.BaseRenderer):
    media_type = "application/x-bibtex"
    format = "bibtex"
    represent = staticmethod(bibtex)
    schema = {"type": "string", "description": "One BibTeX entry."}

    def render(self, data, accepted_media_type=None, renderer_context=None) -> bytes:
        return data.encode()


REPRESENTATIONS = [Quotation, Annotation, Provenance, CSL, BibTeX]

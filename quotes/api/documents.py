"""Articles sent as documents: parsing by media type, conversion, validation as a filing."""

from http import HTTPStatus

from drf_spectacular.types import OpenApiTypes
from rest_framework import exceptions, parsers

from quotes.api.filing_serializers import FilingSerializer
from quotes.filing import Refused
from sources.api.bodies import read_body
from sources.api.endpoints import query_parameter
from sources.exceptions import BadParameter, nearest_of, true_or_false
from sources.intake import MEDIA_TYPES, Conversion, Document, NotConverted, Unknown, convert
from sources.intake.formats import FORMATS, media_type_of

MAX_FILING_BYTES = 5 * 1024 * 1024
"""Of an article that is sent, as JSON or as a document."""

GIVEN = ("outlet", "external_id", "language", "propose")
"""Query parameters for what a document does not say; they win over what it says."""

PARAMETERS = [
    query_parameter("outlet", "Id, slug or name, if the document names none.", "Radio Skerrow"),
    query_parameter("external_id", "Your own id of the article.", "cms-4711"),
    query_parameter("language", "Language of the text, if the document does not say.", "en"),
    query_parameter(
        "propose",
        "With `true`, quotes that are found in the text are added as proposals. Not with JSON of "
        "ours, which has a member for it.",
        True,
        type="boolean",  # without a default, which clients would send
    ),
    query_parameter(
        "format",
        "Format of a document sent as `application/json` or `application/xml`.",
        "ninjs",
        enum=sorted(FORMATS),
    ),
]

PARAMETERS_OF_DOCUMENTS = {*GIVEN, "format"}

REQUESTS = dict.fromkeys(MEDIA_TYPES, OpenApiTypes.STR)
"""Schemas of documents, by media type, for the OpenAPI document."""


class DocumentParser(parsers.BaseParser):
    """Keeps a document as it was sent, if the view takes its media type."""

    media_type = "*/*"

    def parse(self, stream, media_type=None, parser_context=None):
        view, request = parser_context["view"], parser_context["request"]
        kind, charset = read_media_type(media_type)
        if asked := request.query_params.get("format"):
            if asked not in FORMATS:
                fault = f"There is no format “{asked[:60]}”. {nearest_of(asked, FORMATS)}"
                raise BadParameter({"format": [fault]})
            kind = FORMATS[asked]
        if kind not in MEDIA_TYPES:
            raise UnsupportedDocument(kind)
        return Document(read_body(stream, view.most_bytes), kind, charset)


def read_media_type(given: str | None) -> tuple[str, str | None]:
    """The type and the character set that a `Content-Type` names."""
    kind, *parameters = (given or "").split(";")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return kind.strip().lower(), value.strip().strip('"')[:40] or None
    return kind.strip().lower(), None


class TakesDocuments:
    """Endpoints whose POST takes documents, beside our JSON."""

    def parameters(self) -> set[str]:
        more = PARAMETERS_OF_DOCUMENTS if self.action == "create" else set()
        return super().parameters() | more

    def get_parsers(self):
        request = self.request
        if request is None or self.action_map.get(request.method.lower()) != "create":
            return super().get_parsers()
        # What `format` names is not our own JSON, whatever its media type.
        usual = [] if "format" in request.GET else super().get_parsers()
        return [*usual, DocumentParser()]


class UnsupportedDocument(exceptions.UnsupportedMediaType):
    def __init__(self, kind: str, detail: str | None = None):
        known = ", ".join(("application/json", *MEDIA_TYPES))
        super().__init__(kind, detail or f"“{kind[:80]}” is not taken here. Send {known}.")


FILING_MEMBERS = ("text", "html", "quotes")
"""Members of JSON, one of which makes it a filing."""


def media_type_of_file(name: str, body: bytes) -> str | None:
    """The media type of a file with an article; None if it is a filing."""
    return media_type_of(name, body, ours=FILING_MEMBERS)


def read_given(parameters: dict[str, str]) -> dict:
    """What query parameters add to a document, by the name of a field. Raises BadParameter."""
    given = {name: parameters[name] for name in GIVEN if name in parameters}
    if "propose" in given:
        given["propose"] = true_or_false("propose", given["propose"])
    return given


def read_sent(sent, parameters: dict[str, str]) -> dict:
    """Return the validated filing of a request: of its JSON, or of its document. Raises Refused."""
    given = read_given(parameters)
    if isinstance(sent, Document):
        return read_conversion(converted(sent), given)
    if given:
        raise BadParameter({name: ["Write it in the JSON itself."] for name in given})
    return FilingSerializer.read(sent)


def converted(document: Document) -> Conversion:
    """Convert a document. Raises Refused, or UnsupportedDocument for one of no known kind."""
    try:
        return convert(document)
    except Unknown as unknown:
        raise UnsupportedDocument(document.media_type, str(unknown)) from unknown
    except NotConverted as refusal:
        raise Refused([{"pointer": "", "message": str(refusal)}]) from refusal


def read_conversion(conversion: Conversion, given: dict) -> dict:
    """Return the validated filing of a converted document, completed by `given`.

    A particular that a filing would not take is left out, and a warning says so. Raises Refused.
    """
    if conversion.status == "canceled":
        message = "This document cancels its article. Withdraw it: POST articles/{id}/withdraw/."
        raise Refused([{"pointer": "", "message": message}], HTTPStatus.CONFLICT)
    filing = conversion.filing | given
    try:
        data = FilingSerializer.read(filing)
    except Refused as refusal:
        faults = {fault["pointer"].split("/")[1]: fault["message"] for fault in refusal.faults}
        if faults.keys() & {"text", *given}:
            raise
        for name, message in faults.items():
            conversion.warnings.append(f"The document’s {name} was left out: {message}")
        data = FilingSerializer.read({n: v for n, v in filing.items() if n not in faults})
    # Without a time, a withheld article is withheld until a curator says otherwise.
    withheld = conversion.status == "withheld" and not conversion.embargo_until
    return data | {"document": conversion} | ({"withheld": True} if withheld else {})

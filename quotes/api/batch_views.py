"""The endpoint `articles/batch/`: many filings in one request, an outcome for each."""

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice

from django.db import InterfaceError, OperationalError
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions, parsers, serializers, status

from quotes.api.bulk_filing import Batch, Line, Outcome, batches, file_lines
from quotes.api.documents import GIVEN, PARAMETERS, read_given, read_media_type
from quotes.api.filed_serializers import OUTCOMES
from quotes.filing import Filer, Refused
from sources.api.bodies import CHUNK_BYTES, discard_rest
from sources.api.endpoints import Endpoint
from sources.api.idempotency import idempotent
from sources.api.responses import LINES, RenderedLines
from sources.exceptions import BadParameter, BodyTooLarge
from sources.intake import FEEDS, Document, NotConverted, convert_feed
from sources.ledger.actor import audit_context, current_context
from sources.models import Article

MAX_LINES = 1_000
MAX_BYTES = 64 * 1024 * 1024
"""Of a request, unpacked."""

LINES_AT_ONCE = 100
"""Lines of a transaction, and of a part of the answer."""

ADDED = tuple(name for name in GIVEN if name != "external_id")
"""Query parameters for what each entry of a feed does not say."""


class BatchParser(parsers.BaseParser):
    """Reads a batch whole, unpacked if it is sent in gzip."""

    media_type = "*/*"

    def parse(self, stream, media_type=None, parser_context=None):
        kind, charset = read_media_type(media_type)
        if kind not in (LINES, *FEEDS):
            detail = f"“{kind[:80]}” is not taken here. Send {', '.join((LINES, *FEEDS))}."
            raise exceptions.UnsupportedMediaType(kind, detail)
        coding = parser_context["request"].headers.get("Content-Encoding", "identity").lower()
        if coding not in ("identity", "gzip"):
            detail = f"The coding “{coding[:80]}” is not taken here. Send gzip, or none."
            raise exceptions.UnsupportedMediaType(coding, detail)
        body = read_all(stream, is_packed=coding == "gzip")
        return Document(body, kind, charset)


def read_all(stream, *, is_packed: bool) -> bytes:
    """Read at most `MAX_BYTES`, unpacked. Raises BodyTooLarge, ParseError."""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if is_packed else None
    parts, left = [], MAX_BYTES
    while left >= 0 and (chunk := stream.read(CHUNK_BYTES)):
        try:
            part = unpack.decompress(chunk, left + 1) if unpack else chunk
        except zlib.error as error:
            raise exceptions.ParseError(f"The body is not gzip: {error}.") from error
        parts.append(part)
        left -= len(part)
    if left < 0:
        discard_rest(stream)
        raise BodyTooLarge(f"The batch is larger than {MAX_BYTES // 1024 // 1024} MiB, unpacked.")
    if unpack and not unpack.eof:
        raise exceptions.ParseError("The body ends before its gzip does. Send it whole.")
    return b"".join(parts)


class FiledSerializer(serializers.Serializer):
    """The article that a line was filed as."""

    id = serializers.UUIDField()
    outcome = serializers.ChoiceField(choices=OUTCOMES)


class FaultSerializer(serializers.Serializer):
    """What is wrong with a line. Some faults have further members."""

    pointer = serializers.CharField(help_text="JSON pointer into the line.")
    message = serializers.CharField()


class LineOutcomeSerializer(serializers.Serializer):
    """One line of the answer: what became of one line of the request."""

    line = serializers.IntegerField(help_text="From 1; the number of the entry, in a feed.")
    status = serializers.IntegerField(help_text="As the line by itself would be answered.")
    article = FiledSerializer(required=False, help_text="Only if it was filed.")
    errors = FaultSerializer(many=True, required=False, help_text="Only if it was refused.")


class ArticleBatch(Endpoint):
    """`articles/batch/`: many filings at once."""

    http_method_names = ("post", "options")
    queryset = Article.objects.all()
    serializer_class = LineOutcomeSerializer
    operation_ids = {"create": "fileArticles"}
    has_location = False
    parser_classes = (BatchParser,)
    is_streamed = True

    def parameters(self) -> set[str]:
        return set(ADDED)

    @extend_schema(
        parameters=[one for one in PARAMETERS if one.name in ADDED],
        request=dict.fromkeys((LINES, *FEEDS), OpenApiTypes.STR),
        responses={(200, LINES): OpenApiResponse(LineOutcomeSerializer)},
    )
    @idempotent
    def create(self, request):
        """File up to 1,000 articles.

        Each line of the body is a filing in JSON, as for `articles/`. The answer has a line for
        each, in the same order. A line is filed whole or refused; the others are filed all the
        same. Or send a feed in RSS or Atom: each entry with its full text is a filing. `gzip` is
        accepted.

        Lines that are filed stay filed if the connection breaks. Send the batch again: what is on
        record is `unchanged`. With an `Idempotency-Key` all lines are one transaction, and the
        answer comes when it is complete.
        """
        given = read_given(request.query_params)
        lines = lines_of(request.data, given)
        filing = BatchFiling(Filer.of(request.user), given)
        if "Idempotency-Key" in request.headers:
            return RenderedLines("".join(filing.answers(lines)))
        return StreamingHttpResponse(filing.answers(lines), content_type=LINES)


def lines_of(sent, given: dict) -> list[tuple[Line, int]]:
    """The lines of a batch. Raises BodyTooLarge for too many, Refused for what is no feed."""
    if not isinstance(sent, Document):  # an empty body, which no parser is asked for
        return []
    if sent.media_type in FEEDS:
        try:
            lines = [(entry, 0) for entry in islice(convert_feed(sent), MAX_LINES + 1)]
        except NotConverted as refusal:
            raise Refused([{"pointer": "", "message": str(refusal)}]) from refusal
    elif given:
        raise BadParameter({name: ["Write it in each line."] for name in given})
    else:
        if sent.body.count(b"\n") > MAX_LINES:
            raise too_many()
        lines = [(line, 0) for line in sent.body.splitlines()]
    if len(lines) > MAX_LINES:
        raise too_many()
    return lines


def too_many() -> BodyTooLarge:
    return BodyTooLarge(f"The batch has more than {MAX_LINES:,} lines. Send several batches.")


class BatchFiling:
    """Files a batch while the answer is sent, as the user and for the request that sent it."""

    def __init__(self, filer: Filer, given: dict):
        self.filer, self.given = filer, given
        self.context = current_context()

    def answers(self, lines: Iterable[tuple[Line, int]]) -> Iterator[str]:
        for batch in batches(lines, size=LINES_AT_ONCE):
            yield "".join(map(as_line, self.file(batch)))

    def file(self, batch: Batch) -> list[Outcome]:
        # The middleware's context has ended when the answer is streamed.
        try:
            with audit_context(**asdict(self.context)):
                return file_lines(batch.lines, filer=self.filer, given=self.given)
        except (OperationalError, InterfaceError):
            message = "The database cannot be reached or took too long. Send this line again."
            errors = [{"pointer": "", "message": message}]
            code = status.HTTP_503_SERVICE_UNAVAILABLE
            return [Outcome(number, code, errors=errors) for number, _ in batch.lines]


def as_line(outcome: Outcome) -> str:
    said = {"line": outcome.line, "status": int(outcome.status)}
    if outcome.filed:
        said["article"] = outcome.filed
    if outcome.errors:
        said["errors"] = outcome.errors
    return f"{json.dumps(said, ensure_ascii=False, default=str)}\n"

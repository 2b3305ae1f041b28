"""The endpoint `quotes/export/`, and what all exports share."""

from collections.abc import Collection
from urllib.parse import urlencode

from django.db import models
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.throttling import BaseThrottle

from quotes.api.filters import QuoteFilters
from quotes.api.serializers import QuoteSerializer
from quotes.api.views import Quotes
from quotes.exports.compression import CODINGS, negotiate_coding
from quotes.exports.export import Export, ExportStream
from quotes.exports.formats import FORMATS, Format
from quotes.exports.matches import Matches
from quotes.exports.rows import NUMBER, SHAPES, Fields, statement
from quotes.exports.tables import MORE_OF_QUOTES, selected, shapes
from quotes.models import Quote
from quotes.representations.json import columns, quotes_url
from quotes.search.highlight import MATCHES
from sources.api.endpoints import Endpoint, query_parameter
from sources.api.fields import AN_ID
from sources.api.orderings import both_ways
from sources.api.responses import link_header
from sources.exceptions import BadParameter, nearest_of
from sources.history.past_tables import tables_are_of
from sources.models.ids import as_uuid


class PositionSerializer(serializers.Serializer):
    """The position in the ledger; two equal positions mean that nothing changed in between."""

    after = serializers.CharField(help_text="For `changes/?after=`, which tells what came since.")
    unsettled = serializers.IntegerField(
        help_text="Changes seen that come after it, and that `changes/` will tell of all the same."
    )


class AccessSerializer(serializers.Serializer):
    """With whose rights the export was made: others may see more or less."""

    user = serializers.CharField(allow_null=True, help_text="Null: without a token.")
    groups = serializers.ListField(child=serializers.CharField())
    sees_all = serializers.BooleanField(help_text="Also of what is not public.")


@extend_schema_serializer(many=False)
class ManifestSerializer(serializers.Serializer):
    """Describes an export, so that it can be cited and checked."""

    query = serializers.DictField(
        child=serializers.CharField(), help_text="Each parameter as it was understood."
    )
    as_of = serializers.DateTimeField(
        allow_null=True, help_text="The time that the rows are of, if it is not `generated`."
    )
    access = AccessSerializer()
    citation = serializers.CharField(help_text="A sentence to cite the export by.")
    url = serializers.URLField(help_text="Of the export.")
    generated = serializers.DateTimeField()
    format = serializers.ChoiceField(choices=list(FORMATS))
    rows = serializers.IntegerField()
    bytes = serializers.IntegerField(help_text="Before any content coding.")
    sha256 = serializers.CharField(help_text="Of these bytes, in hexadecimal digits.")
    schema_version = serializers.CharField()
    ledger = PositionSerializer()
    escaped = serializers.CharField(
        allow_null=True, help_text="What was done to texts for spreadsheets; null: nothing."
    )
    resumed_after = serializers.UUIDField(allow_null=True)
    complete = serializers.BooleanField(help_text="True: what is not whole has no manifest.")


MANIFESTS = {"false", "true", "bundle"}

HEADERS = [  # name, always sent, description
    ("X-Export-Generated", True, "Time of the export (RFC 3339)."),
    ("X-Export-Schema", True, "Version of the columns."),
    ("X-Export-Ledger", True, "Position in the change feed, for `changes/?after=`."),
    ("Content-Disposition", False, "Name of the file; not with `manifest=true`."),
    ("Link", False, 'URL of the manifest, as `rel="describedby"`; not with `manifest=true`.'),
]


def parameters_of(orderings: list[str], usual: str, fields: Collection[str], example: str) -> list:
    """The parameters of an export, and its headers."""
    return [
        query_parameter("format", "File format.", "csv", required=True, enum=list(FORMATS)),
        query_parameter(
            "ordering",
            "Order of the rows. Unknown dates come last in descending order.",
            orderings[-1],
            enum=orderings,
            default=usual,
        ),
        query_parameter(
            "cursor",
            "Continue after this record: the id in the last complete row of a download that broke "
            "off. Use the same ordering.",
            AN_ID,
            format="uuid",
        ),
        query_parameter(
            "fields",
            "Columns to export, separated by commas. `all`: every one, also "
            f"{', '.join(fields)}, which are left out by default."
            if fields
            else "Columns to export, separated by commas.",
            example,
        ),
        query_parameter(
            "manifest",
            "`true`: return the manifest instead of the file. `bundle`: a zip archive of both.",
            "true",
            enum=sorted(MANIFESTS),
            default="false",
        ),
        *(
            OpenApiParameter(
                name, str, "header", response=[200], required=required, description=text
            )
            for name, required, text in HEADERS
        ),
    ]


RESPONSES = {
    **{
        (200, form.media_type.partition(";")[0]): OpenApiResponse(
            OpenApiTypes.BINARY if form.is_compressed else OpenApiTypes.STR
        )
        for form in FORMATS.values()
    },
    (200, "application/zip"): OpenApiTypes.BINARY,
    (200, "application/json"): ManifestSerializer,
}


class RecordExport(Endpoint):
    """Every record that matches, as one file.

    A subclass declares the plural of its `records`, the `table` that rows are read from, its
    `fields`, the `usual_fields` of an export that does not ask for others, and `listed`.
    """

    http_method_names = ("get", "head", "options")
    is_streamed = True
    pagination_class = None
    list_parameters = ("format", "ordering", "cursor", "fields", "manifest", "as_of")
    records: str
    table: str
    fields: Fields
    usual_fields: Fields
    matches: Matches | None = None

    def listed(self, names: list[str]) -> tuple[str, list]:
        """Return SQL and parameters that select these fields of a row `p`."""
        raise NotImplementedError

    def found(self) -> models.QuerySet:
        """Return the records that match."""
        return self.filter_queryset(self.get_queryset())

    def exported(self) -> StreamingHttpResponse:
        request, form = self.request, self.form()
        manifest = self.one_of("manifest", MANIFESTS, "false")
        ordering = self.one_of("ordering", both_ways(self.orderings), self.default_ordering)
        column = self.orderings[ordering.lstrip("-")]
        with self.tables():
            found = self.found()
            fields = self.asked_fields()
            listed, values = self.listed(list(fields))
            matches = self.matches if MATCHES in fields else None
            export = Export(
                self.records,
                form,
                fields,
                query=self.understood(ordering),
                url=self.url(),
                after=request.query_params.get("cursor"),
                access=self.access(),
                owner=self.owner(),
                at=tables_are_of(),
                matches=matches,
            )
            select = statement(
                found,
                table=self.table,
                column=column,
                descending=ordering.startswith("-"),
                after=self.after(column),
                line=form.line(matches.marked(fields) if matches else fields),
                listed=listed,
                values=values,
            )
        media_type, pack, coding = form.media_type, None, None
        match manifest:
            case "true":
                media_type, pack = "application/json", export.manifest
            case "bundle":
                media_type, pack = "application/zip", export.bundle
            case _ if not form.is_compressed:
                coding = negotiate_coding(request.headers.get("Accept-Encoding", ""))
                pack = CODINGS.get(coding)
        headers = {"Vary": "Authorization, Accept-Encoding", "Cache-Control": "private, no-store"}
        if coding:
            headers["Content-Encoding"] = coding
        if manifest != "true":
            headers |= link_header(describedby=self.url(manifest="true"))
        if request.method == "HEAD":
            # Streamed, so that no Content-Length says that the file is empty
            stream = ()
            export.take_position()
        else:
            stream = ExportStream(export.file(*select), form.broken, pack)
        if manifest != "true":
            name = export.file_name if manifest == "false" else f"{export.file_name}.zip"
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        headers |= export.headers()
        return StreamingHttpResponse(stream, content_type=media_type, headers=headers)

    # Parameters

    def form(self) -> Format:
        if "format" not in self.request.query_params:
            raise BadParameter({"format": [f"Required. Choose one of {', '.join(FORMATS)}."]})
        return FORMATS[self.one_of("format", FORMATS)]

    def one_of(self, name: str, known, usual: str | None = None) -> str:
        value = self.request.query_params.get(name, usual)
        if value not in known:
            fault = f"There is no {name} “{value[:60]}”. {nearest_of(value, known)}"
            raise BadParameter({name: [fault]})
        return value

    def asked_fields(self) -> Fields:
        match self.request.query_params.get("fields"):
            case None:
                return self.usual_fields
            case "all":
                return self.fields
        return {name: self.fields[name] for name in self.requested_fields(list(self.fields))}

    def after(self, column: str) -> tuple | None:
        """The key (sort value, id) of the record in `cursor`: the download resumes after it."""
        if (asked := self.request.query_params.get("cursor")) is None:
            return None
        if (key := as_uuid(asked)) is None:
            fault = "Not an id. Send the id of the last complete row that you have."
            raise BadParameter({"cursor": [fault]})
        seen = self.get_queryset().filter(pk=key)
        if (position := seen.values_list(column, "pk").first()) is None:
            fault = "This record no longer exists. Send the id of the row before it."
            raise BadParameter({"cursor": [fault]})
        return position

    def understood(self, ordering: str) -> dict[str, str]:
        """Every parameter by name, defaults included."""
        given = {
            name: value
            for name, value in self.request.query_params.items()
            if name not in ("manifest", "cursor")
        }
        if "sample" in given:
            given.setdefault("seed", "0")
        return dict(sorted({**given, "ordering": ordering}.items()))

    def access(self) -> dict:
        """With whose rights the export is made."""
        user = self.request.user
        return {
            "user": user.get_username() or None,
            "groups": sorted(user.groups.values_list("name", flat=True)) if user.pk else [],
            "sees_all": self.may_see_all(),
        }

    def owner(self) -> str:
        """Who may have one export at a time: the user, or the address of an anonymous client."""
        if self.request.user.pk:
            return f"of user {self.request.user.pk}"
        return f"for {BaseThrottle().get_ident(self.request)}"

    def url(self, **others: str) -> str:
        """The URL of this export; of its file, unless `manifest` is given."""
        given = self.request.query_params.dict()
        given.pop("manifest", None)
        path = self.request.build_absolute_uri(self.request.path)
        return f"{path}?{urlencode(sorted({**given, **others}.items()))}"


class QuoteExport(RecordExport):
    """`quotes/export/`: every quote that matches, as one file."""

    queryset = Quote.objects.all()
    serializer_class = QuoteSerializer
    operation_ids = {"list": "exportQuotes"}
    filterset_class = QuoteFilters
    see_all_permission = Quotes.see_all_permission
    orderings = Quotes.orderings
    default_ordering = Quotes.default_ordering
    list_parameters = ("format", "ordering", "cursor", "fields", "manifest")
    records, table = "quotes", "quotes_public"
    usual_fields = SHAPES
    fields = SHAPES | shapes(MORE_OF_QUOTES)

    def get_queryset(self):
        return Quote.objects.visible_to(self.request.user)

    def listed(self, names):
        listed, values = columns(names, quotes_url(self.request))
        known = MORE_OF_QUOTES | ({MATCHES: self.matches.column} if self.matches else {})
        more = {name: column for name, column in known.items() if name in names}
        return ", ".join(filter(None, [listed, selected(more)])), values

    def found(self):
        found = self.filter_queryset(
            Quote.objects.all() if self.may_see_all() else Quote.objects.public()
        )
        if found.search:
            self.matches = Matches(found.search, self.form().cell)
            self.fields = self.fields | {MATCHES: [[NUMBER]]}
        return found

    @extend_schema(
        parameters=parameters_of(
            both_ways(Quotes.orderings),
            Quotes.default_ordering,
            [*MORE_OF_QUOTES, f"and with a search {MATCHES}"],
            "id,text,speaker,published_from",
        ),
        responses=RESPONSES,
    )
    def list(self, request):
        """Export quotes as CSV, NDJSON or Parquet.

        Streams every quote that matches the filters. Each line of NDJSON is a quote as in
        `quotes/`, with `before` and `after` in `corrections` as text. `Accept-Encoding: zstd` or
        `gzip` compresses the download; Parquet is compressed already. With `manifest=true` the
        answer describes the file, so that it can be cited.
        """
        return self.exported()

    def understood(self, ordering):
        given = super().understood(ordering)
        statuses = set(Quote.Status.values)
        if "id" not in given:
            statuses -= {Quote.Status.RETRACTED}
        if "status" in given:
            statuses = {status.strip() for status in given["status"].split(",")}
        if not self.may_see_all():
            statuses &= set(Quote.PUBLIC)
        return dict(sorted((given | {"status": ",".join(sorted(statuses))}).items()))

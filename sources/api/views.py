"""Endpoints of outlets, organisations, speakers, affiliations and snapshots."""

import re

from django.http import Http404
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from sources.api.article_serializers import SnapshotSerializer
from sources.api.endpoints import AS_OF, FORMAT, Endpoint, Resource, as_of
from sources.api.filtersets import (
    AffiliationFilters,
    FactFilters,
    OrganisationFilters,
    OutletFilters,
    SpeakerFilters,
)
from sources.api.idempotency import idempotent
from sources.api.serializers import (
    AffiliationSerializer,
    DistinguishSerializer,
    FactSerializer,
    MergedRecordSerializer,
    MergeSerializer,
    OrganisationSerializer,
    OutletSerializer,
    ReasonSerializer,
    SpeakerSerializer,
)
from sources.exceptions import BadParameter
from sources.history.as_of import all_distinct_from_as_of, survivor_as_of
from sources.identity import merging
from sources.models import Affiliation, Article, Fact, Organisation, Outlet, Snapshot, Speaker
from sources.models.articles import READ_FULL_TEXT

# Outlets, organisations, speakers


class MergeableResource(Resource):
    """Records that can be merged. Lists leave out merged ones, whose ids redirect."""

    def get_queryset(self):
        queryset = super().get_queryset()
        return queryset.active() if self.action == "list" else queryset

    def retrieve(self, request, pk):
        """Get {one}.

        Returns the record as it is now, or as it was at the time `as_of`. The id of a merged record
        redirects to the record that it was merged into.
        """
        record, headers = self.get_version()
        if not record.merged_into_id:
            return self.record_response(record, headers=headers)
        asked = request.query_params.get("as_of")
        survivor = survivor_as_of(record, as_of(asked)) if asked else record.survivor
        url = self.reverse_action("detail", args=[survivor.pk])
        query = request.META.get("QUERY_STRING")
        headers = {
            "Location": f"{url}?{query}" if query else url,
            "ETag": f'"{record.version}"',
            "Cache-Control": "private, no-cache",  # a merge can be undone
        }
        body = MergedRecordSerializer(
            {"id": record.pk, "merged_into": survivor.pk, "version": record.version}
        )
        return Response(body.data, status=status.HTTP_301_MOVED_PERMANENTLY, headers=headers)

    def get_unchanged(self):
        """Lock and return the record. Raises Conflict if it is merged, except to unmerge."""
        if self.action != "unmerge":
            merging.refuse_if_merged(self.get_object())
        record = super().get_unchanged()
        if self.action != "unmerge":
            merging.refuse_if_merged(record)
        return record

    @action(detail=True, methods=["post"])
    @idempotent
    def merge(self, request, pk):
        """Merge {one} into another.

        Everything that refers to this record then refers to the other one, which gains what it
        lacks: names as aliases, identifiers. The id redirects. With `preview` nothing is changed:
        the answer says what would move. A merge can be undone.
        """
        body = self.validated_body(MergeSerializer)
        is_preview = body["preview"]
        if not is_preview:
            merging.lock_to_move(self.get_object(), body["into"])
        record = self.get_unchanged()
        merge = (
            merging.preview(record, body["into"])
            if is_preview
            else merging.merge(record, body["into"], body.get("reason"))
        )
        return self.merge_response(merge, closed=merge.closed, preview=is_preview)

    @action(detail=True, methods=["post"])
    @idempotent
    def unmerge(self, request, pk):
        """Undo the merge of {one}.

        Use the id of the merged record, and its version as `If-Match`. Everything that the merge
        moved is moved back, except what has been moved again since.
        """
        body, record = self.validated_body(ReasonSerializer), self.get_object()
        if record.merged_into_id:
            merging.lock_to_move(record, record.merged_into)
        return self.merge_response(merging.unmerge(self.get_unchanged(), body.get("reason")))

    def merge_response(self, merge: merging.Merge, **more) -> Response:
        """Return what a merge or its undo moved, with the record as it is now."""
        return Response({**self.merge_data(merge), **more})

    def merge_data(self, merge: merging.Merge) -> dict:
        return {"record": self.get_serializer(merge.record).data, "moved": merge.moved}


class NamedResource(MergeableResource):
    """Records with names: found by parts of them; two that are alike can be marked as distinct."""

    best_first = ("relevance",)

    def get_queryset(self):
        return super().get_queryset().with_all_distinct_from()

    def get_listed(self):
        """All that the list may show; what is searched for comes best first."""
        if "q" in self.request.query_params:
            self.default_ordering = "relevance"
        return super().get_listed()

    def parts_of(self, queryset, ordering: str, cursor: dict | None, wanted: int):
        if "q" not in self.request.query_params:
            fault = "Needs a search: add q, or choose another ordering."
            raise BadParameter({"ordering": [fault]})
        return [queryset], {}

    def rows_of(self, page):
        return list(page) if "relevance" in page.query.annotations else super().rows_of(page)

    def complete(self, was, at):
        super().complete(was, at)
        was.all_distinct_from = all_distinct_from_as_of(was, at)

    @action(detail=True, methods=["post"])
    @idempotent
    def distinguish(self, request, pk):
        """Mark {one} as distinct from another.

        The two are no longer suggested as duplicates, however alike their names are.
        """
        body = self.validated_body(DistinguishSerializer)
        merging.lock(self.get_object(), body["other"])
        merging.mark_distinct(self.get_unchanged(), body["other"], body.get("reason"))
        return self.record_response(self.get_object())

    @action(detail=True, methods=["post"])
    @idempotent
    def undistinguish(self, request, pk):
        """Undo marking {one} as distinct.

        The two can be suggested as duplicates, and merged, again.
        """
        body = self.validated_body(DistinguishSerializer)
        merging.lock(self.get_object(), body["other"])
        merging.unmark_distinct(self.get_unchanged(), body["other"], body.get("reason"))
        return self.record_response(self.get_object())

    def merge_data(self, merge):
        return {**super().merge_data(merge), "aliases": merge.aliases}


def merges(view: type[MergeableResource]) -> type[MergeableResource]:
    """Describe for the OpenAPI document the bodies of the operations that merge."""
    model, record = view.queryset.model.__name__, view.serializer_class
    is_named = issubclass(view, NamedResource)
    result = {
        "record": record(),
        "moved": serializers.DictField(
            child=serializers.IntegerField(), help_text="Number of records moved, by kind."
        ),
    }
    if is_named:
        result["aliases"] = serializers.ListField(
            child=serializers.CharField(), help_text="Names that the survivor gains or loses."
        )
    more = {
        "closed": serializers.DictField(
            child=serializers.IntegerField(),
            help_text="Number of records that stay and are closed, by kind: the survivor has the "
            "same.",
        ),
        "preview": serializers.BooleanField(help_text="True if nothing was changed."),
    }
    merged = OpenApiResponse(MergedRecordSerializer, "Merged: `Location` is the surviving record.")
    marks = extend_schema(request=DistinguishSerializer, responses=record)
    return extend_schema_view(
        **(dict.fromkeys(("distinguish", "undistinguish"), marks) if is_named else {}),
        retrieve=extend_schema(responses={200: record, 301: merged}, parameters=[AS_OF, FORMAT]),
        merge=extend_schema(
            request=MergeSerializer,
            responses=inline_serializer(f"{model}Merge", {**result, **more}),
        ),
        unmerge=extend_schema(
            request=ReasonSerializer, responses=inline_serializer(f"{model}Unmerge", result)
        ),
    )(view)


MERGING = ("merge", "unmerge", "distinguish", "undistinguish")


@merges
class Outlets(NamedResource):
    """Publications and broadcasters."""

    queryset = Outlet.objects.all()
    serializer_class = OutletSerializer
    filterset_class = OutletFilters
    orderings = {"name": "name", "created": "created"}
    default_ordering = "name"
    permissions = dict.fromkeys(MERGING, "sources.change_outlet")


@merges
class Organisations(NamedResource):
    """Organisations that speakers speak for."""

    queryset = Organisation.objects.select_related("parent")
    serializer_class = OrganisationSerializer
    filterset_class = OrganisationFilters
    orderings = {"name": "name", "created": "created"}
    default_ordering = "name"
    embedded = ("parent",)
    permissions = dict.fromkeys(MERGING, "sources.change_organisation")


@merges
class Speakers(NamedResource):
    """Persons, organisations and unnamed speakers to whom words are attributed."""

    queryset = Speaker.objects.select_related("organisation")
    serializer_class = SpeakerSerializer
    filterset_class = SpeakerFilters
    orderings = {"name": "name", "created": "created"}
    default_ordering = "name"
    embedded = ("organisation",)
    permissions = dict.fromkeys(MERGING, "sources.change_speaker")

    def get_queryset(self):
        """Lists leave out the speakers of one article alone, unless those are asked for."""
        queryset, asked = super().get_queryset(), self.request.query_params
        named = asked.keys() & {"article", "id"}
        of_one = named or Speaker.Kind.UNNAMED in asked.get("kind", "").split(",")
        return queryset if of_one or self.action != "list" else queryset.shared()


class Affiliations(Resource):
    """Roles of speakers at organisations, with their first and last day."""

    queryset = Affiliation.objects.select_related("speaker", "organisation")
    serializer_class = AffiliationSerializer
    filterset_class = AffiliationFilters
    orderings = {"from": "start_day", "created": "created"}
    default_ordering = "-from"
    embedded = ("speaker", "organisation")
    public_names = {"start": "from", "end": "to"}


class Facts(Resource):
    """Facts about speakers: gender, party and any other, each with its source and its days."""

    queryset = Fact.objects.select_related("speaker")
    serializer_class = FactSerializer
    filterset_class = FactFilters
    orderings = {"key": "key", "created": "created"}
    default_ordering = "key"
    embedded = ("speaker",)
    public_names = {"start": "from", "end": "to"}


SHA256 = OpenApiParameter(
    "sha256",
    {
        "type": "string",
        "pattern": "^[0-9a-f]{64}$",
        "examples": ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    },
    "path",
    description="SHA-256 of the text, in hexadecimal digits.",
)


class Snapshots(Endpoint):
    """Captured texts of articles, for users who may read full text."""

    http_method_names = ("get", "head", "options")
    queryset = Snapshot.objects.all()
    serializer_class = SnapshotSerializer
    lookup_field = "sha256"
    lookup_value_converter = "str"
    permissions = {"retrieve": READ_FULL_TEXT}

    @extend_schema(parameters=[SHA256])
    def retrieve(self, request, sha256: str):
        """Get a captured text.

        The text is exact: its UTF-8 bytes have this SHA-256, unless parts had to be erased.
        Needs the permission to read full text.
        """
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            raise Http404
        articles = Article.objects.visible_to(request.user).order_by()
        copies = self.get_queryset().filter(sha256=sha256, article__in=articles)
        copies = copies.order_by("captured", "id")
        if not (first := copies.first()):
            raise Http404
        first.articles = list(copies.values_list("article", flat=True))
        return Response(self.get_serializer(first).data)

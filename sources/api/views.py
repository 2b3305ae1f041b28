"""The endpoints of outlets, organisations, speakers, affiliations and snapshots."""

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

from sources.api.endpoints import AS_OF, Endpoint, Resource
from sources.api.filtersets import (
    AffiliationFilters,
    OrganisationFilters,
    OutletFilters,
    SpeakerFilters,
)
from sources.api.idempotency import idempotent
from sources.api.serializers import (
    AffiliationSerializer,
    DistinguishSerializer,
    MergedSerializer,
    MergeSerializer,
    OrganisationSerializer,
    OutletSerializer,
    ReasonSerializer,
    SnapshotSerializer,
    SpeakerSerializer,
)
from sources.identity import merging
from sources.models import Affiliation, Organisation, Outlet, Snapshot, Speaker

# Outlets, organisations, speakers


class NamedResource(Resource):
    """Records with names: what one is merged into answers for it, and a list leaves it out."""

    def get_queryset(self):
        queryset = super().get_queryset().with_all_distinct_from()
        return queryset.standing() if self.action == "list" else queryset

    def retrieve(self, request, pk):
        record, headers = self.get_asked()
        if not record.merged_into_id:
            return self.shown(record, headers=headers)
        place = self.reverse_action("detail", args=[record.survivor.pk])
        query = request.META.get("QUERY_STRING")
        headers = {
            "Location": f"{place}?{query}" if query else place,
            "ETag": f'"{record.version}"',
            "Cache-Control": "private, no-cache",  # a merge can be undone
        }
        body = MergedSerializer(
            {"id": record.pk, "merged_into": record.survivor.pk, "version": record.version}
        )
        return Response(body.data, status=status.HTTP_301_MOVED_PERMANENTLY, headers=headers)

    def get_unchanged(self):
        """Likewise, if it stands by itself: `Conflict` names what it was merged into."""
        if self.action != "unmerge":
            merging.refuse_if_merged(self.get_object())
        record = super().get_unchanged()
        if self.action != "unmerge":
            merging.refuse_if_merged(record)
        return record

    @action(detail=True, methods=["post"])
    @idempotent
    def merge(self, request, pk):
        """Have all that points at this record point at another, to which its id then leads.

        Its names become aliases of the other. `preview` says what would move, and changes nothing.
        """
        asked = self.read(MergeSerializer)
        is_preview = asked["preview"]
        if not is_preview:
            merging.lock_to_move(self.get_object(), asked["into"])
        record = self.get_unchanged()
        merge = (
            merging.preview(record, asked["into"])
            if is_preview
            else merging.merge(record, asked["into"], asked.get("reason"))
        )
        return self.told(merge, preview=is_preview)

    @action(detail=True, methods=["post"])
    @idempotent
    def unmerge(self, request, pk):
        """Undo a merge, by the id of the merged record: what it moved goes back.

        What was moved elsewhere since stays there.
        """
        asked, record = self.read(ReasonSerializer), self.get_object()
        if record.merged_into_id:
            merging.lock_to_move(record, record.merged_into)
        return self.told(merging.unmerge(self.get_unchanged(), asked.get("reason")))

    @action(detail=True, methods=["post"])
    @idempotent
    def distinguish(self, request, pk):
        """Remember that this record and another are not one, whatever their names."""
        asked = self.read(DistinguishSerializer)
        merging.lock(self.get_object(), asked["other"])
        merging.mark_distinct(self.get_unchanged(), asked["other"], asked.get("reason"))
        return self.shown(self.get_object())

    @action(detail=True, methods=["post"])
    @idempotent
    def undistinguish(self, request, pk):
        """Take back that this record and another are not one."""
        asked = self.read(DistinguishSerializer)
        merging.lock(self.get_object(), asked["other"])
        merging.unmark_distinct(self.get_unchanged(), asked["other"], asked.get("reason"))
        return self.shown(self.get_object())

    def told(self, merge: merging.Merge, **more) -> Response:
        """What a merge or its undo did, with the record as it is now."""
        record = self.get_serializer(merge.record).data
        told = {"record": record, "moved": merge.moved, "aliases": merge.aliases, **more}
        return Response(told)


def merges(view: type[NamedResource]) -> type[NamedResource]:
    """Say in the OpenAPI document what the operations of `NamedResource` take and answer."""
    of, record = view.queryset.model.__name__, view.serializer_class
    told = {
        "record": record(),
        "moved": serializers.DictField(
            child=serializers.IntegerField(), help_text="How many of each kind."
        ),
        "aliases": serializers.ListField(
            child=serializers.CharField(), help_text="Those that the survivor gains, or loses."
        ),
    }
    preview = {"preview": serializers.BooleanField()}
    moved = OpenApiResponse(MergedSerializer, "It was merged: `Location` is the survivor.")
    return extend_schema_view(
        retrieve=extend_schema(responses={200: record, 301: moved}, parameters=[AS_OF]),
        merge=extend_schema(
            request=MergeSerializer, responses=inline_serializer(f"{of}Merge", {**told, **preview})
        ),
        unmerge=extend_schema(
            request=ReasonSerializer, responses=inline_serializer(f"{of}Unmerge", told)
        ),
        distinguish=extend_schema(request=DistinguishSerializer, responses=record),
        undistinguish=extend_schema(request=DistinguishSerializer, responses=record),
    )(view)


MERGING = ("merge", "unmerge", "distinguish", "undistinguish")


@merges
class Outlets(NamedResource):
    """Publications that print or air."""

    queryset = Outlet.objects.all()
    serializer_class = OutletSerializer
    filterset_class = OutletFilters
    orderings = {"name": "name", "created": "created"}
    default_ordering = "name"
    permissions = dict.fromkeys(MERGING, "sources.change_outlet")


@merges
class Organisations(NamedResource):
    """What speakers speak for."""

    queryset = Organisation.objects.select_related("parent")
    serializer_class = OrganisationSerializer
    filterset_class = OrganisationFilters
    orderings = {"name": "name", "created": "created"}
    default_ordering = "name"
    embedded = ("parent",)
    permissions = dict.fromkeys(MERGING, "sources.change_organisation")


@merges
class Speakers(NamedResource):
    """Whom words are attributed to."""

    queryset = Speaker.objects.select_related("organisation")
    serializer_class = SpeakerSerializer
    filterset_class = SpeakerFilters
    orderings = {"name": "name", "created": "created"}
    default_ordering = "name"
    embedded = ("organisation",)
    permissions = dict.fromkeys(MERGING, "sources.change_speaker")


class Affiliations(Resource):
    """Which role a speaker held at which organisation, from when to when."""

    queryset = Affiliation.objects.select_related("speaker", "organisation")
    serializer_class = AffiliationSerializer
    filterset_class = AffiliationFilters
    orderings = {"from": "start_day", "created": "created"}
    default_ordering = "-from"
    embedded = ("speaker", "organisation")
    public_names = {"start": "from", "end": "to"}


class Snapshots(Endpoint):
    """The exact text of an article as it was captured, for those allowed to read full text."""

    http_method_names = ("get", "head", "options")
    queryset = Snapshot.objects.all()
    serializer_class = SnapshotSerializer
    lookup_field = "sha256"
    lookup_value_converter = "str"
    permissions = {"retrieve": "sources.read_full_text"}

    @extend_schema(parameters=[OpenApiParameter("sha256", str, "path", pattern="^[0-9a-f]{64}$")])
    def retrieve(self, request, sha256: str):
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            raise Http404
        held = self.get_queryset().filter(sha256=sha256).order_by("captured", "id")
        if not (first := held.first()):
            raise Http404
        first.articles = list(held.values_list("article", flat=True))
        return Response(self.get_serializer(first).data)

"""The endpoints of outlets, organisations, speakers, affiliations and snapshots."""

import re

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from sources.api import Endpoint, Resource
from sources.filters import (
    AffiliationFilters,
    OrganisationFilters,
    OutletFilters,
    SpeakerFilters,
)
from sources.models import Affiliation, Organisation, Outlet, Snapshot, Speaker
from sources.serializers import (
    AffiliationSerializer,
    OrganisationSerializer,
    OutletSerializer,
    SnapshotSerializer,
    SpeakerSerializer,
)


class Outlets(Resource):
    """Publications that print or air."""

    queryset = Outlet.objects.all()
    serializer_class = OutletSerializer
    filterset_class = OutletFilters
    orderings = {"name": "name", "created": "created"}
    default_ordering = "name"


class Organisations(Resource):
    """What speakers speak for."""

    queryset = Organisation.objects.select_related("parent")
    serializer_class = OrganisationSerializer
    filterset_class = OrganisationFilters
    orderings = {"name": "name", "created": "created"}
    default_ordering = "name"
    embedded = ("parent",)


class Speakers(Resource):
    """Whom words are attributed to."""

    queryset = Speaker.objects.select_related("organisation")
    serializer_class = SpeakerSerializer
    filterset_class = SpeakerFilters
    orderings = {"name": "name", "created": "created"}
    default_ordering = "name"
    embedded = ("organisation",)


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

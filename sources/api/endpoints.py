"""What every resource of the API is built from: its viewset, its serializer, its references.

Errors, pages, filters, access and entity tags are set for all of them in `config.api`, by way of
the settings; this module holds what a resource inherits.
"""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError as ModelValidationError
from django.db import models, transaction
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.http import http_date
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response

from sources.api.filters import MomentField
from sources.api.idempotency import idempotent
from sources.exceptions import (
    BadParameter,
    Gone,
    PreconditionFailed,
    PreconditionRequired,
    nearest_of,
)
from sources.history.as_of import History, RevisionSerializer, as_they_were, embed
from sources.ledger.actor import set_actor
from sources.models import Revision


class Endpoint(viewsets.GenericViewSet):
    """Operations under one path, each of which refuses the query parameters it does not know.

    `permissions` names the permission of an action where it is not the model's own, `insight` the
    one to know all there is of such a record, if that is not to change it. A list needs `orderings`
    (parameter value → column) and `default_ordering`; `best_first` are orderings that have no
    opposite, and `parts_of` then (see `config.api.pagination`).
    """

    http_method_names = ("get", "post", "patch", "head", "options")
    lookup_value_converter = "uuid"
    filterset_class = None
    orderings: dict[str, str] = {}
    default_ordering: str
    best_first: tuple[str, ...] = ()
    permissions: dict[str, str] = {}
    insight: str | None = None
    list_parameters = ("cursor", "limit", "ordering", "count", "fields")
    retrieve_parameters = ()

    # Parameters

    def parameters(self) -> set[str]:
        """The query parameters that the present operation knows."""
        match self.action:
            case "list" | "revisions":
                filters = self.filterset_class.base_filters if self.filterset_class else ()
                return {*filters, *self.list_parameters}
            case "retrieve":
                return {"fields", *self.retrieve_parameters}
            case _:
                return set()

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if request.method not in SAFE_METHODS:
            set_actor(request.user.get_username())
        if self.action is None:  # there is no such method here, whatever its parameters
            return
        known = self.parameters()
        faults = {}
        for name, values in request.query_params.lists():
            if name not in known:
                faults[name] = [f"Unknown parameter. {nearest_of(name, known)}"]
            elif len(values) > 1:
                faults[name] = ["Given more than once. Write several values with commas between."]
            elif not values[0].strip():
                faults[name] = ["Empty. Leave the parameter out instead."]
            elif "\0" in values[0]:
                faults[name] = ["Holds a NUL character."]
        if faults:
            raise BadParameter(faults)

    def get_serializer(self, *args, **kwargs):
        """The serializer, with no more fields than `fields` asks for."""
        serializer = super().get_serializer(*args, **kwargs)
        shown = getattr(serializer, "child", serializer)
        known = [name for name, field in shown.fields.items() if not field.write_only]
        for name in set(known) - set(self.fields_asked(known)):
            del shown.fields[name]
        return serializer

    def fields_asked(self, known: Sequence[str]) -> Sequence[str]:
        """Those of the fields that are known which `fields` asks for; all without it."""
        if not (asked := self.request.query_params.get("fields")):
            return known
        wanted = {name.strip() for name in asked.split(",")}
        if unknown := sorted(wanted.difference(known)):
            raise BadParameter(
                {
                    "fields": [
                        f"There is no field “{name[:60]}”. {nearest_of(name, known)}"
                        for name in unknown
                    ]
                }
            )
        return [name for name in known if name in wanted]

    def read_filters(self):
        """The filters that are asked for, as the backend reads them. Raises BadParameter."""
        return self.filter_backends[0]().read(self.request, self.queryset, self)

    # Records

    def may_know_all(self) -> bool:
        model = self.queryset.model._meta
        needed = self.insight or f"{model.app_label}.change_{model.model_name}"
        return self.request.user.has_perm(needed)

    def found(self, queryset, pk):
        """The one of these with this id.

        Raises Http404; or Gone, if it was erased and those who ask could have seen it.
        """
        if (record := queryset.filter(pk=pk).first()) is not None:
            return record
        tombstone = Revision.objects.tombstone(queryset.model, pk)
        if tombstone and (tombstone.reader_visible or self.may_know_all()):
            raise Gone(tombstone.reason, tombstone.time)
        raise Http404

    # Bodies

    def read(self, serializer_class: type[serializers.Serializer]) -> dict:
        """The body, as this serializer reads it."""
        serializer = serializer_class(data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    # Answers

    def rows_of(self, page: models.QuerySet) -> list:
        """The records of a page, in its order.

        The page is found before anything is joined to it. Where many rows share a sort key,
        PostgreSQL thinks that few are left, and would join and sort all of them.
        """
        whole = self.get_queryset().filter(pk__in=page.values("pk"))
        return list(whole.order_by(*page.query.order_by))

    def page_of(self, queryset) -> Response:
        page = self.paginate_queryset(queryset)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def shown(self, record, **kwargs) -> HttpResponse:
        """The record as an answer, with the version that its entity tag is made from."""
        response = Response(self.get_serializer(record).data, **kwargs)
        response.record_version = record.version
        return response

    def read_back(self, pk, **kwargs) -> HttpResponse:
        """What was just made or changed, as it is now."""
        return self.shown(self.get_queryset().get(pk=pk), **kwargs)


AS_OF = OpenApiParameter(
    "as_of",
    description="The record as it was then: a time (RFC 3339), or the first moment of a day, UTC.",
)


class Resource(Endpoint):
    """One kind of record over HTTP: a list, a detail, its history, what may be made or changed.

    A subclass declares `queryset`, `serializer_class`, `filterset_class`, `orderings` and
    `default_ordering`. For its history it declares which foreign keys are shown as records
    (`embedded`) and which fields have another name in the API (`public_names`).

    Who may change such records, or has the permission `insight`, is told all of their history.
    Others are told of the changes `public_verbs`, with the reasons of `public_reasons`.
    """

    retrieve_parameters = ("as_of",)
    embedded: tuple[str, ...] = ()
    public_names: dict[str, str] = {}
    public_verbs: tuple[str, ...] = tuple(Revision.Verb.values)
    public_reasons: tuple[str, ...] = ()

    def list(self, request):
        return self.page_of(self.filter_queryset(self.get_listed()))

    def get_listed(self):
        """All that a list may show, before it is filtered."""
        return self.get_queryset()

    @extend_schema(parameters=[AS_OF])
    def retrieve(self, request, pk):
        record, headers = self.get_asked()
        return self.shown(record, headers=headers)

    @extend_schema(responses=RevisionSerializer(many=True))
    @action(
        detail=True,
        serializer_class=RevisionSerializer,
        filterset_class=None,
        orderings=History.orderings,
        default_ordering=History.default_ordering,
    )
    def revisions(self, request, pk):
        """Each change to the record: what, when and, as far as you may know, by whom and why."""
        history = self.history_of(self.get_object())
        page = self.paginator.paginate_queryset(history.get_queryset(), request, view=history)
        told = self.get_serializer(history.told(page), many=True)
        return self.get_paginated_response(told.data)

    @idempotent
    def create(self, request):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        record = serializer.save()
        return self.read_back(
            record.pk,
            status=status.HTTP_201_CREATED,
            headers={"Location": self.reverse_action("detail", args=[record.pk])},
        )

    def partial_update(self, request, pk):
        with transaction.atomic():
            record = self.get_unchanged()
            serializer = self.get_serializer(record, data=request.data, partial=True)
            serializer.is_valid(raise_exception=True)
            serializer.save()
            return self.read_back(record.pk)

    def get_object(self):
        """The record as it is at present, which has to be there to ask for its past."""
        return self.found(self.get_queryset(), self.kwargs["pk"])

    # The past

    def history_of(self, record: models.Model) -> History:
        """The changes to a record, as far as they may be told."""
        return History(
            record,
            whole=self.may_know_all(),
            verbs=self.public_verbs,
            reasons=self.public_reasons,
            names=self.public_names,
        )

    def get_asked(self) -> tuple[models.Model, dict[str, str]]:
        """The record at present, or as it was `as_of` a moment, marked as a memento (RFC 7089)."""
        record = self.get_object()
        if not (asked := self.request.query_params.get("as_of")):
            return record, {}
        at = as_of(asked)
        was = as_they_were(self.queryset.model, [record.pk], at).get(record.pk)
        if was is None or not was.state_then or was.since > at:
            raise Http404
        if not was.was_public and not self.may_know_all():
            raise Http404
        self.complete(was, at)
        original = self.request.build_absolute_uri(self.request.path)
        headers = {
            "Memento-Datetime": http_date(was.since.timestamp()),
            "Link": f'<{original}>; rel="original"',
        }
        return was, headers

    def complete(self, was: models.Model, at: datetime) -> None:
        """Put in what the serializer shows of other records, as it was at that moment."""
        embed(was, self.embedded, at)

    def get_unchanged(self) -> models.Model:
        """The record, locked, if it still has the version that the client read (`If-Match`)."""
        tags = self.request.headers.get("If-Match")
        if not tags:
            raise PreconditionRequired
        locked = self.queryset.model.objects.select_for_update(of=("self",))
        self.found(self.get_queryset().order_by().values("pk"), self.kwargs["pk"])
        version = str(locked.only("version").get(pk=self.kwargs["pk"]).version)
        read = {tag.strip().removeprefix("W/").strip('"').split("-")[0] for tag in tags.split(",")}
        if version not in read and "*" not in read:
            raise PreconditionFailed(
                f"The record is now at version {version}. Read it again, then repeat the change."
            )
        return self.get_object()


def as_of(value: str) -> datetime:
    """The moment that `as_of` names."""
    try:
        moment = MomentField().clean(value)
    except ModelValidationError as error:
        raise BadParameter({"as_of": error.messages}) from error
    if moment > timezone.now():
        raise BadParameter({"as_of": ["Is in the future, of which nothing is on record."]})
    return moment

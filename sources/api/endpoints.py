"""Base viewsets of the API: `Endpoint` for any path, `Resource` for one kind of record.

The settings name what all of them share: errors, pages, filters, permissions and entity tags are
in `config.api`. The docstring of a public method is published in the OpenAPI document: its first
line is the summary of the operation, the rest its description (`config.schema`).
"""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError as ModelValidationError
from django.db import models, transaction
from django.http import Http404, HttpResponse, QueryDict
from django.utils.http import http_date
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response

from sources.api.filters import PastMomentField
from sources.api.idempotency import idempotent
from sources.api.responses import link_header
from sources.exceptions import (
    BadParameter,
    Gone,
    PreconditionFailed,
    PreconditionRequired,
    nearest_of,
)
from sources.history.as_of import History, RevisionSerializer, embed, records_as_of
from sources.history.past_tables import tables_as_of
from sources.ledger.actor import set_actor
from sources.models import Revision

PAGE_NUMBERS = {"page", "offset", "start", "skip"}
"""What other services call the parameters that count pages or records."""


class Endpoint(viewsets.GenericViewSet):
    """Operations under one path. Each refuses query parameters it does not know.

    `permissions` maps actions to permissions other than the model's own. By default, users
    who may change a record see its whole history; `see_all_permission` names another permission.
    `operation_ids` maps actions to names for generated clients other than verb and record.

    A list needs `orderings` (parameter value → column) and `default_ordering`. Orderings in
    `best_first` have no opposite; the view then also needs `parts_of` (`config.api.pagination`).
    """

    http_method_names = ("get", "post", "patch", "head", "options")
    lookup_value_converter = "uuid"
    filterset_class = None
    orderings: dict[str, str] = {}
    default_ordering: str
    best_first: tuple[str, ...] = ()
    permissions: dict[str, str] = {}
    see_all_permission: str | None = None
    operation_ids: dict[str, str] = {}
    is_streamed = False
    has_location = True  # POST adds or finds one record, which `Location` names
    list_parameters = ("cursor", "limit", "ordering", "count", "fields")
    retrieve_parameters = ()

    # Parameters

    def parameters(self) -> set[str]:
        """Return the names of the query parameters that the current action takes."""
        match self.action:
            case "list" | "revisions":
                filters = self.filterset_class.base_filters if self.filterset_class else ()
                return {*filters, *self.list_parameters}
            case "retrieve":
                return {"fields", *self.retrieve_parameters}
            case _:
                return set()

    def perform_authentication(self, request):
        """Authenticate, and count the request even if it is refused: guessing has its limit."""
        try:
            super().perform_authentication(request)
        finally:
            super().check_throttles(request)

    def check_throttles(self, request):
        """Nothing: the request is counted already."""

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if request.method not in SAFE_METHODS:
            set_actor(request.user.get_username())
        if self.action is not None:  # else answered with 405, whatever its parameters
            self.check_parameters(request.query_params)

    def check_parameters(self, given: QueryDict) -> None:
        """Refuse parameters that the action does not take, and empty or repeated ones."""
        known = self.parameters()
        faults = {}
        for name, values in given.lists():
            if name not in known:
                faults[name] = [f"Unknown parameter. {self.known_instead(name, known)}"]
            elif len(values) > 1:
                faults[name] = ["Given more than once. Give it once, with commas between values."]
            elif not values[0].strip():
                faults[name] = ["Empty. Give a value, or leave the parameter out."]
            elif "\0" in values[0]:
                faults[name] = ["Contains a NUL character. Remove it."]
        if faults:
            raise BadParameter(faults)

    def known_instead(self, name: str, known: set[str]) -> str:
        """Say what to use instead of an unknown parameter."""
        has_pages = self.paginator or "after" in known  # `changes/` makes its own
        if name in PAGE_NUMBERS and has_pages and self.action in ("list", "revisions"):
            return "Pages have no numbers. Follow the URL in “next” until it is null."
        return nearest_of(name, known)

    def get_serializer(self, *args, **kwargs):
        """Return the serializer, reduced to the fields that the parameter `fields` names."""
        serializer = super().get_serializer(*args, **kwargs)
        record = getattr(serializer, "child", serializer)
        known = [name for name, field in record.fields.items() if not field.write_only]
        for name in set(known) - set(self.requested_fields(known)):
            del record.fields[name]
        return serializer

    def requested_fields(self, known: Sequence[str]) -> Sequence[str]:
        """Return those of the known fields that `fields` names; all of them without it."""
        if not (value := self.request.query_params.get("fields")):
            return known
        wanted = {name.strip() for name in value.split(",")}
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
        """Return the filter set of the request. Raises BadParameter."""
        return self.filter_backends[0]().read(self.request, self.queryset, self)

    def tables(self):
        """Read the tables as of the time `as_of`, if the request gives one. Raises BadParameter."""
        asked = self.request.query_params.get("as_of")
        return tables_as_of(asked and as_of(asked))

    # Records

    def may_see_all(self) -> bool:
        model = self.queryset.model._meta
        needed = self.see_all_permission or f"{model.app_label}.change_{model.model_name}"
        return self.request.user.has_perm(needed)

    def get_or_gone(self, queryset, pk):
        """Return the record with this id.

        Raises Gone if it was erased and the user could have seen it, else Http404.
        """
        if (record := queryset.filter(pk=pk).first()) is not None:
            return record
        tombstone = Revision.objects.tombstone(queryset.model, pk)
        if tombstone and (tombstone.reader_visible or self.may_see_all()):
            raise Gone(tombstone.reason, tombstone.time)
        raise Http404

    def precondition(self) -> str | None:
        """Return the entity tags of the versions that may be changed."""
        return self.request.headers.get("If-Match")

    def get_unchanged(self) -> models.Model:
        """Lock and return the record. Raises PreconditionFailed if `If-Match` differs."""
        if not (tags := self.precondition()):
            raise PreconditionRequired
        locked = self.queryset.model.objects.select_for_update(of=("self",))
        self.get_or_gone(self.get_queryset().order_by().values("pk"), self.kwargs["pk"])
        version = str(self.get_or_gone(locked.only("version"), self.kwargs["pk"]).version)
        read = {tag.strip().removeprefix("W/").strip('"').split("-")[0] for tag in tags.split(",")}
        if version not in read and "*" not in read:
            raise PreconditionFailed(
                f"The record is now at version {version}. Get it again, then repeat your change."
            )
        return self.get_object()

    # Bodies

    def validated_body(self, serializer_class: type[serializers.Serializer]) -> dict:
        """Return the body's data. Raises ValidationError."""
        serializer = serializer_class(data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    # Answers

    def rows_of(self, page: models.QuerySet) -> list:
        """Return the records of a page, in its order, in one query.

        The subquery picks the page before anything is joined to it. If many rows share a sort key,
        PostgreSQL underestimates how many are left, and would join and sort all of them.
        """
        records = self.get_queryset().filter(pk__in=page.values("pk"))
        return list(records.order_by(*page.query.order_by))

    def page_of(self, queryset) -> Response:
        page = self.paginate_queryset(queryset)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def record_response(self, record, **kwargs) -> HttpResponse:
        """Return the record's response, with the version that its entity tag begins with."""
        response = Response(self.get_serializer(record).data, **kwargs)
        response.record_version = record.version
        return response

    def stored_response(self, record, **kwargs) -> HttpResponse:
        """Return the response of a record just created or changed, read from the database."""
        return self.record_response(self.get_queryset().get(pk=record.pk), **kwargs)


def query_parameter(
    name: str, description: str, example, *, required: bool = False, **schema
) -> OpenApiParameter:
    """Describe a query parameter; `schema` holds keywords of JSON Schema."""
    is_list = schema.get("type") == "array"
    return OpenApiParameter(
        name,
        {"type": "string", **schema, "examples": [example]},
        required=required,
        description=description,
        **({"style": "form", "explode": False} if is_list else {}),
    )


AS_OF = query_parameter(
    "as_of",
    "Return the record as it was at this time: RFC 3339, or a day, which means 00:00 UTC. "
    "404 if there was no such record then, or not for you.",
    "2026-02-11T09:30:00Z",
)


FORMAT = query_parameter(
    "format",
    "`json` also for a client that prefers HTML, such as a browser: without it, the answer is a "
    "redirect to the page for people.",
    "json",
    enum=["json"],
)


AS_OF_LIST = query_parameter(
    "as_of",
    "Answer as at this time: RFC 3339, or a day, which means 00:00 UTC. What was erased since is "
    "left out. Not together with `q`.",
    "2026-02-11T09:30:00Z",
)


class Resource(Endpoint):
    """One kind of record: list, detail, history, create and update.

    A subclass declares `queryset`, `serializer_class`, `filterset_class`, `orderings` and
    `default_ordering`. For the history it also declares the foreign keys that are shown as records
    (`embedded`) and the fields that have another name in the API (`public_names`).

    Users who may see all get the whole history. Others get the changes of `public_verbs`, and the
    reasons of `public_reasons` only.
    """

    retrieve_parameters = ("as_of", "format")
    embedded: tuple[str, ...] = ()
    public_names: dict[str, str] = {}
    public_verbs: tuple[str, ...] = tuple(Revision.Verb.values)
    public_reasons: tuple[str, ...] = ()

    def parameters(self) -> set[str]:
        return super().parameters() | ({"as_of"} if self.action == "list" else set())

    def get_queryset(self):
        return super().get_queryset().visible_to(self.request.user)

    def check_parameters(self, given):
        super().check_parameters(given)
        name, known = given.get("format", "json"), self.formats()
        if self.action in ("list", "retrieve") and name not in known:
            fault = f"There is no format “{name[:60]}”. {nearest_of(name, known)}"
            raise BadParameter({"format": [fault]})

    def formats(self) -> list[str]:
        """Return what the parameter `format` may name."""
        return ["json"]

    @extend_schema(parameters=[AS_OF_LIST])
    def list(self, request):
        """List {many}.

        Returns the {many} that match every filter, one page at a time. To read them all, follow
        `next` until it is null. Those that are not public yet are for curators and their filer.
        """
        with self.tables():
            return self.page_of(self.filter_queryset(self.get_listed()))

    def get_listed(self):
        """Return all that the list may show, unfiltered."""
        return self.get_queryset()

    @extend_schema(parameters=[AS_OF, FORMAT])
    def retrieve(self, request, pk):
        """Get {one}.

        Returns the record as it is now, or as it was at the time `as_of`.
        """
        record, headers = self.get_version()
        return self.record_response(record, headers=headers)

    @extend_schema(responses=RevisionSerializer(many=True))
    @action(
        detail=True,
        serializer_class=RevisionSerializer,
        filterset_class=None,
        orderings=History.orderings,
        default_ordering=History.default_ordering,
    )
    def revisions(self, request, pk):
        """List the revisions of {one}.

        Each revision says what changed and when. `actor`, `request` and `reason` are null if you
        may not see them.
        """
        history = self.history_of(self.get_object())
        page = self.paginator.paginate_queryset(history.get_queryset(), request, view=history)
        revisions = self.get_serializer(history.told(page), many=True)
        return self.get_paginated_response(revisions.data)

    @idempotent
    def create(self, request):
        """Add {one}.

        Returns the new record. `Location` is its URL.
        """
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        record = serializer.save()
        return self.stored_response(
            record,
            status=status.HTTP_201_CREATED,
            headers={"Location": self.reverse_action("detail", args=[record.pk])},
        )

    def partial_update(self, request, pk):
        """Change {one}.

        Changes the fields that you send and leaves the others. Send the record's `ETag` as
        `If-Match`: if the record has changed since, the answer is 412 and nothing is changed.
        """
        with transaction.atomic():
            record = self.get_unchanged()
            serializer = self.get_serializer(record, data=request.data, partial=True)
            serializer.is_valid(raise_exception=True)
            return self.stored_response(serializer.save())

    def get_object(self):
        """Return the record as it is now. Raises Http404 or Gone."""
        return self.get_or_gone(self.get_queryset(), self.kwargs["pk"])

    # History

    def history_of(self, record: models.Model) -> History:
        """Return the record's changes that the user may see."""
        return History(
            record,
            whole=self.may_see_all(),
            verbs=self.public_verbs,
            reasons=self.public_reasons,
            names=self.public_names,
        )

    def get_version(self) -> tuple[models.Model, dict[str, str]]:
        """Return the record now or `as_of` a time, and the headers of a memento (RFC 7089)."""
        record = self.get_object()
        if not (value := self.request.query_params.get("as_of")):
            return record, {}
        at = as_of(value)
        was = records_as_of(self.queryset.model, [record.pk], at).get(record.pk)
        if was is None or not was.state_then or was.since > at:
            raise Http404
        if not was.was_public and not self.may_see_all():
            raise Http404
        self.complete(was, at)
        original = self.request.build_absolute_uri(self.request.path)
        time = {"Memento-Datetime": http_date(was.since.timestamp())}
        return was, time | link_header(original=original)

    def complete(self, was: models.Model, at: datetime) -> None:
        """Set the related records that the serializer shows, as they were at that time."""
        embed(was, self.embedded, at)


def as_of(value: str) -> datetime:
    """Parse the parameter `as_of`. Raises BadParameter."""
    try:
        return PastMomentField().clean(value)
    except ModelValidationError as error:
        raise BadParameter({"as_of": error.messages}) from error

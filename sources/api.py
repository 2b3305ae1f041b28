"""What every resource of the API is built from: its viewset, its serializer, its references.

Errors, pages, filters, access and entity tags are set for all of them in `config.api`, by way of
the settings; this module holds what a resource inherits.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime
from functools import wraps

from django.core.exceptions import ValidationError as ModelValidationError
from django.db import OperationalError, connection, models, transaction
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import http_date
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response

from sources.acts import known_as
from sources.faults import (
    BadParameter,
    Gone,
    KeyReused,
    PreconditionFailed,
    PreconditionRequired,
    nearest_of,
)
from sources.filters import MomentField
from sources.history import History, RevisionSerializer, as_they_were, embed
from sources.locks import lock_all
from sources.models import Named, Revision, StoredAnswer
from sources.names import as_uuid

LONGEST_IDEMPOTENCY_KEY = 255
ANSWERS_ARE_KEPT = timezone.timedelta(days=2)


# Serializers


class StrictSerializer(serializers.Serializer):
    """A serializer that refuses fields it does not know, and says which it does."""

    def to_internal_value(self, data):
        if isinstance(data, Mapping):
            writable = [name for name, field in self.fields.items() if not field.read_only]
            faults = {
                name: [
                    "This field is read-only."
                    if name in self.fields
                    else f"Unknown field. {nearest_of(str(name), writable)}"
                ]
                for name in data
                if name not in writable
            }
            if faults:
                # Name what is wrong with the known fields in the same answer.
                try:
                    super().to_internal_value({k: v for k, v in data.items() if k in writable})
                except serializers.ValidationError as error:
                    faults = {**error.detail, **faults}
                raise serializers.ValidationError(faults)
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A string; a number is none, lest 4711.0 become a name."""

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class RecordSerializer(StrictSerializer, serializers.ModelSerializer):
    """The public form of a record. What PostgreSQL would refuse is refused as a 400 first."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: Text,
        models.TextField: Text,
    }

    def validate(self, attrs):
        attrs = super().validate(attrs)
        record = copy(self.instance) if self.instance else self.Meta.model()
        for name, value in attrs.items():
            setattr(record, name, value)
        try:
            record.clean()
            record.validate_constraints(exclude=None if self.instance else {"id"})
        except ModelValidationError as error:
            if connection.connection is None or connection.connection.closed:
                # Django takes a database that died meanwhile for a violation of what it asked.
                raise OperationalError("The database went away.") from error
            raise serializers.ValidationError(
                serializers.as_serializer_error(error)
                if hasattr(error, "error_dict")
                else error.messages
            ) from error
        return attrs


class Reference(serializers.Field):
    """A named record: read as an object, written as an id or as a name that only one has."""

    def __init__(self, queryset, shows: tuple[str, ...] = ("id", "name"), **kwargs):
        self.queryset, self.shows = queryset, shows
        super().__init__(**kwargs)

    def __deepcopy__(self, memo):
        return type(self)(*self._args, **self._kwargs)

    def to_representation(self, value: Named) -> dict:
        return {
            name: str(value.pk) if name == "id" else getattr(value, name) for name in self.shows
        }

    def schema(self) -> dict:
        """What it looks like when read, as JSON Schema."""
        known = {
            "id": {"type": "string", "format": "uuid"},
            "byline": {"type": "array", "items": {"type": "string"}},
        }
        known |= {name: {"type": ["string", "null"]} for name in ("headline", "url")}
        return {
            "type": "object",
            "properties": {name: known.get(name, {"type": "string"}) for name in self.shows},
            "required": list(self.shows),
        }

    def to_internal_value(self, data):
        if not isinstance(data, str):
            raise serializers.ValidationError("Write an id or a name, as a string.")
        what = self.queryset.model._meta.verbose_name
        if (key := as_uuid(data)) is not None:
            if record := self.queryset.filter(pk=key).first():
                return record.survivor if isinstance(record, Named) else record
            raise serializers.ValidationError(f"There is no {what} with this id.")
        found = list(self.queryset.called(data)[:2])
        if len(found) == 1:
            return found[0]
        raise serializers.ValidationError(
            f"Several records are called “{data[:80]}”: write the id."
            if found
            else f"No {what} is called “{data[:80]}”. Make it first, or write its id."
        )


class Another(Reference):
    """Another record of the kind that the endpoint is of."""

    def __init__(self, **kwargs):
        super().__init__(None, **kwargs)

    def to_internal_value(self, data):
        self.queryset = self.context["view"].queryset.model.objects.all()
        return super().to_internal_value(data)


class ReferenceSchema(OpenApiSerializerFieldExtension):
    target_class = Reference
    match_subclasses = True

    def map_serializer_field(self, auto_schema, direction):
        if direction == "response":
            return self.target.schema()
        return {
            "type": "string",
            "description": "An id, or the name that one record has.",
        }


# Viewsets


def idempotent(handler):
    """Let a POST be retried: the same `Idempotency-Key` and request replay the stored answer.

    The answer is stored in the transaction that did the work, so either both happened or neither.
    Refusals are not stored: they did nothing, and the corrected request may use the same key.
    """

    @wraps(handler)
    def answer(self, request, *args, **kwargs):
        key = request.headers.get("Idempotency-Key")
        if key is None:
            with transaction.atomic():
                return handler(self, request, *args, **kwargs)
        if not 1 <= len(key) <= LONGEST_IDEMPOTENCY_KEY or not key.isprintable():
            raise serializers.ValidationError(
                {
                    "Idempotency-Key": [
                        f"A key is 1 to {LONGEST_IDEMPOTENCY_KEY} printable characters."
                    ]
                }
            )
        fingerprint = hashlib.sha256(
            b"\0".join(
                [request.method.encode(), request.get_full_path().encode(), canonical(request.data)]
            )
        ).hexdigest()
        with transaction.atomic():
            lock_all([f"idempotency:{request.user.pk}:{key}"])
            if stored := StoredAnswer.objects.filter(user=request.user, key=key).first():
                if stored.fingerprint != fingerprint:
                    raise KeyReused
                replay = WrittenResponse(
                    stored.body, status=stored.status, headers={"Idempotency-Replayed": "true"}
                )
                replay.record_version = replay.data.get("version")
                if stored.location:
                    replay["Location"] = stored.location
                return replay
            response = handler(self, request, *args, **kwargs)
            StoredAnswer.objects.filter(created__lt=timezone.now() - ANSWERS_ARE_KEPT).delete()
            StoredAnswer.objects.create(
                user=request.user,
                key=key,
                fingerprint=fingerprint,
                status=response.status_code,
                location=response.headers.get("Location"),
                body=text_of(response),
            )
        return response

    answer.is_idempotent = True
    return answer


class WrittenResponse(HttpResponse):
    """An answer that is JSON already."""

    def __init__(self, json: str, **kwargs):
        super().__init__(json, content_type="application/json", **kwargs)

    @cached_property
    def data(self):
        return json.loads(self.content)


def text_of(response: Response | WrittenResponse) -> str:
    """The body of an answer, as it is sent."""
    if isinstance(response, WrittenResponse):
        return response.content.decode()
    return json.dumps(response.data, ensure_ascii=False, separators=(",", ":"), default=str)


def canonical(data) -> bytes:
    """Parsed JSON as bytes that do not depend on the order of keys or on white space."""
    return json.dumps(data, sort_keys=True, ensure_ascii=True, default=str).encode()


class Endpoint(viewsets.GenericViewSet):
    """Operations under one path, each of which refuses the query parameters it does not know.

    `permissions` names the permission of an action where it is not the model's own, `insight` the
    one to know all there is of such a record, if that is not to change it. A list needs `orderings`
    (parameter value → column) and `default_ordering`; `best_first` are orderings that have no
    opposite, and `parts_of` then (see `config.api.pages`).
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
            known_as(request.user.get_username())
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
        if tombstone and (tombstone.announced or self.may_know_all()):
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

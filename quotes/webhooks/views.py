"""Endpoints of webhooks: everybody who may read has their own."""

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from quotes.api.changes import VIEWS
from quotes.models import Delivery, Quote, Webhook
from quotes.models.webhook import CHECKPOINT, KEPT_FOR
from quotes.webhooks.delivery import filtered
from quotes.webhooks.sending import check_url
from sources.api.endpoints import Endpoint
from sources.api.fields import LastingSerializer, StrictSerializer, Text
from sources.api.idempotency import idempotent
from sources.exceptions import BadParameter

MAX_URL_CHARACTERS = 2_000

TYPES = (*VIEWS, CHECKPOINT)
"""What a webhook can be told of: changes of records, and checkpoints of the ledger."""

NOT_FOLLOWED = {
    "like": "finds the most similar of all quotes",
    "one_per_utterance": "depends on other quotes",
    "as_of": "asks about the past",
    "sample": "draws from all quotes",
    "seed": "draws from all quotes",
}
"""Parameters of `quotes/` that say nothing about a quote by itself, and why."""


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class FiltersField(serializers.Field):
    """Parameters of `quotes/` with their values, as in a query."""

    def to_representation(self, value):
        return value

    def to_internal_value(self, data):
        if not isinstance(data, Mapping) or not all(
            isinstance(value, str) for value in data.values()
        ):
            raise serializers.ValidationError(
                "Write an object of parameters of quotes/ and their values, all strings."
            )
        faults = {}
        for name in data:
            if name in NOT_FOLLOWED:
                faults[name] = [f"Cannot be followed: it {NOT_FOLLOWED[name]}."]
            elif not data[name].strip() or "\0" in data[name]:
                faults[name] = ["Give a value, or leave the filter out."]
        if faults:
            raise serializers.ValidationError(faults)
        try:
            filtered(dict(data), Quote.objects.none())
        except BadParameter as error:
            raise serializers.ValidationError(error.faults) from None
        return dict(data)


class PausedSerializer(serializers.Serializer):
    """When a webhook was paused, and why."""

    since = serializers.DateTimeField(source="paused")
    reason = serializers.CharField(
        source="paused_because", allow_null=True, help_text="Null: its user paused it."
    )


class WebhookSerializer(LastingSerializer, serializers.ModelSerializer):
    """A URL of yours to which changes are sent."""

    url = Text(max_length=MAX_URL_CHARACTERS, help_text="Where messages are sent: https.")
    types = serializers.ListField(
        child=serializers.ChoiceField(TYPES),
        allow_empty=False,
        max_length=len(TYPES),
        default=lambda: [*VIEWS],
        help_text="Types of records whose changes are sent. Without it, all. `checkpoint`: also "
        "each signed checkpoint of the ledger.",
    )
    filters = FiltersField(
        required=False,
        help_text="Filters of `quotes/`: changes of quotes that do not match are not sent. Without "
        "`status`, quotes of every status match, also retracted ones.",
    )
    active = serializers.BooleanField(required=False, help_text="False: nothing is sent.")
    paused = serializers.SerializerMethodField(help_text="Null while it is active.")
    previous_secret_until = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="Until then messages are signed with the secret before the last as well.",
    )
    secret = serializers.CharField(
        read_only=True, help_text="Only when it is new: it is never shown again."
    )

    sometimes = ("secret",)

    class Meta:
        model = Webhook
        fields = [
            *("id", "url", "types", "filters", "active", "paused"),
            *("previous_secret_until", "secret", "version", "created", "updated"),
        ]
        read_only_fields = ["id", "version", "created", "updated"]

    def __init__(self, *args, shows_secret: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        self.shows_secret = shows_secret

    @extend_schema_field(PausedSerializer(allow_null=True))
    def get_paused(self, webhook):
        return None if webhook.active else PausedSerializer(webhook).data

    def to_representation(self, webhook):
        shown = super().to_representation(webhook)
        if not self.shows_secret:
            shown.pop("secret", None)
        return shown

    def validate_url(self, url):
        try:
            check_url(url)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None
        return url

    def validate_types(self, types):
        return list(dict.fromkeys(types))

    def create(self, values):
        return Webhook.objects.create(**values)

    def update(self, webhook, values):
        if values:
            webhook.change(**values)
        return webhook


class RotationSerializer(StrictSerializer):
    """How a secret is replaced."""

    at_once = serializers.BooleanField(
        default=False,
        help_text="True: the old secret signs nothing more. Otherwise both sign for a day.",
    )


class ReplaySerializer(StrictSerializer):
    """From when on changes are sent again."""

    since = serializers.DateTimeField(help_text="At most 30 days ago.")

    def validate_since(self, since):
        now = timezone.now()
        if since > now:
            raise serializers.ValidationError("In the future. Give a time that has passed.")
        if since < now - KEPT_FOR - timedelta(hours=1):
            raise serializers.ValidationError(
                f"More than {KEPT_FOR.days} days ago. For a copy from the start read changes/."
            )
        return since


class TestSerializer(StrictSerializer):
    """A test: there is nothing to say about it."""


class DeliverySerializer(serializers.ModelSerializer):
    """A message, and what became of it."""

    id = serializers.UUIDField(help_text="`webhook-id` of the message, the same at each attempt.")
    type = serializers.CharField(source="event", help_text="Such as `quote.retracted`.")
    record = serializers.UUIDField(
        source="subject_id", allow_null=True, help_text="Id of the record. Null: a test."
    )
    time = serializers.DateTimeField(help_text="Of the change.")
    state = serializers.ChoiceField(
        Delivery.State.choices,
        help_text="`pending`: it waits or is tried again. `delivered`: the receiver answered 2xx. "
        "`failed`: a test that failed.",
    )
    due = serializers.DateTimeField(help_text="When it is sent, while it is pending.")
    status = serializers.IntegerField(
        allow_null=True, help_text="HTTP status of the last answer. Null: there was none."
    )
    problem = serializers.CharField(allow_null=True, help_text="Why the last attempt failed.")
    answer = serializers.CharField(
        allow_null=True, help_text="Beginning of an answer that refused it."
    )

    class Meta:
        model = Delivery
        fields = [
            *("id", "type", "record", "version", "time", "state", "attempts", "created"),
            *("due", "first_tried", "ended", "status", "problem", "answer", "milliseconds"),
        ]
        read_only_fields = fields


class Webhooks(Endpoint):
    """The webhooks of the user."""

    http_method_names = ("get", "post", "patch", "delete", "head", "options")
    queryset = Webhook.objects.select_related("user")
    serializer_class = WebhookSerializer
    orderings = {"created": "created"}
    default_ordering = "-created"
    permissions = dict.fromkeys(
        [
            *("list", "retrieve", "create", "partial_update", "destroy", "rotate", "replay"),
            *("test", "metadata"),
        ],
        "quotes.add_webhook",
    )

    def get_queryset(self):
        return super().get_queryset().of(self.request.user)

    def list(self, request):
        """List your webhooks.

        Returns them newest first, one page at a time, and no secrets.
        """
        return self.page_of(self.get_queryset())

    def retrieve(self, request, pk):
        """Get a webhook.

        Returns where it sends what, and whether it is paused and why.
        """
        return self.record_response(self.get_object())

    @idempotent
    def create(self, request):
        """Add a webhook.

        Sends each change from now on to the URL, signed as Standard Webhooks say. The answer has
        the secret, which is never shown again: a retry with the same key does not repeat it.
        """
        Webhook.objects.refuse_more_of(request.user)
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        webhook = serializer.save(user=request.user)
        where = {"Location": self.reverse_action("detail", args=[webhook.pk])}
        return self.secret_response(webhook, status=status.HTTP_201_CREATED, headers=where)

    def partial_update(self, request, pk):
        """Change a webhook.

        Changes the fields that you send. One that is made active again goes on where it stopped.
        After a change of filters, `replay/` sends what matches now. Send its `ETag` as `If-Match`.
        """
        with transaction.atomic():
            webhook = self.get_unchanged()
            serializer = self.get_serializer(webhook, data=request.data, partial=True)
            serializer.is_valid(raise_exception=True)
            return self.record_response(serializer.save())

    @extend_schema(responses={204: OpenApiResponse(description="The webhook was deleted.")})
    def destroy(self, request, pk):
        """Delete a webhook.

        Nothing more is sent, and its log is deleted.
        """
        self.get_object().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=RotationSerializer, responses=WebhookSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def rotate(self, request, pk):
        """Replace the secret of a webhook.

        The answer has the new secret, which is never shown again. For a day messages carry a
        signature by each of the two, so that you can change over.
        """
        body = self.validated_body(RotationSerializer)
        webhook = self.get_unchanged()
        webhook.rotate(timezone.now(), at_once=body["at_once"])
        return self.secret_response(webhook)

    @extend_schema(request=ReplaySerializer, responses=WebhookSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def replay(self, request, pk):
        """Send past changes again.

        Sends all changes that were made since then, each with its record as it is now. They are new
        messages, with ids of their own. Of one record, the changes that wait are sent by version.
        """
        body = self.validated_body(ReplaySerializer)
        webhook = self.get_unchanged()
        webhook.replay(body["since"])
        return self.record_response(webhook)

    @extend_schema(request=TestSerializer, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def test(self, request, pk):
        """Send a test to a webhook.

        Sends a message of the type `webhook.test`, tried once. The log says what became of it.
        """
        self.validated_body(TestSerializer)
        webhook = self.get_unchanged()
        return Response(DeliverySerializer(webhook.send_test()).data)

    def get_object(self) -> Webhook:
        return self.get_or_gone(self.get_queryset(), self.kwargs["pk"])

    def secret_response(self, webhook: Webhook, **kwargs) -> Response:
        """The webhook with its secret, which is left out of what is stored for retries."""
        context = self.get_serializer_context()
        shown = WebhookSerializer(webhook, context=context, shows_secret=True)
        response = Response(shown.data, **kwargs)
        response.record_version, response.not_stored = webhook.version, {"secret"}
        return response


class WebhookDeliveries(Endpoint):
    """The log of a webhook."""

    http_method_names = ("get", "head", "options")
    queryset = Delivery.objects.all()
    serializer_class = DeliverySerializer
    orderings = {"created": "created"}
    default_ordering = "-created"
    permissions = dict.fromkeys(["list", "metadata"], "quotes.add_webhook")
    operation_ids = {"list": "listWebhookDeliveries"}

    def list(self, request, webhook):
        """List the messages to a webhook.

        Newest first: those that wait, and those that ended within the last 30 days. Without what
        they said.
        """
        webhooks = Webhook.objects.of(request.user)
        return self.page_of(self.queryset.filter(webhook=self.get_or_gone(webhooks, webhook)))

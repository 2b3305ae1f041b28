"""`quotes/steps/`: many steps of quotes in one request, each with an outcome of its own."""

from http import HTTPStatus

from django.db import transaction
from drf_spectacular.utils import (
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response

from quotes.api.views import Quotes
from quotes.models import Quote
from quotes.models.workflow import STEPS
from sources.api.endpoints import Endpoint
from sources.api.fields import StrictSerializer
from sources.api.idempotency import idempotent
from sources.exceptions import nearest_of
from sources.models.ids import as_uuid

MAX_STEPS = 500
"""Of a request: some seconds of work."""


def step_schema(name: str) -> type[StrictSerializer]:
    """Make the serializer of one step: what its own operation takes, the quote and its version."""

    @extend_schema_field({"type": "string", "const": name})
    class StepField(serializers.CharField):
        pass

    fields = {
        "quote": serializers.UUIDField(help_text="Id of the quote."),
        "step": StepField(),
        "version": serializers.IntegerField(
            min_value=1, help_text="The version that you read. A later one is refused with 412."
        ),
        "__doc__": f"{STEPS[name].help} As the operation `{name}` of a quote.",
    }
    return type(f"{name.title()}StepSerializer", (getattr(Quotes, name).body,), fields)


STEP_SERIALIZERS = {name: step_schema(name) for name in STEPS}


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="Step",
        serializers=STEP_SERIALIZERS,
        resource_type_field_name="step",
        many=True,
    )
)
class StepsField(serializers.ListField):
    child = serializers.DictField()


class StepsSerializer(StrictSerializer):
    """The steps to take, in their order."""

    steps = StepsField(min_length=1, max_length=MAX_STEPS)


@extend_schema_field({"$ref": "#/components/schemas/Problem"})
class ProblemField(serializers.JSONField):
    pass


class StepOutcomeSerializer(serializers.Serializer):
    """What became of one step."""

    quote = serializers.CharField(allow_null=True, help_text="As you sent it.")
    step = serializers.CharField(allow_null=True, help_text="As you sent it.")
    status = serializers.IntegerField(help_text="As the step by itself would be answered.")
    version = serializers.IntegerField(
        required=False, help_text="Of the quote after the step; only if it was taken."
    )
    problem = ProblemField(required=False, help_text="Only if it was refused.")


class StepOutcomesSerializer(serializers.Serializer):
    """An outcome for each step, in the same order."""

    results = StepOutcomeSerializer(many=True)


class StepOfBatch(Quotes):
    """A step of a batch: the version that was read comes with the step."""

    version: int

    def precondition(self) -> str:
        return f'"{self.version}"'

    def get_queryset(self):
        """Without the parts that an answer shows."""
        return self.get_listed()


class QuoteSteps(Endpoint):
    """Many steps of quotes at once."""

    http_method_names = ("post", "options")
    queryset = Quote.objects.all()
    serializer_class = StepOutcomesSerializer
    operation_ids = {"create": "takeSteps"}
    has_location = False
    counts_as = 20  # requests: a batch takes up to some seconds

    @extend_schema(request=StepsSerializer, responses={200: StepOutcomesSerializer})
    @idempotent
    def create(self, request):
        """Take up to 500 steps.

        Each is a step of one quote, such as `publish` or `correct`, with the fields that its own
        operation takes. Each is taken or refused by itself: the answer has an outcome for each, in
        the same order. All that are taken are stored together, at the end.
        """
        steps = self.validated_body(StepsSerializer)["steps"]
        self.lock(steps)
        return Response({"results": [self.outcome(each) for each in steps]})

    def lock(self, steps: list[dict]) -> None:
        """Lock all quotes in the order of their ids, so that two batches never wait in a circle."""
        ids = {key for each in steps if (key := as_uuid(str(each.get("quote"))))}
        publishing = {as_uuid(str(each.get("quote"))) for each in steps if is_publishing(each)}
        quotes = Quote.objects.visible_to(self.request.user)
        quotes.filter(pk__in=publishing & ids).hold_articles()
        list(quotes.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",)).values("pk"))

    def outcome(self, asked: dict) -> dict:
        told = {
            name: None if (sent := asked.get(name)) is None else str(sent)[:60]
            for name in ("quote", "step")
        }
        try:
            with transaction.atomic():
                version = self.take(asked)
        except Exception as error:
            context = self.get_exception_handler_context()
            refusal = self.get_exception_handler()(error, context)
            if refusal is None:  # a fault of ours: nothing is stored
                raise
            return {**told, "status": refusal.status_code, "problem": refusal.data}
        return {**told, "status": HTTPStatus.OK, "version": version}

    def take(self, asked: dict) -> int:
        """Take a step as its own operation does; return the version of the quote afterwards."""
        if not isinstance(name := asked.get("step"), str) or name not in STEPS:
            message = f"There is no step “{str(name)[:60]}”. {nearest_of(str(name), STEPS)}"
            raise serializers.ValidationError({"step": [message]})
        if not self.request.user.has_perm(STEPS[name].permission):
            raise PermissionDenied
        body = self.validated_step(asked)
        body.pop("step")
        given = {"request": self.request, "action": "step", "args": (), "format_kwarg": None}
        view = StepOfBatch(**given, kwargs={"pk": body.pop("quote")}, version=body.pop("version"))
        quote = view.get_unchanged()
        getattr(Quotes, name).verb(view, quote, **body)
        return Quote.objects.values_list("version", flat=True).get(pk=quote.pk)

    def validated_step(self, asked: dict) -> dict:
        serializer = STEP_SERIALIZERS[asked["step"]](
            data=asked, context=self.get_serializer_context()
        )
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data


def is_publishing(step: dict) -> bool:
    return step.get("step") == "publish"

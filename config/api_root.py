"""The root of the API: every list and what it is, as links."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.reverse import reverse

from config.schema import operation_text
from quotes.models import Quote
from sources.api.endpoints import Endpoint
from sources.api.responses import link_header

METHODS = {"list": "GET", "create": "POST"}
"""By action: how the path of a resource is called."""


class ResourceSerializer(serializers.Serializer):
    """A path of the API, and what it is for."""

    name = serializers.CharField(help_text="The path below the root.")
    url = serializers.URLField()
    methods = serializers.ListField(child=serializers.ChoiceField(choices=[*METHODS.values()]))
    about = serializers.CharField(help_text="What each method does, in their order.")


class RootSerializer(serializers.Serializer):
    """What this service offers."""

    name = serializers.CharField()
    version = serializers.CharField(help_text="Of the API.")
    schema = serializers.URLField(help_text="The OpenAPI document.")
    docs = serializers.URLField(help_text="The explorer, for a browser.")
    guides = serializers.URLField(help_text="The guides, for a browser.")
    resources = ResourceSerializer(many=True)


class Root(Endpoint):
    """The root of the API. It shows no records and is open to all."""

    http_method_names = ("get", "head", "options")
    authentication_classes = ()
    permission_classes = (AllowAny,)
    queryset = Quote.objects.none()  # for the words of the document
    serializer_class = RootSerializer
    pagination_class = None
    operation_ids = {"root": "getRoot"}
    registry: list[tuple] = []
    """Prefix, view and base name of each resource: the router's."""

    @extend_schema(responses=RootSerializer)
    def root(self, request):
        """List what the API offers.

        Every path that needs no id, with its methods and what they do. `schema` describes all
        paths, parameters and bodies.
        """
        links = {name: reverse(name, request=request) for name in ("schema", "docs", "guides")}
        root = {
            "name": "On Record",
            "version": "1.0.0",
            **links,
            "resources": [self.resource(*each) for each in self.registry if "<" not in each[0]],
        }
        root["resources"] = [each for each in root["resources"] if each["methods"]]
        headers = link_header(**{"service-desc": links["schema"], "service-doc": links["docs"]})
        return Response(root, headers=headers)

    def resource(self, prefix: str, view: type[Endpoint], basename: str) -> dict:
        methods = {
            METHODS[action]: operation_text(view, action).partition("\n")[0]
            for action in METHODS
            if hasattr(view, action) and METHODS[action].lower() in view.http_method_names
        }
        return {
            "name": prefix,
            "url": f"{self.request.build_absolute_uri(self.request.path)}{prefix}/",
            "methods": [*methods],
            "about": " ".join(methods.values()),
        }

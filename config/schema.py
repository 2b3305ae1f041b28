"""How the OpenAPI document tells what the code cannot: the token, and the problems."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiFilterExtension

from config.access import TokenAuthentication


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema):
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Authorization: Token …`, made by `manage.py issue_token`.",
        }


class FilterParameters(OpenApiFilterExtension):
    """Each filter as its own class tells it: the first line of its docstring, and its `schema`."""

    target_class = "config.api.StrictFilters"
    priority = 1  # before the one that guesses from model fields

    def get_schema_operation_parameters(self, auto_schema, *args, **kwargs):
        filterset = auto_schema.view.filterset_class
        if auto_schema.view.action != "list" or filterset is None:
            return []
        return [self.parameter(name, one) for name, one in filterset.base_filters.items()]

    def parameter(self, name: str, one) -> dict:
        schema = getattr(one, "schema", {"type": "string"})
        described = {
            "name": name,
            "in": "query",
            "required": False,
            "description": type(one).__doc__.partition("\n")[0],
            "schema": schema,
        }
        return described | (
            {"style": "form", "explode": False} if schema["type"] == "array" else {}
        )

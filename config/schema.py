"""How the OpenAPI document tells what the code cannot: the token, headers, and the problems."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiFilterExtension

from config.auth import TokenAuthentication


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


# What every operation of a method takes


def _string(where: str, name: str, text: str, *, required: bool = False) -> dict:
    schema = {"type": "string"}
    return {"name": name, "in": where, "required": required, "description": text, "schema": schema}


TAKES = {
    "patch": _string(
        "header", "If-Match", "The ETag of the record as it was last read, or `*`.", required=True
    ),
    "post": _string(
        "header",
        "Idempotency-Key",
        "Makes a retry safe: the same key and request replay the stored answer.",
    ),
}
FIELDS = _string("query", "fields", "Only these fields, with commas between.")

PROBLEM = {
    "description": "A problem (RFC 9457).",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "properties": {
                    "type": {"type": "string", "format": "uri"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "errors": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {
                                "pointer": {
                                    "type": "string",
                                    "description": "Where in the body (RFC 6901), or /parameter.",
                                },
                                "message": {"type": "string"},
                            },
                            "required": ["pointer", "message"],
                            "additionalProperties": True,
                        },
                    },
                },
                "required": ["type", "title", "status", "detail"],
            }
        }
    },
}


def headers_and_problems(result: dict, **kwargs) -> dict:
    """Add to each operation the headers of its method, and that it may answer with a problem."""
    result["components"]["responses"] = {"Problem": PROBLEM}
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            taken = [TAKES[method]] if method in TAKES else []
            if method == "post" and "{id}" in path:  # a verb
                taken.append(TAKES["patch"])
            if operation["operationId"].endswith("_retrieve"):
                taken = [FIELDS]
            operation.setdefault("parameters", []).extend(taken)
            operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
    return result

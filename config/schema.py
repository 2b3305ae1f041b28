"""How the OpenAPI document tells what the code cannot: the token, and the problems."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension

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

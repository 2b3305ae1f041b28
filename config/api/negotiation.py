"""Which representation an answer has: by `?format=`, else by `Accept` (RFC 9110)."""

from django.http.request import MediaType
from rest_framework import exceptions, negotiation


class Negotiation(negotiation.DefaultContentNegotiation):
    """The representation that the client likes best; of equals the one it names most closely.

    `format` goes before `Accept`, so that a link leads to the same thing in a browser. A `format`
    that is not there is left to the endpoint, which refuses it by name. `profile` tells apart types
    that are otherwise one, and must agree; any other parameter of a range (`charset`, `indent`) is
    a hint.
    """

    def select_renderer(self, request, renderers, format_suffix=None):
        if asked := request.query_params.get("format"):
            named = [renderer for renderer in renderers if renderer.format == asked]
            return (named or renderers)[0], (named or renderers)[0].media_type
        ranges = list(self._ranges(request))
        fits = [
            (self._fit(MediaType(renderer.media_type), ranges), -place, renderer)
            for place, renderer in enumerate(renderers)
        ]
        (quality, _, accepted), _, renderer = max(fits, key=lambda fit: (fit[0][:2], fit[1]))
        if not quality:
            offered = ", ".join(renderer.media_type for renderer in renderers)
            raise exceptions.NotAcceptable(f"Accept names nothing that is here: {offered}.")
        return renderer, str(accepted)

    def _ranges(self, request):
        for token in self.get_accept_list(request) or ["*/*"]:
            try:
                yield MediaType(token)
            except ValueError:
                continue  # malformed: it names nothing

    def _fit(self, offered: MediaType, ranges: list[MediaType]) -> tuple:
        """Quality and closeness of the range that names this type most closely, and that range."""
        profile = offered.params.get("profile")
        closest = (0, -1, None)
        for one in ranges:
            wildcards = (one.main_type == "*") + (one.sub_type == "*")
            if (
                one.main_type in ("*", offered.main_type)
                and one.sub_type in ("*", offered.sub_type)
                and one.params.get("profile", profile) == profile
            ):
                closeness = 4 - 2 * wildcards + ("profile" in one.params)
                if closeness > closest[1]:
                    closest = (one.quality, closeness, one)
        return closest

"""Which representation an answer has: by `?format=`, else by `Accept` (RFC 9110)."""

from collections.abc import Iterator
from functools import lru_cache

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
        types = tuple(renderer.media_type for renderer in renderers)
        if (liked := best(tuple(self.get_accept_list(request)), types)) is None:
            offered = ", ".join(types)
            raise exceptions.NotAcceptable(f"Accept names nothing that is here: {offered}.")
        place, accepted = liked
        return renderers[place], accepted


@lru_cache(maxsize=1_000)
def best(accepted: tuple[str, ...], offered: tuple[str, ...]) -> tuple[int, str] | None:
    """Which of the types that are offered is liked best, and the range that names it.

    None if all that is offered is refused.
    """
    ranges = list(ranges_of(accepted or ("*/*",)))
    fits = [(fit(MediaType(one), ranges), -place) for place, one in enumerate(offered)]
    (quality, _, named), place = max(fits, key=lambda each: (each[0][:2], each[1]))
    return (-place, str(named)) if quality else None


def ranges_of(accepted: tuple[str, ...]) -> Iterator[MediaType]:
    for token in accepted:
        try:
            yield MediaType(token)
        except ValueError:
            continue  # malformed: it names nothing


def fit(offered: MediaType, ranges: list[MediaType]) -> tuple[float, int, MediaType | None]:
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

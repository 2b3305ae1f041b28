"""Content negotiation: by the parameter `format`, else by `Accept` (RFC 9110)."""

from collections.abc import Iterator
from functools import lru_cache

from django.http.request import MediaType
from rest_framework import exceptions, negotiation


class Negotiation(negotiation.DefaultContentNegotiation):
    """Picks the representation with the highest quality, then with the most specific range.

    `format` takes precedence over `Accept`, so that a link works in a browser. The endpoint refuses
    an unknown `format` by name. The parameter `profile` of a media range must match; all others
    (`charset`, `indent`) are ignored.
    """

    def select_renderer(self, request, renderers, format_suffix=None):
        if asked := request.query_params.get("format"):
            named = [renderer for renderer in renderers if renderer.format == asked]
            return (named or renderers)[0], (named or renderers)[0].media_type
        types = tuple(renderer.media_type for renderer in renderers)
        if (liked := best(tuple(self.get_accept_list(request)), types)) is None:
            offered = ", ".join(types)
            raise exceptions.NotAcceptable(f"Accept matches none of the types offered: {offered}.")
        place, accepted = liked
        return renderers[place], accepted


@lru_cache(maxsize=1_000)
def best(accepted: tuple[str, ...], offered: tuple[str, ...]) -> tuple[int, str] | None:
    """Return the index of the best type offered and the range that matches it, or None."""
    ranges = list(ranges_of(accepted or ("*/*",)))
    fits = [(fit(MediaType(one), ranges), -place) for place, one in enumerate(offered)]
    (quality, _, named), place = max(fits, key=lambda each: (each[0][:2], each[1]))
    return (-place, str(named)) if quality else None


def ranges_of(accepted: tuple[str, ...]) -> Iterator[MediaType]:
    for token in accepted:
        try:
            yield MediaType(token)
        except ValueError:
            continue  # malformed: matches nothing


def fit(offered: MediaType, ranges: list[MediaType]) -> tuple[float, int, MediaType | None]:
    """Return quality and specificity of the most specific range for a type, and that range."""
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

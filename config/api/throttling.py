"""Rate limits, by token or by address, and the headers that tell a client where it stands."""

import math
from dataclasses import dataclass

from rest_framework import throttling


@dataclass(frozen=True)
class RateLimit:
    """What a limit leaves to a client, as `draft-ietf-httpapi-ratelimit-headers` writes it."""

    policy: str
    requests: int
    seconds: int
    remaining: int
    reset: int
    """Seconds until more requests are allowed."""

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.requests};w={self.seconds}',
            "RateLimit": f'"{self.policy}";r={self.remaining};t={self.reset}',
        }


def rate_limit_headers(get_response):
    """Tell in each answer to a request that was counted how many more are allowed."""

    def middleware(request):
        response = get_response(request)
        if (limit := getattr(request, "rate_limit", None)) is not None:
            for name, value in limit.headers().items():
                response[name] = value
        return response

    return middleware


class Counted(throttling.SimpleRateThrottle):
    """A rate limit that keeps two counters per client, not a timestamp per request.

    Estimates a sliding window from two fixed ones: all requests of the current window, plus the
    share of the previous window that the sliding one still overlaps. A view that takes longer than
    others counts as several requests: `counts_as`.
    """

    policy: str

    def allow_request(self, request, view) -> bool:
        key, asked = self.get_cache_key(request, view), getattr(request, "_request", request)
        counted = asked.__dict__.setdefault("counted", set())
        if key is None or key in counted:
            return True  # it was counted when a replica was asked, before the primary
        window, spent = divmod(self.timer(), self.duration)
        self.left = self.duration - spent
        present = f"{key}:{window:.0f}"
        before = self.cache.get(f"{key}:{window - 1:.0f}", 0) * self.left / self.duration
        made = self.cache.get(present)
        more = min(getattr(view, "counts_as", 1), self.num_requests)
        used = (made or 0) + before
        is_allowed = used + more <= self.num_requests
        if is_allowed:
            self.count(present, made, more)
            counted.add(key)
        asked.rate_limit = RateLimit(
            policy=self.policy,
            requests=self.num_requests,
            seconds=self.duration,
            remaining=max(math.floor(self.num_requests - used - more * is_allowed), 0),
            reset=math.ceil(self.left),
        )
        return is_allowed

    def count(self, key: str, made: int | None, more: int) -> None:
        """Add to a counter that had this value; others may count, and a full cache may drop it."""
        if made is None and self.cache.add(key, more, 2 * self.duration):
            return
        try:
            self.cache.incr(key, more)
        except ValueError:  # it was dropped since
            self.cache.set(key, (made or 0) + more, 2 * self.duration)

    def wait(self) -> float:
        """Return the seconds until the window ends, when requests are allowed again."""
        return self.left


class AnonymousRate(Counted, throttling.AnonRateThrottle):
    """Limits requests without a token, by address."""

    policy = "address"


class TokenRate(Counted, throttling.UserRateThrottle):
    """Limits requests with a token, by user."""

    policy = "user"

    def get_cache_key(self, request, view) -> str | None:
        is_known = request.user and request.user.is_authenticated
        return super().get_cache_key(request, view) if is_known else None

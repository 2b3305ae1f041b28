"""Rate limits, by token or by address."""

from rest_framework import throttling


class Counted(throttling.SimpleRateThrottle):
    """A rate limit that keeps two counters per client, not a timestamp per request.

    Estimates a sliding window from two fixed ones: all requests of the current window, plus the
    share of the previous window that the sliding one still overlaps. A view that takes longer than
    others counts as several requests: `counts_as`.
    """

    def allow_request(self, request, view) -> bool:
        if (key := self.get_cache_key(request, view)) is None:
            return True
        window, spent = divmod(self.timer(), self.duration)
        self.left = self.duration - spent
        present = f"{key}:{window:.0f}"
        before = self.cache.get(f"{key}:{window - 1:.0f}", 0) * self.left / self.duration
        made = self.cache.get(present)
        more = min(getattr(view, "counts_as", 1), self.num_requests)
        if (made or 0) + before + more > self.num_requests:
            return False
        if made is not None or not self.cache.add(present, more, 2 * self.duration):
            self.cache.incr(present, more)
        return True

    def wait(self) -> float:
        """Return the seconds until the window ends, when requests are allowed again."""
        return self.left


class AnonymousRate(Counted, throttling.AnonRateThrottle):
    """Limits requests without a token, by address."""


class TokenRate(Counted, throttling.UserRateThrottle):
    """Limits requests with a token, by user."""

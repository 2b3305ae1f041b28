"""How many requests a user, or an address, may make."""

from rest_framework import throttling


class Counted(throttling.SimpleRateThrottle):
    """A rate that costs the same whatever it is: two numbers are kept, not a time for each request.

    A sliding window is estimated from two fixed ones: all requests of the present one, and of those
    in the last one the share that the sliding window still holds of it.
    """

    def allow_request(self, request, view) -> bool:
        if (key := self.get_cache_key(request, view)) is None:
            return True
        window, spent = divmod(self.timer(), self.duration)
        self.left = self.duration - spent
        present = f"{key}:{window:.0f}"
        before = self.cache.get(f"{key}:{window - 1:.0f}", 0) * self.left / self.duration
        made = self.cache.get(present)
        if (made or 0) + before >= self.num_requests:
            return False
        if made is not None or not self.cache.add(present, 1, 2 * self.duration):
            self.cache.incr(present)
        return True

    def wait(self) -> float:
        """Seconds until a request may be made again: at most those that are left of the window."""
        return self.left


class AnonymousRate(Counted, throttling.AnonRateThrottle):
    """By address, of who has no token."""


class TokenRate(Counted, throttling.UserRateThrottle):
    """By user, of who has a token; by address otherwise."""

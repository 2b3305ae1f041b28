"""Compression of answers (RFC 9110), for clients that ask for it."""

from django.middleware.gzip import GZipMiddleware

from quotes.exports.compression import negotiate_coding


class Compression(GZipMiddleware):
    """Compresses answers that are sent whole with gzip. Exports compress themselves.

    An answer to a request with cookies is never compressed: its length could tell another site
    what it says of the user who is logged in (BREACH). The API knows no cookies.
    """

    def process_response(self, request, response):
        accepted = request.headers.get("Accept-Encoding", "")
        is_refused = "gzip" in accepted and negotiate_coding(accepted, ["gzip"]) is None
        if response.streaming or request.COOKIES or is_refused:
            return response
        return super().process_response(request, response)

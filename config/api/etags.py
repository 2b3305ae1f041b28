"""Entity tags, and answers that a client need not be sent again."""

import hashlib
from http import HTTPStatus

from django.utils.cache import get_conditional_response

from config.api.problems import API, answer_plainly


def entity_tags(get_response):
    """Tag each answer with what it holds; answer 304 when the client holds the same.

    A record's tag is `"version-digest"`: `If-Match` compares the version, `If-None-Match` the
    whole, so a change in what is embedded (a speaker renamed) is noticed too.
    """

    def middleware(request):
        response = get_response(request)
        if (
            not request.path.startswith(API)
            or response.streaming
            or response.status_code not in (200, 201)
            or response.has_header("ETag")
        ):
            return response
        tag = hashlib.sha256(response.content).hexdigest()[:20]
        if (version := getattr(response, "record_version", None)) is not None:
            tag = f"{version}-{tag}"
        response["ETag"] = f'"{tag}"'
        if request.method in ("GET", "HEAD"):
            response.setdefault("Cache-Control", "private, no-cache")
            response.setdefault("Vary", "Authorization, Accept")
            answer = get_conditional_response(request, etag=response["ETag"], response=response)
            if answer.status_code == HTTPStatus.PRECONDITION_FAILED:
                return answer_plainly(
                    HTTPStatus.PRECONDITION_FAILED, "What is here is not what If-Match names."
                )
            return answer
        return response

    return middleware

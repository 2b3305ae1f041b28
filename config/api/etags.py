"""Entity tags (RFC 9110), and 304 for clients that have the answer already."""

import hashlib
import json
from http import HTTPStatus

from django.utils.cache import get_conditional_response

from config.api.problems import API, answer_plainly


def entity_tags(get_response):
    """Tag each answer with a digest of its body; answer 304 if the client has the same.

    A record's tag is `"version-digest"`. `If-Match` compares the version only. `If-None-Match`
    compares the whole tag, so a change of an embedded record counts too.
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
        version, body = getattr(response, "record_version", None), response.content
        if version is not None and response.get("Content-Type") == "application/json":
            # PostgreSQL and Python space one representation differently.
            body = json.dumps(json.loads(body), sort_keys=True).encode()
        tag = hashlib.sha256(body).hexdigest()[:20]
        if version is not None:
            tag = f"{version}-{tag}"
        response["ETag"] = f'"{tag}"'
        if request.method in ("GET", "HEAD"):
            response.setdefault("Cache-Control", "private, no-cache")
            response.setdefault("Vary", "Authorization, Accept")
            answer = get_conditional_response(request, etag=response["ETag"], response=response)
            if answer.status_code == HTTPStatus.PRECONDITION_FAILED:
                return answer_plainly(
                    HTTPStatus.PRECONDITION_FAILED,
                    "If-Match names another version.",
                )
            return answer
        return response

    return middleware

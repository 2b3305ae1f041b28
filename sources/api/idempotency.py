"""POST requests that are safe to retry: `Idempotency-Key`."""

import hashlib
import json
from functools import wraps

from django.db import transaction
from django.utils import timezone
from rest_framework import serializers

from sources.api.responses import json_of, replayed
from sources.database.locks import lock_all
from sources.exceptions import KeyReused
from sources.models import IdempotentResponse

MAX_KEY_CHARACTERS = 255
RESPONSE_LIFETIME = timezone.timedelta(days=2)


def idempotent(handler):
    """Make a POST safe to retry: the same `Idempotency-Key` and request replay the stored response.

    The response is stored in the transaction that does the work. Errors are not stored: they change
    nothing, and the corrected request may use the same key.
    """

    @wraps(handler)
    def answer(self, request, *args, **kwargs):
        key = request.headers.get("Idempotency-Key")
        # Without a token nothing can be changed, and nothing is stored.
        if key is None or not request.user.is_authenticated:
            with transaction.atomic():
                return handler(self, request, *args, **kwargs)
        if not 1 <= len(key) <= MAX_KEY_CHARACTERS or not key.isprintable():
            raise serializers.ValidationError(
                {"Idempotency-Key": [f"Write 1 to {MAX_KEY_CHARACTERS} printable characters."]}
            )
        fingerprint = hashlib.sha256(
            b"\0".join(
                [request.method.encode(), request.get_full_path().encode(), canonical(request.data)]
            )
        ).hexdigest()
        with transaction.atomic():
            lock_all([f"idempotency:{request.user.pk}:{key}"])
            if stored := IdempotentResponse.objects.filter(user=request.user, key=key).first():
                if stored.fingerprint != fingerprint:
                    raise KeyReused
                headers = {"Idempotency-Replayed": "true"}
                replay = replayed(stored.body, status=stored.status, headers=headers)
                if stored.location:
                    replay["Location"] = stored.location
                return replay
            response = handler(self, request, *args, **kwargs)
            IdempotentResponse.objects.filter(
                created__lt=timezone.now() - RESPONSE_LIFETIME
            ).delete()
            IdempotentResponse.objects.create(
                user=request.user,
                key=key,
                fingerprint=fingerprint,
                status=response.status_code,
                location=response.headers.get("Location"),
                body=json_of(response),
            )
        return response

    answer.is_idempotent = True
    return answer


def canonical(data) -> bytes:
    """Serialise parsed JSON to bytes, independent of key order and white space."""
    return json.dumps(data, sort_keys=True, ensure_ascii=True, default=str).encode()

"""`changes/`: what a system follows that keeps a copy of the records."""

import threading
import time
from collections.abc import Callable
from uuid import UUID

from django.core import signing
from django.db import connection
from drf_spectacular.utils import (
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.reverse import reverse

from quotes.api.views import Articles, Quotes
from quotes.models import Quote, Utterance
from sources.api import long_poll
from sources.api.endpoints import Endpoint
from sources.api.serializers import RECORD
from sources.api.views import Affiliations, Organisations, Outlets, Speakers
from sources.exceptions import BadParameter, nearest_of, whole_number
from sources.history.feed import Place, Stretch, last_settled, settled_after
from sources.models import Revision

# What is followed


class FollowedUtteranceSerializer(serializers.ModelSerializer):
    """One act of speaking that several quotes report."""

    class Meta:
        model = Utterance
        fields = ["id", *RECORD]
        read_only_fields = fields


class Utterances(Endpoint):
    """Acts of speaking, as they are followed."""

    queryset = Utterance.objects.all()
    serializer_class = FollowedUtteranceSerializer


FOLLOWED = {
    "quote": Quotes,
    "article": Articles,
    "speaker": Speakers,
    "organisation": Organisations,
    "outlet": Outlets,
    "affiliation": Affiliations,
    "utterance": Utterances,
}
"""By the type that the ledger has: who shows such a record, and to whom."""


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="FollowedRecord",
        serializers=[view.serializer_class for view in FOLLOWED.values()],
        resource_type_field_name=None,
    )
)
class RecordField(serializers.JSONField):
    """The public form of a record of any type."""


class FollowedChangeSerializer(serializers.Serializer):
    """One change, with the record as it is at present: several changes show the same."""

    type = serializers.ChoiceField(choices=list(FOLLOWED))
    id = serializers.UUIDField()
    url = serializers.URLField()
    verb = serializers.ChoiceField(choices=Revision.Verb.choices)
    version = serializers.IntegerField(help_text="That this change made; the record may be newer.")
    time = serializers.DateTimeField()
    gone = serializers.BooleanField(help_text="There is no such record any more, or not for you.")
    merged_into = serializers.UUIDField(
        required=False, help_text="Only of a record that was merged: it is gone, this one is meant."
    )
    record = RecordField(allow_null=True, help_text="Null when it is gone.")


@extend_schema_serializer(many=False)
class ChangesSerializer(serializers.Serializer):
    next = serializers.URLField(allow_null=True, help_text="Null when there is nothing more now.")
    previous = serializers.URLField(allow_null=True, help_text="Always null.")
    after = serializers.CharField(help_text="Where to go on, now or later.")
    results = FollowedChangeSerializer(many=True)


# Where a follower is

SIGNER = signing.Signer(salt="changes")


def cursor_at(place: Place) -> str:
    return SIGNER.sign_object([place.era, place.transaction, place.id])


def place_at(cursor: str | None, last: Place) -> Place:
    """The place that `after` names; without it, the beginning."""
    if cursor is None:
        return Place()
    if cursor == "now":
        return last
    try:
        place = Place(*SIGNER.unsign_object(cursor))
    except signing.BadSignature:
        fault = "Not a cursor of this service. Take it from `after`, or write now."
        raise BadParameter({"after": [fault]}) from None
    if place > last:
        fault = (
            "Is ahead of the ledger: the database was restored to an earlier state. What you have "
            "may never have been; begin again without it."
        )
        raise BadParameter({"after": [fault]})
    return place


# Waiting

LONGEST_WAIT = 30
LOOK_EVERY = 0.25
MOST_WAITING = 2
"""In one process, which has few threads to answer anybody else with."""

_waiting = threading.BoundedSemaphore(MOST_WAITING)


def wait_for(look: Callable[[], Stretch], seconds: int) -> Stretch:
    """Look again and again until there is something to tell; once, if so many others wait already.

    Between the looks no connection of the pool is held. It ends early when the server stops.
    """
    if not _waiting.acquire(blocking=False):
        return look()
    try:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not connection.in_atomic_block:
                connection.close()
            goes_on = long_poll.sleep(min(LOOK_EVERY, left))
            found = look()
            if found.revisions or found.more or not goes_on:
                break
        return found
    finally:
        _waiting.release()


def described(name: str, kind: dict | type, text: str) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=text)


class Changes(Endpoint):
    """Every change to every record that you may see, in an order in which none is ever missed."""

    http_method_names = ("get", "head", "options")
    queryset = Quote.objects.all()
    serializer_class = ChangesSerializer
    pagination_class = None
    list_parameters = ("after", "types", "limit", "wait")

    USUAL, MOST = 50, 200

    def _kinds(self, value: str | None) -> list[str]:
        """The types asked for, each of which one must be allowed to list."""
        kinds = list(FOLLOWED) if value is None else [kind.strip() for kind in value.split(",")]
        if unknown := [kind for kind in kinds if kind not in FOLLOWED]:
            faults = [f"“{kind[:60]}” is no type. {nearest_of(kind, FOLLOWED)}" for kind in unknown]
            raise BadParameter({"types": faults})
        for kind in kinds:
            self._view(kind).check_permissions(self.request)
        return kinds

    def _view(self, kind: str) -> Endpoint:
        """The view that shows such records, for this request."""
        given = {"request": self.request, "action": "retrieve", "format_kwarg": None}
        return FOLLOWED[kind](args=(), kwargs={}, **given)

    def _url(self, after: str) -> str:
        query = self.request.query_params.copy()
        query["after"] = after
        return f"{self.request.build_absolute_uri(self.request.path)}?{query.urlencode()}"

    def _told(self, revisions: list[Revision]) -> list[dict]:
        """Each change with its record as it is now; as many queries as its types need."""
        ids: dict[str, set[UUID]] = {}
        for revision in revisions:
            ids.setdefault(revision.subject_type, set()).add(revision.subject_id)
        records, survivors = {}, {}
        for kind, keys in ids.items():
            view = self._view(kind)
            found = list(view.get_queryset().filter(pk__in=keys))
            merged = {one.pk: key for one in found if (key := getattr(one, "merged_into_id", None))}
            survivors |= merged
            shown = [one for one in found if one.pk not in merged]
            data = view.get_serializer(shown, many=True).data
            records |= {one.pk: form for one, form in zip(shown, data, strict=True)}
        return [self._change(one, records.get(one.subject_id), survivors) for one in revisions]

    def _change(self, revision: Revision, record: dict | None, survivors: dict) -> dict:
        kind, key = revision.subject_type, revision.subject_id
        merged = {"merged_into": survivors[key]} if key in survivors else {}
        return {
            "type": kind,
            "id": key,
            "url": reverse(f"{kind}-detail", [key], request=self.request),
            "verb": revision.verb,
            "version": revision.version,
            "time": revision.time,
            "gone": record is None,
            "record": record,
            **merged,
        }

    @extend_schema(
        responses=ChangesSerializer,
        parameters=[
            described("after", str, "Where to go on, from a former answer; `now`: at the present."),
            described("types", str, f"Only these, with commas between: {', '.join(FOLLOWED)}."),
            described(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
                "Changes a page.",
            ),
            described(
                "wait",
                {"type": "integer", "minimum": 0, "maximum": LONGEST_WAIT, "default": 0},
                "Seconds to wait for a change when there is none.",
            ),
        ],
    )
    def list(self, request):
        """The changes after a place in the ledger, from its beginning, or from now on.

        Keep `after` and go on from there. None is skipped and none comes twice, in whatever order
        transactions commit. Two changes to one record may come in either order, but `record` is
        always what it is at present: who stores the last one he was told has it right. What is
        embedded in a record, such as the name of a quote's speaker, changes with the record it
        belongs to. A page may hold fewer changes than asked for, or none, and still have a `next`.

        Page and records are read one after the other, not in one transaction: a record is then as
        it was when the page was read or newer, and what changed it meanwhile is on a later page.
        """
        asked = request.query_params
        kinds = self._kinds(asked.get("types"))
        most = whole_number("limit", asked.get("limit"), self.USUAL, most=self.MOST)
        seconds = whole_number("wait", asked.get("wait"), 0, least=0, most=LONGEST_WAIT)
        whole = request.user.has_perm(Quotes.insight)
        last = last_settled()
        place = place_at(asked.get("after"), last)
        found = settled_after(place, last, kinds, whole=whole, most=most)
        if seconds and not (found.revisions or found.more):
            found = wait_for(
                lambda: settled_after(place, last_settled(), kinds, whole=whole, most=most),
                seconds,
            )
        after = cursor_at(found.end)
        page = {
            "next": self._url(after) if found.more else None,
            "previous": None,
            "after": after,
            "results": self._told(found.revisions),
        }
        return Response(ChangesSerializer(page).data)

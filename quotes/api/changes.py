"""`changes/`: the change feed, for systems that keep a copy of the archive."""

import threading
import time
from collections.abc import Callable, Iterable
from uuid import UUID

from django.core import signing
from django.db import connection
from django.db.models import QuerySet
from drf_spectacular.utils import (
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.reverse import reverse

from quotes.api.filing_views import Articles
from quotes.api.utterances import Utterances
from quotes.api.views import Quotes
from quotes.models import Quote, Utterance
from quotes.models.querysets import may_file, sees_all
from sources.api import long_poll
from sources.api.endpoints import Endpoint, query_parameter
from sources.api.responses import link_header
from sources.api.serializers import RECORD
from sources.api.views import Affiliations, Facts, Organisations, Outlets, Speakers
from sources.exceptions import BadParameter, nearest_of, whole_number
from sources.history.feed import FeedPage, LedgerPosition, last_settled, settled_after
from sources.models import Revision

# Types of record


class UtteranceRecordSerializer(serializers.ModelSerializer):
    """An utterance in the change feed: its id and version only."""

    class Meta:
        model = Utterance
        fields = ["id", *RECORD]
        read_only_fields = fields


class UtteranceRecords(Utterances):
    """Utterances as the change feed shows them."""

    serializer_class = UtteranceRecordSerializer


VIEWS = {
    "quote": Quotes,
    "article": Articles,
    "speaker": Speakers,
    "organisation": Organisations,
    "outlet": Outlets,
    "affiliation": Affiliations,
    "fact": Facts,
    "utterance": UtteranceRecords,
}
"""By type in the ledger: the view whose queryset, serializer and permissions apply to its records.

Each starts from what the detail view shows: a record that GET does not return is gone."""


class ChangeSerializer(serializers.Serializer):
    """One change, with the record as it is now."""

    type = serializers.ChoiceField(choices=list(VIEWS))
    id = serializers.UUIDField(help_text="Id of the record.")
    url = serializers.URLField(help_text="URL of the record.")
    verb = serializers.ChoiceField(choices=Revision.Verb.choices)
    version = serializers.IntegerField(
        help_text="The version that this change made. The record may be newer."
    )
    time = serializers.DateTimeField()
    gone = serializers.BooleanField(
        help_text="True: delete your copy. The record was erased, merged or hidden from you."
    )
    merged_into = serializers.UUIDField(
        required=False, help_text="Only if the record was merged: the id to use instead."
    )
    record = serializers.JSONField(allow_null=True, help_text="Null if it is gone.")


def change_schema(kind: str, view: type[Endpoint]) -> type[ChangeSerializer]:
    """Make the serializer that describes changes of this type in the OpenAPI document."""

    @extend_schema_field({"type": "string", "const": kind})
    class TypeField(serializers.CharField):
        pass

    fields = {"type": TypeField(), "record": view.serializer_class(allow_null=True)}
    text = f"A change of a record of type `{kind}`."
    return type(f"{kind.title()}ChangeSerializer", (ChangeSerializer,), {"__doc__": text, **fields})


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="Change",
        serializers={kind: change_schema(kind, view) for kind, view in VIEWS.items()},
        resource_type_field_name="type",
        many=True,
    )
)
class ChangesField(serializers.ListField):
    child = ChangeSerializer()


@extend_schema_serializer(many=False)
class ChangesSerializer(serializers.Serializer):
    """One page of the change feed."""

    next = serializers.URLField(allow_null=True, help_text="Null if there is nothing more now.")
    previous = serializers.URLField(allow_null=True, help_text="Always null.")
    after = serializers.CharField(help_text="Keep it: the cursor to continue from, now or later.")
    results = ChangesField()


# Cursors

SIGNER = signing.Signer(salt="changes")


def cursor_at(place: LedgerPosition) -> str:
    return SIGNER.sign_object([place.era, place.transaction, place.id])


def place_at(cursor: str | None, last: LedgerPosition) -> LedgerPosition:
    """Return the position that the cursor names, the beginning without one. Raises BadParameter."""
    if cursor is None:
        return LedgerPosition()
    if cursor == "now":
        return last
    try:
        place = LedgerPosition(*SIGNER.unsign_object(cursor))
    except signing.BadSignature:
        fault = "Not a cursor of this service. Use `after` of an earlier answer, or now."
        raise BadParameter({"after": [fault]}) from None
    if place > last:
        fault = (
            "Ahead of the ledger: the database was restored to an earlier state, and your copy may "
            "hold changes that were lost. Start again without it."
        )
        raise BadParameter({"after": [fault]})
    return place


# Waiting

MAX_WAIT_SECONDS = 30
POLL_SECONDS = 0.25
MAX_WAITING_REQUESTS = 2  # per process, which has few threads for everybody else

_waiting = threading.BoundedSemaphore(MAX_WAITING_REQUESTS)


def wait_for(poll: Callable[[], FeedPage], seconds: int) -> FeedPage:
    """Poll until there is a change, the time is up or the server stops.

    Polls only once if too many requests wait already. Holds no database connection in between.
    """
    if not _waiting.acquire(blocking=False):
        return poll()
    try:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not connection.in_atomic_block:
                connection.close()
            goes_on = long_poll.sleep(min(POLL_SECONDS, left))
            found = poll()
            if found.revisions or found.more or not goes_on:
                break
        return found
    finally:
        _waiting.release()


# What a user sees


def view_for(kind: str, request) -> Endpoint:
    """Return the view of this type, set up for this request."""
    given = {"request": request, "action": "retrieve", "format_kwarg": None}
    return VIEWS[kind](args=(), kwargs={}, **given)


def seen_by(request, kinds: Iterable[str]) -> dict[str, list]:
    """What `settled_after` has to know of the user. Raises PermissionDenied."""
    views = {kind: view_for(kind, request) for kind in kinds}
    for view in views.values():
        view.check_permissions(request)
    whole = [kind for kind, view in views.items() if view.may_see_all()]
    return {"whole": whole, "own": own_of(request.user, set(views) - set(whole))}


def own_of(user, kinds: Iterable[str]) -> list[QuerySet]:
    """Records of these kinds that this user sees and readers do not."""
    if not (may_file(user) or sees_all(user)):
        return []
    records = [VIEWS[kind].queryset.model.objects for kind in kinds]
    hidden = [own.hidden_of(user) for own in records if hasattr(own, "hidden_of")]
    return [own for own in hidden if own is not None]


def changes_of(revisions: Iterable[Revision], request) -> list[dict]:
    """Return the changes with their records as the user sees them now, in a few queries per type.

    Anything will do that has type, id, version, verb and time of a revision.
    """
    ids: dict[str, set[UUID]] = {}
    for revision in revisions:
        ids.setdefault(revision.subject_type, set()).add(revision.subject_id)
    records, survivors = {}, {}
    for kind, keys in ids.items():
        view = view_for(kind, request)
        if isinstance(view, Quotes):
            records |= view.forms_of(keys)
            continue
        visible = list(view.get_queryset().filter(pk__in=keys))
        merged = {r.pk: key for r in visible if (key := getattr(r, "merged_into_id", None))}
        survivors |= merged
        active = [record for record in visible if record.pk not in merged]
        data = view.get_serializer(active, many=True).data
        records |= {record.pk: form for record, form in zip(active, data, strict=True)}
    urls = {kind: url_above(kind, request) for kind in ids}
    return [_change(each, records.get(each.subject_id), survivors, urls) for each in revisions]


def url_above(kind: str, request) -> str:
    """The URL that a record of this type adds its id and a slash to."""
    nobody = UUID(int=0)
    url = reverse(f"{kind}-detail", [nobody], request=request)
    return url.removesuffix(f"{nobody}/")


def _change(revision: Revision, record: dict | None, survivors: dict, urls: dict) -> dict:
    kind, key = revision.subject_type, revision.subject_id
    merged = {"merged_into": survivors[key]} if key in survivors else {}
    return {
        "type": kind,
        "id": key,
        "url": f"{urls[kind]}{key}/",
        "verb": revision.verb,
        "version": revision.version,
        "time": revision.time,
        "gone": record is None,
        "record": record,
        **merged,
    }


class Changes(Endpoint):
    """Every change to every record that the user may see, in an order that misses none."""

    http_method_names = ("get", "head", "options")
    queryset = Quote.objects.all()
    serializer_class = ChangesSerializer
    pagination_class = None
    list_parameters = ("after", "types", "limit", "wait")

    operation_ids = {"list": "listChanges"}

    DEFAULT_CHANGES, MAX_CHANGES = 50, 200  # per page

    def _kinds(self, value: str | None) -> list[str]:
        """Return the requested types. Raises BadParameter."""
        kinds = list(VIEWS) if value is None else [kind.strip() for kind in value.split(",")]
        if unknown := [kind for kind in kinds if kind not in VIEWS]:
            faults = [
                f"There is no type “{kind[:60]}”. {nearest_of(kind, VIEWS)}" for kind in unknown
            ]
            raise BadParameter({"types": faults})
        return kinds

    def _url(self, after: str) -> str:
        query = self.request.query_params.copy()
        query["after"] = after
        return f"{self.request.build_absolute_uri(self.request.path)}?{query.urlencode()}"

    @extend_schema(
        responses=ChangesSerializer,
        parameters=[
            query_parameter(
                "after",
                "`after` of an earlier answer, or `now`. Without it, from the start.",
                "now",
            ),
            query_parameter(
                "types",
                "Return changes of these types only. Separate several with commas.",
                ["quote", "speaker"],
                type="array",
                items={"type": "string", "enum": list(VIEWS)},
            ),
            query_parameter(
                "limit",
                "Changes per page.",
                50,
                type="integer",
                minimum=1,
                maximum=MAX_CHANGES,
                default=DEFAULT_CHANGES,
            ),
            query_parameter(
                "wait",
                "Seconds to wait for a change if there is none yet.",
                20,
                type="integer",
                minimum=0,
                maximum=MAX_WAIT_SECONDS,
                default=0,
            ),
        ],
    )
    def list(self, request):
        """List changes to records.

        Store `after` of each answer and continue from there. No change is skipped or sent twice.
        Two changes to one record may come in either order, but `record` is always the record as it
        is now: a client that stores the last change received has the current record. Data embedded
        in a record, such as the name of a quote's speaker, changes with its own record.

        A page may hold fewer changes than `limit`, or none, and still have a `next`: follow it
        until it is null. Then ask again later, or with `wait`.
        """
        asked = request.query_params
        kinds = self._kinds(asked.get("types"))
        sees = seen_by(request, kinds)
        most = whole_number(
            "limit", asked.get("limit"), self.DEFAULT_CHANGES, most=self.MAX_CHANGES
        )
        seconds = whole_number("wait", asked.get("wait"), 0, least=0, most=MAX_WAIT_SECONDS)
        last = last_settled()
        place = place_at(asked.get("after"), last)
        found = settled_after(place, last, kinds, **sees, most=most)
        if seconds and not (found.revisions or found.more):
            found = wait_for(
                lambda: settled_after(place, last_settled(), kinds, **sees, most=most),
                seconds,
            )
        after = cursor_at(found.end)
        page = {
            "next": self._url(after) if found.more else None,
            "previous": None,
            "after": after,
            "results": changes_of(found.revisions, request),
        }
        return Response(ChangesSerializer(page).data, headers=link_header(next=page["next"]))

"""Endpoints of quotes, and of speakers whose quotes can be moved."""

import json
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response
from rest_framework.reverse import reverse

from quotes.api.filed_serializers import FILED_OR_UNSEEN, FiledQuoteSerializer
from quotes.api.filing_serializers import QuoteProposalSerializer
from quotes.api.filing_views import DRY_RUN, FilesQuotes, step, unseen_by
from quotes.api.filters import QuoteFilters
from quotes.api.prepared_lists import prepared_page, prepared_quote
from quotes.api.serializers import (
    ChangedQuoteSerializer,
    CorrectQuoteSerializer,
    KeepSerializer,
    ListedQuoteSerializer,
    OptionalReasonSerializer,
    QuoteSerializer,
    ReattributionSerializer,
    RequiredReasonSerializer,
    RetractionSerializer,
)
from quotes.curation.reattribution import lock, reattribute
from quotes.filing import Filer, propose
from quotes.history.public import (
    EMBEDDED,
    PUBLIC_NAMES,
    PUBLIC_REASONS,
    PUBLIC_VERBS,
    restore_parts,
)
from quotes.history.verification import checks_of_quote, is_lost
from quotes.models import Quote
from quotes.models.workflow import STEPS
from quotes.representations import REPRESENTATIONS, status_history_of
from quotes.representations.json import FIELDS, PageJson, QuoteJson, fetch_quotes, quotes_url
from quotes.search.highlight import MATCHES, add_matches
from quotes.search.pages import find_page
from quotes.search.ranking import Ranking
from sources.api.endpoints import AS_OF, FORMAT, Resource, query_parameter
from sources.api.idempotency import idempotent
from sources.api.responses import RenderedJSON
from sources.api.serializers import SpeakerSerializer
from sources.api.verification import VerificationSerializer
from sources.api.views import Speakers
from sources.exceptions import BadParameter
from sources.models.articles import READ_FULL_TEXT

FORMATS = ["json", *(each.format for each in REPRESENTATIONS)]


class Quotes(FilesQuotes, Resource):
    """Quotes: what was said, by whom, in which role, where and when."""

    queryset = Quote.objects.all()
    serializer_class = QuoteSerializer
    filterset_class = QuoteFilters
    orderings = {"published": "published_day", "said": "said_day", "created": "created"}
    default_ordering = "-published"
    best_first = ("relevance",)
    permissions = {name: step.permission for name, step in STEPS.items()}
    embedded = EMBEDDED
    public_names = PUBLIC_NAMES
    see_all_permission = "quotes.review_quote"
    public_verbs = PUBLIC_VERBS
    public_reasons = PUBLIC_REASONS
    operation_ids = {"create": "proposeQuote"}
    is_prepared = True  # lists may run as prepared statements, which read all of `found`

    def get_queryset(self):
        return Quote.objects.visible_to(self.request.user).with_parts()

    def get_renderers(self):
        more = REPRESENTATIONS if self.action == "retrieve" else []
        return [*super().get_renderers(), *(renderer() for renderer in more)]

    def parameters(self) -> set[str]:
        return super().parameters() | ({"format"} if self.action == "list" else set())

    def formats(self) -> list[str]:
        return FORMATS if self.action == "retrieve" else ["json"]

    @extend_schema(
        parameters=[
            AS_OF,
            query_parameter(
                "format",
                "The representation. Takes precedence over `Accept`.",
                "jsonld",
                enum=FORMATS,
                default="json",
            ),
        ],
        responses={
            (200, "application/json"): QuoteSerializer,
            **{(200, each.media_type): each.schema for each in REPRESENTATIONS},
        },
    )
    def retrieve(self, request, pk):
        """Get a quote.

        As JSON, or in another representation by `format` or `Accept`: schema.org JSON-LD, W3C Web
        Annotation, PROV, CSL or BibTeX. With `as_of` the quote as it was at that time.
        """
        params, renderer = request.query_params, request.accepted_renderer
        if renderer.format == "json":
            response = None if "as_of" in params else self.current_response(pk)
            return response or super().retrieve(request, pk)
        if "fields" in params:
            fault = f"Works with JSON only, not with {renderer.format}. Leave one of the two out."
            raise BadParameter({"fields": [fault]})
        quote, headers = self.get_version()
        quote.reason = quote.reason_for(request.user)
        if quote.hides_text_from(request.user):
            quote.contexts = [["", ""] for _ in quote.spans]
        history = self.history_of(quote).get_queryset().filter(version__lte=quote.version)
        life = status_history_of(quote, history)
        response = Response(renderer.represent(quote, life, self.address), headers=headers)
        response.record_version = quote.version
        return response

    def get_listed(self):
        return Quote.objects.visible_to(self.request.user)

    def found(self, filters: QuoteFilters):
        """The quotes of a list, before they are put in order."""
        return filters.filter_queryset(self.get_listed())

    def get_unchanged(self) -> Quote:
        if self.action == "publish":
            self.get_listed().filter(pk=self.kwargs["pk"]).hold_articles()
        quote = super().get_unchanged()
        quote.shows_text = self.request.user.has_perm(READ_FULL_TEXT)
        return quote

    def rows_of(self, page) -> list[QuoteJson]:
        if page.query.is_sliced:
            page = find_page(page)
        known = (*FIELDS, MATCHES) if page.search else FIELDS
        fields = self.requested_fields(known)
        rows = fetch_quotes(page, quotes_url(self.request), fields, reviews=self.may_see_all())
        if page.search and MATCHES in fields:
            add_matches(rows, page.search)
        return rows

    def forms_of(self, keys) -> dict[UUID, dict]:
        """Return the public forms of those of these quotes that the user may see, by id."""
        rows = self.rows_of(self.get_listed().filter(pk__in=keys).order_by("version"))
        return {row.pk: json.loads(row.json) for row in rows}

    def parts_of(self, queryset, ordering: str, cursor: dict | None, wanted: int):
        if not (queryset.search and queryset.search.ranks):
            fault = "Needs a search: add q or like, or choose another ordering."
            raise BadParameter({"ordering": [fault]})
        ranking = Ranking.of(queryset, cursor and cursor["fence"])
        return ranking.parts(cursor, wanted), {"fence": str(ranking.fence)}

    @extend_schema(parameters=[FORMAT], responses=ListedQuoteSerializer(many=True))
    def list(self, request):
        """List quotes.

        Returns the quotes that match every filter, one page at a time, newest first. Search their
        words with `q`, `phrase` or `like`. Without `status`, retracted quotes are left out.
        """
        filters, page = self.read_page()
        with self.tables():
            if self.is_prepared and (shown := prepared_page(self, filters, page)) is not None:
                return self.written_response(page, shown)
            rows = page.page(page.rows(self.found(filters), self))
        return page.get_written_response(",".join(row.json for row in rows).encode())

    def read_page(self):
        """Return the filters and the page that a list is asked for. Raises BadParameter."""
        filters, page = self.read_filters(), self.paginator
        page.read(self.request, self)
        if (filters.form.cleaned_data.get("sample") or 0) > page.limit:
            fault = f"More than the {page.limit} of a page: raise limit, or use export/."
            raise BadParameter({"sample": [fault]})
        return filters, page

    def written_response(self, page, shown: PageJson) -> HttpResponse:
        """Return the response of a page that PostgreSQL has written as a whole."""
        page.link(shown.first, shown.last, shown.number)
        return page.get_written_response(shown.json)

    @extend_schema(request=QuoteSerializer, responses=ChangedQuoteSerializer)
    def partial_update(self, request, pk):
        """Change a quote.

        Changes the fields that you send and leaves the others. Send the record's `ETag` as
        `If-Match`: if the record has changed since, the answer is 412 and nothing is changed.

        What a public quote says changes only with a `note` for its readers. The change is then a
        correction, as by `correct/`; without a note it is refused with 409. `utterance` needs none.

        `attribution.text` and `attribution.speaker` have to be printed in the article.
        """
        return super().partial_update(request, pk)

    def stored_response(self, quote) -> HttpResponse:
        response = self.rendered_response(Quote.objects.filter(pk=quote.pk))
        if quote.not_printed:
            response.content = json.dumps(response.data | {"not_printed": quote.not_printed})
        return response

    def current_response(self, pk) -> RenderedJSON | None:
        """Return the response of a quote, or None if there is none that the user may see."""
        if (page := prepared_quote(self, pk)) is None:
            return self.rendered_response(self.get_listed().filter(pk=pk))
        if not page.number:
            return None
        response = RenderedJSON(page.json)
        _, version = page.first
        response.record_version = int(version)
        return response

    def rendered_response(self, quotes) -> RenderedJSON | None:
        """Return the response of the only quote in the queryset, or None if it is empty."""
        if not (rows := self.rows_of(quotes.order_by("version"))):
            return None
        response = RenderedJSON(rows[0].json)
        response.record_version = rows[0].version
        return response

    def address(self, name: str, key) -> str:
        """Return the absolute URL of a record or a snapshot."""
        return reverse(f"{name}-detail", args=[key], request=self.request)

    def complete(self, was, at):
        super().complete(was, at)
        restore_parts(was, at)

    @extend_schema(
        parameters=[DRY_RUN],
        request=QuoteProposalSerializer,
        responses={
            201: OpenApiResponse(FiledQuoteSerializer, "The quote was added."),
            200: OpenApiResponse(
                PolymorphicProxySerializer(
                    component_name="FiledOrUnseenQuote",
                    serializers=FILED_OR_UNSEEN,
                    resource_type_field_name=None,
                ),
                "The quote was on record already.",
            ),
        },
    )
    @idempotent
    def create(self, request):
        """Propose a quote of an article on record.

        The quote is found in the article's text by its words, and its speaker and organisation are
        matched by name or added. It waits for review unless you may publish.

        Without the permission to read full text, send the words: spans alone are refused with 403,
        and neither an answer nor an error shows more of the text than you sent.
        """
        proposal = self.validated_body(QuoteProposalSerializer)
        filer = Filer.of(request.user)
        with self.filing():
            filed = propose(proposal.pop("article"), proposal, filer)
            quote = get_object_or_404(Quote.objects.with_parts(), pk=filed.quote.pk)
            quote.filing, quote.sent = filed, proposal.get("text")
            quote.shows_text = filer.may_read
            quote.is_unseen = bool(unseen_by(request.user, [quote]))
            data = FiledQuoteSerializer(quote, context=self.get_serializer_context()).data
        if quote.is_unseen:
            return Response(data)
        response = Response(
            data,
            status=status.HTTP_201_CREATED if filed.is_new else status.HTTP_200_OK,
            headers={"Location": str(data["url"])},
        )
        response.record_version = quote.version
        return response

    @step(OptionalReasonSerializer)
    def publish(self, quote, reason=None):
        """Publish a proposed quote.

        Readers see it from then on. You cannot publish a quote that you filed yourself, unless the
        service allows it.
        """
        quote.publish(reason)

    @step(RequiredReasonSerializer)
    def reject(self, quote, reason):
        """Reject a proposed quote.

        It will not be published. Filing it again does not propose it again.
        """
        quote.reject(reason)

    @step(OptionalReasonSerializer)
    def withdraw(self, quote, reason=None):
        """Withdraw a quote that you proposed.

        Nobody reviews it any more. Filing the same again does not propose it again.
        """
        if not Quote.objects.filed_for(self.request.user).filter(pk=quote.pk).exists():
            raise PermissionDenied("Only the user who proposed a quote can withdraw it.")
        quote.withdraw(reason)

    @step(OptionalReasonSerializer)
    def reopen(self, quote, reason=None):
        """Propose a rejected or withdrawn quote again.

        It waits for review, as when it was filed.
        """
        quote.reopen(reason)

    @step(KeepSerializer)
    def keep(self, quote, flags, reason=None):
        """Keep the record and settle its flags.

        The quote stays as it is. The same filing does not raise them again. Flags about who is
        meant are settled by naming the speaker or the organisation.
        """
        quote.keep(flags, reason)

    @step(RequiredReasonSerializer)
    def dispute(self, quote, reason):
        """Mark a published quote as disputed.

        It stays public, with its status and your reason.
        """
        quote.dispute(reason)

    @step(OptionalReasonSerializer)
    def settle(self, quote, reason=None):
        """Settle a dispute in favour of the quote.

        The quote is published again, unchanged. If it was wrong, correct or retract it instead.
        """
        quote.settle(reason)

    @step(CorrectQuoteSerializer, ChangedQuoteSerializer)
    def correct(self, quote, note, **changes):
        """Correct a public quote.

        Changes the fields that you send and leaves the others. Readers see your note and what was
        changed. `via` replaces the whole reporting chain. `attribution.text` and
        `attribution.speaker` have to be printed in the article.
        """
        quote.correct(note, now=timezone.now(), **changes)

    @step(RetractionSerializer)
    def retract(self, quote, reason, replaced_by=None):
        """Retract a public quote.

        It cannot be undone. The quote stays public with its status and your reason, but lists leave
        it out. `replaced_by` names the quote to use instead.
        """
        quote.retract(reason, replaced_by)

    @extend_schema(responses=VerificationSerializer)
    @action(detail=True)
    def verify(self, request, pk):
        """Verify a quote.

        Recomputes every digest, anchor, hash and link of the quote and of the records it rests on,
        and compares them with what is on record. Hashes of states are salted. Words are shown of
        the quote only.
        """
        try:
            self.get_object()
        except Http404:
            if not is_lost(pk, request.user):
                raise
        checks = checks_of_quote(pk)
        result = {"ok": all(check.ok for check in checks), "checks": checks}
        return Response(VerificationSerializer(result).data)


class QuotedSpeakers(Speakers):
    """Speakers, whose quotes can be moved to another speaker."""

    permissions = {**Speakers.permissions, "reattribute": "quotes.change_quote"}
    operation_ids = {"reattribute": "reattributeQuotes"}

    @extend_schema(
        request=ReattributionSerializer,
        responses=inline_serializer(
            "Reattribution",
            {
                "record": SpeakerSerializer(),
                "moved": serializers.DictField(
                    child=serializers.IntegerField(), help_text="Number of records moved, by kind."
                ),
            },
        ),
    )
    @action(detail=True, methods=["post"])
    @idempotent
    def reattribute(self, request, pk):
        """Move quotes to another speaker.

        Moves the given quotes of this speaker, all of them or none. Returns the other speaker. If
        any of the quotes is public, a reason is needed: readers see it as the note of a correction.
        """
        body = self.validated_body(ReattributionSerializer)
        quotes = Quote.objects.visible_to(request.user)
        lock(quotes, body["quotes"])
        moved = reattribute(
            quotes,
            body["quotes"],
            speaker=self.get_unchanged(),
            to=body["to"],
            reason=body.get("reason"),
            now=timezone.now(),
        )
        record = self.get_queryset().get(pk=body["to"].pk)
        return Response({"record": self.get_serializer(record).data, "moved": {"quotes": moved}})

"""The endpoints of articles, which are filed with their quotes, and of quotes."""

from functools import wraps

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.reverse import reverse

from quotes.api.filters import QuoteFilters
from quotes.api.prepared_lists import prepared_page
from quotes.api.serializers import (
    CaptureSerializer,
    CorrectingSerializer,
    ExplainedStepSerializer,
    FiledArticleSerializer,
    FiledQuoteSerializer,
    FilingSerializer,
    FoundQuoteSerializer,
    QuoteProposalSerializer,
    QuoteSerializer,
    ReattributionSerializer,
    RetractionSerializer,
    TakingBackSerializer,
)
from quotes.curation.reattribution import lock, reattribute
from quotes.filing import Filing, capture, file, propose
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
from quotes.representations.json import FIELDS, QuoteJson, fetch_quotes, quotes_url
from quotes.search.highlight import MATCHES, add_matches
from quotes.search.pages import found_by_words
from quotes.search.planner import found
from quotes.search.ranking import Ranking
from sources.api.endpoints import AS_OF, Endpoint, Resource
from sources.api.fields import StrictSerializer
from sources.api.filtersets import ArticleFilters
from sources.api.idempotency import idempotent
from sources.api.responses import WrittenResponse
from sources.api.serializers import (
    ArticleSerializer,
    SnapshotSummarySerializer,
    SpeakerSerializer,
    VerificationSerializer,
)
from sources.api.views import Speakers
from sources.exceptions import BadParameter, nearest_of
from sources.models import Article, Snapshot

FILING_BYTES = 5 * 1024 * 1024
FORMATS = ["json", *(each.format for each in REPRESENTATIONS)]


class Articles(Resource):
    """What outlets printed. Filing an article brings its text and its quotes with it."""

    queryset = Article.objects.select_related("outlet", "snapshot").defer("snapshot__text")
    serializer_class = ArticleSerializer
    filterset_class = ArticleFilters
    orderings = {"published": "published_day", "created": "created"}
    default_ordering = "-published"
    embedded = ("outlet", "snapshot")
    most_bytes = FILING_BYTES

    @extend_schema(
        request=FilingSerializer,
        responses={
            201: OpenApiResponse(FiledArticleSerializer, "The article is new."),
            200: OpenApiResponse(FiledArticleSerializer, "The article was on record."),
        },
    )
    @idempotent
    def create(self, request):
        """File an article, its text and its quotes: all of it is stored, or none."""
        filing = file(
            FilingSerializer.read(request.data),
            may_publish=request.user.has_perm("quotes.publish_quote"),
        )
        created = filing.outcome == "made"
        return filed(self, filing, status.HTTP_201_CREATED if created else status.HTTP_200_OK)


def filed(view: Endpoint, filing: Filing, code: int) -> Response:
    """What became of a filing, read back from the database."""
    filing.article = Articles.queryset.get(pk=filing.article.pk)
    quotes = Quote.objects.with_parts().in_bulk([f.quote.pk for f in filing.quotes])
    data = FiledArticleSerializer.of(filing, quotes, view.get_serializer_context())
    place = reverse("article-detail", args=[filing.article.pk], request=view.request)
    response = Response(data, status=code, headers={"Location": place})
    response.record_version = filing.article.version
    return response


class ArticleSnapshots(Endpoint):
    """The texts captured of one article."""

    queryset = Snapshot.objects.defer("text")
    serializer_class = SnapshotSummarySerializer
    orderings = {"captured": "captured"}
    default_ordering = "-captured"
    permissions = {"create": "sources.add_article"}
    most_bytes = FILING_BYTES

    def get_article(self) -> Article:
        return self.found(Article.objects.all(), self.kwargs["article"])

    def list(self, request, article):
        """Without their words, newest first."""
        return self.page_of(self.get_queryset().filter(article=self.get_article()))

    @extend_schema(
        request=CaptureSerializer,
        responses={200: FiledArticleSerializer},
    )
    @idempotent
    def create(self, request, article):
        """Capture a new text of the article; its quotes follow it there."""
        text = self.read(CaptureSerializer)["text"]
        filing = capture(self.get_article(), text)
        return filed(self, filing, status.HTTP_200_OK)


def step(body: type[StrictSerializer]):
    """An operation of a quote that takes this body, and answers with the quote as it is then.

    The verb that is decorated calls the model's, on the quote as the client read it (`If-Match`).
    """

    def decorate(verb):
        @wraps(verb)
        def answer(self, request, pk):
            with transaction.atomic():
                quote = self.get_unchanged()
                verb(self, quote, **self.read(body))
                return self.read_back(quote.pk)

        # `action` overwrites an `extend_schema` beneath it
        posted = action(detail=True, methods=["post"])(idempotent(answer))
        return extend_schema(request=body, responses=QuoteSerializer)(posted)

    return decorate


class Quotes(Resource):
    """What was said, by whom, in what role, where and when."""

    queryset = Quote.objects.all()
    serializer_class = QuoteSerializer
    filterset_class = QuoteFilters
    orderings = {"published": "published_day", "said": "said_day", "created": "created"}
    default_ordering = "-published"
    best_first = ("relevance",)
    permissions = {name: step.permission for name, step in STEPS.items()}
    embedded = EMBEDDED
    public_names = PUBLIC_NAMES
    insight = "quotes.review_quote"
    public_verbs = PUBLIC_VERBS
    public_reasons = PUBLIC_REASONS

    def get_queryset(self):
        return Quote.objects.visible_to(self.request.user).with_parts()

    def get_renderers(self):
        more = REPRESENTATIONS if self.action == "retrieve" else []
        return [*super().get_renderers(), *(renderer() for renderer in more)]

    def parameters(self) -> set[str]:
        return super().parameters() | ({"format"} if self.action == "retrieve" else set())

    @extend_schema(
        parameters=[
            AS_OF,
            OpenApiParameter(
                "format",
                enum=FORMATS,
                default="json",
                description="The representation, whatever `Accept` says.",
            ),
        ],
        responses={
            (200, "application/json"): QuoteSerializer,
            **{(200, each.media_type): each.schema for each in REPRESENTATIONS},
        },
    )
    def retrieve(self, request, pk):
        """One quote, as JSON or in another representation, by `format` or by `Accept`."""
        asked = request.query_params
        if (name := asked.get("format", "json")) not in FORMATS:
            fault = f"There is no format “{name[:60]}”. {nearest_of(name, FORMATS)}"
            raise BadParameter({"format": [fault]})
        renderer = request.accepted_renderer
        if renderer.format == "json":
            at_present = Quote.objects.visible_to(request.user).filter(pk=pk)
            answer = None if "as_of" in asked else self.written(at_present)
            return answer or super().retrieve(request, pk)
        if "fields" in asked:
            fault = f"Only of JSON, and {renderer.format} was asked for. Leave one of them out."
            raise BadParameter({"fields": [fault]})
        quote, headers = self.get_asked()
        history = self.history_of(quote).get_queryset().filter(version__lte=quote.version)
        life = status_history_of(quote, history)
        response = Response(renderer.represent(quote, life, self.address), headers=headers)
        response.record_version = quote.version
        return response

    def get_listed(self):
        return Quote.objects.visible_to(self.request.user)

    def rows_of(self, page) -> list[QuoteJson]:
        if page.query.is_sliced:
            page = found_by_words(page) if page.search else found(page)
        known = (*FIELDS, MATCHES) if page.search else FIELDS
        rows = fetch_quotes(page, quotes_url(self.request), self.fields_asked(known))
        if page.search and MATCHES in self.fields_asked(known):
            add_matches(rows, page.search)
        return rows

    def parts_of(self, queryset, ordering: str, place: dict | None, wanted: int):
        if not (queryset.search and queryset.search.ranks):
            fault = "Quotes have a relevance to what is searched for: only with q or like."
            raise BadParameter({"ordering": [fault]})
        ranking = Ranking.of(queryset, place and place["fence"])
        return ranking.parts(place, wanted), {"fence": str(ranking.fence)}

    @extend_schema(responses=FoundQuoteSerializer(many=True))
    def list(self, request):
        filters, page = self.read_filters(), self.paginator
        page.read(request, self)
        if (shown := prepared_page(self, filters, page)) is not None:
            page.link(shown.first, shown.last, shown.number)
            return page.get_written_response(shown.json)
        rows = page.page(page.rows(filters.filter_queryset(self.get_listed()), self))
        return page.get_written_response(",".join(row.json for row in rows).encode())

    def read_back(self, pk) -> HttpResponse:
        return self.written(Quote.objects.filter(pk=pk))

    def written(self, found) -> WrittenResponse | None:
        """The one quote of these as it is at present, unless there is none."""
        if not (rows := self.rows_of(found.order_by("version"))):
            return None
        response = WrittenResponse(rows[0].json)
        response.record_version = rows[0].version
        return response

    def address(self, name: str, key) -> str:
        """The absolute URL of the record, or of the text, that has this key."""
        return reverse(f"{name}-detail", args=[key], request=self.request)

    def complete(self, was, at):
        super().complete(was, at)
        restore_parts(was, at)

    @extend_schema(
        request=QuoteProposalSerializer,
        responses={
            201: OpenApiResponse(FiledQuoteSerializer, "The quote is new."),
            200: OpenApiResponse(FiledQuoteSerializer, "The quote was on record."),
        },
    )
    @idempotent
    def create(self, request):
        """Propose one quote of an article on record."""
        proposal = self.read(QuoteProposalSerializer)
        proposed = propose(
            proposal.pop("article"),
            proposal,
            may_publish=request.user.has_perm("quotes.publish_quote"),
        )
        quote = get_object_or_404(Quote.objects.with_parts(), pk=proposed.quote.pk)
        quote.filing = proposed
        data = FiledQuoteSerializer(quote, context=self.get_serializer_context()).data
        created = proposed.outcome == "made"
        response = Response(
            data,
            status=status.HTTP_201_CREATED if created else status.HTTP_200_OK,
            headers={"Location": data["url"]},
        )
        response.record_version = quote.version
        return response

    @step(ExplainedStepSerializer)
    def publish(self, quote, reason=None):
        """Let readers see a proposed quote."""
        quote.publish(reason)

    @step(TakingBackSerializer)
    def reject(self, quote, reason):
        """Keep a proposed quote from being published."""
        quote.reject(reason)

    @step(TakingBackSerializer)
    def dispute(self, quote, reason):
        """Say that a published quote is contested, and how."""
        quote.dispute(reason)

    @step(ExplainedStepSerializer)
    def settle(self, quote, reason=None):
        """End a dispute in favour of the quote as it stands."""
        quote.settle(reason)

    @step(CorrectingSerializer)
    def correct(self, quote, note, **changes):
        """Change what is printed or resolved of a public quote, with a note for its readers."""
        quote.correct(note, now=timezone.now(), **changes)

    @step(RetractionSerializer)
    def retract(self, quote, reason, replaced_by=None):
        """Take a public quote back, for good, and say which one to use instead if there is one."""
        quote.retract(reason, replaced_by)

    @extend_schema(responses=VerificationSerializer)
    @action(detail=True)
    def verify(self, request, pk):
        """Work out again all that proves a quote and what it rests on.

        Every digest, anchor, hash and link: what is on record and what was found. The hashes of
        states are salted; words are shown of the quote only.
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
    """Whom words are attributed to."""

    permissions = {**Speakers.permissions, "reattribute": "quotes.change_quote"}

    @extend_schema(
        request=ReattributionSerializer,
        responses=inline_serializer(
            "Reattribution",
            {
                "record": SpeakerSerializer(),
                "moved": serializers.DictField(child=serializers.IntegerField()),
            },
        ),
    )
    @action(detail=True, methods=["post"])
    @idempotent
    def reattribute(self, request, pk):
        """Move chosen quotes of this speaker to another, who said them after all: all, or none."""
        asked = self.read(ReattributionSerializer)
        quotes = Quote.objects.visible_to(request.user)
        lock(quotes, asked["quotes"])
        moved = reattribute(
            quotes,
            asked["quotes"],
            speaker=self.get_unchanged(),
            to=asked["to"],
            reason=asked.get("reason"),
        )
        record = self.get_queryset().get(pk=asked["to"].pk)
        return Response({"record": self.get_serializer(record).data, "moved": {"quotes": moved}})

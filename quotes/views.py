"""The endpoints of articles, which are filed with their quotes, and of quotes."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.reverse import reverse

from quotes.filing import Filing, capture, file, propose
from quotes.filters import QuoteFilters
from quotes.models import Quote
from quotes.reattribution import lock, reattribute
from quotes.serializers import (
    CaptureSerializer,
    FiledArticleSerializer,
    FiledQuoteSerializer,
    FilingSerializer,
    QuoteProposalSerializer,
    QuoteSerializer,
    ReattributionSerializer,
)
from sources.api import Endpoint, Resource, idempotent
from sources.filters import ArticleFilters
from sources.models import Article, Snapshot
from sources.serializers import ArticleSerializer, SnapshotSummarySerializer, SpeakerSerializer
from sources.views import Speakers

FILING_BYTES = 5 * 1024 * 1024


class Articles(Resource):
    """What outlets printed. Filing an article brings its text and its quotes with it."""

    queryset = Article.objects.select_related("outlet", "snapshot").defer("snapshot__text")
    serializer_class = ArticleSerializer
    filterset_class = ArticleFilters
    orderings = {"published": "published_day", "created": "created"}
    default_ordering = "-published"
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
        return get_object_or_404(Article, pk=self.kwargs["article"])

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
        serializer = CaptureSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        filing = capture(self.get_article(), serializer.validated_data["text"])
        return filed(self, filing, status.HTTP_200_OK)


class Quotes(Resource):
    """What was said, by whom, in what role, where and when."""

    queryset = Quote.objects.all()
    serializer_class = QuoteSerializer
    filterset_class = QuoteFilters
    orderings = {"published": "published_day", "said": "said_day", "created": "created"}
    default_ordering = "-published"

    def get_queryset(self):
        return Quote.objects.visible_to(self.request.user).with_parts()

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
        serializer = QuoteProposalSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        proposal = serializer.validated_data
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

"""Endpoints of articles, which are filed with their quotes, and of their texts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiResponse,
    extend_schema,
)
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.reverse import reverse

from quotes.api.documents import (
    MAX_FILING_BYTES,
    PARAMETERS,
    REQUESTS,
    TakesDocuments,
    read_sent,
)
from quotes.api.filed_serializers import FiledArticleSerializer
from quotes.api.filing_serializers import CaptureSerializer, FilingSerializer
from quotes.api.serializers import (
    QuoteSerializer,
    RequiredReasonSerializer,
)
from quotes.filing import Filer, Filing, capture, file
from quotes.models import Quote
from quotes.models.querysets import sees_all
from sources.api.article_serializers import ArticleSerializer, SnapshotSummarySerializer
from sources.api.endpoints import Endpoint, query_parameter
from sources.api.fields import RecordSerializer, StrictSerializer
from sources.api.filtersets import ArticleFilters
from sources.api.idempotency import idempotent
from sources.api.views import MergeableResource, merges
from sources.exceptions import true_or_false
from sources.identity.merging import refuse_if_merged
from sources.models import Article, Snapshot

DRY_RUN = query_parameter(
    "dry_run",
    "With `true` nothing is stored: the answer says what would be.",
    True,
    type="boolean",
    default=False,
)


class FilesQuotes:
    """Endpoints that file: POST takes `dry_run`."""

    def parameters(self) -> set[str]:
        return super().parameters() | ({"dry_run"} if self.action == "create" else set())

    @contextmanager
    def filing(self) -> Iterator[None]:
        """Store what is done inside, unless the request asks for a dry run."""
        is_dry = true_or_false("dry_run", self.request.query_params.get("dry_run"))
        with transaction.atomic():
            yield
            transaction.set_rollback(is_dry)


def step(body: type[StrictSerializer], record: type[RecordSerializer] = QuoteSerializer):
    """Make a POST operation of a record that takes this body and returns the record afterwards.

    The decorated function gets the record, locked, and calls one of its verbs.
    """

    def decorate(verb):
        @wraps(verb)
        def answer(self, request, pk):
            with transaction.atomic():
                locked = self.get_unchanged()
                verb(self, locked, **self.validated_body(body))
                return self.stored_response(locked)

        # `extend_schema` comes last: `action` would overwrite it.
        posted = action(detail=True, methods=["post"])(idempotent(answer))
        posted.verb, posted.body = verb, body
        return extend_schema(request=body, responses=record)(posted)

    return decorate


@merges
class Articles(FilesQuotes, TakesDocuments, MergeableResource):
    """Articles. They are filed together with their text and their quotes."""

    queryset = Article.objects.select_related("outlet", "snapshot").defer("snapshot__text")
    serializer_class = ArticleSerializer
    filterset_class = ArticleFilters
    orderings = {"published": "published_day", "created": "created"}
    default_ordering = "-published"
    embedded = ("outlet", "snapshot")
    operation_ids = {"create": "fileArticle"}
    permissions = dict.fromkeys(
        ("withdraw", "reinstate", "merge", "unmerge"), "sources.change_article"
    )
    most_bytes = MAX_FILING_BYTES

    @extend_schema(
        parameters=[DRY_RUN, *PARAMETERS],
        request={"application/json": FilingSerializer, **REQUESTS},
        responses={
            201: OpenApiResponse(FiledArticleSerializer, "The article was added."),
            200: OpenApiResponse(FiledArticleSerializer, "The article was on record already."),
        },
    )
    @idempotent
    def create(self, request):
        """File an article with its quotes.

        Everything is stored, or nothing. An article on record is recognised: file it again, and the
        answer says what has changed. Each quote is found in the text by its words, and its speaker,
        organisation and outlet are matched by name or added.

        Or send the article as you have it: a page, ninjs, NITF, NewsML-G2 or JSON-LD. Its text and
        its particulars are converted, and the document is kept. Parameters add what it does not
        say.
        """
        with self.filing():
            filer = Filer.of(request.user)
            data = read_sent(request.data, request.query_params)
            filing = file(data, replace(filer, withholds=data.get("withheld", False)))
            code = status.HTTP_201_CREATED if filing.is_new else status.HTTP_200_OK
            return filing_response(self, filing, code)

    @step(RequiredReasonSerializer, ArticleSerializer)
    def withdraw(self, article, reason):
        """Record that the outlet withdrew an article.

        The article and its quotes stay on record. `withdrawn` says when and why, in the article and
        in each of its quotes.
        """
        article.withdraw(reason, now=timezone.now())

    @step(RequiredReasonSerializer, ArticleSerializer)
    def reinstate(self, article, reason):
        """Undo the withdrawal of an article.

        `withdrawn` is null again, in the article and in its quotes. The history keeps both.
        """
        article.reinstate(reason)


def filing_response(view: Endpoint, filing: Filing, code: int) -> Response:
    """Return what became of a filing, read from the database."""
    filing.article = Articles.queryset.get(pk=filing.article.pk)
    quotes = Quote.objects.with_parts().in_bulk([f.quote.pk for f in filing.quotes])
    unseen = unseen_by(view.request.user, [*quotes.values(), *filing.reanchored])
    data = FiledArticleSerializer.of(filing, quotes, unseen, view.get_serializer_context())
    url = reverse("article-detail", args=[filing.article.pk], request=view.request)
    response = Response(data, status=code, headers={"Location": url})
    response.record_version = filing.article.version
    return response


def unseen_by(user, quotes: list[Quote]) -> set[UUID]:
    """Ids of the quotes that this user may not see; no query if all are public."""
    hidden = {quote.pk for quote in quotes if quote.status not in Quote.PUBLIC}
    if not hidden or sees_all(user):
        return set()
    return hidden.difference(
        Quote.objects.visible_to(user).filter(pk__in=hidden).values_list("pk", flat=True)
    )


class ArticleSnapshots(Endpoint):
    """Captured texts of one article."""

    queryset = Snapshot.objects.select_related("document").defer("text", "document__body")
    serializer_class = SnapshotSummarySerializer
    orderings = {"captured": "captured"}
    default_ordering = "-captured"
    permissions = {"create": "sources.add_article"}
    operation_ids = {"list": "listArticleSnapshots", "create": "addArticleSnapshot"}
    most_bytes = MAX_FILING_BYTES

    def get_article(self) -> Article:
        articles = Article.objects.visible_to(self.request.user)
        return self.get_or_gone(articles, self.kwargs["article"])

    def list(self, request, article):
        """List the captured texts of an article.

        Newest first, without their words. Get the words of one by its SHA-256.
        """
        return self.page_of(self.get_queryset().filter(article=self.get_article()))

    @extend_schema(
        request=CaptureSerializer,
        responses={200: FiledArticleSerializer},
    )
    @idempotent
    def create(self, request, article):
        """Add a new text of an article.

        Each quote of the article is looked for in the new text: `reanchored` says which have moved,
        were altered or are missing.
        """
        data, article = self.validated_body(CaptureSerializer), self.get_article()
        refuse_if_merged(article)
        filing = capture(article, data["text"], Filer.of(request.user), data.get("document"))
        return filing_response(self, filing, status.HTTP_200_OK)

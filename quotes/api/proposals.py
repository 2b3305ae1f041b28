"""`articles/propose/`: the quotes that extraction finds in an article. Stores nothing."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from quotes.api.documents import MAX_FILING_BYTES, PARAMETERS, REQUESTS, TakesDocuments, read_sent
from quotes.api.filing_serializers import FilingSerializer
from quotes.filing import Refused
from quotes.filing.proposers import proposals_in
from quotes.models import Proposal, Quote, Via
from sources.api.endpoints import Endpoint
from sources.api.idempotency import idempotent
from sources.models import Article, Speaker


class PrintedPartsSerializer(serializers.Serializer):
    """The words of the text that attribute the quote."""

    text = serializers.CharField(allow_null=True)
    speaker = serializers.CharField(allow_null=True)
    role = serializers.CharField(allow_null=True)
    organisation = serializers.CharField(allow_null=True)
    cue = serializers.CharField(allow_null=True)


class ProposedStepSerializer(serializers.Serializer):
    """A step of the reporting chain."""

    kind = serializers.ChoiceField(choices=Via.Kind.choices)
    name = serializers.CharField()


class BecauseSerializer(serializers.Serializer):
    """A passage that led to a part of the proposal, in code points of the text."""

    start = serializers.IntegerField()
    end = serializers.IntegerField()
    what = serializers.CharField()


class FoundQuoteSerializer(serializers.Serializer):
    """A quote that was found in a text, as a filing takes it, and what led to it.

    Nothing is named that the text does not print. `confidence` has a probability for each part,
    `band` sums them up: `sure`, `likely` or `check`.
    """

    spans = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)
    )
    text = serializers.CharField()
    kind = serializers.ChoiceField(choices=Quote.Kind.choices)
    speaker = serializers.CharField(
        allow_null=True, help_text="The fullest name that the text prints."
    )
    speaker_kind = serializers.ChoiceField(choices=Speaker.Kind.choices)
    role = serializers.CharField(allow_null=True)
    organisation = serializers.CharField(allow_null=True)
    attribution = PrintedPartsSerializer()
    via = ProposedStepSerializer(many=True)
    confidence = serializers.DictField(child=serializers.FloatField())
    band = serializers.ChoiceField(choices=Proposal.Band.choices)
    rule = serializers.CharField(help_text="The rule of attribution that fitted.")
    because = BecauseSerializer(many=True)


class ProposedQuotesSerializer(serializers.Serializer):
    """The text and the quotes that were found in it."""

    language = serializers.CharField(allow_null=True)
    text = serializers.CharField()
    quotes = FoundQuoteSerializer(many=True)


class ArticleProposals(TakesDocuments, Endpoint):
    """Quotes that extraction finds in an article's text."""

    queryset = Article.objects.all()
    serializer_class = ProposedQuotesSerializer
    operation_ids = {"create": "proposeQuotesOfText"}
    has_location = False
    most_bytes = MAX_FILING_BYTES

    @extend_schema(
        parameters=PARAMETERS,
        request={"application/json": FilingSerializer, **REQUESTS},
        responses={200: ProposedQuotesSerializer},
    )
    @idempotent
    def create(self, request):
        """Find the quotes in an article.

        Takes an article as `articles/` does, without quotes. Returns each quote in it with its
        speaker, role and organisation as the text prints them, and what led to each. Nothing is
        stored: file the quotes that you keep, or file the article with `"propose": true`.
        """
        article = read_sent(request.data, request.query_params)
        language, text = article.get("language"), article.get("text")
        if text is None:
            raise Refused([{"pointer": "/text", "message": "Send the text."}])
        if article.get("quotes"):
            message = "Leave the quotes out: those of the text are answered."
            raise Refused([{"pointer": "/quotes", "message": message}])
        quotes = [each.to_json() for each in proposals_in(text, language)]
        return Response({"language": language, "text": text, "quotes": quotes})

"""The endpoint of utterances: one act of speaking, in the wording of each outlet."""

from itertools import groupby

from django.db.models import Exists, OuterRef
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers
from rest_framework.response import Response

from quotes.models import Quote, Utterance
from quotes.utterances.wording import Wording
from sources.api.endpoints import Endpoint
from sources.api.fields import Reference
from sources.dates import PartialDateSerializerField
from sources.models import Article, Outlet, Speaker


class UtteranceField(serializers.Field):
    """The utterance that a quote reports, written as its id."""

    def get_attribute(self, quote: Quote):
        return quote if quote.utterance_id else None

    def to_representation(self, quote: Quote) -> dict:
        return {"id": str(quote.utterance_id), "quotes": quote.utterance_quotes or 0}

    def to_internal_value(self, data) -> Utterance:
        return serializers.PrimaryKeyRelatedField(
            queryset=Utterance.objects.all()
        ).to_internal_value(data)


class UtteranceSchema(OpenApiSerializerFieldExtension):
    target_class = UtteranceField

    def map_serializer_field(self, auto_schema, direction):
        if direction == "request":
            return {"type": "string", "format": "uuid"}
        return {
            "type": "object",
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "quotes": {
                    "type": "integer",
                    "description": "Public quotes that report it.",
                },
            },
            "required": ["id", "quotes"],
        }


class ReportSerializer(serializers.ModelSerializer):
    """A quote that reports the utterance in this wording."""

    url = serializers.HyperlinkedIdentityField(view_name="quote-detail", lookup_field="pk")
    outlet = Reference(
        Outlet.objects.all(), shows=("id", "name", "slug"), read_only=True, allow_null=True
    )
    article = Reference(Article.objects.all(), shows=("id", "headline", "url"), read_only=True)
    published = PartialDateSerializerField(read_only=True, allow_null=True)
    said = PartialDateSerializerField(read_only=True, allow_null=True)

    class Meta:
        model = Quote
        fields = ["id", "url", "outlet", "article", "published", "said", "kind", "status"]
        read_only_fields = fields


class WordingSerializer(serializers.Serializer):
    """A wording, punctuation and case aside, as first printed, and the quotes that have it."""

    text = serializers.CharField()
    quotes = ReportSerializer(many=True, help_text="By date of publication, unknown dates last.")


class UtteranceSerializer(serializers.ModelSerializer):
    """One act of speaking, in every wording on record, the longest first."""

    url = serializers.HyperlinkedIdentityField(view_name="utterance-detail", lookup_field="pk")
    speaker = Reference(
        Speaker.objects.all(), shows=("id", "name", "kind"), read_only=True, allow_null=True
    )
    quotes = serializers.IntegerField(read_only=True, help_text="Quotes that you may see.")
    first = PartialDateSerializerField(
        read_only=True, allow_null=True, help_text="Date of the first publication."
    )
    last = PartialDateSerializerField(
        read_only=True, allow_null=True, help_text="Date of the last known publication."
    )
    wordings = WordingSerializer(many=True, read_only=True)

    class Meta:
        model = Utterance
        fields = [
            "id",
            "url",
            "version",
            "speaker",
            "quotes",
            "first",
            "last",
            "wordings",
            "created",
            "updated",
        ]
        read_only_fields = fields


class Reported:
    """An utterance with those of its quotes that the user may see."""

    def __init__(self, utterance: Utterance, quotes: list[Quote]):
        self.pk = self.id = utterance.pk
        self.version = utterance.version
        self.created, self.updated = utterance.created, utterance.updated
        self.speaker, self.quotes = quotes[0].speaker, len(quotes)
        dates = [quote.published for quote in quotes if quote.published]
        self.first = min(dates, key=lambda date: (date.first, date.last), default=None)
        self.last = max(dates, key=lambda date: (date.last, date.first), default=None)
        self.wordings = wordings(quotes)


def wordings(quotes: list[Quote]) -> list[dict]:
    """Return `[{"text", "quotes"}]`, the longest text first, quotes by date of publication."""

    def words(quote: Quote) -> tuple[int, list[str]]:
        normalised = Wording(quote.text).line
        return -len(normalised), normalised

    by_words = sorted(quotes, key=lambda quote: (words(quote), publication_order(quote)))
    groups = (list(group) for _, group in groupby(by_words, key=words))
    return [{"text": group[0].text, "quotes": group} for group in groups]


def publication_order(quote: Quote) -> tuple:
    """Sort key: date of publication, unknown dates last."""
    return quote.published is None, quote.published_day, quote.pk


class Utterances(Endpoint):
    """Utterances that several quotes report."""

    queryset = Utterance.objects.all()
    serializer_class = UtteranceSerializer
    see_all_permission = "quotes.review_quote"

    def get_queryset(self):
        """Utterances with a quote that the user may see."""
        visible = Quote.objects.visible_to(self.request.user)
        return Utterance.objects.filter(Exists(visible.filter(utterance=OuterRef("pk"))))

    def retrieve(self, request, pk):
        """Get an utterance.

        Returns every wording of it on record, the longest first, and the quotes that have it.
        """
        visible = Quote.objects.visible_to(request.user)
        utterance = self.get_or_gone(self.get_queryset(), pk)
        quotes = visible.filter(utterance=pk).select_related("speaker", "outlet", "article")
        return Response(self.get_serializer(Reported(utterance, list(quotes))).data)

"""The endpoint of utterances: what was said in one act of speaking, as each outlet has it."""

from itertools import groupby

from django.db.models import Exists, OuterRef
from rest_framework import serializers
from rest_framework.response import Response

from quotes.models import Quote, Utterance
from quotes.utterances.wording import Wording
from sources.api.endpoints import Endpoint
from sources.api.fields import Reference
from sources.dates import PartialDateSerializerField
from sources.models import Article, Outlet, Speaker


class ReportSerializer(serializers.ModelSerializer):
    """One quote that reports it in these words."""

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
    """A wording, whatever its marks and capitals, as it was first printed; and who carried it."""

    text = serializers.CharField()
    quotes = ReportSerializer(many=True, help_text="By date of print, unknown dates last.")


class UtteranceSerializer(serializers.ModelSerializer):
    """One act of speaking, in every wording that is on record, the longest first."""

    url = serializers.HyperlinkedIdentityField(view_name="utterance-detail", lookup_field="pk")
    speaker = Reference(
        Speaker.objects.all(), shows=("id", "name", "kind"), read_only=True, allow_null=True
    )
    quotes = serializers.IntegerField(read_only=True, help_text="How many you may see.")
    first = PartialDateSerializerField(
        read_only=True, allow_null=True, help_text="When it was first printed."
    )
    last = PartialDateSerializerField(
        read_only=True, allow_null=True, help_text="And when last, as far as is known."
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
    """An utterance with the quotes that report it, as far as a reader may see them."""

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
    """`[{"text", "quotes"}]`, the longest first; in each the quotes by date of print."""

    def words(quote: Quote) -> tuple[int, list[str]]:
        bare = Wording(quote.text).words
        return -len(bare), bare

    by_words = sorted(quotes, key=lambda quote: (words(quote), printed(quote)))
    grouped = (list(same) for _, same in groupby(by_words, key=words))
    return [{"text": same[0].text, "quotes": same} for same in grouped]


def printed(quote: Quote) -> tuple:
    """Sorts quotes by the day of print, those without one last."""
    return quote.published is None, quote.published_day, quote.pk


class Utterances(Endpoint):
    """Acts of speaking that several quotes report."""

    queryset = Utterance.objects.all()
    serializer_class = UtteranceSerializer
    insight = "quotes.review_quote"

    def retrieve(self, request, pk):
        """Every wording of it on record, the longest first, and who carried it when."""
        visible = Quote.objects.visible_to(request.user)
        told = Utterance.objects.filter(Exists(visible.filter(utterance=OuterRef("pk"))))
        utterance = self.found(told, pk)
        quotes = visible.filter(utterance=pk).select_related("speaker", "outlet", "article")
        return Response(self.get_serializer(Reported(utterance, list(quotes))).data)

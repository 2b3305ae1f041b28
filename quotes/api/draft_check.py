"""`quotes/check/`: whether the quotations of a draft are on record. Stores nothing."""

import json
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from quotes.api.documents import MAX_FILING_BYTES
from quotes.api.filing_serializers import CaptureSerializer
from quotes.api.serializers import QuoteSerializer
from quotes.extraction import propose
from quotes.models import Quote
from quotes.representations.json import fetch_quotes, quotes_url
from quotes.search.draft_check import ORDER, Checked, TooManyQuotations, check
from sources.api.endpoints import Endpoint
from sources.api.idempotency import idempotent
from sources.api.serializers import LanguageField

VERDICTS = [each.value for each in ORDER]


class DraftSerializer(CaptureSerializer):
    """The plain text of a draft, or `html`, which is converted."""

    language = LanguageField(
        required=False, allow_null=True, help_text="Guessed from the words, if it is not given."
    )


class WordDifferenceSerializer(serializers.Serializer):
    """Where words differ: `expected` in the draft, `found` on record."""

    op = serializers.ChoiceField(choices=["replace", "delete", "insert"])
    expected = serializers.CharField()
    found = serializers.CharField()


class SimilarQuoteSerializer(serializers.Serializer):
    """A quote on record that is similar, and where it differs."""

    score = serializers.FloatField(help_text="How alike the words are, 0 to 1.")
    difference = WordDifferenceSerializer(many=True)
    quote = QuoteSerializer()


class CheckedQuotationSerializer(serializers.Serializer):
    """A quotation of the draft, and what the record says of it.

    `verbatim`: these very words, or a part of them. `altered`: they differ, as `difference` says.
    `misattributed`: on record, of somebody else. `corrected`: the words on record were corrected
    since. `retracted` and `disputed` are the status of the quote on record.
    """

    start = serializers.IntegerField(
        help_text="In code points of the text; for `html`, of the text that it converts to."
    )
    end = serializers.IntegerField()
    text = serializers.CharField()
    speaker = serializers.CharField(
        allow_null=True, help_text="As the draft names the speaker; null if it names nobody."
    )
    verdict = serializers.ChoiceField(choices=VERDICTS)
    score = serializers.FloatField(
        allow_null=True,
        help_text="How alike the words are, 0 to 1; null if they are not on record.",
    )
    difference = WordDifferenceSerializer(many=True)
    quotes = QuoteSerializer(many=True, help_text="The quotes on record that say so.")
    closest = SimilarQuoteSerializer(many=True, help_text="Up to three other similar quotes.")


class CheckedDraftSerializer(serializers.Serializer):
    """The quotations of the draft, in their order."""

    results = CheckedQuotationSerializer(many=True)


class DraftCheck(Endpoint):
    """Quotations of a draft, checked against the record."""

    queryset = Quote.objects.all()
    serializer_class = CheckedDraftSerializer
    permissions = {"create": "quotes.view_quote"}
    operation_ids = {"create": "checkDraft"}
    has_location = False
    counts_as = 20  # requests: a draft takes up to some seconds
    most_bytes = MAX_FILING_BYTES

    @extend_schema(request=DraftSerializer, responses={200: CheckedDraftSerializer})
    @idempotent
    def create(self, request):
        """Check the quotations of a draft.

        Each quotation in the text is compared with the public quotes on record: did they say that?
        If several verdicts hold, the first counts of `retracted`, `disputed`, `corrected`,
        `verbatim`, `misattributed`, `altered`. Words of the same speaker count before those of
        another. Nothing is stored.
        """
        body = self.validated_body(DraftSerializer)
        quotations = propose(body["text"], body.get("language"))
        try:
            checked = check(quotations)
        except TooManyQuotations as error:
            raise serializers.ValidationError({"text": [str(error)]}) from error
        shown = self.shown(checked)
        return Response({"results": [_result(each, shown) for each in checked]})

    def shown(self, checked: list[Checked]) -> dict[UUID, dict]:
        """The public form of the quotes that an answer names, by id; one query."""
        named = {one.quote.pk for each in checked for one in (*each.saying, *each.closest)}
        found = Quote.objects.filter(pk__in=named).order_by("version", "pk")
        rows = fetch_quotes(found, quotes_url(self.request), reviews=False)
        return {row.pk: json.loads(row.json) for row in rows}


def _result(checked: Checked, shown: dict[UUID, dict]) -> dict:
    quotation = checked.quotation
    closest = [
        {
            "score": round(each.score, 3),
            "difference": each.difference,
            "quote": shown[each.quote.pk],
        }
        for each in checked.closest
    ]
    return {
        "start": quotation.spans[0][0],
        "end": quotation.spans[-1][1],
        "text": quotation.text,
        "speaker": quotation.attribution.speaker or quotation.speaker,
        "verdict": checked.verdict,
        "score": None if checked.score is None else round(checked.score, 3),
        "difference": checked.difference,
        "quotes": [shown[each.quote.pk] for each in checked.saying],
        "closest": closest,
    }

"""`articles/propose/` and `quotes/check/`: what is quoted in a text. Both store nothing."""

import json
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from quotes.api.filing_views import MAX_FILING_BYTES
from quotes.api.serializers import QuoteSerializer
from quotes.extraction import propose
from quotes.models import Proposal as KeptProposal
from quotes.models import Quote, Via
from quotes.representations.json import fetch_quotes, quotes_url
from quotes.search.draft_check import ORDER, Checked, check
from sources.api.endpoints import Endpoint
from sources.api.fields import StrictSerializer, Text
from sources.api.idempotency import idempotent
from sources.api.markup import PLAIN, refuse_markup
from sources.api.serializers import LanguageField
from sources.models import Article, Snapshot, Speaker

MAX_QUOTATIONS = 300
"""Quotations of a draft: checking them takes some six seconds."""


class DraftSerializer(StrictSerializer):
    """The plain text of an article or a draft."""

    text = Text(max_length=Snapshot.MAX_CHARACTERS, trim_whitespace=False)
    language = LanguageField(
        required=False, allow_null=True, help_text="English, if it is not given."
    )
    plain = serializers.BooleanField(required=False, help_text=PLAIN)

    def validate(self, attrs):
        return refuse_markup(attrs)


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
    band = serializers.ChoiceField(choices=KeptProposal.Band.choices)
    rule = serializers.CharField(help_text="The rule of attribution that fitted.")
    because = BecauseSerializer(many=True)


class ProposedQuotesSerializer(serializers.Serializer):
    """The text and the quotes that were found in it."""

    language = serializers.CharField(allow_null=True)
    text = serializers.CharField()
    quotes = FoundQuoteSerializer(many=True)


class ArticleProposals(Endpoint):
    """Quotes that extraction finds in an article's text."""

    queryset = Article.objects.all()
    serializer_class = ProposedQuotesSerializer
    operation_ids = {"create": "proposeQuotesOfText"}
    most_bytes = MAX_FILING_BYTES

    @extend_schema(request=DraftSerializer, responses={200: ProposedQuotesSerializer})
    @idempotent
    def create(self, request):
        """Find the quotes in a text.

        Returns each quote with its speaker, role and organisation as the text prints them, and what
        led to each. Nothing is stored: file the quotes that you keep, or file the article with
        `"propose": true`.
        """
        body = self.validated_body(DraftSerializer)
        language, text = body.get("language"), body["text"]
        quotes = [each.to_json() for each in propose(text, language)]
        return Response({"language": language, "text": text, "quotes": quotes})


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

    start = serializers.IntegerField()
    end = serializers.IntegerField()
    text = serializers.CharField()
    speaker = serializers.CharField(
        allow_null=True, help_text="As the draft names the speaker; null if it names nobody."
    )
    verdict = serializers.ChoiceField(choices=[each.value for each in ORDER])
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
        if len(quotations) > MAX_QUOTATIONS:
            fault = (
                f"{len(quotations)} quotations; {MAX_QUOTATIONS} at most are checked at once. "
                "Send the draft in parts."
            )
            raise serializers.ValidationError({"text": [fault]})
        checked = check(quotations)
        shown = self.shown(checked)
        return Response({"results": [_result(each, shown) for each in checked]})

    def shown(self, checked: list[Checked]) -> dict[UUID, dict]:
        """The public form of the quotes that an answer names, by id; one query."""
        named = {key for each in checked for key in each.quotes}
        named |= {close.quote.pk for each in checked for close in each.closest}
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
        "quotes": [shown[key] for key in checked.quotes],
        "closest": closest,
    }

"""Serializers of what became of a filing: of the article, and of each quote."""

from typing import NamedTuple

from django.utils import timezone
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from quotes.api.serializers import QuoteSerializer
from quotes.filing import Filing
from quotes.models import Quote
from quotes.representations.json import FIELDS
from sources.api.article_serializers import ArticleSerializer
from sources.api.fields import ReservedNames
from sources.dates import future_publication

ERASED = "erased"
OUTCOMES = ["made", "updated", "unchanged", "kept", "differs"]
ORGANISATION_MATCHES = ["matched", "made", "ambiguous", "kept"]
SPEAKER_MATCHES = [*ORGANISATION_MATCHES, "unresolved"]
FIELD_OUTCOMES = list(dict.fromkeys([*SPEAKER_MATCHES, *OUTCOMES]))


class CandidateSerializer(serializers.Serializer):
    """A speaker whom the filed name may mean; one that only the text names has no id."""

    id = serializers.UUIDField(source="speaker.pk", allow_null=True)
    name = serializers.CharField(source="speaker.name")
    quotes = serializers.SerializerMethodField(help_text="Quotes of this speaker for you to see.")
    why = serializers.CharField()

    def get_quotes(self, candidate) -> int:
        if candidate.speaker.pk is None:
            return 0
        user, key = self.context["request"].user, candidate.speaker.pk
        known = self.context.setdefault("quotes_of", {})
        if key not in known:
            known[key] = Quote.objects.visible_to(user).filter(speaker=key).count()
        return known[key]


class FieldOutcomes(serializers.DictField):
    """What became of each field: as `outcome`; of a name, how it was matched."""

    child = serializers.ChoiceField(choices=FIELD_OUTCOMES)


class OutcomeSerializer(ReservedNames, serializers.Serializer):
    """What the filing did with one quote, its speaker and its organisation.

    `kept`: you said this before, and a curator decided otherwise. `differs`: you say something new
    that the record contradicts; it stays, and a curator is asked.
    """

    outcome = serializers.ChoiceField(choices=OUTCOMES)
    speaker = serializers.ChoiceField(choices=SPEAKER_MATCHES, allow_null=True)
    organisation = serializers.ChoiceField(choices=ORGANISATION_MATCHES, allow_null=True)
    differs = serializers.ListField(
        child=serializers.CharField(),
        help_text="Fields that the filing changed, or that differ from the record.",
    )
    fields_ = FieldOutcomes(source="became")
    candidates = CandidateSerializer(many=True)
    not_printed = serializers.ListField(
        child=serializers.CharField(),
        help_text="Fields that the article does not print. They are kept as filed.",
    )


class FiledQuoteSerializer(QuoteSerializer):
    """A quote, and what the filing did with it."""

    filing = OutcomeSerializer(read_only=True)

    class Meta(QuoteSerializer.Meta):
        fields = [*FIELDS, "filing"]

    affiliation = note = None

    def hides_text(self, quote: Quote) -> bool:
        """Whether the filer neither sent the text nor may read it."""
        return not quote.shows_text and quote.status not in Quote.PUBLIC

    def to_representation(self, quote: Quote) -> dict:
        if not getattr(quote, "is_unseen", False):
            return super().to_representation(quote)
        if isinstance(quote.filing, Erased):
            return {"text": None, "filing": quote.filing._asdict()}
        return {"text": quote.sent, "filing": {"outcome": quote.filing.outcome}}


class Erased(NamedTuple):
    """The outcome for a quote that is sent again after it was erased by law."""

    reason: str | None
    outcome: str = ERASED


class UnseenOutcomeSerializer(serializers.Serializer):
    """What the filing did with a quote that you may not see. `erased`: it had to be, by law."""

    outcome = serializers.ChoiceField(choices=[*OUTCOMES, ERASED])
    reason = serializers.CharField(
        required=False, allow_null=True, help_text="Only if it was erased: the public reason."
    )


class UnseenQuoteSerializer(serializers.Serializer):
    """A quote on record that you may not see: the words that you sent, and the outcome."""

    text = serializers.CharField(
        allow_null=True, help_text="Null if you sent only spans, or if it was erased."
    )
    filing = UnseenOutcomeSerializer()


FILED_OR_UNSEEN = [FiledQuoteSerializer, UnseenQuoteSerializer]


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="FiledOrUnseenQuote",
        serializers=FILED_OR_UNSEEN,
        resource_type_field_name=None,
        many=True,
    )
)
class FiledQuotesField(serializers.ListField):
    child = FiledQuoteSerializer()


class ReanchoredSerializer(serializers.Serializer):
    """An earlier quote, and whether its words are in the article's new text."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(source="anchor", choices=Quote.Anchor.choices)


class FiledArticleSerializer(ArticleSerializer):
    """The filed article, and what became of each of its quotes."""

    outcome = serializers.ChoiceField(choices=OUTCOMES, read_only=True)
    quotes = FiledQuotesField(read_only=True, source="filed_quotes")
    reanchored = ReanchoredSerializer(many=True, read_only=True)
    withdrawn_quotes = serializers.ListField(
        child=serializers.UUIDField(),
        read_only=True,
        help_text="Your proposals that this filing, being `complete`, no longer names.",
    )
    filing = FieldOutcomes(
        read_only=True, help_text="What became of each field of the article that you sent."
    )

    warnings = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="What may be wrong, although it was accepted; sentences.",
    )

    class Meta(ArticleSerializer.Meta):
        fields = [
            *ArticleSerializer.Meta.fields,
            "outcome",
            "filing",
            "quotes",
            "reanchored",
            "withdrawn_quotes",
            "warnings",
        ]

    @classmethod
    def of(cls, filing: Filing, quotes: dict, unseen: set, context: dict) -> dict:
        """Return the answer's data. `quotes` maps ids to quotes with their related records.

        Of the `unseen` ids, which the user may not see, it holds what was sent.
        """
        article = filing.article
        article.outcome = filing.outcome
        article.reanchored = [quote for quote in filing.reanchored if quote.pk not in unseen]
        future = future_publication(article.published, article.published_at, timezone.now())
        article.warnings = [future] if future else []
        if conversion := filing.data.get("document"):
            article.warnings += conversion.warnings
        if filing.filer.withholds and not article.is_public:
            article.warnings.append("Readers do not see this article: it is withheld.")
        if filing.proposer_failed:
            article.warnings.append(
                "No quotes were proposed, because the proposer failed. Send the article again."
            )
        if filing.not_proposed:
            article.warnings.append(
                f"{filing.not_proposed} more quotes were found than one filing may add. "
                "Send it again to add them."
            )
        sent = [i for i in range(len(filing.quotes) + len(filing.erased)) if i not in filing.erased]
        article.warnings += [
            f"The note of quote {index} was not used: before this filing, the quote was not public."
            for index, filed in zip(sent, filing.quotes, strict=True)
            if "note" in filed.fields
        ]
        article.withdrawn_quotes = filing.withdrawn
        article.filing = filing.fields
        article.filed_quotes = []
        for filed, proposal in zip(filing.quotes, filing.proposals, strict=True):
            quote = quotes[filed.quote.pk]
            quote.filing, quote.sent = filed, proposal.get("text")
            quote.is_unseen = quote.pk in unseen
            quote.shows_text = filing.shows_text
            article.filed_quotes.append(quote)
        if filing.blotted:
            article.warnings.append(
                "Words that had to be erased from the record were blotted out of this text."
            )
        for index, erasure in sorted(filing.erased.items()):
            gone = Quote()
            gone.is_unseen, gone.filing = True, Erased(erasure.reason)
            article.filed_quotes.insert(index, gone)
        return cls(article, context=context).data

"""Serializers of quotes, of the steps of their life, and of filings."""

from django.utils import timezone
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from quotes.api.utterances import UtteranceField
from quotes.curation.reattribution import MAX_MOVED_QUOTES
from quotes.filing import MAX_QUOTES, Filing, Refused, anchoring_faults
from quotes.models import Quote, Via
from quotes.representations.json import FIELDS
from sources.api.fast_validation import plain_reader
from sources.api.fields import PeerReference, RecordSerializer, Reference, StrictSerializer, Text
from sources.api.serializers import (
    RECORD,
    ArticleSerializer,
    LanguageField,
    NameField,
    PublicationField,
    PublicationTimeField,
    ReasonSerializer,
    WebAddressField,
    split_time,
    string_list,
)
from sources.dates import PartialDateSerializerField, future_publication
from sources.exceptions import flatten_errors
from sources.history.as_of import DifferenceSerializer
from sources.models import Affiliation, Article, Organisation, Outlet, Snapshot, Speaker

MAX_SPANS = 100  # of one quote
MAX_VIA = 20  # steps of one reporting chain
MAX_REASON_CHARACTERS = 10_000
MAX_QUOTE_CHARACTERS = 100_000
FILED_AS = [Quote.Status.PROPOSED.value, Quote.Status.PUBLISHED.value]

# Parts of a quote


def optional_text(max_length: int = 500, **kwargs) -> Text:
    return Text(max_length=max_length, required=False, allow_null=True, **kwargs)


class AttributionSerializer(StrictSerializer):
    """How the article attributes the words, exactly as printed."""

    text = optional_text(2000, help_text="The whole attribution, such as “said the mayor”.")
    speaker = optional_text()
    role = optional_text()
    organisation = optional_text()
    cue = optional_text(200, help_text="The verb, such as “said”.")


class PrintedAttributionSerializer(AttributionSerializer):
    """The printed attribution of a quote, stored in columns of the quote."""

    def to_representation(self, quote: Quote) -> dict:
        return {name: getattr(quote, f"attribution_{name}") for name in self.fields}

    def to_internal_value(self, data) -> dict:
        return {f"attribution_{k}": v for k, v in super().to_internal_value(data).items()}


class ViaSerializer(StrictSerializer, serializers.ModelSerializer):
    """Where the article has the words from. `outlet` is set if the name is a known outlet's."""

    outlet = Reference(
        Outlet.objects.all(), shows=("id", "name", "slug"), read_only=True, allow_null=True
    )

    class Meta:
        model = Via
        fields = ["kind", "name", "outlet"]


class SpanSerializer(serializers.Serializer):
    """A range of code points, without `end`, and up to 32 characters on either side."""

    start = serializers.IntegerField()
    end = serializers.IntegerField()
    prefix = serializers.CharField()
    suffix = serializers.CharField()


class AnchorSerializer(serializers.Serializer):
    """Where the words are in the text: W3C Web Annotation selectors, in code points."""

    state = serializers.ChoiceField(choices=Quote.Anchor.choices)
    snapshot = serializers.CharField(allow_null=True, help_text="SHA-256 of the text.")
    spans = SpanSerializer(many=True)
    nearest = serializers.DictField(
        required=False, help_text="If `state` is `altered`: the most similar passage of the text."
    )

    def to_representation(self, quote: Quote) -> dict:
        anchor = {
            "state": quote.anchor,
            "snapshot": quote.snapshot.sha256 if quote.snapshot else None,
            "spans": [
                {"start": start, "end": end, "prefix": prefix, "suffix": suffix}
                for (start, end), (prefix, suffix) in zip(quote.spans, quote.contexts, strict=True)
            ],
        }
        return anchor | {"nearest": quote.nearest} if quote.nearest else anchor


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "url": {"type": "string", "format": "uri"},
        },
        "required": ["id", "url"],
    }
)
class ReplacementField(serializers.HyperlinkedRelatedField):
    """A link to another quote."""

    def to_representation(self, quote) -> dict:
        return {"id": str(quote.pk), "url": super().to_representation(quote)}


class CorrectionSerializer(serializers.Serializer):
    """A correction of a public quote: the note for readers and what was changed."""

    when = serializers.DateTimeField()
    note = serializers.CharField()
    changed = DifferenceSerializer(many=True)


class QuoteSerializer(RecordSerializer):
    """A quote. `attribution` is as printed. Curators may revise speaker, role and organisation."""

    url = serializers.HyperlinkedIdentityField(view_name="quote-detail", lookup_field="pk")
    speaker = Reference(
        Speaker.objects.all(), shows=("id", "name", "kind"), required=False, allow_null=True
    )
    role = serializers.CharField(source="shown_role", read_only=True, allow_null=True)
    organisation = Reference(Organisation.objects.all(), required=False, allow_null=True)
    outlet = Reference(
        Outlet.objects.all(), shows=("id", "name", "slug"), read_only=True, allow_null=True
    )
    published = PartialDateSerializerField(read_only=True, allow_null=True)
    attribution = PrintedAttributionSerializer(source="*", required=False)
    article = Reference(
        Article.objects.all(),
        shows=("id", "headline", "url", "byline", "withdrawn"),
        read_only=True,
    )
    via = ViaSerializer(many=True, read_only=True)
    anchor = AnchorSerializer(source="*", read_only=True)
    language = LanguageField(required=False, allow_null=True)
    utterance = UtteranceField(required=False, allow_null=True)
    affiliation = serializers.PrimaryKeyRelatedField(
        queryset=Affiliation.objects.all(), write_only=True, required=False, allow_null=True
    )
    flags = serializers.ListField(
        child=serializers.ChoiceField(choices=Quote.Flag.choices), read_only=True
    )
    note = Text(
        max_length=MAX_REASON_CHARACTERS,
        write_only=True,
        required=False,
        help_text="For readers. Needed if the quote is public: the change is then a correction.",
    )

    reason = serializers.SerializerMethodField(
        help_text="Why it is disputed, retracted, rejected or withdrawn. Why it was rejected is "
        "for reviewers only."
    )
    replaced_by = ReplacementField(
        view_name="quote-detail",
        lookup_field="pk",
        read_only=True,
        allow_null=True,
        help_text="The quote to use instead, if this one is retracted.",
    )
    corrections = CorrectionSerializer(many=True, read_only=True)

    class Meta:
        model = Quote
        fields = [*FIELDS, "affiliation", "note"]
        read_only_fields = ["text", "status", "flags", "reason", *RECORD]

    def get_reason(self, quote: Quote) -> str | None:
        return quote.reason_for(self.context["request"].user)

    def update(self, quote: Quote, changes: dict) -> Quote:
        if "note" in changes:
            quote.correct(now=timezone.now(), **changes)
        else:
            quote.revise(**changes)
        return quote


# Steps


class OptionalReasonSerializer(StrictSerializer):
    """Why you take this step, if you want to say so."""

    reason = optional_text(MAX_REASON_CHARACTERS)


class RequiredReasonSerializer(StrictSerializer):
    """Why you take this step."""

    reason = Text(max_length=MAX_REASON_CHARACTERS)


class KeepSerializer(OptionalReasonSerializer):
    """The flags to settle, and why, if you want to say so."""

    flags = serializers.ListField(
        child=serializers.ChoiceField(choices=Quote.Flag.choices), allow_empty=False
    )


class RetractionSerializer(RequiredReasonSerializer):
    """Why the quote is retracted, and the quote to use instead, if there is one."""

    replaced_by = serializers.PrimaryKeyRelatedField(
        queryset=Quote.objects.all(), required=False, allow_null=True
    )


class SpansField(serializers.ListField):
    """`[[start, end], …]`: ranges of code points in the text, without `end`, in reading order."""

    def __init__(self, **kwargs):
        pair = serializers.ListField(
            child=serializers.IntegerField(min_value=0), min_length=2, max_length=2
        )
        super().__init__(**{"child": pair, "min_length": 1, "max_length": MAX_SPANS, **kwargs})


class ViaStepSerializer(StrictSerializer):
    """Where the article has the words from."""

    kind = serializers.ChoiceField(choices=Via.Kind.choices)
    name = Text(max_length=500)


class CorrectQuoteSerializer(StrictSerializer):
    """Changes to a public quote, and a note for its readers.

    New words (`text`) and a new position (`spans`) have to agree with the article's text.
    """

    note = Text(max_length=MAX_REASON_CHARACTERS, help_text="Shown to readers.")
    text = Text(max_length=MAX_QUOTE_CHARACTERS, required=False, trim_whitespace=False)
    spans = SpansField(required=False)
    kind = serializers.ChoiceField(choices=Quote.Kind.choices, required=False)
    language = LanguageField(required=False, allow_null=True)
    attribution = PrintedAttributionSerializer(source="*", required=False)
    speaker = Reference(Speaker.objects.all(), required=False, allow_null=True)
    organisation = Reference(Organisation.objects.all(), required=False, allow_null=True)
    affiliation = serializers.PrimaryKeyRelatedField(
        queryset=Affiliation.objects.all(), required=False, allow_null=True
    )
    said = PartialDateSerializerField(required=False, allow_null=True)
    via = ViaStepSerializer(many=True, required=False, max_length=MAX_VIA)

    def validate_via(self, steps: list[dict]) -> list[Via]:
        return [Via.of(position, **step) for position, step in enumerate(steps)]


# Filing


class ProposalSerializer(StrictSerializer):
    """One quote of a filing, given by its words, by its spans, or by both if they agree."""

    text = Text(
        max_length=MAX_QUOTE_CHARACTERS, required=False, allow_blank=True, trim_whitespace=False
    )
    spans = SpansField(required=False, allow_null=True)
    external_id = Text(
        max_length=200,
        required=False,
        allow_null=True,
        help_text="Your own id of this quote. It is recognised by it when its words change.",
    )
    kind = serializers.ChoiceField(
        choices=Quote.Kind.choices, required=False, help_text="`direct` if a new quote has none."
    )
    speaker = NameField(required=False, allow_null=True, help_text="An id or a name.")
    speaker_kind = serializers.ChoiceField(
        choices=Speaker.Kind.choices, required=False, allow_null=True
    )
    role = optional_text()
    organisation = NameField(required=False, allow_null=True, help_text="An id or a name.")
    said = PartialDateSerializerField(required=False, allow_null=True)
    language = LanguageField(required=False, allow_null=True)
    attribution = AttributionSerializer(required=False, allow_null=True)
    via = ViaStepSerializer(many=True, required=False, max_length=MAX_VIA)
    status = serializers.ChoiceField(
        choices=FILED_AS,
        required=False,
        help_text="`published` needs the permission to publish.",
    )

    def validate(self, attrs):
        if attrs.get("spans") is None and not attrs.get("text", "").strip():
            raise serializers.ValidationError({"text": ["Send the words, or their spans."]})
        return attrs


class FilingSerializer(StrictSerializer):
    """An article with its text and its quotes.

    `text` is the plain text, exactly as printed. Send null if you have none: the quotes are then
    `unanchored`.
    """

    outlet = NameField(required=False, allow_null=True, help_text="An id, a slug or a name.")
    external_id = Text(max_length=200, required=False, allow_null=True)
    url = WebAddressField(required=False, allow_null=True)
    headline = Text(max_length=2000, required=False, allow_null=True)
    byline = string_list(required=False)
    published = PublicationField(required=False, allow_null=True)
    published_at = PublicationTimeField(required=False, allow_null=True)
    modified = serializers.DateTimeField(
        required=False,
        allow_null=True,
        help_text="When this version was made. An older one than on record changes nothing.",
    )
    language = LanguageField(required=False, allow_null=True)
    text = Text(max_length=Snapshot.MAX_CHARACTERS, allow_null=True, trim_whitespace=False)
    quotes = ProposalSerializer(many=True, required=False, max_length=MAX_QUOTES)
    complete = serializers.BooleanField(
        required=False,
        help_text="`true`: these are all quotes. Your proposals that are not named are withdrawn.",
    )

    def validate(self, attrs):
        return split_time(attrs)

    @classmethod
    def read(cls, payload) -> dict:
        """Return the validated filing. Raises Refused with all errors, also of its quotes."""
        if (data := plain_reader(cls)(payload)) is not None:
            return data
        serializer = cls(data=payload)
        if serializer.is_valid():
            return serializer.validated_data
        faults = list(flatten_errors(serializer.errors))
        if "text" not in serializer.errors and isinstance(payload, dict) and payload["text"]:
            faults += anchoring_faults(payload["text"], cls._valid_quotes(payload))
        raise Refused(faults)

    @staticmethod
    def _valid_quotes(payload: dict) -> dict[int, dict]:
        """Return the quotes of a refused payload that are valid by themselves, by index."""
        quotes = payload.get("quotes")
        checked = quotes[:MAX_QUOTES] if isinstance(quotes, list) else []
        proposals = {index: ProposalSerializer(data=quote) for index, quote in enumerate(checked)}
        return {index: each.validated_data for index, each in proposals.items() if each.is_valid()}


class QuoteProposalSerializer(ProposalSerializer):
    """One quote of an article on record."""

    article = serializers.PrimaryKeyRelatedField(queryset=Article.objects.all())


ARTICLE_OUTCOMES = QUOTE_OUTCOMES = ["made", "updated", "unchanged", "kept", "differs"]
FIELD_OUTCOMES = QUOTE_OUTCOMES[1:]
ORGANISATION_MATCHES = ["matched", "made", "ambiguous", "kept"]
SPEAKER_MATCHES = [*ORGANISATION_MATCHES, "unresolved"]


class CandidateSerializer(serializers.Serializer):
    """A speaker on record whom the filed name may mean."""

    id = serializers.UUIDField(source="speaker.pk")
    name = serializers.CharField(source="speaker.name")
    quotes = serializers.SerializerMethodField(help_text="Quotes of this speaker for you to see.")
    why = serializers.CharField()

    def get_quotes(self, candidate) -> int:
        user = self.context["request"].user
        return Quote.objects.visible_to(user).filter(speaker=candidate.speaker).count()


class FieldOutcomes(serializers.DictField):
    """What became of each field: as `outcome`; of a name, how it was matched."""

    def __init__(self, **kwargs):
        choices = sorted({*FIELD_OUTCOMES, *SPEAKER_MATCHES})
        super().__init__(child=serializers.ChoiceField(choices=choices), **kwargs)


class OutcomeSerializer(serializers.Serializer):
    """What the filing did with one quote, its speaker and its organisation.

    `kept`: you said this before, and a curator decided otherwise. `differs`: you say something new
    that the record contradicts; it stays, and a curator is asked.
    """

    outcome = serializers.ChoiceField(choices=QUOTE_OUTCOMES)
    speaker = serializers.ChoiceField(choices=SPEAKER_MATCHES, allow_null=True)
    organisation = serializers.ChoiceField(choices=ORGANISATION_MATCHES, allow_null=True)
    differs = serializers.ListField(
        child=serializers.CharField(),
        help_text="Fields that the filing changed, or that differ from the record.",
    )
    fields_ = FieldOutcomes(source="became")
    candidates = CandidateSerializer(many=True)

    def get_fields(self):
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}


class FiledQuoteSerializer(QuoteSerializer):
    """A quote, and what the filing did with it."""

    filing = OutcomeSerializer(read_only=True)

    class Meta(QuoteSerializer.Meta):
        fields = [*FIELDS, "filing"]

    affiliation = note = None

    def to_representation(self, quote: Quote) -> dict:
        if not getattr(quote, "is_unseen", False):
            return super().to_representation(quote)
        return {"text": quote.sent, "filing": {"outcome": quote.filing.outcome}}


class UnseenOutcomeSerializer(serializers.Serializer):
    """What the filing did with a quote that you may not see."""

    outcome = serializers.ChoiceField(choices=QUOTE_OUTCOMES)


class UnseenQuoteSerializer(serializers.Serializer):
    """A quote on record that you may not see: the words that you sent, and the outcome."""

    text = serializers.CharField(allow_null=True, help_text="Null if you sent only spans.")
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


class ListedQuoteSerializer(QuoteSerializer):
    """A quote of a list. With a search, `matches` marks the words that were found."""

    sometimes = ("matches",)

    matches = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2),
        required=False,
        help_text="Ranges of code points of `text`, without their end. Only with a search.",
    )

    class Meta(QuoteSerializer.Meta):
        fields = [*QuoteSerializer.Meta.fields, "matches"]


class ReanchoredSerializer(serializers.Serializer):
    """An earlier quote, and whether its words are in the article's new text."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(source="anchor", choices=Quote.Anchor.choices)


class FiledArticleSerializer(ArticleSerializer):
    """The filed article, and what became of each of its quotes."""

    outcome = serializers.ChoiceField(choices=ARTICLE_OUTCOMES, read_only=True)
    quotes = FiledQuotesField(read_only=True, source="filed_quotes")
    reanchored = ReanchoredSerializer(many=True, read_only=True)
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
        article.filing = filing.fields
        article.filed_quotes = []
        for filed, proposal in zip(filing.quotes, filing.proposals, strict=True):
            quote = quotes[filed.quote.pk]
            quote.filing, quote.sent = filed, proposal.get("text")
            quote.is_unseen = quote.pk in unseen
            article.filed_quotes.append(quote)
        return cls(article, context=context).data


class ReattributionSerializer(ReasonSerializer):
    """The quotes to move, and the speaker who said them."""

    quotes = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MAX_MOVED_QUOTES
    )
    to = PeerReference()


class CaptureSerializer(StrictSerializer):
    """The plain text of the article as it reads now."""

    text = Text(max_length=Snapshot.MAX_CHARACTERS, trim_whitespace=False)

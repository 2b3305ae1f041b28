"""The public form of a quote, and what a filing looks like."""

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from quotes.curation.reattribution import MOST_QUOTES as MOST_REATTRIBUTED
from quotes.filing import MOST_QUOTES, Filing, Refused, misplaced
from quotes.models import Quote, Utterance, Via
from quotes.representations.json import FIELDS
from sources.api.fast_validation import plain_reader
from sources.api.fields import Another, RecordSerializer, Reference, StrictSerializer, Text
from sources.api.serializers import (
    RECORD,
    ArticleSerializer,
    LanguageField,
    NameField,
    PublicationField,
    ReasonSerializer,
    WebAddressField,
    strings,
    with_time,
)
from sources.dates import PartialDateSerializerField
from sources.exceptions import flatten_errors
from sources.history.as_of import DifferenceSerializer
from sources.models import Affiliation, Article, Organisation, Outlet, Snapshot, Speaker

MOST_SPANS = 100
FILED_AS = [Quote.Status.PROPOSED.value, Quote.Status.PUBLISHED.value]
LONGEST_QUOTE = 100_000

# Attribution, via, anchor: the parts of a quote


def printed(most: int = 500) -> Text:
    return Text(max_length=most, required=False, allow_null=True)


class AttributionSerializer(StrictSerializer):
    """What the article prints of who said it, word for word."""

    text = printed(2000)
    speaker = printed()
    role = printed()
    organisation = printed()
    cue = printed(200)


class PrintedField(AttributionSerializer):
    """The printed attribution of a quote, read from and written to its own columns."""

    def to_representation(self, quote: Quote) -> dict:
        return {name: getattr(quote, f"attribution_{name}") for name in self.fields}

    def to_internal_value(self, data) -> dict:
        return {f"attribution_{k}": v for k, v in super().to_internal_value(data).items()}


class ViaSerializer(StrictSerializer, serializers.ModelSerializer):
    """One step of the reporting chain; `outlet` is set when the name is a known outlet's."""

    outlet = Reference(
        Outlet.objects.all(), shows=("id", "name", "slug"), read_only=True, allow_null=True
    )

    class Meta:
        model = Via
        fields = ["kind", "name", "outlet"]


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "state": {"type": "string", "enum": Quote.Anchor.values},
            "snapshot": {"type": ["string", "null"], "description": "SHA-256 of the text."},
            "spans": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "start": {"type": "integer"},
                        "end": {"type": "integer"},
                        "prefix": {"type": "string"},
                        "suffix": {"type": "string"},
                    },
                    "required": ["start", "end", "prefix", "suffix"],
                },
            },
            "nearest": {
                "type": "object",
                "description": "Only of an altered quote: the like passage of the present text.",
                "additionalProperties": True,
            },
        },
        "required": ["state", "snapshot", "spans"],
    }
)
class AnchorField(serializers.Field):
    """Where the words stand: W3C Web Annotation position and quote selectors, in code points."""

    def __init__(self):
        super().__init__(source="*", read_only=True)

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


class UtteranceField(serializers.Field):
    """The act of speaking, written as its id."""

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
                "quotes": {"type": "integer", "description": "How many public quotes report it."},
            },
            "required": ["id", "quotes"],
        }


class ReplacementField(serializers.HyperlinkedRelatedField):
    """Another quote, by its id and its address."""

    def to_representation(self, quote) -> dict:
        return {"id": str(quote.pk), "url": super().to_representation(quote)}


class ReplacementSchema(OpenApiSerializerFieldExtension):
    target_class = ReplacementField

    def map_serializer_field(self, auto_schema, direction):
        return {
            "type": "object",
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "url": {"type": "string", "format": "uri"},
            },
            "required": ["id", "url"],
        }


class CorrectionSerializer(serializers.Serializer):
    """What was put right of a quote since it was published, and why."""

    when = serializers.DateTimeField()
    note = serializers.CharField()
    changed = DifferenceSerializer(many=True)


class QuoteSerializer(RecordSerializer):
    """A quote. What is printed comes from the article; what is resolved a curator may revise."""

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
    attribution = PrintedField(source="*", required=False)
    article = Reference(
        Article.objects.all(), shows=("id", "headline", "url", "byline"), read_only=True
    )
    via = ViaSerializer(many=True, read_only=True)
    anchor = AnchorField()
    language = LanguageField(required=False, allow_null=True)
    utterance = UtteranceField(required=False, allow_null=True)
    affiliation = serializers.PrimaryKeyRelatedField(
        queryset=Affiliation.objects.all(), write_only=True, required=False, allow_null=True
    )
    flags = serializers.ListField(
        child=serializers.ChoiceField(choices=Quote.Flag.choices), read_only=True
    )

    replaced_by = ReplacementField(
        view_name="quote-detail",
        lookup_field="pk",
        read_only=True,
        allow_null=True,
        help_text="The quote to use instead of a retracted one.",
    )
    corrections = CorrectionSerializer(many=True, read_only=True)

    class Meta:
        model = Quote
        fields = [*FIELDS, "affiliation"]
        read_only_fields = ["text", "status", "flags", "reason", *RECORD]

    def update(self, quote: Quote, changes: dict) -> Quote:
        quote.revise(**changes)
        return quote


# Its life


def why(**kwargs) -> Text:
    return Text(max_length=10_000, **kwargs)


class ExplainedStepSerializer(StrictSerializer):
    """A step that may be explained: publish, settle."""

    reason = why(required=False, allow_null=True)


class TakingBackSerializer(StrictSerializer):
    """A step that has to be explained: reject, dispute."""

    reason = why()


class RetractionSerializer(TakingBackSerializer):
    replaced_by = serializers.PrimaryKeyRelatedField(
        queryset=Quote.objects.all(), required=False, allow_null=True
    )


class SpansField(serializers.ListField):
    """`[[start, end], …]`: half-open ranges of code points in the text, in reading order."""

    def __init__(self, **kwargs):
        pair = serializers.ListField(
            child=serializers.IntegerField(min_value=0), min_length=2, max_length=2
        )
        super().__init__(**{"child": pair, "min_length": 1, "max_length": MOST_SPANS, **kwargs})


class CorrectingSerializer(StrictSerializer):
    """What is to be put right of a public quote, and the note that readers are shown.

    New words (`text`), a new place (`spans`) or both have to stand in the article's text.
    """

    note = why()
    text = Text(max_length=LONGEST_QUOTE, required=False, trim_whitespace=False)
    spans = SpansField(required=False)
    kind = serializers.ChoiceField(choices=Quote.Kind.choices, required=False)
    language = LanguageField(required=False, allow_null=True)
    attribution = PrintedField(source="*", required=False)
    speaker = Reference(Speaker.objects.all(), required=False, allow_null=True)
    organisation = Reference(Organisation.objects.all(), required=False, allow_null=True)
    affiliation = serializers.PrimaryKeyRelatedField(
        queryset=Affiliation.objects.all(), required=False, allow_null=True
    )
    said = PartialDateSerializerField(required=False, allow_null=True)


# Filing


class ViaStepSerializer(StrictSerializer):
    kind = serializers.ChoiceField(choices=Via.Kind.choices)
    name = Text(max_length=500)


class ProposalSerializer(StrictSerializer):
    """One quote of a filing: by its words, by its spans, or by both, which must then agree."""

    text = Text(max_length=LONGEST_QUOTE, required=False, allow_blank=True, trim_whitespace=False)
    spans = SpansField(required=False, allow_null=True)
    kind = serializers.ChoiceField(
        choices=Quote.Kind.choices, required=False, help_text="`direct` when a new quote has none."
    )
    speaker = NameField(required=False, allow_null=True, help_text="An id or a name; null: nobody.")
    speaker_kind = serializers.ChoiceField(
        choices=Speaker.Kind.choices, required=False, allow_null=True
    )
    role = printed()
    organisation = NameField(required=False, allow_null=True, help_text="An id or a name.")
    said = PartialDateSerializerField(required=False, allow_null=True)
    language = LanguageField(required=False, allow_null=True)
    attribution = AttributionSerializer(required=False, allow_null=True)
    via = ViaStepSerializer(many=True, required=False, max_length=20)
    status = serializers.ChoiceField(
        choices=FILED_AS,
        required=False,
        help_text="Curators may file a quote as published.",
    )

    def validate(self, attrs):
        if attrs.get("spans") is None and not attrs.get("text", "").strip():
            raise serializers.ValidationError({"text": ["Send the words, or their spans."]})
        return attrs


class FilingSerializer(StrictSerializer):
    """An article with its text and its quotes, filed in one go.

    `text` is the exact text; null says that none is held, and its quotes are then unanchored.
    """

    outlet = NameField(required=False, allow_null=True, help_text="An id, a slug or a name.")
    external_id = Text(max_length=200, required=False, allow_null=True)
    url = WebAddressField(required=False, allow_null=True)
    headline = Text(max_length=2000, required=False, allow_null=True)
    byline = strings(required=False)
    published = PublicationField(required=False, allow_null=True)
    published_at = serializers.DateTimeField(required=False, allow_null=True)
    language = LanguageField(required=False, allow_null=True)
    text = Text(max_length=Snapshot.MOST_CHARACTERS, allow_null=True, trim_whitespace=False)
    quotes = ProposalSerializer(many=True, required=False, max_length=MOST_QUOTES)

    def validate(self, attrs):
        return with_time(attrs)

    @classmethod
    def read(cls, payload) -> dict:
        """What a payload says, checked; `Refused` names all that is wrong with it at once."""
        if (plain := plain_reader(cls)(payload)) is not None:
            return plain
        serializer = cls(data=payload)
        if serializer.is_valid():
            return serializer.validated_data
        faults = list(flatten_errors(serializer.errors))
        if "text" not in serializer.errors and isinstance(payload, dict):
            faults += misplaced(payload["text"], cls._readable(payload)) if payload["text"] else []
        raise Refused(faults)

    @staticmethod
    def _readable(payload: dict) -> dict[int, dict]:
        """Those quotes of a refused payload that can be looked for in its text, by index."""
        quotes = payload.get("quotes")
        each = quotes[:MOST_QUOTES] if isinstance(quotes, list) else []
        proposals = {index: ProposalSerializer(data=quote) for index, quote in enumerate(each)}
        return {index: one.validated_data for index, one in proposals.items() if one.is_valid()}


class QuoteProposalSerializer(ProposalSerializer):
    """One quote for an article on record."""

    article = serializers.PrimaryKeyRelatedField(queryset=Article.objects.all())


class OutcomeSerializer(serializers.Serializer):
    """What filing made of one quote: what was matched, what was made."""

    outcome = serializers.ChoiceField(choices=["made", "updated", "unchanged", "differs"])
    speaker = serializers.ChoiceField(
        choices=["matched", "made", "ambiguous", "kept", "unresolved"], allow_null=True
    )
    organisation = serializers.ChoiceField(
        choices=["matched", "made", "ambiguous", "kept"], allow_null=True
    )
    differs = serializers.ListField(
        child=serializers.CharField(),
        help_text="What the filing says otherwise than the quote on record.",
    )


class FiledQuoteSerializer(QuoteSerializer):
    filing = OutcomeSerializer(read_only=True)

    class Meta(QuoteSerializer.Meta):
        fields = [name for name in QuoteSerializer.Meta.fields if name != "affiliation"] + [
            "filing"
        ]

    affiliation = None


class FoundQuoteSerializer(QuoteSerializer):
    """A quote of a list; what was searched for is marked in it."""

    matches = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2),
        required=False,  # there only with a search
        help_text="With `q`, `phrase` or `like`: half-open ranges of code points of `text`.",
    )

    class Meta(QuoteSerializer.Meta):
        fields = [*QuoteSerializer.Meta.fields, "matches"]


class ReanchoredSerializer(serializers.Serializer):
    """A quote from before that followed the article to its new text."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(source="anchor", choices=Quote.Anchor.choices)


class FiledArticleSerializer(ArticleSerializer):
    """The answer to a filing: the article, and what became of every quote."""

    outcome = serializers.ChoiceField(choices=["made", "updated", "unchanged"], read_only=True)
    quotes = FiledQuoteSerializer(many=True, read_only=True, source="filed_quotes")
    reanchored = ReanchoredSerializer(many=True, read_only=True)

    class Meta(ArticleSerializer.Meta):
        fields = [*ArticleSerializer.Meta.fields, "outcome", "quotes", "reanchored"]

    @classmethod
    def of(cls, filing: Filing, quotes: dict, context: dict) -> dict:
        """The answer's data; `quotes` maps ids to quotes with all their parts."""
        article = filing.article
        article.outcome, article.reanchored = filing.outcome, filing.reanchored
        article.filed_quotes = []
        for filed in filing.quotes:
            quote = quotes[filed.quote.pk]
            quote.filing = filed
            article.filed_quotes.append(quote)
        return cls(article, context=context).data


class ReattributionSerializer(ReasonSerializer):
    """Quotes that another speaker said."""

    quotes = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MOST_REATTRIBUTED
    )
    to = Another()


class CaptureSerializer(StrictSerializer):
    """The exact text of an article as it reads now."""

    text = Text(max_length=Snapshot.MOST_CHARACTERS, trim_whitespace=False)

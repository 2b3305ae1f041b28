"""Serializers of quotes and of the steps of their life."""

from django.utils import timezone
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers

from quotes.api.utterances import UtteranceField
from quotes.curation.reattribution import MAX_MOVED_QUOTES
from quotes.models import Quote, Via
from quotes.models.media import validate_time_range
from quotes.representations.json import FIELDS
from quotes.representations.wording import shown_original
from sources.api.fields import (
    HtmlUrlField,
    LastingSerializer,
    PeerReference,
    RecordSerializer,
    Reference,
    ReservedNames,
    StrictSerializer,
    Text,
)
from sources.api.serializers import (
    RECORD,
    LanguageField,
    ReasonSerializer,
    WebAddressField,
)
from sources.dates import PartialDateSerializerField
from sources.history.as_of import DifferenceSerializer
from sources.models import Affiliation, Article, Organisation, Outlet, Speaker
from sources.models.ids import as_uuid

MAX_SPANS = 100  # of one quote
MAX_VIA = 20  # steps of one reporting chain
MAX_REASON_CHARACTERS = 10_000
MAX_QUOTE_CHARACTERS = 100_000

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


class MediaField(WebAddressField):
    """The address of a recording, with a range of time (W3C Media Fragments)."""

    def __init__(self, **kwargs):
        about = (
            "Where it can be heard or seen, with the seconds from and to: "
            "`https://…/interview.mp3#t=61,75.5`."
        )
        super().__init__(**{"help_text": about, **kwargs})
        self.validators.append(validate_time_range)


class ViaSerializer(StrictSerializer, serializers.ModelSerializer):
    """Where the article has the words from. `outlet` is set if the name is a known outlet's."""

    outlet = Reference(
        Outlet.objects.all(), shows=("id", "name", "slug"), read_only=True, allow_null=True
    )

    class Meta:
        model = Via
        fields = ["kind", "name", "outlet", "media"]


class SpanSerializer(serializers.Serializer):
    """A range of code points, without `end`, and up to 32 characters on either side."""

    start = serializers.IntegerField()
    end = serializers.IntegerField()
    prefix = serializers.CharField()
    suffix = serializers.CharField()


class AnchorSerializer(ReservedNames, serializers.Serializer):
    """Where the words are in the text or the headline, in code points.

    Prefix, suffix, start and end are those of the W3C Web Annotation selectors.
    """

    state = serializers.ChoiceField(choices=Quote.Anchor.choices)
    snapshot = serializers.CharField(allow_null=True, help_text="SHA-256 of the text.")
    in_ = serializers.ChoiceField(
        choices=Quote.AnchoredIn.choices,
        allow_null=True,
        help_text="Where the words are, and what the spans count in: the `text`, or the `headline` "
        "captured with it. Null without a snapshot.",
    )
    spans = SpanSerializer(many=True)
    seams = serializers.ListField(
        child=serializers.ChoiceField(choices=Quote.Seam.choices),
        help_text="What lies between each two spans. At an `omission` words are left out, and "
        "`text` shows “ […] ”.",
    )
    nearest = serializers.DictField(
        required=False,
        help_text="If `state` is `altered`: the most similar passage of the text now, or of the "
        "headline if the quote is in the headline.",
    )

    def to_representation(self, quote: Quote) -> dict:
        anchor = {
            "state": quote.anchor,
            "snapshot": quote.snapshot.sha256 if quote.snapshot else None,
            "in": quote.anchored_in if quote.snapshot else None,
            "spans": [
                {"start": start, "end": end, "prefix": prefix, "suffix": suffix}
                for (start, end), (prefix, suffix) in zip(quote.spans, quote.contexts, strict=True)
            ],
            "seams": quote.seams,
        }
        return anchor | {"nearest": quote.nearest} if quote.nearest else anchor


class ReplacementField(serializers.HyperlinkedRelatedField):
    """A link to another quote."""

    def to_representation(self, quote) -> dict:
        return {"id": str(quote.pk), "url": super().to_representation(quote)}


class ReplacementSchema(OpenApiSerializerFieldExtension):
    target_class = ReplacementField
    match_subclasses = True

    def map_serializer_field(self, auto_schema, direction):
        key = {"type": "string", "format": "uuid"}
        if direction == "request":
            return key
        properties = {"id": key, "url": {"type": "string", "format": "uri"}}
        return {"type": "object", "properties": properties, "required": ["id", "url"]}


class TranslatesField(ReplacementField):
    """The quote that this one translates, if readers see it. It is written as its id."""

    def __init__(self, **kwargs):
        given = {"view_name": "quote-detail", "lookup_field": "pk", "queryset": Quote.objects.all()}
        super().__init__(**given, required=False, allow_null=True, **kwargs)

    def get_attribute(self, quote: Quote) -> Quote | None:
        return shown_original(quote)

    def to_internal_value(self, data) -> Quote:
        user = self.context["request"].user
        key = as_uuid(data) if isinstance(data, str) else None
        if key and (found := Quote.objects.visible_to(user).filter(pk=key).first()):
            return found
        raise serializers.ValidationError("There is no quote with this id.")


TRANSLATED_FROM = "The language of the words that the article prints in translation."


class CorrectionSerializer(serializers.Serializer):
    """A correction of a public quote: the note for readers and what was changed."""

    when = serializers.DateTimeField()
    note = serializers.CharField()
    changed = DifferenceSerializer(many=True)


class ArticleReference(Reference):
    """The article of a quote. `rights` and `license` are its own, else its outlet's."""

    def to_representation(self, value: Article) -> dict:
        held = {name: value.shown(name) for name in ("rights", "license")}
        return super().to_representation(value) | held


class QuoteSerializer(RecordSerializer):
    """A quote. `attribution` is as printed. Curators may revise speaker, role and organisation."""

    url = serializers.HyperlinkedIdentityField(view_name="quote-detail", lookup_field="pk")
    html_url = HtmlUrlField()
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
    article = ArticleReference(
        Article.objects.all(),
        shows=("id", "headline", "url", "byline", "rights", "license", "withdrawn"),
        read_only=True,
    )
    via = ViaSerializer(many=True, read_only=True)
    media = MediaField(required=False, allow_null=True)
    anchor = AnchorSerializer(source="*", read_only=True)
    language = LanguageField(required=False, allow_null=True)
    translated_from = LanguageField(required=False, allow_null=True, help_text=TRANSLATED_FROM)
    translates = TranslatesField()
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
        read_only_fields = ["text", "status", "flags", "origin", "reason", *RECORD]

    def get_reason(self, quote: Quote) -> str | None:
        return quote.reason_for(self.context["request"].user)

    def hides_text(self, quote: Quote) -> bool:
        return quote.hides_text_from(self.context["request"].user)

    def to_representation(self, quote: Quote) -> dict:
        data = super().to_representation(quote)
        if self.hides_text(quote):
            for span in data["anchor"]["spans"]:
                span |= {"prefix": "", "suffix": ""}
            data["anchor"].pop("nearest", None)
        return data

    def update(self, quote: Quote, changes: dict) -> Quote:
        if "note" in changes:
            quote.correct(now=timezone.now(), **changes)
        else:
            quote.revise(**changes)
        return quote


class ChangedQuoteSerializer(QuoteSerializer):
    """A quote after a change. `not_printed` is there if the article does not print a part."""

    sometimes = ("not_printed",)

    not_printed = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Parts of the attribution that you sent and the article does not print. They "
        "are kept as filed.",
    )

    class Meta(QuoteSerializer.Meta):
        fields = [*FIELDS, "not_printed"]

    affiliation = note = None


# Steps


class OptionalReasonSerializer(LastingSerializer):
    """Why you take this step, if you want to say so."""

    reason = optional_text(MAX_REASON_CHARACTERS)


class RequiredReasonSerializer(LastingSerializer):
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


GAPS_CHECKED = (
    "`true`: you have read what lies between the spans, and all of the quote is one speaker's. A "
    "gap that seems to hold another speaker's words is then not refused. For curators."
)


class SpansField(serializers.ListField):
    """`[[start, end], …]`: ranges of code points in the text, without `end`, in reading order.

    With `in`, they count in the headline.
    """

    def __init__(self, **kwargs):
        pair = serializers.ListField(
            child=serializers.IntegerField(min_value=0), min_length=2, max_length=2
        )
        super().__init__(**{"child": pair, "min_length": 1, "max_length": MAX_SPANS, **kwargs})


class ViaStepSerializer(StrictSerializer):
    """Where the article has the words from."""

    kind = serializers.ChoiceField(choices=Via.Kind.choices)
    name = Text(max_length=500)
    media = MediaField(required=False)


class CorrectQuoteSerializer(ReservedNames, LastingSerializer):
    """Changes to a public quote, and a note for its readers.

    New words (`text`) and a new position (`spans`) have to agree with the article's text or, `in`
    the headline, with that. Without `in`, they are where the quote is; words are looked for in the
    other, too.
    """

    note = Text(max_length=MAX_REASON_CHARACTERS, help_text="Shown to readers.")
    text = Text(max_length=MAX_QUOTE_CHARACTERS, required=False, trim_whitespace=False)
    spans = SpansField(required=False)
    in_ = serializers.ChoiceField(
        source="anchored_in", choices=Quote.AnchoredIn.choices, required=False
    )
    gaps_checked = serializers.BooleanField(required=False, help_text=GAPS_CHECKED)
    kind = serializers.ChoiceField(choices=Quote.Kind.choices, required=False)
    language = LanguageField(required=False, allow_null=True)
    translated_from = LanguageField(required=False, allow_null=True, help_text=TRANSLATED_FROM)
    translates = TranslatesField()
    media = MediaField(required=False, allow_null=True)
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


class ReattributionSerializer(ReasonSerializer):
    """The quotes to move, and the speaker who said them."""

    quotes = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MAX_MOVED_QUOTES
    )
    to = PeerReference()

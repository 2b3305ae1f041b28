"""Serializers of filings: of articles, quotes and captured texts, as they are sent."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from quotes.api.serializers import (
    GAPS_CHECKED,
    MAX_QUOTE_CHARACTERS,
    MAX_REASON_CHARACTERS,
    MAX_VIA,
    TRANSLATED_FROM,
    AttributionSerializer,
    MediaField,
    SpansField,
    ViaStepSerializer,
    optional_text,
)
from quotes.filing import MAX_QUOTES, Refused, anchoring_faults
from quotes.models import Quote
from sources.api.article_serializers import canonical_url_field, embargo_field
from sources.api.fast_validation import plain_reader
from sources.api.fields import ReservedNames, StrictSerializer, Text
from sources.api.markup import PLAIN, refuse_markup
from sources.api.publication import (
    PublicationField,
    PublicationTimeField,
    VersionTimeField,
    split_time,
)
from sources.api.serializers import LanguageField, NameField, WebAddressField, string_list
from sources.dates import PartialDateSerializerField
from sources.exceptions import flatten_errors
from sources.intake import Document, NotConverted, convert_markup
from sources.models import Article, Snapshot, Speaker

FILED_AS = [Quote.Status.PROPOSED.value, Quote.Status.PUBLISHED.value]

MAX_JOINT_SPEAKERS = 20

MAX_CONTEXT_CHARACTERS = 500
"""Of a prefix or a suffix; answers have 32."""


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "maxLength": 500},
            {
                "type": "array",
                "items": {"type": "string", "maxLength": 500},
                "minItems": 2,
                "maxItems": MAX_JOINT_SPEAKERS,
            },
        ]
    }
)
class SpeakersField(serializers.Field):
    """An id or a name, or a list of them: those who said something together."""

    plain = NameField()  # what `sources.api.fast_validation` reads a string as

    def to_internal_value(self, data) -> str | list[str]:
        if not isinstance(data, list):
            return self.plain.run_validation(data)
        if not 2 <= len(data) <= MAX_JOINT_SPEAKERS:
            fault = f"A joint statement has 2 to {MAX_JOINT_SPEAKERS} speakers."
            raise serializers.ValidationError(fault)
        names = [self.plain.run_validation(name) for name in data]
        if len(set(names)) < len(names):
            raise serializers.ValidationError("Name each speaker once.")
        return names

    def to_representation(self, value):
        return value


class ProposalSerializer(ReservedNames, StrictSerializer):
    """One quote of a filing, given by its words, by its spans, or by both if they agree."""

    text = Text(
        max_length=MAX_QUOTE_CHARACTERS, required=False, allow_blank=True, trim_whitespace=False
    )
    spans = SpansField(required=False, allow_null=True)
    prefix = Text(
        max_length=MAX_CONTEXT_CHARACTERS,
        required=False,
        allow_null=True,
        allow_blank=True,
        trim_whitespace=False,
        help_text="What stands before the words, if they stand in several places.",
    )
    suffix = Text(
        max_length=MAX_CONTEXT_CHARACTERS,
        required=False,
        allow_null=True,
        allow_blank=True,
        trim_whitespace=False,
        help_text="What stands after them.",
    )
    in_ = serializers.ChoiceField(
        choices=Quote.AnchoredIn.choices,
        required=False,
        allow_null=True,
        help_text="Where the words are: in the `text`, or in the `headline`; spans count there. "
        "Without it, spans are in the text, and words are looked for in the text first.",
    )
    gaps_checked = serializers.BooleanField(required=False, help_text=GAPS_CHECKED)
    external_id = Text(
        max_length=200,
        required=False,
        allow_null=True,
        help_text="Your own id of this quote. It is recognised by it when its words change.",
    )
    kind = serializers.ChoiceField(
        choices=Quote.Kind.choices, required=False, help_text="`direct` if a new quote has none."
    )
    speaker = SpeakersField(
        required=False,
        allow_null=True,
        help_text="An id or a name; for a joint statement, a list of them.",
    )
    speaker_kind = serializers.ChoiceField(
        choices=Speaker.Kind.choices, required=False, allow_null=True
    )
    role = optional_text()
    organisation = NameField(required=False, allow_null=True, help_text="An id or a name.")
    said = PartialDateSerializerField(required=False, allow_null=True)
    language = LanguageField(required=False, allow_null=True)
    translated_from = LanguageField(required=False, allow_null=True, help_text=TRANSLATED_FROM)
    translates = serializers.UUIDField(
        required=False, allow_null=True, help_text="The id of the quote that it translates."
    )
    media = MediaField(required=False, allow_null=True)
    attribution = AttributionSerializer(required=False, allow_null=True)
    via = ViaStepSerializer(many=True, required=False, max_length=MAX_VIA)
    status = serializers.ChoiceField(
        choices=FILED_AS,
        required=False,
        help_text="`published` needs the permission to publish.",
    )
    note = Text(
        max_length=MAX_REASON_CHARACTERS,
        required=False,
        allow_null=True,
        help_text="For readers, if the quote is public: what you say otherwise than last time is "
        "then a correction. Needs the permission to correct. Not used for any other quote: "
        "`filing.fields.note` is then `unchanged`.",
    )

    def validate(self, attrs):
        if attrs.get("spans") is None and not attrs.get("text", "").strip():
            raise serializers.ValidationError({"text": ["Send the words, or their spans."]})
        kind = attrs.get("speaker_kind")
        if isinstance(attrs.get("speaker"), list) and kind not in (None, Speaker.Kind.COLLECTIVE):
            fault = "Several speakers are a `collective`. Leave the kind out."
            raise serializers.ValidationError({"speaker_kind": [fault]})
        return attrs


def html_field() -> Text:
    return Text(
        max_length=Snapshot.MAX_CHARACTERS,
        required=False,
        trim_whitespace=False,
        help_text="Instead of `text`: the markup of the article’s body, or its page.",
    )


def convert_html(attrs: dict) -> dict:
    """Replace `html` by the text that it converts to, which is what quotes are looked for in."""
    if "html" not in attrs:
        fault = "This field is required. Send null if you have no text, or send `html`."
        raise serializers.ValidationError({"text": [fault]})
    if "text" in attrs:
        raise serializers.ValidationError({"html": ["Send either text or html."]})
    attrs = dict(attrs)
    document = Document(attrs.pop("html").encode(), "text/html", "utf-8")
    try:
        conversion = convert_markup(document)
    except NotConverted as refusal:
        raise serializers.ValidationError({"html": [str(refusal)]}) from refusal
    return attrs | {"text": conversion.text, "plain": True, "document": conversion}


class FilingSerializer(StrictSerializer):
    """An article with its text and its quotes.

    `text` is the plain text, exactly as printed. Send null if you have none: the quotes are then
    `unanchored`. Or send `html`, the markup of the article, which is converted.
    """

    outlet = NameField(required=False, allow_null=True, help_text="An id, a slug or a name.")
    external_id = Text(max_length=200, required=False, allow_null=True)
    url = WebAddressField(required=False, allow_null=True)
    headline = Text(max_length=2000, required=False, allow_null=True)
    byline = string_list(required=False)
    published = PublicationField(required=False, allow_null=True)
    published_at = PublicationTimeField(required=False, allow_null=True)
    modified = VersionTimeField(
        required=False,
        allow_null=True,
        help_text="When this version was made. An older one than on record changes nothing.",
    )
    language = LanguageField(required=False, allow_null=True)
    canonical_url = canonical_url_field()
    rights = Text(
        max_length=2000, required=False, allow_null=True, help_text="The notice of copyright."
    )
    license = Text(
        max_length=2000, required=False, allow_null=True, help_text="Its URL or its name."
    )
    embargo_until = embargo_field()
    text = Text(
        max_length=Snapshot.MAX_CHARACTERS, required=False, allow_null=True, trim_whitespace=False
    )
    html = html_field()
    quotes = ProposalSerializer(many=True, required=False, max_length=MAX_QUOTES)
    complete = serializers.BooleanField(
        required=False,
        help_text="`true`: these are all quotes. Your proposals that are not named are withdrawn, "
        "and listed in `withdrawn_quotes`.",
    )

    propose = serializers.BooleanField(
        required=False,
        help_text="`true`: find further quotes in the text. They are added as proposals, with "
        "`origin` `proposed`; what was rejected does not come back.",
    )
    plain = serializers.BooleanField(required=False, help_text=PLAIN)

    def validate(self, attrs):
        if "html" in attrs or "text" not in attrs:
            attrs = convert_html(attrs)
        if (until := attrs.get("embargo_until")) and until > timezone.now():
            attrs = {**attrs, "withheld": True}
        return split_time(refuse_markup(attrs))

    @classmethod
    def read(cls, payload) -> dict:
        """Return the validated filing. Raises Refused with all errors, also of its quotes."""
        if (data := plain_reader(cls)(payload)) is not None:
            return data
        serializer = cls(data=payload)
        if serializer.is_valid():
            return serializer.validated_data
        faults = list(flatten_errors(serializer.errors))
        if "text" not in serializer.errors and isinstance(payload, dict) and payload.get("text"):
            headline = None if "headline" in serializer.errors else payload.get("headline")
            faults += anchoring_faults(payload["text"], headline, cls._valid_quotes(payload))
        raise Refused(faults)

    @staticmethod
    def _valid_quotes(payload: dict) -> dict[int, dict]:
        """Return the quotes of a refused payload that are valid by themselves, by index."""
        quotes = payload.get("quotes")
        checked = quotes[:MAX_QUOTES] if isinstance(quotes, list) else []
        proposals = {index: ProposalSerializer(data=quote) for index, quote in enumerate(checked)}
        return {index: each.validated_data for index, each in proposals.items() if each.is_valid()}


class VisibleField(serializers.PrimaryKeyRelatedField):
    """The id of a record that the user may see."""

    def get_queryset(self):
        return super().get_queryset().visible_to(self.context["request"].user)


class QuoteProposalSerializer(ProposalSerializer):
    """One quote of an article on record."""

    article = VisibleField(queryset=Article.objects.all())


class CaptureSerializer(StrictSerializer):
    """The plain text of the article as it reads now, or `html`, which is converted."""

    text = Text(max_length=Snapshot.MAX_CHARACTERS, required=False, trim_whitespace=False)
    html = html_field()
    plain = serializers.BooleanField(required=False, help_text=PLAIN)

    def validate(self, attrs):
        if "html" in attrs or "text" not in attrs:
            attrs = convert_html(attrs)
        return refuse_markup(attrs)

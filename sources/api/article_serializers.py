"""Serializers of articles, their texts and their documents."""

from rest_framework import serializers

from sources.api.fields import (
    HtmlUrlField,
    RecordSerializer,
    Reference,
    StrictSerializer,
)
from sources.api.publication import PublicationField, PublicationTimeField, split_time
from sources.api.serializers import (
    RECORD,
    LanguageField,
    WebAddressField,
    string_list,
)
from sources.models import Article, Outlet, Snapshot, SourceDocument


class WithdrawalSerializer(serializers.Serializer):
    """When and why the outlet withdrew the article."""

    when = serializers.DateTimeField()
    reason = serializers.CharField()


def canonical_url_field() -> WebAddressField:
    return WebAddressField(
        required=False,
        allow_null=True,
        help_text="Of the same article at another site. `url` is that of this outlet.",
    )


def embargo_field() -> PublicationTimeField:
    return PublicationTimeField(
        required=False, allow_null=True, help_text="Until then, none of its quotes is public."
    )


class ArticleSerializer(RecordSerializer):
    """An article without its text. `snapshot` is the SHA-256 of its present text, null if none.

    You can send `published` as an exact time (RFC 3339): the answer then has the day on its clock
    in `published`, and the time, in UTC, in `published_at`. Day and time never disagree: another
    day alone clears the time.
    """

    html_url = HtmlUrlField()
    outlet = Reference(
        Outlet.objects.all(), shows=("id", "name", "slug"), required=False, allow_null=True
    )
    byline = string_list(required=False)
    url = WebAddressField(required=False, allow_null=True)
    published = PublicationField(required=False, allow_null=True)
    published_at = PublicationTimeField(required=False, allow_null=True)
    language = LanguageField(required=False, allow_null=True)
    canonical_url = canonical_url_field()
    embargo_until = embargo_field()
    snapshot = serializers.SlugRelatedField(slug_field="sha256", read_only=True, allow_null=True)
    withdrawn = WithdrawalSerializer(
        read_only=True, allow_null=True, help_text="Null unless the outlet withdrew the article."
    )

    class Meta:
        model = Article
        fields = [
            "id",
            "html_url",
            "outlet",
            "external_id",
            "url",
            "headline",
            "byline",
            "published",
            "published_at",
            "language",
            "canonical_url",
            "rights",
            "license",
            "embargo_until",
            "snapshot",
            "withdrawn",
            *RECORD,
        ]
        read_only_fields = RECORD

    def validate(self, attrs):
        return super().validate(split_time(attrs, self.instance))


class SourceDocumentSerializer(serializers.ModelSerializer):
    """The document that a text was converted from, without its bytes, and how it was converted."""

    sha256 = serializers.CharField(help_text="Of the document’s bytes.")
    format = serializers.CharField(help_text="What it was read as, such as `ninjs 2.1`.")
    converter = serializers.CharField(help_text="What read it, with its version.")
    particulars = serializers.DictField(
        child=serializers.CharField(),
        help_text="What else it says: `status` (usable, withheld or canceled) and `edition`.",
    )

    class Meta:
        model = SourceDocument
        fields = ["sha256", "media_type", "format", "converter", "particulars"]


class SnapshotSummarySerializer(serializers.ModelSerializer):
    """A captured text without its words, and the headline it had."""

    characters = serializers.IntegerField(read_only=True, help_text="Length in code points.")
    document = SourceDocumentSerializer(
        read_only=True,
        allow_null=True,
        help_text="What the text was converted from; null if it was sent as plain text.",
    )

    class Meta:
        model = Snapshot
        fields = ["sha256", "captured", "characters", "headline", "document"]
        extra_kwargs = {
            "headline": {
                "read_only": True,
                "allow_null": True,
                "help_text": "The headline when this text was captured; null if unknown.",
            }
        }


class SnapshotSerializer(StrictSerializer):
    """A captured text. `sha256` is the digest of its UTF-8 bytes."""

    sha256 = serializers.CharField()
    captured = serializers.DateTimeField(help_text="When this text was first captured.")
    characters = serializers.IntegerField(help_text="Length in code points.")
    articles = serializers.ListField(
        child=serializers.UUIDField(), help_text="Ids of articles with this text."
    )
    text = serializers.CharField(trim_whitespace=False)
    erased = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2),
        allow_null=True,
        help_text="Ranges of code points that were erased, null if none. The text, with these "
        "blotted out, no longer has the digest `sha256`.",
    )

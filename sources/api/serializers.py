"""Serializers of the records of `sources`."""

import re
import unicodedata
from contextlib import suppress

from django.core.validators import URLValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from sources.api.fields import (
    HtmlUrlField,
    LastingSerializer,
    PeerReference,
    RecordSerializer,
    Reference,
    StrictSerializer,
    Text,
    canonical_language,
)
from sources.api.publication import PublicationField, PublicationTimeField, split_time
from sources.models import (
    Affiliation,
    Article,
    Fact,
    Organisation,
    Outlet,
    Snapshot,
    SourceDocument,
    Speaker,
)
from sources.models.facts import MAX_KEY, MAX_SOURCE, MAX_VALUE

RECORD = ["version", "created", "updated"]

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)


class LanguageField(Text):
    """A BCP 47 language tag, such as `en` or `pt-BR`: `EN` and `eng` become `en`. Null: unknown."""

    def __init__(self, **kwargs):
        super().__init__(**{"max_length": 35, **kwargs})

    def to_internal_value(self, data):
        tag = super().to_internal_value(data)
        if _LANGUAGE.fullmatch(tag):
            with suppress(ValueError):
                if len(canonical := canonical_language(tag)) <= self.max_length:
                    return canonical
        raise serializers.ValidationError("Not a language tag. Write BCP 47: en, or pt-BR.")


# Letters and symbols without ink: fillers of Hangul, and the empty cell of Braille
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def require_visible(name: str) -> None:
    """Refuse a name that has only white space, marks and invisible characters."""
    if not any(unicodedata.category(each)[0] in "LNPS" and each not in BLANK for each in name):
        raise serializers.ValidationError("A name needs at least one visible character.")


class NameField(Text):
    """A name, exactly as written."""

    def __init__(self, **kwargs):
        super().__init__(**{"max_length": 500, **kwargs})
        self.validators.append(require_visible)


def aliases_field() -> serializers.ListField:
    return serializers.ListField(child=NameField(), max_length=100, required=False)


def string_list(max_length: int = 100, **kwargs) -> serializers.ListField:
    return serializers.ListField(child=Text(max_length=500), max_length=max_length, **kwargs)


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {"type": "string"},
        "examples": [{"wikidata": "Q7186"}],
    }
)
class IdentifiersField(serializers.DictField):
    """Identifiers in other databases, by scheme."""

    child = Text(max_length=500)

    def to_internal_value(self, data):
        identifiers = super().to_internal_value(data)
        if (wikidata := identifiers.get("wikidata")) and not re.fullmatch(
            r"Q[1-9][0-9]*", wikidata
        ):
            raise serializers.ValidationError({"wikidata": ["A Wikidata id is Q and a number."]})
        return identifiers


def require_indexable(url: str) -> None:
    """Refuse a URL that is too long for a database index."""
    if len(url.encode()) > 2000:
        raise serializers.ValidationError(
            "Longer than 2,000 bytes in UTF-8. Leave out tracking parameters."
        )


class WebAddressField(Text, serializers.URLField):
    """An absolute http or https URL."""

    def __init__(self, **kwargs):
        super().__init__(**{"max_length": 2000, **kwargs})
        self.validators = [v for v in self.validators if not isinstance(v, URLValidator)]
        self.validators.append(URLValidator(schemes=["http", "https"]))
        self.validators.append(require_indexable)


class DistinctFromField(serializers.ListField):
    """Ids of the records marked as distinct from this one, or from one merged into it."""

    child = serializers.UUIDField()

    def __init__(self, **kwargs):
        super().__init__(source="*", read_only=True, **kwargs)

    def to_representation(self, record):
        apart = getattr(record, "all_distinct_from", record.distinct_from)
        return super().to_representation(apart)


class OutletSerializer(RecordSerializer):
    """A publication or broadcaster."""

    html_url = HtmlUrlField()
    name = NameField()
    aliases = aliases_field()
    url = WebAddressField(required=False, allow_null=True)
    distinct_from = DistinctFromField(help_text="Ids of records marked as distinct.")

    class Meta:
        model = Outlet
        fields = [
            *("id", "html_url", "name", "slug", "aliases", "url"),
            *("rights", "license", "refuses_embeds", "refuses_robots"),
            *("distinct_from", *RECORD),
        ]
        read_only_fields = RECORD
        extra_kwargs = {"slug": {"required": False}}

    def validate_slug(self, slug):
        require_visible(slug)
        return slug

    def validate(self, attrs):
        if self.instance is None:
            attrs.setdefault("slug", Outlet.free_slug(attrs["name"]))
        return super().validate(attrs)


class OrganisationSerializer(RecordSerializer):
    """An organisation that speakers speak for."""

    html_url = HtmlUrlField()
    name = NameField()
    aliases = aliases_field()
    parent = Reference(Organisation.objects.all(), required=False, allow_null=True)
    identifiers = IdentifiersField(required=False)
    distinct_from = DistinctFromField(help_text="Ids of records marked as distinct.")

    class Meta:
        model = Organisation
        fields = [
            "id",
            "html_url",
            "name",
            "aliases",
            "parent",
            "identifiers",
            "distinct_from",
            *RECORD,
        ]
        read_only_fields = RECORD


@extend_schema_field(
    {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "name": {"type": "string"},
                "kind": {"type": "string", "enum": Speaker.Kind.values},
            },
            "required": ["id", "name", "kind"],
        },
    }
)
class MembersField(serializers.Field):
    """The members of a joint statement, as they are now."""

    def to_representation(self, members: list[Speaker]) -> list[dict]:
        return [{"id": str(s.pk), "name": s.name, "kind": s.kind} for s in members]


class SpeakerSerializer(RecordSerializer):
    """A person, an organisation or an unnamed speaker to whom words are attributed."""

    html_url = HtmlUrlField()
    name = NameField()
    aliases = aliases_field()
    organisation = Reference(Organisation.objects.all(), required=False, allow_null=True)
    identifies = string_list(
        required=False,
        help_text="Names that mean this speaker in all articles although they are a surname, an "
        "office or a description: a mononym, a pen name.",
    )
    article = serializers.UUIDField(
        source="article_id",
        read_only=True,
        allow_null=True,
        help_text="The only article of a speaker whose name identifies nobody outside it.",
    )
    identifiers = IdentifiersField(required=False)
    members = MembersField(
        source="present_members",
        read_only=True,
        help_text="Who speaks jointly; empty for one speaker.",
    )
    distinct_from = DistinctFromField(help_text="Ids of records marked as distinct.")

    class Meta:
        model = Speaker
        fields = [
            "id",
            "html_url",
            "name",
            "kind",
            "aliases",
            "organisation",
            "members",
            "identifies",
            "article",
            "identifiers",
            "distinct_from",
            *RECORD,
        ]
        read_only_fields = RECORD


# Merging


class ReasonSerializer(LastingSerializer):
    """Why you make this change. The history keeps the reason."""

    reason = Text(max_length=2000, required=False, allow_null=True)


class MergeSerializer(ReasonSerializer):
    """The record to merge into."""

    into = PeerReference()
    preview = serializers.BooleanField(
        default=False, help_text="True: change nothing, and return what would move."
    )


class DistinguishSerializer(ReasonSerializer):
    """The record that this one is distinct from."""

    other = PeerReference()

    def get_fields(self):
        fields = super().get_fields()
        fields["other"].source = "other"
        return {"from": fields.pop("other"), **fields}  # `from` is a keyword of Python


class MergedRecordSerializer(StrictSerializer):
    """A merged record. To undo the merge, send its `version` as `If-Match`."""

    id = serializers.UUIDField()
    merged_into = serializers.UUIDField()
    version = serializers.IntegerField()


class FromToSerializer(RecordSerializer):
    """Shows `start` and `end` as `from`, a keyword of Python, and `to`."""

    def get_fields(self):
        fields = super().get_fields()
        public = {"start": "from", "end": "to"}
        for name in public:
            fields[name].source = name
        return {public.get(name, name): field for name, field in fields.items()}


class AffiliationSerializer(FromToSerializer):
    """The role of a speaker at an organisation. `from` and `to` are inclusive; null is unknown."""

    speaker = Reference(Speaker.objects.all(), shows=("id", "name", "kind"))
    organisation = Reference(Organisation.objects.all())

    class Meta:
        model = Affiliation
        fields = ["id", "speaker", "organisation", "role", "start", "end", *RECORD]
        read_only_fields = RECORD


class FactSerializer(FromToSerializer):
    """What a speaker is known to be, such as a party or a gender. Entered with its source.

    A `value` of null says that somebody looked and it is not known. `from` and `to` are inclusive;
    null is open.
    """

    speaker = Reference(Speaker.objects.all(), shows=("id", "name", "kind"))
    key = Text(
        max_length=MAX_KEY,
        help_text="What the fact is about: `gender`, `party`, or any other word of lower-case "
        "letters, digits and underscores.",
    )
    value = Text(max_length=MAX_VALUE, allow_null=True)
    source = Text(max_length=MAX_SOURCE, help_text="Where this is known from, such as a URL.")

    class Meta:
        model = Fact
        fields = ["id", "speaker", "key", "value", "source", "start", "end", *RECORD]
        read_only_fields = RECORD


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

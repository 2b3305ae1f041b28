"""The public form of each record of this app."""

import re
import unicodedata
from datetime import datetime, timedelta

from django.core.validators import URLValidator
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from sources.api.fields import Another, RecordSerializer, Reference, StrictSerializer, Text
from sources.dates import PartialDate, PartialDateSerializerField
from sources.models import Affiliation, Article, Organisation, Outlet, Snapshot, Speaker

RECORD = ["version", "created", "updated"]

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)


class LanguageField(Text):
    """A BCP 47 language tag, such as `en` or `pt-BR`; null is unknown."""

    def __init__(self, **kwargs):
        super().__init__(**{"max_length": 35, **kwargs})

    def to_internal_value(self, data):
        tag = super().to_internal_value(data)
        if not _LANGUAGE.fullmatch(tag):
            raise serializers.ValidationError("Not a language tag. Write BCP 47: en, or pt-BR.")
        return tag


def visible(name: str) -> None:
    """Refuse a name of white space, marks and invisible characters alone."""
    if not any(unicodedata.category(character)[0] in "LNPS" for character in name):
        raise serializers.ValidationError("A name needs at least one visible character.")


class NameField(Text):
    """A name, as it is written."""

    def __init__(self, **kwargs):
        super().__init__(**{"max_length": 500, **kwargs})
        self.validators.append(visible)


def strings(most: int = 100, **kwargs) -> serializers.ListField:
    return serializers.ListField(child=Text(max_length=500), max_length=most, **kwargs)


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {"type": "string"},
        "examples": [{"wikidata": "Q7186"}],
    }
)
class IdentifiersField(serializers.DictField):
    """Identifiers elsewhere, by scheme."""

    child = Text(max_length=500)

    def to_internal_value(self, data):
        found = super().to_internal_value(data)
        if (wikidata := found.get("wikidata")) and not re.fullmatch(r"Q[1-9][0-9]*", wikidata):
            raise serializers.ValidationError({"wikidata": ["A Wikidata id is Q and a number."]})
        return found


def indexable(url: str) -> None:
    """Refuse what takes more bytes than an entry of an index may."""
    if len(url.encode()) > 2000:
        raise serializers.ValidationError(
            "Takes more than 2,000 bytes. Leave out what it can do without."
        )


class WebAddressField(Text, serializers.URLField):
    """An absolute http or https URL."""

    def __init__(self, **kwargs):
        super().__init__(**{"max_length": 2000, **kwargs})
        self.validators = [v for v in self.validators if not isinstance(v, URLValidator)]
        self.validators.append(URLValidator(schemes=["http", "https"]))
        self.validators.append(indexable)


class ToldApartField(serializers.ListField):
    """Ids of records that this one was said not to be, or that what was merged into it was not."""

    child = serializers.UUIDField()

    def __init__(self):
        super().__init__(source="*", read_only=True)

    def to_representation(self, record):
        apart = getattr(record, "all_distinct_from", record.distinct_from)
        return super().to_representation(apart)


class OutletSerializer(RecordSerializer):
    name = NameField()
    aliases = strings(required=False)
    url = WebAddressField(required=False, allow_null=True)
    distinct_from = ToldApartField()

    class Meta:
        model = Outlet
        fields = ["id", "name", "slug", "aliases", "url", "distinct_from", *RECORD]
        read_only_fields = RECORD
        extra_kwargs = {"slug": {"required": False}}

    def validate(self, attrs):
        if self.instance is None:
            attrs.setdefault("slug", Outlet.free_slug(attrs["name"]))
        return super().validate(attrs)


class OrganisationSerializer(RecordSerializer):
    name = NameField()
    aliases = strings(required=False)
    parent = Reference(Organisation.objects.all(), required=False, allow_null=True)
    identifiers = IdentifiersField(required=False)
    distinct_from = ToldApartField()

    class Meta:
        model = Organisation
        fields = ["id", "name", "aliases", "parent", "identifiers", "distinct_from", *RECORD]
        read_only_fields = RECORD


class SpeakerSerializer(RecordSerializer):
    name = NameField()
    aliases = strings(required=False)
    organisation = Reference(Organisation.objects.all(), required=False, allow_null=True)
    identifiers = IdentifiersField(required=False)
    distinct_from = ToldApartField()

    class Meta:
        model = Speaker
        fields = [
            "id",
            "name",
            "kind",
            "aliases",
            "organisation",
            "identifiers",
            "distinct_from",
            *RECORD,
        ]
        read_only_fields = RECORD


# Merging


class ReasonSerializer(StrictSerializer):
    """Why something is done or taken back; the ledger keeps it."""

    reason = Text(max_length=2000, required=False, allow_null=True)


class MergeSerializer(ReasonSerializer):
    """What a record is to be merged into."""

    into = Another()
    preview = serializers.BooleanField(
        default=False, help_text="Only say what would move, and change nothing."
    )


class DistinguishSerializer(ReasonSerializer):
    """Whom a record is told apart from."""

    other = Another()

    def get_fields(self):
        fields = super().get_fields()
        fields["other"].source = "other"
        return {"from": fields.pop("other"), **fields}  # no name of an attribute


class MergedSerializer(StrictSerializer):
    """Where the id of a merged record leads. `version` is what its undo takes as If-Match."""

    id = serializers.UUIDField()
    merged_into = serializers.UUIDField()
    version = serializers.IntegerField()


class AffiliationSerializer(RecordSerializer):
    """Dates are `from` and `to`, both inclusive and each perhaps partial or unknown."""

    speaker = Reference(Speaker.objects.all(), shows=("id", "name", "kind"))
    organisation = Reference(Organisation.objects.all())

    class Meta:
        model = Affiliation
        fields = ["id", "speaker", "organisation", "role", "start", "end", *RECORD]
        read_only_fields = RECORD

    def get_fields(self):
        fields = super().get_fields()
        public = {"start": "from", "end": "to"}  # "from" cannot be written as an attribute
        for name in public:
            fields[name].source = name
        return {public.get(name, name): field for name, field in fields.items()}


@extend_schema_field({"type": "string", "examples": ["2026-02", "2026-02-11T09:30:00+01:00"]})
class PublicationField(PartialDateSerializerField):
    """A partial date, or an exact time (RFC 3339), which `with_time` takes apart."""

    def to_internal_value(self, data):
        if isinstance(data, str) and data[10:11].upper() == "T":
            try:
                if (moment := parse_datetime(data)) and moment.tzinfo:
                    PartialDate.on(moment.date())
                    return moment
            except ValueError as error:
                raise serializers.ValidationError(str(error)) from error
            raise serializers.ValidationError(
                "Write an exact time as 2026-02-11T09:30:00+01:00, with its offset."
            )
        return super().to_internal_value(data)


def with_time(attrs: dict) -> dict:
    """A publication given as a time is its day, on the clock it was given in, and that time."""
    published, at = attrs.get("published"), attrs.get("published_at")
    if isinstance(published, datetime):
        if at and at != published:
            raise serializers.ValidationError(
                {"published_at": ["Says another time than published. Leave one of them out."]}
            )
        day = PartialDate.on(published.date())
        return {**attrs, "published": day, "published_at": published}
    if at:
        try:
            day = PartialDate.on(at.date())
        except ValueError as error:
            raise serializers.ValidationError({"published_at": [str(error)]}) from error
        if "published" not in attrs:
            return {**attrs, "published": day}
        if published is None:
            raise serializers.ValidationError(
                {"published_at": ["An exact time of publication needs its date."]}
            )
    if (
        at
        and published
        and not (
            published.first - timedelta(days=1) <= at.date() <= published.last + timedelta(days=1)
        )
    ):
        raise serializers.ValidationError(
            {"published_at": [f"Is not on the date of publication, {published}."]}
        )
    return attrs


class ArticleSerializer(RecordSerializer):
    """An article without its text. `snapshot` is the digest of the text it has now, if one is held.

    `published` may be written as an exact time (RFC 3339): its day is kept in `published`, the
    time, in UTC, in `published_at`.
    """

    outlet = Reference(
        Outlet.objects.all(), shows=("id", "name", "slug"), required=False, allow_null=True
    )
    byline = strings(required=False)
    url = WebAddressField(required=False, allow_null=True)
    published = PublicationField(required=False, allow_null=True)
    language = LanguageField(required=False, allow_null=True)
    snapshot = serializers.SlugRelatedField(slug_field="sha256", read_only=True, allow_null=True)

    class Meta:
        model = Article
        fields = [
            "id",
            "outlet",
            "external_id",
            "url",
            "headline",
            "byline",
            "published",
            "published_at",
            "language",
            "snapshot",
            *RECORD,
        ]
        read_only_fields = RECORD

    def validate(self, attrs):
        return super().validate(with_time(attrs))


class SnapshotSummarySerializer(serializers.ModelSerializer):
    """A snapshot without its text."""

    characters = serializers.IntegerField(read_only=True, help_text="Length in code points.")

    class Meta:
        model = Snapshot
        fields = ["sha256", "captured", "characters"]


class SnapshotSerializer(StrictSerializer):
    """A captured text, exactly: the SHA-256 of its UTF-8 bytes is its name."""

    sha256 = serializers.CharField()
    captured = serializers.DateTimeField(help_text="When it was first captured.")
    characters = serializers.IntegerField(help_text="Length in code points.")
    articles = serializers.ListField(child=serializers.UUIDField(), help_text="Printed in these.")
    text = serializers.CharField(trim_whitespace=False)
    erased = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2),
        allow_null=True,
        help_text="Ranges that had to be blotted out: but for these, the text is the digest's.",
    )


# What verifying found


class SubjectSerializer(serializers.Serializer):
    type = serializers.CharField()
    id = serializers.UUIDField()


class CheckSerializer(serializers.Serializer):
    """One thing that was worked out again: what is on record, and what was found."""

    subject = SubjectSerializer(source="*")
    version = serializers.IntegerField(allow_null=True)
    check = serializers.CharField()
    ok = serializers.BooleanField()
    expected = serializers.CharField(allow_null=True)
    found = serializers.CharField(allow_null=True)
    differs = serializers.ListField(
        source="fields",
        child=serializers.CharField(),
        allow_null=True,
        help_text="The columns in which a record is not as its last revision says.",
    )


class VerificationSerializer(serializers.Serializer):
    ok = serializers.BooleanField(help_text="Whether every check holds.")
    checks = CheckSerializer(many=True)

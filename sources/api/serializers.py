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
from sources.models import (
    Affiliation,
    Fact,
    Organisation,
    Outlet,
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


@extend_schema_field({"type": "string", "format": "iri", "maxLength": 2000})
class WebAddressField(Text, serializers.URLField):
    """An absolute http or https URL, with letters of any script (RFC 3987)."""

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

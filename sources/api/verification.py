"""Serializers of a verification: what was checked of a record, and whether it holds."""

from rest_framework import serializers


class SubjectSerializer(serializers.Serializer):
    """The record that was checked."""

    type = serializers.CharField()
    id = serializers.UUIDField()


class CheckSerializer(serializers.Serializer):
    """One check: the value on record and the value worked out again."""

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
        help_text="Columns in which the record differs from its last revision.",
    )


class VerificationSerializer(serializers.Serializer):
    """The checks of a quote and of everything it rests on."""

    ok = serializers.BooleanField(help_text="Whether every check holds.")
    checks = CheckSerializer(many=True)

"""Commands around erasure: all that is held of a person, and tombstones for a restored backup."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from quotes.models import Quote
from sources.models import Article, Revision, Speaker
from tests.conftest import API, make_client, make_filing, ok, publish
from tests.quotes.history.test_erasure import REASON, erased, verified
from tests.quotes.history.test_erasure_finds import holding
from tests.records import make_affiliation, make_article, make_speaker

pytestmark = pytest.mark.django_db


def run(name: str, *arguments, **options) -> str:
    out = io.StringIO()
    call_command(name, *map(str, arguments), stdout=out, verbosity=0, **options)
    return out.getvalue()


@pytest.fixture
def mara(curator) -> Speaker:
    """A speaker with a published, a rejected and a corrected quote, a role and an alias."""
    quotes = [
        {"text": "We had no choice,", "speaker": "Mara Quill", "attribution": {"speaker": "Quill"}},
        {"text": "None at all,", "speaker": "Mara Quill"},
    ]
    text = "“We had no choice,” said Mara Quill. “None at all,” Ms Quill said, “if you ask me.”"
    ok(curator.post(f"{API}articles/", publish(make_filing(text=text, quotes=quotes))), 201)
    speaker = Speaker.objects.get()
    proposed = {
        "article": Article.objects.get().pk,
        "text": "if you ask me.",
        "speaker": speaker.pk,
    }
    rejected = ok(make_client("Contributors").post(f"{API}quotes/", proposed), 201)
    Quote.objects.get(pk=rejected["id"]).reject("Her lawyer wrote.")
    speaker.aliases = ["M. J. Quill"]
    speaker.save()
    make_affiliation(speaker=speaker, role="harbour master")
    make_article("Nobody saw M. J. QUILL.", headline="Dr Mara Quill is back")
    return speaker


def test_all_that_is_held_of_a_person_is_printed(mara):
    make_speaker("Joan Clerk")
    before = Revision.objects.count()
    held = json.loads(run("disclose", "speaker", mara.pk))
    assert [each["name"] for each in held["speakers"]] == ["Mara Quill"]
    assert [each["role"] for each in held["affiliations"]] == ["harbour master"]
    assert {(each["text"], each["status"]) for each in held["quotes"]} == {
        ("We had no choice,", "published"),
        ("None at all,", "published"),
        ("if you ask me.", "rejected"),
    }
    told = {(each["subject_type"], each["verb"], each["reason"]) for each in held["history"]}
    assert ("quote", "rejected", "Her lawyer wrote.") in told
    assert {"speaker", "quote", "affiliation"} == {each["subject_type"] for each in held["history"]}
    columns = {f"{each['table']}.{each['column']}" for each in held["named_in"]}
    assert {
        "sources_snapshot.text",
        "sources_article.headline",
        "sources_speaker.name",
        "sources_speaker.aliases",
        "sources_revision.state",
        "quotes_quote.attribution_speaker",
        "quotes_lastfiling.quotes_said",
    } <= columns
    assert "Joan Clerk" not in json.dumps(held)
    assert Revision.objects.count() == before


def test_what_is_not_on_record_cannot_be_disclosed():
    with pytest.raises(CommandError, match="There is no speaker"):
        run("disclose", "speaker", "01a201f3-1819-7f60-b922-5b8f8a7c7708")


def test_tombstones_are_applied_to_a_restored_backup(mara, curator, tmp_path):
    """The backup is what a rolled-back erasure leaves."""
    twin = make_speaker("M. Quill", merged_into=mara)
    other = ok(curator.post(f"{API}articles/", make_filing(url="https://a.example/1")), 201)
    wire = other["quotes"][0]["id"]
    file = tmp_path / "tombstones.ndjson"
    with transaction.atomic():
        erased("quote", wire)
        erased("speaker", mara.pk)
        file.write_text(run("tombstones"))
        kept = sorted(Quote.objects.values_list("pk", flat=True))
        transaction.set_rollback(True)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert {line["id"] for line in lines} >= {wire, str(mara.pk), str(twin.pk)}
    assert {line["reason"] for line in lines} == {REASON}
    assert "Quill" not in file.read_text()
    assert Speaker.objects.filter(pk=mara.pk).exists()
    with pytest.raises(CommandError, match="--yes"):
        run("erase_again", file)
    assert "would be erased" in run("erase_again", file, dry_run=True)
    assert Speaker.objects.filter(pk=mara.pk).exists()
    assert "speaker" in run("erase_again", file, yes=True)
    assert sorted(Quote.objects.values_list("pk", flat=True)) == kept
    assert not Speaker.objects.filter(pk__in=[mara.pk, twin.pk]).exists()
    assert holding("had no choice") == []
    again = run("erase_again", file, yes=True)
    assert again.endswith("0 records erased.\n")
    verified()


@pytest.mark.parametrize("line", ["{", "[]", '{"kind": "outlet", "id": "x", "reason": "y"}', '"x"'])
def test_a_line_that_is_no_tombstone_is_named(tmp_path, line):
    file = tmp_path / "tombstones.ndjson"
    file.write_text(f"{line}\n")
    with pytest.raises(CommandError, match="line 1: this is no tombstone"):
        run("erase_again", file, yes=True)
    with pytest.raises(CommandError, match="cannot be read"):
        run("erase_again", tmp_path / "missing", yes=True)

"""Entity tags: conditional reading, and changes that overwrite nobody's."""

import time

import pytest

from sources.models import Speaker
from tests.conftest import API, fresh, make_filing, ok, problem
from tests.records import (
    LIST_PATHS,
    make_affiliation,
    make_article,
    make_fact,
    make_organisation,
    make_outlet,
    make_quote,
    make_quotes,
    make_speaker,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def quote():
    return make_quote(speaker=make_speaker(), outlet=make_outlet(), published="2026")


@pytest.fixture
def path(quote):
    return f"{API}quotes/{quote.pk}/"


def tag_of(response) -> str:
    ok(response, response.status_code)
    tag = response.headers["ETag"]
    assert tag.startswith('"')
    return tag


# Reading


def test_a_client_with_the_current_version_gets_304_without_a_body(reader, path):
    tag = tag_of(reader.get(path))
    answer = reader.get(path, headers={"If-None-Match": tag})
    assert answer.status_code == 304
    assert answer.content == b""
    assert answer.headers["ETag"] == tag


@pytest.mark.parametrize("held", ['"1-0"', '"other"', '"a", "b"', "nonsense", "W/"])
def test_a_client_with_another_version_gets_the_full_response(reader, path, held):
    ok(reader.get(path, headers={"If-None-Match": held}))


def test_if_none_match_accepts_several_tags_weak_tags_and_an_asterisk(reader, path):
    tag = tag_of(reader.get(path))
    for held in (f'"x", {tag}', f"W/{tag}", "*"):
        assert reader.get(path, headers={"If-None-Match": held}).status_code == 304


def test_every_detail_and_list_can_be_read_conditionally(curator):
    held = make_affiliation()
    article = make_article("“We had no choice”", outlet=make_outlet())
    quote = make_quote(article=article)
    fact = make_fact(speaker=held.speaker)
    records = [article, quote, held.speaker, held.organisation, article.outlet, held, fact]
    details = [f"{name}{record.pk}/" for name, record in zip(LIST_PATHS, records, strict=True)]
    others = [f"snapshots/{article.snapshot.sha256}/", f"articles/{article.pk}/snapshots/"]
    for name in [*LIST_PATHS, *details, *others, "schema/"]:
        tag = tag_or_none(curator.get(f"{API}{name}"))
        answer = curator.get(f"{API}{name}", headers={"If-None-Match": tag})
        assert answer.status_code == 304, name


def tag_or_none(response) -> str:
    assert response.status_code == 200
    return response.headers["ETag"]


def test_a_page_with_a_next_one_keeps_its_tag_over_time(reader):
    make_quotes(3, make_article())
    path = f"{API}quotes/?limit=1"
    tag = tag_of(reader.get(path))
    time.sleep(1.1)  # what a signed timestamp would notice
    assert reader.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_a_new_quote_changes_the_tag_of_the_list(reader):
    tag = tag_of(reader.get(f"{API}quotes/"))
    make_quote()
    ok(reader.get(f"{API}quotes/", headers={"If-None-Match": tag}))


def test_a_renamed_speaker_changes_the_tag_of_the_quote(reader, path, quote):
    tag = tag_of(reader.get(path))
    Speaker.objects.filter(pk=quote.speaker_id).update(name="Mara Quill-Ek")
    answer = reader.get(path, headers={"If-None-Match": tag})
    assert ok(answer)["speaker"]["name"] == "Mara Quill-Ek"
    assert answer.headers["ETag"] != tag


def test_head_has_the_tag_of_get_and_answers_304_too(reader, path):
    get, head = reader.get(path), reader.head(path)
    assert head.headers["ETag"] == get.headers["ETag"]
    assert head.content == b""
    answer = reader.head(path, headers={"If-None-Match": get.headers["ETag"]})
    assert answer.status_code == 304


def test_other_fields_have_another_tag(reader, path):
    tag = tag_of(reader.get(path))
    ok(reader.get(path, {"fields": "id"}, headers={"If-None-Match": tag}))


def test_responses_are_private_to_the_user(reader, path):
    headers = reader.get(path).headers
    assert headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in headers["Vary"]


def test_an_error_has_no_tag(reader, path):
    for url in (f"{path}?x=1", f"{API}quotes/7/", f"{API}nowhere/"):
        assert "ETag" not in reader.get(url).headers


def test_a_read_with_a_stale_if_match_is_refused(reader, path):
    tag = tag_of(reader.get(path))
    ok(reader.get(path, headers={"If-Match": tag}))
    problem(reader.get(path, headers={"If-Match": '"9-0"'}), 412)


# Changing


def test_a_change_without_if_match_is_refused(curator, path, quote):
    answer = curator.patch(path, {"language": "en"})
    assert "If-Match" in problem(answer, 428)["detail"]
    assert fresh(quote).language is None


def in_language(tag: str) -> dict:
    """A change of a public quote, which takes a note for readers."""
    return {"language": tag, "note": "The language was wrong."}


def test_a_change_with_the_current_tag_succeeds_and_returns_the_next_tag(curator, path):
    tag = tag_of(curator.get(path))
    answer = curator.patch(path, in_language("en"), headers={"If-Match": tag})
    assert ok(answer)["language"] == "en"
    assert answer.headers["ETag"] != tag
    assert answer.headers["ETag"] == tag_of(curator.get(path))
    ok(curator.patch(path, in_language("fr"), headers={"If-Match": answer.headers["ETag"]}))


def test_a_change_with_a_stale_tag_is_refused_with_the_current_version(curator, path, quote):
    tag = tag_of(curator.get(path))
    ok(curator.patch(path, in_language("en"), headers={"If-Match": tag}))
    answer = curator.patch(path, in_language("fr"), headers={"If-Match": tag})
    assert "version 2" in problem(answer, 412)["detail"]
    assert fresh(quote).language == "en"


@pytest.mark.parametrize("tag", ['"9"', '""', '"1', "nonsense", '"x-1"', '"-1"', '"01"', ","])
def test_an_unknown_tag_is_stale(curator, path, tag):
    expected = 200 if tag == '"1' else 412  # a quote mark that was lost on the way
    assert curator.patch(path, {}, headers={"If-Match": tag}).status_code == expected


def test_an_asterisk_changes_any_version(curator, path):
    assert ok(curator.patch(path, in_language("en"), headers={"If-Match": "*"}))["version"] == 2


def test_if_match_accepts_a_tag_made_weak_by_a_proxy_and_one_of_several(curator, path):
    tag = tag_of(curator.get(path))
    ok(curator.patch(path, in_language("en"), headers={"If-Match": f"W/{tag}"}))
    tags = f'"7-0", {tag_of(curator.get(path))}'
    ok(curator.patch(path, in_language("fr"), headers={"If-Match": tags}))


def test_a_renamed_speaker_does_not_block_a_change_of_the_quote(curator, path, quote):
    tag = tag_of(curator.get(path))
    Speaker.objects.filter(pk=quote.speaker_id).update(name="Mara Quill-Ek")
    ok(curator.patch(path, in_language("en"), headers={"If-Match": tag}))


def test_a_change_that_changes_nothing_keeps_version_and_tag(curator, path):
    tag = tag_of(curator.get(path))
    answer = curator.patch(path, {"language": None}, headers={"If-Match": tag})
    assert ok(answer)["version"] == 1
    assert answer.headers["ETag"] == tag


def test_the_tag_of_a_new_record_can_be_used_to_change_it(curator):
    made = {
        "outlets/": {"name": "Radio"},
        "organisations/": {"name": "Mill"},
        "speakers/": {"name": "Bo Ek"},
        "articles/": make_filing(),
    }
    for name, body in made.items():
        answer = curator.post(f"{API}{name}", body)
        path = f"{API}{name}{ok(answer, 201)['id']}/"
        ok(curator.patch(path, {}, headers={"If-Match": answer.headers["ETag"]}))


def test_every_kind_of_record_has_the_same_preconditions(curator):
    held = make_affiliation(organisation=make_organisation("Mill"))
    article = make_article("“We had no choice”", outlet=make_outlet())
    quote = make_quote(article=article)
    fact = make_fact(speaker=held.speaker)
    records = [article, quote, held.speaker, held.organisation, article.outlet, held, fact]
    for name, record in zip(LIST_PATHS, records, strict=True):
        path = f"{API}{name}{record.pk}/"
        problem(curator.patch(path, {}), 428)
        problem(curator.patch(path, {}, headers={"If-Match": '"9"'}), 412)
        ok(curator.patch(path, {}, headers={"If-Match": tag_of(curator.get(path))}))

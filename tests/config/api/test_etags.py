"""Entity tags: conditional reading, and changes that overwrite nobody's."""

import time

import pytest

from sources.models import Speaker
from tests.conftest import API, make_filing, ok, problem
from tests.records import (
    LIST_PATHS,
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_quotes,
    make_speaker,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def quote(groups):
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


def test_who_holds_the_present_state_is_answered_304_without_a_body(reader, path):
    tag = tag_of(reader.get(path))
    answer = reader.get(path, headers={"If-None-Match": tag})
    assert answer.status_code == 304
    assert answer.content == b""
    assert answer.headers["ETag"] == tag


@pytest.mark.parametrize("held", ['"1-0"', '"other"', '"a", "b"', "nonsense", "W/"])
def test_who_holds_another_state_is_answered_in_full(reader, path, held):
    ok(reader.get(path, headers={"If-None-Match": held}))


def test_one_of_several_tags_a_weak_one_or_any_will_do(reader, path):
    tag = tag_of(reader.get(path))
    for held in (f'"x", {tag}', f"W/{tag}", "*"):
        assert reader.get(path, headers={"If-None-Match": held}).status_code == 304


def test_every_detail_and_list_can_be_read_conditionally(curator):
    held = make_affiliation()
    article = make_article("“We had no choice”", outlet=make_outlet())
    quote = make_quote(article=article)
    records = [article, quote, held.speaker, held.organisation, article.outlet, held]
    details = [f"{name}{record.pk}/" for name, record in zip(LIST_PATHS, records, strict=True)]
    others = [f"snapshots/{article.snapshot.sha256}/", f"articles/{article.pk}/snapshots/"]
    for name in [*LIST_PATHS, *details, *others, "schema/"]:
        tag = tag_or_none(curator.get(f"{API}{name}"))
        answer = curator.get(f"{API}{name}", headers={"If-None-Match": tag})
        assert answer.status_code == 304, name


def tag_or_none(response) -> str:
    assert response.status_code == 200
    return response.headers["ETag"]


def test_a_page_with_a_next_one_keeps_its_tag_as_time_goes_by(reader):
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


def test_what_one_user_reads_is_not_kept_for_others(reader, path):
    headers = reader.get(path).headers
    assert headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in headers["Vary"]


def test_a_refusal_has_no_tag(reader, path):
    for url in (f"{path}?x=1", f"{API}quotes/7/", f"{API}nowhere/"):
        assert "ETag" not in reader.get(url).headers


def test_reading_only_if_it_is_still_what_was_read(reader, path):
    tag = tag_of(reader.get(path))
    ok(reader.get(path, headers={"If-Match": tag}))
    problem(reader.get(path, headers={"If-Match": '"9-0"'}), 412)


# Changing


def test_a_change_needs_the_tag_that_was_read(curator, path, quote):
    answer = curator.patch(path, {"language": "en"})
    assert "If-Match" in problem(answer, 428)["detail"]
    quote.refresh_from_db()
    assert quote.language is None


def test_a_change_with_the_present_tag_is_made_and_answers_with_the_next_tag(curator, path):
    tag = tag_of(curator.get(path))
    answer = curator.patch(path, {"language": "en"}, headers={"If-Match": tag})
    assert ok(answer)["language"] == "en"
    assert answer.headers["ETag"] != tag
    assert answer.headers["ETag"] == tag_of(curator.get(path))
    ok(curator.patch(path, {"language": "fr"}, headers={"If-Match": answer.headers["ETag"]}))


def test_a_change_with_a_stale_tag_is_refused_and_says_which_version_there_is(curator, path, quote):
    tag = tag_of(curator.get(path))
    ok(curator.patch(path, {"language": "en"}, headers={"If-Match": tag}))
    answer = curator.patch(path, {"language": "fr"}, headers={"If-Match": tag})
    assert "version 2" in problem(answer, 412)["detail"]
    quote.refresh_from_db()
    assert quote.language == "en"


@pytest.mark.parametrize("tag", ['"9"', '""', '"1', "nonsense", '"x-1"', '"-1"', '"01"', ","])
def test_any_other_tag_is_stale(curator, path, tag):
    expected = 200 if tag == '"1' else 412  # a quote mark that was lost on the way
    assert curator.patch(path, {}, headers={"If-Match": tag}).status_code == expected


def test_an_asterisk_changes_whatever_is_there(curator, path):
    assert ok(curator.patch(path, {"language": "en"}, headers={"If-Match": "*"}))["version"] == 2


def test_a_tag_that_a_proxy_made_weak_and_one_of_several_will_do(curator, path):
    tag = tag_of(curator.get(path))
    ok(curator.patch(path, {"language": "en"}, headers={"If-Match": f"W/{tag}"}))
    tags = f'"7-0", {tag_of(curator.get(path))}'
    ok(curator.patch(path, {"language": "fr"}, headers={"If-Match": tags}))


def test_a_speaker_renamed_meanwhile_does_not_stand_in_the_way_of_a_change(curator, path, quote):
    tag = tag_of(curator.get(path))
    Speaker.objects.filter(pk=quote.speaker_id).update(name="Mara Quill-Ek")
    ok(curator.patch(path, {"language": "en"}, headers={"If-Match": tag}))


def test_a_change_that_changes_nothing_keeps_version_and_tag(curator, path):
    tag = tag_of(curator.get(path))
    answer = curator.patch(path, {"language": None}, headers={"If-Match": tag})
    assert ok(answer)["version"] == 1
    assert answer.headers["ETag"] == tag


def test_the_tag_of_what_was_just_made_can_be_used_to_change_it(curator):
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


def test_every_record_is_changed_under_the_same_conditions(curator):
    held = make_affiliation(organisation=make_organisation("Mill"))
    article = make_article("“We had no choice”", outlet=make_outlet())
    quote = make_quote(article=article)
    records = [article, quote, held.speaker, held.organisation, article.outlet, held]
    for name, record in zip(LIST_PATHS, records, strict=True):
        path = f"{API}{name}{record.pk}/"
        problem(curator.patch(path, {}), 428)
        problem(curator.patch(path, {}, headers={"If-Match": '"9"'}), 412)
        ok(curator.patch(path, {}, headers={"If-Match": tag_of(curator.get(path))}))

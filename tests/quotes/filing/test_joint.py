"""Joint statements: only a list of speakers is one, and each of them is found by it."""

import pytest

from quotes.history.erasure import erase
from quotes.models import Quote
from sources.admin.html import address
from sources.models import Speaker
from tests.conftest import API, fresh, make_filing, ok, problem, sql
from tests.quotes.admin.test_review import QUEUE, listed, take
from tests.records import make_article, make_speaker
from tests.sources.admin.test_admin import page_of, save

pytestmark = pytest.mark.django_db

WORDS = "We had no choice,"
BOTH = ["Ada Lund", "Ben Orr"]


def file(client, *quotes, status=201, **article) -> list[dict]:
    filed = [{"text": WORDS, "status": "published", **quote} for quote in quotes]
    answer = client.post(f"{API}articles/", make_filing(quotes=filed, **article))
    return ok(answer, status)["quotes"]


def found(client, **asked) -> list[str]:
    return [quote["id"] for quote in ok(client.get(f"{API}quotes/", asked))["results"]]


def test_a_list_of_speakers_is_their_collective_and_found_by_each(curator):
    (quote,) = file(curator, {"speaker": BOTH})
    assert quote["speaker"]["name"] == "Ada Lund and Ben Orr"
    assert quote["speaker"]["kind"] == "collective"
    assert quote["filing"]["speaker"] == "made"
    collective = ok(curator.get(f"{API}speakers/{quote['speaker']['id']}/"))
    assert [member["name"] for member in collective["members"]] == BOTH
    for member in collective["members"]:
        assert found(curator, speaker=member["id"]) == [quote["id"]]
        assert found(curator, speaker_name=member["name"]) == [quote["id"]]
        assert found(curator, speaker=member["id"]) == [quote["id"]]  # by the prepared list
    counted = ok(curator.get(f"{API}quotes/facets/", {"by": "speaker"}))
    assert [v["count"] for v in counted["facets"]["speaker"]["values"]] == [1]


def test_a_joint_statement_of_somebody_unresolved_is_unresolved(curator):
    (quote,) = file(curator, {"speaker": ["Ada Lund", "Mr Orr"]})
    assert quote["flags"] == ["unresolved_speaker"]
    assert quote["filing"]["speaker"] == quote["filing"]["fields"]["speaker"] == "unresolved"


def test_the_same_list_again_is_the_same_collective_in_any_order(curator):
    (first,) = file(curator, {"speaker": BOTH})
    (again,) = file(curator, {"speaker": BOTH}, status=200)
    assert again["filing"]["outcome"] == "unchanged"
    (other,) = file(curator, {"speaker": BOTH[::-1]}, url="https://a.example/2")
    assert other["speaker"]["id"] == first["speaker"]["id"]
    assert other["filing"]["speaker"] == "matched"
    assert Speaker.objects.count() == 3


def test_a_joint_statement_without_a_text_is_recognised_again(curator):
    (first,) = file(curator, {"speaker": BOTH}, text=None)
    (again,) = file(curator, {"speaker": BOTH}, text=None, status=200)
    assert (again["id"], again["filing"]["outcome"]) == (first["id"], "unchanged")


def test_members_are_known_speakers_by_id_and_name(curator):
    known = ok(curator.post(f"{API}speakers/", {"name": "Ada Lund", "kind": "person"}), 201)
    (quote,) = file(curator, {"speaker": [known["id"], "Ben Orr"]})
    collective = ok(curator.get(f"{API}speakers/{quote['speaker']['id']}/"))
    assert collective["members"][0]["id"] == known["id"]
    (again,) = file(curator, {"speaker": BOTH}, url="https://a.example/2")
    assert again["speaker"]["id"] == collective["id"]


def test_merging_a_member_keeps_the_collective(curator):
    (quote,) = file(curator, {"speaker": BOTH})
    ada = Speaker.objects.get(name="Ada Lund")
    full = ok(curator.post(f"{API}speakers/", {"name": "Ada K. Lund", "kind": "person"}), 201)
    merge = {"into": full["id"]}
    ok(curator.post(f"{API}speakers/{ada.pk}/merge/", merge, headers={"If-Match": "*"}))
    collective = ok(curator.get(f"{API}speakers/{quote['speaker']['id']}/"))
    assert collective["members"][0]["id"] == full["id"]
    assert found(curator, speaker=full["id"]) == [quote["id"]]
    (again,) = file(curator, {"speaker": [full["id"], "Ben Orr"]}, url="https://a.example/2")
    assert again["speaker"]["id"] == collective["id"]


def merge(client, one: str, into: str) -> dict:
    return ok(client.post(f"{API}speakers/{one}/merge/", {"into": into}, headers={"If-Match": "*"}))


def unmerge(client, one: str) -> dict:
    return ok(client.post(f"{API}speakers/{one}/unmerge/", {}, headers={"If-Match": "*"}))


def test_joint_statements_that_come_to_have_the_same_members_are_merged_and_unmerged(curator):
    (one,) = file(curator, {"speaker": BOTH})
    (two,) = file(curator, {"speaker": ["Ada K. Lund", "Ben Orr"]}, url="https://a.example/2")
    assert one["speaker"]["id"] != two["speaker"]["id"]
    short, full = Speaker.objects.get(name="Ada Lund"), Speaker.objects.get(name="Ada K. Lund")
    merge(curator, str(full.pk), str(short.pk))
    joint = Speaker.objects.get(pk=two["speaker"]["id"])
    assert str(joint.merged_into_id) == one["speaker"]["id"]
    assert found(curator, speaker=one["speaker"]["id"]) == [two["id"], one["id"]]
    assert found(curator, speaker=str(short.pk)) == [two["id"], one["id"]]
    counted = ok(curator.get(f"{API}quotes/facets/", {"by": "speaker"}))
    assert [v["count"] for v in counted["facets"]["speaker"]["values"]] == [2]
    unmerge(curator, str(full.pk))
    joint.refresh_from_db()
    assert joint.merged_into_id is None
    assert joint.name == "Ada K. Lund and Ben Orr"
    assert found(curator, speaker=one["speaker"]["id"]) == [one["id"]]
    assert found(curator, speaker=str(full.pk)) == [two["id"]]


@pytest.mark.parametrize("merged", ["Ben Orr", "Ivo Berg"])
@pytest.mark.django_db(transaction=True)  # the undo knows a merge by its transaction
def test_the_undo_of_a_merge_gives_each_joint_statement_its_own_speakers(curator, reader, merged):
    (first,) = file(curator, {"speaker": BOTH})
    (second,) = file(curator, {"speaker": ["Ada Lund", "Ivo Berg"]}, url="https://a.example/2")
    other = next(name for name in ("Ben Orr", "Ivo Berg") if name != merged)
    one, into = (str(Speaker.objects.get(name=name).pk) for name in (merged, other))
    merge(curator, one, into)
    shown = [ok(reader.get(f"{API}quotes/{q['id']}/"))["speaker"] for q in (first, second)]
    assert shown[0] == shown[1]
    unmerge(curator, one)
    for quote in (first, second):
        assert ok(reader.get(f"{API}quotes/{quote['id']}/"))["speaker"] == quote["speaker"]
    for quote, names in ((first, "Ada Lund and Ben Orr"), (second, "Ada Lund and Ivo Berg")):
        assert found(reader, speaker_name=names) == [quote["id"]]


@pytest.mark.django_db(transaction=True)  # the undo knows a merge by its transaction
def test_joint_statements_that_a_curator_merged_stay_merged(curator):
    (one,) = file(curator, {"speaker": BOTH})
    three = [*BOTH, "Ivo Berg"]
    (two,) = file(curator, {"speaker": three}, url="https://a.example/2")
    merge(curator, one["speaker"]["id"], two["speaker"]["id"])
    full = ok(curator.post(f"{API}speakers/", {"name": "Ada K. Lund", "kind": "person"}), 201)
    ada = str(Speaker.objects.get(name="Ada Lund").pk)
    merge(curator, ada, full["id"])
    unmerge(curator, ada)
    assert str(Speaker.objects.get(pk=one["speaker"]["id"]).merged_into_id) == two["speaker"]["id"]


def test_joint_statements_marked_as_distinct_stay_two(curator):
    (one,) = file(curator, {"speaker": BOTH})
    (two,) = file(curator, {"speaker": ["Ada K. Lund", "Ben Orr"]}, url="https://a.example/2")
    path = f"{API}speakers/{one['speaker']['id']}/distinguish/"
    ok(curator.post(path, {"from": two["speaker"]["id"]}, headers={"If-Match": "*"}))
    short, full = Speaker.objects.get(name="Ada Lund"), Speaker.objects.get(name="Ada K. Lund")
    merge(curator, str(full.pk), str(short.pk))
    assert Speaker.objects.get(pk=two["speaker"]["id"]).merged_into_id is None


def test_the_name_of_a_joint_statement_follows_its_members(curator, reader):
    (quote,) = file(curator, {"speaker": [*BOTH, "Ivo Berg"]})
    assert quote["speaker"]["name"] == "Ada Lund, Ben Orr and Ivo Berg"
    ben = Speaker.objects.get(name="Ben Orr")
    rename = {"name": "Benjamin Orr"}
    ok(curator.patch(f"{API}speakers/{ben.pk}/", rename, headers={"If-Match": "*"}))
    shown = ok(reader.get(f"{API}quotes/{quote['id']}/"))["speaker"]
    assert shown["name"] == "Ada Lund, Benjamin Orr and Ivo Berg"
    full = ok(curator.post(f"{API}speakers/", {"name": "Ada K. Lund", "kind": "person"}), 201)
    ada = str(Speaker.objects.get(name="Ada Lund").pk)
    merge(curator, ada, full["id"])
    shown = ok(reader.get(f"{API}quotes/{quote['id']}/"))["speaker"]
    assert shown["name"] == "Ada K. Lund, Benjamin Orr and Ivo Berg"
    unmerge(curator, ada)
    shown = ok(reader.get(f"{API}quotes/{quote['id']}/"))["speaker"]
    assert shown["name"] == "Ada Lund, Benjamin Orr and Ivo Berg"


@pytest.mark.django_db(transaction=True)  # the undo knows a merge by its transaction
def test_a_curators_own_name_of_a_joint_statement_stays(curator):
    (quote,) = file(curator, {"speaker": BOTH})
    (twin,) = file(curator, {"speaker": ["Ada K. Lund", "Ben Orr"]}, url="https://a.example/2")
    path = f"{API}speakers/{twin['speaker']['id']}/"
    ok(curator.patch(path, {"name": "Lund & Orr"}, headers={"If-Match": "*"}))
    ben = str(Speaker.objects.get(name="Ben Orr").pk)
    rename = {"name": "Benjamin Orr"}
    ok(curator.patch(f"{API}speakers/{ben}/", rename, headers={"If-Match": "*"}))
    assert ok(curator.get(path))["name"] == "Lund & Orr"
    followed = ok(curator.get(f"{API}speakers/{quote['speaker']['id']}/"))
    assert followed["name"] == "Ada Lund and Benjamin Orr"
    full = str(Speaker.objects.get(name="Ada K. Lund").pk)
    merge(curator, full, followed["members"][0]["id"])
    unmerge(curator, full)
    assert ok(curator.get(path))["name"] == "Lund & Orr"


def test_members_who_are_renamed_at_once_rename_their_joint_statement(curator):
    (quote,) = file(curator, {"speaker": BOTH})
    sql("UPDATE sources_speaker SET name = name || ' Sr' WHERE members = '{}'")
    assert Speaker.objects.get(pk=quote["speaker"]["id"]).name == "Ada Lund Sr and Ben Orr Sr"


def test_merging_the_two_members_of_a_joint_statement_leaves_one_name(curator):
    (quote,) = file(curator, {"speaker": ["Ada Lund", "Ada K. Lund"]})
    short, full = Speaker.objects.get(name="Ada Lund"), Speaker.objects.get(name="Ada K. Lund")
    merge(curator, str(short.pk), str(full.pk))
    assert ok(curator.get(f"{API}quotes/{quote['id']}/"))["speaker"]["name"] == "Ada K. Lund"


# Representations


def test_representations_name_each_who_spoke(curator, reader):
    (quote,) = file(curator, {"speaker": BOTH})
    keys = [str(Speaker.objects.get(name=name).pk) for name in BOTH]
    urls = [f"http://testserver{API}speakers/{key}/" for key in keys]

    def shown(name: str):
        return reader.get(f"{API}quotes/{quote['id']}/", {"format": name})

    jsonld = ok(shown("jsonld"))
    assert [each["@id"] for each in jsonld["creator"]] == urls
    assert [each["name"] for each in jsonld["creator"]] == BOTH
    assert jsonld["spokenByCharacter"]["name"] == "Ada Lund and Ben Orr"
    annotation = ok(shown("annotation"))
    named = [body["source"] for body in annotation["body"] if body["purpose"] == "identifying"]
    assert named == urls
    prov = ok(shown("prov"))
    agents = {each["prov:agent"] for each in prov["wasAttributedTo"].values()}
    assert {f"on:api/v1/speakers/{key}/" for key in keys} <= agents
    for name in ("csl", "bibtex"):
        assert "Ada Lund and Ben Orr" in shown(name).content.decode()


# The admin


def test_the_profiles_of_a_joint_statement_and_its_members_link_to_each_other(
    curator, curator_at_desk
):
    (quote,) = file(curator, {"speaker": BOTH})
    ada, ben = (Speaker.objects.get(name=name) for name in BOTH)
    joint = Speaker.objects.get(pk=quote["speaker"]["id"])
    page = curator_at_desk.get(address(joint, "profile")).text
    for member in (ada, ben):
        assert f'href="{address(member, "profile")}"' in page
    page = curator_at_desk.get(address(ada, "profile")).text
    assert f'href="{address(joint, "profile")}"' in page
    assert "with <bdi>Ben Orr</bdi>" in page


def test_the_quotes_on_a_members_profile_have_joint_statements(curator, curator_at_desk):
    (quote,) = file(curator, {"speaker": BOTH})
    ada = Speaker.objects.get(name="Ada Lund")
    page = curator_at_desk.get(address(ada, "profile"))
    assert page.context["quotes"] == 1
    assert f"/admin/quotes/quote/{quote['id']}/" in page.text
    assert [latest["joint"] for latest in page.context["latest"]] == [True]
    assert "said by <a" in page.text
    all_quotes = f"/admin/quotes/quote/?said_by={ada.pk}"
    assert f'href="{all_quotes}"' in page.text
    assert f'href="{all_quotes}"' in curator_at_desk.get(page_of(ada)).text
    (listed,) = curator_at_desk.get(all_quotes).context["cl"].result_list
    assert str(listed.pk) == quote["id"]
    for wrong in ("x", make_article().pk):
        refused = curator_at_desk.get("/admin/quotes/quote/", {"said_by": wrong})
        assert refused.status_code == 400
        assert "said_by" in refused.text


def test_the_preview_of_a_merge_counts_joint_statements_that_are_merged_with_it(
    curator, curator_at_desk
):
    (one,) = file(curator, {"speaker": BOTH})
    (two,) = file(curator, {"speaker": ["Ada K. Lund", "Ben Orr"]}, url="https://a.example/2")
    short, full = Speaker.objects.get(name="Ada Lund"), Speaker.objects.get(name="Ada K. Lund")
    body = {"into": str(short.pk), "preview": True}
    path = f"{API}speakers/{full.pk}/merge/"
    told = ok(curator.post(path, body, headers={"If-Match": "*"}))
    assert told["moved"] == {"affiliations": 0, "facts": 0, "speakers": 1, "quotes": 1}
    page = curator_at_desk.get(address(full, "merge"), {"into": str(short.pk)})
    (along,) = page.context["along"]
    assert [
        str(Speaker.objects.get(pk=q["speaker"]["id"])) in text
        for q, text in zip((two, one), along, strict=True)
    ] == [True, True]
    assert "1 quote" in page.context["moved"]
    assert merge(curator, str(full.pk), str(short.pk))["moved"] == told["moved"]


@pytest.mark.django_db(transaction=True)  # the undo knows a merge by its transaction
def test_the_undo_of_a_merge_counts_joint_statements_that_it_parts(curator):
    file(curator, {"speaker": BOTH})
    file(curator, {"speaker": ["Ada K. Lund", "Ben Orr"]}, url="https://a.example/2")
    short, full = Speaker.objects.get(name="Ada Lund"), Speaker.objects.get(name="Ada K. Lund")
    moved = merge(curator, str(full.pk), str(short.pk))["moved"]
    assert unmerge(curator, str(full.pk))["moved"] == moved


def test_several_speakers_are_assigned_on_the_review_page(curator, curator_at_desk):
    (filed,) = file(curator, {"speaker": "Ada Lund", "status": "proposed"})
    quote = Quote.objects.get(pk=filed["id"])
    others = [str(make_speaker(name).pk) for name in ("Ben Orr", "Ivo Berg")]
    ada = str(Speaker.objects.get(name="Ada Lund").pk)
    take(curator_at_desk, quote, "assign", speaker=ada, others=others)
    assert fresh(quote).speaker.name == "Ada Lund, Ben Orr and Ivo Berg"
    take(curator_at_desk, quote, "assign", speaker=ada)
    assert fresh(quote).speaker.name == "Ada Lund"
    refused = take(curator_at_desk, quote, "assign", speaker=ada, others=["\0", "x"])
    assert refused.status_code == 200
    page = curator_at_desk.get(f"{QUEUE}{quote.article_id}/", {"quote": str(quote.pk)}).text
    assert 'name="assign-others"' in page


def test_several_speakers_are_set_on_the_page_of_a_quote(curator, curator_at_desk):
    (filed,) = file(curator, {"speaker": "Ada Lund"})
    quote = Quote.objects.get(pk=filed["id"])
    note = {"note": "They spoke together."}
    for name in ("Ben Orr", "Ivo Berg"):
        sent = {"together_with": str(make_speaker(name).pk), **note}
        assert save(curator_at_desk, page_of(quote), **sent).status_code == 302
    assert fresh(quote).speaker.name == "Ada Lund, Ben Orr and Ivo Berg"
    assert len(fresh(quote).speaker.members) == 3
    assert save(curator_at_desk, page_of(quote)).status_code == 302
    assert len(fresh(quote).corrections) == 2
    quote.retract("Not theirs.")
    page = curator_at_desk.get(page_of(quote)).text
    assert address(Speaker.objects.get(name="Ben Orr"), "profile") in page
    assert 'name="together_with"' not in page


def test_the_review_queue_of_a_speaker_has_joint_statements(curator, curator_at_desk):
    (filed,) = file(curator, {"speaker": BOTH, "status": "proposed"})
    article = Quote.objects.get(pk=filed["id"]).article_id
    assert listed(curator_at_desk, speaker=Speaker.objects.get(name="Ben Orr").pk) == [article]


def test_erasing_a_member_erases_what_was_said_jointly(curator):
    (quote,) = file(curator, {"speaker": BOTH})
    ada = Speaker.objects.get(name="Ada Lund")
    erase("speaker", [ada.pk], "A court ordered it.")
    assert Speaker.objects.values_list("name", flat=True).get() == "Ben Orr"
    assert curator.get(f"{API}quotes/{quote['id']}/").status_code == 410


def test_two_speakers_filed_one_by_one_at_one_place_are_refused_with_advice(curator):
    quotes = [{"text": WORDS, "speaker": name} for name in BOTH]
    refused = problem(curator.post(f"{API}articles/", make_filing(quotes=quotes)), 400)
    assert "send one quote with a list of speakers" in refused["errors"][0]["message"]


def test_a_name_with_and_stays_a_name(curator):
    (joint,) = file(curator, {"speaker": BOTH})
    (named,) = file(curator, {"speaker": "Ada Lund and Ben Orr"}, url="https://a.example/2")
    assert named["speaker"]["id"] != joint["speaker"]["id"]
    single = ok(curator.get(f"{API}speakers/{named['speaker']['id']}/"))
    assert single["members"] == []


@pytest.mark.parametrize("speaker", [[], ["Ada Lund"], ["Ada Lund", "Ada Lund"], ["A", ""], [1, 2]])
def test_a_list_that_is_no_joint_statement_is_refused(curator, speaker):
    quotes = [{"text": WORDS, "speaker": speaker}]
    problem(curator.post(f"{API}articles/", make_filing(quotes=quotes)), 400)


@pytest.mark.parametrize("kind", ["person", "unknown"])
def test_the_kind_of_several_speakers_is_not_for_the_filer_to_say(curator, kind):
    said = {"text": WORDS, "speaker": BOTH, "speaker_kind": kind}
    refused = problem(curator.post(f"{API}articles/", make_filing(quotes=[said])), 400)
    assert [fault["pointer"] for fault in refused["errors"]] == ["/quotes/0/speaker_kind"]
    assert "collective" in refused["errors"][0]["message"]
    article = ok(curator.post(f"{API}articles/", make_filing(quotes=[])), 201)["id"]
    refused = problem(curator.post(f"{API}quotes/", {**said, "article": article}), 400)
    assert [fault["pointer"] for fault in refused["errors"]] == ["/speaker_kind"]
    (quote,) = file(curator, {**said, "speaker_kind": "collective"}, url="https://a.example/2")
    assert quote["speaker"]["kind"] == "collective"


# One speaker, named twice


@pytest.mark.parametrize("names", [["Dr Ada Lund", "Ada Lund"], ["Ada Lund", "ada lund"]])
def test_a_list_that_names_one_speaker_twice_is_left_to_a_curator(curator, names):
    (quote,) = file(curator, {"speaker": names})
    assert quote["speaker"]["kind"] == "person"
    assert quote["flags"] == ["unresolved_speaker"]
    assert quote["filing"]["speaker"] == "unresolved"
    (candidate,) = quote["filing"]["candidates"]
    assert candidate["id"] == quote["speaker"]["id"]
    assert all(name in candidate["why"] for name in names)
    (again,) = file(curator, {"speaker": names}, status=200)
    assert (again["filing"]["outcome"], again["version"]) == ("unchanged", quote["version"])


def test_two_titles_with_one_surname_are_two_speakers(curator):
    (quote,) = file(curator, {"speaker": ["Mr Lund", "Mrs Lund"]})
    assert quote["speaker"]["name"] == "Mr Lund and Mrs Lund"


@pytest.mark.parametrize("by_id", [True, False])
def test_a_list_is_filed_again_after_its_members_were_merged(curator, by_id):
    names = ["Ada Lund", "Ada K. Lund"]
    keys = [str(make_speaker(name).pk) for name in names]
    spoken = keys if by_id else names
    (quote,) = file(curator, {"speaker": spoken})
    merge(curator, *keys)
    version = ok(curator.get(f"{API}quotes/{quote['id']}/"))["version"]
    (again,) = file(curator, {"speaker": spoken}, status=200)
    assert (again["filing"]["outcome"], again["version"]) == ("unchanged", version)
    (other,) = file(curator, {"speaker": spoken}, url="https://a.example/2")
    assert other["speaker"]["id"] == keys[1]
    assert other["flags"] == ["unresolved_speaker"]


def test_a_candidate_of_a_list_is_named_once(curator):
    text = "“We had no choice,” said Mr Lund. In came Ada Lund."
    (quote,) = file(curator, {"speaker": ["Mr Lund", "Mrs Lund"]}, text=text)
    named = [candidate["name"] for candidate in quote["filing"]["candidates"]]
    assert named == ["Ada Lund"]

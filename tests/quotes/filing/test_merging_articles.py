"""Merging two articles that are one, and taking it back."""

import io
from itertools import count

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from quotes.history.erasure import CannotErase, erase
from quotes.models import Quote
from sources.models import Article, Revision, Snapshot
from tests.conftest import API, fresh, make_client, make_filing, ok, problem, publish, settle
from tests.quotes.filing.test_races import at_once, statuses
from tests.quotes.filing.test_races import post as call

pytestmark = pytest.mark.django_db

ANY = {"If-Match": "*"}
NUMBERS = count(1)

FEED = {"url": None, "external_id": "cms-1"}
WEB = {"url": "https://harbourpost.example/2026/quay"}


def file(client, status=200, *, public=False, **overrides) -> dict:
    filing = make_filing(**overrides)
    return ok(client.post(f"{API}articles/", publish(filing) if public else filing), status)


def two(client, *, public=False, feed=(), web=()) -> tuple[dict, dict]:
    """One article that was filed twice: by the feed's id, and by the web's URL."""
    one = file(client, 201, public=public, **{**FEED, **dict(feed)})
    return one, file(client, 201, public=public, **{**WEB, **dict(web)})


def post(client, one: dict, verb: str, **body):
    return client.post(f"{API}articles/{one['id']}/{verb}/", body, headers=ANY)


def merge(client, one: dict, other: dict, **body) -> dict:
    return ok(post(client, one, "merge", into=other["id"], **body))


def unmerge(client, one: dict, **body) -> dict:
    return ok(post(client, one, "unmerge", **body))


def get(client, path: str, **query) -> dict:
    return ok(client.get(f"{API}{path}", query))


def quotes_of(client, article: dict, **query) -> list[dict]:
    every = ",".join(Quote.Status.values)
    return get(client, "quotes/", article=article["id"], status=every, **query)["results"]


def everything() -> list[dict]:
    """Every article, quote and speaker as it is, but for versions and times."""
    columns = {
        Article: ("id", "outlet", "external_id", "url", "headline", "byline", "published"),
        Quote: ("id", "article", "snapshot", "text", "spans", "contexts", "anchor", "nearest"),
    }
    columns[Article] += ("published_at", "language", "snapshot", "merged_into")
    columns[Quote] += ("status", "reason", "replaced_by", "outlet", "published", "flags")
    return [row for m, names in columns.items() for row in m.objects.order_by("pk").values(*names)]


# The refusal that leads here


def test_a_filing_that_names_two_articles_is_told_how_to_merge_them(contributor, curator):
    one, other = two(contributor)
    both = make_filing(external_id="cms-1")
    for client, remedy in (
        (curator, f"POST articles/{other['id']}/merge/"),
        (contributor, "ask a"),
    ):
        (fault,) = problem(client.post(f"{API}articles/", both), 409)["errors"]
        assert remedy in fault["message"]
        assert one["id"] in fault["message"]
    merge(curator, other, one)
    assert ok(contributor.post(f"{API}articles/", both))["id"] == one["id"]


# Particulars


def test_the_surviving_article_gains_what_it_lacks_and_keeps_the_rest(curator):
    one, other = two(
        curator, feed={"headline": "Quay shut", "language": "fr"}, web={"language": None}
    )
    record = merge(curator, one, other)["record"]
    assert record["id"] == other["id"]
    assert (record["external_id"], record["url"]) == ("cms-1", other["url"])
    assert (record["headline"], record["language"]) == ("Quay to close", "fr")
    assert unmerge(curator, one)["record"]["external_id"] == "cms-1"
    back = get(curator, f"articles/{other['id']}/")
    assert (back["external_id"], back["language"]) == (None, None)


def test_what_the_survivor_gained_and_somebody_changed_since_stays(curator):
    one, other = two(curator, web={"language": None})
    merge(curator, one, other)
    path = f"{API}articles/{other['id']}/"
    ok(curator.patch(path, {"language": "cy"}, headers=ANY))
    unmerge(curator, one)
    assert get(curator, f"articles/{other['id']}/")["language"] == "cy"


def test_a_url_that_another_article_has_taken_since_is_named(curator):
    one, other = two(curator)
    merge(curator, one, other)
    ok(curator.patch(f"{API}articles/{other['id']}/", {"external_id": None}, headers=ANY))
    file(curator, 201, url="https://harbourpost.example/third")
    third = Article.objects.get(url__endswith="third")
    Article.objects.filter(pk=third.pk).update(external_id="cms-1")
    assert "external_id" in problem(post(curator, one, "unmerge"), 409)["detail"]
    assert str(fresh(Article.objects.get(pk=one["id"])).merged_into_id) == other["id"]


@pytest.mark.parametrize(
    ("feed", "web", "reason"),
    [
        ({"outlet": "The Other Post"}, {}, "the same outlet"),
        ({}, {"text": None, "quotes": []}, "No text of"),
    ],
)
def test_articles_that_cannot_be_one_are_refused_with_the_remedy(curator, feed, web, reason):
    one, other = two(curator, feed=feed, web=web)
    for preview in (True, False):
        refused = problem(post(curator, one, "merge", into=other["id"], preview=preview), 409)
        assert reason in refused["detail"]


def test_a_withdrawn_article_is_not_merged_into_one_that_stands(curator):
    one, other = two(curator)
    ok(post(curator, one, "withdraw", reason="A hoax."))
    assert "withdrawn" in problem(post(curator, one, "merge", into=other["id"]), 409)["detail"]


def test_only_an_id_names_the_other_article(curator):
    one, _ = two(curator)
    (fault,) = problem(post(curator, one, "merge", into="Quay to close"), 400)["errors"]
    assert fault["message"] == "Write the id of the article."


def test_merging_articles_is_for_curators(contributor, reader, nobody, curator):
    one, other = two(curator)
    for client, status in ((contributor, 403), (reader, 403), (nobody, 401)):
        for verb, body in (("merge", {"into": other["id"], "preview": True}), ("unmerge", {})):
            problem(post(client, one, verb, **body), status)


# Quotes


def test_quotes_move_and_are_found_in_the_present_text(curator):
    only = {"text": "The quay will close.", "speaker": "Ivo Berg"}
    text = "Now: " + make_filing()["text"]
    one, other = two(curator, feed={"quotes": [only]}, web={"text": text})
    previewed = merge(curator, one, other, preview=True)
    assert Quote.objects.filter(article=one["id"]).count() == 1
    told = merge(curator, one, other)
    assert told["moved"] == previewed["moved"] == {"speakers": 0, "quotes": 1}
    moved = min(quotes_of(curator, other), key=lambda quote: quote["id"])
    assert moved["id"] == one["quotes"][0]["id"]
    assert moved["article"]["id"] == other["id"]
    assert (moved["anchor"]["state"], moved["anchor"]["snapshot"]) == ("moved", other["snapshot"])


def test_a_quote_that_the_survivor_does_not_print_keeps_its_text(curator):
    only = {"text": "She wept.", "speaker": "Ivo Berg"}
    text = make_filing()["text"]
    one, other = two(curator, feed={"text": f"{text} She wept.", "quotes": [only]})
    merge(curator, one, other)
    (moved,) = [q for q in quotes_of(curator, other) if q["text"] == "She wept."]
    assert (moved["anchor"]["state"], moved["anchor"]["snapshot"]) == ("missing", one["snapshot"])
    held = get(curator, f"articles/{other['id']}/snapshots/")["results"]
    assert {each["sha256"] for each in held} == {one["snapshot"], other["snapshot"]}
    assert get(curator, f"articles/{other['id']}/")["snapshot"] == other["snapshot"]


@pytest.mark.parametrize(
    ("public", "became"), [(True, "retracted"), (False, "rejected")], ids=["public", "proposed"]
)
def test_of_two_quotes_of_the_same_words_the_survivors_stands_for_both(
    curator, reader, public, became
):
    one, other = two(curator, public=public, feed={"text": "New. " + make_filing()["text"]})
    twin, stands = one["quotes"][0], other["quotes"][0]
    previewed = merge(curator, one, other, preview=True)
    told = merge(curator, one, other)
    assert told["closed"] == previewed["closed"] == {"quotes": 1}
    assert told["moved"]["quotes"] == 0
    shown = get(curator, f"quotes/{twin['id']}/")
    assert shown["status"] == became
    assert shown["replaced_by"]["id"] == stands["id"]
    assert "merged with another" in shown["reason"]
    assert shown["anchor"]["snapshot"] == one["snapshot"]
    listed = [q["id"] for q in get(curator, "quotes/", status="published,proposed")["results"]]
    assert listed == [stands["id"]]
    if public:
        assert get(reader, f"quotes/{twin['id']}/")["reason"] == shown["reason"]
    unmerge(curator, one)
    back = get(curator, f"quotes/{twin['id']}/")
    same = ("status", "reason", "replaced_by", "article", "anchor", "text")
    assert {n: back[n] for n in same} == {n: twin[n] for n in same}


def test_a_twin_that_somebody_reopened_since_stays_as_it_is(curator):
    one, other = two(curator)
    twin = one["quotes"][0]["id"]
    merge(curator, one, other)
    for verb, body in (("reopen", {}), ("reject", {"reason": "Not hers."})):
        ok(curator.post(f"{API}quotes/{twin}/{verb}/", body, headers=ANY))
    unmerge(curator, one)
    assert get(curator, f"quotes/{twin}/")["reason"] == "Not hers."


def test_twins_that_contradict_each_other_are_settled_first(curator):
    quote = make_filing()["quotes"][0]
    one, other = two(curator, feed={"quotes": [{**quote, "speaker": "Ivo Berg"}]})
    for preview in (True, False):
        refused = problem(post(curator, one, "merge", into=other["id"], preview=preview), 409)
        (fault,) = refused["errors"]
        assert "different speakers" in fault["message"]
        assert one["quotes"][0]["id"] in fault["message"]
    ok(
        curator.post(
            f"{API}quotes/{one['quotes'][0]['id']}/reject/", {"reason": "No."}, headers=ANY
        )
    )
    merge(curator, one, other)


def test_a_public_quote_does_not_give_way_to_a_proposed_one(curator):
    one = file(curator, 201, public=True, **FEED)
    other = file(curator, 201, **WEB)
    refused = problem(post(curator, one, "merge", into=other["id"]), 409)
    assert "proposed" in refused["errors"][0]["message"]
    merge(curator, other, one)
    assert get(curator, f"quotes/{one['quotes'][0]['id']}/")["status"] == "published"


def test_speakers_of_one_article_alone_go_with_it(curator):
    text = "“We had no choice,” said Mr Quill. “It is over,” said Mr Quill."
    said = {"speaker": "Mr Quill", "attribution": {"speaker": "Mr Quill"}}
    first, second = ({"text": words, **said} for words in ("We had no choice,", "It is over,"))
    one, other = two(
        curator,
        feed={"text": text, "quotes": [first, second]},
        web={"text": text, "quotes": [first]},
    )
    told = merge(curator, one, other)
    assert told["moved"] == {"speakers": 1, "quotes": 1}
    assert len(get(curator, "speakers/", article=one["id"])["results"]) == 2
    unmerge(curator, one)
    assert len(get(curator, "speakers/", article=one["id"])["results"]) == 1


def test_a_merge_and_its_undo_restore_everything(curator):
    quote = make_filing()["quotes"][0]
    more = [{"text": "The quay will close.", "speaker": "Ivo Berg"}, {**quote, "role": None}]
    text = "Update. " + make_filing()["text"].replace("We had", "“We  had").replace("““", "“")
    one, other = two(curator, feed={"quotes": more, "text": text}, web={"published": None})
    before = everything()
    for _ in range(2):
        merge(curator, one, other)
        assert everything() != before
        unmerge(curator, one)
        assert everything() == before


def test_a_quote_corrected_since_goes_back_if_its_words_are_printed_there(curator):
    one, other = two(curator, public=True, web={"quotes": [], "text": make_filing()["text"] + "!"})
    quote = one["quotes"][0]["id"]
    merge(curator, one, other)
    fix = {"note": "Only these.", "text": "We had no"}
    ok(curator.post(f"{API}quotes/{quote}/correct/", fix, headers=ANY))
    assert unmerge(curator, one)["moved"]["quotes"] == 1
    back = get(curator, f"quotes/{quote}/")
    assert (back["text"], back["article"]["id"]) == ("We had no", one["id"])
    assert back["anchor"]["snapshot"] == one["snapshot"]


def test_a_quote_corrected_since_to_words_of_the_survivor_stays_there(curator):
    text = make_filing()["text"] + " “Never again,” she said."
    one, other = two(curator, public=True, web={"quotes": [], "text": text})
    quote = one["quotes"][0]["id"]
    merge(curator, one, other)
    fix = {"note": "The other sentence.", "text": "Never again,"}
    ok(curator.post(f"{API}quotes/{quote}/correct/", fix, headers=ANY))
    assert unmerge(curator, one)["moved"]["quotes"] == 0
    assert get(curator, f"quotes/{quote}/")["article"]["id"] == other["id"]


# Where the merged article leads


def test_a_merged_article_leads_to_the_survivor_everywhere(curator):
    one, other = two(curator, web={"external_id": "cms-2"}, feed={"url": "https://h.example/a"})
    merge(curator, one, other)
    answer = curator.get(f"{API}articles/{one['id']}/")
    assert ok(answer, 301)["merged_into"] == other["id"]
    assert answer.headers["Location"].endswith(f"/articles/{other['id']}/")
    for query in (
        {},
        {"url": "http://h.example/a/"},
        {"external_id": "cms-1"},
        {"url": WEB["url"]},
    ):
        assert [a["id"] for a in get(curator, "articles/", **query)["results"]] == [other["id"]]
    for query in ({"article": one["id"]}, {"url": "https://h.example/a"}):
        (quote,) = get(curator, "quotes/", status="proposed", **query)["results"]
        assert quote["article"]["id"] == other["id"]
    body = {"article": one["id"], "text": "The quay will close."}
    assert ok(curator.post(f"{API}quotes/", body), 201)["article"]["id"] == other["id"]


def test_a_merged_article_is_not_changed(curator):
    one, other = two(curator)
    merge(curator, one, other)
    answers = [
        curator.patch(f"{API}articles/{one['id']}/", {"headline": "x"}, headers=ANY),
        post(curator, one, "withdraw", reason="A hoax."),
        post(curator, one, "reinstate", reason="No hoax."),
        post(curator, one, "snapshots", text="Other words."),
        post(curator, one, "merge", into=other["id"]),
    ]
    for answer in answers:
        assert other["id"] in problem(answer, 409)["detail"]
    assert "same record" in problem(post(curator, other, "merge", into=one["id"]), 409)["detail"]


def test_a_chain_of_merges_leads_to_its_end(curator):
    one, other = two(curator)
    third = file(curator, 201, url="https://harbourpost.example/third")
    merge(curator, one, other)
    merge(curator, other, third)
    assert ok(curator.get(f"{API}articles/{one['id']}/"), 301)["merged_into"] == third["id"]
    for names in (FEED, WEB):
        assert file(curator, **names)["id"] == third["id"]
    assert [q["id"] for q in get(curator, "quotes/", status="proposed")["results"]] == [
        third["quotes"][0]["id"]
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("commits")
def test_a_chain_of_merges_is_undone_from_its_end(curator):
    text = make_filing()["text"]
    one, other = two(curator, public=True, web={"text": f"New. {text}"})
    third = file(curator, 201, public=True, url="https://h.example/3", text=f"Newer. {text}")
    before = everything()
    merge(curator, one, other)
    between = everything()
    merge(curator, other, third)
    assert [get(curator, f"quotes/{q['quotes'][0]['id']}/")["status"] for q in (one, other)] == [
        "retracted",
        "retracted",
    ]
    assert "Undo that merge first" in problem(post(curator, one, "unmerge"), 409)["detail"]
    unmerge(curator, other)
    assert everything() == between
    unmerge(curator, one)
    assert everything() == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("commits")
def test_the_record_holds_true_after_a_merge_and_its_undo(curator):
    one, other = two(curator, public=True, feed={"text": "New. " + make_filing()["text"]})
    for act in (lambda: merge(curator, one, other), lambda: unmerge(curator, one)):
        act()
        call_command("verify", "--all", stdout=io.StringIO())
        for quote in (one["quotes"][0], other["quotes"][0]):
            assert get(curator, f"quotes/{quote['id']}/verify/")["ok"]
        settle()
        told = [
            row for row in get(curator, "changes/", limit=200)["results"] if row["id"] == one["id"]
        ]
        is_merged = told[-1]["verb"] == "merged"
        assert {row["gone"] for row in told} == {is_merged}
        assert {row.get("merged_into") for row in told} == {other["id"] if is_merged else None}
    assert told[-1]["verb"] == "unmerged"


# Filing again


@pytest.mark.parametrize(
    "web", [{}, {"text": "Now. " + make_filing()["text"]}], ids=["same", "new"]
)
def test_filing_either_again_makes_no_revision(contributor, curator, web):
    one, other = two(contributor, web=web)
    for survivor, act in ((other, merge), (one, None), (other, merge)):
        act(curator, one, other) if act else unmerge(curator, one)
        for names, more, kept in ((FEED, {}, one), (WEB, web, other)):
            before = Revision.objects.count()
            again = file(contributor, **{**names, **more})
            assert Revision.objects.count() == before
            assert again["id"] == (kept["id"] if act is None else survivor["id"])
            (quote,) = again["quotes"]
            assert quote["id"] == (kept if act is None else other)["quotes"][0]["id"]


def test_what_the_filer_of_either_changes_reaches_the_surviving_quote(contributor, curator):
    quote = make_filing()["quotes"][0]
    one, other = two(contributor)
    merge(curator, one, other)
    filed = file(contributor, **FEED, quotes=[{**quote, "role": "port captain"}])
    assert filed["quotes"][0]["id"] == other["quotes"][0]["id"]
    assert filed["quotes"][0]["role"] == "port captain"


def test_whoever_filed_either_first_may_file_again(curator):
    one_filer, other_filer = (make_client("Contributors", name) for name in "AB")
    one = file(one_filer, 201, **FEED)
    other = file(other_filer, 201, **WEB)
    merge(curator, one, other)
    for client in (one_filer, other_filer):
        for names in (FEED, WEB):
            assert file(client, **names)["id"] == other["id"]


# Erasure


def test_erasing_a_quote_reaches_the_texts_of_all_that_were_merged(curator, tmp_path):
    one, other = two(curator, feed={"text": "New. " + make_filing()["text"]})
    merge(curator, one, other)
    erase("quote", [Quote.objects.get(pk=other["quotes"][0]["id"]).pk], "By order of a court.")
    assert not Quote.objects.filter(pk=one["quotes"][0]["id"]).exists()
    assert Snapshot.objects.count() == 3
    assert not Snapshot.objects.filter(text__contains="no choice").exists()


def test_an_article_is_erased_with_all_that_were_merged_into_it(curator):
    one, other = two(curator)
    merge(curator, one, other)
    with pytest.raises(CannotErase, match=other["id"]):
        erase("article", [Article.objects.get(pk=one["id"]).pk], "By order of a court.")
    erase("article", [Article.objects.get(pk=other["id"]).pk], "By order of a court.")
    assert [model.objects.count() for model in (Article, Quote, Snapshot)] == [0, 0, 0]


# The property

TEXTS = [
    make_filing()["text"],
    "Update. “We had no choice,” said Mara Quill, harbour master. The quay will close.",
    "The quay stays. “We had a choice,” said Mara Quill, harbour master.",
]
WORDS = ["The quay", "We had no choice,", "We had", "Mara Quill, harbour master"]


@st.composite
def filings(draw) -> dict:
    """One text with some quotes in it, and some of the particulars."""
    text = draw(st.sampled_from(TEXTS))
    words = draw(st.lists(st.sampled_from([w for w in WORDS if w in text]), unique=True))
    quotes = [
        {
            "text": each,
            "speaker": draw(st.sampled_from(["Mara Quill", "Mara Quill", "Ivo Berg"])),
            "status": draw(st.sampled_from(["proposed", "published"])),
            "external_id": each,
        }
        for each in words
    ]
    published, headline = (draw(st.sampled_from([v, None])) for v in ("2026", "Quay to close"))
    return {"text": text, "quotes": quotes, "published": published, "headline": headline}


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("commits")
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    feed=filings(),
    edited=filings(),
    web=filings(),
    act=st.sampled_from(["reject", "retract", "dispute", "correct", None]),
)
def test_whatever_was_filed_a_merge_and_its_undo_restore_everything(
    curator, feed, edited, web, act
):
    number = next(NUMBERS)
    names = {"url": None, "external_id": f"cms-{number}"}
    one = file(curator, 201, **names, **feed)
    file(curator, **names, **edited)
    other = file(curator, 201, url=f"https://harbourpost.example/{number}", **web)
    if act and one["quotes"]:
        body = {"note": "Why.", "language": "cy"} if act == "correct" else {"reason": "Why."}
        curator.post(f"{API}quotes/{one['quotes'][0]['id']}/{act}/", body, headers=ANY)
    for a, b in ((one, other), (other, one)):
        before = everything()
        answer = post(curator, a, "merge", into=b["id"])
        assert answer.status_code in (200, 409), answer.content
        event(f"merged: {answer.status_code}")
        if answer.status_code == 200:
            call_command("verify", "--all", stdout=io.StringIO())
            unmerge(curator, a)
        assert everything() == before
    call_command("verify", "--all", stdout=io.StringIO())


# At the same time


class TestAtOnce:
    pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("commits")]

    def test_two_merges_in_opposite_directions_make_one(self, curator):
        one, other = two(curator)
        calls = [
            call(curator, f"articles/{a['id']}/merge", {"into": b["id"]}, **ANY)
            for a, b in ((one, other), (other, one)) * 2
        ]
        assert statuses(at_once(calls)).count(200) == 1
        assert Article.objects.active().count() == 1

    def test_a_merge_and_filings_of_both_lose_nothing(self, curator):
        for number in range(4):
            web = {"url": f"https://harbourpost.example/{number}"}
            feed = {"url": None, "external_id": f"cms-{number}"}
            one, other = two(curator, feed=feed, web=web)
            more = {"text": "The quay will close.", "speaker": "Ivo Berg"}
            calls = [
                call(curator, "articles", make_filing(**feed, quotes=[more])),
                call(curator, f"articles/{one['id']}/merge", {"into": other["id"]}, **ANY),
                call(curator, "articles", make_filing(**web, quotes=[more])),
            ]
            assert set(statuses(at_once(calls))) == {200}
            for _ in range(2):
                again = file(curator, **feed, quotes=[more])
            assert again["id"] == other["id"]
            open_ = get(curator, "quotes/", article=other["id"], status="proposed")["results"]
            assert sorted(q["text"] for q in open_) == ["The quay will close.", "We had no choice,"]
            calls[1] = call(curator, f"articles/{one['id']}/unmerge", {}, **ANY)
            assert set(statuses(at_once(calls))) == {200}
            assert Article.objects.active().filter(pk__in=[one["id"], other["id"]]).count() == 2

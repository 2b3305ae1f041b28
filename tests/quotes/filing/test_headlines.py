"""A quote may stand in the headline, as it was captured with the text."""

import csv
import io

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotes.anchoring import NotInText, Pages, Place
from quotes.history.erasure import erase
from quotes.history.reverting import revert
from quotes.models import LastFiling, Quote
from sources.models import Article, Snapshot
from tests.conftest import API, fresh, make_client, make_filing, ok, problem, publish
from tests.quotes.filing.test_merging_articles import FEED, WEB, merge, post, unmerge
from tests.quotes.history.test_verification import tamper

pytestmark = pytest.mark.django_db

HEADLINE = "“We will fight on”: Quill on the quay"
LATER = "Quill at the quay: “We will fight on”"
TEXT = "The quay will close. “We had no choice,” said Mara Quill, harbour master."
WORDS = "We will fight on"
QUOTE = {"text": WORDS, "speaker": "Mara Quill", "kind": "direct"}


def filing(**overrides) -> dict:
    return make_filing(**{"headline": HEADLINE, "text": TEXT, "quotes": [QUOTE], **overrides})


def file(client, status=200, *, public=False, **overrides) -> dict:
    sent = filing(**overrides)
    return ok(client.post(f"{API}articles/", publish(sent) if public else sent), status)


def refused(client, **overrides) -> list[dict]:
    return problem(client.post(f"{API}articles/", filing(**overrides)), 400)["errors"]


def anchor_of(client, filed: dict, index: int = 0) -> dict:
    return ok(client.get(f"{API}quotes/{filed['quotes'][index]['id']}/"))["anchor"]


def verified(quote: Quote) -> bool:
    return ok(make_client("Curators").get(f"{API}quotes/{quote.pk}/verify/"))["ok"]


# Where it is found


@pytest.mark.parametrize("within", [{}, {"in": "headline"}, {"in": None}])
def test_words_of_the_headline_alone_are_found_there(curator, within):
    filed = file(curator, 201, quotes=[QUOTE | within])
    anchor = anchor_of(curator, filed)
    assert (anchor["state"], anchor["in"]) == ("exact", "headline")
    assert anchor["snapshot"] == filed["snapshot"]
    assert anchor["spans"] == [
        {"start": 1, "end": 17, "prefix": "“", "suffix": "”: Quill on the quay"}
    ]
    assert HEADLINE[1:17] == WORDS == filed["quotes"][0]["text"]
    assert verified(Quote.objects.get())


def test_the_text_is_looked_through_first(curator):
    text = f"{TEXT} “{WORDS},” she said."
    anchor = anchor_of(curator, file(curator, 201, text=text))
    assert (anchor["in"], anchor["spans"][0]["start"]) == ("text", text.index(WORDS))
    both = [QUOTE | {"in": "headline"}, QUOTE | {"in": "text"}]
    again = file(curator, 201, text=text, quotes=both, url=None)
    places = [(anchor_of(curator, again, n)["in"]) for n in range(2)]
    assert places == ["headline", "text"]


def test_spans_count_where_the_quote_says_it_is(curator):
    in_headline = {"spans": [[1, 17]], "in": "headline"}
    in_text = {"spans": [[1, 17]]}
    filed = file(curator, 201, quotes=[in_headline, in_text])
    assert [quote["text"] for quote in filed["quotes"]] == [WORDS, TEXT[1:17]]
    assert [anchor_of(curator, filed, n)["in"] for n in range(2)] == ["headline", "text"]


def test_one_place_in_the_headline_is_filed_once(curator):
    (fault,) = refused(curator, quotes=[QUOTE, QUOTE | {"in": "headline"}])
    assert "same position as quote 0" in fault["message"]


@pytest.mark.parametrize(
    ("quote", "headline", "message"),
    [
        ({"text": WORDS, "in": "text"}, HEADLINE, "These words are not in the text"),
        ({"text": "We had no choice", "in": "headline"}, HEADLINE, "not in the headline"),
        ({"text": WORDS, "in": "headline"}, None, "not in the headline"),
        ({"text": "We will stop now", "in": "headline"}, HEADLINE, "nearest passage"),
        ({"spans": [[1, 99]], "in": "headline"}, HEADLINE, "outside the headline"),
        ({"text": "Stop", "spans": [[1, 9]], "in": "headline"}, HEADLINE, "The headline at these"),
        ({"text": "We", "in": "headline"}, "We and we: We", "2 times in the headline"),
        ({"text": WORDS, "in": "byline"}, HEADLINE, "not a valid choice"),
    ],
)
def test_what_is_not_there_is_refused_with_the_place_that_was_searched(
    curator, quote, headline, message
):
    (fault,) = refused(curator, quotes=[quote], headline=headline)
    assert message in fault["message"]
    assert Article.objects.count() == 0


def test_without_a_text_there_is_no_place_in_the_headline(curator):
    (fault,) = refused(curator, text=None, quotes=[QUOTE | {"in": "headline"}])
    assert "no text on record" in fault["message"]
    anchor = anchor_of(curator, file(curator, 201, text=None))
    assert (anchor["state"], anchor["in"]) == ("unanchored", None)


def test_a_faulty_filing_names_faults_in_the_headline_too(curator):
    faults = refused(curator, quotes=[QUOTE | {"in": "text"}, QUOTE], published="yesterday")
    assert [fault["pointer"] for fault in faults] == ["/published", "/quotes/0/text"]


def test_a_split_quote_in_the_headline_has_its_seams(curator):
    headline = "“We will not,” Quill says, “close the quay”"
    quote = {"text": "We will not, close the quay", "speaker": "Quill"}
    anchor = anchor_of(curator, file(curator, 201, headline=headline, quotes=[quote]))
    assert (anchor["in"], anchor["seams"]) == ("headline", ["interruption"])
    assert verified(Quote.objects.get())


WORD = st.sampled_from(["we", "will", "not", "close", "the", "quay", "“", "”", "."])
PROSE = st.lists(WORD, max_size=12).map(" ".join)


@settings(deadline=None)
@given(PROSE, PROSE, st.lists(WORD, min_size=1, max_size=3).map(" ".join))
def test_words_are_found_in_the_text_or_else_in_the_headline(text, headline, words):
    """In both, they are in the text; in the headline alone, there; never in both at once."""

    def found(page: str | None) -> Place | type:
        try:
            return Pages(text, headline).find(words, within=page)
        except ValueError as error:
            return type(error)

    in_text, in_headline = found("text"), found("headline")
    assert found(None) == (in_headline if in_text is NotInText != in_headline else in_text)


# Captured once, and kept


def test_a_snapshot_keeps_the_headline_that_it_was_captured_with(curator):
    filed = file(curator, 201)
    path = f"{API}articles/{filed['id']}/snapshots/"
    (held,) = ok(curator.get(path))["results"]
    assert (held["headline"], held["sha256"]) == (HEADLINE, filed["snapshot"])
    curator.patch(f"{API}articles/{filed['id']}/", {"headline": "New"}, headers={"If-Match": "*"})
    assert Article.objects.get().headline == "New"
    ok(curator.post(path, {"text": f"{TEXT} More."}))
    assert [each["headline"] for each in ok(curator.get(path))["results"]] == ["New", HEADLINE]


def test_another_headline_alone_is_no_new_text(curator):
    filed = file(curator, 201)
    quotes = [{"text": "We had no choice,", "speaker": "Mara Quill"}]
    again = file(curator, headline="Quay to close", quotes=quotes)
    assert (again["filing"]["headline"], again["reanchored"]) == ("updated", [])
    assert again["snapshot"] == filed["snapshot"]
    assert Snapshot.objects.get().headline == HEADLINE
    anchor = anchor_of(curator, filed)
    assert (anchor["state"], anchor["in"]) == ("exact", "headline")
    assert verified(Quote.objects.get(text=WORDS))


def test_filing_it_again_changes_nothing(curator):
    first = file(curator, 201)
    queries = []
    for quote in (QUOTE, QUOTE | {"in": "headline"}, {"spans": [[1, 17]], "in": "headline"}):
        with CaptureQueriesContext(connection) as asked:
            again = file(curator, quotes=[quote])
        queries.append(len(asked))
        assert again["quotes"][0]["filing"]["outcome"] == "unchanged"
        assert again["quotes"][0]["version"] == first["quotes"][0]["version"]


def test_words_of_a_later_headline_alone_are_refused(curator):
    file(curator, 201)
    new = {"text": "Quill gives in", "kind": "indirect"}
    more = [{"text": "Quill", "in": "headline"}, {"text": "We had no choice,"}, new]
    faults = refused(curator, headline="Quill gives in", quotes=[*more, {"text": "gives in"}])
    assert [fault["pointer"] for fault in faults] == ["/quotes/2/text", "/quotes/3/text"]
    assert all("captured with this text" in fault["message"] for fault in faults)
    assert Article.objects.get().headline == HEADLINE
    more = file(curator, headline="Quill gives in", quotes=[new], text=f"{TEXT} More.")
    assert anchor_of(curator, more)["in"] == "headline"


def test_a_quote_that_a_later_headline_moves_stays_where_it_was_captured(curator):
    filed = file(curator, 201)
    again = file(curator, headline=LATER)
    assert again["quotes"][0]["filing"]["outcome"] == "unchanged"
    anchor = anchor_of(curator, filed)
    assert (anchor["state"], anchor["spans"][0]["start"]) == ("exact", 1)


def test_a_known_quote_whose_words_a_later_headline_changes_differs(curator):
    known = QUOTE | {"external_id": "q-1"}
    file(curator, 201, quotes=[known])
    changed = known | {"text": "We shall fight on"}
    for outcome in ("differs", "unchanged"):
        again = file(curator, headline="“We shall fight on”: Quill", quotes=[changed])
        assert again["quotes"][0]["filing"]["fields"]["text"] == outcome
    quote = Quote.objects.get()
    assert (quote.text, quote.flags) == (WORDS, ["filing_differs"])


# Followed into a new text


@pytest.mark.parametrize(
    ("headline", "state"),
    [
        (HEADLINE, "exact"),
        (LATER, "moved"),
        ("“We will fight it”: Quill on the quay", "altered"),
        ("Quay to close", "missing"),
        (None, "missing"),
    ],
)
def test_with_a_new_text_it_is_followed_in_the_headline(curator, headline, state):
    filed = file(curator, 201)
    text = f"{TEXT} “{WORDS},” she said."  # not looked through: it is another place
    again = file(curator, headline=headline, text=text, quotes=[])
    (reanchored,) = again["reanchored"]
    anchor = anchor_of(curator, filed)
    assert (
        (anchor["state"], anchor["in"]) == (reanchored["state"], "headline") == (state, "headline")
    )
    is_present = state in ("exact", "moved")
    assert (anchor["snapshot"] == again["snapshot"]) is is_present
    if state == "altered":
        near = anchor["nearest"]
        assert near["text"] == headline[near["start"] : near["end"]] == "We will fight"
        assert near["snapshot"] == again["snapshot"]
    assert verified(Quote.objects.get())


def test_a_quote_in_the_text_is_not_followed_into_the_headline(curator):
    filed = file(curator, 201, text=f"{TEXT} “{WORDS},” she said.")
    file(curator, quotes=[])
    assert anchor_of(curator, filed)["state"] == "missing"


def test_the_same_words_in_both_are_two_quotes_that_are_followed_apart(curator):
    both = [QUOTE | {"in": "headline"}, QUOTE | {"in": "text"}]
    text = f"{TEXT} “{WORDS},” she said."
    filed = file(curator, 201, text=text, quotes=both)
    again = file(curator, text=f"New. {text}", headline=LATER, quotes=both)
    assert [quote["filing"]["outcome"] for quote in again["quotes"]] == ["unchanged"] * 2
    assert [quote["id"] for quote in again["quotes"]] == [quote["id"] for quote in filed["quotes"]]
    places = {q.anchored_in: (q.anchor, q.spans[0][0]) for q in Quote.objects.all()}
    assert places == {
        "headline": ("moved", LATER.index(WORDS)),
        "text": ("moved", text.index(WORDS) + 5),
    }
    assert all(map(verified, Quote.objects.all()))


@pytest.mark.parametrize(("text", "place"), [(TEXT, "headline"), (f"“{WORDS},” she said.", "text")])
def test_a_quote_filed_without_a_text_is_placed_by_the_first(curator, text, place):
    filed = file(curator, 201, text=None)
    file(curator, text=text)
    anchor = anchor_of(curator, filed)
    assert (anchor["state"], anchor["in"]) == ("exact", place)


def test_an_earlier_version_is_followed_into_the_present_headline(curator):
    file(curator, 201, headline=LATER, quotes=[])
    quote = QUOTE | {"in": "headline"}
    ok(curator.post(f"{API}quotes/", {"article": str(Article.objects.get().pk), **quote}), 201)
    assert Quote.objects.get().spans == [[LATER.index(WORDS), len(LATER) - 1]]


# Attribution


def test_the_attribution_is_looked_for_in_text_and_headlines(curator):
    printed = {"text": "Quill on the quay", "speaker": "Quill"}
    file(curator, 201, quotes=[QUOTE | {"attribution": printed}])
    quote = Quote.objects.get()
    Article.objects.update(headline="Quay to close")
    quote = Quote.objects.get()
    quote.revise(attribution_text="Quill on the quay")
    (fault,) = refused(curator, quotes=[QUOTE | {"attribution": {"speaker": "Ben Orr"}}], url=None)
    assert fault["pointer"] == "/quotes/0/attribution/speaker"


# Corrected


def test_a_correction_moves_a_quote_between_text_and_headline(curator):
    text = f"{TEXT} “{WORDS},” she said."
    filed = file(curator, 201, public=True, quotes=[QUOTE | {"in": "headline"}], text=text)
    path = f"{API}quotes/{filed['quotes'][0]['id']}/correct/"

    def correct(**changes) -> dict:
        body = {"note": "Mended.", **changes}
        return ok(curator.post(path, body, headers={"If-Match": "*"}))

    shorter = correct(text="We will fight")
    assert (shorter["anchor"]["in"], shorter["text"]) == ("headline", "We will fight")
    moved = correct(**{"in": "text", "text": WORDS})
    assert moved["anchor"]["in"] == "text"
    assert moved["anchor"]["spans"][0]["start"] == text.index(WORDS)
    changed = {each["field"] for each in moved["corrections"][-1]["changed"]}
    assert changed == {"text", "in", "spans"}
    back = correct(**{"in": "headline", "spans": [[1, 17]]})
    assert (back["anchor"]["in"], back["text"]) == ("headline", WORDS)
    quote = Quote.objects.get()
    assert verified(quote)
    revisions = ok(curator.get(f"{API}quotes/{quote.pk}/revisions/"))["results"]
    changed = {each["field"]: each["after"] for each in revisions[0]["changes"]}
    assert changed["anchor.in"] == "headline"


def test_a_lost_quote_that_moves_within_its_text_lets_go_of_the_closest_passage(curator):
    text = f"{TEXT} “{WORDS},” she said."
    file(curator, 201, text=text, quotes=[QUOTE | {"in": "headline"}])
    file(curator, text=TEXT, headline="“We will fight it”: Quill", quotes=[])
    quote = Quote.objects.get()
    assert (quote.anchor, quote.nearest["text"]) == ("altered", "We will fight")
    quote.revise(text=WORDS, anchored_in="text")
    assert (fresh(quote).anchored_in, quote.nearest) == ("text", None)
    assert verified(quote)


def test_a_quote_is_reverted_to_where_it_stood(curator):
    text = f"{TEXT} “{WORDS},” she said."
    file(curator, 201, quotes=[QUOTE | {"in": "headline"}], text=text)
    quote = Quote.objects.get()
    quote.revise(text="We had no choice", anchored_in="text")
    assert fresh(quote).anchored_in == "text"
    reversion = revert(quote, 1, "Mistaken.")
    assert reversion.follows == {"spans", "anchored_in"}
    assert (fresh(quote).anchored_in, quote.text, quote.spans) == ("headline", WORDS, [[1, 17]])


def test_the_past_shows_where_it_stood(curator):
    filed = file(curator, 201, public=True)
    quote = Quote.objects.get()
    before = quote.updated
    file(curator, headline=LATER, text=f"{TEXT} More.", quotes=[])
    path = f"{API}quotes/{filed['quotes'][0]['id']}/"
    then = ok(curator.get(path, {"as_of": before.isoformat()}))["anchor"]
    assert (then["in"], then["spans"][0]["start"], then["spans"][0]["prefix"]) == (
        "headline",
        1,
        "“",
    )


def test_the_forms_of_a_quote_say_where_it_stands(curator):
    filed = file(curator, 201, public=True)
    path = f"{API}quotes/{filed['quotes'][0]['id']}/"
    listed = ok(curator.get(f"{API}quotes/"))["results"]
    assert [each["anchor"]["in"] for each in listed] == ["headline"]
    assert ok(curator.get(path))["anchor"] == listed[0]["anchor"]
    (target,) = ok(curator.get(path, {"format": "annotation"}))["target"]
    assert target["selector"] == [
        {
            "type": "TextQuoteSelector",
            "exact": WORDS,
            "prefix": "“",
            "suffix": "”: Quill on the quay",
        }
    ]
    for form in ("jsonld", "csl", "bibtex", "prov"):
        answer = curator.get(path, {"format": form})
        assert (answer.status_code, WORDS in answer.text) == (200, True), form
    export = curator.get(f"{API}quotes/export/", {"format": "csv"})
    (row,) = csv.DictReader(io.StringIO(export.getvalue().decode()))
    assert row["anchor_in"] == "headline"


def test_the_same_words_in_headline_and_text_are_one_utterance(curator):
    both = [QUOTE | {"in": "headline"}, QUOTE | {"in": "text"}]
    filed = file(curator, 201, public=True, text=f"{TEXT} “{WORDS},” she said.", quotes=both)
    one, other = (ok(curator.get(f"{API}quotes/{each['id']}/")) for each in filed["quotes"])
    assert one["utterance"] == other["utterance"]
    assert one["utterance"]["quotes"] == 2
    found = ok(curator.get(f"{API}quotes/", {"phrase": WORDS, "one_per_utterance": "true"}))
    assert len(found["results"]) == 1


# Erased


def test_erasing_a_quote_blots_it_out_of_the_headline_too(curator):
    more = {"text": "Quill on the quay", "kind": "indirect"}
    file(curator, 201, quotes=[QUOTE, more], text=f"“{WORDS},” she said. {TEXT}", headline=HEADLINE)
    file(curator, headline=LATER, text=TEXT, quotes=[])
    words, beside = Quote.objects.get(text=WORDS), Quote.objects.get(text=more["text"])
    assert (words.anchored_in, beside.anchored_in) == ("text", "headline")
    done = erase("quote", [words.pk], "Court of Harrow, order 7/26.")
    texts = [(each.headline, each.text[:20]) for each in Snapshot.objects.order_by("pk")]
    assert texts == [
        ("“████████████████”: Quill on the quay", "“████████████████,” "),
        ("Quill at the quay: “████████████████”", "The quay will close."),
    ]
    assert {trace.table for trace in done.remains} == {"sources_revision"}
    assert Article.objects.get().headline == "Quill at the quay: “████████████████”"
    assert fresh(beside).contexts == [["“████████████████”: ", ""]]
    assert verified(beside)
    assert ok(curator.get(f"{API}articles/{beside.article_id}/"))


def test_erasing_a_quote_in_the_headline_blots_it_out_and_keeps_it_away(curator):
    filed = file(curator, 201)
    erase("quote", [Quote.objects.get().pk], "Court of Harrow, order 7/26.")
    held = Snapshot.objects.get()
    assert (held.headline, held.text, held.erased) == (
        "“████████████████”: Quill on the quay",
        TEXT,
        None,
    )
    other = [{"text": "We had no choice,"}]
    for text, status in ((TEXT, 200), (f"{TEXT} More.", 200)):
        again = file(curator, status, text=text, quotes=[QUOTE, *other])
        assert again["quotes"][0]["filing"]["outcome"] == "erased"
        assert again["id"] == filed["id"]
    assert {each.headline for each in Snapshot.objects.all()} == {held.headline}
    assert Snapshot.objects.count() == 2
    assert all(map(verified, Quote.objects.all()))


def test_erasing_a_speaker_blots_the_name_out_of_headlines(curator):
    file(curator, 201, quotes=[{"text": "We had no choice,", "speaker": "Mara Quill"}])
    erase("speaker", [Quote.objects.get().speaker_id], "Court of Harrow, order 7/26.")
    held = Snapshot.objects.get()
    assert held.headline == "“We will fight on”: █████ on the quay"
    assert Article.objects.get().headline == held.headline
    assert "Quill" not in held.text


def test_erasing_a_speaker_blots_the_name_out_of_the_byline(curator):
    said = [{"text": "We had no choice,", "speaker": "Mara Quill"}]
    file(curator, 201, quotes=said, byline=["Mara Quill", "Ada Lund"])
    erase("speaker", [Quote.objects.get().speaker_id], "Court of Harrow, order 7/26.")
    assert Article.objects.get().byline == ["██████████", "Ada Lund"]


def test_words_in_the_headline_of_another_outlet_are_blotted_out_if_asked_for(curator):
    file(curator, 201)
    wire = {"outlet": "The Wire", "url": "https://wire.example/1", "quotes": []}
    other = file(curator, 201, **wire, headline=f"“{WORDS}”", text="The quay will close.")
    erase("quote", [Quote.objects.get().pk], "Court of Harrow, order 7/26.", everywhere=True)
    held = Snapshot.objects.get(article=other["id"])
    assert (held.headline, held.text) == ("“████████████████”", "The quay will close.")


def test_a_text_that_was_blotted_before_still_verifies_when_its_headline_is(curator):
    file(
        curator,
        201,
        quotes=[QUOTE, {"text": "We had no choice,"}, {"text": "The quay will close."}],
    )
    erase("quote", [Quote.objects.get(text="We had no choice,").pk], "One.")
    erase("quote", [Quote.objects.get(text=WORDS).pk], "Two.")
    held = Snapshot.objects.get()
    assert held.erased == [[22, 39]]
    assert "█" in held.headline
    assert verified(Quote.objects.get())


def test_verification_finds_a_headline_that_was_changed(curator):
    file(curator, 201)
    quote = Quote.objects.get()
    tamper("UPDATE sources_snapshot SET headline = replace(headline, 'fight', 'dance')")
    failed = {
        each["check"]
        for each in ok(curator.get(f"{API}quotes/{quote.pk}/verify/"))["checks"]
        if not each["ok"]
    }
    assert failed == {"anchor", "present_state"}


# What PostgreSQL refuses


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"anchored_in": "text"}, "quote_is_anchored"),
        ({"spans": [[0, 16]]}, "quote_is_anchored"),
        ({"anchored_in": "byline"}, "quote_is_anchored"),
        ({"text": "We will fight off"}, "quote_is_anchored"),
    ],
)
def test_postgresql_refuses_a_quote_that_is_not_in_the_headline(curator, change, constraint):
    file(curator, 201)
    with pytest.raises(IntegrityError, match="that of its snapshot"), transaction.atomic():
        Quote.objects.update(**change)


def test_postgresql_refuses_a_change_of_a_captured_headline(curator):
    file(curator, 201)
    with pytest.raises(IntegrityError, match="UPDATE is refused"), transaction.atomic():
        Snapshot.objects.update(headline="Another")


# Merged


def test_merging_articles_moves_a_quote_with_its_headline(curator):
    feed = {"headline": HEADLINE, "text": f"{TEXT} Feed.", "quotes": [QUOTE]}
    web = {"headline": LATER, "text": f"{TEXT} Web.", "quotes": []}
    one, other = file(curator, 201, **FEED, **feed), file(curator, 201, **WEB, **web)
    merge(curator, one, other)
    quote = Quote.objects.get()
    assert (str(quote.article_id), quote.anchor, quote.anchored_in) == (
        other["id"],
        "moved",
        "headline",
    )
    assert verified(quote)
    unmerge(curator, one)
    quote = fresh(quote)
    assert (str(quote.article_id), quote.anchor, quote.spans) == (one["id"], "exact", [[1, 17]])
    assert verified(quote)


def test_a_merge_copies_the_headline_that_a_lost_quote_rests_on(curator):
    feed = {"headline": HEADLINE, "text": f"{TEXT} Feed.", "quotes": [QUOTE]}
    web = {"headline": "Quay to close", "text": TEXT, "quotes": []}
    one, other = file(curator, 201, **FEED, **feed), file(curator, 201, **WEB, **web)
    merge(curator, one, other)
    quote = Quote.objects.get()
    assert (quote.anchor, quote.snapshot.headline) == ("missing", HEADLINE)
    assert str(quote.snapshot.article_id) == other["id"]
    assert verified(quote)


def test_a_merge_that_would_lose_the_headline_of_a_quote_is_refused(curator):
    one = file(curator, 201, **FEED)
    other = file(curator, 201, **WEB, headline="Quay to close", quotes=[])
    (fault,) = problem(post(curator, one, "merge", into=other["id"]), 409)["errors"]
    assert "stands in a headline" in fault["message"]
    merge(curator, other, one)


def test_one_quote_stands_for_its_twin_in_the_same_headline(curator):
    one, other = file(curator, 201, **FEED), file(curator, 201, **WEB)
    merge(curator, one, other)
    assert Quote.objects.filter(article=other["id"]).count() == 1
    assert (
        Quote.objects.get(article=one["id"]).replaced_by.article_id
        == Article.objects.get(pk=other["id"]).pk
    )


# Work


def test_a_headline_costs_no_more_queries(curator):
    def asked(number: int, page: str, **told) -> int:
        words = f"We will fight for quay {number}"  # each its own: no utterances to match
        quotes = [QUOTE | told | {"text": words}]
        pages = {"headline": "Quay", "text": TEXT} | {page: f"“{words}”, says Quill"}
        with CaptureQueriesContext(connection) as queries:
            file(curator, 201, url=None, external_id=f"cms-{number}", quotes=quotes, **pages)
        return len(queries)

    asked(0, "text")  # makes the outlet and the speaker
    in_text = asked(1, "text")
    assert in_text == asked(2, "headline") == asked(3, "headline", **{"in": "headline"})


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=2, max_size=4))
def test_after_any_filings_every_quote_is_where_it_says(db, versions):
    """Each version has the words in the text or not, in the headline or not, and says where."""
    with transaction.atomic():
        client = make_client("Curators")
        for number, (in_text, in_headline, is_told) in enumerate(versions):
            text = f"{TEXT} “{WORDS},” she said." if in_text else TEXT
            headline = HEADLINE if in_headline else f"Quay to close {number}"
            where = "headline" if in_headline and is_told else "text" if in_text else None
            told = {"in": where} if is_told and where else {}
            quotes = [QUOTE | told] if in_text or in_headline else []
            sent = filing(text=text, headline=headline, quotes=quotes, external_id="c")
            answer = client.post(f"{API}articles/", sent)
            assert answer.status_code in (200, 201, 400), answer.content
            if answer.status_code == 400:
                assert "captured with this text" in answer.json()["errors"][0]["message"]
        for quote in Quote.objects.select_related("snapshot"):
            page = getattr(quote.snapshot, quote.anchored_in)
            ((start, end),) = quote.spans
            assert page[start:end] == quote.text == WORDS
        assert all(len(last.quotes_said) <= 2 for last in LastFiling.objects.all())
        transaction.set_rollback(True)

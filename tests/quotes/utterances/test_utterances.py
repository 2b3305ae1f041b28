"""Utterances: quotes that report the same words are one, at filing, by verbs and when read."""

import io
import uuid
from collections.abc import Iterator
from itertools import count

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotes.api.filing_serializers import FilingSerializer
from quotes.curation.bulk import join, part
from quotes.curation.reattribution import reattribute
from quotes.filing import OPERATOR, capture, file, file_many, propose
from quotes.history.reverting import revert
from quotes.models import Quote, Utterance
from quotes.utterances.wording import MIN_STATEMENT_WORDS
from sources.identity.merging import merge, unmerge
from sources.models import Revision, Speaker
from tests.bench import utterances as bench
from tests.conftest import API, make_client, ok, problem
from tests.records import hide, make_article, make_outlet, make_quote, make_speaker, make_utterance

SAID = "We had no choice but to close the quay before the winter storms came back"
PART = "close the quay before the winter storms"
OTHER = "The harbour board will pay every crown of it by the end of the month"
NOTE = "Bo Ek said it."

pytestmark = pytest.mark.django_db
_number = count(1)


def filing(*quotes: dict | str, day: str | None = "2026-03-14", **overrides) -> dict:
    """An article of its own in which Mara Quill, unless another is named, says these words."""
    said = [{"text": each} if isinstance(each, str) else each for each in quotes]
    said = [
        {"speaker": "Mara Quill", "kind": "direct", "status": "published", **each} for each in said
    ]
    number = next(_number)
    text = "\n".join(f"Item {n}: “{quote['text']}”" for n, quote in enumerate(said))
    return {
        "outlet": f"Outlet {number}",
        "url": f"https://outlet.example/{number}",
        "published": day,
        "text": f"{text}\nNumber {number}.",
        "quotes": said,
        **overrides,
    }


def filed(*quotes, **overrides) -> list[Quote]:
    """The quotes of such an article, as they are on record."""
    read = FilingSerializer.read(filing(*quotes, **overrides))
    made = file(read, OPERATOR)
    return [fresh(filed.quote) for filed in made.quotes]


def one_filed(*quotes, **overrides) -> Quote:
    return filed(*quotes, **overrides)[0]


def fresh(quote: Quote) -> Quote:
    return Quote.objects.get(pk=quote.pk)


def are_one(*quotes: Quote) -> bool:
    utterances = {fresh(quote).utterance_id for quote in quotes}
    return len(utterances) == 1 and None not in utterances


# At filing


def test_a_statement_that_only_one_outlet_prints_has_no_utterance():
    assert one_filed(SAID).utterance is None
    assert not Utterance.objects.exists()


@pytest.mark.parametrize("other", [SAID.upper(), PART, "no choice", "We had no … winter storms"])
def test_the_same_words_in_another_outlet_make_an_utterance(other):
    first, second = one_filed(SAID), one_filed(other, day="2026-03-15")
    assert are_one(first, second)
    assert fresh(first).version == 2
    assert fresh(second).version == 1
    last = Revision.objects.of(first).last()
    assert last.fields == ["utterance_id"]


def test_the_part_may_come_before_the_whole():
    first, second = one_filed(PART), one_filed(SAID)
    assert are_one(first, second)


def test_a_third_report_joins_the_utterance_of_the_first_two():
    quotes = [one_filed(words) for words in (SAID, PART, SAID.lower())]
    assert are_one(*quotes)
    assert Utterance.objects.count() == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (SAID, {"text": SAID, "speaker": "Bo Ek"}),
        (SAID, {"text": SAID, "speaker": None}),
        ({"text": SAID, "speaker": None}, {"text": SAID, "speaker": None}),
        (SAID, SAID.replace("no choice", "a choice")),
        (SAID, {"text": PART, "kind": "indirect"}),
        (SAID, OTHER),
    ],
)
def test_other_words_or_another_speaker_are_not_matched(first, second):
    quotes = [one_filed(first), one_filed(second)]
    assert [quote.utterance for quote in map(fresh, quotes)] == [None, None]


@pytest.mark.parametrize(
    ("one", "other", "words", "joined"),
    [
        ("2026-03-14", "2026-03-21", SAID, True),
        ("2026-03-14", "2026-03-22", SAID, False),
        ("2026-03-14", "2026-03", SAID, True),
        ("2026-03-14", "2026", SAID, True),
        ("2026-03-14", "2025", SAID, False),
        ("2026-03-14", "2026-03-17", "no choice", True),
        ("2026-03-14", "2026-03-18", "no choice", False),
        ("2026-03-14", "2026", "no choice", False),
        ("2026-03-14", None, SAID, False),
        (None, None, SAID, True),
        (None, None, SAID.replace("storms", "strorms"), False),
    ],
)
def test_reports_are_of_one_act_of_speaking_when_they_are_close_in_time(one, other, words, joined):
    assert are_one(one_filed(SAID, day=one), one_filed(words, day=other)) is joined


def test_the_date_of_speaking_counts_before_the_date_of_print():
    first = one_filed(SAID, day="2025-01-02")
    assert are_one(first, one_filed({"text": SAID, "said": "2025-01-02"}, day="2026-03-14"))


def test_in_one_article_only_equal_words_are_matched():
    headline, body, next_paragraph, misspelt = filed(
        {"text": "no choice", "spans": [[9, 18]]},
        SAID,
        OTHER,
        SAID.replace("storms", "strorms"),
    )
    assert are_one(headline, body)
    assert fresh(next_paragraph).utterance is None
    assert fresh(misspelt).utterance is None


def test_a_fragment_connects_no_statements():
    first = one_filed(f"{SAID}, I tell you")
    second = one_filed("There was no choice at all for the ferry")
    fragment = one_filed("no choice")
    assert are_one(fragment, first) != are_one(fragment, second)
    third = one_filed("They leave the pilots no choice either")
    assert fresh(third).utterance is None


def test_fragments_join_the_statement_that_contains_them_when_it_is_filed():
    quotes = [one_filed("no choice"), one_filed("no choice"), one_filed(SAID)]
    assert are_one(*quotes)


def test_a_long_quote_merges_no_utterances():
    first = [one_filed(SAID), one_filed(SAID)]
    second = [one_filed(OTHER), one_filed(OTHER)]
    both = one_filed(f"{SAID}. {OTHER}")
    assert are_one(*first, both) or are_one(*second, both)
    assert Utterance.objects.count() == 2
    assert not are_one(*first, *second)


def test_a_statement_that_contradicts_another_does_not_join_it_by_what_they_share():
    one, shared = one_filed(f"{PART}, and we will mend it"), one_filed(PART)
    assert are_one(one, shared)
    assert fresh(one_filed(f"{PART}, and we will not mend it")).utterance is None


def test_rejected_and_retracted_quotes_take_no_part_and_proposed_ones_do():
    for status in ("rejected", "retracted"):
        hide(Quote.objects.filter(pk=one_filed(SAID).pk), status)
    proposed = one_filed({"text": SAID, "status": "proposed"})
    assert proposed.utterance is None
    assert are_one(proposed, one_filed(SAID))


def test_filing_an_article_again_changes_nothing():
    one_filed(SAID)
    again = filing(SAID)
    for _ in range(2):
        made = file(FilingSerializer.read(again), OPERATOR)
    (quote,) = made.quotes
    assert quote.outcome == "unchanged"
    assert fresh(quote.quote).version == 1


def test_a_proposed_quote_refiled_for_another_speaker_is_matched_again():
    first = one_filed(SAID)
    sent = filing({"text": SAID, "status": "proposed"})
    file(FilingSerializer.read(sent), OPERATOR)
    second = Quote.objects.latest("id")
    assert are_one(first, second)
    theirs = one_filed({"text": SAID, "speaker": "Bo Ek"})
    sent["quotes"][0]["speaker"] = "Bo Ek"
    file(FilingSerializer.read(sent), OPERATOR)
    assert are_one(second, theirs)
    assert not are_one(first, second)


def test_a_quote_that_is_added_to_an_article_on_record_is_matched():
    first = one_filed(SAID)
    article = make_article(f"She said: {PART}.", published="2026-03-14")
    data = {"text": PART, "speaker": str(first.speaker_id), "status": "published"}
    added = propose(article, data, OPERATOR)
    assert are_one(first, added.quote)


def test_quotes_keep_their_utterance_when_the_text_of_their_article_changes():
    first, second = one_filed(SAID), one_filed(SAID)
    capture(second.article, f"New. {second.article.snapshot.text}", OPERATOR)
    assert are_one(first, second)


def test_a_batch_is_matched_within_itself_and_with_what_is_on_record():
    first = one_filed(SAID)
    batch = [FilingSerializer.read(filing(SAID, OTHER)) for _ in range(4)]
    made = file_many(batch, OPERATOR)
    assert are_one(first, *(one.quotes[0].quote for one in made))
    assert are_one(*(one.quotes[1].quote for one in made))
    assert Utterance.objects.count() == 2


@pytest.mark.parametrize(
    ("left_out", "is_one"), [(", whatever they say,", True), (" not, whatever they say,", False)]
)
def test_a_quote_without_a_negation_of_its_speaker_joins_no_utterance_by_itself(left_out, is_one):
    begin, end = "We will", "close the quay before the winter storms"
    said = f"Item 0: “{begin}{left_out} {end}”"
    starts = [said.index(begin), said.index(end)]
    spans = [[starts[0], starts[0] + len(begin)], [starts[1], starts[1] + len(end)]]
    printed = {"text": f"{begin} […] {end}", "spans": spans}
    reports = [one_filed(printed, text=said) for _ in range(2)]
    assert {quote.text for quote in reports} == {printed["text"]}
    assert are_one(*reports) == is_one
    # Nor does another that prints the words as they were said.
    assert not are_one(reports[0], one_filed(f"{begin} {end}"))


def test_what_a_busy_speaker_said_is_found_by_its_fingerprint():
    speaker = make_speaker("Mara Quill")
    article = make_article(
        " ".join(f"Item {n} of the list says nothing at all." for n in range(90)),
        published="2026-03-14",
    )
    first = one_filed(SAID, day="2026-03-13")
    for n in range(90):
        make_quote(f"Item {n} of the list says", article=article, speaker=speaker)
    assert are_one(first, one_filed(SAID.replace("storms", "strorms")))
    assert are_one(first, one_filed("choice but to close the quay", day="2026-03-15"))
    assert are_one(first, one_filed(f"{SAID}, which nobody wanted", day="2026-03-15"))


FINGERPRINTS_SHARE = """
SELECT quotes_speech(%(speaker)s, sources_bare(one))
    && quotes_speech_sought(%(speaker)s, sources_bare(other))
FROM unnest(%(these)s::text[], %(those)s::text[]) AS pair(one, other)
"""


def share_fingerprint(speaker: uuid.UUID, pairs: list[tuple[str, str]]) -> list[bool]:
    """Of each pair, whether a quote on record with the first text is found for the second."""
    these, those = map(list, zip(*pairs, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(FINGERPRINTS_SHARE, {"speaker": speaker, "these": these, "those": those})
        return [shares for (shares,) in cursor.fetchall()]


def with_one_slip(words: list[str]) -> Iterator[str]:
    """Statements with one word misspelt, left out, exchanged or added, at each position."""
    for at, word in enumerate(words):
        for slip in ([word[1:]], [], ["another"], [word, "added"]):
            changed = [*words[:at], *slip, *words[at + 1 :]]
            if len(changed) >= MIN_STATEMENT_WORDS:
                yield " ".join(changed)


words_said = st.lists(
    st.text("abcdefghij", min_size=2, max_size=8), min_size=MIN_STATEMENT_WORDS, max_size=30
)


@given(st.uuids(), words_said)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_fingerprint_survives_a_slip_in_any_word_for_any_speaker(speaker, words):
    text = " ".join(words)
    pairs = [pair for slip in with_one_slip(words) for pair in ((text, slip), (slip, text))]
    assert all(share_fingerprint(speaker, pairs))


@given(st.uuids(), words_said)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_part_of_five_words_shares_the_fingerprint(speaker, words):
    text = " ".join(words)
    starts = range(len(words) - MIN_STATEMENT_WORDS + 1)
    parts = [" ".join(words[start : start + MIN_STATEMENT_WORDS]) for start in starts]
    pairs = [pair for part in parts for pair in ((text, part), (part, text))]
    assert all(share_fingerprint(speaker, pairs))


def test_a_fragment_on_record_shares_the_fingerprint_of_words_that_contain_it():
    pairs = [(fragment, SAID) for fragment in ("quay", "no choice", "the quay before", SAID[:16])]
    assert all(share_fingerprint(uuid.uuid4(), pairs))


def queries(work) -> int:
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


def test_matching_takes_as_many_queries_for_fifty_quotes_as_for_one():
    words = [f"{SAID} in the year {n} of the board" for n in range(50)]
    for each in words:
        one_filed(each)
    costs = []
    for chosen in (words[:1], words):
        sent = FilingSerializer.read(filing(*chosen, outlet="The Post"))
        costs.append(queries(lambda sent=sent: file(sent, OPERATOR)))
    assert costs[0] + 1 >= costs[1]  # the outlet is known the second time


# One speaker


def test_the_database_refuses_an_utterance_of_two_speakers():
    utterance = make_utterance()
    make_quote(SAID, speaker=make_speaker(), utterance=utterance)
    for other in (make_speaker("Bo Ek"), None):
        with pytest.raises(IntegrityError, match="have one speaker"), transaction.atomic():
            make_quote(SAID, speaker=other, utterance=utterance)


def test_a_quote_that_is_given_another_speaker_leaves_its_utterance():
    first, second, third = (one_filed({"text": SAID, "status": "proposed"}) for _ in range(3))
    fresh(third).revise(speaker=make_speaker("Bo Ek"))
    assert fresh(third).utterance is None
    assert fresh(third).version == 2
    assert are_one(first, second)
    Quote.objects.filter(pk=second.pk).update(speaker=make_speaker("Cy Dow"))
    assert fresh(second).utterance is None


def test_moved_quotes_leave_their_utterance_unless_all_of_it_is_moved():
    quotes = [one_filed(SAID) for _ in range(3)]
    mara, bo = quotes[0].speaker, make_speaker("Bo Ek")
    to_bo = {"speaker": mara, "to": bo, "reason": NOTE, "now": timezone.now()}
    reattribute(Quote.objects.all(), [quotes[0].pk], **to_bo)
    assert fresh(quotes[0]).utterance is None
    reattribute(Quote.objects.all(), [q.pk for q in quotes[1:]], **to_bo)
    assert are_one(*quotes[1:])
    assert fresh(quotes[1]).speaker == bo


def test_a_merge_of_speakers_moves_utterances_and_its_undo_moves_them_back():
    quotes = [one_filed({"text": SAID, "speaker": "Mara Quill-Ek"}) for _ in range(2)]
    theirs, into = quotes[0].speaker, make_speaker("Mara Quill")
    merge(theirs, into)
    assert are_one(*quotes)
    unmerge(Speaker.objects.get(pk=theirs.pk))
    assert are_one(*quotes)
    assert fresh(quotes[0]).speaker == theirs


def test_after_the_undo_of_a_merge_no_utterance_has_two_speakers():
    quotes = [one_filed({"text": SAID, "speaker": "Mara Quill-Ek"}) for _ in range(2)]
    theirs, into = quotes[0].speaker, make_speaker("Mara Quill")
    merge(theirs, into)
    later = one_filed(SAID)
    assert are_one(*quotes, later)
    unmerge(Speaker.objects.get(pk=theirs.pk))
    assert [fresh(quote).utterance for quote in quotes] == [None, None]
    call_command("match_utterances", verbosity=0, stdout=io.StringIO())
    assert are_one(*quotes)
    assert not are_one(later, *quotes)


# By verb


def test_a_quote_that_a_curator_has_parted_is_not_matched_again():
    first, second = one_filed(SAID), one_filed(SAID)
    fresh(second).part("She said it twice that day.")
    assert fresh(second).utterance is None
    assert Revision.objects.of(second).last().reason == "She said it twice that day."
    third = one_filed(SAID)
    assert are_one(first, third)
    call_command("match_utterances", verbosity=0, stdout=io.StringIO())
    assert fresh(second).utterance is None
    with pytest.raises(ValidationError):
        fresh(second).part("Again.")


def test_a_curator_joins_quotes_that_no_rule_matches():
    first, second, third = one_filed(SAID), one_filed(SAID), one_filed(OTHER)
    joined = Utterance.join([second, third], "The recording has both.")
    assert joined.pk == fresh(first).utterance_id
    assert are_one(first, second, third)
    assert Revision.objects.of(third).last().reason == "The recording has both."


def test_quotes_of_two_speakers_are_not_joined():
    one, other = one_filed(SAID), one_filed({"text": SAID, "speaker": "Bo Ek"})
    with pytest.raises(ValidationError, match="one speaker"):
        Utterance.join([one, other])
    with pytest.raises(ValidationError):
        Utterance.join([one])


def test_many_quotes_are_joined_and_parted_in_bulk():
    user = make_client("Curators").user
    seen = [(quote.pk, quote.version) for quote in (one_filed(SAID), one_filed(OTHER))]
    assert join(seen, "Heard it.", user=user).changed == 2
    assert are_one(*(Quote.objects.get(pk=key) for key, _ in seen))
    assert join(seen, user=user).refused == 2  # they were changed meanwhile
    seen = [(key, version + 1) for key, version in seen]
    assert part(seen, "Misheard.", user=user).changed == 2
    assert not Quote.objects.exclude(utterance=None).exists()


def test_a_reversion_does_not_restore_an_utterance_of_another_speaker():
    first, second = (one_filed({"text": SAID, "status": "proposed"}) for _ in range(2))
    mara, bo = first.speaker, make_speaker("Bo Ek")
    fresh(first).revise(speaker=bo)
    Quote.objects.filter(pk=second.pk).update(speaker=make_speaker("Cy Dow"))
    revert(fresh(first), 2, "She said it after all.")
    assert fresh(first).speaker == mara
    assert fresh(first).utterance is None


def test_a_command_matches_quotes_on_record():
    speaker = make_speaker()
    quotes = [make_quote(SAID, speaker=speaker, published="2026-03-14") for _ in range(3)]
    alone = make_quote(OTHER, speaker=speaker, published="2026-03-14")
    out = io.StringIO()
    call_command("match_utterances", verbosity=0, stdout=out)
    assert are_one(*quotes)
    assert fresh(alone).utterance is None
    assert "3 quotes" in out.getvalue()
    call_command("match_utterances", verbosity=0, stdout=out)
    assert [fresh(quote).version for quote in quotes] == [2, 2, 2]


# Over HTTP


def test_an_utterance_is_patched_parted_and_refused_to_another_speaker(curator):
    first, second = one_filed(SAID), one_filed(SAID)
    stranger = one_filed({"text": SAID, "speaker": "Bo Ek"})

    def patch(quote, utterance):
        path = f"{API}quotes/{quote.pk}/"
        return curator.patch(path, {"utterance": utterance}, headers={"If-Match": "*"})

    refused = problem(patch(stranger, str(second.utterance_id)), 400)
    assert refused["errors"][0]["pointer"] == "/utterance"
    assert ok(patch(first, None))["utterance"] is None
    assert ok(patch(first, str(second.utterance_id)))["utterance"]["quotes"] == 2


def test_an_utterance_lists_its_wordings_longest_first_with_their_outlets(reader):
    whole = one_filed(SAID, day="2026-03-15")
    shouted = one_filed(SAID.upper(), day="2026-03-14")
    part_of_it = one_filed(PART, day="2026-03-16")
    response = reader.get(f"{API}utterances/{fresh(whole).utterance_id}/")
    body = ok(response)
    assert body["speaker"]["name"] == "Mara Quill"
    assert (body["quotes"], body["first"], body["last"]) == (3, "2026-03-14", "2026-03-16")
    assert [wording["text"] for wording in body["wordings"]] == [SAID.upper(), PART]
    carried = [[quote["id"] for quote in wording["quotes"]] for wording in body["wordings"]]
    assert carried == [[str(shouted.pk), str(whole.pk)], [str(part_of_it.pk)]]
    assert body["wordings"][0]["quotes"][0]["outlet"]["name"] == shouted.outlet.name
    again = reader.get(body["url"], headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    assert ok(reader.get(body["url"], {"fields": "quotes,last"})) == {
        "quotes": 3,
        "last": "2026-03-16",
    }
    problem(reader.get(body["url"], {"wordings": "1"}), 400)


def test_an_utterance_shows_only_what_its_reader_may_see(reader, curator):
    shown, hidden = one_filed(SAID), one_filed({"text": PART, "status": "proposed"})
    path = f"{API}utterances/{hidden.utterance_id}/"
    assert ok(reader.get(path))["quotes"] == 1
    assert PART not in [wording["text"] for wording in ok(reader.get(path))["wordings"]]
    assert ok(curator.get(path))["quotes"] == 2
    hide(Quote.objects.filter(pk=shown.pk), "rejected")
    problem(reader.get(path), 404)
    problem(curator.get(f"{API}utterances/{make_utterance().pk}/"), 404)


def found(client, **asked) -> list[str]:
    """The ids of all quotes that are found, page by page of two."""
    url, rows = f"{API}quotes/", []
    answer = ok(client.get(url, {"limit": 2, **asked}))
    while True:
        rows += [row["id"] for row in answer["results"]]
        if not answer["next"]:
            return rows
        answer = ok(client.get(answer["next"]))


@pytest.mark.parametrize("ordering", ["published", "-published", "-created"])
def test_each_utterance_is_listed_once_by_its_first_printed_quote(reader, ordering):
    utterance, speaker = make_utterance(), make_speaker()
    days = [None, "2026-03-16", "2026-03-15", "2026-03-15", "2026-03-20"]
    quotes = [make_quote(SAID, published=day, utterance=utterance, speaker=speaker) for day in days]
    alone = [make_quote(OTHER, published=day) for day in ("2026-03-01", None)]
    others = make_utterance()
    undated = [make_quote(OTHER, utterance=others) for _ in range(2)]
    once = found(reader, one_per_utterance="true", ordering=ordering)
    assert sorted(once) == sorted(str(q.pk) for q in (quotes[2], *alone, undated[0]))
    assert len(found(reader, one_per_utterance="false", ordering=ordering)) == 9


def test_the_first_printed_quote_is_chosen_among_those_the_other_filters_match(reader):
    utterance, post = make_utterance(), make_outlet("The Post")
    make_quote(SAID, published="2026-03-14", utterance=utterance)
    later = make_quote(SAID, published="2026-03-15", utterance=utterance, outlet=post)
    make_quote(SAID, published="2026-03-16", utterance=utterance, outlet=post)
    assert found(reader, outlet=post.slug, one_per_utterance="true") == [str(later.pk)]
    answer = ok(reader.get(f"{API}quotes/", {"one_per_utterance": "true", "count": "true"}))
    assert answer["count"] == {"value": 1, "exact": True}


@pytest.mark.parametrize("value", ["yes", "1", "True", "true,false"])
def test_one_per_utterance_is_true_or_false(reader, value):
    refused = problem(reader.get(f"{API}quotes/", {"one_per_utterance": value}), 400)
    assert "one_per_utterance" in str(refused["errors"])


# How well


def test_synthetic_statements_are_matched_with_precision_and_recall():
    result, _ = bench.measure(3_000, seed=bench.SEED)
    assert result.right > 3_000
    assert result.precision >= 0.98, result.wrongly
    assert result.recall >= 0.95, result.missing

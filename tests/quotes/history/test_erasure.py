"""Erasure: what the law says must go is nowhere any more, and everything else still holds."""

import io
import json
import subprocess
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.database import embedded
from quotes.filing import OPERATOR, Refused, capture, propose
from quotes.history.erasure import CannotErase, erase
from quotes.models import Claim, Quote, Via
from sources.history.erasure import BLOT, merged, occurrences, redacted
from sources.jobs.models import draft_of_rows
from sources.ledger.revisions import Revision
from sources.models import Affiliation, Article, IdempotentResponse, Job, Snapshot, Speaker
from tests.conftest import API, fresh, make_client, make_filing, ok, problem, publish, sql
from tests.quotes.history.test_verification import tamper
from tests.records import (
    make_affiliation,
    make_article,
    make_fact,
    make_quote,
    make_speaker,
    make_utterance,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
REASON = "Court of Harrow, order 7/26."

# The first words of each text are the quote's; the rest stays.
WORDS = "The ledger “was burnt” in March, and I lit it\\"
NEXT = "The ledger “was burnt” in April, and I lit it\\"
OTHER = "Nobody saw anything"
FIRST = f"“{WORDS},” said Mara Quill. The clerk disagreed: “{OTHER}.” Quill left.\n"
SECOND = f"Updated. {FIRST}"
THIRD = f"Updated. “{NEXT},” said Mara Quill. The clerk disagreed: “{OTHER}.” Quill left.\n"
SECRETS = [WORDS, NEXT, "was burnt", "in March, and", "in April, and"]


def filing_of(page: str, words: str = WORDS) -> dict:
    return make_filing(
        text=page,
        quotes=[
            {
                "text": words,
                "kind": "direct",
                "speaker": "Mara Quill",
                "role": "harbour master",
                "attribution": {"speaker": "Mara Quill", "role": "quay captain", "cue": "said"},
                "via": [{"kind": "told", "name": "NationalWorld"}],
                "status": "published",
            },
            {"text": OTHER, "kind": "direct", "speaker": "Joan Clerk", "status": "published"},
        ],
    )


@pytest.fixture
def history():
    """A quote that was filed, moved, altered, corrected, disputed, shown in the admin, retried."""
    forget_statistics()
    curator = make_client("Curators")
    retried = {"Idempotency-Key": "k-1"}
    filed = ok(curator.post(f"{API}articles/", filing_of(FIRST), headers=retried), 201)
    ok(curator.post(f"{API}articles/", filing_of(FIRST), headers=retried), 201)
    key, other = (quote["id"] for quote in filed["quotes"])
    moved = ok(curator.post(f"{API}articles/", make_filing(text=SECOND, quotes=[])))
    altered = ok(curator.post(f"{API}articles/", make_filing(text=THIRD, quotes=[])))
    assert {q["id"]: q["state"] for q in moved["reanchored"]}[key] == "moved"
    assert {q["id"]: q["state"] for q in altered["reanchored"]}[key] == "altered"
    path = f"{API}quotes/{key}/"
    note = "In British English."
    ok(curator.patch(path, {"language": "en-GB", "note": note}, headers={"If-Match": "*"}))
    quote = Quote.objects.get(pk=key)
    quote.dispute("She says that she never lit it\\.")
    quote.correct("April it was.", now=NOW, text=NEXT)
    # A quote that it replaced.
    duplicate = make_quote("Nobody saw", article=make_article("“Nobody saw” it"))
    duplicate.retract("A duplicate.", replaced_by=quote)
    LogEntry.objects.create(
        user=curator.user,
        content_type=ContentType.objects.get_for_model(Quote),
        object_id=key,
        object_repr=str(quote),
        action_flag=CHANGE,
        change_message=json.dumps([{"changed": {"fields": ["Language"]}}]),
    )
    quote.refresh_from_db()
    quote.neighbour, quote.duplicate = Quote.objects.get(pk=other), duplicate
    return quote


def erased(kind: str, *ids, reason: str = REASON, options=("--yes",)) -> str:
    out = io.StringIO()
    call_command(
        "erase", kind, *map(str, ids), "--reason", reason, *options, stdout=out, verbosity=0
    )
    return out.getvalue()


def verified() -> None:
    """The whole database holds."""
    out = io.StringIO()
    try:
        call_command("verify", "--all", stdout=out, verbosity=0)
    except CommandError:
        pytest.fail(out.getvalue())


def forget_statistics() -> None:
    """Drop what PostgreSQL noted of rows of other tests: a table that is emptied keeps it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM pg_statistic s USING pg_class c "
            "WHERE c.oid = s.starelid AND c.relnamespace = 'public'::regnamespace"
        )


def dumped() -> str:
    """The whole test database, as PostgreSQL's own tool writes it out."""
    if not connection.is_embedded:
        pytest.skip("the tools that come with the embedded server are for the embedded server")
    place = connection.settings_dict
    server = ["-h", place["HOST"], "-p", str(place["PORT"]), "-U", place["USER"], place["NAME"]]
    return subprocess.run(
        [embedded.binaries() / "pg_dump", "--statistics", *server],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def forms(words: str) -> set[str]:
    """Words as they stand in a dump: plainly, in JSON, and with COPY's doubled backslashes."""
    plain = {
        words,
        json.dumps(words)[1:-1],
        json.dumps(words, ensure_ascii=False)[1:-1],
    }
    return plain | {form.replace("\\", "\\\\") for form in plain}


def still_found(secrets, dump: str) -> list[str]:
    return [form for words in secrets for form in forms(words) if form in dump]


# A quote


@pytest.mark.django_db(transaction=True)
def test_nothing_of_an_erased_quote_is_left_in_the_database(history, curator):
    before = dumped()
    assert all(still_found([words], before) for words in SECRETS)
    assert still_found(["never lit it"], before)
    said = erased("quote", history.pk)
    after = dumped()
    assert still_found([*SECRETS, "never lit it", "quay captain"], after) == []
    assert OTHER in after
    assert "Their words were not found anywhere else." in said
    verified()
    assert ok(curator.get(f"{API}quotes/{history.neighbour.pk}/verify/"))["ok"]


@pytest.mark.django_db(transaction=True)
def test_the_files_of_the_database_hold_nothing_of_it_after_a_vacuum(history):
    secrets = [words.encode() for words in ("was burnt” in March", "was burnt” in April")]
    place = "SELECT current_setting('data_directory') || '/' || pg_relation_filepath(c.oid)"
    tables = f"{place} FROM pg_class c WHERE relkind IN ('r', 't', 'i') AND relfilenode <> 0"

    def found() -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
            cursor.execute(tables)
            files = [path for (path,) in cursor.fetchall()]
        held = set()
        for path in files:
            with open(path, "rb") as file:
                content = file.read()
            held |= {path for secret in secrets if secret in content}
        return held

    assert found()
    erased("quote", history.pk)
    sql("VACUUM FULL")
    assert not found()


def test_the_rest_of_the_text_keeps_its_offsets(history):
    before = {s.pk: s for s in Snapshot.objects.all()}
    erased("quote", history.pk)
    for after in Snapshot.objects.filter(article=history.article_id):
        was = before[after.pk]
        assert len(after.text) == len(was.text)
        assert after.sha256 == was.sha256
        ((start, end),) = after.erased
        assert was.text[start:end].removesuffix(",") in (WORDS, NEXT)
        assert after.text == was.text[:start] + BLOT * (end - start) + was.text[end:]
        assert after.version == 2
    history.neighbour.refresh_from_db()
    text = history.neighbour.snapshot.text
    ((start, end),) = history.neighbour.spans
    assert text[start:end] == history.neighbour.text == OTHER
    assert history.neighbour.contexts == [[text[start - 32 : start], text[end : end + 32]]]
    assert history.neighbour.version == Quote.objects.get(pk=history.neighbour.pk).version


def test_the_tombstone_holds_the_reason_and_nothing_else(history):
    version, hashes = history.version, list(Revision.objects.of(history).values_list("hash"))
    erased("quote", history.pk)
    *past, last = Revision.objects.of(history)
    assert (last.verb, last.version, last.reason) == ("erased", version + 1, REASON)
    assert last.state is None
    assert all(r.state is r.salt is r.reason is None for r in past)
    assert [r.hash for r in past] == [h for (h,) in hashes]
    assert not Quote.objects.filter(pk=history.pk).exists()
    assert not Via.objects.exists()


def test_references_to_an_erased_quote_are_cleared_and_that_is_recorded(history):
    erased("quote", history.pk)
    assert fresh(history.duplicate).replaced_by is None
    last = Revision.objects.of(history.duplicate).last()
    assert (last.verb, last.fields, last.reason) == ("updated", ["replaced_by_id"], REASON)


def test_stored_responses_and_the_admin_log_are_erased(history, curator):
    kept = {"Idempotency-Key": "k-2"}
    ok(curator.post(f"{API}outlets/", {"name": "Radio"}, headers=kept), 201)
    said = erased("quote", history.pk)
    assert "  1 stored responses\n" in said
    assert "  the words in 1 log entries" in said
    assert [answer.key for answer in IdempotentResponse.objects.all()] == ["k-2"]
    assert [entry.object_repr for entry in LogEntry.objects.all()] == ["erased"]


def test_the_nearest_passage_of_another_quote_is_removed_if_it_is_redacted():
    curator = make_client("Curators")
    text = "“We will close the old quay in May,” she said."
    quotes = [{"text": "We will close the old quay in May,", "status": "published"}]
    filed = ok(curator.post(f"{API}articles/", make_filing(text=text, quotes=quotes)), 201)
    changed = text.replace("old", "new")
    ok(curator.post(f"{API}articles/", make_filing(text=changed, quotes=[])))
    first = Quote.objects.get(pk=filed["quotes"][0]["id"])
    assert first.nearest["text"].startswith("We will close the new quay")
    second = make_quote("the new quay", article=Article.objects.get())
    erased("quote", second.pk)
    assert fresh(first).anchor == "altered"
    assert first.nearest is None
    verified()


def test_the_nearest_passage_of_an_altered_quote_is_redacted_too():
    """It is in no state of the quote: where it stood was not recorded, and is found again."""
    curator = make_client("Curators")
    text = "“We will close the quay in May,” she said."
    quotes = [{"text": "We will close the quay in May,", "status": "published"}]
    ok(curator.post(f"{API}articles/", make_filing(text=text, quotes=quotes)), 201)
    for changed in (text.replace("May", "June"), text):
        ok(curator.post(f"{API}articles/", make_filing(text=changed, quotes=[])))
    quote = Quote.objects.get()
    assert quote.anchor in ("exact", "moved")
    erased("quote", quote.pk)
    assert not any("quay" in snapshot.text for snapshot in Snapshot.objects.all())
    verified()


def test_a_neighbour_that_shares_words_is_erased_and_its_other_words_stay():
    article = make_article("“We had no choice, none at all, and we knew it,” she said.")
    quote = make_quote("no choice, none", article=article)
    wider = make_quote("We had no choice, none at all", article=article)
    apart = make_quote("we knew it", article=article)
    said = erased("quote", quote.pk)
    assert f"quote {wider.pk} (shares words with one above)" in said
    assert [q.pk for q in Quote.objects.all()] == [apart.pk]
    blots = BLOT * len("no choice, none")
    assert Snapshot.objects.get().text == f"“We had {blots} at all, and we knew it,” she said."
    verified()


def test_a_neighbour_that_once_shared_words_is_erased():
    article = make_article("“We had no choice,” she said. “None.”")
    quote, other = make_quote("no choice", article=article), make_quote("had no", article=article)
    other.correct("Other words.", now=NOW, text="None")
    erased("quote", quote.pk)
    assert not Quote.objects.exists()
    verified()


def test_the_same_words_in_several_spans_are_erased():
    text = "“We had,” she said, “no choice.” Later: “We had no choice.”"
    article = make_article(text)
    at = text.rindex("We had")
    quote = make_quote("We had no choice", article=article)
    spans = [[1, 7], [text.index("no choice"), text.index("no choice") + 9]]
    pieces = Quote.objects.create(
        article=article, snapshot=article.snapshot, text="We had no choice", spans=spans,
        seams=["interruption"],
        anchor="exact", kind="direct", status="published",
    )  # fmt: skip
    erased("quote", quote.pk)
    assert not Quote.objects.filter(pk=pieces.pk).exists()
    text = Snapshot.objects.get().text
    assert "choice" not in text
    assert "We had" not in text
    assert text[at : at + 16] == BLOT * 16
    verified()


def test_every_occurrence_of_the_words_is_redacted_but_not_parts_of_other_words():
    article = make_article("“No,” she said. No, nobody. Then: No!\nNo")
    quote = make_quote("No", article=article)
    erased("quote", quote.pk)
    blots = "“██,” she said. ██, nobody. Then: ██!\n██"
    assert Snapshot.objects.get().text == blots


def test_redacted_passages_keep_their_line_breaks():
    quote = make_quote("One\nTwo\r\nThree\u2028Four")
    erased("quote", quote.pk)
    assert "███\n███\r\n█████\u2028████" in Snapshot.objects.get().text
    verified()


def test_a_text_can_be_redacted_twice():
    article = make_article("One and two and three.")
    one, two = make_quote("One", article=article), make_quote("two", article=article)
    erased("quote", one.pk)
    erased("quote", two.pk)
    snapshot = Snapshot.objects.get()
    assert snapshot.text == "███ and ███ and three."
    assert snapshot.erased == [[0, 3], [8, 11]]
    verified()


def test_a_redacted_text_can_still_be_verified(reader):
    article = make_article("One and two and, a good deal further on than any context, three.")
    one, two = make_quote("One", article=article), make_quote("two", article=article)
    erased("quote", one.pk)
    assert ok(reader.get(f"{API}quotes/{two.pk}/verify/"))["ok"]
    tamper("UPDATE sources_snapshot SET text = replace(text, 'three', 'seven')")
    body = ok(reader.get(f"{API}quotes/{two.pk}/verify/"))
    faults = [check["check"] for check in body["checks"] if not check["ok"]]
    assert faults == ["snapshot_digest"]


def test_an_unanchored_quote_is_erased():
    quote = make_quote("We had no choice", anchor="unanchored")
    erased("quote", quote.pk)
    assert not Quote.objects.exists()
    verified()


def test_an_utterance_holds_no_words_and_stays():
    utterance = make_utterance()
    quote = make_quote(utterance=utterance)
    erased("quote", quote.pk)
    utterance.refresh_from_db()
    verified()


def test_a_redacted_text_says_so_to_its_readers(curator):
    quote = make_quote("One")
    sha256 = quote.snapshot.sha256
    assert ok(curator.get(f"{API}snapshots/{sha256}/"))["erased"] is None
    erased("quote", quote.pk)
    shown = ok(curator.get(f"{API}snapshots/{sha256}/"))
    assert shown["erased"] == [[1, 4]]
    assert shown["text"].startswith("“███”")


def test_the_article_can_be_filed_again_and_its_words_do_not_come_back(history, curator):
    erased("quote", history.pk)
    ok(curator.post(f"{API}articles/", make_filing(text=THIRD, quotes=[])))
    assert not any("burnt" in snapshot.text for snapshot in Snapshot.objects.all())
    key = {"Idempotency-Key": "after"}
    again = ok(curator.post(f"{API}articles/", filing_of(THIRD, NEXT), headers=key))
    gone, other = again["quotes"]
    assert gone == {"text": None, "filing": {"outcome": "erased", "reason": REASON}}
    assert (other["text"], other["filing"]["outcome"]) == (OTHER, "unchanged")
    assert not any("burnt" in str(answer.body) for answer in IdempotentResponse.objects.all())
    alone = {"article": again["id"], "text": NEXT, "speaker": "Mara Quill"}
    assert problem(curator.post(f"{API}quotes/", alone), 410)["reason"] == REASON
    verified()


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_after_any_changes_an_erasure_leaves_a_verified_database(data):
    words = st.lists(st.sampled_from(["We", "had", "no", "“choice,”", "one\nsaid."]), min_size=2)
    with transaction.atomic():
        article = make_article(" ".join(data.draw(words)))
        for _ in range(data.draw(st.integers(1, 3))):
            text = article.snapshot.text
            for _ in range(data.draw(st.integers(1, 4))):
                start = data.draw(st.integers(0, len(text) - 1))
                end = data.draw(st.integers(start + 1, min(len(text), start + 12)))
                said = text[start:end]
                with suppress(Refused):
                    proposal = {"text": said, "spans": [[start, end]]}
                    propose(article, proposal, OPERATOR)
            capture(article, " ".join(data.draw(words)), OPERATOR)
            article.refresh_from_db()
        if quotes := list(Quote.objects.order_by("id")):
            one = data.draw(st.sampled_from(quotes))
            states = list(Revision.objects.of(one).values_list("state", flat=True))
            erased("quote", one.pk)
            texts = {str(s.pk): s.text for s in Snapshot.objects.all()}
            for state in states:
                for start, end in state["spans"]:
                    assert set(texts[state["snapshot_id"]][start:end]) <= {BLOT, "\n"}
                for text in (*texts.values(), *Quote.objects.values_list("text", flat=True)):
                    assert not occurrences(text, state["text"])
            assert one.pk not in Quote.objects.values_list("pk", flat=True)
        verified()
        transaction.set_rollback(True)


# What remains


def test_words_that_remain_elsewhere_are_listed_with_their_ids():
    words = "We had no choice, none of us"
    quote = make_quote(words)
    wire = make_article("He said “we had no choice – none” and “WE HAD NO CHOICE, NONE OF US”.")
    headline = make_article(headline="‘We had no choice, none of us’")
    speaker = make_speaker(identifiers={"note": f"said: {words}"})
    said = erased("quote", quote.pk)
    assert "Their words remain here:" in said
    for place in (
        f"sources_snapshot.text of {wire.snapshot_id}",
        f"sources_article.headline of {headline.pk}",
        f"sources_revision.state of {headline.pk}, version 1",
        f"sources_speaker.identifiers of {speaker.pk}",
        f"sources_revision.state of {speaker.pk}, version 1",
    ):
        assert f"  {place}: we had no choice, none of us\n" in said
    assert said.count(": we had no choice") == 5


def test_texts_that_were_not_searched_for_are_reported(monkeypatch):
    monkeypatch.setattr("sources.history.erasure.MAX_TERMS", 2)
    article = make_article("One said one thing, two another, three a third.")
    speaker = make_speaker("Ann Lee")
    for words in ("One", "two", "three"):
        make_quote(words, article=article, speaker=speaker)
    headline = make_article(headline="Ann Lee on three things")
    said = erased("speaker", speaker.pk)
    assert f"sources_article.headline of {headline.pk}: ann lee\n" in said
    assert f"sources_article.headline of {headline.pk}: three\n" in said
    assert said.endswith("2 texts, too short or too many, were not searched for.\n")


def test_a_reason_that_repeats_the_words_is_refused():
    quote = make_quote("We had no choice")
    with pytest.raises(CommandError, match="reason is public"):
        erased("quote", quote.pk, reason="She denies “We had NO choice”.")
    assert Quote.objects.exists()


# An article


@pytest.mark.django_db(transaction=True)
def test_an_article_is_erased_with_its_snapshots_and_quotes(history, curator):
    article = history.article
    snapshots = [s.pk for s in Snapshot.objects.filter(article=article)]
    copy = make_article(THIRD, headline="Another outlet's")
    said = erased("article", article.pk)
    assert f"sources_snapshot.text of {copy.snapshot_id}: the same text" in said
    assert not Snapshot.objects.filter(pk__in=snapshots).exists()
    assert not Quote.objects.filter(article=article.pk).exists()
    for key in (article.pk, history.pk, history.neighbour.pk, *snapshots):
        assert Revision.objects.filter(subject_id=key).last().verb == "erased"
    erased("article", copy.pk)
    left = dumped()
    assert still_found([*SECRETS, OTHER, "Quay to close", "harbourpost.example/2026"], left) == []
    verified()
    body = problem(curator.get(f"{API}articles/{article.pk}/snapshots/"), 410)
    assert body["reason"] == REASON


# A speaker


@pytest.mark.django_db(transaction=True)
def test_a_speaker_is_erased_with_merged_speakers_affiliations_quotes_and_names(history):
    speaker = history.speaker
    speaker.aliases = ["Mara the Quay"]
    speaker.save()
    twin = make_speaker("M. J. Quill", merged_into=speaker)
    make_affiliation(speaker=speaker, role="emperor of ports")
    make_fact(speaker=twin, key="party", value="Lighthouse League", source="her almanac entry")
    erased("speaker", speaker.pk)
    assert not Speaker.objects.filter(pk__in=[speaker.pk, twin.pk]).exists()
    assert not Affiliation.objects.filter(speaker=speaker.pk).exists()
    names = ["Mara Quill", "Mara the Quay", "M. J. Quill", "quay captain", "emperor of ports"]
    names += ["Lighthouse League", "her almanac entry"]
    assert still_found([*SECRETS, *names], dumped()) == []
    verified()


TOGETHER = "“We had no choice,” said Mara Quill and Joan Clerk. “It was late,” Joan Clerk said."


def said_together(client) -> tuple[dict, dict]:
    forget_statistics()
    quotes = [
        {"text": "We had no choice,", "speaker": ["Mara Quill", "Joan Clerk"]},
        {"text": "It was late,", "speaker": "Joan Clerk"},
    ]
    filing = publish(make_filing(text=TOGETHER, byline=[], quotes=quotes))
    together, alone = ok(client.post(f"{API}articles/", filing), 201)["quotes"]
    return together, alone


@pytest.mark.django_db(transaction=True)
def test_a_member_of_a_joint_statement_is_erased_with_it(curator, reader):
    together, alone = said_together(curator)
    joint = together["speaker"]["id"]
    own_name = {"name": "Quill & Clerk"}
    ok(curator.patch(f"{API}speakers/{joint}/", own_name, headers={"If-Match": "*"}))
    erased("speaker", Speaker.objects.get(name="Mara Quill").pk)
    assert still_found(["Mara", "Quill", "had no choice"], dumped()) == []
    assert reader.get(f"{API}quotes/{together['id']}/").status_code == 410
    assert reader.get(f"{API}speakers/{joint}/").status_code == 410
    assert ok(reader.get(f"{API}quotes/{alone['id']}/"))["speaker"]["name"] == "Joan Clerk"
    verified()


@pytest.mark.django_db(transaction=True)
def test_a_joint_statement_is_erased_without_its_members(curator, reader):
    together, alone = said_together(curator)
    erased("speaker", together["speaker"]["id"])
    assert still_found(["had no choice", "Mara Quill and Joan"], dumped()) == []
    assert reader.get(f"{API}quotes/{together['id']}/").status_code == 410
    assert {str(speaker) for speaker in Speaker.objects.all()} == {"Mara Quill", "Joan Clerk"}
    assert ok(reader.get(f"{API}quotes/{alone['id']}/"))["anchor"]["state"] == "exact"
    verified()


@pytest.mark.django_db(transaction=True)
def test_a_member_is_not_erased_while_a_joint_statement_is_another_speakers(curator):
    together, _ = said_together(curator)
    joint, union = together["speaker"]["id"], make_speaker("The Union", kind="collective")
    path = f"{API}speakers/{joint}/merge/"
    ok(curator.post(path, {"into": str(union.pk)}, headers={"If-Match": "*"}))
    mara = Speaker.objects.get(name="Mara Quill")
    with pytest.raises(CommandError, match=f"{joint} was merged into {union.pk}"):
        erased("speaker", mara.pk)
    erased("speaker", union.pk)
    erased("speaker", mara.pk)
    assert still_found(["Mara", "Quill", "had no choice"], dumped()) == []


def test_names_are_redacted_and_quotes_that_name_the_speaker_are_erased():
    speaker = make_speaker("Ann Lee", aliases=["Lee"])
    text = "“I did it,” said Ann Lee. “Lee did it,” said Bo. “Sleep,” said Bo, asleep."
    article = make_article(text)
    make_quote("I did it", article=article, speaker=speaker)
    names = make_quote("Lee did it", article=article)
    other = make_quote("Sleep", article=article)
    said = erased("speaker", speaker.pk)
    assert f"quote {names.pk} (shares words" in said
    assert [quote.pk for quote in Quote.objects.all()] == [other.pk]
    expected = "“████████,” said ███████. “███ did it,” said Bo. “Sleep,” said Bo, asleep."
    assert Snapshot.objects.get().text == expected
    verified()


def test_a_speaker_that_was_merged_is_erased_with_the_one_it_was_merged_into():
    speaker = make_speaker()
    twin = make_speaker("M. Quill", merged_into=speaker)
    with pytest.raises(CommandError, match=f"merged into {speaker.pk}"):
        erased("speaker", twin.pk)


# Gone


def test_an_erased_quote_is_gone_for_those_who_could_have_seen_it(history, reader, curator):
    erased("quote", history.pk)
    tombstone = Revision.objects.of(history).last()
    path = f"{API}quotes/{history.pk}/"
    for client, method, at in (
        (reader, "get", path),
        (curator, "get", path),
        (curator, "get", f"{path}verify/"),
        (curator, "patch", path),
    ):
        body = problem(getattr(client, method)(at, headers={"If-Match": "*"}), 410)
        assert body["type"] == "urn:on-record:problem:erased"
        assert body["reason"] == REASON
        assert REASON in body["detail"]
        assert datetime.fromisoformat(body["erased"]) == tombstone.time
    listed = ok(reader.get(f"{API}quotes/"))["results"]
    assert [row["id"] for row in listed] == [str(history.neighbour.pk)]


@pytest.mark.parametrize("status", ["proposed", "rejected"])
def test_an_erased_quote_that_was_never_public_is_gone_for_reviewers_only(reader, curator, status):
    quote = make_quote(status=status)
    erased("quote", quote.pk)
    there = problem(reader.get(f"{API}quotes/{quote.pk}/"), 404)
    assert there == problem(reader.get(f"{API}quotes/{make_utterance().pk}/"), 404)
    problem(curator.get(f"{API}quotes/{quote.pk}/"), 410)


def test_only_the_path_of_an_erased_record_answers_410(history, reader, nobody, settings):
    article = history.article_id
    erased("article", article)
    problem(reader.get(f"{API}articles/{article}/"), 410)
    problem(reader.get(f"{API}quotes/{article}/"), 404)
    problem(reader.get(f"{API}articles/{history.pk}/"), 404)
    problem(nobody.get(f"{API}articles/{article}/"), 401)
    settings.ONRECORD_PUBLIC_READ = True
    problem(nobody.get(f"{API}articles/{article}/"), 410)


def test_an_erased_speaker_is_gone(reader, curator):
    speaker = make_speaker()
    erased("speaker", speaker.pk)
    problem(reader.get(f"{API}speakers/{speaker.pk}/"), 410)
    changed = curator.patch(
        f"{API}speakers/{speaker.pk}/", {"name": "X"}, headers={"If-Match": "*"}
    )
    problem(changed, 410)


# The command


def test_a_dry_run_reports_what_would_be_erased_and_changes_nothing(history):
    before = [
        list(m.objects.order_by("pk").values()) for m in (Quote, Snapshot, Revision, LogEntry)
    ]
    shown = erased("quote", history.pk, options=("--dry-run",))
    after = [list(m.objects.order_by("pk").values()) for m in (Quote, Snapshot, Revision, LogEntry)]
    assert before == after
    assert IdempotentResponse.objects.exists()
    assert shown.startswith("Would be erased:")
    done = erased("quote", history.pk)
    assert done == shown.replace("Would be erased:", "Erased:")


@pytest.mark.parametrize("answer", ["", "y", "erase article"])
def test_without_confirmation_nothing_is_erased(history, monkeypatch, answer):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: answer)
    with pytest.raises(CommandError, match="Nothing was erased"):
        erased("quote", history.pk, options=())
    history.refresh_from_db()


def test_on_a_terminal_the_command_asks_and_then_erases(history, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "erase quote")
    erased("quote", history.pk, options=())
    assert not Quote.objects.filter(pk=history.pk).exists()


def test_only_what_the_dry_run_showed_is_erased(history):
    shown = erase("quote", [history.pk], REASON, dry_run=True)
    article = Article.objects.get(pk=history.article_id)
    make_quote("was burnt", article=article)
    with pytest.raises(CannotErase, match="since the dry run"):
        erase("quote", [history.pk], REASON, confirmed=shown)
    history.refresh_from_db()


def test_an_erasure_is_all_or_nothing(history):
    nothing = make_utterance().pk
    with pytest.raises(CommandError, match=f"no quote {nothing}"):
        erased("quote", history.pk, nothing)
    history.refresh_from_db()
    erased("quote", history.pk)
    with pytest.raises(CommandError, match="no quote"):
        erased("quote", history.pk)


def test_bulk_jobs_that_hold_the_words_are_emptied_and_cancelled(history, curator):
    row = [2, {"quote": NEXT, "url": "https://harbourpost.example/2026/quay"}]
    waiting = draft_of_rows("import filings", curator.user, [[row], [row]], total=2, dry_run=True)
    told = draft_of_rows("import filings", curator.user, [[]], total=1)
    told.parts.update(told=[{"row": 2, "outcome": "refused", "why": f"No “{NEXT.upper()}”"}])
    because = Job.objects.create(
        work="reject", asked_by=curator.user, given={"reason": f"{WORDS}: no."}, state="done"
    )
    other = draft_of_rows("import filings", curator.user, [[[2, {"quote": OTHER}]]], total=1)
    assert "3 bulk jobs" in erased("quote", history.pk)
    states = dict(Job.objects.values_list("pk", "state"))
    assert states == {
        waiting.pk: "cancelled",
        told.pk: "cancelled",
        because.pk: "done",
        other.pk: "draft",
    }
    assert [str(job) for job in Job.objects.order_by("pk")]
    assert list(other.parts.values_list("rows", flat=True)) == [[[2, {"quote": OTHER}]]]
    assert not any(secret in dumped() for secret in ("was burnt", "WAS BURNT"))


@pytest.mark.parametrize("reason", ["", " "])
def test_an_erasure_needs_a_reason(history, reason):
    with pytest.raises(CommandError, match="reason"):
        erased("quote", history.pk, reason=reason)


def test_without_a_terminal_nothing_is_erased_unless_asked_for(history):
    with pytest.raises(CommandError, match="--yes"):
        erased("quote", history.pk, options=())


def test_the_admin_has_no_page_for_an_erased_record(history, curator):
    curator.user.is_staff = True
    curator.user.save()
    browser = Client()
    browser.force_login(curator.user)
    erased("quote", history.pk)
    assert browser.get(f"/admin/quotes/quote/{history.pk}/change/").status_code == 404
    assert "burnt" not in browser.get("/admin/quotes/quote/").content.decode()


# The parts


def test_ranges_are_merged_and_redacted():
    assert merged([(5, 9), (0, 2), (2, 3), (6, 7)]) == [[0, 3], [5, 9]]
    assert redacted("a\nbc d", [(0, 4)]) == "█\n██ d"


def test_in_scripts_with_upper_and_lower_case_only_whole_words_match():
    assert occurrences("No, know. No", "No") == [(0, 2), (10, 12)]
    assert occurrences("他说没有没有", "没有") == [(2, 4), (4, 6)]
    assert occurrences("aa aa aa", "aa aa") == [(0, 5), (3, 8)]
    assert occurrences("(x) [x]", "(x)") == [(0, 3)]


def test_an_article_that_a_curator_has_open_is_erased(history):
    user = get_user_model().objects.get()
    Claim.objects.hold(history.article, user, NOW)
    erased("article", history.article_id)
    assert not Claim.objects.exists()

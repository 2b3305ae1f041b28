"""Deliveries: each change once at least, in order for one record, as its user sees it."""

import base64
import hmac
import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from quotes.history.erasure import erase
from quotes.models import Delivery, SentQuote, Webhook
from quotes.webhooks import delivery, notices, tasks
from sources.checkpoints.notes import Signer, TreeHead
from sources.checkpoints.signing import sign
from sources.models import Era
from tests.conftest import API, fresh, make_filing, ok, publish, settle, sql
from tests.jobs import work_off
from tests.quotes.webhooks.receivers import HOST, receiving
from tests.records import hide, make_quote, make_speaker, make_webhook

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receiver(settings):
    settings.ONRECORD_WEBHOOK_PRIVATE_HOSTS = [HOST]
    with receiving() as one:
        yield one


@pytest.fixture
def hook(receiver, reader):
    return make_webhook(reader.user, url=receiver.url)


def deliver(hook: Webhook) -> None:
    """Send all that was committed so far."""
    settle()
    assert not delivery.deliver(fresh(hook), 60)


def work_off_deliveries() -> None:
    """What a worker does every five seconds."""
    settle()
    tasks.look(timestamp=0)
    work_off()


def told(receiver) -> list[dict]:
    return [json.loads(body) for _, body in receiver.messages]


def quotes_told(receiver) -> list[tuple[str, int, bool]]:
    changes = [message["data"] for message in told(receiver)]
    return [(c["verb"], c["version"], c["gone"]) for c in changes if c["type"] == "quote"]


def later(hook: Webhook, **ago) -> None:
    """Let time go by for what waits: everything is due, and was tried so long ago."""
    past = timezone.now() - timedelta(**ago)
    hook.deliveries.pending().update(due=past)
    hook.deliveries.pending().exclude(first_tried=None).update(first_tried=past)
    Webhook.objects.filter(pk=hook.pk).update(rests_until=None)


# What is sent


def test_a_webhook_is_told_what_the_change_feed_tells_the_same_user(
    hook, receiver, reader, curator
):
    after = ok(reader.get(f"{API}changes/", {"after": "now"}))["after"]
    made = ok(curator.post(f"{API}articles/", publish(make_filing())), 201)["quotes"][0]
    retracted = {"reason": "Made up."}
    path = f"{API}quotes/{made['id']}/retract/"
    ok(curator.post(path, retracted, headers={"If-Match": "*"}))
    make_quote("Not public", status="proposed")
    deliver(hook)
    asked = {"after": after, "types": "quote,speaker"}
    feed = ok(reader.get(f"{API}changes/", asked))["results"]
    assert len(feed) == len(receiver.messages) > 2
    # Links begin with the address of the service, which a message has to know by itself.
    said = json.dumps([m["data"] for m in told(receiver)]).replace("http://localhost/", "/")
    assert sorted(json.loads(said), key=str) == sorted(
        json.loads(json.dumps(feed).replace("http://testserver/", "/")), key=str
    )
    assert {m["type"] for m in told(receiver)} >= {"quote.created", "quote.retracted"}
    assert all(m["timestamp"] == m["data"]["time"] for m in told(receiver))
    assert not Delivery.objects.exclude(state="delivered").exists()


def test_messages_are_signed_as_the_standard_says(hook, receiver):
    make_quote()
    deliver(hook)
    (headers, body), *_ = receiver.messages
    assert headers["content-type"] == "application/json"
    assert headers["path"] == "/hook?key=k-1"
    assert Verifier(hook.secret).verify(body, headers) == json.loads(body)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(hook.secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    assert headers["webhook-signature"] == f"v1,{signature}"
    for spoilt in (body + b" ", body.replace(b"created", b"updated")):
        with pytest.raises(WebhookVerificationError):
            Verifier(hook.secret).verify(spoilt, headers)


def test_for_a_day_after_a_rotation_both_secrets_verify_and_then_only_the_new_one(hook, receiver):
    old = hook.secret
    hook.rotate(timezone.now())
    assert hook.secret != old
    make_quote()
    deliver(hook)
    headers, body = receiver.messages[-1]
    for secret in (old, hook.secret):
        assert Verifier(secret).verify(body, headers)
    Webhook.objects.update(previous_secret_until=timezone.now())
    make_quote()
    deliver(hook)
    headers, body = receiver.messages[-1]
    assert Verifier(hook.secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(old).verify(body, headers)


def test_a_leaked_secret_can_be_replaced_at_once(hook, receiver):
    hook.rotate(timezone.now())
    old = hook.secret
    hook.rotate(timezone.now(), at_once=True)
    make_quote()
    deliver(hook)
    headers, body = receiver.messages[-1]
    assert len(headers["webhook-signature"].split()) == 1
    with pytest.raises(WebhookVerificationError):
        Verifier(old).verify(body, headers)


def test_what_its_user_may_not_see_never_leaves(hook, receiver, curator):
    everything = make_webhook(curator.user, url=f"{receiver.url}&all=1")
    quote = make_quote("Hidden words", status="proposed", speaker=make_speaker(is_public=False))
    for each in (hook, everything):
        deliver(each)
    assert {headers["path"] for headers, _ in receiver.messages} == {"/hook?key=k-1&all=1"}
    assert any(b"Hidden words" in body for _, body in receiver.messages)
    receiver.messages.clear()
    quote.publish()
    settle()
    delivery.make_messages(fresh(hook))
    hide(type(quote).objects.filter(pk=quote.pk))  # between the change and its message
    deliver(hook)
    assert not any(b"Hidden words" in body for _, body in receiver.messages)
    assert {gone for *_, gone in quotes_told(receiver)} == {True}


def test_a_filer_is_told_of_their_own_proposals(receiver, contributor, reader):
    own = make_webhook(contributor.user, url=receiver.url)
    ok(contributor.post(f"{API}articles/", make_filing()), 201)
    make_quote("Of somebody else", status="proposed")
    deliver(own)
    quotes = [m["data"]["record"]["text"] for m in told(receiver) if m["data"]["type"] == "quote"]
    assert quotes == ["We had no choice,"]


def test_filters_choose_quotes_and_say_when_one_no_longer_matches(receiver, reader):
    mara, bo = make_speaker("Mara Quill"), make_speaker("Bo Ek")
    hook = make_webhook(
        reader.user, url=receiver.url, filters={"speaker": str(mara.pk)}, types=["quote"]
    )
    hers, his = make_quote(speaker=mara), make_quote("His words", speaker=bo)
    deliver(hook)
    assert quotes_told(receiver) == [("created", 1, False)]
    hers.retract("Made up.")
    deliver(hook)
    assert quotes_told(receiver)[1:] == [("retracted", 2, False)]
    moved = make_quote(speaker=mara)
    deliver(hook)
    receiver.messages.clear()
    moved.correct("Said by Bo.", now=timezone.now(), speaker=bo)
    deliver(hook)
    assert quotes_told(receiver) == [("corrected", 2, True)]
    moved.correct("In French.", now=timezone.now(), language="fr")
    his.correct("In French.", now=timezone.now(), language="fr")
    deliver(hook)
    assert len(receiver.messages) == 1  # it was told to delete it, and has not had the other
    assert [str(sent.quote) for sent in SentQuote.objects.all()] == [str(hers.pk)]


def test_words_can_be_followed(receiver, reader):
    hook = make_webhook(reader.user, url=receiver.url, filters={"q": "choice"}, types=["quote"])
    make_quote("We had no choice")
    make_quote("The quay will close")
    deliver(hook)
    assert [m["data"]["record"]["text"] for m in told(receiver)] == ["We had no choice"]


def test_other_types_are_sent_only_if_asked_for(receiver, reader):
    hook = make_webhook(reader.user, url=receiver.url, types=["speaker"])
    make_quote(speaker=make_speaker())
    deliver(hook)
    assert {m["data"]["type"] for m in told(receiver)} == {"speaker"}


# At least once, and in order


def test_each_checkpoint_is_sent_in_order_to_those_who_ask_for_it(receiver, hook, reader):
    signer = Signer.new("quotes.example/ledger")
    make_speaker()
    settle()
    sign([signer])  # before it was added
    keeper = make_webhook(reader.user, url=receiver.url, types=["checkpoint"])
    signed = []
    for _ in range(2):
        make_speaker()
        settle()
        signed.append(sign([signer]))
    tasks.look(timestamp=0)
    work_off()
    deliver(keeper)
    sent = [message for message in told(receiver) if message["type"] == "checkpoint.signed"]
    assert [message["data"] for message in sent] == [
        {"size": each.size, "checkpoint": each.note} for each in signed
    ]
    assert TreeHead.read(sent[-1]["data"]["checkpoint"], [signer.verifier]).size == 3
    assert not hook.deliveries.filter(subject_type="checkpoint").exists()
    assert keeper.deliveries.count() == 2
    deliver(keeper)
    assert keeper.deliveries.count() == 2


def test_a_message_that_fails_is_sent_again_with_the_same_id_and_holds_back_only_its_record(
    hook, receiver
):
    quote = make_quote()
    deliver(hook)
    receiver.messages.clear()
    quote.dispute("She denies it.")
    receiver.answers = [500]
    deliver(hook)
    quote.settle()
    other = make_quote("Other words")
    Webhook.objects.update(rests_until=None)
    deliver(hook)
    assert [str(other.pk)] == [m["data"]["id"] for m in told(receiver)[1:]]
    (waiting,) = hook.deliveries.pending().filter(attempts=1)
    assert (waiting.status, waiting.problem) == (500, "The receiver answered 500.")
    later(hook, minutes=1)
    deliver(hook)
    verbs = [m["data"]["verb"] for m in told(receiver) if m["data"]["id"] == str(quote.pk)]
    assert verbs == ["disputed", "disputed", "settled"]
    assert receiver.ids()[0] == receiver.ids()[2] == str(waiting.pk)
    assert told(receiver)[2]["data"]["record"]["status"] == "published"  # as it is now


def test_changes_of_one_record_are_sent_one_after_the_other(hook, receiver):
    quote, underway, most = make_quote(), [], []

    def count(handler):
        underway.append(1)
        most.append(len(underway))
        receiver.wait_for.wait(0.05)
        underway.pop()
        handler.send_response(200)
        handler.end_headers()

    for _ in range(2):
        quote.dispute("She denies it.")
        quote.settle()
    receiver.usual = count
    deliver(hook)
    assert [version for _, version, _ in quotes_told(receiver)] == [1, 2, 3, 4, 5]


def test_a_process_that_is_killed_after_sending_sends_again(hook, receiver, monkeypatch):
    make_quote()
    settle()
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "_note", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            delivery.deliver(fresh(hook), 60)
    sent = receiver.ids()
    deliver(hook)
    assert sorted(receiver.ids()) == sorted(sent * 2)


def killed(other: BaseDatabaseWrapper) -> None:
    """The server ends this connection, and its locks are free when this returns (10 s at most)."""
    ((gone,),) = sql("SELECT pg_terminate_backend(%s, 10000)", [other.connection.info.backend_pid])
    assert gone
    other.close()


def test_two_workers_never_send_for_one_webhook_at_the_same_time(hook, receiver):
    make_quote()
    settle()
    mine = connection.copy()
    with mine.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"webhook {hook.pk}"])
    assert not delivery.deliver(fresh(hook), 60)
    assert receiver.messages == []
    killed(mine)
    deliver(hook)
    assert receiver.messages != []


def test_a_receiver_that_is_down_is_tried_by_single_messages(hook, receiver):
    receiver.usual = 503
    for number in range(5):
        make_quote(f"Words {number}")
    deliver(hook)
    tried = len(receiver.messages)
    assert tried == 5
    deliver(hook)
    assert len(receiver.messages) == tried  # it rests
    later(hook, minutes=1)
    deliver(hook)
    assert len(receiver.messages) == tried + 1
    receiver.usual = 200
    later(hook, minutes=1)
    deliver(hook)
    assert not hook.deliveries.pending().exists()
    assert fresh(hook).failures == 0


def test_only_so_many_messages_wait_and_the_ledger_keeps_the_rest(hook, receiver, monkeypatch):
    monkeypatch.setattr(delivery, "MAX_PENDING", 3)
    monkeypatch.setattr(delivery, "PAGE", 2)
    receiver.usual = 500
    for number in range(9):
        make_quote(f"Words {number}")
    deliver(hook)
    assert hook.deliveries.count() < 6
    receiver.usual = 200
    later(hook, minutes=1)
    deliver(hook)
    assert len({m["data"]["id"] for m in told(receiver)}) == 9


def test_changes_are_replayed_from_a_time(hook, receiver):
    first = make_quote("First words")
    deliver(hook)
    between = timezone.now()
    second = make_quote("Second words")
    deliver(hook)
    receiver.messages.clear()
    hook.replay(between)
    deliver(hook)
    assert [m["data"]["id"] for m in told(receiver)] == [str(second.pk)]
    hook.replay(between - timedelta(days=1))
    deliver(hook)
    assert {m["data"]["id"] for m in told(receiver)[1:]} == {str(first.pk), str(second.pk)}
    assert len(set(receiver.ids())) == 3


def test_a_replay_skips_nothing_that_was_not_sent_yet(hook, receiver):
    hook.change(active=False)
    first, between = make_quote("First words"), timezone.now()
    second = make_quote("Second words")
    hook.change(active=True)
    hook.replay(between)
    deliver(hook)
    assert {m["data"]["id"] for m in told(receiver)} == {str(first.pk), str(second.pk)}


def test_a_new_webhook_is_told_of_what_comes_not_of_what_was(receiver, reader):
    make_quote("Old words")
    settle()
    hook = make_webhook(reader.user, url=receiver.url)
    deliver(hook)
    assert receiver.messages == []


# The end


@pytest.mark.parametrize("is_staff", [True, False])
def test_410_pauses_at_once_and_its_user_is_told(hook, receiver, reader, settings, is_staff):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    reader.user.email, reader.user.is_staff = "reader@example.org", is_staff
    reader.user.save()
    receiver.usual = 410
    make_quote()
    deliver(hook)
    assert not fresh(hook).active
    assert hook.paused_because == "The receiver answered 410 Gone."
    work_off()
    (sent,) = mail.outbox
    assert sent.to == ["reader@example.org"]
    place = f"/admin/quotes/webhook/{hook.pk}/change/" if is_staff else f"{API}webhooks/{hook.pk}/"
    assert place in sent.body
    assert "127.0.0.1" in sent.body
    assert "410 Gone" in sent.body
    assert "k-1" not in sent.body  # the rest of a URL may be a secret
    sent_before = len(receiver.messages)
    make_quote("Later words")
    deliver(hook)
    assert len(receiver.messages) == sent_before
    receiver.usual = 200
    hook.change(active=True)
    deliver(hook)
    assert not hook.deliveries.pending().exists()
    assert {m["data"]["record"]["text"] for m in told(receiver)} >= {"Later words"}


def test_after_three_days_of_failures_it_is_paused_and_nothing_is_lost(hook, receiver):
    receiver.usual = 500
    make_quote()
    deliver(hook)
    later(hook, days=2, hours=23)
    deliver(hook)
    assert fresh(hook).active
    later(hook, days=3)
    deliver(hook)
    assert not fresh(hook).active
    assert hook.paused_because == "A message could not be delivered for three days."
    receiver.usual = 200
    hook.change(active=True)
    deliver(hook)
    assert hook.deliveries.filter(state="delivered").exists()
    assert not hook.deliveries.pending().exists()


def test_one_message_that_always_fails_pauses_too_while_others_arrive(hook, receiver):
    poison = make_quote("Poison")

    def refuse(handler):
        is_poison = b"Poison" in receiver.messages[-1][1]
        handler.send_response(422 if is_poison else 200)
        handler.end_headers()

    receiver.usual = refuse
    deliver(hook)
    make_quote("Other words")
    Webhook.objects.update(rests_until=None)
    deliver(hook)
    (waiting,) = hook.deliveries.pending()
    assert waiting.subject_id == poison.pk
    later(hook, days=3)
    deliver(hook)
    assert not fresh(hook).active


def test_a_user_who_may_no_longer_read_is_sent_nothing(hook, receiver, reader):
    make_quote()
    reader.user.groups.clear()
    deliver(hook)
    assert receiver.messages == []
    assert fresh(hook).paused_because == "Its user may no longer read what it asks for."
    reader.user.groups.add(Group.objects.get(name="Readers"))
    hook.change(active=True)
    type(reader.user).objects.update(is_active=False)
    deliver(hook)
    assert receiver.messages == []
    assert not fresh(hook).active


def test_messages_that_wait_are_not_sent_to_a_user_who_may_no_longer_read(
    hook, receiver, reader, monkeypatch
):
    monkeypatch.setattr(delivery, "MAX_PENDING", 1)
    receiver.usual = 500
    make_quote()
    deliver(hook)
    receiver.usual = 200
    receiver.messages.clear()
    reader.user.groups.clear()
    later(hook, minutes=10)
    deliver(hook)
    assert receiver.messages == []
    assert not fresh(hook).active


@pytest.mark.parametrize("filters", [{"speker": "x"}, {"speaker": "x"}, {"include_parts": "true"}])
def test_filters_that_are_no_longer_understood_pause_it(receiver, reader, filters):
    hook = make_webhook(reader.user, url=receiver.url, filters=filters)
    make_quote()
    deliver(hook)
    assert receiver.messages == []
    assert fresh(hook).paused_because == "Its filters are no longer understood."


def test_a_restored_copy_of_the_database_sends_nothing_before_it_is_put_to_use(hook, receiver):
    make_quote()
    settle()
    Era.objects.update(cluster="another")
    tasks.look(timestamp=0)
    work_off()
    assert receiver.messages == []


# The worker


def test_a_worker_delivers_and_later_forgets(hook, receiver):
    make_quote()
    work_off_deliveries()
    assert len(receiver.messages) == 1
    hook.deliveries.update(ended=timezone.now() - timedelta(days=29))
    tasks.forget(timestamp=0)
    assert hook.deliveries.count() == 1
    hook.deliveries.update(ended=timezone.now() - timedelta(days=31))
    hook.send_test()
    tasks.forget(timestamp=0)
    assert [each.event for each in hook.deliveries.all()] == ["webhook.test"]


def test_a_test_message_is_signed_tried_once_and_logged(hook, receiver):
    hook.send_test()
    deliver(hook)
    headers, body = receiver.messages[0]
    assert Verifier(hook.secret).verify(body, headers)["type"] == "webhook.test"
    receiver.usual, receiver.body = 400, "Wer bist du? ä".encode()
    hook.send_test()
    deliver(hook)
    failed = hook.deliveries.get(state="failed")
    assert (failed.status, failed.answer) == (400, "Wer bist du? ä")
    assert failed.problem == "The receiver answered 400."


def test_no_secret_is_stored_queued_or_logged(hook, receiver, reader, caplog):
    caplog.set_level("DEBUG")
    secret, key = hook.secret, hook.secret.removeprefix("whsec_")
    make_quote()
    receiver.answers = [500]
    work_off_deliveries()
    later(hook, minutes=1)
    work_off_deliveries()
    notices.send_notice(webhook=str(hook.pk))
    assert receiver.messages
    for said in (secret, key, "k-1"):
        assert said not in caplog.text
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM \"{table}\" t")
            assert key not in (cursor.fetchone()[0] or ""), table


# Erasure


def test_what_is_kept_of_deliveries_is_reached_by_an_erasure(hook, receiver, reader):
    quote = make_quote("We burnt the ledger", speaker=make_speaker("Zo Sonecu"))
    receiver.answers, receiver.body = [400, 400], b"No: We burnt the ledger, Zo Sonecu"
    hook.send_test()
    deliver(hook)
    named = make_webhook(reader.user, url=receiver.url, filters={"speaker_name": "Zo Sonecu"})
    unnamed = make_webhook(reader.user, url=receiver.url, filters={"speaker_name": "Bo Ek"})
    assert hook.deliveries.exclude(answer=None).exists()
    erasure = erase("speaker", [quote.speaker_id], "A court ordered it.")
    assert erasure.remains == []
    assert not Delivery.objects.exclude(answer=None).exists()
    assert not Webhook.objects.filter(pk=named.pk).exists()
    assert Webhook.objects.filter(pk=unnamed.pk).exists()
    assert erasure.webhooks == 1
    receiver.messages.clear()
    receiver.usual = 200
    later(hook, minutes=1)
    deliver(hook)
    assert {gone for *_, gone in quotes_told(receiver)} == {True}
    assert "erased" in {verb for verb, *_ in quotes_told(receiver)}
    assert not any(b"ledger" in body or b"Sonecu" in body for _, body in receiver.messages)

"""The endpoints of webhooks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from quotes.api.changes import VIEWS
from quotes.models import Delivery, Webhook, webhook
from sources.models import IdempotentResponse
from tests.config.test_schema import check, document  # noqa: F401 (a fixture)
from tests.conftest import API, fresh, make_client, ok, problem
from tests.records import make_quote, make_webhook

pytestmark = pytest.mark.django_db

HOOKS = f"{API}webhooks/"
GOOD = {"url": "https://cms.example/hook?key=k-1"}


def faults(response) -> dict[str, str]:
    return {e["pointer"]: e["message"] for e in problem(response, 400)["errors"]}


def add(client, **values) -> dict:
    return ok(client.post(HOOKS, {**GOOD, **values}), 201)


def test_a_new_webhook_shows_its_secret_once(reader):
    answer = reader.post(HOOKS, GOOD)
    made = ok(answer, 201)
    secret = made.pop("secret")
    assert secret == Webhook.objects.get().secret
    assert secret.startswith("whsec_")
    assert made["types"] == [*VIEWS]
    assert (made["filters"], made["active"], made["paused"]) == ({}, True, None)
    path = answer.headers["Location"]
    assert ok(reader.get(path)) == made
    assert ok(reader.get(HOOKS))["results"] == [made]


def test_the_secret_is_not_in_what_is_stored_for_a_retry(reader):
    first = reader.post(HOOKS, GOOD, headers={"Idempotency-Key": "k"})
    secret = ok(first, 201)["secret"]
    again = reader.post(HOOKS, GOOD, headers={"Idempotency-Key": "k"})
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "secret" not in ok(again, 201)
    assert ok(again, 201)["id"] == ok(first, 201)["id"]
    assert secret not in IdempotentResponse.objects.get().body
    assert Webhook.objects.count() == 1


def test_everybody_has_their_own(reader, contributor):
    hook = make_webhook(reader.user)
    Delivery.objects.create(webhook=hook, verb="test", time=timezone.now())
    other = make_client("Readers", "another")
    for path in (f"{HOOKS}{hook.pk}/", f"{HOOKS}{hook.pk}/deliveries/"):
        ok(reader.get(path))
        problem(other.get(path), 404)
    assert ok(other.get(HOOKS))["results"] == []
    problem(other.delete(f"{HOOKS}{hook.pk}/"), 404)
    for verb in ("rotate", "replay", "test"):
        body = {"since": timezone.now().isoformat()} if verb == "replay" else {}
        path = f"{HOOKS}{hook.pk}/{verb}/"
        problem(other.post(path, body, headers={"If-Match": "*"}), 404)
    assert fresh(hook).version == 1


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://cms.example/hook", "begins with https://"),
        ("ftp://cms.example/", "begins with https://"),
        ("cms.example/hook", "Not a web address."),
        ("https:///hook", "Not a web address."),
        ("https://cms.example/a b", "Not a web address."),
        ("https://cms.example:port/", "Not a web address."),
        ("https://me:pass@cms.example/", "Leave out user, password"),
        ("https://cms.example/#hook", "Leave out user, password"),
        ("https://127.0.0.1/", "Not a public address."),
        ("https://2130706433/", "Not a public address."),
        ("https://0x7f.1/", "Not a public address."),
        ("https://0.0.0.0/", "Not a public address."),
        ("https://10.1.2.3/", "Not a public address."),
        ("https://169.254.169.254/latest/meta-data/", "Not a public address."),
        ("https://[::1]/", "Not a public address."),
        ("https://[::ffff:10.0.0.1]/", "Not a public address."),
        ("https://[64:ff9b::a00:1]/", "Not a public address."),
        ("https://[fe80::1]/", "Not a public address."),
        ("https://[fd00::1]/", "Not a public address."),
        ("", ""),
        (7, ""),
        (f"https://cms.example/{'a' * 2000}", "2000"),
    ],
)
def test_a_url_to_which_nothing_may_be_sent_is_refused(reader, url, says):
    assert says in faults(reader.post(HOOKS, {"url": url}))["/url"]
    assert not Webhook.objects.exists()


def test_a_host_that_the_operator_names_may_be_private_and_without_tls(reader, settings):
    settings.ONRECORD_WEBHOOK_PRIVATE_HOSTS = ["cms.internal", "10.1.2.3"]
    add(reader, url="http://cms.internal:8080/hook")
    add(reader, url="https://10.1.2.3/hook")
    assert "/url" in faults(reader.post(HOOKS, {"url": "https://10.1.2.4/hook"}))


@pytest.mark.parametrize(
    ("filters", "pointer", "says"),
    [
        ({"speker": "x"}, "/filters/speker", "Did you mean “speaker”?"),
        ({"speaker": "Mara"}, "/filters/speaker", "is not an id"),
        ({"status": "gone"}, "/filters/status", "not one of the choices"),
        ({"like": "no choice"}, "/filters/like", "Cannot be followed"),
        ({"one_per_utterance": "true"}, "/filters/one_per_utterance", "Cannot be followed"),
        ({"limit": "1"}, "/filters/limit", "There is no such filter."),
        ({"q": " "}, "/filters/q", "Give a value"),
        ({"q": "a\0b"}, "/filters/q", "Null characters"),
        ({"q": "the"}, "/filters/q", "only words that"),
        ({"q": "quay", "phrase": "!"}, "/filters/phrase", ""),
        ({"include_parts": "true"}, "/filters/include_parts", "Needs organisation"),
        ({"q": 7}, "/filters", "all strings"),
        (["q"], "/filters", "all strings"),
        ("q=quay", "/filters", "all strings"),
    ],
)
def test_filters_that_make_no_sense_are_refused_by_name(reader, filters, pointer, says):
    make_quote(language="en")
    assert says in faults(reader.post(HOOKS, {**GOOD, "filters": filters}))[pointer]
    path = f"{HOOKS}{make_webhook(reader.user).pk}/"
    changed = reader.patch(path, {"filters": filters}, headers={"If-Match": "*"})
    assert says in faults(changed)[pointer]
    assert Webhook.objects.get().filters == {}


def test_a_search_is_understood_in_the_languages_of_the_archive(reader):
    make_quote(language="sv")
    assert add(reader, filters={"q": "the"})["filters"] == {
        "q": "the"
    }  # no English to leave it out


@pytest.mark.parametrize(
    "body",
    [
        {},
        {**GOOD, "types": []},
        {**GOOD, "types": ["snapshot"]},
        {**GOOD, "secret": "whsec_mine"},
        {**GOOD, "active": "perhaps"},
        {**GOOD, "user": 1},
    ],
)
def test_other_nonsense_is_refused(reader, body):
    problem(reader.post(HOOKS, body), 400)


def test_a_user_has_only_so_many(reader, monkeypatch):
    monkeypatch.setattr(webhook, "MAX_WEBHOOKS", 2)
    add(reader)
    add(reader)
    problem(reader.post(HOOKS, GOOD), 409)
    add(make_client("Readers", "another"))


def test_a_webhook_can_be_made_paused(reader):
    before = timezone.now().isoformat()
    made = ok(reader.post(HOOKS, {**GOOD, "active": False}, "json"), 201)
    assert made["paused"]["reason"] is None
    assert before < made["paused"]["since"].replace("Z", "+00:00") <= timezone.now().isoformat()


def test_a_webhook_is_paused_changed_and_made_active_again(reader):
    answer = reader.post(HOOKS, GOOD)
    key, tag = ok(answer, 201)["id"], answer.headers["ETag"]
    path = f"{HOOKS}{key}/"
    problem(reader.patch(path, {"active": False}), 428)
    problem(reader.patch(path, {"active": False}, headers={"If-Match": '"7-x"'}), 412)
    paused = reader.patch(path, {"active": False}, headers={"If-Match": tag})
    assert ok(paused)["paused"]["reason"] is None
    assert ok(paused)["version"] == 2
    problem(reader.patch(path, {"active": True}, headers={"If-Match": tag}), 412)
    changes = {"active": True, "types": ["quote", "quote"], "filters": {"q": "quay"}}
    changed = ok(reader.patch(path, changes, headers={"If-Match": paused.headers["ETag"]}))
    assert (changed["active"], changed["paused"]) == (True, None)
    assert (changed["types"], changed["filters"]) == (["quote"], {"q": "quay"})


def test_a_secret_is_replaced_and_the_old_one_stays_valid_for_a_day(reader):
    made = add(reader)
    path = f"{HOOKS}{made['id']}/rotate/"
    problem(reader.post(path, {}), 428)
    turned = ok(reader.post(path, {}, headers={"If-Match": "*"}))
    hook = Webhook.objects.get()
    assert turned["secret"] == hook.secret != made["secret"]
    assert turned["previous_secret_until"] is not None
    assert hook.secrets_at(timezone.now()) == [turned["secret"], made["secret"]]
    assert hook.secrets_at(timezone.now() + timedelta(days=1)) == [turned["secret"]]
    leaked = ok(reader.post(path, {"at_once": True}, headers={"If-Match": "*"}))
    assert fresh(hook).secrets_at(timezone.now()) == [leaked["secret"]]
    assert leaked["previous_secret_until"] is None


def test_a_secret_is_another_under_another_key_of_the_service(reader, settings):
    hook = make_webhook(reader.user)
    before = hook.secret
    settings.SECRET_KEY = "another" * 10
    assert hook.secret != before


@pytest.mark.parametrize("since", [None, "soon", "2026-02-30T00:00:00Z", "2999-01-01T00:00:00Z"])
def test_a_replay_from_no_time_in_the_past_is_refused(reader, since):
    path = f"{HOOKS}{make_webhook(reader.user).pk}/replay/"
    assert "/since" in faults(reader.post(path, {"since": since}, headers={"If-Match": "*"}))


def test_a_replay_of_more_than_a_month_leads_to_the_change_feed(reader):
    path = f"{HOOKS}{make_webhook(reader.user).pk}/replay/"
    since = {"since": (timezone.now() - timedelta(days=31)).isoformat()}
    assert "changes/" in faults(reader.post(path, since, headers={"If-Match": "*"}))["/since"]


def test_a_test_is_sent_to_an_active_webhook_only(reader):
    hook = make_webhook(reader.user)
    path = f"{HOOKS}{hook.pk}/"
    problem(reader.post(f"{path}test/"), 428)
    sent = ok(reader.post(f"{path}test/", headers={"If-Match": "*"}))
    assert (sent["type"], sent["record"], sent["state"]) == ("webhook.test", None, "pending")
    assert ok(reader.get(f"{path}deliveries/"))["results"] == [sent]
    hook.change(active=False)
    refused = problem(reader.post(f"{path}test/", headers={"If-Match": "*"}), 409)
    assert "Make it active first." in refused["detail"]
    assert hook.deliveries.count() == 1


def test_the_log_is_listed_newest_first_by_pages(reader):
    hook = make_webhook(reader.user)
    for _ in range(5):
        hook.send_test()
    path, seen = f"{HOOKS}{hook.pk}/deliveries/?limit=2", []
    while path:
        page = ok(reader.get(path))
        seen += [row["id"] for row in page["results"]]
        path = page["next"]
    assert seen == [str(key) for key in hook.deliveries.values_list("pk", flat=True)]
    assert len(set(seen)) == 5


def test_a_webhook_is_deleted_with_its_log(reader):
    hook = make_webhook(reader.user)
    hook.send_test()
    assert reader.delete(f"{HOOKS}{hook.pk}/").status_code == 204
    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()
    problem(reader.get(f"{HOOKS}{hook.pk}/"), 404)


def test_a_webhook_goes_with_its_user(reader):
    make_webhook(reader.user).send_test()
    reader.user.delete()
    assert not Delivery.objects.exists()


def test_answers_are_as_the_document_says(document, reader):  # noqa: F811
    made = reader.post(HOOKS, GOOD)
    check(document, HOOKS, "post", made)
    hook = Webhook.objects.get()
    hook.send_test()
    hook.pause("The receiver answered 410 Gone.", timezone.now())
    one = f"{HOOKS}{{id}}/"
    check(document, HOOKS, "get", reader.get(HOOKS))
    check(document, one, "get", reader.get(one.format(id=hook.pk)))
    log = f"{HOOKS}{{webhook}}/deliveries/"
    check(document, log, "get", reader.get(log.format(webhook=hook.pk)))
    given = {"headers": {"If-Match": "*"}}
    check(document, one, "patch", reader.patch(one.format(id=hook.pk), {"active": True}, **given))
    since = timezone.now().isoformat()
    for verb, body in (("rotate", {}), ("replay", {"since": since}), ("test", {})):
        path = f"{one}{verb}/"
        answer = reader.post(path.format(id=hook.pk), body, **given)
        ok(answer)
        check(document, path, "post", answer)

"""The pages of webhooks in the admin."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone
from lxml import html

from quotes.models import Delivery, Webhook
from tests.conftest import fresh, staff
from tests.records import make_webhook

pytestmark = pytest.mark.django_db

LIST = "/admin/quotes/webhook/"
GOOD = {
    "url": "https://cms.example/hook?key=k-1",
    "types": ["quote", "speaker"],
    "filters": "speaker_name=Mara+Quill&language=en",
}


@pytest.fixture
def browser():
    return staff("Readers")


@pytest.fixture
def hook(browser):
    return make_webhook(browser.user, url=GOOD["url"])


def page_of(hook) -> str:
    return f"{LIST}{hook.pk}/change/"


def words(answer) -> str:
    return " ".join(html.fromstring(answer.text).text_content().split())


def said(answer) -> list[str]:
    page = html.fromstring(answer.text)
    return [" ".join(each.text_content().split()) for each in page.xpath("//*[@class='errorlist']")]


def test_a_new_webhook_shows_its_secret_once(browser):
    answer = browser.post(f"{LIST}add/", GOOD)
    hook = Webhook.objects.get()
    assert answer.status_code == 200
    assert hook.secret in answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    assert (hook.user, hook.types) == (browser.user, ["quote", "speaker"])
    assert hook.filters == {"speaker_name": "Mara Quill", "language": "en"}
    for path in (page_of(hook), LIST):
        assert hook.secret not in browser.get(path).text
    entry = LogEntry.objects.get()
    assert "k-1" not in entry.object_repr + entry.change_message
    assert hook.secret not in entry.object_repr + entry.change_message


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"url": "http://cms.example/"}, "begins with https://"),
        ({"url": "https://10.0.0.1/"}, "Not a public address."),
        ({"url": ""}, "This field is required."),
        ({"types": []}, "This field is required."),
        ({"types": ["snapshot"]}, "snapshot is not one of the available choices"),
        ({"filters": "speker=x"}, "speker: There is no such filter. Did you mean “speaker”?"),
        ({"filters": "no choice"}, "Write name=value"),
        ({"filters": "q=%00"}, "Give a value"),
        ({"filters": "like=x"}, "Cannot be followed"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(browser, changes, says):
    answer = browser.post(f"{LIST}add/", {**GOOD, **changes})
    assert any(says in fault for fault in said(answer)), said(answer)
    assert not Webhook.objects.exists()


def test_a_webhook_is_changed_paused_and_made_active_again(browser, hook):
    hook.pause("The receiver answered 410 Gone.", timezone.now())
    assert "Paused: The receiver answered 410 Gone." in words(browser.get(page_of(hook)))
    assert "Paused: The receiver answered 410 Gone." in words(browser.get(LIST))
    answer = browser.post(page_of(hook), {**GOOD, "filters": "", "active": "on"})
    assert answer.status_code == 302
    assert fresh(hook).active
    assert (hook.paused_because, hook.filters, hook.version) == (None, {}, 2)
    browser.post(page_of(hook), GOOD)
    assert not fresh(hook).active
    assert "Paused: by its user." in words(browser.get(page_of(hook)))


def test_the_page_shows_the_log_and_sends_a_test(browser, hook):
    answer = browser.post(f"{LIST}{hook.pk}/test/")
    assert answer.status_code == 302
    sent = hook.deliveries.get()
    sent.status, sent.problem = 400, "The receiver answered 400."
    sent.answer, sent.milliseconds = "<b>Who are you?</b> \u202e", 12
    sent.end(Delivery.State.FAILED, timezone.now())
    page = browser.get(page_of(hook))
    assert "webhook.test" in words(page)
    assert "The receiver answered 400. <b>Who are you?</b> ⟦U+202E⟧" in words(page)
    assert "Nothing is sent: no background worker is running." in words(page)


def test_a_test_of_a_paused_webhook_says_what_to_do(browser, hook):
    hook.change(active=False)
    answer = browser.post(f"{LIST}{hook.pk}/test/", follow=True)
    assert "Make it active first." in words(answer)
    assert not hook.deliveries.exists()


def test_changes_are_sent_again_from_a_time(browser, hook):
    Webhook.objects.update(revision=7)
    since = timezone.now() - timedelta(days=1)
    path = f"{LIST}{hook.pk}/replay/"
    answer = browser.post(path, {"since": f"{since:%Y-%m-%dT%H:%M}"}, follow=True)
    assert "The changes since then are sent again." in words(answer)
    assert fresh(hook).version == 2
    for nonsense in ("", "soon", "2999-01-01T00:00", "2020-01-01T00:00"):
        browser.post(path, {"since": nonsense})
    assert fresh(hook).version == 2
    assert "days ago" in words(browser.post(path, {"since": "2020-01-01T00:00"}, follow=True))


def test_a_new_secret_is_shown_once_and_the_old_one_stays_for_a_day(browser, hook):
    old = hook.secret
    answer = browser.post(f"{LIST}{hook.pk}/rotate/")
    assert fresh(hook).secret in answer.text
    assert old not in answer.text
    assert "signed with the old secret, too" in words(answer)
    assert hook.secrets_at(timezone.now()) == [hook.secret, old]
    answer = browser.post(f"{LIST}{hook.pk}/rotate/", {"at_once": "on"})
    assert fresh(hook).secrets_at(timezone.now()) == [hook.secret]
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_webhook_is_deleted_with_its_log(browser, hook):
    hook.send_test()
    asked = browser.get(f"{LIST}{hook.pk}/delete/")
    assert "cms.example, with the log of its messages" in words(asked)
    browser.post(f"{LIST}{hook.pk}/delete/", {"post": "yes"})
    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()


def test_everybody_sees_and_changes_their_own_and_a_superuser_all(browser, hook, admin_client):
    other = staff("Curators")
    for path in (page_of(hook), f"{LIST}{hook.pk}/delete/"):
        assert other.get(path).status_code == 404
    for verb in ("test", "replay", "rotate"):
        assert other.post(f"{LIST}{hook.pk}/{verb}/").status_code == 404
        assert browser.get(f"{LIST}{hook.pk}/{verb}/").status_code == 405
    assert "cms.example" not in other.get(LIST).text
    assert fresh(hook).version == 1
    assert "cms.example" in admin_client.get(LIST).text
    assert admin_client.get(page_of(hook)).status_code == 200
    nobody = staff()
    for path in (LIST, f"{LIST}add/"):
        assert nobody.get(path).status_code == 403


def test_a_list_of_many_costs_as_many_queries_as_a_list_of_one(
    browser, hook, django_assert_max_num_queries
):
    for _ in range(10):
        make_webhook(browser.user)
    with django_assert_max_num_queries(7):
        browser.get(LIST)

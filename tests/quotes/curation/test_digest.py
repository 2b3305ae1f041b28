"""The daily digest: who gets one, what it says, and that nobody gets two."""

import threading
from datetime import UTC, datetime, timedelta
from io import StringIO
from smtplib import SMTPRecipientsRefused
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from quotes.curation.digest import digest_for, send, send_digests
from quotes.models import Assignment, DeskSettings, Note, Quote
from sources.models import Article
from tests.quotes.admin.test_review import make_waiting
from tests.records import make_article, make_colleague, make_quote

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _mailer(settings):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    settings.ALLOWED_HOSTS = ["quotes.example"]


@pytest.fixture
def ada():
    return make_colleague("ada", email="ada@quotes.example")


@pytest.fixture
def ben():
    return make_colleague("ben", email="ben@quotes.example")


def test_a_digest_has_headlines_numbers_and_links_and_no_words(ada, ben):
    article = make_article("“We had no choice,” she said.", headline="The quay is shut")
    asked = make_quote("We had no choice", article=article)
    assigned, _ = make_waiting()
    Article.objects.filter(pk=assigned.article_id).update(headline="A late night")
    Note.objects.add(asked, ben, "Is this the elder one, @ada?")
    Assignment.objects.keep(assigned, assignee=ada)
    Quote.objects.filter(pk=assigned.pk).update(created=NOW - timedelta(days=9))
    assert send_digests(NOW) == ["ada", "ben"]
    to_ada, to_ben = mail.outbox
    assert (to_ada.to, to_ada.subject) == (
        ["ada@quotes.example"],
        "On Record: 2 quotes wait for you",
    )
    assert to_ben.subject == "On Record: what is waiting for review"
    page = f"http://quotes.example/admin/quotes/review/{asked.article_id}/?quote={asked.pk}"
    assert f"Questions for you:\n\n- The quay is shut\n  {page}\n" in to_ada.body
    assert "Assigned to you:\n\n- A late night\n" in to_ada.body
    assert "- Waiting for review: 2, since 2026-11-11\n" in to_ada.body
    assert "http://quotes.example/admin/quotes/review/settings/" in to_ada.body
    for words in ("choice", "elder"):
        assert words not in to_ada.body


def test_nobody_gets_two_digests_of_one_day(ada):
    make_waiting()
    assert send_digests(NOW) == ["ada"]
    assert send_digests(NOW + timedelta(hours=3)) == []
    assert send_digests(NOW + timedelta(days=1)) == ["ada"]
    assert len(mail.outbox) == 2


def test_a_dry_run_sends_nothing_and_counts_for_nothing(ada):
    make_waiting()
    assert send_digests(NOW, dry_run=True) == ["ada"]
    assert mail.outbox == []
    assert send_digests(NOW) == ["ada"]


def test_who_has_nothing_no_address_or_wants_none_gets_none(ada, ben):
    assert send_digests(NOW) == []
    make_waiting()
    DeskSettings.objects.create(user=ada, digest=False)
    make_colleague("cy")
    make_colleague("rita", "Readers", email="rita@quotes.example")
    make_colleague("former", email="former@quotes.example", is_active=False)
    assert send_digests(NOW) == ["ben"]


def test_what_is_set_aside_is_in_no_digest(ada):
    (quote,) = make_waiting("It was late,")
    Assignment.objects.keep(quote, assignee=ada, snoozed_until=NOW + timedelta(hours=1))
    assert digest_for(ada, NOW) is None
    assert digest_for(ada, NOW + timedelta(hours=1)).assigned


def test_a_digest_that_could_not_be_sent_is_sent_by_the_next_run(ada, settings):
    make_waiting()
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 9, "timeout": 1},
        }
    }
    with pytest.raises(OSError, match="refused"):
        send_digests(NOW)
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    assert send_digests(NOW) == ["ada"]


def test_an_address_that_is_refused_keeps_nobody_elses_digest_back(ada, ben, settings, smtp):
    make_waiting()
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": smtp.port, "timeout": 5},
        }
    }
    smtp.refused = b"ada@"
    with pytest.raises(SMTPRecipientsRefused, match="unknown"):
        send_digests(NOW)
    assert smtp.accepted == [b"rcpt to:<ben@quotes.example>"]
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    assert send_digests(NOW) == ["ada"]


class SmtpServer(StreamRequestHandler):
    """A mail server that refuses one recipient, as far as Django speaks to it."""

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline().strip().lower():
            if line.startswith(b"rcpt") and self.server.refused in line:
                self.wfile.write(b"550 unknown\r\n")
                continue
            if line.startswith(b"rcpt"):
                self.server.accepted.append(line)
            if line == b"data":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() != b".\r\n":
                    pass
            self.wfile.write(b"221 bye\r\n" if line == b"quit" else b"250 fine\r\n")


@pytest.fixture
def smtp():
    server = ThreadingTCPServer(("127.0.0.1", 0), SmtpServer)
    server.port, server.accepted, server.refused = server.server_address[1], [], b""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_command_and_the_task_send_to_the_same(ada, settings):
    make_waiting()
    said = StringIO()
    call_command("send_digests", "--dry-run", stdout=said, verbosity=0)
    assert said.getvalue() == "ada\n1 digest would be sent.\n"
    send(0)
    assert len(mail.outbox) == 1
    said = StringIO()
    call_command("send_digests", stdout=said, verbosity=0)
    assert said.getvalue() == "0 digests sent.\n"
    settings.MAILERS = {}
    send(0)
    with pytest.raises(CommandError, match="set EMAIL_URL"):
        call_command("send_digests")

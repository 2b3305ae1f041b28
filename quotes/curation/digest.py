"""The daily digest: a mail to each reviewer for whom something waits.

It has headlines, numbers and links, and no word of a quote or a note. `DeskSettings` says who wants
none, and which day's digest a user was sent last: nobody gets two of one day.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django import app

from quotes.curation.decisions import review_url
from quotes.curation.queue import MINE, QUEUES, QuoteQueue
from quotes.models import Assignment, DeskSettings, Note, Quote
from quotes.models.worklist import colleagues
from sources.api.addresses import service_url

MAX_LISTED = 20
"""Quotes that a digest lists of those assigned, and of those with a question."""

MAX_COUNTED = 10_000
"""Quotes of a queue that are counted."""


@dataclass(frozen=True)
class Item:
    """A quote that waits for a user: the headline of its article, and where it is reviewed."""

    headline: str
    url: str


@dataclass(frozen=True)
class Waiting:
    """A queue with its number of quotes, and the day of the oldest."""

    label: str
    number: str
    since: date | None
    url: str


@dataclass(frozen=True)
class Digest:
    asked: list[Item]
    assigned: list[Item]
    queues: list[Waiting]

    @property
    def subject(self) -> str:
        number = len(self.asked) + len(self.assigned)
        if not number:
            return "On Record: what is waiting for review"
        return f"On Record: {number} quote{' waits' if number == 1 else 's wait'} for you"


def digest_for(user, now: datetime) -> Digest | None:
    """What waits for this user, longest first; None if nothing does."""
    asked = Note.objects.waiting_for(user).values("quote")
    mine = MINE.of(user, now).select_related("article").order_by("created", "pk")
    questions = mine.filter(pk__in=asked)[:MAX_LISTED]
    assigned = Assignment.objects.assigned_to(user).values("quote")
    given = mine.filter(pk__in=assigned).exclude(pk__in=asked)[:MAX_LISTED]
    queues = [found for queue in QUEUES.values() if (found := _waiting(queue, user, now))]
    found = Digest([*map(_item, questions)], [*map(_item, given)], sorted(queues, key=_by_age))
    return found if found.asked or found.assigned or found.queues else None


def _waiting(queue: QuoteQueue, user, now: datetime) -> Waiting | None:
    number, oldest = queue.counted(user, now, MAX_COUNTED)
    if not number or queue is MINE:
        return None
    shown = f"{number:,}" if number <= MAX_COUNTED else f"more than {MAX_COUNTED:,}"
    url = f"{service_url()}{reverse('admin:quotes_review_changelist')}?queue={queue.name}"
    return Waiting(queue.label, shown, oldest and oldest.date(), url)


def _by_age(waiting: Waiting) -> date:
    return waiting.since or date.min  # too long to know


def _item(quote: Quote) -> Item:
    headline = " ".join(str(quote.article).split())
    return Item(headline, f"{service_url()}{review_url(quote)}")


def recipients(today: date):
    """Reviewers with an address who want a digest and were sent none today."""
    wants = Q(desk_settings=None) | Q(desk_settings__digest=True)
    unsent = Q(desk_settings__digest_sent=None) | Q(desk_settings__digest_sent__lt=today)
    return colleagues().exclude(email="").filter(wants, unsent)


def send_digests(
    now: datetime,
    *,
    dry_run: bool = False,
    each: Callable[[Iterable], Iterable] = list,
) -> list[str]:
    """Send today's digests; returns the usernames of those who were sent one.

    An address that a mail server refuses keeps nobody else's back: the first error is raised when
    all were tried. Can be repeated then: whoever was sent one gets no other. A `dry_run` sends
    nothing.
    """
    sent, errors = [], []
    for user in each(list(recipients(now.date()))):
        digest = digest_for(user, now)
        if digest is None:
            continue
        try:
            if dry_run or _send(user, digest, now.date()):
                sent.append(user.get_username())
        except OSError as error:  # smtplib's are among them
            errors.append(error)
    if errors:
        raise errors[0]
    return sent


def _send(user, digest: Digest, today: date) -> bool:
    kept, _ = DeskSettings.objects.get_or_create(user=user)
    due = DeskSettings.objects.filter(Q(digest_sent=None) | Q(digest_sent__lt=today), user=user)
    if not due.update(digest_sent=today):
        return False  # another process has sent it meanwhile
    context = {
        "digest": digest,
        "settings": f"{service_url()}{reverse('admin:quotes_review_settings')}",
    }
    try:
        text = render_to_string("quotes/mail/digest.txt", context)
        send_mail(digest.subject, text, None, [user.email])
    except BaseException:
        DeskSettings.objects.filter(user=user).update(digest_sent=kept.digest_sent)
        raise
    return True


@app.periodic(cron="0 6 * * *")
@app.task(name="quotes.curation.digest.send", queueing_lock="send_digests")
def send(timestamp: int) -> None:
    if settings.MAILERS:
        send_digests(timezone.now())

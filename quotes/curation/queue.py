"""The queues of quotes that need a person, and the articles of one, in one of three orders.

A quote that is snoozed is in no queue until its time is over. An article's place is that of its
head, the quote that was filed first among those that match the filters. Heads are found along the
index of a queue, so the first page costs the same however long it is.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, F, Min, OuterRef, Q

from quotes.models import Assignment, MistakeReport, Note, Quote, QuoteQuerySet, SecondLook
from quotes.models.workflow import OPEN
from sources.models import Article

PAGE_ARTICLES = 50

MAX_PAGES = 200
"""Later pages are not offered: to filter the queue is quicker."""


# The queues


@dataclass(frozen=True)
class QuoteQueue:
    """Quotes that need a person, for one reason; `holds` finds them among those a user sees."""

    name: str
    label: str
    help: str
    holds: Callable[[QuoteQuerySet, object], QuoteQuerySet]

    def of(self, user, now: datetime) -> QuoteQuerySet:
        """The quotes in it for this user, but for those that are snoozed; unordered."""
        return self.all_of(user).filter(~snoozed(now))

    def snoozed_of(self, user, now: datetime) -> QuoteQuerySet:
        """The quotes that will be back in it later."""
        return self.all_of(user).filter(snoozed(now))

    def counted(self, user, now: datetime, most: int) -> tuple[int, datetime | None]:
        """Its number of quotes, at most one more than `most`, and when the oldest was filed.

        That is not known of a longer queue, but of what waits for review: only it has an index in
        this order.
        """
        rows = self.of(user, now)
        some = rows.values("created")[: most + 1]
        number, oldest = some.aggregate(n=Count("*"), oldest=Min("created")).values()
        if number > most:
            first = rows.order_by("created", "pk").values_list("created", flat=True)
            oldest = first.first() if self is WAITING else None
        return number, oldest

    def all_of(self, user) -> QuoteQuerySet:
        return self.holds(Quote.objects.visible_to(user).order_by(), user)


def snoozed(now: datetime) -> Exists:
    return Exists(Assignment.objects.snoozed(now).filter(quote=OuterRef("pk")))


def assigned() -> Exists:
    return Exists(Assignment.objects.filter(quote=OuterRef("pk"), assignee__isnull=False))


def _flagged(flag: Quote.Flag, help_: str) -> QuoteQueue:
    def holds(quotes: QuoteQuerySet, user) -> QuoteQuerySet:
        return quotes.filter(flags__contains=[flag.value], status__in=OPEN)

    return QuoteQueue(flag.value, flag.label, help_, holds)


CHECKED = Exists(Assignment.objects.filter(quote=OuterRef("pk"), checked_anchor=OuterRef("anchor")))
"""Condition: a curator has looked at where the words are now, and left it."""


def _anchored(anchor: Quote.Anchor, help_: str) -> QuoteQueue:
    def holds(quotes: QuoteQuerySet, user) -> QuoteQuerySet:
        return quotes.filter(~CHECKED, anchor=anchor.value, status__in=OPEN)

    return QuoteQueue(anchor.value, anchor.label, help_, holds)


def _second_look(quotes: QuoteQuerySet, user) -> QuoteQuerySet:
    drawn = SecondLook.objects.waiting_for(user)
    return quotes.filter(pk__in=drawn.values("quote"), status__in=READ_AGAIN)


def _mine(quotes: QuoteQuerySet, user) -> QuoteQuerySet:
    """Assigned to the user and in some queue, or with a note that waits for an answer."""
    assigned = Quote.objects.filter(NEEDS_SOMEBODY, assignment__assignee=user).order_by()
    asked = Note.objects.waiting_for(user).order_by()
    return quotes.filter(pk__in=assigned.values("pk").union(asked.values("quote")))


READ_AGAIN = (Quote.Status.PUBLISHED, Quote.Status.DISPUTED)
"""A second look is at what readers can rely on: a retracted quote needs none."""

FLAG_QUEUES = [
    _flagged(Quote.Flag.AMBIGUOUS_SPEAKER, "Choose which of them said it."),
    _flagged(Quote.Flag.AMBIGUOUS_ORGANISATION, "Choose the right one."),
    _flagged(
        Quote.Flag.UNRESOLVED_SPEAKER,
        "The name may mean several people, or nobody we know. Choose who said it.",
    ),
    _flagged(
        Quote.Flag.CHECK_SPEAKER, "The organisation is new for this name. Is it the same person?"
    ),
    _flagged(
        Quote.Flag.ROLE_CONFLICT, "Record the role, choose somebody else, or keep it as it is."
    ),
    _flagged(
        Quote.Flag.FILING_DIFFERS, "The article was filed again with other details. Compare them."
    ),
    _flagged(Quote.Flag.WORDS_LEFT_OUT, "Read what was left out: it has a negation or a number."),
    _flagged(
        Quote.Flag.ATTRIBUTION_CHANGED,
        "The article no longer gives these words to the speaker. Read it again.",
    ),
    _flagged(
        Quote.Flag.TEXT_REPLACED,
        "Most quotes of the article are not in its new text. Compare the two.",
    ),
]

ANCHOR_QUEUES = [
    _anchored(Quote.Anchor.MOVED, "The words are elsewhere in the article now. Check the context."),
    _anchored(Quote.Anchor.ALTERED, "Correct the quote, or keep it as it was printed first."),
    _anchored(Quote.Anchor.MISSING, "The article no longer has the words. Keep or retract them."),
]

WAITING = QuoteQueue(
    "proposed",
    "Waiting for review",
    "Publish or reject what was proposed.",
    lambda quotes, user: quotes.proposed(),
)
MINE = QuoteQueue("mine", "For you", "Assigned to you, or with a note that asks you.", _mine)
SECOND_LOOK = QuoteQueue(
    "second_look",
    "Second look",
    "A random part of what others published in bulk. Is anything wrong with it?",
    _second_look,
)

MISTAKES = QuoteQueue(
    "mistakes",
    "Mistakes reported",
    "A reader says that something is wrong. Put it right if so, and answer.",
    lambda quotes, user: quotes.filter(pk__in=MistakeReport.objects.waiting().values("quote")),
)

QUEUES = {
    queue.name: queue
    for queue in [WAITING, MINE, MISTAKES, *FLAG_QUEUES, *ANCHOR_QUEUES, SECOND_LOOK]
}
"""Every queue of quotes, by name, in the order in which they are listed."""

NEEDS_SOMEBODY = (
    Q(status=Quote.Status.PROPOSED)
    | Q(~Q(flags=[]), status__in=OPEN)
    | Q(~CHECKED, anchor__in=[queue.name for queue in ANCHOR_QUEUES], status__in=OPEN)
    | Q(Exists(MistakeReport.objects.waiting().filter(quote=OuterRef("pk"))))
    | Q(Exists(SecondLook.objects.waiting().filter(quote=OuterRef("pk"))), status__in=READ_AGAIN)
)
"""Condition: a quote that is in some queue, whoever looks."""


# The articles of a queue


@dataclass
class QueuedArticle:
    """An article, the number of its matching quotes, and how long the first has waited."""

    article: Article
    quotes: int
    since: datetime
    flags: list[str]


def _by_head(*order: str) -> Callable[[QuoteQuerySet], QuoteQuerySet]:
    def ordered(wanted: QuoteQuerySet) -> QuoteQuerySet:
        earlier = wanted.filter(article=OuterRef("article"), pk__lt=OuterRef("pk"))
        return wanted.filter(~Exists(earlier)).order_by(*order)

    return ordered


def _by_number(wanted: QuoteQuerySet) -> QuoteQuerySet:
    return wanted.values("article").annotate(number=Count("*")).order_by("-number", "article")


ORDERS = {
    "oldest": ("Waiting longest", _by_head("created", "pk")),
    "latest": (
        "Most recently published",
        _by_head(F("published_day").desc(nulls_last=True), "-pk"),
    ),
    "most": ("Most quotes waiting", _by_number),
}


def articles_of(wanted: QuoteQuerySet, order: str = "oldest", page: int = 1) -> tuple[list, bool]:
    """One page of a queue, and whether another follows; four queries at most.

    `wanted` are the quotes of the queue that match, unordered.
    """
    begin = PAGE_ARTICLES * (page - 1)
    found = ORDERS[order][1](wanted).values_list("article", flat=True)
    keys = list(found[begin : begin + PAGE_ARTICLES + 1])
    return _queued(wanted, keys[:PAGE_ARTICLES]), len(keys) > PAGE_ARTICLES and page < MAX_PAGES


def _queued(wanted: QuoteQuerySet, articles: list[UUID]) -> list[QueuedArticle]:
    if not articles:
        return []
    quotes = wanted.filter(article__in=articles).order_by()
    counts = {
        row["article"]: row
        for row in quotes.values("article").annotate(number=Count("*"), since=Min("created"))
    }
    flagged = defaultdict(set)
    for key, flags in quotes.exclude(flags=[]).values_list("article", "flags").distinct():
        flagged[key].update(flags)
    known = Article.objects.select_related("outlet").in_bulk(articles)
    return [
        QueuedArticle(
            known[key],
            counts[key]["number"],
            counts[key]["since"],
            sorted(flagged[key]),
        )
        for key in articles
        if key in counts
    ]


def next_article(wanted: QuoteQuerySet, order: str, besides: list[UUID]) -> UUID | None:
    """The first article of the queue that is not one of these; one query."""
    found = ORDERS[order][1](wanted.exclude(article__in=besides))
    return found.values_list("article", flat=True).first()

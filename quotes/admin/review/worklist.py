"""The page of a queue: its articles, the tabs beside it, and what to do when nothing is left."""

from collections import defaultdict
from datetime import datetime
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.utils.text import get_text_list

from quotes.admin.review.desk_pages import ViewForm
from quotes.admin.review.queue_form import TABS, QueueForm, links
from quotes.admin.review.undo_stack import UndoStack
from quotes.curation.decisions import decided_since
from quotes.curation.queue import MINE, QUEUES, WAITING, QueuedArticle, QuoteQueue, articles_of
from quotes.models import Assignment, Claim, Quote, QuoteQuerySet, SavedView
from sources.admin.html import isolated
from sources.admin.lists import BoundedPaginator
from sources.database.estimates import count_or_estimate

MAX_NEXT = 1_000
"""Quotes that are counted of the queue that comes next."""


class ShowsQueue:
    """Adds the page of a queue to the review admin."""

    def queue(self, request):
        """One page of articles with quotes in the queue, and who is reviewing each."""
        form, user = self._asked(request), request.user
        wanted = form.wanted(user)
        page = (form.cleaned_data.get("p") or 1) if form.is_valid() else 1
        rows, has_next = [], False
        if form.is_valid():
            rows, has_next = articles_of(wanted, form.order_wanted, page)
        described(rows, wanted, form)
        free = [row for row in rows if not row.claim or row.claim.user_id == user.pk]
        tabs = tabs_of(form, user)
        chosen = next(tab for tab in tabs if tab["is_chosen"])
        queue = form.queue_wanted
        is_done = form.is_valid() and not (rows or form.filters or form.tab_wanted)
        return TemplateResponse(
            request,
            "admin/quotes/review/queue.html",
            {
                **self.admin_site.each_context(request),
                "title": "Review queue" if queue is WAITING else queue.label,
                "queue": queue,
                "opts": self.opts,
                "form": form,
                "media": form.media,
                "rows": rows,
                "first": free[0] if free else None,
                "number": chosen["number"],
                "is_exact": chosen["is_exact"],
                "tabs": tabs,
                "page": page,
                "has_next": has_next,
                **links(form),
                "unfiltered": form.unfiltered,
                "views": SavedView.open_to(user),
                "view_form": ViewForm(),
                "done": end_of(queue, user, form.now) if is_done else None,
                "last": UndoStack(request.session, user, form.now).offered,
                "now": form.now,
            },
        )

    def _asked(self, request) -> QueueForm:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return QueueForm(request.GET)


def end_of(queue: QuoteQueue, user, now: datetime) -> dict:
    """What the user did today, and the next queue that has something: label, number and URL."""
    counted = decided_since(user, now.replace(hour=0, minute=0, second=0, microsecond=0))
    parts = [f"{verb.lower()} {number}" for verb, number in counted.most_common()]
    names = list(QUEUES)
    place = names.index(queue.name)
    others = [QUEUES[name] for name in names[place + 1 :] + names[:place]]
    following = ((other, other.counted(user, now, MAX_NEXT)[0]) for other in others)
    other, number = next(((other, n) for other, n in following if n), (None, 0))
    return {
        "did": f"You {get_text_list(parts, 'and')} today." if parts else "",
        "next": other,
        "number": number if number <= MAX_NEXT else f"{MAX_NEXT:,}+",
    }


def described(rows: list[QueuedArticle], wanted: QuoteQuerySet, form: QueueForm) -> None:
    """Add what the page shows of each article; two queries."""
    keys = [row.article.pk for row in rows]
    claims = Claim.objects.on(keys, form.now)
    names = defaultdict(set)
    quotes = wanted.filter(article__in=keys).values("pk")
    taken = Assignment.objects.filter(quote__in=quotes, assignee__isnull=False)
    for article, name in taken.values_list("quote__article", "assignee__username"):
        names[article].add(name)
    for row in rows:
        row.claim = claims.get(row.article.pk)
        row.headline = isolated(str(row.article))
        row.outlet = isolated(row.article.outlet and row.article.outlet.name)
        row.flag_labels = [Quote.Flag(flag).label for flag in row.flags]
        row.assignees = sorted(names[row.article.pk])


def tabs_of(form: QueueForm, user) -> list[dict]:
    """The tabs of a queue with their numbers; one query each. All of “For you” is the user's."""
    query = {name: value for name, value in form.query.items() if name != "tab"}
    chosen, shown = form.tab_wanted, TABS
    if form.queue_wanted is MINE:
        shown = {name: label for name, label in TABS.items() if name in ("", "later", chosen)}
    tabs = []
    for name, label in shown.items():
        wanted = form.in_tab(name, user)
        number, is_exact = count_or_estimate(wanted, exact_up_to=BoundedPaginator.MAX_COUNTED)
        tabs.append(
            {
                "label": label,
                "number": number,
                "is_exact": is_exact,
                "url": f"?{urlencode(query | ({'tab': name} if name else {}))}",
                "is_chosen": name == chosen or (not name and chosen not in TABS),
            }
        )
    return tabs

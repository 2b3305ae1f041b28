"""The page of a queue: its articles, the tabs beside it, and what to do when nothing is left."""

from collections import defaultdict
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse

from quotes.admin.review.queue_form import TABS, QueueForm, links
from quotes.admin.review.undo_stack import UndoStack
from quotes.curation.queue import MINE, WAITING, QueuedArticle, articles_of
from quotes.models import Assignment, Claim, Quote, QuoteQuerySet
from sources.admin.html import isolated
from sources.admin.lists import BoundedPaginator
from sources.database.estimates import count_or_estimate


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
                "last": UndoStack(request.session, user, form.now).offered,
                "now": form.now,
            },
        )

    def _asked(self, request) -> QueueForm:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return QueueForm(request.GET)


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
    """The tabs of a queue with their numbers; one query each. Nothing of “For you” is not mine."""
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

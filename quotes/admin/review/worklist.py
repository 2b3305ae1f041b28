"""The review queue: its filters, its page, and the links that carry the filters on."""

from urllib.parse import urlencode

from django import forms
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.utils import timezone

from quotes.admin.review.steps import completed
from quotes.admin.review.undo_stack import UndoStack
from quotes.curation.queue import MAX_PAGES, ORDERS, queue
from quotes.models import Claim, Quote, QuoteQuerySet
from sources.admin.html import isolated
from sources.admin.lists import BoundedPaginator
from sources.database.estimates import count_or_estimate
from sources.models import Outlet, Speaker

FLAGS_OF_PROPOSED = [
    (flag, label) for flag, label in Quote.Flag.choices if flag != Quote.Flag.TEXT_REPLACED
]
"""Flags that quotes in review may have: a replaced text is a matter of public ones."""


class QueueForm(forms.Form):
    """Filters and order of the queue."""

    outlet = forms.ModelChoiceField(
        Outlet.objects.all(), required=False, widget=completed("outlet")
    )
    speaker = forms.ModelChoiceField(
        Speaker.objects.all(), required=False, widget=completed("speaker")
    )
    flag = forms.ChoiceField(choices=[("", "Any flag"), *FLAGS_OF_PROPOSED], required=False)
    order = forms.ChoiceField(
        choices=[(name, label) for name, (label, _) in ORDERS.items()], required=False
    )
    p = forms.IntegerField(
        min_value=1, max_value=MAX_PAGES, required=False, widget=forms.HiddenInput
    )

    def wanted(self, user) -> QuoteQuerySet:
        """Proposed quotes that match the filters; none if a filter is invalid."""
        wanted = Quote.objects.visible_to(user).proposed().order_by()
        if not self.is_valid():
            return wanted.none()
        asked = self.cleaned_data
        if asked["flag"]:
            wanted = wanted.filter(flags__contains=[asked["flag"]])
        if asked["outlet"]:
            wanted = wanted.filter(outlet=asked["outlet"])
        return wanted.said_by(asked["speaker"]) if asked["speaker"] else wanted

    @property
    def order_wanted(self) -> str:
        return self.cleaned_data.get("order") or "oldest"

    @property
    def query(self) -> dict[str, str]:
        """The filters and the order for links to come, without the page."""
        return {
            name: self.data[name] for name in self.fields if name != "p" and self.data.get(name)
        }


class ShowsQueue:
    """Adds the page of the queue to the review admin."""

    def queue(self, request):
        """One page of articles with proposed quotes, and who is reviewing each."""
        form = self._asked(request)
        wanted = form.wanted(request.user)
        page = (form.cleaned_data.get("p") or 1) if form.is_valid() else 1
        rows, has_next = queue(wanted, form.order_wanted, page) if form.is_valid() else ([], False)
        claims = Claim.objects.on([row.article.pk for row in rows], now := timezone.now())
        for row in rows:
            row.claim = claims.get(row.article.pk)
            row.headline = isolated(str(row.article))
            row.outlet = isolated(row.article.outlet and row.article.outlet.name)
            row.flag_labels = [Quote.Flag(flag).label for flag in row.flags]
        free = [row for row in rows if not row.claim or row.claim.user_id == request.user.pk]
        number, is_exact = count_or_estimate(wanted, exact_up_to=BoundedPaginator.MAX_COUNTED)
        return TemplateResponse(
            request,
            "admin/quotes/review/queue.html",
            {
                **self.admin_site.each_context(request),
                "title": "Review queue",
                "opts": self.opts,
                "form": form,
                "media": form.media,
                "rows": rows,
                "first": free[0] if free else None,
                "number": number,
                "is_exact": is_exact,
                "page": page,
                "has_next": has_next,
                **links(form),
                "last": UndoStack(request.session, request.user, now).offered,
                "now": now,
            },
        )

    def _asked(self, request) -> QueueForm:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return QueueForm(request.GET)


def links(form: QueueForm) -> dict[str, str]:
    """The filters of the queue as the query of a link, alone or after a first parameter."""
    query = urlencode(form.query)
    return (
        {"query": f"?{query}", "and_query": f"&{query}"}
        if query
        else {"query": "", "and_query": ""}
    )

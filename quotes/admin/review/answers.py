"""What the page's script gets: it says what it prefers by the header `Prefer` (RFC 7240).

With `return=minimal`, the answer to a step is only the address to go to, and the messages: the
script may show the next quote already. A page comes without the parts that take long to make. The
script reads them afterwards, with `return=representation`.
"""

from functools import wraps

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from quotes.admin.review.queue_form import QueueForm, links
from quotes.admin.review.undo_stack import UndoStack

MINIMAL, WHOLE = "return=minimal", "return=representation"


def prefers(request) -> str | None:
    """What the script of the page prefers; None for everybody else."""
    sent = request.headers.get("Prefer")
    return sent if sent in (MINIMAL, WHOLE) else None


def answered(view):
    """Answer the script with an address, messages and undo; everybody else with the redirect."""

    @wraps(view)
    def answer(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        if response.status_code != 302 or prefers(request) != MINIMAL:
            return response
        last = UndoStack(request.session, request.user, timezone.now()).offered
        context = {"to": response.url, "last": last, **links(QueueForm(request.GET))}
        return render(request, "admin/quotes/review/answer.html", context)

    return answer


def redirected_unless_posted(view):
    """Lead a GET to the page whose form posts here, as after a login that came in between."""

    @wraps(view)
    def answer(request, *args, **kwargs):
        if request.method == "POST":
            return view(request, *args, **kwargs)
        query = request.GET.dict()
        if "quote" in kwargs:
            query["quote"] = kwargs["quote"]
        place = reverse("admin:quotes_review_article", args=[kwargs["article"]])
        return redirect(f"{place}?{urlencode(query)}" if query else place)

    return answer

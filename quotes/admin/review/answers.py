"""The answer to a step: a redirect, or for the page's script only the address to go to.

The script sends `Prefer: return=minimal` (RFC 7240), since it may show the next quote already. Such
an answer has the messages, which the next page would show otherwise.
"""

from functools import wraps

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from quotes.admin.review.queue_form import QueueForm, links
from quotes.admin.review.undo_stack import UndoStack


def answered(view):
    """Answer the script with an address, messages and undo; everybody else with the redirect."""

    @wraps(view)
    def answer(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        if response.status_code != 302 or request.headers.get("Prefer") != "return=minimal":
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

"""The review desk: articles whose quotes wait for a curator, one after the other.

`admin/quotes/review/` is the queue, `admin/quotes/review/<article>/` the desk with that article on
it. Every step is sent as a form with the version of the quote that was read, calls one verb, and
leads to the next quote that waits. Nothing needs a script but choosing words in the text.
"""

from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from quotes.admin.review.page import Desk, OpenStep, Stale
from quotes.admin.review.steps import (
    DESK_STEPS,
    AddForm,
    add,
    completed,
    fields_form,
    form_of,
    steps_open,
    take,
)
from quotes.curation.queue import DEEPEST, ORDERS, next_article, queue
from quotes.curation.undo import undo
from quotes.filing import Refused
from quotes.models import Claim, Quote, QuoteQuerySet, Review
from quotes.models.workflow import NotOpen
from sources.admin.html import isolated
from sources.admin.lists import BoundedPaginator
from sources.database.estimates import count_or_estimate
from sources.exceptions import Conflict, refusal_of
from sources.models import Article, Outlet, Speaker

LAST = "desk.last"
"""Where a session keeps the last step that can be undone."""

PASSED, MOST_PASSED = "desk.passed", 200
"""Where it keeps the articles that were left for later, the last ones: the way goes past them."""

STAYS = ("assign", "correct", "adjust")
"""Steps after which the same quote stays on the desk."""


class QueueForm(forms.Form):
    """Which part of the queue, and in which order."""

    outlet = forms.ModelChoiceField(
        Outlet.objects.all(), required=False, widget=completed("outlet")
    )
    speaker = forms.ModelChoiceField(
        Speaker.objects.all(), required=False, widget=completed("speaker")
    )
    flag = forms.ChoiceField(choices=[("", "Any or none"), *Quote.Flag.choices], required=False)
    order = forms.ChoiceField(
        choices=[(name, label) for name, (label, _) in ORDERS.items()], required=False
    )
    p = forms.IntegerField(min_value=1, max_value=DEEPEST, required=False, widget=forms.HiddenInput)

    def wanted(self, user) -> QuoteQuerySet:
        """The proposed quotes that are looked for; what is no choice looks for nothing."""
        wanted = Quote.objects.visible_to(user).proposed().order_by()
        if not self.is_valid():
            return wanted.none()
        said = self.cleaned_data
        if said["flag"]:
            wanted = wanted.filter(flags__contains=[said["flag"]])
        by = {name: said[name] for name in ("outlet", "speaker") if said[name]}
        return wanted.filter(**by)

    @property
    def order_wanted(self) -> str:
        return self.cleaned_data.get("order") or "oldest"

    @property
    def query(self) -> str:
        """The same question again, for links; without the page."""
        known = {name: self.data[name] for name in self.fields if self.data.get(name)}
        return urlencode({name: value for name, value in known.items() if name != "p"})


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin):
    """A page a task, and no change form: what is changed on the desk is quotes."""

    def get_urls(self):
        def at(route: str, view, name: str):
            return path(route, self.admin_site.admin_view(view), name=f"quotes_review_{name}")

        return [
            at("", self.queue, "changelist"),
            at("<uuid:article>/", self.desk, "desk"),
            at("<uuid:article>/add/", require_POST(self.add), "add_quote"),
            at("<uuid:article>/claim/", require_POST(self.claim), "claim"),
            at("<uuid:article>/next/", self.next, "next"),
            at("<uuid:article>/undo/", require_POST(self.undo), "undo"),
            at("<uuid:article>/<uuid:quote>/<slug:step>/", require_POST(self.step), "step"),
        ]

    # Who

    def has_module_permission(self, request) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request, obj=None) -> bool:
        return request.user.has_perm("quotes.review_quote")

    def has_add_permission(self, request) -> bool:
        return False

    has_change_permission = has_delete_permission = has_view_permission

    def get_model_perms(self, request) -> dict[str, bool]:
        may = self.has_view_permission(request)
        return {"view": may, "add": False, "change": False, "delete": False}

    # The queue

    def queue(self, request):
        """Articles whose quotes wait, a page of them, and who is at which."""
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
                "title": "Review desk",
                "opts": self.opts,
                "form": form,
                "media": form.media,
                "rows": rows,
                "first": free[0] if free else None,
                "number": number,
                "is_exact": is_exact,
                "page": page,
                "has_next": has_next,
                "query": form.query,
                "now": now,
            },
        )

    def _asked(self, request) -> QueueForm:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return QueueForm(request.GET)

    # The desk

    def desk(self, request, article):
        """An article with its quotes; `quote` in the query is the one that is looked at."""
        try:
            key = forms.UUIDField().clean(request.GET["quote"]) if "quote" in request.GET else None
        except ValidationError:
            raise Http404 from None
        earlier = request.GET.get("text") == "earlier"
        return self._page(request, *self._opened(request, article, chosen=key, earlier=earlier))

    def _page(self, request, form: QueueForm, desk: Desk):
        last = request.session.get(LAST)
        return TemplateResponse(
            request,
            "admin/quotes/review/desk.html",
            {
                **self.admin_site.each_context(request),
                **desk.context(),
                "is_nav_sidebar_enabled": False,  # the text needs the room
                "title": str(desk.article),
                "opts": self.opts,
                "query": form.query,
                "media": form.media + desk.add_form.media,
                "last": last,
                "may_add": request.user.has_perm("quotes.add_quote") and desk.is_present_text,
                "shortcuts": [(step.key, step.label) for step in DESK_STEPS.values()],
            },
        )

    def _opened(self, request, article, **asked) -> tuple[QueueForm, Desk]:
        """The part of the queue that is asked for, and an article of it on the desk."""
        form = self._asked(request)
        known = Article.objects.select_related("outlet", "snapshot").defer("snapshot__text")
        on_desk = get_object_or_404(known, pk=article)
        return form, Desk(request, on_desk, now=timezone.now(), **asked)

    def step(self, request, article, quote, step):
        """Take a step with a quote, as its forms were sent, and go on to the next."""
        form, desk = self._opened(request, article)
        if step not in DESK_STEPS:
            raise Http404
        wanted = DESK_STEPS[step]
        if not request.user.has_perm(wanted.permission):
            raise PermissionDenied
        desk.asked = quote
        with transaction.atomic():
            visible = Quote.objects.visible_to(request.user).filter(article=desk.article)
            locked = get_object_or_404(visible.select_for_update(of=("self",)), pk=quote)
            locked.article = desk.article
            sent = form_of(wanted, locked, request.POST)
            fields = fields_form(request, locked, request.POST) if step == "correct" else None
            desk.sent = OpenStep(wanted, sent, fields, refused=True)
            is_sent_well = sent.is_valid() and (fields is None or fields.is_valid())
            read = sent.cleaned_data.get("version")
            if read is not None and read != locked.version:
                desk.stale = Stale(locked, read, wanted.label)
            elif is_sent_well:
                try:
                    with transaction.atomic():
                        subject = Quote.objects.get(pk=quote)
                        take(wanted, subject, sent, fields, user=request.user, now=desk.now)
                except (ValidationError, Conflict, NotOpen, IntegrityError, DataError) as error:
                    desk.errors = said_of(error)
                else:
                    return self._go_on(request, form, desk, wanted, quote)
        if desk.stale:
            self._read_anew(request, desk, quote)
        return self._page(request, form, desk)

    def _read_anew(self, request, desk: Desk, key) -> None:
        """Have the form that was refused carry the present version: what changed is shown now."""
        quote = next((one for one in desk.quotes if one.pk == key), None)
        if quote is None or desk.sent.step not in steps_open(request.user, quote):
            desk.sent = None
            return
        sent = request.POST.copy()
        sent[desk.sent.form.add_prefix("version")] = quote.version
        fields = desk.sent.fields and fields_form(request, quote, sent)
        desk.sent = OpenStep(
            desk.sent.step, form_of(desk.sent.step, quote, sent), fields, refused=True
        )

    def _go_on(self, request, form: QueueForm, desk: Desk, step, key):
        """To the next quote that waits, in this article or the next."""
        done = self._say_done(request, key, step.done)
        chosen = done if step.name in STAYS else desk.after(done)
        if chosen:
            return self._to(desk.article.pk, form, chosen.pk)
        return self._to_next_article(request, form, desk)

    def _say_done(self, request, key, done: str) -> Quote:
        """Say what was done to a quote, and keep what an undo has to know."""
        quote = Quote.objects.get(pk=key)
        request.session[LAST] = {
            "quote": str(quote.pk),
            "article": str(quote.article_id),
            "version": quote.version,
            "done": done,
        }
        messages.success(request, f"{done}: “{quote}”")
        return quote

    def next(self, request, article):
        """Leave this article to others, and go to the next in the queue that nobody is at."""
        form, desk = self._opened(request, article)
        passed = [key for key in request.session.get(PASSED, []) if key != str(article)]
        request.session[PASSED] = [*passed, str(article)][-MOST_PASSED:]
        return self._to_next_article(request, form, desk)

    def _to_next_article(self, request, form: QueueForm, desk: Desk):
        Claim.objects.let_go(desk.article, request.user, desk.now)
        taken = Claim.objects.of_others(request.user, desk.now).values_list("article", flat=True)
        passed = request.session.get(PASSED, [])
        besides = [desk.article.pk, *passed, *taken[:1000]]
        following = next_article(form.wanted(request.user), form.order_wanted, besides)
        if following:
            return self._to(following, form)
        request.session.pop(PASSED, None)
        messages.info(request, "Nothing else waits but what you passed or others have open.")
        place = reverse("admin:quotes_review_changelist")
        return HttpResponseRedirect(f"{place}?{form.query}" if form.query else place)

    def _to(self, article, form: QueueForm, quote=None):
        place = reverse("admin:quotes_review_desk", args=[article])
        query = "&".join(part for part in (form.query, f"quote={quote}" if quote else "") if part)
        return HttpResponseRedirect(f"{place}?{query}" if query else place)

    def add(self, request, article):
        """Propose a quote whose words were chosen in the text."""
        form, desk = self._opened(request, article)
        if not request.user.has_perm("quotes.add_quote"):
            raise PermissionDenied
        desk.add_form = AddForm(request.POST, prefix="add")
        if desk.add_form.is_valid():
            try:
                with transaction.atomic():
                    quote = add(desk.article, desk.add_form)
            except (ValidationError, Refused, IntegrityError, DataError) as error:
                desk.errors = said_of(error)
            else:
                self._say_done(request, quote.pk, "Added")
                return self._to(article, form, quote.pk)
        return self._page(request, form, desk)

    def undo(self, request, article):
        """Take the last step back, and look at its quote again."""
        form, _ = self._opened(request, article)
        if not (last := request.session.pop(LAST, None)):
            messages.warning(request, "There is nothing to undo.")
            return self._to(article, form)
        visible = Quote.objects.visible_to(request.user)
        quote = get_object_or_404(visible, pk=last["quote"])
        if not request.user.has_perm("quotes.change_quote"):
            raise PermissionDenied
        try:
            actor = request.user.get_username()
            undo(quote, last["version"], actor=actor, now=timezone.now())
            messages.success(request, f"Undone: {last['done'].lower()}, “{quote}”")
        except Conflict as refusal:
            messages.warning(request, str(refusal.detail))
        return self._to(last["article"], form, quote.pk)

    def claim(self, request, article):
        """Hold on to the article, take it over, or let it go; what the page's script calls."""
        _, desk = self._opened(request, article)
        if request.POST.get("let_go"):
            Claim.objects.let_go(desk.article, request.user, desk.now)
            return HttpResponse(status=204)
        if request.POST.get("take_over"):
            Claim.objects.hold(desk.article, request.user, desk.now, take_over=True)
            return self._to(article, self._asked(request))
        return HttpResponse(status=204 if desk.is_mine else 200)


def said_of(error: Exception) -> list[str]:
    """What a refusal says, sentence by sentence."""
    match error:
        case ValidationError():
            return error.messages
        case Conflict():
            return [str(error.detail), *(fault["message"] for fault in error.faults)]
        case Refused():
            return [fault["message"] for fault in error.faults]
        case NotOpen():
            return [str(error)]
        case _:
            return [refusal_of(error)]

"""The review page of one article; its queue is in `worklist`.

`admin/quotes/review/` is the queue, `admin/quotes/review/<article>/` the page. Each step is a form
with the version of the quote that was read. It calls one verb and leads to the next quote of the
queue. Only selecting words in the text needs a script.
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
from django.utils.html import format_html

from quotes.admin.review.answers import MINIMAL, answered, prefers, redirected_unless_posted
from quotes.admin.review.desk_pages import HasDeskPages
from quotes.admin.review.naming import left_behind
from quotes.admin.review.page import ReviewPage
from quotes.admin.review.panel import OfferedStep
from quotes.admin.review.publish_rest import PublishesRest
from quotes.admin.review.queue_form import QueueForm, links
from quotes.admin.review.reported import AnswersReports
from quotes.admin.review.steps import (
    NAMING,
    REVIEW_STEPS,
    AddForm,
    add,
    fields_form,
    form_for,
    may_take,
    shortcuts,
    steps_for,
    take,
)
from quotes.admin.review.teamwork import ArrangesWork, Teamwork
from quotes.admin.review.texts import former_text, replaced_quotes, side_by_side
from quotes.admin.review.undo_stack import UndoStack
from quotes.admin.review.worklist import ShowsQueue
from quotes.curation.queue import next_article
from quotes.filing import Refused
from quotes.models import Claim, Quote, Review
from quotes.models.workflow import OPEN, PUBLISH, NotOpen, Step, number_of_quotes
from sources.admin.edit_conflicts import ChangedSince
from sources.admin.html import isolated
from sources.admin.speaker_cards import told_apart
from sources.exceptions import Conflict, messages_of
from sources.models import Article, Revision
from sources.models.articles import READ_FULL_TEXT

HIDES_DECIDED = "review.hides_decided"
"""Session key: whether decided quotes are left out of the list."""

SKIPPED, MAX_SKIPPED = "review.skipped", 200
"""Session key of the articles skipped last: “Next article” leaves them out."""

STAYS = ("assign", "correct", "adjust", "keep", "reopen", *NAMING)
"""Steps after which the same quote stays on the page, as long as it is in the queue."""

NAMES_SPEAKER = ("assign", "role", "namesake")
"""Steps whose message says who is on record as having said it."""

UNDOABLE = "undoable"
"""Tag of the message about a step that can be undone."""

WAITS_AGAIN = "waiting for review again"

CONFIRMED = "Speaker confirmed"
"""The message when the speaker was chosen who was on record already."""


def keeps_speaker(quote: Quote) -> bool:
    """Whether the last change of a quote left its speaker; one query."""
    changes = Revision.objects.of(quote).filter(version=quote.version)
    return not changes.filter(fields__contains=["speaker_id"]).exists()


@admin.register(Review)
class ReviewAdmin(
    ShowsQueue, HasDeskPages, ArrangesWork, AnswersReports, PublishesRest, admin.ModelAdmin
):
    """Pages of its own instead of a list and a change form: what changes here is quotes."""

    def get_urls(self):
        def at(route: str, view, name: str):
            inner = self.admin_site.admin_view(answered(view))
            return path(route, inner, name=f"quotes_review_{name}")

        def posted(route: str, view, name: str):
            return at(route, redirected_unless_posted(view), name)

        return [
            at("", self.queue, "changelist"),
            *self.desk_urls(),
            at("<uuid:article>/", self.article, "article"),
            at("<uuid:article>/texts/", self.texts, "texts"),
            posted("<uuid:article>/add/", self.add, "add_quote"),
            posted("<uuid:article>/claim/", self.claim, "claim"),
            at("<uuid:article>/publish/", self.publish_rest, "publish_rest"),
            at("<uuid:article>/next/", self.next, "next"),
            posted("<uuid:article>/undo/", self.undo, "undo"),
            *self.teamwork_urls(posted),
            *self.report_urls(posted),
            posted("<uuid:article>/<uuid:quote>/<slug:step>/", self.step, "step"),
        ]

    # Permissions

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

    # The page of an article

    def article(self, request, article):
        """An article with its quotes; `quote` in the query is the chosen one."""
        try:
            key = forms.UUIDField().clean(request.GET["quote"]) if "quote" in request.GET else None
        except ValidationError:
            raise Http404 from None
        earlier = request.GET.get("text") == "earlier"
        if (decided := request.GET.get("decided")) in ("hide", "show"):
            request.session[HIDES_DECIDED] = decided == "hide"
        return self._shown(request, *self._opened(request, article, chosen=key, earlier=earlier))

    def _shown(self, request, form: QueueForm, page: ReviewPage, **refused: forms.Form):
        """The page; `refused` are forms about the team's work that are shown again."""
        preference = prefers(request)
        page.is_brief = preference == MINIMAL and request.method == "GET"
        chosen = page.chosen
        around = (
            {"frame": "admin/quotes/review/bare.html", "site_title": self.admin_site.site_title}
            if preference
            else {"frame": "admin/base_site.html", **self.admin_site.each_context(request)}
        )
        return TemplateResponse(
            request,
            "admin/quotes/review/article.html",
            {
                **around,
                **page.context(),
                **links(form),
                "work": chosen and Teamwork(request.user, chosen, page.now, refused),
                "is_nav_sidebar_enabled": False,  # the text needs the room
                "title": str(page.article),
                "opts": self.opts,
                "media": form.media + page.add_form.media,
                "hides_decided": request.session.get(HIDES_DECIDED, False),
                "last": UndoStack(request.session, request.user, page.now).offered,
                "may_publish": request.user.has_perm(PUBLISH),
                "shortcuts": shortcuts(),
            },
        )

    def texts(self, request, article):
        """The present text beside the former one; POST keeps the quotes that lost their words."""
        _, page = self._opened(request, article)
        if not request.user.has_perm(READ_FULL_TEXT):
            raise PermissionDenied
        article, may_keep = page.article, request.user.has_perm(REVIEW_STEPS["keep"].permission)
        if request.method == "POST":
            if not may_keep:
                raise PermissionDenied
            if request.POST.get("snapshot") == str(article.snapshot_id):
                return self._keep_replaced(request, article)
            messages.warning(request, "The text was replaced again meanwhile. Compare once more.")
        quotes = list(replaced_quotes(request.user, article))
        former, present = former_text(article, quotes), page.snapshot
        return TemplateResponse(
            request,
            "admin/quotes/review/texts.html",
            {
                **self.admin_site.each_context(request),
                "title": str(article),
                "opts": self.opts,
                "article": article,
                "quotes": quotes,
                "may_keep": may_keep,
                "former": former,
                "present": present,
                "rows": side_by_side(former.text, present.text) if former and present else [],
            },
        )

    def _keep_replaced(self, request, article: Article):
        with transaction.atomic():
            quotes = replaced_quotes(request.user, article).filter(status__in=OPEN)
            for quote in quotes:
                quote.keep([Quote.Flag.TEXT_REPLACED])
            number = len(quotes)
        messages.success(request, f"{number_of_quotes(number)} kept on record.")
        return HttpResponseRedirect(reverse("admin:quotes_review_texts", args=[article.pk]))

    def _opened(self, request, article, **asked) -> tuple[QueueForm, ReviewPage]:
        """The filters of the queue, and the page of one article."""
        form = self._asked(request)
        articles = Article.objects.select_related("outlet", "snapshot").defer("snapshot__text")
        article = get_object_or_404(articles, pk=article).survivor
        wanted = form.wanted(request.user)
        return form, ReviewPage(request, article, wanted=wanted, now=form.now, **asked)

    def step(self, request, article, quote, step):
        """Take a step with a quote, and redirect to the next quote."""
        form, page = self._opened(request, article, chosen=quote)
        if (wanted := REVIEW_STEPS.get(step)) is None:
            raise Http404
        if not may_take(request.user, wanted):
            raise PermissionDenied
        with transaction.atomic():
            visible = Quote.objects.visible_to(request.user).filter(article=page.article)
            if step == "publish":
                visible.filter(pk=quote).hold_articles()
            locked = get_object_or_404(visible.select_for_update(of=("self",)), pk=quote)
            locked.article, was_public = page.article, locked.status in Quote.PUBLIC
            sent = form_for(wanted, locked, request.POST)
            fields = fields_form(request, locked, request.POST) if step == "correct" else None
            page.sent = OfferedStep(wanted, sent, fields, refused=True)
            was_queued = page.has_queued(quote)
            is_valid = sent.is_valid() and (fields is None or fields.is_valid())
            if changed := ChangedSince.of(locked, sent.cleaned_data.get("version")):
                if was_taken(request, locked):
                    stays = wanted.name in STAYS
                    return self._go_on(request, form, page, wanted, quote, stays=stays)
                page.changed = [changed]
            elif is_valid:
                try:
                    with transaction.atomic():
                        subject = Quote.objects.get(pk=quote)
                        said = take(wanted, subject, sent, fields, user=request.user, now=page.now)
                except (ValidationError, Conflict, NotOpen, IntegrityError, DataError) as error:
                    page.errors = faults_of_step(error)
                else:
                    if said:
                        messages.success(request, said)
                        return self._to(article, form, quote)
                    stays = stays_with(page, wanted, quote, was_queued, was_public)
                    return self._go_on(request, form, page, wanted, quote, stays=stays)
        if page.changed:
            self._reopen(request, page, quote)
        return self._shown(request, form, page)

    def _reopen(self, request, page: ReviewPage, key) -> None:
        """Give the refused form the current version: the page now shows what changed."""
        quote = next((one for one in page.quotes if one.pk == key), None)
        step = page.sent.step
        if quote is None or step not in steps_for(request.user, quote):
            page.sent = None
            return
        sent = request.POST.copy()
        sent[page.sent.form.add_prefix("version")] = quote.version
        fields = page.sent.fields and fields_form(request, quote, sent)
        page.sent = OfferedStep(step, form_for(step, quote, sent), fields, refused=True)

    def _go_on(self, request, form: QueueForm, page: ReviewPage, step, key, *, stays: bool):
        """Redirect to the next quote of the queue, in this article or the next."""
        quote = Quote.objects.select_related("speaker").get(pk=key)
        done = CONFIRMED if step.name == "assign" and keeps_speaker(quote) else step.done
        self._report(request, quote, done, names_speaker=step.name in NAMES_SPEAKER)
        if not stays and step.name == "assign" and (said := left_behind(quote, request.user)):
            messages.info(request, said)
        chosen = quote if stays else page.next_queued(quote)
        if chosen:
            return self._to(page.article.pk, form, chosen.pk)
        return self._to_next_article(request, form, page)

    def _report(self, request, quote: Quote, done: str, *, names_speaker: bool = False) -> None:
        """Say what was done, and keep it for undo."""
        what = isolated(f"“{quote}”")
        if names_speaker and quote.speaker:
            named = told_apart([quote.speaker], request.user)[quote.speaker_id]
            what = format_html("{}, said by {}", what, isolated(named))
        self._done(request, done, [quote], what)

    def _done(self, request, done: str, quotes: list[Quote], what: str) -> None:
        """Say what was done with these quotes, and that it can be undone, if so."""
        stack = UndoStack(request.session, request.user, timezone.now())
        tag = UNDOABLE if stack.add(done, quotes) else ""
        messages.success(request, format_html("{}: {}", done, what), extra_tags=tag)

    def next(self, request, article):
        """Skip this article, and redirect to the next that nobody else is reviewing."""
        form, page = self._opened(request, article)
        skipped = [key for key in request.session.get(SKIPPED, []) if key != str(article)]
        request.session[SKIPPED] = [*skipped, str(article)][-MAX_SKIPPED:]
        return self._to_next_article(request, form, page)

    def _to_next_article(self, request, form: QueueForm, page: ReviewPage):
        Claim.objects.let_go(page.article, request.user, page.now)
        taken = Claim.objects.of_others(request.user, page.now).values_list("article", flat=True)
        skipped = request.session.get(SKIPPED, [])
        besides = [page.article.pk, *skipped, *taken[:1000]]
        following = next_article(form.wanted(request.user), form.order_wanted, besides)
        if following:
            return self._to(following, form)
        request.session.pop(SKIPPED, None)
        messages.info(
            request,
            "You're up to date. The rest are articles you skipped or that colleagues are reviewing."
            if form.wanted(request.user).exists()
            else "You're up to date.",
        )
        return HttpResponseRedirect(
            reverse("admin:quotes_review_changelist") + links(form)["query"]
        )

    def _to(self, article, form: QueueForm, quote=None):
        place = reverse("admin:quotes_review_article", args=[article])
        query = urlencode(form.query | ({"quote": quote} if quote else {}))
        return HttpResponseRedirect(f"{place}?{query}" if query else place)

    def add(self, request, article):
        """Propose a quote whose words were selected in the text."""
        form, page = self._opened(request, article)
        if not request.user.has_perm("quotes.add_quote"):
            raise PermissionDenied
        page.add_form = AddForm(request.POST, prefix="add")
        if page.add_form.is_valid():
            try:
                with transaction.atomic():
                    quote = add(page.article, page.add_form, request.user)
            except (ValidationError, Refused, IntegrityError, DataError) as error:
                page.errors = faults_of_step(error)
            else:
                self._report(request, Quote.objects.get(pk=quote.pk), "Added")
                if not quote.speaker_id:
                    messages.warning(request, "Nobody is on record as its speaker.")
                return self._to(article, form, quote.pk)
        return self._shown(request, form, page)

    def undo(self, request, article):
        """Undo the last step that can be undone, and return to its quote."""
        form, _ = self._opened(request, article)
        if not request.user.has_perm("quotes.change_quote"):
            raise PermissionDenied
        stack = UndoStack(request.session, request.user, timezone.now())
        undone = stack.undo(request.POST.get("entry"))
        for refusal in undone.refusals:
            messages.warning(request, isolated(refusal))
        for quote in undone.quotes:
            now = WAITS_AGAIN if quote.status == Quote.Status.PROPOSED else f"{quote.status} again"
            messages.success(request, format_html("Undone: {} is {}", isolated(f"“{quote}”"), now))
        if len(undone.quotes) == 1 and (said := left_behind(undone.quotes[0], request.user)):
            messages.info(request, said)
        chosen = undone.quotes[0].pk if undone.quotes else None
        return self._to(undone.article or article, form, chosen)

    def claim(self, request, article):
        """Keep, take over or release the claim on an article; the page's script calls this."""
        form, page = self._opened(request, article)
        if request.POST.get("let_go"):
            Claim.objects.let_go(page.article, request.user, page.now)
            return HttpResponse(status=204)
        if request.POST.get("take_over"):
            Claim.objects.hold(page.article, request.user, page.now, take_over=True)
            return self._to(article, form)
        return HttpResponse(status=204 if page.is_mine else 200)


def was_taken(request, quote: Quote) -> bool:
    """Whether this request changed the quote before: it is sent again if its answer was lost."""
    sent = request.headers.get("X-Request-ID", "")
    made = Revision.objects.of(quote).filter(actor=request.user.get_username(), request=sent)
    return made.exists()


def stays_with(page: ReviewPage, step: Step, key, was_queued: bool, was_public: bool) -> bool:
    """Whether the same quote is shown after a step.

    In the queue it stays as long as the step leaves it there, if the step is one of `STAYS`.
    Elsewhere a public quote stays: nobody came here for the next one.
    """
    if was_queued:
        return step.name in STAYS and page.has_queued(key)
    return was_public or step.name in STAYS


def faults_of_step(error: Exception) -> list[str]:
    """The messages of a refused step, one for each fault."""
    match error:
        case Refused():
            return [fault["message"] for fault in error.faults]
        case NotOpen():
            return [str(error)]
        case _:
            return messages_of(error)

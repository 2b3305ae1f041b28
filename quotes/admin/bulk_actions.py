"""Actions on many quotes: selected in the list, previewed on a page of their own, then done.

The selection is kept as a draft job (`sources.jobs`): ids with the versions that were read. What is
confirmed is exactly what is changed, whatever has come to match the filters since.
"""

import json
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST
from rest_framework import serializers

from quotes.curation.bulk import (
    BULK_STEPS,
    OFF_TEXT,
    REVISED,
    UNDO,
    draft_undo,
    left_by,
    open_to,
    revision_of,
    title,
    why_not,
)
from quotes.curation.undo import CHANGED_SINCE, PUBLIC_BEFORE
from quotes.models import Quote, QuoteQuerySet
from quotes.models.workflow import STEPS
from sources.admin.forms import ReasonField
from sources.admin.html import visible_bidi
from sources.admin.jobs import page_of
from sources.admin.widgets import SafeAutocomplete
from sources.api.serializers import LanguageField
from sources.exceptions import flatten_errors
from sources.jobs.models import INLINE_ROWS, DraftIds, Job, TooManyRecords, draft
from sources.models import Organisation, Speaker

WILL = {
    "publish": "will be published. Readers will see them.",
    "reject": "will be rejected and not published.",
    "reopen": "will be reviewed again.",
    "dispute": "will be marked as disputed. Readers will still see them.",
    "settle": "will be published again, their disputes resolved.",
    "retract": "will be withdrawn permanently.",
    "revise": "can be edited.",
    "join": "will be grouped as reports of one utterance.",
    "part": "will be ungrouped, and will not be grouped again automatically.",
    "undo": "will be as before. Published ones wait for review again; readers see a note.",
}

FILTERS = "_changelist_filters"
"""Parameter by which the admin's pages carry the filters of the list they came from."""

MAX_GROUPED = 100
"""Quotes grouped in one action, which is all or none."""

SAMPLE_QUOTES = 10

# Forms of the preview page


class ReasonForm(forms.Form):
    reason = ReasonField(
        max_length=10_000,
        widget=forms.Textarea({"rows": 3, "cols": 60}),
        help_text="Kept in the history of every quote.",
    )

    def __init__(self, *args, job: Job, are_corrected: int = 0, **kwargs):
        super().__init__(*args, **kwargs)
        reason = self.fields["reason"]
        reason.required = are_corrected > 0 or BULK_STEPS[job.work].needs_reason
        if are_corrected:
            reason.label = "Public note"
            reason.help_text = (
                f"{public_quotes(are_corrected, job.total)}: readers will see this note."
            )
        elif reason.required:
            reason.help_text += " Readers will see it with the quote."

    def given(self) -> dict:
        return {"reason": self.cleaned_data["reason"]}


def _record(model, name: str) -> forms.ModelChoiceField:
    widget = SafeAutocomplete(Quote._meta.get_field(name), admin.site)
    return forms.ModelChoiceField(model.objects.active(), required=False, widget=widget)


class RevisionForm(ReasonForm):
    """Each field has a box that says whether to set it, since an empty value is a value too."""

    speaker = _record(Speaker, "speaker")
    organisation = _record(Organisation, "organisation")
    language = forms.CharField(
        max_length=35, required=False, help_text="BCP 47 tag, such as en or pt-BR."
    )
    kind = forms.ChoiceField(choices=[("", "---------"), *Quote.Kind.choices], required=False)

    field_order = [*REVISED, "reason"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in REVISED:
            self.fields[f"set_{name}"] = forms.BooleanField(required=False, label=f"Set the {name}")

    def clean(self):
        data = super().clean()
        if not any(data.get(f"set_{name}") for name in REVISED):
            raise forms.ValidationError("Tick at least one field.")
        if data.get("set_kind") and not data.get("kind"):
            self.add_error("kind", "Choose a kind. Every quote needs one.")
        if data.get("set_language") and data.get("language"):
            try:
                data["language"] = LanguageField().run_validation(data["language"])
            except serializers.ValidationError as error:
                for fault in flatten_errors(error.detail):
                    self.add_error("language", fault["message"])
        return data

    def pairs(self):
        return [(self[f"set_{name}"], self[name]) for name in REVISED]

    def given(self) -> dict:
        ticked = [name for name in REVISED if self.cleaned_data[f"set_{name}"]]
        values = {name: self.cleaned_data[name] or None for name in ticked}
        changes = {name: str(getattr(v, "pk", v)) if v else None for name, v in values.items()}
        return {**super().given(), "changes": changes}


class UndoForm(ReasonForm):
    """No reason is asked for: the ledger says that it was undone."""

    def __init__(self, *args, job: Job, are_corrected: int = 0, **kwargs):
        forms.Form.__init__(self, *args, **kwargs)
        del self.fields["reason"]

    def given(self) -> dict:
        return {}


FORMS = dict.fromkeys(BULK_STEPS, ReasonForm) | {"revise": RevisionForm, "undo": UndoForm}
"""The form of the preview page, by the kind of job."""


def public_quotes(number: int, total: int) -> str:
    """Say how many of some quotes are public, to begin a sentence."""
    if number == total:
        return "This quote is public" if number == 1 else f"These {number:,} quotes are public"
    return f"{number:,} of these {total:,} quotes {'is' if number == 1 else 'are'} public"


# The preview


def preview(job: Job, chosen: QuoteQuerySet, user, changes: dict | None = None) -> dict:
    """How many quotes can be changed, with a sample, and how many cannot, by reason."""
    if job.work == "undo":
        return _preview_undo(job, chosen)
    open_now = open_to(job.work, chosen, user)
    doubtful = Count("pk", filter=~Q(flags=[]) | Q(anchor__in=OFF_TEXT))
    able, doubtful = open_now.aggregate(able=Count("pk"), doubtful=doubtful).values()
    skipped = (
        chosen.exclude(pk__in=open_now.values("pk")).values("status").annotate(n=Count("pk"))
        if able < job.total
        else []
    )
    whys = [(why_not(job.work, row["status"]), row["n"]) for row in skipped]
    if gone := job.total - able - sum(n for _, n in whys):
        whys.append(("They no longer exist.", gone))
    found = {"able": able, "skipped": whys, "confirm": title(job, able)}
    if job.work == "publish":
        found["doubtful"] = doubtful
    found["sample"] = open_now.select_related("speaker", "outlet").order_by("pk")[:SAMPLE_QUOTES]
    if skipped:
        held = chosen.exclude(pk__in=open_now.values("pk")).select_related("speaker", "outlet")
        held = held.order_by("pk")[:SAMPLE_QUOTES]
        found["held_out"] = [(quote, why_not(job.work, quote.status)) for quote in held]
    if changes is None:
        return found
    values = revision_of(changes)
    same, losing = Q(), Q(pk__in=())
    for name, value in values.items():
        same &= Q((name, value) if value else (f"{name}__isnull", True))
        if name in Quote.DOUBTS:
            same &= ~Q(flags__overlap=list(Quote.DOUBTS[name]))  # which setting it settles
            fits = Q((f"affiliation__{name}", value)) if value else Q(pk__in=())
            losing |= ~fits
    return found | {
        "same": open_now.filter(same).count(),
        "let_go": open_now.filter(losing, affiliation__isnull=False).count(),
    }


def _preview_undo(job: Job, chosen: QuoteQuerySet) -> dict:
    chosen = left_by(chosen, job.given["undoes"])
    able = chosen.filter(can_be_undone=True).count()
    changed = chosen.filter(as_left=False).count()
    counts = [(CHANGED_SINCE, changed), (PUBLIC_BEFORE, job.total - able - changed)]
    named = chosen.select_related("speaker", "outlet").order_by("pk")
    return {
        "able": able,
        "skipped": [(why, number) for why, number in counts if number],
        "confirm": title(job, able),
        "sample": named.filter(can_be_undone=True)[:SAMPLE_QUOTES],
        "held_out": [
            (quote, PUBLIC_BEFORE if quote.as_left else CHANGED_SINCE)
            for quote in named.filter(can_be_undone=False)[:SAMPLE_QUOTES]
        ],
    }


# The list


def _action(step: str):
    def begin(self, request, queryset):
        return self.draft(request, step, queryset)

    begin.__name__ = step
    label = BULK_STEPS[step].of("selected quotes")
    return admin.action(begin, permissions=[step], description=label)


class BulkActions:
    """The actions of the list of quotes, and the page that previews each."""

    actions = [_action(step) for step in BULK_STEPS]

    def get_urls(self):
        view = self.admin_site.admin_view(self.bulk_view)
        undo = self.admin_site.admin_view(require_POST(self.undo_view))
        return [
            path("bulk/<uuid:key>/", view, name="quotes_quote_bulk"),
            path("bulk/<uuid:key>/undo/", undo, name="quotes_quote_undo_batch"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        for step in set(request.POST.getlist("action")) & BULK_STEPS.keys():
            if not request.user.has_perm(BULK_STEPS[step].permission):
                raise PermissionDenied
        return super().changelist_view(request, extra_context)

    def action_checkbox(self, quote):
        label = f"Select: {visible_bidi(str(quote))}"
        box = forms.CheckboxInput({"class": "action-select", "aria-label": label}, lambda _: False)
        return box.render(ACTION_CHECKBOX_NAME, str(quote.pk))

    def draft(self, request, step: str, queryset):
        if step == "join" and queryset.order_by()[: MAX_GROUPED + 1].count() > MAX_GROUPED:
            why = f"You can group at most {MAX_GROUPED} quotes at once."
            self.message_user(request, why, messages.ERROR)
            return None
        try:
            job = draft(step, request.user, of=queryset)
        except TooManyRecords as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return None
        address = reverse("admin:quotes_quote_bulk", args=[job.pk])
        filters = request.GET.urlencode()
        kept = f"?{urlencode({FILTERS: filters})}" if filters else ""
        return HttpResponseRedirect(f"{address}{kept}")

    def undo_view(self, request, key):
        """Draft the undo of a batch of one's own, for its preview."""
        job = get_object_or_404(Job.objects.of(request.user), pk=key)
        if not (job.kind.undo and request.user.has_perms([UNDO.permission, job.kind.permission])):
            raise PermissionDenied
        undo = draft_undo(job, request.user)
        return HttpResponseRedirect(reverse("admin:quotes_quote_bulk", args=[undo.pk]))

    def bulk_view(self, request, key):
        """GET previews and POST confirms; an edit is previewed once its values are known."""
        job = get_object_or_404(Job.objects.of(request.user), pk=key, work__in=FORMS)
        if not request.user.has_perm(job.kind.permission):
            raise PermissionDenied
        if job.state != Job.State.DRAFT:
            return HttpResponseRedirect(page_of(job))
        kind = FORMS[job.work]
        chosen = Quote.objects.visible_to(request.user).filter(pk__in=DraftIds(job)).order_by()
        public = chosen.filter(status__in=STEPS["correct"].leaves)
        are_corrected = public.count() if job.work == "revise" else 0
        form = kind(request.POST or None, job=job, are_corrected=are_corrected)
        valid = request.method == "POST" and form.is_valid()
        changes = form.given().get("changes") if valid else None
        previewed = json.dumps(changes, sort_keys=True)
        # Values that were changed after their preview are previewed again.
        if valid and "_do" in request.POST and request.POST.get("previewed", "null") == previewed:
            job.start(**form.given())
            return self.done(request, job)
        if changes:
            job.given = {"changes": changes}  # for its title
        previewed_now = preview(job, chosen, request.user, changes)
        able = previewed_now["able"]
        context = {
            **self.admin_site.each_context(request),
            "title": f"{title(job, able)}?" if able else f"{job}: none of these can change",
            "opts": self.opts,
            "job": job,
            "form": form,
            "media": self.media + form.media,
            "will": WILL[job.work],
            "list_url": list_url(request),
            "previewed": previewed,
            "is_revision": job.work == "revise",
            "is_previewed": job.work != "revise" or changes is not None,
            "at_once": job.total <= INLINE_ROWS,
            **previewed_now,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/quotes/quote/bulk.html", context)

    def done(self, request, job: Job):
        """Return to the list, or show the report if anything was refused or is still running."""
        if job.state == Job.State.DONE and not job.refused:
            report = format_html('<a href="{}">Report{}</a>', page_of(job), _undo_offered(job))
            told = format_html("{}: {}. {}", str(job), job.result, report)
            self.message_user(request, told, messages.SUCCESS)
            return HttpResponseRedirect(list_url(request))
        return HttpResponseRedirect(page_of(job))


def list_url(request) -> str:
    """The list as it was filtered when the quotes were chosen."""
    filters = request.GET.get(FILTERS)
    return reverse("admin:quotes_quote_changelist") + (f"?{filters}" if filters else "")


def _undo_offered(job: Job) -> str:
    return " and undo" if job.kind.undo else ""


def _may(step: str):
    return lambda self, request: request.user.has_perm(BULK_STEPS[step].permission)


for step in BULK_STEPS:
    setattr(BulkActions, f"has_{step}_permission", _may(step))

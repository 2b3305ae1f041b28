"""Actions on many quotes: chosen on the list, foretold on a page of their own, then done.

The choice is kept as a draft of a job (`sources.jobs`): the ids and versions that were seen. So
what is confirmed is what is changed, and nothing else, whatever came to match the filters since.
"""

import json

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from rest_framework import serializers

from quotes.curation.bulk import PERMISSIONS, REVISED, open_to, reading, why_not
from quotes.models import Quote
from quotes.models.workflow import STEPS
from sources.admin.html import visible_bidi
from sources.admin.jobs import page_of
from sources.admin.widgets import SafeAutocomplete
from sources.api.serializers import LanguageField
from sources.exceptions import flatten_errors
from sources.jobs.models import INLINE_ROWS, DraftIds, Job, TooManyRecords, draft
from sources.models import Organisation, Speaker

LABELS = {
    "publish": "Publish the selected quotes",
    "reject": "Reject the selected quotes",
    "dispute": "Mark the selected quotes as disputed",
    "settle": "Settle the disputes of the selected quotes",
    "retract": "Retract the selected quotes",
    "revise": "Set speaker, organisation, language or kind of the selected quotes",
    "join": "Join the selected quotes into one utterance",
    "part": "Part the selected quotes from their utterances",
}

WILL = {
    "publish": "will be published: readers will see them.",
    "reject": "will be rejected, and not be published.",
    "dispute": "will be marked as disputed. Readers still see them.",
    "settle": "will stand as published: their dispute is settled.",
    "retract": "will be retracted, for good.",
    "revise": "can be revised.",
    "join": "will be reports of one act of speaking.",
    "part": "will be parted from the utterance they are of, and not be matched again.",
}

MOST_JOINED = 100
"""Quotes that are joined at once: all of them, or none."""

SAMPLE = 10

# What is asked on the page of confirmation


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=10_000,
        widget=forms.Textarea({"rows": 3, "cols": 60}),
        help_text="Kept in the history of each quote.",
    )

    def __init__(self, *args, job: Job, **kwargs):
        super().__init__(*args, **kwargs)
        needed = job.work in STEPS and STEPS[job.work].takes_back
        self.fields["reason"].required = needed
        if needed:
            self.fields["reason"].help_text += " Readers see it with the quote."

    def given(self) -> dict:
        return {"reason": self.cleaned_data["reason"]}


def _record(model, name: str) -> forms.ModelChoiceField:
    widget = SafeAutocomplete(Quote._meta.get_field(name), admin.site)
    return forms.ModelChoiceField(model.objects.standing(), required=False, widget=widget)


class RevisionForm(ReasonForm):
    """Each field is changed only where its box is ticked: nothing is a value, too."""

    speaker = _record(Speaker, "speaker")
    organisation = _record(Organisation, "organisation")
    language = forms.CharField(max_length=35, required=False, help_text="BCP 47: en, or pt-BR.")
    kind = forms.ChoiceField(choices=[("", "---------"), *Quote.Kind.choices], required=False)

    field_order = [*REVISED, "reason"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in REVISED:
            self.fields[f"set_{name}"] = forms.BooleanField(required=False, label=f"Set the {name}")

    def clean(self):
        data = super().clean()
        if not any(data.get(f"set_{name}") for name in REVISED):
            raise forms.ValidationError("Tick what is to be set.")
        if data.get("set_kind") and not data.get("kind"):
            self.add_error("kind", "Choose a kind: every quote has one.")
        if data.get("set_language") and data.get("language"):
            try:
                LanguageField().run_validation(data["language"])
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


# What it would do


def outlook(job: Job, user, changes: dict | None = None) -> dict:
    """To how many it will happen and to whom first; to how many not, and why."""
    chosen = Quote.objects.visible_to(user).filter(pk__in=DraftIds(job)).order_by()
    open_now = open_to(job.work, chosen, user)
    able = open_now.count()
    hindered = (
        chosen.exclude(pk__in=open_now.values("pk")).values("status").annotate(n=Count("pk"))
        if able < job.total
        else []
    )
    whys = [(why_not(job.work, row["status"]), row["n"]) for row in hindered]
    if gone := job.total - able - sum(n for _, n in whys):
        whys.append(("They are no longer on record.", gone))
    told = {"able": able, "hindered": whys, "unable": job.total - able}
    told["sample"] = open_now.select_related("speaker", "outlet").order_by("pk")[:SAMPLE]
    if changes is None:
        return told
    values = reading(changes)
    same, losing = Q(), Q(pk__in=())
    for name, value in values.items():
        same &= Q((name, value) if value else (f"{name}__isnull", True))
        if name in Quote.DOUBTS:
            same &= ~Q(flags__overlap=list(Quote.DOUBTS[name]))  # which are settled by naming it
            is_its = Q((f"affiliation__{name}", value)) if value else Q(pk__in=())
            losing |= ~is_its
    return told | {
        "same": open_now.filter(same).count(),
        "let_go": open_now.filter(losing, affiliation__isnull=False).count(),
    }


# On the list


def _begin(step: str):
    def begin(self, request, queryset):
        return self.draft(request, step, queryset)

    begin.__name__ = step
    return admin.action(begin, permissions=[step], description=LABELS[step])


class BulkActions:
    """The list of quotes with its actions, and the page where each is confirmed."""

    actions = [_begin(step) for step in LABELS]

    def get_urls(self):
        view = self.admin_site.admin_view(self.confirm_view)
        return [path("bulk/<uuid:key>/", view, name="quotes_quote_bulk"), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        for step in set(request.POST.getlist("action")) & PERMISSIONS.keys():
            if not request.user.has_perm(PERMISSIONS[step]):
                raise PermissionDenied
        return super().changelist_view(request, extra_context)

    def action_checkbox(self, quote):
        label = f"Select: {visible_bidi(str(quote))}"
        box = forms.CheckboxInput({"class": "action-select", "aria-label": label}, lambda _: False)
        return box.render(ACTION_CHECKBOX_NAME, str(quote.pk))

    def draft(self, request, step: str, queryset):
        if step == "join" and queryset.order_by()[: MOST_JOINED + 1].count() > MOST_JOINED:
            why = f"{MOST_JOINED} quotes at most are joined at once."
            self.message_user(request, why, messages.ERROR)
            return None
        try:
            job = draft(step, request.user, of=queryset)
        except TooManyRecords as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return None
        return HttpResponseRedirect(reverse("admin:quotes_quote_bulk", args=[job.pk]))

    def confirm_view(self, request, key):
        """GET foretells, POST does; a revision is foretold once its values are known."""
        job = get_object_or_404(Job.objects.of(request.user), pk=key, work__in=PERMISSIONS)
        if not request.user.has_perm(PERMISSIONS[job.work]):
            raise PermissionDenied
        if job.state != Job.State.DRAFT:
            return HttpResponseRedirect(page_of(job))
        kind = RevisionForm if job.work == "revise" else ReasonForm
        form = kind(request.POST or None, job=job)
        valid = request.method == "POST" and form.is_valid()
        changes = form.given().get("changes") if valid else None
        foretold = json.dumps(changes, sort_keys=True)
        # Values that were changed after they were foretold are foretold anew.
        if valid and "_do" in request.POST and request.POST.get("foretold", "null") == foretold:
            job.start(**form.given())
            return self.done(request, job)
        if changes:
            job.given = {"changes": changes}  # as it will be called
        context = {
            **self.admin_site.each_context(request),
            "title": f"{job}?",
            "opts": self.opts,
            "job": job,
            "form": form,
            "media": self.media + form.media,
            "will": WILL[job.work],
            "foretold": foretold,
            "is_revision": job.work == "revise",
            "is_foretold": job.work != "revise" or changes is not None,
            "at_once": job.total <= INLINE_ROWS,
            **outlook(job, request.user, changes),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/quotes/quote/bulk.html", context)

    def done(self, request, job: Job):
        """Back to the list where all is well; else to what came of it."""
        if job.state == Job.State.DONE and not job.refused:
            self.message_user(request, f"Done: {job}.", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:quotes_quote_changelist"))
        return HttpResponseRedirect(page_of(job))


def _may(step: str):
    return lambda self, request: request.user.has_perm(PERMISSIONS[step])


for step in LABELS:
    setattr(BulkActions, f"has_{step}_permission", _may(step))

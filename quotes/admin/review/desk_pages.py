"""A reviewer's own pages: saved views, decisions, settings; and how second looks went."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode

from quotes.admin.review.queue_form import QueueForm
from quotes.curation.decisions import last_decisions
from quotes.curation.queue import READ_AGAIN
from quotes.curation.second_look_report import agreements
from quotes.models import DeskSettings, SavedView, SecondLook
from sources.admin.forms import ReasonField
from sources.admin.html import isolated
from sources.exceptions import messages_of

MAX_DECISIONS = 100
"""Decisions on their page, the newest."""


class ViewForm(forms.Form):
    """The name of a view, and who may use it; the filters come as the page's own query."""

    name = ReasonField(label="Name", max_length=60, widget=forms.TextInput)
    is_shared = forms.BooleanField(label="Share with all reviewers", required=False)


class SettingsForm(forms.ModelForm):
    class Meta:
        model = DeskSettings
        fields = ("digest",)


class HasDeskPages:
    """Adds these pages to the review admin."""

    def desk_urls(self) -> list:
        def at(route: str, view, name: str):
            return path(route, self.admin_site.admin_view(view), name=f"quotes_review_{name}")

        return [
            at("views/", self.save_view, "save_view"),
            at("views/<int:key>/delete/", self.delete_view, "delete_view"),
            at("decided/", self.decided, "decided"),
            at("settings/", self.settings, "settings"),
            at("second-looks/", self.second_looks, "second_looks"),
        ]

    def save_view(self, request):
        """Keep the filters under a name. A GET, as after a login, leads to the queue."""
        self._check(request)
        if request.method != "POST":
            return self._to_queue({})
        filters = QueueForm(QueryDict(request.POST.get("query", "")))
        if not filters.is_valid():
            raise SuspiciousOperation("These are no filters of the queue.")
        query, form = filters.query, ViewForm(request.POST)
        try:
            if not form.is_valid():
                raise ValidationError([str(e) for errors in form.errors.values() for e in errors])
            view = SavedView(owner=request.user, query=query, **form.cleaned_data)
            view.full_clean()
            with transaction.atomic():
                view.save()
        except (ValidationError, IntegrityError) as error:  # the latter if it is sent twice at once
            messages.error(request, " ".join(messages_of(error)))
        else:
            messages.success(request, format_html("Saved the view {}", isolated(f"“{view.name}”")))
        return self._to_queue(query)

    def delete_view(self, request, key):
        self._check(request)
        if request.method != "POST":
            return self._to_queue({})
        view = get_object_or_404(SavedView, pk=key, owner=request.user)
        view.delete()
        messages.success(request, format_html("Deleted the view {}", isolated(f"“{view.name}”")))
        return self._to_queue(view.query)

    def _to_queue(self, query: dict[str, str]):
        page = reverse("admin:quotes_review_changelist")
        return HttpResponseRedirect(f"{page}?{urlencode(query)}" if query else page)

    def decided(self, request):
        """What this user decided last."""
        self._check(request)
        decisions = last_decisions(request.user, MAX_DECISIONS)
        for each in decisions:
            each.quote.excerpt = isolated(str(each.quote))
        return self._page(request, "decided", "What you decided", {"decisions": decisions})

    def settings(self, request):
        """What this user chose for their desk."""
        self._check(request)
        kept = DeskSettings.objects.filter(user=request.user).first()
        sent = request.POST if request.method == "POST" else None
        form = SettingsForm(sent, instance=kept or DeskSettings(user=request.user))
        if form.is_valid():
            form.save()
            messages.success(request, "Saved.")
            return HttpResponseRedirect(reverse("admin:quotes_review_settings"))
        return self._page(request, "settings", "My desk settings", {"form": form})

    def second_looks(self, request):
        """How often second looks agreed with who published."""
        self._check(request)
        rows = [
            {
                "publisher": isolated(row.publisher),
                "looks": row.looks,
                "agreed": share(row.share, row.interval),
                "wrong": share(row.error_rate, row.error_interval),
                "faults": ", ".join(
                    f"{SecondLook.Finding(what).label.lower()} {number}"
                    for what, number in row.faults.most_common()
                ),
            }
            for row in agreements()
        ]
        mine = SecondLook.objects.waiting_for(request.user)
        waiting = mine.filter(quote__status__in=READ_AGAIN).count()  # as in the queue
        context = {"rows": rows, "waiting": waiting}
        return self._page(request, "second_looks", "Second looks", context)

    def _check(self, request) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _page(self, request, name: str, title: str, context: dict):
        template = f"admin/quotes/review/{name}.html"
        given = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return TemplateResponse(request, template, given | context)


def share(value: float, interval: tuple[float, float]) -> str:
    return f"{value:.1%} ({interval[0]:.1%}–{interval[1]:.1%})"

"""The history of a record as a page: what the ledger tells of it, newest first.

Who may change such a record, or has the permission `insight`, is shown all of it; others what the
API tells them (`sources.api.Resource`). From here a curator takes a record back to how it was at a
version; see `sources.history.reverting`.
"""

from functools import cached_property

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, models, transaction
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import capfirst

from sources.admin.diffs import FieldDiff, as_shown_by_api, diff_field
from sources.admin.html import isolated
from sources.exceptions import Conflict, refusal_of
from sources.history.as_of import History, names_then
from sources.history.reverting import Reversion
from sources.models import Revision

ROADS = {"api": "over the API", "admin": "in the admin", "sql": "by SQL, unannounced"}


def road_in_words(road: str | None) -> str | None:
    if road and road.startswith("command:"):
        return f"by the command {road.removeprefix('command:')}"
    return ROADS.get(road, road)


class HistoryPage:
    """A page of a record's history: the newest revisions, or those next to a version.

    Pages are told apart by version, so that any of them costs the same.
    """

    PAGE = 25

    def __init__(self, history: History, *, before: int | None = None, after: int | None = None):
        self.history, self.model = history, type(history.record)
        told = history.get_queryset()
        if after is not None:
            rows = list(told.filter(version__gt=after).order_by("version")[: self.PAGE + 1])
            self.has_newer, self.has_older = len(rows) > self.PAGE, True
            rows = rows[: self.PAGE][::-1]
        else:
            older = told if before is None else told.filter(version__lt=before)
            rows = list(older.order_by("-version")[: self.PAGE + 1])
            self.has_newer, self.has_older = before is not None, len(rows) > self.PAGE
            rows = rows[: self.PAGE]
        self.revisions = history.told(rows)
        order = {field.name: place for place, field in enumerate(self.model._meta.concrete_fields)}
        for revision in self.revisions:
            revision.by_road = road_in_words(revision.road)
            revision.said_by, revision.shown_reason = (
                isolated(revision.actor),
                isolated(revision.reason),
            )
            revision.is_made = revision.verb == Revision.Verb.CREATED
            revision.is_erased = revision.state is None
            revision.comparisons = [
                diff_field(self.model, **self._values(change), named=self._names(revision))
                for change in sorted(revision.changes, key=lambda c: order.get(c["field"], 99))
            ]

    @staticmethod
    def _values(change: dict) -> dict:
        return {"name": change["field"], "before": change["before"], "after": change["after"]}

    @property
    def newest(self) -> int | None:
        return self.revisions[0].version if self.revisions else None

    @property
    def oldest(self) -> int | None:
        return self.revisions[-1].version if self.revisions else None

    def _names(self, revision: Revision) -> dict[str, str]:
        return {key: name for (key, at), name in self._names_then.items() if at == revision.time}

    @cached_property
    def _names_then(self) -> dict:
        """What those records were called that a revision lists by their ids alone."""
        return names_then(
            (key, revision.time)
            for revision in self.revisions
            for change in revision.changes
            if change["field"] == "distinct_from"
            for key in {*(change["before"] or ()), *(change["after"] or ())}
        )


class RevertForm(forms.Form):
    """Which fields go back, and why; `version` is the one that was read."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(max_length=2000, widget=forms.Textarea({"rows": 2, "cols": 60}))
    fields_back = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, required=False)

    def __init__(self, way: Reversion, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = way.told_to
        self.fields["fields_back"].choices = [(name, name) for name in way.columns]

    def clean_fields_back(self) -> set[str]:
        if not (chosen := set(self.cleaned_data["fields_back"])):
            raise ValidationError("Choose at least one field to go back.")
        return chosen


class HistoryAdmin:
    """Pages of a record's past. `reversion` is how such a record returns to a version."""

    insight: str | None = None
    public_verbs: tuple[str, ...] = tuple(Revision.Verb.values)
    public_reasons: tuple[str, ...] = ()
    reversion: type[Reversion] = Reversion
    history_template = "admin/record_history.html"
    revert_template = "admin/record_revert.html"

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}_revert"
        view = self.admin_site.admin_view(self.revert_view)
        own = path("<path:object_id>/history/<int:version>/revert/", view, name=name)
        return [own, *super().get_urls()]

    def may_know_all(self, request) -> bool:
        usual = f"{self.opts.app_label}.change_{self.opts.model_name}"
        return request.user.has_perm(self.insight or usual)

    def may_revert(self, request, record: models.Model) -> bool:
        has_columns = bool(self.reversion.columns_of(self.model))
        return has_columns and self.has_change_permission(request, record)

    def history_view(self, request, object_id, extra_context=None):
        record = self.get_object(request, unquote(object_id))
        if record is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_or_change_permission(request, record):
            raise PermissionDenied
        history = History(
            record,
            whole=self.may_know_all(request),
            verbs=self.public_verbs,
            reasons=self.public_reasons,
            names={},
            from_nothing=True,
        )
        timeline = HistoryPage(
            history, before=_version(request, "before"), after=_version(request, "after")
        )
        context = {
            **self._context_of(request, record),
            "title": f"History: {record}",
            "timeline": timeline,
            "whole": history.whole,
            "may_revert": self.may_revert(request, record),
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.history_template, context)

    def revert_view(self, request, object_id, version: int):
        with transaction.atomic():
            record = self.get_object(request, unquote(object_id))
            if record is None:
                return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            if not self.may_revert(request, record):
                raise PermissionDenied
            if not 0 < version < record.version:
                raise Http404(f"There is no version {version} to go back to.")
            return self._reverted(request, record, version)

    def _reverted(self, request, record: models.Model, version: int):
        if (way := self.reversion(record, version)).was is None:
            raise Http404(f"What version {version} was is not known.")
        form, refusals, meanwhile = RevertForm(way, initial={"version": record.version}), [], None
        if request.method == "POST":
            form = RevertForm(way, request.POST)
            form.full_clean()
            read = form.cleaned_data.get("version")
            if read != record.version:
                known = Revision.objects.of(record).defer("state")
                meanwhile = known.filter(version__gt=read or 0).reverse()[: HistoryPage.PAGE]
                form.data = form.data.copy()
                form.data["version"] = record.version
            elif form.is_valid():
                try:
                    with transaction.atomic():
                        chosen = form.cleaned_data["fields_back"]
                        back = self.reversion(record, version, only=chosen)
                        back.apply(form.cleaned_data["reason"])
                except (ValidationError, Conflict, IntegrityError, DataError) as error:
                    refusals = _said(error)
                    record = self.get_object(request, str(record.pk))
                    way = self.reversion(record, version)
                else:
                    self.log_change(request, record, f"Back to version {version}.")
                    self.message_user(
                        request, f"Taken back to version {version}.", messages.SUCCESS
                    )
                    return HttpResponseRedirect(self._place("history", record))
        chosen = set(form.data.getlist("fields_back")) if form.is_bound else set(way.values)
        lines, follows = _lines(way), _lines(way, following=True)
        context = {
            **self._context_of(request, record),
            "title": f"Back to version {version}: {record}",
            "form": form,
            "way": way,
            "meanwhile": meanwhile,
            "refusals": list(dict.fromkeys([*refusals, *way.objections])),
            "history_url": self._place("history", record),
            "lines": [(line, line.name in chosen) for line in lines],
            "follows": follows,
            "kept": [(_label(way, name), why) for name, why in way.kept.items()],
        }
        return TemplateResponse(request, self.revert_template, context)

    def _place(self, page: str, record: models.Model) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=[record.pk], current_app=self.admin_site.name)

    def _context_of(self, request, record: models.Model) -> dict:
        request.current_app = self.admin_site.name
        return {
            **self.admin_site.each_context(request),
            "subtitle": None,
            "module_name": str(capfirst(self.opts.verbose_name_plural)),
            "object": record,
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
        }


def _version(request, name: str) -> int | None:
    """A version to page from; anything else leads to the newest page."""
    asked = request.GET.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None


def _lines(way: Reversion, *, following: bool = False) -> list[FieldDiff]:
    pairs = {
        name: (as_shown_by_api(getattr(way.record, name)), as_shown_by_api(value))
        for name, value in way.values.items()
        if (name in way.follows) is following
    }
    return [
        diff_field(type(way.record), name, now, then)
        for name, (now, then) in pairs.items()
        if now != then
    ]


def _label(way: Reversion, name: str) -> str:
    fields = {field.name: field for field in way.record._meta.concrete_fields}
    return capfirst(fields[name].verbose_name if name in fields else name)


def _said(error: Exception) -> list[str]:
    match error:
        case ValidationError():
            return error.messages
        case Conflict():
            return [str(error.detail), *(fault["message"] for fault in error.faults)]
        case _:
            return [refusal_of(error)]

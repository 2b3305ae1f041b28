"""A record's history from the ledger, newest first, and the page that reverts it to a version.

Users with `see_all_permission`, or who may change such records, see all of it; others see what the
API shows them. Reverting itself is `sources.history.reverting`.
"""

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, models, transaction
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst

from sources.admin.diffs import FieldDiff, add_diffs, as_shown_by_api, diff_field
from sources.admin.edit_conflicts import ChangedSince
from sources.admin.forms import ReasonField
from sources.admin.html import address, isolated
from sources.exceptions import Conflict, MissingRecord, messages_of
from sources.history.as_of import History
from sources.history.reverting import Reversion
from sources.ledger.revisions import in_same_transactions
from sources.models import Mergeable, Revision

Verb = Revision.Verb

CHANNEL_LABELS = {"api": "via the API", "admin": "in the admin", "sql": "directly in SQL"}


def channel_label(channel: str | None) -> str | None:
    if channel and channel.startswith("command:"):
        return f"by the command {channel.removeprefix('command:')}"
    return CHANNEL_LABELS.get(channel, channel)


class HistoryPage:
    """A page of a record's history, newest first. Keyset pages: each costs the same, ten queries.

    `before` and `after` are versions that the page ends or begins next to. `merged` lists the
    latest records that are merged into this one, each with the revision that says so.
    """

    MAX_REVISIONS = 25
    MAX_MERGED = 25

    def __init__(self, history: History, *, before: int | None = None, after: int | None = None):
        visible, size = history.get_queryset(), self.MAX_REVISIONS
        if after is not None:
            rows = list(visible.filter(version__gt=after).order_by("version")[: size + 1])
            self.has_newer, self.has_older = len(rows) > size, True
            rows = rows[:size][::-1]
        else:
            older = visible if before is None else visible.filter(version__lt=before)
            rows = list(older.order_by("-version")[: size + 1])
            self.has_newer, self.has_older = before is not None, len(rows) > size
            rows = rows[:size]
        self.revisions = add_diffs(history, rows)
        for revision in self.revisions:
            revision.channel_label = channel_label(revision.channel)
        if history.whole:
            self._tell_of_merges(history.record)
        self.merged = self._merged(history) if isinstance(history.record, Mergeable) else []

    def _tell_of_merges(self, record: models.Model) -> None:
        """Name the merges that changed the record: of others into it, or of what it refers to."""
        changed = [r for r in self.revisions if r.verb in (Verb.UPDATED, Verb.CORRECTED)]
        if not changed:
            return
        merges = Revision.objects.filter(
            in_same_transactions(changed), verb__in=[Verb.MERGED, Verb.UNMERGED]
        ).exclude(subject_id=record.pk)
        made: dict[tuple, list[Revision]] = {}
        for merge in merges.order_by("id"):
            made.setdefault((merge.era, merge.transaction), []).append(merge)
        for revision in changed:
            if found := made.get((revision.era, revision.transaction)):
                told = ((_told_of(merge, record),) for merge in found[: self.MAX_MERGED])
                revision.summary = format_html_join(", ", "{}", told)

    def _merged(self, history: History) -> list[tuple[Mergeable, Revision | None]]:
        records = history.record.merged.order_by("-updated", "-pk")
        if not history.whole:
            records = records.filter(is_public=True)
        records = list(records[: self.MAX_MERGED])
        made = {}
        if records and history.whole:
            keys = [each.pk for each in records]
            merges = Revision.objects.filter(subject_id__in=keys, verb=Verb.MERGED).order_by("id")
            made = {revision.subject_id: revision for revision in merges}
        return [(each, made.get(each.pk)) for each in records]


class RevertForm(forms.Form):
    """Which fields to revert, and why; `version` is the one that was read."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = ReasonField(max_length=2000, widget=forms.Textarea({"rows": 2, "cols": 60}))
    fields_back = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, required=False)

    def __init__(self, reversion: Reversion, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = reversion.told_to
        self.fields["fields_back"].choices = [(name, name) for name in reversion.columns]

    def clean_fields_back(self) -> set[str]:
        if not (chosen := set(self.cleaned_data["fields_back"])):
            raise ValidationError("Choose at least one field to revert.")
        return chosen


class HistoryAdmin:
    """The history page and the revert page; `reversion` is the class that reverts such records."""

    see_all_permission: str | None = None
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

    def may_see_all(self, request) -> bool:
        usual = f"{self.opts.app_label}.change_{self.opts.model_name}"
        return request.user.has_perm(self.see_all_permission or usual)

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
            whole=self.may_see_all(request),
            verbs=self.public_verbs,
            reasons=self.public_reasons,
            names={},
            from_nothing=True,
        )
        page = HistoryPage(
            history, before=_version(request, "before"), after=_version(request, "after")
        )
        context = {
            **self._context_of(request, record),
            "title": f"History: {record}",
            "history": page,
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
                raise self._missing(f"There is no version {version} to revert to.")
            return self._reverted(request, record, version)

    def _reverted(self, request, record: models.Model, version: int):
        if (reversion := self.reversion(record, version)).was is None:
            raise self._missing(f"The content of version {version} is not known.")
        form, refusals, changed = (
            RevertForm(reversion, initial={"version": record.version}),
            [],
            None,
        )
        if request.method == "POST":
            form = RevertForm(reversion, request.POST)
            form.full_clean()
            changed = ChangedSince.of(record, form.cleaned_data.get("version"))
            if changed:
                form.data = form.data.copy()
                form.data["version"] = record.version
            elif form.is_valid():
                try:
                    with transaction.atomic():
                        chosen = form.cleaned_data["fields_back"]
                        back = self.reversion(record, version, only=chosen)
                        back.apply(form.cleaned_data["reason"])
                except (ValidationError, Conflict, IntegrityError, DataError) as error:
                    refusals = messages_of(error)
                    record = self.get_object(request, str(record.pk))
                    reversion = self.reversion(record, version)
                else:
                    self.log_change(request, record, f"Reverted to version {version}.")
                    self.message_user(request, f"Reverted to version {version}.", messages.SUCCESS)
                    return HttpResponseRedirect(address(record, "history"))
        chosen = set(form.data.getlist("fields_back")) if form.is_bound else set(reversion.values)
        lines, follows = _lines(reversion), _lines(reversion, following=True)
        context = {
            **self._context_of(request, record),
            "title": f"Revert to version {version}: {record}",
            "form": form,
            "reversion": reversion,
            "changed": [changed] if changed else [],
            "refusals": list(dict.fromkeys([*refusals, *reversion.objections])),
            "history_url": address(record, "history"),
            "lines": [(line, line.name in chosen) for line in lines],
            "follows": follows,
            "kept": [(_label(reversion, name), why) for name, why in reversion.kept.items()],
        }
        return TemplateResponse(request, self.revert_template, context)

    def _missing(self, text: str) -> MissingRecord:
        kind = f"{self.opts.app_label}_{self.opts.model_name}"
        return MissingRecord(text, reverse(f"admin:{kind}_changelist"))

    def _context_of(self, request, record: models.Model) -> dict:
        request.current_app = self.admin_site.name
        return {
            **self.admin_site.each_context(request),
            "subtitle": None,
            "object": record,
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
        }


def _told_of(merge: Revision, record: models.Model) -> str:
    state = merge.state or {}
    name = isolated(state.get("name") or state.get("headline") or state.get("role")) or "a record"
    into_this = merge.subject_type == record._meta.model_name
    if merge.verb == Verb.MERGED:
        return format_html("“{}” merged in" if into_this else "moved as “{}” was merged", name)
    return format_html(
        "“{}” separated again" if into_this else "moved back as the merge of “{}” was undone", name
    )


def _version(request, name: str) -> int | None:
    """A version to page from; anything else leads to the newest page."""
    asked = request.GET.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None


def _lines(reversion: Reversion, *, following: bool = False) -> list[FieldDiff]:
    pairs = {
        name: (as_shown_by_api(getattr(reversion.record, name)), as_shown_by_api(value))
        for name, value in reversion.values.items()
        if (name in reversion.follows) is following
    }
    return [
        diff_field(type(reversion.record), name, now, then)
        for name, (now, then) in pairs.items()
        if now != then
    ]


def _label(reversion: Reversion, name: str) -> str:
    fields = {field.name: field for field in reversion.record._meta.concrete_fields}
    return capfirst(fields[name].verbose_name if name in fields else name)

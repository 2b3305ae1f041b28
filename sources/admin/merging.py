"""Pages that merge two records, mark them as distinct, and undo either.

Both records are shown side by side with what a merge would move. The forms carry both versions: if
a record has changed since, nothing is saved and the changes are shown (`ChangedSince`).
"""

from collections.abc import Iterable
from uuid import UUID

from django import forms
from django.apps import apps
from django.contrib import messages
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html_join
from django.utils.text import capfirst

from sources.admin.base import MergeableAdmin, NamedAdmin
from sources.admin.edit_conflicts import ChangedSince
from sources.admin.forms import ReasonField, few_lines
from sources.admin.html import NONE, address, isolated, link, link_to_profile, visible_bidi
from sources.admin.speaker_cards import SpeakerCard
from sources.admin.widgets import SafeAutocomplete
from sources.exceptions import Conflict, refusal_of
from sources.identity import merging
from sources.ledger.revisions import Revision
from sources.models import Mergeable, Named
from sources.models.ids import as_uuid

# Forms


class Choice(forms.Form):
    """The other record, to compare."""

    into = forms.ModelChoiceField(queryset=None, label="Compare with")

    def __init__(self, record: Mergeable, admin_site):
        super().__init__()
        field, model = self.fields["into"], type(record)
        field.queryset = model.objects.none()  # the widget searches as the user types
        field.widget = SafeAutocomplete(model._meta.get_field("merged_into"), admin_site)
        field.widget.is_required = True
        field.widget.choices = field.choices


class Reason(forms.Form):
    """The reason, and the version that was read."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = ReasonField(
        required=False,
        max_length=2000,
        widget=few_lines(),
        help_text="Optional. Kept in the history.",
    )


class Decision(Reason):
    """A decision on two records, with both versions that were read."""

    into = forms.ModelChoiceField(queryset=None, widget=forms.HiddenInput)
    into_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, model: type[Mergeable], *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["into"].queryset = model.objects.all()


# Values in words


def worded(value) -> str:
    """The HTML of a field's value."""
    if isinstance(value, Named):
        return link_to_profile(value)
    if isinstance(value, dict):
        value = [f"{scheme}: {identifier}" for scheme, identifier in value.items()]
    if isinstance(value, list):
        return format_html_join("", "<div>{}</div>", ((isolated(str(v)),) for v in value)) or NONE
    return isolated(str(value)) if value not in (None, "") else NONE


def counted(rows: dict[str, int]) -> str:
    """`14 articles, 1 affiliation`, from counts by plural name; zeros are left out."""
    names = {
        str(model._meta.verbose_name_plural): model._meta.verbose_name
        for model in apps.get_models()
    }
    return ", ".join(
        f"{number:,} {names.get(plural, plural) if number == 1 else plural}"
        for plural, number in rows.items()
        if number
    )


# Pages


class MergingAdmin(MergeableAdmin):
    """Merge two records, and undo that; for users who may change them.

    `home` is the page that a record's name leads to.
    """

    home = "change"
    verbs = ("merge", "unmerge")

    def get_urls(self):
        own = [
            path(
                f"<uuid:key>/{verb}/",
                self.admin_site.admin_view(getattr(self, f"{verb}_view")),
                name=f"{self.opts.app_label}_{self.opts.model_name}_{verb}",
            )
            for verb in self.verbs
        ]
        return [*own, *super().get_urls()]

    def kind_names(self, record: Mergeable) -> tuple[str, str]:
        """Singular and plural of what a record is, such as `person` and `people`."""
        return str(self.opts.verbose_name), str(self.opts.verbose_name_plural)

    def facts(self, request, record: Mergeable) -> dict[str, str]:
        """The fields of a record in words, by label."""
        held = {}
        for name in flatten_fieldsets(self.fieldsets):
            if name in self.readonly_fields:
                continue
            field, value = self.opts.get_field(name), getattr(record, name)
            value = dict(field.choices).get(value, value) if field.choices else value
            held[capfirst(field.verbose_name)] = worded(value)
        return held

    def compared_facts(self, request, record: Mergeable) -> dict[str, str]:
        """What to compare two records by: their fields, and what subclasses add."""
        return self.facts(request, record)

    def cards_of(self, records: Iterable[Mergeable], user) -> dict[UUID, SpeakerCard]:
        """Hook: the card of each record, by id, where its kind has cards."""
        return {}

    def names_of(self, records: Iterable[Mergeable], user) -> dict[UUID, str]:
        """Names for messages, in plain text, by id."""
        return {record.pk: visible_bidi(str(record)) for record in records}

    def named(self, request, key) -> Mergeable | None:
        """The record with this key, not locked."""
        return self.get_queryset(request).filter(pk=key).first()

    def home_of(self, record: Mergeable) -> str:
        return address(record, self.home)

    def is_distinct(self, record: Mergeable, into: Mergeable) -> bool:
        return False

    def missing(self, request, key):
        return self._get_obj_does_not_exist_redirect(request, self.opts, str(key))

    def refuse_unless_may_change(self, request) -> None:
        if not self.has_change_permission(request):
            raise PermissionDenied

    def page(self, request, template: str, record: Mergeable, title: str, **context):
        """An admin page about one record."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "record": record,
            "name": visible_bidi(str(record)),
            "title": title,
            "home": self.home_of(record),
            "addresses": {
                page: address(record, page)
                for page in dict.fromkeys((self.home, "change", "history", *self.verbs))
            },
            **context,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, template, context)

    # Two records

    def merge_view(self, request, key):
        """Choose the other record, compare both, merge."""
        if request.method == "POST":
            return self._decide(request, key, merging.merge)
        self.refuse_unless_may_change(request)
        if (record := self.named(request, key)) is None:
            return self.missing(request, key)
        if record.merged_into_id:
            return HttpResponseRedirect(self.home_of(record))
        chosen = self.model.objects.filter(pk=as_uuid(request.GET.get("into", "")))
        if (into := chosen.first()) is None:
            return self._choose(request, record)
        return self._compare(request, record, into.survivor)

    def _choose(self, request, record: Mergeable):
        choice = Choice(record, self.admin_site)
        return self.page(
            request,
            "admin/merge_choose.html",
            record,
            "Merge",
            choice=choice,
            is_missing="into" in request.GET,
            media=self.media + choice.media,
        )

    def _decide(self, request, key, verb):
        self.refuse_unless_may_change(request)
        if (record := self.named(request, key)) is None:
            return self.missing(request, key)
        sent = Decision(self.model, request.POST)
        if not sent.is_valid():
            if into := sent.cleaned_data.get("into"):
                return self._compare(request, record, into, sent=sent)
            return HttpResponseRedirect(address(record, "merge"))
        into, reason = sent.cleaned_data["into"], sent.cleaned_data["reason"]
        if verb is merging.merge and record.merged_into_id == into.pk:
            return HttpResponseRedirect(self.home_of(into))  # sent twice
        lock = merging.lock_to_move if verb is merging.merge else merging.lock
        names = self.names_of([record, into], request.user)  # before what tells them apart moves
        try:
            with transaction.atomic():
                now = lock(record, into)
                read = [sent.cleaned_data[name] for name in ("version", "into_version")]
                pairs = zip(now, read, strict=True)
                changed = [each for pair in pairs if (each := ChangedSince.of(*pair))]
                if not changed:
                    done = verb(record, into, reason)
        except Conflict as conflict:
            return self._compare(request, record, into, sent=sent, conflict=conflict)
        except IntegrityError as error:
            conflict = Conflict(refusal_of(error))
            return self._compare(request, record, into, sent=sent, conflict=conflict)
        if changed:
            return self._compare(request, record, into, sent=sent, changed=changed)
        return self._decided(request, verb, record, into, names, done)

    def _decided(self, request, verb, record: Mergeable, into: Mergeable, names, done):
        one, other = names[record.pk], names[into.pk]
        _, plural = self.kind_names(record)
        place = self.home_of(record)
        if verb is merging.merge:
            moved = counted(done.moved)
            said = f"“{one}” was merged into “{other}”."
            closed = counted(done.closed)
            said += f" {moved} moved." if moved else "" if closed else " No other record changed."
            said += f" {closed} closed: “{other}” has the same." if closed else ""
            place = f"{self.home_of(into)}?merged={record.pk}"
        elif verb is merging.mark_distinct:
            said = f"“{one}” and “{other}” are now marked as different {plural}."
        else:
            said = f"“{one}” and “{other}” are no longer marked as different {plural}."
        messages.success(request, said)
        return HttpResponseRedirect(place)

    def _compare(self, request, record, into, *, sent=None, conflict=None, changed=()):
        """Both records side by side; `sent` is the refused form, whose reason is kept."""
        sides = [self.named(request, each.pk) for each in (record, into)]
        record, into = sides
        facts = [self.compared_facts(request, side) for side in sides]
        merge = None
        try:
            # A preview changes the survivor in memory, so it gets a copy of its own.
            merge = merging.preview(record, self.named(request, into.pk))
        except Conflict as refusal:
            conflict = conflict or refusal
        belongs = [
            merge.moved if merge else merging.belonging_to(record),
            merging.belonging_to(into),
        ]
        initial = {
            "into": into.pk,
            "version": record.version,
            "into_version": into.version,
            "reason": sent["reason"].value() if sent else None,
        }
        decision = Decision(self.model, initial=initial)
        cards = self.cards_of(sides, request.user)
        names = self.names_of(sides, request.user)
        return self.page(
            request,
            "admin/merge.html",
            record,
            "Merge",
            into=into,
            into_name=visible_bidi(str(into)),
            told=names[record.pk],
            into_told=names[into.pk],
            card=cards.get(record.pk),
            into_card=cards.get(into.pk),
            into_address=self.home_of(into),
            rows=[(label, facts[0][label], facts[1][label]) for label in facts[0]],
            belongs=[counted(each) or NONE for each in belongs],
            merge=merge,
            moved=merge and counted(merge.moved),
            gained=merge and worded(merge.aliases),
            closed=merge and counted(merge.closed),
            along=merge and [(worded(other), worded(stays)) for other, stays in merge.along],
            conflict=conflict,
            faults=[worded(fault["message"]) for fault in conflict.faults] if conflict else (),
            is_one=record.pk == into.pk,
            is_distinct=self.is_distinct(record, into),
            singular=self.kind_names(record)[0],
            plural=self.kind_names(record)[1],
            changed=changed,
            decision=decision,
            reason_errors=sent.errors.get("reason") if sent else None,
            swapped=f"{address(into, 'merge')}?into={record.pk}",
        )

    # Undo

    def unmerge_view(self, request, key):
        """Show what a merge did; on POST, undo it."""
        self.refuse_unless_may_change(request)
        if (record := self.named(request, key)) is None:
            return self.missing(request, key)
        conflict, changed, sent = None, None, Reason(request.POST or None)
        if request.method == "POST" and sent.is_valid() and record.merged_into_id:
            try:
                with transaction.atomic():
                    now, _ = merging.lock_to_move(record, record.merged_into)
                    changed = ChangedSince.of(now, sent.cleaned_data["version"])
                    if not changed:
                        done = merging.unmerge(record, sent.cleaned_data["reason"])
                        return self._unmerged(request, record, done)
            except Conflict as refusal:
                conflict = refusal
            except IntegrityError as error:
                conflict = Conflict(refusal_of(error))
            record = self.named(request, key)
        if not record.merged_into_id:
            said = f"There is nothing to undo: “{visible_bidi(str(record))}” is not merged."
            messages.warning(request, said)
            return HttpResponseRedirect(self.home_of(record))
        again = {"version": record.version, "reason": sent["reason"].value()}
        made = Revision.objects.of(record).filter(verb=Revision.Verb.MERGED).last()
        return self.page(
            request,
            "admin/unmerge.html",
            record,
            "Undo merge",
            into=record.merged_into,
            into_link=link(record.merged_into, page=self.home),
            made=made,
            conflict=conflict,
            changed=[changed] if changed else (),
            reason=Reason(initial=again),
            reason_errors=sent.errors.get("reason") if sent.is_bound else None,
        )

    def _unmerged(self, request, record: Mergeable, done: merging.Merge):
        moved = counted(done.moved)
        names = self.names_of([record, record.merged_into], request.user)
        name, survivor = names[record.pk], names[record.merged_into_id]
        said = f"“{name}” is a separate record again, no longer part of “{survivor}”."
        said += f" {moved} moved back." if moved else " No other record changed."
        messages.success(request, said)
        return HttpResponseRedirect(self.home_of(record))


class DistinguishingAdmin(MergingAdmin, NamedAdmin):
    """Records with names can be marked as distinct, too."""

    home = "profile"
    verbs = (*MergingAdmin.verbs, "distinguish", "undistinguish")

    def named(self, request, key):
        return self.get_queryset(request).with_all_distinct_from().filter(pk=key).first()

    def is_distinct(self, record, into):
        survivors = self.model.objects.survivors(record.all_distinct_from)
        return into.pk in survivors.values()

    def distinguish_view(self, request, key):
        """Mark two records as distinct."""
        return self._decide(request, key, merging.mark_distinct)

    def undistinguish_view(self, request, key):
        """Undo marking two records as distinct."""
        return self._decide(request, key, merging.unmark_distinct)

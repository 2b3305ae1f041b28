"""Profile of a named record: its names, merges, distinct records and likely duplicates.

Each kind of record adds its own sections. Other apps subclass: a template that extends
`admin/profile.html`, and a method `profile` that adds to the context.
"""

from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.urls import path
from django.utils import timezone

from sources.admin.html import (
    MAX_LISTED,
    NONE,
    address,
    isolated,
    link_to_list,
    link_to_profile,
    visible_bidi,
)
from sources.admin.identifiers import links_to
from sources.admin.lists import BoundedChangeList
from sources.admin.merging import DistinguishingAdmin
from sources.admin.time_bars import TimeBar, TimeScale
from sources.dates import PartialDate
from sources.ledger.revisions import Revision
from sources.models import Affiliation, Named, WikidataItem
from sources.models.ids import as_uuid

MAX_DUPLICATES = 10


@dataclass
class RelatedRecord:
    """A record that was merged into this one, marked as distinct from it, or may be a duplicate.

    `revision` is the change that did it; `by_way_of` the record it was merged into first, if that
    one was merged in turn; `why` the reason to suspect a duplicate.
    """

    record: Named
    revision: Revision | None = None
    by_way_of: Named | None = None
    why: str = ""

    @property
    def name(self) -> str:
        return visible_bidi(self.record.name)

    @property
    def link(self) -> str:
        return link_to_profile(self.record)

    @property
    def undo(self) -> str:
        return address(self.record, "unmerge")


@dataclass
class AffiliationRow:
    """An affiliation, and its bars on the time scale."""

    address: str
    role: str
    speaker: str
    organisation: str
    start: PartialDate | None
    end: PartialDate | None
    bars: list[TimeBar]


class ProfileChangeList(BoundedChangeList):
    def url_for_result(self, result):
        return address(result, "profile")


class ProfileAdmin(DistinguishingAdmin):
    """The profile page, to which the list links; the change form is a page of its own."""

    profile_template = "admin/profile.html"
    change_form_template = "admin/named_change_form.html"

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}_profile"
        view = self.admin_site.admin_view(self.profile_view)
        return [path("<uuid:key>/", view, name=name), *super().get_urls()]

    def get_changelist(self, request, **kwargs):
        return ProfileChangeList

    def profile_view(self, request, key):
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if (record := self.named(request, key)) is None:
            return self.missing(request, key)
        return self.page(
            request,
            self.profile_template,
            record,
            str(self.opts.verbose_name).capitalize(),
            **self.profile(request, record),
        )

    def profile(self, request, record: Named) -> dict:
        """The context of the page."""
        may_change = self.has_change_permission(request)
        merged = self.merged_into(record)
        distinct = self.marked_distinct(record, merged)
        is_editable = may_change and not record.merged_into_id
        just_merged = as_uuid(request.GET.get("merged", ""))
        merge_revision = None
        if record.merged_into_id:
            made = Revision.objects.of(record).filter(verb=Revision.Verb.MERGED)
            merge_revision = may_change and made.last()
        return {
            "may_change": may_change,
            "facts": {
                label: value
                for label, value in self.profile_facts(request, record).items()
                if value != NONE
            },
            "wikidata": self.wikidata_item(record),
            "survivor": link_to_profile(record.survivor) if record.merged_into_id else None,
            "merge_revision": merge_revision,
            "merged": merged,
            "just_merged": next((each for each in merged if each.record.pk == just_merged), None),
            "distinct": distinct,
            "plural": self.kind_names(record)[1],
            "duplicates": self.duplicates(record, distinct) if is_editable else None,
        }

    def profile_facts(self, request, record: Named) -> dict[str, str]:
        """The fields of the record, with links to what its identifiers name."""
        facts = self.facts(request, record)
        if identifiers := getattr(record, "identifiers", None):
            facts["Identifiers"] = links_to(identifiers)
        return facts

    def wikidata_item(self, record: Named) -> WikidataItem | None:
        """What was fetched from Wikidata, without the picture itself."""
        item = getattr(record, "identifiers", {}).get("wikidata")
        if not item:
            return None
        return WikidataItem.objects.filter(pk=item, label__isnull=False).defer("picture").first()

    def merged_into(self, record: Named) -> list[RelatedRecord]:
        """Records merged into this one, directly or through others; at most `MAX_LISTED`."""
        found, last = {}, [record.pk]
        while last and len(found) < MAX_LISTED:
            rows = self.model.objects.filter(merged_into__in=last).exclude(pk__in=found)
            level = list(rows.order_by("name", "pk")[: MAX_LISTED - len(found)])
            found |= {each.pk: each for each in level}
            last = [each.pk for each in level]
        if not found:
            return []
        merges = Revision.objects.filter(subject_id__in=found, verb=Revision.Verb.MERGED)
        revisions_by_id = {
            made.subject_id: made for made in merges.order_by("version").defer("state")
        }
        return [
            RelatedRecord(
                each,
                revisions_by_id.get(each.pk),
                None if each.merged_into_id == record.pk else found.get(each.merged_into_id),
            )
            for each in found.values()
        ]

    def marked_distinct(self, record: Named, merged: list[RelatedRecord]) -> list[RelatedRecord]:
        """Records marked as distinct from this one, or from one that was merged into it."""
        if not record.all_distinct_from:
            return []
        ids = record.all_distinct_from[:MAX_LISTED]
        leads = self.model.objects.survivors(ids)
        others = self.model.objects.in_bulk(set(leads.values()))
        sides = [record.pk, *(each.record.pk for each in merged)]
        revisions_by_id = self._marking_revisions(sides)
        found = {}
        for key in ids:
            if other := others.get(leads.get(key)):
                found.setdefault(other.pk, RelatedRecord(other, revisions_by_id.get(key)))
        return list(found.values())

    def _marking_revisions(self, sides: list[UUID]) -> dict[UUID, Revision]:
        """The revision that marked each other record as distinct from one of these, by its id."""
        revisions = Revision.objects.filter(
            subject_id__in=sides, fields__contains=["distinct_from"]
        )
        revisions_by_id, known = {}, {}
        for revision in revisions.order_by("subject_id", "version")[: 5 * MAX_LISTED]:
            distinct = set((revision.state or {}).get("distinct_from", ()))
            for key in distinct - known.get(revision.subject_id, set()):
                revisions_by_id[UUID(key)] = revision
            known[revision.subject_id] = distinct
        return revisions_by_id

    def duplicates(self, record: Named, distinct: list[RelatedRecord]) -> list[RelatedRecord]:
        """Active records that share a name with this one."""
        namesakes = record.namesakes().exclude(pk__in=[each.record.pk for each in distinct])
        why = "Shares a name with this record."
        return [RelatedRecord(each, why=why) for each in namesakes[:MAX_DUPLICATES]]

    # Affiliations

    def affiliations_context(self, affiliations, **more) -> dict:
        """Affiliations on a time scale: at most `MAX_LISTED`, and a link to `more` of them."""
        rows = list(affiliations.select_related("speaker", "organisation")[: MAX_LISTED + 1])
        listed = rows[:MAX_LISTED]
        ranges = [(row.start, row.end) for row in listed]
        scale = TimeScale(ranges, timezone.now().date())
        has_dates = any(edge for range_ in ranges for edge in range_)
        return {
            "affiliations": [
                AffiliationRow(
                    address(row, "change"),
                    isolated(row.role),
                    link_to_profile(row.speaker),
                    link_to_profile(row.organisation),
                    row.start,
                    row.end,
                    scale.bars(row.start, row.end) if row.start or row.end else [],
                )
                for row in listed
            ],
            "ticks": scale.ticks if has_dates else [],
            "more_affiliations": (
                link_to_list(Affiliation, "All affiliations", **more)
                if len(rows) > MAX_LISTED
                else None
            ),
        }

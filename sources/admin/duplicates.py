"""The lists of possible duplicate speakers and organisations, in pairs."""

from collections.abc import Iterable
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html

from sources.admin.html import address, isolated, link
from sources.admin.profiles import MAX_DUPLICATES, RelatedRecord
from sources.admin.speaker_cards import Known, SpeakerCard
from sources.identity.duplicates import Pair, PairKey, possible_duplicates_of, possible_pairs
from sources.models import Named
from sources.models.ids import as_uuid

PAIRS_PER_PAGE = 25

KEY_PARTS = ("short", "one", "other")


class DuplicatesAdmin:
    """Adds `duplicates/` to the pages of a kind of record, for users who may change these."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.duplicates_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_duplicates"
        return [path("duplicates/", view, name=name), *super().get_urls()]

    def known_of(self, records: Iterable[Named], user) -> dict[UUID, Known]:
        """Hook: what is known of each record, by id, for apps that know more than names."""
        return {}

    def duplicates(self, record: Named, distinct) -> list[RelatedRecord]:
        likely = possible_duplicates_of(record, MAX_DUPLICATES) or self.meant_by(record)
        return [RelatedRecord(each, why=isolated(each.why)) for each in likely]

    def meant_by(self, record: Named) -> list[Named]:
        """Hook: whom a name that says nobody in particular may mean, each with `why`."""
        return []

    def duplicates_view(self, request):
        if not self.has_change_permission(request):
            raise PermissionDenied
        after = _after_key(request.GET)
        pairs = possible_pairs(PAIRS_PER_PAGE + 1, after, self.model)
        listed = pairs[:PAIRS_PER_PAGE]
        records = {two for pair in listed for two in (pair.one, pair.other)}
        cards = self.cards_of(records, request.user)
        known = {} if cards else self.known_of(records, request.user)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Possible duplicate {self.opts.verbose_name_plural}",
            "opts": self.opts,
            "rows": [self._row(pair, cards, known) for pair in listed],
            "begins_later": after is not None,
            "first_page": request.path,
            "next": urlencode(dict(zip(KEY_PARTS, listed[-1].place, strict=True)))
            if len(pairs) > PAIRS_PER_PAGE
            else None,
        }
        return TemplateResponse(request, "admin/duplicates.html", context)

    def _row(self, pair: Pair, cards: dict[UUID, SpeakerCard], known: dict[UUID, Known]) -> dict:
        return {
            "why": isolated(pair.why),
            "both": [
                {
                    "record": two,
                    "card": cards.get(two.pk),
                    "link": link(two),
                    "about": self._about(two, known.get(two.pk)),
                }
                for two in (pair.one, pair.other)
            ],
            "merge": f"{address(pair.other, 'merge')}?into={pair.one.pk}",
        }

    def _about(self, record: Named, known: Known | None) -> list[str]:
        """The organisation that a record is part of, and what else is known."""
        whole = getattr(record, "parent", None)
        number = known and format_html('<a href="{}">{}</a>', known.address, known.number)
        return [each for each in (whole and isolated(whole.name), number) if each]


def _after_key(asked) -> PairKey | None:
    """The key of the last pair on the previous page, from the query; None if it is not valid."""
    one, other = as_uuid(asked.get("one", "")), as_uuid(asked.get("other", ""))
    short = asked.get("short", "")
    is_one = one and other and "\0" not in short
    return (short, one, other) if is_one else None

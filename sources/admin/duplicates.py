"""The list of possible duplicate speakers, in pairs."""

from collections.abc import Iterable
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import path, reverse

from sources.admin.html import isolated, link
from sources.identity.duplicates import Pair, PairKey, possible_pairs
from sources.models import Speaker
from sources.models.ids import as_uuid

PAIRS_PER_PAGE = 25

KEY_PARTS = ("later", "short", "one", "other")


class DuplicatesAdmin:
    """Adds `duplicates/` to the speaker pages, for users who may change speakers."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.duplicates_view)
        return [path("duplicates/", view, name="sources_speaker_duplicates"), *super().get_urls()]

    def known_of(self, speakers: Iterable[Speaker], user) -> dict[UUID, str]:
        """Hook: HTML about each speaker, by id, for apps that know more than names."""
        return {}

    def duplicates_view(self, request):
        if not self.has_change_permission(request):
            raise PermissionDenied
        after = _after_key(request.GET)
        pairs = possible_pairs(PAIRS_PER_PAGE + 1, after)
        listed = pairs[:PAIRS_PER_PAGE]
        known = self.known_of(
            {two for pair in listed for two in (pair.one, pair.other)}, request.user
        )
        context = {
            **self.admin_site.each_context(request),
            "title": "Possible duplicate speakers",
            "opts": self.opts,
            "rows": [self._row(pair, known) for pair in listed],
            "begins_later": after is not None,
            "next": urlencode(dict(zip(KEY_PARTS, listed[-1].place, strict=True)))
            if len(pairs) > PAIRS_PER_PAGE
            else None,
        }
        return TemplateResponse(request, "admin/sources/speaker/duplicates.html", context)

    def _row(self, pair: Pair, known: dict[UUID, str]) -> dict:
        records = reverse("admin:sources_speaker_changelist")
        return {
            "why": isolated(pair.why),
            "both": [
                {"speaker": two, "link": link(two), "known": known.get(two.pk, "")}
                for two in (pair.one, pair.other)
            ],
            "merge": f"{records}{pair.other.pk}/merge/?into={pair.one.pk}",
        }


def _after_key(asked) -> PairKey | None:
    """The key of the last pair on the previous page, from the query; None if it is not valid."""
    one, other = as_uuid(asked.get("one", "")), as_uuid(asked.get("other", ""))
    short = asked.get("short", "")
    is_one = one and other and "\0" not in short
    return (asked.get("later") == "True", short, one, other) if is_one else None

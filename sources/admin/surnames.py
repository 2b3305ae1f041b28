"""The list of speakers that are only a surname, each with those whom it may mean."""

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import path

from sources.admin.html import address, isolated, link
from sources.admin.profiles import MAX_DUPLICATES
from sources.identity.surnames import identifies_nobody, meant_by, surnames_only
from sources.models import Speaker
from sources.models.ids import as_uuid

SURNAMES_PER_PAGE = 25


class SurnamesAdmin:
    """Adds `surnames/` to the pages of speakers, for users who may change these."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.surnames_view)
        return [path("surnames/", view, name="sources_speaker_surnames"), *super().get_urls()]

    def beside(self, speakers: Iterable[Speaker]) -> dict[UUID, set[UUID]]:
        """Hook: who else is in the article of each of these, by its id."""
        return {}

    def meant_by(self, speaker):
        if speaker.merged_into_id or not identifies_nobody(speaker):
            return []
        return meant_by([speaker], self.beside([speaker]), MAX_DUPLICATES)[speaker.pk]

    def surnames_view(self, request):
        if not self.has_change_permission(request):
            raise PermissionDenied
        after = as_uuid(request.GET.get("after", ""))
        speakers = surnames_only().select_related("article").order_by("-id")
        if after:
            speakers = speakers.filter(pk__lt=after)
        found = list(speakers[: SURNAMES_PER_PAGE + 1])
        listed = found[:SURNAMES_PER_PAGE]
        meant = meant_by(listed, self.beside(listed))
        everybody = {one.pk: one for one in (*listed, *(m for ms in meant.values() for m in ms))}
        cards = self.cards_of(everybody.values(), request.user)
        context = {
            **self.admin_site.each_context(request),
            "title": "Speakers that are only a surname",
            "opts": self.opts,
            "rows": [
                {
                    "speaker": speaker,
                    "card": cards[speaker.pk],
                    "article": speaker.article and link(speaker.article),
                    "meant": [
                        {
                            "card": cards[one.pk],
                            "why": isolated(one.why),
                            "merge": f"{address(speaker, 'merge')}?into={one.pk}",
                        }
                        for one in meant[speaker.pk]
                    ],
                }
                for speaker in listed
            ],
            "is_first": after is None,
            "first_page": request.path,
            "next": listed[-1].pk if len(found) > SURNAMES_PER_PAGE else None,
        }
        return TemplateResponse(request, "admin/surnames.html", context)

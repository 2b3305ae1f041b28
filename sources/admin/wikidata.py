"""Pictures of Wikidata items, from our own database, for the profiles."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from sources.models import WikidataItem


def picture(request: HttpRequest, item: str) -> HttpResponse:
    """The picture of an item, for those who may see a profile that shows it."""
    may = request.user.has_perm
    if not (may("sources.view_speaker") or may("sources.view_organisation")):
        raise PermissionDenied
    held = WikidataItem.objects.filter(pk=item, picture__isnull=False).first()
    if held is None:
        raise Http404
    answer = HttpResponse(bytes(held.picture), content_type=held.picture_type)
    answer["Cache-Control"] = "private, max-age=86400"
    return answer

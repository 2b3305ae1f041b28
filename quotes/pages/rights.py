"""Whose the words of an article are, and what its outlet refuses."""

import re
from typing import NamedTuple

from sources.models import Outlet


class Wishes(NamedTuple):
    """What an outlet refuses: its words at other sites, and its pages in search engines."""

    refuses_embeds: bool = False
    refuses_robots: bool = False


def wishes_of(outlet: dict | None) -> Wishes:
    """Of the outlet in an answer of the API; one query."""
    found = outlet and Outlet.objects.filter(pk=outlet["id"])
    return Wishes(*found.values_list(*Wishes._fields).get()) if found else Wishes()


def rights_of(article: dict, outlet: dict | None) -> dict:
    """For a template: the rights and the licence of an article, else those of its outlet."""
    rights, license_ = (article[n] or (outlet or {}).get(n) for n in ("rights", "license"))
    is_url = bool(license_ and re.match(r"https?://\S+$", license_))
    return {"rights": rights, "license": license_, "is_license_url": is_url}

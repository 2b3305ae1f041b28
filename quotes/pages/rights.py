"""Whose the words of an article are, and what its outlet refuses."""

from typing import NamedTuple

from quotes.representations.wording import is_url
from sources.models import Outlet


class Wishes(NamedTuple):
    """What an outlet refuses: its words at other sites, and its pages in search engines."""

    refuses_embeds: bool = False
    refuses_robots: bool = False


def wishes_of(outlet: dict | None) -> Wishes:
    """Of the outlet in an answer of the API; one query."""
    found = outlet and Outlet.objects.filter(pk=outlet["id"])
    return Wishes(*found.values_list(*Wishes._fields).get()) if found else Wishes()


def rights_of(record: dict) -> dict:
    """For a template: the rights and the licence that an article or an outlet shows."""
    held = {name: record[name] for name in ("rights", "license")}
    return held | {"is_license_url": is_url(held["license"])}

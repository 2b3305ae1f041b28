"""Identifiers of records in the usual registries, as links to the entries there."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from django.utils.html import format_html, format_html_join

from sources.admin.html import NONE, isolated, visible_bidi


@dataclass(frozen=True)
class Registry:
    """A registry: its name, the form of its identifiers, and the URL of an entry.

    An identifier of another form is shown, but is no link.
    """

    name: str
    form: str
    url: str

    def address(self, value: str) -> str | None:
        compact = value.replace(" ", "")
        if not re.fullmatch(self.form, compact, re.ASCII):
            return None
        return self.url.format(quote(compact, safe=""))


REGISTRIES = {
    "wikidata": Registry("Wikidata", r"Q[1-9]\d*", "https://www.wikidata.org/wiki/{}"),
    "viaf": Registry("VIAF", r"\d+", "https://viaf.org/viaf/{}"),
    "isni": Registry("ISNI", r"\d{15}[\dX]", "https://isni.org/isni/{}"),
    "orcid": Registry("ORCID", r"(\d{4}-){3}\d{3}[\dX]", "https://orcid.org/{}"),
    "gnd": Registry("GND", r"[\dX-]+", "https://d-nb.info/gnd/{}"),
    "lcnaf": Registry(
        "Library of Congress", r"n[a-z]?\d+", "https://id.loc.gov/authorities/names/{}"
    ),
    "ror": Registry("ROR", r"0[a-z0-9]{8}", "https://ror.org/{}"),
    "lei": Registry("LEI", r"[A-Z0-9]{20}", "https://search.gleif.org/#/record/{}"),
    "imdb": Registry("IMDb", r"nm\d+", "https://www.imdb.com/name/{}/"),
}


def named(scheme: str, value: str) -> str:
    """`Wikidata Q7186`, in plain text."""
    registry = REGISTRIES.get(scheme)
    return visible_bidi(f"{registry.name if registry else scheme} {value}")


def links_to(identifiers: dict[str, str]) -> str:
    """Each identifier by the name of its registry, as a link where its form is known."""
    return format_html_join("", "{}", ((_link(*each),) for each in identifiers.items())) or NONE


def _link(scheme: str, value: str) -> str:
    registry = REGISTRIES.get(scheme)
    name = isolated(registry.name if registry else scheme)
    if registry and (url := registry.address(value)):
        return format_html(
            '<div>{} <a href="{}" rel="noopener noreferrer" target="_blank">{}'
            '<span class="visually-hidden"> (opens in a new tab)</span></a></div>',
            name,
            url,
            isolated(value),
        )
    return format_html("<div>{} {}</div>", name, isolated(value))

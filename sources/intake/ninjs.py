"""IPTC ninjs 1, 2 and 3, told by their members.

Version 1 names its bodies and headlines in members such as `body_xhtml`. Versions 2 and 3 list
them, each with its role. Version 3 writes members in camel case; they are read without case.
"""

from sources.intake.conversion import Conversion, NotConverted
from sources.intake.fragments import text_of_fragment
from sources.intake.particulars import (
    MAX_HEADLINE,
    MAX_NOTE,
    address_of,
    date_of,
    id_of,
    language_of,
    line_of,
    names_of,
    time_of,
    unique,
)

MAIN_ROLES = ("main", "")
STATUSES = ("usable", "withheld", "canceled")
ADDRESS_ROLES = ("url", "canonical", "canonicalurl", "permalink", "web", "weburl")


def convert(data) -> Conversion:
    """Convert an item of the type text."""
    if not isinstance(data, dict):
        raise NotConverted("A ninjs document is one JSON object. Send each item by itself.")
    if data.get("type", "text") not in ("text", "composite"):
        raise NotConverted(f"This ninjs item is of the type “{line_of(data['type'])}”, not text.")
    names = set(data)
    item = {name.lower().removeprefix("$"): value for name, value in data.items()}
    bodies = _by_role(item, "body", "bodies")
    text = next((text for each in _in_order(bodies) if (text := _text_of(each))), "")
    if not text:
        raise NotConverted(
            "This ninjs item has no body with text. Send one in `bodies` (2 and 3) or `body_…` (1)."
        )
    headlines = _by_role(item, "headline", "headlines")
    headline = next((h for each in _in_order(headlines) if (h := _line_of(each))), None)
    edition = id_of(item.get("version"))
    created = date_of(item.get("firstcreated")) or date_of(item.get("contentcreated"))
    version_created = item.get("versioncreated")
    if not created and edition in (None, "1"):
        created = date_of(version_created)
    uri = id_of(item.get("uri") or item.get("guid"))
    return Conversion(
        f"ninjs {_version(item, names)}",
        text,
        headline=headline or line_of(item.get("title"), MAX_HEADLINE),
        byline=_byline(item),
        published=created,
        modified=time_of(version_created),
        language=language_of(item.get("language")),
        url=_address(item),
        outlet=_outlet(item),
        external_id=uri,
        edition=edition,
        rights=line_of(item.get("copyrightnotice"), MAX_NOTE)
        or line_of(item.get("usageterms"), MAX_NOTE),
        license=_license(item),
        embargo_until=time_of(item.get("embargoeduntil") or item.get("embargoed")),
        status=(s := item.get("pubstatus")) and (s if s in STATUSES else None),
    )


def _version(item: dict, names: set[str]) -> str:
    """The version that it states, else the first of its generation."""
    standard = item.get("standard")
    stated = line_of(standard.get("version"), 10) if isinstance(standard, dict) else None
    if stated:
        return stated
    if not names & {"bodies", "headlines"}:
        return "1"
    return "3" if any(name != name.lower() for name in names) else "2"


def _by_role(item: dict, one: str, many: str) -> dict[str, dict]:
    """Bodies or headlines by role, as objects with `value` and `contenttype`."""
    found: dict[str, dict] = {}
    listed = item.get(many)
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict):
            each = {name.lower(): value for name, value in each.items()}
            found.setdefault(str(each.get("role") or ""), each)
    for name, value in item.items():
        if name == one or name.startswith(f"{one}_"):
            kind = "text/html" if "html" in name else ""
            found.setdefault(name[len(one) + 1 :], {"value": value, "contenttype": kind})
    return found


def _in_order(by_role: dict[str, dict]) -> list[dict]:
    """Those with markup first, as they have paragraphs; then the main one; then the others."""

    def rank(role: str) -> tuple:
        is_marked = "html" in str(by_role[role].get("contenttype")).lower() or "html" in role
        return not is_marked, role not in MAIN_ROLES

    return [by_role[role] for role in sorted(by_role, key=rank)]


def _text_of(body: dict) -> str:
    value = body.get("value")
    if not isinstance(value, str):
        return ""
    if "nitf" in str(body.get("contenttype")).lower():
        return text_of_fragment(value.replace("<hl2>", "<h2>").replace("</hl2>", "</h2>"))
    return text_of_fragment(value)


def _line_of(headline: dict) -> str | None:
    value = headline.get("value")
    return line_of(text_of_fragment(value), MAX_HEADLINE) if isinstance(value, str) else None


def _byline(item: dict) -> list[str]:
    named = item.get("authors") or item.get("bylines")
    named = named if isinstance(named, list) else []
    names = unique(each if isinstance(each, str) else _name_in(each) for each in named)
    return names or names_of(item.get("by") or item.get("byline"))


def _name_in(author) -> str | None:
    return author.get("name") or author.get("by") if isinstance(author, dict) else None


def _outlet(item: dict) -> str | None:
    """The publisher among its sources, else its source, else the holder of its copyright."""
    sources = item.get("infosources") or item.get("infosource")
    for source in sources if isinstance(sources, list) else []:
        if isinstance(source, dict) and source.get("rel") == "publisher":
            return line_of(source.get("name"))
    return line_of(item.get("source")) or line_of(item.get("copyrightholder"))


def _address(item: dict) -> str | None:
    others = item.get("altids")
    if isinstance(others, dict):
        others = [{"role": role, "value": value} for role, value in others.items()]
    for other in others if isinstance(others, list) else []:
        if isinstance(other, dict) and str(other.get("role")).lower() in ADDRESS_ROLES:
            return address_of(other.get("value"))
    return address_of(item.get("url"))


def _license(item: dict) -> str | None:
    rights = item.get("rightsinfo")
    if not isinstance(rights, dict):
        return None
    rights = {name.lower(): value for name, value in rights.items()}
    return address_of(rights.get("linkedrights")) or line_of(rights.get("linkedrights"), MAX_NOTE)

"""Search over everything: the page `/admin/search/`, and the palette that Ctrl+K opens anywhere.

Each kind of record is searched as on its own list, to the first few, and by its own permissions. An
id or a URL that has one finds its record. Other apps add searches of their own with `searches`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model, Value
from django.db.models.fields.json import KT
from django.db.models.lookups import Exact
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse

from sources.admin.html import address, in_a_line, isolated
from sources.admin.speaker_cards import speaker_cards
from sources.models import Article, Organisation, Outlet, Snapshot, Speaker

MAX_FOUND = 5
"""Records of one kind: a palette is read, not leafed through."""

MAX_TERM = 200
"""Characters that are searched for."""

MAX_WORDS = 8
"""Words that are searched for: more take longer and find no better."""

UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])", re.I)
SHA256 = re.compile(r"[0-9a-f]{64}", re.I)
WIKIDATA_ID = re.compile(r"Q[1-9][0-9]*", re.I)


@dataclass(frozen=True)
class Found:
    """One result: its page, its name, and what tells it apart; the last two as HTML or text."""

    url: str
    name: str
    about: str = ""


@dataclass(frozen=True)
class FoundGroup:
    """Results of one kind; `more` is the URL of its list with the same search, if it has more."""

    heading: str
    found: list[Found]
    more: str = ""


type Search = Callable[[HttpRequest, str], Iterable[FoundGroup]]

searches: list[Search] = []
"""What is searched besides ids, in the order of the results."""


def find(request: HttpRequest, term: str) -> list[FoundGroup]:
    """What this user may see of what a term finds: by id first, else by each search."""
    term = " ".join(term.replace("\0", "").split()[:MAX_WORDS])[:MAX_TERM]
    if not term:
        return []
    if by_id := list(islice(_by_identifier(request, term), MAX_FOUND)):
        return [FoundGroup("Record", by_id)]
    groups = chain.from_iterable(search(request, term) for search in searches)
    return [group for group in groups if group.found]


def search_page(request: HttpRequest) -> TemplateResponse:
    """`?q=` is what is searched for; with `part` only the results, for the palette."""
    term = request.GET.get("q", "")[:MAX_TERM]
    template = "admin/search_results.html" if "part" in request.GET else "admin/search.html"
    return TemplateResponse(
        request,
        template,
        {
            **admin.site.each_context(request),
            "title": "Search",
            "term": term,
            "groups": find(request, term),
        },
    )


# By id


def _by_identifier(request: HttpRequest, term: str) -> Iterator[Found]:
    if key := UUID.search(term):
        for model in admin.site._registry:
            if hasattr(admin.site.get_model_admin(model), "record_fields"):
                yield from _records(request, model, pk=key[0])
    if SHA256.fullmatch(term):
        yield from _records(request, Snapshot, sha256=term.lower())
    if WIKIDATA_ID.fullmatch(term):
        called = Exact(KT("identifiers__wikidata"), Value(term.upper()))
        for model in (Speaker, Organisation):
            yield from _records(request, model, called)


def _records(request: HttpRequest, model: type[Model], *conditions, **asked) -> Iterator[Found]:
    pages = admin.site.get_model_admin(model)
    if pages.has_view_permission(request):
        for record in pages.get_queryset(request).filter(*conditions, **asked)[:1]:
            yield Found(page_of(record), isolated(str(record)), str(model._meta.verbose_name))


def page_of(record: Model) -> str:
    """The page of a record: its profile, if it has one."""
    try:
        return address(record, "profile")
    except NoReverseMatch:
        return address(record, "change")


# By kind


def first_found(
    request: HttpRequest, model: type[Model], term: str, shown: Callable[[list], list[Found]]
) -> Iterator[FoundGroup]:
    """The first records that the search of a model's list finds, as `shown`."""
    pages = admin.site.get_model_admin(model)
    if not pages.has_view_permission(request):
        return
    records = pages.first_found(request, term, MAX_FOUND + 1)
    more = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    yield FoundGroup(
        str(model._meta.verbose_name_plural).capitalize(),
        shown(records[:MAX_FOUND]),
        f"{more}?{urlencode({'q': term})}" if len(records) > MAX_FOUND else "",
    )


def find_pages(term: str, pages: Iterable[tuple[str, str]], heading: str) -> Iterator[FoundGroup]:
    """The pages, given by name and URL, whose names have words that begin like all of these."""
    asked = term.casefold().split()
    found = []
    for name, url in pages:
        words = name.casefold().split()
        if all(any(word.startswith(part) for word in words) for part in asked):
            found.append(Found(url, name))
    yield FoundGroup(heading, found[:MAX_FOUND])


def _pages(request: HttpRequest, term: str) -> Iterator[FoundGroup]:
    listed = [
        (str(model["name"]), model["admin_url"])
        for app in admin.site.get_app_list(request)
        for model in app["models"]
        if model["admin_url"]
    ]
    yield from find_pages(term, [("Dashboard", reverse("admin:index")), *listed], "Pages")


def _speakers(request: HttpRequest, term: str) -> Iterator[FoundGroup]:
    def as_cards(speakers):
        cards = speaker_cards(speakers, request.user)
        return [
            Found(page_of(each), isolated(each.name), isolated(" · ".join(cards[each.pk].about)))
            for each in speakers
        ]

    yield from first_found(request, Speaker, term, as_cards)


def _organisations(request: HttpRequest, term: str) -> Iterator[FoundGroup]:
    def with_parents(organisations):
        return [
            Found(page_of(each), isolated(each.name), isolated(each.parent and each.parent.name))
            for each in organisations
        ]

    yield from first_found(request, Organisation, term, with_parents)


def _outlets(request: HttpRequest, term: str) -> Iterator[FoundGroup]:
    def with_urls(outlets):
        return [Found(page_of(one), isolated(one.name), isolated(one.url)) for one in outlets]

    yield from first_found(request, Outlet, term, with_urls)


def _articles(request: HttpRequest, term: str) -> Iterator[FoundGroup]:
    def with_outlets(articles):
        return [
            Found(page_of(each), isolated(str(each)), in_a_line(each.outlet, each.published))
            for each in articles
        ]

    yield from first_found(request, Article, term, with_outlets)


searches += [_pages, _speakers, _organisations, _outlets, _articles]

"""What quotes add to the pages of outlets, organisations, speakers and articles."""

from uuid import UUID

from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, IntegerField, OuterRef
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode

from quotes.admin import profile_counts
from quotes.admin.move_quotes import MoveQuotesAdmin
from quotes.admin.profile_counts import Tally
from quotes.models import Quote
from sources.admin import ArticleAdmin, OrganisationAdmin, OutletAdmin, SpeakerAdmin
from sources.admin.charts import Bar, bars
from sources.admin.html import (
    MAX_LISTED,
    NONE,
    isolated,
    link,
    link_all,
    link_to_list,
    link_to_profile,
)
from sources.admin.lists import BoundedPaginator
from sources.models import Article, Organisation, Outlet, Speaker

MOST_LINES = 12
"""Roles, organisations and so on that are listed at most, the commonest first."""

LATEST = 8
"""Quotes that are shown at most, the newest first."""

COMPARED = 4
"""Quotes of each that a comparison shows."""


class CountsQuotes:
    """A page of somebody or something that quotes belong to, with the way to them."""

    def get_readonly_fields(self, request, obj=None):
        return (*super().get_readonly_fields(request, obj), "quotes")

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not request.user.has_perm("quotes.view_quote"):
            return fieldsets
        return [*fieldsets[:-1], ("Quotes", {"fields": ["quotes"]}), fieldsets[-1]]

    @admin.display(description="quotes")
    def quotes(self, record):
        of = record._meta.model_name
        found = Quote.objects.visible_to(record.reader).filter(**{of: record.pk})
        number = BoundedPaginator(found, 1).count
        return link_to_list(Quote, f"{number:,}", **{f"{of}__id__exact": record.pk})


class ShowsQuotes(CountsQuotes):
    """The whole of a named record, with what its newest quotes are; those that this user may see.

    `told_of` says which tables there are besides months and roles: heading, what of a tally, and
    the model.
    """

    told_of: list[tuple[str, str, type]] = []

    class Media:
        css = {"all": ["sources/charts.css"]}

    def profile(self, request, record):
        told = super().profile(request, record)
        if not request.user.has_perm("quotes.view_quote") or record.merged_into_id:
            return told
        of = record._meta.model_name
        quotes = Quote.objects.visible_to(request.user).filter(**{of: record.pk})
        found, lists = profile_counts.tally(quotes), ListedBy(record)
        tables = [roles_of(found, lists)]
        for heading, name, model in self.told_of:
            tables.append(records_of(heading, getattr(found, name), model, lists))
        latest = quotes.select_related("outlet", "speaker", "affiliation")
        return told | {
            "quotes": f"{found.quotes:,}" if found.quotes else "",
            "is_cut": found.is_cut,
            "newest": f"{profile_counts.NEWEST:,}",
            "all_quotes": lists.link("All quotes"),
            "months": months_of(found, lists),
            "tables": [table for table in tables if table["lines"]],
            "latest": [
                {
                    "words": link(quote),
                    "day": quote.published,
                    "status": quote.get_status_display(),
                    "role": isolated(quote.shown_role) or NONE,
                    "speaker": link_to_profile(quote.speaker) if quote.speaker else NONE,
                    "outlet": link_to_profile(quote.outlet) if quote.outlet else NONE,
                }
                for quote in latest[:LATEST]
            ],
            "is_of": of,
        }

    def compared_facts(self, request, record):
        beside = super().compared_facts(request, record)
        if not request.user.has_perm("quotes.view_quote"):
            return beside
        of = record._meta.model_name
        quotes = Quote.objects.visible_to(request.user).filter(**{of: record.pk})
        return beside | {"Latest quotes": link_all(quotes[:COMPARED], more="")}


class ListedBy:
    """The list of quotes of one record, narrowed further."""

    def __init__(self, record):
        self.of = {f"{record._meta.model_name}__id__exact": record.pk}

    def url(self, **lookups) -> str:
        place = reverse("admin:quotes_quote_changelist")
        return f"{place}?{urlencode(self.of | lookups)}"

    def link(self, text, **lookups) -> str:
        return format_html('<a href="{}">{}</a>', self.url(**lookups), text)


def months_of(found: Tally, lists: ListedBy) -> str:
    """A chart of quotes a month."""
    rows = [
        Bar(f"{month:%Y-%m}", [number], lists.url(month=f"{month:%Y-%m}"))
        for month, number in found.drawn_months
    ]
    notes = []
    if found.earlier:
        notes.append(f"{found.earlier:,} of earlier months are not drawn.")
    if unknown := found.months.get(None):
        notes.append(f"Of {unknown:,} the month is not known.")
    return bars(rows, "Quotes a month", series=("quotes",), of="month", note=" ".join(notes))


def roles_of(found: Tally, lists: ListedBy) -> dict:
    """Roles as they are printed, and how often."""
    lines = [
        {
            "what": isolated(role.name),
            "also": [isolated(other) for other in role.others],
            "number": lists.link(f"{role.quotes:,}", printed_role=role.name),
        }
        for role in found.roles[:MOST_LINES]
    ]
    rest = found.roles[MOST_LINES:]
    return {
        "heading": "Roles as printed",
        "lines": lines,
        "rest": f"{len(rest):,} more" if rest else "",
        "rest_number": sum(role.quotes for role in rest),
        "unknown": found.without_role,
    }


def records_of(heading: str, counted: dict, model: type, lists: ListedBy) -> dict:
    """Organisations, outlets or speakers, and how many of the quotes are theirs."""
    known = [(key, number) for key, number in counted.items() if key]
    first, rest = known[:MOST_LINES], known[MOST_LINES:]
    records = model.objects.in_bulk([key for key, _ in first])
    name = model._meta.model_name
    lines = [
        {
            "what": link_to_profile(records[UUID(key)]),
            "also": [],
            "number": lists.link(f"{number:,}", **{f"{name}__id__exact": key}),
        }
        for key, number in first
    ]
    return {
        "heading": heading,
        "lines": lines,
        "rest": f"{len(rest):,} more" if rest else "",
        "rest_number": sum(number for _, number in rest),
        "unknown": counted.get(None, 0),
    }


admin.site.unregister([Article, Organisation, Outlet, Speaker])


@admin.register(Outlet)
class OutletWithQuotesAdmin(ShowsQuotes, OutletAdmin):
    profile_template = "admin/profile_outlet_with_quotes.html"
    told_of = [
        ("Who was quoted", "speakers", Speaker),
        ("For whom they spoke", "organisations", Organisation),
    ]


@admin.register(Organisation)
class OrganisationWithQuotesAdmin(ShowsQuotes, OrganisationAdmin):
    profile_template = "admin/profile_organisation_with_quotes.html"
    told_of = [("Who spoke for it", "speakers", Speaker), ("Outlets", "outlets", Outlet)]


@admin.register(Speaker)
class SpeakerWithQuotesAdmin(MoveQuotesAdmin, ShowsQuotes, SpeakerAdmin):
    profile_template = "admin/profile_speaker_with_quotes.html"
    told_of = [
        ("Organisations spoken for", "organisations", Organisation),
        ("Outlets", "outlets", Outlet),
    ]

    def known_of(self, speakers, user):
        """The number of the quotes of each, up to `MAX_LISTED`, as a link to them; one query."""
        quotes = Quote.objects.visible_to(user).filter(speaker=OuterRef("pk")).order_by()
        some = ArraySubquery(quotes.values("pk")[: MAX_LISTED + 1])
        rows = Speaker.objects.filter(pk__in=[speaker.pk for speaker in speakers]).order_by()
        number = Func(some, function="cardinality", output_field=IntegerField())
        return {
            key: link_to_list(
                Quote,
                f"{MAX_LISTED}+ quotes" if n > MAX_LISTED else f"{n} quote{'' if n == 1 else 's'}",
                speaker__id__exact=key,
            )
            for key, n in rows.values_list("pk", number)
        }


@admin.register(Article)
class ArticleWithQuotesAdmin(CountsQuotes, ArticleAdmin):
    """`PrintedArticle` and `CitedAffiliation` are places of triggers, no models: not registered."""

    @admin.display(description="quotes")
    def quotes(self, article):
        return link_all(
            Quote.objects.visible_to(article.reader).filter(article=article.pk).order_by("id"),
            more=link_to_list(Quote, "All", article__id__exact=article.pk),
        )

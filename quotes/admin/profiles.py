"""What quotes add to the profiles of outlets, organisations and speakers, and to articles."""

from uuid import UUID

from django.contrib import admin
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode

from quotes.admin import profile_counts
from quotes.admin.add_article import AddsArticles
from quotes.admin.card_counts import known_by_quotes
from quotes.admin.filters import SaidByFilter, WithoutQuotesFilter
from quotes.admin.move_quotes import MoveQuotesAdmin
from quotes.admin.profile_counts import ProfileCounts
from quotes.admin.status import status_badge
from quotes.models import Quote
from sources.admin import ArticleAdmin, OrganisationAdmin, OutletAdmin, SpeakerAdmin
from sources.admin.charts import Bar, Series, columns
from sources.admin.html import (
    MAX_LISTED,
    NONE,
    as_list,
    isolated,
    link,
    link_all,
    link_to_list,
    link_to_profile,
)
from sources.admin.lists import BoundedPaginator
from sources.models import Article, Organisation, Outlet, Speaker

MAX_TABLE_ROWS = 12  # the commonest
LATEST_QUOTES = 8
COMPARED_QUOTES = 4  # of each record, when two are compared


def quotes_of(record, user):
    """Quotes of a record that a user may see; of a speaker, also joint statements."""
    quotes = Quote.objects.visible_to(user)
    if isinstance(record, Speaker):
        return quotes.said_by(record)
    return quotes.filter(**{record._meta.model_name: record.pk})


def lookup_of(record) -> dict:
    """Query parameters of the list of `quotes_of` a record."""
    if isinstance(record, Speaker):
        return {SaidByFilter.parameter_name: record.pk}
    return {f"{record._meta.model_name}__id__exact": record.pk}


class QuoteCountAdmin:
    """The form of a record that has quotes, with their number and a link to them."""

    def get_readonly_fields(self, request, obj=None):
        return (*super().get_readonly_fields(request, obj), "quotes")

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not request.user.has_perm("quotes.view_quote"):
            return fieldsets
        return [*fieldsets[:-1], ("Quotes", {"fields": ["quotes"]}), fieldsets[-1]]

    @admin.display(description="quotes")
    def quotes(self, record):
        number = BoundedPaginator(quotes_of(record, record.reader), 1).count
        return link_to_list(Quote, f"{number:,}", **lookup_of(record))


class QuoteProfileAdmin(QuoteCountAdmin):
    """A profile with charts and tables of the newest quotes that this user may see.

    `tables` are those after the printed roles: heading, field of `ProfileCounts`, and model.
    """

    tables: list[tuple[str, str, type]] = []
    profile_template = "admin/profile_with_quotes.html"

    class Media:
        css = {"all": ["sources/charts.css"]}

    def profile(self, request, record):
        profile = super().profile(request, record) | {"base_template": super().profile_template}
        if not request.user.has_perm("quotes.view_quote") or record.merged_into_id:
            return profile
        of = record._meta.model_name
        quotes = quotes_of(record, request.user)
        counts, links = profile_counts.count_quotes(quotes), QuoteLinks(record)
        tables = [roles_table(counts, links)]
        for heading, name, model in self.tables:
            tables.append(records_table(heading, getattr(counts, name), model, links))
        latest = quotes.select_related("outlet", "speaker", "affiliation")
        return profile | {
            "quotes": counts.quotes,
            "is_cut": counts.is_cut,
            "all_quotes": links.link("All quotes"),
            "months": months_chart(counts, links),
            "tables": [table for table in tables if table["rows"]],
            "latest": [
                {
                    "words": link(quote),
                    "joint": quote.speaker_id != record.pk and of == "speaker",
                    "day": quote.published,
                    "status": status_badge(quote.status),
                    "role": isolated(quote.shown_role) or NONE,
                    "speaker": link_to_profile(quote.speaker) if quote.speaker else NONE,
                    "outlet": link_to_profile(quote.outlet) if quote.outlet else NONE,
                }
                for quote in latest[:LATEST_QUOTES]
            ],
            "profile_of": of,
        }

    def known_of(self, records, user):
        if not user.has_perm("quotes.view_quote"):
            return {}
        return known_by_quotes(self.model, records, Quote.objects.visible_to(user))

    def compared_facts(self, request, record):
        beside = super().compared_facts(request, record)
        if not request.user.has_perm("quotes.view_quote"):
            return beside
        quotes = quotes_of(record, request.user)
        return beside | {"Latest quotes": link_all(quotes[:COMPARED_QUOTES], more="")}


class QuoteLinks:
    """Links to the list of quotes of one record, with further filters."""

    def __init__(self, record):
        self.of = lookup_of(record)

    def url(self, **lookups) -> str:
        place = reverse("admin:quotes_quote_changelist")
        return f"{place}?{urlencode(self.of | lookups)}"

    def link(self, text, **lookups) -> str:
        return format_html('<a href="{}">{}</a>', self.url(**lookups), text)


def months_chart(counts: ProfileCounts, links: QuoteLinks) -> str:
    """A column for each month, and what is not drawn; of a single month, a sentence."""
    unknown = counts.months.get(None)
    notes = [f"{counts.earlier:,} earlier quotes are not shown."] if counts.earlier else []
    if unknown:
        quotes = f"{unknown:,} quote{pluralize(unknown)} {pluralize(unknown, 'has,have')}"
        notes.append(f"{quotes} no known month.")
    months = counts.chart_months
    if len(months) == 1:
        ((month, number),) = months
        said = "The quote is" if number == 1 else f"All {number:,} quotes are"
        if unknown:
            said = f"{number:,} quote{pluralize(number)} {pluralize(number, 'is,are')}"
        when = links.link(f"{month:%B %Y}", month=f"{month:%Y-%m}")
        return format_html("<p>{} from {}. {}</p>", said, when, " ".join(notes))
    rows = [
        Bar(f"{month:%b %Y}", [number], links.url(month=f"{month:%Y-%m}"))
        for month, number in months
    ]
    series = [Series("quotes")]
    return columns(rows, "Quotes per month", series=series, of="month", note=" ".join(notes))


def roles_table(counts: ProfileCounts, links: QuoteLinks) -> dict:
    rows = [
        {
            "what": isolated(role.name),
            "also": [isolated(other) for other in role.others],
            "number": links.link(f"{role.quotes:,}", printed_role=role.name),
        }
        for role in counts.roles[:MAX_TABLE_ROWS]
    ]
    rest = [role.quotes for role in counts.roles[MAX_TABLE_ROWS:]]
    return _table("Roles as printed", rows, rest, counts.without_role)


def records_table(heading: str, counted: dict, model: type, links: QuoteLinks) -> dict:
    """The organisations, outlets or speakers with most of the quotes."""
    known = [(key, number) for key, number in counted.items() if key]
    first, rest = known[:MAX_TABLE_ROWS], known[MAX_TABLE_ROWS:]
    records = model.objects.in_bulk([key for key, _ in first])
    name = model._meta.model_name
    rows = [
        {
            "what": link_to_profile(records[UUID(key)]),
            "also": [],
            "number": links.link(f"{number:,}", **{f"{name}__id__exact": key}),
        }
        for key, number in first
    ]
    return _table(heading, rows, [number for _, number in rest], counted.get(None, 0))


def _table(heading: str, rows: list[dict], rest: list[int], unknown: int) -> dict:
    more = f"{len(rest):,} more" if rest else ""
    return {
        "heading": heading,
        "rows": rows,
        "rest": more,
        "rest_number": sum(rest),
        "unknown": unknown,
    }


admin.site.unregister([Article, Organisation, Outlet, Speaker])


@admin.register(Outlet)
class OutletWithQuotesAdmin(QuoteProfileAdmin, OutletAdmin):
    tables = [
        ("People quoted", "speakers", Speaker),
        ("Organisations quoted", "organisations", Organisation),
    ]


@admin.register(Organisation)
class OrganisationWithQuotesAdmin(QuoteProfileAdmin, OrganisationAdmin):
    tables = [("Speakers", "speakers", Speaker), ("Outlets", "outlets", Outlet)]


@admin.register(Speaker)
class SpeakerWithQuotesAdmin(MoveQuotesAdmin, QuoteProfileAdmin, SpeakerAdmin):
    def beside(self, speakers):
        articles = {one.article_id for one in speakers} - {None}
        quoted = Quote.objects.filter(article__in=articles, speaker__isnull=False)
        found = {}
        for article, speaker in quoted.order_by().values_list("article", "speaker").distinct():
            for one in speakers:
                if one.article_id == article:
                    found.setdefault(one.pk, set()).add(speaker)
        return found

    tables = [
        ("Organisations", "organisations", Organisation),
        ("Outlets", "outlets", Outlet),
    ]


@admin.register(Article)
class ArticleWithQuotesAdmin(AddsArticles, QuoteCountAdmin, ArticleAdmin):
    """`PrintedArticle` and `CitedAffiliation` only carry triggers, and are not registered."""

    list_filter = (*ArticleAdmin.list_filter, WithoutQuotesFilter)
    change_form_template = "admin/article_with_quotes.html"

    @admin.display(description="quotes")
    def quotes(self, article):
        """Each quote with its status and speaker, at most `MAX_LISTED`."""
        found = Quote.objects.visible_to(article.reader).filter(article=article.pk).order_by("id")
        found = list(found.select_related("speaker")[: MAX_LISTED + 1])
        items = [
            format_html(
                "{} {} {}",
                link(quote),
                status_badge(quote.status),
                isolated(quote.speaker.name if quote.speaker else quote.attribution_speaker) or "",
            )
            for quote in found[:MAX_LISTED]
        ]
        if len(found) > MAX_LISTED:
            items.append(link_to_list(Quote, "All", article__id__exact=article.pk))
        return as_list(items)

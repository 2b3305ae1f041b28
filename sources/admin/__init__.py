"""The admin: pages for people, above the models and the API's validation.

Requests of staff come in; Django's model permissions, held by the three groups, decide what they
see and change. Pages go out with every value escaped, and each save in the ledger.
It never deletes a record, overwrites a change unseen, or says anything about the apps above.
It follows Django's admin and WCAG 2.2 AA.
"""

from django.contrib import admin, messages
from django.db.models import Q, Value
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode

import sources.admin.jobs
import sources.admin.service_records  # noqa: F401 (this import and the one above: their pages)
from sources.admin.base import (
    BaseModelAdmin,
    PublishedColumns,
    ReadOnlyAdmin,
    RecordInline,
    SearchedByWords,
)
from sources.admin.documents import ShowsDocument
from sources.admin.duplicates import DuplicatesAdmin
from sources.admin.facts import FactInline, facts_context
from sources.admin.forms import ArticleForm
from sources.admin.history import HistoryAdmin
from sources.admin.html import (
    MAX_LISTED,
    NONE,
    isolated,
    link,
    link_all,
    link_to_list,
    link_to_profile,
)
from sources.admin.import_export import ImportExportAdmin
from sources.admin.lists import matching_any
from sources.admin.login import AdminLoginForm
from sources.admin.merging import MergingAdmin, worded
from sources.admin.periods import PeriodAdmin
from sources.admin.profiles import ProfileAdmin
from sources.admin.speaker_cards import speaker_cards, told_apart
from sources.admin.surnames import SurnamesAdmin
from sources.dates import future_publication
from sources.identity.finding import mentioning
from sources.models import (
    Affiliation,
    Article,
    Organisation,
    Outlet,
    Role,
    Snapshot,
    Speaker,
)
from sources.models.articles import READ_FULL_TEXT
from sources.models.functions import Bare, HasWords, UrlKey, Words
from sources.spreadsheets.tables import (
    AffiliationTable,
    ArticleTable,
    OrganisationTable,
    OutletTable,
    SpeakerTable,
)

MAX_LATEST = 10  # articles of an outlet, or affiliations in a comparison


@admin.register(Outlet)
class OutletAdmin(ImportExportAdmin, ProfileAdmin):
    table, imports = OutletTable, "import outlets"
    list_display = ("called", "also_called", "slug", "url", "created")
    fieldsets = [
        (None, {"fields": ["name", "slug", "aliases", "url"]}),
        (
            "Rights",
            {"fields": [("rights", "license"), "refuses_embeds", "refuses_robots"]},
        ),
    ]
    prepopulated_fields = {"slug": ["name"]}
    profile_template = "admin/profile_outlet.html"

    def profile(self, request, outlet):
        latest = Article.objects.active().visible_to(request.user).filter(outlet=outlet.pk)
        latest = latest[:MAX_LATEST]
        return super().profile(request, outlet) | {
            "articles": [{"day": each.published, "link": link(each)} for each in latest],
            "all_articles": link_to_list(Article, "All articles", outlet__id__exact=outlet.pk),
        }


@admin.register(Organisation)
class OrganisationAdmin(ImportExportAdmin, DuplicatesAdmin, ProfileAdmin):
    table, imports = OrganisationTable, "import organisations"
    list_display = ("called", "also_called", "part_of", "created")
    list_select_related = ("parent",)
    autocomplete_fields = ("parent",)
    fieldsets = [(None, {"fields": ["name", "aliases", "parent", "identifiers"]})]
    profile_template = "admin/profile_organisation.html"

    def profile(self, request, organisation):
        held = Affiliation.objects.visible_to(request.user).filter(organisation=organisation.pk)
        parts = organisation.children.active().visible_to(request.user)
        return (
            super().profile(request, organisation)
            | self.affiliations_context(held, organisation__id__exact=organisation.pk)
            | {"parts": [link_to_profile(part) for part in parts[:MAX_LISTED]]}
        )

    @admin.display(description="parent")
    def part_of(self, organisation):
        return isolated(organisation.parent and organisation.parent.name)


class AffiliationInline(RecordInline):
    model = Affiliation
    fk_name = "speaker"
    fields = ("organisation", "role", "start", "end")
    autocomplete_fields = ("organisation",)
    show_change_link = True

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("speaker", "organisation")


SPEAKER_FIELDS = ["name", "kind", "aliases", "identifies", "organisation", "identifiers"]


@admin.register(Speaker)
class SpeakerAdmin(ImportExportAdmin, SurnamesAdmin, DuplicatesAdmin, ProfileAdmin):
    table, imports = SpeakerTable, "import speakers"
    list_display = ("called", "also_called", "kind", "tied_to", "created")
    list_select_related = ("organisation",)
    autocomplete_fields = ("organisation",)
    inlines = [AffiliationInline, FactInline]
    fieldsets = [(None, {"fields": SPEAKER_FIELDS})]
    profile_template = "admin/profile_speaker.html"

    def get_search_results(self, request, queryset, search_term):
        if request.resolver_match.url_name == "autocomplete":
            queryset = queryset.shared()
        return super().get_search_results(request, queryset, search_term)

    def cards_of(self, records, user):
        return speaker_cards(records, user)

    def names_of(self, records, user):
        return told_apart(records, user)

    def kind_names(self, speaker):
        is_person = speaker.kind == Speaker.Kind.PERSON
        return ("person", "people") if is_person else super().kind_names(speaker)

    def compared_facts(self, request, speaker):
        held = speaker.affiliations.select_related("organisation")[:MAX_LATEST]
        roles = [
            f"{each.role}, {each.organisation}, {each.start or '?'} – {each.end or '?'}"
            for each in held
        ]
        known = [f"{each.key}: {each.shown_value}" for each in speaker.facts.all()[:MAX_LATEST]]
        beside = {"Affiliations": worded(roles), "Facts": worded(known)}
        return super().compared_facts(request, speaker) | beside

    def profile(self, request, speaker):
        held = Affiliation.objects.visible_to(request.user).filter(speaker=speaker.pk)
        joint = Speaker.objects.visible_to(request.user).joint([speaker.pk])
        joint = joint.order_by("name", "pk")[:MAX_LISTED]
        return (
            super().profile(request, speaker)
            | self.affiliations_context(held, speaker__id__exact=speaker.pk)
            | facts_context(request, speaker)
            | {
                "add_affiliation": self._add_affiliation(request, speaker),
                "members": [link_to_profile(member) for member in speaker.present_members],
                "joint": [self._joint(each, speaker) for each in joint],
            }
        )

    def _add_affiliation(self, request, speaker: Speaker) -> str | None:
        """URL of the form for a new affiliation of this person; None if there can be none."""
        is_person = speaker.kind == Speaker.Kind.PERSON and not speaker.merged_into_id
        if not is_person or not request.user.has_perm("sources.add_affiliation"):
            return None
        return f"{reverse('admin:sources_affiliation_add')}?{urlencode({'speaker': speaker.pk})}"

    def _joint(self, joint: Speaker, speaker: Speaker) -> dict:
        others = [member for member in joint.present_members if member.pk != speaker.pk]
        return {"link": link_to_profile(joint), "others": [isolated(each.name) for each in others]}

    @admin.display(description="organisation")
    def tied_to(self, speaker):
        return isolated(speaker.organisation and speaker.organisation.name)


@admin.register(Affiliation)
class AffiliationAdmin(PeriodAdmin):
    table, imports = AffiliationTable, "import affiliations"
    list_display = ("held", "holder", "at", "since", "until", "created")
    search_fields = ("role",)
    search_help_text = "Search the role, the speaker's name or the organisation's name."
    sortable_by = ("since",)
    ordering = ("-start_day", "-id")
    autocomplete_fields = ("speaker", "organisation")
    fieldsets = [(None, {"fields": ["speaker", "organisation", "role", "start", "end"]})]

    def get_queryset(self, request):
        # Forms of other models name their choices from these.
        return super().get_queryset(request).select_related("speaker", "organisation")

    def search(self, request, queryset, term):
        for word in term.split():
            speakers = mentioning(Speaker.objects.order_by(), [word]).values("id")
            organisations = mentioning(Organisation.objects.order_by(), [word]).values("id")
            queryset = queryset.filter(
                Q(role__in=Role.objects.with_words(word).values("role"))
                | Q(speaker__in=speakers)
                | Q(organisation__in=organisations)
            )
        return queryset

    @admin.display(description="role")
    def held(self, affiliation):
        return isolated(affiliation.role)

    @admin.display(description="organisation")
    def at(self, affiliation):
        return isolated(affiliation.organisation.name)


@admin.register(Article)
class ArticleAdmin(SearchedByWords, ImportExportAdmin, PublishedColumns, MergingAdmin):
    table = ArticleTable
    """Articles are filed with their text, through the API or an import; none is added here."""

    form = ArticleForm
    change_form_template = "admin/article_change_form.html"
    list_display = ("titled", "printed_by", "printed_on", "language", "created")
    search_fields = ("headline",)
    search_help_text = (
        "Search by URL, by words of the headline (the last may be partial) or by external ID."
    )
    sortable_by = ("printed_on", "created")
    ordering = ("-published_day", "-id")
    autocomplete_fields = ("outlet",)
    readonly_fields = ("texts", "text", "withdrawal")
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "headline",
                    "outlet",
                    "url",
                    ("external_id", "language"),
                    "byline",
                    ("rights", "license"),
                    "canonical_url",
                    "withdrawal",
                ]
            },
        ),
        (
            "Publication",
            {
                "fields": [("published", "published_at"), "embargo_until"],
                "description": "The date may be partial, such as 2026-03. The exact time is "
                "optional, and has to be on that date.",
            },
        ),
        ("Captured texts", {"fields": ["texts"]}),
    ]

    def get_queryset(self, request):
        articles = super().get_queryset(request).select_related("outlet", "snapshot")
        return articles.defer("snapshot__text")

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if request.user.has_perm(READ_FULL_TEXT):
            text = ("Current text", {"fields": ["text"], "classes": ["collapse"]})
            return [*fieldsets[:3], text, *fieldsets[3:]]
        return fieldsets

    def has_add_permission(self, request) -> bool:
        return False

    def save_model(self, request, article, form, change):
        super().save_model(request, article, form, change)
        if future := future_publication(article.published, article.published_at, timezone.now()):
            self.message_user(request, future, messages.WARNING)

    def search(self, request, queryset, term):
        if "://" in term:
            return queryset.filter(url_key=UrlKey(Value(term)))
        words = self.with_words(queryset, term)
        return matching_any(queryset, words, queryset.filter(external_id=term))

    def with_words(self, records, term):
        return records.filter(HasWords(Words(Bare("headline")), term, may_go_on=True))

    def first_found(self, request, term, number):
        """By URL or external ID, else by words of the headline."""
        articles = self.get_queryset(request)
        is_url = "://" in term
        asked = {"url_key": UrlKey(Value(term))} if is_url else {"external_id": term}
        found = list(articles.filter(**asked)[:number])
        return found or ([] if is_url else super().first_found(request, term, number))

    @admin.display(description="article")
    def titled(self, article):
        return isolated(str(article))

    @admin.display(description="withdrawn")
    def withdrawal(self, article):
        if not article.withdrawn:
            return NONE
        return isolated(f"{article.withdrawn['when'][:10]}: {article.withdrawn['reason']}")

    @admin.display(description="snapshots")
    def texts(self, article):
        return link_all(
            article.snapshots.defer("text").order_by("-captured", "-id"),
            text=lambda held: (
                f"{held.captured:%Y-%m-%d %H:%M} UTC · {held.sha256[:16]}…"
                f"{' · current' if held.pk == article.snapshot_id else ''}"
            ),
            more=link_to_list(Snapshot, "All", article__id__exact=article.pk),
        )

    @admin.display(description="text")
    def text(self, article):
        return in_full(article.snapshot.text) if article.snapshot else NONE


def in_full(text: str) -> str:
    return format_html('<div class="words" dir="auto">{}</div>', text)


@admin.register(Snapshot)
class SnapshotAdmin(ShowsDocument, ReadOnlyAdmin, HistoryAdmin, BaseModelAdmin):
    """Snapshots are captured and never change."""

    see_all_permission = READ_FULL_TEXT
    list_display = ("sha256", "printed_in", "captured")
    search_fields = ("sha256",)
    search_help_text = "Search by the SHA-256 of a text, or its first characters."
    sortable_by = ()
    ordering = ("-id",)  # by time of capture, on the primary key

    def get_queryset(self, request):
        snapshots = super().get_queryset(request).select_related("article").defer("text")
        if request.user.has_perm("sources.change_article"):
            return snapshots
        return snapshots.filter(article__in=Article.objects.visible_to(request.user).order_by())

    def get_fields(self, request, obj=None):
        fields = ["sha256", "article", "captured", "headline", "characters"]
        return [*fields, "words"] if request.user.has_perm(READ_FULL_TEXT) else fields

    def search(self, request, queryset, term):
        beginning = term.lower()
        # A prefix as a range on the digest's index: "g" sorts after all hexadecimal digits.
        return queryset.filter(sha256__gte=beginning, sha256__lt=f"{beginning}g")

    @admin.display(description="article")
    def printed_in(self, snapshot):
        return isolated(str(snapshot.article))

    @admin.display(description="characters")
    def characters(self, snapshot):
        return f"{snapshot.characters:,}"

    @admin.display(description="text")
    def words(self, snapshot):
        return in_full(snapshot.text)


admin.site.site_header = admin.site.site_title = "On Record"
admin.site.login_form = AdminLoginForm
admin.site.index_title = "Dashboard"
admin.site.empty_value_display = NONE

"""The admin of this app, and what every page of the admin shares.

What a user may see and change follows Django's model permissions, which the three groups carry; a
user of the admin also needs `is_staff`. Records are never deleted here.
"""

import json
from functools import cached_property

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.paginator import Paginator
from django.db import DataError, IntegrityError, connection, models
from django.db.models import F, Func, Q, Value
from django.forms.fields import InvalidJSONInput
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from knox.models import AuthToken
from rest_framework import serializers

from sources.dates import PartialDateField, PartialDateFormField
from sources.faults import pointed
from sources.models import (
    Affiliation,
    Article,
    Fold,
    HasWords,
    Organisation,
    Outlet,
    Snapshot,
    Speaker,
    StoredAnswer,
    UrlKey,
)
from sources.names import as_uuid
from sources.serializers import (
    IdentifiersField,
    LanguageField,
    NameField,
    WebAddressField,
    with_time,
)

NONE = "-"
"""Shown where there is nothing to show, as Django's own columns do."""

LISTED = 200
"""Records that a page of another record lists at most."""

# Showing


_TURNS = {
    turn: f"⟦U+{turn:04X}⟧" for turn in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}  # fmt: skip


def shown(text: str | None) -> str | None:
    """Somebody else's words among ours; characters that turn the direction of text spelt out."""
    return format_html("<bdi>{}</bdi>", text.translate(_TURNS)) if text else None


def link(record: models.Model, text: str | None = None) -> str:
    """A link to a record's page, under its name."""
    name = f"admin:{record._meta.app_label}_{record._meta.model_name}_change"
    return format_html(
        '<a href="{}">{}</a>', reverse(name, args=[record.pk]), shown(text or str(record))
    )


def link_all(records: models.QuerySet, *, more: str, **kwargs) -> str:
    """Links to records, at most `LISTED`; then `more`, a link to all of them."""
    found = list(records[: LISTED + 1])
    links = [link(record, **{k: v(record) for k, v in kwargs.items()}) for record in found[:LISTED]]
    if len(found) > LISTED:
        links.append(more)
    items = format_html_join("", "<li>{}</li>", ((item,) for item in links))
    return format_html('<ul class="records">{}</ul>', items) if links else NONE


def link_to_list(model: type[models.Model], text: str, **lookups) -> str:
    """A link to the list of records that match."""
    place = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    query = "&".join(f"{name}={value}" for name, value in lookups.items())
    return format_html('<a href="{}?{}">{}</a>', place, query, text)


# Searching


def mentioning(queryset: models.QuerySet, words: list[str]) -> models.QuerySet:
    """Named records with each of these words somewhere in a name, case and accents ignored.

    One pass over the folded names: no index holds the inside of a name.
    """
    names = Func(
        F("names_folded"),
        Value("\n"),
        function="array_to_string",
        output_field=models.TextField(),
    )
    queryset = queryset.alias(all_names=names)
    for word in words:
        queryset = queryset.filter(all_names__contains=Fold(Value(word)))
    return queryset


# Pages


class Pages(Paginator):
    """Counts exactly up to `COUNTED` rows; beyond, believes PostgreSQL's estimate.

    The planner scales `pg_class.reltuples` to the table's present size and to the filter. Pages
    below `DEEPEST` are not offered: to get there costs more than to search.
    """

    COUNTED = 10_000
    DEEPEST = 1_000

    @cached_property
    def count(self) -> int:
        rows = self.object_list.order_by().values("pk")
        found = rows[: self.COUNTED + 1].count()
        if found <= self.COUNTED:
            return found
        (plan,) = json.loads(rows.explain(format="json"))
        return max(int(plan["Plan"]["Plan Rows"]), found)

    @cached_property
    def num_pages(self) -> int:
        return min(super().num_pages, self.DEEPEST)


# Forms


def few_lines(rows: int = 2) -> AdminTextareaWidget:
    return AdminTextareaWidget({"rows": rows, "cols": 60})


class LinesField(SimpleArrayField):
    """A list of texts, one a line: names hold commas."""

    widget = few_lines(4)

    def __init__(self, base_field, **kwargs):
        kwargs["max_length"] = kwargs.get("max_length") or 100
        super().__init__(base_field, delimiter="\n", **kwargs)
        self.help_text = "One a line."

    def prepare_value(self, value):
        if isinstance(value, list):
            value = [" ".join(str(item).splitlines()) for item in value]
        return super().prepare_value(value)

    def to_python(self, value):
        if isinstance(value, str):
            lines = value.replace("\r", "\n").split("\n")
            value = "\n".join(line for line in lines if line.strip())
        return super().to_python(value)


class IdentifiersFormField(forms.JSONField):
    """JSON that PostgreSQL can hold; shown again as it was typed. Empty is no identifiers."""

    def to_python(self, value):
        try:
            found = super().to_python(value)
            text = json.dumps(found, ensure_ascii=False)
            text.encode()
        except RecursionError:
            raise ValidationError("This is nested too deeply.") from None
        except UnicodeEncodeError:
            raise ValidationError("Surrogate characters are not allowed.") from None
        if r"\u0000" in text:
            raise ValidationError("Null characters are not allowed.")
        return {} if found is None else found

    def bound_data(self, data, initial):
        return data if data is None else InvalidJSONInput(data)


class RecordForm(forms.ModelForm):
    """A form that knows which version was read, and keeps to the rules of the API's fields."""

    version_read = forms.IntegerField(widget=forms.HiddenInput, required=False)
    rules = {
        "name": NameField,
        "language": LanguageField,
        "url": WebAddressField,
        "identifiers": IdentifiersField,
    }

    refusal: ValidationError | None = None
    """What the model or PostgreSQL said when this form was saved; see `RecordAdmin`."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["version_read"] = self.instance.version

    def clean(self):
        data = super().clean()
        for name, rule in self.rules.items():
            if data.get(name) is not None:
                self.hold_to(rule().run_validation, data[name], name)
        if not self.instance._state.adding and data.get("version_read") != self.instance.version:
            self.add_error(
                None,
                "Somebody has changed this record since you opened the page. Nothing was saved: "
                "open it again, look at what is there now, and repeat your change.",
            )
        if self.refusal:
            everywhere = {NON_FIELD_ERRORS: self.refusal}
            for name, faults in getattr(self.refusal, "error_dict", everywhere).items():
                self.add_error(name if name in self.fields else None, faults)
        return data

    def _post_clean(self):
        # What was refused once is not asked of the database again, only shown.
        if not self.refusal:
            super()._post_clean()

    def hold_to(self, rule, value, name: str) -> None:
        """Let a rule of the API judge, and show what it says at the field."""
        try:
            rule(value)
        except serializers.ValidationError as error:
            for fault in pointed(error.detail):
                self.add_error(name, fault["message"])


class ArticleForm(RecordForm):
    def clean(self):
        data = super().clean()
        self.hold_to(with_time, data, "published_at")
        return data


def as_validation_error(error: Exception) -> ValidationError:
    """What the database refused, in the words of the constraint that refused it."""
    if isinstance(error, ValidationError):
        return error
    said = getattr(error.__cause__, "diag", None)
    name = said and said.constraint_name
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name:
                return ValidationError(constraint.get_violation_error_message())
    if said and name and not said.table_name:  # a trigger of ours, which speaks for itself
        return ValidationError(said.message_primary)
    return ValidationError(f"The database refused this{f' ({name})' if name else ''}.")


# Pages of the admin


class Desk(admin.ModelAdmin):
    """What every model's pages share: bounded lists, search by what an id or a name says."""

    list_per_page = 50
    paginator = Pages
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    class Media:
        css = {"all": ["sources/admin.css"]}

    def get_search_results(self, request, queryset, search_term):
        """An id finds its record; all else is up to `search`."""
        term = search_term.replace("\0", "").strip()
        if not term:
            return queryset, False
        if key := as_uuid(term):
            return queryset.filter(pk=key), False
        return self.search(request, queryset, term), False

    def search(self, request, queryset, term: str) -> models.QuerySet:
        raise NotImplementedError

    def lookup_allowed(self, lookup, value, request) -> bool:
        """Only what the filters and the links between pages ask for: a value, exactly."""
        keys = (field.name for field in self.opts.concrete_fields if field.is_relation)
        known = {f"{name}__exact" for name in self.list_filter}
        return lookup in known.union(f"{name}__id__exact" for name in keys) and "\0" not in value

    def has_delete_permission(self, request, obj=None) -> bool:
        return False  # records are never deleted


class ReadOnly:
    """Kept by the service itself: nothing here is made or changed by hand."""

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False


class RecordAdmin(Desk):
    """Pages of records: what is saved was read in its present version, and a refusal is an answer.

    The record is locked before its form is judged. Where the model or PostgreSQL refuses what the
    form let pass, all is rolled back and the form is shown again with the reason.
    """

    form = RecordForm
    formfield_overrides = {
        ArrayField: {"form_class": LinesField},
        models.JSONField: {"form_class": IdentifiersFormField, "widget": few_lines()},
        models.TextField: {"empty_value": None, "widget": few_lines()},  # unknown is NULL
        PartialDateField: {"help_text": PartialDateFormField().help_text},
    }
    record_fields = ("id", "version", "created", "updated")

    def get_readonly_fields(self, request, obj=None):
        return (*super().get_readonly_fields(request, obj), *self.record_fields)

    def get_fieldsets(self, request, obj=None):
        fieldsets = list(super().get_fieldsets(request, obj))
        if obj is None:
            return fieldsets
        fields = [("id", "version"), ("created", "updated")]
        if self.has_change_permission(request, obj):
            fields.append("version_read")
        return [*fieldsets, ("Record", {"fields": fields})]

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def get_object(self, request, object_id, from_field=None):
        record = super().get_object(request, object_id, from_field)
        if record is None:
            return None
        if request.method == "POST" and connection.in_atomic_block:
            locked = self.get_queryset(request).select_for_update(of=("self",))
            record.refresh_from_db(from_queryset=locked)
        record.reader = request.user
        return record

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (ValidationError, IntegrityError, DataError) as error:
            if request.method != "POST" or hasattr(request, "refusal"):
                raise
            request.refusal = as_validation_error(error)
        return super().changeform_view(request, object_id, form_url, extra_context)


class RecordInline(admin.TabularInline):
    """Records of another record, on its page; like those of their own page, without deletion."""

    form = RecordForm
    formfield_overrides = RecordAdmin.formfield_overrides
    extra = 0
    can_delete = False

    def get_fields(self, request, obj=None):
        return (*super().get_fields(request, obj), "version_read")

    def get_queryset(self, request):
        queryset = super().get_queryset(request)
        if request.method == "POST":
            return queryset.select_for_update(of=("self",))
        return queryset

    @admin.display(description="version")
    def version_read(self, record):
        return record.version


class NamedAdmin(RecordAdmin):
    """Pages of outlets, speakers and organisations."""

    search_fields = ("name",)  # shows the box; `search` says what is found
    search_help_text = "Words of a name or an alias, in part or whole; accents may be left out."
    sortable_by = ("called", "created")
    ordering = ("name", "id")

    def search(self, request, queryset, term):
        return mentioning(queryset, term.split())

    @admin.display(description="name", ordering="name")
    def called(self, record):
        return shown(record.name)

    @admin.display(description="aliases")
    def also_called(self, record):
        return format_html_join("; ", "{}", ((shown(alias),) for alias in record.aliases))


@admin.register(Outlet)
class OutletAdmin(NamedAdmin):
    list_display = ("called", "also_called", "slug", "url", "created")
    fieldsets = [(None, {"fields": ["name", "slug", "aliases", "url"]})]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Organisation)
class OrganisationAdmin(NamedAdmin):
    list_display = ("called", "also_called", "part_of", "created")
    list_select_related = ("parent",)
    autocomplete_fields = ("parent",)
    fieldsets = [(None, {"fields": ["name", "aliases", "parent", "identifiers"]})]

    @admin.display(description="parent")
    def part_of(self, organisation):
        return shown(organisation.parent and organisation.parent.name)


class AffiliationInline(RecordInline):
    model = Affiliation
    fk_name = "speaker"
    fields = ("organisation", "role", "start", "end")
    autocomplete_fields = ("organisation",)
    show_change_link = True

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("organisation")


@admin.register(Speaker)
class SpeakerAdmin(NamedAdmin):
    list_display = ("called", "also_called", "kind", "tied_to", "created")
    list_select_related = ("organisation",)
    autocomplete_fields = ("organisation",)
    inlines = [AffiliationInline]
    fieldsets = [(None, {"fields": ["name", "kind", "aliases", "organisation", "identifiers"]})]

    @admin.display(description="organisation")
    def tied_to(self, speaker):
        return shown(speaker.organisation and speaker.organisation.name)


@admin.register(Affiliation)
class AffiliationAdmin(RecordAdmin):
    list_display = ("held", "holder", "at", "since", "until", "created")
    search_fields = ("role",)
    search_help_text = "Words of the role, of the speaker's name or of the organisation's."
    sortable_by = ("since",)
    ordering = ("-start_day", "-id")
    autocomplete_fields = ("speaker", "organisation")
    fieldsets = [(None, {"fields": ["speaker", "organisation", "role", "start", "end"]})]

    def get_queryset(self, request):
        # Also what the choices of other forms are named from.
        return super().get_queryset(request).select_related("speaker", "organisation")

    def get_readonly_fields(self, request, obj=None):
        # Whoever else held the role holds another affiliation.
        held = ("speaker",) if obj else ()
        return (*super().get_readonly_fields(request, obj), *held)

    def search(self, request, queryset, term):
        for word in term.split():
            speakers = mentioning(Speaker.objects.order_by(), [word]).values("id")
            organisations = mentioning(Organisation.objects.order_by(), [word]).values("id")
            queryset = queryset.filter(
                Q(HasWords("role_words", word))
                | Q(speaker__in=speakers)
                | Q(organisation__in=organisations)
            )
        return queryset

    @admin.display(description="role")
    def held(self, affiliation):
        return shown(affiliation.role)

    @admin.display(description="speaker")
    def holder(self, affiliation):
        return shown(affiliation.speaker.name)

    @admin.display(description="organisation")
    def at(self, affiliation):
        return shown(affiliation.organisation.name)

    @admin.display(description="from", ordering="start_day")
    def since(self, affiliation):
        return affiliation.start

    @admin.display(description="to")
    def until(self, affiliation):
        return affiliation.end


@admin.register(Article)
class ArticleAdmin(RecordAdmin):
    """Articles are filed, with their text: none is made here."""

    form = ArticleForm
    list_display = ("titled", "printed_by", "printed_on", "language", "created")
    search_fields = ("headline",)
    search_help_text = "The URL, or words of the headline, or the whole external id."
    sortable_by = ("printed_on", "created")
    ordering = ("-published_day", "-id")
    autocomplete_fields = ("outlet",)
    readonly_fields = ("texts", "text")
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
                    "published",
                    "published_at",
                ]
            },
        ),
        ("Texts captured", {"fields": ["texts"]}),
    ]

    def get_queryset(self, request):
        articles = super().get_queryset(request).select_related("outlet", "snapshot")
        return articles.defer("snapshot__text")

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if request.user.has_perm("sources.read_full_text"):
            text = ("The present text", {"fields": ["text"], "classes": ["collapse"]})
            return [*fieldsets[:2], text, *fieldsets[2:]]
        return fieldsets

    def has_add_permission(self, request) -> bool:
        return False

    def search(self, request, queryset, term):
        if "://" in term:
            return queryset.filter(url_key=UrlKey(Value(term)))
        # One pass over the headlines: no index holds their words yet.
        words = Q.create([("headline__icontains", word) for word in term.split()])
        return queryset.filter(words | Q(external_id=term))

    @admin.display(description="article")
    def titled(self, article):
        return shown(str(article))

    @admin.display(description="outlet")
    def printed_by(self, article):
        return shown(article.outlet and article.outlet.name)

    @admin.display(description="published", ordering="published_day")
    def printed_on(self, article):
        return article.published

    @admin.display(description="snapshots")
    def texts(self, article):
        return link_all(
            article.snapshots.defer("text").order_by("-captured", "-id"),
            text=lambda held: (
                f"{held.captured:%Y-%m-%d %H:%M} · {held.sha256[:16]}…"
                f"{' · present' if held.pk == article.snapshot_id else ''}"
            ),
            more=link_to_list(Snapshot, "All", article__id__exact=article.pk),
        )

    @admin.display(description="text")
    def text(self, article):
        return in_full(article.snapshot.text) if article.snapshot else NONE


def in_full(text: str) -> str:
    return format_html('<div class="words" dir="auto">{}</div>', text)


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnly, Desk):
    """Snapshots are captured and never change."""

    list_display = ("sha256", "printed_in", "captured")
    search_fields = ("sha256",)
    search_help_text = "The SHA-256 of a text, or how it begins."
    sortable_by = ()
    ordering = ("-id",)  # by time of capture, on the primary key

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("article").defer("text")

    def get_fields(self, request, obj=None):
        fields = ["sha256", "article", "captured", "characters"]
        return [*fields, "words"] if request.user.has_perm("sources.read_full_text") else fields

    def search(self, request, queryset, term):
        beginning = term.lower()
        # What begins so, as a range that the index on the digest serves: "g" follows all digits.
        return queryset.filter(sha256__gte=beginning, sha256__lt=f"{beginning}g")

    @admin.display(description="article")
    def printed_in(self, snapshot):
        return shown(str(snapshot.article))

    @admin.display(description="characters")
    def characters(self, snapshot):
        return f"{snapshot.characters:,}"

    @admin.display(description="text")
    def words(self, snapshot):
        return in_full(snapshot.text)


# What the service keeps for itself


@admin.register(StoredAnswer)
class StoredAnswerAdmin(ReadOnly, Desk):
    """That a request was answered. What the answer said is shown to nobody but its client."""

    list_display = ("key", "user", "status", "created")
    list_select_related = ("user",)
    search_fields = ("key",)
    search_help_text = "The whole Idempotency-Key, or the user's name."
    sortable_by = ("created",)
    ordering = ("-created", "-id")
    fields = ("key", "user", "status", "fingerprint", "created")

    def get_queryset(self, request):
        return super().get_queryset(request).defer("body")

    def get_search_results(self, request, queryset, search_term):
        term = search_term.replace("\0", "").strip()
        return queryset.filter(Q(key=term) | Q(user__username=term)) if term else queryset, False


admin.site.unregister(AuthToken)


@admin.register(AuthToken)
class TokenAdmin(ReadOnly, Desk):
    """Tokens, to see who has one and to revoke it: by superusers.

    A token is known by its digest, which would be the address and the title of its page: there is
    none. `manage.py issue_token` makes tokens; to make one here would show it in a message.
    """

    list_display = ("begins_with", "user", "created", "expiry")
    list_display_links = None
    list_select_related = ("user",)
    search_fields = ("user__username",)
    search_help_text = "The user's name, or the first characters of the token."
    sortable_by = ("created", "expiry")
    ordering = ("-created", "digest")
    actions = ("revoke",)

    def get_object(self, request, object_id, from_field=None):
        return None

    def get_search_results(self, request, queryset, search_term):
        term = search_term.replace("\0", "").strip()
        if not term:
            return queryset, False
        return queryset.filter(Q(user__username=term) | Q(token_key__startswith=term[:15])), False

    def has_revoke_permission(self, request) -> bool:
        return request.user.has_perm("knox.delete_authtoken")

    @admin.display(description="begins with")
    def begins_with(self, token):
        return f"{token.token_key}…"

    def action_checkbox(self, token):
        label = f"Select the token that begins with {token.token_key}"
        box = forms.CheckboxInput({"class": "action-select", "aria-label": label}, lambda _: False)
        return box.render(ACTION_CHECKBOX_NAME, token.token_key)

    def response_action(self, request, queryset, **kwargs):
        """The boxes hold the beginnings of tokens; Django asks for primary keys."""
        request.POST = request.POST.copy()
        chosen = queryset.filter(token_key__in=request.POST.getlist(ACTION_CHECKBOX_NAME))
        request.POST.setlist(ACTION_CHECKBOX_NAME, chosen.values_list("pk", flat=True))
        return super().response_action(request, queryset, **kwargs)

    @admin.action(description="Revoke the selected tokens", permissions=["revoke"])
    def revoke(self, request, queryset):
        for token in queryset.select_related("user"):
            self.log_change(request, token.user, f"Revoked the token {token.token_key}….")
        revoked, _ = queryset.delete()
        self.message_user(request, f"Tokens revoked: {revoked}.", messages.SUCCESS)


admin.site.site_header = admin.site.site_title = "On Record"
admin.site.index_title = "Records"

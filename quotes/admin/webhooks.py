"""Pages of webhooks: everybody has their own, with a log, a test, replays and new secrets."""

from urllib.parse import parse_qsl, urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST
from rest_framework import serializers

from quotes.api.changes import VIEWS
from quotes.models import Webhook
from quotes.models.webhook import KEPT_FOR
from quotes.webhooks.sending import check_url
from quotes.webhooks.views import (
    MAX_URL_CHARACTERS,
    TYPES,
    FiltersField,
    ReplaySerializer,
)
from sources.admin.base import BaseModelAdmin
from sources.admin.html import isolated
from sources.exceptions import Conflict, flatten_errors
from sources.history.remembered import faults_of
from sources.jobs.models import worker_is_there

MAX_LISTED = 100
"""Messages of the log on the page of a webhook; the API has all."""


class WebhookForm(forms.ModelForm):
    """What its user decides. The filters are those of a list's address."""

    url = forms.CharField(
        label="URL",
        max_length=MAX_URL_CHARACTERS,
        widget=forms.TextInput({"size": 60}),
        help_text="Where messages are sent. It begins with https://.",
    )
    types = forms.MultipleChoiceField(
        label="Send changes of",
        choices=[(kind, kind) for kind in TYPES],
        initial=[*VIEWS],
        widget=forms.CheckboxSelectMultiple,
    )
    filters = forms.CharField(
        required=False,
        widget=forms.TextInput({"size": 60}),
        help_text="For quotes only, as in the address of a list: "
        "speaker_name=Mara Quill&language=en. Empty: all quotes.",
    )

    class Meta:
        model = Webhook
        fields = ("url", "types", "filters", "active")

    def __init__(self, *args, instance=None, initial=None, **kwargs):
        shown = {"filters": urlencode(instance.filters)} if instance else {}
        super().__init__(*args, instance=instance, initial=shown | (initial or {}), **kwargs)

    def clean_url(self):
        try:
            check_url(self.cleaned_data["url"])
        except ValueError as error:
            raise ValidationError(str(error)) from None
        return self.cleaned_data["url"]

    def clean_filters(self):
        asked = self.cleaned_data["filters"].strip().lstrip("?")
        try:
            pairs = parse_qsl(asked, keep_blank_values=True, strict_parsing=True) if asked else []
            return FiltersField().run_validation(dict(pairs))
        except serializers.ValidationError as error:
            faults = [
                f"{fault['pointer'].strip('/')}: {fault['message']}".strip(": ")
                for fault in flatten_errors(error.detail)
            ]
            raise ValidationError(faults) from None
        except ValueError:
            raise ValidationError("Write name=value, with & between several.") from None

    def clean(self):
        data = super().clean()
        for name, fault in faults_of(data).items():
            self.add_error(name, fault)
        return data


class ReplayForm(forms.Form):
    since = forms.DateTimeField(
        label="Since (UTC)",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=f"At most {KEPT_FOR.days} days ago.",
    )

    def clean_since(self):
        try:
            return ReplaySerializer().validate_since(self.cleaned_data["since"])
        except serializers.ValidationError as error:
            raise ValidationError([str(each) for each in error.detail]) from None


@admin.register(Webhook)
class WebhookAdmin(BaseModelAdmin):
    """A user's own webhooks; all of them for superusers."""

    form = WebhookForm
    change_form_template = "admin/webhook_change_form.html"
    list_display = ("sent_to", "owner", "kinds", "state")
    list_select_related = ("user",)
    sortable_by = ()
    ordering = ("-created", "-id")
    actions = None
    readonly_fields = ("state",)

    def get_fields(self, request, obj=None):
        fields = ("url", "types", "filters")
        return (*fields, "active", "state") if obj else fields

    def get_queryset(self, request):
        every = super().get_queryset(request)
        return every if request.user.is_superuser else every.of(request.user)

    def _may(self, request, obj=None) -> bool:
        own = obj is None or obj.user == request.user or request.user.is_superuser
        return own and request.user.has_perm("quotes.add_webhook")

    def has_add_permission(self, request) -> bool:
        return self._may(request)

    def has_view_permission(self, request, obj=None) -> bool:
        return self._may(request, obj)

    def has_change_permission(self, request, obj=None) -> bool:
        return self._may(request, obj)

    def has_delete_permission(self, request, obj=None) -> bool:
        return self._may(request, obj)

    def has_module_permission(self, request) -> bool:
        return self._may(request)

    # Columns

    @admin.display(description="sent to")
    def sent_to(self, webhook):
        return isolated(webhook.host)

    @admin.display(description="user")
    def owner(self, webhook):
        return isolated(webhook.user.get_username())

    @admin.display(description="changes of")
    def kinds(self, webhook):
        return "everything" if set(webhook.types) == {*VIEWS} else ", ".join(webhook.types)

    @admin.display(description="state")
    def state(self, webhook):
        if webhook.active:
            tries = f"{webhook.failures:,} failures in a row, still trying"
            return tries if webhook.failures else "Active"
        return f"Paused: {webhook.paused_because or 'by its user.'}"

    # Pages

    def get_urls(self):
        def at(name: str):
            view = self.admin_site.admin_view(require_POST(getattr(self, f"{name}_view")))
            return path(f"<uuid:key>/{name}/", view, name=f"quotes_webhook_{name}")

        return [at("test"), at("replay"), at("rotate"), *super().get_urls()]

    def add_view(self, request, form_url="", extra_context=None):
        try:
            Webhook.objects.refuse_more_of(request.user)
        except Conflict as refusal:
            messages.error(request, refusal.detail)
            return HttpResponseRedirect(reverse("admin:quotes_webhook_changelist"))
        return super().add_view(request, form_url, extra_context)

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj:
            log = list(obj.deliveries.all()[: MAX_LISTED + 1])
            context |= {
                "log": log[:MAX_LISTED],
                "has_more": len(log) > MAX_LISTED,
                "waiting": obj.deliveries.pending().count(),
                "replay": ReplayForm(),
                "has_no_worker": not worker_is_there(),
                "kept_days": KEPT_FOR.days,
            }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def save_model(self, request, webhook, form, change):
        if change:
            changed = {name: form.cleaned_data[name] for name in form.changed_data}
            webhook.refresh_from_db()
            webhook.change(**changed)
        else:
            webhook.user = request.user
            webhook.save()

    def response_add(self, request, webhook, post_url_continue=None):
        return self.secret_page(request, webhook)

    def history_view(self, request, object_id, extra_context=None):
        return HttpResponseRedirect(reverse("admin:quotes_webhook_change", args=[object_id]))

    def get_deleted_objects(self, objs, request):
        """Name the webhook only: its log may have a million lines."""
        return [f"{one.host}, with the log of its messages" for one in objs], {}, set(), []

    def _webhook(self, request, key) -> Webhook:
        webhook = get_object_or_404(self.get_queryset(request), pk=key)
        if not self.has_change_permission(request, webhook):
            raise PermissionDenied
        return webhook

    def _back(self, webhook):
        return HttpResponseRedirect(reverse("admin:quotes_webhook_change", args=[webhook.pk]))

    def test_view(self, request, key):
        webhook = self._webhook(request, key)
        try:
            webhook.send_test()
        except Conflict as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
        else:
            self.message_user(request, "A test is on its way. Reload to see what came of it.")
        return self._back(webhook)

    def replay_view(self, request, key):
        webhook, form = self._webhook(request, key), ReplayForm(request.POST)
        if form.is_valid():
            webhook.replay(form.cleaned_data["since"])
            self.message_user(request, "The changes since then are sent again.", messages.SUCCESS)
        else:
            faults = [fault for faults in form.errors.values() for fault in faults]
            self.message_user(request, " ".join(faults), messages.ERROR)
        return self._back(webhook)

    def rotate_view(self, request, key):
        webhook = self._webhook(request, key)
        webhook.rotate(timezone.now(), at_once=request.POST.get("at_once") == "on")
        return self.secret_page(request, webhook)

    def secret_page(self, request, webhook):
        """Show a new secret, in the answer itself: a message would be stored."""
        context = {
            **self.admin_site.each_context(request),
            "title": "The secret of your webhook",
            "opts": self.opts,
            "webhook": webhook,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/webhook_secret.html", context)

"""Pages of what the service keeps itself: stored responses, and API tokens."""

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Q
from django.forms import CheckboxInput
from django_otp.plugins.otp_totp.models import TOTPDevice
from knox.models import AuthToken

from sources.admin.base import BaseModelAdmin, ReadOnlyAdmin
from sources.models import IdempotentResponse


@admin.register(IdempotentResponse)
class IdempotentResponseAdmin(ReadOnlyAdmin, BaseModelAdmin):
    """Stored responses of idempotent requests. The body is shown to nobody but its client."""

    list_display = ("key", "user", "status", "created")
    list_select_related = ("user",)
    search_fields = ("key",)
    search_help_text = "Search by Idempotency-Key or username."
    sortable_by = ("created",)
    ordering = ("-created", "-id")
    fields = ("key", "user", "status", "fingerprint", "created")

    def get_queryset(self, request):
        return super().get_queryset(request).defer("body")

    def search(self, request, queryset, term):
        return queryset.filter(Q(key=term) | Q(user__username=term))


admin.site.unregister(TOTPDevice)  # its page shows the key: `manage.py authenticator` makes one
admin.site.unregister(AuthToken)


@admin.register(AuthToken)
class TokenAdmin(ReadOnlyAdmin, BaseModelAdmin):
    """API tokens: who has one; superusers can revoke them.

    There is no page of a token, because its URL would contain the digest. `manage.py issue_token`
    makes tokens; making one here would show it in a message.
    """

    list_display = ("begins_with", "user", "created", "expiry")
    list_display_links = None
    list_select_related = ("user",)
    search_fields = ("user__username",)
    search_help_text = "Search by username or by the first characters of the token."
    sortable_by = ("created", "expiry")
    ordering = ("-created", "digest")
    actions = ("revoke",)

    def get_object(self, request, object_id, from_field=None):
        return None

    def search(self, request, queryset, term):
        return queryset.filter(Q(user__username=term) | Q(token_key__startswith=term[:15]))

    def has_revoke_permission(self, request) -> bool:
        return request.user.has_perm("knox.delete_authtoken")

    @admin.display(description="begins with")
    def begins_with(self, token):
        return f"{token.token_key}…"

    def action_checkbox(self, token):
        label = f"Select the token that begins with {token.token_key}"
        box = CheckboxInput({"class": "action-select", "aria-label": label}, lambda _: False)
        return box.render(ACTION_CHECKBOX_NAME, token.token_key)

    def response_action(self, request, queryset, **kwargs):
        """Translate the checkboxes, which hold the first characters of tokens, to primary keys."""
        request.POST = request.POST.copy()
        chosen = queryset.filter(token_key__in=request.POST.getlist(ACTION_CHECKBOX_NAME))
        request.POST.setlist(ACTION_CHECKBOX_NAME, chosen.values_list("pk", flat=True))
        return super().response_action(request, queryset, **kwargs)

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke(self, request, queryset):
        for token in queryset.select_related("user"):
            self.log_change(request, token.user, f"Revoked the token {token.token_key}….")
        revoked, _ = queryset.delete()
        self.message_user(
            request, f"{revoked} token{'' if revoked == 1 else 's'} revoked.", messages.SUCCESS
        )

"""Autocomplete fields that survive hostile input and tell namesakes apart."""

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple

from sources.models.ids import as_uuid


class OnlyIds:
    """A value that is not an ID is shown as empty; the field refuses it."""

    def optgroups(self, name, value, attrs=None):
        return super().optgroups(name, [key for key in value if as_uuid(key)] or [""], attrs)


class SafeAutocomplete(OnlyIds, AutocompleteSelect):
    """Django's widget, for any input."""


class SafeAutocompleteMultiple(OnlyIds, AutocompleteSelectMultiple):
    """Django's widget for several, for any input."""


class AutocompleteFields:
    """Mixin of a page or an inline: its `autocomplete_fields` use `SafeAutocomplete`."""

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", SafeAutocomplete(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class AutocompleteView(AutocompleteJsonView):
    """Django's view, with the card of each record as its text where its page makes cards."""

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        cards_of = getattr(self.model_admin, "cards_of", None)
        self.cards = cards_of(context["object_list"], self.request.user) if cards_of else {}
        return context

    def serialize_result(self, obj, to_field_name):
        result = super().serialize_result(obj, to_field_name)
        return result | ({"text": str(self.cards[obj.pk])} if obj.pk in self.cards else {})

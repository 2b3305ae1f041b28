"""Fields that complete what is typed to a record."""

from django.contrib.admin.widgets import AutocompleteSelect

from sources.models.ids import as_uuid


class SafeAutocomplete(AutocompleteSelect):
    """As Django's; what is sent and is no id is refused by the field, and shown as nothing."""

    def optgroups(self, name, value, attrs=None):
        return super().optgroups(name, [one for one in value if as_uuid(one)] or [""], attrs)


class AutocompleteFields:
    """A page, or an inline, whose fields for other records are such fields."""

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", SafeAutocomplete(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

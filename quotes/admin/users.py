"""The outlets that a user is bound to, on the page of the user."""

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin

from quotes.models import OutletBinding, Quote
from sources.admin.base import LabelledFormSet
from sources.admin.widgets import SafeAutocomplete
from sources.models import Outlet


class OutletBindingForm(forms.ModelForm):
    outlet = forms.ModelChoiceField(
        Outlet.objects.all(),
        widget=SafeAutocomplete(
            Quote._meta.get_field("outlet"), admin.site, attrs={"aria-label": "Outlet"}
        ),
    )

    class Meta:
        model = OutletBinding
        fields = ("outlet",)

    def clean_outlet(self):
        return self.cleaned_data["outlet"].survivor.pk


class OutletBindings(admin.TabularInline):
    model = OutletBinding
    form = OutletBindingForm
    formset = LabelledFormSet
    extra = 1
    verbose_name = "outlet"
    verbose_name_plural = "Files for these outlets only (every outlet, if none is named)"


admin.site.unregister(get_user_model())


@admin.register(get_user_model())
class BoundUserAdmin(UserAdmin):
    inlines = (OutletBindings,)

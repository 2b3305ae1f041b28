"""What pages of affiliations and of facts share: both are of one speaker, from a day to a day."""

from django.contrib import admin
from django.http import HttpResponseRedirect

from sources.admin.base import HiddenFilter, RecordAdmin
from sources.admin.html import address, isolated
from sources.admin.import_export import ImportExportAdmin


class PeriodAdmin(ImportExportAdmin, RecordAdmin):
    """Pages of a record whose speaker is chosen once: the same of another speaker is another."""

    list_filter = (HiddenFilter,)

    def get_readonly_fields(self, request, obj=None):
        held = ("speaker",) if obj else ()
        return (*super().get_readonly_fields(request, obj), *held)

    def response_post_save_add(self, request, record):
        """Back to the profile of the speaker, if the record was to be added to it."""
        if "speaker" in request.GET:
            return HttpResponseRedirect(address(record.speaker, "profile"))
        return super().response_post_save_add(request, record)

    @admin.display(description="speaker")
    def holder(self, record):
        return isolated(record.speaker.name)

    @admin.display(description="from", ordering="start_day")
    def since(self, record):
        return record.start

    @admin.display(description="to")
    def until(self, record):
        return record.end

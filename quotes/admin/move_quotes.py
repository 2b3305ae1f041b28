"""Pages that move selected quotes of a speaker to another, who really said them."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.expressions import RawSQL
from django.http import HttpResponseRedirect
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode

from quotes.admin.bulk_actions import public_quotes
from quotes.admin.filters import with_printed_role
from quotes.admin.status import status_badge
from quotes.curation.reattribution import MAX_MOVED_QUOTES, lock, reattribute
from quotes.models import Quote
from sources.admin.edit_conflicts import ChangedSince
from sources.admin.forms import ReasonField, few_lines
from sources.admin.html import NONE, address, isolated, link, link_to_profile, visible_bidi
from sources.admin.lists import BoundedPaginator
from sources.admin.widgets import SafeAutocomplete
from sources.exceptions import Conflict, messages_of
from sources.models import Outlet, Speaker
from sources.models.ids import as_uuid

MAX_SEARCHED_QUOTES = 10_000  # the newest; searching reads each
MAX_NAMED_QUOTES = 20  # on the confirmation
PAGE_QUOTES = 50


class FilterForm(forms.Form):
    """Filters of the list of a speaker's quotes."""

    q = forms.CharField(required=False, max_length=200, label="Words")
    role = forms.CharField(required=False, max_length=500, label="Role as printed")
    outlet = forms.ModelChoiceField(queryset=Outlet.objects.all(), required=False)

    def __init__(self, admin_site, *args, **kwargs):
        super().__init__(*args, **kwargs)
        key = Quote._meta.get_field("outlet")
        self.fields["outlet"].widget = SafeAutocomplete(key, admin_site)
        self.fields["outlet"].widget.choices = self.fields["outlet"].choices

    def filter(self, quotes):
        asked = self.cleaned_data
        if asked.get("outlet"):
            quotes = quotes.filter(outlet=asked["outlet"].survivor)
        if asked.get("role"):
            quotes = with_printed_role(quotes, asked["role"])
        if words := asked.get("q", "").split():
            quotes = quotes.filter(pk__in=newest_with(quotes, words))
        return quotes


class MoveForm(forms.Form):
    """The new speaker, and the reason."""

    to = forms.ModelChoiceField(
        queryset=Speaker.objects.active(),
        label="Move to",
        error_messages={"required": "Choose a speaker."},
    )
    reason = ReasonField(
        required=False,
        max_length=2000,
        widget=few_lines(),
        help_text="Needed if any quote is public: readers see it as the note of a correction.",
    )

    def __init__(self, admin_site, *args, **kwargs):
        super().__init__(*args, **kwargs)
        key = Quote._meta.get_field("speaker")
        self.fields["to"].widget = SafeAutocomplete(key, admin_site)
        self.fields["to"].widget.is_required = True
        self.fields["to"].widget.choices = self.fields["to"].choices


def newest_with(quotes, words: list[str]) -> RawSQL:
    """Ids of the newest quotes that contain all of these words, read in the order of an index."""
    newest = quotes.order_by("-published_day", "-id").values("id", "text")[:MAX_SEARCHED_QUOTES]
    sql, values = newest.query.sql_with_params()
    holds = " AND ".join(["strpos(lower(text), lower(%s)) > 0" for _ in words])
    found = f"SELECT id FROM ({sql}) newest WHERE {holds}"  # noqa: S608 (ours)
    return RawSQL(found, [*values, *words])  # noqa: S611 (ours)


class MoveQuotesAdmin:
    """Adds moving of quotes to the profile of a speaker, for users who may change quotes."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.quotes_view)
        return [
            path("<uuid:key>/quotes/", view, name="sources_speaker_quotes"),
            *super().get_urls(),
        ]

    def profile(self, request, record):
        may_move = request.user.has_perm("quotes.change_quote") and not record.merged_into_id
        move = address(record, "quotes") if may_move else None
        return super().profile(request, record) | {"move": move}

    def quotes_view(self, request, key):
        """Select quotes and their new speaker, preview the move, and confirm it."""
        if not request.user.has_perm("quotes.change_quote"):
            raise PermissionDenied
        if (speaker := self.named(request, key)) is None:
            return self.missing(request, key)
        if speaker.merged_into_id:
            return HttpResponseRedirect(address(speaker, "profile"))
        if request.method != "POST":
            return self._list(request, speaker, MoveForm(self.admin_site))
        chosen, form = (
            chosen_in(request.POST),
            MoveForm(self.admin_site, valid_ids(request.POST, "to")),
        )
        faults = []
        if not chosen:
            faults.append("Select at least one quote.")
        if len(chosen) > MAX_MOVED_QUOTES:
            faults.append(
                f"You selected {len(chosen):,} quotes. You can move {MAX_MOVED_QUOTES:,} at once."
            )
        if form.is_valid() and form.cleaned_data["to"] == speaker:
            form.add_error("to", "This is already their speaker.")
        public = Quote.objects.filter(pk__in=chosen, status__in=Quote.PUBLIC)
        if not faults and form.is_valid() and not form.cleaned_data["reason"] and public.exists():
            form.add_error("reason", "Readers see some of these quotes: tell them why.")
        if faults or not form.is_valid():
            return self._list(request, speaker, form, chosen=chosen, faults=faults)
        to, reason = form.cleaned_data["to"], form.cleaned_data["reason"]
        quotes = Quote.objects.visible_to(request.user)
        with transaction.atomic():
            if "confirmed" not in request.POST:
                found = quotes.filter(pk__in=chosen).select_related("speaker").in_bulk()
                changed = changes_since(chosen, found, speaker)
            else:
                held = lock(quotes, list(chosen)).select_related("speaker").in_bulk()
                changed = changes_since(chosen, held, speaker)
                if not changed:
                    try:
                        number = reattribute(
                            quotes,
                            list(chosen),
                            speaker=speaker,
                            to=to,
                            reason=reason,
                            now=timezone.now(),
                        )
                    except Conflict as conflict:
                        return self._list(
                            request, speaker, form, chosen=chosen, faults=messages_of(conflict)
                        )
        if changed:
            return self._list(request, speaker, form, chosen=chosen, changed=changed)
        if "confirmed" not in request.POST:
            return self._confirm(request, speaker, to, form, chosen, found)
        messages.success(request, self._moved(number, speaker, to))
        return HttpResponseRedirect(address(to, "profile"))

    def _moved(self, number: int, speaker, to) -> str:
        what = "1 quote was" if number == 1 else f"{number:,} quotes were"
        one, other = visible_bidi(speaker.name), visible_bidi(to.name)
        return f"{what} moved from “{one}” to “{other}”."

    def _list(self, request, speaker, form, *, chosen=(), faults=(), changed=()):
        asked = request.GET
        filters = FilterForm(self.admin_site, valid_ids(asked, "outlet"))
        quotes = Quote.objects.visible_to(request.user).filter(speaker=speaker.pk)
        quotes = filters.filter(quotes) if filters.is_valid() else quotes.none()
        rows = quotes.order_by("-published_day", "-id").select_related("outlet")
        page = BoundedPaginator(rows, PAGE_QUOTES).get_page(asked.get("p"))
        chosen = dict(chosen)
        query = {k: v for k, v in asked.items() if k in filters.fields and v}
        return self.page(
            request,
            "admin/move_quotes.html",
            speaker,
            "Move quotes",
            media=self.media + form.media + filters.media,
            filters=filters,
            query=urlencode(query),
            searched=f"{MAX_SEARCHED_QUOTES:,}" if query.get("q") else None,
            form=form,
            faults=faults,
            changed=changed,
            page_of=page,
            rows=[
                {
                    "key": quote.pk,
                    "version": quote.version,
                    "words": link(quote),
                    "plain": visible_bidi(str(quote)),
                    "chosen": quote.pk in chosen,
                    "printed": isolated(quote.attribution_speaker) or NONE,
                    "role": isolated(quote.attribution_role) or NONE,
                    "outlet": isolated(quote.outlet.name) if quote.outlet else NONE,
                    "day": quote.published,
                    "status": status_badge(quote.status),
                }
                for quote in page
            ],
        )

    def _confirm(self, request, speaker, to, form, chosen, found):
        doubts = set(Quote.DOUBTS["speaker"])
        public = sum(quote.status in Quote.PUBLIC for quote in found.values())
        return self.page(
            request,
            "admin/move_quotes_confirm.html",
            speaker,
            "Move quotes",
            to=link_to_profile(to),
            form=form,
            back=address(speaker, "quotes"),
            number=len(found),
            chosen=[f"{key}:{version}" for key, version in chosen.items()],
            public=public_quotes(public, len(found)) if public else "",
            named=[isolated(str(found[key])) for key in [*chosen][:MAX_NAMED_QUOTES]],
            more=max(len(found) - MAX_NAMED_QUOTES, 0),
            lose_affiliation=sum(quote.affiliation_id is not None for quote in found.values()),
            settled=sum(not doubts.isdisjoint(quote.flags) for quote in found.values()),
        )


def valid_ids(sent, name: str) -> dict[str, str]:
    """What was sent, without an invalid id, which the widget would query for."""
    return {k: v for k, v in sent.items() if k != name or as_uuid(v)}


def chosen_in(sent) -> dict[UUID, int]:
    """The selected quotes with the versions that were read, sent as `ID:VERSION`."""
    chosen = {}
    for box in sent.getlist("quote"):
        key, _, version = box.partition(":")
        if (key := as_uuid(key)) and version.isascii() and version.isdigit():
            chosen[key] = int(version[:9])
    return chosen


def changes_since(
    chosen: dict[UUID, int], found: dict[UUID, Quote], speaker: Speaker
) -> list[tuple[str, str]]:
    """The selected quotes that are not as they were read, each with what changed."""
    changed = []
    for key, version in chosen.items():
        if (quote := found.get(key)) is None:
            changed.append((str(key), "It no longer exists, or you cannot see it."))
        elif quote.speaker_id != speaker.pk:
            whose = isolated(quote.speaker.name) if quote.speaker else "nobody"
            changed.append((link(quote), format_html("It now has another speaker: {}.", whose)))
        elif since := ChangedSince.of(quote, version):
            changed.append((link(quote), str(since)))
    return changed

"""The screens on which chosen quotes of a speaker are moved to another, who said them after all."""

from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.expressions import RawSQL
from django.http import HttpResponseRedirect
from django.urls import path
from django.utils.html import format_html
from django.utils.http import urlencode

from quotes.admin.filters import with_printed_role
from quotes.curation.reattribution import MOST_QUOTES, lock, reattribute
from quotes.models import Quote
from sources.admin.forms import few_lines
from sources.admin.html import NONE, address, isolated, link, link_to_profile, visible_bidi
from sources.admin.lists import BoundedPaginator
from sources.admin.widgets import SafeAutocomplete
from sources.exceptions import Conflict
from sources.models import Outlet, Speaker
from sources.models.ids import as_uuid

SEARCHED = 10_000
"""Quotes, the newest, that are searched at most when words are asked for."""

NAMED = 20
"""Quotes that a confirmation names at most."""

A_PAGE = 50


class Narrowing(forms.Form):
    """Which of a speaker's quotes are listed."""

    q = forms.CharField(required=False, max_length=200, label="Words")
    role = forms.CharField(required=False, max_length=500, label="Role as printed")
    outlet = forms.ModelChoiceField(queryset=Outlet.objects.all(), required=False)

    def __init__(self, admin_site, *args, **kwargs):
        super().__init__(*args, **kwargs)
        key = Quote._meta.get_field("outlet")
        self.fields["outlet"].widget = SafeAutocomplete(key, admin_site)
        self.fields["outlet"].widget.choices = self.fields["outlet"].choices

    def narrow(self, quotes):
        asked = self.cleaned_data
        if asked.get("outlet"):
            quotes = quotes.filter(outlet=asked["outlet"].survivor)
        if asked.get("role"):
            quotes = with_printed_role(quotes, asked["role"])
        if words := asked.get("q", "").split():
            quotes = quotes.filter(pk__in=mentioning(quotes, words))
        return quotes


class Moving(forms.Form):
    """To whom, and why."""

    to = forms.ModelChoiceField(
        queryset=Speaker.objects.standing(),
        label="Move to",
        error_messages={"required": "Choose whom they are moved to."},
    )
    reason = forms.CharField(
        required=False,
        max_length=2000,
        widget=few_lines(),
        help_text="Kept in the history of each. May be left empty.",
    )

    def __init__(self, admin_site, *args, **kwargs):
        super().__init__(*args, **kwargs)
        key = Quote._meta.get_field("speaker")
        self.fields["to"].widget = SafeAutocomplete(key, admin_site)
        self.fields["to"].widget.is_required = True
        self.fields["to"].widget.choices = self.fields["to"].choices


def mentioning(quotes, words: list[str]) -> RawSQL:
    """The ids of those of the newest that hold all of these words; no others are read."""
    newest = quotes.order_by("-published_day", "-id").values("id", "text")[:SEARCHED]
    sql, values = newest.query.sql_with_params()
    holds = " AND ".join(["strpos(lower(text), lower(%s)) > 0" for _ in words])
    found = f"SELECT id FROM ({sql}) newest WHERE {holds}"  # noqa: S608 (ours)
    return RawSQL(found, [*values, *words])  # noqa: S611 (ours)


@dataclass
class Stale:
    """A chosen quote that cannot be moved as it was read."""

    quote: str
    why: str


class MoveQuotesAdmin:
    """A speaker whose quotes can be moved, by those who may change quotes."""

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
        """Choose quotes and whom they are moved to; see what that does; move them."""
        if not request.user.has_perm("quotes.change_quote"):
            raise PermissionDenied
        if (speaker := self.named(request, key)) is None:
            return self.missing(request, key)
        if speaker.merged_into_id:
            return HttpResponseRedirect(address(speaker, "profile"))
        if request.method != "POST":
            return self._list(request, speaker, Moving(self.admin_site))
        chosen, form = (
            chosen_in(request.POST),
            Moving(self.admin_site, spelt_ids(request.POST, "to")),
        )
        faults = []
        if not chosen:
            faults.append("Choose the quotes that are to be moved.")
        if len(chosen) > MOST_QUOTES:
            faults.append(
                f"{MOST_QUOTES:,} at most are moved at once: {len(chosen):,} were chosen."
            )
        if form.is_valid() and form.cleaned_data["to"] == speaker:
            form.add_error("to", "They are quotes of this speaker already.")
        if faults or not form.is_valid():
            return self._list(request, speaker, form, chosen=chosen, faults=faults)
        to, reason = form.cleaned_data["to"], form.cleaned_data["reason"]
        quotes = Quote.objects.visible_to(request.user)
        with transaction.atomic():
            if "confirmed" not in request.POST:
                found = quotes.filter(pk__in=chosen).select_related("speaker").in_bulk()
                stale = stale_among(chosen, found, speaker)
            else:
                held = lock(quotes, list(chosen)).select_related("speaker").in_bulk()
                stale = stale_among(chosen, held, speaker)
                if not stale:
                    try:
                        number = reattribute(
                            quotes, list(chosen), speaker=speaker, to=to, reason=reason
                        )
                    except Conflict as conflict:
                        return self._list(
                            request, speaker, form, chosen=chosen, faults=[str(conflict.detail)]
                        )
        if stale:
            return self._list(request, speaker, form, chosen=chosen, stale=stale)
        if "confirmed" not in request.POST:
            return self._confirm(request, speaker, to, form, chosen, found)
        messages.success(request, self._said(number, speaker, to))
        return HttpResponseRedirect(address(to, "profile"))

    def _said(self, number: int, speaker, to) -> str:
        what = "1 quote was" if number == 1 else f"{number:,} quotes were"
        one, other = visible_bidi(speaker.name), visible_bidi(to.name)
        return f"{what} moved from “{one}” to “{other}”."

    def _list(self, request, speaker, form, *, chosen=(), faults=(), stale=()):
        asked = request.GET
        narrowing = Narrowing(self.admin_site, spelt_ids(asked, "outlet"))
        quotes = Quote.objects.visible_to(request.user).filter(speaker=speaker.pk)
        quotes = narrowing.narrow(quotes) if narrowing.is_valid() else quotes.none()
        rows = quotes.order_by("-published_day", "-id").select_related("outlet")
        page = BoundedPaginator(rows, A_PAGE).get_page(asked.get("p"))
        chosen = dict(chosen)
        narrowed = {k: v for k, v in asked.items() if k in narrowing.fields and v}
        return self.page(
            request,
            "admin/quotes_of.html",
            speaker,
            "Move quotes",
            media=self.media + form.media + narrowing.media,
            narrowing=narrowing,
            narrowed=urlencode(narrowed),
            searched=f"{SEARCHED:,}" if narrowed.get("q") else None,
            form=form,
            faults=faults,
            stale=stale,
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
                    "status": quote.get_status_display(),
                }
                for quote in page
            ],
        )

    def _confirm(self, request, speaker, to, form, chosen, found):
        doubts = set(Quote.DOUBTS["speaker"])
        return self.page(
            request,
            "admin/quotes_moving.html",
            speaker,
            "Move quotes",
            to=link_to_profile(to),
            form=form,
            back=address(speaker, "quotes"),
            number=len(found),
            chosen=[f"{key}:{version}" for key, version in chosen.items()],
            named=[isolated(str(found[key])) for key in [*chosen][:NAMED]],
            more=max(len(found) - NAMED, 0),
            lets_go=sum(quote.affiliation_id is not None for quote in found.values()),
            settles=sum(not doubts.isdisjoint(quote.flags) for quote in found.values()),
        )


def spelt_ids(sent, name: str) -> dict[str, str]:
    """What was sent, without an id that is none: the widget of the field would ask for it."""
    return {k: v for k, v in sent.items() if k != name or as_uuid(v)}


def chosen_in(sent) -> dict[UUID, int]:
    """The quotes that were ticked, each with the version that was read: `ID:VERSION` each."""
    chosen = {}
    for box in sent.getlist("quote"):
        key, _, version = box.partition(":")
        if (key := as_uuid(key)) and version.isascii() and version.isdigit():
            chosen[key] = int(version[:9])
    return chosen


def stale_among(chosen: dict[UUID, int], found: dict[UUID, Quote], speaker: Speaker) -> list[Stale]:
    """Which of these are not as they were read, and what became of them."""
    stale = []
    for key, version in chosen.items():
        if (quote := found.get(key)) is None:
            stale.append(Stale(str(key), "is not on record, or you may not see it."))
        elif quote.speaker_id != speaker.pk:
            whose = isolated(quote.speaker.name) if quote.speaker else "nobody"
            stale.append(Stale(link(quote), format_html("is held to be said by {} now.", whose)))
        elif quote.version != version:
            why = f"was changed: you read version {version}, on record is version {quote.version}."
            stale.append(Stale(link(quote), why))
    return stale

"""What reviewers arrange among themselves about a quote: who has it, when, notes, second looks.

None of it changes the quote, nor is it public.
"""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import cached_property

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.html import format_html

from quotes.admin.review.page import ReviewPage
from quotes.admin.review.queue_form import QueueForm
from quotes.admin.review.reported import AnswerForm, ReportedMistake
from quotes.curation.queue import ANCHOR_QUEUES, READ_AGAIN
from quotes.models import Assignment, Note, Quote, SecondLook
from quotes.models.workflow import OPEN, PUBLISH
from quotes.models.worklist import colleagues
from sources.admin.forms import ReasonField, few_lines
from sources.admin.html import isolated

MAX_NOTE = 5_000  # characters
MAX_NOTES = 50
"""Notes of a quote on the review page, the newest."""

DAY_BEGINS = time(6)
"""When what was set aside until another day comes back, in UTC."""

LATER_TODAY = timedelta(hours=3)


# Forms


class AssigneeForm(forms.Form):
    assignee = forms.TypedChoiceField(
        label="Assign to", coerce=int, empty_value=None, required=False
    )

    def __init__(self, *args, team: list, **kwargs):
        super().__init__(*args, **kwargs)
        choices = ((user.pk, user.get_username()) for user in team)
        self.fields["assignee"].choices = [("", "Nobody"), *choices]


class SnoozeForm(forms.Form):
    TIMES = {
        "tomorrow": "Tomorrow",
        "today": "Later today",
        "week": "Next week",
        "day": "On a day",
    }

    until = forms.ChoiceField(label="Set aside until", choices=TIMES.items())
    day = forms.DateField(
        label="Which day", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args, now: datetime, **kwargs):
        super().__init__(*args, **kwargs)
        self.now = now

    def clean(self):
        data = super().clean()
        if data.get("until") != "day" or "day" in self.errors:
            return data
        if not data.get("day"):
            raise ValidationError("Choose a day.")
        if data["day"] <= self.now.date():
            raise ValidationError("Choose a day in the future.")
        return data

    @property
    def time(self) -> datetime:
        """When the quote comes back."""
        today = self.now.date()
        match self.cleaned_data["until"]:
            case "today":
                return self.now + LATER_TODAY
            case "tomorrow":
                day = today + timedelta(days=1)
            case "week":
                day = today + timedelta(days=7 - today.weekday())
            case _:
                day = self.cleaned_data["day"]
        return datetime.combine(day, DAY_BEGINS, tzinfo=self.now.tzinfo)


class NoteForm(forms.Form):
    text = ReasonField(label="Note", max_length=MAX_NOTE, widget=few_lines(3))

    def __init__(self, *args, team: list, **kwargs):
        super().__init__(*args, **kwargs)
        names = [user.get_username() for user in team]
        self.fields["text"].widget.attrs["data-mentions"] = " ".join(names)
        mentions = ", ".join(f"@{name}" for name in names)
        self.fields["text"].help_text = f"Only colleagues see it. Ask somebody: {mentions}."


class SecondLookForm(forms.Form):
    finding = forms.ChoiceField(label="What is wrong", choices=SecondLook.Finding.choices)
    note = ReasonField(label="In words", max_length=MAX_NOTE, widget=few_lines(), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        choices = self.fields["finding"].choices
        self.wrong = [choice for choice in choices if choice[0] != SecondLook.Finding.AGREE]
        if not self.is_bound:
            self.fields["finding"].choices = self.wrong


# What the page shows


class Teamwork:
    """What is arranged about the chosen quote, with the forms to change it; five queries.

    `refused` are forms that were sent, by name, to be shown again.
    """

    def __init__(self, user, quote: Quote, now: datetime, refused: dict[str, forms.Form]):
        team = list(colleagues())
        self.quote, self.user = quote, user
        kept = Assignment.objects.filter(quote=quote).select_related("assignee").first()
        self.assignee = kept and kept.assignee
        is_later = kept and kept.snoozed_until and kept.snoozed_until > now
        self.snoozed_until = kept.snoozed_until if is_later else None
        self.checked_anchor = kept and kept.checked_anchor
        notes = Note.objects.filter(quote=quote).select_related("author").order_by("-id")
        self.notes = list(notes[:MAX_NOTES])[::-1]
        self.assign_form = AssigneeForm(
            prefix="hand", team=team, initial={"assignee": self.assignee and self.assignee.pk}
        )
        self.snooze_form = SnoozeForm(prefix="later", now=now)
        self.note_form = NoteForm(prefix="note", team=team)
        self.look_form = SecondLookForm(prefix="look")
        self.answer_form: AnswerForm | None = None
        for name, sent in refused.items():
            setattr(self, name, sent)

    @cached_property
    def reported(self) -> list[ReportedMistake]:
        return ReportedMistake.of(self.quote, self.answer_form)

    @property
    def asks_me(self) -> bool:
        return any(self.user.pk in note.waiting_for for note in self.notes)

    @property
    def listed(self) -> list[tuple[str, datetime, str, bool]]:
        """Author, time and words of each note, and whether it waits for this user."""
        return [
            (
                isolated(note.author.get_username() if note.author else "a former user"),
                note.created,
                isolated(note.text),
                self.user.pk in note.waiting_for,
            )
            for note in self.notes
        ]

    @property
    def can_be_checked(self) -> bool:
        """Whether the quote stands in a queue for where its words are now."""
        anchors = [queue.name for queue in ANCHOR_QUEUES]
        is_queued = self.quote.status in OPEN and self.quote.anchor in anchors
        return is_queued and self.quote.anchor != self.checked_anchor

    @property
    def is_second_look(self) -> bool:
        may = self.user.has_perm(PUBLISH) and self.quote.status in READ_AGAIN
        drawn = SecondLook.objects.waiting_for(self.user)
        return may and drawn.filter(quote=self.quote).exists()


# What can be done


class ArrangesWork:
    """Adds to the review admin what its users arrange about a quote."""

    def teamwork_urls(self, posted: Callable) -> list:
        quote = "<uuid:article>/<uuid:quote>"
        return [
            posted(f"{quote}/hand-over/", self.hand_over, "hand_over"),
            posted(f"{quote}/later/", self.later, "later"),
            posted(f"{quote}/note/", self.note, "note"),
            posted(f"{quote}/note-read/", self.note_read, "note_read"),
            posted(f"{quote}/checked/", self.checked, "checked"),
            posted(f"{quote}/second-look/", self.second_look, "second_look"),
        ]

    def _at(self, request, article, key) -> tuple[QueueForm, ReviewPage, Quote]:
        form, page = self._opened(request, article, chosen=key)
        visible = Quote.objects.visible_to(request.user).filter(article=page.article)
        return form, page, get_object_or_404(visible, pk=key)

    def hand_over(self, request, article, quote):
        """Assign a quote to a colleague, or to nobody."""
        form, page, quote = self._at(request, article, quote)
        team = {user.pk: user for user in colleagues()}
        sent = AssigneeForm(request.POST, prefix="hand", team=team.values())
        if not sent.is_valid():
            return self._shown(request, form, page, assign_form=sent)
        assignee = team.get(sent.cleaned_data["assignee"])
        Assignment.objects.keep(quote, assignee=assignee)
        name = isolated(assignee.get_username()) if assignee else "nobody"
        messages.success(request, format_html("Assigned to {}: {}", name, words_of(quote)))
        return self._to(page.article.pk, form, quote.pk)

    def later(self, request, article, quote):
        """Set a quote aside until a time, and go on to the next; or bring it back."""
        form, page, quote = self._at(request, article, quote)
        if request.POST.get("bring_back"):
            Assignment.objects.keep(quote, snoozed_until=None)
            messages.success(request, format_html("Brought back: {}", words_of(quote)))
            return self._to(page.article.pk, form, quote.pk)
        sent = SnoozeForm(request.POST, prefix="later", now=form.now)
        if not sent.is_valid():
            return self._shown(request, form, page, snooze_form=sent)
        was_queued = page.has_queued(quote.pk)
        Assignment.objects.keep(quote, snoozed_until=sent.time)
        back = f"{sent.time:%Y-%m-%d %H:%M} UTC"
        messages.success(request, format_html("Set aside until {}: {}", back, words_of(quote)))
        return self._after(request, form, page, quote, was_queued=was_queued)

    def note(self, request, article, quote):
        """Write a note for colleagues."""
        form, page, quote = self._at(request, article, quote)
        sent = NoteForm(request.POST, prefix="note", team=list(colleagues()))
        if sent.is_valid():
            try:
                note = Note.objects.add(quote, request.user, sent.cleaned_data["text"])
            except ValidationError as error:
                sent.add_error("text", error.message_dict["text"])
        if sent.errors:
            return self._shown(request, form, page, note_form=sent)
        asked = get_user_model().objects.filter(pk__in=note.waiting_for)
        names = ", ".join(f"@{user.get_username()}" for user in asked)
        said = format_html("Noted, for {}", isolated(names)) if names else "Noted"
        messages.success(request, said)
        return self._to(page.article.pk, form, quote.pk)

    def note_read(self, request, article, quote):
        """Mark the notes that ask this user as read."""
        form, page, quote = self._at(request, article, quote)
        Note.objects.filter(quote=quote).mark_read(request.user)
        return self._to(page.article.pk, form, quote.pk)

    def checked(self, request, article, quote):
        """Leave a quote as it is, whose words have moved, changed or gone."""
        form, page, quote = self._at(request, article, quote)
        if not request.user.has_perm("quotes.change_quote"):
            raise PermissionDenied
        was_queued = page.has_queued(quote.pk)
        Assignment.objects.keep(quote, checked_anchor=quote.anchor)
        messages.success(request, format_html("Left as it is: {}", words_of(quote)))
        return self._after(request, form, page, quote, was_queued=was_queued)

    def second_look(self, request, article, quote):
        """Record what the second look found; if something is wrong, the quote stays in sight."""
        form, page, quote = self._at(request, article, quote)
        if not request.user.has_perm(PUBLISH):
            raise PermissionDenied
        sent = SecondLookForm(request.POST, prefix="look")
        if not sent.is_valid():
            return self._shown(request, form, page, look_form=sent)
        was_queued = page.has_queued(quote.pk)
        with transaction.atomic():
            drawn = SecondLook.objects.waiting_for(request.user)
            look = drawn.select_for_update().filter(quote=quote).first()
            if look:
                look.find(**sent.cleaned_data, reviewer=request.user, now=form.now)
        if not look:
            messages.warning(request, "This quote does not wait for your second look.")
        elif look.finding == SecondLook.Finding.AGREE:
            messages.success(request, format_html("Nothing is wrong with {}", words_of(quote)))
            return self._after(request, form, page, quote, was_queued=was_queued)
        else:
            wrong = look.get_finding_display().lower()
            messages.success(request, f"Recorded: {wrong}. Now put it right.")
        return self._to(page.article.pk, form, quote.pk)

    def _after(self, request, form: QueueForm, page: ReviewPage, quote, *, was_queued: bool):
        """Go on to the next quote, if this one has left the queue."""
        if not was_queued:
            return self._to(page.article.pk, form, quote.pk)
        if following := page.next_queued(quote):
            return self._to(page.article.pk, form, following.pk)
        return self._to_next_article(request, form, page)


def words_of(quote: Quote) -> str:
    return isolated(f"“{quote}”")

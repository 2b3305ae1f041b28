"""The filters of a queue: which one, whose, and which of its quotes; and the links they go with."""

from urllib.parse import urlencode

from django import forms
from django.utils import timezone

from quotes.admin.review.steps import completed
from quotes.admin.searches import searches
from quotes.curation.queue import MAX_PAGES, MINE, ORDERS, QUEUES, WAITING, QuoteQueue, assigned
from quotes.models import Quote, QuoteQuerySet
from quotes.models.languages import languages_present
from sources.models import Article, Outlet, Speaker
from sources.models.functions import Bare, HasWords, Words

MAX_FOUND = 300
"""Quotes that a search of the queue finds: nobody reads more, but adds a word."""

ONLY_OF_PUBLIC = Quote.Flag.TEXT_REPLACED
"""A flag that no quote in review has: a replaced text is a matter of public ones."""

NARROWING = ("outlet", "speaker", "flag", "language", "since", "until")
"""Filters that the page of a queue keeps folded away until they are used."""

KEPT = ("queue", "tab", "order")
"""Parameters that do not narrow a queue."""

TABS = {"": "All", "mine": "Mine", "unassigned": "Unassigned", "later": "Later"}


def languages() -> list[tuple[str, str]]:
    return [("", "Any language"), *((tag, tag) for tag in languages_present() if tag)]


class DayField(forms.DateField):
    def __init__(self, label: str):
        widget = forms.DateInput(attrs={"type": "date"})
        super().__init__(label=label, required=False, widget=widget)


class QueueForm(forms.Form):
    """Filters and order of a queue."""

    queue = forms.ChoiceField(
        choices=[(name, queue.label) for name, queue in QUEUES.items()], required=False
    )
    tab = forms.ChoiceField(choices=TABS.items(), required=False, widget=forms.HiddenInput)
    q = forms.CharField(
        label="Search",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Words, headline, speaker"}),
    )
    outlet = forms.ModelChoiceField(
        Outlet.objects.all(), required=False, widget=completed("outlet")
    )
    speaker = forms.ModelChoiceField(
        Speaker.objects.all(), required=False, widget=completed("speaker")
    )
    flag = forms.ChoiceField(choices=[("", "Any flag"), *Quote.Flag.choices], required=False)
    language = forms.ChoiceField(choices=languages, required=False)
    since = DayField("Published from")
    until = DayField("Published to")
    order = forms.ChoiceField(
        choices=[(name, label) for name, (label, _) in ORDERS.items()], required=False
    )
    p = forms.IntegerField(
        min_value=1, max_value=MAX_PAGES, required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.now, self._found = timezone.now(), None
        if self.queue_wanted is WAITING:
            choices = self.fields["flag"].choices
            self.fields["flag"].choices = [one for one in choices if one[0] != ONLY_OF_PUBLIC]

    @property
    def queue_wanted(self) -> QuoteQueue:
        return QUEUES.get(self.data.get("queue"), WAITING)

    @property
    def tab_wanted(self) -> str:
        return self.data.get("tab") or ""

    @property
    def order_wanted(self) -> str:
        return self.cleaned_data.get("order") or "oldest"

    def wanted(self, user) -> QuoteQuerySet:
        """Quotes of the queue that match the filters; none if a filter is invalid."""
        return self.in_tab(self.tab_wanted, user)

    def in_tab(self, tab: str, user) -> QuoteQuerySet:
        """The same, of another tab: all that are not snoozed, some of these, or the snoozed."""
        if not self.is_valid():
            return Quote.objects.none().order_by()
        queue = self.queue_wanted
        if tab == "later":
            return self._filtered(queue.snoozed_of(user, self.now), user)
        wanted = self._filtered(queue.of(user, self.now), user)
        if tab == "mine":
            return wanted.filter(pk__in=MINE.all_of(user).values("pk"))
        return wanted.filter(~assigned()) if tab == "unassigned" else wanted

    def _filtered(self, wanted: QuoteQuerySet, user) -> QuoteQuerySet:
        asked = self.cleaned_data
        if asked["flag"]:
            wanted = wanted.filter(flags__contains=[asked["flag"]])
        if asked["outlet"]:
            wanted = wanted.filter(outlet=asked["outlet"].survivor)
        if asked["speaker"]:
            wanted = wanted.said_by(asked["speaker"].survivor)
        if asked["language"]:
            wanted = wanted.in_languages([asked["language"]])
        if asked["since"]:
            wanted = wanted.filter(published_day__gte=asked["since"])
        if asked["until"]:
            wanted = wanted.filter(published_day__lte=asked["until"])
        if not asked["q"]:
            return wanted
        if self._found is None:
            self._found = self._search(self.queue_wanted.all_of(user))
        return wanted.filter(pk__in=self._found)

    def _search(self, wanted: QuoteQuerySet) -> set:
        """Ids of the quotes that the search finds, each kind of search by itself."""
        term = self.cleaned_data["q"].replace("\0", "")
        headed = Article.objects.filter(HasWords(Words(Bare("headline")), term, may_go_on=True))
        each = [*searches(wanted, term), wanted.filter(article__in=headed.order_by().values("pk"))]
        return {key for found in each for key in found.values_list("pk", flat=True)[:MAX_FOUND]}

    @property
    def query(self) -> dict[str, str]:
        """The filters and the order for links to come, without the page."""
        return {
            name: self.data[name] for name in self.fields if name != "p" and self.data.get(name)
        }

    @property
    def filters(self) -> dict[str, str]:
        """What narrows the queue, without which one, whose and in what order."""
        return {name: value for name, value in self.query.items() if name not in KEPT}

    @property
    def always_shown(self) -> list[forms.BoundField]:
        return [self[name] for name in ("queue", "q", "order")]

    @property
    def more_filters(self) -> list[forms.BoundField]:
        return [self[name] for name in NARROWING]

    @property
    def narrows(self) -> bool:
        """Whether any of `more_filters` is set, or refused."""
        return any(name in self.query or self.errors.get(name) for name in NARROWING)

    @property
    def unfiltered(self) -> str:
        """The query of the same queue without filters."""
        return f"?{urlencode({n: value for n, value in self.query.items() if n in KEPT})}"


def links(form: QueueForm) -> dict[str, str]:
    """The filters of the queue as the query of a link, alone or after a first parameter."""
    query = urlencode(form.query)
    return (
        {"query": f"?{query}", "and_query": f"&{query}"}
        if query
        else {"query": "", "and_query": ""}
    )

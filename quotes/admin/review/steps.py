"""The steps of the review page: their forms, and the verbs of `Quote` that they call."""

from collections.abc import Iterator
from datetime import datetime

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from rest_framework.serializers import ValidationError as NotValid

from quotes.admin.review.adding import kind_of, starts_with_punctuation
from quotes.admin.review.naming import settle_name
from quotes.anchoring import TEXT
from quotes.anchoring.printed import Printed
from quotes.api.filing_serializers import ProposalSerializer
from quotes.curation.approval import WHY_NOT, may_approve
from quotes.curation.naming import add_namesake, record_role, role_to_record
from quotes.curation.originals import link_original
from quotes.filing import Filer, propose
from quotes.models import Quote
from quotes.models.workflow import EDITS, OPEN, STEPS, Step, open_steps
from sources.admin.forms import ReasonField, RecordForm, few_lines
from sources.admin.widgets import SafeAutocomplete, SafeAutocompleteMultiple
from sources.exceptions import Conflict, flatten_errors
from sources.models import Affiliation, Article, Snapshot, Speaker
from sources.models.articles import READ_FULL_TEXT


def completed(name: str) -> SafeAutocomplete:
    return SafeAutocomplete(Quote._meta.get_field(name), admin.site)


def offering(names: str) -> forms.TextInput:
    """A text field that offers the names of one of the page's lists."""
    return forms.TextInput({"list": f"known-{names}", "autocomplete": "off"})


# Forms


class StepForm(forms.Form):
    """A change of status: the version that was read, and perhaps a reason."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = ReasonField(widget=few_lines(), max_length=10_000, required=False)


class ReasonForm(StepForm):
    reason = ReasonField(widget=few_lines(), max_length=10_000)


class NoteForm(forms.Form):
    """A change of a quote. Changing a public quote needs a note for its readers."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    note = ReasonField(
        widget=few_lines(),
        max_length=10_000,
        label="Public note",
        error_messages={"required": "Readers see this quote: say here why it changes."},
    )

    def __init__(self, *args, quote: Quote | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        if quote is None or "correct" not in open_steps(quote.status):
            del self.fields["note"]


class AssignForm(NoteForm):
    """A speaker on record, with or without an affiliation, or a new one by name; or several."""

    speaker = forms.ModelChoiceField(
        Speaker.objects.active(), required=False, widget=completed("speaker")
    )
    affiliation = forms.ModelChoiceField(
        Affiliation.objects.select_related("speaker", "organisation"),
        required=False,
        widget=forms.HiddenInput,
    )
    name = forms.CharField(max_length=500, required=False, label="Or add a new speaker (full name)")
    others = forms.ModelMultipleChoiceField(
        Speaker.objects.active(),
        required=False,
        label="Together with",
        help_text="For a joint statement: who else said this.",
        widget=SafeAutocompleteMultiple(Quote._meta.get_field("speaker"), admin.site),
    )

    def clean(self):
        data = super().clean()
        if not self.errors and bool(data.get("speaker")) == bool(data.get("name")):
            raise ValidationError("Choose a speaker or add a new one.")
        return data


class RoleForm(NoteForm):
    """A role to put on record. The note is only needed if readers see the quote."""

    def __init__(self, *args, quote: Quote | None = None, **kwargs):
        said = quote and role_to_record(quote)
        kwargs["initial"] = {"note": f"The role is on record now: {said}."} | kwargs["initial"]
        super().__init__(*args, quote=quote, **kwargs)


class SpansField(forms.JSONField):
    """`[[start, end], …]` in code points, as the page's script writes it."""

    def validate(self, value):
        super().validate(value)
        try:
            ProposalSerializer().fields["spans"].run_validation(value)
        except NotValid as error:
            raise ValidationError(
                [fault["message"] for fault in flatten_errors(error.detail)]
            ) from None


class SpansForm(NoteForm):
    """Words selected in a stored text, or in its headline."""

    spans = SpansField(widget=forms.HiddenInput)
    anchored_in = forms.TypedChoiceField(
        choices=Quote.AnchoredIn.choices, widget=forms.HiddenInput, required=False, empty_value=TEXT
    )
    snapshot = forms.ModelChoiceField(Snapshot.objects.all(), widget=forms.HiddenInput)
    gaps_checked = forms.BooleanField(
        required=False,
        label="One speaker said all of it",
        help_text="Tick this if the parts are refused as the words of several speakers, and you "
        "have read what lies between.",
    )

    def words(self, article: Article) -> list[str]:
        """The words at the spans, one string for each span."""
        snapshot, spans = self.cleaned_data["snapshot"], self.cleaned_data["spans"]
        if snapshot.article_id != article.pk:
            raise ValidationError("That text belongs to another article.")
        page = getattr(snapshot, self.cleaned_data["anchored_in"]) or ""
        words = [page[start:end] for start, end in spans]
        if not all(any(map(str.isalnum, part)) for part in words):
            raise ValidationError("There is no word in this selection. Select at least one.")
        if any(map(starts_with_punctuation, words)):
            raise ValidationError("The selection begins with punctuation. Begin with a word.")
        return words


class AddForm(SpansForm):
    """A quote that was not filed, by its words in the article's current text or headline."""

    version = None
    speaker = forms.CharField(
        max_length=500,
        required=False,
        widget=offering("speakers"),
        help_text="Full name. Left empty, nobody is on record as having said it.",
    )
    printed = forms.CharField(
        max_length=500,
        required=False,
        widget=offering("printed"),
        label="Speaker as printed",
        help_text="For example: “Mr Jones”.",
    )
    role = forms.CharField(max_length=500, required=False, widget=offering("roles"))
    organisation = forms.CharField(max_length=500, required=False, widget=offering("organisations"))
    cue = forms.CharField(
        max_length=200, required=False, label="Verb", help_text="For example: “said”."
    )
    kind = forms.ChoiceField(
        choices=[("", "As the quotation marks say"), *Quote.Kind.choices], required=False
    )
    field_order = ("speaker", "printed", "role", "organisation", "cue", "kind", "gaps_checked")


# Steps

CONTROLS: dict[str, tuple[str, type[forms.Form]]] = {
    "publish": ("p", StepForm),
    "settle": ("p", StepForm),
    "reject": ("r", ReasonForm),
    "reopen": ("o", StepForm),
    "dispute": ("d", ReasonForm),
    "retract": ("r", ReasonForm),
    "keep": ("f", StepForm),
    "assign": ("s", AssignForm),
    "correct": ("c", NoteForm),
    "adjust": ("a", SpansForm),
    "role": ("e", RoleForm),
    "alias": ("b", StepForm),
    "namesake": ("t", NoteForm),
    "original": ("y", NoteForm),
}
"""Key and form of each step, in the order of the page's buttons."""

NAMING = ("role", "alias", "namesake", "original")
"""Steps that add to the record of the speaker, each offered only where it has something to add."""

ALSO_NEEDED = {
    "role": ["sources.add_affiliation", "sources.add_organisation"],
    "alias": ["sources.change_speaker"],
    "namesake": ["sources.add_speaker", "sources.change_speaker", "sources.add_affiliation"],
}
"""Permissions of steps that change more than the quote."""

REVIEW_STEPS: dict[str, Step] = {name: (STEPS | EDITS)[name] for name in CONTROLS}


def shortcuts() -> list[tuple[str, str]]:
    """Each key with its steps: which of them it takes depends on the status of the quote."""
    labels = {}
    for name, (key, _) in CONTROLS.items():
        label = REVIEW_STEPS[name].label
        labels[key] = f"{labels[key]}, {label.lower()}" if key in labels else label
    return list(labels.items())


CORRECTED = [
    *("attribution_text", "attribution_speaker", "attribution_cue"),
    *("attribution_role", "attribution_organisation"),
    *("organisation", "affiliation", "said", "kind", "language"),
]


def may_take(user, step: Step) -> bool:
    return user.has_perms([step.permission, *ALSO_NEEDED.get(step.name, ())])


def steps_for(user, quote: Quote) -> Iterator[Step]:
    """Steps that this user can take with this quote now, but for `NAMING`."""
    for step in REVIEW_STEPS.values():
        if step.name in NAMING:
            continue
        # Here a proposed quote is corrected too: nobody has read it, so it needs no note.
        leaves = OPEN if step.name == "correct" else step.leaves
        is_needed = step.name != "keep" or _kept_by(quote)
        if quote.status in leaves and is_needed and may_take(user, step):
            yield step


def _kept_by(quote: Quote) -> list[str]:
    """The flags that keeping the record settles."""
    return [flag for flag in quote.flags if flag not in quote.NAMED]


def form_for(step: Step, quote: Quote, data=None) -> forms.Form:
    """The form of a step, with its initial values or with what was sent."""
    _, form = CONTROLS[step.name]
    kwargs = {"prefix": step.name, "initial": {"version": quote.version}}
    if issubclass(form, NoteForm):
        kwargs["quote"] = quote
    if form is SpansForm:
        spans, snapshot = quote.spans, quote.snapshot_id
        if nearest := nearest_in_present(quote):
            spans = [[nearest["start"], nearest["end"]]]
            snapshot = quote.article.snapshot_id
        placed = {"spans": spans, "anchored_in": quote.anchored_in, "snapshot": snapshot}
        kwargs["initial"] |= placed
    return form(data, **kwargs)


def nearest_in_present(quote: Quote) -> dict | None:
    """The passage of the article's current text that is most like an altered quote."""
    present = quote.article.snapshot
    is_there = quote.nearest and present and quote.nearest["snapshot"] == present.sha256
    return quote.nearest if is_there else None


def fields_form(request, quote: Quote, data=None) -> forms.ModelForm:
    """The fields of the attribution, as on the quote's own page."""
    page = admin.site.get_model_admin(Quote)
    form = page.get_form(request, quote, change=True, form=RecordForm, fields=CORRECTED)
    return form(data, instance=quote, prefix="fields")


def take(step: Step, quote: Quote, form: forms.Form, fields, *, user, now: datetime) -> str | None:
    """Call the verb of a step. Raises ValidationError, Conflict or NotOpen, as the verb does.

    Returns a message if the step has left the quote as it is.
    """
    sent = form.cleaned_data
    quote.shows_text = user.has_perm(READ_FULL_TEXT)
    match step.name:
        case "publish" if not may_approve(user, quote):
            raise Conflict(WHY_NOT)
        case "keep":
            quote.keep(_kept_by(quote), sent["reason"])
        case "assign":
            speaker = sent["speaker"] or Speaker.objects.create(name=sent["name"].strip())
            resolved = {"speaker": Speaker.objects.jointly([speaker, *sent["others"]])}
            if sent["affiliation"]:
                resolved["affiliation"] = sent["affiliation"]
            change(quote, resolved, sent, now)
        case "correct":
            changed = {name: fields.cleaned_data[name] for name in fields.changed_data}
            if not changed:
                raise ValidationError("Nothing was changed.")
            quote.refresh_from_db()  # validating a model form has written to its instance
            change(quote, changed, sent, now)
        case "adjust":
            words = " ".join(form.words(quote.article))
            placed = {name: sent[name] for name in ("spans", "anchored_in", "gaps_checked")}
            change(quote, {"text": words, **placed}, sent, now)
        case "role":
            record_role(quote, note=sent.get("note"), now=now)
        case "namesake":
            add_namesake(quote, note=sent.get("note"), now=now)
        case "original":
            link_original(quote, note=sent.get("note"), now=now)
        case "alias":
            return settle_name(quote, user)
        case _:
            getattr(quote, step.name)(sent["reason"])
    return None


def change(quote: Quote, changes: dict, sent: dict, now: datetime) -> None:
    if quote.status == Quote.Status.PROPOSED:
        quote.revise(**changes)
    else:
        quote.correct(sent.get("note"), now=now, **changes)


def add(article: Article, form: AddForm, user) -> Quote:
    """Propose the quote of a form. Raises ValidationError or `quotes.filing.Refused`."""
    sent = form.cleaned_data
    form.words(article)
    if sent["snapshot"].pk != article.snapshot_id:
        raise ValidationError("This article has a newer text. Select the words there.")
    names = Printed(article.snapshot.text, article.snapshot.headline, article.headline)
    page = getattr(article.snapshot, sent["anchored_in"])
    name = sent["printed"] or (sent["speaker"] if names.has(sent["speaker"]) else "")
    printed = {"speaker": name, "cue": sent["cue"]}
    data = {
        **{name: sent[name] for name in ("role", "organisation") if sent[name]},
        "spans": sent["spans"],
        "in": sent["anchored_in"],
        "kind": sent["kind"] or kind_of(page, article.language, sent["spans"]),
        "speaker": sent["speaker"] or None,
        "attribution": {name: value for name, value in printed.items() if value},
        **({"gaps_checked": True} if sent["gaps_checked"] else {}),
    }
    serializer = ProposalSerializer(data=data)
    if not serializer.is_valid():
        raise ValidationError([fault["message"] for fault in flatten_errors(serializer.errors)])
    return propose(article, serializer.validated_data, Filer.of(user)).quote

"""What a curator may do at the desk with a quote: the forms, and the verbs that they call."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from rest_framework.serializers import ValidationError as NotValid

from quotes.api.serializers import ProposalSerializer
from quotes.curation.approval import WHY_NOT, may_approve
from quotes.filing import propose
from quotes.models import Quote
from quotes.models.workflow import STEPS as LIFE
from quotes.models.workflow import open_steps
from sources.admin.forms import few_lines
from sources.admin.widgets import SafeAutocomplete
from sources.exceptions import Conflict, flatten_errors
from sources.models import Affiliation, Article, Snapshot, Speaker


def completed(name: str) -> SafeAutocomplete:
    return SafeAutocomplete(Quote._meta.get_field(name), admin.site)


# Forms


class StepForm(forms.Form):
    """A step of a quote's life, of the version that was read; what takes back says why."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(widget=few_lines(), max_length=10_000, required=False)


class TakingBackForm(StepForm):
    reason = forms.CharField(widget=few_lines(), max_length=10_000)


class NoteForm(forms.Form):
    """Of a public quote, what its readers are told of the correction."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(
        widget=few_lines(), max_length=10_000, required=False, label="Public note"
    )

    def __init__(self, *args, quote: Quote | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        if quote is None or "correct" not in open_steps(quote.status):
            del self.fields["note"]
        else:
            self.fields["note"].required = True


class AssignForm(NoteForm):
    """Who said it: a speaker on record, with an affiliation or without, or a new one by name."""

    speaker = forms.ModelChoiceField(
        Speaker.objects.standing(), required=False, widget=completed("speaker")
    )
    affiliation = forms.ModelChoiceField(
        Affiliation.objects.select_related("speaker", "organisation"),
        required=False,
        widget=forms.HiddenInput,
    )
    name = forms.CharField(
        max_length=500, required=False, label="Or a new speaker, by the full name"
    )

    def clean(self):
        data = super().clean()
        if not self.errors and bool(data.get("speaker")) == bool(data.get("name")):
            raise ValidationError("Choose a speaker, or name a new one.")
        return data


class SpansField(forms.JSONField):
    """`[[start, end], …]`, as the page's script writes it."""

    def validate(self, value):
        super().validate(value)
        try:
            ProposalSerializer().fields["spans"].run_validation(value)
        except NotValid as error:
            raise ValidationError(
                [fault["message"] for fault in flatten_errors(error.detail)]
            ) from None


class SpansForm(NoteForm):
    """Words of a text that is held, chosen there."""

    spans = SpansField(widget=forms.HiddenInput)
    snapshot = forms.ModelChoiceField(Snapshot.objects.all(), widget=forms.HiddenInput)

    def words(self, article: Article) -> list[str]:
        """The words at the spans, piece by piece."""
        snapshot, spans = self.cleaned_data["snapshot"], self.cleaned_data["spans"]
        if snapshot.article_id != article.pk:
            raise ValidationError("That text is another article's.")
        return [snapshot.text[start:end] for start, end in spans]


class AddForm(SpansForm):
    """A quote that the filing left out, by its words in the article's present text."""

    version = None
    kind = forms.ChoiceField(choices=Quote.Kind.choices)
    speaker = forms.CharField(max_length=500, required=False, help_text="The full name.")
    role = forms.CharField(max_length=500, required=False)
    organisation = forms.CharField(max_length=500, required=False)
    printed = forms.CharField(
        max_length=500, required=False, label="Speaker as printed", help_text="Such as “Mr Jones”."
    )
    cue = forms.CharField(max_length=200, required=False, help_text="Such as “said”.")


# Steps


@dataclass(frozen=True)
class DeskStep:
    """A button of the desk: `key` presses it; a `form` that asks nothing is sent at once."""

    name: str
    label: str
    done: str
    key: str
    form: type[forms.Form]
    help: str = ""

    @property
    def permission(self) -> str:
        return LIFE[self.name if self.name in LIFE else "correct"].permission

    @property
    def asks(self) -> bool:
        return self.form is not StepForm


DESK_STEPS = {
    step.name: step
    for step in [
        DeskStep("publish", "Publish", "Published", "p", StepForm, "Let readers see it."),
        DeskStep("settle", "Settle", "Settled", "p", StepForm, "End the dispute: it stands."),
        DeskStep("reject", "Reject", "Rejected", "r", TakingBackForm, "It is not published."),
        DeskStep(
            "dispute",
            "Dispute",
            "Disputed",
            "d",
            TakingBackForm,
            "Say that it is contested.",
        ),
        DeskStep(
            "retract",
            "Retract",
            "Retracted",
            "r",
            TakingBackForm,
            "Take it back, for good.",
        ),
        DeskStep("assign", "Reassign", "Reassigned", "s", AssignForm, "Somebody else said it."),
        DeskStep(
            "correct",
            "Correct",
            "Corrected",
            "c",
            NoteForm,
            "The attribution, field by field.",
        ),
        DeskStep(
            "adjust",
            "Adjust the span",
            "Adjusted",
            "a",
            SpansForm,
            "Choose the words anew.",
        ),
    ]
}
CORRECTED = [
    *("attribution_text", "attribution_speaker", "attribution_cue"),
    *("attribution_role", "attribution_organisation"),
    *("organisation", "affiliation", "said", "kind", "language"),
]


def steps_open(user, quote: Quote) -> Iterator[DeskStep]:
    """What this user can do with this quote as it is now."""
    life = open_steps(quote.status)
    for step in DESK_STEPS.values():
        if step.name in LIFE and step.name != "correct":
            is_open = step.name in life
        else:
            is_open = quote.status == Quote.Status.PROPOSED or "correct" in life
        if is_open and user.has_perm(step.permission):
            yield step


def form_of(step: DeskStep, quote: Quote, data=None) -> forms.Form:
    """The form of a step, empty or with what was sent."""
    kwargs = {"prefix": step.name, "initial": {"version": quote.version}}
    if issubclass(step.form, NoteForm):
        kwargs["quote"] = quote
    if step.form is SpansForm:
        kwargs["initial"] |= {"spans": quote.spans, "snapshot": quote.snapshot_id}
        if nearest := nearest_in_present(quote):
            present = quote.article.snapshot_id
            kwargs["initial"] |= {
                "spans": [[nearest["start"], nearest["end"]]],
                "snapshot": present,
            }
    return step.form(data, **kwargs)


def nearest_in_present(quote: Quote) -> dict | None:
    """Of an altered quote, the passage of the article's present text that is most like it."""
    present = quote.article.snapshot
    is_there = quote.nearest and present and quote.nearest["snapshot"] == present.sha256
    return quote.nearest if is_there else None


def fields_form(request, quote: Quote, data=None) -> forms.ModelForm:
    """The fields of the attribution, as on the quote's own page."""
    page = admin.site.get_model_admin(Quote)
    form = page.get_form(request, quote, change=True, fields=CORRECTED)
    return form(data, instance=quote, prefix="fields")


def take(step: DeskStep, quote: Quote, form: forms.Form, fields, *, user, now: datetime) -> None:
    """Call the verb of a step. Raises what the verb raises, a ValidationError or a Conflict."""
    said = form.cleaned_data
    match step.name:
        case "publish" if not may_approve(user, quote):
            raise Conflict(WHY_NOT)
        case "publish" | "settle" | "reject" | "dispute" | "retract":
            getattr(quote, step.name)(said["reason"])
        case "assign":
            speaker = said["speaker"] or Speaker.objects.create(name=said["name"].strip())
            resolved = {"speaker": speaker}
            if said["affiliation"]:
                resolved["affiliation"] = said["affiliation"]
            change(quote, resolved, said, now)
        case "correct":
            changed = {name: fields.cleaned_data[name] for name in fields.changed_data}
            if not changed:
                raise ValidationError("Nothing was changed.")
            quote.refresh_from_db()  # a form of the model has filled it in
            change(quote, changed, said, now)
        case "adjust":
            pieces = form.words(quote.article)
            words, spans = " ".join(pieces), said["spans"]
            if quote.status == Quote.Status.PROPOSED:
                quote.adjust(words, spans)
            else:
                quote.correct(said["note"], now=now, text=words, spans=spans)


def change(quote: Quote, changes: dict, said: dict, now: datetime) -> None:
    if quote.status == Quote.Status.PROPOSED:
        quote.revise(**changes)
    else:
        quote.correct(said["note"], now=now, **changes)


def add(article: Article, form: AddForm) -> Quote:
    """Propose the quote of a form; raises `quotes.filing.Refused` or a ValidationError."""
    said = form.cleaned_data
    form.words(article)
    if said["snapshot"].pk != article.snapshot_id:
        raise ValidationError("The article has a newer text: choose the words there.")
    proposal = {name: said[name] for name in ("role", "organisation") if said[name]}
    printed = {"speaker": said["printed"] or said["speaker"], "cue": said["cue"]}
    data = {
        **proposal,
        "spans": said["spans"],
        "kind": said["kind"],
        "speaker": said["speaker"] or None,
        "attribution": {name: value for name, value in printed.items() if value},
    }
    serializer = ProposalSerializer(data=data)
    if not serializer.is_valid():
        raise ValidationError([fault["message"] for fault in flatten_errors(serializer.errors)])
    return propose(article, serializer.validated_data, may_publish=False).quote

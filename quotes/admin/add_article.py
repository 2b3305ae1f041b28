"""Add an article in the admin: paste or drop a page, a document or a text, look, then file it.

Nothing is stored before the text, the particulars and the proposed quotes were shown.
"""

from dataclasses import replace

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path

from quotes.admin.review.text_marks import marked
from quotes.api.documents import MAX_FILING_BYTES, media_type_of_file, read_conversion
from quotes.extraction import Proposal
from quotes.filing import Filer, Filing, Refused, file
from quotes.filing.proposers import ProposerFailed, proposals_in
from quotes.models.workflow import number_of_quotes
from sources.admin.html import isolated
from sources.api.markup import markup_in
from sources.intake import Conversion, Document, NotConverted, convert_any
from sources.intake.parsing import text_of

MAX_CHARACTERS = 2_000_000
"""Of what is pasted, or kept between preview and filing."""

BANDS = {"sure": "sure", "likely": "likely", "check": "please check"}

PARTICULARS = ("headline", "byline", "outlet", "url", "published", "language", "external_id")


class SourceForm(forms.Form):
    source = forms.CharField(
        label="Page, document or text",
        required=False,
        strip=False,
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
        help_text="Paste a page’s source, ninjs, NITF, NewsML-G2, JSON-LD, or plain text.",
    )
    file = forms.FileField(
        label="Or a file", required=False, help_text="Drop it here, or choose it. At most 5 MiB."
    )

    def clean(self):
        data = super().clean()
        if not data.get("source", "").strip() and not data.get("file"):
            raise forms.ValidationError("Paste something, or choose a file.")
        return data

    def clean_file(self):
        sent = self.cleaned_data["file"]
        if sent and sent.size > MAX_FILING_BYTES:
            raise forms.ValidationError("The file is larger than 5 MiB.")
        return sent

    def kept(self) -> tuple[str, str]:
        """What was sent, decoded, and its media type; none for plain text. Raises NotConverted."""
        if (sent := self.cleaned_data.get("file")) is None:
            text = self.cleaned_data["source"].replace("\r\n", "\n")
            return text, kind_of(text) or ""
        body = sent.read()
        kind = media_type_of_file(sent.name, body) or "application/json"
        text = text_of(Document(body, kind))
        if len(text) > MAX_CHARACTERS:
            raise NotConverted(f"The file has more than {MAX_CHARACTERS:,} characters.")
        return text, kind


def kind_of(text: str) -> str | None:
    """The media type of a pasted document, by how it begins; None for plain text."""
    begins = text.lstrip("\ufeff \n\t")[:200].lower()
    if begins.startswith(("<?xml", "<nitf", "<newsitem", "<newsmessage")):
        return "application/xml"
    if begins.startswith(("{", "[{")):
        return media_type_of_file("pasted.json", text.encode())
    return "text/html" if begins.startswith("<") or markup_in(text) else None


class ParticularsForm(forms.Form):
    """What the document says of the article, to be corrected before it is filed."""

    headline = forms.CharField(required=False)
    byline = forms.CharField(required=False, help_text="Names, separated by semicolons.")
    outlet = forms.CharField(required=False, help_text="An id, a slug or a name.")
    url = forms.CharField(label="URL", required=False)
    published = forms.CharField(
        required=False, help_text="2026, 2026-02, 2026-02-11 or 2026-02-11T09:30:00+01:00."
    )
    language = forms.CharField(required=False, help_text="Such as en or pt-BR.")
    external_id = forms.CharField(label="External ID", required=False)
    propose = forms.BooleanField(
        label="Add the quotes that were found, as proposals", required=False, initial=True
    )
    kept = forms.CharField(strip=False, max_length=MAX_CHARACTERS, widget=forms.HiddenInput)
    media_type = forms.CharField(required=False, widget=forms.HiddenInput)

    @classmethod
    def showing(cls, conversion: Conversion, kept: str, media_type: str):
        said = {name: getattr(conversion, name) for name in PARTICULARS}
        said["byline"] = "; ".join(conversion.byline)
        kept = {"kept": kept, "media_type": media_type}
        return cls(initial=said | kept | {"propose": True})

    def conversion(self) -> Conversion:
        """The article in what was kept. Raises NotConverted."""
        if faults := self.errors.get("kept"):
            raise NotConverted(f"Please send the article again. {' '.join(faults)}")
        kept = self.cleaned_data["kept"].replace("\r\n", "\n")
        return conversion_of(kept, self.cleaned_data["media_type"])

    @property
    def given(self) -> dict:
        """The particulars as a filing takes them; null for those that were cleared."""
        data = self.cleaned_data
        given = {name: data[name].strip() or None for name in PARTICULARS}
        names = [name.strip() for name in data["byline"].split(";")]
        return given | {"byline": list(filter(None, names)), "propose": data["propose"]}


class AddsArticles:
    """Adds the page to the admin of articles."""

    change_list_template = "admin/sources/article/list.html"

    def get_urls(self):
        view = self.admin_site.admin_view(self.add_document)
        return [path("add-document/", view, name="sources_article_document"), *super().get_urls()]

    def add_document(self, request):
        """Show what a document converts to; file it when asked to."""
        if not request.user.has_perm("sources.add_article"):
            raise PermissionDenied
        context = self.admin_site.each_context(request)
        context |= {"opts": self.opts, "title": "Add article"}
        form = SourceForm()
        if request.method == "POST" and "kept" in request.POST:
            particulars = ParticularsForm(request.POST)
            try:
                conversion = particulars.conversion()
            except NotConverted as refusal:
                form = SourceForm({"source": request.POST["kept"][:MAX_CHARACTERS]})
                form.add_error(None, str(refusal))
            else:
                if filing := self.file(request, conversion, particulars):
                    return self.go_on(request, filing)
                context |= preview(conversion, particulars)
        elif request.method == "POST":
            form = SourceForm(request.POST, request.FILES)
            if form.is_valid():
                try:
                    kept = form.kept()
                    conversion = conversion_of(*kept)
                except NotConverted as refusal:
                    form.add_error(None, str(refusal))
                else:
                    context |= preview(conversion, ParticularsForm.showing(conversion, *kept))
        return TemplateResponse(
            request, "admin/sources/article/add_document.html", context | {"form": form}
        )

    def file(self, request, conversion: Conversion, particulars: ParticularsForm) -> Filing | None:
        """File an article; None if it was refused, which the form of particulars then says."""
        if not particulars.is_valid():
            return None
        try:
            data = read_conversion(conversion, particulars.given)
            if conversion.document is None:
                del data["document"]
            filer = replace(Filer.of(request.user), withholds=data.get("withheld", False))
            with transaction.atomic():
                return file(data, filer)
        except Refused as refusal:
            point_out(particulars, refusal)
            return None

    def go_on(self, request, filing: Filing):
        """Lead to the review of what was found, else to the article."""
        what = "added" if filing.is_new else "on record already"
        number = len(filing.quotes)
        quotes = f"{number_of_quotes(number)} proposed" if number else "no quotes"
        messages.success(request, f"The article is {what}: {quotes}.")
        if number and request.user.has_perm("quotes.review_quote"):
            return redirect("admin:quotes_review_article", filing.article.pk)
        if self.has_view_permission(request):
            return redirect("admin:sources_article_change", filing.article.pk)
        return redirect("admin:index")


def conversion_of(text: str, media_type: str) -> Conversion:
    """The article in a document, or a plain text as it is. Raises NotConverted."""
    if not media_type:
        return Conversion("text", text.strip())
    return convert_any(Document(text.encode(), media_type, "utf-8"))


def point_out(form: forms.Form, refusal: Refused) -> None:
    """Show a refusal at the fields that it is about."""
    for fault in refusal.faults:
        name = fault["pointer"].split("/")[1] if fault["pointer"] else None
        form.add_error(name if name in form.fields else None, fault["message"])


def preview(conversion: Conversion, particulars: ParticularsForm) -> dict:
    """What the page shows of an article before it is filed."""
    warnings = list(conversion.warnings)
    try:
        found = proposals_in(conversion.text, conversion.language)
    except ProposerFailed:
        found = []
        warnings.append("Quotes could not be looked for, because the proposer failed.")
    return {
        "particulars": particulars,
        "text": marked(conversion.text, [each.spans for each in found]),
        "proposals": list(map(shown, found)),
        "warnings": warnings,
        "conversion": conversion,
    }


def shown(proposal: Proposal) -> dict:
    about = (proposal.speaker, proposal.role, proposal.organisation)
    return {
        "words": isolated(proposal.text),
        "about": isolated(", ".join(filter(None, about)) or "Speaker not found"),
        "band": BANDS.get(proposal.band, proposal.band),
    }

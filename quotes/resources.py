"""The table in which quotes go out. They come in as filings: see `quotes.importing`."""

from quotes.models import Quote
from sources.resources import Lines, Table, column, shown_name


class QuoteTable(Table):
    model = Quote
    joins = ("article", "outlet", "speaker", "organisation", "affiliation", "snapshot")

    status = column("status")
    text = column("text")
    kind = column("kind")
    language = column("language")
    speaker = column("speaker_id", "speaker")
    speaker_name = shown_name("speaker")
    role = column("shown_role", "role")
    organisation = column("organisation_id", "organisation")
    organisation_name = shown_name("organisation")
    said = column("said")
    outlet = column("outlet_id", "outlet")
    outlet_name = shown_name("outlet")
    published = column("published")
    article = column("article_id", "article")
    headline = column("article__headline", "headline")
    url = column("article__url", "url")
    attribution_text = column("attribution_text")
    attribution_speaker = column("attribution_speaker")
    attribution_role = column("attribution_role")
    attribution_organisation = column("attribution_organisation")
    attribution_cue = column("attribution_cue")
    anchor = column("anchor")
    snapshot = column("snapshot__sha256", "snapshot")
    flags = column("flags", widget=Lines)
    reason = column("reason")
    utterance = column("utterance_id", "utterance")

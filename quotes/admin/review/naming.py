"""What the review page offers to put on record of a quote's speaker, by one key each."""

from collections.abc import Iterator

from django.utils.html import format_html

from quotes.curation.naming import (
    add_name,
    is_namesake,
    left_without_quotes,
    merge_away,
    name_to_add,
    namesakes_of,
    role_to_record,
)
from quotes.curation.originals import original_of
from quotes.models import Quote
from sources.admin.html import address, isolated
from sources.admin.speaker_cards import told_apart


def offered_names(quote: Quote) -> Iterator[tuple[str, str]]:
    """Steps that make sense with this quote, each with its button; thirteen queries at most."""
    if role := role_to_record(quote):
        yield "role", format_html("Record the role: {}", isolated(str(role)))
    speaker = quote.speaker and isolated(quote.speaker.name)
    if former := left_without_quotes(quote):
        gone = isolated(former.name)
        yield "alias", format_html("Merge {} into {}: it has no other quotes", gone, speaker)
    elif name := name_to_add(quote):
        yield "alias", format_html("Make {} an alias of {}", isolated(name), speaker)
    if found := namesakes_of(quote):
        name, known = found
        said = "Another person called {}: none of these"
        if is_namesake(quote, known):
            said = "This {} is a different person from the others"
        yield "namesake", format_html(said, isolated(name))
    if original := original_of(quote):
        yield (
            "original",
            format_html(
                "A translation of {} {}",
                isolated(f"“{original}”"),
                isolated(", ".join(str(p) for p in (original.outlet, original.published) if p)),
            ),
        )


def settle_name(quote: Quote, user) -> str:
    """Merge what the quote left behind, else add its printed name; returns a message."""
    if former := left_without_quotes(quote):
        merge_away(quote)
        said = '{} was merged into {}. <a href="{}">Undo the merge…</a>'
        name, place = former.name, address(former, "unmerge")
    else:
        name = add_name(quote)
        said = '{} is an alias of {} now. <a href="{}">Change the aliases…</a>'
        place = address(quote.speaker, "change")
    speaker = told_apart([quote.speaker], user)[quote.speaker_id]
    return format_html(said, isolated(name), isolated(speaker), place)


def left_behind(quote: Quote, user) -> str | None:
    """A message about the record that the quote left behind without quotes, if it did."""
    if (former := left_without_quotes(quote)) is None:
        return None
    return format_html(
        '{} has no other quotes. <a href="{}?into={}">Merge the record into {}…</a>',
        isolated(former.name),
        address(former, "merge"),
        quote.speaker_id,
        isolated(told_apart([quote.speaker], user)[quote.speaker_id]),
    )

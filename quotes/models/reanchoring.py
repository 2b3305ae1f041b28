"""Quotes meet another text of their article: each is looked for in it, and its anchor set."""

from collections.abc import Sequence
from itertools import pairwise

from django.core.exceptions import ValidationError
from rapidfuzz.distance import Postfix, Prefix

from quotes.anchoring import AnchoringError, Budget, Page, Pages, Reanchoring, Seams, TooMuchWork
from quotes.anchoring.attributions import Speaker as Named
from quotes.anchoring.normalization import normalise
from quotes.anchoring.surroundings import Surroundings
from sources.models import Snapshot, Speaker

ANCHORED = ["snapshot", "anchored_in", "spans", "seams", "text", "anchor", "nearest"]
"""Columns of a quote that say where it is printed."""

WORDS = ("text", "spans", "anchored_in")
"""Those of them that a change of the words may give."""

NO_SEAMS = Seams()


def reanchor(quotes: list, present: Snapshot, pages: Pages) -> list:
    """Set the anchor of each quote in the present snapshot; no save. Returns them.

    A quote is followed in the page where it stands, text or headline. One filed without a text is
    anchored in the first page that has its words.
    """
    done = []
    for page in pages:
        here = [quote for quote in quotes if not quote.spans or quote.anchored_in == page.name]
        done += _reanchor(here, present, page) if here else []
    return list(dict.fromkeys(done))


def _reanchor(quotes: list, present: Snapshot, page: Page) -> list:
    """Set the anchor of each quote in a page; no save. Returns them, the surest first.

    Quotes that have not moved come first, so that a moved one cannot take their position; then
    those whose context is kept best; last those whose words the article now gives to somebody else.
    """
    taken, done = set(), []
    held = Snapshot.objects.filter(pk__in={quote.snapshot_id for quote in quotes})
    texts = dict(held.values_list("pk", page.name))
    former = {quote: surroundings(quote, texts.get(quote.snapshot_id)) for quote in quotes}
    steps = [(quote, follow(page, quote, taken, former[quote])) for quote in quotes]
    steps.sort(key=lambda step: (_is_changed(page, former, *step), *_order(page, *step)))
    for quote, result in steps:
        if _is_taken(result, taken):
            result = follow(page, quote, taken, former[quote])
        taken.add(result.spans)
        if result.spans and former[quote]:
            _flag_changed(quote, former[quote], page, result.spans)
        set_anchor(quote, present, page, result, texts.get(quote.snapshot_id))
        done.append(quote)
    return done


def _is_changed(page: Page, former: dict, quote, result: Reanchoring) -> bool:
    before = former[quote]
    if not before or not result.spans:
        return False
    return page.surroundings(result.spans, before.speaker).is_changed(before)


def _is_taken(result: Reanchoring, taken: set) -> bool:
    """Whether another quote has the place, or that of the same words in other surroundings."""
    if result.nearest and not result.nearest.difference:
        near = result.nearest.start, result.nearest.end
        return any(spans and near == (spans[0].start, spans[-1].end) for spans in taken)
    return bool(result.spans) and result.spans in taken


def surroundings(quote, text: str | None) -> Surroundings | None:
    """The surroundings of a quote in the text or headline that it is anchored in."""
    if not text or not quote.spans:
        return None
    return Surroundings(text, quote.spans, Named(*called(quote)))


def _flag_changed(quote, before: Surroundings, page: Page, spans: tuple) -> None:
    """Flag a quote whose words stay but are no longer said to be the speaker's, or are denied."""
    now, flag = page.surroundings(spans, before.speaker), quote.Flag.ATTRIBUTION_CHANGED
    if now.is_changed(before):
        if flag not in quote.flags:
            quote.flags = [*quote.flags, flag]
    elif now.is_own:
        quote.flags = [each for each in quote.flags if each != flag]


def set_anchor(
    quote, present: Snapshot, page: Page, result: Reanchoring, former: str | None = None
) -> None:
    """Set the anchor that was found in a page; `former` is the text that the quote is in, if known.

    No save.
    """
    state = result.state
    if spans := result.spans:
        if state == quote.Anchor.EXACT and quote.anchor == quote.Anchor.MOVED:
            state = quote.Anchor.MOVED  # unmoved since, but not where it was first printed
        quote.snapshot = present
        place(quote, page, spans, former=former)
    quote.anchor = state
    quote.nearest = (
        {**result.nearest.as_json(), "snapshot": present.sha256}
        if state == quote.Anchor.ALTERED
        else None
    )


def place(
    quote,
    page: Page,
    spans: Sequence[tuple[int, int]],
    *,
    checked: bool = True,
    former: str | None = None,
) -> None:
    """Set the spans of a quote, its words there and their seams; no save.

    Raises OtherWords unless the gaps are `checked`, as those of a quote on record are. The flag
    that words are left out is set or cleared with the seams. With equal seams it stays as it is,
    unless other words lie between than in the `former` text.
    """
    seams = NO_SEAMS
    if len(spans) > 1:
        names, titles = called(quote)
        seams = page.seams(spans, names, titles, language=quote.language, checked=checked)
    flag = quote.Flag.WORDS_LEFT_OUT
    if not seams.leaves_out:
        quote.flags = [each for each in quote.flags if each != flag]
    elif flag not in quote.flags and (
        quote.seams != [*seams.kinds]
        or (former and _between(former, quote.spans) != _between(page.text, spans))
    ):
        quote.flags = [*quote.flags, flag]
    quote.anchored_in = page.name
    quote.spans, quote.seams = [list(span) for span in spans], [*seams.kinds]
    quote.text = page.text_at(spans, seams.kinds)


def _between(text: str, spans: Sequence[tuple[int, int]]) -> list[str]:
    """The words between the spans."""
    return [normalise(text[end:start]) for (_, end), (start, _) in pairwise(spans)]


def anchor_words(
    quote,
    text: str | None = None,
    spans: list | None = None,
    anchored_in: str | None = None,
    *,
    gaps_checked: bool = False,
) -> None:
    """Set words and spans from the article's current text, else from the quote's; no save.

    Spans are of the text or headline, as `anchored_in` says, else of where the quote stands.
    Without spans, words are looked for there first. Raises ValidationError.
    """
    held = [quote.article.snapshot, quote.snapshot]
    if not (texts := [each for each in dict.fromkeys(held) if each is not None]):
        raise ValidationError(
            {"text": "No text of this article has been captured yet: capture it first."}
        )
    refusal, budget, stood_in = None, Budget(), quote.anchored_in
    words = quote.text if text is None else text
    for snapshot in texts:
        pages = Pages(snapshot.text, snapshot.headline, budget)
        try:
            found = (
                pages.at(spans, text, within=anchored_in or stood_in)
                if spans
                else pages.find(words, within=anchored_in, first=stood_in)
            )
            place(quote, pages[found.page], found.spans, checked=gaps_checked)
        except AnchoringError as error:
            refusal = refusal or error
            continue
        stays = snapshot.pk == quote.snapshot_id and quote.anchor != quote.Anchor.UNANCHORED
        quote.anchor = quote.anchor if stays else quote.Anchor.EXACT
        quote.nearest = quote.nearest if stays and found.page == stood_in else None
        quote.snapshot = snapshot
        return
    fault = refusal.fault(shows_text=quote.shows_text)
    raise ValidationError({"spans" if spans else "text": fault["message"]})


def called(quote) -> tuple[list[str | None], list[str | None]]:
    """The names of a quote's speaker, and its roles and organisations."""
    names = [quote.attribution_speaker, *(names_of(quote.speaker) if quote.speaker else ())]
    titles = [quote.attribution_role, quote.role, quote.attribution_organisation]
    if quote.organisation:
        titles.append(quote.organisation.name)
    return names, titles


def names_of(speaker: Speaker) -> list[str]:
    """The names of a speaker, and of each who spoke jointly."""
    return [
        name for one in (speaker, *speaker.present_members) for name in (one.name, *one.aliases)
    ]


def _order(page: Page, quote, result: Reanchoring) -> tuple[bool, bool, int]:
    """Sort key: quotes that choose their position first come first."""
    kept = 0
    if result.spans and quote.spans:
        prefix, suffix = page.context(result.spans[0])[0], page.context(result.spans[-1])[1]
        kept = Postfix.similarity(quote.contexts[0][0], prefix)
        kept += Prefix.similarity(quote.contexts[-1][1], suffix)
    return result.state != quote.Anchor.EXACT, not result.spans, -kept


def follow(page: Page, quote, taken: set, before: Surroundings | None = None) -> Reanchoring:
    """Re-anchor a quote in a page; one filed without a text is looked for there."""
    if quote.spans:
        prefix, suffix = quote.contexts[0][0], quote.contexts[-1][1]
        return page.reanchor(quote.text, quote.spans, prefix, suffix, taken, before)
    try:
        if (spans := page.look_for(quote.text)) and spans not in taken:
            return Reanchoring(quote.Anchor.EXACT, spans, None)
    except TooMuchWork:
        raise
    except AnchoringError:
        pass
    return Reanchoring(quote.Anchor.UNANCHORED, None, None)

"""Erase quotes, articles and speakers, and report where their words remain.

Erasing a quote removes its row, its history, and its words from the texts of its article, from
contexts of its neighbours, stored responses, bulk jobs and the admin's log. In the texts, the words
are redacted wherever a present or past state of the quote points, and wherever else they occur. A
neighbour that shares words with it is erased too; the rest of its words stay in the text.
Utterances hold no words and stay.

Erasing an article erases its quotes and snapshots. Erasing a speaker erases what they said jointly
with others, their affiliations, facts and quotes, and redacts their names in the articles that
quote them. Either erases all merged into it. Articles that were merged count as one: their texts
hold the same words.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import F, Max, Q

from quotes.anchoring import (
    HEADLINE,
    PAGES,
    TEXT,
)
from quotes.history.erased_words import (
    article_identities,
    article_texts,
    names_of_nobody_else,
    printed_names,
    roles_of,
    states_of,
    words_of,
)
from quotes.history.redactions import (
    Erasure,
    find_redactions,
    keys_of,
    lock,
    merged_together,
)
from quotes.models import (
    Assignment,
    Claim,
    Delivery,
    LastFiling,
    MistakeReport,
    Note,
    Proposal,
    Quote,
    SavedView,
    SecondLook,
    Webhook,
)
from quotes.models.shown_role import forget_roles
from sources.database.locks import wait_for_sharers_of_erased_words
from sources.history.erasure import (
    SearchTerms,
    Trace,
    documents_with,
    erase_jobs,
    erase_log,
    erase_responses,
    erase_rows,
    erasing,
    holds,
    overlap,
    redact,
    rows_holding,
    search_terms,
    traces_of,
)
from sources.history.remembered import distinctive, remember, remember_articles
from sources.models import (
    Affiliation,
    Article,
    ErasedWords,
    Fact,
    Mergeable,
    Snapshot,
    SourceDocument,
    Speaker,
    SpeakerKey,
    WikidataItem,
)

KINDS: dict[str, type[models.Model]] = {
    "quote": Quote,
    "article": Article,
    "speaker": Speaker,
    "mistakereport": MistakeReport,
}


class CannotErase(Exception):
    """The erasure is refused; the message says why, and what to do."""


def erase(
    kind: str,
    ids: Iterable[UUID],
    reason: str,
    *,
    everywhere: bool = False,
    dry_run: bool = False,
    confirmed: Erasure | None = None,
    each: Callable[[Iterable], Iterable] = list,
) -> Erasure:
    """Erase records in one transaction; the reason is public and stays.

    Words and names are redacted in the articles that have the erased records, or `everywhere`, but
    for words that many say and names that somebody else has.

    A `dry_run` reports what would be destroyed and changes nothing; with its result as `confirmed`,
    exactly that is destroyed. `each` wraps long loops, to show progress. Raises CannotErase or
    `sources.history.erasure.NotOwner`.
    """
    ids = set(ids)
    known = nullcontext() if dry_run else _known_before(kind, ids, reason)
    with known, erasing(reason, dry_run=dry_run):
        erasure = Erasure(ids)
        names = _collect(kind, erasure)
        own = states_of(Quote, erasure.quotes)
        said = words_of(own)
        words = names | said | article_texts(erasure.articles)
        sought = _sought(words, names, reason)
        erasure.not_searched = sought.left_out
        printed = printed_names(own) if names else set()
        own_names = names_of_nobody_else(names, erasure.speakers)
        elsewhere = distinctive(said) | own_names if everywhere else set()
        find_redactions(own, names | printed, erasure, each, elsewhere)
        if confirmed and (confirmed.rows, confirmed.redacted) != (erasure.rows, erasure.redacted):
            raise CannotErase("Something has changed since the dry run. Run it again.")
        copies = _copies(erasure)
        erasure.remembered = _remember(erasure, own, own_names, reason)
        _destroy(erasure, reason)
        erasure.filings = _erase_filings(erasure, sought)
        held = rows_holding(Proposal, "said::text", set().union(*erasure.rows.values()), sought)
        Proposal.objects.filter(pk__in=held).delete()
        _erase_worklist(erasure, sought)
        erasure.webhooks = _erase_webhooks(erasure, sought)
        erasure.answers = erase_responses(set().union(*erasure.rows.values()), sought)
        erasure.log_entries = erase_log(erasure.rows, sought)
        erasure.jobs = erase_jobs(sought)
        listed = search_terms([*sorted(printed), *words]) if printed else sought
        elsewhere = documents_with(listed, each)
        erasure.remains = sorted({*traces_of(listed, each), *elsewhere, *copies})
    return erasure


def _sought(words: set[str], names: set[str], reason: str) -> SearchTerms:
    """What to search for. Raises CannotErase for a reason that has some of it."""
    # If there are too many, search for the names, then for the longest words.
    sought = search_terms(sorted(words, key=lambda said: (said not in names, -len(said))))
    if held := holds(reason, sought):
        raise CannotErase(
            f"The reason is public, and it contains “{held[0][:60]}”. Leave that out."
        )
    return sought


@contextmanager
def _known_before(kind: str, ids: set[UUID], reason: str) -> Iterator[None]:
    """Keep what will be erased away from filings before it is searched for; undone by an error.

    Filings that began before cannot know it. They are waited for, so what they stored is found.
    """
    with erasing(reason):
        before = ErasedWords.objects.aggregate(newest=Max("id"))["newest"] or 0
        erasure = Erasure(ids)
        names = _collect(kind, erasure)
        own = states_of(Quote, erasure.quotes)
        _sought(names | words_of(own) | article_texts(erasure.articles), names, reason)
        _remember(erasure, own, names_of_nobody_else(names, erasure.speakers), reason)
        made = keys_of(ErasedWords.objects.filter(pk__gt=before))
    wait_for_sharers_of_erased_words()
    try:
        yield
    except BaseException:
        ErasedWords.objects.filter(pk__in=made).delete()
        raise


def _remember(erasure: Erasure, own: list[dict], names: set[str], reason: str) -> int:
    """Keep hashes of the words, names and articles; returns the number of runs of words."""
    remember_articles(article_identities(erasure.articles), reason)
    said_in = {UUID(state["article_id"]) for state in own}
    return remember(words_of(own), names, said_in, reason)


def erased_with(kind: str, ids: Iterable[UUID]) -> tuple[Erasure, set[str]]:
    """What would be erased with these records, and the names; changes and locks nothing after."""
    with transaction.atomic():
        erasure = Erasure(set(ids))
        names = _collect(kind, erasure)
        return erasure, names | printed_names(states_of(Quote, erasure.quotes))


# What is erased


def _collect(kind: str, erasure: Erasure) -> set[str]:
    """Collect and lock the rows to erase; return the names to redact."""
    model = KINDS[kind]
    known = set(model.objects.filter(pk__in=erasure.asked).values_list("pk", flat=True))
    if unknown := erasure.asked - known:
        raise CannotErase(f"There is no {kind} {', '.join(map(str, sorted(unknown)))}.")
    match kind:
        case "quote":
            which = Q(pk__in=erasure.asked)
        case "article":
            erasure.articles = _with_merged(Article, erasure.asked)
            erasure.speakers = keys_of(Speaker.objects.filter(article__in=erasure.articles))
            which = Q(article__in=erasure.articles) | Q(speaker__in=erasure.speakers)
        case "speaker":
            erasure.speakers = _with_merged(Speaker, erasure.asked)
            joint = Speaker.objects.exclude(members=[])
            joint = joint.filter(members__overlap=list(erasure.speakers))
            erasure.speakers |= _with_merged(Speaker, keys_of(joint.active()))
            if elsewhere := keys_of(joint) - erasure.speakers:
                _with_merged(Speaker, elsewhere)  # refuses what became another's statement
            which = Q(speaker__in=erasure.speakers)
        case "mistakereport":
            erasure.reports, which = set(erasure.asked), Q(pk__in=[])
    articles = erasure.articles | set(
        merged_together(keys_of(Quote.objects.filter(which), "article"))
    )
    # In the lock order of a filing: articles, quotes, speakers
    lock(Article, articles)
    lock(Quote, keys_of(Quote.objects.filter(article__in=articles)))
    lock(Speaker, erasure.speakers)
    erasure.quotes = keys_of(Quote.objects.filter(which))
    if keys_of(Quote.objects.filter(pk__in=erasure.quotes), "article") - articles:
        raise CannotErase("More quotes of this speaker have just been filed. Try again.")
    erasure.snapshots = keys_of(Snapshot.objects.filter(article__in=erasure.articles))
    erasure.affiliations = keys_of(Affiliation.objects.filter(speaker__in=erasure.speakers))
    erasure.facts = keys_of(Fact.objects.filter(speaker__in=erasure.speakers))
    # The names of an article's own speakers identify nobody elsewhere.
    named = states_of(Speaker, erasure.speakers) if kind == "speaker" else []
    return {name for state in named for name in (state["name"], *state["aliases"]) if name.strip()}


def _with_merged(model: type[Mergeable], keys: set[UUID]) -> set[UUID]:
    if merged_away := model.objects.filter(pk__in=keys, merged_into__isnull=False).first():
        kind = model._meta.model_name
        raise CannotErase(
            f"{kind.title()} {merged_away.pk} was merged into {merged_away.merged_into_id}. Erase "
            f"that {kind} with all merged into it, or undo the merge first."
        )
    return {*keys, *model.objects.merged_into(keys)}


# Erasing


def _destroy(erasure: Erasure, reason: str) -> None:
    quotes = erasure.quotes | erasure.neighbours
    erasure.documents = _erase_documents(erasure)
    replacing = Quote.objects.filter(replaced_by__in=quotes).exclude(pk__in=quotes)
    erasure.unlinked = keys_of(replacing)
    replacing.update(replaced_by=None)
    Claim.objects.filter(article__in=erasure.articles).delete()
    Proposal.objects.filter(quote__in=quotes).delete()
    LastFiling.objects.filter(article__in=erasure.articles).delete()
    SpeakerKey.objects.filter(record_id__in=erasure.speakers).delete()
    WikidataItem.objects.filter(pk__in=wikidata_ids(erasure.speakers)).delete()
    roles = roles_of(states_of(Quote, quotes) + states_of(Affiliation, erasure.affiliations))
    for model, keys in erasure.rows.items():
        if keys:
            erase_rows(model, keys)
    forget_roles(roles)
    with connection.cursor() as cursor:
        # After the quotes: before, it would be recorded as a change of them.
        cursor.execute("DELETE FROM quotes_via WHERE quote_id = ANY (%s)", [list(quotes)])
    for key, changed in erasure.particulars.items():
        Article.objects.filter(pk=key).update(**changed)
    for key in sorted(erasure.blotted):
        ranges = {name: erasure.redacted.get((key, name), []) for name in PAGES}
        _redact(Snapshot.objects.get(pk=key), ranges, reason)


def wikidata_ids(speakers: set[UUID]) -> set[str]:
    """Ids that the speakers have or had."""
    said = (state["identifiers"].get("wikidata") for state in states_of(Speaker, speakers))
    return {item for item in said if item}


def _erase_documents(erasure: Erasure) -> int:
    """Delete the documents of all articles concerned: words cannot be blotted out there."""
    quotes = Quote.objects.filter(pk__in=erasure.quotes | erasure.neighbours)
    texts = Snapshot.objects.filter(pk__in=erasure.blotted)
    articles = erasure.articles | keys_of(quotes, "article") | keys_of(texts, "article")
    held = SourceDocument.objects.filter(snapshot__article__in=merged_together(articles))
    return held.delete()[0]


def _erase_filings(erasure: Erasure, sought: SearchTerms) -> int:
    """Remove what filings said of the erased quotes; empty those that hold words all the same.

    Who has filed an article stays. Returns the number of filings.
    """
    touched = set()
    gone = {str(key) for key in erasure.quotes | erasure.neighbours}
    texts = Snapshot.objects.filter(pk__in=erasure.blotted).values("article")
    for last in LastFiling.objects.filter(article__in=texts):
        touched |= {last.pk} if gone & {entry["quote"] for entry in last.quotes_said} else set()
        last.quotes_said = [entry for entry in last.quotes_said if entry["quote"] not in gone]
        last.save(update_fields=["quotes_said"])
    said = "concat_ws(' ', url, external_id, article_said, article_left, quotes_said)"
    held = rows_holding(LastFiling, said, set().union(*erasure.rows.values()), sought)
    LastFiling.objects.filter(pk__in=held).update(
        url=None, external_id=None, article_said={}, article_left={}, quotes_said=[]
    )
    return len(touched.union(held))


def _erase_worklist(erasure: Erasure, sought: SearchTerms) -> None:
    """Erase what curators wrote of the erased quotes, and what has their words elsewhere."""
    gone = set().union(*erasure.rows.values())
    of_erased = Q(quote__in=erasure.quotes | erasure.neighbours)
    erase_rows(Assignment, keys_of(Assignment.objects.filter(of_erased)))
    for model, said in (
        (Note, "text"),
        (SecondLook, "coalesce(note, '')"),
        (MistakeReport, "concat_ws(' ', text, reply, email)"),
    ):
        held = rows_holding(model, said, gone, sought)
        erase_rows(model, keys_of(model.objects.filter(of_erased | Q(pk__in=held))))
    held = rows_holding(SavedView, "name || ' ' || query::text", gone, sought)
    SavedView.objects.filter(pk__in=held).delete()


def _erase_webhooks(erasure: Erasure, sought: SearchTerms) -> int:
    """Delete webhooks that ask for the erased by name; blank answers that repeat their words.

    Messages that still wait have no words: their receivers are told to delete the record.
    """
    gone = set().union(*erasure.rows.values())
    held = rows_holding(Webhook, "url || ' ' || filters::text", gone, sought)
    Delivery.objects.filter(webhook__in=held).delete()
    Webhook.objects.filter(pk__in=held).delete()
    repeated = rows_holding(Delivery, "coalesce(answer, '')", gone, sought)
    Delivery.objects.filter(pk__in=repeated).update(answer=None)
    return len(held)


def _redact(snapshot: Snapshot, ranges: dict[str, list[list[int]]], reason: str) -> None:
    """Blot a snapshot, and let go of what its quotes keep of it: contexts, nearest passages."""
    redact(snapshot, ranges[TEXT], ranges[HEADLINE], reason)
    standing = Quote.objects.filter(article=snapshot.article_id)
    standing.filter(snapshot=snapshot).update(contexts=F("contexts"))  # the database works them out
    for quote in standing.filter(nearest__snapshot=snapshot.sha256):
        near = quote.nearest["start"], quote.nearest["end"]
        if overlap([near], ranges[quote.anchored_in]):
            Quote.objects.filter(pk=quote.pk).update(nearest=None)


def _copies(erasure: Erasure) -> list[Trace]:
    """Snapshots of other articles with the same text as an erased one."""
    texts = Snapshot.objects.filter(pk__in=erasure.snapshots).values("sha256")
    others = Snapshot.objects.filter(sha256__in=texts).exclude(pk__in=erasure.snapshots)
    table = Snapshot._meta.db_table
    return [Trace(table, "text", str(key), "the same text") for key in keys_of(others)]

"""Filing: an article comes in with its quotes, and all of it is stored or none.

`file` takes one filing, `file_many` a batch of them; both take what `FilingSerializer` has read,
and both are safe to repeat and to run at the same time as each other.

The road of a filing: its words are found in its text; the article is recognised or made; changed
text becomes a new snapshot and every quote of the article follows it there; quotes that stand where
one stood before are that quote; the rest are new, and their names are matched to known speakers and
organisations or made. Advisory locks, always taken in the order outlets, articles, organisations,
speakers, keep two filings from making the same thing twice.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

from django.db import DatabaseError, DataError, IntegrityError, connection, transaction
from django.db.models import Q
from rapidfuzz.distance import Postfix, Prefix

from quotes.anchoring import AnchoringError, Following, NoWords, Page, same_words
from quotes.models import Quote, Via
from sources.dates import PartialDate
from sources.locks import lock_all
from sources.models import (
    Article,
    Named,
    Organisation,
    Outlet,
    Snapshot,
    Speaker,
    digest,
    fold_all,
)
from sources.names import Register, as_uuid

MOST_QUOTES = 1000

# What a filing may say of an article, beside its outlet and its text.
ARTICLE_FIELDS = (
    "external_id",
    "url",
    "headline",
    "byline",
    "published",
    "published_at",
    "language",
)

# What a filing may say of a quote that is stored as it stands.
PLAIN_FIELDS = ("kind", "language", "role", "said")
PRINTED_FIELDS = ("text", "speaker", "role", "organisation", "cue")

# Speakers that only their article tells apart.
NAMELESS = Q(kind__in=[Speaker.Kind.UNNAMED, Speaker.Kind.COLLECTIVE], organisation=None)

Flag = Quote.Flag


class Refused(ValueError):
    """A filing that was refused as a whole: `faults` is a list of `{"pointer", "message", …}`."""

    def __init__(self, faults: list[dict], status: int = HTTPStatus.BAD_REQUEST):
        self.faults, self.status = faults, status
        self.summary = "The filing was refused as a whole; nothing was changed."
        super().__init__("; ".join(f"{f['pointer']}: {f['message']}" for f in faults))


@dataclass
class FiledQuote:
    """What became of one quote of a filing."""

    quote: Quote
    outcome: str  # made, updated, unchanged, differs
    speaker: str | None = None  # matched, made, ambiguous, kept, unresolved; None: nobody
    organisation: str | None = None
    differs: list[str] = field(default_factory=list)


@dataclass
class Filing:
    """One filing on its road: what was sent, and what has been found out about it so far."""

    data: dict
    page: Page | None = None
    outlet: Outlet | None = None
    article: Article | None = None
    outcome: str = "unchanged"  # made, updated, unchanged
    text_changed: bool = False
    standing: list[Quote] = field(default_factory=list)  # quotes of the article from before
    reanchored: list[Quote] = field(default_factory=list)
    spans: list[tuple] = field(default_factory=list)  # one a quote, in their order
    quotes: list[FiledQuote] = field(default_factory=list)
    cast: list[Speaker] = field(default_factory=list)  # who speaks in the article, as far as known
    bodies: list[Organisation] = field(default_factory=list)  # for whom
    doubtful: list[Named] = field(default_factory=list)  # made although others have the name

    @property
    def proposals(self) -> list[dict]:
        return self.data.get("quotes", [])


def file(data: dict, *, may_publish: bool) -> Filing:
    """File one article with its quotes. `Refused` names every fault; then nothing was changed."""
    filing = Filing(data)
    with transaction.atomic():
        _file([filing], may_publish=may_publish)
    return filing


def file_many(batch: list[dict], *, may_publish: bool) -> list[Filing | Refused]:
    """File a batch in one transaction; those that cannot be filed are refused one by one."""
    try:
        filings = [Filing(data) for data in batch]
        with transaction.atomic():
            _file(filings, may_publish=may_publish)
        return list(filings)
    except (Refused, DatabaseError):
        return [_file_alone(data, may_publish=may_publish) for data in batch]


def _file_alone(data: dict, *, may_publish: bool) -> Filing | Refused:
    try:
        return file(data, may_publish=may_publish)
    except Refused as refusal:
        return refusal
    except (DataError, IntegrityError) as error:
        reason = str(error).partition("\n")[0]
        return Refused([{"pointer": "", "message": f"The database refuses it: {reason}"}])


def propose(article: Article, data: dict, *, may_publish: bool) -> FiledQuote:
    """Add one quote to an article on record, anchored in the text it has now."""
    filing = Filing({"quotes": [data]}, article=article)
    try:
        with transaction.atomic():
            _locked(Article.objects.filter(pk=article.pk))
            filing.article = _with_text().get(pk=article.pk)
            filing.outlet = filing.article.outlet
            _continue([filing], may_publish=may_publish)
    except Refused as refusal:
        # What was sent is the quote itself, not a list of quotes.
        faults = [
            {**fault, "pointer": fault["pointer"].removeprefix("/quotes/0")}
            for fault in refusal.faults
        ]
        raise Refused(faults, refusal.status) from refusal
    return filing.quotes[0]


def capture(article: Article, text: str) -> Filing:
    """Take in a new text of an article on record; its quotes follow it there."""
    filing = Filing({"text": text}, article=article)
    with transaction.atomic():
        _locked(Article.objects.filter(pk=article.pk))
        filing.article = _with_text().get(pk=article.pk)
        filing.outlet = filing.article.outlet
        _continue([filing], may_publish=False)
    return filing


def same_article(data: dict) -> set[tuple]:
    """What may identify the article of a filing: two that share one must not be in one batch."""
    outlet = (data.get("outlet") or "").casefold()
    keys = {("url", data["url"].casefold())} if data.get("url") else set()
    if data.get("external_id"):
        keys.add(("external_id", data["external_id"]))
    return keys or {("text", outlet, digest(data["text"] or ""))}


# The road


def _file(filings: list[Filing], *, may_publish: bool) -> None:
    with_text = [filing for filing in filings if filing.data.get("text") is not None]
    _check(with_text, may_publish=may_publish)
    _find_outlets(filings)
    _find_articles(filings)
    _continue(filings, may_publish=may_publish)


def _continue(filings: list[Filing], *, may_publish: bool) -> None:
    """From the article on: text, quotes that stand, new quotes."""
    _check([filing for filing in filings if not filing.spans], may_publish=may_publish)
    _store_texts(filings)
    _follow(filings)
    folded = _folded_names(filings)
    drafts = [draft for filing in filings for draft in _drafts(filing, folded)]
    _resolve(drafts)
    _store_quotes(filings, drafts)


# Words


def _check(filings: list[Filing], *, may_publish: bool) -> None:
    """Find the words of every quote, or refuse with all that is wrong in the filing."""
    for filing in filings:
        if filing.page is None and (text := filing.data.get("text")) is not None:
            filing.page = Page(text)
        if filing.page is None and filing.article and filing.article.snapshot:
            filing.page = Page(filing.article.snapshot.text)
        faults = list(_anchor(filing))
        faults += _missing_ids(filing, "speaker", Speaker)
        faults += _missing_ids(filing, "organisation", Organisation)
        status = HTTPStatus.BAD_REQUEST
        if not may_publish and (premature := list(_publications(filing))):
            status = HTTPStatus.BAD_REQUEST if faults else HTTPStatus.FORBIDDEN
            faults += premature
        if faults:
            raise Refused(faults, status)


def _fault(index: int, name: str, message: str, **details) -> dict:
    return {"pointer": f"/quotes/{index}{name and '/'}{name}", "message": message, **details}


def _anchor(filing: Filing) -> Iterator[dict]:
    seen = {}
    for index, proposal in enumerate(filing.proposals):
        spans, fault = _try_place(filing.page, index, proposal)
        if fault:
            yield fault
            continue
        if spans and (twin := seen.setdefault(spans, index)) != index:
            yield _fault(index, "", f"Stands at the same place as quote {twin} of this filing.")
        filing.spans.append(spans)


def misplaced(text: str, proposals: dict[int, dict]) -> list[dict]:
    """What is wrong with the words of these quotes, by index, in a filing refused for more."""
    page = Page(text)
    tried = (_try_place(page, index, proposal) for index, proposal in proposals.items())
    return [fault for _, fault in tried if fault]


def _try_place(page: Page | None, index: int, proposal: dict) -> tuple[tuple, dict | None]:
    try:
        return _place(page, proposal), None
    except AnchoringError as error:
        name = "spans" if proposal.get("spans") else "text"
        return (), _fault(index, name, error.message, **error.details)


def _missing_ids(filing: Filing, name: str, model) -> list[dict]:
    keys = {
        index: key
        for index, proposal in enumerate(filing.proposals)
        if proposal.get(name) and (key := as_uuid(proposal[name]))
    }
    known = set(
        model.objects.filter(pk__in=keys.values()).values_list("pk", flat=True) if keys else ()
    )
    return [
        _fault(index, name, f"There is no {name} with this id.")
        for index, key in keys.items()
        if key not in known
    ]


def _publications(filing: Filing) -> Iterator[dict]:
    for index, proposal in enumerate(filing.proposals):
        if proposal.get("status", Quote.Status.PROPOSED) != Quote.Status.PROPOSED:
            message = "Only a Curator files quotes as published. Leave status out."
            yield _fault(index, "status", message)


def _place(page: Page | None, proposal: dict) -> tuple:
    words, spans = proposal.get("text"), proposal.get("spans")
    if page is None:
        if spans:
            raise AnchoringError(
                "No text is held for this article: spans have nothing to point into."
            )
        if same_words(words or "", ""):
            raise NoWords
        return ()
    return page.at(spans, words) if spans else page.find(words or "")


# Outlets and articles


def _find_outlets(filings: list[Filing]) -> None:
    named = [filing.data.get("outlet") for filing in filings]
    register = Register(Outlet.objects.all(), (), to_make=named)
    slugs = {}
    if unclear := [n for n in named if n and not as_uuid(n) and len(register.called(n)) != 1]:
        slugs = {o.slug: o for o in Outlet.objects.filter(slug__in=unclear)}
    for filing, name in zip(filings, named, strict=True):
        if not name:
            continue
        if key := as_uuid(name):
            found = [outlet] if (outlet := register.by_id(key)) else []
        elif name in slugs:
            found = [slugs[name]]
        else:
            found = register.called(name) or [
                register.make(name, slug=Outlet.free_slug(name, {o.slug for o in register.made}))
            ]
        if len(found) != 1:
            message = (
                f"{len(found)} outlets are called “{name}”: write the id or the slug."
                if found
                else "There is no outlet with this id."
            )
            raise Refused([{"pointer": "/outlet", "message": message}])
        filing.outlet = found[0]
    register.save_made()


def _with_text():
    return Article.objects.select_related("outlet", "snapshot")


def _find_articles(filings: list[Filing]) -> None:
    """Recognise each article by outlet and external_id, else by URL, else by outlet and text."""
    urls = {f.data["url"] for f in filings if f.data.get("url")}
    keys = dict(_url_keys(urls))
    known_as = [(filing.outlet and filing.outlet.pk, _known_as(filing)) for filing in filings]
    lock_all(
        [f"article:url:{key}" for key in keys.values()]
        + [f"article:known-as:{outlet}:{name}" for outlet, name in known_as if name]
    )
    external = {f.data["external_id"] for f in filings if f.data.get("external_id")}
    texts = [digest(f.data["text"]) for f in filings if _is_known_by_text(f)]
    by_text = Q(
        external_id__isnull=True,
        url__isnull=True,
        pk__in=Snapshot.objects.filter(sha256__in=texts).values("article"),
    )
    known = Article.objects.filter(
        Q(url_key__in=list(keys.values())) | Q(external_id__in=external) | by_text
    )
    found = list(_with_text().filter(pk__in=_locked(known)).order_by("pk"))
    texts_of = defaultdict(set)
    if texts:
        for article, sha256 in Snapshot.objects.filter(sha256__in=texts).values_list(
            "article", "sha256"
        ):
            texts_of[article].add(sha256)
    for filing in filings:
        filing.article = _recognise(filing, found, keys, texts_of)
        if filing.article:
            _check_outlet(filing)
            _check_others(filing, found, keys)
    _store_articles(filings)


def _url_keys(urls: set[str]) -> list[tuple[str, str]]:
    if not urls:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT u, sources_url_key(u) FROM unnest(%s::text[]) u", [list(urls)])
        return cursor.fetchall()


def _locked(records) -> list:
    return list(records.order_by("pk").select_for_update().values_list("pk", flat=True))


def _is_known_by_text(filing: Filing) -> bool:
    data = filing.data
    return not data.get("external_id") and not data.get("url") and data.get("text") is not None


def _known_as(filing: Filing) -> str:
    if external_id := filing.data.get("external_id"):
        return f"external_id:{external_id}"
    return f"text:{digest(filing.data['text'])}" if _is_known_by_text(filing) else ""


def _recognise(filing: Filing, found: list[Article], keys: dict, texts_of: dict) -> Article | None:
    data, outlet = filing.data, filing.outlet and filing.outlet.pk
    if external_id := data.get("external_id"):
        for article in found:
            if article.outlet_id == outlet and article.external_id == external_id:
                return article
    if url := data.get("url"):
        return next((a for a in found if a.url_key == keys[url]), None)
    if _is_known_by_text(filing):
        sha256 = digest(data["text"])
        for article in found:
            nameless = article.external_id is None and article.url is None
            if nameless and article.outlet_id == outlet and sha256 in texts_of[article.pk]:
                return article
    return None


def _check_outlet(filing: Filing) -> None:
    article, outlet = filing.article, filing.outlet
    if outlet and article.outlet and article.outlet.pk != outlet.pk:
        raise Refused(
            [
                {
                    "pointer": "/outlet",
                    "message": (
                        f"This URL is on record in another outlet, “{article.outlet.name}”, as "
                        f"article {article.pk}. If that is wrong, change that article first."
                    ),
                }
            ],
            status=HTTPStatus.CONFLICT,
        )


def _check_others(filing: Filing, found: list[Article], keys: dict) -> None:
    """Refuse to give an article what is known to be another's."""
    data, article = filing.data, filing.article
    outlet = filing.outlet or article.outlet
    for other in found:
        if other.pk == article.pk:
            continue
        if data.get("url") and other.url_key == keys[data["url"]]:
            name, what, rest = "url", "URL", "external_id"
        elif data.get("external_id") == other.external_id and other.outlet == outlet:
            name, what, rest = "external_id", "external_id", "URL"
        else:
            continue
        message = (
            f"This {what} is on record as article {other.pk}, and this {rest} as article "
            f"{article.pk}. Correct one of the two first."
        )
        raise Refused([{"pointer": f"/{name}", "message": message}], status=HTTPStatus.CONFLICT)


def _store_articles(filings: list[Filing]) -> None:
    made = []
    for filing in filings:
        said = {name: filing.data[name] for name in ARTICLE_FIELDS if name in filing.data}
        if filing.article is None:
            filing.article = Article(outlet=filing.outlet, **said)
            filing.outcome = "made"
            made.append(filing.article)
            continue
        if filing.outlet:
            said["outlet"] = filing.outlet
        if "published" in said:
            said.setdefault("published_at", None)
        if changed := {n: v for n, v in said.items() if getattr(filing.article, n) != v}:
            for name, value in changed.items():
                setattr(filing.article, name, value)
            filing.article.save(update_fields=changed)
            filing.outcome = "updated"
    Article.objects.bulk_create(made)


# Texts, and quotes that stand


def _store_texts(filings: list[Filing]) -> None:
    """Keep each text that differs from the one its article has now."""
    new: list[tuple[Filing, Snapshot]] = []
    for filing in filings:
        text = filing.data.get("text")
        if text is None:
            continue
        sha256 = digest(text)
        if filing.article.snapshot is None or filing.article.snapshot.sha256 != sha256:
            new.append((filing, Snapshot(article=filing.article, sha256=sha256, text=text)))
    earlier = {
        (snapshot.article_id, snapshot.sha256): snapshot
        for snapshot in Snapshot.objects.filter(
            sha256__in=[s.sha256 for f, s in new if f.outcome != "made"],
            article__in=[f.article for f, s in new if f.outcome != "made"],
        )
    }
    Snapshot.objects.bulk_create(s for f, s in new if (f.article.pk, s.sha256) not in earlier)
    for filing, snapshot in new:
        filing.article.snapshot = earlier.get((filing.article.pk, snapshot.sha256), snapshot)
        filing.text_changed = True
        if filing.outcome == "unchanged":
            filing.outcome = "updated"
    Article.objects.bulk_update([f.article for f, _ in new], ["snapshot"])


def _follow(filings: list[Filing]) -> None:
    """Bring the quotes that stand in an article to its present text."""
    before = {f.article.pk: f for f in filings if f.outcome != "made"}
    # Locked first, then read: a lock that had to wait would read what is joined as it was before.
    locked = _locked(Quote.objects.filter(article__in=list(before)))
    standing = (
        Quote.objects.filter(pk__in=locked)
        .select_related("speaker", "organisation", "affiliation")
        .prefetch_related("via", "speaker__affiliations__organisation")
    )
    for quote in standing.order_by("pk"):
        filing = before[quote.article_id]
        filing.standing.append(quote)
        if quote.speaker:
            filing.cast.append(quote.speaker)
        if quote.organisation:
            filing.bodies.append(quote.organisation)
    for filing in before.values():
        if filing.text_changed:
            _reanchor(filing)


def _reanchor(filing: Filing) -> None:
    """Follow each quote to its words in the present text, or say that they changed or went.

    Quotes that stay put come first, so that one that moved cannot take their place; then those
    that have the most of their old surroundings.
    """
    taken, present = set(), filing.article.snapshot
    steps = [(quote, _follow_one(filing.page, quote, taken)) for quote in filing.standing]
    for quote, following in sorted(steps, key=lambda step: _claim(filing.page, *step)):
        if following.spans in taken:
            following = _follow_one(filing.page, quote, taken)
        state, spans = following.state, following.spans
        if spans:
            taken.add(spans)
            if state == Quote.Anchor.EXACT and quote.anchor == Quote.Anchor.MOVED:
                state = Quote.Anchor.MOVED  # still not where it was first printed
            quote.snapshot, quote.spans = present, [list(span) for span in spans]
            quote.text = filing.page.text_at(spans)
        quote.anchor = state
        quote.nearest = (
            {**following.nearest.as_json(), "snapshot": present.sha256}
            if state == Quote.Anchor.ALTERED
            else None
        )
        filing.reanchored.append(quote)
    Quote.objects.bulk_update(
        filing.reanchored, ["snapshot", "spans", "text", "anchor", "nearest"], batch_size=500
    )


def _claim(page: Page, quote: Quote, following: Following) -> tuple[bool, int]:
    """Sorts quotes by their right to a place: the less, the better."""
    kept = 0
    if following.spans and quote.spans:
        prefix, suffix = page.context(following.spans[0])[0], page.context(following.spans[-1])[1]
        kept = Postfix.similarity(quote.contexts[0][0], prefix)
        kept += Prefix.similarity(quote.contexts[-1][1], suffix)
    return following.state != Quote.Anchor.EXACT, -kept


def _follow_one(page: Page, quote: Quote, taken: set) -> Following:
    """Where a quote stands now; one filed without a text finds its place in the first captured."""
    if quote.spans:
        prefix, suffix = quote.contexts[0][0], quote.contexts[-1][1]
        return page.follow(quote.text, quote.spans, prefix, suffix, taken)
    try:
        if (spans := page.find(quote.text)) not in taken:
            return Following(Quote.Anchor.EXACT, spans, None)
    except AnchoringError:
        pass
    return Following(Quote.Anchor.UNANCHORED, None, None)


# Quotes


@dataclass
class Draft:
    """One quote of a filing that is to be stored: new, or a proposal that is filed anew."""

    filing: Filing
    filed: FiledQuote
    proposal: dict
    is_new: bool

    @property
    def quote(self) -> Quote:
        return self.filed.quote


def _folded_names(filings: list[Filing]) -> dict[str, str]:
    """The names that are to be compared with those of quotes on record; one query."""
    proposals = [proposal for f in filings if f.standing for proposal in f.proposals]
    names = [p[name] for p in proposals for name in ("speaker", "organisation") if p.get(name)]
    return fold_all(names)


def _drafts(filing: Filing, folded: dict[str, str]) -> Iterator[Draft]:
    """Tell quotes that stand from new ones, and say what the filing changes of the first."""
    by_place = {_place_of(quote): quote for quote in filing.standing}
    by_words = _paired_by_words(filing, folded)
    present = filing.article.snapshot
    for index, (proposal, spans) in enumerate(zip(filing.proposals, filing.spans, strict=True)):
        status = proposal.get("status", Quote.Status.PROPOSED)
        if spans:
            standing = by_place.get((present.pk, tuple(map(tuple, spans))))
        else:
            standing = by_words.get(index)
        if standing is None:
            quote = Quote(
                article=filing.article,
                snapshot=present if spans else None,
                spans=[list(span) for span in spans],
                text=filing.page.text_at(spans) if spans else proposal["text"],
                anchor=Quote.Anchor.EXACT if spans else Quote.Anchor.UNANCHORED,
                status=status,
                kind=proposal.get("kind", Quote.Kind.DIRECT),
                language=proposal.get("language", filing.article.language),
            )
            filed = FiledQuote(quote, "made")
            is_new = True
        else:
            differs = _differences(standing, proposal, folded)
            filed = FiledQuote(standing, "unchanged", differs=differs)
            is_new = False
            if status == Quote.Status.PUBLISHED and standing.status == Quote.Status.PROPOSED:
                filed.differs.append("status")
        filing.quotes.append(filed)
        if is_new or filed.differs:
            yield Draft(filing, filed, proposal, is_new)


def _place_of(quote: Quote) -> tuple:
    return quote.snapshot_id, tuple(map(tuple, quote.spans))


def _paired_by_words(filing: Filing, folded: dict[str, str]) -> dict[int, Quote]:
    """The unanchored quote that each proposal without a place stands for, by its index.

    The same words printed of the same speaker are the same quote; where several are, the speakers
    who are named tell them apart before their order does.
    """
    waiting = defaultdict(list)
    for quote in filing.standing:
        if not quote.spans:
            waiting[quote.text, quote.attribution_speaker].append(quote)
    paired = {}
    for certain in (True, False):
        for index, (proposal, spans) in enumerate(zip(filing.proposals, filing.spans, strict=True)):
            if spans or index in paired:
                continue
            printed = (proposal.get("attribution") or {}).get("speaker")
            for quote in (alike := waiting[proposal["text"], printed]):
                if not certain or "speaker" not in _differences(quote, proposal, folded):
                    paired[index] = quote
                    alike.remove(quote)
                    break
    return paired


def _differences(quote: Quote, proposal: dict, folded: dict[str, str]) -> list[str]:
    """What a filing says of a quote on record that is not what the record says."""
    differs = [
        name for name in PLAIN_FIELDS if name in proposal and proposal[name] != getattr(quote, name)
    ]
    printed = proposal.get("attribution") or {}
    differs += [
        f"attribution.{name}"
        for name in PRINTED_FIELDS
        if name in printed and printed[name] != getattr(quote, f"attribution_{name}")
    ]
    body = proposal.get("organisation")
    if body and not _names(body, quote.organisation, folded):
        differs.append("organisation")
    # A quote that names nobody may have been matched by the name that is printed.
    name = printed.get("speaker", quote.attribution_speaker)
    is_silent = not proposal.get("speaker") and (name or not quote.speaker)
    is_silent = is_silent or "speaker" not in proposal
    if not is_silent and not _names(proposal["speaker"], quote.speaker, folded):
        differs.append("speaker")
    if "via" in proposal:
        chain = [(step["kind"], step["name"]) for step in proposal["via"]]
        if chain != [(step.kind, step.name) for step in quote.via.all()]:
            differs.append("via")
    return differs


def _names(value: str | None, record: Named | None, folded: dict[str, str]) -> bool:
    """Whether an id or a name stands for this record."""
    if value is None or record is None:
        return value is None and record is None
    if key := as_uuid(value):
        return key == record.pk
    return folded[value] in record.names_folded


# Who said it


def _resolve(drafts: list[Draft]) -> None:
    """Fill in what each draft says, and match its names or make them."""
    for draft in drafts:
        if not draft.is_new and draft.quote.status != Quote.Status.PROPOSED:
            # It was reviewed: say so to the filer and to a curator, and leave it.
            draft.filed.outcome = "differs"
            _flag(draft.quote, Flag.FILING_DIFFERS)
            continue
        if not draft.is_new:
            draft.filed.outcome = "updated"
            draft.quote.status = draft.proposal.get("status", draft.quote.status)
            _let_go(draft)
        for name in PLAIN_FIELDS:
            if name in draft.proposal:
                setattr(draft.quote, name, draft.proposal[name])
        for name, value in (draft.proposal.get("attribution") or {}).items():
            setattr(draft.quote, f"attribution_{name}", value)
    _match([d for d in drafts if d.filed.outcome in ("made", "updated")])


def _let_go(draft: Draft) -> None:
    """Drop what was concluded about a quote from what the filing now says otherwise."""
    quote, differs = draft.quote, set(draft.filed.differs)
    if "speaker" in differs:
        _unflag(quote, Flag.AMBIGUOUS_SPEAKER, Flag.UNRESOLVED_SPEAKER)
        tie = quote.speaker and quote.speaker.organisation_id
        if quote.affiliation or quote.organisation_id == tie:
            quote.organisation = None
    if "organisation" in differs:
        _unflag(quote, Flag.AMBIGUOUS_ORGANISATION)
    if differs & {"speaker", "organisation", "role", "attribution.role", "said"}:
        quote.affiliation = None
        _unflag(quote, Flag.ROLE_CONFLICT)


def _match(drafts: list[Draft]) -> None:
    """Organisations first, for they tell speakers apart; then speakers; then affiliations."""
    if not drafts:
        return
    spoken = [d.proposal.get("speaker") for d in drafts]
    spoken += [d.quote.attribution_speaker for d in drafts if not d.proposal.get("speaker")]
    organisations = Register(
        Organisation.objects.all(),
        spoken,
        to_make=[d.proposal.get("organisation") for d in drafts],
    )
    for draft in drafts:
        _match_organisation(draft, organisations)
    organisations.save_made()
    named = [key for name in spoken if name and (key := as_uuid(name))]
    present = [*named, *(speaker.pk for d in drafts for speaker in d.filing.cast)]
    speakers = Register(
        # "One resident" is another one in every article, and there are many.
        Speaker.objects.exclude(NAMELESS & ~Q(pk__in=present))
        .select_related("organisation")
        .prefetch_related("affiliations__organisation"),
        spoken,
    )
    speakers.hold(
        name
        for draft in drafts
        if (name := draft.proposal.get("speaker"))
        and len(_candidates(draft, name, speakers, organisations)[0]) != 1
    )
    for draft in drafts:
        # Ids are written only now: what was made has just got one.
        draft.quote.organisation = draft.quote.organisation
        _match_speaker(draft, speakers, organisations)
    speakers.save_made()
    known = [d for d in drafts if d.filed.speaker in ("matched", "kept")]
    roles = fold_all(
        [
            role
            for d in known
            for role in (
                d.quote.role,
                d.quote.attribution_role,
                *(a.role for a in d.quote.speaker.affiliations.all()),
            )
            if role
        ]
    )
    for draft in drafts:
        draft.quote.speaker = draft.quote.speaker
    for draft in known:
        _match_affiliation(draft, roles)


def _match_organisation(draft: Draft, register: Register) -> None:
    name, quote = draft.proposal.get("organisation"), draft.quote
    if not name:
        return
    if key := as_uuid(name):
        quote.organisation, draft.filed.organisation = register.by_id(key), "matched"
        return
    if quote.organisation and _names(name, quote.organisation, register.folded):
        draft.filed.organisation = "kept"
        return
    found = register.called(name)
    if len(found) > 1:
        # Within one article a name means one organisation.
        found = [body for body in found if _is_among(body, draft.filing.bodies)] or found
    if len(found) == 1:
        (quote.organisation,) = found
        draft.filed.organisation = "made" if quote.organisation._state.adding else "matched"
    else:
        quote.organisation = register.make(name)
        draft.filed.organisation = "ambiguous" if found else "made"
        if found:
            draft.filing.doubtful.append(quote.organisation)
    draft.filing.bodies.append(quote.organisation)
    if _is_among(quote.organisation, draft.filing.doubtful):
        draft.filed.organisation = "ambiguous"
        _flag(quote, Flag.AMBIGUOUS_ORGANISATION)


def _match_speaker(draft: Draft, register: Register, organisations: Register) -> None:
    name, quote = draft.proposal.get("speaker"), draft.quote
    if not name:
        if draft.is_new or "speaker" in draft.filed.differs:
            quote.speaker = None
            _match_printed_speaker(draft, register)
        elif quote.speaker:
            draft.filed.speaker = "kept"
        return
    if key := as_uuid(name):
        quote.speaker, draft.filed.speaker = register.by_id(key), "matched"
    elif quote.speaker and _names(name, quote.speaker, register.folded):
        draft.filed.speaker = "kept"
    else:
        _match_named_speaker(draft, name, register, organisations)
    draft.filing.cast.append(quote.speaker)
    if not quote.organisation and quote.speaker.organisation:
        quote.organisation = quote.speaker.organisation


def _match_printed_speaker(draft: Draft, register: Register) -> None:
    """Nobody is named but in the text: take a full name that one person has, and no surname."""
    if not (printed := draft.quote.attribution_speaker):
        return
    found = [s for s in register.called(printed) if _may_be(s, Speaker.Kind.PERSON, None, draft)]
    if len(found) == 1:
        draft.quote.speaker, draft.filed.speaker = found[0], "matched"
        return
    draft.filed.speaker = "unresolved"
    _flag(draft.quote, Flag.UNRESOLVED_SPEAKER)


def _match_named_speaker(
    draft: Draft, name: str, register: Register, organisations: Register
) -> None:
    quote, filing = draft.quote, draft.filing
    found, kind, tie = _candidates(draft, name, register, organisations)
    if len(found) == 1:
        (quote.speaker,) = found
        draft.filed.speaker = "made" if quote.speaker._state.adding else "matched"
    else:
        tied, named = kind not in (None, Speaker.Kind.PERSON), register.called(name)
        quote.speaker = register.make(
            name, kind=kind or Speaker.Kind.PERSON, organisation=tie if tied else None
        )
        draft.filed.speaker = "made"
        others = [] if tied else [s for s in named if s.kind == Speaker.Kind.PERSON]
        if found or others:
            filing.doubtful.append(quote.speaker)
    if _is_among(quote.speaker, filing.doubtful):
        draft.filed.speaker = "ambiguous"
        _flag(quote, Flag.AMBIGUOUS_SPEAKER)


def _candidates(
    draft: Draft, name: str, register: Register, organisations: Register
) -> tuple[list[Speaker], str | None, Organisation | None]:
    """The speakers of this name whom nothing contradicts; what kind the name is for, and whose."""
    body = draft.quote.organisation
    kind, tie = _kind(draft, name, register, organisations)
    found = [s for s in register.called(name) if _may_be(s, kind, tie, draft)]
    if len(found) > 1 and body:
        found = [s for s in found if _speaks_for(s, body)] or found
    if len(found) > 1:
        # Within one article a name means one speaker.
        found = [s for s in found if _is_among(s, draft.filing.cast)] or found
    return found, kind, tie


def _kind(
    draft: Draft, name: str, register: Register, organisations: Register
) -> tuple[str | None, Organisation | None]:
    """What kind of speaker a name is for, as far as can be told, and what it is tied to.

    The filer may say. Else an organisation's name is the organisation, and words that do not end as
    a name does ("a ministry spokesperson", "police") are nobody's name, unless a person is known to
    be called so.
    """
    kind, organisation = draft.proposal.get("speaker_kind"), draft.quote.organisation
    bodies = organisations.called(name)
    if kind is None and bodies:
        kind = Speaker.Kind.ORGANISATION
    if kind == Speaker.Kind.ORGANISATION and len(bodies) == 1:
        return kind, bodies[0]
    people = [s for s in register.called(name) if s.kind == Speaker.Kind.PERSON]
    if kind is None and not people and name.split()[-1].islower():
        kind = Speaker.Kind.UNNAMED
    return kind, organisation


def _may_be(speaker: Speaker, kind: str | None, tie: Organisation | None, draft: Draft) -> bool:
    """Whether nothing contradicts that a speaker of this name is the one who is meant."""
    if kind is not None and speaker.kind != kind:
        return False
    if speaker.kind == Speaker.Kind.PERSON:
        return not _is_elsewhere(speaker, draft)
    if speaker.kind == Speaker.Kind.ORGANISATION:
        return tie is None or speaker.organisation in (None, tie)
    if tie is None:
        # "One resident" is the same one only within an article.
        return speaker.organisation is None and _is_among(speaker, draft.filing.cast)
    return speaker.organisation == tie


def _is_elsewhere(speaker: Speaker, draft: Draft) -> bool:
    """Whether all that a person is known to have been on that date is at other organisations.

    The same role at an organisation of another name contradicts nothing: names of bodies vary.
    """
    quote, when = draft.quote, _when(draft)
    if quote.organisation is None or speaker._state.adding:
        return False
    held = [a for a in speaker.affiliations.all() if a.may_hold_on(when)]
    role = (quote.attribution_role or quote.role or "").casefold()
    return bool(held) and not any(
        _are_related(a.organisation, quote.organisation) or a.role.casefold() == role for a in held
    )


def _are_related(one: Organisation, other: Organisation) -> bool:
    return one == other or one.pk == other.parent_id or other.pk == one.parent_id


def _speaks_for(speaker: Speaker, organisation: Organisation) -> bool:
    if speaker._state.adding:
        return False
    held = (affiliation.organisation for affiliation in speaker.affiliations.all())
    return speaker.organisation == organisation or organisation in held


def _is_among(record: Named, records: list[Named]) -> bool:
    # What is not stored yet has no key to be compared by.
    return any(
        one is record or (one == record and not one._state.adding and not record._state.adding)
        for one in records
    )


def _when(draft: Draft) -> PartialDate | None:
    """The date of the words, as far as it is known: said, else printed."""
    return draft.quote.said or draft.filing.article.published


def _match_affiliation(draft: Draft, roles: dict[str, str]) -> None:
    """Take the affiliation that the named role and organisation fit, if one does.

    A printed role that fits nothing the speaker was on that date is flagged.
    """
    quote, when = draft.quote, _when(draft)
    named = {roles[role] for role in (quote.role, quote.attribution_role) if role}
    if not named:
        return
    held = [a for a in quote.speaker.affiliations.all() if a.may_hold_on(when)]
    fitting = [
        affiliation
        for affiliation in held
        if roles[affiliation.role] in named
        and quote.organisation in (None, affiliation.organisation)
    ]
    if len(fitting) == 1:
        (quote.affiliation,) = fitting
        quote.organisation = quote.affiliation.organisation
    agreeing = any(
        set(role.split()) <= set(roles[a.role].split())
        or set(roles[a.role].split()) <= set(role.split())
        for role in named
        for a in held
    )
    if when and held and not agreeing:
        _flag(quote, Flag.ROLE_CONFLICT)


def _unflag(quote: Quote, *flags: str) -> None:
    quote.flags = [flag for flag in quote.flags if flag not in flags]


def _flag(quote: Quote, flag: str) -> None:
    if flag not in quote.flags:
        quote.flags = [*quote.flags, flag]


# Storing


def _store_quotes(filings: list[Filing], drafts: list[Draft]) -> None:
    new = [draft for draft in drafts if draft.is_new]
    Quote.objects.bulk_create([draft.quote for draft in new], batch_size=500)
    if changed := [draft.quote for draft in drafts if not draft.is_new]:
        columns = [*PLAIN_FIELDS, *(f"attribution_{name}" for name in PRINTED_FIELDS)]
        columns += ["status", "flags", "speaker", "organisation", "affiliation"]
        Quote.objects.bulk_update(changed, columns, batch_size=200)
    rechained = [
        draft
        for draft in drafts
        if draft.filed.outcome in ("made", "updated") and "via" in draft.proposal
    ]
    Via.objects.filter(quote__in=[d.quote for d in rechained if not d.is_new]).delete()
    outlets = Register(
        Outlet.objects.all(), [step["name"] for d in rechained for step in d.proposal["via"]]
    )
    Via.objects.bulk_create(
        [
            Via(
                quote=draft.quote,
                position=position,
                kind=step["kind"],
                name=step["name"],
                outlet=known[0] if len(known := outlets.called(step["name"])) == 1 else None,
            )
            for draft in rechained
            for position, step in enumerate(draft.proposal["via"])
        ],
        batch_size=1000,
    )

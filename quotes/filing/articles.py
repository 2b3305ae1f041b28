"""Recognise the article of a filing as one on record, or create it; likewise its outlet."""

from collections import defaultdict
from http import HTTPStatus
from uuid import UUID

from django.db.models import Q

from quotes.filing.comparison import (
    article_last,
    article_record,
    article_said,
    as_json,
    compare,
    is_late,
)
from quotes.filing.types import Filing, Refused, summary
from quotes.models import LastFiling
from sources.database.locks import lock_all
from sources.identity.matching import Register
from sources.models import Article, Outlet, Snapshot
from sources.models.functions import url_keys
from sources.models.ids import as_uuid, digest, new_ids


def recognise_outlets(filings: list[Filing]) -> None:
    """Set each filing's outlet: by id, slug or name, else created; 3 queries for any number."""
    only = [str(*f.filer.outlets) if len(f.filer.outlets) == 1 else None for f in filings]
    named = [f.data.get("outlet") or outlet for f, outlet in zip(filings, only, strict=True)]
    register = Register(Outlet.objects.all(), (), to_make=named)
    slugs = {}
    if unclear := [n for n in named if n and not as_uuid(n) and len(register.called(n)) != 1]:
        slugs = {o.slug: o.survivor for o in Outlet.objects.filter(slug__in=unclear)}
    for filing, name in zip(filings, named, strict=True):
        if not name:
            continue
        if key := as_uuid(name):
            outlet = register.by_id(key)
            found = [outlet.survivor] if outlet and filing.filer.sees(outlet) else []
        elif name in slugs:
            found = [slugs[name]]
        else:
            found = register.called(name) or [
                register.make(name, slug=Outlet.free_slug(name, {o.slug for o in register.made}))
            ]
        if len(found) != 1:
            message = (
                f"{len(found)} outlets are called “{name}”. Send the id or the slug."
                if found
                else "There is no outlet with this id."
            )
            raise Refused([{"pointer": "/outlet", "message": message}])
        filing.outlet = found[0]
    for filing in filings:
        refuse_other_outlets(filing)
    register.save_made()


def refuse_other_outlets(filing: Filing) -> None:
    """Raise `Refused` if the filer is bound to outlets and this is for none of them."""
    bound = filing.filer.outlets
    if bound and (filing.outlet is None or filing.outlet.pk not in bound):
        names = Outlet.objects.filter(pk__in=bound).order_by("name").values_list("name", flat=True)
        message = f"You file for these outlets only: {', '.join(names)}."
        raise Refused([{"pointer": "/outlet", "message": message}], status=HTTPStatus.FORBIDDEN)


def with_text():
    return Article.objects.select_related("outlet", "snapshot")


def recognise_articles(filings: list[Filing]) -> None:
    """Recognise each article by outlet and external_id, else by URL, else by outlet and text.

    What an article was filed as counts too: a curator may have moved it since. An article without
    any of them is recognised if all its details are equal. A merged one stands for its survivor.
    """
    keys = url_keys(f.data["url"] for f in filings if f.data.get("url"))
    identities = [(f.outlet and f.outlet.pk, _identity_key(f)) for f in filings]
    lock_all(
        [f"article:url:{key}" for key in keys.values()]
        + [f"article:known-as:{outlet}:{name}" for outlet, name in identities if name]
    )
    external = {f.data["external_id"] for f in filings if f.data.get("external_id")}
    texts = [digest(f.data["text"]) for f in filings if _is_identified_by_text(f)]
    by_text = Q(
        external_id__isnull=True,
        url__isnull=True,
        pk__in=Snapshot.objects.filter(sha256__in=texts).values("article"),
    )
    filed = LastFiling.objects.filter(
        Q(url_key__in=list(keys.values()))
        | Q(external_id__in=external)
        | Q(sha256__in=texts, external_id=None, url=None)
    )
    known = Article.objects.filter(
        Q(url_key__in=list(keys.values()))
        | Q(external_id__in=external)
        | by_text
        | Q(pk__in=filed.values("article"))
        | Q(pk__in=_matching_details([f for f in filings if _is_identified_by_details(f)]))
    )
    led = lock_articles(known)
    found = list(with_text().filter(pk__in=led).order_by("pk"))
    by_id = {article.pk: article for article in found}
    survivors = {key: by_id[survivor] for key, survivor in led.items()}
    filed_as = _filed_as(found, filed, led)
    texts_of = defaultdict(set)
    if texts:
        for article, sha256 in Snapshot.objects.filter(sha256__in=texts).values_list(
            "article", "sha256"
        ):
            texts_of[article].add(sha256)
    for filing in filings:
        filing.article = _recognise(filing, found, keys, texts_of)
        if filing.article:
            filing.article = survivors[filing.article.pk]
        if filing.article is None:
            filing.article = _recognise_as_filed(filing, found, keys, filed_as)
        elif not _was_filed_so(filing, filed_as):
            _check_outlet(filing)
        if filing.article:
            _check_others(filing, found, keys, survivors)
        filing.is_new = filing.article is None
        filing.url_key = keys.get(filing.data.get("url"))


def _filed_as(found: list[Article], filed, led: dict) -> dict[UUID, list[LastFiling]]:
    """How these articles were filed, by the surviving one, with the outlets of then as of now."""
    filed_as = defaultdict(list)
    if not found:
        return filed_as
    rows = list(filed.filter(article__in=found).order_by("pk"))
    outlets = Outlet.objects.survivors({row.outlet for row in rows if row.outlet})
    for row in rows:
        row.outlet = outlets.get(row.outlet, row.outlet)
        filed_as[led[row.article_id]].append(row)
    return filed_as


def _recognise_as_filed(
    filing: Filing, found: list[Article], keys: dict, filed_as: dict
) -> Article | None:
    """The article that was filed as this one says, whatever a curator has changed of it since."""
    data, outlet = filing.data, filing.outlet and filing.outlet.pk
    for article in found:
        for row in filed_as[article.pk]:
            if external_id := data.get("external_id"):
                same = (row.outlet, row.external_id) == (outlet, external_id)
            elif url := data.get("url"):
                same = row.url_key == keys[url]
            else:
                nameless = row.external_id is None and row.url is None
                same = nameless and row.outlet == outlet and _has_text(filing, row)
            if same:
                return article
    return None


def _has_text(filing: Filing, row: LastFiling) -> bool:
    return _is_identified_by_text(filing) and row.sha256 == digest(filing.data["text"])


def _was_filed_so(filing: Filing, filed_as: dict) -> bool:
    """Whether somebody filed this article under the same outlet before."""
    outlet = filing.outlet and filing.outlet.pk
    return any(row.outlet == outlet for row in filed_as[filing.article.pk])


def lock_rows(records) -> list:
    return list(records.order_by("pk").select_for_update().values_list("pk", flat=True))


def lock_articles(known) -> dict[UUID, UUID]:
    """Lock these articles, and those they were merged into; map each to its surviving one.

    One query, and one more for each step of a chain of merges.
    """
    leads_to = {}
    while True:
        rows = known.order_by("pk").select_for_update().values_list("pk", "merged_into")
        leads_to |= dict(rows)
        if not (more := {key for key in leads_to.values() if key} - leads_to.keys()):
            break
        known = Article.objects.filter(pk__in=more)
    led = {}
    for article in leads_to:
        survivor = article
        while leads_to[survivor]:
            survivor = leads_to[survivor]
        led[article] = survivor
    return led


def _is_identified_by_text(filing: Filing) -> bool:
    data = filing.data
    return not data.get("external_id") and not data.get("url") and data.get("text") is not None


def _is_identified_by_details(filing: Filing) -> bool:
    return not any(filing.data.get(name) for name in ("external_id", "url", "text"))


def _details(filing: Filing) -> dict:
    """Details that identify an article without text, URL and external_id within its outlet."""
    said = {name: filing.data.get(name) for name in ("headline", "published", "language")}
    return {**said, "byline": filing.data.get("byline", [])}


def _matching_details(filings: list[Filing]) -> list:
    """Ids of articles with equal details; without a headline, their quotes must be equal too."""
    found = []
    for filing in filings:
        unidentified = Article.objects.filter(external_id=None, url=None, outlet=filing.outlet)
        equal = unidentified.filter(**_details(filing)).prefetch_related("quotes")
        words = {proposal.get("text") for proposal in filing.proposals}
        for article in equal.order_by("pk"):
            printed = {quote.text for quote in article.quotes.all()}
            if filing.data.get("headline") or words == printed:
                found.append(article.pk)
                filing.matched_by_details = article.pk
                break
    return found


def _identity_key(filing: Filing) -> str:
    """Name of the lock that keeps two filings from creating one article; a URL has its own."""
    if external_id := filing.data.get("external_id"):
        return f"external_id:{external_id}"
    if _is_identified_by_text(filing):
        return f"text:{digest(filing.data['text'])}"
    if _is_identified_by_details(filing):
        return f"details:{sorted((k, str(v)) for k, v in _details(filing).items())}"
    return ""


def _recognise(filing: Filing, found: list[Article], keys: dict, texts_of: dict) -> Article | None:
    data, outlet = filing.data, filing.outlet and filing.outlet.pk
    if external_id := data.get("external_id"):
        for article in found:
            if article.outlet_id == outlet and article.external_id == external_id:
                return article
    if url := data.get("url"):
        return next((a for a in found if a.url_key == keys[url]), None)
    if _is_identified_by_text(filing):
        sha256 = digest(data["text"])
        for article in sorted(found, key=lambda each: not _is_present(sha256, each)):
            nameless = article.external_id is None and article.url is None
            if nameless and article.outlet_id == outlet and sha256 in texts_of[article.pk]:
                return article
    return next((a for a in found if a.pk == filing.matched_by_details), None)


def _is_present(sha256: str, article: Article) -> bool:
    return article.snapshot is not None and article.snapshot.sha256 == sha256


def _check_outlet(filing: Filing) -> None:
    article, outlet = filing.article, filing.outlet
    if outlet and article.outlet and article.outlet.pk != outlet.pk:
        raise Refused(
            [
                {
                    "pointer": "/outlet",
                    "message": (
                        f"This URL is on record for another outlet, “{article.outlet.name}”, as "
                        f"article {article.pk}. If that is wrong, correct that article first."
                        if filing.filer.sees(article)
                        else "This URL is on record for another outlet. A curator can settle it."
                    ),
                }
            ],
            status=HTTPStatus.CONFLICT,
        )


def _check_others(filing: Filing, found: list[Article], keys: dict, survivors: dict) -> None:
    """Refuse a URL or external_id that another article has."""
    data, article = filing.data, filing.article
    outlet = filing.outlet or article.outlet
    for other in found:
        if survivors[other.pk] == article:
            is_named = data.get("url") and other.url_key == keys[data["url"]]
            filing.has_url_of_merged |= bool(is_named) and other.pk != article.pk
            continue
        if data.get("url") and other.url_key == keys[data["url"]]:
            name, what, rest = "url", "URL", "external_id"
        elif data.get("external_id") == other.external_id and other.outlet == outlet:
            name, what, rest = "external_id", "external_id", "URL"
        else:
            continue
        remedy = (
            f"merge them: POST articles/{other.pk}/merge/"
            if filing.filer.may_change
            else "ask a curator to merge them (articles/{id}/merge/)"
        )
        message = (
            f"This {what} is on record as article {other.pk}, and this {rest} as article "
            f"{article.pk}. If they are one article, {remedy}; else correct one of the two."
            if filing.filer.sees(other) and filing.filer.sees(article)
            else f"This {what} and this {rest} are on record as two articles. A curator can settle "
            "it."
        )
        raise Refused([{"pointer": f"/{name}", "message": message}], status=HTTPStatus.CONFLICT)


def store_articles(filings: list[Filing]) -> None:
    """Create the articles that are new, and change of the others what the filings changed."""
    made = []
    for filing in filings:
        said = article_said(filing.data)
        filing.said = as_json(said)
        if filing.data.get("outlet"):
            filing.said["outlet"] = filing.data["outlet"]
        if filing.is_new:
            filing.article = Article(outlet=filing.outlet, **said)
            made.append(filing.article)
        elif filing.is_whole:
            _change_article(filing, said)
    # The snapshot is stored after its article: the foreign key is checked at commit.
    written = [f for f in filings if f.is_new and f.data.get("text") is not None]
    for filing, key in zip(written, new_ids(len(written)), strict=True):
        filing.article.snapshot_id = key
    Article.objects.bulk_create(made)


def _change_article(filing: Filing, said: dict) -> None:
    filing.before = article_record(filing.article)
    filing.is_late = is_late(filing)
    if filing.is_late:
        filing.fields = dict.fromkeys(filing.said, "kept")
        return
    now = filing.before
    same = {name: filing.said[name] == now[name] for name in said}
    if filing.url_key:
        same["url"] = filing.url_key == filing.article.url_key  # however it is spelt
        same["url"] |= filing.has_url_of_merged
    same["outlet"] = filing.outlet and filing.outlet.pk == filing.article.outlet_id
    filing.fields = compare(filing.said, article_last(filing), now, same)
    if filing.fields.get("external_id") == "updated" and now["external_id"]:
        filing.fields["external_id"] = "differs"  # an article keeps the id it has
    if {"published", "published_at"} <= filing.fields.keys():
        both = summary([filing.fields["published"], filing.fields["published_at"]])
        filing.fields |= {"published": both, "published_at": both}
    values = said | {"outlet": filing.outlet}
    changed = [name for name, became in filing.fields.items() if became == "updated"]
    for name in changed:
        setattr(filing.article, name, values[name])
    if changed:
        filing.article.save(update_fields=changed)

"""Factories: plain functions that create records in the database, without filing."""

from itertools import count

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from quotes.models import Quote, Utterance, Via, Webhook
from sources.models import Affiliation, Article, Fact, Organisation, Outlet, Snapshot, Speaker
from sources.models.ids import digest, new_ids

_number = count(1)

LIST_PATHS = [
    "articles/",
    "quotes/",
    "speakers/",
    "organisations/",
    "outlets/",
    "affiliations/",
    "facts/",
]


def make_colleague(username: str, group: str = "Curators", **values):
    """A member of staff who may sign in to the admin."""
    user = get_user_model().objects.create_user(username, is_staff=True, **values)
    user.groups.add(Group.objects.get(name=group))
    return user


def make_outlet(name: str = "The Harbour Post", **values) -> Outlet:
    return Outlet.objects.create(name=name, **{"slug": Outlet.free_slug(name), **values})


def make_organisation(name: str = "Harbour Board", **values) -> Organisation:
    return Organisation.objects.create(name=name, **values)


def make_speaker(name: str = "Mara Quill", **values) -> Speaker:
    return Speaker.objects.create(name=name, **values)


def make_affiliation(**values) -> Affiliation:
    values.setdefault("role", "harbour master")
    if "speaker" not in values:
        values["speaker"] = make_speaker()
    if "organisation" not in values:
        values["organisation"] = make_organisation()
    return Affiliation.objects.create(**values)


def make_fact(**values) -> Fact:
    values = {"key": "party", "value": "Harbour Party", "source": "Her own page", **values}
    if "speaker" not in values:
        values["speaker"] = make_speaker()
    return Fact.objects.create(**values)


def make_article(text: str | None = None, **values) -> Article:
    """An article, with a snapshot if a text is given."""
    article = Article.objects.create(**values)
    if text is not None:
        article.snapshot = Snapshot.objects.create(
            article=article, text=text, headline=article.headline, sha256=digest(text)
        )
        article.save(update_fields=["snapshot"])
    return article


@transaction.atomic
def make_quote(
    text: str = "We had no choice",
    *,
    article: Article | None = None,
    outlet: Outlet | None = None,
    published: str | None = None,
    url: str | None = None,
    via: list[Outlet | str] = (),
    anchor: str = "exact",
    **values,
) -> Quote:
    """A published quote, by default in an article of its own that contains its words."""
    if article is None:
        words = None if anchor == "unanchored" else f"“{text}” it said, {next(_number)}."
        article = make_article(words, outlet=outlet, published=published, url=url)
    if anchor != "unanchored":
        start = article.snapshot.text.index(text)
        values |= {"snapshot": article.snapshot, "spans": [[start, start + len(text)]]}
    values = {"kind": "direct", "status": "published", "id": new_ids(1)[0], **values}
    for position, step in enumerate(via):
        known = None if isinstance(step, str) else step
        # Before the quote: stored later, the chain would add a version.
        Via.objects.create(
            quote_id=values["id"],
            position=position,
            kind="cited",
            name=known.name if known else step,
            outlet=known,
        )
    return Quote.objects.create(article=article, text=text, anchor=anchor, **values)


def hide(quotes, status: str = "proposed") -> None:
    """Take quotes back from readers, with the public note that PostgreSQL asks for."""
    note = {"when": "2026-03-15T08:30:00Z", "note": "Published by mistake.", "changed": []}
    quotes.update(status=status, corrections=[note])


def make_quotes(number: int, article: Article, **values) -> list[Quote]:
    """Many quotes of one article, created in bulk, each one word of a new snapshot."""
    text = " ".join(f"w{index:06}" for index in range(number))
    snapshot = Snapshot.objects.create(article=article, text=text, sha256=digest(text))
    return Quote.objects.bulk_create(
        Quote(
            article=article,
            snapshot=snapshot,
            text=text[start : start + 7],
            spans=[[start, start + 7]],
            **{"anchor": "exact", "kind": "direct", "status": "published", **values},
        )
        for start in range(0, 8 * number, 8)
    )


def make_utterance() -> Utterance:
    return Utterance.objects.create()


def make_webhook(user, **values) -> Webhook:
    given = {"url": "https://cms.example/hook", "types": ["quote", "speaker"], **values}
    return Webhook.objects.create(user=user, **given)


def make_broken_quote(**values) -> Quote:
    """A quote split by “said Mara Quill” into two spans, in an article with every field."""
    words = ["We had no choice,", "none at all."]
    text = f"The quay will close. “{words[0]}” said Mara Quill, “{words[1]}”"
    article = make_article(
        text,
        outlet=make_outlet(url="https://harbourpost.example"),
        url="https://harbourpost.example/2026/quay",
        headline="Quay to close",
        byline=["Ada Lund", "Bo Ek"],
        published="2026-03-14",
        language="en-GB",
    )
    board = make_organisation()
    held = make_affiliation(organisation=board)
    starts = [text.index(part) for part in words]
    return Quote.objects.create(
        article=article,
        snapshot=article.snapshot,
        text=" ".join(words),
        spans=[[at, at + len(part)] for at, part in zip(starts, words, strict=True)],
        seams=["interruption"],
        **{
            "anchor": "exact",
            "kind": "direct",
            "status": "published",
            "language": "en",
            "speaker": held.speaker,
            "organisation": board,
            "affiliation": held,
            "attribution_speaker": "Ms Quill",
            "said": "2026-03",
            **values,
        },
    )

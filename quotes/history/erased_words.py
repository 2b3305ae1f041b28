"""What erased records said: words, names and identities, in every state that they ever had."""

from collections import defaultdict
from uuid import UUID

from django.db import models

from sources.history.remembered import identities_of
from sources.history.words import IN_TEXTS, MIN_PIECE
from sources.identity.names import NameKind, parse
from sources.ledger.revisions import Revision
from sources.models import Article, Snapshot, Speaker
from sources.models.functions import NameKey, keys_of, url_keys


def states_of(model: type[models.Model], keys: set[UUID]) -> list[dict]:
    """Every state that these records ever had, except those already erased."""
    kept = Revision.objects.filter(
        subject_type=model._meta.model_name, subject_id__in=keys, state__isnull=False
    )
    return list(kept.values_list("state", flat=True))


def words_of(states: list[dict]) -> set[str]:
    """The words of these states of quotes, and those of each span if there are several."""
    split = [state for state in states if len(state["spans"]) > 1]
    texts = Snapshot.objects.in_bulk({UUID(state["snapshot_id"]) for state in split})
    pieces = {
        getattr(texts[key], state["anchored_in"])[start:end]
        for state in split
        if (key := UUID(state["snapshot_id"])) in texts
        for start, end in state["spans"]
    }
    return {state["text"] for state in states} | {
        piece for piece in pieces if len(piece.split()) >= MIN_PIECE
    }


def printed_names(states: list[dict]) -> set[str]:
    """What the articles call the speaker of these quotes, if it is a name."""
    printed = {state["attribution_speaker"] for state in states} - {None}
    return {name for name in printed if parse(name).kind in IN_TEXTS}


def roles_of(states: list[dict]) -> set[str]:
    """The roles in these states of quotes and affiliations."""
    named = ("role", "attribution_role")
    return {state[name] for state in states for name in named if state.get(name)}


def names_of_nobody_else(names: set[str], erased: set[UUID]) -> set[str]:
    """Full names that no speaker on record has but those erased."""
    full = [name for name in names if parse(name).kind == NameKind.FULL]
    keys = keys_of(NameKey, full)
    held = Speaker.objects.active().exclude(pk__in=erased)
    taken = {k for k in set(keys.values()) if held.filter(names_folded__contains=[k]).exists()}
    return {name for name in full if keys[name] not in taken}


def article_texts(articles: set[UUID]) -> set[str]:
    """Headlines and URLs that these articles ever had."""
    states = states_of(Article, articles)
    return {state[name] for state in states for name in ("headline", "url") if state[name]}


def article_identities(articles: set[UUID]) -> list[str]:
    """What these articles were ever recognised by."""
    states = states_of(Article, articles)
    keys = url_keys({state["url"] for state in states if state["url"]})
    texts = defaultdict(list)
    for article, sha256 in Snapshot.objects.filter(article__in=articles).values_list(
        "article", "sha256"
    ):
        texts[str(article)].append(sha256)
    return [
        identity
        for state in states
        for sha256 in texts[state["id"]] or [None]
        for identity in identities_of(
            state["outlet_id"], state["external_id"], keys.get(state["url"]), sha256
        )
    ]

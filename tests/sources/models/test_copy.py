"""Records stored by COPY are what `bulk_create` would store."""

import pytest
from django.db import IntegrityError, transaction

from quotes.models import Quote
from sources.models import Article, Revision, Speaker
from sources.models.copy import copy_in
from sources.models.ids import new_ids
from tests.records import make_article, make_speaker

pytestmark = pytest.mark.django_db

NOT_COMPARED = {"id", "created", "updated", "names_folded"}


def values_of(record) -> dict:
    fresh = type(record).objects.get(pk=record.pk)
    return {
        field.name: getattr(fresh, field.attname)
        for field in fresh._meta.concrete_fields
        if field.name not in NOT_COMPARED
    }


def quote(article, **values) -> Quote:
    text = article.snapshot.text
    return Quote(
        id=new_ids(1)[0],
        article=article,
        snapshot=article.snapshot,
        spans=[[0, len(text)]],
        text=text,
        **{"anchor": Quote.Anchor.EXACT, "kind": "direct", "flags": [], **values},
    )


def test_every_kind_of_value_is_stored_as_by_bulk_create():
    said = {
        "said": "2026-02",
        "speaker": make_speaker(),
        "role": r"back\slash, \N {braces} and “marks”",
        "flags": ["role_conflict"],
        "nearest": {"text": "a\nb", "score": 0.5},
        "attribution_text": "tab\tand\nline",
    }
    copied, made = (quote(make_article("We will\tact\\n. “So”"), **said) for _ in range(2))
    copy_in([copied])
    Quote.objects.bulk_create([made])
    differing = {"article", "snapshot"}
    assert {k: v for k, v in values_of(copied).items() if k not in differing} == {
        k: v for k, v in values_of(made).items() if k not in differing
    }


def test_each_record_is_on_record_under_its_id_and_in_the_ledger():
    keys = new_ids(3)
    articles = [
        Article(id=key, headline=f"No {n}", byline=[], published="2026")
        for n, key in enumerate(keys)
    ]
    copy_in(articles)
    assert [Article.objects.get(pk=key).headline for key in keys] == ["No 0", "No 1", "No 2"]
    assert not any(a._state.adding for a in articles)
    assert set(Revision.objects.values_list("subject_id", "version")) == {(k, 1) for k in keys}


def test_nothing_to_copy_costs_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        copy_in([])


def test_what_the_database_refuses_is_refused():
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_in([Speaker(id=new_ids(1)[0], name=" ", aliases=[], identifiers={})])
    assert not Speaker.objects.exists()

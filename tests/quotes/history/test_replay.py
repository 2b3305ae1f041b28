"""The ledger, replayed from empty, is the tables: at every step of any history."""

import json
from collections import defaultdict
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from quotes.api.filing_serializers import FilingSerializer
from quotes.filing import OPERATOR, Refused, capture, file
from quotes.models import Quote, Utterance, Via
from quotes.models.workflow import STEPS, NotOpen
from sources.exceptions import Conflict
from sources.identity import merging
from sources.ledger.actor import audit_context, with_reason
from sources.ledger.recording import recording_of
from sources.models import (
    Affiliation,
    Article,
    Organisation,
    Outlet,
    Revision,
    Snapshot,
    Speaker,
)

RECORDED = [Outlet, Organisation, Speaker, Affiliation, Article, Snapshot, Quote, Utterance]


def rows() -> dict[str, dict]:
    """What the tables hold now, in the form of the ledger: model → id → state."""
    held = {}
    with connection.cursor() as cursor:
        for model in RECORDED:
            state = recording_of(model).state(model)
            cursor.execute(f"SELECT n.id::text, {state} FROM {model._meta.db_table} n")
            held[model._meta.model_name] = {key: json.loads(row) for key, row in cursor.fetchall()}
    return held


def replayed() -> dict[str, dict]:
    """What the ledger says that they hold, replayed revision by revision."""
    held = {model._meta.model_name: {} for model in RECORDED}
    versions = defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject_type, subject_id::text, version, verb, state, fields"
            " FROM sources_revision ORDER BY id"
        )
        for kind, subject, version, verb, state, fields in cursor.fetchall():
            state = json.loads(state)
            versions[subject] += 1
            assert version == versions[subject], "a gap in the versions"
            assert (verb == "created") == (version == 1)
            before = held[kind].get(subject, {})
            changed = {k for k in state if state[k] != before.get(k)} - {"version", "updated"}
            assert version == 1 or sorted(changed) == fields
            held[kind][subject] = state
    return held


SENTENCES = [
    "“The quay will close,” said Mara Quill, harbour master.",
    "“We had no choice,” the harbour master told the council.",
    "Ivo Berg, a pilot, disagreed: “There is always a choice.”",
    "“No comment,” a spokesperson for the ministry said on Monday.",
    "“The quay stays,” said Ivo Berg.",
]
WORDS = [
    "The quay will close,",
    "We had no choice,",
    "There is always a choice.",
    "No comment,",
    "The quay stays,",
]
NAMES = ["Mara Quill", "Ivo Berg", "M. Quill", None]
some = st.integers(0, 1_000_000)


@st.composite
def filings(draw) -> dict:
    chosen = draw(st.lists(st.integers(0, 4), min_size=1, max_size=4, unique=True))
    quoted = draw(st.lists(st.sampled_from(chosen), max_size=3, unique=True))
    via = st.lists(st.sampled_from(["Agency", "the audit"]), max_size=2)
    return {
        "outlet": draw(st.sampled_from(["Post", "Radio", None])),
        "external_id": draw(st.sampled_from(["a", "b", None])),
        "published": draw(st.sampled_from(["2026", "2026-03", "2026-03-14", None])),
        "text": " ".join(SENTENCES[index] for index in chosen),
        "quotes": [
            {
                "text": WORDS[index],
                "speaker": draw(st.sampled_from(NAMES)),
                "role": draw(st.sampled_from(["harbour master", "pilot", None])),
                "organisation": draw(st.sampled_from(["Port", "Ministry", None])),
                "status": draw(st.sampled_from(["proposed", "published"])),
                "via": [{"kind": "cited", "name": name} for name in draw(via)],
            }
            for index in quoted
        ],
    }


class Histories(RuleBasedStateMachine):
    """Filings, edits, steps and merges in any order, each in a transaction of its own."""

    def __init__(self):
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()

    def teardown(self):
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    def one(self, model, number: int):
        """One of the records there are, if there are any."""
        found = list(model.objects.order_by("id"))
        return found[number % len(found)] if found else None

    def attempt(self, change, *args, **kwargs):
        """Make a change, or be refused without a trace."""
        before = Revision.objects.count()
        try:
            with transaction.atomic():
                change(*args, **kwargs)
        except (Refused, NotOpen, Conflict, ValidationError, IntegrityError):
            assert Revision.objects.count() == before

    @rule(filing=filings())
    def file(self, filing):
        self.attempt(file, FilingSerializer.read(filing), OPERATOR)

    @rule(number=some, chosen=st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=3))
    def change_text(self, number, chosen):
        if article := self.one(Article, number):
            self.attempt(capture, article, " ".join(chosen), OPERATOR)

    @rule(number=some, step=st.sampled_from([*STEPS]), kind=st.sampled_from(Quote.Kind.values))
    def step(self, number, step, kind):
        if quote := self.one(Quote, number):
            if step == "correct":
                now = datetime.now(UTC)
                self.attempt(quote.correct, "Not so.", now=now, kind=kind, language="en")
            elif step == "keep":
                self.attempt(quote.keep, quote.flags, "Because.")
            else:
                self.attempt(getattr(quote, step), "Because.")

    @rule(number=some, other=some)
    def reassign(self, number, other):
        quote, speaker = self.one(Quote, number), self.one(Speaker, other)
        if quote:
            self.attempt(quote.revise, speaker=speaker)

    @rule(number=some, other=some, role=st.sampled_from(["harbour master", "pilot"]))
    def affiliate(self, number, other, role):
        speaker, body = self.one(Speaker, number), self.one(Organisation, other)
        if speaker and body:
            held = Affiliation.objects.create(speaker=speaker, organisation=body, role=role)
            for quote in Quote.objects.filter(speaker=speaker)[:1]:
                self.attempt(quote.revise, note="So.", affiliation=held)

    @rule(number=some, model=st.sampled_from([Outlet, Organisation, Speaker]))
    def rename(self, number, model):
        if record := self.one(model, number):
            record.name, record.aliases = record.name[::-1], [record.name]
            self.attempt(record.save)

    @rule(number=some, published=st.sampled_from([None, "2025", "2026-04-01"]))
    def redate(self, number, published):
        if article := self.one(Article, number):
            article.published = published
            self.attempt(article.save)

    @rule(number=some)
    def lengthen_chain(self, number):
        if quote := self.one(Quote, number):
            step = Via(position=quote.via.count() + 10, kind="told", name="A friend")
            self.attempt(quote.revise, note="So.", via=[*quote.via.all(), step])

    @rule(number=some)
    def shorten_chain(self, number):
        if quote := self.one(Quote, number):
            self.attempt(quote.revise, note="So.", via=[])

    @rule(number=some)
    def join_utterance(self, number):
        if quote := self.one(Quote, number):
            Quote.objects.filter(pk=quote.pk).update(utterance=Utterance.objects.create())

    @rule(number=some, other=some, model=st.sampled_from([Outlet, Organisation, Speaker]))
    def merge(self, number, other, model):
        if record := self.one(model, number):
            self.attempt(merging.merge, record, self.one(model, other), "The same.")

    @rule(number=some, model=st.sampled_from([Outlet, Organisation, Speaker]))
    def unmerge(self, number, model):
        merged = list(model.objects.exclude(merged_into=None).order_by("id"))
        if merged:
            self.attempt(merging.unmerge, merged[number % len(merged)], "Not the same.")

    @rule(number=some, other=some, model=st.sampled_from([Outlet, Organisation, Speaker]))
    def distinguish(self, number, other, model):
        if record := self.one(model, number):
            self.attempt(merging.mark_distinct, record, self.one(model, other), "Two of them.")

    @rule()
    def touch_everything_and_change_nothing(self):
        before = Revision.objects.count()
        for model in RECORDED:
            if model is not Snapshot:
                model.objects.update(id=F("id"))
        assert Revision.objects.count() == before

    @rule(filing=filings())
    def give_up_half_way(self, filing):
        before = Revision.objects.count()
        with transaction.atomic():
            with audit_context(actor="somebody", channel="api"), with_reason("A try."):
                self.attempt(file, FilingSerializer.read(filing), OPERATOR)
            transaction.set_rollback(True)
        assert Revision.objects.count() == before

    @invariant()
    def the_ledger_replayed_is_the_tables(self):
        assert replayed() == rows()


@pytest.mark.django_db
def test_the_ledger_replayed_from_empty_equals_the_tables_at_every_step():
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

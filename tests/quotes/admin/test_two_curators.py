"""Two curators edit one quote, through the API and in the admin: no update is lost.

Each reads and writes in turn, in every order. An accepted write comes from somebody who had seen
the current version. It changes what its curator meant to change, nothing else, and the version by
one. A refused write changes nothing, and its curator is told.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from threading import Event
from time import sleep
from typing import NamedTuple

import pytest
from django.db import connection, transaction
from django.test import Client

from quotes.models import Quote
from tests.conftest import API, make_client, ok, problem, staff
from tests.records import make_article, make_quote
from tests.sources.admin.test_admin import FormReader, page_of

FIELDS = {
    "said": ["2024", "2025-03", "2026-02-11", ""],
    "language": ["en", "en-GB", "hr"],
    "kind": ["direct", "partial", "indirect"],
    "attribution_cue": ["said", "told", "asked"],
    "attribution_text": ["Mr Jones said", "Jones told us", ""],
}

TEXT = "“We had no choice,” Mr Jones said. Jones told us."

type State = dict[str, str]
"""The fields as a form shows them, and the version."""


def on_record(quote: Quote) -> State:
    row = Quote.objects.values(*FIELDS, "version").get(pk=quote.pk)
    return {name: "" if value is None else str(value) for name, value in row.items()}


def changed(before: State, changes: dict[str, str]) -> State:
    """The state after a change: the next version, if anything changes."""
    after = before | changes
    return after | {"version": str(int(before["version"]) + (after != before))}


def some_changes(random: Random) -> dict[str, str]:
    names = random.sample(list(FIELDS), random.choice([1, 1, 2]))
    return {name: random.choice(FIELDS[name]) for name in names}


# The curators


class Read(NamedTuple):
    """What the API curator holds: the record as read, and its ETag."""

    seen: State
    tag: str


class ApiCurator:
    def __init__(self, quote: Quote, client):
        self.quote, self.client = quote, client
        self.path = f"{API}quotes/{quote.pk}/"

    def read(self) -> Read:
        answer = self.client.get(self.path)
        body, printed = ok(answer), answer.json()["attribution"]
        values = {f"attribution_{name}": value for name, value in printed.items()} | body
        seen = {name: str(values[name] or "") for name in [*FIELDS, "version"]}
        return Read(seen, answer.headers["ETag"])

    def write(self, held: Read, changes: dict[str, str]):
        body = {"attribution": {}}
        for name, value in changes.items():
            within = body["attribution"] if name.startswith("attribution_") else body
            within[name.removeprefix("attribution_")] = value or None
        return self.client.patch(self.path, body, headers={"If-Match": held.tag})


class Opened(NamedTuple):
    """What the admin curator has on screen: a form, and the values it says are current.

    `boxes` are those of a conflict; None when the page was just opened.
    """

    seen: State
    form: dict[str, str]
    boxes: frozenset[str] | None = None

    @property
    def filled(self) -> dict[str, str]:
        return {name: self.form[name] for name in FIELDS}


class AdminCurator:
    def __init__(self, quote: Quote, client: Client):
        self.client, self.path = client, page_of(quote)

    def open(self) -> Opened:
        answer = self.client.get(self.path)
        form, version = FormReader(answer.text).sent, str(answer.context["original"].version)
        return Opened({name: form[name] for name in FIELDS} | {"version": version}, form)

    def save(self, page: Opened, take: tuple[str, ...] = ()):
        return self.client.post(self.path, page.form | {"take": take})


def comparison(answer, before: State) -> Opened:
    """The page after a refusal, checked to show every current value."""
    assert answer.status_code == 200
    assert "Not saved yet: somebody else changed this record" in answer.text
    conflict = answer.context["conflict"]
    assert (
        conflict.now["parts"][conflict.opened.key]["values"].items()
        >= {name: before[name] for name in FIELDS}.items()
    )
    by_place = {line.place.removeprefix("id_"): line for line in conflict.record.lines}
    for name in FIELDS:
        words = Quote.Kind(before[name]).label if name == "kind" else before[name]
        assert (words or "–") in by_place[name].now
    boxes = frozenset(line.take for line in conflict.record.lines if line.take)
    return Opened(before, FormReader(answer.text).sent, boxes)


# Every order of their steps


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Walk:
    """All orders in which two curators can take their steps, from the same start.

    A situation that several orders lead to is continued only once.
    """

    ROUNDS = 3

    def __init__(self, quote: Quote, api: ApiCurator, admin: AdminCurator, seed: int):
        self.quote, self.api, self.admin = quote, api, admin
        random = Random(seed)
        self.at_api = [some_changes(random) for _ in range(self.ROUNDS)]
        self.at_desk = [some_changes(random) for _ in range(self.ROUNDS)]
        self.takes = [random.random() < 0.5 for _ in range(self.ROUNDS)]
        self.orders_from: dict[tuple, int] = {}
        self.accepted = self.refused = 0

    def orders(self, held: Read | None, page: Opened | None, api_step: int, desk_step: int) -> int:
        """Take the remaining steps in every order, and count the orders."""
        before = on_record(self.quote)
        situation = (
            tuple(before.values()),
            held and held.seen["version"],
            page and (*page.seen.values(), *page.filled.values(), page.boxes),
            api_step,
            desk_step,
        )
        if situation not in self.orders_from:
            last, number = 2 * self.ROUNDS, 0
            if api_step < last:
                with undone():
                    now = self.step_at_api(api_step, held, before)
                    number += self.orders(now, page, api_step + 1, desk_step)
            if desk_step < last:
                with undone():
                    now = self.step_at_desk(desk_step, page, before)
                    number += self.orders(held, now, api_step, desk_step + 1)
            self.orders_from[situation] = number or 1
        return self.orders_from[situation]

    def step_at_api(self, step: int, held: Read | None, before: State) -> Read | None:
        if step % 2 == 0:
            held = self.api.read()
            assert held.seen == before
            return held
        changes = self.at_api[step // 2]
        answer = self.api.write(held, changes)
        if held.seen == before:
            ok(answer)
            assert on_record(self.quote) == changed(before, changes)
            self.accepted += 1
        else:
            assert f"version {before['version']}" in problem(answer, 412)["detail"]
            assert on_record(self.quote) == before
            self.refused += 1
        return None

    def step_at_desk(self, step: int, page: Opened | None, before: State) -> Opened | None:
        number = step // 2
        if step % 2 == 0:
            if page is None:
                page = self.admin.open()
                assert page.seen == before
            return page._replace(form=page.form | self.at_desk[number])
        take = ()
        if page.boxes and self.takes[number]:
            take = tuple(page.boxes)
            names = {box.rpartition(":")[2] for box in take}
            page = page._replace(form=page.form | {name: page.seen[name] for name in names})
        answer = self.admin.save(page, take)
        if page.seen == before:
            assert answer.status_code == 302
            assert on_record(self.quote) == changed(before, page.filled)
            self.accepted += 1
            return None
        self.refused += 1
        assert on_record(self.quote) == before
        shown = comparison(answer, before)
        for name, typed in page.filled.items():
            assert shown.filled[name] == (before if typed == page.seen[name] else page.form)[name]
        return shown


@pytest.mark.django_db
def test_no_interleaving_of_two_curators_loses_an_update(curator, curator_at_desk):
    quote = make_quote(article=make_article(TEXT), status="proposed")
    api, admin = ApiCurator(quote, curator), AdminCurator(quote, curator_at_desk)
    walk = Walk(quote, api, admin, 3)
    assert walk.orders(None, None, 0, 0) == 924
    assert walk.accepted > 75
    assert walk.refused > 37


# Both at once


class Change(NamedTuple):
    seen: State
    after: State


def work_at_api(api: ApiCurator, done: Event) -> list[Change]:
    """Write until the other curator is done. Returns the accepted changes."""
    random, accepted = Random(0), []
    while not done.is_set():
        held, changes = api.read(), some_changes(random)
        sleep(random.random() / 20)
        answer = api.write(held, changes)
        assert answer.status_code in (200, 412)
        if answer.status_code == 200:
            accepted.append(Change(held.seen, changed(held.seen, changes)))
        sleep(random.random() / 2)
    return accepted


def work_at_desk(admin: AdminCurator, saves: int) -> tuple[list[Change], int]:
    """Save this many times, each until accepted; return the changes and the number of refusals."""
    random, accepted, refused = Random(1), [], 0
    page = admin.open()
    while len(accepted) < saves:
        page = page._replace(form=page.form | some_changes(random))
        while (answer := admin.save(page)).status_code == 200:
            conflict = answer.context["conflict"]
            values = conflict.now["parts"][conflict.opened.key]["values"]
            now = {name: values[name] for name in FIELDS} | {
                "version": str(answer.context["original"].version)
            }
            page, refused = comparison(answer, now), refused + 1
        accepted.append(Change(page.seen, changed(page.seen, page.filled)))
        page = admin.open()
    return accepted, refused


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("commits")
def test_two_curators_at_once_lose_no_update(db):
    quote = make_quote(article=make_article(TEXT), status="proposed")
    state, done = on_record(quote), Event()
    api = ApiCurator(quote, make_client("Curators"))
    admin = AdminCurator(quote, staff("Curators"))

    def run(work, *args):
        try:
            return work(*args)
        finally:
            done.set()
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        at_api = pool.submit(run, work_at_api, api, done)
        at_desk = pool.submit(run, work_at_desk, admin, 15)
    accepted, refused = at_desk.result()
    assert refused
    made = [change for change in at_api.result() + accepted if change.after != change.seen]
    for change in sorted(made, key=lambda change: int(change.after["version"])):
        assert change.seen == state
        state = change.after
    assert on_record(quote) == state

"""Send generated requests as every role: `uv run python tests/bench/fuzz.py [--seconds N]`

Creates a database in the embedded server and fills it with a made-up archive. schemathesis reads
the OpenAPI document that the service serves, and makes requests that it allows and that it forbids:
its examples, the limits of each value, random values. All operations take turns, and each request
is sent as every role. Exits with 1 if any answer is a 5xx, or has a status, a media type, a header
or a body that the document does not describe. The same seed makes the same requests; the time
decides how many.
"""

import argparse
import json
import logging
import os
import re
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, count, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.archives import own_database, set_up

API = "/api/v1/"

ROLES = {"nobody": None, "reader": "Readers", "contributor": "Contributors", "curator": "Curators"}
"""Users and their groups. Nobody has no token: anyone may read what Readers see."""

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
"""Checks of schemathesis: what an answer must not be, and what the document says of it."""

NOT_SENT = re.compile(r"/webhooks/\{id\}/test/")
"""Would send a message to another machine, and wait for its answer."""

RECORDS = {
    "affiliations": "sources.Affiliation",
    "articles": "sources.Article",
    "facts": "sources.Fact",
    "organisations": "sources.Organisation",
    "outlets": "sources.Outlet",
    "quotes": "quotes.Quote",
    "snapshots": "sources.Snapshot",
    "speakers": "sources.Speaker",
    "utterances": "quotes.Utterance",
    "webhooks": "quotes.Webhook",
}
"""Models by the resource of their paths."""

DOCUMENTS = (
    *("text/html", "application/xhtml+xml", "application/xml", "text/xml"),
    *("application/ninjs+json", "application/ld+json", "application/nitf+xml"),
    *("application/vnd.iptc.g2.newsitem+xml", "application/vnd.iptc.g2.newsmessage+xml"),
    *("application/x-ndjson", "application/rss+xml", "application/atom+xml"),
)
"""Types of bodies that the document describes as a string: sent as it is generated."""

OF_ITS_KIND = ("id", "into", "from", "to")
"""Parameters and members that name a record of the same resource as the path."""

A_TURN = 3
"""Requests of each sort to an operation, before the next one has its turn."""

AN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}")


@dataclass
class Found:
    """Answers by role and status; each kind of fault of an operation, with a request."""

    answers: Counter = field(default_factory=Counter)
    faults: dict[tuple[str, str], str] = field(default_factory=dict)

    def send(self, case, name: str, token: str | None) -> None:
        """Send a request as this role, and compare the answer with the document."""
        from schemathesis.core.failures import FailureGroup
        from schemathesis.specs.openapi.checks import response_schema_conformance

        headers = {"Accept-Encoding": "identity"}
        if token:
            headers["Authorization"] = f"Token {token}"
        answer = case.call(headers=headers)
        self.answers[name, answer.status_code] += 1
        # schemathesis ignores the profile of a media type, which decides what the body is
        has_profile = any("profile=" in each for each in answer.headers.get("content-type", ()))
        left_out = [response_schema_conformance] if has_profile else []
        try:
            case.validate_response(answer, excluded_checks=left_out)
        except FailureGroup as group:
            for failure in group.exceptions:
                text = f"{failure.message}\nas {name}: {case.as_curl_command()}"
                self.faults.setdefault((case.operation.label, failure.title), text)


class Aim:
    """Makes generated requests meet records that exist, so that they get past 404 and 412.

    What replaces a value depends on the value alone. One in eight stays as it was generated.
    """

    def __init__(self, ids: dict[str, list[str]]):
        self.ids = ids

    def correct(self, case) -> None:
        """Change a request of schemathesis before it is sent."""
        resource = case.operation.path.removeprefix(API).partition("/")[0]
        for values in (case.path_parameters, case.query):
            for name, value in dict(values or {}).items():
                values[name] = self.aimed(name, value, resource)
        query, headers = case.query or {}, case.headers or {}
        if str(query.get("wait")).isdecimal():
            query["wait"] = 0  # seconds
        if self.replaces(query.get("cursor")):
            query.pop("cursor", None)  # of no page
        if self.replaces(key := headers.get("Idempotency-Key")) and key:
            del headers["Idempotency-Key"]  # of another request
        if self.replaces(etag := headers.get("If-Match")) and etag:
            headers["If-Match"] = "*"
        if isinstance(case.body, dict):
            case.body = quoting(self.aimed("", case.body, resource))

    def aimed(self, name: str, value, resource: str):
        """The value with ids of records in place of ids of none."""
        if isinstance(value, dict):
            return {key: self.aimed(key, each, resource) for key, each in value.items()}
        if isinstance(value, list):
            return [self.aimed(name, each, resource) for each in value]
        if not (isinstance(value, str) and AN_ID.fullmatch(value) and self.replaces(value)):
            return value
        kind = "snapshots" if name == "sha256" else f"{name.removesuffix('s')}s"
        ids = self.ids.get(resource if name in OF_ITS_KIND else kind)
        return ids[zlib.crc32(value.encode()) % len(ids)] if ids else value

    def replaces(self, value) -> bool:
        return bool(zlib.crc32(str(value).encode()) % 8)


def quoting(body: dict) -> dict:
    """A filing whose quotes are words of its text: any others are refused."""
    text, quotes = body.get("text"), body.get("quotes")
    if not (isinstance(text, str) and text.strip() and isinstance(quotes, list)):
        return body
    words = [
        {**quote, "text": text[: 1 + place]} if isinstance(quote, dict) else quote
        for place, quote in enumerate(quotes)
    ]
    return {**body, "quotes": words}


def ids_of_records() -> dict[str, list[str]]:
    from django.apps import apps

    named = {}
    for resource, model in RECORDS.items():
        key = "sha256" if resource == "snapshots" else "pk"
        rows = apps.get_model(model).objects.order_by("pk").values_list(key, flat=True)
        named[resource] = [str(each) for each in rows[:100]]
    return named


def closing(handler: Callable) -> Callable:
    """A WSGI application that ends each request when its answer is read, as a server does."""

    def application(environ, start_response):
        answer = handler(environ, start_response)
        try:
            return [b"".join(answer)]
        finally:
            answer.close()

    return application


def as_it_is(context, value) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "surrogatepass")


def document_of(handler: Callable, paths: str):
    """The operations at paths that match, as the service describes them."""
    import schemathesis

    schemathesis.serializer(*DOCUMENTS)(as_it_is)
    config = schemathesis.Config.from_dict(
        {
            "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
            "generation": {"database": "none", "with-security-parameters": False},
        }
    )
    document = schemathesis.openapi.from_wsgi(
        f"{API}schema/",
        closing(handler),
        config=config,
        headers={"Accept": "application/json"},
    )
    return document.include(path_regex=paths).exclude(path_regex=NOT_SENT.pattern)


def cases_of(operation, seed: int) -> Iterator:
    """Requests to an operation without end, unless it takes nothing that can be varied."""
    from schemathesis import GenerationMode

    document = operation.schema
    for strategy in operation.get_strategies_from_examples():
        yield from drawn(strategy, 1, seed)
    limits = document.iter_coverage_cases(
        operation,
        generation_modes=list(GenerationMode),
        generation_config=document.config.generation,
    )
    strategies = [operation.as_strategy(mode) for mode in GenerationMode]
    for turn in count():
        yield from islice(limits, A_TURN)
        for strategy in strategies:
            yield from drawn(strategy, A_TURN, seed + turn)


def drawn(strategy, number: int, seed: int) -> list:
    """Some examples of a strategy; none if it has none."""
    import hypothesis
    from hypothesis.errors import Unsatisfiable

    cases = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(strategy)
    def draw(case):
        cases.append(case)

    with suppress(Unsatisfiable):
        draw()
    return cases


def fuzz(handler: Callable, tokens: dict, *, ends: Callable, seed: int, paths: str = ".") -> Found:
    """Send requests to operations whose path matches until it ends; return what was found.

    `tokens` are those of the roles; `ends` is asked with the number of each turn.
    """
    found, aim = Found(), Aim(ids_of_records())
    operations = [each.ok() for each in document_of(handler, paths).get_all_operations()]
    cases = [cases_of(each, seed) for each in operations]
    for turn in count():
        for case in chain.from_iterable(islice(each, A_TURN) for each in cases):
            if ends(turn):
                return found
            aim.correct(case)
            for name, token in tokens.items():
                found.send(case, name, token)


def prepare() -> dict[str, str | None]:
    """Fill the archive; return the token of each role."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group
    from django.core.management import call_command
    from knox.models import AuthToken

    from tests.records import make_webhook

    call_command("generate", quotes=300, history=True, verbosity=0)
    tokens = {}
    for name, group in ROLES.items():
        if group:
            user = get_user_model().objects.create(username=name)
            user.groups.add(Group.objects.get(name=group))
            make_webhook(user)
            tokens[name] = AuthToken.objects.create(user=user)[1]
        else:
            tokens[name] = None
    return tokens


def report(found: Found) -> Iterator[str]:
    for name in ROLES:
        counts = {status: n for (who, status), n in sorted(found.answers.items()) if who == name}
        answers = ", ".join(f"{number:,} × {status}" for status, number in counts.items())
        yield f"{name}: {sum(counts.values()):,} requests, answered {answers}"
    for (operation, title), text in found.faults.items():
        yield f"\n{operation}: {title}\n{text}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--seconds", type=int, default=3_600, help="(default: %(default)s)")
    add("--seed", type=int, default=1, help="of what is generated (default: %(default)s)")
    add("--paths", default=".", help="only paths that match this expression")
    options = parser.parse_args()

    os.environ["ONRECORD_PUBLIC_READ"] = "true"
    os.environ["ONRECORD_THROTTLE_ANONYMOUS"] = "1000000/s"
    os.environ["ONRECORD_STATEMENT_TIMEOUT"], os.environ["ONRECORD_LOCK_TIMEOUT"] = "15s", "2s"
    set_up()
    from django.core.wsgi import get_wsgi_application

    handler = get_wsgi_application()
    logging.getLogger("django.request").setLevel(logging.ERROR)  # 4xx are expected
    with own_database("bench_fuzz"):
        tokens, until = prepare(), time.monotonic() + options.seconds
        found = fuzz(
            handler,
            tokens,
            ends=lambda turn: time.monotonic() > until,
            seed=options.seed,
            paths=options.paths,
        )
    sys.stdout.writelines(f"{line}\n" for line in report(found))
    return int(bool(found.faults))


if __name__ == "__main__":
    sys.exit(main())
